"""Give work that is under way its job again, should that be lost.

What asks a payment provider until it answers is a job, committed with the row it is about and ended with its outcome. If the row
is there without the job (it was deleted by hand, or a backup put rows together that never were), nobody would ever ask.
"""

import structlog

from portico.services import charging, refund
from portico.services.runtime import Runtime
from portico.storage import payment as payments
from portico.storage import refund as refunds

log = structlog.get_logger("portico.payments")

_AT_ONCE = 100


def restore(runtime: Runtime) -> int:
    """Gives open attempts and refunds that have no job one again; how many had none. One that is parked has one."""
    with runtime.database.read() as connection:
        charges = payments.open_without_job(connection, charging.JOB_PREFIX, _AT_ONCE)
        given_back = refunds.pending_without_job(connection, refund.JOB_PREFIX, _AT_ONCE)
    if not charges and not given_back:
        return 0
    with runtime.database.transaction() as tx:
        restored = sum(charging.add_job(tx, runtime, key) for key in charges)
        restored += sum(refund.add_job(tx, runtime, key) for key in given_back)
    log.error("jobs_restored", count=restored)
    return restored
