"""The endpoints of a store: where its programs are told what happened, and how that went.

Events themselves are sent by `webhook_dispatch` and `webhook_send`. Everything here is asked for by the merchant's own server, never by
a buyer.
"""

from dataclasses import replace
from typing import TypedDict, Unpack

from portico.domain import free_text
from portico.domain.errors import FieldError, Invalid, NotFound, Refused
from portico.domain.event import EVENT_TYPES, Event, EventType
from portico.domain.scope import StoreScope
from portico.domain.webhook import FORMATS, Delivery, Endpoint, EndpointFormat, EndpointStatus
from portico.domain.webhook_url import parse
from portico.services import store_time, webhook_dispatch, webhook_secret, webhook_send
from portico.services.runtime import Runtime
from portico.storage import audit
from portico.storage import event as events
from portico.storage import store as stores
from portico.storage import webhook_delivery as deliveries
from portico.storage import webhook_endpoint as endpoints

MOST_ENDPOINTS = 20  # of an environment of a store
LONGEST_DESCRIPTION = 200
_IN_REQUEST_SECONDS = 60  # after that a job makes the attempt whose request died


class Changes(TypedDict, total=False):
    """What may be changed of an endpoint."""

    url: str
    description: str
    event_types: tuple[EventType, ...]
    status: EndpointStatus


def create(
    runtime: Runtime,
    scope: StoreScope,
    *,
    url: str,
    description: str = "",
    event_types: tuple[EventType, ...] = (),
    format: EndpointFormat = "standard",  # noqa: A002  # what it is called everywhere
    actor: str,
) -> Endpoint:
    """A new endpoint, which is told of what happens from now on: of events of these types, of all if there are none.

    Raises Invalid with every wrong field, and Refused("too_many_endpoints").
    """
    wanted = Endpoint(
        runtime.new_id("WHE"), url, free_text.clean(description), format, event_types, "enabled", None, 1, None, runtime.clock()
    )
    _check(runtime, wanted)
    with runtime.database.transaction() as tx:
        if endpoints.count(tx, scope) >= MOST_ENDPOINTS:
            raise Refused("too_many_endpoints", f"there are {MOST_ENDPOINTS} endpoints at most")
        endpoints.create(tx, scope, wanted)
        audit.record(tx, scope, actor=actor, action="webhook_endpoint.created", subject=wanted.id, now=runtime.clock())
    return wanted


def update(runtime: Runtime, scope: StoreScope, endpoint_id: str, *, actor: str, **changes: Unpack[Changes]) -> Endpoint:
    """Changes an endpoint. What was sent on its way before goes to the address that it has when the attempt is made; what is due while
    it is disabled is given up. Raises NotFound, and Invalid with every wrong field."""
    with runtime.database.transaction() as tx:
        before = endpoints.lock(tx, scope, endpoint_id)
        changed = replace(before, **changes)
        changed = replace(changed, description=free_text.clean(changed.description))
        if changed.status != before.status:
            changed = replace(changed, disabled_reason="asked" if changed.status == "disabled" else None)
        _check(runtime, changed)
        endpoints.update(tx, scope, changed)
        audit.record(tx, scope, actor=actor, action="webhook_endpoint.updated", subject=endpoint_id, now=runtime.clock())
    return changed


def delete(runtime: Runtime, scope: StoreScope, endpoint_id: str, *, actor: str) -> None:
    """Removes an endpoint and all that is known of what it was sent. Raises NotFound."""
    with runtime.database.transaction() as tx:
        endpoints.lock(tx, scope, endpoint_id)
        endpoints.delete(tx, scope, endpoint_id)
        audit.record(tx, scope, actor=actor, action="webhook_endpoint.deleted", subject=endpoint_id, now=runtime.clock())


def rotate(runtime: Runtime, scope: StoreScope, endpoint_id: str, *, actor: str) -> Endpoint:
    """Gives an endpoint a new secret; for a day the old one signs too. Raises NotFound."""
    with runtime.database.transaction() as tx:
        before = endpoints.lock(tx, scope, endpoint_id)
        rotated = replace(before, secret_generation=before.secret_generation + 1, rotated_at=runtime.clock())
        endpoints.update(tx, scope, rotated)
        audit.record(tx, scope, actor=actor, action="webhook_endpoint.rotated", subject=endpoint_id, now=runtime.clock())
    return rotated


