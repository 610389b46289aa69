"""Rates of exchange that a store brought in, for the tax in its own currency on documents in another (Directive 2006/112/EC
art. 91). The same for both of its environments."""

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa

from portico.storage.bulk import refusals
from portico.storage.rows import first, many
from portico.storage.tables import exchange_rate as table

_PAIR = ("store_id", "currency_from", "currency_to")
_NEWEST = (
    sa.select(table.c.rate, table.c.valid_on)
    .where(*(table.c[name] == sa.bindparam(f"p_{name}") for name in _PAIR), table.c.valid_on <= sa.bindparam("p_on"))
    .order_by(table.c.valid_on.desc())
    .limit(1)
)
_OF_STORE = (
    sa.select(*(table.c[name] for name in ("currency_from", "currency_to", "valid_on", "rate")))
    .where(table.c.store_id == sa.bindparam("p_store_id"))
    .order_by(table.c.currency_from, table.c.currency_to, table.c.valid_on)
)
_CLEAR = sa.delete(table).where(table.c.store_id == sa.bindparam("p_store_id"))
_INSERT = sa.insert(table)


def newest(tx: sa.Connection, store_id: str, currency_from: str, currency_to: str, on: date) -> tuple[str, date] | None:
    """How many of `currency_to` one of `currency_from` made on a day, or on the last day before it that is known: the rate as a
    decimal text, and its day. None when none is known."""
    pair = {"p_store_id": store_id, "p_currency_from": currency_from, "p_currency_to": currency_to}
    row = first(tx, _NEWEST, pair | {"p_on": on.isoformat()})
    return None if row is None else (row.rate, date.fromisoformat(row.valid_on))


def of_store(tx: sa.Connection, store_id: str) -> tuple[tuple[str, str, date, str], ...]:
    """All rates of a store (from, to, day, rate), by currencies and day."""
    rows = many(tx, _OF_STORE, {"p_store_id": store_id})
    return tuple((source, target, date.fromisoformat(on), rate) for source, target, on, rate in rows)


def replace(tx: sa.Connection, store_id: str, rows: Sequence[tuple[str, str, date, str]]) -> None:
    """Puts these rates (from, to, day, rate) in the place of those the store had. Raises Conflict when two are for the same
    currencies and day, or the store is not there."""
    tx.execute(_CLEAR, {"p_store_id": store_id})
    if rows:
        names = (*_PAIR, "valid_on", "rate")
        values = [(store_id, source, target, on.isoformat(), rate) for source, target, on, rate in rows]
        with refusals(tx):
            tx.execute(_INSERT, [dict(zip(names, row, strict=True)) for row in values])
