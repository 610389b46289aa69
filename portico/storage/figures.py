"""Figures to watch: each one indexed look at what should be empty, or young."""

from datetime import datetime

import sqlalchemy as sa

from portico.domain.scope import ENVIRONMENTS, Environment
from portico.storage.columns import word
from portico.storage.rows import many, scalar
from portico.storage.tables import payment, payment_attempt, subscription

_UNKNOWN = (
    sa.select(payment.c.environment, sa.func.count())
    .select_from(payment_attempt.join(payment, payment.c.id == payment_attempt.c.payment_id))
    .where(
        payment_attempt.c.status.in_((word("pending"), word("unknown"))),  # as the index of open attempts says it
        payment_attempt.c.key.is_not(None),
        payment_attempt.c.status == word("unknown"),
    )
    .group_by(payment.c.environment)
)
_HELD = sa.select(sa.func.count()).where(subscription.c.held_at.is_not(None))
_LONGEST_DUE = sa.select(subscription.c.due_at).where(subscription.c.due_at.is_not(None)).order_by(subscription.c.due_at).limit(1)


def charges_unknown(tx: sa.Connection) -> dict[Environment, int]:
    """How many charges there are, by environment, of which the payment provider has not told whether the money was taken."""
    counted = {row[0]: row[1] for row in many(tx, _UNKNOWN)}
    return {environment: counted.get(environment, 0) for environment in ENVIRONMENTS}


def subscriptions_held(tx: sa.Connection) -> int:
    """How many subscriptions could not be worked on and wait for a person."""
    return scalar(tx, _HELD, {})


def longest_due(tx: sa.Connection) -> datetime | None:
    """Since when the longest-due subscription has been due (or when the next will be); None when none ever will."""
    return scalar(tx, _LONGEST_DUE, {})
