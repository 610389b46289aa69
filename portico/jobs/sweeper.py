"""What nobody asked for but time: subscriptions that are due, buyers to be reminded, checkouts that are over, and what was lost on the
way."""

from portico.services import checkout_end, lost_jobs, reminders, renewal
from portico.services.runtime import Runtime


def sweep(runtime: Runtime) -> int:
    """One round over all that is due; how much was done. Call it until it tells 0."""
    return renewal.sweep(runtime) + reminders.sweep(runtime) + checkout_end.sweep(runtime) + lost_jobs.restore(runtime)
