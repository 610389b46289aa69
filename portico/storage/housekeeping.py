"""What is no longer of use to anybody is deleted, in slices, so that no transaction holds the database for long."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from portico.storage.rows import changed
from portico.storage.tables import rate_limit, session, sign_in_request, webhook_event

SLICE = 1000
# Providers deliver again for some days. A later delivery would find everything settled, and do nothing either.
_EVENTS_ARE_KEPT = timedelta(days=28)


def _slice_of(table: sa.Table, moment: sa.Column[Any], *conditions: sa.ColumnElement[bool]) -> sa.Delete:
    key = list(table.primary_key)
    old = sa.select(*key).where(moment < sa.bindparam("p_before"), *conditions).limit(SLICE)
    return sa.delete(table).where(sa.tuple_(*key).in_(old))


_SESSIONS = _slice_of(session, session.c.expires_at)
_SIGN_IN_REQUESTS = _slice_of(sign_in_request, sign_in_request.c.requested_at)
_RATE_LIMITS = _slice_of(rate_limit, rate_limit.c.window_start)
_WEBHOOK_EVENTS = _slice_of(webhook_event, webhook_event.c.received_at, webhook_event.c.outcome != "waiting")


def purge(tx: sa.Connection, before: datetime) -> int:
    """Deletes a slice of the sessions, sign-in requests and counts that were over before a moment, and of webhooks noted four weeks
    before that which do not wait for anything; how many rows went.

    Call it, each time in a transaction of its own, until it tells 0.
    """
    over = sum(changed(tx, statement, {"p_before": before}) for statement in (_SESSIONS, _SIGN_IN_REQUESTS, _RATE_LIMITS))
    return over + changed(tx, _WEBHOOK_EVENTS, {"p_before": before - _EVENTS_ARE_KEPT})
