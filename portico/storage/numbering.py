"""Gapless numbers. They come from a counter row that stays locked until the issuing transaction ends, so a rolled-back
transaction gives its numbers back (Directive 2006/112/EC art. 226 (2)). Take them last: the row is shared by all buyers."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portico.domain.scope import StoreScope
from portico.storage.rows import many
from portico.storage.tables import number_counter as table

_INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@lru_cache
def _reserve_statement(dialect: str, series: int) -> Any:
    """Raises the counters of so many series."""
    names = ("store_id", "environment")
    scope = {name: sa.bindparam(f"p_{name}", type_=table.c[name].type) for name in names}
    rows = [
        scope
        | {"series": sa.bindparam(f"p_series_{n}", type_=table.c.series.type), "last": sa.bindparam(f"p_count_{n}", type_=sa.Integer())}
        for n in range(series)
    ]
    insert = _INSERTS[dialect](table).values(rows)
    raised = {"last": table.c.last + insert.excluded.last}
    return insert.on_conflict_do_update(index_elements=(*names, "series"), set_=raised).returning(table.c.series, table.c.last)


def next_number(tx: sa.Connection, scope: StoreScope, series: str) -> int:
    """The next number of a series, starting at 1."""
    return reserve(tx, scope, {series: 1})[series]


def reserve(tx: sa.Connection, scope: StoreScope, counts: Mapping[str, int]) -> dict[str, int]:
    """By series, the first of so many consecutive numbers, in one statement. All of them must be used in this transaction."""
    if any(count < 1 for count in counts.values()):
        raise ValueError("at least one number is reserved")
    if not counts:
        return {}
    values: dict[str, Any] = {"p_store_id": scope.store_id, "p_environment": scope.environment}
    for n, (series, count) in enumerate(sorted(counts.items())):  # sorted: who needs several locks them in one order
        values |= {f"p_series_{n}": series, f"p_count_{n}": count}
    rows = many(tx, _reserve_statement(tx.dialect.name, len(counts)), values)
    return {series: last - counts[series] + 1 for series, last in rows}
