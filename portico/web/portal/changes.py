"""What a correction changes about whom an invoice is made out to, in words."""

from dataclasses import dataclass

from portico.domain.billing_detail import BillingDetail, form_fields, state_name
from portico.domain.correction import differing
from portico.i18n import words
from portico.i18n.format import formats


@dataclass(frozen=True, slots=True)
class Change:
    """What a correction changes, in words: a detail's label, and what it was and is; "" for nothing."""

    label: str
    before: str
    after: str


def changes(language: str, before: BillingDetail, after: BillingDetail) -> tuple[Change, ...]:
    """What differs in print, in words. The parts of an address are called what they are called in the new country."""
    fields = form_fields(after.country, language=language, is_business=True)
    labels = {field.name: field.label_code for field in fields}
    return tuple(
        Change(words.label(language, labels.get(name, name)), _readable(language, name, before), _readable(language, name, after))
        for name in differing(before, after)
    )


def _readable(language: str, name: str, detail: BillingDetail) -> str:
    value = getattr(detail, name)
    if name == "country":
        return formats(language).country(value) if value else ""
    return state_name(detail.country, value, language=language) if name == "state" else value