def secret(runtime: Runtime, endpoint: Endpoint) -> str:
    """The secret that its receiver checks signatures with."""
    return webhook_secret.of(runtime.secret, endpoint)


def live_secrets(runtime: Runtime, endpoint: Endpoint) -> tuple[str, ...]:
    """The secrets that sign now: the newest, and for a day after a rotation the one before it."""
    return webhook_secret.live(runtime.secret, endpoint, runtime.clock())


def test(runtime: Runtime, scope: StoreScope, endpoint_id: str, *, waits: bool) -> str:
    """Sends an endpoint a "webhook.test", whichever types it wants, and waits for the first attempt, or leaves that to a worker, too;
    the delivery's id.

    Raises NotFound, and Refused("endpoint_disabled" | "no_test_in_format").
    """
    with runtime.database.transaction() as tx:
        endpoint = testable(endpoints.get(tx, scope, endpoint_id))
        at = store_time.now(runtime, stores.get(tx, scope.store_id), scope.environment)
        happened = Event(runtime.new_id("EVT"), "webhook.test", endpoint_id, None, at, {})
        events.insert_dispatched(tx, scope, happened, runtime.clock())
        delay_seconds = _IN_REQUEST_SECONDS if waits else 0
        (sent,) = webhook_dispatch.send(tx, runtime, [(scope, happened, endpoint)], delay_seconds=delay_seconds)
    if waits:
        webhook_send.attempt(runtime, sent, attempts=0)
    return sent


def testable(endpoint: Endpoint) -> Endpoint:
    """The endpoint, if a test can be sent to it. Raises Refused."""
    if endpoint.format != "standard":
        raise Refused("no_test_in_format", "the format has no event for tests")
    return enabled(endpoint)


def replay(runtime: Runtime, scope: StoreScope, endpoint_id: str, delivery_id: str, *, actor: str) -> Delivery:
    """Sends the event of a delivery to its endpoint once more, as a new delivery with a ladder of its own. The receiver knows the event
    by its `webhook-id`, which is the same. Raises NotFound, and Refused("endpoint_disabled" | "delivery_pending")."""
    with runtime.database.transaction() as tx:
        before = replayable(deliveries.get(tx, scope, delivery_id), endpoint_id)
        endpoint = enabled(endpoints.get(tx, scope, endpoint_id))
        happened = events.get(tx, scope, before.event_id)
        sent = webhook_dispatch.send(tx, runtime, [(scope, happened, endpoint)], replay_of=before)
        if not sent:
            raise NotFound  # what it is about is gone
        audit.record(tx, scope, actor=actor, action="webhook_delivery.replayed", subject=delivery_id, now=runtime.clock())
        return deliveries.get(tx, scope, sent[0])


def replayable(delivery: Delivery, endpoint_id: str) -> Delivery:
    """The delivery, if it can be sent again. Raises NotFound for another endpoint's, and Refused("delivery_pending")."""
    if of_endpoint(delivery, endpoint_id).status == "pending":
        raise Refused("delivery_pending", "it is tried again by itself")
    return delivery


def of_endpoint(delivery: Delivery, endpoint_id: str) -> Delivery:
    """The delivery, if it is one to this endpoint. Raises NotFound."""
    if delivery.endpoint_id != endpoint_id:
        raise NotFound
    return delivery


def enabled(endpoint: Endpoint) -> Endpoint:
    """The endpoint, if it is told anything. Raises Refused("endpoint_disabled")."""
    if endpoint.status != "enabled":
        raise Refused("endpoint_disabled", "it is told nothing while it is disabled")
    return endpoint


def _check(runtime: Runtime, wanted: Endpoint) -> None:
    wrong = free_text.faults("description", wanted.description, longest=LONGEST_DESCRIPTION)
    try:
        parse(wanted.url, loopback=runtime.webhooks_to_loopback)
    except Refused as refused:
        wrong.append(FieldError("url", refused.code))
    wrong += [FieldError("event_types", "event_unknown") for each in wanted.event_types if each not in EVENT_TYPES][:1]
    if len(set(wanted.event_types)) != len(wanted.event_types):
        wrong.append(FieldError("event_types", "event_twice"))
    if wanted.format not in FORMATS:
        wrong.append(FieldError("format", "format_unknown"))
    if wrong:
        raise Invalid(wrong)
