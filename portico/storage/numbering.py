"""Gapless numbers. They come from a counter row that stays locked until the issuing transaction ends, so a rolled-back
transaction gives its numbers back (Directive 2006/112/EC art. 226 (2)). Take them last: the row is shared by all buyers."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portico.domain.scope import StoreScope
from portico.storage.rows import scalar
from portico.storage.tables import number_counter as table


def _reserve_statement(insert: Any) -> Any:
    count = sa.bindparam("p_count", type_=sa.Integer())
    names = ("store_id", "environment", "series")
    values = {name: sa.bindparam(f"p_{name}", type_=table.c[name].type) for name in names}
    return (
        insert(table)
        .values(**values, last=count)
        .on_conflict_do_update(index_elements=names, set_={"last": table.c.last + count})
        .returning(table.c.last)
    )


_RESERVE = {"sqlite": _reserve_statement(sqlite.insert), "postgresql": _reserve_statement(postgresql.insert)}


def next_number(tx: sa.Connection, scope: StoreScope, series: str) -> int:
    """The next number of a series, starting at 1."""
    return reserve(tx, scope, series, 1)


def reserve(tx: sa.Connection, scope: StoreScope, series: str, count: int) -> int:
    """The first of `count` consecutive numbers of a series. All of them must be used in this transaction."""
    if count < 1:
        raise ValueError("at least one number is reserved")
    values = {"p_store_id": scope.store_id, "p_environment": scope.environment, "p_series": series, "p_count": count}
    return scalar(tx, _RESERVE[tx.dialect.name], values) - count + 1
