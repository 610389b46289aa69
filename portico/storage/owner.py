"""Whose a thing is: the one step from an id in a request to the buyer's scope that everything else is asked with."""

import sqlalchemy as sa

from portico.domain.errors import NotFound
from portico.domain.ids import Prefix
from portico.domain.scope import BuyerScope, StoreScope
from portico.storage import tables
from portico.storage.rows import scalar
from portico.storage.scoped import also_in_store, store_values

_TABLES: dict[Prefix, sa.Table] = {
    "ORD": tables.order,
    "SUB": tables.subscription,
    "PAY": tables.payment,
    "REF": tables.refund,
    "TKT": tables.refund_ticket,
    "INV": tables.document,
    "PCK": tables.pack,
    "CAN": tables.cancellation,
    "SET": tables.card_setup,
    "PSN": tables.portal_session,
}
_OWNER = {
    prefix: sa.select(table.c.buyer_id).where(table.c.id == sa.bindparam("p_id"), also_in_store(table)) for prefix, table in _TABLES.items()
}
_OWNER["BUY"] = sa.select(tables.buyer.c.id).where(tables.buyer.c.id == sa.bindparam("p_id"), also_in_store(tables.buyer))


def buyer_of(tx: sa.Connection, scope: StoreScope, prefix: Prefix, thing_id: str) -> BuyerScope:
    """Whose a thing of this kind is, within one environment of one store; a buyer is his own. Raises NotFound, also for what is
    somewhere else."""
    buyer_id = scalar(tx, _OWNER[prefix], {**store_values(scope), "p_id": thing_id})
    if buyer_id is None:
        raise NotFound
    return BuyerScope(scope.store_id, scope.environment, buyer_id)
