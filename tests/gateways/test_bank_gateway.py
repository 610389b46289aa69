"""The gateway in process that other tests stand on keeps the port's promises like any other."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Literal

import pytest

from portico.gateways.port import CardPage, ChargeResult, SavedCard, Unanswered
from portico.sandbox import cards
from portico.sandbox.bank import Bank
from tests.bank import BankGateway
from tests.conftest import SteppingClock
from tests.gateways.conformance import CardKind, Conformance, Signed, Webhook, charge_of

NUMBERS: dict[CardKind, str] = {
    "works": cards.SUCCESS,
    "insufficient_funds": cards.INSUFFICIENT_FUNDS,
    "confirms": cards.CONFIRMS,
}


class InProcess:
    missing = frozenset[str]()

    def __init__(self, gateway: BankGateway, clock: SteppingClock) -> None:
        self.gateway = gateway
        self._clock = clock

    def saved_card(self, kind: CardKind) -> SavedCard:
        return self.gateway.save_card("anna@example.com", NUMBERS[kind])

    def captured_minor(self, key: str) -> int:
        return sum(capture.amount_minor for capture in self.gateway.bank.captures() if capture.key == key)

    def given_back_minor(self, reference: str) -> int:
        return self.gateway.bank.given_back_minor(reference)

    def give_back(self, reference: str, amount_minor: int) -> None:
        self.gateway.bank.give_back(reference, amount_minor)

    def confirm(self, charge: ChargeResult, *, approved: bool) -> None:
        self.gateway.bank.confirm_charge(charge.reference, approved=approved)

    def complete(self, page: CardPage) -> None:
        self.gateway.use_card_page(page.reference)

    @contextmanager
    def answers_lost(self, when: Literal["before", "after"]) -> Iterator[None]:
        self.gateway.faults += [f"timeout_{when}", f"refund_timeout_{when}"]
        yield
        self.gateway.faults.clear()

    def cut_off(self) -> BankGateway:
        nowhere = BankGateway(Bank(None, self._clock, random.Random(1).randbytes))
        nowhere.faults.append("unreachable")
        return nowhere

    def webhooks(self) -> list[Webhook]:
        return self.gateway.webhooks(self.now())

    def now(self) -> datetime:
        return self._clock()


@pytest.fixture
def provider(gateway: BankGateway, clock: SteppingClock) -> InProcess:
    return InProcess(gateway, clock)


class TestConformance(Conformance):
    pass


class TestSigned(Signed):
    pass


def test_each_fault_strikes_once_and_in_order(gateway: BankGateway, bank: Bank) -> None:
    card = gateway.save_card("anna@example.com")
    gateway.faults += ["decline:expired_card", "requires_action", "error_after"]
    statuses = [gateway.charge(charge_of(card)) for _ in range(2)]
    assert [(result.status, result.failure_code) for result in statuses] == [("failed", "expired_card"), ("requires_action", None)]
    with pytest.raises(Unanswered):
        gateway.charge(charge_of(card))
    assert gateway.charge(charge_of(card)).status == "succeeded"
    assert len(bank.captures()) == 2
    assert gateway.faults == []


def test_a_fault_of_a_refund_leaves_charges_alone(gateway: BankGateway) -> None:
    gateway.faults.append("refund_timeout_after")
    assert gateway.charge(charge_of(gateway.save_card("anna@example.com"))).status == "succeeded"
    assert gateway.faults == ["refund_timeout_after"]


def test_a_fault_changes_nothing_that_was_done(gateway: BankGateway) -> None:
    charge = charge_of(gateway.save_card("anna@example.com"))
    gateway.charge(charge)
    gateway.faults.append("decline:insufficient_funds")
    assert gateway.charge(charge).status == "succeeded"


def test_a_charge_may_be_left_processing(gateway: BankGateway, bank: Bank) -> None:
    charge = charge_of(gateway.save_card("anna@example.com"))
    gateway.faults.append("processing")
    assert gateway.charge(charge).status == "processing"
    canceled = gateway.cancel_charge(charge.key, customer=charge.customer)
    assert canceled is not None
    assert canceled.status == "processing"
    bank.finish_charge(charge.key)
    found = gateway.find_charge(charge.key, customer=charge.customer)
    assert found is not None
    assert found.status == "succeeded"


def test_what_was_asked_is_on_record(gateway: BankGateway) -> None:
    charge = charge_of(gateway.save_card("anna@example.com"))
    gateway.find_charge(charge.key, customer=charge.customer)
    gateway.charge(charge)
    assert gateway.calls == [("find_charge", charge.key), ("charge", charge.key)]


@pytest.mark.parametrize("fault", ["timeout_after", "decline:lost_card", "refund_pending", "find_timeout"])
def test_a_fault_that_does_not_exist_is_refused(gateway: BankGateway, fault: str) -> None:
    gateway.faults.append(fault)
    with pytest.raises(ValueError, match="no fault"):
        gateway.faults.append(fault + "s")
