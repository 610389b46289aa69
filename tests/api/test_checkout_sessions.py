"""Selling by the API: a checkout session from its beginning to its end, and orders that are called off."""

from collections.abc import Callable

import pytest

from portico.services.runtime import Runtime
from portico.storage import store as stores
from tests.api.conftest import Program
from tests.api.plans import Desk, open_desk
from tests.bank import BankGateway
from tests.conftest import SteppingClock
from tests.factories import Factory
from tests.services.checkouts import Counter, counter_of

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def desk(runtime: Runtime, factory: Factory, gateway: BankGateway, clock: SteppingClock, program: Callable[..., Program]) -> Desk:
    desk = open_desk(runtime, factory, gateway, clock, program)
    desk.api.lend(desk.shop.runtime)
    return desk


@pytest.fixture
def counter(desk: Desk) -> Counter:
    return counter_of(desk.shop)


def test_a_session_is_opened_read_paid_for_and_told_of(desk: Desk, counter: Counter) -> None:
    shop = desk.shop
    with shop.runtime.database.transaction() as tx:
        stores.set_return_origins(tx, shop.store.store_id, ["https://shop.example"])
    asked = {
        "product_id": counter.book, "currency": "EUR", "quantity": 2, "unit_amount": "15.00", "email": "grace@example.com",
        "billing_detail": {"country": "DE"}, "success_url": "https://shop.example/ok?a=1#top", "metadata": {"campaign": "spring"},
        "order_external_id": "A-1", "theme": "dark", "locale": "de", "expires_in_seconds": 3600,
    }  # fmt: skip
    answer = desk.api.post("/v1/checkout-sessions", asked, idempotency="once")
    assert answer.status == 201, answer.text
    made = answer.json
    assert made["url"] == f"https://portal.test/nordlicht-plans/portal/checkout/{made['id']}"
    assert (made["status"], made["unit_amount"], made["quantity"], made["order_id"]) == ("open", "15.00", 2, None)
    assert desk.api.post("/v1/checkout-sessions", asked, idempotency="once").json == made
    counter.buy(counter.offered(made["id"]))
    read = desk.api.get(f"/v1/checkout-sessions/{made['id']}").json
    assert (read["status"], read["buyer_id"] is not None) == ("completed", True)
    order = desk.api.get(f"/v1/orders/{read['order_id']}").json
    assert (order["total"], order["checkout_session_id"], order["metadata"]) == ("30.00", made["id"], {"campaign": "spring"})
    assert [each["id"] for each in desk.api.get("/v1/checkout-sessions?status=completed").json["data"]] == [made["id"]]
    refused = desk.api.post(f"/v1/checkout-sessions/{made['id']}/expire")
    assert (refused.status, refused.json["code"]) == (409, "checkout_completed")
    tried = desk.api.post(f"/v1/orders/{read['order_id']}/cancel?dry_run=true").json
    assert (tried["possible"], tried["reason"]["code"]) == (False, "order_not_pending")


def test_what_is_wrong_is_told_by_field(desk: Desk, counter: Counter) -> None:
    asked = {"product_id": counter.book, "currency": "USD", "quantity": 6, "cancel_url": "https://x.example/"}
    answer = desk.api.post("/v1/checkout-sessions", asked)
    assert answer.status == 422
    assert {(each["field"], each["code"]) for each in answer.json["errors"]} == {
        ("currency", "price_in_currency"), ("quantity", "quantity_not_offered"), ("cancel_url", "return_url_not_allowed"),
    }  # fmt: skip
    for amount, quantity, is_wrong in (("15.001", 1, True), ("99999999999999999.99", 1, True), ("999999999999999.99", 5, False)):
        asked = {"product_id": counter.book, "currency": "EUR", "quantity": quantity, "unit_amount": amount}
        answer = desk.api.post("/v1/checkout-sessions", asked)
        assert answer.status == (422 if is_wrong else 201), answer.text
        assert not is_wrong or [each["field"] for each in answer.json["errors"]] == ["unit_amount"]


def test_an_offer_is_taken_back_and_an_order_called_off(desk: Desk, counter: Counter) -> None:
    offered = [desk.api.post("/v1/checkout-sessions", {"product_id": counter.book, "currency": "EUR"}).json["id"] for _ in range(2)]
    for each in offered:
        counter.place(counter.offered(each))
    expired = desk.api.post(f"/v1/checkout-sessions/{offered[0]}/expire").json
    assert expired["status"] == "expired"
    assert desk.api.get(f"/v1/orders/{expired['order_id']}").json["status"] == "canceled"
    waiting = desk.api.get(f"/v1/checkout-sessions/{offered[1]}").json
    assert desk.api.post(f"/v1/orders/{waiting['order_id']}/cancel?dry_run=true").json == {"possible": True, "reason": None}
    assert desk.api.post(f"/v1/orders/{waiting['order_id']}/cancel").json["status"] == "canceled"
    assert desk.api.get(f"/v1/checkout-sessions/{offered[1]}").json["status"] == "expired"
