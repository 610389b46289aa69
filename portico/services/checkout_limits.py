"""How often somebody may order at checkouts. Whoever tries out stolen cards, or writes orders to other people's addresses, has many."""

import sqlalchemy as sa

from portico.domain.errors import Refused
from portico.domain.scope import StoreScope
from portico.services import network as networks
from portico.services.runtime import Runtime
from portico.services.secrets import keyed
from portico.storage.rate_limit import is_within

ORDERS_PER_HOUR_PER_NETWORK = 30  # a household, or the one address that a company has
FREE_ORDERS_PER_DAY_PER_ADDRESS = 5  # by strangers: each is a mail to somebody who may know nothing of it
_HOUR, _DAY = 3_600, 86_400


def may_order(runtime: Runtime, scope: StoreScope, network: str) -> bool:
    """Counts one click on "Order and pay" from a network, whatever becomes of it, and tells whether there may be that many."""
    key = keyed(runtime.secret, "orders of a network", scope.store_id, scope.environment, networks.of(network))
    with runtime.database.transaction() as tx:
        return is_within(tx, key, runtime.clock(), _HOUR, ORDERS_PER_HOUR_PER_NETWORK)


def hold_free(tx: sa.Connection, runtime: Runtime, scope: StoreScope, address: str) -> None:
    """Counts an order that costs nothing by somebody who only typed this address. Raises Refused("too_many_charges")."""
    key = keyed(runtime.secret, "free orders of an address", scope.store_id, scope.environment, address)
    if not is_within(tx, key, runtime.clock(), _DAY, FREE_ORDERS_PER_DAY_PER_ADDRESS):
        raise Refused("too_many_charges", "so many orders that cost nothing for one address")
