"""Queries through the client as it is published: the merchant's, a customer's, and what comes of those that are refused."""

import json
import urllib.error
import urllib.request
from typing import Any

from portico.storage import store as stores
from portico.storage.database import count_statements
from tests.waffo.client.conftest import Waffo
from tests.waffo.graphql.test_queries import HOOKS
from tests.waffo.sdk import Sdk


def _customer(sdk: Sdk, waffo: Waffo) -> str:
    return sdk("auth.issueSessionToken", {"storeId": waffo.store_id, "buyerIdentity": "user-1"})["token"]


def test_a_merchant_reads_what_his_client_did(sdk: Sdk, waffo: Waffo) -> None:
    order_id = waffo.subscribe()
    query = "query ($id: ID!) { subscriptionOrder(id: $id) { id status cancelAt store { id } } subscriptionOrdersCount }"
    before = sdk("graphql.query", {"query": query, "variables": {"id": order_id}})
    assert before["data"]["subscriptionOrder"] == {"id": order_id, "status": "active", "cancelAt": None, "store": {"id": waffo.store_id}}
    sdk("orders.cancelSubscription", {"orderId": order_id})
    after = sdk("graphql.query", {"query": query, "variables": {"id": order_id}})
    assert after["data"]["subscriptionOrder"]["status"] == "canceling"
    assert after["data"]["subscriptionOrder"]["cancelAt"] is not None
    assert "errors" not in after


def test_a_customer_reads_his_own(sdk: Sdk, waffo: Waffo) -> None:
    order_id, token = waffo.subscribe(), _customer(sdk, waffo)
    for query in HOOKS:
        answer = sdk("graphql.query", {"query": query}, token=token)
        assert answer["data"] is not None
        assert "errors" not in answer
    (payment,) = sdk("graphql.query", {"query": "{ payments { orderId status } }"}, token=token)["data"]["payments"]
    assert payment == {"orderId": order_id, "status": "succeeded"}


def test_what_is_refused_is_handed_back(sdk: Sdk, waffo: Waffo) -> None:
    """The client throws for none of it."""
    assert sdk("graphql.query", {"query": "mutation { x }"})["errors"][0]["message"] == "Mutations are not supported: only queries are"
    refused = sdk("graphql.query", {"query": "{ orders { nope } }"})
    assert (refused["data"], refused["errors"][0]["layer"]) == (None, "graphql")
    partly = sdk("graphql.query", {"query": "{ ordersCount emailDeliveriesCount }"})
    assert partly["data"] == {"ordersCount": 0, "emailDeliveriesCount": None}
    assert partly["errors"][0]["path"] == ["emailDeliveriesCount"]
    assert sdk("graphql.query", {"query": "{ orders(limit: 500) { id } }"})["warnings"][0]["aiHint"] == "REDUCE_QUERY_SIZE"


def test_a_visitor_asks_by_the_stores_slug(waffo: Waffo) -> None:
    with waffo.runtime.database.read() as connection:
        slug = stores.get(connection, waffo.store_id).slug
    named = {"X-Store-Slug": slug, "X-Environment": "prod"}
    status, envelope = _post(waffo, {"query": "{ stores { slug } subscriptionProducts { name } ordersCount }"}, named)
    assert (status, envelope["data"]["stores"], envelope["data"]["ordersCount"]) == (200, [{"slug": slug}], None)
    assert envelope["data"]["subscriptionProducts"]
    assert envelope["errors"][0]["message"] == "Missing X-Context-Buyer-Identity header"
    assert _post(waffo, {"query": "mutation { x }"}, named)[0] == 403
    assert _post(waffo, {"query": "{ ordersCount }"}, {}) == (
        401, {"data": None, "errors": [{"message": "Missing authentication", "layer": "gateway"}]},
    )  # fmt: skip
    for body in (b"[]", b"{", b'{"query": "{a}', b'{"query": "\\ud800"}', b"\xff"):
        status, envelope = _post(waffo, body, named)
        assert (status, envelope["data"], len(envelope["errors"])) == (400, None, 1)


def _post(waffo: Waffo, body: Any, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    asked = urllib.request.Request(waffo.origin + "/v1/graphql", data=raw, headers={"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def test_to_read_is_not_to_write(sdk: Sdk, waffo: Waffo) -> None:
    """When a key was last used is noted once a minute, not with every query; a signature that only reads is not remembered."""
    for expected in (True, False):
        with count_statements(waffo.runtime.database) as seen:
            sdk("graphql.query", {"query": "{ ordersCount }"})
        assert any(not statement.startswith("SELECT") for statement in seen.statements) is expected
    assert seen.count == 3
