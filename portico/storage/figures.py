"""Figures to watch: each one indexed look at what should be empty, or young."""

from collections import Counter
from datetime import datetime

import sqlalchemy as sa

from portico.domain.scope import ENVIRONMENTS, Environment
from portico.storage.columns import word
from portico.storage.rows import many, scalar
from portico.storage.tables import payment, payment_attempt, subscription

MOST = 10_000  # is counted

# Listed, not counted: the order is what makes SQLite look into the small index of open attempts.
_OPEN = (
    sa.select(payment.c.environment, payment_attempt.c.status)
    .select_from(payment_attempt.join(payment, payment.c.id == payment_attempt.c.payment_id))
    .where(payment_attempt.c.status.in_((word("pending"), word("unknown"))), payment_attempt.c.key.is_not(None))
    .order_by(payment_attempt.c.attempted_at)
    .limit(MOST)
)
_HELD = sa.select(sa.func.count()).where(subscription.c.held_at.is_not(None))
_LONGEST_DUE = sa.select(subscription.c.due_at).where(subscription.c.due_at.is_not(None)).order_by(subscription.c.due_at).limit(1)


def charges_unknown(tx: sa.Connection) -> dict[Environment, int]:
    """How many charges there are, by environment, of which the payment provider has not told whether the money was taken."""
    counted = Counter(environment for environment, status in many(tx, _OPEN) if status == "unknown")
    return {environment: counted[environment] for environment in ENVIRONMENTS}


def subscriptions_held(tx: sa.Connection) -> int:
    """How many subscriptions could not be worked on and wait for a person."""
    return scalar(tx, _HELD, {})


def longest_due(tx: sa.Connection) -> datetime | None:
    """Since when the longest-due subscription has been due (or when the next will be); None when none ever will."""
    return scalar(tx, _LONGEST_DUE, {})
