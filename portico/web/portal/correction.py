"""Correcting whom an invoice is made out to: the form, a review of all that would happen, and the correction that was shown."""

from collections.abc import Mapping

from portico.domain import copy_emails
from portico.domain.billing_detail import BillingDetail
from portico.domain.errors import Conflict, Invalid
from portico.domain.invoice import Document, content_of
from portico.http.response import Response, see_other
from portico.i18n import words
from portico.i18n.catalog import N_, catalog
from portico.services import correction
from portico.services.correction import Preview
from portico.storage import document
from portico.web import seal, view
from portico.web.portal import billing_detail, done
from portico.web.portal.changes import changes
from portico.web.portal.language import CHOICE, chosen_beside
from portico.web.problems import PROBLEMS
from portico.web.visit import Visit

FIELDS = frozenset({*(billing_detail.FIELDS - {"version", copy_emails.FIELD}), "step", "sealed", "keep", CHOICE})
_STEPS = frozenset({"update_fields", "step", "sealed", "keep", CHOICE})  # what is no detail of those
_SHOWN = "shown"  # beside the details in what is sealed: what else the review said
_UNCHANGED = N_("These are the details on the invoice already. Please change what is wrong.")
_MOVED = N_("Something changed since you saw this.")


def form(visit: Visit) -> Response:
    """The billing details of the invoice, to be changed. Where they cannot be, the invoice's page says why."""
    found = _invoice(visit)
    with visit.runtime.database.read() as tx:
        of_payment = document.of_payment(tx, visit.buyer_scope, found.payment_id) if found.payment_id else ()
        reason = correction.why_not(tx, visit.buyer_scope, found, of_payment, visit.store_now)
    return see_other(visit.url(f"/invoices/{found.id}")) if reason is not None else _show(visit, found, _printed(found))


def correct(visit: Visit) -> Response:
    """The next step: the page in another language, the fields of another country, a review, back to the form, or the correction itself."""
    if CHOICE in visit.form:
        return chosen_beside(visit, _again)
    if "sealed" in visit.form:
        return _after_review(visit, _unsealed(visit))
    if "update_fields" in visit.form:
        return _show(visit, _invoice(visit), visit.form)
    return _review(visit, _details(visit.form), keep=True)


def _again(visit: Visit) -> Response:
    """The review or the form as they are, with what was typed."""
    if shown := _unsealed(visit):
        return _review(visit, _details(shown), keep="keep" in visit.form)
    return _show(visit, _invoice(visit), visit.form)


def stale(visit: Visit) -> Response:
    """The form's token is not of this session: nothing is done, and what was typed or shown stays."""
    text = catalog(visit.language).message(PROBLEMS["form_stale"].text)
    if shown := _unsealed(visit):
        return _review(visit, _details(shown), keep="keep" in visit.form, moved=text, status=403)
    return _show(visit, _invoice(visit), visit.form, status=403, errors={"form": text})


def _after_review(visit: Visit, shown: Mapping[str, str]) -> Response:
    """Makes the correction that was shown; when anything moved since, nothing is issued, and the review is shown as it is now."""
    document_id, details, keep = visit.id("INV"), _details(shown), "keep" in visit.form
    if not shown or visit.form.get("step") != "confirm":
        found = _invoice(visit)
        return _show(visit, found, details or _printed(found))
    try:
        now = _preview(visit, details)
        if _as_shown(now) != shown[_SHOWN]:
            raise Conflict
        made = correction.correct(visit.runtime, visit.buyer_scope, document_id, details, keep=keep, shown=now)
    except (Conflict, Invalid):
        return _review(visit, details, keep=keep, moved=catalog(visit.language).message(_MOVED), status=409)
    if made.invoice_id is None:
        return done.go(visit, f"/invoices/{document_id}", "tax_goes_back")
    return done.go(visit, f"/invoices/{made.invoice_id}", "corrected")


def _review(visit: Visit, details: Mapping[str, str], *, keep: bool, moved: str = "", status: int = 200) -> Response:
    """What correcting to these details would do; or the form again, with what is wrong with them."""
    try:
        found = _preview(visit, details)
    except Invalid as invalid:
        return _show(visit, _invoice(visit), details, status=422, errors=words.field_errors(visit.language, invalid.errors))
    if not found.differing and found.tax != "refund":
        return _show(visit, found.original, details, status=422, errors={"form": catalog(visit.language).message(_UNCHANGED)})
    sealed = {**_form_values(found.detail), _SHOWN: _as_shown(found)}
    return view.page(
        visit,
        "invoice_review.html",
        status_code=status,
        preview=found,
        changes=changes(visit.language, content_of(found.original).billing_detail, found.detail),
        sealed=seal.seal(visit.runtime.secret, _purpose(visit), sealed),
        keep=keep,
        moved=moved,
    )


def _preview(visit: Visit, details: Mapping[str, str]) -> Preview:
    return correction.preview(visit.runtime, visit.buyer_scope, visit.id("INV"), details, language=visit.language)


def _show(
    visit: Visit, found: Document, values: Mapping[str, str], *, status: int = 200, errors: Mapping[str, str] | None = None
) -> Response:
    return view.page(
        visit,
        "invoice_correct.html",
        status_code=status,
        document=found,
        **billing_detail.form_variables(visit.language, values, errors or {}, without=copy_emails.FIELD),
    )


def _invoice(visit: Visit) -> Document:
    with visit.runtime.database.read() as tx:
        return document.get(tx, visit.buyer_scope, visit.id("INV"))


def _printed(found: Document) -> dict[str, str]:
    return _form_values(content_of(found).billing_detail)


def _form_values(detail: BillingDetail) -> dict[str, str]:
    """Who gets copies is no detail of an invoice."""
    values = billing_detail.form_values(detail)
    return {name: value for name, value in values.items() if name != copy_emails.FIELD}


def _details(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if name not in _STEPS and name != _SHOWN}


def _as_shown(found: Preview) -> str:
    """What a review said besides the details themselves."""
    return f"{found.original.id} {found.amount_minor} {found.tax} {found.refund_minor}"


def _unsealed(visit: Visit) -> dict[str, str]:
    """The details that this buyer was shown for this very invoice, and what else was said; empty for anything else."""
    return seal.unseal(visit.runtime.secret, _purpose(visit), visit.form.get("sealed", ""))


def _purpose(visit: Visit) -> str:
    return f"correction {visit.base} {visit.buyer.id} {visit.id('INV')}"
