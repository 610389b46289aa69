"""Find the subscriptions whose time has come, and do what is due of each.

State is in the tables and nothing sleeps: a sweep finds what is due by an index, claims it with its row lock, and writes one step
of it in the same transaction, so any number of sweepers may run, and none need ever run on time. A subscription that cannot be
worked on is held, where `portico check` shows it, and the others go on.
"""

from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
import structlog

from portico.domain.errors import NotFound, Refused
from portico.domain.scope import BuyerScope, StoreScope
from portico.domain.subscription import Subscription
from portico.services import due, marks, store_time
from portico.services.due_step import process
from portico.services.runtime import Runtime
from portico.storage import store as stores
from portico.storage import subscription as subscriptions
from portico.storage.database import is_unavailable
from portico.storage.store import StoreRow

log = structlog.get_logger("portico.renewals")

BATCH = 25  # so many in one transaction: on SQLite nobody else writes meanwhile


def sweep(runtime: Runtime, *, limit: int = BATCH) -> int:
    """Does one step of at most `limit` due subscriptions of all stores, and of each store whose time runs ahead; how many.

    Call it until it tells 0. Safe to run anywhere, any number of times.
    """
    done = _sweep_where(runtime, None, limit)
    with runtime.database.read() as connection:
        ahead = subscriptions.stores_with_offset(connection)
    for scope in ahead:
        done += sweep_store(runtime, scope, limit=limit)
    return done


def sweep_store(runtime: Runtime, scope: StoreScope, *, limit: int = BATCH) -> int:
    """The same for one environment of one store, by its own time."""
    return _sweep_where(runtime, scope, limit)


def release(runtime: Runtime, subscription_id: str) -> datetime:
    """Lets a subscription that was held go on, for whoever runs the installation; when it is due next.

    Raises NotFound, and Refused("not_held").
    """
    with runtime.database.transaction() as tx:
        scope, _ = subscriptions.get_any(tx, subscription_id)
        held = subscriptions.lock(tx, scope, subscription_id)
        due_at = due.due_at(replace(held, held_at=None, held_reason=None), runtime.retry_days)
        if held.held_at is None or due_at is None:
            raise Refused("not_held", f"{subscription_id} is not held")
        subscriptions.release(tx, subscription_id, due_at=due_at)
    return due_at


def _sweep_where(runtime: Runtime, scope: StoreScope | None, limit: int) -> int:
    """One batch; when it fails, its subscriptions one by one, so that only the one that cannot be worked on stays behind."""
    now = _now(runtime, scope)
    with runtime.database.read() as connection:  # look first, so that an idle sweeper takes no write lock
        if not _is_due(connection, scope, now):
            return 0
    try:
        return _work_on(runtime, scope, now, limit)
    except Exception as error:
        if is_unavailable(error):
            raise
        log.warning("sweeping_one_by_one", error=type(error).__name__)
    done = 0
    while done < limit and (worked := _work_on_one(runtime, scope, now)):
        done += worked
    return done


def _work_on(runtime: Runtime, scope: StoreScope | None, now: datetime, limit: int) -> int:
    with runtime.database.transaction() as tx:
        found = _due(tx, scope, now, limit)
        known: dict[str, StoreRow] = {}
        for owner, subscription in found:
            _do(tx, runtime, owner, subscription, known)
        marks.here("sweeping")
    marks.here("swept")
    return len(found)


def _work_on_one(runtime: Runtime, scope: StoreScope | None, now: datetime) -> int:
    worked_on: tuple[BuyerScope, Subscription] | None = None
    try:
        with runtime.database.transaction() as tx:
            for owner, subscription in _due(tx, scope, now, 1):
                worked_on = owner, subscription
                _do(tx, runtime, owner, subscription, {})
    except Exception as error:
        if worked_on is None or is_unavailable(error):
            raise
        _hold(runtime, *worked_on, error)
    return 0 if worked_on is None else 1


def _do(tx: sa.Connection, runtime: Runtime, owner: BuyerScope, subscription: Subscription, known: dict[str, StoreRow]) -> None:
    store = known.get(owner.store_id) or known.setdefault(owner.store_id, stores.get(tx, owner.store_id))
    process(tx, runtime, owner, subscription, store=store, now=store_time.now(runtime, store, owner.environment))


def _due(tx: sa.Connection, scope: StoreScope | None, now: datetime, limit: int) -> list[tuple[BuyerScope, Subscription]]:
    if scope is None:
        return subscriptions.due(tx, now=now, limit=limit)
    return subscriptions.due_in(tx, scope, now=now, limit=limit)


def _is_due(tx: sa.Connection, scope: StoreScope | None, now: datetime) -> bool:
    if scope is None:
        return subscriptions.is_due(tx, now=now)
    following = subscriptions.next_due_in(tx, scope)
    return following is not None and following <= now


def _now(runtime: Runtime, scope: StoreScope | None) -> datetime:
    if scope is None:
        return runtime.clock()
    with runtime.database.read() as connection:
        return store_time.now(runtime, stores.get(connection, scope.store_id), scope.environment)


def _hold(runtime: Runtime, scope: BuyerScope, subscription: Subscription, error: Exception) -> None:
    """Takes it out of what is due until a person has looked. Of an error we did not foresee only the kind is kept: its text may
    quote what a row holds."""
    reason = f"{error.code}: {error}" if isinstance(error, Refused | NotFound) else type(error).__name__
    log.error("subscription_held", subscription=subscription.id, reason=reason, exc_info=error)
    with runtime.database.transaction() as tx:
        if subscriptions.lock(tx, scope, subscription.id).version == subscription.version:  # else somebody else worked on it
            subscriptions.hold(tx, scope, subscription.id, reason=reason, now=runtime.clock())
