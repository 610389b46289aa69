"""The schema with its resolvers: the text of schema.graphql says what there is, these tables where it comes from."""

from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLScalarType, GraphQLSchema, build_schema

from portico.api.waffo.graphql import bought, roots, sold
from portico.api.waffo.graphql.filters import moment
from portico.api.waffo.graphql.nodes import Info, Node, Reading, Relation, Row

FIELDS: Mapping[str, sold.Fields] = {**sold.FIELDS, **bought.FIELDS, **roots.FIELDS}
RELATIONS: Mapping[str, tuple[Relation, ...]] = {**sold.RELATIONS, **bought.RELATIONS, "StoreMerchant": (sold.STORE,)}
# What is told of a relation in other words than its rows.
_OTHERWISE: Mapping[str, Callable[[Node, Reading], Any]] = {
    "productIds": lambda node, reading: [sold.product_id(each.row) for each in node.related["products"]],
    "storeWebhooks": lambda node, reading: node.related["storeWebhooks"] if reading.is_merchant else None,
}


@cache
def schema() -> GraphQLSchema:
    """Built once, with the first query."""
    built = build_schema(files("portico.api.waffo.graphql").joinpath("schema.graphql").read_text("utf-8"))
    for kind, fields in FIELDS.items():
        for name, tell in fields.items():
            _object(built, kind).fields[name].resolve = _teller(tell)
    for kind, relations in RELATIONS.items():
        for relation in relations:
            for name in relation.fields:
                if name in _object(built, kind).fields:
                    _object(built, kind).fields[name].resolve = _follower(_OTHERWISE.get(name), relation.fields[0])
    for kind, resolvers in {"Query": roots.ROOTS, "Merchant": roots.OF_MERCHANT}.items():
        for name, resolve in resolvers.items():
            _object(built, kind).fields[name].resolve = resolve
    for each in built.type_map.values():
        if isinstance(each, GraphQLInterfaceType):
            each.resolve_type = _kind_of
    _date_time(built)
    return built


def _object(built: GraphQLSchema, name: str) -> GraphQLObjectType:
    found = built.get_type(name)
    if not isinstance(found, GraphQLObjectType):
        raise TypeError(f"{name} is not in the schema")
    return found


def _teller(tell: Callable[[Row], Any]) -> Any:
    def resolve(node: Node, _: Any) -> Any:
        return tell(node.row)

    return resolve


def _follower(otherwise: Callable[[Node, Reading], Any] | None, relation: str) -> Any:
    def follow(node: Node, _: Any) -> Any:
        return node.related.get(relation)

    def tell(node: Node, info: Info) -> Any:
        return otherwise(node, info.context) if otherwise else None

    return tell if otherwise else follow


def _kind_of(node: Node, *_: Any) -> str:
    return node.kind


def _date_time(built: GraphQLSchema) -> None:
    scalar = built.get_type("DateTime")
    if isinstance(scalar, GraphQLScalarType):
        scalar.coerce_input_value = scalar.parse_value = moment  # type: ignore[method-assign]
