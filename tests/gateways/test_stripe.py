"""The adapter of Stripe against a real localstripe process, with what localstripe lacks put in front of it."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
import stripe

from portico.domain.payment import PaymentMethod
from portico.gateways.port import CardPage, ChargeResult, DisputeResult, Forged, GatewayEvent, RefundOrder, SavedCard, Unanswered
from portico.gateways.stripe import API_VERSION, StripeGateway
from tests.gateways import localstripe, sandbox_process, stripe_front
from tests.gateways.conformance import CardKind, Conformance, Signed, Webhook, charge_of, find, new_key, setup_of
from tests.gateways.localstripe import LocalStripe
from tests.gateways.stripe_front import StripeFront

SECRET = "whsec_of_the_tests_long_enough"
NUMBERS: dict[CardKind, str] = {"works": "4242424242424242", "insufficient_funds": "4000000000000341", "confirms": "4000002500003155"}
_BY_ITS_OWN_BOOKS = {"isk": 100, "ugx": 100}


class AtStripe:
    """Stripe as its other customers, its buyers and its bookkeeper see it."""

    missing = frozenset[str]()

    def __init__(self, front: StripeFront) -> None:
        self.front = front
        self.gateway = gateway_at(front.url)

    def saved_card(self, kind: CardKind) -> SavedCard:
        customer = self.front.behind.customer()
        number = NUMBERS[kind]
        return SavedCard(customer, self.front.behind.card(customer, number), PaymentMethod("visa", number[-4:], 12, 2030))

    def captured_minor(self, key: str) -> int:
        taken = [i for i in self.front.behind.intents() if i["metadata"].get("portico_key") == key and i["status"] == "succeeded"]
        return sum(intent["amount"] // _BY_ITS_OWN_BOOKS.get(intent["currency"], 1) for intent in taken)

    def given_back_minor(self, reference: str) -> int:
        refunds = self.front.behind.ask("GET", "refunds", payment_intent=reference, limit="1000")["data"]
        return sum(refund["amount"] // _BY_ITS_OWN_BOOKS.get(refund["currency"], 1) for refund in refunds)

    def give_back(self, reference: str, amount_minor: int) -> None:
        self.front.give_back(reference, amount_minor)

    def confirm(self, charge: ChargeResult, *, approved: bool) -> None:
        self.front.behind.answer_the_bank(charge.reference, confirm=approved)

    def complete(self, page: CardPage) -> None:
        self.front.use_card_page(page.reference)

    @contextmanager
    def answers_lost(self, when: Literal["before", "after"]) -> Iterator[None]:
        self.front.faults.append(f"cut_{when}")
        yield
        assert self.front.faults == []

    def cut_off(self) -> StripeGateway:
        with socket.create_server(("127.0.0.1", 0)) as closed_soon:
            return gateway_at(f"http://127.0.0.1:{closed_soon.getsockname()[1]}")

    def webhooks(self) -> list[Webhook]:
        return [signed(json.dumps(event), self.now()) for event in self.front.events]

    def now(self) -> datetime:
        return datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)


def gateway_at(url: str) -> StripeGateway:
    return StripeGateway("sk_test_1", [SECRET], api_base=url)


def signed(body: str, now: datetime, secret: str = SECRET) -> Webhook:
    """As Stripe's own library signs it."""
    header = stripe.WebhookSignature.generate_signature_header(body, secret, int(now.timestamp()))
    return body.encode(), {"content-type": "application/json; charset=utf-8", "stripe-signature": header}


@pytest.fixture(scope="module")
def behind() -> Iterator[LocalStripe]:
    with localstripe.running() as local:
        yield local


@pytest.fixture
def front(behind: LocalStripe) -> Iterator[StripeFront]:
    with stripe_front.standing_before(behind) as front:
        yield front
    behind.forget()


@pytest.fixture
def provider(front: StripeFront) -> AtStripe:
    return AtStripe(front)


class TestConformance(Conformance):
    def test_a_charge_asked_for_many_times_at_once_is_made_once(self, provider: AtStripe) -> None:
        """Stripe answers a question that comes while the first is under way with 409 and does not make it wait."""
        charge = charge_of(provider.saved_card("works"))

        def ask(_turn: int) -> ChargeResult | None:
            try:
                return provider.gateway.charge(charge)
            except Unanswered:
                return None

        with ThreadPoolExecutor(8) as pool:
            told = {result.reference for result in pool.map(ask, range(8)) if result}
        assert len(told) == 1
        assert find(provider, charge) is not None
        assert provider.captured_minor(charge.key) == 2900


