"""Who sees what: nobody a row of somebody else, whichever way is tried, and lists cost as many statements however long they are."""

from datetime import timedelta
from typing import Any

import pytest

from portico.api.waffo.asker import Asker
from portico.domain.scope import StoreScope
from portico.services.runtime import Runtime
from portico.storage import graphql_catalog, graphql_orders, graphql_rows
from portico.storage.graphql_rows import Condition, Reach, Source
from tests.conftest import NOW
from tests.factories import Factory
from tests.waffo.graphql.conftest import Shop, open_shop

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
SOURCES: dict[str, Source] = {
    name: value for module in (graphql_orders, graphql_catalog) for name, value in vars(module).items() if isinstance(value, Source)
}
RANDOM = "0000000000000000000000"
_OWN = ("order", "payment", "refund", "refundTicket")
_OF_STORE = ("store", "onetimeProduct", "subscriptionProduct")
_NAMES = {"refundTicket": "ticket", "onetimeProduct": "atlas", "subscriptionProduct": "pro"}


@pytest.fixture
def other(runtime: Runtime, factory: Factory) -> Shop:
    """Another merchant's shop, with the same of everything."""
    return open_shop(runtime, factory)


def _single(root: str) -> str:
    return f"query ($id: ID!) {{ {root}(id: $id) {{ id }} }}"


def test_a_foreign_id_is_answered_like_a_random_one(shop: Shop, other: Shop) -> None:
    """Byte by byte, by whoever it is asked: another merchant, his customer, his visitor, and the same merchant in his other environment."""
    elsewhere = Asker("merchant", shop.merchant.merchant_id, "prod")
    for root in (*_OWN, *_OF_STORE):
        own_id = shop.ids[_NAMES.get(root, root)]
        assert shop.ask(_single(root), id=own_id)[root] == {"id": own_id}
        for asker in (other.merchant, other.of(other.ada), other.visitor, elsewhere):
            if asker is elsewhere and root == "store":
                continue  # a store is in both
            foreign = shop.respond(_single(root), asker=asker, variables={"id": own_id})
            assert foreign == shop.respond(_single(root), asker=asker, variables={"id": own_id[:-22] + RANDOM}), (root, asker.role)
            assert foreign[1]["data"] == {root: None}


def test_a_customer_sees_his_own(shop: Shop) -> None:
    lists = "{ orders { id } payments { id } refunds { id } refundTickets { id } ordersCount paymentsCount refundTicketsCount }"
    ids, bobs = shop.ids, shop.of(shop.bob)
    assert shop.ask(lists, asker=bobs) == {
        "orders": [{"id": ids["other_order"]}], "payments": [{"id": ids["other_payment"]}], "refunds": [],
        "refundTickets": [{"id": ids["other_ticket"]}], "ordersCount": 1, "paymentsCount": 1, "refundTicketsCount": 1,
    }  # fmt: skip
    for root in _OWN:
        assert shop.ask(_single(root), asker=bobs, id=ids[_NAMES.get(root, root)])[root] is None
    filtered = (
        '{ orders(filter: {buyerEmail: {eq: "ada@example.com"}}) { id } payments(filter: {orderMerchantExternalId: {ne: ""}}) { id } }'
    )
    assert shop.ask(filtered, asker=bobs) == {"orders": [], "payments": [{"id": ids["other_payment"]}]}
    assert shop.ask("query ($s: ID) { orders(storeId: $s) { id } }", asker=bobs, s="STO_" + RANDOM) == {"orders": []}


def test_who_has_bought_nothing_has_nothing(shop: Shop) -> None:
    nobody = shop.of(None)
    assert shop.ask("{ orders { id } paymentsCount stores { id } }", asker=nobody) == {
        "orders": [], "paymentsCount": 0, "stores": [{"id": shop.ids["store"]}],
    }  # fmt: skip
    assert shop.ask(_single("order"), asker=nobody, id=shop.ids["order"]) == {"order": None}


