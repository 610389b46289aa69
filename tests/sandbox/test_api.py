"""The API as a stranger, a clumsy client and a test of the portal meet it."""

import json
from typing import Any

import pytest

from portico.sandbox import cards
from portico.sandbox.faults import Faults
from tests.gateways.conformance import charge_of
from tests.sandbox.conftest import API_KEY, Served

CALLS = (
    ("POST", "/v1/charges"), ("GET", "/v1/charges"), ("POST", "/v1/charges/cancel"), ("POST", "/v1/refunds"), ("GET", "/v1/refunds"),
    ("POST", "/v1/card-setups"), ("GET", "/v1/card-setups"), ("GET", "/v1/ledger"), ("POST", "/control/faults"), ("POST", "/control/cards"),
)  # fmt: skip


@pytest.mark.parametrize("authorization", [None, "", "Bearer", f"bearer {API_KEY}", f"Bearer {API_KEY}x", f"Basic {API_KEY}", "Bearer ü"])
def test_nothing_is_done_without_the_key(sandbox: Served, authorization: str | None) -> None:
    headers = {} if authorization is None else {"authorization": authorization.encode()}
    for method, path in CALLS:
        answer = sandbox.browser.request(method, sandbox.url + path, headers=headers, content=b"{}" if method == "POST" else None)
        assert (answer.status_code, answer.json()) == (401, {"error": "api_key"})
    assert sandbox.bank.ledger() == []


def test_what_makes_no_sense_is_refused(sandbox: Served) -> None:
    nonsense = (b"", b"{", b"[]", b"null", b'"x"', b'{"key": 1}', b"\xff", b'{"amount_minor": 29.5}', b'{"timeout_after": 2}')
    for method, path in CALLS:
        for body in nonsense if method == "POST" else ():
            answer = sandbox.ask(method, path, content=body)
            assert (answer.status_code, answer.json()) == (400, {"error": "bad_request"}), (path, body)
    assert sandbox.bank.ledger() == []


def test_there_are_no_other_calls(sandbox: Served) -> None:
    for method, path in (("GET", "/v1/"), ("DELETE", "/v1/charges"), ("GET", "/control/faults"), ("POST", "/v1/nothing")):
        assert sandbox.ask(method, path).status_code == 404


@pytest.mark.parametrize("change", [{"amount_minor": 2901}, {"description": "another"}, {"metadata": {}}])
def test_a_key_that_stands_for_something_else_is_a_conflict(sandbox: Served, change: dict[str, Any]) -> None:
    card = sandbox.card()
    asked: dict[str, Any] = {"key": "PAY_1-1", "amount_minor": 2900, "currency": "EUR", "customer": card.customer, "method": card.method}
    asked |= {"metadata": {"a": "b"}}
    assert sandbox.ask("POST", "/v1/charges", json=asked).status_code == 200
    answer = sandbox.ask("POST", "/v1/charges", json=asked | change)
    assert (answer.status_code, answer.json()) == (409, {"error": "key_reused"})


def test_the_books_can_be_read(sandbox: Served) -> None:
    charge = charge_of(sandbox.card())
    paid = sandbox.gateway.charge(charge)
    sandbox.ask("POST", "/v1/refunds", json={"key": "REF_1", "charge": paid.reference, "amount_minor": 900, "currency": "EUR"})
    books = sandbox.ask("GET", "/v1/ledger").json()["result"]
    assert set(books) == {"captures", "refunds"}
    (capture,) = books["captures"]
    assert (capture["key"], capture["amount_minor"], capture["refunded_minor"]) == (charge.key, 2900, 900)
    assert capture["metadata"] == {"payment": "PAY_1"}
    assert [refund["key"] for refund in books["refunds"]] == ["REF_1"]
    entries = sandbox.ask("GET", "/v1/ledger?after=2").json()["result"]["entries"]
    assert [(entry["sequence"], entry["type"]) for entry in entries] == [(3, "charge.succeeded"), (4, "refund.succeeded")]


def test_a_saved_card_can_be_made_to_fail(sandbox: Served) -> None:
    card = sandbox.card()
    assert sandbox.ask("POST", "/control/cards", json={"method": card.method, "number": cards.EXPIRED}).status_code == 200
    assert sandbox.gateway.charge(charge_of(card)).failure_code == "expired_card"
    assert sandbox.ask("POST", "/control/cards", json={"method": "card_of_nobody", "number": cards.EXPIRED}).status_code == 404
    assert sandbox.ask("POST", "/control/cards", json={"method": card.method, "number": "4111111111111111"}).status_code == 400


def test_mishaps_come_as_often_as_they_are_asked_for() -> None:
    faults = Faults(timeout_before=0.1, error_after=0.2, cut_after=0.05)
    drawn = [faults.draw(lambda _count, place=place: (place * 429_497).to_bytes(4, "big")) for place in range(10_000)]  # type: ignore[misc]
    assert {mishap: drawn.count(mishap) for mishap in set(drawn)} == pytest.approx(
        {"timeout_before": 1000, "error_after": 2000, "cut_after": 500, "": 6500}, abs=2
    )
    assert Faults().draw(bytes) == ""
    assert Faults(error_before=1).draw(lambda count: b"\xff" * count) == "error_before"


def test_an_answer_takes_as_long_as_it_is_told(sandbox: Served) -> None:
    faults = Faults(least_ms=20, most_ms=60)
    assert [faults.seconds(lambda _count, byte=byte: byte * 4) for byte in (b"\x00", b"\x80")] == pytest.approx([0.02, 0.04], abs=0.001)
    assert Faults().seconds(lambda count: b"\xff" * count) == 0


def test_a_crash_is_told_from_an_answer(sandbox: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(_key: str) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(sandbox.bank, "find_charge", crash)
    assert sandbox.ask("GET", "/v1/charges?key=x").status_code == 500


def test_answers_are_json_that_nobody_keeps(sandbox: Served) -> None:
    answer = sandbox.ask("GET", "/v1/charges?key=x")
    assert json.loads(answer.content) == {"result": None}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
