"""The adapter of the sandbox against a real sandbox in a process of its own."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

import httpx2
import pytest

from portico.domain.payment import PaymentMethod
from portico.gateways import webhook_signature
from portico.gateways.port import CardPage, ChargeResult, Forged, SavedCard, Unanswered
from portico.gateways.sandbox import SandboxGateway
from portico.sandbox import cards
from tests.gateways import sandbox_process
from tests.gateways.conformance import CardKind, Conformance, Signed, Webhook, charge_of, find, setup_of
from tests.gateways.sandbox_process import Process, Receiver
from tests.gateways.test_bank_gateway import NUMBERS


@dataclass
class OverHttp:
    """The sandbox as its buyers, its bookkeeper and its operator see it."""

    process: Process
    receiver: Receiver
    gateway: SandboxGateway
    impatient: SandboxGateway
    missing: frozenset[str] = frozenset()

    def saved_card(self, kind: CardKind) -> SavedCard:
        return self.card(NUMBERS[kind])

    def card(self, number: str) -> SavedCard:
        page = self.gateway.save_card_page(setup_of())
        assert self.submit(page.url, card=number).status_code == 303
        saved = self.gateway.find_card_setup(page.reference).card
        assert saved is not None
        return saved

    def submit(self, url: str, **form: str) -> httpx2.Response:
        return self.process.browser.post(url, data=form)

    def captured_minor(self, key: str) -> int:
        return sum(capture["amount_minor"] for capture in self.process.ask("GET", "/v1/ledger")["captures"] if capture["key"] == key)

    def given_back_minor(self, reference: str) -> int:
        refunds = self.process.ask("GET", "/v1/ledger")["refunds"]
        return sum(refund["amount_minor"] for refund in refunds if refund["charge"] == reference and refund["status"] != "failed")

    def give_back(self, reference: str, amount_minor: int) -> None:
        self.process.ask("POST", "/control/refunds", charge=reference, amount_minor=amount_minor)

    def confirm(self, charge: ChargeResult, *, approved: bool) -> None:
        assert charge.action_url is not None
        self.submit(charge.action_url, decision="approve" if approved else "decline")

    def complete(self, page: CardPage) -> None:
        self.submit(page.url, card=cards.SUCCESS)

    @contextmanager
    def answers_lost(self, when: Literal["before", "after"]) -> Iterator[None]:
        self.process.ask("POST", "/control/faults", **{f"error_{when}": 1})
        yield
        self.process.ask("POST", "/control/faults")

    def cut_off(self) -> SandboxGateway:
        return SandboxGateway(f"http://127.0.0.1:{sandbox_process.free_port()}", "key", SECRET)

    def webhooks(self) -> list[Webhook]:
        lines = self.process.ask("GET", "/v1/ledger?after=0")["entries"]
        told = sum(("setup" in line and line["setup"]["status"] != "open") or "charge" in line or "refund" in line for line in lines)
        return self.receiver.wait(lambda received: len(received) >= told)

    def now(self) -> datetime:
        return datetime.now(UTC)


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with sandbox_process.receiving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def provider(receiver: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OverHttp]:
    with (
        sandbox_process.running(tmp_path_factory.mktemp("sandbox"), "--webhook-url", receiver.url) as process,
        closing(process.gateway()) as gateway,
        closing(process.gateway(read_seconds=0.5)) as impatient,
    ):
        yield OverHttp(process, receiver, gateway, impatient)


class TestConformance(Conformance):
    pass


class TestSigned(Signed):
    pass


@pytest.mark.parametrize(
    ("faults", "is_done"),
    [
        ({"timeout_before": 1}, False),
        ({"error_before": 1}, False),
        ({"busy_before": 1}, False),
        ({"timeout_after": 1}, True),
        ({"error_after": 1}, True),
        ({"cut_after": 1}, True),
        ({"least_ms": 700, "most_ms": 700}, True),
    ],
)
def test_whatever_keeps_an_answer_away_leaves_the_charge_unknown(provider: OverHttp, faults: dict[str, int], is_done: bool) -> None:
    charge = charge_of(provider.saved_card("works"))
    provider.process.ask("POST", "/control/faults", **faults)
    with pytest.raises(Unanswered):
        provider.impatient.charge(charge)
    provider.process.ask("POST", "/control/faults")
    if faults.get("least_ms"):
        sandbox_process.wait_for(lambda: provider.captured_minor(charge.key) == 2900)
    assert (find(provider, charge) is not None) is is_done
    assert provider.gateway.charge(charge).status == "succeeded"
    assert provider.captured_minor(charge.key) == 2900


@pytest.mark.parametrize(("number", "is_done"), [(cards.TIMEOUT_BEFORE, False), (cards.TIMEOUT_AFTER, True), (cards.ERROR_AFTER, True)])
def test_a_card_may_lose_the_first_answer_about_each_charge(provider: OverHttp, number: str, is_done: bool) -> None:
    card = provider.card(number)
    for charge in (charge_of(card), charge_of(card, 100)):
        with pytest.raises(Unanswered):
            provider.impatient.charge(charge)
        assert (find(provider, charge) is not None) is is_done
        assert provider.gateway.charge(charge).status == "succeeded"
        assert provider.captured_minor(charge.key) == charge.amount_minor


def test_a_wrong_api_key_is_no_answer_about_a_payment(provider: OverHttp) -> None:
    with closing(SandboxGateway(provider.process.url, "another key", SECRET)) as stranger, pytest.raises(Unanswered, match="401"):
        stranger.find_charge("PAY_1-1", customer="cus")


def test_another_server_at_the_address_is_no_answer_about_a_payment(provider: OverHttp, receiver: Receiver) -> None:
    url = receiver.url.removesuffix("/webhooks")
    with closing(SandboxGateway(url, "key", SECRET)) as elsewhere, pytest.raises(Unanswered, match="501"):
        elsewhere.find_charge("PAY_1-1", customer="cus")


SECRET = "s" * 24
ASKED = replace(charge_of(SavedCard("cus", "card", PaymentMethod("visa", "4242"))), key="PAY_1-1")
CHARGE = {"id": "ch_1", "key": "PAY_1-1", "status": "succeeded", "amount_minor": 2900, "currency": "EUR"}


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>",
        b"null",
        b"{}",
        b'{"result": []}',
        json.dumps({"result": CHARGE | {"status": "paid"}}).encode(),
        json.dumps({"result": CHARGE | {"amount_minor": "2900"}}).encode(),
        json.dumps({"result": CHARGE | {"amount_minor": 2901}}).encode(),
        json.dumps({"result": CHARGE | {"currency": "USD"}}).encode(),
        json.dumps({"result": CHARGE | {"key": "PAY_2-1"}}).encode(),
        b'{"result": "' + b"x" * 300_000 + b'"}',
    ],
)
def test_an_answer_about_something_else_is_none(answer: bytes) -> None:
    with canned(answer) as url, closing(SandboxGateway(url, "key", SECRET)) as gateway, pytest.raises(Unanswered):
        gateway.charge(ASKED)


def test_a_canned_answer_of_the_right_shape_is_one() -> None:
    """Otherwise the test above would hold for any answer."""
    with canned(json.dumps({"result": CHARGE}).encode()) as url, closing(SandboxGateway(url, "key", SECRET)) as gateway:
        assert gateway.charge(ASKED).status == "succeeded"


def test_a_server_that_drips_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portico.gateways.sandbox._WHOLE_SECONDS", 0.3)
    dripping = canned(json.dumps({"result": CHARGE}).encode(), drip_seconds=0.05)
    with dripping as url, closing(SandboxGateway(url, "key", SECRET)) as gateway, pytest.raises(Unanswered, match="too long"):
        gateway.charge(ASKED)


@pytest.mark.parametrize("secret", ["", "s" * 23])
def test_a_webhook_secret_that_could_be_guessed_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="24 bytes"):
        SandboxGateway("http://127.0.0.1:1", "key", secret)


def test_no_gateway_without_a_key() -> None:
    with pytest.raises(ValueError, match="api key"):
        SandboxGateway("http://127.0.0.1:1", "", SECRET)


def test_what_is_signed_and_no_event_is_refused(provider: OverHttp, now: datetime) -> None:
    for body in (b"", b"{}", b"[]", b"not json", b'{"id":"evt_1","type":"charge.succeeded","created":"2026-03-14T00:00:00","data":{}}'):
        headers = {"sandbox-signature": webhook_signature.sign(provider.process.webhook_secret.encode(), body, now)}
        with pytest.raises(Forged):
            provider.gateway.parse_webhook(body, headers, now)


def test_an_event_of_a_kind_we_do_not_know_is_of_no_interest(provider: OverHttp, now: datetime) -> None:
    body = b'{"id":"evt_1","type":"payout.paid","created":"2026-03-14T00:00:00Z","data":{}}'
    headers = {"sandbox-signature": webhook_signature.sign(provider.process.webhook_secret.encode(), body, now)}
    event = provider.gateway.parse_webhook(body, headers, now)
    assert (event.charge, event.refund, event.card_setup) == (None, None, None)


@contextmanager
def canned(body: bytes, *, drip_seconds: float = 0) -> Iterator[str]:
    """A server that gives one answer to one request; byte by byte, if wanted."""
    gone = threading.Event()

    def answer() -> None:
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body))
            for place in range(0, len(body), 1 if drip_seconds else max(1, len(body))):
                connection.sendall(body[place : place + 1] if drip_seconds else body)
                gone.wait(drip_seconds)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        gone.set()
        thread.join(10)
