"""Jobs of the lane `document`."""

from portico.jobs.running import RunningJob
from portico.services import document_file
from portico.services.runtime import Runtime


def make_file(runtime: Runtime, job: RunningJob) -> None:
    """Makes a file that could not be made when somebody asked for it. It is kept once, however often this runs."""
    document_file.make(runtime, **job.arguments)
