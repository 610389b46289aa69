"""`portico sandbox` as a process: killed in the middle, started again, and told nonsense."""

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from portico import cli, logs
from portico.gateways.port import Charge, SavedCard, Unanswered
from portico.gateways.sandbox import SandboxGateway
from portico.sandbox import cards
from tests.gateways import sandbox_process
from tests.gateways.conformance import charge_of, setup_of
from tests.gateways.sandbox_process import Process

CLIENTS = 4
_next_key = threading.Lock()


@pytest.fixture(autouse=True)
def logging_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands set up logging for their process, which here is the tests'."""
    monkeypatch.setattr(logs, "configure", lambda _settings: None)


def _pay(gateway: SandboxGateway, template: Charge, keys: Iterator[str], answered: dict[str, str]) -> None:
    """Charges until the bank is gone."""
    while True:
        with _next_key:
            key = next(keys)
        try:
            answered[key] = gateway.charge(replace(template, key=key)).reference
        except Unanswered:
            return


def test_what_a_killed_bank_has_answered_is_in_its_books(tmp_path: Path) -> None:
    """kill -9 while it charges, and again: whatever it said has happened is there, once, with the id it gave."""
    answered: dict[str, str] = {}
    keys, secrets, charge = (f"PAY_{n:05d}-1" for n in count()), set[tuple[str, str]](), None
    for killed in (True, True, False):
        with sandbox_process.running(tmp_path) as process, closing(process.gateway()) as gateway:
            secrets.add((process.api_key, process.webhook_secret))
            captures = process.ask("GET", "/v1/ledger")["captures"]
            booked = {capture["key"]: capture["reference"] for capture in captures}
            assert len(booked) == len(captures), "charged twice"
            assert booked.items() >= answered.items()
            charge = charge or charge_of(_save_card(process, gateway))
            again = list(answered)[-3:]
            assert [gateway.charge(replace(charge, key=key)).reference for key in again] == [answered[key] for key in again]
            assert len(process.ask("GET", "/v1/ledger")["captures"]) == len(captures)
            if killed:
                clients = [threading.Thread(target=_pay, args=(gateway, charge, keys, answered)) for _ in range(CLIENTS)]
                for client in clients:
                    client.start()
                enough = len(answered) + 20
                sandbox_process.wait_for(partial(_is_longer, answered, enough))
                process.kill()
                for client in clients:
                    client.join(20)
    assert len(answered) > 40
    assert len(secrets) == 1, "they are made once"
    assert all(len(secret) >= 40 for secret in secrets.pop())
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in ("api-key", "webhook-secret", "ledger.jsonl")} == {0o600}


def _save_card(process: Process, gateway: SandboxGateway) -> SavedCard:
    page = gateway.save_card_page(setup_of())
    process.browser.post(page.url, data={"card": cards.SUCCESS})
    card = gateway.find_card_setup(page.reference).card
    assert card is not None
    return card


def _is_longer(answered: dict[str, str], length: int) -> bool:
    return len(answered) > length


def test_secrets_of_ones_own_are_used(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a key of my own\n")
    with sandbox_process.running(tmp_path / "data", "--api-key-file", str(tmp_path / "key")) as process:
        with closing(SandboxGateway(process.url, "a key of my own", "s" * 24)) as gateway:
            assert gateway.find_charge("PAY_1-1", customer="cus") is None
        assert not (tmp_path / "data" / "api-key").exists()


@pytest.mark.parametrize("url", ["", "portal", "/webhooks", "ftp://127.0.0.1/", "live=http://127.0.0.1/", "http:///x", "http://a b/"])
def test_a_webhook_address_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], url: str) -> None:
    assert cli.run(["sandbox", "--data", str(tmp_path), "--webhook-url", url]) == 2
    assert "is no address" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_what_keeps_it_from_opening_is_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "short").write_text("short")
    (tmp_path / "ledger.jsonl").write_text("this is no ledger\n")
    webhooks = ["--webhook-url", "http://127.0.0.1:9/", "--webhook-secret-file", str(tmp_path / "short")]
    for options, words in (
        (["--data", str(tmp_path), "--api-key-file", str(tmp_path / "nothing")], "no such file"),
        (["--data", str(tmp_path)], "is no ledger"),
        (["--data", str(tmp_path / "new"), *webhooks], "24 bytes"),
    ):
        assert cli.run(["sandbox", "--port", "0", *options]) == 2
        said = capsys.readouterr().err
        assert words in said
        assert len(said.splitlines()) <= 2
