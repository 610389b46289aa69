"""What the adapter of Stripe sends and reads is what Stripe's own OpenAPI description says there is.

The description is of 2023-09-12, the last one at hand. What has changed since, and we use, stands in SINCE.
"""

import gzip
import json
import re
import socket
import subprocess
import threading
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import httpx2
import msgspec
import pytest

from portico.domain.payment import FAILURE_CODES, PaymentMethod
from portico.gateways import stripe_answers
from portico.gateways.port import RefundOrder
from tests import steady
from tests.gateways import localstripe, stripe_front
from tests.gateways.conformance import charge_of, find, new_key, setup_of
from tests.gateways.test_stripe import AtStripe

DESCRIPTION = Path(__file__).parent / "contracts" / "stripe-openapi-2023-09-12.json.gz"
# Parameters renamed since: 2026-09-30.endive refuses the old name and takes the same list under the new one.
SINCE = {
    "/v1/payment_intents": {"payment_method_types": "allowed_payment_method_types"},
    "/v1/checkout/sessions": {"payment_method_types": "allowed_payment_method_types"},
}
_OPTIONS = ("--validator-form-array-format=brackets", "--validator-form-object-format=brackets", "--validator-query-array-format=brackets")


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    described = json.loads(gzip.decompress(DESCRIPTION.read_bytes()))
    for path, renamed in SINCE.items():
        form = described["paths"][path]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]
        for old, new in renamed.items():
            form["schema"]["properties"][new] = form["schema"]["properties"].pop(old)
            form["encoding"][new] = form["encoding"].pop(old)
    return described


