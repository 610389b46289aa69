"""A calendar made by walking day by day: an oracle without month arithmetic."""

from datetime import date, timedelta

from portico.domain.catalog import Interval

YEARS = 28  # after which weekdays and leap years come back
FIRST = date(1999, 1, 1)
_BEFORE = date(1998, 12, 1)  # an anchor on the first day may be the day before in another zone
DAYS = [_BEFORE + timedelta(days=n) for n in range((date(1999 + 2 * YEARS + 8, 1, 1) - _BEFORE).days)]
MONTHS_OF: dict[Interval, int] = {"month": 1, "quarter": 3, "year": 12}


def _months() -> list[list[date]]:
    months: list[list[date]] = []
    for day in DAYS:
        if day.day == 1:
            months.append([])
        months[-1].append(day)
    return months


_MONTHS = _months()
_MONTH_OF = [place for place, month in enumerate(_MONTHS) for _ in month]
# Per month and anchor's day of month: the last day of that month that is not later in it than the anchor in its own.
_LANDING = [[max(day for day in month if day.day <= wanted) for wanted in range(1, 32)] for month in _MONTHS]


def place_of(day: date) -> int:
    """How many days of the walk come before a day."""
    return (day - _BEFORE).days


def first_day(anchor: date, interval: Interval, n: int) -> date:
    """The first day of period n."""
    place = place_of(anchor)
    return DAYS[place + 7 * n] if interval == "week" else _LANDING[_MONTH_OF[place] + MONTHS_OF[interval] * n][anchor.day - 1]
