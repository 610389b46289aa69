"""Webhooks: signed, to whom they concern, at least once, and as odd as the card wants them."""

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from portico.gateways.port import RefundOrder
from portico.sandbox import cards, webhooks
from portico.sandbox.bank import Bank
from portico.sandbox.webhooks import Target
from tests.conftest import SteppingClock
from tests.gateways.conformance import Webhook, charge_of, new_key, setup_of
from tests.gateways.sandbox_process import Receiver, wait_for
from tests.sandbox.conftest import served


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds are long for a test."""
    monkeypatch.setattr(webhooks, "_PAUSES_SECONDS", (0.01, 0.02))


def types(received: Sequence[Webhook]) -> list[str]:
    return [json.loads(body)["type"] for body, _ in received]


def test_each_thing_that_happens_is_told_once_and_signed(bank: Bank, receiver: Receiver, clock: SteppingClock) -> None:
    with served(bank, (Target(receiver.url),)) as sandbox:
        page = sandbox.gateway.save_card_page(setup_of())
        sandbox.browser.post(page.url, data={"card": cards.CONFIRMS})
        saved = sandbox.gateway.find_card_setup(page.reference).card
        assert saved is not None
        waiting = sandbox.gateway.charge(charge_of(saved))
        assert waiting.action_url is not None
        sandbox.browser.post(waiting.action_url, data={"decision": "approve"})
        sandbox.gateway.refund(RefundOrder(new_key("REF"), waiting.reference, 100, "EUR"))
        received = receiver.wait(lambda received: len(received) == 4)
        events = [sandbox.gateway.parse_webhook(body, headers, clock()) for body, headers in received]
    assert sorted(types(received)) == ["card_setup.completed", "charge.requires_action", "charge.succeeded", "refund.succeeded"]
    setups = [event.card_setup for event in events if event.card_setup]
    assert [(setup.reference, setup.status, setup.card) for setup in setups] == [(page.reference, "completed", saved)]
    assert len(receiver.received) == 4


def test_a_webhook_that_is_not_taken_comes_again_the_very_same(bank: Bank, receiver: Receiver, clock: SteppingClock) -> None:
    receiver.statuses = [500, 404, 302, 503]
    with served(bank, (Target(receiver.url),)) as sandbox:
        sandbox.gateway.charge(charge_of(sandbox.card()))
        received = receiver.wait(lambda received: len(received) == 5)
        assert len({body for body, _ in received}) == 1
        for body, headers in received:
            sandbox.gateway.parse_webhook(body, headers, clock())


def test_an_address_that_is_gone_for_good_is_left_alone(bank: Bank, receiver: Receiver, tmp_path: Path) -> None:
    receiver.statuses = [410]
    with served(bank, (Target(receiver.url),), tmp_path / "webhooks") as sandbox:
        sandbox.gateway.charge(charge_of(sandbox.card()))
        receiver.wait(len)
    with served(bank, (Target(receiver.url),), tmp_path / "webhooks") as sandbox:
        sandbox.gateway.charge(charge_of(sandbox.card(), 100))
        received = receiver.wait(lambda received: len(received) == 2)
    assert [json.loads(body)["data"]["amount_minor"] for body, _ in received] == [2900, 100]


def test_after_three_days_nobody_is_told_any_more(bank: Bank, receiver: Receiver, tmp_path: Path, clock: SteppingClock) -> None:
    receiver.statuses = [500] * 100_000
    file = tmp_path / "webhooks"
    with served(bank, (Target(receiver.url),), file) as sandbox:
        sandbox.gateway.charge(charge_of(sandbox.card()))
        clock.time += webhooks.GIVE_UP_AFTER
        tried = len(receiver.wait(len))
        receiver.wait(lambda received: len(received) > tried + 2)
        assert b"done" not in file.read_bytes()
        clock.time += timedelta(seconds=1)
        wait_for(lambda: b"done" in file.read_bytes())


def test_what_was_not_taken_is_told_after_a_restart(bank: Bank, receiver: Receiver, tmp_path: Path) -> None:
    receiver.statuses = [500] * 1000
    with served(bank, (Target(receiver.url),), tmp_path / "webhooks") as sandbox:
        sandbox.gateway.charge(charge_of(sandbox.card()))
        receiver.wait(len)
    receiver.statuses.clear()
    receiver.received.clear()
    with served(bank, (Target(receiver.url),), tmp_path / "webhooks"):
        receiver.wait(len)
    receiver.received.clear()
    with served(bank, (Target(receiver.url),), tmp_path / "webhooks") as sandbox:
        sandbox.gateway.charge(charge_of(sandbox.card(), 100))
        received = receiver.wait(len)
    assert [json.loads(body)["data"]["amount_minor"] for body, _ in received] == [100], "what was taken is not told again"


def test_a_new_address_hears_of_what_happens_from_now_on(bank: Bank, receiver: Receiver, tmp_path: Path) -> None:
    with served(bank, (), tmp_path / "webhooks") as sandbox:
        sandbox.gateway.charge(charge_of(sandbox.card()))
    with served(bank, (Target(receiver.url),), tmp_path / "webhooks") as sandbox:
        sandbox.gateway.charge(charge_of(sandbox.card(), 100))
        received = receiver.wait(len)
    assert [json.loads(body)["data"]["amount_minor"] for body, _ in received] == [100]


def test_a_line_of_the_deliveries_that_was_cut_off_is_told_again(bank: Bank, receiver: Receiver, tmp_path: Path) -> None:
    file = tmp_path / "webhooks"
    with served(bank, (Target(receiver.url),), file) as sandbox:
        sandbox.gateway.charge(charge_of(sandbox.card()))
        receiver.wait(len)
    file.write_bytes(file.read_bytes()[:-5])
    with served(bank, (Target(receiver.url),), file):
        receiver.wait(lambda received: len(received) == 2)
    assert receiver.received[0][0] == receiver.received[1][0]


def test_each_environment_hears_of_its_own(bank: Bank, receiver: Receiver) -> None:
    targets = (Target(f"{receiver.url}?prod", "prod"), Target(f"{receiver.url}?test", "test"), Target(f"{receiver.url}?all"))
    with served(bank, targets) as sandbox:
        paid = sandbox.gateway.charge(charge_of(sandbox.card()))
        sandbox.gateway.refund(RefundOrder(new_key("REF"), paid.reference, 1, "EUR"))
        page = sandbox.gateway.save_card_page(setup_of())
        sandbox.browser.post(page.url, data={"card": cards.SUCCESS})
        receiver.wait(lambda received: len(received) == 6)
    assert sorted(path.partition("?")[2] for path in receiver.paths) == ["all"] * 3 + ["test"] * 3


def test_a_card_may_send_each_webhook_twice(bank: Bank, receiver: Receiver) -> None:
    with served(bank, (Target(receiver.url),)) as sandbox:
        sandbox.gateway.charge(charge_of(sandbox.card(cards.WEBHOOK_TWICE)))
        received = receiver.wait(lambda received: len(received) == 2)
    assert received[0][0] == received[1][0]


def test_a_card_may_send_its_webhooks_late(bank: Bank, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "LATE_SECONDS", 3600)
    with served(bank, (Target(receiver.url),), tmp_path / "webhooks") as sandbox:
        sandbox.gateway.charge(charge_of(sandbox.card(cards.WEBHOOK_LATE)))
        sandbox.gateway.charge(charge_of(sandbox.card(), 100))
        receiver.wait(len)
    with served(bank, (Target(receiver.url),), tmp_path / "webhooks"):  # a restart does not lose it
        received = receiver.wait(lambda received: len(received) == 2)
    assert [json.loads(body)["data"]["amount_minor"] for body, _ in received] == [100, 2900]


def test_late_is_not_never(bank: Bank, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "LATE_SECONDS", 0.05)
    with served(bank, (Target(receiver.url),)) as sandbox:
        sandbox.gateway.charge(charge_of(sandbox.card(cards.WEBHOOK_LATE)))
        assert types(receiver.wait(len)) == ["charge.succeeded"]


def test_a_card_may_send_its_webhook_before_the_answer(bank: Bank, receiver: Receiver) -> None:
    with served(bank, (Target(receiver.url),)) as sandbox:
        for amount in (2900, 100, 7):
            sandbox.gateway.charge(charge_of(sandbox.card(cards.WEBHOOK_FIRST), amount))
            assert json.loads(receiver.received[-1][0])["data"]["amount_minor"] == amount


def test_an_answer_does_not_wait_for_a_webhook_that_nobody_takes(bank: Bank, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "_TIMEOUT_SECONDS", 0.2)
    receiver.statuses = [0] * 3  # never answers
    with served(bank, (Target(receiver.url),)) as sandbox:
        assert sandbox.gateway.charge(charge_of(sandbox.card(cards.WEBHOOK_FIRST))).status == "succeeded"
