"""The test clock: a store's test environment plays everything that falls due until a moment, in order, each at its own time.

The store's offset from real time is moved from one due moment to the next and committed each time, so a run that is killed goes on
where it was when the same is asked again. The clock only ever goes forward, and never in production.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from portico.domain.errors import Conflict, Refused
from portico.domain.scope import StoreScope
from portico.services import charging, reminders, renewal, store_time
from portico.services.charging import Outcome
from portico.services.runtime import Runtime
from portico.storage import audit
from portico.storage import payment as payments
from portico.storage import store as stores
from portico.storage import subscription as subscriptions

FARTHEST = timedelta(days=3653)
MOST_STEPS = 10_000
_TRIES = 5  # to get an answer from the payment provider, one right after the other


@dataclass(frozen=True, slots=True)
class Played:
    """From when to when the clock went, at how many moments something happened, and how many steps of subscriptions and outcomes
    of charges that were."""

    since: datetime
    until: datetime
    moments: int
    steps: int
    charges: int


def advance(runtime: Runtime, scope: StoreScope, to: datetime, *, work: Callable[[], object] = lambda: None) -> Played:
    """Moves the clock to `to`. `work` is called at each moment to run what was asked for then, such as mails.

    Raises Refused: "clock_is_real" outside of test, "clock_backwards", "clock_too_far" beyond ten years, "clock_too_busy" beyond
    10,000 moments, and "clock_unanswered" when the payment provider does not answer. The clock then stands where it got to, nothing
    is lost, and asking again goes on from there.
    """
    if scope.environment != "test":
        raise Refused("clock_is_real", "the clock of prod cannot be moved")
    since = _now(runtime, scope)
    if to < since:
        raise Refused("clock_backwards", f"it is {since:%Y-%m-%d %H:%M} UTC there already; the clock never goes back")
    if to - since > FARTHEST:
        raise Refused("clock_too_far", "one run goes ten years at most")
    with runtime.database.transaction() as tx:
        audit.record(tx, scope, actor="operator", action="clock.advanced", subject=scope.store_id, now=runtime.clock())
    steps, charges = _play(runtime, scope, work)
    moments = 0
    while (moment := _next_moment(runtime, scope)) is not None and moment <= to:
        if moments == MOST_STEPS:
            raise Refused("clock_too_busy", f"more than {MOST_STEPS} moments; the clock stands at {_now(runtime, scope).isoformat()}")
        moments += 1
        _set(runtime, scope, moment)
        done = _play(runtime, scope, work)
        steps, charges = steps + done[0], charges + done[1]
    _set(runtime, scope, to)
    return Played(since, to, moments, steps, charges)


def _play(runtime: Runtime, scope: StoreScope, work: Callable[[], object]) -> tuple[int, int]:
    """Does what is due at the store's present time, and what follows from it at once."""
    steps = charges = 0
    while True:
        swept = renewal.sweep_store(runtime, scope)
        charged = _charge(runtime, scope)
        reminded = reminders.sweep(runtime)
        work()
        if swept == charged == reminded == 0:
            return steps, charges
        steps, charges = steps + swept, charges + charged


def _charge(runtime: Runtime, scope: StoreScope) -> int:
    """Sees the store's open attempts to their end, without waiting for their jobs, which are due by real time. How many ended.

    One that waits for the buyer, or that the provider is still working on, stays open: time alone may end it."""
    with runtime.database.read() as connection:
        attempts = payments.open_attempts_in(connection, scope)
    ended = 0
    for attempt in attempts:
        ended += _ask(runtime, attempt.key or "").is_final
    return ended


def _ask(runtime: Runtime, key: str) -> Outcome:
    """The outcome of a charge, which the provider may leave open, but must tell. Raises Refused("clock_unanswered")."""
    for _ in range(_TRIES):
        outcome = charging.charge(runtime, key)
        if outcome.status != "unknown":
            return outcome
    raise Refused("clock_unanswered", f"the payment provider does not say what became of {key}")


def _next_moment(runtime: Runtime, scope: StoreScope) -> datetime | None:
    """When something happens next by the passing of time alone: it is in the future, for what was due is done."""
    with runtime.database.read() as connection:
        moments = [subscriptions.next_due_in(connection, scope), subscriptions.next_reminder_in(connection, scope)]
        waiting = [attempt for attempt in payments.open_attempts_in(connection, scope) if attempt.action_url]
    moments += [attempt.attempted_at + charging.BUYER_MAY_TAKE for attempt in waiting]
    return min((moment for moment in moments if moment is not None), default=None)


def _set(runtime: Runtime, scope: StoreScope, moment: datetime) -> None:
    # Real time passes while we work, and somebody else may move the clock too: where it stands further ahead, it stays.
    with suppress(Conflict), runtime.database.transaction() as tx:
        stores.set_test_offset(tx, scope.store_id, moment - runtime.clock())


def _now(runtime: Runtime, scope: StoreScope) -> datetime:
    with runtime.database.read() as connection:
        return store_time.now(runtime, stores.get(connection, scope.store_id), scope.environment)
