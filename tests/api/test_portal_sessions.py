"""`POST /v1/portal-sessions`: what it answers, what it keeps, and what it tells a developer who asks for the wrong thing."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from portico.services.runtime import Runtime
from portico.storage import store as stores
from portico.storage import tables
from tests.api.conftest import EMAIL, Program, Shop
from tests.conftest import SteppingClock
from tests.factories import Factory

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
PATH = "/v1/portal-sessions"


def everything(runtime: Runtime) -> str:
    """Every row there is."""
    with runtime.database.read() as tx:
        return repr([tuple(row) for table in tables.metadata.sorted_tables for row in tx.execute(sa.select(table))])


def test_one_call_opens_the_portal(api: Program, shop: Shop, runtime: Runtime) -> None:
    answer = api.post(PATH, {"buyer": {"email": EMAIL}, "return_url": "http://localhost:3000/account"})
    made = answer.json
    assert answer.status == 201
    assert made["url"].startswith("https://portal.test/test/nordlicht/portal/enter#t=")
    assert made == {
        "id": made["id"], "url": made["url"], "portal_url": "https://portal.test/test/nordlicht/portal",
        "expires_at": "2026-03-14T09:31:53.589793Z", "created_at": "2026-03-14T09:26:53.589793Z", "buyer_id": shop.buyer.buyer_id,
        "flow": "overview", "subscription_id": None, "document_id": None, "product_id": None,
        "return_url": "http://localhost:3000/account", "locale": None,
    }  # fmt: skip


def test_a_repeated_request_gets_the_same_link_and_no_copy_of_it_is_kept(api: Program, runtime: Runtime, clock: SteppingClock) -> None:
    body = {"buyer": {"external_id": "user-1"}}
    first = api.post(PATH, body, idempotency="click-1")
    clock.advance(seconds=60)
    again = api.post(PATH, body, idempotency="click-1")
    assert (first.status, again.status, first.body) == (201, 201, again.body)
    assert again.header("idempotent-replayed") == "true"
    token = first.json["url"].partition("#t=")[2]
    assert len(token) == 43
    kept = everything(runtime)
    assert first.json["id"] in kept
    assert token not in kept
    assert api.post(PATH, body).json["url"] != first.json["url"]


def test_flows_are_told_back_by_what_they_are_about(api: Program, shop: Shop, factory: Factory) -> None:
    subscription = factory.subscription(shop.buyer)
    made = api.post(PATH, {"buyer": {"id": shop.buyer.buyer_id}, "flow": "subscription_cancel", "subscription_id": subscription}).json
    assert (made["subscription_id"], made["document_id"]) == (subscription, None)
    assert made["portal_url"] == f"https://portal.test/test/nordlicht/portal/subscriptions/{subscription}/cancel"
    assert EMAIL not in made["portal_url"]


def test_a_developer_is_told_all_that_is_wrong_and_what_to_do(api: Program) -> None:
    wrong: dict[str, Any] = {
        "buyer": {"email": EMAIL, "id": "x"}, "flow": "subscription_cancel", "locale": "klingon", "return_url": "https://evil.example/",
    }  # fmt: skip
    answer = api.post(PATH, wrong)
    assert (answer.status, answer.json["code"]) == (422, "invalid")
    assert {(error["field"], error["code"]) for error in answer.json["errors"]} == {
        ("buyer", "exactly_one_of"), ("subscription_id", "required"), ("locale", "language_unknown"),
        ("return_url", "return_url_not_allowed"),
    }  # fmt: skip
    told = {error["field"]: error["detail"] for error in answer.json["errors"]}
    assert "portico store return-origins" in told["return_url"]
    for unknown in ({"buyer": {"email": EMAIL}, "flow": "home"}, {"buyer": {"email": EMAIL}, "colour": "red"}, {}, {"buyer": {}}):
        assert api.post(PATH, unknown).status == 422, unknown


def test_nobody_is_found_of_another_environment_or_store(
    api: Program, shop: Shop, factory: Factory, runtime: Runtime, program: Callable[..., Program]
) -> None:
    twin = factory.buyer(type(shop.store)(shop.store.store_id, "prod"), email="eve@example.com", external_id="user-9")
    other = factory.buyer(factory.store(slug="other", environment="test"), email="eve@example.com", external_id="user-9")
    random = api.post(PATH, {"buyer": {"id": "BUY_" + "0" * 22}}).json
    assert (random["status"], random["code"]) == (404, "buyer_not_found")
    assert "POST /v1/buyers" in random["detail"]
    for which in ({"id": twin.buyer_id}, {"id": other.buyer_id}, {"email": "eve@example.com"}, {"external_id": "user-9"}):
        foreign = api.post(PATH, {"buyer": which}).json
        assert {**foreign, "request_id": ""} == {**random, "request_id": ""}
    stranger = factory.subscription(twin)
    foreign = api.post(PATH, {"buyer": {"email": EMAIL}, "flow": "subscription_cancel", "subscription_id": stranger})
    assert (foreign.status, foreign.json["code"]) == (404, "not_found")


def test_the_list_of_origins_is_the_stores(api: Program, shop: Shop, runtime: Runtime) -> None:
    body = {"buyer": {"email": EMAIL}, "return_url": "https://Shop.example:443/account?x=1"}
    assert api.post(PATH, body).status == 422
    with runtime.database.transaction() as tx:
        stores.set_return_origins(tx, shop.store.store_id, ["https://shop.example"])
    assert api.post(PATH, body).json["return_url"] == "https://shop.example/account?x=1"


def test_links_lead_to_the_configured_origin_whatever_a_request_says(api: Program) -> None:
    for name in ("x-forwarded-host", "forwarded", "x-forwarded-proto", "origin", "referer"):
        made = api.post(PATH, {"buyer": {"email": EMAIL}}, headers={name: "host=evil.example;proto=http"}).json
        assert made["url"].startswith("https://portal.test/test/nordlicht/portal/enter#t="), name
        assert made["portal_url"] == "https://portal.test/test/nordlicht/portal", name


def test_a_loop_is_stopped_and_told_when_to_come_again(api: Program) -> None:
    for _ in range(60):
        assert api.post(PATH, {"buyer": {"email": EMAIL}}).status == 201
    answer = api.post(PATH, {"buyer": {"email": EMAIL}})
    assert (answer.status, answer.json["code"], answer.header("retry-after")) == (429, "too_many_portal_sessions", "60")
