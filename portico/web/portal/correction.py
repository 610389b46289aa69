"""Correcting whom an invoice is made out to: the form, a review of all that would happen, and the correction that was shown."""

from collections.abc import Mapping
from dataclasses import dataclass

from portico.domain import billing_detail as rules
from portico.domain import copy_emails
from portico.domain.billing_detail import BillingDetail, state_name
from portico.domain.errors import Invalid
from portico.domain.invoice import Document, content_of
from portico.i18n import words
from portico.i18n.catalog import N_, catalog
from portico.i18n.format import formats
from portico.services import correction
from portico.services.correction import Difference, Preview
from portico.storage import document
from portico.web import seal, view
from portico.web.portal import billing_detail, done
from portico.web.problems import PROBLEMS
from portico.web.response import Response, see_other
from portico.web.visit import Visit

FIELDS = frozenset({*(billing_detail.FIELDS - {"version"}), "step", "sealed", "keep"})
_YES = "yes"
_SHOWN = "shown"  # beside the fields in what is sealed; no field has this name
_UNCHANGED = N_("These are the details on the invoice already. Please change what is wrong.")
_MOVED = N_("Something changed since you saw this.")


@dataclass(frozen=True, slots=True)
class Change:
    """What a correction changes, in words: a field's label, and what it was and is; "" for nothing."""

    label: str
    before: str
    after: str


def form(visit: Visit) -> Response:
    """The billing details of the invoice, to be changed. Where they cannot be, the invoice's page says why."""
    found = _invoice(visit)
    with visit.runtime.database.read() as tx:
        reason = correction.why_not(tx, visit.buyer_scope, found, visit.store_now)
    if reason is not None:
        return see_other(visit.url(f"/invoices/{found.id}"))
    return _show(visit, found, billing_detail.form_values(content_of(found).billing_detail))


def correct(visit: Visit) -> Response:
    """The next step: the fields of another country, the review, back to the form, or the correction itself."""
    if "update_fields" in visit.form:
        return _show(visit, _invoice(visit), visit.form)
    if "sealed" not in visit.form:
        return _review(visit, visit.form, keep=True)
    shown = _unsealed(visit)
    if not shown or visit.form.get("step") != "confirm":
        return _show(visit, _invoice(visit), shown or billing_detail.form_values(content_of(_invoice(visit)).billing_detail))
    return _confirm(visit, shown)


def stale(visit: Visit) -> Response:
    """The form's token is not of this session: nothing is done, and what was typed or shown stays."""
    text = catalog(visit.language).message(PROBLEMS["form_stale"].text)
    if shown := _unsealed(visit):
        return _review(visit, shown, keep=_keeps(visit), moved=text, status=403)
    return _show(visit, _invoice(visit), visit.form, status=403, errors={"form": text})


def changes(language: str, differences: tuple[Difference, ...], country: str) -> tuple[Change, ...]:
    """Differences in words; fields are called what `country` calls them."""
    fields = rules.form_fields(country, language=language, is_business=True)
    labels = {field.name: field.label_code for field in fields}
    return tuple(
        Change(
            words.label(language, labels.get(one.field, one.field)),
            *(_readable(language, one.field, text) for text in (one.before, one.after)),
        )
        for one in differences
    )
