"""What became of a charge is written once, whoever brings the news, in whatever order, and the books equal the bank's."""

import threading
from collections.abc import Callable
from itertools import permutations

import pytest

from portico.domain.errors import PorticoError
from portico.gateways.port import Charge, ChargeStatus
from portico.jobs.worker import Worker
from portico.services import charging, plan_change, surplus
from portico.storage import subscription as subscriptions
from portico.storage import tables
from portico.storage.database import count_statements
from tests.services.drive import begun, captures, deliver, renew, state, told, work
from tests.services.shop import Shop


def together(*deeds: Callable[[], object]) -> None:
    """Does all of it at the same time, each in a thread of its own."""
    ready, failures = threading.Barrier(len(deeds)), []

    def run(deed: Callable[[], object]) -> None:
        ready.wait(20)
        try:
            deed()
        except PorticoError as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []


def history(shop: Shop, subscription_id: str) -> list[str]:
    with shop.runtime.database.read() as connection:
        return [line.to_status for line in subscriptions.history(connection, shop.ada, subscription_id)]


def test_request_job_and_webhook_at_once_settle_once(shop: Shop) -> None:
    subscription_id = renew(shop)
    key = begun(shop, subscription_id)
    body, headers = told_after_charging(shop, key)
    worker = Worker(shop.runtime)
    together(
        *[lambda: charging.charge(shop.runtime, key, first=True)] * 4,
        *[lambda: deliver(shop, body, headers)] * 4,
        worker.run_until_idle,
    )
    assert state(shop, key) == ("succeeded", "succeeded", None)
    assert captures(shop, key) == 1
    assert len(shop.documents(subscription_id)) == 4
    assert history(shop, subscription_id) == ["active"]
    assert len([kind for kind in shop.mails() if kind == "payment_received"]) <= 1
    assert shop.jobs(charging.JOB) == []
    shop.is_sound()


def told_after_charging(shop: Shop, key: str) -> tuple[bytes, dict[str, str]]:
    """The bank has taken the money, its answer was lost, and its webhook comes."""
    shop.gateway.faults.append("timeout_after")
    assert charging.charge(shop.runtime, key, first=True).status == "unknown"
    return told(shop, key, "succeeded")


@pytest.mark.parametrize("order", list(permutations(["requires_action", "processing", "failed", "succeeded"])), ids="-".join)
def test_the_events_of_a_charge_lead_to_one_state_in_any_order(shop: Shop, order: tuple[ChargeStatus, ...]) -> None:
    subscription_id = renew(shop)
    key = begun(shop, subscription_id)
    told_after_charging(shop, key)
    for status in order:
        deliver(shop, *told(shop, key, status))
    found = shop.read(subscription_id)
    assert state(shop, key) == ("succeeded", "succeeded", None)
    assert (found.status, found.due_at, found.retry_step, found.failing_since) == ("active", found.period_end, 0, None)
    assert len(shop.documents(subscription_id)) == 4
    shop.is_sound()


@pytest.mark.parametrize("order", list(permutations(["requires_action", "processing", "failed"])), ids="-".join)
def test_a_refusal_stays_one_whatever_older_news_comes_after_it(shop: Shop, order: tuple[ChargeStatus, ...]) -> None:
    subscription_id = renew(shop)
    key = begun(shop, subscription_id)
    card = shop.read(subscription_id)
    shop.gateway.faults.append("decline:card_declined")
    shop.gateway.charge(Charge(key, 1190, "EUR", card.customer_reference or "", card.method_reference or "", "", False, ""))
    for status in order:
        deliver(shop, *told(shop, key, status))
    found = shop.read(subscription_id)
    assert state(shop, key) == ("failed", "failed", "card_declined")
    assert (found.status, found.retry_step) == ("past_due", 0)
    shop.is_sound()


def test_what_was_refused_may_turn_out_to_be_paid(shop: Shop) -> None:
    """The provider's truth wins: the money is there, so the subscription recovers."""
    subscription_id = renew(shop)
    key = begun(shop, subscription_id)
    told_after_charging(shop, key)
    deliver(shop, *told(shop, key, "failed"))
    assert shop.read(subscription_id).status == "past_due"
    deliver(shop, *told(shop, key, "succeeded"))
    found = shop.read(subscription_id)
    assert (found.status, found.due_at, found.failing_since) == ("active", found.period_end, None)
    assert history(shop, subscription_id) == ["active", "past_due", "active"]
    shop.is_sound()


def test_a_second_capture_of_a_payment_goes_back(shop: Shop) -> None:
    subscription_id = renew(shop)
    key = begun(shop, subscription_id)
    told_after_charging(shop, key)
    deliver(shop, *told(shop, key, "failed"))
    work(shop, days=1)
    payment = shop.payments(subscription_id)[-1]
    assert [attempt.status for attempt in payment.attempts] == ["failed", "succeeded"]
    assert shop.taken() == 1190 * 3
    deliver(shop, *told(shop, key, "succeeded"))
    assert state(shop, key) == ("succeeded", "canceled", None)
    assert len(shop.jobs(surplus.JOB)) == 1
    for fault in ("refund_timeout_before", "refund_timeout_after"):
        shop.gateway.faults.append(fault)
        work(shop, minutes=3)
    work(shop, minutes=3)
    assert shop.taken() == 1190 * 2
    assert len(shop.documents(subscription_id)) == 4
    assert shop.payments(subscription_id)[-1].refunded_minor == 0, "the books never knew of the surplus"
    shop.is_sound()


