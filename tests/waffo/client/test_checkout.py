"""Checkouts and changes of plan through the client."""

from datetime import timedelta

import pytest

from portico.services import waffo_token
from portico.storage import checkout as checkouts
from portico.storage import portal_session
from tests.waffo.client.conftest import SLUG, Waffo, our_id
from tests.waffo.client.test_orders import customer
from tests.waffo.sdk import Sdk, Thrown


def test_a_purchase(sdk: Sdk, waffo: Waffo) -> None:
    made = sdk("checkout.authenticated.create", {
        "productId": waffo.shop.plans["pro"], "currency": "EUR", "buyerIdentity": "user-1", "buyerEmail": "Ada@Example.com",
        "billingDetail": {"country": "US", "isBusiness": False, "state": "CA", "postcode": "94105"},
        "priceSnapshot": {"amount": "12.50", "taxCategory": "saas"}, "withTrial": False, "successUrl": "https://shop.example/thanks?a=1",
        "expiresInSeconds": 600, "darkMode": True, "metadata": {"cart": "7"}, "orderMerchantExternalId": "ORDER-1", "language": "pt-BR",
        "includePaymentMethods": ["card"],
    })  # fmt: skip
    page, _, token = made["checkoutUrl"].partition("#token=")
    assert token == made["token"]
    assert waffo_token.read(waffo.runtime, token).identity == "user-1"
    assert "warnings" not in made
    with waffo.runtime.database.read() as connection:
        session = checkouts.get(connection, waffo.shop.store, our_id("CHK", made["sessionId"].removeprefix("cs_")))
    assert page == f"{waffo.origin}/{SLUG}/portal/checkout/{session.id}"
    assert session.expires_at - session.created_at == timedelta(minutes=10)
    assert (session.unit_minor, session.price_is_own, session.currency, session.trial_days) == (1250, False, "EUR", 0)
    assert (session.email, session.theme, session.locale, session.success_url) == (
        "ada@example.com", "dark", "pt-BR", "https://shop.example/thanks?a=1",
    )  # fmt: skip
    assert (session.metadata, session.order_external_id) == ({"cart": "7"}, "ORDER-1")
    assert session.billing_detail
    assert (session.billing_detail.state, session.billing_detail.postal_code) == ("CA", "94105")


def test_what_cannot_be_done_is_said(sdk: Sdk, waffo: Waffo) -> None:
    asked = {"productId": waffo.shop.plans["pro"], "currency": "EUR"}
    made = sdk(
        "checkout.createSession", {**asked, "withTrial": True, "language": "tlh", "includePaymentMethods": ["card", "wechat"], "gift": 1}
    )
    assert {warning["message"] for warning in made["warnings"]} == {
        "withTrial was not applied", "language tlh was not applied", "includePaymentMethods was applied to card alone",
        "Unknown field: gift was ignored",
    }  # fmt: skip
    wrong = {
        "successUrl": ("https://elsewhere.example/", "Invalid successUrl"), "currency": ("USD", "Invalid currency"),
        "excludePaymentMethods": (["card"], "Payment by card is the only method there is"),
        "expiresInSeconds": (10**7, "Invalid expiresInSeconds"),
        "priceSnapshot": ({"amount": "1.234", "taxCategory": "saas"}, "Invalid priceSnapshot.amount"),
        "productId": ("PROD_0000000000000000000000", "Product not found"),
    }  # fmt: skip
    for name, (value, said) in wrong.items():
        with pytest.raises(Thrown, match=said):
            sdk("checkout.createSession", {**asked, name: value})


def test_a_visitor_buys_at_the_shops_own_price(waffo: Waffo) -> None:
    headers = {"X-Store-Slug": SLUG, "X-Environment": "prod"}
    asked = {"productId": waffo.shop.plans["pro"], "currency": "EUR", "priceSnapshot": {"amount": "0.01", "taxCategory": "saas"}}
    status, envelope = waffo.post("checkout/create-session", {**asked, "orderMerchantExternalId": "X", "metadata": {"a": "b"}}, headers)
    assert status == 200
    assert [warning["message"].split()[0] for warning in envelope["warnings"]] == ["priceSnapshot", "orderMerchantExternalId", "metadata"]
    session_id = envelope["data"]["sessionId"]
    with waffo.runtime.database.read() as connection:
        session = checkouts.get(connection, waffo.shop.store, our_id("CHK", session_id.removeprefix("cs_")))
    assert (session.unit_minor, session.order_external_id, session.metadata) == (2000, None, {})
    preview = waffo.post("checkout/preview-trial", {"checkoutSessionId": session_id}, headers)
    assert preview == (200, {"data": {"isEligible": False, "trialDays": None}})
    order_id = waffo.subscribe()
    change = {"originOrderId": order_id, "productId": waffo.shop.plans["pro"], "currency": "EUR"}
    assert waffo.post("checkout/create-session", change, headers)[0] == 403
    other = {**headers, "X-Environment": "test"}
    assert waffo.post("checkout/create-session", asked, other)[1]["errors"][0]["message"] == "Product not found"


