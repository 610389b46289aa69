"""What a bound on a buyer's tries is held against."""

from datetime import datetime

import sqlalchemy as sa

from portico.domain.scope import BuyerScope
from portico.storage.rows import scalar
from portico.storage.scoped import also_of_buyer, buyer_values
from portico.storage.tables import payment, payment_attempt

_TRIED_SINCE = (
    sa.select(sa.func.count())
    .select_from(payment.join(payment_attempt, payment_attempt.c.payment_id == payment.c.id))
    .where(
        payment.c.subscription_id == sa.bindparam("p_subscription_id"),
        also_of_buyer(payment),
        payment_attempt.c.attempted_at > sa.bindparam("p_since"),
    )
)


def tried_since(tx: sa.Connection, scope: BuyerScope, subscription_id: str, since: datetime) -> int:
    """How many attempts at payments of a subscription were made after a moment, however they ended."""
    return int(scalar(tx, _TRIED_SINCE, {**buyer_values(scope), "p_subscription_id": subscription_id, "p_since": since}))
