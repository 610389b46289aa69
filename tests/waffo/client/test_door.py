"""Who is let in, who is not, and what comes of asking twice."""

import json
import time
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portico.services import waffo_key, waffo_token
from portico.storage import tables
from tests.conftest import SteppingClock
from tests.waffo.client.conftest import SLUG, Waffo

TOKEN = "auth/issue-session-token"
CANCEL = "subscription-order/cancel-order"


def message(answer: tuple[int, dict[str, Any]]) -> tuple[int, str]:
    status, envelope = answer
    assert envelope["data"] is None
    assert {"message", "layer"} <= envelope["errors"][0].keys()
    return status, envelope["errors"][0]["message"]


def rows(waffo: Waffo) -> dict[str, int]:
    """How many rows there are of everything a request could write, but the counts of requests."""
    with waffo.runtime.database.read() as connection:
        counted = [table for table in tables.metadata.sorted_tables if table.name not in ("rate_limit", "merchant_key")]
        return {table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() or 0 for table in counted}


def forged(waffo: Waffo, other: bytes, body: bytes, path: str) -> list[dict[str, str]]:
    """Headers that open nothing, though they look like it."""
    good, now = waffo.headers(path, body), int(time.time())
    return [
        {**good, "X-Signature": good["X-Signature"][:-6] + "AAAA=="},
        {**good, "X-Signature": ""} | {"X-Signature": "!"},
        {**good, "X-Timestamp": str(int(good["X-Timestamp"]) + 1)},
        {**good, "X-Merchant-Id": "MER_0000000000000000000000"},
        {**good, "X-Merchant-Id": "' OR 1=1 --"},
        waffo.headers(path, body + b" "),
        waffo.headers("/v1/actions/store/delete-store", body),
        waffo.headers(path, body, key=other),
        waffo.headers(path, body, stamp=now - 2703),
        waffo.headers(path, body, stamp=now + 3600),
        waffo.headers(path, body, stamp=now * 1000),
        {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1c2VyLTEifQ.", "X-Environment": "prod"},
        {"X-Store-Slug": "nobody", "X-Environment": "prod"},
    ]


def test_what_is_forged_has_one_answer_and_no_effect(waffo: Waffo, other_pair: tuple[bytes, str]) -> None:
    order_id = waffo.subscribe()
    body, path = json.dumps({"orderId": order_id}).encode(), f"/v1/actions/{CANCEL}"
    before = rows(waffo)
    for headers in forged(waffo, other_pair[0], body, path):
        assert message(waffo.post(CANCEL, body, headers)) == (401, "Authentication failed")
    assert waffo.subscription(order_id).status == "active"
    assert rows(waffo) == before
    waffo_key.revoke(waffo.runtime, waffo.store_id, waffo.key_id)
    assert message(waffo.post(CANCEL, body)) == (401, "Authentication failed")


@pytest.mark.prove
@pytest.mark.timeout(900)
def test_ten_thousand_forged_and_replayed(waffo: Waffo, other_pair: tuple[bytes, str], clock: SteppingClock) -> None:
    order_id = waffo.subscribe()
    body, path = json.dumps({"orderId": order_id}).encode(), f"/v1/actions/{CANCEL}"
    spent = waffo.headers(path, body)
    assert waffo.post(CANCEL, body, spent)[0] == 200
    assert waffo.post("subscription-order/reactivate-order", body)[0] == 200
    clock.advance(seconds=30)
    wrong = forged(waffo, other_pair[0], body, path)
    before = rows(waffo)
    for number in range(10_000):
        headers = spent if number % 2 else wrong[number // 2 % len(wrong)]
        assert waffo.post(CANCEL, body, headers)[0] in (401, 409)
    assert rows(waffo) == before
    assert waffo.subscription(order_id).status == "active"


def test_a_request_that_was_overheard_is_worth_nothing(waffo: Waffo, clock: SteppingClock) -> None:
    order_id = waffo.subscribe()
    body, path = json.dumps({"orderId": order_id}).encode(), f"/v1/actions/{CANCEL}"
    spent = waffo.headers(path, body)
    assert waffo.post(CANCEL, body, spent)[0] == 200
    assert message(waffo.post(CANCEL, body, spent)) == (400, "Subscription cannot be canceled, current status: canceling")
    assert waffo.post("subscription-order/reactivate-order", body)[0] == 200
    for later in (timedelta(seconds=11), timedelta(minutes=44)):
        clock.time += later
        assert message(waffo.post(CANCEL, body, spent)) == (409, "This very request was answered before")
    clock.time += timedelta(minutes=2)
    assert message(waffo.post(CANCEL, body, spent)) == (401, "Authentication failed")
    assert waffo.subscription(order_id).status == "active"


def test_credentials_that_are_not_whole(waffo: Waffo) -> None:
    body = {"orderId": "ORD_0000000000000000000000"}
    cases = [
        ({}, 401, "Missing authentication"),
        ({"Authorization": "Bearer x"}, 400, "Incomplete JWT authentication headers"),
        ({"X-Store-Slug": SLUG}, 400, "Incomplete store slug headers"),
        ({"X-Merchant-Id": waffo.merchant_id, "X-Timestamp": "1"}, 400, "Incomplete API key authentication headers"),
        ({"X-Store-Slug": SLUG, "X-Environment": "live"}, 400, "Invalid X-Environment"),
        ({"X-Store-Slug": SLUG, "Authorization": "Bearer x", "X-Environment": "prod"}, 400, "More than one kind of credential"),
        ({"X-Store-Slug": SLUG, "X-Environment": "prod"}, 400, "Missing X-Context-Buyer-Identity header"),
    ]
    for headers, status, said in cases:
        assert message(waffo.post(CANCEL, body, headers)) == (status, said)
    assert message(waffo.post(TOKEN, {}, {"X-Store-Slug": SLUG, "X-Environment": "prod"})) == (400, "Missing X-Context-Merchant-Id header")
    assert message(waffo.post("checkout/preview-trial", {})) == (400, "Missing X-Context-Visiting-Store-Id header")


def test_tokens(waffo: Waffo, clock: SteppingClock) -> None:
    order_id = waffo.subscribe()
    ada, _ = waffo_token.issue(waffo.runtime, waffo.shop.store, "ADA@example.com")
    grace, _ = waffo_token.issue(waffo.runtime, waffo.shop.store, "grace@example.com")
    body = {"orderId": order_id}
    headers = {"Authorization": f"Bearer {ada}", "X-Environment": "prod"}
    assert message(waffo.post(CANCEL, body, {**headers, "X-Environment": "test"})) == (401, "Authentication failed")
    stranger = {**headers, "Authorization": f"Bearer {grace}"}
    for asked in (body, {"orderId": "ORD_0000000000000000000000"}):
        assert message(waffo.post(CANCEL, asked, stranger)) == (403, "Order does not belong to user")
    assert waffo.post(CANCEL, body, headers)[0] == 200, "an e-mail address is an identity, too"
    clock.advance(seconds=301)
    assert message(waffo.post(CANCEL, body, headers)) == (401, "Token has expired")


def test_bodies(waffo: Waffo) -> None:
    for body in (b"[]", b"{", b"\xff", b"[" * 20_000, b"null"):
        assert message(waffo.post(CANCEL, body)) == (400, "The request body must be a JSON object")
    assert message(waffo.post(CANCEL, {})) == (400, "Missing required field: orderId")
    assert message(waffo.post(CANCEL, {"orderId": "SUB_1"})) == (400, 'Expected format: ORD_xxx, got "SUB_1"')
    assert message(waffo.post(CANCEL, {"orderId": 7})) == (400, 'Expected format: ORD_xxx, got "int"')
    _, envelope = waffo.post("refund-ticket/create-ticket", {"requestedAmount": {"amount": "1,5"}})
    assert [error["message"] for error in envelope["errors"]] == [
        "Missing required field: paymentId",
        "Missing required field: reason",
        'Invalid requestedAmount.amount: expected a decimal string such as "29.00"',
    ]
    assert message(waffo.post("store/create-store", {"name": "x" * 49})) == (400, "name must not exceed 48 characters")
    assert message(waffo.post("no/such-thing", {}))[0] == 404
    assert message(waffo.post("a/b/c", {}))[0] == 404
    assert message(waffo.post(CANCEL, b" " * 300_000))[0] == 413


def test_keys_of_idempotency(waffo: Waffo, clock: SteppingClock) -> None:
    def create(name: str, key: str) -> tuple[int, dict[str, Any]]:
        raw = json.dumps({"name": name}).encode()
        return waffo.post("store/create-store", raw, {**waffo.headers("/v1/actions/store/create-store", raw), "X-Idempotency-Key": key})

    first = create("One", "k-1")
    assert first[0] == 200
    assert create("Another", "k-1") == first, "the key alone says what is meant"
    assert create("Another", "k-2") != first
    assert message(create("Two", "no spaces")) == (400, "Invalid X-Idempotency-Key")
    assert message(create("", "k-3")) == (400, "name cannot be empty")
    assert create("Three", "k-3")[0] == 200, "what failed leaves its key free"
    clock.advance(hours=25)
    raw = json.dumps({"name": "Later"}).encode()
    headers = waffo.headers("/v1/actions/store/create-store", raw, stamp=int(clock().timestamp()))
    later = waffo.post("store/create-store", raw, {**headers, "X-Idempotency-Key": "k-1"})
    assert later[1]["data"]["store"]["name"] == "Later", "a day later it is forgotten"


def test_what_is_kept_for_a_repeated_request_opens_nothing(waffo: Waffo) -> None:
    raw = json.dumps({"storeId": waffo.store_id, "buyerIdentity": "user-1"}).encode()
    headers = {**waffo.headers(f"/v1/actions/{TOKEN}", raw), "X-Idempotency-Key": "k"}
    first = waffo.post(TOKEN, raw, headers)
    assert waffo.post(TOKEN, raw, {**waffo.headers(f"/v1/actions/{TOKEN}", raw), "X-Idempotency-Key": "k"}) == first
    token = first[1]["data"]["token"]
    with waffo.runtime.database.read() as connection:
        kept = connection.execute(sa.select(tables.idempotency_key)).mappings().all()
    assert len(kept) == 1
    assert token not in repr(kept)


def test_a_key_in_flight(waffo: Waffo) -> None:
    with waffo.runtime.database.transaction() as tx:
        row = {"store_id": waffo.store_id, "environment": "prod", "surface": "waffo", "credential": waffo.merchant_id, "key": "k"}
        more = {"request_hash": b"0" * 32, "keeps_for_ever": False, "started_at": waffo.runtime.clock()}
        tx.execute(sa.insert(tables.idempotency_key), row | more)
    raw = json.dumps({"name": "One"}).encode()
    headers = {**waffo.headers("/v1/actions/store/create-store", raw), "X-Idempotency-Key": "k"}
    assert waffo.post("store/create-store", raw, headers)[0] == 409
