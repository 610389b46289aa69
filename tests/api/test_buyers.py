"""Buyers by the API: found, made and changed, with every wrong field at once."""

from datetime import timedelta

import pytest

from portico.services import secrets
from portico.services.runtime import Runtime
from portico.storage import session, tables
from portico.storage.database import Database
from tests.api.conftest import EMAIL, Program, Shop
from tests.conftest import SteppingClock


def test_a_buyer_is_found_by_any_spelling_of_the_address(api: Program, shop: Shop) -> None:
    found = api.get("/v1/buyers?email=ADA%40Example.com").json["data"]
    assert [(each["id"], each["email"], each["external_id"]) for each in found] == [(shop.buyer.buyer_id, EMAIL, "user-1")]
    assert [each["id"] for each in api.get("/v1/buyers?external_id=user-1").json["data"]] == [shop.buyer.buyer_id]
    assert api.get("/v1/buyers?external_id=user-2").json["data"] == []


def test_a_buyer_is_made_with_billing_details(api: Program, runtime: Runtime) -> None:
    detail = {
        "country": "de",
        "is_business": True,
        "business_name": "Engines GmbH",
        "tax_id": "136 695 976",
        "copy_emails": ["b@example.com"],
    }
    made = api.post("/v1/buyers", {"email": "Grace@Example.COM", "name": " Grace ", "locale": "pt", "billing_detail": detail})
    assert made.status == 201
    assert {name: made.json[name] for name in ("email", "name", "locale", "external_id")} == {
        "email": "grace@example.com",
        "name": "Grace",
        "locale": "pt-BR",
        "external_id": None,
    }
    kept = api.get(f"/v1/buyers/{made.json['id']}/billing-detail").json
    assert kept["version"] == 1
    assert (kept["billing_detail"]["tax_id"], kept["billing_detail"]["copy_emails"]) == ("DE136695976", ["b@example.com"])
    with runtime.database.read() as tx:
        told = tx.execute(tables.event.select()).all()
    assert [(each.type, each.subject_id, each.buyer_id) for each in told] == [("buyer.created", made.json["id"], made.json["id"])]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_all_that_is_wrong_is_told_at_once(api: Program, database: Database) -> None:
    wrong = {"email": "no address", "locale": "tlh", "external_id": " x", "billing_detail": {"country": "US", "postal_code": "1"}}
    answer = api.post("/v1/buyers", wrong)
    assert answer.status == 422
    assert {(each["field"], each["code"]) for each in answer.json["errors"]} >= {
        ("email", "email_format"),
        ("locale", "language_unknown"),
        ("external_id", "external_id_format"),
        ("billing_detail/postal_code", "postal_code_format"),
        ("billing_detail/state", "required"),
    }


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_no_two_buyers_share_an_address_or_an_id(api: Program, shop: Shop, database: Database) -> None:
    other = api.post("/v1/buyers", {"email": "grace@example.com", "external_id": "user-2"}).json["id"]
    taken = [
        api.post("/v1/buyers", {"email": "ADA@example.com"}),
        api.post("/v1/buyers", {"email": "new@example.com", "external_id": "user-1"}),
        api.patch(f"/v1/buyers/{other}", {"email": EMAIL}),
        api.patch(f"/v1/buyers/{other}", {"external_id": "user-1"}),
    ]
    assert [each.json["code"] for each in taken] == ["email_taken", "external_id_taken"] * 2
    assert api.patch(f"/v1/buyers/{other}", {"email": "GRACE@example.com", "external_id": None}).json["external_id"] is None


def _sign_in(runtime: Runtime, shop: Shop, token: str) -> None:
    now = runtime.clock()
    with runtime.database.transaction() as tx:
        session.create(tx, shop.buyer, token_hash=secrets.hash_token(token), now=now, expires_at=now + timedelta(minutes=30))


def _is_signed_in(runtime: Runtime, token: str) -> bool:
    with runtime.database.read() as tx:
        found = session.find(tx, secrets.hash_token(token))
    return found is not None and found.ended_at is None


def test_another_address_ends_the_sessions_and_another_name_does_not(api: Program, shop: Shop, runtime: Runtime) -> None:
    path = f"/v1/buyers/{shop.buyer.buyer_id}"
    _sign_in(runtime, shop, "first")
    assert api.patch(path, {"name": "Ada King", "locale": "fr"}).json["name"] == "Ada King"
    assert _is_signed_in(runtime, "first")
    assert api.patch(path, {"email": "ada.king@example.com"}).json["email"] == "ada.king@example.com"
    assert not _is_signed_in(runtime, "first")
    _sign_in(runtime, shop, "second")
    assert api.post(f"{path}/sign-out").status == 204
    assert not _is_signed_in(runtime, "second")


def test_billing_details_are_changed_field_by_field_and_checked_as_a_whole(api: Program, shop: Shop, clock: SteppingClock) -> None:
    path = f"/v1/buyers/{shop.buyer.buyer_id}/billing-detail"
    before = api.get(path).json
    changed = api.patch(path, {"billing_detail": {"city": "Potsdam", "postal_code": "14467"}, "version": before["version"]})
    assert changed.json == {"billing_detail": before["billing_detail"] | {"city": "Potsdam", "postal_code": "14467"}, "version": 2}
    stale = api.patch(path, {"billing_detail": {"city": "Köln"}, "version": 1})
    wrong = api.patch(path, {"billing_detail": {"country": "US"}})
    assert (stale.status, stale.json["code"]) == (409, "conflict")
    assert (wrong.status, {each["field"] for each in wrong.json["errors"]}) == (422, {"billing_detail/state"})
    assert api.get(path).json == changed.json
