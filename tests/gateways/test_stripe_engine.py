"""A subscription's life at Stripe: the services, the worker and the webhooks upon the real adapter and a real localstripe."""

import json
from collections.abc import Callable, Iterator

import pytest

from portico.domain.payment import PaymentMethod
from portico.gateways.port import SavedCard
from portico.gateways.stripe import StripeGateway
from portico.jobs.worker import Worker
from portico.services import card, paying, refund, webhook_in
from portico.services.runtime import Runtime
from tests.conftest import SteppingClock
from tests.factories import Factory
from tests.gateways import localstripe, stripe_front
from tests.gateways.localstripe import LocalStripe
from tests.gateways.stripe_front import StripeFront
from tests.gateways.test_stripe import NUMBERS, SECRET, signed
from tests.services import shop as shops
from tests.services.shop import Shop


class AtStripe(StripeGateway):
    """With what the shop did before Portico came: a customer, and a card saved with it."""

    front: StripeFront

    def save_card(self, _email: str, number: str = NUMBERS["works"]) -> SavedCard:
        customer = self.front.behind.customer()
        return SavedCard(customer, self.front.behind.card(customer, number), PaymentMethod("visa", number[-4:], 12, 2030))


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
def shop(runtime: Runtime, factory: Factory, front: StripeFront, clock: SteppingClock) -> Shop:
    gateway = AtStripe("sk_test_1", [SECRET], api_base=front.url)
    gateway.front = front
    return shops.opened(runtime, factory, gateway, clock)  # type: ignore[arg-type]


@pytest.fixture
def work(shop: Shop) -> Callable[..., None]:
    worker = Worker(shop.runtime)

    def until_idle(**passing: int) -> None:
        shop.clock.advance(**passing)
        worker.run_until_idle()

    return until_idle


def to_the_end_of_the_period(shop: Shop, kind: str = "works") -> str:
    """A subscription whose second period is due. The first was paid by a card that works."""
    saved = shop.gateway.save_card("ada@example.com", NUMBERS[kind])  # type: ignore[index]
    subscription_id = shop.subscribe(customer_reference=saved.customer, method_reference=saved.method)
    shop.clock.time = shop.read(subscription_id).period_end
    return subscription_id


def taken(front: StripeFront, key: str) -> list[int]:
    """The money that Stripe took for a key."""
    intents = [intent for intent in front.behind.intents() if intent["metadata"].get("portico_key") == key]
    return [intent["amount"] for intent in intents if intent["status"] == "succeeded"]


def deliver(shop: Shop, front: StripeFront) -> None:
    """Every webhook so far, the newest first, each of them twice."""
    for event in reversed(front.events):
        for _ in range(2):
            webhook_in.receive(shop.runtime, "prod", "stripe", *signed(json.dumps(event), shop.clock()))


def test_a_renewal_is_charged_once_and_documented(shop: Shop, front: StripeFront, work: Callable[..., None]) -> None:
    subscription_id = to_the_end_of_the_period(shop)
    work()
    renewal = shop.payments(subscription_id)[-1]
    assert (renewal.status, renewal.total_minor, renewal.method) == ("succeeded", 1190, PaymentMethod("visa", "4242", 12, 2030))
    assert renewal.attempts[0].reference is not None
    assert renewal.attempts[0].reference.startswith("pi_")
    assert taken(front, f"{renewal.id}-1") == [1190]
    documents = shop.documents(subscription_id)
    deliver(shop, front)
    work(minutes=10)
    assert shop.documents(subscription_id) == documents
    assert taken(front, f"{renewal.id}-1") == [1190]
    shop.is_sound()


@pytest.mark.parametrize("fault", ["cut_after", "500_after", "cut_before", "429", "401"])
def test_a_lost_answer_costs_nobody_anything(shop: Shop, front: StripeFront, work: Callable[..., None], fault: str) -> None:
    subscription_id = to_the_end_of_the_period(shop)
    front.faults.append(fault)
    work()
    assert shop.payments(subscription_id)[-1].status == "unknown"
    work(minutes=5)
    renewal = shop.payments(subscription_id)[-1]
    assert renewal.status == "succeeded"
    assert taken(front, f"{renewal.id}-1") == [1190]
    shop.is_sound()


