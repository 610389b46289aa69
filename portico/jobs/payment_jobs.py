"""Jobs of the lane `pay`: they ask the payment provider until it has answered."""

from portico.gateways.port import Unanswered
from portico.jobs.running import NotYet, Permanent, RunningJob
from portico.services import charging, refund_at_provider, surplus, webhook_in
from portico.services.runtime import Runtime


def charge(runtime: Runtime, job: RunningJob) -> None:
    """Sees an attempt to its end. The outcome and the end of the job are one commit."""
    first = job.attempt == 1 and bool(job.arguments.get("first"))
    outcome = charging.charge(runtime, job.arguments["key"], first=first, ending=job.finish)
    if not outcome.is_final:
        raise NotYet(outcome.status)


def return_surplus(runtime: Runtime, job: RunningJob) -> None:
    """Sees to it that money which was taken once too often is given back."""
    state = surplus.give_back(runtime, **job.arguments)
    if state == "failed":
        raise Permanent(f"the provider does not give {job.arguments['key']} back")
    if state == "pending":
        raise NotYet(state)


def look_for_refunds(runtime: Runtime, job: RunningJob) -> None:
    """Takes in what somebody gave back at the provider itself; it comes back while that has to wait."""
    try:
        looked = refund_at_provider.look(runtime, job.arguments["key"])
    except Unanswered as silence:
        raise NotYet(str(silence)) from silence
    if looked == "refused":
        raise Permanent(f"what was given back of {job.arguments['key']} at the provider cannot be")
    if looked == "waits":
        raise NotYet(looked)


def look_for_subject(runtime: Runtime, job: RunningJob) -> None:
    """Looks whether what a webhook was about is known by now; it is parked when it never is."""
    try:
        webhook_in.look_again(runtime, **job.arguments)
    except Unanswered as silence:
        raise NotYet(str(silence)) from silence
