"""The count after the storm: what the bank's ledger file says was taken, against what our books say, and against what buyers were
told. Nothing of the code under proof is asked except its own `portico check`."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from portico.app import system_clock
from portico.domain.payment import PAYMENT_STATUSES
from portico.sandbox.records import ChargeRecord, Entry, RefundRecord
from portico.services import check, surplus
from portico.storage import tables
from portico.storage.database import Database
from tests.proofs.journal import Exchange, read

_OPEN = ("pending", "unknown")


@dataclass
class Faults:
    """Each is a list of what is wrong, and each must be empty. Their names are the words of the figure."""

    double_charges: list[str] = field(default_factory=list)
    lost_charges: list[str] = field(default_factory=list)  # captured, not settled
    phantom_successes: list[str] = field(default_factory=list)  # settled, not captured
    differing_refunds: list[str] = field(default_factory=list)
    lost_requests: list[str] = field(default_factory=list)  # answered, and not in the books
    false_answers: list[str] = field(default_factory=list)  # told as paid, and not captured; or the other way round
    crashes: list[str] = field(default_factory=list)
    duplicate_or_missing_numbers: list[str] = field(default_factory=list)
    missing_documents: list[str] = field(default_factory=list)
    charges_left_unknown: list[str] = field(default_factory=list)
    findings_of_portico_check: list[str] = field(default_factory=list)

    def wrong(self) -> dict[str, list[str]]:
        """Those that are not empty, by their words."""
        return {words: found for words, found in self._all().items() if found}

    def figure(self) -> str:
        return ", ".join(f"{len(found)} {words}" for words, found in self._all().items())

    def _all(self) -> dict[str, list[str]]:
        return {each.name.replace("_", " "): getattr(self, each.name) for each in fields(self)}


@dataclass
class Reckoning:
    """What happened, counted, and what is wrong with it."""

    requests: int
    cut_off: int  # requests that the buyer got no answer to
    captures: int
    surplus_returned: int  # captures that nothing waited for, given back at once
    refunds: int
    payments: int
    documents: int
    periods: int
    faults: Faults

    def figure(self) -> str:
        done = (
            f"{self.requests:,} requests answered, {self.cut_off:,} cut off, {self.captures:,} captures ({self.surplus_returned} sent back)"
        )
        done += f", {self.refunds:,} refunds"
        return f"{done}, {self.documents:,} documents: {self.faults.figure()}"

    def must_be_clean(self) -> None:
        wrong = {words: found[:10] for words, found in self.faults.wrong().items()}
        assert not wrong, wrong


@dataclass
class _Bank:
    """The ledger file as it stands: charges by key, captures among them, refunds by key."""

    charges: dict[str, ChargeRecord]
    captured: Counter[str]
    refunds: dict[str, RefundRecord]


def reckon(database: Database, ledger_file: Path, journals: Iterable[Path]) -> Reckoning:
    bank = _read_ledger(ledger_file)
    books = _Books(database)
    exchanges = [exchange for file in journals for exchange in read(file)]
    faults, sent_back = Faults(), _surplus(bank)
    _compare_charges(bank, books, sent_back, faults)
    _compare_refunds(bank, books, faults)
    _compare_documents(books, faults)
    _compare_answers(exchanges, bank, books, faults)
    faults.charges_left_unknown += [row.key for row in books.attempts.values() if row.status in _OPEN]
    faults.findings_of_portico_check += [f"{found.check} {found.subject}: {found.detail}" for found in check.run(database, system_clock())]
    answered = [exchange for exchange in exchanges if exchange.told is not None]
    return Reckoning(
        requests=len(answered),
        cut_off=len(exchanges) - len(answered),
        captures=sum(bank.captured.values()),
        surplus_returned=len(sent_back),
        refunds=sum(refund.status == "succeeded" for refund in bank.refunds.values()),
        payments=len(books.payments),
        documents=len(books.documents),
        periods=sum(row.purpose == "period" for row in books.payments.values()),
        faults=faults,
    )


def _read_ledger(file: Path) -> _Bank:
    bank = _Bank({}, Counter(), {})
    for line in file.read_bytes().splitlines():
        entry = msgspec.json.decode(line, type=Entry)
        if entry.charge is not None:
            bank.charges[entry.charge.request.key] = entry.charge
            bank.captured[entry.charge.request.key] += entry.type == "charge.succeeded"
        if entry.refund is not None:
            bank.refunds[entry.refund.request.key or entry.refund.id] = entry.refund  # one made at the bank has no key of ours
    bank.captured += Counter()  # without those of nought
    return bank


class _Books:
    """Our side: rows by key or id."""

    def __init__(self, database: Database) -> None:
        with database.read() as connection:

            def rows(table: sa.Table, by: str) -> dict[Any, Any]:
                return {getattr(row, by): row for row in connection.execute(sa.select(table))}

            self.attempts = {key: row for key, row in rows(tables.payment_attempt, "key").items() if key}
            self.payments = rows(tables.payment, "id")
            self.refunds = rows(tables.refund, "key")
            self.tickets = rows(tables.refund_ticket, "id")
            self.documents = rows(tables.document, "id")
            self.setups = rows(tables.card_setup, "id")
            self.checkouts = rows(tables.checkout_session, "id")
            self.orders = rows(tables.order, "id")
            self.subscriptions = rows(tables.subscription, "id")
            self.counters = [tuple(row) for row in connection.execute(sa.select(tables.number_counter))]
            self.audits = Counter(tuple(row) for row in connection.execute(sa.select(tables.audit.c.action, tables.audit.c.subject)))
            canceled = connection.execute(sa.select(tables.cancellation)).all()
        self.cancellations: dict[str, list[Any]] = defaultdict(list)
        for row in canceled:
            self.cancellations[row.subscription_id].append(row)


def _surplus(bank: _Bank) -> set[str]:
    """Keys of charges that were given back whole because nothing waited for them."""
    given_back = {key.removesuffix(surplus.KEY_SUFFIX): refund for key, refund in bank.refunds.items() if key.endswith(surplus.KEY_SUFFIX)}
    return {key for key, refund in given_back.items() if refund.status == "succeeded"}


def _compare_charges(bank: _Bank, books: _Books, sent_back: set[str], faults: Faults) -> None:
    kept = [key for key, times in bank.captured.items() for _ in range(times) if key not in sent_back]
    by_payment = Counter(key.rpartition("-")[0] for key in kept)
    faults.double_charges += [payment_id for payment_id, times in by_payment.items() if times > 1]
    for key in kept:
        attempt = books.attempts.get(key)
        if attempt is None or attempt.status != "succeeded":
            faults.lost_charges.append(f"{key}: {attempt and attempt.status}")
    for key, attempt in books.attempts.items():
        if attempt.status != "succeeded":
            continue
        charge, payment = bank.charges.get(key), books.payments[attempt.payment_id]
        expected = (payment.total_minor, payment.currency, attempt.reference, "succeeded")
        taken = charge and (charge.request.amount_minor, charge.request.currency, charge.id, charge.status)
        if taken != expected or payment.status != "succeeded":
            faults.phantom_successes.append(f"{key}: {taken} at the bank, {expected} in the books, {payment.status}")
    assert {row.status for row in books.payments.values()} <= set(PAYMENT_STATUSES)


def _compare_refunds(bank: _Bank, books: _Books, faults: Faults) -> None:
    ours = {key: (row.amount_minor, row.currency) for key, row in books.refunds.items() if row.status == "succeeded"}
    theirs = {
        key: (refund.request.amount_minor, refund.request.currency)
        for key, refund in bank.refunds.items()
        if refund.status == "succeeded" and not key.endswith(surplus.KEY_SUFFIX)
    }
    faults.differing_refunds += [key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)]
    faults.differing_refunds += [f"{key} is pending" for key, row in books.refunds.items() if row.status == "pending"]
    for payment_id, row in books.payments.items():
        given = sum(
            refund.amount_minor for refund in books.refunds.values() if refund.payment_id == payment_id and refund.status != "failed"
        )
        if given > row.total_minor:
            faults.differing_refunds.append(f"{payment_id}: more was given back than taken")


def _compare_documents(books: _Books, faults: Faults) -> None:
    series: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    kinds: dict[str, list[str]] = defaultdict(list)
    for row in books.documents.values():
        series[row.store_id, row.environment, row.series].append(row.sequence)
        if row.corrects_id is None or row.refund_id is not None:
            kinds[row.refund_id or row.payment_id].append(row.kind)
        else:
            kinds[row.corrects_id].append(row.kind)
    for name, numbers in series.items():
        if sorted(numbers) != list(range(1, len(numbers) + 1)):
            faults.duplicate_or_missing_numbers.append(f"{name}: {sorted(numbers)}")
    last = {counter[:3]: counter[3] for counter in books.counters}
    if last != {name: len(numbers) for name, numbers in series.items()}:
        faults.duplicate_or_missing_numbers.append(f"counted {last}")
    for payment_id, row in books.payments.items():
        wanted = ["invoice", "receipt"] if row.status == "succeeded" else []
        if sorted(kinds.get(payment_id, [])) != wanted:
            faults.missing_documents.append(f"{payment_id} {row.status}: {kinds.get(payment_id)}")
    for row in books.refunds.values():
        if kinds.get(row.id, []) != (["credit_note"] if row.status == "succeeded" and row.purpose == "money" else []):
            faults.missing_documents.append(f"{row.id} {row.status}: {kinds.get(row.id)}")
    for row in books.documents.values():
        if sorted(kinds.get(row.id, [])) not in ([], ["credit_note", "invoice"]):
            faults.missing_documents.append(f"{row.number} is corrected by {kinds[row.id]}")
    corrected = {row.correction["document_id"] for row in books.refunds.values() if row.purpose == "tax" and row.status == "succeeded"}
    faults.missing_documents += [f"{document_id}: its tax went back" for document_id in corrected if document_id not in kinds]


# What is written down of a request each time it is granted.
_AUDITED = {
    "change": "plan_change.confirmed", "pay": "payment.tried", "pause": "pause.scheduled", "unpause": "subscription.unpaused",
}  # fmt: skip


def _compare_answers(exchanges: list[Exchange], bank: _Bank, books: _Books, faults: Faults) -> None:
    granted: Counter[tuple[str, str]] = Counter()
    for exchange in exchanges:
        asked, told = exchange.asked, exchange.told
        if told is None or "refused" in told:
            continue
        if "crashed" in told:
            faults.crashes.append(f"{asked}: {told['crashed']}")
        elif not _is_in_the_books(asked, told, books):
            faults.lost_requests.append(f"{asked}: {told}")
        elif not _is_true(told, bank, books):
            faults.false_answers.append(f"{asked}: {told}")
        if asked["op"] in _AUDITED:
            subject = told.get("payment") if asked["op"] == "pay" else asked["subscription"]
            granted[_AUDITED[asked["op"]], str(subject)] += 1
    faults.lost_requests += [
        f"{key}: {times} answered, {books.audits[key]} kept" for key, times in granted.items() if books.audits[key] < times
    ]


def _is_in_the_books(asked: dict[str, Any], told: dict[str, Any], books: _Books) -> bool:
    """Whether what a buyer was told is there, was done, or is known of."""
    known = {
        "payment": books.payments, "ticket": books.tickets, "refund": books.refunds, "setup": books.setups, "document": books.documents,
        "checkout": books.checkouts, "order": books.orders,
    }  # fmt: skip
    if not all(told[name] in rows for name, rows in known.items() if told.get(name)):
        return False
    if asked["op"] == "cancel":
        effective_at = datetime.fromisoformat(told["effective_at"])
        return any(row.effective_at == effective_at for row in books.cancellations[asked["subscription"]])
    if asked["op"] == "resume":
        return any(row.withdrawn_at is not None for row in books.cancellations[asked["subscription"]])
    if "setup" in told and told["status"] != "open":
        return books.setups[told["setup"]].status == told["status"]
    return True


def _is_true(told: dict[str, Any], bank: _Bank, books: _Books) -> bool:
    """Whether what was said of a payment is so: a success was captured; of a failure something else may have come since."""
    if told.get("stands") == "completed" and books.checkouts[told["checkout"]].status != "completed":
        return False
    payment_id = told.get("payment")
    if payment_id is None:
        return True
    keys = [key for key, attempt in books.attempts.items() if attempt.payment_id == payment_id]
    if "succeeded" in (told.get("outcome"), told.get("status")):
        return books.payments[payment_id].status == "succeeded" and any(bank.captured[key] for key in keys)
    if told.get("outcome") == "failed":
        return any(books.attempts[key].status in ("failed", "canceled") and not bank.captured[key] for key in keys)
    return True
