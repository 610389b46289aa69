"""What the port promises, as tests that every payment provider must pass.

A test module makes a subclass of Conformance (for webhooks: of Signed) with a fixture `provider`. What a counterpart cannot be
asked (localstripe knows no idempotency keys) is named in its `missing`; the tests that need it are skipped by that name.
"""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Literal, Protocol, TypeVar
from urllib.parse import urlsplit

import pytest

from portico.domain.payment import FAILURE_CODES
from portico.gateways.port import (
    CardPage,
    CardSetup,
    Charge,
    ChargeResult,
    Forged,
    PaymentGateway,
    RefundOrder,
    RefundResult,
    SavedCard,
    Unanswered,
)

CardKind = Literal["works", "insufficient_funds", "confirms"]
Webhook = tuple[bytes, dict[str, str]]
Result = TypeVar("Result")
_numbers = count(1)


class Provider(Protocol):
    """A payment provider under test, with what its other customers, its buyers and its bookkeeper can do."""

    missing: frozenset[str]

    @property
    def gateway(self) -> PaymentGateway: ...

    def saved_card(self, kind: CardKind) -> SavedCard:
        """A card of a new customer: one that works, has no money, or asks to confirm each payment."""
        ...

    def captured_minor(self, key: str) -> int:
        """All money taken for a key, by the provider's own books."""
        ...

    def given_back_minor(self, reference: str) -> int:
        """All money given back of a charge, by the provider's own books."""
        ...

    def give_back(self, reference: str, amount_minor: int) -> None:
        """What the merchant does at the provider itself: gives back a part of a charge in EUR."""
        ...

    def confirm(self, charge: ChargeResult, *, approved: bool) -> None:
        """What the buyer does on the page of 3-D Secure."""
        ...

    def complete(self, page: CardPage) -> None:
        """What the buyer does on the card page: save a card that works."""
        ...

    def answers_lost(self, when: Literal["before", "after"]) -> AbstractContextManager[None]:
        """Within, answers go missing: before anything is done, or after."""
        ...

    def cut_off(self) -> PaymentGateway:
        """The same gateway where nobody listens."""
        ...

    def webhooks(self) -> list[Webhook]:
        """Raw bodies and headers (names in lower case) of the webhooks sent so far, in order."""
        ...

    def now(self) -> datetime:
        """The time by which webhooks are signed."""
        ...


def new_key(kind: str = "PAY") -> str:
    return f"{kind}_{next(_numbers):06d}-1"


def answered(ask: Callable[[], Result]) -> Result:
    """What a provider says in the end, as a job asks: of eight requests at once one may wait too long for a connection."""
    while True:
        with suppress(Unanswered):
            return ask()


def charge_of(card: SavedCard, amount_minor: int = 2900, currency: str = "EUR", *, on_session: bool = True) -> Charge:
    """A charge with a key of its own."""
    return Charge(
        key=new_key(),
        amount_minor=amount_minor,
        currency=currency,
        customer=card.customer,
        method=card.method,
        description="Team, monthly",
        on_session=on_session,
        return_url="https://portal.test/back?payment=1",
        metadata={"payment": "PAY_1"},
    )


def setup_of(customer: str | None = None) -> CardSetup:
    return CardSetup(new_key("SET"), customer, "anna@example.com", "https://portal.test/done", "https://portal.test/back", "de")


def need(provider: Provider, feature: str) -> None:
    if feature in provider.missing:
        pytest.skip(f"the counterpart knows no {feature}")


def find(provider: Provider, charge: Charge) -> ChargeResult | None:
    return provider.gateway.find_charge(charge.key, customer=charge.customer)


