"""How many requests a key, or a network without one, may make in a minute. Counted in memory: each process has counts of its own."""

import threading
from dataclasses import dataclass
from datetime import datetime

_WINDOW_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Allowance:
    """Where somebody stands after a request: `ok` says whether it was within the limit."""

    ok: bool
    limit: int
    remaining: int
    reset_seconds: int

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """The limit, what is left of it, and in how many seconds all of it is there again."""
        return (
            ("ratelimit-limit", str(self.limit)),
            ("ratelimit-remaining", str(self.remaining)),
            ("ratelimit-reset", str(self.reset_seconds)),
        )


class Limits:
    """A sliding window of a minute: this minute's requests, and of the last minute's the share that is less than 60 seconds ago.

    Nothing is kept for longer than two minutes, so what strangers can make it remember is what they can send in that time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minute = 0
        self._now: dict[str, int] = {}
        self._before: dict[str, int] = {}

    def take(self, who: str, limit: int, now: datetime) -> Allowance:
        """Counts one request of `who`, unless it is over the limit."""
        seconds = int(now.timestamp())
        minute, elapsed = divmod(seconds, _WINDOW_SECONDS)
        left = _WINDOW_SECONDS - elapsed
        with self._lock:
            self._turn(minute)
            used = self._now.get(who, 0) + self._before.get(who, 0) * left // _WINDOW_SECONDS
            if used >= limit:
                return Allowance(False, limit, 0, left)
            self._now[who] = self._now.get(who, 0) + 1
        return Allowance(True, limit, limit - used - 1, left)

    def clear(self) -> None:
        """Forgets everybody."""
        with self._lock:
            self._now, self._before = {}, {}

    def _turn(self, minute: int) -> None:
        if minute == self._minute:
            return
        self._before = self._now if minute == self._minute + 1 else {}
        self._now, self._minute = {}, minute