@ON_SQLITE
def test_a_visitor_sees_what_is_sold(shop: Shop) -> None:
    public = "{ stores { name storeWebhooks { id } } onetimeProducts { name } subscriptionProductGroups { products { name } } }"
    seen = shop.ask(public, asker=shop.visitor)
    assert seen["stores"] == [{"name": "Nordlicht", "storeWebhooks": None}]
    assert seen["onetimeProducts"] == [{"name": "Atlas"}]
    assert shop.ask("{ onetimeProductsCount }")["onetimeProductsCount"] == 2
    assert shop.ask(_single("onetimeProduct"), asker=shop.visitor, id=shop.ids["gone"]) == {"onetimeProduct": None}


@ON_SQLITE
@pytest.mark.parametrize(
    ("role", "root", "message"),
    [
        ("visitor", "orders { id }", "Missing X-Context-Buyer-Identity header"),
        ("visitor", "paymentsCount", "Missing X-Context-Buyer-Identity header"),
        ("visitor", 'refund(id: "REF_1") { id }', "Missing X-Context-Buyer-Identity header"),
        ("visitor", "webhookDeliveries { id }", "Missing X-Context-Merchant-Id header"),
        ("customer", "webhookDeliveriesCount", "Missing X-Context-Merchant-Id header"),
        ("customer", "apiKeys { id }", "Missing X-Context-Merchant-Id header"),
        ("customer", "storeMerchantsCount", "Missing X-Context-Merchant-Id header"),
        ("customer", 'merchant(id: "MER_1") { id }', "Missing X-Context-Merchant-Id header"),
    ],
)
def test_what_a_credential_does_not_open(shop: Shop, role: str, root: str, message: str) -> None:
    """The rest of the query is answered."""
    asker = shop.visitor if role == "visitor" else shop.of(shop.ada)
    status, envelope = shop.respond(f"{{ stores {{ slug }} {root} }}", asker=asker)
    assert (status, envelope["data"]["stores"]) == (200, [{"slug": "nordlicht-1"}])
    assert [(error["message"], error["layer"]) for error in envelope["errors"]] == [(message, "graphql")]


@ON_SQLITE
def test_a_merchant_sees_all_his_stores_and_no_other(shop: Shop, other: Shop) -> None:
    second = shop.factory.store(merchant_id=shop.merchant.merchant_id)
    buyer = shop.factory.buyer(second)
    order = shop.factory.order(buyer)
    every = "query ($s: ID) { orders(storeId: $s) { id } ordersCount(storeId: $s) stores { id } }"
    data = shop.ask(every, s=None)
    assert order in {each["id"] for each in data["orders"]}
    assert (data["ordersCount"], {each["id"] for each in data["stores"]}) == (5, {shop.ids["store"], second.store_id})
    assert shop.ask(every, s=second.store_id)["orders"] == [{"id": order}]
    assert shop.ask(every, s=other.ids["store"]) | {"stores": 0} == {"orders": [], "ordersCount": 0, "stores": 0}
    assert shop.ask("query ($m: ID!) { merchant(id: $m) { id } }", m=other.merchant.merchant_id) == {"merchant": None}


