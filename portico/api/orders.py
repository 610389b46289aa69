"""Orders: one-time purchases, and the orders that carry subscriptions."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from portico.api import payments
from portico.api.billing_details import BillingDetail, shown
from portico.api.call import Call
from portico.api.dry_run import DryRun, possible
from portico.api.fields import BuyerId, CheckoutId, Currency, ExternalId, Metadata, Moment, OrderId, ProductId, SignedAmount, SubscriptionId
from portico.api.operation import Operation
from portico.api.paging import Listed, Paged, listed
from portico.domain import order as domain
from portico.domain.catalog import ProductKind
from portico.domain.errors import Refused
from portico.domain.money import format_amount
from portico.domain.tax import TaxReason
from portico.services import order as orders
from portico.storage import order_of_store, owner

OrderStatus = Literal[
    "pending", "completed", "canceled", "partially_refunded", "refunded",
    "trialing", "active", "past_due", "canceling", "paused", "expired", "closed",
]  # fmt: skip


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One purchase. The order of a subscription has the status of the subscription."""

    id: OrderId
    external_id: ExternalId | None
    buyer_id: BuyerId
    kind: ProductKind
    product_id: ProductId
    product_name: Annotated[str, Meta(description="What it was called then.", examples=["Atlas Pro"])]
    product_version: int
    quantity: int
    currency: Currency
    net: SignedAmount
    tax: Annotated[str, Meta(examples=["5.51"])]
    total: Annotated[str, Meta(examples=["34.51"])]
    tax_rate: Annotated[str, Meta(description="In percent.", examples=["19"])]
    tax_reason: TaxReason
    status: Annotated[OrderStatus, Meta(examples=["completed"])]
    subscription_id: SubscriptionId | None
    checkout_session_id: CheckoutId | None
    billing_detail: BillingDetail
    payments: Annotated[list[payments.Payment], Meta(description="Newest first.")]
    metadata: Metadata
    created_at: Moment


class OrderQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    buyer_id: BuyerId | None = None
    status: OrderStatus | None = None
    product_id: ProductId | None = None
    kind: ProductKind | None = None
    external_id: ExternalId | None = None
    created_from: Annotated[Moment, Meta(description="Not before this moment.")] | None = None
    created_until: Annotated[Moment, Meta(description="Before this moment.")] | None = None


def order_of(found: domain.Order) -> Order:
    """An order as the API shows it."""
    return Order(
        id=found.id,
        external_id=found.external_id,
        buyer_id=found.buyer_id,
        kind=found.kind,
        product_id=found.product_id,
        product_name=found.product_name,
        product_version=found.product_version,
        quantity=found.quantity,
        currency=found.currency,
        net=format_amount(found.net_minor, found.currency),
        tax=format_amount(found.tax_minor, found.currency),
        total=format_amount(found.total_minor, found.currency),
        tax_rate=found.tax_rate,
        tax_reason=found.tax_reason,
        status=found.status,  # pyright: ignore[reportArgumentType]  # a CHECK holds it to these
        subscription_id=found.subscription_id,
        checkout_session_id=found.checkout_id,
        billing_detail=shown(found.billing_detail),
        payments=[payments.payment_of(each, found.buyer_id) for each in found.payments],
        metadata=found.metadata,
        created_at=found.created_at,
    )


def list_orders(call: Call) -> Listed[Order]:
    asked: OrderQuery = call.query
    with call.runtime.database.read() as tx:
        page = order_of_store.page(
            tx,
            call.scope,
            asked.after,
            asked.limit,
            buyer_id=asked.buyer_id,
            status=asked.status,
            product_id=asked.product_id,
            kind=asked.kind,
            external_id=asked.external_id,
            created_from=asked.created_from,
            created_until=asked.created_until,
        )
    return listed(page, order_of)


def get_order(call: Call) -> Order:
    with call.runtime.database.read() as tx:
        return order_of(order_of_store.get(tx, call.scope, call.id))


def cancel_order(call: Call) -> Order | DryRun:
    with call.runtime.database.read() as tx:
        whose = owner.buyer_of(tx, call.scope, "ORD", call.id)
    if call.dry_run:
        reason = orders.why_not(call.runtime, whose, call.id)
        if reason is not None:
            raise Refused(reason)
        return possible()
    orders.cancel(call.runtime, whose, call.id, actor=call.actor)
    return get_order(call)


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/orders",
        name="list_orders",
        tag="Orders",
        summary="List orders",
        description="Orders with their payments, newest first; of a buyer or a product, by status, or from a span of time.",
        handler=list_orders,
        answer=Listed[Order],
        query=OrderQuery,
        errors=("cursor_invalid",),
    ),
    Operation(
        method="GET",
        path="/v1/orders/{id}",
        name="get_order",
        tag="Orders",
        summary="Get an order",
        description="One order with its payments, their tries and refunds.",
        handler=get_order,
        answer=Order,
    ),
    Operation(
        method="POST",
        path="/v1/orders/{id}/cancel",
        name="cancel_order",
        tag="Orders",
        summary="Cancel an order",
        description="Calls off something bought once that is not paid for yet; its checkout session is over with it. What is paid for is "
        "given back by a refund, and a subscription has a cancel of its own.",
        handler=cancel_order,
        answer=Order,
        action=True,
        preview=DryRun,
        errors=("order_not_pending", "order_of_subscription", "payment_open"),
    ),
)
