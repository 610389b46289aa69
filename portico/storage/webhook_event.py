"""Webhooks that were taken in. The row is written with the effect, in one transaction: however often an event is delivered, it
has one. One about something that is not known here waits; see `waiting`."""

from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portico.domain.scope import Environment
from portico.storage.columns import word
from portico.storage.rows import changed, first, many
from portico.storage.tables import webhook_event as table

Outcome = Literal["applied", "waiting", "ignored"]

_NAMES = ("environment", "gateway", "event_id", "received_at", "subject", "outcome")


def _add_statement(insert: Any) -> Any:
    values = {name: sa.bindparam(f"p_{name}", type_=table.c[name].type) for name in _NAMES}
    return insert(table).values(values).on_conflict_do_nothing().returning(table.c.event_id)


_ADD = {"sqlite": _add_statement(sqlite.insert), "postgresql": _add_statement(postgresql.insert)}
_FROM_HERE = sa.and_(table.c.environment == sa.bindparam("p_environment"), table.c.gateway == sa.bindparam("p_gateway"))
_WAITING = (
    sa.select(table.c.event_id)
    .where(_FROM_HERE, table.c.subject == sa.bindparam("p_subject"), table.c.outcome == word("waiting"))
    .order_by(table.c.received_at, table.c.event_id)
)
_END_WAITING = (
    sa.update(table)
    .where(_FROM_HERE, table.c.event_id == sa.bindparam("p_event_id"), table.c.outcome == word("waiting"))
    .values(outcome=sa.bindparam("p_outcome"))
)


def add(tx: sa.Connection, environment: Environment, gateway: str, event_id: str, *, subject: str, outcome: Outcome, now: datetime) -> bool:
    """Notes an event. False, and nothing is written, when it was delivered before. `subject` is what it is about: our key, or the
    provider's id of a visit. A second delivery that comes meanwhile waits for this transaction to end."""
    values = (environment, gateway, event_id, now, subject, outcome)
    return first(tx, _ADD[tx.dialect.name], {f"p_{name}": value for name, value in zip(_NAMES, values, strict=True)}) is not None


def waiting(tx: sa.Connection, environment: Environment, gateway: str, subject: str) -> tuple[str, ...]:
    """The ids of the events about a subject that wait for it to be known here, oldest first."""
    return tuple(row[0] for row in many(tx, _WAITING, {"p_environment": environment, "p_gateway": gateway, "p_subject": subject}))


def end_waiting(tx: sa.Connection, environment: Environment, gateway: str, event_id: str, outcome: Literal["applied", "ignored"]) -> bool:
    """Notes what became of an event that waited. False: it did not, or not any more."""
    values = {"p_environment": environment, "p_gateway": gateway, "p_event_id": event_id, "p_outcome": outcome}
    return changed(tx, _END_WAITING, values) == 1
