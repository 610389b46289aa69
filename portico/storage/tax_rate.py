"""A store's own table of taxes, the same for both of its environments."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date

import sqlalchemy as sa

from portico.domain.tax import TaxRule
from portico.storage.bulk import refusals
from portico.storage.rows import many
from portico.storage.tables import tax_rate as table

_ORDER = (table.c.country, table.c.state, table.c.category, table.c.valid_from)
_OF_STORE = (
    sa.select(*(table.c[name] for name in ("country", "valid_from", "rate", "state", "category", "reason", "note")))
    .where(table.c.store_id == sa.bindparam("p_store_id"))
    .order_by(*_ORDER)
)
_CLEAR = sa.delete(table).where(table.c.store_id == sa.bindparam("p_store_id"))
_INSERT = sa.insert(table)


def of_store(tx: sa.Connection, store_id: str) -> tuple[TaxRule, ...]:
    """All rules of a store by country, state, category and day; empty when it has none."""
    rows = many(tx, _OF_STORE, {"p_store_id": store_id})
    return tuple(TaxRule(country, date.fromisoformat(valid_from), *rest) for country, valid_from, *rest in rows)


def replace(tx: sa.Connection, store_id: str, rules: Sequence[TaxRule]) -> None:
    """Puts these rules in the place of those the store had. Raises Conflict when two are for the same country, state, category and
    day, or the store is not there."""
    tx.execute(_CLEAR, {"p_store_id": store_id})
    if rules:
        with refusals(tx):
            tx.execute(_INSERT, [asdict(rule) | {"store_id": store_id, "valid_from": rule.valid_from.isoformat()} for rule in rules])
