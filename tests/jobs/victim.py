"""A worker in a process of its own, to be killed: `python -m tests.jobs.victim URL MAILBOX`."""

import os
import sys
import time
from pathlib import Path

from portico.app import id_maker, system_clock
from portico.domain.scope import StoreScope
from portico.jobs import housekeeping
from portico.jobs.running import RunningJob
from portico.jobs.worker import Worker
from portico.mail.transport import FileMailer
from portico.services.runtime import Runtime
from portico.storage import audit, numbering
from portico.storage.database import Database


def number(runtime: Runtime, job: RunningJob) -> None:
    """Takes a while, then takes a number and leaves a line, in the transaction that ends the job."""
    time.sleep(0.01)
    scope = StoreScope(job.arguments["store_id"], "test")
    with job.finish() as tx:
        sequence = numbering.next_number(tx, scope, "X")
        audit.record(tx, scope, actor=str(sequence), action="numbered", subject=str(job.arguments["n"]), now=runtime.clock())


def make_runtime(url: str, mailbox: Path) -> Runtime:
    return Runtime(
        database=Database(url),
        mailer=FileMailer(mailbox),
        clock=system_clock,
        random_bytes=os.urandom,
        new_id=id_maker(system_clock, os.urandom),
        secret=b"x" * 32,
        origin="https://portal.test",
        mail_from="portal@portal.test",
    )


if __name__ == "__main__":
    Worker(make_runtime(sys.argv[1], Path(sys.argv[2])), {"number": number, housekeeping.KIND: housekeeping.run}, lease_seconds=1).start()
    time.sleep(60)
