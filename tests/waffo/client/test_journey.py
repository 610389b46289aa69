"""A buyer's way through a shop that speaks the published client: buys, sees it by GraphQL, changes the plan, leaves, wants money back."""

import json
from dataclasses import replace

import pytest

from portico.domain.scope import BuyerScope
from portico.services import plan_change, waffo_signature, webhook_dispatch, webhook_send
from portico.storage import checkout as checkouts
from portico.storage import owner
from tests.services.checkouts import Counter
from tests.waffo.client.conftest import Waffo, our_id
from tests.waffo.client.test_orders import customer
from tests.waffo.client.test_webhooks import Postbox
from tests.waffo.sdk import Sdk, Thrown

ORDERS = """query ($id: ID!) { subscriptionOrder(id: $id) { id status currency orderMerchantExternalId currentPeriodEnd
  subscriptionProduct { id name } payments { id status snapshotAmountDetails { total currency } } } }"""
EVENTS = [
    "order.completed",
    "subscription.activated",
    "subscription.payment_succeeded",
    "subscription.plan_changed",
    "subscription.canceling",
]


def bought(sdk: Sdk, waffo: Waffo, product_id: str, service: str, token: str) -> str:
    """Orders on the shop's own page and gives a card; the order's id."""
    made = sdk(
        "checkout.createSession",
        {"productId": product_id, "currency": "EUR", "orderMerchantExternalId": f"O-{product_id[-4:]}", "buyerEmail": "grace@example.com"},
    )
    asked = {
        "checkoutSessionId": made["sessionId"], "buyerEmail": "grace@example.com",
        "billingDetail": {"country": "DE", "isBusiness": False, "name": "Grace Hopper"},
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {token}", "X-Environment": "prod"}
    status, envelope = waffo.post(f"{service}/create-order", asked, headers)
    assert status == 200, envelope
    counter = Counter(waffo.shop, "", "", "")
    with waffo.runtime.database.read() as connection:
        session = checkouts.get(connection, waffo.shop.store, our_id("CHK", made["sessionId"].removeprefix("cs_")))
    assert session.order_id
    counter.give_card(session)
    return session.order_id


def test_a_year_in_a_minute(sdk: Sdk, waffo: Waffo) -> None:
    out = Postbox()
    runtime = replace(waffo.runtime, http_out=out)
    hook = {"storeId": waffo.store_id, "channel": "http", "url": "https://shop.example/hook", "events": EVENTS, "testMode": False}
    sdk("webhooks.add", hook)
    token = customer(sdk, waffo, "user-9")
    prices = {"EUR": {"amount": "29.00", "taxCategory": "ebook"}}
    book = sdk("onetimeProducts.create", {"storeId": waffo.store_id, "name": "Book", "prices": prices})
    once = bought(sdk, waffo, book["product"]["id"], "onetime-order", token)
    with pytest.raises(Thrown, match="Order cannot be canceled, current status: completed"):
        sdk("cancelOnetimeOrder", {"orderId": once}, token=customer(sdk, waffo, "user-9"))
    order_id = bought(sdk, waffo, waffo.shop.plans["starter"], "subscription-order", token)
    for seen in (
        sdk("graphql.query", {"query": ORDERS, "variables": {"id": order_id}}),
        sdk("graphql.query", {"query": ORDERS, "variables": {"id": order_id}}, token=token),
    ):
        assert "errors" not in seen, seen
        order = seen["data"]["subscriptionOrder"]
        assert (order["id"], order["status"], order["subscriptionProduct"]["name"]) == (order_id, "active", "starter")
        assert order["payments"][0]["snapshotAmountDetails"] == {"total": "10.00", "currency": "EUR"}
    stranger = customer(sdk, waffo, "user-1")
    assert sdk("graphql.query", {"query": ORDERS, "variables": {"id": order_id}}, token=stranger)["data"]["subscriptionOrder"] is None

    status, envelope = waffo.post("subscription-order/preview-change", {"orderId": order_id, "productId": waffo.shop.plans["pro"]})
    assert (status, envelope["data"]["changeTiming"]) == (200, "immediate")
    scope = _owner(waffo, order_id)
    subscription_id = _subscription_id(waffo, order_id)
    review = plan_change.review(runtime, scope, subscription_id, waffo.shop.plans["pro"], 1)
    assert envelope["data"]["total"] == "10.00"
    plan_change.confirm(runtime, scope, subscription_id, review.quote)
    assert sdk("cancelSubscription", {"orderId": order_id}, token=token)["status"] == "canceling"

    while webhook_dispatch.dispatch(runtime):
        pass
    for job in waffo.shop.jobs(webhook_dispatch.JOB):
        webhook_send.attempt(runtime, job["delivery_id"], attempts=0)
    key = waffo_signature.public_key(runtime, waffo.shop.store)
    heard = [sdk("verifyWebhook", body, headers["x-waffo-signature"], {"publicKey": key}) for _, body, headers in out.posted]
    assert {event["eventType"] for event in heard} == set(EVENTS)
    assert len({event["id"] for event in heard}) == len(heard) == len({(event["eventType"], event["eventId"]) for event in heard})
    activated = next(event["data"] for event in heard if event["eventType"] == "subscription.activated")
    assert (activated["orderId"], activated["merchantProvidedBuyerIdentity"]) == (order_id, "user-9")
    assert activated["buyerEmail"] == "grace@example.com"
    assert json.loads(out.posted[0][1])["storeName"] == "Nordlicht"
    waffo.shop.is_sound()


def _owner(waffo: Waffo, order_id: str) -> BuyerScope:
    with waffo.runtime.database.read() as connection:
        return owner.buyer_of(connection, waffo.shop.store, "ORD", order_id)


def _subscription_id(waffo: Waffo, order_id: str) -> str:
    return Counter(waffo.shop, "", "", "").order(order_id).subscription_id or ""
