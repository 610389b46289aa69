"""Against a calendar made by walking day by day: no month arithmetic in the oracle."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.domain.calendar import period_at, period_bounds
from portico.domain.catalog import INTERVALS, Interval
from tests.domain.walked import DAYS, YEARS, first_day, place_of

NOON = time(12, 34, 56, 789, tzinfo=UTC)


@pytest.mark.parametrize("interval", INTERVALS)
def test_every_anchor_of_28_years(interval: Interval) -> None:
    checked = 0
    for day in DAYS:
        if not 1999 <= day.year < 1999 + YEARS:
            continue
        anchor = datetime.combine(day, NOON)
        for n in (0, 1, 2, 11, 12, 23) if interval != "year" else (0, 1, 2, 3, 4, 27):
            start, end = period_bounds(anchor, interval, n)
            assert start == datetime.combine(first_day(day, interval, n), NOON)
            assert end == datetime.combine(first_day(day, interval, n + 1), NOON)
            checked += 1
    assert checked == 10_227 * 6


@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize("anchor", [date(1999, 1, 31), date(1999, 8, 30), date(2000, 2, 29), date(1999, 12, 1)])
def test_every_day_lies_in_the_period_a_walk_says(anchor: date, interval: Interval) -> None:
    start = datetime.combine(anchor, NOON)
    second, n = timedelta(seconds=1), 0
    for day in DAYS[place_of(anchor) : place_of(anchor) + 366 * YEARS]:
        moment = datetime.combine(day, NOON)
        starts_here = day == first_day(anchor, interval, n + 1)
        if starts_here:
            assert period_at(start, interval, moment - second) == n
            n += 1
        assert period_at(start, interval, moment) == n
    assert n >= YEARS - 1


moments = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
intervals = st.sampled_from(INTERVALS)


@given(moments, intervals, st.integers(-600, 600))
def test_periods_tile_time(anchor: datetime, interval: Interval, n: int) -> None:
    start, end = period_bounds(anchor, interval, n)
    assert start < end
    assert period_bounds(anchor, interval, n + 1)[0] == end
    assert period_bounds(anchor, interval, 0)[0] == anchor


@given(moments, intervals, moments)
def test_period_at_is_the_inverse(anchor: datetime, interval: Interval, moment: datetime) -> None:
    start, end = period_bounds(anchor, interval, period_at(anchor, interval, moment))
    assert start <= moment < end
    instant = timedelta(microseconds=1)
    assert period_at(anchor, interval, end) == period_at(anchor, interval, end - instant) + 1


def test_a_short_month_does_not_shorten_those_after_it() -> None:
    anchor = datetime(2026, 1, 31, tzinfo=UTC)
    days = [(start.month, start.day) for start, _ in (period_bounds(anchor, "month", n) for n in range(5))]
    assert days == [(1, 31), (2, 28), (3, 31), (4, 30), (5, 31)]
    leap = datetime(2024, 2, 29, tzinfo=UTC)
    assert [period_bounds(leap, "year", n)[0].day for n in range(5)] == [29, 28, 28, 28, 29]


@pytest.mark.parametrize("zone", ["America/Juneau", "Pacific/Apia", "Asia/Kathmandu", "Europe/Lisbon", "Australia/Lord_Howe"])
@pytest.mark.parametrize("interval", INTERVALS)
def test_no_zone_moves_a_period(zone: str, interval: Interval) -> None:
    anchor = datetime(2011, 1, 30, 23, 30, tzinfo=UTC)
    local = anchor.astimezone(ZoneInfo(zone))
    for n in range(40):
        assert period_bounds(local, interval, n) == period_bounds(anchor, interval, n)
        assert all(moment.tzinfo is UTC for moment in period_bounds(local, interval, n))


def test_a_week_is_exactly_seven_days_long() -> None:
    start, end = period_bounds(datetime(2026, 3, 26, 1, 30, tzinfo=timezone(timedelta(hours=1))), "week", 0)
    assert (end - start).total_seconds() == 7 * 86_400


def test_a_moment_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001
    with pytest.raises(ValueError, match="time zone"):
        period_bounds(naive, "month", 0)
    with pytest.raises(ValueError, match="time zone"):
        period_at(naive.replace(tzinfo=UTC), "month", naive)
