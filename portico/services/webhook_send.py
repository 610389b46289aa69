"""One attempt at a delivery: post it, and note what came of it and when it is tried again, in one transaction.

Whoever is killed between the two posts it again: receivers tell events apart by `webhook-id`, which is the event's and stays the same
for all attempts and replays. Nothing waits in here for the next attempt: that is a job with its own time.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import sqlalchemy as sa
import structlog

from portico.domain.errors import NotFound
from portico.domain.webhook import GONE, Attempt, wait_after
from portico.gateways.http_out import Answer
from portico.services import marks, waffo_signature, webhook_dispatch, webhook_secret
from portico.services.runtime import Runtime
from portico.storage import outbox
from portico.storage import webhook_delivery as deliveries
from portico.storage import webhook_endpoint as endpoints
from portico.storage.webhook_delivery import Outgoing

log = structlog.get_logger("portico.webhooks")

Ending = Callable[[], AbstractContextManager[sa.Connection]]


def attempt(runtime: Runtime, delivery_id: str, *, attempts: int, ending: Ending | None = None) -> None:
    """Makes the attempt that follows so many, unless it was made already, or its endpoint is told nothing any more: then the delivery
    is given up. `ending` is the transaction that ends the job which calls this; without it that job ends with the attempt."""
    try:
        with runtime.database.read() as connection:
            outgoing = deliveries.get_any(connection, delivery_id)
    except NotFound:  # it went with its endpoint
        return
    if outgoing.delivery.status != "pending" or outgoing.delivery.attempts != attempts:
        return
    answer, began = None, runtime.clock()
    if outgoing.endpoint.status == "enabled":
        if runtime.http_out is None:
            raise RuntimeError("this process was given no way out")
        headers = _headers(runtime, outgoing)
        marks.here("webhook_sending")
        answer = runtime.http_out.post(outgoing.endpoint.url, outgoing.body.encode(), headers)
        marks.here("webhook_answered")
    with ending() if ending is not None else runtime.database.transaction() as tx:
        if ending is None:
            outbox.cancel(tx, webhook_dispatch.job_key(delivery_id, attempts))
        if answer is None:
            deliveries.finish(tx, outgoing.delivery, now=runtime.clock())
        else:
            _note(tx, runtime, outgoing, Attempt(attempts + 1, began, answer.status_code, answer.error, answer.duration_ms))
        marks.here("webhook_noting")
    marks.here("webhook_noted")
    if answer is not None:
        _log(outgoing, answer)


def _headers(runtime: Runtime, outgoing: Outgoing) -> dict[str, str]:
    """What goes before the body, signed anew for each attempt: receivers take nothing that was signed long ago."""
    now, content = runtime.clock(), {"content-type": "application/json"}
    if outgoing.endpoint.format == "waffo":
        signature = waffo_signature.header(runtime, outgoing.scope, outgoing.body.encode(), now)
        return {**content, waffo_signature.HEADER.lower(): signature}
    return {**content, **webhook_secret.headers(runtime.secret, outgoing.endpoint, outgoing.delivery.event_id, outgoing.body, now)}


def _note(tx: sa.Connection, runtime: Runtime, outgoing: Outgoing, made: Attempt) -> None:
    """Writes an attempt, and its job if there will be another."""
    now, delivery, is_gone = runtime.clock(), outgoing.delivery, made.status_code == GONE
    wait = None if made.succeeded or is_gone else wait_after(made.sequence, runtime.random_bytes(1)[0])
    status = "succeeded" if made.succeeded else "failed" if wait is None else "pending"
    if is_gone:  # the endpoint is locked before what goes to it, as by whoever deletes it
        endpoints.disable(tx, outgoing.scope, outgoing.endpoint.id, reason="gone")
    if not deliveries.attempt(tx, delivery.id, made, status=status, next_at=None if wait is None else now + wait, now=now):
        return
    if wait is not None:
        webhook_dispatch.add_job(tx, runtime, delivery, attempts=made.sequence, delay_seconds=-(-wait // timedelta(seconds=1)))


def _log(outgoing: Outgoing, answer: Answer) -> None:
    """Never the address: it may hold a secret of the receiver's."""
    note = log.info if answer.status_code is not None and answer.status_code < 300 else log.warning
    about = {"endpoint": outgoing.endpoint.id, "delivery": outgoing.delivery.id, "type": outgoing.delivery.event_type}
    note("webhook_sent", **about, status=answer.status_code, error=answer.error)
