"""Webhook endpoints: where a store's programs are told what happens, and every attempt at that."""

import threading
from dataclasses import replace
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from portico.api.call import Call
from portico.api.changes import sent
from portico.api.dry_run import DryRun, possible
from portico.api.events import Type
from portico.api.fields import DeliveryId, EndpointId, EventId, Moment
from portico.api.paging import Listed, Paged, listed
from portico.domain import webhook as domain
from portico.domain.webhook import DeliveryStatus, EndpointFormat, EndpointStatus
from portico.domain.webhook_url import LONGEST_URL
from portico.http.response import Response
from portico.services import webhook_out
from portico.services.webhook_out import LONGEST_DESCRIPTION
from portico.storage import webhook_delivery as deliveries
from portico.storage import webhook_endpoint as endpoints

MOST_TESTS_AT_ONCE = 4  # each takes a thread of the whole site's for as long as the receiver likes, up to ten seconds
_WAITED_FOR = threading.BoundedSemaphore(MOST_TESTS_AT_ONCE)
_Url = Annotated[
    str,
    Meta(
        max_length=LONGEST_URL, description="https, a public name, and no port of its own.", examples=["https://shop.example.com/portico"]
    ),
]
_Description = Annotated[str, Meta(max_length=LONGEST_DESCRIPTION, description="For your own people.", examples=["Shop"])]
_Types = Annotated[list[Type], Meta(max_length=100, description="The types it is told of; empty: all, also those to come.")]
_Secret = Annotated[
    str,
    Meta(
        description="What signatures are checked with, by any library of standardwebhooks.com.",
        examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="],
    ),
]


class WebhookEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """An address that is told what happens."""

    id: EndpointId
    url: _Url
    description: _Description
    format: Annotated[EndpointFormat, Meta(description="`standard`: Standard Webhooks. `waffo`: as Waffo's SDK verifies it.")]
    event_types: _Types
    status: EndpointStatus
    disabled_reason: Annotated[str, Meta(description="`gone`: it answered 410. `asked`: by you.", examples=["gone"])] | None
    secret_rotated_at: Annotated[Moment, Meta(description="For a day after it, the old secret signs too.")] | None
    created_at: Moment


class NewWebhookEndpoint(WebhookEndpoint, frozen=True, kw_only=True):
    """A new endpoint with its secret."""

    secret: _Secret


