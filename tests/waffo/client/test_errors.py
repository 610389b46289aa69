"""What goes wrong reaches a shop as the published client's own error, with the status, message and layer that it knows."""

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from portico.services import rsa
from portico.storage import tables
from tests.conftest import SteppingClock
from tests.waffo.client.conftest import Server, Waffo
from tests.waffo.client.test_orders import customer
from tests.waffo.sdk import Sdk, Thrown

NOBODYS = "0000000000000000000000"


def thrown(sdk: Sdk, method: str, *asked: Any, **options: Any) -> tuple[int | None, str, str]:
    with pytest.raises(Thrown) as error:
        sdk(method, *asked, **options)
    assert error.value.kind == "WaffoPancakeError", error.value
    return error.value.status, error.value.errors[0]["message"], error.value.errors[0]["layer"]


def test_by_layer(sdk: Sdk, waffo: Waffo, other_pair: tuple[bytes, str], clock: SteppingClock) -> None:
    order_id, token = waffo.subscribe(), customer(sdk, waffo)
    mine, nobodys = {"orderId": order_id}, {"orderId": f"ORD_{NOBODYS}"}
    plan = waffo.shop.plans["pro"]
    assert thrown(sdk, "orders.cancelSubscription", mine, privateKey=rsa.as_pem(other_pair[0])) == (401, "Authentication failed", "gateway")
    assert thrown(sdk, "cancelSubscription", mine, token=token, environment="test") == (401, "Authentication failed", "gateway")
    assert thrown(sdk, "cancelSubscription", mine, token="x.y.z") == (401, "Authentication failed", "gateway")
    assert thrown(sdk, "cancelSubscription", nobodys, token=token) == (403, "Order does not belong to user", "order")
    assert thrown(sdk, "orders.cancelSubscription", nobodys) == (404, "Order not found", "order")
    assert thrown(sdk, "auth.issueSessionToken", {"storeId": f"STO_{NOBODYS}", "buyerIdentity": "x"}) == (404, "Store not found", "user")
    assert thrown(sdk, "subscriptionProducts.publish", {"id": f"PROD_{NOBODYS}"}) == (404, "Product not found", "product")
    assert thrown(sdk, "onetimeProducts.update", {"id": plan, "name": "Other kind"}) == (404, "Product not found", "product")
    yearly = thrown(sdk, "subscriptionProducts.update", {"id": plan, "billingPeriod": "yearly"})
    assert yearly == (400, "billingPeriod of a product cannot be changed", "product")
    paid = thrown(sdk, "subscriptionProducts.update", {
        "id": plan, "prices": {"EUR": {"amount": "9.00", "taxCategory": "saas", "trialAmount": "1.00"}},
    })  # fmt: skip
    assert paid[0] == 400
    assert "trialAmount is not supported" in paid[1]
    ticket = {"paymentId": f"PAY_{NOBODYS}", "reason": "x", "requestedAmount": {"amount": "1.00", "currency": "EUR"}}
    assert thrown(sdk, "createRefundTicket", ticket, token=token) == (403, "Payment does not belong to user", "ticket")
    clock.advance(seconds=301)
    assert thrown(sdk, "cancelSubscription", mine, token=token) == (401, "Token has expired", "user")


@pytest.mark.parametrize("process", ["0.25.0"], indirect=True)  # the other makes keys of its own
def test_keys_and_limits(sdk: Sdk, waffo: Waffo, server: Server) -> None:
    assert thrown(sdk, "contentSafety.scanPrompt", {"prompt": "a cat"}) == (501, "Not implemented", "gateway")
    said = thrown(sdk, "stores.create", {"name": "One"}, {"idempotencyKey": "no spaces"})
    assert said == (400, "Invalid X-Idempotency-Key", "gateway")
    first = sdk("stores.create", {"name": "One"}, {"idempotencyKey": "k-1"})
    assert sdk("stores.create", {"name": "One"}, {"idempotencyKey": "k-1"}) == first
    with waffo.runtime.database.transaction() as tx:
        table = tables.idempotency_key
        tx.execute(sa.update(table).values(finished_at=None, status=None, body=None, headers=None))
    in_flight = (409, "A request with this idempotency key is being answered", "gateway")
    assert thrown(sdk, "stores.create", {"name": "One"}, {"idempotencyKey": "k-1"}) == in_flight
    server.serve(replace(waffo.runtime, api_requests_per_minute=1))
    assert thrown(sdk, "stores.create", {"name": "Two"}) == (429, "Too many requests", "gateway")
