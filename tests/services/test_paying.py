"""Paying what is owed while the buyer is there."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from portico.domain.errors import NotFound, Refused
from portico.services import charging, paying
from portico.services.charging import Outcome
from portico.storage import payment as payments
from portico.storage import tables
from tests.services.shop import Shop
from tests.services.test_cancellation import overdue


@pytest.mark.parametrize("by", ["subscription", "payment"])
def test_what_is_owed_is_paid_and_the_subscription_recovers(shop: Shop, by: str) -> None:
    subscription_id, payment_id = overdue(shop)
    paid = paying.pay(shop.runtime, shop.ada, subscription_id if by == "subscription" else payment_id)
    assert (paid.payment_id, paid.outcome) == (payment_id, Outcome("succeeded"))
    found = shop.read(subscription_id)
    assert (found.status, found.due_at) == ("active", found.period_end)
    (payment,) = shop.payments(subscription_id)
    assert [attempt.status for attempt in payment.attempts] == ["failed", "succeeded"]
    assert (payment.attempts[-1].on_session, payment.attempts[-1].key) == (True, f"{payment_id}-2")
    assert shop.taken() == 1190
    with pytest.raises(Refused) as again:
        paying.pay(shop.runtime, shop.ada, subscription_id)
    assert again.value.code == "nothing_to_pay"


def test_declined_again_it_stays_owed_and_the_ladder_goes_on(shop: Shop) -> None:
    subscription_id, _ = overdue(shop)
    before = shop.read(subscription_id)
    shop.gateway.faults.append("decline:insufficient_funds")
    assert paying.pay(shop.runtime, shop.ada, subscription_id).outcome == Outcome("failed", "insufficient_funds")
    found = shop.read(subscription_id)
    assert (found.status, found.retry_step, found.due_at) == ("past_due", before.retry_step, before.due_at)


def test_a_buyer_who_is_declined_again_and_again_has_to_wait_and_the_ladder_has_not(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charging, "MOST_TRIES", 2)
    subscription_id, payment_id = overdue(shop)
    for _ in range(2):
        shop.gateway.faults.append("decline:insufficient_funds")
        assert paying.pay(shop.runtime, shop.ada, subscription_id).outcome.status == "failed"
    with pytest.raises(Refused) as refused:
        paying.pay(shop.runtime, shop.ada, subscription_id)
    assert refused.value.code == "too_many_charges"
    found = shop.read(subscription_id)
    (owed,) = shop.payments(subscription_id)
    assert (owed.id, owed.status, len(owed.attempts)) == (payment_id, "failed", 3)
    with shop.runtime.database.transaction() as tx:
        begun = charging.begin(tx, shop.runtime, shop.ada, owed, found, on_session=False, now=shop.clock.time)
        assert begun is not None
        assert begun.key == f"{payment_id}-4"
        asked = payments.attempt_by_key(tx, begun.key)
        assert (asked.scope, asked.payment, asked.attempt) == (begun.scope, begun.payment, begun.attempt)


def test_pressed_by_many_at_once_it_is_charged_once(shop: Shop) -> None:
    subscription_id, _ = overdue(shop)
    together = Barrier(12)

    def press(_: int) -> str:
        together.wait(30)
        try:
            return paying.pay(shop.runtime, shop.ada, subscription_id).outcome.status
        except Refused as refused:
            return refused.code

    with ThreadPoolExecutor(12) as pool:
        results = sorted(pool.map(press, range(12)))
    assert results.count("succeeded") == 1
    assert set(results) <= {"succeeded", "payment_open", "nothing_to_pay"}
    assert shop.taken() == 1190


@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after", "error_after"])
def test_an_answer_that_is_lost_is_asked_for_when_the_buyer_looks(shop: Shop, fault: str) -> None:
    subscription_id, payment_id = overdue(shop)
    shop.gateway.faults.append(fault)
    assert paying.pay(shop.runtime, shop.ada, subscription_id).outcome == Outcome("unknown")
    with pytest.raises(Refused) as refused:
        paying.pay(shop.runtime, shop.ada, subscription_id)
    assert refused.value.code == "payment_open"
    assert paying.look(shop.runtime, shop.ada, payment_id).status == "succeeded"
    assert shop.read(subscription_id).status == "active"
    assert shop.taken() == 1190


def test_while_the_provider_is_away_looking_says_what_is_known(shop: Shop) -> None:
    subscription_id, payment_id = overdue(shop)
    shop.gateway.faults.append("unreachable")
    paying.pay(shop.runtime, shop.ada, subscription_id)
    assert paying.look(shop.runtime, shop.ada, payment_id).status == "unknown"
    (job,) = shop.jobs("charge")
    shop.gateway.faults.clear()
    assert charging.charge(shop.runtime, job["key"]) == Outcome("succeeded")


def test_looking_at_what_is_over_asks_nobody(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    (paid,) = shop.payments(subscription_id)
    shop.gateway.calls.clear()
    assert paying.look(shop.runtime, shop.ada, paid.id) == paid
    assert shop.gateway.calls == []


def test_there_is_nothing_to_pay_where_nothing_is_owed(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    (paid,) = shop.payments(subscription_id)
    once = shop.factory.payment(shop.ada, shop.factory.order(shop.ada), status="failed", attempts=("failed",))
    for subject in (subscription_id, paid.id, once):
        with pytest.raises(Refused) as refused:
            paying.pay(shop.runtime, shop.ada, subject)
        assert refused.value.code == "nothing_to_pay"


def test_without_a_card_there_is_none_to_charge(shop: Shop) -> None:
    subscription_id, _ = overdue(shop)
    shop.set(tables.subscription, subscription_id, method_reference=None)
    with pytest.raises(Refused) as refused:
        paying.pay(shop.runtime, shop.ada, subscription_id)
    assert refused.value.code == "no_card"


def test_only_its_buyer_can(shop: Shop) -> None:
    subscription_id, payment_id = overdue(shop)
    eve = shop.factory.buyer(shop.store)
    for subject in (subscription_id, payment_id):
        with pytest.raises(NotFound):
            paying.pay(shop.runtime, eve, subject)
    with pytest.raises(NotFound):
        paying.look(shop.runtime, eve, payment_id)
    with pytest.raises(NotFound):
        paying.pay(shop.runtime, shop.ada, "nonsense")
    assert shop.taken() == 0
