"""Receivers that have been away for a while: for whoever runs the installation, and watches it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from portico.storage.columns import Instant, word
from portico.storage.rows import many
from portico.storage.tables import webhook_delivery
from portico.storage.tables import webhook_endpoint as endpoint_table

_ATTEMPTS = 4  # made within the first 36 minutes
_GIVEN_UP_WITHIN = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Failing:
    """An endpoint that has not taken something it was sent for a while: since when, how many deliveries wait or were given up."""

    endpoint_id: str
    store_id: str
    since: datetime
    deliveries: int


_PENDING = webhook_delivery.c.status == word("pending")
# Tried again and again, or given up not long ago, and nothing taken since.
_later = webhook_delivery.alias("later")
_UNTAKEN = sa.and_(
    webhook_delivery.c.status != word("succeeded"),
    sa.or_(
        sa.and_(_PENDING, webhook_delivery.c.attempts >= sa.bindparam("p_attempts")),
        webhook_delivery.c.finished_at >= sa.bindparam("p_since", type_=Instant()),
    ),
)
_FAILING = (
    sa.select(endpoint_table.c.id, endpoint_table.c.store_id, sa.func.min(webhook_delivery.c.created_at, type_=Instant()), sa.func.count())
    .select_from(endpoint_table.join(webhook_delivery, webhook_delivery.c.endpoint_id == endpoint_table.c.id))
    .where(
        endpoint_table.c.status == word("enabled"),
        _UNTAKEN,
        ~sa.exists().where(
            _later.c.endpoint_id == endpoint_table.c.id,
            _later.c.status == word("succeeded"),
            _later.c.created_at > webhook_delivery.c.created_at,
        ),
    )
    .group_by(endpoint_table.c.id, endpoint_table.c.store_id)
    .order_by(endpoint_table.c.id)
)


def endpoints(tx: sa.Connection, now: datetime) -> tuple[Failing, ...]:
    """The enabled endpoints, of all stores, that have not taken something for half an hour, or for which something was given up within
    three days, and that have taken nothing newer."""
    return tuple(Failing(*row) for row in many(tx, _FAILING, {"p_attempts": _ATTEMPTS, "p_since": now - _GIVEN_UP_WITHIN}))
