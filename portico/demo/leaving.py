"""Why those who left the demo's store did: nothing that is imported says so, and its owner wants to see how it looks."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from portico.demo import people
from portico.demo.people import Person
from portico.domain.cancellation import Cancellation
from portico.domain.scope import BuyerScope, StoreScope
from portico.domain.subscription import Subscription
from portico.services.runtime import Runtime
from portico.storage import buyer, cancellation, subscription


@dataclass(frozen=True, slots=True)
class _Leaving:
    """Who canceled how long before the end, and why; `back` after so long."""

    person: Person
    before_the_end: timedelta
    reason: str | None
    comment: str = ""
    back: timedelta | None = None


_WOULD_HAVE_HAD = timedelta(days=15)  # one who came back: the rest of that month

_LEAVING = (
    _Leaving(people.CLAIRE, timedelta(days=40), "unused", "I only needed it for one book. It was a pleasure!"),
    _Leaving(people.GIULIA, timedelta(days=12), "switched_service"),
    _Leaving(people.SOFIA, timedelta(days=75), "too_expensive", "Is there a smaller plan?", back=timedelta(hours=20)),
)


def say_why(runtime: Runtime, scope: StoreScope) -> None:
    """Keeps their reasons, unless that was done before a start was cut short."""
    with runtime.database.transaction() as tx:
        if cancellation.page_of_store(tx, scope, limit=1).items:
            return
        for leaving in _LEAVING:
            who = buyer.by_email(tx, scope, leaving.person.email)
            if who is None:
                continue
            own = BuyerScope(scope.store_id, scope.environment, who.id)
            left = subscription.list(tx, own)[0]
            cancellation.create(tx, own, _row(runtime, left, leaving))


def _row(runtime: Runtime, left: Subscription, leaving: _Leaving) -> Cancellation:
    end = _end(left)
    asked = min(max(end - leaving.before_the_end, left.created_at + timedelta(days=1)), runtime.clock() - timedelta(days=1))
    return Cancellation(
        id=runtime.new_id("CAN"),
        subscription_id=left.id,
        reason_code=leaving.reason,
        comment=leaving.comment,
        requested_at=asked,
        effective_at=end if leaving.back is None else asked + _WOULD_HAVE_HAD,
        withdrawn_at=None if leaving.back is None else asked + leaving.back,
        actor="buyer",
        product_id=left.product_id,
        interval=left.interval,
        quantity=left.quantity,
        net_minor=left.unit_minor * left.quantity,
        currency=left.currency,
    )


def _end(left: Subscription) -> datetime:
    if left.scheduled_change is not None:
        return left.scheduled_change.at
    return left.ended_at or left.period_end
