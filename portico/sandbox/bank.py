"""An honest payment provider: what a key stands for is done at most once, and what was done can be asked for and proved.

State is what the ledger says: every change is a line there first. All functions may be called from any thread; each blocks for
the disk. Nothing here knows HTTP, pages or how answers get lost.
"""

import base64
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from portico.domain.errors import NotFound, Refused
from portico.domain.money import exponent
from portico.sandbox.cards import BY_NUMBER, SUCCESS, TestCard
from portico.sandbox.ledger import Ledger
from portico.sandbox.records import (
    BadRequest,
    Capture,
    Card,
    CardRefused,
    ChargeRecord,
    ChargeRequest,
    ChargeState,
    Customer,
    DisputeRecord,
    DisputeState,
    Entry,
    KeyReused,
    Record,
    RefundRecord,
    RefundRequest,
    RefundState,
    Setup,
    SetupRequest,
)

_ADDRESS = re.compile(r"https?://[A-Za-z0-9.\-:\[\]]+(/[!-~]*)?")
SETUP_LIVES = timedelta(hours=24)
_OPEN: tuple[ChargeState, ...] = ("requires_action", "processing")
Asked = TypeVar("Asked", Setup, ChargeRecord, RefundRecord)
Found = TypeVar("Found")


class Bank:
    """One bank with its ledger: a file, or memory when `ledger_file` is None. `clock()` is the time now, aware, in UTC."""

    def __init__(self, ledger_file: Path | None, clock: Callable[[], datetime], random_bytes: Callable[[int], bytes]) -> None:
        self.clock = clock
        self.random_bytes = random_bytes
        self._lock = threading.RLock()
        self._customers: dict[str, Customer] = {}
        self._cards: dict[str, Card] = {}
        self._setups: dict[str, Setup] = {}
        self._setup_keys: dict[str, str] = {}
        self._charges: dict[str, ChargeRecord] = {}
        self._charge_keys: dict[str, str] = {}
        self._refunds: dict[str, RefundRecord] = {}
        self._refund_keys: dict[str, str] = {}
        self._disputes: dict[str, DisputeRecord] = {}
        self._refunds_of: dict[str, dict[str, RefundRecord]] = {}
        self._ledger = Ledger(ledger_file)
        for entry in self._ledger.entries:
            self._apply(entry)

    def close(self) -> None:
        self._ledger.close()

    # Cards

    def open_setup(self, request: SetupRequest) -> Setup:
        """The visit to the card page that this key stands for. Raises KeyReused, BadRequest."""
        with self._lock:
            known = self._setup_keys.get(request.key)
            if known is not None:
                return _same(self.setup(known), request)
            _check_addresses(request.return_url, request.cancel_url)
            setup = Setup(self._new_id("setup"), request, "open", self.clock() + SETUP_LIVES)
            self._write(("card_setup.open", setup))
            return setup

    def setup(self, setup_id: str) -> Setup:
        """A visit as it stands; one that lasted longer than 24 hours has expired. Raises NotFound."""
        with self._lock:
            setup = _found(self._setups, setup_id)
            if setup.status == "open" and self.clock() >= setup.expires_at:
                setup = replace(setup, status="expired")
                self._write(("card_setup.expired", setup))
            return setup

    def complete_setup(self, setup_id: str, number: str) -> Setup:
        """Saves the test card with this number. A visit that is over stays as it was. Raises CardRefused, NotFound."""
        with self._lock:
            setup = self.setup(setup_id)
            if setup.status != "open":
                return setup
            test_card = _test_card(number)
            if test_card.refusal and test_card.refused_when_saved:
                raise CardRefused(test_card.refusal)
            known = self._customers.get(setup.request.customer or "")
            customer = known or Customer(self._new_id("cus"), setup.request.email)
            card = self._new_card(customer.id, test_card)
            setup = replace(setup, status="completed", card=card)
            created: list[tuple[str, Record]] = [] if known else [("customer.created", customer)]
            self._write(*created, ("card.saved", card), ("card_setup.completed", setup))
            return setup

    def save_card(self, email: str, number: str = SUCCESS, *, customer: str | None = None, expiry: tuple[int, int] | None = None) -> Card:
        """Saves any test card without a page, also one that the page would refuse; for a new customer unless one is named.
        `expiry` is (month, year), where it matters."""
        with self._lock:
            known = _found(self._customers, customer) if customer else Customer(self._new_id("cus"), email)
            card = self._new_card(known.id, _test_card(number), expiry)
            created: list[tuple[str, Record]] = [] if customer else [("customer.created", known)]
            self._write(*created, ("card.saved", card))
            return card

    def change_card(self, card_id: str, number: str) -> Card:
        """From now on a saved card behaves like another test card, as cards do that run dry or are lost. It looks the same."""
        with self._lock:
            card = replace(_found(self._cards, card_id), number=_test_card(number).number)
            self._write(("card.changed", card))
            return card

    def card(self, card_id: str) -> Card | None:
        with self._lock:
            return self._cards.get(card_id)

    # Charges

    def charge(self, request: ChargeRequest, *, like: str | None = None, hold: bool = False) -> ChargeRecord:
        """Takes the money at most once for a key, or tells what became of it. Raises KeyReused, BadRequest.

        `like`: this once the card behaves like the test card with that number. `hold`: the charge is left processing until
        `finish_charge`.
        """
        with self._lock:
            known = self._charge_keys.get(request.key)
            if known is not None:
                return _same(self._charges[known], request)
            _check_amount(request.amount_minor, request.currency)
            if request.on_session:
                _check_addresses(request.return_url)
            card = self._cards.get(request.method)
            if card is None or card.customer != request.customer:
                card = None
            status, refusal = _decide(card and BY_NUMBER[like or card.number], request.on_session)
            if hold and status == "succeeded":
                status = "processing"
            charge = ChargeRecord(self._new_id("ch"), request, status, self.clock(), refusal, card)
            self._write((_charge_event(charge), charge))
            return charge

    def find_charge(self, key: str) -> ChargeRecord | None:
        """What became of a charge; None for a key that was never seen."""
        with self._lock:
            known = self._charge_keys.get(key)
            return None if known is None else self._charges[known]

    def charge_by_id(self, charge_id: str) -> ChargeRecord:
        """Raises NotFound."""
        with self._lock:
            return _found(self._charges, charge_id)

    def cancel_charge(self, key: str) -> ChargeRecord | None:
        """Gives up a charge that waits for the buyer: it can never take money any more. Any other stays as it is."""
        with self._lock:
            charge = self.find_charge(key)
            return charge if charge is None or charge.status != "requires_action" else self._turn(charge, "canceled")

    def confirm_charge(self, charge_id: str, *, approved: bool) -> ChargeRecord:
        """The buyer's word on a charge that asked for it (3-D Secure). Any other stays as it is. Raises NotFound."""
        with self._lock:
            charge = self.charge_by_id(charge_id)
            if charge.status != "requires_action":
                return charge
            return self._turn(charge, "succeeded") if approved else self._turn(charge, "failed", "authentication_required")

    def finish_charge(self, key: str, *, refusal: str | None = None) -> ChargeRecord:
        """Ends a charge that was left processing. Raises NotFound."""
        with self._lock:
            charge = self.find_charge(key)
            if charge is None:
                raise NotFound(key)
            if charge.status != "processing":
                return charge
            return self._turn(charge, "failed", refusal) if refusal else self._turn(charge, "succeeded")

    # Refunds

    def refund(self, request: RefundRequest, *, outcome: RefundState = "succeeded") -> RefundRecord:
        """Gives money back once for a key. One of more than is left of the charge, or in another currency, fails for good.
        `outcome` is what becomes of one that is possible. Raises KeyReused, BadRequest."""
        with self._lock:
            known = self._refund_keys.get(request.key)
            if known is not None:
                return _same(self._refunds[known], request)
            _check_amount(request.amount_minor, request.currency)
            charge = self._charges.get(request.charge)
            possible = (
                charge is not None
                and charge.status == "succeeded"
                and charge.request.currency == request.currency
                and request.amount_minor <= charge.request.amount_minor - self.given_back_minor(charge.id)
            )
            key = charge.request.key if charge is not None else ""
            refund = RefundRecord(self._new_id("re"), request, outcome if possible else "failed", self.clock(), key)
            self._write((_refund_event(refund), refund))
            return refund

    def give_back(self, charge_id: str, amount_minor: int | None = None, *, outcome: RefundState = "succeeded") -> RefundRecord:
        """What the merchant does at the bank itself, with nobody's key: gives back a part of a charge, or all that is left of it.
        Raises NotFound, BadRequest when there is not as much."""
        with self._lock:
            charge = self.charge_by_id(charge_id)
            left_minor = charge.request.amount_minor - self.given_back_minor(charge_id) if charge.status == "succeeded" else 0
            amount_minor = left_minor if amount_minor is None else amount_minor
            if not 0 < amount_minor <= left_minor:
                raise BadRequest("there is not as much left of the charge")
            request = RefundRequest("", charge_id, amount_minor, charge.request.currency, charge.request.account)
            return self.refund(request, outcome=outcome)

    def find_refund(self, key: str) -> RefundRecord | None:
        with self._lock:
            known = self._refund_keys.get(key)
            return None if known is None else self._refunds[known]

    def end_refund(self, refund_id: str, outcome: RefundState) -> RefundRecord:
        """Ends a refund by the bank's own id, whoever made it. One that succeeded may still come back: it fails. Raises NotFound."""
        with self._lock:
            refund = _found(self._refunds, refund_id)
            if refund.status == "pending" or (refund.status == "succeeded" and outcome == "failed"):
                refund = replace(refund, status=outcome)
                self._write((_refund_event(refund), refund))
            return refund

    def refunds_of(self, charge_id: str) -> list[RefundRecord]:
        """All refunds of a charge, whoever made them, in the order they were."""
        with self._lock:
            return list(self._refunds_of.get(charge_id, {}).values())

    def given_back_minor(self, charge_id: str) -> int:
        """What was, or is being, given back of a charge."""
        with self._lock:
            refunds = self._refunds_of.get(charge_id, {}).values()
            return sum(refund.request.amount_minor for refund in refunds if refund.status != "failed")

    def dispute(self, charge_id: str, reason: str = "fraudulent", *, outcome: DisputeState = "open") -> DisputeRecord:
        """A buyer disputes a charge at his own bank, or how that ended. Raises NotFound, BadRequest when nothing was taken."""
        with self._lock:
            charge = self.charge_by_id(charge_id)
            if charge.status != "succeeded":
                raise BadRequest("nothing was taken")
            known = self._disputes.get(charge_id)
            dispute = replace(known, status=outcome) if known else DisputeRecord(self._new_id("dp"), charge, outcome, reason)
            self._write((f"dispute.{outcome}", dispute))
            return dispute

    # The books

    def captures(self) -> list[Capture]:
        """All the money that was taken, in the order it was."""
        with self._lock:
            taken = [entry for entry in self._ledger.entries if entry.type == "charge.succeeded"]
            return [self._capture(entry.charge, entry.at) for entry in taken if entry.charge is not None]

    def refunds(self) -> list[RefundRecord]:
        """All refunds, whoever made them, as they stand, in the order they were."""
        with self._lock:
            return list(self._refunds.values())

    def ledger(self, *, after: int = 0) -> list[Entry]:
        """The lines of the ledger behind the one with this number."""
        with self._lock:
            return self._ledger.entries[after:]

    def _capture(self, charge: ChargeRecord, at: datetime) -> Capture:
        request = charge.request
        return Capture(
            request.key, charge.id, request.amount_minor, request.currency, request.customer, request.method, at,
            self.given_back_minor(charge.id), request.metadata,
        )  # fmt: skip

    def _turn(self, charge: ChargeRecord, status: ChargeState, refusal: str | None = None) -> ChargeRecord:
        turned = replace(charge, status=status, refusal=refusal)
        self._write((_charge_event(turned), turned))
        return turned

    def _new_card(self, customer: str, test_card: TestCard, expiry: tuple[int, int] | None = None) -> Card:
        later = self.clock().month - 1 + test_card.months_left
        month, year = expiry or (later % 12 + 1, self.clock().year + later // 12)
        return Card(self._new_id("card"), customer, test_card.number, test_card.brand, test_card.last4, month, year)

    def _new_id(self, prefix: str) -> str:
        return f"{prefix}_{base64.b32encode(self.random_bytes(15)).decode().lower()}"

    def _write(self, *changes: tuple[str, Record]) -> None:
        first, now = len(self._ledger.entries) + 1, self.clock()
        entries = [_entry(first + place, now, event, record) for place, (event, record) in enumerate(changes)]
        self._ledger.append(entries)
        for entry in entries:
            self._apply(entry)

    def _apply(self, entry: Entry) -> None:
        if entry.customer is not None:
            self._customers[entry.customer.id] = entry.customer
        if entry.card is not None:
            self._cards[entry.card.id] = entry.card
        if entry.setup is not None:
            self._setups[entry.setup.id] = entry.setup
            self._setup_keys[entry.setup.request.key] = entry.setup.id
        if entry.charge is not None:
            before = self._charges.get(entry.charge.id)
            if before is not None and before.status not in _OPEN:
                raise ValueError(f"charge {before.id} is {before.status} for good")
            self._charges[entry.charge.id] = entry.charge
            self._charge_keys[entry.charge.request.key] = entry.charge.id
        if entry.dispute is not None:
            self._disputes[entry.dispute.charge.id] = entry.dispute
        if entry.refund is not None:
            self._refunds[entry.refund.id] = entry.refund
            if entry.refund.request.key:
                self._refund_keys[entry.refund.request.key] = entry.refund.id
            self._refunds_of.setdefault(entry.refund.request.charge, {})[entry.refund.id] = entry.refund


def _decide(card: TestCard | None, on_session: bool) -> tuple[ChargeState, str | None]:
    if card is None:
        return "failed", "no_such_card"
    if card.refusal is not None:
        return "failed", card.refusal
    if card.confirms:
        return ("requires_action", None) if on_session else ("failed", "authentication_required")
    return "succeeded", None


def _test_card(number: str) -> TestCard:
    try:
        return BY_NUMBER[number]
    except KeyError:
        raise CardRefused("not_a_test_card") from None


def _same(known: Asked, request: object) -> Asked:
    if known.request != request:
        raise KeyReused("the key stands for another request already")
    return known


def _found(records: dict[str, Found], record_id: str) -> Found:
    try:
        return records[record_id]
    except KeyError:
        raise NotFound(record_id) from None


def _check_amount(amount_minor: int, currency: str) -> None:
    if amount_minor <= 0:
        raise BadRequest("an amount is positive")
    try:
        exponent(currency)
    except Refused as refused:
        raise BadRequest(str(refused)) from None


def _check_addresses(*addresses: str) -> None:
    """A page's buttons lead there, and its policy names them."""
    if not all(_ADDRESS.fullmatch(address) for address in addresses):
        raise BadRequest("an address to return to is http(s)://host/...")


def _charge_event(charge: ChargeRecord) -> str:
    return f"charge.{charge.status}"


def _refund_event(refund: RefundRecord) -> str:
    return f"refund.{refund.status}"


_PLACES: dict[type[Record], str] = {
    Customer: "customer", Card: "card", Setup: "setup", ChargeRecord: "charge", RefundRecord: "refund", DisputeRecord: "dispute",
}  # fmt: skip


def _entry(sequence: int, at: datetime, event: str, record: Record) -> Entry:
    place: dict[str, Any] = {_PLACES[type(record)]: record}
    return Entry(sequence, at, event, **place)