def test_an_order_from_the_shops_own_page(waffo: Waffo) -> None:
    token, _ = waffo_token.issue(waffo.runtime, waffo.shop.store, "user-9")
    asked = {"productId": waffo.shop.plans["pro"], "currency": "EUR"}
    headers = {"Authorization": f"Bearer {token}", "X-Environment": "prod"}
    nameless = {
        "checkoutSessionId": waffo.post("checkout/create-session", asked)[1]["data"]["sessionId"],
        "billingDetail": {"country": "DE", "isBusiness": False},
    }
    assert waffo.post("subscription-order/create-order", nameless, headers)[1]["errors"] == [
        {"message": "Missing required field: buyerEmail", "layer": "order"}
    ]
    status, envelope = waffo.post("subscription-order/create-order", {**nameless, "buyerEmail": "typed@example.com"}, headers)
    assert (status, envelope["warnings"][0]["message"]) == (200, "buyerIdentity was not linked to the buyer")
    asked["buyerEmail"] = "grace@example.com"
    session_id = waffo.post("checkout/create-session", asked)[1]["data"]["sessionId"]
    order = {"checkoutSessionId": session_id, "billingDetail": {"country": "DE", "isBusiness": False, "postalCode": "10117"}}
    assert waffo.post("onetime-order/create-order", order, headers)[0] == 400
    status, envelope = waffo.post("subscription-order/create-order", {**order, "buyerEmail": "grace@example.com"}, headers)
    assert status == 200, envelope
    assert envelope["data"]["checkoutUrl"].startswith("http")
    with waffo.runtime.database.read() as connection:
        session = checkouts.get(connection, waffo.shop.store, our_id("CHK", session_id.removeprefix("cs_")))
    assert session.status == "placed"
    assert session.order_id
    status, envelope = waffo.post("subscription-order/cancel-order", {"orderId": session.order_id}, headers)
    assert (status, envelope["data"]["status"]) == (200, "canceled")


@pytest.mark.parametrize("process", ["0.25.0"], indirect=True)  # the other knows no plan changes
def test_a_change_of_plan_by_the_merchant(sdk: Sdk, waffo: Waffo) -> None:
    order_id = waffo.subscribe()
    asked = {"originOrderId": order_id, "productId": waffo.shop.plans["pro"], "currency": "EUR", "successUrl": "https://shop.example/done"}
    made = sdk("checkout.createPlanChangeSession", {**asked, "changeTiming": "next_period", "changeAmount": "1.00", "withTrial": True})
    assert {warning["message"] for warning in made["warnings"]} == {
        "changeTiming next_period was not applied", "changeAmount was not applied", "withTrial was not applied",
    }  # fmt: skip
    assert made["checkoutUrl"].startswith(f"{waffo.origin}/{SLUG}/portal/enter#t=")
    with waffo.runtime.database.read() as connection:
        link = portal_session.get(connection, waffo.shop.ada, our_id("PSN", made["sessionId"].removeprefix("cs_")))
    assert (link.flow, link.subject_id, link.product_id) == ("subscription_change", waffo.subscription(order_id).id, asked["productId"])
    assert link.return_url == "https://shop.example/done"
    signed_in = sdk("checkout.authenticated.createPlanChange", {**asked, "buyerIdentity": "user-1"})
    assert signed_in["checkoutUrl"].endswith(f"#token={signed_in['token']}")
    for field, value, said in (
        ("changeCreditAmount", "2.00", "changeAmount and changeCreditAmount are mutually exclusive"),
        ("currency", "USD", "currency must be EUR"),
        ("productId", waffo.shop.plans["starter"], "a subscription product other than the current one"),
        ("originOrderId", "ORD_0000000000000000000000", "Order not found"),
    ):
        with pytest.raises(Thrown, match=said):
            sdk("checkout.createPlanChangeSession", {**asked, "changeAmount": "1.00", field: value})


@pytest.mark.parametrize("process", ["0.25.0"], indirect=True)  # the other knows no plan changes
def test_a_change_of_plan_by_the_customer(sdk: Sdk, waffo: Waffo) -> None:
    order_id, token = waffo.subscribe(), customer(sdk, waffo)
    asked = {"originOrderId": order_id, "productId": waffo.shop.plans["pro"], "currency": "EUR"}
    made = sdk("createPlanChangeSession", asked, token=token)
    subscription_id = waffo.subscription(order_id).id
    assert made["checkoutUrl"] == f"{waffo.origin}/{SLUG}/portal/subscriptions/{subscription_id}/change?product={asked['productId']}"
    refusals = {
        "Self-service plan change is not enabled for this product group": {},
        "Target plan is not in the same product group as the current plan": {
            "productId": waffo.shop.factory.product(waffo.shop.store, kind="subscription", name="Elsewhere", external_id="elsewhere")
        },
        "Subscription order does not belong to this credential": {"originOrderId": "ORD_0000000000000000000000"},
    }
    waffo.set_self_service(False)
    for said, other in refusals.items():
        with pytest.raises(Thrown) as thrown:
            sdk("createPlanChangeSession", {**asked, **other}, token=token)
        assert (thrown.value.status, thrown.value.errors[0]["message"]) == (403, said)
    stranger = customer(sdk, waffo, "user-2")
    with pytest.raises(Thrown) as thrown:
        sdk("createPlanChangeSession", asked, token=stranger)
    assert (thrown.value.status, thrown.value.message) == (403, "Subscription order does not belong to this credential")
