"""Every operator of every kind of filter, on both databases, against the same choice made in Python."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from portico.api.waffo.graphql.filters import FILTERS
from portico.api.waffo.graphql.roots import LISTS
from portico.api.waffo.graphql.schema import schema
from tests.conftest import NOW
from tests.waffo.graphql.conftest import Shop

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

_TEXTS = {
    "eq": lambda said, value: said == value,
    "ne": lambda said, value: said != value,
    "contains": lambda said, value: said is not None and value in said,
    "startsWith": lambda said, value: said is not None and said.startswith(value),
    "endsWith": lambda said, value: said is not None and said.endswith(value),
    "in": lambda said, value: said in value,
}
_ORDERED = {
    "eq": lambda said, value: said == value,
    "ne": lambda said, value: said != value,
    "gt": lambda said, value: said > value,
    "gte": lambda said, value: said >= value,
    "lt": lambda said, value: said < value,
    "lte": lambda said, value: said <= value,
}


def test_texts(shop: Shop) -> None:
    """Letters are letters, also those that LIKE and patterns mean something by, and what is longer than the text."""
    for external_id in ("50%_off", "50x_off", "Ärger", "ärger", "a\\b", "ÄRGER-1", "'; DROP"):
        shop.factory.order(shop.ada, product_id=shop.ids["atlas"], external_id=external_id)
    rows = shop.ask("{ onetimeOrders { id orderMerchantExternalId } }")["onetimeOrders"]
    assert {each["orderMerchantExternalId"] for each in rows} >= {None, "ORDER-1"}
    for operator, chosen in _TEXTS.items():
        for value in ("50%", "_off", "Ärg", "RGER-1", "er", "\\", "a\\b", "ORDER-1", "'", "x" * 300, ""):
            wanted: Any = [value, "ORDER-1"] if operator == "in" else value
            declared = "[String!]" if operator == "in" else "String"
            condition = f"filter: {{orderMerchantExternalId: {{{operator}: $v}}}}"
            query = f"query ($v: {declared}) {{ found: onetimeOrders({condition}) {{ id }} count: onetimeOrdersCount({condition}) }}"
            data = shop.ask(query, v=wanted)
            expected = [each["id"] for each in rows if chosen(each["orderMerchantExternalId"], wanted)]
            assert ([each["id"] for each in data["found"]], data["count"]) == (expected, len(expected)), (operator, value)


def test_moments_and_numbers(shop: Shop) -> None:
    rows = shop.ask("{ orders { id createdAt } }")["orders"]
    totals = {each["id"]: total for each, total in zip(rows, _totals(shop), strict=True)}
    at = (NOW - timedelta(days=2)).isoformat()
    for operator, chosen in _ORDERED.items():
        found = shop.ask(f"query ($d: DateTime!) {{ orders(filter: {{createdAt: {{{operator}: $d}}}}) {{ id }} }}", d=at)["orders"]
        moment = datetime.fromisoformat(at).replace(microsecond=at_millisecond(NOW))
        expected = {each["id"] for each in rows if chosen(datetime.fromisoformat(each["createdAt"]), moment)}
        assert {each["id"] for each in found} == expected, operator
        found = shop.ask(f"{{ orders(filter: {{totalAmount: {{{operator}: 3451}}}}) {{ id }} }}")["orders"]
        assert {each["id"] for each in found} == {order for order, total in totals.items() if chosen(total, 3451)}, operator
    both = '{ orders(filter: {createdAt: {gte: "2026-03-11", lt: "2026-03-12T09:26:53.589793+00:00"}}) { id } }'
    assert [each["id"] for each in shop.ask(both)["orders"]] == [shop.ids["order"]]


def at_millisecond(moment: datetime) -> int:
    """Moments are shown to the millisecond."""
    return moment.microsecond // 1000 * 1000


def _totals(shop: Shop) -> list[int]:
    query = """{ orders { ... on OnetimeOrder { priceSnapshot { total } }
        ... on SubscriptionOrder { recurring: priceSnapshot { regularPhase { total } } } } }"""
    told = [each.get("priceSnapshot") or each["recurring"]["regularPhase"] for each in shop.ask(query)["orders"]]
    return [int(each["total"].replace(".", "")) for each in told]


@pytest.mark.parametrize(
    ("root", "condition", "names"),
    [
        ("subscriptionOrders", '{status: {eq: "active"}}', ["trial"]),
        ("subscriptionOrders", '{status: {in: ["canceling", "trialing"]}}', ["leaving"]),
        ("subscriptionOrders", '{status: {ne: "active"}}', ["leaving"]),
        ("subscriptionOrders", '{status: {startsWith: "act", contains: "iv"}}', ["trial"]),
        ("subscriptionOrders", '{billingPeriod: {eq: "monthly"}, status: {endsWith: "ing"}}', ["leaving"]),
        ("subscriptionOrders", '{billingPeriod: {eq: "month"}}', []),
        ("onetimeOrders", '{merchantProvidedBuyerIdentity: {eq: "user-1"}}', ["order"]),
        ("onetimeOrders", '{merchantProvidedBuyerIdentity: {eq: "bob@example.com"}}', ["other_order"]),
        ("onetimeOrders", '{buyerEmail: {contains: "bob"}, status: {eq: "pending"}}', ["other_order"]),
        ("onetimeOrders", "{testMode: {eq: false}}", []),
        ("onetimeOrders", '{testMode: {eq: true}, currency: {eq: "EUR"}, id: {ne: null}, status: null}', ["other_order", "order"]),
        ("payments", '{status: {eq: "pending"}}', ["other_payment"]),
        ("payments", '{refundStatus: {eq: "refunded"}}', ["payment"]),
        ("payments", '{refundStatus: {ne: "none"}}', ["payment"]),
        ("refunds", '{orderMerchantExternalId: {eq: "ORDER-1"}}', ["refund"]),
        ("refundTickets", "{versionNumber: {gte: 2}}", ["ticket"]),
        ("refundTickets", '{status: {eq: "processing"}}', []),
        ("stores", '{status: {eq: "active"}, prodEnabled: {eq: true}}', ["store"]),
        ("stores", "{prodEnabled: {eq: false}}", []),
        ("onetimeProducts", '{status: {eq: "inactive"}}', ["gone"]),
        ("onetimeProducts", "{hasProdVersion: {eq: true}}", []),
        ("subscriptionProducts", '{name: {in: ["Pro", "Max"]}}', ["pro"]),
        (
            "webhookDeliveries",
            '{status: {eq: "success"}, attemptCount: {gt: 0}, httpStatus: {ne: 200}, eventType: {eq: "order.completed"}}',
            [],
        ),
    ],
)
def test_words_of_the_wire(shop: Shop, root: str, condition: str, names: list[str]) -> None:
    found = shop.ask(f"{{ found: {root}(filter: {condition}) {{ id }} count: {root}Count(filter: {condition}) }}")
    assert [each["id"] for each in found["found"]] == [shop.ids[name] for name in names]
    assert found["count"] == len(names)


def test_every_field_of_every_filter_reaches_a_column(shop: Shop) -> None:
    """With every operator that its kind has, on both databases: nothing is an error."""
    values = {"String": '"2026-03-14"', "DateTime": '"2026-03-14"', "Int": "3", "Boolean": "true"}
    built: Any = schema()
    for root, listed in LISTS.items():
        fields = built.type_map[listed.filter].fields
        assert set(fields) == set(FILTERS[listed.filter])
        for name, field in fields.items():
            conditions = " ".join(f"{operator}: {values.get(str(each.type), '[]')}" for operator, each in field.type.fields.items())
            shop.ask(f"{{ {root}(filter: {{{name}: {{{conditions}}}}}) {{ id }} {root}Count(filter: {{{name}: {{{conditions}}}}}) }}")


@ON_SQLITE
def test_a_page_after_another(shop: Shop) -> None:
    for _ in range(5):
        shop.factory.order(shop.ada, product_id=shop.ids["atlas"])
    every = [each["id"] for each in shop.ask("{ orders { id } }")["orders"]]
    paged = [each["id"] for offset in range(0, 10, 3) for each in shop.ask(f"{{ orders(limit: 3, offset: {offset}) {{ id }} }}")["orders"]]
    assert paged == every
    assert shop.ask("{ orders(limit: 0) { id } }") == {"orders": []}


@ON_SQLITE
def test_more_rows_than_are_shown_at_once(shop: Shop) -> None:
    for _ in range(105):
        shop.factory.payment(shop.ada, shop.ids["order"], attempts=())
    status, envelope = shop.respond(
        "query ($id: ID!) { payments(limit: 500) { id } order(id: $id) { payments { id } } }", variables={"id": shop.ids["order"]}
    )
    assert (status, len(envelope["data"]["payments"]), len(envelope["data"]["order"]["payments"])) == (200, 100, 100)
    assert {warning["message"] for warning in envelope["warnings"]} == {
        "limit was lowered from 500 to 100: read on with offset", "payments: of each list the first 100 are shown",
    }  # fmt: skip
    assert len(shop.ask("{ payments { id } }")["payments"]) == 50


@ON_SQLITE
@pytest.mark.parametrize("declared", ["ID!", "String!", "ID", "String"])
def test_texts_are_declared_as_either(shop: Shop, declared: str) -> None:
    by_id = f"query ($v: {declared}) {{ orders(storeId: $v) {{ id }} }}"
    assert len(shop.ask(by_id, v=shop.ids["store"])["orders"]) == 4
    by_moment = f"query ($v: {declared}) {{ orders(filter: {{createdAt: {{lt: $v}}}}) {{ id }} }}"
    assert [each["id"] for each in shop.ask(by_moment, v="2026-03-12")["orders"]] == [shop.ids["order"]]
    by_text = f"query ($v: {declared}) {{ orders(filter: {{buyerEmail: {{eq: $v}}}}) {{ id }} }}"
    assert [each["id"] for each in shop.ask(by_text, v="bob@example.com")["orders"]] == [shop.ids["other_order"]]