def test_rows_of_several_stores_are_merged_page_by_page(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each store as many as are shown, by its index: the same rows as by sorting all there are, which takes a hundred times as long."""
    second = shop.factory.store(merchant_id=shop.merchant.merchant_id)
    buyer = shop.factory.buyer(second)
    for hours in (1, 30, 60, 90):
        shop.factory.order(buyer, created_at=NOW - timedelta(hours=hours))
    query = """query ($o: Int!) { orders(limit: 3, offset: $o, filter: { status: { in: ["completed", "pending"] } }) { id status }
        payments(limit: 3, offset: $o) { id createdAt } onetimeProducts(limit: 2, offset: $o) { id name } }"""
    merged = [shop.ask(query, o=offset) for offset in (0, 2, 4, 7)]
    monkeypatch.setattr(graphql_rows, "_MOST_MERGED", 0)
    assert merged == [shop.ask(query, o=offset) for offset in (0, 2, 4, 7)]
    assert len({each["id"] for page in merged for each in page["orders"]}) > 4


def test_no_source_gives_a_row_out_of_reach(shop: Shop) -> None:
    """Each source, asked for all it has and by every key, by those who may see nothing of it."""
    ids = list(shop.ids.values())
    beyond = [
        Reach("prod", (shop.ids["store"],)),
        Reach("test", ("STO_" + RANDOM,)),
        Reach("test", ("STO_" + RANDOM, "STO_1")),
        Reach("test", ()),
    ]
    strange = [Reach("test", (shop.ids["store"],), "BUY_" + RANDOM), Reach("test", (shop.ids["store"],), everybody=True)]
    for name, source in SOURCES.items():
        with shop.runtime.database.read() as tx:
            assert name in ("ENDPOINTS", "DELIVERIES") or graphql_rows.page(
                tx, Reach("test", (shop.ids["store"],)), source, (), limit=9, offset=0
            )
            for reach in [*beyond[name == "STORES" :], *([] if source.public else strange)]:
                assert not graphql_rows.page(tx, reach, source, (), limit=9, offset=0), name
                assert graphql_rows.count(tx, reach, source, ()) == 0
                assert not any(graphql_rows.of_keys(tx, reach, source, key, ids) for key in source.keys)
                assert "id" not in source.fields or not any(
                    graphql_rows.count(tx, reach, source, [Condition("id", "eq", each)]) for each in ids
                )


RELATIONS = """{ onetimeOrders(limit: 100) { id status currency buyerEmail createdAt product { id name prices { currency } } store { name }
    payments { id refundStatus snapshotDisplayAmount refunds { id payment { id } } refundTickets { id } onetimeOrder { id } } } }"""


def test_statements_do_not_grow_with_a_list(shop: Shop) -> None:
    """One for the merchant's stores, one for the list, one for each relation, for 1, 10 and 100 orders and their payments."""
    counts: list[int] = []
    for more in (0, 9, 90):
        for _ in range(more):
            order = shop.factory.order(shop.ada, product_id=shop.ids["atlas"])
            payment = shop.factory.payment(shop.ada, order, attempts=())
            shop.factory.refund(shop.ada, payment)
        counts.append(shop.statements(RELATIONS))
    assert counts == [10, 10, 10]
    assert shop.statements(RELATIONS, asker=shop.of(shop.ada)) == 9


@ON_SQLITE
def test_a_relation_is_read_once_however_often_it_is_named(shop: Shop) -> None:
    query = """{ onetimeOrders { a: payments { id } b: payments { status refunds { id } } product { name } onetimeProduct { id }
        ...more } } fragment more on OnetimeOrder { payments { refunds { status } } ... on Order { store { name } } }"""
    assert shop.statements(query) == 6
    skipped = "query ($no: Boolean!) { onetimeOrders { id payments @include(if: $no) { id } product @skip(if: true) { id } } }"
    assert shop.statements(skipped, no=False) == 2


@ON_SQLITE
def test_every_reading_is_within_one_environment(shop: Shop) -> None:
    asked = shop.ask("{ orders { testMode } payments { testMode } }")
    assert {each["testMode"] for rows in asked.values() for each in rows} == {True}
    scope: Any = StoreScope(shop.store.store_id, "prod")
    prod_order = shop.factory.order(shop.factory.buyer(scope))
    assert shop.ask(_single("order"), id=prod_order) == {"order": None}
    assert shop.ask("{ orders { id testMode } }", asker=Asker("merchant", shop.merchant.merchant_id, "prod"))["orders"] == [
        {"id": prod_order, "testMode": False}
    ]
