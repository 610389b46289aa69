"""Asking for money back: the request, how far it is, and once more after it was declined."""

from collections.abc import Mapping, Sequence

from portico.domain.errors import Invalid
from portico.domain.money import format_amount
from portico.domain.payment import Payment, RefundTicket, refundable_minor
from portico.domain.refund import refund_why_not
from portico.http.response import Response
from portico.i18n import words
from portico.i18n.catalog import catalog
from portico.services import refund
from portico.storage import payment as payments
from portico.storage import refund_ticket as tickets
from portico.web.portal import done
from portico.web.problems import PROBLEMS
from portico.web.visit import Visit

FIELDS = frozenset({"amount", "reason"})


def form(visit: Visit) -> Response:
    """What became of a request, or the form for one."""
    return _show(visit)


def ask(visit: Visit) -> Response:
    """Sends the request; after it was declined, once more. What is wrong with it is said beside each field."""
    payment_id, amount, reason = visit.id("PAY"), visit.form.get("amount", ""), visit.form.get("reason", "")
    with visit.runtime.database.read() as tx:
        asked = tickets.of_payment(tx, visit.buyer_scope, payment_id)
    try:
        if asked and asked[0].status == "rejected":
            refund.resubmit(visit.runtime, visit.buyer_scope, asked[0].id, amount, reason)
        else:
            refund.ask(visit.runtime, visit.buyer_scope, payment_id, amount, reason)
    except Invalid as invalid:
        errors = {error.field: words.error_text(visit.language, error.code, error.example) for error in reversed(invalid.errors)}
        return _show(visit, status=422, errors=errors)
    return done.go(visit, f"/payments/{payment_id}/refund", "refund_asked")


def stale(visit: Visit) -> Response:
    """The form's token is not of this session: nothing is sent, and what was typed stays."""
    return _show(visit, status=403, errors={"form": catalog(visit.language).message(PROBLEMS["form_stale"].text)})


def why_not(visit: Visit, paid: Payment, asked: Sequence[RefundTicket]) -> str | None:
    """The code of the reason why no refund of a payment can be asked for; `asked` are the requests about it."""
    if visit.environment not in visit.runtime.gateways:
        return "no_gateway"
    return refund_why_not(paid, asked, visit.store_now)


def _show(visit: Visit, *, status: int = 200, errors: Mapping[str, str] | None = None) -> Response:
    payment_id = visit.id("PAY")
    with visit.runtime.database.read() as tx:
        paid = payments.get(tx, visit.buyer_scope, payment_id)
        asked = tickets.of_payment(tx, visit.buyer_scope, payment_id)
    left_minor = refundable_minor(paid)
    return done.page(
        visit,
        "refund.html",
        status_code=status,
        payment=paid,
        ticket=asked[0] if asked else None,
        reason_not=why_not(visit, paid, asked),
        refundable_minor=left_minor,
        values={"amount": format_amount(left_minor, paid.currency), "reason": "", **visit.form},
        errors=errors or {},
    )