def test_money_for_a_subscription_that_is_over_goes_back(shop: Shop) -> None:
    subscription_id = renew(shop)
    key = begun(shop, subscription_id)
    told_after_charging(shop, key)
    deliver(shop, *told(shop, key, "failed"))
    shop.set(tables.subscription, subscription_id, method_reference=None, customer_reference=None)
    for _ in shop.runtime.retry_days:
        work(shop, days=3)
    assert shop.read(subscription_id).status == "canceled"
    deliver(shop, *told(shop, key, "succeeded"))
    work(shop, minutes=1)
    assert state(shop, key)[:2] == ("canceled", "canceled")
    assert shop.taken() == 1190
    shop.is_sound()


def upgrade(shop: Shop, subscription_id: str) -> str:
    """Begins an upgrade whose answer is lost; the attempt's key."""
    shop.clock.advance(days=15)
    review = plan_change.review(shop.runtime, shop.ada, subscription_id, shop.plans["pro"], 1)
    shop.gateway.faults.append("timeout_after")
    confirmed = plan_change.confirm(shop.runtime, shop.ada, subscription_id, review.quote)
    assert confirmed.outcome is not None
    assert confirmed.outcome.status == "unknown"
    return f"{confirmed.payment_id}-1"


def test_a_change_is_in_effect_when_its_charge_is_captured_and_not_before(shop: Shop) -> None:
    subscription_id = shop.subscribe()
    key = upgrade(shop, subscription_id)
    waiting = shop.read(subscription_id)
    assert (waiting.product_name, waiting.unit_minor, waiting.due_at) == ("starter", 1000, None)
    work(shop, seconds=60)
    changed = shop.read(subscription_id)
    assert state(shop, key)[0] == "succeeded"
    assert (changed.product_name, changed.unit_minor, changed.due_at) == ("pro", 2000, changed.period_end)
    assert shop.taken() == 1190 + 595
    assert len(shop.documents(subscription_id)) == 4
    shop.is_sound()


@pytest.mark.parametrize("order", [("failed", "succeeded"), ("succeeded", "failed")], ids="-".join)
def test_a_change_comes_about_in_whatever_order_its_news_come(shop: Shop, order: tuple[ChargeStatus, ...]) -> None:
    subscription_id = shop.subscribe()
    key = upgrade(shop, subscription_id)
    for status in order:
        deliver(shop, *told(shop, key, status))
    found = shop.read(subscription_id)
    assert (found.product_name, found.due_at) == ("pro", found.period_end)
    assert state(shop, key)[0] == "succeeded"
    shop.is_sound()


def test_a_refused_change_leaves_everything_as_it_was(shop: Shop) -> None:
    subscription_id = shop.subscribe()
    before = shop.read(subscription_id)
    key = upgrade(shop, subscription_id)
    deliver(shop, *told(shop, key, "failed"))
    after = shop.read(subscription_id)
    assert (after.product_id, after.unit_minor, after.due_at, after.status) == (before.product_id, 1000, before.period_end, "active")
    assert state(shop, key) == ("failed", "failed", "card_declined")
    shop.is_sound()


def test_money_for_a_change_that_another_overtook_goes_back(shop: Shop) -> None:
    subscription_id = shop.subscribe()
    key = upgrade(shop, subscription_id)
    deliver(shop, *told(shop, key, "failed"))
    review = plan_change.review(shop.runtime, shop.ada, subscription_id, shop.plans["pro"], 1)
    plan_change.confirm(shop.runtime, shop.ada, subscription_id, review.quote)
    assert shop.read(subscription_id).product_name == "pro"
    deliver(shop, *told(shop, key, "succeeded"))
    work(shop, minutes=1)
    assert state(shop, key)[:2] == ("canceled", "canceled")
    assert shop.taken() == 1190 + 595
    shop.is_sound()


def test_a_change_that_ran_past_the_end_of_the_period_is_put_into_effect_before_the_renewal(shop: Shop) -> None:
    subscription_id = shop.subscribe()
    key = upgrade(shop, subscription_id)
    shop.clock.time = shop.read(subscription_id).period_end
    work(shop, minutes=2)
    assert state(shop, key)[0] == "succeeded"
    found = shop.read(subscription_id)
    assert (found.product_name, found.period_index, found.status) == ("pro", 1, "active")
    assert [payment.total_minor for payment in shop.payments(subscription_id)] == [1190, 595, 2380]
    shop.is_sound()


def test_a_charge_and_its_settlement_take_few_statements(shop: Shop) -> None:
    """Five to commit to it (for each of a batch) and eleven to settle it, its two documents included."""
    subscription_id = renew(shop)
    with count_statements(shop.runtime.database) as begin:
        key = begun(shop, subscription_id)
    with count_statements(shop.runtime.database) as settle:
        charging.charge(shop.runtime, key, first=True)
    assert begin.count <= 20
    assert settle.count <= 12, settle.statements
