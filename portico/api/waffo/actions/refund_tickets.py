"""Ask for money back, and ask again. What a merchant asks for is granted at once; what a customer asks for waits for the merchant."""

from contextlib import suppress
from typing import Any

from portico.api.waffo import reach, wire
from portico.api.waffo.action import BOTH, Action, Call
from portico.api.waffo.fields import LONGEST_EXTERNAL_ID, REQUESTED_AMOUNT, identifier, need, notes, take, text
from portico.domain.errors import Conflict
from portico.domain.payment import Payment, RefundTicket
from portico.domain.scope import BuyerScope
from portico.services import refund
from portico.storage import refund_ticket as tickets

_ASKED = (
    need("paymentId", identifier("PAY")),
    need("reason", text(500)),
    need("requestedAmount", REQUESTED_AMOUNT),
)


def create(call: Call) -> dict[str, Any]:
    scope, paid = reach.payment(call, call.get("paymentId"))
    made = refund.ask(
        call.runtime, scope, paid.id, _amount(call, paid), call.get("reason"),
        actor=call.asker.actor, external_id=call.get("refundTicketMerchantExternalId"), metadata=call.get("metadata"),
    )  # fmt: skip
    return _granted(call, scope, made)


def resubmit(call: Call) -> dict[str, Any]:
    scope = reach.owner(call, "TKT", call.get("ticketId"), not_theirs="Ticket does not belong to user")
    with call.runtime.database.read() as connection:
        before = tickets.get(connection, scope, call.get("ticketId"))
    _, paid = reach.payment(call, call.get("paymentId"))
    if before.payment_id != paid.id:
        raise call.trouble(400, "Ticket is about another payment")
    if before.status != "rejected":
        raise call.trouble(400, f"Ticket cannot be resubmitted, current status: {before.status}")
    made = refund.resubmit(call.runtime, scope, before.id, _amount(call, paid), call.get("reason"), actor=call.asker.actor)
    return _granted(call, scope, made)


def _amount(call: Call, paid: Payment) -> str:
    """Raises Trouble(400) for another currency than was paid."""
    asked = call.get("requestedAmount")
    if asked["currency"] != paid.currency:
        raise call.trouble(400, f"requestedAmount.currency must be {paid.currency}, the currency of the payment")
    return asked["amount"]


def _granted(call: Call, scope: BuyerScope, made: RefundTicket) -> dict[str, Any]:
    if call.is_merchant:
        with suppress(Conflict):  # somebody at the store was quicker
            refund.approve(call.runtime, made.id, actor=call.asker.actor)
        with call.runtime.database.read() as connection:
            made = tickets.get(connection, scope, made.id)
        return {"ticket": wire.ticket(made, call.asker.merchant_id, "merchant")}
    return {"ticket": wire.ticket(made, call.asker.identity, "customer")}


ACTIONS = (
    Action(
        "refund-ticket/create-ticket",
        "ticket",
        BOTH,
        create,
        (*_ASKED, take("metadata", notes), take("refundTicketMerchantExternalId", text(LONGEST_EXTERNAL_ID))),
        once=True,
    ),
    Action("refund-ticket/resubmit-ticket", "ticket", BOTH, resubmit, (need("ticketId", identifier("TKT")), *_ASKED), once=True),
)
