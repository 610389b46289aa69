"""Subscriptions and their history. `transition` is the only writer of a status."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portico.domain import subscription as rules
from portico.domain.errors import NotFound
from portico.domain.scope import BuyerScope
from portico.domain.subscription import ScheduledChange, Subscription, SubscriptionEvent, SubscriptionStatus
from portico.storage.payment import METHOD, method_of
from portico.storage.rows import first, many
from portico.storage.scoped import also_of_buyer, buyer_values, of_buyer
from portico.storage.tables import order, price, product, subscription_event
from portico.storage.tables import subscription as table


@dataclass(frozen=True, slots=True)
class Transition:
    """One line of a subscription's history. `cause` is a stable code, `actor` who did it ("buyer", "worker", "import", ...)."""

    sequence: int
    from_status: SubscriptionStatus | None
    to_status: SubscriptionStatus
    cause: str
    actor: str
    at: datetime


_HEAD = (
    "id", "external_id", "order_id", "product_id", "product_name", "status", "interval", "quantity", "currency", "unit_minor",
    "tax_rate", "tax_reason", "anchor", "period_index", "period_start", "period_end", "trial_end",
)  # fmt: skip
_CHANGE = ("change_kind", "change_at", "change_product_id")
_planned, _planned_price = product.alias("planned"), price.alias("planned_price")
_SELECT = (
    sa.select(
        *(table.c[name] for name in (*_HEAD, *_CHANGE)),
        _planned.c.name,
        _planned_price.c.amount_minor,
        *(table.c[name] for name in (*METHOD, "created_at", "ended_at")),
    )
    .select_from(
        table.outerjoin(_planned, _planned.c.id == table.c.change_product_id).outerjoin(
            _planned_price, sa.and_(_planned_price.c.product_id == table.c.change_product_id, _planned_price.c.currency == table.c.currency)
        )
    )
    .where(of_buyer(table))
)
_LIVE_FIRST = sa.case((table.c.status.in_(("active", "trialing", "past_due", "canceling")), 0), (table.c.status == "pending", 1), else_=2)
_LIST = _SELECT.order_by(_LIVE_FIRST, table.c.created_at.desc(), table.c.id.desc())
_GET = _SELECT.where(table.c.id == sa.bindparam("p_id"))
_HISTORY = (
    sa.select(*(subscription_event.c[name] for name in ("sequence", "from_status", "to_status", "cause", "actor", "at")))
    .select_from(subscription_event.join(table, table.c.id == subscription_event.c.subscription_id))
    .where(subscription_event.c.subscription_id == sa.bindparam("p_id"), also_of_buyer(table))
    .order_by(subscription_event.c.sequence)
)
_LOCK = sa.select(table.c.status, table.c.order_id).where(of_buyer(table), table.c.id == sa.bindparam("p_id")).with_for_update()
_SET_STATUS = (
    sa.update(table)
    .where(of_buyer(table), table.c.id == sa.bindparam("p_id"))
    .values(
        status=sa.bindparam("p_status"),
        ended_at=sa.func.coalesce(table.c.ended_at, sa.bindparam("p_ended_at", type_=table.c.ended_at.type)),
    )
)
_SET_ORDER_STATUS = (
    sa.update(order).where(of_buyer(order), order.c.id == sa.bindparam("p_order_id")).values(status=sa.bindparam("p_status"))
)
_EVENT = {
    name: sa.bindparam(f"p_{name}", type_=subscription_event.c[name].type) for name in ("from_status", "to_status", "cause", "actor", "at")
}
_APPEND = sa.insert(subscription_event).from_select(
    ["subscription_id", "sequence", *_EVENT],
    sa.select(
        sa.bindparam("p_id", type_=subscription_event.c.subscription_id.type),
        sa.func.coalesce(sa.func.max(subscription_event.c.sequence), 0) + 1,
        *_EVENT.values(),
    ).where(subscription_event.c.subscription_id == sa.bindparam("p_id")),
)


def list(tx: sa.Connection, scope: BuyerScope) -> tuple[Subscription, ...]:  # noqa: A001  # read as subscription.list
    """All subscriptions of a buyer: the running ones first, then newest first."""
    return tuple(_subscription(row) for row in many(tx, _LIST, buyer_values(scope)))


def get(tx: sa.Connection, scope: BuyerScope, subscription_id: str) -> Subscription:
    """The subscription. Raises NotFound."""
    row = first(tx, _GET, {**buyer_values(scope), "p_id": subscription_id})
    if row is None:
        raise NotFound
    return _subscription(row)


def history(tx: sa.Connection, scope: BuyerScope, subscription_id: str) -> tuple[Transition, ...]:
    """What happened to it, oldest first; empty for one that is not the buyer's."""
    return tuple(Transition(*row) for row in many(tx, _HISTORY, {**buyer_values(scope), "p_id": subscription_id}))


def transition(
    tx: sa.Connection, scope: BuyerScope, subscription_id: str, event: SubscriptionEvent, *, cause: str, actor: str, now: datetime
) -> SubscriptionStatus:
    """Makes `event` happen: the subscription's and its order's status, and a line of history. The new status.

    Raises NotFound, or Refused("subscription_transition") when the table of moves has no such move.
    """
    here = {**buyer_values(scope), "p_id": subscription_id}
    row = first(tx, _LOCK, here)
    if row is None:
        raise NotFound
    status = rules.apply(row.status, event)
    moved = {**here, "p_status": status, "p_ended_at": now if rules.is_final(status) else None}
    tx.execute(_SET_STATUS, moved)
    tx.execute(_SET_ORDER_STATUS, {**buyer_values(scope), "p_order_id": row.order_id, "p_status": status})
    line = {"p_from_status": row.status, "p_to_status": status, "p_cause": cause, "p_actor": actor, "p_at": now}
    tx.execute(_APPEND, {"p_id": subscription_id, **line})
    return status


def _subscription(row: Any) -> Subscription:
    *head, change_kind, change_at, change_product_id, change_name, change_unit_minor, brand, last4, month, year, created_at, ended_at = row
    change = None if change_kind is None else ScheduledChange(change_kind, change_at, change_product_id, change_name, change_unit_minor)
    method = method_of(brand, last4, month, year)
    return Subscription(*head, scheduled_change=change, method=method, created_at=created_at, ended_at=ended_at)
