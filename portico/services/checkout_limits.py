"""How often somebody may order at checkouts. Whoever tries out stolen cards, or writes orders to other people's addresses, has many."""

from portico.domain.scope import StoreScope
from portico.services import network as networks
from portico.services.runtime import Runtime
from portico.services.secrets import keyed
from portico.storage import rate_limit

ORDERS_PER_HOUR_PER_NETWORK = 30  # a household, or the one address that a company has
_HOUR = 3_600


def may_order(runtime: Runtime, scope: StoreScope, network: str) -> bool:
    """Counts one click on "Order and pay" from a network, whatever becomes of it, and tells whether there may be that many."""
    key = keyed(runtime.secret, "orders of a network", scope.store_id, scope.environment, networks.of(network))
    with runtime.database.transaction() as tx:
        limit = ORDERS_PER_HOUR_PER_NETWORK
        return rate_limit.hit(tx, key, runtime.clock(), _HOUR, stop_at=limit + 1) <= limit
