"""A lock given in the order it was asked for.

The standard library's goes to whoever comes first when it is free, which is mostly the thread that has just let it go: of
sixteen busy writers the unlucky one in a hundred then waits several rounds. Here each waits one round.
"""

import threading
from collections import deque


class Queue:
    """Held by one thread at a time, as a context manager; not reentrant."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._held = False

    def __enter__(self) -> None:
        with self._guard:
            if not self._held:
                self._held = True
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        try:
            turn.acquire()  # whoever leaves before us releases it, and with it hands the lock over
        except BaseException:  # interrupted while waiting: give up the place, or the turn that has come just now
            with self._guard:
                was_waiting = turn in self._waiting
                if was_waiting:
                    self._waiting.remove(turn)
            if not was_waiting:
                self._leave()
            raise

    def __exit__(self, *_: object) -> None:
        self._leave()

    def _leave(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._held = False
