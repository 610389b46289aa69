"""A job in the hands of its handler."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from portico.services.runtime import Runtime
from portico.storage import outbox
from portico.storage.database import Database
from portico.storage.outbox import Job


class Permanent(Exception):
    """Raised by a handler when another try would fail as well: the job is parked at once. The text is kept with the job."""


class NotYet(Exception):
    """Raised by a handler that has to ask again, through nobody's fault: the payment provider or the buyer has not answered. The
    job comes back soon and is never parked for it."""


class RunningJob:
    """What a handler is given. It may talk to the world first; then it ends the job together with what that changed.

    `is_to_stop` tells that the worker is about to end: a handler that takes minutes looks now and then, and raises NotYet.
    """

    def __init__(self, database: Database, job: Job, is_to_stop: Callable[[], bool] = lambda: False) -> None:
        self.id = job.id
        self.kind = job.kind
        self.arguments: dict[str, Any] = job.arguments
        self.attempt = job.attempt
        self.finished = False
        self.is_to_stop = is_to_stop
        self._database = database
        self._job = job

    @contextmanager
    def finish(self) -> Generator[sa.Connection]:
        """A transaction that ends the job and writes its effects and the jobs that follow: all of it, or none.

        Raises LostLease, and nothing is written, when the job was taken over meanwhile. No network call belongs in here.
        A handler that returns without it has finished too, with nothing to write.
        """
        with self._database.transaction() as tx:
            outbox.finish(tx, self._job)
            yield tx
        self.finished = True


Handler = Callable[[Runtime, RunningJob], None]
