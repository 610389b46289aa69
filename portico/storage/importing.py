"""Reads and writes the rows of an import many at a time, found by the merchant's own ids. A constraint that refuses raises Conflict."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar, cast

import sqlalchemy as sa

from portico.domain.scope import StoreScope
from portico.domain.tax import TaxLine
from portico.storage import bulk
from portico.storage import tables as t
from portico.storage.import_rows import TABLES
from portico.storage.payment_row import taxes_of

_AT_ONCE = 10_000  # values in one IN list; SQLite allows 32,766 parameters
Kind = TypeVar("Kind", bound=tuple[Any, ...])

_PRICES = sa.select(t.price.c.product_id, t.price.c.currency, t.price.c.amount_minor).where(
    t.price.c.product_id.in_(sa.bindparam("p_values", expanding=True))
)
_DROP_PRICES = sa.delete(t.price).where(t.price.c.product_id.in_(sa.bindparam("p_values", expanding=True)))
_GIVEN_BACK = (
    sa.select(t.refund.c.payment_id, sa.func.sum(t.refund.c.amount_minor))
    .where(t.refund.c.payment_id.in_(sa.bindparam("p_values", expanding=True)), t.refund.c.status != "failed")
    .group_by(t.refund.c.payment_id)
)
_REFUNDED_BY_ORDER = (
    sa.select(t.payment.c.order_id, sa.func.sum(t.payment.c.refunded_minor))
    .where(t.payment.c.order_id.in_(sa.bindparam("p_values", expanding=True)))
    .group_by(t.payment.c.order_id)
)
_ATTEMPTS = (
    sa.select(t.payment_attempt.c.payment_id, sa.func.max(t.payment_attempt.c.sequence))
    .where(t.payment_attempt.c.payment_id.in_(sa.bindparam("p_values", expanding=True)))
    .group_by(t.payment_attempt.c.payment_id)
)
_PERIODS = sa.select(t.payment.c.subscription_id, t.payment.c.period_start, t.payment.c.period_end, t.payment.c.external_id).where(
    t.payment.c.subscription_id.in_(sa.bindparam("p_values", expanding=True))
)
_HOLDERS = (
    sa.select(t.document.c.number, t.payment.c.external_id)
    .select_from(t.document.outerjoin(t.payment, t.payment.c.id == t.document.c.payment_id))
    .where(
        t.document.c.store_id == sa.bindparam("p_store_id"),
        t.document.c.environment == sa.bindparam("p_environment"),
        t.document.c.number.in_(sa.bindparam("p_values", expanding=True)),
    )
)
_NUMBERED_ELSEWHERE = sa.select(t.document.c.payment_id, t.document.c.number).where(
    t.document.c.payment_id.in_(sa.bindparam("p_values", expanding=True)), t.document.c.kind == "invoice", t.document.c.series.is_(None)
)
_CREDITED_ELSEWHERE = sa.select(t.document.c.refund_id, t.document.c.number).where(
    t.document.c.refund_id.in_(sa.bindparam("p_values", expanding=True)), t.document.c.series.is_(None)
)
_TAXES = sa.select(t.payment.c.id, t.payment.c.taxes).where(
    t.payment.c.id.in_(sa.bindparam("p_values", expanding=True)), t.payment.c.taxes.is_not(None)
)
_ANALYZE = f"ANALYZE {', '.join(table.name for table in (*TABLES.values(), t.document))}"
_newest = t.subscription_event.alias("newest")
_LAST_EVENTS = sa.select(t.subscription_event.c.subscription_id, t.subscription_event.c.sequence, t.subscription_event.c.actor).where(
    t.subscription_event.c.subscription_id.in_(sa.bindparam("p_values", expanding=True)),
    t.subscription_event.c.sequence
    == sa.select(sa.func.max(_newest.c.sequence))
    .where(_newest.c.subscription_id == t.subscription_event.c.subscription_id)
    .scalar_subquery(),
)


@lru_cache
def _select(kind: type[Any], by: str) -> sa.Executable:
    table = TABLES[kind]
    columns: list[sa.Column[Any]] = [table.c[name] for name in kind._fields]
    return sa.select(*columns).where(
        table.c.store_id == sa.bindparam("p_store_id"),
        table.c.environment == sa.bindparam("p_environment"),
        table.c[by].in_(sa.bindparam("p_values", expanding=True)),
    )


def find(tx: sa.Connection, scope: StoreScope, kind: type[Kind], by: str, values: Iterable[str]) -> list[Kind]:
    """The rows of one kind whose column `by` (external_id, id, order_id, email) is among `values`."""
    found = _in_slices(tx, _select(kind, by), values, p_store_id=scope.store_id, p_environment=scope.environment)
    return [cast("Any", kind)._make(row) for row in found]


def prices(tx: sa.Connection, product_ids: Iterable[str]) -> dict[str, dict[str, int]]:
    """Per product: currency -> minor units."""
    found: dict[str, dict[str, int]] = {}
    for product_id, currency, amount_minor in _in_slices(tx, _PRICES, product_ids):
        found.setdefault(product_id, {})[currency] = amount_minor
    return found


def given_back(tx: sa.Connection, payment_ids: Iterable[str]) -> dict[str, int]:
    """Per payment: the minor units of its refunds that succeeded or are under way."""
    return {payment_id: int(total) for payment_id, total in _in_slices(tx, _GIVEN_BACK, payment_ids)}


def refunded_by_order(tx: sa.Connection, order_ids: Iterable[str]) -> dict[str, int]:
    """Per order: the minor units given back out of all its payments."""
    return {order_id: int(total) for order_id, total in _in_slices(tx, _REFUNDED_BY_ORDER, order_ids)}


def attempt_counts(tx: sa.Connection, payment_ids: Iterable[str]) -> dict[str, int]:
    """Per payment: how many attempts are kept."""
    return {payment_id: int(last) for payment_id, last in _in_slices(tx, _ATTEMPTS, payment_ids)}


def paid_periods(tx: sa.Connection, subscription_ids: Iterable[str]) -> dict[str, dict[datetime, tuple[datetime, str | None]]]:
    """Per subscription: start of a paid period -> its end, and the merchant's id of the payment."""
    found: dict[str, dict[datetime, tuple[datetime, str | None]]] = {}
    for subscription_id, start, end, external_id in _in_slices(tx, _PERIODS, subscription_ids):
        found.setdefault(subscription_id, {})[start] = (end, external_id)
    return found


