"""Subscriptions and their history. `transition` is the only writer of a status; every change raises `version`.

Locks are taken in one order everywhere: subscription, payment, attempt; numbers of documents last.

What is due, and whom to remind, is found by a partial index and claimed by its row lock: what one sweeper works on in its
transaction, the others skip (PostgreSQL); on SQLite there is one writer at a time. Whoever claims a row must move its `due_at`
(or `remind_at`) in the same transaction, or it comes again.
"""

import builtins
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from portico.domain import subscription as rules
from portico.domain.errors import Conflict, NotFound
from portico.domain.scope import BuyerScope, StoreScope
from portico.domain.subscription import ScheduledChange, Subscription, SubscriptionEvent, SubscriptionStatus
from portico.storage import store as stores
from portico.storage.payment_row import METHOD, method_of
from portico.storage.rows import changed, first, many, scalar
from portico.storage.scoped import also_of_buyer, buyer_values, in_store, of_buyer, store_values
from portico.storage.store import StoreRow
from portico.storage.tables import order, price, product, store, subscription_event
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


@dataclass(frozen=True, slots=True)
class Held:
    """A subscription that could not be worked on and waits for a person. `reason` is the error, shortened."""

    scope: BuyerScope
    id: str
    held_at: datetime
    reason: str


_HEAD = (
    "id", "external_id", "order_id", "product_id", "product_name", "status", "interval", "quantity", "currency", "unit_minor",
    "tax_rate", "tax_reason", "anchor", "period_index", "period_start", "period_end", "trial_end",
)  # fmt: skip
_TAIL = (
    "created_at", "ended_at", "managed", "customer_reference", "method_reference", "version", "due_at", "remind_at", "retry_step",
    "failing_since", "resumes_at", "held_at", "held_reason", "tax_country", "tax_note",
)  # fmt: skip
_PLANNED = ("change_kind", "change_at", "change_product_id", "change_quantity", "change_unit_minor")
# What `change` and `transition` may set. The status is the table of moves' alone.
CHANGEABLE = frozenset({
    "product_id", "product_name", "interval", "quantity", "unit_minor", "tax_rate", "tax_reason", "tax_country", "tax_note", "anchor",
    "period_index", "period_start", "period_end", "trial_end", *_PLANNED, *METHOD, "managed", "customer_reference", "method_reference",
    "due_at", "remind_at", "retry_step", "failing_since", "resumes_at",
})  # fmt: skip
# Nothing waits, falls due or is held any more once a subscription is over.
_AT_THE_END: Mapping[str, None] = dict.fromkeys((*_PLANNED, "due_at", "remind_at", "resumes_at", "held_at", "held_reason"))
_LONGEST_REASON = 200

_planned, _planned_price = product.alias("planned"), price.alias("planned_price")
WITH_PLANNED = table.outerjoin(_planned, _planned.c.id == table.c.change_product_id).outerjoin(
    _planned_price, sa.and_(_planned_price.c.product_id == table.c.change_product_id, _planned_price.c.currency == table.c.currency)
)
COLUMNS = (
    *(table.c[name] for name in _HEAD),
    *(table.c[name] for name in ("change_kind", "change_at", "change_product_id")),
    _planned.c.name.label("planned_name"),
    sa.func.coalesce(table.c.change_unit_minor, _planned_price.c.amount_minor).label("planned_unit_minor"),
    table.c.change_quantity,
    *(table.c[name] for name in (*METHOD, *_TAIL)),
)
SCOPE = (table.c.store_id, table.c.environment, table.c.buyer_id)
_SELECT = sa.select(*COLUMNS).select_from(WITH_PLANNED).where(of_buyer(table))
_RUNNING = ("active", "trialing", "past_due", "canceling", "paused")
_LIVE_FIRST = sa.case((table.c.status.in_(_RUNNING), 0), (table.c.status == "pending", 1), else_=2)
IN_LIST = (_LIVE_FIRST, table.c.created_at.desc(), table.c.id.desc())
_LIST = _SELECT.order_by(*IN_LIST)
_ITSELF = sa.and_(of_buyer(table), table.c.id == sa.bindparam("p_id"))
_GET = _SELECT.where(table.c.id == sa.bindparam("p_id"))
_LOCK = _GET.with_for_update(of=table)
_WITH_STORE = _GET.add_columns(*stores.COLUMNS).join(store, store.c.id == table.c.store_id)
_LOCK_WITH_STORE = _WITH_STORE.with_for_update(of=table)
_ANY = sa.select(*SCOPE, *COLUMNS).select_from(WITH_PLANNED).where(table.c.id == sa.bindparam("p_id"))
_USING_CARD = _LIST.where(
    table.c.managed,
    table.c.ended_at.is_(None),
    table.c.customer_reference == sa.bindparam("p_customer"),
    table.c.method_reference == sa.bindparam("p_method"),
).with_for_update(of=table)
_HISTORY = (
    sa.select(*(subscription_event.c[name] for name in ("sequence", "from_status", "to_status", "cause", "actor", "at")))
    .select_from(subscription_event.join(table, table.c.id == subscription_event.c.subscription_id))
    .where(subscription_event.c.subscription_id == sa.bindparam("p_id"), also_of_buyer(table))
    .order_by(subscription_event.c.sequence)
)
_LOCK_STATUS = sa.select(table.c.status, table.c.order_id).where(_ITSELF).with_for_update()
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
_HOLD = (
    sa.update(table)
    .where(_ITSELF)
    .values(
        held_at=sa.bindparam("p_held_at", type_=table.c.held_at.type),
        held_reason=sa.bindparam("p_held_reason"),
        due_at=None,
        version=table.c.version + 1,
    )
)
_RELEASE = (
    sa.update(table)
    .where(table.c.id == sa.bindparam("p_id"), table.c.held_at.is_not(None))
    .values(held_at=None, held_reason=None, due_at=sa.bindparam("p_due_at", type_=table.c.due_at.type), version=table.c.version + 1)
)
_HELD = (
    sa.select(*SCOPE, table.c.id, table.c.held_at, table.c.held_reason)
    .where(table.c.held_at.is_not(None))
    .order_by(table.c.held_at, table.c.id)
)