class Conformance:
    """Charges, refunds and card pages."""

    def test_a_charge_takes_the_money_once_and_says_what_it_was(self, provider: Provider) -> None:
        card = provider.saved_card("works")
        charge = charge_of(card)
        result = provider.gateway.charge(charge)
        assert (result.status, result.key, result.amount_minor, result.currency) == ("succeeded", charge.key, 2900, "EUR")
        assert (result.failure_code, result.action_url) == (None, None)
        assert result.reference
        assert result.method == card.card
        assert provider.captured_minor(charge.key) == 2900
        assert find(provider, charge) == result

    def test_the_same_charge_again_is_answered_and_not_made(self, provider: Provider) -> None:
        need(provider, "idempotency")
        charge = charge_of(provider.saved_card("works"))
        first = provider.gateway.charge(charge)
        assert [provider.gateway.charge(charge) for _ in range(3)] == [first] * 3
        assert provider.captured_minor(charge.key) == 2900

    def test_a_charge_asked_for_many_times_at_once_is_made_once(self, provider: Provider) -> None:
        need(provider, "idempotency")
        charge = charge_of(provider.saved_card("works"))
        together = threading.Barrier(8)

        def ask() -> ChargeResult:
            together.wait()
            return answered(lambda: provider.gateway.charge(charge))

        with ThreadPoolExecutor(8) as pool:
            results = {pool.submit(ask) for _ in range(8)}
            references = {future.result().reference for future in results}
        assert len(references) == 1
        assert provider.captured_minor(charge.key) == 2900

    @pytest.mark.parametrize("change", [{"amount_minor": 2901}, {"currency": "USD"}, {"method": "another"}, {"on_session": False}])
    def test_another_charge_with_the_same_key_is_not_made(self, provider: Provider, change: dict[str, object]) -> None:
        need(provider, "idempotency")
        charge = charge_of(provider.saved_card("works"))
        first = provider.gateway.charge(charge)
        with pytest.raises(Unanswered):
            provider.gateway.charge(replace(charge, **change))  # type: ignore[arg-type]
        assert find(provider, charge) == first
        assert provider.captured_minor(charge.key) == 2900

    def test_a_refused_charge_says_why_and_stays_refused(self, provider: Provider) -> None:
        charge = charge_of(provider.saved_card("insufficient_funds"))
        result = provider.gateway.charge(charge)
        assert (result.status, result.failure_code) == ("failed", "insufficient_funds")
        found = find(provider, charge)
        assert found is not None
        assert (found.status, found.failure_code, found.reference) == ("failed", "insufficient_funds", result.reference)
        assert provider.captured_minor(charge.key) == 0

    @pytest.mark.parametrize("on_session", [True, False])
    def test_a_card_the_provider_does_not_have_fails(self, provider: Provider, on_session: bool) -> None:
        card = provider.saved_card("works")
        result = provider.gateway.charge(replace(charge_of(card, on_session=on_session), method="card_of_nobody"))
        assert result.status == "failed"
        assert result.failure_code in FAILURE_CODES

    def test_another_customers_card_fails(self, provider: Provider) -> None:
        mine, theirs = provider.saved_card("works"), provider.saved_card("works")
        charge = replace(charge_of(mine), method=theirs.method)
        assert provider.gateway.charge(charge).status == "failed"
        assert provider.captured_minor(charge.key) == 0

    def test_a_key_never_seen_is_nothing(self, provider: Provider) -> None:
        card = provider.saved_card("works")
        assert provider.gateway.find_charge(new_key(), customer=card.customer) is None
        assert provider.gateway.cancel_charge(new_key(), customer=card.customer) is None

    def test_a_lost_answer_is_found_by_the_key(self, provider: Provider) -> None:
        need(provider, "lost answers")
        charge = charge_of(provider.saved_card("works"))
        with provider.answers_lost("after"), pytest.raises(Unanswered):
            provider.gateway.charge(charge)
        found = find(provider, charge)
        assert found is not None
        assert found.status == "succeeded"
        assert provider.gateway.charge(charge) == found
        assert provider.captured_minor(charge.key) == 2900

    def test_a_lost_request_is_not_found_and_may_be_made_again(self, provider: Provider) -> None:
        need(provider, "lost answers")
        charge = charge_of(provider.saved_card("works"))
        with provider.answers_lost("before"), pytest.raises(Unanswered):
            provider.gateway.charge(charge)
        assert find(provider, charge) is None
        assert provider.captured_minor(charge.key) == 0
        assert provider.gateway.charge(charge).status == "succeeded"
        assert provider.captured_minor(charge.key) == 2900

    def test_every_call_to_nowhere_is_unanswered(self, provider: Provider) -> None:
        card = SavedCard("cus", "card", provider.saved_card("works").card)
        nowhere = provider.cut_off()
        calls: list[Callable[[], object]] = [
            lambda: nowhere.charge(charge_of(card)),
            lambda: nowhere.find_charge("PAY_1-1", customer="cus"),
            lambda: nowhere.cancel_charge("PAY_1-1", customer="cus"),
            lambda: nowhere.refund(RefundOrder("REF_1", "ch_1", 100, "EUR")),
            lambda: nowhere.find_refund("REF_1", charge_reference="ch_1"),
            lambda: nowhere.refunds_of("ch_1"),
            lambda: nowhere.save_card_page(setup_of()),
            lambda: nowhere.find_card_setup("setup_1"),
        ]
        for call in calls:
            with pytest.raises(Unanswered):
                call()

    def test_a_card_that_asks_for_the_buyer_waits_for_him(self, provider: Provider) -> None:
        charge = charge_of(provider.saved_card("confirms"))
        result = provider.gateway.charge(charge)
        assert (result.status, result.failure_code) == ("requires_action", None)
        assert result.action_url is not None
        assert urlsplit(result.action_url).scheme in ("http", "https")
        assert provider.captured_minor(charge.key) == 0
        found = find(provider, charge)
        assert found is not None
        assert (found.status, found.action_url) == ("requires_action", result.action_url)
        provider.confirm(result, approved=True)
        confirmed = find(provider, charge)
        assert confirmed is not None
        assert (confirmed.status, confirmed.action_url, confirmed.reference) == ("succeeded", None, result.reference)
        assert provider.captured_minor(charge.key) == 2900

    def test_a_buyer_who_declines_is_not_charged(self, provider: Provider) -> None:
        charge = charge_of(provider.saved_card("confirms"))
        provider.confirm(provider.gateway.charge(charge), approved=False)
        found = find(provider, charge)
        assert found is not None
        assert (found.status, found.failure_code) == ("failed", "authentication_required")
        assert provider.captured_minor(charge.key) == 0

    def test_without_the_buyer_a_card_that_asks_for_him_fails(self, provider: Provider) -> None:
        need(provider, "off-session confirmation")
        charge = charge_of(provider.saved_card("confirms"), on_session=False)
        result = provider.gateway.charge(charge)
        assert (result.status, result.failure_code) == ("failed", "authentication_required")
        assert provider.captured_minor(charge.key) == 0

    def test_a_canceled_charge_never_takes_money(self, provider: Provider) -> None:
        charge = charge_of(provider.saved_card("confirms"))
        waiting = provider.gateway.charge(charge)
        canceled = provider.gateway.cancel_charge(charge.key, customer=charge.customer)
        assert canceled is not None
        assert canceled.status == "canceled"
        provider.confirm(waiting, approved=True)
        again = provider.gateway.cancel_charge(charge.key, customer=charge.customer)
        assert [(one.status, one.reference) for one in (find(provider, charge), again) if one] == [("canceled", waiting.reference)] * 2
        if "idempotency" not in provider.missing:
            assert provider.gateway.charge(charge).status == "canceled"
        assert provider.captured_minor(charge.key) == 0

    def test_canceling_what_is_over_tells_what_it_became(self, provider: Provider) -> None:
        for kind, status, taken in (("works", "succeeded", 2900), ("insufficient_funds", "failed", 0)):
            charge = charge_of(provider.saved_card(kind))  # type: ignore[arg-type]
            provider.gateway.charge(charge)
            told = provider.gateway.cancel_charge(charge.key, customer=charge.customer)
            assert told is not None
            assert told.status == status
            assert provider.captured_minor(charge.key) == taken

    @pytest.mark.parametrize(
        ("amount_minor", "currency"),
        [
            (1, "EUR"),
            (99_999_999, "USD"),
            (4500, "JPY"),
            (123_400, "KRW"),
            (12_340, "KWD"),
            (29_000, "BHD"),
            (990_000, "HUF"),
            (500, "ISK"),
        ],
    )
    def test_amounts_keep_their_decimals(self, provider: Provider, amount_minor: int, currency: str) -> None:
        charge = charge_of(provider.saved_card("works"), amount_minor, currency)
        result = provider.gateway.charge(charge)
        assert (result.status, result.amount_minor, result.currency) == ("succeeded", amount_minor, currency)
        assert provider.captured_minor(charge.key) == amount_minor
        refund = provider.gateway.refund(RefundOrder(new_key("REF"), result.reference, amount_minor, currency))
        assert (refund.status, refund.amount_minor, refund.currency) == ("succeeded", amount_minor, currency)
        assert provider.given_back_minor(result.reference) == amount_minor

    def test_refunds_give_back_no_more_than_was_taken(self, provider: Provider) -> None:
        paid = provider.gateway.charge(charge_of(provider.saved_card("works")))
        orders = [RefundOrder(new_key("REF"), paid.reference, amount, "EUR") for amount in (1000, 1901, 1900, 1)]
        results = [provider.gateway.refund(order) for order in orders]
        assert [result.status for result in results] == ["succeeded", "failed", "succeeded", "failed"]
        assert [result.key for result in results] == [order.key for order in orders]
        assert provider.given_back_minor(paid.reference) == 2900

    def test_the_same_refund_again_is_answered_and_not_made(self, provider: Provider) -> None:
        need(provider, "idempotency")
        paid = provider.gateway.charge(charge_of(provider.saved_card("works")))
        order = RefundOrder(new_key("REF"), paid.reference, 1000, "EUR")
        first = provider.gateway.refund(order)
        assert provider.gateway.refund(order) == first
        with pytest.raises(Unanswered):
            provider.gateway.refund(replace(order, amount_minor=1001))
        assert provider.gateway.find_refund(order.key, charge_reference=paid.reference) == first
        assert provider.given_back_minor(paid.reference) == 1000

    def test_refunds_at_once_give_back_no_more_than_was_taken(self, provider: Provider) -> None:
        paid = provider.gateway.charge(charge_of(provider.saved_card("works")))
        orders = [RefundOrder(new_key("REF"), paid.reference, 700, "EUR") for _ in range(8)]
        bank = provider.gateway

        def ask(order: RefundOrder) -> RefundResult:
            return answered(lambda: bank.find_refund(order.key, charge_reference=paid.reference) or bank.refund(order))

        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(ask, orders))
        assert sorted(result.status for result in results) == ["failed"] * 4 + ["succeeded"] * 4
        assert provider.given_back_minor(paid.reference) == 2800

    def test_a_lost_refund_is_found_by_the_key(self, provider: Provider) -> None:
        need(provider, "lost answers")
        paid = provider.gateway.charge(charge_of(provider.saved_card("works")))
        order = RefundOrder(new_key("REF"), paid.reference, 1000, "EUR")
        with provider.answers_lost("after"), pytest.raises(Unanswered):
            provider.gateway.refund(order)
        found = provider.gateway.find_refund(order.key, charge_reference=paid.reference)
        assert found is not None
        assert found.status == "succeeded"
        assert provider.gateway.refund(order) == found
        assert provider.given_back_minor(paid.reference) == 1000

    def test_what_was_not_charged_cannot_be_refunded(self, provider: Provider) -> None:
        refused = provider.gateway.charge(charge_of(provider.saved_card("insufficient_funds")))
        for reference in (refused.reference, "charge_of_nobody"):
            order = RefundOrder(new_key("REF"), reference, 100, "EUR")
            assert provider.gateway.refund(order).status == "failed"

    def test_a_refund_never_asked_for_is_nothing(self, provider: Provider) -> None:
        paid = provider.gateway.charge(charge_of(provider.saved_card("works")))
        assert provider.gateway.find_refund(new_key("REF"), charge_reference=paid.reference) is None

    def test_what_the_merchant_gave_back_at_the_provider_is_among_the_refunds(self, provider: Provider) -> None:
        paid = provider.gateway.charge(charge_of(provider.saved_card("works")))
        assert list(provider.gateway.refunds_of(paid.reference)) == []
        ours = provider.gateway.refund(RefundOrder(new_key("REF"), paid.reference, 1000, "EUR"))
        provider.give_back(paid.reference, 500)
        made = {refund.key: refund for refund in provider.gateway.refunds_of(paid.reference)}
        assert made.keys() == {ours.key, ""}
        assert made[ours.key] == ours
        assert (made[""].status, made[""].amount_minor, made[""].currency) == ("succeeded", 500, "EUR")
        assert made[""].reference not in ("", ours.reference)

    def test_a_card_page_leads_to_a_card_that_can_be_charged(self, provider: Provider) -> None:
        need(provider, "card page")
        setup = setup_of()
        page = provider.gateway.save_card_page(setup)
        parts = urlsplit(page.url)
        assert f"{parts.scheme}://{parts.netloc}" in provider.gateway.page_origins
        assert provider.gateway.save_card_page(setup) == page
        waiting = provider.gateway.find_card_setup(page.reference)
        assert (waiting.status, waiting.card) == ("open", None)
        provider.complete(page)
        done = provider.gateway.find_card_setup(page.reference)
        assert (done.status, done.reference) == ("completed", page.reference)
        assert done.card is not None
        assert provider.gateway.charge(charge_of(done.card, on_session=False)).status == "succeeded"

    def test_a_customer_who_is_known_keeps_his_id(self, provider: Provider) -> None:
        need(provider, "card page")
        card = provider.saved_card("works")
        page = provider.gateway.save_card_page(setup_of(card.customer))
        provider.complete(page)
        done = provider.gateway.find_card_setup(page.reference)
        assert done.card is not None
        assert done.card.customer == card.customer
        assert done.card.method != card.method

    def test_a_visit_the_provider_does_not_know_counts_as_expired(self, provider: Provider) -> None:
        assert provider.gateway.find_card_setup("visit_of_nobody").status == "expired"


