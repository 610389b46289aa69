"""Products and groups by the API."""

from typing import Any

import pytest

from portico.storage.database import Database
from tests.api.conftest import Program

PLAN = {"name": "Atlas Pro", "kind": "subscription", "interval": "month", "prices": [{"currency": "EUR", "amount": "29.00"}]}


def errors(answer: Any) -> set[tuple[str, str]]:
    assert answer.status == 422, answer.text
    return {(each["field"], each["code"]) for each in answer.json["errors"]}


def test_a_product_is_made_changed_and_counted(api: Program) -> None:
    prices = [{"currency": "JPY", "amount": "4500"}, {"currency": "EUR", "amount": "29"}, {"currency": "KWD", "amount": "9.125"}]
    made = api.post("/v1/products", {**PLAN, "prices": prices, "trial_days": 14, "external_id": "pro", "metadata": {"tier": "2"}})
    assert (made.status, made.json["version"], made.json["trial_days"], made.json["metadata"]) == (201, 1, 14, {"tier": "2"})
    assert made.json["prices"] == [
        {"currency": "EUR", "amount": "29.00"},
        {"currency": "JPY", "amount": "4500"},
        {"currency": "KWD", "amount": "9.125"},
    ]
    path = f"/v1/products/{made.json['id']}"
    changed = api.patch(path, {"prices": [{"currency": "EUR", "amount": "31.00"}], "active": False})
    assert (changed.json["version"], changed.json["prices"], changed.json["active"]) == (2, [{"currency": "EUR", "amount": "31.00"}], False)
    assert api.patch(path, {"active": False}).json["version"] == 2
    assert api.get(path).json == changed.json
    assert api.get("/v1/products?active=true").json["data"] == []
    assert [each["id"] for each in api.get("/v1/products?kind=subscription&active=false").json["data"]] == [made.json["id"]]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_a_product_must_hold_to(api: Program, database: Database) -> None:
    prices = [
        {"currency": "EUR", "amount": "29.001"},
        {"currency": "XXX", "amount": "1"},
        {"currency": "USD", "amount": "1"},
        {"currency": "USD", "amount": "2"},
        {"currency": "JPY", "amount": "999999999999999"},
    ]
    assert errors(api.post("/v1/products", {**PLAN, "interval": None, "prices": prices, "quantity_min": 5, "quantity_max": 2})) == {
        ("prices/0/amount", "amount_format"),
        ("prices/1/currency", "currency_unknown"),
        ("prices/3/currency", "currency_twice"),
        ("prices/4/amount", "amount_range"),
        ("interval", "interval"),
        ("quantity_max", "quantity_range"),
    }
    once = {"name": "Map", "kind": "one_time", "prices": PLAN["prices"], "trial_days": 3, "interval": "month"}
    assert errors(api.post("/v1/products", once)) == {("interval", "interval"), ("trial_days", "only_subscriptions")}
    assert errors(api.post("/v1/products", {**PLAN, "name": "  "})) == {("name", "name_format")}
    assert api.get("/v1/products").json["data"] == []


def test_a_group_has_its_plans_and_goes_when_it_has_none(api: Program) -> None:
    small, large = (api.post("/v1/products", {**PLAN, "name": name}).json["id"] for name in ("Small", "Large"))
    first = api.post("/v1/product-groups", {"name": "Plans", "product_ids": [small, large], "shared_trial": True})
    assert (first.status, first.json["product_ids"], first.json["shared_trial"]) == (201, [small, large], True)
    path = f"/v1/product-groups/{first.json['id']}"
    other = api.post("/v1/product-groups", {"name": "Other", "product_ids": [large]}).json
    assert api.get(path).json["product_ids"] == [small]
    assert api.delete(path).json["code"] == "group_not_empty"
    assert api.patch(path, {"product_ids": [], "name": "None"}).json["product_ids"] == []
    assert api.delete(path).status == 204
    assert api.get(path).status == 404
    assert [each["id"] for each in api.get("/v1/product-groups").json["data"]] == [other["id"]]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_only_plans_of_the_store_go_into_a_group(api: Program, database: Database) -> None:
    once = api.post("/v1/products", {"name": "Map", "kind": "one_time", "prices": PLAN["prices"]}).json["id"]
    wrong = {"name": "Plans", "product_ids": [once, "PROD_0000000000000000000000", "nonsense"]}
    assert errors(api.post("/v1/product-groups", wrong)) == {("product_ids/2", "value")}
    assert errors(api.post("/v1/product-groups", {**wrong, "product_ids": wrong["product_ids"][:2]})) == {
        ("product_ids/0", "only_subscriptions"),
        ("product_ids/1", "not_found"),
    }
    assert errors(api.patch(f"/v1/products/{once}", {"group_id": "GRP_0000000000000000000000"})) == {
        ("group_id", "only_subscriptions"),
        ("group_id", "not_found"),
    }


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_names_of_ones_own_are_unique(api: Program, database: Database) -> None:
    for path, body in (("/v1/products", PLAN), ("/v1/product-groups", {"name": "Plans"})):
        first = api.post(path, {**body, "external_id": "mine"}).json
        second = api.post(path, body).json
        assert second["external_id"] == second["id"]
        assert api.post(path, {**body, "external_id": "mine"}).json["code"] == "external_id_taken"
        assert api.patch(f"{path}/{second['id']}", {"external_id": "mine"}).json["code"] == "external_id_taken"
        assert api.patch(f"{path}/{first['id']}", {"external_id": "mine"}).status == 200
