"""A shop's server cancels, takes that back, and asks for money back, through the client as it is published."""

import pytest

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
    with pytest.raises(Thrown, match="Ticket cannot be resubmitted, current status: pending"):
        sdk(
            "resubmitRefundTicket",
            {k: asked[k] for k in ("paymentId", "reason", "requestedAmount")} | {"ticketId": ticket["id"]},
            token=token,
        )
