"""Payments that a buyer's bank disputes. One is known by the provider's id; it is opened once and ended once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portico.domain.scope import BuyerScope
from portico.storage.columns import word
from portico.storage.rows import first
from portico.storage.scoped import buyer_values, of_buyer
from portico.storage.tables import dispute as table
from portico.storage.tables import payment


@dataclass(frozen=True, slots=True)
class NewDispute:
    """What the provider says of a dispute: over how much of which payment, and why, in the provider's words."""

    id: str
    payment_id: str
    reference: str
    amount_minor: int
    currency: str
    reason: str
    opened_at: datetime


_NAMES = ("id", "payment_id", "reference", "amount_minor", "currency", "reason", "opened_at")


def _open_statement(insert: Any) -> Any:
    values = {name: sa.bindparam(f"p_{name}", type_=table.c[name].type) for name in (*_NAMES, "store_id", "environment", "buyer_id")}
    return insert(table).values(**values, status="open").on_conflict_do_nothing().returning(table.c.id)


_OPEN = {"sqlite": _open_statement(sqlite.insert), "postgresql": _open_statement(postgresql.insert)}
_CLOSE = (
    sa.update(table)
    .where(of_buyer(table), table.c.reference == sa.bindparam("p_reference"), table.c.status == word("open"))
    .values(status=sa.bindparam("p_status"), closed_at=sa.bindparam("p_now", type_=table.c.closed_at.type))
    .returning(table.c.id)
)
_since = sa.select(sa.func.min(table.c.opened_at)).where(table.c.payment_id == payment.c.id, table.c.status != word("won"))
_MARK = (
    sa.update(payment).where(of_buyer(payment), payment.c.id == sa.bindparam("p_payment_id")).values(disputed_at=_since.scalar_subquery())
)


def begin(tx: sa.Connection, scope: BuyerScope, new: NewDispute) -> bool:
    """Keeps a dispute, and marks its payment. False, and nothing is written, when it is known."""
    row = first(tx, _OPEN[tx.dialect.name], {**buyer_values(scope), **{f"p_{name}": getattr(new, name) for name in _NAMES}})
    if row is not None:
        tx.execute(_MARK, {**buyer_values(scope), "p_payment_id": new.payment_id})
    return row is not None


def end(
    tx: sa.Connection, scope: BuyerScope, payment_id: str, *, reference: str, status: Literal["won", "lost"], now: datetime
) -> str | None:
    """Ends a dispute: its id. A payment is free of the mark when it was won. None, and nothing is written, when it has ended before."""
    row = first(tx, _CLOSE, {**buyer_values(scope), "p_reference": reference, "p_status": status, "p_now": now})
    if row is None:
        return None
    tx.execute(_MARK, {**buyer_values(scope), "p_payment_id": payment_id})
    return row[0]
