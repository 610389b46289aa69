"""Every anchor day of 28 years, in every interval and twelve zones, against a calendar made by walking day by day."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from portico.domain.calendar import period_at, period_bounds
from portico.domain.catalog import INTERVALS, Interval
from tests.domain.walked import DAYS, YEARS, first_day

# With and without summer time, to both sides of the date line, with halves and quarters of an hour, a half hour of summer time
# (Lord Howe), a day that never was (Apia, 30 December 2011), and zones that changed their minds.
ZONES = (
    "UTC", "Europe/Berlin", "Europe/Lisbon", "Europe/Istanbul", "America/New_York", "America/Juneau", "America/Sao_Paulo",
    "Asia/Kathmandu", "Asia/Tokyo", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kiritimati",
)  # fmt: skip
PERIODS: dict[Interval, int] = {"week": YEARS * 52, "month": YEARS * 12, "quarter": YEARS * 4, "year": YEARS}
ANCHORS = [day for day in DAYS if 1999 <= day.year < 1999 + YEARS]
INSTANT = timedelta(microseconds=1)


def check(anchor: datetime, utc: datetime, interval: Interval, n: int) -> None:
    """The bounds of a period are the walk's, and whatever lies between them lies in it."""
    start, end = period_bounds(anchor, interval, n)
    at = utc.timetz()
    day = utc.date()
    assert start == datetime.combine(first_day(day, interval, n), at)
    assert end == datetime.combine(first_day(day, interval, n + 1), at)
    assert period_at(anchor, interval, start) == period_at(anchor, interval, end - INSTANT) == n


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_every_anchor_interval_and_zone() -> None:
    """Of each: the first two periods and one further on; which one, walks through all 28 years."""
    checked = 0
    for name in ZONES:
        zone = ZoneInfo(name)
        for place, day in enumerate(ANCHORS):
            minutes = place * 37 % 1440  # every time of day, the missing and the doubled hours too
            local = datetime.combine(day, time(minutes // 60, minutes % 60, 59, 999_999), zone)
            utc = local.astimezone(UTC)
            for interval in INTERVALS:
                for n in (0, 1, place % PERIODS[interval]):
                    check(local, utc, interval, n)
                    checked += 1
    assert checked == len(ZONES) * len(ANCHORS) * len(INTERVALS) * 3
    print(f"calendar: {checked:,} periods of {len(ANCHORS):,} anchor days in {len(ZONES)} zones, 0 differ from the walk")


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_every_period_of_28_years() -> None:
    """Of every anchor day, each month, quarter and year; each begins where the one before ends."""
    checked, noon = 0, time(12, tzinfo=UTC)
    intervals: tuple[Interval, ...] = ("month", "quarter", "year")
    for day in ANCHORS:
        anchor = datetime.combine(day, noon)
        for interval in intervals:
            before = anchor
            for n in range(PERIODS[interval]):
                start, before_next = period_bounds(anchor, interval, n)
                assert start == before
                before = before_next
                assert before == datetime.combine(first_day(day, interval, n + 1), noon)
            checked += PERIODS[interval]
    print(f"calendar: {checked:,} periods tile 28 years from {len(ANCHORS):,} anchor days, 0 gaps")
