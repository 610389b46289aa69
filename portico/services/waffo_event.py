"""What happened as Waffo's webhooks tell it: 14 events, and amounts that are absent where they are not known, never zero."""

from datetime import datetime
from decimal import Decimal
from typing import Any, cast

import msgspec
import sqlalchemy as sa

from portico.domain.event import Event
from portico.domain.ids import decode
from portico.domain.money import format_amount
from portico.domain.order import Order
from portico.domain.payment import Payment, Refund
from portico.domain.scope import BuyerScope, StoreScope
from portico.domain.subscription import Subscription
from portico.domain.tax import tax_on
from portico.services import waffo_words
from portico.storage import order as orders
from portico.storage import payment as payments
from portico.storage import payment_of_store
from portico.storage import product as products
from portico.storage import refund_ticket as tickets
from portico.storage import store as stores
from portico.storage import subscription as subscriptions

_DEPRECATED = ("total", "subtotal", "taxAmount")  # still sent beside the block that replaces them


def body(tx: sa.Connection, scope: StoreScope, happened: Event, delivery_id: str) -> str | None:
    """The JSON of a delivery; None for what Waffo has no event for. Read when the event is dispatched: of what moves, the event itself
    says how it was (status, period); the rest (names, prices, billing details) is as it is now.

    `eventId` is the payment's or refund's id, and else the event's own, so that whoever takes (eventType, eventId) for one happening
    never takes two for one.
    """
    name = waffo_words.NAME_OF.get(happened.type)
    if name is None or happened.buyer_id is None:
        return None
    whose = BuyerScope(scope.store_id, scope.environment, happened.buyer_id)
    told = _told(tx, whose, happened, name)
    if told is None:
        return None
    event_id, data = told
    store = stores.get(tx, scope.store_id)
    envelope = {
        "id": str(decode(delivery_id)),
        "timestamp": waffo_words.moment(happened.at),
        "eventType": name,
        "eventId": event_id,
        "storeId": scope.store_id,
        "storeName": store.name,
        "mode": scope.environment,
        "data": data,
    }
    return msgspec.json.encode(envelope).decode()


def _told(tx: sa.Connection, whose: BuyerScope, happened: Event, name: str) -> tuple[str, dict[str, Any]] | None:
    """The event's id, and its data."""
    if name == "order.completed":
        ordered, common = _order(tx, whose, happened.subject_id)
        paid = _payment(tx, whose, happened.data.get("payment_id"))
        block = _block(ordered.net_minor, ordered.tax_minor, ordered.currency, ordered.tax_rate)
        status = {"orderStatus": waffo_words.order_status("completed")}
        return (ordered.id if paid is None else paid.id), {**common, **status, **_charged(paid, block)}
    if name == "subscription.payment_succeeded":
        paid = payments.get(tx, whose, happened.subject_id)
        if paid.subscription_id is None:
            return None  # order.completed tells it
        subscription = subscriptions.get(tx, whose, paid.subscription_id)
        ordered, common = _order(tx, whose, paid.order_id, subscription)
        number = _number_of(paid, subscription)
        return paid.id, {**common, **_charged(paid, _plan(subscription)), **number}
    if name.startswith("refund."):
        return happened.subject_id, _refund(tx, whose, happened)
    subscription = subscriptions.get(tx, whose, happened.subject_id)
    return happened.id, _subscription(tx, whose, happened, subscription)


def _order(tx: sa.Connection, whose: BuyerScope, order_id: str, subscription: Subscription | None = None) -> tuple[Order, dict[str, Any]]:
    """What every event tells: the order, the buyer, the product."""
    ordered, buyer, _ = orders.with_buyer(tx, whose, order_id)
    product = products.get(tx, whose, subscription.product_id if subscription else ordered.product_id)
    told = {
        "merchantProvidedBuyerIdentity": buyer.external_id,
        "orderMerchantExternalId": ordered.external_id,
        "orderMetadata": ordered.metadata,
        "productDescription": product.description,
        "productMetadata": product.metadata,
    }
    return ordered, {
        "orderId": ordered.id,
        "buyerEmail": buyer.email,
        "currency": ordered.currency,
        "productName": subscription.product_name if subscription else ordered.product_name,
        "billingDetail": waffo_words.billing_detail(ordered.billing_detail),
        **{name: value for name, value in told.items() if value},
    }


def _payment(tx: sa.Connection, whose: BuyerScope, payment_id: object) -> Payment | None:
    return payments.get(tx, whose, payment_id) if isinstance(payment_id, str) else None


