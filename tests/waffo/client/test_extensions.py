"""What Waffo keeps to its own pages, in the same verbs."""

import base64

from portico.services import waffo_token
from tests.waffo.client.conftest import SLUG, Waffo


def test_a_portal_session(waffo: Waffo) -> None:
    order_id = waffo.subscribe()
    asked = {"storeId": waffo.store_id, "buyerIdentity": "user-1", "flow": "subscription_cancel", "orderId": order_id}
    status, envelope = waffo.post("portal/create-session", asked)
    assert status == 200
    assert envelope["data"]["portalUrl"].startswith(f"{waffo.origin}/{SLUG}/portal/enter#t=")
    assert waffo.post("portal/create-session", {**asked, "buyerIdentity": "nobody"})[0] == 404
    assert waffo.post("portal/create-session", {**asked, "returnUrl": "https://elsewhere.example/"})[0] == 400


def test_documents(waffo: Waffo) -> None:
    order_id = waffo.subscribe()
    token, _ = waffo_token.issue(waffo.runtime, waffo.shop.store, "user-1")
    headers = {"Authorization": f"Bearer {token}", "X-Environment": "prod"}
    for who in (None, headers):
        status, envelope = waffo.post("document/list-documents", {"orderId": order_id}, who)
        assert status == 200
        listed = envelope["data"]["documents"]
        assert {each["kind"] for each in listed} == {"invoice", "receipt"}
        status, envelope = waffo.post("document/get-document", {"documentId": listed[0]["id"]}, who)
        assert status == 200
        assert base64.b64decode(envelope["data"]["file"]["contentBase64"]).startswith(b"%PDF-")
    other, _ = waffo_token.issue(waffo.runtime, waffo.shop.store, "user-2")
    status, envelope = waffo.post("document/get-document", {"documentId": listed[0]["id"]}, {**headers, "Authorization": f"Bearer {other}"})
    assert (status, envelope["errors"][0]["message"]) == (403, "Document does not belong to user")


def test_billing_details_take_both_names_of_a_postal_code(waffo: Waffo) -> None:
    whose = {"storeId": waffo.store_id, "buyerIdentity": "ada@example.com"}
    for name in ("postcode", "postalCode"):
        detail = {"country": "US", "isBusiness": True, "businessName": "Ada Inc", "state": "CA", name: "94105"}
        status, envelope = waffo.post("billing-detail/update-billing-detail", {**whose, "billingDetail": detail})
        assert status == 200, envelope
        assert envelope["data"]["billingDetail"] == {
            "country": "US", "isBusiness": True, "businessName": "Ada Inc", "state": "CA", "postcode": "94105",
        }  # fmt: skip
    stale = {**whose, "billingDetail": {"country": "DE"}, "version": envelope["data"]["version"] - 1}
    assert waffo.post("billing-detail/update-billing-detail", stale)[0] == 409
    status, envelope = waffo.post("billing-detail/update-billing-detail", {**whose, "billingDetail": {"country": "US"}})
    assert status == 400
    named = {error["message"].partition(":")[0] for error in envelope["errors"]}
    assert named == {"Invalid billingDetail.state", "Invalid billingDetail.postcode"}


def test_reasons_for_leaving_and_what_a_change_would_cost(waffo: Waffo) -> None:
    order_id = waffo.subscribe()
    status, envelope = waffo.post("subscription-order/preview-change", {"orderId": order_id, "productId": waffo.shop.plans["pro"]})
    assert status == 200
    assert (envelope["data"]["changeTiming"], envelope["data"]["currency"]) == ("immediate", "EUR")
    assert waffo.subscription(order_id).product_id == waffo.shop.plans["starter"]
    asked = {"orderId": order_id, "reason": "too_expensive", "comment": "Sorry"}
    assert waffo.post("subscription-order/cancel-order", asked)[0] == 200
    status, envelope = waffo.post("cancellation/list-cancellations", {"storeId": waffo.store_id})
    (row,) = envelope["data"]["cancellations"]
    assert (row["reason"], row["comment"], row["subtotal"], row["billingPeriod"]) == ("too_expensive", "Sorry", "10.00", "monthly")
