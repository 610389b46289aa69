"""Rows as a query sees them, and what they lead to, read ahead: one statement for each relation that is selected, however many rows.

Before a list is answered, its selection is walked down. For each relation in it the keys of all rows are gathered, and the rows that
they lead to are read at once; then the same is done for those. The resolvers find everything in its place.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLIncludeDirective,
    GraphQLResolveInfo,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionSetNode,
    get_directive_values,
)

from portico.api.waffo.asker import Asker
from portico.api.waffo.envelope import Notice
from portico.api.waffo.graphql.limits import MOST_COST, REDUCE
from portico.storage import graphql_catalog, graphql_rows
from portico.storage.graphql_rows import NESTED_MOST, ROWS_MOST, Reach, Source

Row = Any  # of the source that its type is read from


class Node:
    """A row, what kind of thing it is, and what was read ahead of what it leads to."""

    __slots__ = ("kind", "related", "row")

    def __init__(self, kind: str, row: Row) -> None:
        self.kind = kind
        self.row = row
        self.related: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Relation:
    """From rows to those of `source` whose `key` is `own(row)`; `kind` says what one of them is, None for one that is not meant.
    `fields` are the names under which it is selected: clients of different ages have different ones."""

    source: Source
    own: Callable[[Row], str | None]
    key: str
    kind: Callable[[Row, "Reading"], str | None]
    fields: tuple[str, ...]
    many: bool = False


class Reading:
    """One query being answered: who asks, on which connection, and how much was read so far."""

    def __init__(self, connection: Any, asker: Asker, relations: Mapping[str, tuple[Relation, ...]], now: datetime) -> None:
        self.connection = connection
        self.asker = asker
        self.now = now
        self.warnings: list[Notice] = []
        self.too_large = False
        self._relations = relations
        self._cost = 0

    @property
    def is_merchant(self) -> bool:
        return self.asker.role == "merchant"

    @cached_property
    def _stores(self) -> tuple[str, ...]:
        scope = self.asker.scope
        return graphql_catalog.store_ids(self.connection, self.asker.merchant_id) if scope is None else (scope.store_id,)

    def reach(self, store_id: str | None) -> Reach:
        """Whose rows may be read: of one store, if the query says which. One that is not theirs has no rows."""
        stores = self._stores if store_id is None else tuple(each for each in self._stores if each == store_id)
        buyer, everybody = self.asker.buyer, not self.is_merchant and self.asker.buyer is None
        return Reach(self.asker.environment, stores, None if buyer is None else buyer.buyer_id, everybody)

    def warn(self, notice: Notice) -> None:
        """Says something about the answer, once."""
        if notice not in self.warnings:
            self.warnings.append(notice)

    def ahead(self, info: "Info", reach: Reach, nodes: Sequence[Node]) -> None:
        """Reads all that is selected within these rows of the root. Raises GraphQLError when that is too much."""
        self._descend(_Selection(info), reach, [(node, 1) for node in nodes], info.field_nodes)

    def _descend(self, selection: "_Selection", reach: Reach, nodes: Iterable[tuple[Node, int]], fields: Iterable[FieldNode]) -> None:
        """`nodes` come with the number of places that each has in the answer."""
        fields, by_kind = list(fields), dict[str, list[tuple[Node, int]]]()
        for node, places in nodes:
            by_kind.setdefault(node.kind, []).append((node, places))
        for kind, own in by_kind.items():
            wanted = selection.of(kind, fields)
            self._spend(len(wanted) * sum(places for _, places in own))
            for relation in self._relations.get(kind, ()):
                within = [each for name in relation.fields for each in wanted.get(name, ())]
                if within:
                    self._descend(selection, reach, self._follow(reach, relation, own), within)

    def _follow(self, reach: Reach, relation: Relation, nodes: list[tuple[Node, int]]) -> list[tuple[Node, int]]:
        """Reads a relation of these rows, and puts it in its place. What was found, with its places."""
        keys = {node: relation.own(node.row) for node, _ in nodes}
        asked = list(dict.fromkeys(key for key in keys.values() if key is not None))
        rows = graphql_rows.of_keys(self.connection, reach, relation.source, relation.key, asked) if len(asked) < ROWS_MOST else None
        self._spend(MOST_COST + 1 if rows is None or len(rows) == ROWS_MOST else len(rows))
        found: dict[str, list[Node]] = {}
        counts: dict[str, int] = {}
        for row in rows or ():
            key, kind = getattr(row, relation.key), relation.kind(row, self)
            counts[key] = counts.get(key, 0) + 1
            if kind is not None:
                found.setdefault(key, []).append(Node(kind, row))
        if relation.many and any(count == NESTED_MOST for count in counts.values()):
            self.warn(Notice(f"{relation.fields[0]}: of each list the first {NESTED_MOST} are shown", "graphql", REDUCE))
        places: dict[Node, int] = {}
        for node, own_places in nodes:
            mine = found.get(keys[node] or "", [])
            node.related[relation.fields[0]] = mine if relation.many else mine[0] if mine else None
            for each in mine if relation.many else mine[:1]:
                places[each] = places.get(each, 0) + own_places
        return list(places.items())

    def _spend(self, cost: int) -> None:
        self._cost += cost
        if self._cost > MOST_COST or self.too_large:
            self.too_large = True
            raise GraphQLError(f"The answer would have more than {MOST_COST} fields", extensions={"aiHint": REDUCE})


Info = GraphQLResolveInfo[Reading]


class _Selection:
    """What a query selects within a type, its fragments followed and its conditions (@skip, @include) applied."""

    def __init__(self, info: Info) -> None:
        self._info = info

    def of(self, kind: str, fields: Iterable[FieldNode]) -> dict[str, list[FieldNode]]:
        """The selected fields of an object type, by name, with every place in which each stands."""
        found: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        for each in fields:
            if each.selection_set is not None:
                self._gather(kind, each.selection_set, found, seen)
        return found

    def _gather(self, kind: str, selection_set: SelectionSetNode, found: dict[str, list[FieldNode]], seen: set[str]) -> None:
        for node in selection_set.selections:
            if not self._is_included(node):
                continue
            if isinstance(node, FieldNode):
                found.setdefault(node.name.value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                if node.type_condition is None or self._is_of(kind, node.type_condition.name.value):
                    self._gather(kind, node.selection_set, found, seen)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                fragment = self._info.fragments[node.name.value]
                if self._is_of(kind, fragment.type_condition.name.value):
                    self._gather(kind, fragment.selection_set, found, seen)

    def _is_included(self, node: Any) -> bool:
        if not node.directives:
            return True
        variables = self._info.variable_values
        skip = get_directive_values(GraphQLSkipDirective, node, variables)
        include = get_directive_values(GraphQLIncludeDirective, node, variables)
        return not (skip and skip["if"]) and not (include and not include["if"])

    def _is_of(self, kind: str, condition: str) -> bool:
        schema = self._info.schema
        wanted: Any = schema.get_type(condition)
        return condition == kind or (hasattr(wanted, "fields") and schema.is_sub_type(wanted, schema.type_map[kind]))  # type: ignore[arg-type]
