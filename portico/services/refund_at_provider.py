"""Money that somebody gave back at the payment provider itself, by a button in its dashboard: it becomes a refund here, once.

A webhook only says that there is something to look for. A job then asks the provider which refunds the charge has, and takes in those
that nobody asked for here; each has the provider's id as its key, so that it is known the next time. It counts, is mailed and gets its
credit note as any other. Where something under way here may yet change what is left of the payment, or its tax, it waits for the end of
that.
"""

from dataclasses import replace
from typing import Literal

import sqlalchemy as sa
import structlog

from portico.domain.correction import is_giving_tax_back
from portico.domain.errors import NotFound, Refused
from portico.gateways.port import RefundResult
from portico.services import charging, refund, refund_asking, store_time
from portico.services.runtime import Runtime
from portico.storage import audit, outbox
from portico.storage import payment as payments
from portico.storage import refund as refunds
from portico.storage.payment import KeyedAttempt
from portico.storage.refund import KeyedRefund

log = structlog.get_logger("portico.refunds")

JOB = "refunds_of_charge"
Looked = Literal["done", "waits", "refused"]  # refused: it cannot be, and a person must look
_ACTOR = "provider"


def look_later(tx: sa.Connection, runtime: Runtime, charge_key: str) -> None:
    """The provider is asked if the transaction commits. Each time anew: whoever asks at this moment may have asked too early."""
    outbox.add(tx, JOB, {"key": charge_key}, now=runtime.clock(), lane="pay")


def look(runtime: Runtime, charge_key: str) -> Looked:
    """Takes in every refund of the charge with this key (an attempt's) that is not known here. Any number of calls take it in once.

    "waits": one of them, or the charge itself, has to wait for what is under way. Raises NotFound and gateways.port.Unanswered.
    """
    asked = _charged(runtime, charge_key)
    gateway = runtime.gateways.get(asked.scope.environment)
    if gateway is None or asked.attempt.status in ("pending", "unknown"):
        return "waits"
    if asked.attempt.status != "succeeded" or asked.attempt.reference is None:
        log.warning("refund_of_uncounted_charge", key=charge_key)  # a surplus, which goes back by itself
        return "done"
    made = [result for result in gateway.refunds_of(asked.attempt.reference) if not refund_asking.is_asked_for(runtime, result)]
    outcomes = {_take_in(runtime, asked, result) for result in made}
    return "refused" if "refused" in outcomes else "waits" if "waits" in outcomes else "done"


def look_at_payment(runtime: Runtime, payment_id: str) -> Looked:
    """`look` at the charge that paid for a payment of any store: for operators. Raises NotFound where Portico charged nothing, too, and
    Refused("no_gateway")."""
    with runtime.database.read() as connection:
        charge_key = refunds.charge_key_any(connection, payment_id)
        environment = payments.attempt_by_key(connection, charge_key).scope.environment
    if environment not in runtime.gateways:
        raise Refused("no_gateway")
    return look(runtime, charge_key)


def _charged(runtime: Runtime, charge_key: str) -> KeyedAttempt:
    """The attempt. What is given back was taken before: where that is not known here, the provider is asked."""
    for is_second in (False, True):
        with runtime.database.read() as connection:
            asked = payments.attempt_by_key(connection, charge_key)
        if is_second or asked.attempt.status == "succeeded":
            break
        charging.reconsider(runtime, charge_key)
    return asked


def _take_in(runtime: Runtime, asked: KeyedAttempt, result: RefundResult) -> Looked:
    with runtime.database.transaction() as tx:
        payments.lock(tx, asked.scope, asked.payment.id)
        known = _known(tx, result.reference) or _start(tx, runtime, asked, result)
        if not isinstance(known, KeyedRefund):
            return known
        told = replace(result, key=known.key)
        if not refund_asking.fits(known, told):
            return "refused"
        refund.settle(tx, runtime, known, told)
    return "done"


def _start(tx: sa.Connection, runtime: Runtime, asked: KeyedAttempt, result: RefundResult) -> KeyedRefund | Looked:
    """The row of a refund that is not known here, the payment being locked; or what becomes of it instead."""
    scope, paid = asked.scope, payments.get(tx, asked.scope, asked.payment.id)
    if result.status == "failed":
        return "done"
    if result.currency != paid.currency:
        log.error("refund_differs", payment=paid.id, reference=result.reference, told=result.currency, expected=paid.currency)
        return "refused"
    if is_giving_tax_back(paid):
        return "waits"
    refund_id, now = runtime.new_id("REF"), store_time.now(runtime, asked.store, scope.environment)
    if not refunds.start(
        tx, scope, refund_id, payment_id=paid.id, amount_minor=result.amount_minor, reason="", key=result.reference, now=now,
        at_provider=True,
    ):  # fmt: skip
        if any(other.status == "pending" for other in paid.refunds):
            return "waits"  # the provider will not do both
        log.error("refund_exceeds", payment=paid.id, reference=result.reference, amount_minor=result.amount_minor)
        return "refused"
    if result.status == "pending":
        refund.add_job(tx, runtime, result.reference)
    audit.record(tx, scope, actor=_ACTOR, action="refund.noticed", subject=refund_id, now=runtime.clock())
    return refunds.by_key(tx, result.reference)


def _known(tx: sa.Connection, key: str) -> KeyedRefund | None:
    try:
        return refunds.by_key(tx, key)
    except NotFound:
        return None
