"""What a payment provider says of one refund: it is asked to give the money back, or what became of that.

One that somebody made at the provider itself is never asked for, only looked for. Before tax goes back the provider is asked whether
such a one is there of which we do not know yet: then the tax would be reckoned of more than is left, and it is not given.
"""

from collections.abc import Sequence
from dataclasses import replace

import structlog

from portico.domain.errors import NotFound
from portico.gateways.port import PaymentGateway, RefundOrder, RefundResult, Unanswered
from portico.services import marks, surplus
from portico.services.runtime import Runtime
from portico.storage import refund as refunds
from portico.storage.refund import KeyedRefund

log = structlog.get_logger("portico.refunds")


def ask(runtime: Runtime, asked: KeyedRefund, *, first: bool) -> RefundResult:
    """The provider's answer. Raises Unanswered when there is none, or one about another refund than we asked for.

    `first`: nobody can have asked before.
    """
    gateway = runtime.gateways.get(asked.scope.environment)
    if gateway is None or asked.charge_reference is None:
        raise Unanswered(f"there is nobody to ask for {asked.key}")
    marks.here("asking_refund")
    if asked.refund.at_provider:
        result = _made_there(gateway, asked, asked.charge_reference)
    else:
        result = None if first else gateway.find_refund(asked.key, charge_reference=asked.charge_reference)
        result = result or _give_back(runtime, gateway, asked, asked.charge_reference, first=first)
    if not fits(asked, result):
        raise Unanswered("the answer is about another amount")
    return result


def fits(asked: KeyedRefund, result: RefundResult) -> bool:
    """Whether a result is about the very refund that was asked for. Else somebody must look, and nothing is settled."""
    expected = (asked.key, asked.refund.amount_minor, asked.payment.currency)
    told = (result.key, result.amount_minor, result.currency)
    if told != expected:
        log.error("refund_differs", expected=expected, told=told, reference=result.reference)
    return told == expected


def _give_back(runtime: Runtime, gateway: PaymentGateway, asked: KeyedRefund, charge_reference: str, *, first: bool) -> RefundResult:
    order = RefundOrder(asked.key, charge_reference, asked.refund.amount_minor, asked.payment.currency)
    # Once it has been asked for it may be on its way, and asking for it once more is the only way to know.
    if first and asked.refund.purpose == "tax" and _is_overtaken(runtime, gateway.refunds_of(charge_reference)):
        log.warning("refund_of_tax_overtaken", key=asked.key)
        return RefundResult(order.key, "failed", "", order.amount_minor, order.currency)
    return gateway.refund(order)


def is_asked_for(runtime: Runtime, result: RefundResult) -> bool:
    """Whether the books know that it was asked for here, or it undoes a charge that they never held. They do not know what was asked
    for since the backup that they come from: that is like one that somebody made at the provider."""
    return bool(result.key) and (result.key.endswith(surplus.KEY_SUFFIX) or _is_known(runtime, result.key))


def _is_overtaken(runtime: Runtime, made: Sequence[RefundResult]) -> bool:
    """Whether somebody gave back money of the charge at the provider that is not in our books yet."""
    return any(
        result.status != "failed" and not is_asked_for(runtime, result) and not _is_known(runtime, result.reference) for result in made
    )


def _is_known(runtime: Runtime, key: str) -> bool:
    try:
        with runtime.database.read() as connection:
            refunds.by_key(connection, key)
    except NotFound:
        return False
    return True


def _made_there(gateway: PaymentGateway, asked: KeyedRefund, charge_reference: str) -> RefundResult:
    found = next((one for one in gateway.refunds_of(charge_reference) if one.reference == asked.key), None)
    if found is None:
        raise Unanswered(f"{asked.key} is not among the refunds of {charge_reference}")
    return replace(found, key=asked.key)
