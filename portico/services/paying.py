"""Pay what is owed, and look how a payment stands.

A payment that failed is tried again with the card on file while the buyer is there, who can confirm it with his bank if that asks.
It is the same payment, tried once more: whatever else is going on, it succeeds once at most.
"""

from dataclasses import dataclass

from portico.domain.errors import Refused
from portico.domain.payment import Payment
from portico.domain.scope import BuyerScope
from portico.services import charging, due, standing
from portico.services.charging import Outcome
from portico.services.locked import Locked
from portico.services.runtime import Runtime
from portico.storage import audit
from portico.storage import payment as payments


@dataclass(frozen=True, slots=True)
class Paid:
    """The payment that was tried, and how it went."""

    payment_id: str
    outcome: Outcome


def pay(runtime: Runtime, scope: BuyerScope, subject_id: str, *, actor: str = "buyer", on_session: bool = True) -> Paid:
    """Tries the open payment of a subscription (SUB_, or PAY_ of that very payment) once more, with the card on file. `on_session`:
    the buyer is there, and can confirm it with his bank if that asks; else a charge that would need it is given up.

    A declined card is no error: the outcome says so. Raises NotFound, and Refused with the code of the reason why it is not
    possible: "payment_open" while a try is under way, "nothing_to_pay", "no_card", ...
    """
    subscription_id = subject_id if subject_id.startswith("SUB_") else _subscription_of(runtime, scope, subject_id)
    with runtime.database.transaction() as tx:
        here = standing.lock(tx, runtime, scope, subscription_id)
        here.hold("pay")
        owed = here.standing.open_payment
        if owed is None or subject_id not in (subscription_id, owed.id):
            raise Refused("nothing_to_pay")
        delay = charging.IN_REQUEST_DELAY_SECONDS
        begun = charging.begin(
            tx, runtime, scope, owed, here.subscription, on_session=on_session, by_hand=True, now=here.now, delay_seconds=delay
        )
        if begun is None:
            raise Refused("payment_open")
        Locked(tx, runtime, scope, here.subscription, here.now).become(due.awaiting_payment(here.subscription))
        audit.record(tx, scope, actor=actor, action="payment.tried", subject=owed.id, now=runtime.clock())
    return Paid(owed.id, charging.charge_now(runtime, here.store, begun))


def look(runtime: Runtime, scope: BuyerScope, payment_id: str) -> Payment:
    """The payment as it stands. Where its end is open the provider is asked first: the buyer may have come back from its page
    before any webhook. Raises NotFound."""
    with runtime.database.read() as connection:
        found = payments.get(connection, scope, payment_id)
    key = next((attempt.key for attempt in found.attempts if attempt.status in ("pending", "unknown") and attempt.key), None)
    if key is None:
        return found
    charging.charge(runtime, key)
    with runtime.database.read() as connection:
        return payments.get(connection, scope, payment_id)


def _subscription_of(runtime: Runtime, scope: BuyerScope, payment_id: str) -> str:
    with runtime.database.read() as connection:
        found = payments.get(connection, scope, payment_id)
    if found.subscription_id is None:
        raise Refused("nothing_to_pay")
    return found.subscription_id
