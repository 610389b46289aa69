"""Tell buyers what is coming: that a trial ends, a rare charge is near, or a card will have expired by then.

When to tell is kept with the subscription (`remind_at`, by `domain.reminder.remind_at`), set whenever the next charge is. A sweep
claims what is due by its row lock, asks for the mail and clears the moment in one transaction, so a buyer is told once for each
charge, however many sweepers run and however often.
"""

from datetime import datetime

import sqlalchemy as sa
import structlog

from portico.domain.reminder import reminder_kind
from portico.domain.scope import BuyerScope, StoreScope
from portico.domain.subscription import Subscription, next_charge
from portico.services import notice, store_time
from portico.services.runtime import Runtime
from portico.storage import store as stores
from portico.storage import subscription as subscriptions
from portico.storage.database import is_unavailable

log = structlog.get_logger("portico.reminders")


def sweep(runtime: Runtime, *, limit: int = 100) -> int:
    """Sees to at most `limit` reminders that are due in all stores, and in each store whose time runs ahead; how many.

    Call it until it tells 0. Safe to run anywhere, any number of times.
    """
    with runtime.database.read() as connection:
        ahead = subscriptions.stores_with_offset(connection)
    # The real time comes last: what it would find in a store that is ahead is seen to by that store's own.
    return sum(_sweep_where(runtime, scope, limit) for scope in (*ahead, None))


def _sweep_where(runtime: Runtime, scope: StoreScope | None, limit: int) -> int:
    """One batch; when it fails, one by one, so that one which cannot be told holds up nobody else."""
    now = _now(runtime, scope)
    with runtime.database.read() as connection:  # look first, so that an idle sweeper takes no write lock
        if not _is_due(connection, scope, now):
            return 0
    try:
        with runtime.database.transaction() as tx:
            found = _due(tx, scope, now, limit)
            for owner, subscription in found:
                _remind(tx, runtime, owner, subscription, now)
            return len(found)
    except Exception as error:
        if is_unavailable(error):
            raise
        log.warning("reminding_one_by_one", error=type(error).__name__)
    done = 0
    while done < limit and _remind_one(runtime, scope, now):
        done += 1
    return done


def _remind(tx: sa.Connection, runtime: Runtime, owner: BuyerScope, subscription: Subscription, now: datetime) -> None:
    """Has one buyer told, unless the charge is no longer to come (or, after a long standstill, has come already)."""
    kind, charge = reminder_kind(subscription), next_charge(subscription)
    if kind is not None and charge is not None and charge.at > now and subscription.held_at is None:
        facts = {**notice.of_subscription(subscription), "step": f"{charge.at:%Y%m%d%H%M%S}"}
        notice.add(tx, runtime, owner, kind, subscription.id, now=now, **facts)
    _clear(tx, owner, subscription)


def _remind_one(runtime: Runtime, scope: StoreScope | None, now: datetime) -> bool:
    """A reminder that cannot be made is given up: no charge depends on it, and the next one has another chance."""
    with runtime.database.transaction() as tx:
        for owner, subscription in _due(tx, scope, now, 1):
            try:
                with tx.begin_nested():
                    _remind(tx, runtime, owner, subscription, now)
            except Exception as error:
                if is_unavailable(error):
                    raise
                log.exception("reminder_given_up", subscription=subscription.id)
                _clear(tx, owner, subscription)
            return True
    return False


def _clear(tx: sa.Connection, owner: BuyerScope, subscription: Subscription) -> None:
    subscriptions.change(tx, owner, subscription.id, expected_version=subscription.version, remind_at=None)


def _due(tx: sa.Connection, scope: StoreScope | None, now: datetime, limit: int) -> list[tuple[BuyerScope, Subscription]]:
    if scope is None:
        return subscriptions.reminders_due(tx, now=now, limit=limit)
    return subscriptions.reminders_due_in(tx, scope, now=now, limit=limit)


def _is_due(tx: sa.Connection, scope: StoreScope | None, now: datetime) -> bool:
    if scope is None:
        return subscriptions.is_reminder_due(tx, now=now)
    following = subscriptions.next_reminder_in(tx, scope)
    return following is not None and following <= now


def _now(runtime: Runtime, scope: StoreScope | None) -> datetime:
    if scope is None:
        return runtime.clock()
    with runtime.database.read() as connection:
        return store_time.now(runtime, stores.get(connection, scope.store_id), scope.environment)
