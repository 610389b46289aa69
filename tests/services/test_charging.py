"""An intent is charged once and settled once, whatever is lost between us and the payment provider."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from portico.domain.errors import Conflict, NotFound
from portico.jobs.worker import Worker
from portico.sandbox import cards
from portico.services import charging, lost_jobs
from portico.storage import outbox, tables
from tests.services.drive import begun, calls, captures, renew, state, work
from tests.services.shop import Shop

EVERY_FAULT = (
    "timeout_before", "error_before", "timeout_after", "error_after", "decline:card_declined", "decline:insufficient_funds",
    "decline:expired_card", "decline:lost_card", "requires_action", "processing",
)  # fmt: skip


def test_a_renewal_is_charged_settled_and_documented_once(shop: Shop) -> None:
    subscription_id = renew(shop)
    before = shop.read(subscription_id)
    work(shop)
    after = shop.read(subscription_id)
    first, second = shop.payments(subscription_id)
    assert (second.status, second.total_minor, second.purpose) == ("succeeded", 1190, "period")
    assert (second.period_start, second.period_end) == (before.period_end, after.period_end)
    assert (after.status, after.period_index, after.due_at) == ("active", 1, after.period_end)
    assert shop.taken() == 2380
    assert shop.documents(subscription_id)[-2:] == ["INV-2026-000002", "REC-2026-000002"]
    assert shop.jobs(charging.JOB) == []
    assert calls(shop, second.attempts[0].key) == ["charge"], "nobody can have asked before"
    assert first.attempts[0].key != second.attempts[0].key
    shop.is_sound()


@pytest.mark.parametrize("fault", EVERY_FAULT)
def test_whatever_the_provider_does_money_is_taken_once_and_settled(shop: Shop, fault: str) -> None:
    subscription_id = renew(shop)
    shop.gateway.faults.append(fault)
    work(shop)
    payment = shop.payments(subscription_id)[-1]
    key = payment.attempts[0].key
    if fault == "processing":
        assert payment.status == "pending"
        shop.gateway.bank.finish_charge(key)
    work(shop, seconds=10)
    payment = shop.payments(subscription_id)[-1]
    assert shop.gateway.faults == []
    if fault.startswith("decline:") or fault == "requires_action":
        assert (payment.status, captures(shop, key)) == ("failed", 0)
        assert shop.read(subscription_id).status == "past_due"
        work(shop, days=1)
        payment = shop.payments(subscription_id)[-1]
        key = payment.attempts[1].key
        assert len(payment.attempts) == 2
    assert (payment.status, captures(shop, key)) == ("succeeded", 1)
    assert shop.read(subscription_id).status == "active"
    assert shop.taken() == 2380
    assert len(shop.documents(subscription_id)) == 4
    shop.is_sound()


@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after"])
def test_no_answer_is_unknown_never_failed(shop: Shop, fault: str) -> None:
    subscription_id = renew(shop)
    key = begun(shop, subscription_id)
    shop.gateway.faults.append(fault)
    assert charging.charge(shop.runtime, key, first=True).status == "unknown"
    assert state(shop, key) == ("unknown", "unknown", None)
    found = shop.read(subscription_id)
    assert (found.status, found.due_at) == ("active", None)
    payment = shop.payments(subscription_id)[-1]
    with shop.runtime.database.transaction() as tx:
        assert charging.begin(tx, shop.runtime, shop.ada, payment, found, on_session=True, now=shop.clock()) is None
    claimed_failed = replace(payment, status="failed")
    with pytest.raises(Conflict), shop.runtime.database.transaction() as tx:
        charging.begin(tx, shop.runtime, shop.ada, claimed_failed, found, on_session=True, now=shop.clock())
    shop.is_sound()


def test_a_provider_that_is_away_for_a_week_is_asked_until_it_answers(shop: Shop) -> None:
    subscription_id = renew(shop)
    shop.gateway.faults.append("unreachable")
    work(shop)
    for _ in range(100):
        work(shop, minutes=2)
    work(shop, days=7)
    (payment,) = [payment for payment in shop.payments(subscription_id) if payment.status == "unknown"]
    with shop.runtime.database.read() as connection:
        assert outbox.parked(connection) == []
    assert len(shop.jobs(charging.JOB)) == 1
    assert len(calls(shop, payment.attempts[0].key)) > 50
    shop.gateway.faults.clear()
    work(shop, minutes=3)
    assert shop.payments(subscription_id)[-1].status == "succeeded"
    assert captures(shop, payment.attempts[0].key) == 1


def test_who_is_not_the_first_looks_before_asking(shop: Shop) -> None:
    key = begun(shop, renew(shop))
    shop.gateway.faults.append("timeout_after")
    assert charging.charge(shop.runtime, key, first=True).status == "unknown"
    assert charging.charge(shop.runtime, key).status == "succeeded"
    assert charging.charge(shop.runtime, key).status == "succeeded"
    assert calls(shop, key) == ["charge", "find_charge"]
    assert captures(shop, key) == 1


def test_an_attempt_of_yesterday_is_never_the_first(shop: Shop) -> None:
    """Providers forget keys after a day: then a second request would be a second charge."""
    key = begun(shop, renew(shop))
    shop.clock.advance(hours=25)
    assert charging.charge(shop.runtime, key, first=True).status == "succeeded"
    assert calls(shop, key) == ["find_charge", "charge"]


def test_a_request_that_died_is_finished_by_its_job(shop: Shop) -> None:
    key = begun(shop, renew(shop), on_session=True)
    work(shop)
    assert calls(shop, key) == []
    work(shop, seconds=60)
    assert state(shop, key) == ("succeeded", "succeeded", None)
    assert calls(shop, key) == ["find_charge", "charge"]


def test_an_attempt_that_lost_its_job_gets_another(shop: Shop) -> None:
    key = begun(shop, renew(shop))
    with shop.runtime.database.transaction() as tx:
        tx.execute(sa.delete(tables.job))
    assert lost_jobs.restore(shop.runtime) == 1
    assert lost_jobs.restore(shop.runtime) == 0
    work(shop)
    assert state(shop, key) == ("succeeded", "succeeded", None)


def test_the_outcome_ends_the_job_of_a_request(shop: Shop) -> None:
    key = begun(shop, renew(shop), on_session=True)
    assert charging.charge(shop.runtime, key, first=True).status == "succeeded"
    assert shop.jobs(charging.JOB) == []


def test_three_d_secure_waits_for_the_buyer(shop: Shop) -> None:
    subscription_id = renew(shop, number=cards.CONFIRMS)
    key = begun(shop, subscription_id, on_session=True)
    outcome = charging.charge(shop.runtime, key, first=True)
    assert (outcome.status, outcome.is_final) == ("requires_action", False)
    assert (outcome.action_url or "").startswith("https://bank.test/")
    assert state(shop, key) == ("pending", "pending", None)
    work(shop, minutes=30)
    assert charging.charge(shop.runtime, key).action_url == outcome.action_url
    charge = shop.gateway.bank.find_charge(key)
    assert charge is not None
    shop.gateway.bank.confirm_charge(charge.id, approved=True)
    work(shop, minutes=3)
    assert state(shop, key) == ("succeeded", "succeeded", None)
    assert shop.read(subscription_id).status == "active"


def test_a_buyer_who_never_confirms_is_given_up_after_an_hour(shop: Shop) -> None:
    subscription_id = renew(shop, number=cards.CONFIRMS)
    key = begun(shop, subscription_id, on_session=True)
    charging.charge(shop.runtime, key, first=True)
    work(shop, minutes=59)
    assert state(shop, key)[0] == "pending"
    work(shop, minutes=4)
    assert state(shop, key) == ("failed", "failed", "authentication_required")
    charge = shop.gateway.bank.find_charge(key)
    assert charge is not None
    assert charge.status == "canceled", "it can never take money any more"
    assert shop.read(subscription_id).status == "past_due"
    shop.is_sound()


def test_giving_up_may_find_that_the_buyer_has_just_confirmed(shop: Shop) -> None:
    subscription_id = renew(shop, number=cards.CONFIRMS)
    key = begun(shop, subscription_id, on_session=True)
    charging.charge(shop.runtime, key, first=True)
    shop.clock.advance(minutes=61)
    cancel = shop.gateway.cancel_charge

    def confirmed_first(key: str, *, customer: str):  # type: ignore[no-untyped-def]
        charge = shop.gateway.bank.find_charge(key)
        assert charge is not None
        shop.gateway.bank.confirm_charge(charge.id, approved=True)
        return cancel(key, customer=customer)

    shop.gateway.cancel_charge = confirmed_first  # type: ignore[method-assign]
    assert charging.charge(shop.runtime, key).status == "succeeded"
    assert captures(shop, key) == 1


def test_without_a_card_the_provider_is_not_asked(shop: Shop) -> None:
    subscription_id = renew(shop)
    shop.set(tables.subscription, subscription_id, method_reference=None)
    work(shop)
    payment = shop.payments(subscription_id)[-1]
    assert (payment.status, payment.attempts[0].failure_code) == ("failed", "no_payment_method")
    assert calls(shop, payment.attempts[0].key) == []
    assert shop.read(subscription_id).status == "past_due"


def test_without_a_provider_nothing_is_charged_and_nothing_is_lost(shop: Shop) -> None:
    subscription_id = renew(shop)
    bare = replace(shop.runtime, gateways={})
    Worker(bare).run_until_idle()
    assert shop.payments(subscription_id)[-1].status == "unknown"
    shop.clock.advance(seconds=10)
    Worker(shop.runtime).run_until_idle()
    assert shop.payments(subscription_id)[-1].status == "succeeded"


@pytest.mark.parametrize("told", [{"amount_minor": 1}, {"currency": "USD"}, {"key": "PAY_other-1"}])
def test_an_answer_about_another_charge_settles_nothing(shop: Shop, told: dict[str, object]) -> None:
    key = begun(shop, renew(shop))
    charge = shop.gateway.charge
    shop.gateway.charge = lambda asked: replace(charge(asked), **told)  # type: ignore[method-assign,arg-type]
    assert charging.charge(shop.runtime, key, first=True).status == "unknown"
    assert state(shop, key) == ("unknown", "unknown", None)


def test_a_key_that_is_nobodys_is_not_found(shop: Shop) -> None:
    with pytest.raises(NotFound):
        charging.charge(shop.runtime, "PAY_nothing-1")
