"""Owing, paying, and giving another card: before the buyer's eyes, and never twice."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from portico.sandbox import cards
from portico.sandbox.records import Setup
from portico.server import create_app
from portico.services.runtime import Runtime
from portico.storage import store
from tests.bank import BankGateway
from tests.factories import Factory
from tests.web.browser import Answer, Browser
from tests.web.conftest import BASE, TEST_BASE, Plan

Subscribe = Callable[..., Plan]


@pytest.fixture
def overdue(subscribe: Subscribe, factory: Factory) -> Plan:
    """A subscription whose renewal failed yesterday: it is tried again in two days."""
    failing = {"status": "past_due", "failing_since": factory.now - timedelta(days=1), "retry_step": 1}
    return subscribe(paid="failed", due_at=factory.now + timedelta(days=2), **failing)


def taken(gateway: BankGateway) -> list[int]:
    return [capture.amount_minor for capture in gateway.bank.captures()]


def to_the_card_page(ada: Browser, gateway: BankGateway, plan: Plan) -> Setup:
    """Presses "Update card", and is sent on to the bank."""
    sent = ada.submit(ada.get(plan.url), f"/subscriptions/{plan.subscription}/card")
    address = sent.header("location") or ""
    assert (sent.status, address.startswith("https://bank.test/")) == (303, True)
    return gateway.bank.setup(address.rpartition("/")[2])


def come_back(ada: Browser, setup: Setup) -> Answer:
    return ada.get(urlsplit(setup.request.return_url).path)


def test_an_overdue_payment_says_why_what_happens_next_and_what_to_do(ada: Browser, overdue: Plan) -> None:
    page = ada.get(overdue.url)
    assert "Your payment of €11.90 didn’t go through" in page.words
    assert "Your bank declined the card" in page.words
    assert "We’ll try again on Mar 16, 2026. We’ll try again on Mar 18, 2026. Last try on Mar 20, 2026." in page.words
    assert "Pay €11.90 now" in page.words
    assert "When you save another card, the open amount is charged to it at once." in page.words
    assert "A payment is overdue. Please pay it first." in page.words
    overview = ada.get(BASE)
    assert "A payment for Small didn’t go through." in overview.words
    assert f'action="{overdue.url}/card"' in overview.text


def test_paying_now_recovers_before_the_buyers_eyes(ada: Browser, overdue: Plan, gateway: BankGateway) -> None:
    page = ada.follow(ada.submit(ada.get(overdue.url), f"/subscriptions/{overdue.subscription}/pay"))
    assert "Thank you, €11.90 is paid" in page.words
    assert taken(gateway) == [1190]
    assert "Small Active" in ada.get(overdue.url).words


def test_a_decline_can_be_tried_again_from_its_own_page(ada: Browser, overdue: Plan, gateway: BankGateway) -> None:
    gateway.faults.append("decline:expired_card")
    page = ada.follow(ada.submit(ada.get(overdue.url), f"/subscriptions/{overdue.subscription}/pay"))
    assert "The card has expired." in page.words
    paid = ada.follow(ada.submit(page, f"/payments/{overdue.payment}/pay"))
    assert "Thank you, €11.90 is paid" in paid.words
    assert taken(gateway) == [1190]


def test_pressing_twice_pays_once(ada: Browser, overdue: Plan, gateway: BankGateway) -> None:
    page = ada.get(overdue.url)
    first, second = (ada.submit(page, f"/subscriptions/{overdue.subscription}/pay") for _ in range(2))
    assert (first.status, second.status) == (303, 409)
    assert "There is nothing to pay right now." in second.words
    assert taken(gateway) == [1190]


def test_another_card_is_given_at_the_provider_and_pays_what_is_owed(ada: Browser, overdue: Plan, gateway: BankGateway) -> None:
    setup = to_the_card_page(ada, gateway, overdue)
    assert urlsplit(setup.request.cancel_url).path == overdue.url
    gateway.use_card_page(setup.id)
    page = ada.follow(come_back(ada, setup))
    assert "Thank you, €11.90 is paid" in page.words
    assert taken(gateway) == [1190]
    assert ada.follow(come_back(ada, setup)).status == 200  # reloading the way back pays nothing again
    assert taken(gateway) == [1190]


def test_a_new_card_of_a_running_subscription_is_only_kept(ada: Browser, plan: Plan, gateway: BankGateway) -> None:
    setup = to_the_card_page(ada, gateway, plan)
    gateway.use_card_page(setup.id, cards.EXPIRES_SOON)
    page = ada.follow(come_back(ada, setup))
    assert "Your card is saved. We charge it from now on." in page.words
    assert "ending in 8005" in page.words
    assert taken(gateway) == []


def test_who_comes_back_without_a_card_keeps_the_old_one(ada: Browser, plan: Plan, gateway: BankGateway) -> None:
    setup = to_the_card_page(ada, gateway, plan)
    assert "Your card is being checked." in ada.follow(come_back(ada, setup)).words
    gateway.faults.append("setup_timeout")
    assert "Your card is being checked." in ada.follow(come_back(ada, setup)).words
    assert "ending in 4242" in ada.get(plan.url).words


def test_a_provider_that_does_not_answer_is_said_so(ada: Browser, plan: Plan, gateway: BankGateway) -> None:
    gateway.faults.append("setup_timeout")
    answer = ada.submit(ada.get(plan.url), f"/subscriptions/{plan.subscription}/card")
    assert (answer.status, answer.header("retry-after")) == (503, "30")
    assert "The payment provider didn’t answer" in answer.words
    assert f'href="{plan.url}"' in answer.text


def test_a_bank_elsewhere_is_reached_by_a_link_not_by_the_forms_redirect(
    overdue: Plan, gateway: BankGateway, runtime: Runtime, ada: Browser
) -> None:
    """The redirect that answers a form may only lead to the origins that the security policy names."""
    gateway.page_origins = ("https://elsewhere.test",)  # type: ignore[misc]
    visitor = Browser(create_app(runtime), cookies=ada.cookies)
    gateway.faults.append("requires_action")
    sent = visitor.submit(visitor.get(overdue.url), f"/subscriptions/{overdue.subscription}/pay")
    assert sent.header("location") == f"{BASE}/payments/{overdue.payment}"
    page = visitor.follow(sent)
    assert "Your bank asks you to confirm the payment of €11.90" in page.words
    assert (visitor.get(f"{BASE}/payments/{overdue.payment}/confirm").header("location") or "").startswith("https://bank.test/")


def test_a_paid_period_says_so_with_its_documents(ada: Browser, plan: Plan) -> None:
    page = ada.get(f"{BASE}/payments/{plan.payment}")
    assert "Thank you, €11.90 is paid" in page.words
    assert "Invoice INV-2026-000001" in page.words
    assert "Feb 27 – Mar 26, 2026" in page.words


def test_the_test_clock_is_shown_where_it_runs_ahead(sign_in, shop, factory: Factory, runtime: Runtime) -> None:  # type: ignore[no-untyped-def]
    tester = factory.buyer(type(shop.store)(shop.store.store_id, "test"))
    assert "Test clock" not in sign_in(tester).get(TEST_BASE).words
    with runtime.database.transaction() as tx:
        store.set_test_offset(tx, shop.store.store_id, timedelta(days=31))
    assert "Test clock: Apr 14, 2026, 11:26 AM" in sign_in(tester).get(TEST_BASE).words
    assert "Test clock" not in sign_in(shop.buyer).get(BASE).words
