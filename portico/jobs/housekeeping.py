"""Once a day, what expired long ago is deleted."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from portico.jobs.running import RunningJob
from portico.services.runtime import Runtime
from portico.storage import housekeeping, outbox

KIND = "housekeeping"
_EVERY_SECONDS = 86_400
_KEPT = timedelta(days=2)  # limits look back over two windows of a day


def schedule(tx: sa.Connection, now: datetime, delay_seconds: int = 0) -> None:
    """Sees to it that the next round is planned. There is one plan, however many processes make it."""
    outbox.add(tx, KIND, {}, now=now, lane="bulk", key=KIND, delay_seconds=delay_seconds)


def run(runtime: Runtime, job: RunningJob) -> None:
    """Deletes slice by slice, and plans the next round."""
    now = runtime.clock()
    while True:
        with runtime.database.transaction() as tx:
            if housekeeping.purge(tx, now - _KEPT) == 0:
                break
    with job.finish() as tx:
        schedule(tx, now, _EVERY_SECONDS)
