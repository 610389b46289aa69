"""Money that was taken once too often goes back.

The books know one capture of a payment at most. Should the provider take more (a charge it had refused succeeds later, when
the payment was made by another try or its subscription is over), the surplus is undone there, under a key of its own; that we
write no refund keeps our books equal to the bank's.
"""

import sqlalchemy as sa
import structlog

from portico.domain.scope import Environment
from portico.gateways.port import ChargeResult, RefundOrder, RefundState, Unanswered
from portico.services.runtime import Runtime
from portico.storage import outbox

log = structlog.get_logger("portico.payments")

JOB = "return_surplus"
KEY_SUFFIX = "-surplus"  # of the refund's key, after the attempt's


def return_later(tx: sa.Connection, runtime: Runtime, environment: Environment, payment_id: str, result: ChargeResult) -> None:
    """Has what this charge took given back, if the transaction commits."""
    log.error("surplus_capture", key=result.key, payment=payment_id, reference=result.reference)
    arguments = {
        "environment": environment,
        "key": result.key + KEY_SUFFIX,
        "charge_reference": result.reference,
        "amount_minor": result.amount_minor,
        "currency": result.currency,
    }
    outbox.add(tx, JOB, arguments, now=runtime.clock(), lane="pay", key=f"{JOB}:{result.key}")


def give_back(
    runtime: Runtime, *, environment: Environment, key: str, charge_reference: str, amount_minor: int, currency: str
) -> RefundState:
    """Asks the provider to give it back, or what became of that. Any number of calls give it back once.

    "pending" also when there was no answer.
    """
    gateway = runtime.gateways.get(environment)
    if gateway is None:
        return "pending"
    try:
        known = gateway.find_refund(key, charge_reference=charge_reference)
        order = RefundOrder(key, charge_reference, amount_minor, currency)
        return (known or gateway.refund(order)).status
    except Unanswered as silence:
        log.warning("refund_unanswered", key=key, said=str(silence))
        return "pending"
