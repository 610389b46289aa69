"""Why subscriptions were given up, and which of that was taken back. At most one cancellation of a subscription stands."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from portico.domain.cancellation import Cancellation
from portico.domain.catalog import Interval
from portico.domain.errors import NotFound
from portico.domain.scope import BuyerScope, StoreScope
from portico.storage import listing
from portico.storage.listing import Listing
from portico.storage.page import PAGE_SIZE, Cursor, Page
from portico.storage.rows import changed, first, many
from portico.storage.scoped import also_of_buyer, buyer_values, in_store, of_buyer, store_values
from portico.storage.tables import cancellation as table
from portico.storage.tables import product

Group = Literal["reason", "product", "month"]


@dataclass(frozen=True, slots=True)
class CancellationOfStore:
    """A cancellation, whose it is, and what the plan is called now."""

    scope: BuyerScope
    cancellation: Cancellation
    product_name: str


@dataclass(frozen=True, slots=True)
class CancellationSum:
    """Cancellations with one `key` (a reason's code, empty where none was given; a product's id, with its `name`; a month like
    "2026-11", in UTC), of plans of one interval in one currency. `net_minor` is what those of them that were not taken back were worth
    per interval, and `withdrawn_net_minor` what the others were."""

    key: str
    name: str
    currency: str
    interval: Interval
    count: int
    withdrawn: int
    net_minor: int
    withdrawn_net_minor: int


_NAMES = (
    "id", "subscription_id", "reason_code", "comment", "requested_at", "effective_at", "withdrawn_at", "actor", "product_id", "interval",
    "quantity", "net_minor", "currency",
)  # fmt: skip
_SELECT = sa.select(*(table.c[name] for name in _NAMES))
_SCOPE = (table.c.store_id, table.c.environment, table.c.buyer_id)
_moment = table.c.requested_at.type
_BETWEEN = {
    "since": table.c.requested_at >= sa.bindparam("p_since", type_=_moment),
    "until": table.c.requested_at < sa.bindparam("p_until", type_=_moment),
}
_OF_STORE = sa.select(*_SCOPE, product.c.name, *(table.c[name] for name in _NAMES)).select_from(
    table.join(product, product.c.id == table.c.product_id)
)
_GET_OF_STORE = _OF_STORE.where(in_store(table), table.c.id == sa.bindparam("p_id"))
_LISTING = Listing(
    _OF_STORE,
    table,
    {
        **listing.equal(table, "buyer_id", "subscription_id", "product_id"),
        **_BETWEEN,
        "reason": sa.func.coalesce(table.c.reason_code, "") == sa.bindparam("p_reason"),
    },
    moment="requested_at",
    narrow=frozenset({"subscription_id"}),
)
_SECONDS = table.c.requested_at.op("/", return_type=sa.BigInteger())(sa.literal_column("1000000"))
_MONTH: dict[str, sa.ColumnElement[Any]] = {
    "sqlite": sa.func.strftime("%Y-%m", _SECONDS, "unixepoch"),
    "postgresql": sa.func.to_char(sa.func.timezone("UTC", sa.func.to_timestamp(_SECONDS)), "YYYY-MM"),
}


def _summary(group: Group, key: sa.ColumnElement[Any]) -> sa.Executable:
    labelled, stands = key.label("key"), table.c.withdrawn_at.is_(None)
    by_product = group == "product"
    return (
        sa.select(
            labelled,
            sa.func.max(product.c.name if by_product else sa.literal_column("''")),
            table.c.currency,
            table.c.interval,
            sa.func.count(),
            sa.func.sum(sa.case((stands, 0), else_=1)),
            sa.func.sum(sa.case((stands, table.c.net_minor), else_=0)),
            sa.func.sum(sa.case((stands, 0), else_=table.c.net_minor)),
        )
        .select_from(table.join(product, product.c.id == table.c.product_id) if by_product else table)
        .where(in_store(table), *_BETWEEN.values())
        .group_by(labelled, table.c.currency, table.c.interval)
        .order_by(labelled, table.c.currency, table.c.interval)
    )


def _keys(dialect: str) -> dict[Group, sa.ColumnElement[Any]]:
    return {"reason": sa.func.coalesce(table.c.reason_code, ""), "product": table.c.product_id, "month": _MONTH[dialect]}


_SUMMARIES = {(dialect, group): _summary(group, key) for dialect in _MONTH for group, key in _keys(dialect).items()}
_INSERT = sa.insert(table)
_GET = _SELECT.where(of_buyer(table), table.c.id == sa.bindparam("p_id"))
_STANDING_ONE = sa.and_(table.c.subscription_id == sa.bindparam("p_subscription_id"), table.c.withdrawn_at.is_(None), also_of_buyer(table))
_STANDING = _SELECT.where(_STANDING_ONE)
_WITHDRAW = sa.update(table).where(_STANDING_ONE).values(withdrawn_at=sa.bindparam("p_now", type_=table.c.withdrawn_at.type))


def create(tx: sa.Connection, scope: BuyerScope, row: Cancellation) -> None:
    """Keeps a new cancellation. A second one that stands breaks a unique constraint."""
    whose = {"store_id": scope.store_id, "environment": scope.environment, "buyer_id": scope.buyer_id}
    tx.execute(_INSERT, {**whose, **{name: getattr(row, name) for name in _NAMES}})


def get(tx: sa.Connection, scope: BuyerScope, cancellation_id: str) -> Cancellation:
    """The cancellation. Raises NotFound."""
    found = _one(first(tx, _GET, {**buyer_values(scope), "p_id": cancellation_id}))
    if found is None:
        raise NotFound
    return found


def get_of_store(tx: sa.Connection, scope: StoreScope, cancellation_id: str) -> CancellationOfStore:
    """The cancellation of any buyer of the store. Raises NotFound."""
    row = first(tx, _GET_OF_STORE, {**store_values(scope), "p_id": cancellation_id})
    if row is None:
        raise NotFound
    return _of_store(row)


def page_of_store(
    tx: sa.Connection,
    scope: StoreScope,
    cursor: Cursor | None = None,
    limit: int = PAGE_SIZE,
    *,
    reason: str | None = None,
    product_id: str | None = None,
    buyer_id: str | None = None,
    subscription_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Page[CancellationOfStore]:
    """Cancellations of all buyers, newest first, asked for from `since` until just before `until`: one statement. `reason` "" means
    those that gave none."""
    rows, following = listing.page(
        tx, _LISTING, scope, cursor, limit,
        reason=reason, product_id=product_id, buyer_id=buyer_id, subscription_id=subscription_id, since=since, until=until,
    )  # fmt: skip
    return Page(tuple(_of_store(row) for row in rows), following)


def summary(tx: sa.Connection, scope: StoreScope, since: datetime, until: datetime, group: Group) -> tuple[CancellationSum, ...]:
    """What was asked for from `since` until just before `until`, added up by reason, product or month: one statement."""
    rows = many(tx, _SUMMARIES[tx.dialect.name, group], {**store_values(scope), "p_since": since, "p_until": until})
    return tuple(CancellationSum(*row[:5], *(int(added) for added in row[5:])) for row in rows)  # PostgreSQL adds up as decimals


def standing(tx: sa.Connection, scope: BuyerScope, subscription_id: str) -> Cancellation | None:
    """The cancellation of a subscription that was not taken back, in effect or not yet."""
    return _one(first(tx, _STANDING, {**buyer_values(scope), "p_subscription_id": subscription_id}))


def withdraw(tx: sa.Connection, scope: BuyerScope, subscription_id: str, now: datetime) -> bool:
    """Notes that the cancellation of a subscription was taken back. False: none stands."""
    return changed(tx, _WITHDRAW, {**buyer_values(scope), "p_subscription_id": subscription_id, "p_now": now}) == 1


def _of_store(row: Any) -> CancellationOfStore:
    store_id, environment, buyer_id, product_name, *columns = row
    return CancellationOfStore(BuyerScope(store_id, environment, buyer_id), Cancellation(*columns[: len(_NAMES)]), product_name)


def _one(row: Any) -> Cancellation | None:
    return None if row is None else Cancellation(*row)
