"""The count itself: books and ledger that agree are clean, and whatever is falsified in either, or in what buyers were told, is found.
Otherwise the noughts of the other proofs would prove nothing."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from portico.sandbox.bank import Bank
from portico.sandbox.records import ChargeRequest, RefundRequest
from portico.services import refund
from portico.services.runtime import Runtime
from portico.storage import tables
from portico.storage.database import Database
from tests.bank import BankGateway
from tests.conftest import OpenFresh, SteppingClock
from tests.factories import Factory
from tests.proofs.journal import Journal
from tests.proofs.reckoning import reckon
from tests.services.drive import renew, work
from tests.services.shop import Shop, opened


@dataclass(frozen=True, slots=True)
class Books:
    """A shop in which a period was renewed and part of it given back; its bank's ledger and a buyer's journal are files."""

    shop: Shop
    ledger: Path
    journal: Path
    subscription_id: str
    payment_id: str

    def wrong(self) -> list[str]:
        """The words of what is found to be wrong."""
        return sorted(reckon(self.shop.runtime.database, self.ledger, [self.journal]).faults.wrong())

    def tell(self, op: str, told: dict[str, Any]) -> None:
        journal = Journal(self.journal)
        journal.ask({"op": op, "subscription": self.subscription_id})
        journal.tell(told)

    def charge_again(self) -> None:
        """Another capture of the same payment, under a key of its own."""
        known = self.shop.gateway.bank.find_charge(f"{self.payment_id}-1")
        assert known is not None
        self.shop.gateway.bank.charge(replace(known.request, key=f"{self.payment_id}-2"))

    def forget(self, event: str) -> None:
        """Takes the newest line of this kind out of the ledger."""
        lines = self.ledger.read_bytes().splitlines(keepends=True)
        place = max(place for place, line in enumerate(lines) if json.loads(line)["type"] == event)
        self.ledger.write_bytes(b"".join(lines[:place] + lines[place + 1 :]))

    def set(self, table: sa.Table, row: sa.ColumnElement[bool], **columns: Any) -> None:
        with self.shop.runtime.database.transaction() as tx:
            tx.execute(sa.update(table).where(row).values(**columns))


@pytest.fixture
def database(sqlite_databases: OpenFresh) -> Iterator[Database]:
    """Counting is the same on both."""
    with sqlite_databases(True) as database:
        yield database


@pytest.fixture
def books(runtime: Runtime, factory: Factory, clock: SteppingClock, tmp_path: Path) -> Books:
    ledger = tmp_path / "ledger.jsonl"
    gateway = BankGateway(Bank(ledger, clock, Random(1).randbytes))
    shop = opened(runtime, factory, gateway, clock)
    subscription_id = renew(shop)
    work(shop)
    payment_id = shop.payments(subscription_id)[-1].id
    refund.approve(shop.runtime, refund.ask(shop.runtime, shop.ada, payment_id, "2.00", "Not used").id)
    work(shop)
    return Books(shop, ledger, tmp_path / "one.journal", subscription_id, payment_id)


def test_what_agrees_is_clean(books: Books) -> None:
    books.tell("pay", {"refused": "nothing_to_pay"})
    found = reckon(books.shop.runtime.database, books.ledger, [books.journal])
    assert found.faults.wrong() == {}
    assert (found.captures, found.refunds, found.payments, found.documents, found.requests) == (2, 1, 2, 5, 1)


def _lose_an_attempt(books: Books) -> None:
    books.set(tables.payment_attempt, tables.payment_attempt.c.key == f"{books.payment_id}-1", status="unknown")


def _take_something_else(books: Books) -> None:
    books.ledger.write_bytes(books.ledger.read_bytes().replace(b'"amount_minor":1190', b'"amount_minor":1191'))


def _give_back_unasked(books: Books) -> None:
    charge = books.shop.gateway.bank.find_charge(f"{books.payment_id}-1")
    assert charge is not None
    books.shop.gateway.bank.refund(RefundRequest("REF_1", charge.id, 1, "EUR"))


def _charge_somebody(books: Books) -> None:
    card = books.shop.card()
    books.shop.gateway.bank.charge(ChargeRequest("PAY_0-1", 100, "EUR", card.customer, card.method))


def _skip_a_number(books: Books) -> None:
    books.set(tables.number_counter, tables.number_counter.c.series.like("INV-%"), last=9)


def _leave_open(books: Books) -> None:
    books.set(tables.payment, tables.payment.c.id == books.payment_id, status="unknown", succeeded_at=None)
    _lose_an_attempt(books)


WRONGS: dict[str, tuple[Callable[[Books], None], set[str]]] = {
    "charged twice": (Books.charge_again, {"double charges", "lost charges"}),
    "a charge nobody knows of": (_charge_somebody, {"lost charges"}),
    "a success that the bank never had": (lambda books: books.forget("charge.succeeded"), {"phantom successes"}),
    "another amount": (_take_something_else, {"phantom successes"}),
    "an attempt that was never settled": (_lose_an_attempt, {"lost charges", "charges left unknown"}),
    "a payment that was never settled": (_leave_open, {"lost charges", "charges left unknown", "missing documents"}),
    "a refund that was not made": (lambda books: books.forget("refund.succeeded"), {"differing refunds"}),
    "a refund nobody asked for": (_give_back_unasked, {"differing refunds"}),
    "a number that was skipped": (_skip_a_number, {"duplicate or missing numbers"}),
    "a payment that was told of and is not there": (lambda books: books.tell("pay", {"payment": "PAY_1"}), {"lost requests"}),
    "a click that left no trace": (lambda books: books.tell("change", {"payment": None}), {"lost requests"}),
    "a cancellation that was lost": (
        lambda books: books.tell("cancel", {"effective_at": "2026-05-01T00:00:00+00:00"}),
        {"lost requests"},
    ),
    "told that it failed, and charged": (
        lambda books: books.tell("answer_bank", {"payment": books.payment_id, "outcome": "failed"}),
        {"false answers"},
    ),
    "a crash": (lambda books: books.tell("keep", {"crashed": "KeyError()"}), {"crashes"}),
}


@pytest.mark.parametrize("what", WRONGS)
def test_what_is_wrong_is_found(books: Books, what: str) -> None:
    falsify, words = WRONGS[what]
    falsify(books)
    assert words <= set(books.wrong()) <= words | {"findings of portico check"}
