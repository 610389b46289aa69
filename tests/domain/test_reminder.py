from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from portico.domain.catalog import Interval
from portico.domain.payment import PaymentMethod
from portico.domain.reminder import is_expired, remind_at, reminder_kind
from portico.domain.subscription import Subscription
from tests.domain.samples import END, MANAGED, START, scheduled

DAY = timedelta(days=1)
MARCH_CARD = PaymentMethod("visa", "4242", 3, 2026)


def every(interval: Interval) -> Subscription:
    return replace(MANAGED, interval=interval)


@pytest.mark.parametrize(("interval", "before"), [("week", None), ("month", None), ("quarter", 7), ("year", 7)])
def test_rare_charges_are_told_of_a_week_before(interval: Interval, before: int | None) -> None:
    assert remind_at(every(interval), now=START) == (END - before * DAY if before else None)
    assert reminder_kind(every(interval)) == ("upcoming_charge" if before else None)


@pytest.mark.parametrize(("interval", "before"), [("week", 3), ("month", 7), ("quarter", 7), ("year", 7)])
def test_a_card_that_will_not_do_is_always_told_of(interval: Interval, before: int) -> None:
    dying = replace(every(interval), method=MARCH_CARD)
    assert remind_at(dying, now=START) == END - before * DAY
    assert reminder_kind(dying) == "card_expiring"


def test_a_trial_is_told_of_three_days_before_it_ends() -> None:
    trial = replace(MANAGED, status="trialing", trial_end=START + 14 * DAY)
    assert remind_at(trial, now=START) == START + 11 * DAY
    assert reminder_kind(trial) == "trial_ending"
    assert remind_at(replace(trial, unit_minor=0), now=START) is None


def test_the_end_of_a_pause_is_told_of() -> None:
    july = END + 91 * DAY
    for subscription in (replace(MANAGED, status="paused", resumes_at=july), scheduled(replace(MANAGED, resumes_at=july), "pause")):
        assert remind_at(subscription, now=START) == july - 7 * DAY
        assert reminder_kind(subscription) == "upcoming_charge"


def test_nothing_is_told_where_nothing_will_be_charged() -> None:
    yearly = every("year")
    for nothing in (
        replace(yearly, unit_minor=0),
        replace(yearly, managed=False),
        replace(yearly, status="canceled"),
        scheduled(replace(yearly, status="canceling"), "cancel"),
    ):
        assert remind_at(nothing, now=START) is None
        assert reminder_kind(nothing) is None


def test_a_reminder_is_not_made_up_for() -> None:
    moment = END - 7 * DAY
    assert remind_at(every("year"), now=moment - timedelta(microseconds=1)) == moment
    assert remind_at(every("year"), now=moment) is None


def test_a_card_is_good_to_the_last_day_of_its_month() -> None:
    assert not is_expired(MARCH_CARD, datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC))
    assert is_expired(MARCH_CARD, datetime(2026, 4, 1, tzinfo=UTC))
    assert not is_expired(PaymentMethod("visa", "4242", 12, 2026), datetime(2026, 3, 1, tzinfo=UTC))
    assert is_expired(PaymentMethod("visa", "4242", 12, 2025), datetime(2026, 1, 1, tzinfo=UTC))
    assert not is_expired(PaymentMethod("paypal", ""), END)
