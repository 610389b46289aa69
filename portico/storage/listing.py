"""Lists of a whole store for its programs: newest first, narrowed by what was asked for, one statement a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from portico.domain.scope import StoreScope
from portico.storage.page import Cursor, newest_first, position
from portico.storage.rows import many
from portico.storage.scoped import also_in_store, in_store, store_values


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """`select` reads rows of `table`, in the order of its column `moment` and its id. `filters` are conditions by name, each of which
    binds `p_` and its name; those that `narrow` so far that their own index is better than the store's are named there."""

    select: sa.Select[Any]
    table: sa.Table
    filters: Mapping[str, sa.ColumnElement[bool]]
    moment: str = "created_at"
    narrow: frozenset[str] = frozenset()


def equal(table: sa.Table, *names: str) -> dict[str, sa.ColumnElement[bool]]:
    """Filters that ask for one value of a column, by the column's name."""
    return {name: table.c[name] == sa.bindparam(f"p_{name}", type_=table.c[name].type) for name in names}


def page(
    tx: sa.Connection, listing: Listing, scope: StoreScope, cursor: Cursor | None, limit: int, **wanted: object
) -> tuple[Sequence[Any], str | None]:
    """The rows of a page, as `select` gives them and two columns more, and the encoded cursor of the next page. A filter that is None
    is left out."""
    given = {f"p_{name}": value for name, value in wanted.items() if value is not None}
    statement = _statement(listing, frozenset(given), after_cursor=cursor is not None)
    rows = many(tx, statement, {**store_values(scope), **given, **position(cursor, limit)})
    return rows[:limit], Cursor(*rows[limit - 1][-2:]).encode() if len(rows) > limit else None


@cache  # as many as there are lists and sets of filters; most are never asked for
def _statement(listing: Listing, given: frozenset[str], *, after_cursor: bool) -> sa.Select[Any]:
    table, names = listing.table, [name for name in listing.filters if f"p_{name}" in given]
    whose = also_in_store(table) if listing.narrow.intersection(names) else in_store(table)
    select = listing.select.where(whose, *(listing.filters[name] for name in names))
    moment, row_id = table.c[listing.moment], table.c.id
    return newest_first(select.add_columns(moment, row_id), moment, row_id, after_cursor=after_cursor)
