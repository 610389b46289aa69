"""The worked examples of docs/subscriptions.md, and what holds for every change of plan."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from portico.domain.calendar import period_at, period_bounds
from portico.domain.catalog import INTERVALS, Interval, Product
from portico.domain.document_line import DocumentLine
from portico.domain.errors import Refused
from portico.domain.money import LARGEST_MINOR
from portico.domain.payment import Payment, Refund
from portico.domain.proration import PlanChange, credit_limit, monthly_minor, plan_change
from portico.domain.subscription import NextCharge, ScheduledChange, Subscription, next_charge
from tests.domain.samples import BUSINESS, BUSINESS_YEARLY, END, MANAGED, PAYMENT, START, STARTER, TEAM, scheduled

ONE = replace(MANAGED, quantity=1)
MIDDLE = START + (END - START) / 2
SECOND = timedelta(seconds=1)


def change(subscription: Subscription, target: Product, quantity: int = 1, now: datetime = MIDDLE, **more: Any) -> PlanChange:
    return plan_change(subscription, target, quantity, now=now, group_id="GRP_1", **more)


def after(subscription: Subscription, made: PlanChange) -> Subscription:
    """The subscription once a change took effect."""
    return replace(
        subscription,
        product_id=made.product_id,
        product_name=made.product_name,
        interval=made.interval,
        quantity=made.quantity,
        unit_minor=made.unit_minor,
        anchor=made.anchor,
        period_index=made.period_index,
        period_start=made.period_start,
        period_end=made.period_end,
    )


def paid(made: PlanChange) -> Payment:
    """The captured payment of a change that was made at once."""
    return replace(
        PAYMENT,
        id="PAY_2",
        period_start=None,
        period_end=None,
        net_minor=made.net_minor,
        tax_minor=made.tax_minor,
        total_minor=made.total_minor,
        purpose="change",
        lines=made.lines,
        change=made.in_effect,
    )


def refusal(*arguments: Any, **more: Any) -> str:
    with pytest.raises(Refused) as refused:
        change(*arguments, **more)
    return refused.value.code


def test_an_upgrade_in_the_middle_costs_half_the_difference() -> None:
    upgrade = change(ONE, BUSINESS)
    assert (upgrade.timing, upgrade.direction, upgrade.at) == ("now", "upgrade", MIDDLE)
    assert upgrade.lines == (
        DocumentLine("Team", 1, -1450, -1450, "19", MIDDLE, END, "credit"),
        DocumentLine("Business", 1, 2450, 2450, "19", MIDDLE, END, "charge"),
    )
    assert (upgrade.net_minor, upgrade.tax_minor, upgrade.total_minor) == (1000, 190, 1190)
    assert (upgrade.period_index, upgrade.period_start, upgrade.period_end, upgrade.anchor) == (0, START, END, START)
    assert not upgrade.new_period
    assert upgrade.next_charge == NextCharge(END, 4900, 931, 5831, "EUR")
    effect = upgrade.in_effect
    assert (effect.product_id, effect.product_name, effect.quantity, effect.unit_minor) == ("PROD_2", "Business", 1, 4900)
    assert (effect.anchor, effect.period_index, effect.period_start, effect.period_end) == (START, 0, START, END)


def test_to_a_longer_interval_a_new_period_starts_now() -> None:
    switch = change(ONE, BUSINESS_YEARLY)
    next_year = MIDDLE.replace(year=2027)
    assert (switch.timing, switch.direction, switch.at, switch.new_period) == ("now", "upgrade", MIDDLE, True)
    assert [(line.kind, line.net_minor, line.period_start, line.period_end) for line in switch.lines] == [
        ("credit", -1450, MIDDLE, END),
        ("charge", 49000, MIDDLE, next_year),
    ]
    assert (switch.net_minor, switch.tax_minor, switch.total_minor) == (47550, 9035, 56585)
    assert (switch.anchor, switch.period_index, switch.period_start, switch.period_end) == (MIDDLE, 0, MIDDLE, next_year)
    assert switch.next_charge == NextCharge(next_year, 49000, 9310, 58310, "EUR")


def test_a_cheaper_plan_waits_for_the_end_of_the_period() -> None:
    downgrade = change(ONE, STARTER)
    assert (downgrade.timing, downgrade.direction, downgrade.at) == ("period_end", "downgrade", END)
    assert (downgrade.lines, downgrade.net_minor, downgrade.total_minor) == ((), 0, 0)
    may = datetime(2026, 5, 1, tzinfo=UTC)
    assert (downgrade.anchor, downgrade.period_index, downgrade.period_start, downgrade.period_end) == (START, 1, END, may)
    assert downgrade.next_charge == NextCharge(END, 900, 171, 1071, "EUR")


def test_the_same_money_per_year_waits_too() -> None:
    yearly = replace(BUSINESS_YEARLY, prices={"EUR": 12 * 2900})
    same = change(ONE, yearly)
    assert (same.timing, same.direction) == ("period_end", "same")
    assert (same.anchor, same.period_index, same.period_start, same.period_end) == (END, 0, END, END.replace(year=2027))


def test_a_week_is_compared_by_the_days_of_a_mean_year() -> None:
    monthly = replace(ONE, unit_minor=304_369)  # a week's 70000 make 304368.75 in a month
    weekly = replace(BUSINESS, interval="week", prices={"EUR": 70_000})
    assert change(monthly, weekly).direction == "downgrade"
    assert change(replace(monthly, unit_minor=304_368), weekly).direction == "upgrade"


def test_a_credit_larger_than_the_new_price_waits_for_the_end_of_the_period() -> None:
    """Dearer per year, yet less than what is left of the year that is paid."""
    yearly = replace(ONE, interval="year", unit_minor=12000, period_end=START.replace(year=2027))
    monthly = replace(BUSINESS, prices={"EUR": 1100})
    waits = change(yearly, monthly, now=START + timedelta(days=30))
    assert (waits.timing, waits.direction, waits.total_minor) == ("period_end", "upgrade", 0)
    assert (waits.at, waits.anchor, waits.period_index) == (yearly.period_end, yearly.period_end, 0)
    at_once = change(yearly, monthly, now=yearly.period_end - timedelta(days=30))
    assert (at_once.timing, at_once.net_minor) == ("now", 1100 - 986)


def test_more_seats_are_charged_for_the_rest_of_the_period() -> None:
    more = change(MANAGED, TEAM, 5)
    assert (more.timing, more.net_minor, more.quantity, more.product_id) == ("now", 2900, 5, "PROD_1")
    assert [line.description for line in more.lines] == ["3 × Team", "5 × Team"], "for how many each position is"
    fewer = change(MANAGED, TEAM, 2)
    assert (fewer.timing, fewer.at, fewer.total_minor) == ("period_end", END, 0)


def test_seats_keep_the_price_that_the_subscription_was_bought_at() -> None:
    dearer = replace(TEAM, name="Team 2026", prices={"EUR": 3900}, interval="year", active=False)
    more = change(ONE, dearer, 2)
    assert (more.unit_minor, more.interval, more.product_name, more.net_minor) == (2900, "month", "Team", 1450)
    assert change(ONE, replace(TEAM, prices={}), 2).unit_minor == 2900


def test_in_a_trial_a_plan_changes_at_once_and_for_nothing() -> None:
    trial_end = START + timedelta(days=14)
    trial = replace(ONE, status="trialing", trial_end=trial_end)
    for target in (BUSINESS, STARTER):
        made = change(trial, target, now=START + timedelta(days=3))
        assert (made.timing, made.lines, made.total_minor, made.new_period) == ("now", (), 0, False)
        assert (made.anchor, made.period_start, made.period_end) == (START, START, END)
        assert made.next_charge.at == trial_end
        assert next_charge(after(trial, made)) == made.next_charge
    yearly = change(trial, BUSINESS_YEARLY, now=START + timedelta(days=3))
    assert (yearly.interval, yearly.period_start, yearly.period_end) == ("year", START, START.replace(year=2027))
    assert refusal(trial, BUSINESS, now=trial_end) == "renewing"


def test_an_upgrade_that_comes_to_nothing_is_still_made_at_once() -> None:
    last = change(ONE, BUSINESS, now=END - timedelta(microseconds=1))
    assert (last.timing, last.total_minor) == ("now", 0)
    assert last.lines == (DocumentLine("Business", 1, 0, 0, "19", END - timedelta(microseconds=1), END, "charge"),)


def test_before_its_period_all_of_it_is_unused() -> None:
    assert change(ONE, BUSINESS, now=START - timedelta(days=1)).net_minor == 2000


def test_what_is_refused() -> None:
    assert refusal(ONE, TEAM) == "same_plan"
    assert refusal(ONE, replace(BUSINESS, group_id="GRP_2")) == "plan_outside_group"
    assert refusal(ONE, replace(BUSINESS, group_id=None)) == "plan_outside_group"
    assert refusal(ONE, replace(BUSINESS, kind="one_time", interval=None)) == "plan_outside_group"
    assert refusal(ONE, replace(BUSINESS, active=False)) == "plan_inactive"
    assert refusal(ONE, replace(BUSINESS, prices={"USD": 4900})) == "plan_not_in_currency"
    assert refusal(ONE, BUSINESS, 0) == refusal(ONE, BUSINESS, 1001) == refusal(ONE, TEAM, 1001) == "quantity_range"
    assert refusal(ONE, replace(BUSINESS, prices={"EUR": LARGEST_MINOR // 2}), 2) == "amount_range"
    assert refusal(ONE, BUSINESS, now=END) == "renewing"
    with pytest.raises(Refused) as refused:
        plan_change(ONE, replace(BUSINESS, group_id=None), 1, now=MIDDLE, group_id=None)
    assert refused.value.code == "plan_outside_group"


def test_a_change_that_waits_already_is_not_scheduled_again() -> None:
    waiting = scheduled(ONE, "change_plan", product_id="PROD_3", product_name="Starter", unit_minor=900, quantity=1)
    assert refusal(waiting, STARTER) == "already_scheduled"
    assert change(waiting, STARTER, 2).quantity == 2
    assert change(waiting, BUSINESS).timing == "now"
    imported = scheduled(ONE, "change_plan", product_id="PROD_3", unit_minor=900)
    assert refusal(imported, STARTER) == "already_scheduled"
    assert change(scheduled(ONE, "cancel", product_id="PROD_3", unit_minor=900), STARTER).timing == "period_end"


def test_the_credit_is_no_more_than_was_kept() -> None:
    assert change(ONE, BUSINESS, credit_limit_minor=1450).net_minor == 1000
    assert change(ONE, BUSINESS, credit_limit_minor=1000).net_minor == 1450
    nothing_kept = change(ONE, BUSINESS, credit_limit_minor=0)
    assert (nothing_kept.net_minor, [line.kind for line in nothing_kept.lines]) == (2450, ["charge"])


def test_what_was_kept_of_a_period() -> None:
    month = replace(PAYMENT, net_minor=2900, tax_minor=551, total_minor=3451)
    assert credit_limit(ONE, []) is None  # paid elsewhere
    assert credit_limit(ONE, [replace(month, period_start=START - timedelta(days=28))]) is None
    assert credit_limit(ONE, [month]) == 2900
    assert credit_limit(ONE, [replace(month, status="failed")]) == 0
    half = Refund("REF_1", 1726, "succeeded", "", START)
    assert credit_limit(ONE, [replace(month, refunds=(half,))]) == 1450
    assert credit_limit(ONE, [replace(month, refunds=(replace(half, status="pending"),))]) == 1450
    assert credit_limit(ONE, [replace(month, refunds=(replace(half, status="failed"),))]) == 2900
    assert credit_limit(ONE, [replace(month, refunded_minor=3451)]) == 0


def test_money_moved_into_a_period_counts_as_kept() -> None:
    month = replace(PAYMENT, net_minor=2900, tax_minor=551, total_minor=3451)
    upgrade = change(ONE, BUSINESS)
    assert credit_limit(after(ONE, upgrade), [month, paid(upgrade)]) == 3900
    switch = change(ONE, BUSINESS_YEARLY)
    assert credit_limit(after(ONE, switch), [month, paid(switch)]) == 49000
    at_the_first_instant = change(ONE, BUSINESS, now=START)
    assert credit_limit(after(ONE, at_the_first_instant), [month, paid(at_the_first_instant)]) == 4900


@pytest.mark.parametrize(("interval", "monthly"), [("month", 1200), ("year", 100), ("quarter", 400), ("week", 5218)])
def test_what_a_price_makes_per_month(interval: Interval, monthly: int) -> None:
    assert monthly_minor(1200, interval) == monthly


# --- what holds for every change ---

units = st.integers(0, 10**7)
more = st.integers(1, 10**7)
quantities = st.integers(1, 50)
intervals = st.sampled_from(INTERVALS)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@st.composite
def running(draw: st.DrawFn) -> tuple[Subscription, datetime]:
    """A subscription in some period of its calendar, and an instant within that."""
    interval, anchor, index = draw(intervals), draw(moments), draw(st.integers(0, 60))
    start, end = period_bounds(anchor, interval, index)
    length = (end - start) // timedelta(microseconds=1)
    now = start + timedelta(microseconds=draw(st.integers(0, length - 1)))
    subscription = replace(
        MANAGED,
        interval=interval,
        quantity=draw(quantities),
        unit_minor=draw(units),
        tax_rate=draw(st.sampled_from(["0", "7", "8.875", "19", "25.5"])),
        anchor=anchor,
        period_index=index,
        period_start=start,
        period_end=end,
    )
    return subscription, now


def plan(number: int, unit_minor: int, interval: Interval) -> Product:
    return replace(TEAM, id=f"PROD_{number}", name=f"Plan {number}", interval=interval, prices={"EUR": unit_minor})


@given(running(), more, quantities, more, quantities)
def test_the_way_to_a_plan_costs_nothing(case: tuple[Subscription, datetime], more_b: int, b_seats: int, more_c: int, c_seats: int) -> None:
    """A to B to C at one instant costs what A to C costs, also when the credit is limited to what was kept."""
    a, now = case
    b = a.unit_minor * a.quantity + more_b
    c = b * b_seats + more_c
    full = replace(PAYMENT, period_start=a.period_start, net_minor=a.unit_minor * a.quantity, tax_minor=0, total_minor=10**9)
    payments = [full]
    first = change(a, plan(11, b, a.interval), b_seats, now, credit_limit_minor=credit_limit(a, payments))
    at_b = after(a, first)
    payments.append(paid(first))
    second = change(at_b, plan(12, c, a.interval), c_seats, now, credit_limit_minor=credit_limit(at_b, payments))
    direct = change(a, plan(12, c, a.interval), c_seats, now, credit_limit_minor=credit_limit(a, [full]))
    assert first.net_minor + second.net_minor == direct.net_minor
    assert after(at_b, second) == after(a, direct)


@given(running(), st.integers(0, 2), more, more)
def test_the_way_through_another_interval_costs_nothing(case: tuple[Subscription, datetime], place: int, more_b: int, more_c: int) -> None:
    a, now = case
    others: list[Interval] = [other for other in INTERVALS if other != a.interval]
    interval = others[place]
    b = 53 * a.unit_minor * a.quantity + more_b  # dearer per year, and than what is left, whatever the intervals
    c = b + more_c
    first, direct = change(a, plan(11, b, interval), 1, now), change(a, plan(12, c, interval), 1, now)
    full = replace(PAYMENT, period_start=a.period_start, net_minor=a.unit_minor * a.quantity, tax_minor=0, total_minor=10**9)
    at_b = after(a, first)
    second = change(at_b, plan(12, c, interval), 1, now, credit_limit_minor=credit_limit(at_b, [full, paid(first)]))
    assert first.net_minor + second.net_minor == direct.net_minor


@given(running(), units, quantities)
def test_a_change_costs_from_nothing_to_the_full_difference(case: tuple[Subscription, datetime], unit: int, seats: int) -> None:
    subscription, now = case
    made = change(subscription, plan(11, unit, subscription.interval), seats, now)
    difference = unit * seats - subscription.unit_minor * subscription.quantity
    assert made.timing == ("now" if difference > 0 else "period_end")
    assert 0 <= made.net_minor <= max(0, difference)
    assert made.net_minor + made.tax_minor == made.total_minor
    assert sum(line.net_minor for line in made.lines) == made.net_minor
    assert all(line.unit_minor * line.quantity == line.net_minor for line in made.lines)


@given(running(), more)
def test_next_to_nothing_in_the_last_second(case: tuple[Subscription, datetime], difference: int) -> None:
    subscription, _ = case
    unit = subscription.unit_minor * subscription.quantity + difference
    made = change(subscription, plan(11, unit, subscription.interval), 1, subscription.period_end - SECOND)
    seconds = (subscription.period_end - subscription.period_start) // SECOND
    assert made.net_minor * seconds <= difference + seconds  # a second's share, and at most one minor unit of rounding


@given(running(), intervals, units, quantities)
def test_periods_tile_time_through_every_change(case: tuple[Subscription, datetime], interval: Interval, unit: int, seats: int) -> None:
    subscription, now = case
    made = change(subscription, plan(11, unit, interval), seats, now)
    assert (made.period_start, made.period_end) == period_bounds(made.anchor, interval, made.period_index)
    if made.timing == "period_end":
        assert made.total_minor == 0
        assert made.at == made.period_start == made.next_charge.at == subscription.period_end
    elif made.new_period:
        assert made.at == made.period_start == made.anchor == now
        assert made.net_minor > 0
        assert made.next_charge.at == made.period_end
    else:
        assert (made.anchor, made.period_start, made.period_end) == (
            subscription.anchor,
            subscription.period_start,
            subscription.period_end,
        )
        assert made.next_charge.at == subscription.period_end
    if interval == subscription.interval:
        assert period_at(subscription.anchor, interval, made.period_start) == made.period_index


@given(running(), intervals, units, quantities)
def test_the_price_that_was_shown_is_kept(case: tuple[Subscription, datetime], interval: Interval, unit: int, seats: int) -> None:
    """A scheduled change brings its price along, whatever the catalogue says when it takes effect."""
    subscription, now = case
    made = change(subscription, plan(11, unit, interval), seats, now)
    assume(made.timing == "period_end")
    waiting = replace(
        subscription, scheduled_change=ScheduledChange("change_plan", made.at, made.product_id, "", made.unit_minor, made.quantity)
    )
    assert next_charge(waiting) == made.next_charge
    assert made.next_charge.net_minor == unit * seats


@given(running(), intervals, units, quantities)
def test_money_is_asked_for_only_now_and_only_for_more(
    case: tuple[Subscription, datetime], interval: Interval, unit: int, seats: int
) -> None:
    subscription, now = case
    made = change(subscription, plan(11, unit, interval), seats, now)
    if made.direction != "upgrade":
        assert (made.timing, made.lines, made.total_minor) == ("period_end", (), 0)
    else:
        assert made.timing == "now" or interval != subscription.interval
