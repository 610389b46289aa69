"""Billing periods. Period n of a subscription runs from anchor + n intervals to anchor + (n + 1) intervals.

Always counted from the anchor, never chained, so a short month does not shorten those after it: 31 Jan -> 28 Feb -> 31 Mar.
Arithmetic is in UTC, where no hour is missing or doubled; a store's time zone only decides which day is shown.
"""

from calendar import monthrange
from datetime import UTC, datetime, timedelta

from portico.domain.catalog import Interval

_MONTHS: dict[Interval, int] = {"month": 1, "quarter": 3, "year": 12}
_WEEK = timedelta(weeks=1)


def period_bounds(anchor: datetime, interval: Interval, n: int) -> tuple[datetime, datetime]:
    """Start (included) and end (excluded) of period n, in UTC. Periods tile time: the end of n is the start of n + 1.

    `anchor` is an aware datetime, else ValueError; n may be negative (periods before the anchor).
    """
    start = _utc(anchor)
    return _shift(start, interval, n), _shift(start, interval, n + 1)


def period_at(anchor: datetime, interval: Interval, moment: datetime) -> int:
    """The n of the period that `moment` falls in: start <= moment < end. The inverse of `period_bounds`."""
    start, at = _utc(anchor), _utc(moment)
    if interval == "week":
        return (at - start) // _WEEK
    n = ((at.year - start.year) * 12 + at.month - start.month) // _MONTHS[interval]
    # The month is right; the day and time within it may not have come yet.
    return n if _shift(start, interval, n) <= at else n - 1


def _shift(start: datetime, interval: Interval, n: int) -> datetime:
    if interval == "week":
        return start + n * _WEEK
    years, month0 = divmod(start.month - 1 + n * _MONTHS[interval], 12)
    year, month = start.year + years, month0 + 1
    return start.replace(year=year, month=month, day=min(start.day, monthrange(year, month)[1]))


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment must be aware of its time zone")
    return moment.astimezone(UTC)
