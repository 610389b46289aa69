"""What was asked under an idempotency key, and what was answered: so that asking again changes nothing and is answered alike.

A key is claimed in a transaction of its own before the work, and its answer is kept after it. Who claimed it is known by when: if its
process died, another takes the key over, and the first one's late answer is not kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portico.domain.scope import StoreScope
from portico.storage.rows import changed, first
from portico.storage.scoped import in_store, store_values
from portico.storage.tables import idempotency_key as table

Surface = Literal["native", "waffo"]
Outcome = Literal["new", "taken_over", "replay", "in_flight", "reused"]
GIVEN_UP_AFTER = timedelta(seconds=120)  # no request takes that long; its process has died


@dataclass(frozen=True, slots=True)
class Claim:
    """A key, where it was used, and by whose credential (empty: all keys of the store share it), claimed at a moment."""

    surface: Surface
    key: str
    claimed_at: datetime
    credential: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer, as it is given again."""

    status: int
    headers: dict[str, str]
    body: bytes


class Begun(NamedTuple):
    """How claiming went: "new" and "taken_over" mean to do the work, "replay" comes with the answer, "in_flight" is somebody else's
    work right now, and "reused" was another request."""

    outcome: Outcome
    stored: Stored | None = None


_moment = table.c.started_at.type
_ITSELF = sa.and_(
    in_store(table),
    *(table.c[name] == sa.bindparam(f"p_{name}") for name in ("surface", "credential", "key")),
)
_FIND = sa.select(
    table.c.request_hash, table.c.status, table.c.headers, table.c.body, table.c.started_at, table.c.finished_at
).where(_ITSELF)  # fmt: skip
_IS_OURS = sa.and_(_ITSELF, table.c.finished_at.is_(None), table.c.started_at == sa.bindparam("p_claimed_at", type_=_moment))
_TAKE_OVER = (
    sa.update(table)
    .where(_ITSELF, table.c.finished_at.is_(None), table.c.started_at < sa.bindparam("p_given_up", type_=_moment))
    .values(started_at=sa.bindparam("p_claimed_at", type_=_moment))
)
_FINISH = (
    sa.update(table)
    .where(_IS_OURS)
    .values(
        status=sa.bindparam("p_status"),
        headers=sa.bindparam("p_headers", type_=table.c.headers.type),
        body=sa.bindparam("p_body"),
        finished_at=sa.bindparam("p_now", type_=_moment),
    )
)
_FREE = sa.delete(table).where(_IS_OURS)
_FORGET = sa.delete(table).where(_ITSELF, table.c.finished_at < sa.bindparam("p_before", type_=_moment))


def _claim_statement(insert: Any) -> Any:
    return insert(table).on_conflict_do_nothing().returning(table.c.key)


_CLAIM = {"sqlite": _claim_statement(sqlite.insert), "postgresql": _claim_statement(postgresql.insert)}


def begin(tx: sa.Connection, scope: StoreScope, claim: Claim, *, request_hash: bytes, keeps_for_ever: bool) -> Begun:
    """Claims a key, or says who has. `request_hash` is the SHA-256 of all that makes the request this one; with `keeps_for_ever` the
    answer is never forgotten. Of any number at once exactly one does the work."""
    row = {
        "store_id": scope.store_id, "environment": scope.environment, "surface": claim.surface, "credential": claim.credential,
        "key": claim.key, "request_hash": request_hash, "keeps_for_ever": keeps_for_ever, "started_at": claim.claimed_at,
    }  # fmt: skip
    if tx.execute(_CLAIM[tx.dialect.name], row).first() is not None:
        return Begun("new")
    found = first(tx, _FIND, _values(scope, claim))
    if found is None:
        return Begun("in_flight")  # it was freed this very moment: the client may try again
    if bytes(found.request_hash) != request_hash:
        return Begun("reused")
    if found.finished_at is not None:
        return Begun("replay", Stored(found.status, found.headers or {}, bytes(found.body)))
    given_up = claim.claimed_at - GIVEN_UP_AFTER
    taken = changed(tx, _TAKE_OVER, {**_values(scope, claim), "p_given_up": given_up}) == 1
    return Begun("taken_over" if taken else "in_flight")


def finish(
    tx: sa.Connection, scope: StoreScope, claim: Claim, *, status: int, headers: Mapping[str, str], body: bytes, now: datetime
) -> bool:
    """Keeps the answer. False, and nothing is written, when somebody took the key over meanwhile."""
    answer = {"p_status": status, "p_headers": dict(headers), "p_body": body, "p_now": now}
    return changed(tx, _FINISH, {**_values(scope, claim), **answer}) == 1


def free(tx: sa.Connection, scope: StoreScope, claim: Claim) -> bool:
    """Gives the key back without an answer: the request may be made again. False when it is not ours any more."""
    return changed(tx, _FREE, _values(scope, claim)) == 1


def forget(tx: sa.Connection, scope: StoreScope, claim: Claim, *, before: datetime) -> bool:
    """Drops the answer under a key that was given before a moment, where keys are good for a time alone; whether there was one."""
    return changed(tx, _FORGET, {**_values(scope, claim), "p_before": before}) == 1


def _values(scope: StoreScope, claim: Claim) -> dict[str, Any]:
    named = {"p_surface": claim.surface, "p_credential": claim.credential, "p_key": claim.key}
    return {**store_values(scope), **named, "p_claimed_at": claim.claimed_at}
