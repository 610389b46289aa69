"""A subscription in hand: its row is locked, and one transaction writes what becomes of it, in one update, and tells its buyer."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portico.domain.event import EventType, Told
from portico.domain.scope import BuyerScope
from portico.domain.subscription import Subscription, SubscriptionEvent
from portico.domain.subscription import apply as status_after
from portico.services import due, notice
from portico.services import event as events
from portico.services.notice import Fact, Kind
from portico.services.runtime import Runtime
from portico.storage import subscription as subscriptions
from portico.storage.store import StoreRow

_WRITTEN = (
    "product_id", "product_name", "interval", "quantity", "unit_minor", "anchor", "period_index", "period_start", "period_end",
    "trial_end", "resumes_at", "retry_step", "failing_since", "due_at", "remind_at", "tax_rate", "tax_reason", "tax_country", "tax_note",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Locked:
    """`subscription` as it was read with its lock. `now` is the store's time; `actor` is who makes events happen;
    `store` is given where periods are billed, whose tax its table decides."""

    tx: sa.Connection
    runtime: Runtime
    scope: BuyerScope
    subscription: Subscription
    now: datetime
    actor: str = "worker"
    store: StoreRow | None = None

    def become(self, after: Subscription, event: SubscriptionEvent | None = None, cause: str = "") -> Subscription:
        """Writes what is different in `after`, and makes `event` happen, whose `cause` its history names. `after` with its new
        status, if any."""
        before = self.subscription
        columns: dict[str, Any] = {name: getattr(after, name) for name in _WRITTEN if getattr(after, name) != getattr(before, name)}
        if before.scheduled_change is not None and after.scheduled_change is None:
            columns = {**due.NO_CHANGE, **columns}
        if event is None:
            subscriptions.change(self.tx, self.scope, before.id, expected_version=before.version, **columns)
            return replace(after, version=before.version + 1)
        subscriptions.transition(
            self.tx, self.scope, before.id, event, cause=cause, actor=self.actor, now=self.now, locked=before, **columns
        )
        return replace(after, status=status_after(before.status, event), version=before.version + 1)

    def planned(self, after: Subscription) -> Subscription:
        """`after` with the moments at which something happens to it next and its buyer is reminded of that."""
        return due.planned(after, self.runtime.retry_days, self.now)

    def tell(self, kind: Kind, subject_id: str, about: Subscription, **facts: Fact | datetime) -> None:
        """Has the buyer mailed about the subscription as it is now."""
        notice.add(self.tx, self.runtime, self.scope, kind, subject_id, now=self.now, **{**notice.of_subscription(about), **facts})

    def record(self, type: EventType, about: Subscription, **data: Told | datetime) -> None:  # noqa: A002  # as `event.record` has it
        """Has the store's programs told what happened to the subscription, which is `about` now."""
        told = {**events.of_subscription(about), **data}
        events.record(self.tx, self.runtime, self.scope, type, about.id, at=self.now, **told)
