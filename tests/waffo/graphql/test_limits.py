"""Queries that nobody means well: the documented answer, quickly, and never more than was allowed."""

import subprocess
import sys
from typing import Any

import pytest
from graphql import get_introspection_query

from portico.storage import graphql_rows
from portico.storage.database import count_statements
from tests.waffo.graphql.conftest import Shop

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def _deep(depth: int) -> str:
    """`depth` fields within one another."""
    names = ["payments", *(["onetimeOrder", "payments"] * depth)][: depth - 1]
    return "{" + "{".join([*names, "id"]) + "}" * depth


def _many(field: str, count: int) -> str:
    """The same field again and again, under other names."""
    return "{" + " ".join(f"a{i}: {field}" for i in range(count)) + "}"


TOO_MUCH: dict[str, tuple[str, str]] = {
    "depth": (_deep(8), "Query depth 8 exceeds the maximum of 7"),
    "depth in fragments": (
        """{ payments { ...a } } fragment a on Payment { onetimeOrder { payments { ...b } } }
           fragment b on Payment { onetimeOrder { payments { onetimeOrder { payments { id } } } } }""",
        "Query depth 8 exceeds the maximum of 7",
    ),
    "cost": (_many("orders(limit: 100) { payments { id refunds { id } } }", 30), "Query cost exceeds the maximum of 100000"),
    "fragments twice each": (
        "{...f0} fragment f60 on Query {ordersCount} "
        + " ".join(f"fragment f{i} on Query {{...f{i + 1} ...f{i + 1}}}" for i in range(60)),
        "Query cost exceeds the maximum of 100000",
    ),
    "aliases": (_many("orders { id }", 41), "Query asks for more than 40 things at once"),
    "fields": ("{ orders {" + "id " * 501 + "} }", "Query names more than 500 fields"),
    "one field": ("{ orders {" + "payments { id } " * 51 + "} }", "Query names one field more than 50 times"),
    "tokens": ("{ orders {" + "id " * 5000 + "} }", "Syntax Error: Document contains more than 3000 tokens. Parsing aborted."),
    "text": ('{ order(id: "' + "x" * 20_000 + '") { id } }', "Query is longer than 20000 characters"),
    "brackets": ("{ orders" + "{ a" * 1000 + "}" * 1001, "Syntax Error: Document is nested too deeply. Parsing aborted."),
    "lists": ("{ orders(filter: {id: {in: " + "[" * 1000 + "]" * 1000 + "}}) { id } }", "Syntax Error: Document is nested too deeply."),
    "the schema of the schema": (
        "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }", "Query cost exceeds",
    ),
    "the schema again and again": (_many("__schema { types { fields { args { type { name } } } } }", 40), "Query cost exceeds"),
}  # fmt: skip


@pytest.mark.parametrize("name", TOO_MUCH)
def test_too_much_is_refused_before_a_row_is_read(shop: Shop, name: str) -> None:
    query, message = TOO_MUCH[name]
    with count_statements(shop.runtime.database) as seen:
        status, envelope = shop.respond(query)
    assert (status, envelope["data"], seen.count) == (400, None, 0)
    assert envelope["errors"][0]["message"].startswith(message)
    assert envelope["errors"][0]["layer"] == "graphql"


def test_seven_deep_and_the_whole_schema_are_answered(shop: Shop) -> None:
    assert shop.ask(_deep(7))["payments"]
    assert len(shop.ask(get_introspection_query())["__schema"]["types"]) > 60


@pytest.mark.parametrize("kind", ["mutation", "subscription"])
def test_there_is_nothing_but_queries(shop: Shop, kind: str) -> None:
    status, envelope = shop.respond(f"query a {{ ordersCount }} {kind} b {{ refund(id: 1) {{ id }} }}", operationName="a")
    assert (status, envelope["data"]) == (403, None)
    assert envelope["errors"][0]["message"] == f"{kind.capitalize()}s are not supported: only queries are"


WRONG: dict[str, tuple[Any, Any]] = {
    "": (None, "Syntax Error: Unexpected <EOF>."),
    "{ orders {": (None, "Syntax Error: Expected Name, found <EOF>."),
    "{ orders { nope } }": (None, "Cannot query field 'nope' on type 'Order'."),
    "{ orders }": (None, "Field 'orders' of type '[Order!]' must have a selection of subfields."),
    "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }": (None, "Cannot spread fragment 'a' within itself via 'b'."),
    "{ orders { id ... @defer { status } } }": (None, "Unknown directive '@defer'."),
    "fragment a on Query { ordersCount }": (None, "Must provide"),
    "query a { ordersCount } query b { ordersCount }": (None, "Must provide operation name"),
    "query ($id: ID!) { order(id: $id) { id } }": ({}, "Variable '$id' has invalid value"),
    "query ($i: ID!) { order(id: $i) { id } }": ({"i": {"a": 1}}, "Variable '$i' has invalid value"),
    "query ($id: Int!) { order(id: $id) { id } }": ({"id": 1}, "Variable '$id' of type 'Int!' used in position expecting type 'ID!'."),
    "query ($d: DateTime) { orders(filter: {id: {eq: $d}}) { id } }": (None, "Variable '$d' of type 'DateTime' used in position"),
    "{ orders(limit: 99999999999) { id } }": (None, "Int cannot represent non 32-bit signed integer value"),
    '{ orders(filter: {createdAt: {gt: "yesterday"}}) { id } }': (None, "Not a moment: 'yesterday'"),
    '{ orders(filter: {createdAt: {gt: "0001-01-01T00:00:00+14:00"}}) { id } }': (None, "Not a moment"),
}


