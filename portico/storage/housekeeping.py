"""What is no longer of use to anybody is deleted, in slices, so that no transaction holds the database for long."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from portico.storage.columns import Instant, word
from portico.storage.rows import changed
from portico.storage.tables import (
    card_setup,
    checkout_session,
    event,
    idempotency_key,
    pack,
    pack_part,
    portal_session,
    rate_limit,
    session,
    sign_in_request,
    webhook_attempt,
    webhook_delivery,
    webhook_event,
)

SLICE = 1000
PARTS_SLICE = 20  # pieces of packs are large
_NO_LONGER = timedelta(0)
_A_MONTH = timedelta(days=28)  # two days less than thirty: what is purged was over for two days before that
_A_QUARTER = timedelta(days=88)
_BEFORE = sa.bindparam("p_before", type_=Instant())


def _slice_of(table: sa.Table, moment: sa.Column[Any], *conditions: sa.ColumnElement[bool]) -> sa.Delete:
    key = list(table.primary_key)
    old = sa.select(*key).where(moment < _BEFORE, *conditions).limit(SLICE)
    return sa.delete(table).where(sa.tuple_(*key).in_(old))


def _pieces_of(child: sa.Table, parent: sa.Table, reference: sa.Column[Any], *over: sa.ColumnElement[bool], limit: int) -> sa.Delete:
    """A slice of what hangs on rows that are over, which goes before them."""
    key = list(child.primary_key)
    old = sa.select(*key).select_from(child.join(parent, parent.c.id == reference)).where(*over).limit(limit)
    return sa.delete(child).where(sa.tuple_(*key).in_(old))


_ATTEMPTS_OF = webhook_attempt.c.delivery_id
_DELIVERED = webhook_delivery.c.status != word("pending")
_CHECKOUT_LEFT_NOTHING = (
    checkout_session.c.status == word("expired"),
    checkout_session.c.order_id.is_(None),
    ~sa.exists().where(card_setup.c.checkout_id == checkout_session.c.id),
)

# What is deleted, how long after it was over, and in this order.
_STATEMENTS: tuple[tuple[sa.Delete, timedelta], ...] = (
    (_slice_of(session, session.c.expires_at), _NO_LONGER),
    (_slice_of(sign_in_request, sign_in_request.c.requested_at), _NO_LONGER),
    (_slice_of(rate_limit, rate_limit.c.window_start), _NO_LONGER),
    (_slice_of(portal_session, portal_session.c.expires_at), _NO_LONGER),
    (_pieces_of(pack_part, pack, pack_part.c.pack_id, pack.c.expires_at < _BEFORE, limit=PARTS_SLICE), _NO_LONGER),
    (_slice_of(pack, pack.c.expires_at, ~sa.exists().where(pack_part.c.pack_id == pack.c.id)), _NO_LONGER),
    # Providers deliver again for some days. A later delivery would find everything settled, and do nothing either.
    (_slice_of(webhook_event, webhook_event.c.received_at, webhook_event.c.outcome != "waiting"), _A_MONTH),
    # Answers are given again for thirty days. A request that never ended would be taken over, and is as well made anew.
    (_slice_of(idempotency_key, idempotency_key.c.finished_at, ~idempotency_key.c.keeps_for_ever), _A_MONTH),
    (_slice_of(idempotency_key, idempotency_key.c.started_at, idempotency_key.c.finished_at.is_(None)), _NO_LONGER),
    (_slice_of(checkout_session, checkout_session.c.expires_at, *_CHECKOUT_LEFT_NOTHING), _A_MONTH),
    (
        _pieces_of(webhook_attempt, webhook_delivery, _ATTEMPTS_OF, webhook_delivery.c.created_at < _BEFORE, _DELIVERED, limit=SLICE),
        _A_QUARTER,
    ),
    (
        _slice_of(
            webhook_delivery,
            webhook_delivery.c.created_at,
            _DELIVERED,
            ~sa.exists().where(webhook_attempt.c.delivery_id == webhook_delivery.c.id),
        ),
        _A_QUARTER,
    ),
    (
        _slice_of(
            event,
            event.c.created_at,
            event.c.dispatched_at.is_not(None),
            ~sa.exists().where(webhook_delivery.c.event_id == event.c.id),
        ),
        _A_QUARTER,
    ),
)


def purge(tx: sa.Connection, before: datetime) -> int:
    """Deletes a slice of what was over before a moment: sessions, sign-in requests, counts, links into the portal, packs of documents and
    requests that never ended. Of webhooks that were taken in, of kept answers and of checkouts that led to nothing what was over four
    weeks earlier, of events and their deliveries three months; how many rows went.

    Call it, each time in a transaction of its own, until it tells 0.
    """
    return sum(changed(tx, statement, {"p_before": before - kept}) for statement, kept in _STATEMENTS)