class TestSigned(Signed):
    pass


def declined(provider: AtStripe) -> str:
    """The key of a charge whose card was declined."""
    charge = charge_of(provider.saved_card("insufficient_funds"))
    assert provider.gateway.charge(charge).status == "failed"
    return charge.key


def intent_of(provider: AtStripe, key: str) -> dict[str, object]:
    return next(intent for intent in provider.front.behind.intents() if intent["metadata"].get("portico_key") == key)


def test_what_was_declined_cannot_succeed_later(provider: AtStripe) -> None:
    """Not even with another card, by whoever holds the PaymentIntent's client secret."""
    intent = intent_of(provider, declined(provider))
    assert intent["status"] == "canceled"
    assert "error" in provider.front.behind.ask("POST", f"payment_intents/{intent['id']}/confirm")


def test_a_decline_whose_end_is_not_sure_is_no_decline_yet(provider: AtStripe) -> None:
    """The card was declined, then the answer to our cancellation is lost: nothing is final until it is."""
    charge = charge_of(provider.saved_card("insufficient_funds"))
    cancel = provider.front.answer

    def lose_the_cancellation(method: str, path: str, params: dict[str, str], key: str | None) -> stripe_front.Answer | None:
        return None if path.endswith("/cancel") else cancel(method, path, params, key)

    provider.front.answer = lose_the_cancellation  # type: ignore[method-assign]
    with pytest.raises(Unanswered):
        provider.gateway.charge(charge)
    assert intent_of(provider, charge.key)["status"] == "requires_payment_method"
    provider.front.answer = cancel  # type: ignore[method-assign]
    found = find(provider, charge)
    assert found is not None
    assert (found.status, found.failure_code) == ("failed", "insufficient_funds")
    assert intent_of(provider, charge.key)["status"] == "canceled"


def test_a_repeated_answer_is_not_believed_when_the_world_has_moved(provider: AtStripe) -> None:
    """Stripe repeats "requires_action" for a day; meanwhile the buyer has confirmed."""
    charge = charge_of(provider.saved_card("confirms"))
    provider.confirm(provider.gateway.charge(charge), approved=True)
    assert provider.gateway.charge(charge).status == "succeeded"


@pytest.mark.parametrize("fault", ["500_after", "500_before", "429", "401", "403", "409", "garbage", "cut_before", "cut_after"])
def test_no_clear_answer_is_no_answer(provider: AtStripe, fault: str) -> None:
    charge = charge_of(provider.saved_card("works"))
    provider.front.faults.append(fault)
    with pytest.raises(Unanswered):
        provider.gateway.charge(charge)
    found = find(provider, charge)
    assert (found is not None) == fault.endswith("_after")
    assert provider.gateway.charge(charge).status == "succeeded"
    assert provider.captured_minor(charge.key) == 2900


@pytest.mark.parametrize("fault", ["GET 500_before", "GET 429", "GET 401", "GET cut_after", "GET garbage"])
def test_no_clear_answer_to_a_question_is_not_a_no(provider: AtStripe, fault: str) -> None:
    charge = charge_of(provider.saved_card("works"))
    paid = provider.gateway.charge(charge)
    for ask in (
        lambda: find(provider, charge),
        lambda: provider.gateway.find_refund("REF_1", charge_reference=paid.reference),
        lambda: provider.gateway.find_card_setup("cs_1"),
    ):
        provider.front.faults.append(fault)
        with pytest.raises(Unanswered):
            ask()


@pytest.mark.parametrize("fault", ["500_after", "429", "401", "garbage", "cut_after"])
def test_a_card_page_or_refund_without_answer_can_be_asked_for_again(provider: AtStripe, fault: str) -> None:
    paid = provider.gateway.charge(charge_of(provider.saved_card("works")))
    order = RefundOrder(new_key("REF"), paid.reference, 1000, "EUR")
    provider.front.faults.append(fault)
    with pytest.raises(Unanswered):
        provider.gateway.refund(order)
    setup = setup_of(provider.front.behind.customer())
    provider.front.faults.append(fault)
    with pytest.raises(Unanswered):
        provider.gateway.save_card_page(setup)
    assert provider.gateway.refund(order).status == "succeeded"
    assert provider.given_back_minor(paid.reference) == 1000
    assert provider.gateway.save_card_page(setup).url.startswith("https://checkout.stripe.com/")


