"""What a payment provider calls a buyer."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portico.domain.scope import BuyerScope
from portico.storage.rows import scalar
from portico.storage.scoped import buyer_values, of_buyer
from portico.storage.tables import gateway_customer as table

_GET = sa.select(table.c.reference).where(of_buyer(table), table.c.gateway == sa.bindparam("p_gateway"))


def _put_statement(insert: Any) -> Any:
    names = ("store_id", "environment", "buyer_id", "gateway", "reference")
    statement = insert(table).values({name: sa.bindparam(f"p_{name}", type_=table.c[name].type) for name in names})
    return statement.on_conflict_do_update(index_elements=names[:4], set_={"reference": statement.excluded.reference})


_PUT = {"sqlite": _put_statement(sqlite.insert), "postgresql": _put_statement(postgresql.insert)}


def get(tx: sa.Connection, scope: BuyerScope, gateway: str) -> str | None:
    """The provider's id of the buyer, if he has one there."""
    return scalar(tx, _GET, {**buyer_values(scope), "p_gateway": gateway})


def put(tx: sa.Connection, scope: BuyerScope, gateway: str, reference: str) -> None:
    """Keeps the provider's id of the buyer; the last one given counts."""
    tx.execute(_PUT[tx.dialect.name], {**buyer_values(scope), "p_gateway": gateway, "p_reference": reference})