def test_a_webhook_ends_what_is_unknown(shop: Shop, front: StripeFront, work: Callable[..., None]) -> None:
    subscription_id = to_the_end_of_the_period(shop)
    front.faults.append("cut_after")
    work()
    assert shop.payments(subscription_id)[-1].status == "unknown"
    deliver(shop, front)
    assert shop.payments(subscription_id)[-1].status == "succeeded"
    work(minutes=5)
    shop.is_sound()


def test_a_declined_renewal_is_tried_again_with_another_intent(shop: Shop, front: StripeFront, work: Callable[..., None]) -> None:
    subscription_id = to_the_end_of_the_period(shop, "insufficient_funds")
    work()
    assert shop.read(subscription_id).status == "past_due"
    deliver(shop, front)
    work(days=1)
    renewal = shop.payments(subscription_id)[-1]
    assert [(attempt.status, attempt.failure_code) for attempt in renewal.attempts] == [("failed", "insufficient_funds")] * 2
    assert len({attempt.reference for attempt in renewal.attempts}) == 2
    assert {intent["status"] for intent in front.behind.intents() if intent["metadata"]["portico_key"].startswith(renewal.id)} == {
        "canceled"
    }
    shop.is_sound()


def test_a_card_that_wants_the_buyer_recovers_when_he_comes(shop: Shop, front: StripeFront, work: Callable[..., None]) -> None:
    subscription_id = to_the_end_of_the_period(shop, "confirms")
    work()
    assert shop.payments(subscription_id)[-1].attempts[-1].failure_code == "authentication_required"
    paid = paying.pay(shop.runtime, shop.ada, subscription_id)
    assert paid.outcome.status == "requires_action"
    assert paid.outcome.action_url is not None
    attempt = shop.payments(subscription_id)[-1].attempts[-1]
    front.behind.answer_the_bank(attempt.reference or "", confirm=True)
    assert paying.look(shop.runtime, shop.ada, shop.payments(subscription_id)[-1].id).status == "succeeded"
    assert shop.read(subscription_id).status == "active"
    deliver(shop, front)
    work(minutes=5)
    assert taken(front, attempt.key or "") == [1190]
    shop.is_sound()


def test_a_buyer_who_never_comes_back_is_not_charged_later(shop: Shop, front: StripeFront, work: Callable[..., None]) -> None:
    subscription_id = to_the_end_of_the_period(shop, "confirms")
    work()
    paying.pay(shop.runtime, shop.ada, subscription_id)
    attempt = shop.payments(subscription_id)[-1].attempts[-1]
    work(minutes=65)
    front.behind.answer_the_bank(attempt.reference or "", confirm=True)
    work(minutes=5)
    assert taken(front, attempt.key or "") == []
    assert shop.payments(subscription_id)[-1].attempts[-1].failure_code == "authentication_required"
    shop.is_sound()


def test_a_new_card_is_saved_and_pays_what_is_owed(shop: Shop, front: StripeFront, work: Callable[..., None]) -> None:
    subscription_id = to_the_end_of_the_period(shop, "insufficient_funds")
    work()
    url = card.update_page(shop.runtime, shop.ada, subscription_id, language="de")
    reference = url.rpartition("/")[2]
    front.use_card_page(reference, "4242424242424242")
    deliver(shop, front)
    work()
    found = shop.read(subscription_id)
    assert (found.status, found.method) == ("active", PaymentMethod("visa", "4242", 12, 2030))
    assert shop.payments(subscription_id)[-1].status == "succeeded"
    shop.is_sound()


def test_what_is_granted_is_given_back_once(shop: Shop, front: StripeFront, work: Callable[..., None]) -> None:
    subscription_id = to_the_end_of_the_period(shop)
    work()
    renewal = shop.payments(subscription_id)[-1]
    ticket = refund.ask(shop.runtime, shop.ada, renewal.id, "10.00", "not what I needed")
    front.faults.append("cut_after")
    refund.approve(shop.runtime, ticket.id)
    work()
    work(minutes=5)
    deliver(shop, front)
    assert shop.payments(subscription_id)[-1].refunded_minor == 1000
    given_back = front.behind.ask("GET", "refunds", payment_intent=renewal.attempts[0].reference)["data"]
    assert [one["amount"] for one in given_back] == [1000]
    shop.is_sound()