@pytest.mark.parametrize(
    "body",
    ["null", "[]", "1", "{}", '{"error": {}}', '{"object": "list"}', '{"error": "busy"}', '{"error": null}', "<html>", '{"id": "pi_'],
)
@pytest.mark.parametrize("status", [200, 302, 400, 402, 404, 503])
def test_an_answer_that_is_not_stripes_is_no_answer(body: str, status: int) -> None:
    """A proxy's, or one that was cut short."""
    card = SavedCard("cus_1", "pm_1", PaymentMethod("visa", "4242"))
    with stripe_front.serving(lambda *_: (status, {}, body.encode())) as url:
        gateway = gateway_at(url)
        for call in (
            lambda: gateway.charge(charge_of(card)),
            lambda: gateway.find_charge("PAY_1-1", customer="cus_1"),
            lambda: gateway.refund(RefundOrder("REF_1", "pi_1", 100, "EUR")),
            lambda: gateway.save_card_page(setup_of()),
            lambda: gateway.find_card_setup("cs_1"),
        ):
            with pytest.raises(Unanswered):
                call()


def test_a_slow_answer_is_given_up_and_found(provider: AtStripe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portico.gateways.stripe._READ_SECONDS", 0.2)
    gateway = gateway_at(provider.front.url)
    charge = charge_of(provider.saved_card("works"))
    provider.front.faults.append("timeout_after")
    with pytest.raises(Unanswered):
        gateway.charge(charge)
    found = find(provider, charge)
    assert found is not None
    assert found.status == "succeeded"


def test_a_charge_is_found_after_stripe_has_forgotten_the_key(provider: AtStripe) -> None:
    charge = charge_of(provider.saved_card("works"))
    provider.front.faults.append("cut_after")
    with pytest.raises(Unanswered):
        provider.gateway.charge(charge)
    provider.front.forget_keys()
    found = find(provider, charge)
    assert found is not None
    assert found.status == "succeeded"


def test_a_refund_is_found_after_stripe_has_forgotten_the_key(provider: AtStripe) -> None:
    """The second one is refused as more than is left, and that speaks of the first."""
    paid = provider.gateway.charge(charge_of(provider.saved_card("works")))
    order = RefundOrder(new_key("REF"), paid.reference, 2900, "EUR")
    first = provider.gateway.refund(order)
    provider.front.forget_keys()
    assert provider.gateway.refund(order) == first
    assert provider.given_back_minor(paid.reference) == 2900


def test_a_charge_is_found_among_many(provider: AtStripe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portico.gateways.stripe._PAGE", 3)
    card = provider.saved_card("works")
    charges = [charge_of(card) for _ in range(8)]
    for charge in charges:
        provider.gateway.charge(charge)
    assert [result.key for charge in charges if (result := find(provider, charge))] == [charge.key for charge in charges]


def test_what_lies_too_far_back_is_not_called_missing(provider: AtStripe, monkeypatch: pytest.MonkeyPatch) -> None:
    """To call it missing would mean to charge it again."""
    monkeypatch.setattr("portico.gateways.stripe._MOST_LISTED", 2)
    card = provider.saved_card("works")
    first, *others = (charge_of(card) for _ in range(3))
    for charge in (first, *others):
        provider.gateway.charge(charge)
    with pytest.raises(Unanswered):
        find(provider, first)
    assert find(provider, others[-1]) is not None


def test_an_intent_that_was_never_confirmed_counts_as_never_made(provider: AtStripe) -> None:
    """Then it is asked for again under the same key, and Stripe either makes it or says that it is under way."""
    charge = charge_of(provider.saved_card("works"))
    metadata = {"metadata[portico_key]": charge.key}
    intent = provider.front.behind.ask(
        "POST", "payment_intents", amount=2900, currency="eur", customer=charge.customer, payment_method=charge.method, **metadata
    )
    assert find(provider, charge) is None
    canceled = provider.gateway.cancel_charge(charge.key, customer=charge.customer)
    assert canceled is not None
    assert (canceled.status, canceled.reference) == ("canceled", intent["id"])


def test_an_answer_of_several_decimals_more_than_we_asked_for_is_not_believed(provider: AtStripe) -> None:
    charge = charge_of(provider.saved_card("works"), 500, "ISK")
    metadata = {"metadata[portico_key]": charge.key}
    provider.front.behind.ask(
        "POST",
        "payment_intents",
        amount=50_050,
        currency="isk",
        customer=charge.customer,
        payment_method=charge.method,
        confirm="true",
        **metadata,
    )
    with pytest.raises(Unanswered):
        find(provider, charge)


@pytest.mark.parametrize(
    ("amount_minor", "currency"), [(12_345, "KWD"), (100, "IQD"), (12_345, "CLF"), (150, "MGA"), (0, "EUR"), (-5, "EUR"), (5, "XAU")]
)
def test_what_stripe_cannot_charge_fails_without_being_asked(provider: AtStripe, amount_minor: int, currency: str) -> None:
    card = provider.saved_card("works")
    before = len(provider.front.requests)
    result = provider.gateway.charge(charge_of(card, amount_minor, currency))
    assert (result.status, result.failure_code, result.amount_minor, result.currency) == (
        "failed",
        "processing_error",
        amount_minor,
        currency,
    )
    assert provider.gateway.refund(RefundOrder("REF_1", "pi_1", amount_minor, currency)).status == "failed"
    assert len(provider.front.requests) == before


def test_a_charge_says_what_it_is(provider: AtStripe) -> None:
    card = provider.saved_card("works")
    on, off = charge_of(card), charge_of(card, on_session=False)
    provider.gateway.charge(on)
    provider.gateway.charge(off)
    (_, path, asked), (_, _, renewal) = provider.front.requests[-2:]
    assert path == "payment_intents"
    assert asked["metadata[portico_key]"] == on.key
    assert asked["metadata[payment]"] == "PAY_1"
    assert (asked["return_url"], asked.get("off_session")) == (on.return_url, None)
    assert (renewal.get("return_url"), renewal["off_session"]) == (None, "true")
    assert provider.front.headers[-1]["idempotency-key"] == off.key
    assert provider.front.headers[-1]["stripe-version"] == API_VERSION
    assert "x-stripe-client-telemetry" not in provider.front.headers[-1]


def test_what_is_empty_is_not_sent_and_what_is_too_long_is_cut(provider: AtStripe) -> None:
    charge = charge_of(provider.saved_card("works"))
    provider.gateway.charge(replace(charge, key=new_key(), description="", metadata={"subscription": ""}))
    plain = provider.front.requests[-1][2]
    assert "description" not in plain
    assert "metadata[subscription]" not in plain
    provider.gateway.charge(replace(charge, description="x" * 1001))
    assert provider.front.requests[-1][2]["description"] == "x" * 1000


def test_a_customer_who_is_gone_gets_a_new_one(provider: AtStripe) -> None:
    page = provider.gateway.save_card_page(setup_of("cus_of_an_account_left_behind"))
    provider.complete(page)
    done = provider.gateway.find_card_setup(page.reference)
    assert done.card is not None
    assert done.card.customer.startswith("cus_")
    assert done.card.card == PaymentMethod("visa", "4242", 12, 2030)


def test_a_visit_ends_when_stripe_says_so(provider: AtStripe) -> None:
    page = provider.gateway.save_card_page(setup_of())
    provider.front.let_expire(page.reference)
    assert provider.gateway.find_card_setup(page.reference).status == "expired"


@pytest.mark.parametrize(
    ("language", "locale"), [("de", "de"), ("pt-BR", "pt-BR"), ("zh-Hans", "zh"), ("zh-Hant", "zh-TW"), ("ar", "auto"), ("tlh", "auto")]
)
def test_the_card_page_speaks_the_buyers_language_if_it_can(provider: AtStripe, language: str, locale: str) -> None:
    provider.gateway.save_card_page(replace(setup_of(), language=language))
    assert provider.front.requests[-1][2]["locale"] == locale


def test_a_customer_is_made_once_for_a_visit(provider: AtStripe) -> None:
    setup = setup_of()
    provider.front.faults += ["cut_after"]
    with pytest.raises(Unanswered):
        provider.gateway.save_card_page(setup)
    provider.gateway.save_card_page(setup)
    customers = [path for _, path, _ in provider.front.requests if path == "customers"]
    assert len(customers) == 2
    page = provider.front.requests[-1][2]
    assert page["customer"] in [c["id"] for c in provider.front.behind.ask("GET", "customers", limit="100000")["data"]]
    made = [
        c for c in provider.front.behind.ask("GET", "customers", limit="100000")["data"] if c["metadata"].get("portico_key") == setup.key
    ]
    assert len(made) == 1


def told(provider: AtStripe, kind: str) -> GatewayEvent:
    """What we make of the last webhook of a kind."""
    event = next(event for event in reversed(provider.front.events) if event["type"] == kind)
    return provider.gateway.parse_webhook(*signed(json.dumps(event), provider.now()), provider.now())


def test_a_webhook_of_a_decline_tells_the_reason(provider: AtStripe) -> None:
    key = declined(provider)
    for kind in ("payment_intent.payment_failed", "payment_intent.canceled"):
        charge = told(provider, kind).charge
        assert charge is not None
        assert (charge.key, charge.status, charge.failure_code) == (key, "failed", "insufficient_funds")


def test_a_webhook_that_comes_late_tells_what_is_true_by_now(provider: AtStripe) -> None:
    charge = charge_of(provider.saved_card("confirms"))
    provider.confirm(provider.gateway.charge(charge), approved=True)
    late = told(provider, "payment_intent.requires_action").charge
    assert late is not None
    assert late.status == "succeeded"


def test_webhooks_of_the_card_page(provider: AtStripe) -> None:
    page = provider.gateway.save_card_page(setup_of())
    provider.complete(page)
    setup = told(provider, "checkout.session.completed").card_setup
    assert setup == provider.gateway.find_card_setup(page.reference)
    other = provider.gateway.save_card_page(setup_of())
    provider.front.let_expire(other.reference)
    expired = told(provider, "checkout.session.expired").card_setup
    assert expired is not None
    assert (expired.reference, expired.status) == (other.reference, "expired")


def test_a_webhook_that_cannot_be_looked_up_is_to_come_again(provider: AtStripe) -> None:
    provider.gateway.charge(charge_of(provider.saved_card("works")))
    body, headers = provider.webhooks()[-1]
    provider.front.faults.append("GET 500_before")
    with pytest.raises(Unanswered):
        provider.gateway.parse_webhook(body, headers, provider.now())


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "charge.updated"},
        {"type": "refund.created", "data": {"object": {"object": "refund", "id": "re_without_a_payment_intent", "metadata": {}}}},
        {"type": "setup_intent.succeeded"},
        {"type": "customer.created"},
        {"type": "invoice.paid"},
        {"data": {"object": {"object": "payment_intent", "id": "pi_of_the_merchants_shop", "metadata": {}}}},
        {"data": {"object": {"object": "payment_intent", "id": "pi_of_the_merchants_shop"}}},
        {"data": {"object": {"object": "checkout.session", "id": "cs_1", "mode": "payment", "metadata": {"portico_key": "k"}}}},
        {"data": {"object": {"object": "balance"}}, "type": "balance.available"},
    ],
)
def test_what_is_of_no_interest_is_an_event_without_content(provider: AtStripe, changes: dict[str, object]) -> None:
    provider.gateway.charge(charge_of(provider.saved_card("works")))
    event = provider.front.events[-1] | changes
    asked = len(provider.front.requests)
    plain = provider.gateway.parse_webhook(*signed(json.dumps(event), provider.now()), provider.now())
    assert plain == GatewayEvent(event["id"], datetime.fromtimestamp(event["created"], UTC))
    assert len(provider.front.requests) == asked


