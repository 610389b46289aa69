"""What is no longer of use to anybody is deleted, in slices, so that no transaction holds the database for long."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from portico.storage.rows import changed
from portico.storage.tables import pack, pack_part, rate_limit, session, sign_in_request, webhook_event

SLICE = 1000
PARTS_SLICE = 20  # pieces of packs are large
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
_expired = pack.c.expires_at < sa.bindparam("p_before", type_=pack.c.expires_at.type)
_KEY_OF_PART = (pack_part.c.pack_id, pack_part.c.sequence)
_PARTS = sa.delete(pack_part).where(
    sa.tuple_(*_KEY_OF_PART).in_(
        sa.select(*_KEY_OF_PART).select_from(pack_part.join(pack, pack.c.id == pack_part.c.pack_id)).where(_expired).limit(PARTS_SLICE)
    )
)
_PACKS = _slice_of(pack, pack.c.expires_at, ~sa.exists().where(pack_part.c.pack_id == pack.c.id))


def purge(tx: sa.Connection, before: datetime) -> int:
    """Deletes a slice of the sessions, sign-in requests, counts and packs of documents that were over before a moment, and of webhooks
    noted four weeks before that which do not wait for anything; how many rows went.

    Call it, each time in a transaction of its own, until it tells 0.
    """
    over = sum(changed(tx, statement, {"p_before": before}) for statement in (_SESSIONS, _SIGN_IN_REQUESTS, _RATE_LIMITS, _PARTS, _PACKS))
    return over + changed(tx, _WEBHOOK_EVENTS, {"p_before": before - _EVENTS_ARE_KEPT})