def _charged(paid: Payment | None, block: dict[str, Any]) -> dict[str, Any]:
    """What a charge took, beside the list price. What cost nothing has no charge: its amount is the list price."""
    flat = {name: block[name] for name in _DEPRECATED} | _deprecated_rate(block)
    if paid is None:
        return {"listPrice": block, **flat, "amount": block["total"]}
    charged = format_amount(paid.total_minor, paid.currency)
    of_method = {} if paid.method is None else {"paymentLast4": paid.method.last4}
    failure = next((attempt.failure_code for attempt in paid.attempts if attempt.failure_code and paid.status == "failed"), None)
    return {
        "chargedAmount": charged,
        "listPrice": block,
        **flat,
        "amount": charged,
        "paymentId": paid.id,
        "paymentStatus": paid.status,
        "paymentMethod": "card",
        **of_method,
        **({} if failure is None else {"paymentFailureReason": failure}),
        **({} if paid.succeeded_at is None else {"paymentDate": _day(paid.succeeded_at)}),
    }


def _refund(tx: sa.Connection, whose: BuyerScope, happened: Event) -> dict[str, Any]:
    found = payment_of_store.get_refund(tx, whose, happened.subject_id)
    refund: Refund = found.refund
    paid = payments.get(tx, whose, cast(str, happened.data["payment_id"]))
    subscription = None if paid.subscription_id is None else subscriptions.get(tx, whose, paid.subscription_id)
    ordered, common = _order(tx, whose, paid.order_id, subscription)
    ticket = None if refund.ticket_id is None else tickets.get(tx, whose, refund.ticket_id)
    block = _block(paid.net_minor, paid.tax_minor, paid.currency, ordered.tax_rate)
    amount = format_amount(refund.amount_minor, paid.currency)
    succeeded = happened.type == "refund.succeeded"
    return {
        **common,
        "orderStatus": waffo_words.order_status(ordered.status),
        **({"refundedAmount": amount} if succeeded else {}),
        "originalChargedAmount": format_amount(paid.total_minor, paid.currency),
        "originalPayment": block,
        **{name: block[name] for name in _DEPRECATED},
        **_deprecated_rate(block),
        "amount": amount,
        **({} if ticket is None or ticket.external_id is None else {"refundTicketMerchantExternalId": ticket.external_id}),
        "paymentId": paid.id,
        "refundStatus": "succeeded" if succeeded else "failed",
        "refundReason": refund.reason,
        "refundCreatedAt": waffo_words.moment(refund.created_at),
        **({} if subscription is None else _number_of(paid, subscription)),
    }


def _subscription(tx: sa.Connection, whose: BuyerScope, happened: Event, found: Subscription) -> dict[str, Any]:
    """How a subscription stands after what happened; its period is the one that the event says."""
    _, common = _order(tx, whose, found.order_id, found)
    block, data = _plan(found), happened.data
    status, start, end = (str(data.get(name) or "") for name in ("status", "period_start", "period_end"))
    trialing = happened.type == "subscription.trial_started"
    canceled = happened.type in ("subscription.cancel_requested", "subscription.canceled", "subscription.expired")
    return {
        **common,
        "orderStatus": waffo_words.order_status(status or found.status),
        "planPrice": block,
        **{name: block[name] for name in _DEPRECATED},
        **_deprecated_rate(block),
        "amount": block["total"],
        "billingPeriod": waffo_words.PERIOD_OF[found.interval],
        "currentPeriodStart": start[:10] or _day(found.period_start),
        "currentPeriodEnd": end[:10] or _day(found.period_end),
        **({"canceledAt": waffo_words.moment(happened.at)} if canceled else {}),
        "periodNumber": 0 if trialing else found.period_index + 1,
    }


def _plan(found: Subscription) -> dict[str, Any]:
    """The list price of a subscription's plan."""
    net_minor = found.unit_minor * found.quantity
    return _block(net_minor, tax_on(net_minor, found.tax_rate), found.currency, found.tax_rate)


def _block(net_minor: int, tax_minor: int, currency: str, rate: str) -> dict[str, Any]:
    """An amount with its parts. The rate is a number of percent, exactly as it is kept."""
    return {
        "total": format_amount(net_minor + tax_minor, currency),
        "subtotal": format_amount(net_minor, currency),
        "taxAmount": format_amount(tax_minor, currency),
        "taxRate": msgspec.Raw(_number(Decimal(rate))),
    }


def _deprecated_rate(block: dict[str, Any]) -> dict[str, Any]:
    """The same rate as a part of one, as it used to be told."""
    return {"taxRate": msgspec.Raw(_number(Decimal(bytes(block["taxRate"]).decode()).scaleb(-2)))}


def _number(value: Decimal) -> bytes:
    """A decimal as JSON writes it: 19, 0.19, 8.875."""
    return format(value.normalize() if value else Decimal(0), "f").encode()


def _number_of(paid: Payment, found: Subscription) -> dict[str, int]:
    """Which period a charge was for, where that is still known: the present one, and the one before it."""
    if paid.period_start is None:
        return {}
    if paid.period_start == found.period_start:
        return {"periodNumber": found.period_index + 1}
    return {"periodNumber": found.period_index} if paid.period_end == found.period_start and found.period_index > 0 else {}


def _day(at: datetime) -> str:
    return at.date().isoformat()
