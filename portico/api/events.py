"""Events: what happened, as webhooks tell it, for whoever asks afterwards."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from portico.api.call import Call
from portico.api.fields import EventId, Moment, StoreId
from portico.api.operation import Operation
from portico.api.paging import Listed, Paged, listed
from portico.domain import event as domain
from portico.domain.event import EventType, Told
from portico.domain.scope import Environment, StoreScope
from portico.services import event
from portico.storage import event as events

_TAIL = "01kJd7rWvTq3YbX5mZ8cNa"
Type = Annotated[EventType, Meta(examples=["subscription.renewed"])]
_DATA: dict[str, Any] = {"id": f"SUB_{_TAIL}", "buyer_id": f"BUY_{_TAIL}", "status": "active"}


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened. Webhooks of the format `standard` have the very same body."""

    id: EventId
    type: Type
    timestamp: Annotated[datetime, Meta(tz=True, description="When it happened, by the store's clock.", examples=["2026-11-22T09:30:00Z"])]
    store_id: StoreId
    environment: Environment
    data: Annotated[
        dict[str, Told],
        Meta(description="`id` is what it is about; docs/webhooks.md has an example of every type.", examples=[_DATA]),
    ]


class EventQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which events."""

    type: Type | None = None
    subject_id: Annotated[str, Meta(max_length=30, description="What they are about.", examples=[f"SUB_{_TAIL}"])] | None = None
    since: Annotated[Moment, Meta(description="Recorded at this moment or later.")] | None = None


def list_events(call: Call) -> Listed[Event]:
    asked: EventQuery = call.query
    with call.runtime.database.read() as tx:
        page = events.page(tx, call.scope, asked.after, asked.limit, type=asked.type, subject_id=asked.subject_id, since=asked.since)
    return listed(page, lambda happened: event_of(call.scope, happened))


def get_event(call: Call) -> Event:
    with call.runtime.database.read() as tx:
        return event_of(call.scope, events.get(tx, call.scope, call.id))


def event_of(scope: StoreScope, happened: domain.Event) -> Event:
    """An event as the API shows it: as it is told."""
    return msgspec.convert(event.as_told(scope, happened), Event)


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/events",
        name="list_events",
        tag="Events",
        summary="List events",
        description="What happened within the last 90 days, newest first: all of it, or of one type, or about one thing.",
        handler=list_events,
        answer=Listed[Event],
        query=EventQuery,
        errors=("cursor_invalid",),
    ),
    Operation(
        method="GET",
        path="/v1/events/{id}",
        name="get_event",
        tag="Events",
        summary="Get an event",
        description="One event.",
        handler=get_event,
        answer=Event,
    ),
)
