"""A buyer's bank wants a payment back. Portico notices, tells the store, and offers no refund of it: the money would go back twice.

What is answered to the bank, and whether the money stays, is settled at the payment provider. No document follows from it: the sale is
as it was.
"""

import sqlalchemy as sa
import structlog

from portico.gateways.port import DisputeResult
from portico.services import event, store_time
from portico.services.runtime import Runtime
from portico.storage import dispute as disputes
from portico.storage import payment as payments
from portico.storage.dispute import NewDispute
from portico.storage.payment import KeyedAttempt

log = structlog.get_logger("portico.payments")

_LONGEST_REASON = 60


def told(tx: sa.Connection, runtime: Runtime, asked: KeyedAttempt, result: DisputeResult) -> None:
    """Writes that a payment is disputed, or how that ended, and tells of it: each once, in whatever order the news come."""
    scope, paid = asked.scope, asked.payment
    payments.lock(tx, scope, paid.id)
    now = store_time.now(runtime, asked.store, scope.environment)
    new = NewDispute(
        runtime.new_id("DSP"), paid.id, result.reference, result.amount_minor, result.currency, result.reason[:_LONGEST_REASON], now
    )
    about = {"order_id": paid.order_id, "subscription_id": paid.subscription_id, "reference": result.reference, "reason": new.reason}
    amount = event.money(result.amount_minor, result.currency)
    if disputes.begin(tx, scope, new):
        log.error("payment_disputed", payment=paid.id, reference=result.reference, reason=new.reason)
        event.record(tx, runtime, scope, "payment.disputed", paid.id, at=now, **about, **amount)
    if result.status == "open":
        return
    if disputes.end(tx, scope, paid.id, reference=result.reference, status=result.status, now=now) is not None:
        log.warning("payment_dispute_closed", payment=paid.id, reference=result.reference, outcome=result.status)
        event.record(tx, runtime, scope, "payment.dispute_closed", paid.id, at=now, **about, outcome=result.status, **amount)
