"""Webhooks out: who is told of what, and when it is tried again.

The ladder is that of Standard Webhooks (https://www.standardwebhooks.com): ten attempts over 75 hours, so that a receiver may be away
for a long weekend.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from portico.domain.event import EventType

EndpointFormat = Literal["standard", "waffo"]
FORMATS: tuple[EndpointFormat, ...] = get_args(EndpointFormat)
EndpointStatus = Literal["enabled", "disabled"]
ENDPOINT_STATUSES: tuple[EndpointStatus, ...] = get_args(EndpointStatus)
DeliveryStatus = Literal["pending", "succeeded", "failed"]
DELIVERY_STATUSES: tuple[DeliveryStatus, ...] = get_args(DeliveryStatus)

# How long after one attempt the next one follows; the first is made at once.
WAITS: tuple[timedelta, ...] = (
    timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5), timedelta(hours=10),
    timedelta(hours=14), timedelta(hours=20), timedelta(hours=24),
)  # fmt: skip
MOST_ATTEMPTS = len(WAITS) + 1
OLD_SECRET_SIGNS = timedelta(hours=24)  # after a rotation, so that nobody has to change both sides in one moment
GONE = 410  # the receiver's word that it will never want any more


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address of a store's that is told of events: those of `event_types`, or of all if there are none. A disabled one is told
    nothing; `disabled_reason` is "gone" if it said so itself. Its secret is made from its id and `secret_generation`."""

    id: str
    url: str
    description: str
    format: EndpointFormat
    event_types: tuple[EventType, ...]
    status: EndpointStatus
    disabled_reason: str | None
    secret_generation: int
    rotated_at: datetime | None
    created_at: datetime

    def wants(self, event_type: EventType) -> bool:
        """Whether it is told of events of a type."""
        return self.status == "enabled" and (not self.event_types or event_type in self.event_types)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one endpoint, after `attempts` of them; `next_at` is when the next one is due. A replay is a delivery of
    its own, of the same event."""

    id: str
    endpoint_id: str
    event_id: str
    event_type: EventType
    replay_of_id: str | None
    status: DeliveryStatus
    attempts: int
    next_at: datetime | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a delivery, `sequence` from 1: the status that was answered, or in our own word why there was none."""

    sequence: int
    at: datetime
    status_code: int | None
    error: str | None
    duration_ms: int

    @property
    def succeeded(self) -> bool:
        """2xx and nothing else: a redirect is an answer of somebody who does not listen here."""
        return self.status_code is not None and 200 <= self.status_code < 300


def wait_after(attempts: int, jitter: int) -> timedelta | None:
    """How long to wait when so many attempts have failed; None when there is no other. `jitter` is a random byte, which makes it up to a
    tenth longer, so that what failed together does not come back together."""
    return None if attempts >= MOST_ATTEMPTS else WAITS[attempts - 1] * (2560 + jitter) / 2560