def _claim(moment: sa.Column[Any], *, of_store: bool) -> sa.Select[Any]:
    found = sa.select(*SCOPE, *COLUMNS).select_from(WITH_PLANNED).where(moment <= sa.bindparam("p_now", type_=moment.type))
    if of_store:
        found = found.where(in_store(table))
    return found.order_by(moment, table.c.id).limit(sa.bindparam("p_limit")).with_for_update(of=table, skip_locked=True)


def _is_there(moment: sa.Column[Any]) -> sa.Select[Any]:
    return sa.select(table.c.id).where(moment <= sa.bindparam("p_now", type_=moment.type)).order_by(moment).limit(1)


def _next(moment: sa.Column[Any]) -> sa.Select[Any]:
    return sa.select(moment).where(in_store(table), moment.is_not(None)).order_by(moment).limit(1)


_DUE, _DUE_IN = _claim(table.c.due_at, of_store=False), _claim(table.c.due_at, of_store=True)
_REMIND, _REMIND_IN = _claim(table.c.remind_at, of_store=False), _claim(table.c.remind_at, of_store=True)
_IS_DUE, _IS_REMINDER_DUE = _is_there(table.c.due_at), _is_there(table.c.remind_at)
_NEXT_DUE, _NEXT_REMINDER = _next(table.c.due_at), _next(table.c.remind_at)

_AHEAD = sa.select(store.c.id).where(store.c.test_offset != timedelta(0)).order_by(store.c.id)


def list(tx: sa.Connection, scope: BuyerScope) -> tuple[Subscription, ...]:  # noqa: A001  # read as subscription.list
    """All subscriptions of a buyer: the running ones first, then newest first."""
    return tuple(of_row(row) for row in many(tx, _LIST, buyer_values(scope)))


def get(tx: sa.Connection, scope: BuyerScope, subscription_id: str) -> Subscription:
    """The subscription. Raises NotFound."""
    return _one(first(tx, _GET, {**buyer_values(scope), "p_id": subscription_id}))


def lock(tx: sa.Connection, scope: BuyerScope, subscription_id: str) -> Subscription:
    """The subscription, which nobody else changes until the transaction ends. Raises NotFound."""
    return _one(first(tx, _LOCK, {**buyer_values(scope), "p_id": subscription_id}))


def get_with_store(tx: sa.Connection, scope: BuyerScope, subscription_id: str) -> tuple[Subscription, StoreRow]:
    """The subscription and its store, in one statement. Raises NotFound."""
    return _with_store(first(tx, _WITH_STORE, {**buyer_values(scope), "p_id": subscription_id}))


def lock_with_store(tx: sa.Connection, scope: BuyerScope, subscription_id: str) -> tuple[Subscription, StoreRow]:
    """The same, the subscription locked like by `lock`."""
    return _with_store(first(tx, _LOCK_WITH_STORE, {**buyer_values(scope), "p_id": subscription_id}))


