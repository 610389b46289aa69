"""Giving another card on the provider's page, and what follows from it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa

from portico.domain.errors import NotFound, Refused
from portico.domain.payment import PaymentMethod
from portico.gateways.port import Unanswered
from portico.jobs.worker import Worker
from portico.sandbox import cards
from portico.services import card, card_visit
from portico.services.charging import Outcome
from portico.storage import card_setup as setups
from portico.storage import gateway_customer, tables
from tests.services.shop import Shop
from tests.services.test_cancellation import APRIL_ENDS, overdue

MASTERCARD = "5555555555554444"


def visit(shop: Shop, subscription_id: str) -> tuple[str, str]:
    """Sends the buyer to the provider's page; our id of the visit, and the provider's."""
    card.update_page(shop.runtime, shop.ada, subscription_id)
    table = tables.card_setup
    with shop.runtime.database.read() as connection:
        return connection.execute(sa.select(table.c.id, table.c.reference).order_by(table.c.id.desc())).first()  # type: ignore[return-value]


def test_the_buyer_is_sent_to_the_providers_page_and_back(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    address = card.update_page(shop.runtime, shop.ada, subscription_id, language="de")
    assert address.startswith("https://bank.test/")
    setup_id, reference = visit(shop, subscription_id)
    asked = shop.gateway.bank.setup(reference).request
    assert asked.return_url == f"https://portal.test/nordlicht-plans/portal/cards/{setup_id}"
    assert asked.cancel_url == f"https://portal.test/nordlicht-plans/portal/subscriptions/{subscription_id}"
    assert (asked.email, asked.customer) == ("ada@example.com", shop.read(subscription_id).customer_reference)
    assert card.finish(shop.runtime, shop.ada, setup_id) == card.Finished(subscription_id, "open")


def test_the_page_is_opened_twenty_times_a_day_at_most(shop: Shop) -> None:
    subscription_id, other = shop.subscribe("starter"), shop.subscribe("starter")
    for _ in range(card_visit.MOST_VISITS):
        card.update_page(shop.runtime, shop.ada, subscription_id)
    with pytest.raises(Refused) as refused:
        card.update_page(shop.runtime, shop.ada, subscription_id)
    assert refused.value.code == "too_many_charges"
    card.update_page(shop.runtime, shop.ada, other)
    shop.clock.advance(hours=25)
    card.update_page(shop.runtime, shop.ada, subscription_id)


def test_the_new_card_is_charged_from_now_on(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    due_at = shop.read(subscription_id).due_at
    setup_id, reference = visit(shop, subscription_id)
    shop.gateway.use_card_page(reference, MASTERCARD)
    for _ in range(2):
        finished = card.finish(shop.runtime, shop.ada, setup_id)
        assert (finished.status, finished.outcome) == ("completed", None)
        assert finished.card is not None
        assert (finished.card.brand, finished.card.last4) == ("mastercard", "4444")
    found = shop.read(subscription_id)
    assert found.method == finished.card
    assert (found.status, found.due_at) == ("active", due_at)
    assert shop.mails() == ["card_updated"]
    with shop.runtime.database.read() as connection:
        assert gateway_customer.get(connection, shop.ada, "sandbox") == found.customer_reference
    saved = shop.gateway.bank.card(found.method_reference or "")
    assert saved is not None
    assert saved.customer == found.customer_reference
    shop.is_sound()


def test_it_is_charged_for_all_that_the_old_one_was_and_nothing_else(shop: Shop) -> None:
    old, other = shop.card(), shop.gateway.save_card("ada@example.com", cards.CONFIRMS)
    first, second = shop.subscribe("starter", card=old), shop.subscribe("pro", card=old)
    apart = shop.subscribe("team", card=other, method_last4="3184")
    ended = shop.subscribe("starter", card=old, status="canceled", due_at=None, ended_at=shop.clock())
    setup_id, reference = visit(shop, first)
    shop.gateway.use_card_page(reference, MASTERCARD)
    card.finish(shop.runtime, shop.ada, setup_id)
    last4 = {one: (shop.read(one).method or PaymentMethod("", "")).last4 for one in (first, second, apart, ended)}
    assert last4 == {first: "4444", second: "4444", apart: "3184", ended: "4242"}


def test_what_is_overdue_is_charged_at_once_and_recovers(shop: Shop) -> None:
    subscription_id, payment_id = overdue(shop)
    setup_id, reference = visit(shop, subscription_id)
    shop.gateway.use_card_page(reference, MASTERCARD)
    finished = card.finish(shop.runtime, shop.ada, setup_id)
    assert (finished.payment_id, finished.outcome) == (payment_id, Outcome("succeeded"))
    found = shop.read(subscription_id)
    assert (found.status, found.failing_since, found.retry_step, found.due_at) == ("active", None, 0, found.period_end)
    assert shop.taken() == 1190
    assert shop.jobs("charge") == []
    assert shop.mails() == ["card_updated", "payment_received"]
    card.finish(shop.runtime, shop.ada, setup_id)
    assert shop.taken() == 1190


def test_all_that_is_overdue_recovers_with_it(shop: Shop) -> None:
    old = shop.card()
    (first, _), (second, _) = overdue(shop), overdue(shop)
    for one in (first, second):
        shop.set(tables.subscription, one, customer_reference=old.customer, method_reference=old.method)
    setup_id, reference = visit(shop, first)
    shop.gateway.use_card_page(reference)
    card.finish(shop.runtime, shop.ada, setup_id)
    assert [shop.read(one).status for one in (first, second)] == ["active", "active"]
    assert shop.taken() == 2 * 1190


def test_declined_too_it_stays_overdue_and_the_ladder_goes_on(shop: Shop) -> None:
    subscription_id, payment_id = overdue(shop)
    before = shop.read(subscription_id)
    setup_id, reference = visit(shop, subscription_id)
    shop.gateway.use_card_page(reference, cards.DECLINES_CHARGES)
    finished = card.finish(shop.runtime, shop.ada, setup_id)
    assert (finished.status, finished.payment_id, finished.outcome) == ("completed", payment_id, Outcome("failed", "card_declined"))
    found = shop.read(subscription_id)
    assert (found.status, found.retry_step, found.due_at) == ("past_due", before.retry_step, before.due_at), "no step of the ladder"
    assert (found.method or PaymentMethod("", "")).last4 == "0341"


def test_a_bank_that_asks_leads_the_buyer_on(shop: Shop) -> None:
    subscription_id, _ = overdue(shop)
    setup_id, reference = visit(shop, subscription_id)
    shop.gateway.use_card_page(reference, cards.CONFIRMS)
    finished = card.finish(shop.runtime, shop.ada, setup_id)
    assert finished.outcome is not None
    assert finished.outcome.status == "requires_action"
    assert (finished.outcome.action_url or "").startswith("https://bank.test/")


def test_only_the_providers_word_counts(shop: Shop) -> None:
    """Coming back to the page proves nothing."""
    subscription_id = shop.subscribe("starter")
    before = shop.read(subscription_id)
    setup_id, _ = visit(shop, subscription_id)
    assert card.finish(shop.runtime, shop.ada, setup_id).status == "open"
    assert shop.read(subscription_id) == before


def test_whose_visit_it_is_not_is_told_there_is_none(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    setup_id, reference = visit(shop, subscription_id)
    shop.gateway.use_card_page(reference)
    eve = shop.factory.buyer(shop.store)
    for who, what in ((eve, setup_id), (replace(shop.ada, environment="test"), setup_id), (shop.ada, shop.runtime.new_id("SET"))):
        with pytest.raises(NotFound):
            card.finish(shop.runtime, who, what)
    with pytest.raises(NotFound):
        card.update_page(shop.runtime, eve, subscription_id)
    assert (shop.read(subscription_id).method or PaymentMethod("", "")).last4 == "4242"


def test_of_many_that_finish_at_once_one_does(shop: Shop) -> None:
    subscription_id, _ = overdue(shop)
    setup_id, reference = visit(shop, subscription_id)
    shop.gateway.use_card_page(reference)
    together = Barrier(8)

    def come_back(_: int) -> str:
        together.wait(30)
        return card.finish(shop.runtime, shop.ada, setup_id).status

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(come_back, range(8))) == {"completed"}
    assert shop.taken() == 1190
    assert shop.mails().count("card_updated") == 1
    assert shop.read(subscription_id).status == "active"


def test_a_provider_that_does_not_answer_is_said_so_and_leaves_nothing_behind(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    shop.gateway.faults.append("setup_timeout")
    with pytest.raises(Unanswered):
        card.update_page(shop.runtime, shop.ada, subscription_id)
    (job,) = shop.jobs(card_visit.JOB)
    shop.clock.advance(minutes=2)
    Worker(shop.runtime).run_until_idle()
    with shop.runtime.database.read() as connection:
        assert setups.get(connection, shop.ada, job["setup_id"]).status == "expired"
    assert shop.jobs(card_visit.JOB) == []


def test_a_buyer_who_does_not_come_back_has_his_card_saved_all_the_same(shop: Shop) -> None:
    subscription_id, _ = overdue(shop)
    _, reference = visit(shop, subscription_id)
    shop.clock.advance(minutes=2)
    Worker(shop.runtime).run_until_idle()
    assert shop.read(subscription_id).status == "past_due"
    shop.gateway.use_card_page(reference)
    shop.clock.advance(minutes=5)
    Worker(shop.runtime).run_until_idle()
    assert shop.read(subscription_id).status == "active"
    assert shop.jobs(card_visit.JOB) == []


def test_a_page_that_nobody_used_is_given_up(shop: Shop) -> None:
    setup_id, _ = visit(shop, shop.subscribe("starter"))
    worker, looks = Worker(shop.runtime), 0
    while shop.jobs(card_visit.JOB) and looks < 100:
        shop.clock.advance(hours=1)
        looks += worker.run_until_idle()
    assert looks <= 40, "a day is not a thousand questions"
    with shop.runtime.database.read() as connection:
        assert setups.get(connection, shop.ada, setup_id).status == "expired"
    assert card.finish(shop.runtime, shop.ada, setup_id).status == "expired"


def test_without_a_provider_there_is_no_page(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    with pytest.raises(Refused) as refused:
        card.update_page(replace(shop.runtime, gateways={}), shop.ada, subscription_id)
    assert refused.value.code == "no_gateway"


def test_a_better_card_is_reminded_of_no_more(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter", method_expiry_month=4, method_expiry_year=2026, remind_at=APRIL_ENDS - timedelta(days=7))
    setup_id, reference = visit(shop, subscription_id)
    shop.gateway.use_card_page(reference)
    card.finish(shop.runtime, shop.ada, setup_id)
    assert shop.read(subscription_id).remind_at is None
