"""What time does to subscriptions: each period is billed once, in order, whatever runs, stands still or fails."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from portico.domain.calendar import period_bounds
from portico.domain.errors import NotFound, Refused
from portico.jobs.worker import Worker
from portico.services import cancellation, charging, due_step, pause, renewal
from portico.storage import subscription as subscriptions
from portico.storage import tables
from portico.storage.database import count_statements
from tests.services.drive import renew, work
from tests.services.shop import START, Shop


def history(shop: Shop, subscription_id: str) -> list[tuple[str, str]]:
    with shop.runtime.database.read() as connection:
        return [(line.to_status, line.cause) for line in subscriptions.history(connection, shop.ada, subscription_id)]


def periods(shop: Shop, subscription_id: str) -> list[tuple[datetime | None, str]]:
    return [(payment.period_start, payment.status) for payment in shop.payments(subscription_id)]


def told(shop: Shop) -> list[str]:
    """The kinds of the mails that were asked for since this was last looked at."""
    kinds = shop.mails()
    with shop.runtime.database.transaction() as tx:
        tx.execute(sa.delete(tables.job).where(tables.job.c.kind == "notice_mail"))
    return kinds


def step(shop: Shop, **passing: int) -> None:
    """Like `work`, but the mails stay."""
    shop.clock.advance(**passing)
    Worker(shop.runtime, threads={"pay": 4}).run_until_idle()


def test_nothing_happens_before_the_period_is_over(shop: Shop) -> None:
    subscription_id = renew(shop)
    shop.clock.advance(microseconds=-1)
    assert renewal.sweep(shop.runtime) == 0
    shop.clock.advance(microseconds=1)
    assert renewal.sweep(shop.runtime) == 1
    assert renewal.sweep(shop.runtime) == 0
    assert shop.read(subscription_id).due_at is None


def test_after_five_periods_of_standstill_each_is_billed_once_in_order(shop: Shop) -> None:
    """Three of them at once, which is as much as may be charged in a day."""
    subscription_id = shop.subscribe()
    shop.clock.time = period_bounds(START, "month", 5)[0] + timedelta(hours=1)
    work(shop)
    assert len(periods(shop, subscription_id)) == 4
    assert shop.read(subscription_id).due_at == shop.clock.time + timedelta(hours=24)
    work(shop, hours=25)
    work(shop, hours=25)
    assert periods(shop, subscription_id) == [(period_bounds(START, "month", n)[0], "succeeded") for n in range(6)]
    assert shop.taken() == 6 * 1190
    assert shop.read(subscription_id).period_index == 5
    shop.is_sound()


def test_eight_sweepers_bill_each_period_once(shop: Shop) -> None:
    ids = [shop.subscribe() for _ in range(12)]
    shop.clock.time = shop.read(ids[0]).period_end
    ready = threading.Barrier(8)

    def sweep() -> None:
        ready.wait(20)
        while renewal.sweep(shop.runtime, limit=5):
            pass

    threads = [threading.Thread(target=sweep) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [len(shop.payments(subscription_id)) for subscription_id in ids] == [2] * 12
    work(shop)
    assert shop.taken() == 24 * 1190
    shop.is_sound()


def test_a_clock_that_jumps_bills_nothing_twice(shop: Shop) -> None:
    subscription_id = renew(shop)
    work(shop)
    for jump in (timedelta(days=-40), timedelta(hours=1), timedelta(days=39), timedelta(hours=-1)):
        shop.clock.time += jump
        work(shop)
    assert len(periods(shop, subscription_id)) == 2
    shop.is_sound()


def test_the_31st_comes_back_after_a_short_month(shop: Shop) -> None:
    anchor = datetime(2027, 1, 31, 12, tzinfo=START.tzinfo)
    shop.clock.time = anchor
    subscription_id = shop.subscribe(anchor=anchor)
    ends: list[str] = []
    for _ in range(4):
        shop.clock.time = shop.read(subscription_id).period_end
        ends.append(f"{shop.clock.time:%m-%d}")
        work(shop)
    assert ends == ["02-28", "03-31", "04-30", "05-31"]
    shop.is_sound()


def test_a_plan_that_costs_nothing_goes_on_without_a_payment(shop: Shop) -> None:
    shop.set_price("starter", 0)
    subscription_id = shop.subscribe(unit_minor=0, method_reference=None, customer_reference=None)
    before = len(shop.payments(subscription_id))
    shop.clock.time = period_bounds(START, "month", 4)[0]
    work(shop)
    found = shop.read(subscription_id)
    assert (found.status, found.period_index, found.due_at) == ("active", 4, found.period_end)
    assert len(shop.payments(subscription_id)) == before


def test_the_ladder_of_retries_ends_the_subscription(shop: Shop) -> None:
    subscription_id = renew(shop)
    failed_at = shop.clock.time
    shop.gateway.faults += ["decline:insufficient_funds"] * 5
    step(shop)
    assert told(shop) == ["payment_failed"]
    tried = []
    for days in shop.runtime.retry_days:
        found = shop.read(subscription_id)
        assert (found.status, found.due_at) == ("past_due", failed_at + timedelta(days=days))
        shop.clock.time = found.due_at
        step(shop)
        tried += told(shop)
    found, payment = shop.read(subscription_id), shop.payments(subscription_id)[-1]
    assert tried == ["payment_failed"] * 3 + ["subscription_ended_unpaid"]
    assert (found.status, found.due_at, found.ended_at, found.remind_at) == ("canceled", None, shop.clock.time, None)
    assert (payment.status, len(payment.attempts)) == ("canceled", 5)
    assert history(shop, subscription_id)[1:] == [("past_due", "payment_failed"), ("canceled", "unpaid")]
    assert shop.taken() == 1190
    shop.is_sound()


def test_a_retry_that_works_brings_it_back(shop: Shop) -> None:
    subscription_id = renew(shop)
    shop.gateway.faults += ["decline:insufficient_funds"] * 2
    step(shop)
    step(shop, days=1)
    told(shop)
    step(shop, days=2)
    found = shop.read(subscription_id)
    assert (found.status, found.retry_step, found.failing_since, found.due_at) == ("active", 0, None, found.period_end)
    assert told(shop) == ["payment_received"]
    assert [attempt.status for attempt in shop.payments(subscription_id)[-1].attempts] == ["failed", "failed", "succeeded"]
    shop.is_sound()


def test_a_late_retry_does_not_bring_the_next_at_its_heels(shop: Shop) -> None:
    subscription_id = renew(shop)
    shop.gateway.faults += ["decline:insufficient_funds"] * 2
    step(shop)
    step(shop, days=3)
    assert shop.read(subscription_id).due_at == shop.clock.time + timedelta(days=1)


@pytest.mark.parametrize("card", [True, False])
def test_the_end_of_a_trial(shop: Shop, card: bool) -> None:
    trial_end = START + timedelta(days=14)
    given = {} if card else {"method_reference": None, "customer_reference": None}
    subscription_id = shop.subscribe(status="trialing", trial_end=trial_end, **given)
    shop.clock.time = trial_end
    step(shop)
    found = shop.read(subscription_id)
    if card:
        assert (found.status, found.anchor, found.period_index, found.period_start) == ("active", trial_end, 0, trial_end)
        assert history(shop, subscription_id)[-1] == ("active", "payment_captured")
        assert periods(shop, subscription_id) == [(trial_end, "succeeded")]
        assert "payment_received" in told(shop)
    else:
        assert (found.status, found.due_at) == ("expired", None)
        assert history(shop, subscription_id)[-1] == ("expired", "trial_without_card")
        assert (periods(shop, subscription_id), told(shop)) == ([], ["subscription_ended"])
    shop.is_sound()


def test_a_trial_whose_first_payment_fails_is_past_due(shop: Shop) -> None:
    trial_end = START + timedelta(days=14)
    subscription_id = shop.subscribe(status="trialing", trial_end=trial_end)
    shop.clock.time = trial_end
    shop.gateway.faults.append("decline:card_declined")
    step(shop)
    assert shop.read(subscription_id).status == "past_due"
    step(shop, days=1)
    assert shop.read(subscription_id).status == "active"
    assert [status for status, _ in history(shop, subscription_id)] == ["trialing", "past_due", "active"]
    shop.is_sound()


def test_a_free_trial_of_a_free_plan_just_becomes_active(shop: Shop) -> None:
    trial_end = START + timedelta(days=14)
    subscription_id = shop.subscribe(status="trialing", trial_end=trial_end, unit_minor=0, method_reference=None, customer_reference=None)
    shop.clock.time = trial_end
    step(shop)
    found = shop.read(subscription_id)
    assert (found.status, found.period_start, found.due_at) == ("active", trial_end, found.period_end)


@pytest.mark.parametrize(("plan", "interval", "amount"), [("twin", "month", 1190), ("yearly", "year", 35700)])
def test_a_scheduled_change_begins_with_the_period(shop: Shop, plan: str, interval: str, amount: int) -> None:
    subscription_id = shop.subscribe()
    end = shop.read(subscription_id).period_end
    planned = {"change_kind": "change_plan", "change_at": end, "change_product_id": shop.plans[plan], "change_quantity": 1}
    price = {"twin": 1000, "yearly": 30000}[plan]
    shop.set(tables.subscription, subscription_id, **planned, change_unit_minor=price)
    shop.set_price(plan, price * 2)  # raised after it was promised
    shop.clock.time = end
    step(shop)
    found = shop.read(subscription_id)
    assert (found.product_name, found.interval, found.unit_minor, found.scheduled_change) == (plan, interval, price, None)
    assert (found.period_start, found.period_index) == (end, 1 if interval == "month" else 0)
    assert found.anchor == (START if interval == "month" else end)
    assert (found.period_end, found.status) == (period_bounds(found.anchor, found.interval, found.period_index)[1], "active")
    assert shop.payments(subscription_id)[-1].total_minor == amount
    assert set(told(shop)) == {"plan_changed", "payment_received"}
    shop.is_sound()


def test_a_scheduled_change_is_in_effect_though_its_first_payment_fails(shop: Shop) -> None:
    subscription_id = shop.subscribe()
    end = shop.read(subscription_id).period_end
    planned = {"change_kind": "change_plan", "change_at": end, "change_product_id": shop.plans["twin"], "change_unit_minor": 1000}
    shop.set(tables.subscription, subscription_id, **planned)
    shop.clock.time = end
    shop.gateway.faults.append("decline:card_declined")
    step(shop)
    found = shop.read(subscription_id)
    assert (found.product_name, found.status) == ("twin", "past_due")
    step(shop, days=1)
    assert shop.read(subscription_id).status == "active"
    shop.is_sound()


def test_a_pause_skips_its_periods_and_goes_on_where_it_would_have_been(shop: Shop) -> None:
    subscription_id = shop.subscribe()
    pause.pause(shop.runtime, shop.ada, subscription_id, 2)
    told(shop)
    shop.clock.time = shop.read(subscription_id).period_end
    step(shop)
    paused = shop.read(subscription_id)
    assert (paused.status, paused.resumes_at, paused.due_at) == ("paused", period_bounds(START, "month", 3)[0], paused.resumes_at)
    assert told(shop) == ["paused"]
    step(shop, days=30)
    assert shop.read(subscription_id).status == "paused"
    shop.clock.time = paused.resumes_at or START
    step(shop)
    found = shop.read(subscription_id)
    assert (found.status, found.period_index, found.anchor, found.resumes_at) == ("active", 3, START, None)
    assert [start for start, _ in periods(shop, subscription_id)] == [START, found.period_start]
    assert [status for status, _ in history(shop, subscription_id)] == ["active", "paused", "active"]
    shop.is_sound()


def test_going_on_before_the_end_of_a_pause_begins_a_period_now(shop: Shop) -> None:
    subscription_id = shop.subscribe()
    pause.pause(shop.runtime, shop.ada, subscription_id, 2)
    shop.clock.time = shop.read(subscription_id).period_end
    step(shop)
    shop.clock.advance(days=10)
    unpaused = pause.unpause_now(shop.runtime, shop.ada, subscription_id)
    found = unpaused.subscription
    assert unpaused.outcome == charging.Outcome("succeeded")
    assert (found.status, found.anchor, found.period_index, found.period_start) == ("active", shop.clock.time, 0, shop.clock.time)
    assert shop.taken() == 2380
    shop.is_sound()


def test_a_canceled_one_ends_with_its_period(shop: Shop) -> None:
    subscription_id = shop.subscribe()
    end = shop.read(subscription_id).period_end
    cancellation.cancel(shop.runtime, shop.ada, subscription_id, None, "")
    shop.clock.time = end - timedelta(microseconds=1)
    step(shop)
    assert shop.read(subscription_id).status == "canceling"
    told(shop)
    shop.clock.time = end
    step(shop)
    found = shop.read(subscription_id)
    assert (found.status, found.due_at, found.ended_at, found.scheduled_change) == ("canceled", None, end, None)
    assert told(shop) == ["subscription_ended"]
    assert shop.taken() == 1190
    shop.is_sound()


def test_without_a_card_the_buyer_is_asked_for_one(shop: Shop) -> None:
    subscription_id = renew(shop)
    shop.set(tables.subscription, subscription_id, method_reference=None, customer_reference=None)
    step(shop)
    assert shop.read(subscription_id).status == "past_due"
    assert told(shop) == ["payment_failed"]


def test_twenty_documents_in_a_day_are_the_bound(shop: Shop) -> None:
    subscription_id = renew(shop)
    found = shop.read(subscription_id)
    with shop.runtime.database.transaction() as tx:
        (row,) = [dict(row._mapping) for row in tx.execute(sa.select(tables.document).limit(1))]
        for n in range(20):
            copy = {"id": f"INV_{n}", "number": f"COPY-{n}", "series": None, "sequence": None, "payment_id": None}
            tx.execute(sa.insert(tables.document), row | copy | {"issued_at": shop.clock.time - timedelta(hours=1)})
    assert renewal.sweep(shop.runtime) == 1
    after = shop.read(subscription_id)
    assert (after.due_at, after.period_index) == (shop.clock.time + timedelta(hours=24), found.period_index)
    assert len(shop.payments(subscription_id)) == 1


def test_a_buyers_own_action_meets_the_bound_too(shop: Shop) -> None:
    subscription_id = shop.subscribe()
    shop.clock.time = period_bounds(START, "month", 3)[0] + timedelta(hours=1)
    work(shop)
    found, payment = shop.read(subscription_id), shop.payments(subscription_id)[-1]
    intent = replace(payment, id="PAY_x", period_start=found.period_end, period_end=found.period_end + timedelta(days=1), attempts=())
    with pytest.raises(Refused, match="3 charges") as refused, shop.runtime.database.transaction() as tx:
        charging.begin(tx, shop.runtime, shop.ada, intent, found, on_session=True, now=shop.clock.time)
    assert refused.value.code == "too_many_charges"


def test_one_that_cannot_be_worked_on_is_held_and_the_others_go_on(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [shop.subscribe() for _ in range(3)]
    shop.clock.time = shop.read(ids[0]).period_end
    bad, process = ids[1], due_step.process

    def failing(tx, runtime, scope, subscription, *, store, now):  # type: ignore[no-untyped-def]
        process(tx, runtime, scope, subscription, store=store, now=now)
        if subscription.id == bad:
            raise ZeroDivisionError("ada@example.com")

    monkeypatch.setattr(renewal, "process", failing)
    while renewal.sweep(shop.runtime):
        pass
    assert [len(shop.payments(subscription_id)) for subscription_id in ids] == [2, 1, 2]
    held = shop.read(bad)
    assert (held.due_at, held.held_reason) == (None, "ZeroDivisionError")
    monkeypatch.undo()
    with pytest.raises(Refused, match="is not held"):
        renewal.release(shop.runtime, ids[0])
    assert renewal.release(shop.runtime, bad) == held.period_end
    work(shop)
    assert len(shop.payments(bad)) == 2
    shop.is_sound()


def test_releasing_what_is_not_there_says_so(shop: Shop) -> None:
    with pytest.raises(NotFound):
        renewal.release(shop.runtime, "SUB_nothing")


def test_a_period_that_has_a_payment_already_is_held_for_a_person(shop: Shop) -> None:
    subscription_id = renew(shop)
    end = shop.read(subscription_id).period_end
    period = {"period_start": end, "period_end": end + timedelta(days=31), "net_minor": 1000, "tax_minor": 190, "total_minor": 1190}
    order_id = shop.read(subscription_id).order_id
    shop.factory.payment(shop.ada, order_id, attempts=("failed",), status="failed", subscription_id=subscription_id, **period)
    assert renewal.sweep(shop.runtime) == 1
    assert (shop.read(subscription_id).held_reason or "").startswith("period_already_billed")


def test_what_others_bill_is_never_due(shop: Shop) -> None:
    subscription_id = shop.subscribe(managed=False, due_at=None)
    work(shop, days=400)
    assert len(shop.payments(subscription_id)) == 1


def test_a_database_that_is_away_holds_nobody(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    subscription_id = renew(shop)

    def away(*_: object, **__: object) -> None:
        raise sa.exc.OperationalError("SELECT", {}, ConnectionError("gone"))

    monkeypatch.setattr(renewal, "process", away)
    with pytest.raises(sa.exc.OperationalError):
        renewal.sweep(shop.runtime)
    assert shop.read(subscription_id).held_at is None


def test_an_idle_sweep_takes_no_write_lock(shop: Shop) -> None:
    shop.subscribe()
    with count_statements(shop.runtime.database) as count:
        assert renewal.sweep(shop.runtime) == 0
    assert count.count == 2


def test_a_batch_takes_five_statements_for_each(shop: Shop) -> None:
    ids = [shop.subscribe() for _ in range(10)]
    shop.clock.time = shop.read(ids[0]).period_end
    with count_statements(shop.runtime.database) as count:
        assert renewal.sweep(shop.runtime) == 10
    assert count.count <= 4 + 5 * 10
