from dataclasses import replace
from datetime import UTC, datetime

import pytest

from portico.domain.calendar import period_bounds
from portico.domain.pause import lengths, resumes_at
from tests.domain.samples import MANAGED, TEAM


@pytest.mark.parametrize(("most", "offered"), [(0, []), (1, [1]), (2, [1, 2]), (3, [1, 2, 3]), (12, [1, 2, 3])])
def test_how_long_a_plan_may_be_paused(most: int, offered: list[int]) -> None:
    assert list(lengths(replace(TEAM, pause_periods_max=most))) == offered


def test_whole_periods_are_left_out_of_the_same_calendar() -> None:
    anchor = datetime(2026, 1, 31, tzinfo=UTC)
    start, end = period_bounds(anchor, "month", 0)
    subscription = replace(MANAGED, anchor=anchor, period_index=0, period_start=start, period_end=end)
    assert end == datetime(2026, 2, 28, tzinfo=UTC)
    assert [resumes_at(subscription, periods) for periods in (1, 2, 3)] == [
        datetime(2026, 3, 31, tzinfo=UTC), datetime(2026, 4, 30, tzinfo=UTC), datetime(2026, 5, 31, tzinfo=UTC),
    ]  # fmt: skip