class Signed:
    """Webhooks: what is signed is believed, what is not is refused."""

    def test_a_webhook_tells_what_a_question_would(self, provider: Provider) -> None:
        charge = charge_of(provider.saved_card("works"))
        result = provider.gateway.charge(charge)
        refund = provider.gateway.refund(RefundOrder(new_key("REF"), result.reference, 500, "EUR"))
        provider.give_back(result.reference, 100)
        events = [provider.gateway.parse_webhook(body, headers, provider.now()) for body, headers in provider.webhooks()]
        assert result in [event.charge for event in events]
        assert refund in [event.refund for event in events]
        assert [event.given_back for event in events].count(charge.key) == 1
        assert len({event.id for event in events}) == len(events)
        assert all(event.occurred_at.tzinfo is not None for event in events)
        told = [(event.charge, event.refund, event.card_setup, event.given_back) for event in events]
        assert all(sum(part is not None for part in parts) <= 1 for parts in told)

    def test_a_webhook_is_good_for_five_minutes_either_way(self, provider: Provider) -> None:
        body, headers = self._one(provider)
        signed_at = datetime.fromtimestamp(int(_header(headers)[1].split(",")[0].removeprefix("t=")), provider.now().tzinfo)
        for seconds in (-300, -1, 0, 299, 300):
            provider.gateway.parse_webhook(body, headers, signed_at + timedelta(seconds=seconds))
        for seconds in (-86_400, -301, 301, 86_400):
            with pytest.raises(Forged):
                provider.gateway.parse_webhook(body, headers, signed_at + timedelta(seconds=seconds))

    def test_one_right_signature_among_several_is_enough(self, provider: Provider) -> None:
        body, headers = self._one(provider)
        name, value = _header(headers)
        timestamp, signature = value.split(",")
        for several in (f"{timestamp},v1={'0' * 64},{signature}", f"{timestamp},{signature},v1={'f' * 64},v0=abc"):
            provider.gateway.parse_webhook(body, {**headers, name: several}, provider.now())

    def test_forged_webhooks_are_refused(self, provider: Provider) -> None:
        assert self._accepted_forgeries(provider, 600) == []

    @pytest.mark.prove
    def test_ten_thousand_forged_webhooks_are_refused(self, provider: Provider) -> None:
        accepted = self._accepted_forgeries(provider, 10_000)
        print(f"forged webhooks accepted: {len(accepted)} of 10000")
        assert accepted == []

    def _one(self, provider: Provider) -> Webhook:
        provider.gateway.charge(charge_of(provider.saved_card("works")))
        return provider.webhooks()[-1]

    def _accepted_forgeries(self, provider: Provider, number: int) -> list[Webhook]:
        """Every way of bending a webhook in turn, with seeded chance for the details."""
        self._one(provider)
        self._one(provider)
        (other_body, other_headers), (body, headers) = provider.webhooks()[-2:]
        assert other_body != body
        chance, accepted = random.Random(20260314), []
        for place in range(number):
            forge = _FORGERIES[place % len(_FORGERIES)]
            forged_body, forged_headers = forge((body, headers), (other_body, other_headers), chance)
            assert (forged_body, forged_headers) != (body, headers), forge.__name__
            try:
                provider.gateway.parse_webhook(forged_body, forged_headers, provider.now())
            except Forged:
                continue
            accepted.append((forged_body, forged_headers))
        return accepted


