"""What the bounds on a subscription's charges are held against."""

from datetime import datetime

import sqlalchemy as sa

from portico.domain.scope import BuyerScope
from portico.storage.rows import first
from portico.storage.scoped import also_of_buyer, buyer_values
from portico.storage.tables import document, payment, payment_attempt, subscription

_SUBSCRIPTION_ID: sa.BindParameter[str] = sa.bindparam("p_subscription_id")
_since = sa.bindparam("p_since", type_=payment.c.succeeded_at.type)
_CHARGES = sa.select(sa.func.count()).where(
    payment.c.subscription_id == _SUBSCRIPTION_ID, also_of_buyer(payment), payment.c.succeeded_at > _since
)
_DOCUMENTS = (
    sa.select(sa.func.count())
    .select_from(document.join(subscription, subscription.c.order_id == document.c.order_id))
    .where(
        subscription.c.id == _SUBSCRIPTION_ID,
        also_of_buyer(subscription),
        document.c.issued_at > _since,
        sa.or_(document.c.corrects_id.is_(None), document.c.refund_id.is_not(None)),
    )
)
_TRIES = (
    sa.select(sa.func.count())
    .select_from(payment.join(payment_attempt, payment_attempt.c.payment_id == payment.c.id))
    .where(payment.c.subscription_id == _SUBSCRIPTION_ID, also_of_buyer(payment), payment_attempt.c.attempted_at > _since)
)
_COUNT_SINCE = sa.select(*(counted.scalar_subquery() for counted in (_CHARGES, _DOCUMENTS, _TRIES)))


def count_since(tx: sa.Connection, scope: BuyerScope, subscription_id: str, since: datetime) -> tuple[int, int, int]:
    """What became of a subscription after a moment, in one statement: how many of its payments succeeded, how many documents were
    issued for money that moved, and how often a payment was tried, however that ended. Corrections, of which the buyer may ask as he
    likes, must not keep a renewal waiting."""
    charges, documents, tries = first(tx, _COUNT_SINCE, {**buyer_values(scope), "p_subscription_id": subscription_id, "p_since": since})
    return charges, documents, tries
