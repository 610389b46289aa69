"""What Portico signs webhooks of the Waffo format with: one pair of RSA keys for each environment of a store, made when first needed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portico.domain.scope import StoreScope
from portico.storage.rows import first
from portico.storage.scoped import in_store, store_values
from portico.storage.tables import signing_key as table


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A pair: the private one sealed, the public one as PEM."""

    private_key: bytes
    public_key: str
    created_at: datetime


_GET = sa.select(table.c.private_key, table.c.public_key, table.c.created_at).where(in_store(table))


def _put_statement(insert: Any) -> Any:
    return insert(table).on_conflict_do_nothing()


_PUT = {"sqlite": _put_statement(sqlite.insert), "postgresql": _put_statement(postgresql.insert)}


def get(tx: sa.Connection, scope: StoreScope) -> SigningKey | None:
    """The keys of one environment of a store, if they have been made."""
    row = first(tx, _GET, store_values(scope))
    return None if row is None else SigningKey(*row)


def put(tx: sa.Connection, scope: StoreScope, *, private_key: bytes, public_key: str, now: datetime) -> None:
    """Keeps new keys, unless there are some: whoever was first, those are everybody's."""
    row = {"private_key": private_key, "public_key": public_key, "created_at": now}
    tx.execute(_PUT[tx.dialect.name], {**row, "store_id": scope.store_id, "environment": scope.environment})
