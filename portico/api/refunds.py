"""Refunds: money that goes back, and giving some back without having been asked."""

from typing import Annotated

import msgspec
from msgspec import Meta

from portico.api.call import Call
from portico.api.dry_run import DryRun
from portico.api.fields import Amount, BuyerId, Currency, ExternalId, Moment, OrderId, PaymentId, RefundId, SignedAmount, TicketId
from portico.api.operation import Operation
from portico.api.paging import Listed, Paged, listed
from portico.domain.errors import FieldError, Invalid, NotFound, Refused
from portico.domain.money import format_amount, parse_amount
from portico.domain.payment import Payment, RefundPurpose, RefundStatus, refundable_minor
from portico.domain.scope import BuyerScope
from portico.services import store_refund
from portico.storage import payment_of_store
from portico.storage.payment_of_store import RefundOfStore


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """Money that goes back out of one payment. It has a credit note once it has succeeded."""

    id: RefundId
    external_id: ExternalId | None
    buyer_id: BuyerId
    payment_id: PaymentId
    order_id: OrderId
    amount: SignedAmount
    currency: Currency
    status: RefundStatus
    purpose: Annotated[RefundPurpose, Meta(description="`tax`: tax that was charged where none was due.")]
    reason: Annotated[str, Meta(examples=["Bought twice"])]
    refund_ticket_id: TicketId | None
    at_provider: Annotated[bool, Meta(description="Somebody gave it back at the payment provider itself, and Portico took it in.")]
    created_at: Moment


class RefundInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much of which payment. Without an amount, all that is left."""

    payment_id: PaymentId
    amount: Amount | None = None
    reason: Annotated[str, Meta(max_length=500, description="For your books.", examples=["Bought twice"])] = ""


class RefundPreview(DryRun, frozen=True, kw_only=True):
    """What would go back, and what would be left of the payment then."""

    amount: SignedAmount | None = None
    left: SignedAmount | None = None
    currency: Currency | None = None


class RefundQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    buyer_id: BuyerId | None = None
    payment_id: PaymentId | None = None
    order_id: OrderId | None = None
    status: RefundStatus | None = None


def list_refunds(call: Call) -> Listed[Refund]:
    asked: RefundQuery = call.query
    with call.runtime.database.read() as tx:
        page = payment_of_store.page_of_refunds(
            tx,
            call.scope,
            asked.after,
            asked.limit,
            buyer_id=asked.buyer_id,
            payment_id=asked.payment_id,
            order_id=asked.order_id,
            status=asked.status,
        )
    return listed(page, _shown)


def get_refund(call: Call) -> Refund:
    return _get(call, call.id)


def create_refund(call: Call) -> Refund | RefundPreview:
    body: RefundInput = call.body
    whose, paid = payment(call, body.payment_id)
    amount_minor = None if body.amount is None else minor(body.amount, paid)
    if call.dry_run:
        would = store_refund.look(call.runtime, whose, paid.id, amount_minor, body.reason)
        amount, left = (format_amount(each, would.currency) for each in (would.amount_minor, would.left_minor))
        return RefundPreview(possible=True, amount=amount, left=left, currency=would.currency)
    key = call.idempotency_key
    if key is None:
        raise Refused("idempotency_key_required")
    return _get(call, store_refund.create(call.runtime, whose, paid.id, amount_minor, body.reason, key=key, actor=call.actor))


def payment(call: Call, payment_id: str) -> tuple[BuyerScope, Payment]:
    """A payment that a body names, and whose it is. Raises Invalid when there is none."""
    try:
        with call.runtime.database.read() as tx:
            return payment_of_store.get(tx, call.scope, payment_id)
    except NotFound:
        raise Invalid([FieldError("payment_id", "not_found")]) from None


def minor(amount: str, paid: Payment) -> int:
    """An amount of a body in minor units of the payment's currency. Raises Invalid."""
    try:
        return parse_amount(amount, paid.currency)
    except Refused:
        raise Invalid([FieldError("amount", "amount_format", format_amount(refundable_minor(paid), paid.currency))]) from None


def _get(call: Call, refund_id: str) -> Refund:
    with call.runtime.database.read() as tx:
        return _shown(payment_of_store.get_refund(tx, call.scope, refund_id))


def _shown(found: RefundOfStore) -> Refund:
    refund = found.refund
    return Refund(
        id=refund.id,
        external_id=found.external_id,
        buyer_id=found.scope.buyer_id,
        payment_id=found.payment_id,
        order_id=found.order_id,
        amount=format_amount(refund.amount_minor, found.currency),
        currency=found.currency,
        status=refund.status,
        purpose=refund.purpose,
        reason=refund.reason,
        refund_ticket_id=refund.ticket_id,
        at_provider=refund.at_provider,
        created_at=refund.created_at,
    )


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/refunds",
        name="list_refunds",
        tag="Refunds",
        summary="List refunds",
        description="Refunds, newest first; of a buyer, a payment or an order, or by how they stand.",
        handler=list_refunds,
        answer=Listed[Refund],
        query=RefundQuery,
        errors=("cursor_invalid",),
    ),
    Operation(
        method="GET",
        path="/v1/refunds/{id}",
        name="get_refund",
        tag="Refunds",
        summary="Get a refund",
        description="One refund.",
        handler=get_refund,
        answer=Refund,
    ),
    Operation(
        method="POST",
        path="/v1/refunds",
        name="create_refund",
        tag="Refunds",
        summary="Give money back",
        description="Gives part or all of a payment back, the way it came. The answer is `pending`: a worker has the payment provider do "
        "it, and `refund.succeeded` tells when it is done; the buyer is mailed, and gets a credit note. An Idempotency-Key gives money "
        "back once, for ever.",
        handler=create_refund,
        answer=Refund,
        body=RefundInput,
        status=201,
        money=True,
        action=True,
        preview=RefundPreview,
        errors=(
            "no_gateway",
            "payment_not_succeeded",
            "billed_elsewhere",
            "refund_ticket_open",
            "already_refunded",
            "payment_disputed",
            "refund_amount",
            "correction_under_way",
        ),
    ),
)
