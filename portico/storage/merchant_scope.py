"""What a merchant's keys reach: every store of his, in one environment. From an id to the scope that all other queries start with."""

from typing import Any

import sqlalchemy as sa

from portico.domain.errors import NotFound
from portico.domain.ids import Prefix
from portico.domain.scope import BuyerScope, Environment, StoreScope
from portico.storage.rows import first
from portico.storage.tables import (
    checkout_session,
    document,
    order,
    payment,
    product,
    product_group,
    refund_ticket,
    store,
    subscription,
    webhook_endpoint,
)

_OF_MERCHANT = store.c.merchant_id == sa.bindparam("p_merchant_id")
_OF_BUYERS: dict[str, sa.Table] = {"ORD": order, "SUB": subscription, "PAY": payment, "TKT": refund_ticket, "INV": document}
_OF_STORES: dict[str, sa.Table] = {"PROD": product, "GRP": product_group, "WHE": webhook_endpoint, "CHK": checkout_session}
# In prod, what was published goes by the id that it has in test, too: the one that shops know.
_PUBLISHED = ("PROD", "GRP")


def _find(table: sa.Table, *columns: sa.Column[Any], also_external: bool) -> sa.Select[Any]:
    is_it = table.c.id == sa.bindparam("p_id")
    if also_external:
        is_it = sa.or_(is_it, table.c.external_id == sa.bindparam("p_id"))
    return (
        sa.select(table.c.store_id, table.c.environment, *columns)
        .select_from(table.join(store, store.c.id == table.c.store_id))
        .where(_OF_MERCHANT, table.c.environment == sa.bindparam("p_environment"), is_it)
        .order_by((table.c.id == sa.bindparam("p_id")).desc())
        .limit(1)
    )


_BUYERS = {prefix: _find(table, table.c.buyer_id, also_external=False) for prefix, table in _OF_BUYERS.items()}
_FINDS = {prefix: _find(table, table.c.id, also_external=prefix in _PUBLISHED) for prefix, table in _OF_STORES.items()}


def buyer_of(tx: sa.Connection, merchant_id: str, environment: Environment, prefix: Prefix, subject_id: str) -> BuyerScope:
    """Whose an order, subscription, payment, refund ticket or document is. Raises NotFound, also for another merchant's."""
    return BuyerScope(*_row(tx, _BUYERS[prefix], merchant_id, environment, subject_id))


def place_of(tx: sa.Connection, merchant_id: str, environment: Environment, prefix: Prefix, subject_id: str) -> tuple[StoreScope, str]:
    """Where a product, group, webhook endpoint or checkout is, and its own id. Raises NotFound, also for another merchant's."""
    store_id, found_in, own_id = _row(tx, _FINDS[prefix], merchant_id, environment, subject_id)
    return StoreScope(store_id, found_in), own_id


def _row(tx: sa.Connection, statement: sa.Select[Any], merchant_id: str, environment: Environment, subject_id: str) -> Any:
    row = first(tx, statement, {"p_merchant_id": merchant_id, "p_environment": environment, "p_id": subject_id})
    if row is None:
        raise NotFound
    return row
