"""Changes of plan by chance, worked out anew: another arithmetic, another calendar, the rules as docs/subscriptions.md tells them."""

from calendar import monthrange, timegm
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from random import Random

import pytest

from portico.domain.calendar import period_bounds
from portico.domain.catalog import INTERVALS, Interval, Product
from portico.domain.proration import PlanChange, plan_change
from portico.domain.subscription import Subscription
from tests.domain.samples import MANAGED, TEAM

CHANGES = 200_000
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
RATES = ("0", "7", "8.875", "19", "20", "25.5")
MONTHS: dict[Interval, int] = {"week": 0, "month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class Answer:
    """What the oracle says, in the words of a PlanChange."""

    timing: str
    credit: int
    charge: int
    tax: int
    period_start: datetime
    period_end: datetime
    next_at: datetime
    next_total: int


def instant(moment: datetime) -> int:
    """Microseconds since 1970."""
    return timegm(moment.timetuple()) * 1_000_000 + moment.microsecond


def half_up(value: Fraction) -> int:
    doubled = 2 * value + 1
    return doubled.numerator // (2 * doubled.denominator)


def later(moment: datetime, interval: Interval, times: int = 1) -> datetime:
    """A whole number of intervals later, on the same day of the month or its last."""
    if interval == "week":
        return moment + timedelta(days=7 * times)
    year, month = moment.year, moment.month + MONTHS[interval] * times
    while month > 12:
        year, month = year + 1, month - 12
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))


def per_day(total: int, interval: Interval) -> Fraction:
    """A price per day of a mean Gregorian year."""
    months = MONTHS[interval]
    return Fraction(total, 7) if months == 0 else total * Fraction(12, months) / Fraction("365.2425")


def answer(s: Subscription, target: Product, seats: int, now: datetime, limit: int | None) -> Answer:
    interval, unit = target.interval, target.prices["EUR"]
    assert interval is not None
    old, new, rate = s.unit_minor * s.quantity, unit * seats, Fraction(s.tax_rate) / 100
    left = Fraction(instant(s.period_end) - instant(now), instant(s.period_end) - instant(s.period_start))
    regular = new + half_up(new * rate)
    if per_day(new, interval) > per_day(old, s.interval):
        credit = half_up(old * left)
        credit = credit if limit is None else min(credit, limit)
        if interval == s.interval:
            charge = half_up(new * left)
            tax = half_up((charge - credit) * rate)
            return Answer("now", credit, charge, tax, s.period_start, s.period_end, s.period_end, regular)
        if new > credit:
            end = later(now, interval)
            return Answer("now", credit, new, half_up((new - credit) * rate), now, end, end, regular)
    end = later(s.anchor, interval, s.period_index + 2) if interval == s.interval else later(s.period_end, interval)
    return Answer("period_end", 0, 0, 0, s.period_end, end, s.period_end, regular)


def told(made: PlanChange) -> Answer:
    by_kind = {line.kind: line.net_minor for line in made.lines}
    assert made.net_minor == by_kind.get("charge", 0) + by_kind.get("credit", 0) == made.total_minor - made.tax_minor
    credit, charge, coming = -by_kind.get("credit", 0), by_kind.get("charge", 0), made.next_charge
    return Answer(made.timing, credit, charge, made.tax_minor, made.period_start, made.period_end, coming.at, coming.total_minor)


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_changes_of_plan_by_chance() -> None:
    chance, plans = Random(20260301), {interval: replace(TEAM, id=f"PROD_{interval}", interval=interval) for interval in INTERVALS}
    now_count = 0
    for _ in range(CHANGES):
        interval, wanted = chance.choice(INTERVALS), chance.choice(INTERVALS)
        anchor = EPOCH + timedelta(microseconds=chance.randrange(3 * 365 * 86_400_000_000))
        index = chance.randrange(30)
        start, end = period_bounds(anchor, interval, index)
        now = start + timedelta(microseconds=chance.randrange((end - start) // timedelta(microseconds=1)))
        subscription = replace(
            MANAGED,
            product_id="PROD_old",
            interval=interval,
            quantity=chance.randint(1, 20),
            unit_minor=chance.randrange(10 ** chance.randint(1, 7)),
            tax_rate=chance.choice(RATES),
            anchor=anchor,
            period_index=index,
            period_start=start,
            period_end=end,
        )
        target, seats = replace(plans[wanted], prices={"EUR": chance.randrange(10 ** chance.randint(1, 7))}), chance.randint(1, 20)
        limit = chance.choice((None, 0, subscription.unit_minor // 2))
        made = plan_change(subscription, target, seats, now=now, group_id="GRP_1", credit_limit_minor=limit)
        assert told(made) == answer(subscription, target, seats, now, limit)
        now_count += made.timing == "now"
    assert CHANGES // 4 < now_count < CHANGES * 3 // 4
    print(f"proration: {CHANGES:,} changes of plan, {now_count:,} of them at once, 0 differ from the oracle")
