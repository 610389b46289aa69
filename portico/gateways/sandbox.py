"""The sandbox over HTTP: `portico sandbox`, a payment provider in a box (docs/gateways.md).

Whatever goes wrong on the way (no connection, a cut, a time-out, any status but 200, an answer without its shape or about
something else) is Unanswered, since none of it says what the bank did.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2

from portico.gateways import sandbox_answers as answers
from portico.gateways.port import (
    Capabilities,
    CardPage,
    CardSetup,
    CardSetupResult,
    Charge,
    ChargeResult,
    Forged,
    GatewayEvent,
    RefundOrder,
    RefundResult,
    Unanswered,
)
from portico.gateways.reading import read_until
from portico.gateways.webhook_signature import check_secret, verify

SIGNATURE_HEADER = "sandbox-signature"
ACCOUNT_HEADER = "sandbox-account"
_CONNECT_SECONDS, _WHOLE_SECONDS = 1.0, 8.0
_LARGEST_ANSWER_BYTES = 256 * 1024
_IDLE_SECONDS = 2  # less than servers keep a silent connection, so that none is used that is being closed

Result = TypeVar("Result")


class SandboxGateway:
    """The PaymentGateway of a sandbox at `base_url` ("http://127.0.0.1:8090", or below a path of the demo).

    `account` keeps the webhooks of two environments apart that share a sandbox: each goes to the addresses of its account.
    `read_seconds` is how long it may be silent. Raises ValueError for a webhook secret of less than 24 bytes, or without an api key.
    """

    name = "sandbox"
    capabilities = Capabilities()

    def __init__(self, base_url: str, api_key: str, webhook_secret: str, *, account: str = "", read_seconds: float = 5.0) -> None:
        if not api_key:
            raise ValueError("the sandbox needs its api key")
        self._webhook_secret = check_secret(webhook_secret)
        parts = urlsplit(base_url)
        self.page_origins = (f"{parts.scheme}://{parts.netloc}",)
        self._client = httpx2.Client(
            base_url=base_url,
            headers={"authorization": f"Bearer {api_key}", ACCOUNT_HEADER: account},
            timeout=httpx2.Timeout(read_seconds, connect=_CONNECT_SECONDS),
            limits=httpx2.Limits(keepalive_expiry=_IDLE_SECONDS),
            trust_env=False,
        )

    def charge(self, charge: Charge) -> ChargeResult:
        asked = asdict(charge) | {"metadata": dict(charge.metadata)}
        result = self._call("POST", "/v1/charges", answers.charge_result, json=asked)
        _check(result, charge.key, charge.amount_minor, charge.currency)
        return result

    def find_charge(self, key: str, *, customer: str) -> ChargeResult | None:
        return self._find(key, "GET", "/v1/charges", answers.charge_result, params={"key": key})

    def cancel_charge(self, key: str, *, customer: str) -> ChargeResult | None:
        return self._find(key, "POST", "/v1/charges/cancel", answers.charge_result, json={"key": key})

    def refund(self, order: RefundOrder) -> RefundResult:
        asked = {"key": order.key, "charge": order.charge_reference, "amount_minor": order.amount_minor, "currency": order.currency}
        result = self._call("POST", "/v1/refunds", answers.refund_result, json=asked)
        _check(result, order.key, order.amount_minor, order.currency)
        return result

    def find_refund(self, key: str, *, charge_reference: str) -> RefundResult | None:
        return self._find(key, "GET", "/v1/refunds", answers.refund_result, params={"key": key})

    def refunds_of(self, charge_reference: str) -> Sequence[RefundResult]:
        return self._call("GET", "/v1/refunds", answers.refund_results, params={"charge": charge_reference})

    def save_card_page(self, setup: CardSetup) -> CardPage:
        return self._call("POST", "/v1/card-setups", answers.card_page, json=asdict(setup))

    def find_card_setup(self, reference: str) -> CardSetupResult:
        """A visit the bank does not know can never be completed: it counts as expired."""
        found = self._call("GET", "/v1/card-setups", _or_none(answers.card_setup_result), params={"id": reference})
        if found is not None and found.reference != reference:
            raise Unanswered("an answer about another visit")
        return found or CardSetupResult(reference, "expired")

    def parse_webhook(self, body: bytes, headers: Mapping[str, str], now: datetime) -> GatewayEvent:
        verify(self._webhook_secret, body, headers.get(SIGNATURE_HEADER), now)
        try:
            return answers.gateway_event(body)
        except ValueError as error:
            raise Forged(f"signed, but no event: {error}") from error

    def close(self) -> None:
        self._client.close()

    def _find(self, key: str, method: str, path: str, read: Callable[[object], Result], **request: Any) -> Result | None:
        found = self._call(method, path, _or_none(read), **request)
        if found is not None and getattr(found, "key", None) != key:
            raise Unanswered("an answer about another key")
        return found

    def _call(self, method: str, path: str, read: Callable[[object], Result], **request: Any) -> Result:
        """What `read` makes of the "result" of the answer."""
        until = time.monotonic() + _WHOLE_SECONDS
        try:
            with self._client.stream(method, path, **request) as response:
                body = read_until(response, until, largest_bytes=_LARGEST_ANSWER_BYTES)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise Unanswered(f"{method} {path}: {type(error).__name__}: {error}") from error
        if response.status_code != HTTPStatus.OK:
            raise Unanswered(f"{method} {path}: status {response.status_code}")
        try:
            return read(json.loads(body)["result"])
        except (ValueError, KeyError, TypeError) as error:
            raise Unanswered(f"{method} {path}: an answer without its shape: {error}") from error


def _or_none(read: Callable[[object], Result]) -> Callable[[object], Result | None]:
    return lambda answer: None if answer is None else read(answer)


def _check(result: ChargeResult | RefundResult, key: str, amount_minor: int, currency: str) -> None:
    if (result.key, result.amount_minor, result.currency) != (key, amount_minor, currency):
        raise Unanswered("an answer about something else than was asked")