@pytest.mark.parametrize(
    ("kind", "status", "state"),
    [("created", "needs_response", "open"), ("closed", "lost", "lost"), ("closed", "won", "won"), ("closed", "warning_closed", "won")],
)
def test_a_dispute_is_told_with_the_key_of_its_charge(provider: AtStripe, kind: str, status: str, state: str) -> None:
    charge = charge_of(provider.saved_card("works"))
    intent = provider.gateway.charge(charge).reference
    said = {"object": "dispute", "id": "dp_1", "amount": 2900, "currency": "eur", "reason": "fraudulent", "status": status}
    event: dict[str, object] = {"id": "evt_1", "object": "event", "type": f"charge.dispute.{kind}", "created": 1}
    for of, dispute in ((intent, DisputeResult("dp_1", charge.key, state, 2900, "EUR", "fraudulent")), ("pi_of_the_shop", None)):  # type: ignore[arg-type]
        told = event | {"data": {"object": said | {"payment_intent": of}}}
        assert provider.gateway.parse_webhook(*signed(json.dumps(told), provider.now()), provider.now()).dispute == dispute


@pytest.mark.parametrize("kind", ["refund", "charge"])
def test_what_the_shop_gives_back_of_its_own_charges_is_left_alone(provider: AtStripe, kind: str) -> None:
    charge = charge_of(provider.saved_card("works"))
    ours = provider.gateway.charge(charge).reference
    name = {"refund": "refund.created", "charge": "charge.refunded"}[kind]
    event: dict[str, object] = {"id": "evt_1", "object": "event", "type": name, "created": 1}
    for intent, key in ((ours, charge.key), ("pi_of_the_merchants_shop", None)):
        told = event | {"data": {"object": {"object": kind, "id": "x_1", "payment_intent": intent}}}
        read = provider.gateway.parse_webhook(*signed(json.dumps(told), provider.now()), provider.now())
        assert (read.given_back, read.refund, read.charge) == (key, None, None)


