"""The predicates that every query of scoped rows starts with. Bound names begin with `p_`, so that they never meet a column's."""

from typing import Any

import sqlalchemy as sa

from portico.domain.scope import BuyerScope, StoreScope


def in_store(table: sa.Table) -> sa.ColumnElement[bool]:
    """Rows of one environment of one store."""
    return sa.and_(table.c.store_id == sa.bindparam("p_store_id"), table.c.environment == sa.bindparam("p_environment"))


def of_buyer(table: sa.Table) -> sa.ColumnElement[bool]:
    """Rows of one buyer."""
    return sa.and_(in_store(table), table.c.buyer_id == sa.bindparam("p_buyer_id"))


def also_of_buyer(table: sa.Table) -> sa.ColumnElement[bool]:
    """The same as `of_buyer` for a query that is answered by another index (by order id, say).

    Written so that the planner cannot use it: SQLite, which keeps no statistics, would rather walk all rows of the buyer,
    and a page would grow slower with the number of his orders.
    """
    scope = {"p_store_id": table.c.store_id, "p_environment": table.c.environment, "p_buyer_id": table.c.buyer_id}
    return sa.and_(*(column.concat("") == sa.bindparam(name, type_=sa.String()) for name, column in scope.items()))


def also_in_store(table: sa.Table) -> sa.ColumnElement[bool]:
    """The same as `in_store` for a query that is answered by another index; see `also_of_buyer`."""
    scope = {"p_store_id": table.c.store_id, "p_environment": table.c.environment}
    return sa.and_(*(column.concat("") == sa.bindparam(name, type_=sa.String()) for name, column in scope.items()))


def store_values(scope: StoreScope) -> dict[str, Any]:
    """What `in_store` binds."""
    return {"p_store_id": scope.store_id, "p_environment": scope.environment}


def buyer_values(scope: BuyerScope) -> dict[str, Any]:
    """What `of_buyer` and `also_of_buyer` bind."""
    return {"p_store_id": scope.store_id, "p_environment": scope.environment, "p_buyer_id": scope.buyer_id}
