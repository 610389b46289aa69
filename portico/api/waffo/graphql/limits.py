"""How much a query may ask for, told from its text alone: before it is validated, and before a row is read."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)  # fmt: skip

from portico.api.waffo.envelope import trouble

LONGEST_QUERY, MOST_TOKENS, MOST_FIELDS, MOST_ROOTS, MOST_REPEATED = 20_000, 3_000, 500, 40, 50
DEEPEST = 7
COST_TOLD, MOST_COST = 20_000, 100_000
SHOWN, SHOWN_MOST = 50, 100  # rows of a list
REDUCE = "REDUCE_QUERY_SIZE"
# How many rows a list within a row is taken to have; what is really there is counted when it is read.
_ROWS_WITHIN = {
    "payments": 10, "refunds": 2, "refundTickets": 2, "products": 10, "productIds": 10, "prices": 3, "storeWebhooks": 5,
    "storeMerchants": 5, "apiKeys": 5,
}  # fmt: skip
# The same of the schema's own description.
_IN_SCHEMA = {"types": 60, "fields": 10, "args": 2, "inputFields": 8, "enumValues": 10, "possibleTypes": 3, "directives": 5}


@dataclass(frozen=True, slots=True)
class Size:
    """`depth` counts fields within fields; what the schema says of itself is not among them. `cost` is about how many fields the answer
    has."""

    depth: int = 0
    cost: int = 0


def hold_names(document: DocumentNode) -> None:
    """Raises Trouble(400) for a query that names so much that to validate it would take long: each field is compared with each that
    answers by the same name, and with what both select."""
    for each in document.definitions:
        if isinstance(each, OperationDefinitionNode) and len(each.selection_set.selections) > MOST_ROOTS:
            raise trouble(400, f"Query asks for more than {MOST_ROOTS} things at once", "graphql", REDUCE)
    named: Counter[str] = Counter()
    broad: Counter[str] = Counter()
    for each in document.definitions:
        _name(getattr(each, "selection_set", None), named, broad)
    if named.total() > MOST_FIELDS:
        raise trouble(400, f"Query names more than {MOST_FIELDS} fields", "graphql", REDUCE)
    if max(broad.values(), default=0) > MOST_REPEATED:
        raise trouble(400, f"Query names one field more than {MOST_REPEATED} times", "graphql", REDUCE)


def hold(document: DocumentNode, operation: OperationDefinitionNode, variables: dict[str, Any]) -> int:
    """The cost of a query. Raises Trouble(400) when it is too deep, too broad or too dear."""
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    size = _Measure(fragments, variables).of(operation.selection_set, at_root=True)
    if size.depth > DEEPEST:
        raise trouble(400, f"Query depth {size.depth} exceeds the maximum of {DEEPEST}", "graphql", REDUCE)
    if size.cost > MOST_COST:
        raise trouble(400, f"Query cost exceeds the maximum of {MOST_COST}", "graphql", REDUCE)
    return size.cost


def _name(selection_set: SelectionSetNode | None, named: Counter[str], broad: Counter[str]) -> None:
    """Counts the fields and fragments that stand in a text, and those fields that select more, by the name that they answer by."""
    for each in selection_set.selections if selection_set else ():
        inner: SelectionSetNode | None = getattr(each, "selection_set", None)
        alias = each.alias if isinstance(each, FieldNode) else None
        name = (alias or each.name).value if isinstance(each, FieldNode) else ""
        named[name] += 1
        broad[name] += bool(name and inner)
        _name(inner, named, broad)


class _Measure:
    """Goes through a query once. A fragment is measured once, whatever it is used for; one within itself counts as nothing, for
    validation refuses it."""

    def __init__(self, fragments: dict[str, FragmentDefinitionNode], variables: dict[str, Any]) -> None:
        self._fragments = fragments
        self._variables = variables
        self._known: dict[tuple[str, bool, bool], Size] = {}

    def of(self, selection_set: SelectionSetNode | None, *, at_root: bool = False, in_schema: bool = False) -> Size:
        if selection_set is None:
            return Size()
        return _together(self._selection(each, at_root, in_schema) for each in selection_set.selections)

    def _selection(self, node: Any, at_root: bool, in_schema: bool) -> Size:
        if isinstance(node, FieldNode):
            return self._field(node, at_root, in_schema)
        if isinstance(node, InlineFragmentNode):
            return self.of(node.selection_set, at_root=at_root, in_schema=in_schema)
        key = (node.name.value, at_root, in_schema)
        if isinstance(node, FragmentSpreadNode) and key not in self._known:
            self._known[key] = Size()
            fragment = self._fragments.get(node.name.value)
            self._known[key] = self.of(fragment.selection_set if fragment else None, at_root=at_root, in_schema=in_schema)
        return self._known[key]

    def _field(self, node: FieldNode, at_root: bool, in_schema: bool) -> Size:
        name = node.name.value
        in_schema = in_schema or name in ("__schema", "__type")
        inner = self.of(node.selection_set, in_schema=in_schema)
        rows = _IN_SCHEMA.get(name, 1) if in_schema else self._rows(node, at_root)
        return Size(0 if in_schema else 1 + inner.depth, 1 + rows * inner.cost)

    def _rows(self, node: FieldNode, at_root: bool) -> int:
        if not at_root:
            return _ROWS_WITHIN.get(node.name.value, 1)
        if not node.name.value.endswith(("s", "ies")):
            return 1
        return max(1, min(SHOWN_MOST, self._limit(node)))

    def _limit(self, node: FieldNode) -> int:
        value = next((each.value for each in node.arguments or () if each.name.value == "limit"), None)
        if isinstance(value, IntValueNode) and len(value.value) < 10:
            return int(value.value)
        given = self._variables.get(value.name.value) if isinstance(value, VariableNode) else None
        return given if type(given) is int else SHOWN if value is None else SHOWN_MOST


def _together(sizes: Iterable[Size]) -> Size:
    depth = cost = 0
    for each in sizes:
        depth, cost = max(depth, each.depth), cost + each.cost
    return Size(depth, cost)