class WebhookSecret(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint's secret. It is not kept anywhere: Portico makes it anew whenever it is needed."""

    secret: _Secret
    previous_secret: Annotated[_Secret, Meta(description="The one before the last rotation, while it signs too.")] | None


class WebhookEndpointInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An endpoint to be made."""

    url: _Url
    description: _Description = ""
    event_types: _Types = []
    format: EndpointFormat = "standard"


class WebhookEndpointChanges(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is sent is changed."""

    url: _Url | UnsetType = UNSET
    description: _Description | UnsetType = UNSET
    event_types: _Types | UnsetType = UNSET
    status: EndpointStatus | UnsetType = UNSET


class WebhookAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try: what was answered, or why nothing was."""

    at: Moment
    status_code: Annotated[int, Meta(examples=[200])] | None
    error: Annotated[str, Meta(description="In Portico's words; never what was answered.", examples=["timeout"])] | None
    duration_ms: int


class WebhookDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """One event on its way to one endpoint."""

    id: DeliveryId
    webhook_endpoint_id: EndpointId
    event_id: EventId
    event_type: Type
    status: DeliveryStatus
    replay_of_id: DeliveryId | None
    attempts: Annotated[list[WebhookAttempt], Meta(description="First one first; ten at most, over 75 hours.")]
    next_attempt_at: Annotated[datetime, Meta(tz=True)] | None
    created_at: Moment
    finished_at: Moment | None


class WebhookDeliveryDetail(WebhookDelivery, frozen=True, kw_only=True):
    """A delivery, and what it sends."""

    body: Annotated[str, Meta(description="The bytes that are signed.", examples=['{"id":"EVT_…","type":"payment.succeeded"}'])]


class DeliveryQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which deliveries."""

    status: DeliveryStatus | None = None


def list_webhook_endpoints(call: Call) -> Listed[WebhookEndpoint]:
    asked: Paged = call.query
    with call.runtime.database.read() as tx:
        return listed(endpoints.page(tx, call.scope, asked.after, asked.limit), _shown)


def get_webhook_endpoint(call: Call) -> WebhookEndpoint:
    return _shown(_endpoint(call))


def create_webhook_endpoint(call: Call) -> NewWebhookEndpoint:
    body: WebhookEndpointInput = call.body
    made = webhook_out.create(
        call.runtime, call.scope, url=body.url, description=body.description, event_types=tuple(body.event_types), format=body.format,
        actor=call.actor,
    )  # fmt: skip
    return _without_secret(made)


def update_webhook_endpoint(call: Call) -> WebhookEndpoint:
    changes = sent(call.body)
    if "event_types" in changes:
        changes["event_types"] = tuple(changes["event_types"])
    return _shown(webhook_out.update(call.runtime, call.scope, call.id, actor=call.actor, **changes))


def delete_webhook_endpoint(call: Call) -> None:
    webhook_out.delete(call.runtime, call.scope, call.id, actor=call.actor)


def get_webhook_secret(call: Call) -> WebhookSecret:
    newest, *older = webhook_out.live_secrets(call.runtime, _endpoint(call))
    return WebhookSecret(secret=newest, previous_secret=older[0] if older else None)


def rotate_webhook_secret(call: Call) -> NewWebhookEndpoint | DryRun:
    if call.dry_run:
        _endpoint(call)
        return possible()
    return _without_secret(webhook_out.rotate(call.runtime, call.scope, call.id, actor=call.actor))


def test_webhook_endpoint(call: Call) -> WebhookDeliveryDetail | DryRun:
    if call.dry_run:
        webhook_out.testable(_endpoint(call))
        return possible()
    waits = _WAITED_FOR.acquire(blocking=False)
    try:
        return _delivery(call, webhook_out.test(call.runtime, call.scope, call.id, waits=waits))
    finally:
        if waits:
            _WAITED_FOR.release()


def list_webhook_deliveries(call: Call) -> Listed[WebhookDelivery]:
    asked: DeliveryQuery = call.query
    with call.runtime.database.read() as tx:
        endpoint = endpoints.get(tx, call.scope, call.id)
        page = deliveries.page(tx, call.scope, asked.after, asked.limit, endpoint_id=endpoint.id, status=asked.status)
        made = deliveries.attempts(tx, call.scope, [each.id for each in page.items])
    return listed(page, lambda each: _delivery_of(each, made.get(each.id, ())))


def get_webhook_delivery(call: Call) -> WebhookDeliveryDetail:
    return _delivery(call, call.ids["delivery_id"])


def replay_webhook_delivery(call: Call) -> WebhookDeliveryDetail | DryRun:
    delivery_id = call.ids["delivery_id"]
    if call.dry_run:
        webhook_out.enabled(_endpoint(call))
        with call.runtime.database.read() as tx:
            webhook_out.replayable(deliveries.get(tx, call.scope, delivery_id), call.id)
        return possible()
    return _delivery(call, webhook_out.replay(call.runtime, call.scope, call.id, delivery_id, actor=call.actor).id)


def with_its_secret(call: Call, response: Response) -> Response:
    """The answer with the secret. What is kept for a repeated request has none: a copy of the database forges no webhook."""
    said = msgspec.json.decode(response.whole)
    if "id" in said:  # not of a dry run
        with call.runtime.database.read() as tx:
            said["secret"] = webhook_out.secret(call.runtime, endpoints.get(tx, call.scope, said["id"]))
    return replace(response, body=msgspec.json.encode(said))


def _endpoint(call: Call) -> domain.Endpoint:
    with call.runtime.database.read() as tx:
        return endpoints.get(tx, call.scope, call.id)


def _delivery(call: Call, delivery_id: str) -> WebhookDeliveryDetail:
    with call.runtime.database.read() as tx:
        found = webhook_out.of_endpoint(deliveries.get(tx, call.scope, delivery_id), call.id)
        body = deliveries.body(tx, call.scope, delivery_id)
        made = deliveries.attempts(tx, call.scope, [delivery_id]).get(delivery_id, ())
    return WebhookDeliveryDetail(**msgspec.structs.asdict(_delivery_of(found, made)), body=body)


def _shown(endpoint: domain.Endpoint) -> WebhookEndpoint:
    return WebhookEndpoint(
        id=endpoint.id,
        url=endpoint.url,
        description=endpoint.description,
        format=endpoint.format,
        event_types=list(endpoint.event_types),
        status=endpoint.status,
        disabled_reason=endpoint.disabled_reason,
        secret_rotated_at=endpoint.rotated_at,
        created_at=endpoint.created_at,
    )


def _without_secret(endpoint: domain.Endpoint) -> NewWebhookEndpoint:
    return NewWebhookEndpoint(**msgspec.structs.asdict(_shown(endpoint)), secret="")


def _delivery_of(delivery: domain.Delivery, made: tuple[domain.Attempt, ...]) -> WebhookDelivery:
    return WebhookDelivery(
        id=delivery.id,
        webhook_endpoint_id=delivery.endpoint_id,
        event_id=delivery.event_id,
        event_type=delivery.event_type,
        status=delivery.status,
        replay_of_id=delivery.replay_of_id,
        attempts=[_attempt_of(each) for each in made],
        next_attempt_at=delivery.next_at,
        created_at=delivery.created_at,
        finished_at=delivery.finished_at,
    )


def _attempt_of(made: domain.Attempt) -> WebhookAttempt:
    return WebhookAttempt(at=made.at, status_code=made.status_code, error=made.error, duration_ms=made.duration_ms)
