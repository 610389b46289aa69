"""Webhooks in Waffo's format, as the client takes them: signed, 14 events, and no amount that is not known."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from portico.domain.event import EVENT_TYPES, Event, EventType
from portico.domain.scope import StoreScope
from portico.gateways.http_out import Answer
from portico.services import event, refund, waffo_event, waffo_signature, waffo_words, webhook_dispatch, webhook_send
from portico.storage import payment as payments
from tests.waffo.client.conftest import Waffo
from tests.waffo.sdk import Sdk, Thrown

ALWAYS = {"orderId", "buyerEmail", "currency", "productName", "amount", "taxAmount"}
STATUS_EVENTS = {"planPrice", "billingPeriod", "currentPeriodStart", "currentPeriodEnd", "orderStatus", "periodNumber"}


@dataclass
class Postbox:
    """The receiver: keeps what is posted."""

    posted: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        self.posted.append((url, body.decode(), dict(headers)))
        return Answer(200, None, 3)


def told(waffo: Waffo, type_: EventType, subject: str, **data: Any) -> dict[str, Any] | None:
    """The data of an event's webhook."""
    happened = Event(waffo.runtime.new_id("EVT"), type_, subject, waffo.shop.ada.buyer_id, waffo.runtime.clock(), data)
    with waffo.runtime.database.read() as connection:
        body = waffo_event.body(connection, waffo.shop.store, happened, waffo.runtime.new_id("WHD"))
    return None if body is None else json.loads(body)


def test_what_is_posted_verifies(sdk: Sdk, waffo: Waffo) -> None:
    out = Postbox()
    runtime = replace(waffo.runtime, http_out=out)
    endpoint = {"storeId": waffo.store_id, "channel": "http", "url": "https://shop.example/hook", "testMode": False}
    sdk("webhooks.add", {**endpoint, "events": ["subscription.canceling"]})
    order_id = waffo.subscribe()
    assert sdk("orders.cancelSubscription", {"orderId": order_id})["status"] == "canceling"
    assert webhook_dispatch.dispatch(runtime) > 0
    (delivery,) = waffo.shop.jobs(webhook_dispatch.JOB)
    webhook_send.attempt(runtime, delivery["delivery_id"], attempts=0)
    ((url, body, headers),) = out.posted
    assert url == "https://shop.example/hook"
    signature, key = headers["x-waffo-signature"], waffo_signature.public_key(runtime, waffo.shop.store)
    heard = sdk("webhooks.verify", body, signature, webhookPublicKey={"prod": key})
    assert heard == sdk("verifyWebhook", body, signature, {"publicKey": key})
    assert (heard["eventType"], heard["mode"], heard["storeId"]) == ("subscription.canceling", "prod", waffo.store_id)
    assert (heard["data"]["orderId"], heard["data"]["orderStatus"]) == (order_id, "canceling")
    other = waffo_signature.public_key(runtime, StoreScope(waffo.store_id, "test"))
    late = waffo_signature.header(runtime, waffo.shop.store, body.encode(), runtime.clock() - timedelta(minutes=46))
    wrong = [(body + " ", signature, key), (body, signature, other), (body, late, key), (body, "t=1,v1=", key)]
    for wrong_body, wrong_signature, wrong_key in wrong:
        with pytest.raises(Thrown):
            sdk("verifyWebhook", wrong_body, wrong_signature, {"publicKey": wrong_key})


def test_every_event_has_what_it_promises(waffo: Waffo) -> None:
    order_id = waffo.subscribe(tax_rate="8.875")
    found = waffo.subscription(order_id)
    paid = waffo.shop.payments(found.id)[0]
    ticket = refund.ask(waffo.runtime, waffo.shop.ada, paid.id, "1.00", "Broken", external_id="REF-1")
    refund_id = refund.approve(waffo.runtime, ticket.id)
    bought = waffo.shop.factory.order(waffo.shop.ada, external_id="ORDER-1", metadata={"cart": "7"})
    once = waffo.shop.factory.payment(waffo.shop.ada, bought)
    subscribed = {name: event.moment(value) if hasattr(value, "year") else value for name, value in event.of_subscription(found).items()}
    told_of = {
        "order.completed": told(waffo, "order.completed", bought, payment_id=once),
        "subscription.payment_succeeded": told(waffo, "payment.succeeded", paid.id),
        "refund.succeeded": told(waffo, "refund.succeeded", refund_id, payment_id=paid.id),
        "refund.failed": told(waffo, "refund.failed", refund_id, payment_id=paid.id),
    }
    for name, ours in waffo_words.EVENTS.items():
        if name not in told_of:
            told_of[name] = told(waffo, ours[0], found.id, **subscribed)
    assert len(told_of) == 14
    for name, envelope in told_of.items():
        assert envelope, name
        assert (envelope["eventType"], envelope["storeName"]) == (name, "Nordlicht")
        data = envelope["data"]
        assert data.keys() >= ALWAYS, name
        assert None not in data.values(), name
        is_status = name.startswith("subscription.") and name != "subscription.payment_succeeded"
        assert (data.keys() >= STATUS_EVENTS) == is_status, name
        assert len({"listPrice", "originalPayment", "planPrice"} & data.keys()) == 1, name
        assert ("chargedAmount" in data) == (name in ("order.completed", "subscription.payment_succeeded")), name
        assert ("refundedAmount" in data) == (name == "refund.succeeded"), name
        assert ("orderStatus" in data) == (name != "subscription.payment_succeeded"), name
        assert ("canceledAt" in data) == (name in ("subscription.canceling", "subscription.canceled")), name
    first = told_of["order.completed"]
    assert first
    assert first["eventId"] == once
    assert (first["data"]["orderMerchantExternalId"], first["data"]["orderMetadata"]) == ("ORDER-1", {"cart": "7"})
    assert "periodNumber" not in first["data"]
    renewal = told_of["subscription.payment_succeeded"]
    assert renewal
    assert renewal["data"]["listPrice"] == {"total": "10.89", "subtotal": "10.00", "taxAmount": "0.89", "taxRate": 8.875}
    assert (renewal["data"]["taxRate"], renewal["data"]["chargedAmount"], renewal["data"]["periodNumber"]) == (0.08875, "11.90", 1)
    back = told_of["refund.failed"]
    assert back
    assert (back["data"]["originalChargedAmount"], back["data"]["refundTicketMerchantExternalId"]) == ("11.90", "REF-1")


def test_what_waffo_has_no_event_for(waffo: Waffo) -> None:
    order_id = waffo.subscribe()
    known = {ours for all_ours in waffo_words.EVENTS.values() for ours in all_ours}
    for type_ in EVENT_TYPES:
        if type_ not in known:
            assert told(waffo, type_, waffo.subscription(order_id).id) is None, type_
    bought = waffo.shop.factory.order(waffo.shop.ada)
    once = waffo.shop.factory.payment(waffo.shop.ada, bought)
    with waffo.runtime.database.read() as connection:
        assert payments.get(connection, waffo.shop.ada, once).subscription_id is None
    assert told(waffo, "payment.succeeded", once) is None, "order.completed tells it"


def test_what_was_free_has_no_charge(waffo: Waffo) -> None:
    bought = waffo.shop.factory.order(waffo.shop.ada, net_minor=0, tax_minor=0, total_minor=0)
    free = told(waffo, "order.completed", bought, payment_id=None)
    assert free
    assert (free["eventId"], free["data"]["amount"]) == (bought, "0.00")
    assert not {"chargedAmount", "paymentId", "paymentDate", "paymentLast4"} & free["data"].keys()