Forgery = Callable[[Webhook, Webhook, random.Random], Webhook]


def _header(headers: dict[str, str]) -> tuple[str, str]:
    """The header with the signature."""
    return next((name, value) for name, value in headers.items() if name.endswith("-signature"))


def _with_header(webhook: Webhook, value: str) -> Webhook:
    return webhook[0], {**webhook[1], _header(webhook[1])[0]: value}


def _flip_a_bit(webhook: Webhook, _other: Webhook, chance: random.Random) -> Webhook:
    body = bytearray(webhook[0])
    body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
    return bytes(body), webhook[1]


def _raise_an_amount(webhook: Webhook, _other: Webhook, chance: random.Random) -> Webhook:
    return webhook[0].replace(b"2900", str(chance.randrange(2901, 10**9)).encode()), webhook[1]


def _drop_a_part(webhook: Webhook, _other: Webhook, chance: random.Random) -> Webhook:
    start = chance.randrange(len(webhook[0]))
    return webhook[0][:start] + webhook[0][start + 1 + chance.randrange(20) :], webhook[1]


def _add_a_part(webhook: Webhook, _other: Webhook, chance: random.Random) -> Webhook:
    place = chance.randrange(len(webhook[0]) + 1)
    return webhook[0][:place] + chance.randbytes(1 + chance.randrange(8)) + webhook[0][place:], webhook[1]


