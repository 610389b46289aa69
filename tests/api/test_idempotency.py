"""Idempotency-Key: a write that comes twice is done once."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from portico.api import products as products_api
from portico.services import api_key
from portico.services.runtime import Runtime
from portico.storage import idempotency
from portico.storage.database import Database
from tests.api.conftest import Program, Shop
from tests.conftest import SteppingClock

PRODUCT = {"name": "Atlas", "kind": "one_time", "prices": [{"currency": "EUR", "amount": "29.00"}]}


def count(api: Program) -> int:
    return len(api.get("/v1/products").json["data"])


def test_the_same_again_is_answered_alike_also_after_a_restart(api: Program, database: Database, runtime: Runtime) -> None:
    first = api.post("/v1/products", PRODUCT, idempotency="a key of 1")
    restarted = Database(database.engine.url.render_as_string(hide_password=False))
    api.lend(replace(runtime, database=restarted))
    again = api.post("/v1/products", PRODUCT, idempotency="a key of 1")
    api.lend(runtime)
    restarted.dispose()
    assert (first.status, first.header("idempotent-replayed")) == (201, None)
    assert (again.status, again.body, again.header("idempotent-replayed")) == (201, first.body, "true")
    assert again.header("content-type") == first.header("content-type")
    assert count(api) == 1


def test_a_problem_that_was_the_answer_stays_the_answer(api: Program, database: Database) -> None:
    first = api.post("/v1/products", {**PRODUCT, "external_id": "x"})
    taken = api.post("/v1/products", {**PRODUCT, "external_id": "x"}, idempotency="k")
    again = api.post("/v1/products", {**PRODUCT, "external_id": "x"}, idempotency="k")
    assert (first.status, taken.status, taken.json["code"]) == (201, 409, "external_id_taken")
    assert (again.status, again.body, again.header("content-type")) == (409, taken.body, "application/problem+json")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_another_request_under_the_same_key_is_refused(api: Program, database: Database) -> None:
    made = api.post("/v1/products", PRODUCT, idempotency="k").json["id"]
    others = [
        api.post("/v1/products", {**PRODUCT, "name": "Borealis"}, idempotency="k"),
        api.patch(f"/v1/products/{made}", PRODUCT | {"kind": None}, idempotency="k2"),
        api.post("/v1/product-groups", {"name": "Plans"}, idempotency="k"),
        api.patch(f"/v1/products/{made}", {"name": "Atlas"}, idempotency="k"),
    ]
    assert [(each.status, each.json["code"]) for each in others if each is not others[1]] == [(422, "idempotency_key_reused")] * 3
    assert others[1].json["code"] == "invalid"
    assert count(api) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_keys_of_the_other_environment_are_other_keys(
    api: Program, shop: Shop, runtime: Runtime, program: Callable[..., Program], database: Database
) -> None:
    live = program(api_key.create(runtime, replace(shop.store, environment="prod"), name="live").text)
    assert api.post("/v1/products", PRODUCT, idempotency="k").json["id"] != live.post("/v1/products", PRODUCT, idempotency="k").json["id"]


def test_while_it_is_being_answered_it_waits_and_a_crash_is_taken_over(
    api: Program, shop: Shop, database: Database, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    original = products_api.catalog_service.create_product
    met: list[Any] = []

    def killed(*args: Any, **kwargs: Any) -> Any:
        met.append(api_within(api))
        raise Killed

    def api_within(program: Program) -> Any:
        return in_flight_by(database, shop, clock)

    monkeypatch.setattr(products_api.catalog_service, "create_product", killed)
    with pytest.raises(BaseException):  # noqa: B017, PT011  # the process dies; how the test's own event loop tells it is not our matter
        api.post("/v1/products", PRODUCT, idempotency="k")
    assert met == ["in_flight"]
    monkeypatch.setattr(products_api.catalog_service, "create_product", original)
    waiting = api.post("/v1/products", PRODUCT, idempotency="k")
    assert (waiting.status, waiting.json["code"]) == (409, "idempotency_in_flight")
    clock.advance(seconds=121)
    assert api.post("/v1/products", PRODUCT, idempotency="k").status == 201
    assert api.post("/v1/products", PRODUCT, idempotency="k").header("idempotent-replayed") == "true"
    assert count(api) == 1


def in_flight_by(database: Database, shop: Shop, clock: SteppingClock) -> str:
    """How claiming the key goes for whoever comes while it is being answered."""
    with database.read() as tx:
        found = tx.exec_driver_sql("SELECT request_hash FROM idempotency_key").one()
    with database.transaction() as tx:
        claim = idempotency.Claim("native", "k", clock.time)
        return idempotency.begin(tx, shop.store, claim, request_hash=bytes(found[0]), keeps_for_ever=False).outcome


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_failure_of_ours_frees_the_key(api: Program, monkeypatch: pytest.MonkeyPatch, database: Database) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(products_api.catalog_service, "create_product", lambda *_, **__: 1 / 0)
        assert api.post("/v1/products", PRODUCT, idempotency="k").status == 500
    assert api.post("/v1/products", PRODUCT, idempotency="k").status == 201


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_moves_money_needs_a_key_and_a_dry_run_none(api: Program, database: Database) -> None:
    path = "/v1/subscriptions/SUB_0000000000000000000000/pay"
    missing = api.post(path)
    assert (missing.status, missing.json["code"]) == (400, "idempotency_key_required")
    assert api.post(f"{path}?dry_run=true").status == 404
    for key in ("", "x" * 256, "clé"):
        assert api.post(path, idempotency=key).json["code"] == "idempotency_key_invalid"
