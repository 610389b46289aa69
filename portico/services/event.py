"""Tell a store's programs what happened. `record` belongs into the transaction of the effect: what is told happened, and what
happened is told, to every endpoint that wants to hear of it (see `webhook_out`).
"""

from datetime import UTC, datetime

import sqlalchemy as sa

from portico.domain.event import EVENT_TYPES, Event, EventType, Told
from portico.domain.money import format_amount
from portico.domain.payment import Payment
from portico.domain.scope import BuyerScope, StoreScope
from portico.domain.subscription import Subscription
from portico.services.runtime import Runtime
from portico.storage import event as events


def record(
    tx: sa.Connection,
    runtime: Runtime,
    scope: StoreScope,
    type: EventType,  # noqa: A002  # what it is called everywhere
    subject_id: str,
    *,
    at: datetime,
    **data: Told | datetime,
) -> None:
    """Notes that something happened, if the transaction commits; any number of them in one cost one statement.

    `at` is the store's time. `data` is told beside the subject: ids, states, moments, and amounts as `money` writes them; nothing
    else of a person, but for the reason and comment of a cancellation. A BuyerScope names the buyer. Every type and what goes with
    it is in docs/webhooks.md. Raises ValueError for a type that there is not.
    """
    if type not in EVENT_TYPES:
        raise ValueError(f"{type!r} is no event")
    told: dict[str, Told] = {name: moment(value) if isinstance(value, datetime) else value for name, value in data.items()}
    buyer_id = scope.buyer_id if isinstance(scope, BuyerScope) else None
    events.insert(tx, scope, Event(runtime.new_id("EVT"), type, subject_id, buyer_id, at, told), runtime.clock())


def of_subscription(now_is: Subscription) -> dict[str, Told | datetime]:
    """What is told with everything that happens to a subscription: how it stands after that."""
    return {
        "order_id": now_is.order_id,
        "status": now_is.status,
        "product_id": now_is.product_id,
        "quantity": now_is.quantity,
        "period_start": now_is.period_start,
        "period_end": now_is.period_end,
    }


def of_payment(payment: Payment) -> dict[str, Told | datetime]:
    """What is told of a payment; the amount is the total, tax included."""
    whose: dict[str, Told | datetime] = {"order_id": payment.order_id, "subscription_id": payment.subscription_id}
    return {**whose, "purpose": payment.purpose, **money(payment.total_minor, payment.currency)}


def as_told(scope: StoreScope, happened: Event) -> dict[str, object]:
    """An event as programs get it, from the API and in webhooks alike. `data` begins with what it is about."""
    about: dict[str, object] = {"id": happened.subject_id, "buyer_id": happened.buyer_id}
    return {
        "id": happened.id,
        "type": happened.type,
        "timestamp": moment(happened.at),
        "store_id": scope.store_id,
        "environment": scope.environment,
        "data": {**about, **happened.data},
    }


def money(amount_minor: int, currency: str) -> dict[str, Told]:
    """An amount as events tell it: (2900, "EUR") -> {"amount": "29.00", "currency": "EUR"}."""
    return {"amount": format_amount(amount_minor, currency), "currency": currency}


def moment(at: datetime) -> str:
    """A moment as events tell it (RFC 3339 in UTC): "2026-11-22T15:04:05Z", with as many decimals as it has."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