def _another_body(webhook: Webhook, other: Webhook, _chance: random.Random) -> Webhook:
    return other[0], webhook[1]


def _another_time(webhook: Webhook, _other: Webhook, chance: random.Random) -> Webhook:
    timestamp, signature = _header(webhook[1])[1].split(",")
    moved = int(timestamp.removeprefix("t=")) + chance.choice([-1, 1]) * chance.randrange(1, 300)
    return _with_header(webhook, f"t={moved},{signature}")


def _another_digit(webhook: Webhook, _other: Webhook, chance: random.Random) -> Webhook:
    value = _header(webhook[1])[1]
    place = len(value) - 1 - chance.randrange(64)
    return _with_header(webhook, value[:place] + chance.choice([d for d in "0123456789abcdef" if d != value[place]]) + value[place + 1 :])


def _any_signature(webhook: Webhook, _other: Webhook, chance: random.Random) -> Webhook:
    timestamp = _header(webhook[1])[1].split(",")[0]
    return _with_header(webhook, timestamp + "".join(f",v1={chance.randbytes(32).hex()}" for _ in range(1 + chance.randrange(4))))


def _cut_signature(webhook: Webhook, _other: Webhook, chance: random.Random) -> Webhook:
    return _with_header(webhook, _header(webhook[1])[1][: -1 - chance.randrange(70)])


