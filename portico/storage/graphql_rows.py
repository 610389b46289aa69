"""Reading for queries that choose their own rows: by filters, by number, or by what other rows refer to.

A `Source` is a statement and the names by which its rows may be chosen. Whose rows they are is not for the query to say: every
function here takes a `Reach` first. A statement is built once for each shape of question, and kept.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import eq, ge, gt, le, lt
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.util import LRUCache

from portico.domain.scope import Environment
from portico.storage.rows import many, scalar

Operator = Literal["eq", "ne", "in", "contains", "starts_with", "ends_with", "gt", "gte", "lt", "lte"]
NESTED_MOST = 100  # of a list within a row: the newest
ROWS_MOST = 10_000  # of all such lists together


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose rows may be seen: those of `store_ids` in one environment, or of one buyer of them. With `everybody` only what a store
    shows to anybody."""

    environment: Environment
    store_ids: tuple[str, ...]
    buyer_id: str | None = None
    everybody: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """`name` is one of the source's fields; `value` is a tuple for "in", else of the column's own kind."""

    name: str
    operator: Operator
    value: Any


@dataclass(frozen=True, eq=False)
class Source:
    """`select` has no conditions on whose its rows are; `store`, `environment` and `buyer` are the columns that say it (None: rows
    without). `fields` can be filtered by; `keys` are what other rows refer to. `order` is how lists run. Rows of a `public`
    source are shown to everybody who names the store."""

    select: sa.Select[Any]
    store: sa.ColumnElement[str]
    environment: sa.ColumnElement[str] | None
    buyer: sa.ColumnElement[str] | None
    order: tuple[sa.ColumnElement[Any], ...]
    fields: Mapping[str, sa.ColumnElement[Any]] = field(default_factory=dict[str, sa.ColumnElement[Any]])
    keys: Mapping[str, sa.ColumnElement[Any]] = field(default_factory=dict[str, sa.ColumnElement[Any]])
    public: bool = False


Shape = tuple[tuple[str, Operator], ...]
# Whoever may ask can make up shapes without end, and one that is kept takes a third of a megabyte: programs ask the same few. They have
# a place of their own, so that they push out no statement that everybody else needs.
_SHAPES_KEPT = 64
_MOST_MERGED = 10  # stores of a merchant; of more than that all rows are sorted
_COMPILED: LRUCache[Any, Any] = LRUCache(_SHAPES_KEPT)
_PLAIN: dict[Operator, Callable[[Any, Any], Any]] = {"eq": eq, "gt": gt, "gte": ge, "lt": lt, "lte": le}


def apart(connection: sa.Connection) -> sa.Connection:
    """The same connection, whose statements are kept among those of queries."""
    return connection.execution_options(compiled_cache=_COMPILED)


def page(tx: sa.Connection, reach: Reach, source: Source, conditions: Sequence[Condition], *, limit: int, offset: int) -> Sequence[Any]:
    """Some rows in the source's order, in one statement; none, without a statement, where nothing is in reach."""
    if not _is_in_reach(reach, source):
        return ()
    values = {**_reach_values(reach, source), **_values(conditions), "p_limit": limit, "p_offset": offset}
    if 1 < len(reach.store_ids) <= _MOST_MERGED and _is_newest_first(source):
        own = {f"p_store_{at}": store_id for at, store_id in enumerate(reach.store_ids)}
        statement = _page_of_stores(source, _reach_shape(reach, source)[1], _shape(conditions), len(own))
        return many(tx, statement, {**values, **own, "p_until": limit + offset})
    return many(tx, _page(source, _reach_shape(reach, source), _shape(conditions)), values)


def count(tx: sa.Connection, reach: Reach, source: Source, conditions: Sequence[Condition]) -> int:
    """How many rows there are, in one statement."""
    if not _is_in_reach(reach, source):
        return 0
    return scalar(
        tx, _count(source, _reach_shape(reach, source), _shape(conditions)), {**_reach_values(reach, source), **_values(conditions)}
    )


def of_keys(tx: sa.Connection, reach: Reach, source: Source, key: str, values: Sequence[str]) -> Sequence[Any]:
    """The rows that these values of a key lead to, in one statement: the first NESTED_MOST of each value, in the source's order, and
    never more than ROWS_MOST."""
    if not values or not _is_in_reach(reach, source):
        return ()
    bound = {**_reach_values(reach, source), "p_keys": values}
    return many(tx, _of_keys(source, key, _reach_shape(reach, source)), bound)


def _is_in_reach(reach: Reach, source: Source) -> bool:
    """Whoever is not the merchant sees rows of his own, and public ones."""
    if not reach.store_ids:
        return False
    if reach.everybody:
        return source.public
    return reach.buyer_id is None or source.public or source.buyer is not None


def _reach_shape(reach: Reach, source: Source) -> tuple[bool, bool]:
    """Whether it is one store, and one buyer."""
    return len(reach.store_ids) == 1, reach.buyer_id is not None and source.buyer is not None


