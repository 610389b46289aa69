"""The door: keys, versions, limits, and what is refused before an operation sees it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import structlog

from portico.api import products as products_api
from portico.http.security import HEADER_LIMIT_BYTES
from portico.services import api_key
from portico.services.runtime import Runtime
from portico.storage import api_key as keys
from portico.storage.database import Database
from tests.api.conftest import Program, Shop
from tests.conftest import SteppingClock
from tests.web.browser import Answer

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
PRODUCT = {"name": "Atlas", "kind": "one_time", "prices": [{"currency": "EUR", "amount": "29.00"}]}


def without_request_id(answer: Answer) -> tuple[object, ...]:
    told = {name: value for name, value in answer.json.items() if name != "request_id"}
    return answer.status, told, [pair for pair in answer.headers if pair[0] not in ("request-id", "content-length")]


def test_every_answer_says_its_version_its_request_and_what_is_left(api: Program) -> None:
    first, second = api.get("/v1/products"), api.get("/v1/products")
    assert first.json == {"data": [], "has_more": False, "next_cursor": None}
    assert (first.header("portico-version"), first.header("ratelimit-limit")) == ("2026-11-22", "600")
    assert (first.header("ratelimit-remaining"), second.header("ratelimit-remaining")) == ("599", "598")
    assert first.header("request-id") != second.header("request-id")
    assert first.header("cache-control") == "no-store"


def test_whoever_has_no_live_key_gets_one_answer(api: Program, shop: Shop, runtime: Runtime) -> None:
    revoked = api_key.create(runtime, shop.store, name="old")
    api_key.revoke(runtime, shop.store, revoked.id)
    wrong = [None, "", "sk_test_", shop.key[:-1] + "_", shop.key.replace("sk_test_", "sk_prod_"), revoked.text, "x" * 500, shop.key + " x"]
    answers = [api.get("/v1/products", key=key) for key in wrong]
    answers.append(api.get("/v1/products", key=None, headers={"authorization": f"Basic {shop.key}"}))
    answers.append(api.get("/v1/orders/ORD_none", key=None))
    assert {str(without_request_id(answer)) for answer in answers} == {str(without_request_id(answers[0]))}
    assert answers[0].status == 401
    assert answers[0].json["code"] == "api_key_invalid"
    assert answers[0].header("www-authenticate") == "Bearer"


def test_when_a_key_was_used_is_noted_once_a_minute(api: Program, shop: Shop, database: Database, clock: SteppingClock) -> None:
    def noted() -> object:
        with database.read() as tx:
            return keys.list(tx, shop.store)[0].last_used_at

    assert noted() is None
    api.get("/v1/products")
    first = clock.time
    clock.advance(seconds=60)
    api.get("/v1/products")
    assert noted() == first
    clock.advance(seconds=1)
    api.get("/v1/products")
    assert noted() == first + timedelta(seconds=61)


def test_a_key_has_a_limit_that_slides(api: Program, runtime: Runtime, clock: SteppingClock) -> None:
    api.lend(replace(runtime, api_requests_per_minute=4))
    clock.advance(seconds=7)  # 09:27:00
    assert [api.get("/v1/products").status for _ in range(5)] == [200] * 4 + [429]
    refused = api.get("/v1/products")
    assert refused.json["code"] == "rate_limited"
    assert (refused.header("retry-after"), refused.header("ratelimit-remaining")) == ("60", "0")
    clock.advance(seconds=90)  # half a minute into the next one, half of the last one's still count
    assert [api.get("/v1/products").status for _ in range(3)] == [200, 200, 429]
    clock.advance(seconds=150)
    assert api.get("/v1/products").header("ratelimit-remaining") == "3"


def test_wrong_keys_are_limited_by_network_and_lock_nobody_out(api: Program, runtime: Runtime, program: Callable[..., Program]) -> None:
    stranger, elsewhere = program("sk_test_" + "x" * 43), program("sk_test_" + "x" * 43, client="198.51.100.9")
    api.lend(replace(runtime, api_failures_per_minute=3))
    assert [stranger.get("/v1/products").status for _ in range(4)] == [401, 401, 401, 429]
    assert elsewhere.get("/v1/products").status == 401
    assert api.get("/v1/products").status == 200
    neighbours = [program("sk_test_" + "x" * 43, client=f"2001:db8::{number}") for number in range(1, 5)]
    assert [each.get("/v1/products").status for each in neighbours] == [401, 401, 401, 429], "all of a /64 are one"


def test_another_version_is_refused(api: Program) -> None:
    assert api.get("/v1/products", headers={"portico-version": "2026-11-22"}).status == 200
    refused = api.get("/v1/products", headers={"portico-version": "2020-01-01"})
    assert (refused.status, refused.json["code"]) == (400, "version_unknown")


def test_a_problem_is_what_rfc_9457_says(api: Program) -> None:
    answer = api.get("/v1/products/PROD_0000000000000000000000")
    assert answer.header("content-type") == "application/problem+json"
    assert answer.json == {
        "type": "https://portal.test/v1/reference#not_found",
        "title": "Not found",
        "status": 404,
        "code": "not_found",
        "detail": "There is nothing here, or it belongs to another store or environment than the key.",
        "request_id": answer.header("request-id"),
    }


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "code"),
    [
        ("GET", "/v1/nothing", {}, 404, "not_found"),
        ("GET", "/v1", {}, 404, "not_found"),
        ("DELETE", "/v1/products", {}, 405, "method_not_allowed"),
        ("PUT", "/v1/products", {}, 405, "method_not_allowed"),
        ("TRACE", "/openapi.json", {}, 405, "method_not_allowed"),
        ("GET", "/v1/products", {"host": "evil.example"}, 421, "host_unknown"),
        ("GET", "/v1/products", {"x-large": "a" * HEADER_LIMIT_BYTES}, 431, "headers_too_large"),
    ],
)
def test_what_no_operation_sees_is_a_problem_too(
    api: Program, method: str, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    answer = api.send(method, path, headers=headers)
    assert (answer.status, answer.json["code"], answer.json["status"]) == (status, code, status)
    assert answer.header("content-type") == "application/problem+json"
    assert answer.header("portico-version") == "2026-11-22"
    assert answer.json["request_id"] == answer.header("request-id")


def test_a_failure_of_ours_says_nothing_but_where_to_find_it(api: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products_api.products, "page", lambda *_, **__: 1 / 0)
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        answer = api.get("/v1/products")
    assert (answer.status, answer.json["code"]) == (500, "crash")
    assert "ZeroDivision" not in answer.text
    assert [line["request_id"] for line in logs if line["event"] == "crash"] == [answer.json["request_id"]]


def test_head_is_get_without_a_body(api: Program) -> None:
    whole, head = api.get("/v1/products"), api.send("HEAD", "/v1/products")
    assert (head.status, head.body, head.header("content-type")) == (200, b"", whole.header("content-type"))


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "body_invalid"),
        (b"\xff\xfe", "application/json", 400, "body_invalid"),
        (b'{"name": "\xff"}', "application/json", 400, "body_invalid"),
        (b'{"name": "a", "name": "b"}', "application/json", 400, "body_invalid"),
        (b"[" * 30 + b"]" * 30, "application/json", 400, "body_invalid"),
        (b"[" * 600 + b"]" * 600, "application/json", 400, "body_invalid"),
        (b"[" * 30_000 + b"]" * 30_000, "application/json", 400, "body_invalid"),
        (b'{"name": NaN}', "application/json", 400, "body_invalid"),
        (b"name=Atlas", "application/x-www-form-urlencoded", 415, "content_type"),
        (b"{}", "application/json; charset=latin-1", 415, "content_type"),
        (b'{"name": "' + b"a" * 66_000 + b'"}', "application/json", 413, "too_large"),
        (b"[]", "application/json", 422, "invalid"),
        (b"null", "application/json", 422, "invalid"),
        (b"", "application/json", 422, "invalid"),
        (b'{"name": "\\u0000", "kind": "one_time", "prices": []}', "application/json", 422, "invalid"),
    ],
)
def test_a_body_that_cannot_be_read(api: Program, body: bytes, content_type: str, status: int, code: str) -> None:
    answer = api.post("/v1/products", body, content_type=content_type)
    assert (answer.status, answer.json["code"]) == (status, code), answer.text


def test_all_wrong_fields_are_told_at_once_with_where_they_are(api: Program) -> None:
    wrong = {
        "kind": "gift",
        "prices": [{"currency": "EUR", "amount": 29}, {"amount": "1"}],
        "trial_days": 1000,
        "colour": "red",
        "metadata": {"a": 1},
    }
    answer = api.post("/v1/products", wrong)
    assert {(each["field"], each["code"]) for each in answer.json["errors"]} == {
        ("name", "required"),
        ("kind", "value"),
        ("prices/0/amount", "type"),
        ("prices/1/currency", "required"),
        ("trial_days", "value"),
        ("colour", "field_unknown"),
        ("metadata", "type"),
    }
    assert all(each["detail"] for each in answer.json["errors"])


def test_a_query_is_read_strictly(api: Program) -> None:
    def codes(query: str) -> object:
        answer = api.get(f"/v1/products?{query}")
        return (answer.status, answer.json["code"], [(each["field"], each["code"]) for each in answer.json.get("errors", ())])

    assert codes("limit=0") == (422, "invalid", [("limit", "value")])
    assert codes("limit=1&limit=2") == (400, "query_invalid", [])
    assert codes("limit=x&page=2") == (422, "invalid", [("limit", "type"), ("page", "field_unknown")])
    assert codes("cursor=abc") == (400, "cursor_invalid", [])
    assert codes("kind=null&active=1") == (422, "invalid", [("kind", "value"), ("active", "type")])
    assert codes("=1") == (400, "query_invalid", [])
    assert codes("limit=%zz") == (400, "query_invalid", [])


def test_a_list_is_walked_by_its_cursors(api: Program, runtime: Runtime, clock: SteppingClock) -> None:
    made = []
    for name in ("One", "Two", "Three"):
        clock.advance(seconds=1)
        made.append(api.post("/v1/products", {**PRODUCT, "name": name}).json["id"])
    first = api.get("/v1/products?limit=2").json
    rest = api.get(f"/v1/products?limit=2&cursor={first['next_cursor']}").json
    assert [each["id"] for each in (*first["data"], *rest["data"])] == made[::-1]
    assert (first["has_more"], rest["has_more"], rest["next_cursor"]) == (True, False, None)