def _another_scheme(webhook: Webhook, _other: Webhook, chance: random.Random) -> Webhook:
    return _with_header(webhook, _header(webhook[1])[1].replace("v1=", chance.choice(["v0=", "v2=", "V1=", "v1 =", "sha1=", "=", ""])))


def _two_times(webhook: Webhook, _other: Webhook, chance: random.Random) -> Webhook:
    value = _header(webhook[1])[1]
    return _with_header(webhook, chance.choice([f"t={chance.randrange(10**10)},{value}", f"{value},{value}", f"{value},t=1"]))


def _odd_time(webhook: Webhook, _other: Webhook, chance: random.Random) -> Webhook:
    signature = _header(webhook[1])[1].split(",")[1]
    odd = ["", "0", "-1", "NaN", "1e9", "0x10", "٣", " 1", "9" * 40, "1.5", "+5", "null"]
    return _with_header(webhook, f"t={chance.choice(odd)},{signature}")


def _no_signature(webhook: Webhook, _other: Webhook, chance: random.Random) -> Webhook:
    name = _header(webhook[1])[0]
    kept = {key: value for key, value in webhook[1].items() if key != name}
    return webhook[0], chance.choice([kept, {**kept, name: ""}, {**kept, name: ","}, {**kept, name: "t=,v1="}, {**kept, name: "x" * 5000}])


def _empty_body(webhook: Webhook, _other: Webhook, chance: random.Random) -> Webhook:
    return chance.choice([b"", b"{}", b"null", b"[]", webhook[0] + b"\n", b" " + webhook[0], b"\xef\xbb\xbf" + webhook[0]]), webhook[1]


_FORGERIES: tuple[Forgery, ...] = (
    _flip_a_bit, _raise_an_amount, _drop_a_part, _add_a_part, _another_body, _another_time, _another_digit, _any_signature, _cut_signature,
    _another_scheme, _two_times, _odd_time, _no_signature, _empty_body,
)  # fmt: skip
