"""Jobs of the lane `pay` that a buyer's visit began: money that goes back, and a card that was given on the provider's page."""

from portico.domain.scope import BuyerScope
from portico.gateways.port import Unanswered
from portico.jobs.running import NotYet, RunningJob
from portico.services import card, card_visit, refund
from portico.services.runtime import Runtime


def give_back(runtime: Runtime, job: RunningJob) -> None:
    """Sees a refund to its end. What became of it and the end of the job are one commit."""
    first = job.attempt == 1 and bool(job.arguments.get("first"))
    status = refund.execute(runtime, job.arguments["key"], first=first, ending=job.finish)
    if status == "pending":
        raise NotYet(status)


def look_for_card(runtime: Runtime, job: RunningJob) -> None:
    """Looks how a visit to the provider's card page ended, and comes back later while it has not."""
    arguments = job.arguments
    scope = BuyerScope(arguments["store_id"], arguments["environment"], arguments["buyer_id"])
    try:
        status = card.look_again(runtime, scope, arguments["setup_id"])
    except Unanswered as silence:
        raise NotYet(str(silence)) from silence
    looks = arguments["looks"]
    if status == "open" and looks is not None:
        with job.finish() as tx:
            card_visit.look_later(tx, runtime, scope, arguments["setup_id"], looks=looks + 1)
