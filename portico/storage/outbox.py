"""The job table: work that commits together with what asked for it, and is done at least once.

A claim is a lease, and `attempt` is its fencing token: whoever claims a job raises it, so an earlier holder that comes back
after its lease ran out no longer matches and `finish` raises LostLease. The end of a job, what it changed and the jobs that
follow are one commit. Idempotency lives in the domain's rows, never here: a finished job leaves no trace.
`due_at` is the moment from which a waiting job may run and, while it is leased, the end of the lease. Moments come from the
runtime's clock, so that tests and the demo can move it; processes that share a database must keep their clocks together
to well within a lease.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portico.domain.errors import NotFound, PorticoError
from portico.storage.columns import Instant
from portico.storage.database import jobs_were_added
from portico.storage.rows import changed, first, many
from portico.storage.tables import job as table

# Each lane has threads of its own, so that a long import never delays a mail, nor a dead mail server a buyer's charge.
Lane = Literal["pay", "mail", "webhook", "document", "bulk"]
LANES: tuple[Lane, ...] = get_args(Lane)
_LONGEST_ERROR = 500


class LostLease(PorticoError):
    """Somebody else took the job over meanwhile; this attempt's transaction rolls back."""

    code = "lost_lease"


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed job. `arguments` are ids and other small JSON values; `attempt` counts from 1. `party` is whom it goes to, where the
    worker lets few at a time go to one."""

    id: int
    lane: str
    kind: str
    arguments: dict[str, Any]
    attempt: int
    party: str | None = None


@dataclass(frozen=True, slots=True)
class ParkedJob:
    """A job that was given up and waits for a person. `error` is the last one, shortened."""

    id: int
    lane: str
    kind: str
    arguments: dict[str, Any]
    attempt: int
    created_at: datetime
    parked_at: datetime
    error: str


@dataclass(frozen=True, slots=True)
class LaneState:
    """How much waits in a lane, and since when the longest-waiting job could have run."""

    lane: str
    waiting: int
    oldest_due_at: datetime


_ROW = ("lane", "kind", "arguments", "key", "party", "due_at", "created_at")
_NOW = sa.bindparam("p_now", type_=Instant())
_LEASE_END = sa.bindparam("p_lease_end", type_=Instant())
_CLAIMABLE = sa.and_(table.c.lane == sa.bindparam("p_lane"), table.c.due_at <= _NOW, table.c.parked_at.is_(None))
_HAS = sa.select(table.c.id).where(table.c.key == sa.bindparam("p_key")).limit(1)
_TO_OTHERS = table.c.party.not_in(sa.bindparam("p_without", expanding=True))


def _is_due_statement(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return sa.select(table.c.id).where(_CLAIMABLE, *conditions).limit(1)


def _claim_statement(*conditions: sa.ColumnElement[bool]) -> sa.UpdateBase:
    due = (
        sa.select(table.c.id)
        .where(_CLAIMABLE, *conditions)
        .order_by(table.c.due_at, table.c.id)
        .limit(sa.bindparam("p_limit"))
        .with_for_update(skip_locked=True)
    )
    return (
        # A CTE, for PostgreSQL may run a subquery in IN more than once and would then claim more than it was asked to.
        sa.update(table)
        .where(table.c.id.in_(sa.select(due.cte("due").c.id)))
        .values(due_at=_LEASE_END, owner=sa.bindparam("p_owner"), attempt=table.c.attempt + 1)
        .returning(table.c.id, table.c.lane, table.c.kind, table.c.arguments, table.c.attempt, table.c.party)
    )


_IS_DUE, _IS_DUE_TO_OTHERS = _is_due_statement(), _is_due_statement(_TO_OTHERS)
_CLAIM, _CLAIM_TO_OTHERS = _claim_statement(), _claim_statement(_TO_OTHERS)
_MINE = sa.and_(table.c.id == sa.bindparam("p_id"), table.c.attempt == sa.bindparam("p_attempt"), table.c.owner.is_not(None))
_FINISH = sa.delete(table).where(_MINE)
_RENEW = sa.update(table).where(_MINE).values(due_at=_LEASE_END)
_RETRY = sa.update(table).where(_MINE).values(due_at=sa.bindparam("p_due_at"), owner=None, error=sa.bindparam("p_error"))
_PUT_BACK = sa.update(table).where(_MINE).values(due_at=_NOW, owner=None, attempt=table.c.attempt - 1)
_PARK = sa.update(table).where(_MINE).values(parked_at=_NOW, owner=None, error=sa.bindparam("p_error"))
_REVIVE = sa.update(table).where(table.c.id == sa.bindparam("p_id"), table.c.parked_at.is_not(None)).values(parked_at=None, due_at=_NOW)
_CANCEL = sa.delete(table).where(table.c.key == sa.bindparam("p_key"), table.c.parked_at.is_(None))
_RELEASE_ALL = sa.update(table).where(table.c.owner.is_not(None), table.c.parked_at.is_(None)).values(due_at=_NOW, owner=None)
_RELEASE_OWN = _RELEASE_ALL.where(table.c.owner == sa.bindparam("p_owner"))
_PARKED = (
    sa.select(*(table.c[name] for name in ("id", "lane", "kind", "arguments", "attempt", "created_at", "parked_at", "error")))
    .where(table.c.parked_at.is_not(None))
    .order_by(table.c.parked_at, table.c.id)
)
_WAITING = (
    sa.select(table.c.lane, sa.func.count(), sa.func.min(table.c.due_at, type_=Instant()))
    .where(table.c.parked_at.is_(None))
    .group_by(table.c.lane)
    .order_by(table.c.lane)
)


def _add_statement(insert: Any) -> Any:
    values = {name: sa.bindparam(f"p_{name}", type_=table.c[name].type) for name in _ROW}
    return insert(table).values(**values).on_conflict_do_nothing().returning(table.c.id)


_ADD = {"sqlite": _add_statement(sqlite.insert), "postgresql": _add_statement(postgresql.insert)}


def add(
    tx: sa.Connection,
    kind: str,
    arguments: dict[str, Any],
    *,
    now: datetime,
    lane: Lane,
    key: str | None = None,
    party: str | None = None,
    delay_seconds: int = 0,
) -> bool:
    """Adds a job that exists if and only if this transaction commits. False: a live job has this `key` already. `party`: whom it goes
    to, in a lane in which few at a time go to one.

    `arguments` are ids, so that a job written by an older version of the program still means something to a newer one.
    """
    if lane not in LANES:
        raise ValueError(f"no worker looks after the lane {lane!r}")
    due_at = now + timedelta(seconds=delay_seconds)
    values = {"lane": lane, "kind": kind, "arguments": arguments, "key": key, "party": party, "due_at": due_at, "created_at": now}
    added = first(tx, _ADD[tx.dialect.name], {f"p_{name}": value for name, value in values.items()}) is not None
    if added and delay_seconds == 0:
        jobs_were_added(tx)
    return added


def has(tx: sa.Connection, key: str) -> bool:
    """Whether there is a job with this key, waiting, running or parked."""
    return first(tx, _HAS, {"p_key": key}) is not None


def is_due(tx: sa.Connection, lane: Lane, now: datetime, *, without: Sequence[str] = ()) -> bool:
    """Whether a job waits in this lane, not counting those to the parties `without`: to look, on a reading connection, before taking a
    write lock for a claim."""
    values = {"p_lane": lane, "p_now": now}
    if without:
        return first(tx, _IS_DUE_TO_OTHERS, {**values, "p_without": without}) is not None
    return first(tx, _IS_DUE, values) is not None


def claim(
    tx: sa.Connection, lane: Lane, *, limit: int, owner: str, now: datetime, lease_seconds: int, without: Sequence[str] = ()
) -> list[Job]:
    """Leases up to `limit` due jobs of a lane, longest waiting first, none of them to a party of `without` (nor to nobody in particular,
    where that is not empty). They run only after this transaction commits."""
    values = {"p_lane": lane, "p_limit": limit, "p_owner": owner, "p_now": now, "p_lease_end": now + timedelta(seconds=lease_seconds)}
    rows = many(tx, _CLAIM_TO_OTHERS, {**values, "p_without": without}) if without else many(tx, _CLAIM, values)
    return sorted((Job(*row) for row in rows), key=lambda job: job.id)


def put_back(tx: sa.Connection, jobs: Sequence[Job], now: datetime) -> None:
    """Gives back what was claimed in this very transaction and is more than may run, as if it had not been."""
    for job in jobs:
        tx.execute(_PUT_BACK, {**_mine(job), "p_now": now})


def finish(tx: sa.Connection, job: Job) -> None:
    """Ends a job, as the first statement of the transaction that writes its effects. Raises LostLease."""
    if changed(tx, _FINISH, _mine(job)) != 1:
        raise LostLease


def renew(tx: sa.Connection, jobs: Sequence[Job], *, now: datetime, lease_seconds: int) -> None:
    """Prolongs the leases of jobs that are still running; those that were lost are passed over."""
    for job in jobs:
        tx.execute(_RENEW, {**_mine(job), "p_lease_end": now + timedelta(seconds=lease_seconds)})


def retry_later(tx: sa.Connection, job: Job, *, due_at: datetime, error: str) -> None:
    """Gives a job back after a failure. Raises LostLease."""
    if changed(tx, _RETRY, {**_mine(job), "p_due_at": due_at, "p_error": error[:_LONGEST_ERROR]}) != 1:
        raise LostLease


def park(tx: sa.Connection, job: Job, *, now: datetime, error: str) -> None:
    """Gives a job up: it stays, visible to `parked` and to `portico check`, until a person decides. Raises LostLease."""
    if changed(tx, _PARK, {**_mine(job), "p_now": now, "p_error": error[:_LONGEST_ERROR]}) != 1:
        raise LostLease


def revive(tx: sa.Connection, job_id: int, now: datetime) -> None:
    """Lets a parked job run again. `attempt` counts on, for it is the fencing token. Raises NotFound."""
    if changed(tx, _REVIVE, {"p_id": job_id, "p_now": now}) != 1:
        raise NotFound
    jobs_were_added(tx)


def parked(tx: sa.Connection) -> list[ParkedJob]:
    """Every job that was given up, longest parked first."""
    return [ParkedJob(*columns, error=error or "") for *columns, error in many(tx, _PARKED)]


def cancel(tx: sa.Connection, key: str) -> bool:
    """Removes the live job with this key: what it was to do is done. False when there is none.

    Should a worker have it in hand, its attempt meets LostLease and rolls back.
    """
    return changed(tx, _CANCEL, {"p_key": key}) == 1


def release_all(tx: sa.Connection, now: datetime) -> int:
    """Takes back every lease: right only when no other worker can exist. How many there were."""
    return changed(tx, _RELEASE_ALL, {"p_now": now})


def release_own(tx: sa.Connection, owner: str, now: datetime) -> int:
    """Gives a stopping worker's leases back, so that nobody waits for them to run out. How many there were."""
    return changed(tx, _RELEASE_OWN, {"p_owner": owner, "p_now": now})


def waiting(tx: sa.Connection) -> list[LaneState]:
    """What waits or runs, by lane: the figure to watch. Lanes without jobs are left out."""
    return [LaneState(*row) for row in many(tx, _WAITING)]


def _mine(job: Job) -> dict[str, Any]:
    return {"p_id": job.id, "p_attempt": job.attempt}
