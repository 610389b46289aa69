"""Billing details: a form whose fields follow the country, with or without script."""

from collections.abc import Mapping
from dataclasses import fields as fields_of
from typing import Any

from portico.domain import billing_detail as rules
from portico.domain import copy_emails
from portico.domain.billing_detail import BillingDetail
from portico.domain.errors import Conflict, Invalid, Refused
from portico.http.cookies import deleted
from portico.http.response import Response, see_other
from portico.i18n import words
from portico.i18n.catalog import N_, catalog, fill
from portico.i18n.format import formats
from portico.services import billing_detail, tax_id_check
from portico.storage.tax_id_check import TaxIdCheck
from portico.web import view
from portico.web.portal import done
from portico.web.portal.language import CHOICE, chosen_beside
from portico.web.portal.version import version_of
from portico.web.problems import PROBLEMS
from portico.web.visit import Visit

PATH = "/billing-details"
FIELDS = frozenset({*(field.name for field in fields_of(BillingDetail)), "version", "update_fields", CHOICE})
_YES = "yes"
_FLASH_SECONDS = 60
_MOVED = N_("These details were changed elsewhere in the meantime. Please check them and save again.")
_NOW = N_("Saved in the meantime: {value}")
_NOTHING = N_("nothing")


def form(visit: Visit) -> Response:
    detail, version = billing_detail.read(visit.runtime, visit.buyer_scope)
    saved = visit.unsealed("flash").get("saved") == "billing-details"
    check = tax_id_check.of_detail(visit.runtime, visit.store, visit.buyer_scope, detail)
    response = _show(visit, form_values(detail), version, saved=saved, check=check)
    return response.adding(deleted("flash")) if "flash" in visit.cookies else response


def save(visit: Visit) -> Response:
    """Saves, or shows the form again with what was typed: to follow another country, with all errors, or beside what was
    saved in the meantime."""
    version = version_of(visit)
    if CHOICE in visit.form:
        return chosen_beside(visit, lambda chosen: _show(chosen, chosen.form, version))
    if "update_fields" in visit.form:
        return _show(visit, visit.form, version)
    try:
        billing_detail.save(visit.runtime, visit.buyer_scope, visit.form, version, language=visit.language)
    except (Invalid, Conflict, Refused) as error:
        return _not_saved(visit, version, error)
    if (back := done.back(visit, "details_saved")) is not None:
        return back
    return see_other(visit.url(PATH), visit.sealed_cookie("flash", {"saved": "billing-details"}, _FLASH_SECONDS))


def _not_saved(visit: Visit, version: int, error: Invalid | Conflict | Refused) -> Response:
    if isinstance(error, Conflict):
        return _show_both(visit)
    if isinstance(error, Refused):
        return _show(visit, visit.form, version, status=409, errors={"form": words.why_not(visit.language, error.code)})
    return _show(visit, visit.form, version, status=422, errors=words.field_errors(visit.language, error.errors))


def stale(visit: Visit) -> Response:
    """The form's token is not of this session: nothing is saved, and what was typed stays."""
    text = catalog(visit.language).message(PROBLEMS["form_stale"].text)
    return _show(visit, visit.form, version_of(visit), status=403, errors={"form": text})


def _show_both(visit: Visit) -> Response:
    """What was typed, with what is now saved beside every field that differs; saving again then replaces that."""
    detail, version = billing_detail.read(visit.runtime, visit.buyer_scope)
    say = catalog(visit.language).message
    errors = {
        name: fill(say(_NOW), value=_readable(visit.language, name, value) or say(_NOTHING))
        for name, value in form_values(detail).items()
        if value != visit.form.get(name, "").replace("\r\n", "\n")
    }
    return _show(visit, visit.form, version, status=409, errors={"form": say(_MOVED), **errors})


def _show(
    visit: Visit,
    values: Mapping[str, str],
    version: int,
    *,
    status: int = 200,
    errors: Mapping[str, str] | None = None,
    saved: bool = False,
    check: TaxIdCheck | None = None,
) -> Response:
    variables = form_variables(visit.language, values, errors or {})
    return view.page(visit, "billing_details.html", status_code=status, saved=saved, version=version, check=check, **variables)


def form_variables(language: str, values: Mapping[str, str], errors: Mapping[str, str], *, without: str = "") -> dict[str, Any]:
    """What the fields of the form take, filled in with `values`, and `without` one of them."""
    country, is_business = values.get("country", ""), values.get("is_business", "") == _YES
    fields = [field for field in rules.form_fields(country, language=language, is_business=is_business) if field.name != without]
    return {
        "values": values,
        "fields": fields,
        "countries": formats(language).countries(rules.countries()),
        "errors": _in_order(errors, [field.name for field in fields]),
    }


def _in_order(errors: Mapping[str, str], names: list[str]) -> dict[str, str]:
    """Errors from the top of the form to its end. One on a field that this country's form lacks is said of the form."""
    shown = {name: errors[name] for name in ("form", *names) if name in errors}
    hidden = [text for name, text in errors.items() if name not in shown]
    return {"form": hidden[0], **shown} if hidden and "form" not in shown else shown


def form_values(detail: BillingDetail) -> dict[str, str]:
    """Billing details as the fields of their form."""
    values = {field.name: getattr(detail, field.name) for field in fields_of(BillingDetail)}
    return {**values, "is_business": _YES if detail.is_business else "", copy_emails.FIELD: copy_emails.written(detail.copy_emails)}


def _readable(language: str, name: str, value: str) -> str:
    if name == "country" and value:
        return formats(language).country(value)
    if name == copy_emails.FIELD:
        return ", ".join(value.split())
    return words.label(language, "is_business") if name == "is_business" and value else value
