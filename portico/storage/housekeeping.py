"""What is no longer of use to anybody is deleted, in slices, so that no transaction holds the database for long."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portico.storage.rows import changed
from portico.storage.tables import rate_limit, session, sign_in_request

SLICE = 1000


def _slice_of(table: sa.Table, moment: sa.Column[Any]) -> sa.Delete:
    key = list(table.primary_key)
    old = sa.select(*key).where(moment < sa.bindparam("p_before")).limit(SLICE)
    return sa.delete(table).where(sa.tuple_(*key).in_(old))


_SESSIONS = _slice_of(session, session.c.expires_at)
_SIGN_IN_REQUESTS = _slice_of(sign_in_request, sign_in_request.c.requested_at)
_RATE_LIMITS = _slice_of(rate_limit, rate_limit.c.window_start)


def purge(tx: sa.Connection, before: datetime) -> int:
    """Deletes a slice of the sessions, sign-in requests and counts that were over before a moment; how many rows went.

    Call it, each time in a transaction of its own, until it tells 0.
    """
    return sum(changed(tx, statement, {"p_before": before}) for statement in (_SESSIONS, _SIGN_IN_REQUESTS, _RATE_LIMITS))
