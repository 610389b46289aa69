"""A payment provider in this process, with faults on order.

    bank.captures()                              the money it took, by its own ledger
    card = gateway.save_card("anna@example.com") a saved card; any test card's number may be given
    gateway.faults.append("timeout_after")       the next charge is made, its answer is lost

Each entry of `faults` is used up by the first call it speaks of, in order:

    charge: timeout_before, error_before (nothing was done) · timeout_after, error_after (it was done) ·
            decline:CODE (card_declined, insufficient_funds, expired_card, lost_card) · requires_action · processing
    refund: refund_timeout_before, refund_timeout_after, refund_fails, refund_pending
    others: find_timeout (find_charge, find_refund) · cancel_timeout · setup_timeout (both card page calls)

"unreachable" stays until it is removed: every call is Unanswered and nothing is done. What a fault cannot change is what the
bank did already: a key that was charged stays charged.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Self, TypeVar

import msgspec

from portico.domain.errors import NotFound
from portico.gateways import sandbox_answers, webhook_signature
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
    SavedCard,
    Unanswered,
)
from portico.sandbox import answers, cards
from portico.sandbox.bank import Bank
from portico.sandbox.records import BadRequest, ChargeRecord, ChargeRequest, Entry, KeyReused, RefundRequest, SetupRequest

Answer = TypeVar("Answer")
BASE_URL = "https://bank.test"
WEBHOOK_SECRET = "a webhook secret of the tests, long enough"
SIGNATURE_HEADER = "sandbox-signature"
_CHARGE_FAULTS = ("timeout_before", "error_before", "timeout_after", "error_after", "decline:", "requires_action", "processing")
_REFUND_FAULTS = ("refund_timeout_before", "refund_timeout_after", "refund_fails", "refund_pending")
_OTHER_FAULTS = ("find_timeout", "cancel_timeout", "setup_timeout", "unreachable")
_LIKE = {card.refusal: card.number for card in cards.CARDS if card.refusal}


class Faults(list[str]):
    """The list of faults on order; one that does not exist is refused, since it would never strike."""

    def append(self, fault: str) -> None:
        known = (*_CHARGE_FAULTS, *_REFUND_FAULTS, *_OTHER_FAULTS)
        if fault not in known and fault.partition("decline:")[2] not in _LIKE:
            raise ValueError(f"no fault is called {fault!r}")
        super().append(fault)

    def extend(self, faults: Iterable[str]) -> None:
        for fault in faults:
            self.append(fault)

    def __iadd__(self, faults: Iterable[str]) -> Self:
        self.extend(faults)
        return self


class BankGateway:
    """The port over a Bank, without a wire. `calls` lists what was asked: ("charge", key), ("find_charge", key), ..."""

    name = "sandbox"
    page_origins = (BASE_URL,)
    capabilities = Capabilities()

    def __init__(self, bank: Bank) -> None:
        self.bank = bank
        self.faults = Faults()
        self.calls: list[tuple[str, str]] = []

    def save_card(
        self, email: str, number: str = cards.SUCCESS, *, customer: str | None = None, expiry: tuple[int, int] | None = None
    ) -> SavedCard:
        """A card as a subscription keeps it. `expiry` is (month, year), if it matters."""
        saved = self.bank.save_card(email, number, customer=customer, expiry=expiry)
        return sandbox_answers.saved_card(answers.of_card(saved))

    def use_card_page(self, reference: str, number: str = cards.SUCCESS) -> CardSetupResult:
        """What a buyer does on the card page. Raises CardRefused as the page would."""
        return sandbox_answers.card_setup_result(answers.of_setup(self.bank.complete_setup(reference, number), BASE_URL))

    def webhooks(self, now: datetime, *, after: int = 0) -> list[tuple[bytes, dict[str, str]]]:
        """(body, headers) of every webhook the bank would send about the lines of its ledger behind `after`."""
        return [self.webhook(entry, now) for entry in self.bank.ledger(after=after) if answers.of_event(entry, BASE_URL)]

    def webhook(self, entry: Entry, now: datetime) -> tuple[bytes, dict[str, str]]:
        """(body, headers) of the webhook about one line of the ledger, signed at `now`."""
        body = msgspec.json.encode(answers.of_event(entry, BASE_URL))
        return body, {SIGNATURE_HEADER: webhook_signature.sign(WEBHOOK_SECRET.encode(), body, now)}

    # The port

    def charge(self, charge: Charge) -> ChargeResult:
        self._called("charge", charge.key)
        fault = self._fault(*_CHARGE_FAULTS)
        if fault.endswith("_before"):
            raise Unanswered(fault)
        like = cards.CONFIRMS if fault == "requires_action" else _LIKE[fault.partition(":")[2]] if fault.startswith("decline:") else None
        request = ChargeRequest(
            charge.key, charge.amount_minor, charge.currency, charge.customer, charge.method, charge.description,
            charge.on_session, charge.return_url, dict(charge.metadata),
        )  # fmt: skip
        result = _result(_asked(self.bank.charge, request, like=like, hold=fault == "processing"))
        if fault.endswith("_after"):
            raise Unanswered(fault)
        return result

    def find_charge(self, key: str, *, customer: str) -> ChargeResult | None:
        self._called("find_charge", key)
        self._fail_if("find_timeout")
        found = self.bank.find_charge(key)
        return found and _result(found)

    def cancel_charge(self, key: str, *, customer: str) -> ChargeResult | None:
        self._called("cancel_charge", key)
        self._fail_if("cancel_timeout")
        found = self.bank.cancel_charge(key)
        return found and _result(found)

    def refund(self, order: RefundOrder) -> RefundResult:
        self._called("refund", order.key)
        fault = self._fault(*_REFUND_FAULTS)
        if fault.endswith("_before"):
            raise Unanswered(fault)
        request = RefundRequest(order.key, order.charge_reference, order.amount_minor, order.currency)
        outcome = "failed" if fault == "refund_fails" else "pending" if fault == "refund_pending" else "succeeded"
        refund = _asked(self.bank.refund, request, outcome=outcome)
        if fault.endswith("_after"):
            raise Unanswered(fault)
        return sandbox_answers.refund_result(answers.of_refund(refund))

    def find_refund(self, key: str, *, charge_reference: str) -> RefundResult | None:
        self._called("find_refund", key)
        self._fail_if("find_timeout")
        found = self.bank.find_refund(key)
        return found and sandbox_answers.refund_result(answers.of_refund(found))

    def refunds_of(self, charge_reference: str) -> Sequence[RefundResult]:
        self._called("refunds_of", charge_reference)
        self._fail_if("find_timeout")
        return [sandbox_answers.refund_result(answers.of_refund(one)) for one in self.bank.refunds_of(charge_reference)]

    def save_card_page(self, setup: CardSetup) -> CardPage:
        self._called("save_card_page", setup.key)
        self._fail_if("setup_timeout")
        request = SetupRequest(setup.key, setup.email, setup.return_url, setup.cancel_url, setup.language, setup.customer)
        return sandbox_answers.card_page(answers.of_setup(_asked(self.bank.open_setup, request), BASE_URL))

    def find_card_setup(self, reference: str) -> CardSetupResult:
        self._called("find_card_setup", reference)
        self._fail_if("setup_timeout")
        try:
            return sandbox_answers.card_setup_result(answers.of_setup(self.bank.setup(reference), BASE_URL))
        except NotFound:
            return CardSetupResult(reference, "expired")

    def parse_webhook(self, body: bytes, headers: Mapping[str, str], now: datetime) -> GatewayEvent:
        webhook_signature.verify(WEBHOOK_SECRET.encode(), body, headers.get(SIGNATURE_HEADER), now)
        try:
            return sandbox_answers.gateway_event(body)
        except ValueError as error:
            raise Forged(str(error)) from error

    def _called(self, call: str, subject: str) -> None:
        self.calls.append((call, subject))
        if "unreachable" in self.faults:
            raise Unanswered("unreachable")

    def _fault(self, *known: str) -> str:
        """Takes the first of these faults off the list; "" when there is none."""
        for place, fault in enumerate(self.faults):
            if fault in known or (fault.startswith("decline:") and "decline:" in known):
                return self.faults.pop(place)
        return ""

    def _fail_if(self, fault: str) -> None:
        if self._fault(fault):
            raise Unanswered(fault)


def _result(charge: ChargeRecord) -> ChargeResult:
    return sandbox_answers.charge_result(answers.of_charge(charge, BASE_URL))


def _asked(call: Callable[..., Answer], *args: Any, **named: Any) -> Answer:
    """A request that the bank does not understand, or a key that stands for another one, is no answer about a payment."""
    try:
        return call(*args, **named)
    except (KeyReused, BadRequest) as error:
        raise Unanswered(error.code) from error