@pytest.mark.parametrize("query", WRONG)
def test_what_cannot_be_a_query_is_a_400(shop: Shop, query: str) -> None:
    variables, message = WRONG[query]
    status, envelope = shop.respond(query, variables=variables)
    assert (status, envelope["data"]) == (400, None)
    assert envelope["errors"][0]["message"].startswith(message)
    assert envelope["errors"][0]["layer"] == "graphql"


PARTLY: dict[str, tuple[Any, str]] = {
    "query ($v: String!) { stores { id } wrong: order(id: $v) { id } }": ("\0", "id: not a text"),
    "query ($v: String) { stores { id } wrong: orders(filter: {buyerEmail: {contains: $v}}) { id } }": ("a\0", "buyerEmail: not a text"),
    "query ($v: String) { stores { id } wrong: orders(filter: {createdAt: {gt: $v}}) { id } }": ("soon", "Not a moment: 'soon'"),
    "query ($v: [String!]) { stores { id } wrong: orders(filter: {id: {in: $v}}) { id } }": (["x"] * 101, "id: at most 100 values"),
    "query ($v: Int) { stores { id } wrong: orders(limit: $v) { id } }": (-1, "limit and offset must not be negative"),
}  # fmt: skip


@pytest.mark.parametrize("query", PARTLY)
def test_the_rest_is_answered_beside_a_wrong_value(shop: Shop, query: str) -> None:
    value, message = PARTLY[query]
    status, envelope = shop.respond(query, variables={"v": value})
    assert (status, envelope["data"]["stores"], envelope["data"]["wrong"]) == (200, [{"id": shop.ids["store"]}], None)
    assert envelope["errors"][0]["message"].startswith(message)
    assert envelope["errors"][0]["path"] == ["wrong"]


def test_a_body_that_is_no_question(shop: Shop) -> None:
    for query, more, message in [
        (None, {}, "Missing required field: query"),
        (5, {}, "query and operationName must be strings, variables an object"),
        ("{ ordersCount }", {"variables": [1]}, "query and operationName must be strings, variables an object"),
        ("{ ordersCount }", {"operationName": 1}, "query and operationName must be strings, variables an object"),
        ("{ ordersCount }", {"storeId": 1}, "Unknown field: storeId"),
    ]:
        status, envelope = shop.respond(query, **more)  # type: ignore[arg-type]
        assert (status, envelope["errors"]) == (400, [{"message": message, "layer": "graphql"}])


def test_a_dear_query_is_warned_of(shop: Shop) -> None:
    status, envelope = shop.respond(_many("orders(limit: 100) { payments { id } }", 20))
    assert (status, len(envelope["data"])) == (200, 20)
    (warning,) = envelope["warnings"]
    assert warning == {"message": "Query cost 22020 is near the maximum of 100000", "layer": "graphql", "aiHint": "REDUCE_QUERY_SIZE"}


def test_an_answer_that_turns_out_too_large(shop: Shop) -> None:
    """What the text does not tell: how many payments an order has."""
    for _ in range(60):
        shop.factory.payment(shop.ada, shop.ids["order"], attempts=())
    query = "{ payments(limit: 60) { onetimeOrder { payments { onetimeOrder { payments { id } } } } } }"
    with count_statements(shop.runtime.database) as seen:
        status, envelope = shop.respond(query)
    assert (status, envelope["data"]) == (400, None)
    assert envelope["errors"][0] == {
        "message": "The answer would have more than 100000 fields",
        "layer": "graphql",
        "aiHint": "REDUCE_QUERY_SIZE",
    }
    assert seen.count <= 6


def test_the_library_is_not_loaded_before_the_first_query(shop: Shop) -> None:
    """Nor are others that a server can do without until somebody asks for what they make."""
    late = {"graphql", "typst", "pikepdf", "stripe", "alembic", "psycopg"}
    script = f"import sys, portico.server, portico.api.waffo.answers; sys.exit(', '.join({late} & set(sys.modules)) or 0)"
    ran = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_shapes_that_somebody_makes_up_push_out_nothing(shop: Shop) -> None:
    """Statements are kept for each shape of filter: a few, apart from those that everybody else needs."""
    operators = ("eq", "ne", "contains", "startsWith", "endsWith")
    shapes = [[operator for at, operator in enumerate(operators) if number >> at & 1] for number in range(1, 32)]
    with shop.runtime.database.read() as connection:
        kept: Any = connection.engine._compiled_cache
    before = len(kept)
    for name in ("id", "status", "currency", "buyerEmail", "orderMerchantExternalId"):
        for shape in shapes:
            wanted = {name: dict.fromkeys(shape, "x")}
            shop.ask("query ($wanted: PaymentFilter) { payments(filter: $wanted) { id } }", wanted=wanted)
    assert len(kept) == before
    assert len(graphql_rows._COMPILED) < 2 * graphql_rows._SHAPES_KEPT
