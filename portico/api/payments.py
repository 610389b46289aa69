"""Payments: what was taken, by which tries, and what was given back of it."""

from typing import Annotated

import msgspec
from msgspec import Meta

from portico.api.call import Call
from portico.api.fields import (
    BuyerId,
    Currency,
    ExternalId,
    Moment,
    OrderId,
    PaymentId,
    RefundId,
    SignedAmount,
    SubscriptionId,
    TicketId,
)
from portico.api.operation import Operation
from portico.api.paging import Listed, Paged, listed
from portico.domain import payment as domain
from portico.domain.money import format_amount
from portico.domain.payment import AttemptStatus, PaymentPurpose, PaymentStatus, RefundPurpose, RefundStatus, refundable_minor
from portico.storage import payment_of_store


class PaymentMethod(msgspec.Struct, frozen=True, kw_only=True):
    """What may be shown of a card."""

    brand: Annotated[str, Meta(examples=["visa"])]
    last4: Annotated[str, Meta(examples=["4242"])]
    expiry_month: Annotated[int, Meta(examples=[12])] | None
    expiry_year: Annotated[int, Meta(examples=[2029])] | None


class PaymentAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try to take the money."""

    sequence: int
    status: Annotated[AttemptStatus, Meta(examples=["succeeded"])]
    failure_code: Annotated[str, Meta(description="Why it failed.", examples=["insufficient_funds"])] | None
    method: PaymentMethod | None
    attempted_at: Moment
    reference: Annotated[str, Meta(description="What the payment provider calls it.", examples=["pi_3NqL"])] | None
    action_url: Annotated[str, Meta(description="Where the buyer has to confirm it.", examples=["https://pay.example/3ds"])] | None


class PaymentRefund(msgspec.Struct, frozen=True, kw_only=True):
    """Money that was given back out of a payment."""

    id: RefundId
    amount: SignedAmount
    currency: Currency
    status: Annotated[RefundStatus, Meta(examples=["succeeded"])]
    purpose: Annotated[RefundPurpose, Meta(description="`tax`: tax that was charged where none was due.")]
    reason: Annotated[str, Meta(examples=["Bought twice"])]
    refund_ticket_id: TicketId | None
    at_provider: Annotated[bool, Meta(description="Somebody gave it back at the payment provider itself, and Portico took it in.")]
    created_at: Moment


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """An amount to be taken once: for a purchase, for a period of a subscription, or for a change of plan."""

    id: PaymentId
    external_id: ExternalId | None
    buyer_id: BuyerId
    order_id: OrderId
    subscription_id: SubscriptionId | None
    purpose: PaymentPurpose
    period_start: Moment | None
    period_end: Moment | None
    currency: Currency
    net: SignedAmount
    tax: Annotated[str, Meta(examples=["5.51"])]
    total: Annotated[str, Meta(examples=["34.51"])]
    refunded: Annotated[str, Meta(examples=["0.00"])]
    refundable: Annotated[str, Meta(description="What can still be given back.", examples=["34.51"])]
    status: Annotated[PaymentStatus, Meta(description="`unknown`: the provider has not told yet.", examples=["succeeded"])]
    method: PaymentMethod | None
    created_at: Moment
    succeeded_at: Moment | None
    disputed_at: Annotated[Moment, Meta(description="Since when the buyer's bank disputes it, or has taken it back.")] | None
    attempts: list[PaymentAttempt]
    refunds: list[PaymentRefund]


class PaymentQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    buyer_id: BuyerId | None = None
    order_id: OrderId | None = None
    subscription_id: SubscriptionId | None = None
    status: PaymentStatus | None = None


def payment_of(found: domain.Payment, buyer_id: str) -> Payment:
    """A payment as the API shows it."""
    currency = found.currency
    return Payment(
        id=found.id,
        external_id=found.external_id,
        buyer_id=buyer_id,
        order_id=found.order_id,
        subscription_id=found.subscription_id,
        purpose=found.purpose,
        period_start=found.period_start,
        period_end=found.period_end,
        currency=currency,
        net=format_amount(found.net_minor, currency),
        tax=format_amount(found.tax_minor, currency),
        total=format_amount(found.total_minor, currency),
        refunded=format_amount(found.refunded_minor, currency),
        refundable=format_amount(refundable_minor(found), currency),
        status=found.status,
        method=method_of(found.method),
        created_at=found.created_at,
        succeeded_at=found.succeeded_at,
        disputed_at=found.disputed_at,
        attempts=[_attempt_of(each) for each in found.attempts],
        refunds=[_refund_of(each, currency) for each in found.refunds],
    )


def method_of(found: domain.PaymentMethod | None) -> PaymentMethod | None:
    """A card as the API shows it."""
    if found is None:
        return None
    return PaymentMethod(brand=found.brand, last4=found.last4, expiry_month=found.expiry_month, expiry_year=found.expiry_year)


def list_payments(call: Call) -> Listed[Payment]:
    asked: PaymentQuery = call.query
    with call.runtime.database.read() as tx:
        page = payment_of_store.page(
            tx,
            call.scope,
            asked.after,
            asked.limit,
            buyer_id=asked.buyer_id,
            order_id=asked.order_id,
            subscription_id=asked.subscription_id,
            status=asked.status,
        )
    return listed(page, lambda found: payment_of(found[1], found[0].buyer_id))


def get_payment(call: Call) -> Payment:
    with call.runtime.database.read() as tx:
        owner, found = payment_of_store.get(tx, call.scope, call.id)
    return payment_of(found, owner.buyer_id)


def _attempt_of(found: domain.PaymentAttempt) -> PaymentAttempt:
    return PaymentAttempt(
        sequence=found.sequence,
        status=found.status,
        failure_code=found.failure_code,
        method=method_of(found.method),
        attempted_at=found.attempted_at,
        reference=found.reference,
        action_url=found.action_url,
    )


def _refund_of(found: domain.Refund, currency: str) -> PaymentRefund:
    return PaymentRefund(
        id=found.id,
        amount=format_amount(found.amount_minor, currency),
        currency=currency,
        status=found.status,
        purpose=found.purpose,
        reason=found.reason,
        refund_ticket_id=found.ticket_id,
        at_provider=found.at_provider,
        created_at=found.created_at,
    )


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/payments",
        name="list_payments",
        tag="Payments",
        summary="List payments",
        description="Payments with their tries and refunds, newest first; of a buyer, an order or a subscription, or by how they stand.",
        handler=list_payments,
        answer=Listed[Payment],
        query=PaymentQuery,
        errors=("cursor_invalid",),
    ),
    Operation(
        method="GET",
        path="/v1/payments/{id}",
        name="get_payment",
        tag="Payments",
        summary="Get a payment",
        description="One payment with its tries and refunds.",
        handler=get_payment,
        answer=Payment,
    ),
)
