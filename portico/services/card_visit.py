"""A visit to the payment provider's page on which a buyer gives a card, whatever the card is for.

It is a row with a key of its own, committed with its job before the provider is asked for the page.
"""

from datetime import datetime

import sqlalchemy as sa

from portico.domain.errors import Refused
from portico.domain.scope import BuyerScope
from portico.gateways.port import CardSetup, PaymentGateway
from portico.services.runtime import Runtime
from portico.storage import card_setup as setups
from portico.storage import outbox

JOB = "card_setup"
MOST_VISITS = 20  # for one subscription or checkout within a day: each has a job ask the provider until the visit is over
_FIRST_LOOK_SECONDS, _LONGEST_WAIT_SECONDS = 60, 3600


def begin(
    tx: sa.Connection,
    runtime: Runtime,
    scope: BuyerScope,
    *,
    subscription_id: str | None = None,
    checkout_id: str | None = None,
    now: datetime,
) -> str:
    """A new visit for one of both, and the job that looks how it ends; its id, which is its key too."""
    setup_id = runtime.new_id("SET")
    setups.create(tx, scope, setup_id, subscription_id=subscription_id, checkout_id=checkout_id, key=setup_id, now=now)
    look_later(tx, runtime, scope, setup_id)
    return setup_id


def page(runtime: Runtime, scope: BuyerScope, asked: CardSetup) -> str:
    """The address of the provider's page for a visit that is committed. Raises gateways.port.Unanswered."""
    found = gateway_of(runtime, scope).save_card_page(asked)
    with runtime.database.transaction() as tx:
        setups.set_reference(tx, scope, asked.key, found.reference)
    return found.url


def look_later(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, setup_id: str, *, looks: int = 0) -> None:
    """Has a job look how the visit ended: after a minute, then ever more rarely, at least once an hour."""
    arguments = {"store_id": scope.store_id, "environment": scope.environment, "buyer_id": scope.buyer_id, "setup_id": setup_id}
    delay = min(_LONGEST_WAIT_SECONDS, _FIRST_LOOK_SECONDS * 2 ** min(looks, 10))
    outbox.add(
        tx, JOB, {**arguments, "looks": looks}, now=runtime.clock(), lane="pay", key=f"{JOB}:{setup_id}:{looks}", delay_seconds=delay
    )


def gateway_of(runtime: Runtime, scope: BuyerScope) -> PaymentGateway:
    """The environment's payment provider. Raises Refused("no_gateway")."""
    gateway = runtime.gateways.get(scope.environment)
    if gateway is None:
        raise Refused("no_gateway")
    return gateway
