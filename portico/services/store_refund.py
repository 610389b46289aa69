"""Money back that nobody asked for: the store gives back part or all of a payment of its own accord.

The same bounds hold as for what a buyer asked for, and he gets the same credit note. While a request of his waits for an answer that is
the way to give money back: else one and the same wish could be granted twice.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from portico.domain import refund as rules
from portico.domain.errors import NotFound, Refused
from portico.domain.payment import Payment, refundable_minor
from portico.domain.scope import BuyerScope
from portico.services import refund, store_time
from portico.services.runtime import Runtime
from portico.services.secrets import keyed
from portico.storage import audit
from portico.storage import payment as payments
from portico.storage import refund as refunds
from portico.storage import refund_ticket as tickets
from portico.storage import store as stores
from portico.storage.refund import KeyedRefund

_KEY_CHARS = 40  # of a hash: 160 bits, within the 60 characters that a key may have


@dataclass(frozen=True, slots=True)
class GivenBack:
    """What would go back of a payment, and what would be left of it then. Minor units of `currency`."""

    currency: str
    amount_minor: int
    left_minor: int


def look(runtime: Runtime, scope: BuyerScope, payment_id: str, amount_minor: int | None, reason: str) -> GivenBack:
    """What `create` would do. Changes nothing, and raises like it."""
    with runtime.database.read() as connection:
        paid = payments.get(connection, scope, payment_id)
        _hold_refundable(connection, runtime, scope, paid)
    given_back_minor, _ = _checked(paid, amount_minor, reason)
    return GivenBack(paid.currency, given_back_minor, refundable_minor(paid) - given_back_minor)


def create(
    runtime: Runtime, scope: BuyerScope, payment_id: str, amount_minor: int | None, reason: str = "", *, key: str, actor: str
) -> str:
    """Gives back an amount of a payment, in its currency, or with None all that is left of it. It is on its way when this returns: the
    refund's id.

    `key` is the caller's word for this one wish: asked again with it, also years later, nothing more is given back. `reason` is for the
    books, and may be empty. Raises NotFound, Invalid ("amount", "reason"), and Refused with the code of the reason why it is not
    possible: "idempotency_key_reused" when the key gave something else back.
    """
    own_key = f"refund-{keyed(runtime.secret, 'refund key', scope.store_id, scope.environment, key).hex()[:_KEY_CHARS]}"
    with runtime.database.transaction() as tx:
        payments.lock(tx, scope, payment_id)
        before = _known(tx, own_key)
        if before is not None:
            return _same(before, scope, payment_id, amount_minor)
        paid = payments.get(tx, scope, payment_id)
        _hold_refundable(tx, runtime, scope, paid)
        given_back_minor, text = _checked(paid, amount_minor, reason)
        refund_id, now = runtime.new_id("REF"), store_time.now(runtime, stores.get(tx, scope.store_id), scope.environment)
        if not refunds.start(tx, scope, refund_id, payment_id=payment_id, amount_minor=given_back_minor, reason=text, key=own_key, now=now):
            raise Refused("refund_amount", "less than that is left of the payment")
        refund.add_job(tx, runtime, own_key, first=True)
        audit.record(tx, scope, actor=actor, action="refund.made", subject=refund_id, now=runtime.clock())
    return refund_id


def _known(tx: sa.Connection, key: str) -> KeyedRefund | None:
    try:
        return refunds.by_key(tx, key)
    except NotFound:
        return None


def _same(before: KeyedRefund, scope: BuyerScope, payment_id: str, amount_minor: int | None) -> str:
    asked = (scope, payment_id, before.refund.amount_minor if amount_minor is None else amount_minor)
    if asked != (before.scope, before.payment.id, before.refund.amount_minor):
        raise Refused("idempotency_key_reused", f"the key gave back {before.refund.id}")
    return before.refund.id


def _hold_refundable(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, paid: Payment) -> None:
    if scope.environment not in runtime.gateways:
        raise Refused("no_gateway")
    waiting = [ticket for ticket in tickets.of_payment(tx, scope, paid.id) if ticket.status == "pending"]
    refusal = rules.refund_why_not(paid, waiting, runtime.clock(), days=None)
    if refusal is not None:
        raise Refused(refusal)


def _checked(paid: Payment, amount_minor: int | None, reason: str) -> tuple[int, str]:
    """The amount, and the reason as it is kept. Raises Invalid."""
    given_back_minor = refundable_minor(paid) if amount_minor is None else amount_minor
    return given_back_minor, rules.check(paid, given_back_minor, reason, needs_reason=False)