@pytest.fixture(scope="module")
def checker(description: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    """A Steady that knows the description."""
    program = steady.find()
    assert program, "no Steady: run python tests/steady.py"
    file = tmp_path_factory.mktemp("contract") / "stripe.json"
    file.write_text(json.dumps(description), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        port = closed_soon.getsockname()[1]
    command = [program, *_OPTIONS, "--host", "127.0.0.1", "--port", str(port), "--log-format", "json", file]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            said = next((line for line in process.stdout if '"type":"startup"' in line), None)
            assert said, "Steady did not start"
            threading.Thread(target=process.stdout.read, daemon=True).start()  # so that it never waits for us to read
            headers = {"authorization": "Bearer sk_test_1"}
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20, headers=headers) as client:
                yield client
        finally:
            process.terminate()


@pytest.fixture
def provider() -> Iterator[AtStripe]:
    with localstripe.running() as behind, stripe_front.standing_before(behind) as front:
        yield AtStripe(front)


def ask_for_everything(provider: AtStripe) -> None:
    """Every kind of request the adapter makes."""
    works, confirms = provider.saved_card("works"), provider.saved_card("confirms")
    paid = provider.gateway.charge(charge_of(works))
    provider.gateway.charge(charge_of(works, on_session=False))
    provider.gateway.charge(charge_of(provider.saved_card("insufficient_funds"), on_session=False))
    waiting = charge_of(confirms)
    provider.gateway.charge(waiting)
    assert find(provider, waiting)
    provider.gateway.cancel_charge(waiting.key, customer=waiting.customer)
    order = RefundOrder(new_key("REF"), paid.reference, 100, "EUR")
    provider.gateway.refund(order)
    provider.gateway.find_refund(order.key, charge_reference=paid.reference)
    page = provider.gateway.save_card_page(setup_of())
    provider.gateway.find_card_setup(page.reference)
    for webhook in provider.webhooks():
        provider.gateway.parse_webhook(*webhook, provider.now())


def test_every_request_is_one_that_stripe_describes(provider: AtStripe, checker: httpx2.Client) -> None:
    ask_for_everything(provider)
    seen = {(method, re.sub(r"(pi|re|cs_test_seti)_\w+", r"\1", path)) for method, path, _ in provider.front.requests}
    assert seen == {
        ("POST", "payment_intents"), ("GET", "payment_intents"), ("GET", "payment_intents/pi"), ("POST", "payment_intents/pi/cancel"),
        ("POST", "refunds"), ("GET", "refunds"), ("GET", "refunds/re"), ("POST", "customers"), ("POST", "checkout/sessions"),
        ("GET", "checkout/sessions/cs_test_seti"),
    }  # fmt: skip
    refused = []
    for method, path, params in provider.front.requests:
        answer = checked(checker, method, path, params)
        if answer.headers["x-steady-request-valid"] != "true":
            refused.append((method, path, params, answer.text[:500]))
    assert refused == []


@pytest.mark.parametrize(
    ("method", "path", "params"),
    [
        ("POST", "payment_intents", {"amount": "2900", "currency": "eur", "payment_method_types[0]": "card"}),
        ("POST", "payment_intents", {"amount": "much", "currency": "eur"}),
        ("POST", "payment_intents", {"currency": "eur"}),
        ("POST", "checkout/sessions", {"mode": "setup", "success_url": "https://portal.test", "allowed_payment_method_types[0]": "cash"}),
        ("POST", "checkout/sessions", {"mode": "setup", "success_url": "https://portal.test", "locale": "ar"}),
        ("POST", "payment_intents/pi_1/cancel", {"cancellation_reason": "declined"}),
        ("GET", "payment_intents", {"customer": "cus_1", "limit": "all"}),
    ],
)
def test_the_checker_sees_what_stripe_would_refuse(checker: httpx2.Client, method: str, path: str, params: dict[str, str]) -> None:
    assert checked(checker, method, path, params).headers["x-steady-request-valid"] == "false"


def checked(checker: httpx2.Client, method: str, path: str, params: dict[str, str]) -> httpx2.Response:
    """Steady reads a list in a form as "expand[0]" and in an address as "expand[]"; Stripe takes both."""
    if method == "POST":
        return checker.post(f"/v1/{path}", data=params)
    return checker.get(f"/v1/{path}", params={re.sub(r"\[\d+\]$", "[]", name): value for name, value in params.items()})


# What we read, and where the description has it.
READ = {
    stripe_answers.Intent: "payment_intent",
    stripe_answers.Charge: "charge",
    stripe_answers.Refund: "refund",
    stripe_answers.CheckoutSession: "checkout.session",
    stripe_answers.Event: "event",
    stripe_answers._Error: "api_errors",
    stripe_answers._Refusal: "api_errors",
    stripe_answers._Outcome: "charge_outcome",
    stripe_answers._MethodDetails: "payment_method_details",
    stripe_answers._NextAction: "payment_intent_next_action",
    stripe_answers._Redirect: "payment_intent_next_action_redirect_to_url",
    stripe_answers._SetupIntent: "setup_intent",
    stripe_answers._Method: "payment_method",
}
CARDS = ("payment_method_card", "payment_method_details_card")


@pytest.mark.parametrize(("shape", "name"), [*READ.items(), *((stripe_answers._Card, name) for name in CARDS)])
def test_every_field_we_read_is_described_and_missing_only_where_that_is_allowed(
    shape: type[msgspec.Struct], name: str, description: dict[str, Any]
) -> None:
    described = description["components"]["schemas"][name]
    for field in msgspec.structs.fields(shape):
        assert field.encode_name in described["properties"], f"{name} has no {field.name}"
        property_ = described["properties"][field.encode_name]
        if field.required:
            assert field.encode_name in described.get("required", []), f"{name} may lack {field.name}"
        if property_.get("nullable"):
            assert types.NoneType in get_args(field.type), f"{name} may have null for {field.name}"


@pytest.mark.parametrize("status", ["payment_intent", "setup_intent", "checkout.session"])
def test_the_statuses_we_know_are_stripes(status: str, description: dict[str, Any]) -> None:
    known = {
        "payment_intent": {"succeeded", "processing", "requires_action", "canceled", "requires_payment_method", "requires_confirmation"},
        "setup_intent": {"succeeded"},
        "checkout.session": {"complete", "expired", "open"},
    }
    assert known[status] <= set(description["components"]["schemas"][status]["properties"]["status"]["enum"])


@pytest.mark.parametrize(
    "status",
    ["canceled", "processing", "requires_action", "requires_capture", "requires_confirmation", "requires_payment_method", "succeeded"],
)
def test_every_status_has_a_meaning(status: str, description: dict[str, Any]) -> None:
    assert status in description["components"]["schemas"]["payment_intent"]["properties"]["status"]["enum"]
    intent = stripe_answers.Intent("pi_1", "payment_intent", status, 2900, "eur", {"portico_key": "PAY_1-1"})
    expected = {"canceled": "canceled", "succeeded": "succeeded", "requires_action": "requires_action"}.get(status, "processing")
    assert stripe_answers.charge_result(intent).status == expected


def test_every_reason_of_a_decline_has_a_word_of_ours() -> None:
    assert set(stripe_answers._FAILURES.values()) <= set(FAILURE_CODES)


@pytest.mark.parametrize(
    ("decline_code", "code", "ours"),
    [
        ("insufficient_funds", "card_declined", "insufficient_funds"),
        ("generic_decline", "card_declined", "card_declined"),
        ("do_not_honor", "card_declined", "card_declined"),
        ("fraudulent", "card_declined", "card_declined"),
        ("stolen_card", "card_declined", "lost_or_stolen"),
        ("card_velocity_exceeded", "card_declined", "limit_exceeded"),
        ("issuer_not_available", "card_declined", "processing_error"),
        ("authentication_required", "authentication_required", "authentication_required"),
        (None, "expired_card", "expired_card"),
        (None, "incorrect_cvc", "incorrect_details"),
        (None, "card_declined", "card_declined"),
        (None, None, "card_declined"),
        ("a_code_of_tomorrow", "expired_card", "expired_card"),
    ],
)
def test_a_decline_in_our_words(decline_code: str | None, code: str | None, ours: str) -> None:
    body = {"error": {"type": "card_error", "decline_code": decline_code, "code": code}}
    assert stripe_answers.refusal(body, declined=True).failure_code == ours
    refused = {"id": "pi_1", "object": "payment_intent", "status": "requires_payment_method", "amount": 1, "currency": "eur"}
    intent = msgspec.convert(refused | {"last_payment_error": body["error"]}, type=stripe_answers.Intent)
    assert (intent.refused, stripe_answers.failure_code(intent)) == (True, ours)


@pytest.mark.parametrize(
    ("param", "code", "ours"),
    [
        ("payment_method", "resource_missing", "incorrect_details"),
        ("customer", "resource_missing", "incorrect_details"),
        (None, "payment_method_unexpected_state", "incorrect_details"),
        ("amount", "amount_too_small", "processing_error"),
        (None, None, "processing_error"),
    ],
)
def test_a_request_that_is_refused_is_the_cards_fault_or_nobodys(param: str | None, code: str | None, ours: str) -> None:
    body = {"error": {"type": "invalid_request_error", "param": param, "code": code}}
    assert stripe_answers.refusal(body, declined=False).failure_code == ours


def test_a_charge_is_not_doubted_for_a_card_that_shows_little() -> None:
    charge = {"id": "ch_1", "status": "succeeded", "payment_method_details": {"card": {"brand": None, "last4": None}}}
    paid = {"id": "pi_1", "object": "payment_intent", "status": "succeeded", "amount": 2900, "currency": "eur", "latest_charge": charge}
    result = stripe_answers.charge_result(msgspec.convert(paid, type=stripe_answers.Intent))
    assert (result.status, result.method) == ("succeeded", PaymentMethod("unknown", ""))
