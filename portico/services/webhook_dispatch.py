"""Send every event on its way: one delivery for each endpoint of its store that wants it, with its body frozen, and a job for the first
attempt. All of it and the note that the event is dispatched are one commit, so that whoever is killed leaves nothing half done.
"""

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa
import structlog

from portico.domain.errors import PorticoError
from portico.domain.event import Event
from portico.domain.scope import StoreScope
from portico.domain.webhook import Delivery, Endpoint
from portico.services import event, marks, waffo_event
from portico.services.runtime import Runtime
from portico.storage import event as events
from portico.storage import outbox
from portico.storage import webhook_delivery as deliveries
from portico.storage import webhook_endpoint as endpoints
from portico.storage.database import is_unavailable

log = structlog.get_logger("portico.webhooks")

JOB = "webhook_delivery"
BATCH = 50  # so many events in one transaction: on SQLite nobody else writes meanwhile


def dispatch(runtime: Runtime, *, limit: int = BATCH) -> int:
    """Dispatches at most `limit` events; how many there were. Call it until it tells 0. Safe to run anywhere, any number of times."""
    with runtime.database.read() as connection:  # look first, so that an idle dispatcher takes no write lock
        if not events.is_waiting(connection):
            return 0
    with runtime.database.transaction() as tx:
        found = events.undispatched(tx, limit)
        wanting = {scope: endpoints.enabled_of(tx, scope) for scope in {scope for scope, _ in found}}
        send(tx, runtime, [(scope, happened, each) for scope, happened in found for each in wanting[scope] if each.wants(happened.type)])
        events.dispatched(tx, [happened.id for _, happened in found], runtime.clock())
        marks.here("dispatching")
    marks.here("dispatched")
    return len(found)


def send(
    tx: sa.Connection,
    runtime: Runtime,
    wanted: Sequence[tuple[StoreScope, Event, Endpoint]],
    *,
    replay_of: Delivery | None = None,
    delay_seconds: int = 0,
) -> list[str]:
    """Puts events on their way to endpoints, if the transaction commits; the ids of the deliveries. An event that an endpoint's format
    has no words for has none. `delay_seconds`: how long a job waits for whoever attempts the delivery himself."""
    now, rows = runtime.clock(), list[tuple[StoreScope, Delivery, str]]()
    for scope, happened, endpoint in wanted:
        delivery_id = runtime.new_id("WHD")
        body = _body(tx, scope, happened, endpoint, delivery_id)
        if body is None:
            continue
        replay_of_id = replay_of and replay_of.id
        delivery = Delivery(delivery_id, endpoint.id, happened.id, happened.type, replay_of_id, "pending", 0, now, now, None)
        rows.append((scope, delivery, body))
    deliveries.create(tx, rows)
    for _, delivery, _ in rows:
        add_job(tx, runtime, delivery, attempts=0, delay_seconds=delay_seconds)
    return [delivery.id for _, delivery, _ in rows]


def add_job(tx: sa.Connection, runtime: Runtime, delivery: Delivery, *, attempts: int, delay_seconds: int) -> None:
    """The job of the attempt that follows so many."""
    arguments, key = {"delivery_id": delivery.id, "attempts": attempts}, job_key(delivery.id, attempts)
    outbox.add(tx, JOB, arguments, now=runtime.clock(), lane="webhook", key=key, party=delivery.endpoint_id, delay_seconds=delay_seconds)


def job_key(delivery_id: str, attempts: int) -> str:
    """The key of that job."""
    return f"{JOB}:{delivery_id}:{attempts}"


def _body(tx: sa.Connection, scope: StoreScope, happened: Event, endpoint: Endpoint, delivery_id: str) -> str | None:
    """What is sent. What an event is about may be gone by now, or be what the format has no words for: then there is nothing to tell of
    it, and the others go on. One event that stopped them would stop those of every store, for ever."""
    if endpoint.format == "standard":
        return msgspec.json.encode(event.as_told(scope, happened)).decode()
    try:
        return waffo_event.body(tx, scope, happened, delivery_id)
    except Exception as error:
        if is_unavailable(error):  # no event's fault: all of them once more
            raise
        is_gone = isinstance(error, PorticoError)
        log.error("event_untold", event_id=happened.id, type=happened.type, exc_info=None if is_gone else error)
    return None