def get_any(tx: sa.Connection, subscription_id: str) -> tuple[BuyerScope, Subscription]:
    """The subscription whosoever it is, and whose: for operators and background work, never for a visitor. Raises NotFound."""
    row = first(tx, _ANY, {"p_id": subscription_id})
    if row is None:
        raise NotFound
    return scoped(row)


def lock_using_card(tx: sa.Connection, scope: BuyerScope, customer_reference: str, method_reference: str) -> tuple[Subscription, ...]:
    """The buyer's subscriptions that are billed from this card of the provider's, locked; not those that are over."""
    values = {**buyer_values(scope), "p_customer": customer_reference, "p_method": method_reference}
    return tuple(of_row(row) for row in many(tx, _USING_CARD, values))


def history(tx: sa.Connection, scope: BuyerScope, subscription_id: str) -> tuple[Transition, ...]:
    """What happened to it, oldest first; empty for one that is not the buyer's."""
    return tuple(Transition(*row) for row in many(tx, _HISTORY, {**buyer_values(scope), "p_id": subscription_id}))


def change(tx: sa.Connection, scope: BuyerScope, subscription_id: str, *, expected_version: int, **columns: object) -> int:
    """Sets some columns (CHANGEABLE, by name) of a subscription that is still at `expected_version`; the version it then has.

    Raises Conflict when it moved since it was read, or is not the buyer's: nothing is changed then.
    """
    _hold_to_changeable(columns)
    values = {**buyer_values(scope), "p_id": subscription_id, "p_expected": expected_version}
    statement = _update(tuple(sorted(columns)), guarded=True)
    if changed(tx, statement, values | {f"p_{name}": value for name, value in columns.items()}) != 1:
        raise Conflict("the subscription moved since it was read")
    return expected_version + 1


def transition(
    tx: sa.Connection,
    scope: BuyerScope,
    subscription_id: str,
    event: SubscriptionEvent,
    *,
    cause: str,
    actor: str,
    now: datetime,
    locked: Subscription | None = None,
    **columns: object,
) -> SubscriptionStatus:
    """Makes `event` happen: the subscription's and its order's status, and a line of history. The new status.

    `columns` (CHANGEABLE, by name) are set in the same statement. One that is over then has nothing scheduled, due or held any
    more, and `ended_at`. `locked` is the subscription as `lock` gave it in this transaction, which spares reading it again.
    Raises NotFound, or Refused("subscription_transition") when the table of moves has no such move.
    """
    _hold_to_changeable(columns)
    here = {**buyer_values(scope), "p_id": subscription_id}
    before = locked or first(tx, _LOCK_STATUS, here)
    if before is None or (locked is not None and locked.id != subscription_id):
        raise NotFound
    status = rules.apply(before.status, event)
    values: dict[str, object] = {**(_AT_THE_END if rules.is_final(status) else {}), **columns, "status": status}
    values["ended_at"] = now if rules.is_final(status) else None
    tx.execute(_update(tuple(sorted(values)), guarded=False), here | {f"p_{name}": value for name, value in values.items()})
    tx.execute(_SET_ORDER_STATUS, {**buyer_values(scope), "p_order_id": before.order_id, "p_status": status})
    line = {"p_from_status": before.status, "p_to_status": status, "p_cause": cause, "p_actor": actor, "p_at": now}
    tx.execute(_APPEND, {"p_id": subscription_id, **line})
    return status


def hold(tx: sa.Connection, scope: BuyerScope, subscription_id: str, *, reason: str, now: datetime) -> None:
    """Sets a subscription aside whose work raised an error: it is due no more until `release`, and `portico check` warns of it."""
    tx.execute(_HOLD, {**buyer_values(scope), "p_id": subscription_id, "p_held_at": now, "p_held_reason": reason[:_LONGEST_REASON]})


def release(tx: sa.Connection, subscription_id: str, *, due_at: datetime) -> None:
    """Lets a held subscription go on, due at `due_at`: for operators. Raises NotFound when there is none that is held."""
    if changed(tx, _RELEASE, {"p_id": subscription_id, "p_due_at": due_at}) != 1:
        raise NotFound


def held(tx: sa.Connection) -> tuple[Held, ...]:
    """Every subscription that was set aside, longest first: for operators."""
    return tuple(Held(BuyerScope(*row[:3]), *row[3:]) for row in many(tx, _HELD))


