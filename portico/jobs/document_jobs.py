"""Jobs about the files of documents: one that could not be made at once, and many in one."""

from portico.domain.errors import Conflict
from portico.jobs.running import NotYet, Permanent, RunningJob
from portico.services import document_file, pack
from portico.services.runtime import Runtime
from portico.storage.database import is_unavailable
from portico.storage.outbox import LostLease

_TRIES_OF_A_PACK = 5


def make_file(runtime: Runtime, job: RunningJob) -> None:
    """Makes a file that could not be made when somebody asked for it. It is kept once, however often this runs."""
    document_file.make(runtime, **job.arguments)


def make_pack(runtime: Runtime, job: RunningJob) -> None:
    """Makes a pack from its beginning, however far an earlier try got. One that fails again and again is given up, so that the buyer
    is told and can ask for another; the job is parked for whoever runs the installation."""
    pack_id = job.arguments["pack_id"]
    try:
        pack.make(runtime, pack_id, ending=job.finish, is_to_stop=job.is_to_stop)
    except pack.Interrupted as interruption:
        raise NotYet("the worker is about to end") from interruption
    except (Conflict, LostLease):
        raise
    except Exception as error:
        if job.attempt < _TRIES_OF_A_PACK or is_unavailable(error):
            raise
        pack.give_up(runtime, pack_id)
        raise Permanent(type(error).__name__) from error  # its text may quote what somebody typed
