"""A shop's server cancels, takes that back, and asks for money back, through the client as it is published."""

import json

import pytest

from portico.services import refund
from tests.waffo.client.conftest import Waffo
from tests.waffo.sdk import Sdk, Thrown


def customer(sdk: Sdk, waffo: Waffo, identity: str = "user-1") -> str:
    return sdk("auth.issueSessionToken", {"storeId": waffo.store_id, "buyerIdentity": identity})["token"]


def test_cancel_and_reactivate(sdk: Sdk, waffo: Waffo) -> None:
    order_id, token = waffo.subscribe(), customer(sdk, waffo)
    assert sdk("cancelSubscription", {"orderId": order_id}, token=token)["status"] == "canceling"
    assert waffo.subscription(order_id).status == "canceling"
    with pytest.raises(Thrown) as again:
        sdk("cancelSubscription", {"orderId": order_id}, token=token)
    assert (again.value.kind, again.value.status) == ("WaffoPancakeError", 400)
    assert again.value.errors == [{"message": "Subscription cannot be canceled, current status: canceling", "layer": "order"}]
    assert sdk("reactivateSubscription", {"orderId": order_id}, token=token) == {"orderId": order_id, "status": "active"}
    with pytest.raises(Thrown, match="Subscription cannot be reactivated, current status: active"):
        sdk("reactivateSubscription", {"orderId": order_id}, token=token)
    assert sdk("orders.cancelSubscription", {"orderId": order_id})["status"] == "canceling"
    waffo.shop.is_sound()


def test_what_is_past_due_is_canceled_for_good(sdk: Sdk, waffo: Waffo) -> None:
    order_id, token = waffo.subscribe(status="past_due"), customer(sdk, waffo)
    assert sdk("cancelSubscription", {"orderId": order_id}, token=token)["status"] == "canceling"
    with pytest.raises(Thrown) as unpaid:
        sdk("reactivateSubscription", {"orderId": order_id}, token=token)
    assert unpaid.value.errors[0]["message"] == "Subscription with an unpaid balance cannot be reactivated"


def test_refund_tickets(sdk: Sdk, waffo: Waffo) -> None:
    order_id, token = waffo.subscribe(), customer(sdk, waffo)
    payment = waffo.shop.payments(waffo.subscription(order_id).id)[0]
    asked = {
        "paymentId": payment.id, "reason": "Not as described", "requestedAmount": {"amount": "1.50", "currency": "EUR"},
        "metadata": {"case": "7", "urgent": True}, "refundTicketMerchantExternalId": "REF-1",
    }  # fmt: skip
    ticket = sdk("createRefundTicket", asked, token=token)["ticket"]
    assert (ticket["status"], ticket["submitterType"], ticket["submitterId"]) == ("pending", "customer", "user-1")
    assert ticket["refundTicketMerchantExternalId"] == "REF-1"
    assert ticket["metadata"] == {"case": "7", "urgent": "true"}
    assert ticket["versionData"] == {"reason": "Not as described", "requestedAmount": {"amount": "1.50", "currency": "EUR"}}
    with pytest.raises(Thrown, match="A refund request for this payment is open already"):
        sdk("createRefundTicket", asked, token=token)
    again = {name: asked[name] for name in ("paymentId", "reason", "requestedAmount")} | {"ticketId": ticket["id"]}
    with pytest.raises(Thrown, match="Ticket cannot be resubmitted, current status: pending"):
        sdk("resubmitRefundTicket", again, token=token)
    refund.reject(waffo.runtime, ticket["id"], note="Tell us more")
    second = sdk("resubmitRefundTicket", {**again, "reason": "It arrived broken"}, token=token)["ticket"]
    assert (second["id"], second["status"], second["versionNumber"]) == (ticket["id"], "pending", 2)
    refund.reject(waffo.runtime, ticket["id"])
    other = {**asked, "requestedAmount": {"amount": "1.50", "currency": "USD"}}
    with pytest.raises(Thrown, match="must be EUR, the currency of the payment"):
        sdk("createRefundTicket", other, token=token)
    status, envelope = waffo.post("refund-ticket/create-ticket", asked)
    assert status == 200
    assert (envelope["data"]["ticket"]["status"], envelope["data"]["ticket"]["submitterType"]) == ("processing", "merchant")


def test_what_a_signature_may_ask_for_once(waffo: Waffo) -> None:
    order_id = waffo.subscribe()
    payment = waffo.shop.payments(waffo.subscription(order_id).id)[0]
    body = {"paymentId": payment.id, "reason": "Sorry", "requestedAmount": {"amount": "1.00", "currency": "EUR"}}
    headers = waffo.headers("/v1/actions/refund-ticket/create-ticket", json.dumps(body).encode())
    assert waffo.post("refund-ticket/create-ticket", body, headers)[0] == 200
    assert waffo.post("refund-ticket/create-ticket", body, headers)[0] == 409
    assert len(waffo.shop.jobs("refund")) == 1