def _reach_values(reach: Reach, source: Source) -> dict[str, Any]:
    one_store, one_buyer = _reach_shape(reach, source)
    values: dict[str, Any] = {"p_store": reach.store_ids[0] if one_store else reach.store_ids}
    if source.environment is not None:
        values["p_environment"] = reach.environment
    return {**values, "p_buyer": reach.buyer_id} if one_buyer else values


def _within(source: Source, reach: tuple[bool, bool], *, aside: bool = False, named: str = "p_store") -> sa.ColumnElement[bool]:
    """The rows in reach. `aside`: of a query that another index answers; the planner cannot use this then, which without statistics
    it would, and walk through all rows of a store."""
    one_store, one_buyer = reach

    def seen(column: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
        return column.concat("") if aside else column

    store: sa.BindParameter[Any] = sa.bindparam(named, type_=sa.String(), expanding=not one_store)
    clauses = [seen(source.store) == store if one_store else seen(source.store).in_(store)]
    if source.environment is not None:
        clauses.append(seen(source.environment) == sa.bindparam("p_environment", type_=sa.String()))
    if one_buyer and source.buyer is not None:
        clauses.append(seen(source.buyer) == sa.bindparam("p_buyer", type_=sa.String()))
    return sa.and_(*clauses)


def _shape(conditions: Sequence[Condition]) -> Shape:
    return tuple((each.name, each.operator) for each in conditions)


def _values(conditions: Sequence[Condition]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for at, each in enumerate(conditions):
        values[f"p_{at}"] = each.value
        if each.operator in ("starts_with", "ends_with"):
            values[f"p_{at}_length"] = len(each.value)
    return values


def _clauses(source: Source, shape: Shape) -> list[sa.ColumnElement[bool]]:
    return [_clause(source.fields[name], operator, f"p_{at}") for at, (name, operator) in enumerate(shape)]


def _clause(column: Any, operator: Operator, name: str) -> sa.ColumnElement[bool]:
    """Texts are compared letter by letter on both databases: LIKE would mean one thing here and another there."""
    if operator == "in":
        return column.in_(sa.bindparam(name, type_=column.type, expanding=True))
    if operator == "ne":
        return column.is_distinct_from(sa.bindparam(name, type_=column.type))
    if operator in _PLAIN:
        return _PLAIN[operator](column, sa.bindparam(name, type_=column.type))
    text, length = sa.bindparam(name, type_=sa.String()), sa.bindparam(f"{name}_length", type_=sa.Integer())
    if operator == "contains":
        return sa.or_(sa.func.replace(column, text, "") != column, sa.and_(text == "", column.is_not(None)))
    if operator == "starts_with":
        return sa.func.substr(column, 1, length) == text
    whole = sa.func.length(column)
    return sa.and_(whole >= length, sa.func.substr(column, whole - length + 1) == text)


@lru_cache(_SHAPES_KEPT)
def _page(source: Source, reach: tuple[bool, bool], shape: Shape) -> sa.Select[Any]:
    chosen = source.select.where(_within(source, reach), *_clauses(source, shape)).order_by(*source.order)
    return chosen.limit(sa.bindparam("p_limit")).offset(sa.bindparam("p_offset"))


@lru_cache(_SHAPES_KEPT)
def _is_newest_first(source: Source) -> bool:
    return {"id", "created_at"} <= {*source.select.selected_columns.keys()}


@lru_cache(_SHAPES_KEPT)
def _page_of_stores(source: Source, one_buyer: bool, shape: Shape, count: int) -> sa.Select[Any]:
    """The same of several stores: of each the first rows by its own index, and those merged. Of all stores at once, all of their rows
    would be sorted for the first few."""

    def first(at: int) -> sa.Select[Any]:
        within = _within(source, (True, one_buyer), named=f"p_store_{at}")
        chosen = source.select.where(within, *_clauses(source, shape)).order_by(*source.order)
        return sa.select(chosen.limit(sa.bindparam("p_until")).subquery(f"of_{at}"))

    merged = sa.union_all(*map(first, range(count))).subquery("merged")
    newest_first = merged.c.created_at.desc(), merged.c.id.desc()
    return sa.select(merged).order_by(*newest_first).limit(sa.bindparam("p_limit")).offset(sa.bindparam("p_offset"))


@lru_cache(_SHAPES_KEPT)
def _count(source: Source, reach: tuple[bool, bool], shape: Shape) -> sa.Select[Any]:
    return source.select.with_only_columns(sa.func.count(), maintain_column_froms=True).where(
        _within(source, reach), *_clauses(source, shape)
    )


@lru_cache(_SHAPES_KEPT)
def _of_keys(source: Source, key: str, reach: tuple[bool, bool]) -> sa.Select[Any]:
    column = source.keys[key]
    place = sa.func.row_number().over(partition_by=column, order_by=source.order).label("place")
    keys: sa.BindParameter[Any] = sa.bindparam("p_keys", type_=sa.String(), expanding=True)
    found = source.select.add_columns(place).where(column.in_(keys), _within(source, reach, aside=True)).subquery("found")
    named = [each for each in found.c if each.name != "place"]
    return sa.select(*named).where(found.c.place <= NESTED_MOST).order_by(found.c.place).limit(ROWS_MOST)
