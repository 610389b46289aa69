"""When a failed renewal is tried again: a ladder of days, counted from its first failure."""

from collections.abc import Sequence
from datetime import datetime, timedelta


def next_retry(failing_since: datetime, step: int, ladder: Sequence[int], *, now: datetime | None = None) -> datetime | None:
    """When retry number `step` is due, the first being 0: so many days after the first failure. None when the ladder is used up.

    A retry that comes late (the program was down) must not bring the next one at its heels: given `now`, at least half of the
    days between two steps lie between them.
    """
    if not 0 <= step < len(ladder):
        return None
    due = failing_since + timedelta(days=ladder[step])
    if now is None:
        return due
    apart = timedelta(days=ladder[step] - (ladder[step - 1] if step else 0))
    return max(due, now + apart / 2)


def is_early(at: datetime, failing_since: datetime, step: int, ladder: Sequence[int]) -> bool:
    """Whether a try at a moment came before retry number `step` was due, so that it was none of the ladder's."""
    due = next_retry(failing_since, step, ladder)
    return due is not None and at < due
