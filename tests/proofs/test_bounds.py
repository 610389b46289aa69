"""Engines that were broken on purpose. A loop that we did not foresee must not empty a buyer's account: after three charges within a
day it stops, until tomorrow, and says so; what cannot be worked on at all is held for a person to look at."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import structlog.testing

from portico.domain.subscription import Subscription
from portico.jobs.handlers import HANDLERS
from portico.jobs.worker import Worker
from portico.services import check, due_step, notice, plan_change
from portico.services.locked import Locked
from portico.services.runtime import Runtime
from tests.bank import BankGateway
from tests.conftest import SteppingClock
from tests.factories import Factory
from tests.services.shop import Shop, opened

_STEP = timedelta(hours=2)
_DAY = timedelta(hours=24)


@pytest.fixture
def shop(runtime: Runtime, factory: Factory, gateway: BankGateway, clock: SteppingClock) -> Shop:
    return opened(runtime, factory, gateway, clock)


def _never_ends(subscription: Subscription, anchor: datetime, index: int) -> Subscription:
    """A new period, that is over as soon as it has begun."""
    start = subscription.period_start + timedelta(microseconds=2)
    return replace(subscription, period_index=index, period_start=start, period_end=start + timedelta(microseconds=1))


def _never_moves(subscription: Subscription, anchor: datetime, index: int) -> Subscription:
    """The period that is paid already."""
    return subscription


def _is_due_again(locked: Locked, after: Subscription) -> Subscription:
    """What is settled is due at once."""
    return replace(after, due_at=locked.now)


def _live(shop: Shop, days: int) -> Iterator[datetime]:
    """Each couple of hours all that is due is done, but mails."""
    worker = Worker(shop.runtime, {**HANDLERS, notice.JOB: lambda _runtime, _job: None})
    for _ in range(days * (_DAY // _STEP)):
        shop.clock.time += _STEP
        worker.run_until_idle()
        yield shop.clock.time


def _most_in_a_day(shop: Shop) -> int:
    """The most captures of the bank within any 24 hours."""
    moments = [capture.captured_at for capture in shop.gateway.bank.captures()]
    return max(sum(start <= moment < start + _DAY for moment in moments) for start in moments)


def _renew_for_ever(shop: Shop, monkeypatch: pytest.MonkeyPatch, days: int) -> tuple[int, int, Counter[str]]:
    """A mutant for so many days: captures, the most of a day, and what was logged as an error."""
    subscription_id = shop.subscribe("starter")
    shop.clock.time = shop.read(subscription_id).period_end
    monkeypatch.setattr(due_step, "_in_period", _never_ends)
    with structlog.testing.capture_logs() as logged:
        for _ in _live(shop, days):
            pass
    errors = Counter(line["event"] for line in logged if line["log_level"] == "error")
    return len(shop.gateway.bank.captures()), _most_in_a_day(shop), errors


def test_a_period_that_never_ends_is_charged_three_times_a_day_and_raises_an_alarm(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    captures, most, errors = _renew_for_ever(shop, monkeypatch, 3)
    assert most == 3
    assert captures == 1 + 3 * 3
    assert errors["charges_postponed"] >= 3


def test_a_period_that_does_not_move_is_not_charged_again_and_held(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    subscription_id = shop.subscribe("starter")
    shop.clock.time = shop.read(subscription_id).period_end
    monkeypatch.setattr(due_step, "_in_period", _never_moves)
    with structlog.testing.capture_logs() as logged:
        for _ in _live(shop, 2):
            pass
    assert len(shop.gateway.bank.captures()) == 1
    assert [line["event"] for line in logged if line["log_level"] == "error"] == ["subscription_held"]
    held = shop.read(subscription_id)
    assert held.due_at is None
    assert (held.held_reason or "").startswith("period_already_billed")
    assert [finding.check for finding in check.run(shop.runtime.database)] == ["no_subscription_is_held"]


def test_a_settlement_that_makes_it_due_again_bills_ahead_three_times_a_day_at_most(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    subscription_id = shop.subscribe("starter")
    shop.clock.time = shop.read(subscription_id).period_end
    monkeypatch.setattr(Locked, "planned", _is_due_again)
    for _ in _live(shop, 2):
        pass
    assert _most_in_a_day(shop) == 3
    periods = [payment.period_start for payment in shop.payments(subscription_id)]
    assert len(set(periods)) == len(periods), "and no period twice"


def test_a_buyer_is_not_charged_more_often_either(shop: Shop) -> None:
    """Whoever goes back and forth between plans is stopped as well."""
    subscription_id = shop.subscribe("team")
    met: list[str] = []
    for quantity in range(2, 8):
        shop.clock.time += timedelta(minutes=1)
        try:
            quote = plan_change.review(shop.runtime, shop.ada, subscription_id, shop.plans["team"], quantity).quote
            plan_change.confirm(shop.runtime, shop.ada, subscription_id, quote)
        except Exception as error:
            met.append(getattr(error, "code", repr(error)))
    assert len(shop.gateway.bank.captures()) == 3
    assert met == ["too_many_charges"] * 4


@pytest.mark.prove
def test_a_month_of_a_broken_engine(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    captures, most, errors = _renew_for_ever(shop, monkeypatch, 30)
    assert most == 3
    dialect = shop.runtime.database.dialect
    told = f"{captures} captures, {most} at most within any 24 hours, {errors['charges_postponed']} alarms"
    print(f"broken engine, {dialect}: a period that never ends, for 30 days: {told}")
