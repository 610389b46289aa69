"""Tell a store's programs what happened. `record` belongs into the transaction of the effect: what is told happened, and what
happened is told, to every endpoint that wants to hear of it (see `webhook_out`).
"""

from datetime import UTC, datetime

import sqlalchemy as sa

from portico.domain.event import EVENT_TYPES, Event, EventType, Told
from portico.domain.money import format_amount
from portico.domain.scope import BuyerScope, StoreScope
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


def money(amount_minor: int, currency: str) -> dict[str, Told]:
    """An amount as events tell it: (2900, "EUR") -> {"amount": "29.00", "currency": "EUR"}."""
    return {"amount": format_amount(amount_minor, currency), "currency": currency}


def moment(at: datetime) -> str:
    """A moment as events tell it (RFC 3339 in UTC): "2026-11-22T15:04:05Z", with as many decimals as it has."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