def holders(tx: sa.Connection, scope: StoreScope, numbers: Iterable[str]) -> dict[str, str | None]:
    """Per number among `numbers` that a document has: the merchant's id of the payment it is for."""
    found = _in_slices(tx, _HOLDERS, numbers, p_store_id=scope.store_id, p_environment=scope.environment)
    return {number: external_id for number, external_id in found}  # noqa: C416 (rows are not pairs)


def numbered_elsewhere(tx: sa.Connection, payment_ids: Iterable[str]) -> dict[str, str]:
    """Per payment whose invoice took no number of ours: the number it came with."""
    return {payment_id: number for payment_id, number in _in_slices(tx, _NUMBERED_ELSEWHERE, payment_ids)}  # noqa: C416


def credited_elsewhere(tx: sa.Connection, refund_ids: Iterable[str]) -> dict[str, str]:
    """Per refund whose credit note took no number of ours: the number it came with."""
    return {refund_id: number for refund_id, number in _in_slices(tx, _CREDITED_ELSEWHERE, refund_ids)}  # noqa: C416


def charged_taxes(tx: sa.Connection, payment_ids: Iterable[str]) -> dict[str, tuple[TaxLine, ...]]:
    """Per payment that keeps them: the taxes that it was charged with, which an import never says; Portico itself took it since."""
    return {payment_id: taxes_of(taxes) for payment_id, taxes in _in_slices(tx, _TAXES, payment_ids)}


def last_events(tx: sa.Connection, subscription_ids: Iterable[str]) -> dict[str, tuple[int, str]]:
    """Per subscription: the sequence and the actor of its latest move."""
    return {subscription_id: (sequence, actor) for subscription_id, sequence, actor in _in_slices(tx, _LAST_EVENTS, subscription_ids)}


def drop_prices(tx: sa.Connection, product_ids: Sequence[str]) -> None:
    """Removes the prices of products that are about to get new ones."""
    if product_ids:
        tx.execute(_DROP_PRICES, {"p_values": list(product_ids)})


def insert_many(tx: sa.Connection, kind: type[Any], rows: Sequence[tuple[Any, ...]]) -> None:
    """Inserts rows of one kind. Raises Conflict when a constraint refuses one of them."""
    if rows:
        bulk.insert(tx, TABLES[kind], kind._fields, rows)


def update_many(tx: sa.Connection, kind: type[Any], columns: tuple[str, ...], rows: Sequence[Any]) -> None:
    """Sets `columns` of rows that are already stored, by their id."""
    if rows:
        values = [{"p_id": row.id, **{f"p_{name}": getattr(row, name) for name in columns}} for row in rows]
        with bulk.refusals(tx):
            tx.execute(_update(kind, columns), values)


@lru_cache
def _update(kind: type[Any], columns: tuple[str, ...]) -> sa.Update:
    table = TABLES[kind]
    values: dict[str, Any] = {name: sa.bindparam(f"p_{name}") for name in columns}
    if table in (t.subscription, t.product):
        values["version"] = table.c.version + 1  # whatever was worked out from the old row must not be done to the new one
    return sa.update(table).where(table.c.id == sa.bindparam("p_id")).values(values)


def refresh_statistics(tx: sa.Connection) -> None:
    """Tells PostgreSQL how the tables have grown. On a database that has just been made, the plans it caches for checking
    foreign keys read the whole store for each row; new statistics make it plan anew. An import of 20,000 orders cost it 19 s
    of CPU, and costs 3 s with this. SQLite always checks a key by the index that the key refers to."""
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql(_ANALYZE)


def _in_slices(tx: sa.Connection, statement: sa.Executable, values: Iterable[str], **parameters: str) -> Iterator[Any]:
    wanted = sorted(set(values))
    for first in range(0, len(wanted), _AT_ONCE):
        yield from tx.execute(statement, {"p_values": wanted[first : first + _AT_ONCE], **parameters})
