"""`portico jobs parked` and `portico jobs retry`: the dead letters, and another chance for one."""

from typing import Annotated

from cyclopts import Parameter

from portico.cli.console import open_runtime, print_table, say
from portico.domain.errors import NotFound
from portico.storage import outbox


def parked() -> int:
    """Lists the jobs that were given up; exit code 1 if there are any."""
    with open_runtime() as runtime, runtime.database.read() as connection:
        jobs = outbox.parked(connection)
    columns = ("id", "kind", "parked", "attempts", "error")
    print_table(
        columns,
        [(job.id, job.kind, job.parked_at.isoformat(timespec="seconds"), job.attempt, job.error) for job in jobs],
        none="No job is parked.",
    )
    return 1 if jobs else 0


def retry(job_id: Annotated[int, Parameter(help="The job's number: see portico jobs parked.")], /) -> None:
    """Lets a parked job run again, with all its attempts."""
    with open_runtime() as runtime, runtime.database.transaction() as tx:
        try:
            outbox.revive(tx, job_id, runtime.clock())
        except NotFound as error:
            raise NotFound(f"no job {job_id} is parked") from error
    say(f"Job {job_id} runs again.")
