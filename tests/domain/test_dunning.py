from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from portico.domain.dunning import is_early, next_retry

FAILED = datetime(2026, 3, 1, 9, tzinfo=UTC)
LADDER = (1, 3, 5, 7)
HOUR = timedelta(hours=1)


def test_retries_are_counted_from_the_first_failure() -> None:
    assert [next_retry(FAILED, step, LADDER) for step in range(4)] == [FAILED + timedelta(days=days) for days in LADDER]


def test_after_the_last_step_there_is_none() -> None:
    assert next_retry(FAILED, 4, LADDER) is None
    assert next_retry(FAILED, 0, ()) is None
    assert next_retry(FAILED, -1, LADDER) is None


def test_a_retry_on_time_does_not_move_the_next() -> None:
    for step, days in enumerate(LADDER[:-1]):
        done = FAILED + timedelta(days=days) + HOUR
        assert next_retry(FAILED, step + 1, LADDER, now=done) == FAILED + timedelta(days=LADDER[step + 1])


def test_after_a_downtime_retries_do_not_come_at_once() -> None:
    late = FAILED + timedelta(days=30)
    assert next_retry(FAILED, 1, LADDER, now=late) == late + timedelta(days=1)
    assert next_retry(FAILED, 0, LADDER, now=late) == late + timedelta(hours=12)
    assert next_retry(FAILED, 4, LADDER, now=late) is None


def test_a_try_before_its_time_is_none_of_the_ladders() -> None:
    due = FAILED + timedelta(days=3)
    assert is_early(due - timedelta(microseconds=1), FAILED, 1, LADDER)
    assert not is_early(due, FAILED, 1, LADDER)
    assert not is_early(FAILED, FAILED, 4, LADDER)


@given(st.sets(st.integers(1, 60), min_size=1, max_size=8), st.lists(st.integers(0, 40 * 24), min_size=8, max_size=8))
def test_however_late_the_ladder_is_climbed_step_by_step(days: set[int], delays: list[int]) -> None:
    ladder, step, at = sorted(days), 0, next_retry(FAILED, 0, sorted(days), now=FAILED)
    while at is not None:
        assert at >= FAILED + timedelta(days=ladder[step])
        done = at + timedelta(hours=delays[step])
        following = next_retry(FAILED, step + 1, ladder, now=done)
        assert following is None or following - done >= (timedelta(days=ladder[step + 1] - ladder[step])) / 2
        step, at = step + 1, following
    assert step == len(ladder)