def due(tx: sa.Connection, *, now: datetime, limit: int) -> builtins.list[tuple[BuyerScope, Subscription]]:
    """Locks up to `limit` subscriptions of any store that were due at `now`, longest due first."""
    return [scoped(row) for row in many(tx, _DUE, {"p_now": now, "p_limit": limit})]


def due_in(tx: sa.Connection, scope: StoreScope, *, now: datetime, limit: int) -> builtins.list[tuple[BuyerScope, Subscription]]:
    """The same in one environment of one store, whose time may run ahead."""
    return [scoped(row) for row in many(tx, _DUE_IN, {**store_values(scope), "p_now": now, "p_limit": limit})]


def stores_with_offset(tx: sa.Connection) -> builtins.list[StoreScope]:
    """The environments whose time runs ahead of the real one, which `due` does not know of."""
    return [StoreScope(row[0], "test") for row in many(tx, _AHEAD)]


def is_due(tx: sa.Connection, *, now: datetime) -> bool:
    """Whether anything is due: to look, on a reading connection, before taking a write lock."""
    return first(tx, _IS_DUE, {"p_now": now}) is not None


def next_due_in(tx: sa.Connection, scope: StoreScope) -> datetime | None:
    """When the next thing happens in a store, which may be over already; None when nothing ever will."""
    return scalar(tx, _NEXT_DUE, store_values(scope))


def reminders_due(tx: sa.Connection, *, now: datetime, limit: int) -> builtins.list[tuple[BuyerScope, Subscription]]:
    """Locks up to `limit` subscriptions of any store whose buyer should have been told something at `now`."""
    return [scoped(row) for row in many(tx, _REMIND, {"p_now": now, "p_limit": limit})]


def reminders_due_in(tx: sa.Connection, scope: StoreScope, *, now: datetime, limit: int) -> builtins.list[tuple[BuyerScope, Subscription]]:
    """The same in one environment of one store."""
    return [scoped(row) for row in many(tx, _REMIND_IN, {**store_values(scope), "p_now": now, "p_limit": limit})]


def is_reminder_due(tx: sa.Connection, *, now: datetime) -> bool:
    """Whether any buyer should be told something."""
    return first(tx, _IS_REMINDER_DUE, {"p_now": now}) is not None


def next_reminder_in(tx: sa.Connection, scope: StoreScope) -> datetime | None:
    """When a buyer of a store is told something next; None when nobody ever is."""
    return scalar(tx, _NEXT_REMINDER, store_values(scope))


def of_row(row: Any) -> Subscription:
    """A row that begins with COLUMNS as a Subscription."""
    change_kind, change_at, change_product_id, change_name, change_unit_minor, change_quantity = row[_HEAD_END : _HEAD_END + 6]
    change = None
    if change_kind is not None:
        change = ScheduledChange(change_kind, change_at, change_product_id, change_name, change_unit_minor, change_quantity)
    method = method_of(*row[_HEAD_END + 6 : _METHOD_END])
    values: tuple[Any, ...] = (*row[:_HEAD_END], change, method, *row[_METHOD_END : len(COLUMNS)])
    return Subscription(*values)


def scoped(row: Any) -> tuple[BuyerScope, Subscription]:
    """A row of SCOPE and COLUMNS."""
    return BuyerScope(*row[:3]), of_row(row[3:])


_HEAD_END = len(_HEAD)
_METHOD_END = _HEAD_END + 6 + len(METHOD)


def _one(row: Any) -> Subscription:
    if row is None:
        raise NotFound
    return of_row(row)


def _with_store(row: Any) -> tuple[Subscription, StoreRow]:
    return _one(row), stores.of_row(row[len(COLUMNS) :])


def _hold_to_changeable(columns: Mapping[str, object]) -> None:
    if not columns.keys() <= CHANGEABLE:
        raise ValueError(f"a subscription has no such columns to change: {sorted(columns.keys() - CHANGEABLE)}")


@lru_cache
def _update(names: tuple[str, ...], *, guarded: bool) -> sa.Update:
    """Sets these columns and raises the version; `guarded`: only at the version that was read. An end stays where it is."""
    values: dict[str, Any] = {name: sa.bindparam(f"p_{name}", type_=table.c[name].type) for name in names}
    if "ended_at" in values:
        values["ended_at"] = sa.func.coalesce(table.c.ended_at, values["ended_at"])
    statement = sa.update(table).where(_ITSELF).values(values | {"version": table.c.version + 1})
    return statement.where(table.c.version == sa.bindparam("p_expected")) if guarded else statement
