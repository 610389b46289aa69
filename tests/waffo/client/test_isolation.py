"""Every action with every id of somebody else's: as if there were nothing, and nothing is written."""

import json
from typing import Any

import pytest

from portico.api.waffo.action import Action
from portico.api.waffo.routes import ACTIONS
from portico.domain.ids import decode
from portico.services import checkout, refund, waffo_key, waffo_token, webhook_out
from portico.services.checkout import Asked
from portico.storage import document as documents
from portico.storage import store as stores
from tests.waffo.client.conftest import Waffo
from tests.waffo.client.test_door import rows

RANDOM = "0" * 22
# A value that each field takes; those that name something are replaced by another's and by nobody's.
FIELDS: dict[str, Any] = {
    "name": "Name", "prices": {"EUR": {"amount": "1.00", "taxCategory": "saas"}}, "billingPeriod": "monthly", "status": "inactive",
    "channel": "http", "url": "https://shop.example/hook", "events": ["order.completed"], "testMode": False, "buyerIdentity": "user-1",
    "currency": "EUR", "reason": "Broken", "requestedAmount": {"amount": "1.00", "currency": "EUR"}, "billingDetail": {"country": "DE"},
}  # fmt: skip
# What an action may be asked about, by the name of the field.
NAMES = ("storeId", "id", "productId", "orderId", "originOrderId", "paymentId", "ticketId", "checkoutSessionId", "documentId", "productIds")
_OF_ID = {"store": "storeId", "onetime-product": "productId", "subscription-product": "plan", "subscription-product-group": "group"}


@pytest.fixture
def theirs(waffo: Waffo) -> dict[str, Any]:
    """Something of everything that is the shop's, by the names that requests have for it."""
    order_id = waffo.subscribe()
    shop, runtime = waffo.shop, waffo.runtime
    paid = shop.payments(waffo.subscription(order_id).id)[0]
    ticket = refund.ask(runtime, shop.ada, paid.id, "1.00", "Broken")
    with runtime.database.read() as connection:
        store = stores.get(connection, waffo.store_id)
    session = checkout.create(runtime, store, "prod", Asked(product=shop.plans["pro"], currency="EUR"))
    hook = webhook_out.create(runtime, shop.store, url="https://shop.example/hook", format="waffo", actor="test")
    with runtime.database.read() as connection:
        document_id = documents.for_order(connection, shop.ada, order_id)[0].id
    return {
        "storeId": waffo.store_id, "productId": shop.factory.product(shop.store), "plan": shop.plans["pro"],
        "group": str(decode(shop.group)),
        "orderId": order_id, "originOrderId": order_id, "paymentId": paid.id, "ticketId": ticket.id, "documentId": document_id,
        "checkoutSessionId": f"cs_{decode(session.id)}", "productIds": [shop.plans["pro"]], "webhook": str(decode(hook.id)),
    }  # fmt: skip


def foreign(action: Action, name: str, theirs: dict[str, Any]) -> Any:
    """What a field of an action would name, were it one's own."""
    if name != "id":
        return theirs["plan" if name == "productId" and "subscription" in action.name else name]
    service, verb = action.name.split("/")
    return theirs["webhook" if verb.endswith("-webhook") else _OF_ID[service]]


def nobodys(value: Any) -> Any:
    if isinstance(value, list):
        return [nobodys(value[0])]
    if value.count("-") == 4:
        return value[:-12] + "0" * 12
    return value[:-22] + RANDOM


def test_another_merchants_ids_are_nobodys(waffo: Waffo, theirs: dict[str, Any], other_pair: tuple[bytes, str]) -> None:
    stranger = waffo.shop.factory.store(environment="prod", slug="elsewhere")
    waffo_key.add(waffo.runtime, stranger, other_pair[1])
    with waffo.runtime.database.read() as connection:
        merchant_id = stores.get(connection, stranger.store_id).merchant_id
    own = {"storeId": stranger.store_id, "productId": waffo.shop.factory.product(stranger)}
    before, tried = rows(waffo), 0
    for action in ACTIONS.values():
        if "merchant" not in action.roles:
            continue
        taken = [field.name for field in action.fields]
        for name in [name for name in NAMES if name in taken and not action.name.startswith("store-merchant")]:
            answers = []
            for value in (foreign(action, name, theirs), nobodys(foreign(action, name, theirs))):
                body = _body(action, theirs, own) | {name: value}
                if "reason" in body:  # of money the very same request is answered once
                    body["reason"] = f"Broken {tried} {len(answers)}"
                path, raw = f"/v1/actions/{action.name}", json.dumps(body).encode()
                headers = {**waffo.headers(path, raw, key=other_pair[0]), "X-Merchant-Id": merchant_id}
                answers.append(waffo.post(action.name, raw, headers))
            assert answers[0] == answers[1], (action.name, name)
            assert answers[0][0] in (404, 501), (action.name, name, answers[0])
            tried += 1
    assert tried > 30
    assert rows(waffo) == before


def test_another_buyers_ids_are_nobodys(waffo: Waffo, theirs: dict[str, Any]) -> None:
    waffo.shop.factory.buyer(waffo.shop.store, external_id="user-2")
    token, _ = waffo_token.issue(waffo.runtime, waffo.shop.store, "user-2")
    headers = {"Authorization": f"Bearer {token}", "X-Environment": "prod"}
    before, tried = rows(waffo), 0
    for action in ACTIONS.values():
        taken = [field.name for field in action.fields]
        if "customer" not in action.roles:
            continue
        for name in [each for each in ("orderId", "originOrderId", "paymentId", "ticketId", "documentId") if each in taken]:
            answers = []
            for value in (foreign(action, name, theirs), nobodys(foreign(action, name, theirs))):
                body = _body(action, theirs, {"productId": theirs["plan"]}) | {name: value}
                answers.append(waffo.post(action.name, body, headers))
            assert answers[0] == answers[1], (action.name, name)
            assert answers[0][0] in (403, 501), (action.name, name, answers[0])
            tried += 1
    assert tried >= 8
    assert rows(waffo) == before


def _body(action: Action, theirs: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """A body that the action takes: what is one's own where there is some."""
    body: dict[str, Any] = {}
    for field in action.fields:
        if field.required or field.name == "buyerIdentity":
            body[field.name] = _value(action, field.name, theirs, own)
    return body


def _value(action: Action, name: str, theirs: dict[str, Any], own: dict[str, Any]) -> Any:
    if name in own:
        return own[name]
    return FIELDS[name] if name in FIELDS else foreign(action, name, theirs)