@pytest.mark.parametrize(
    "body", ["", "null", "{}", '{"id": "evt_1", "object": "v2.core.event", "type": "v1.x", "created": "2026-01-01"}', "[1]", "\x00"]
)
def test_a_signed_body_that_is_no_event_is_refused(provider: AtStripe, body: str) -> None:
    with pytest.raises(Forged):
        provider.gateway.parse_webhook(*signed(body, provider.now()), provider.now())


def test_the_old_and_the_new_secret_are_both_good_while_one_replaces_the_other(provider: AtStripe) -> None:
    new = "whsec_that_comes_after_the_old_one"
    gateway = StripeGateway("sk_test_1", [SECRET, new], api_base=provider.front.url)
    gateway.charge(charge_of(provider.saved_card("works")))
    body = json.dumps(provider.front.events[-1])
    for secret in (SECRET, new):
        assert gateway.parse_webhook(*signed(body, provider.now(), secret), provider.now()).charge is not None
    with pytest.raises(Forged):
        gateway.parse_webhook(*signed(body, provider.now(), "whsec_of_somebody_else_entirely"), provider.now())


def test_localstripes_own_webhooks_are_believed(front: StripeFront) -> None:
    """Signed by another implementation of the same rule, and sent over the wire."""
    gateway = gateway_at(front.url)
    with sandbox_process.receiving() as receiver:
        front.behind.send_webhooks_to(receiver.url, SECRET)
        charge = charge_of(AtStripe(front).saved_card("works"))
        result = gateway.charge(charge)
        received = receiver.wait(lambda all_: any(charge.key.encode() in body for body, _ in all_))
    body, headers = next(one for one in received if charge.key.encode() in one[0])
    assert gateway.parse_webhook(body, headers, datetime.now(UTC)).charge == result
    with pytest.raises(Forged):
        gateway.parse_webhook(body, headers, datetime.now(UTC) + timedelta(seconds=400))


@pytest.mark.parametrize("secrets", [[], [""], ["whsec_short"], [SECRET, ""]])
def test_without_a_good_secret_there_is_no_gateway(secrets: list[str]) -> None:
    with pytest.raises(ValueError, match="secret"):
        StripeGateway("sk_test_1", secrets)


def test_nothing_of_a_card_or_a_secret_is_logged(provider: AtStripe, capsys: pytest.CaptureFixture[str]) -> None:
    declined(provider)
    provider.front.faults.append("garbage")
    with pytest.raises(Unanswered) as raised:
        provider.gateway.charge(charge_of(provider.saved_card("works")))
    assert raised.value.__cause__ is None
    said = "".join(capsys.readouterr())
    assert not [word for word in ("_secret_", "sk_test", "anna@example.com", "0341") if word in said]
