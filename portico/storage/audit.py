"""The audit trail: who did what to what. Rows are only ever added; the database refuses everything else."""

from datetime import datetime

import sqlalchemy as sa

from portico.domain.scope import BuyerScope, StoreScope
from portico.storage.tables import audit as table

_INSERT = sa.insert(table)


def record(tx: sa.Connection, scope: StoreScope, *, actor: str, action: str, subject: str, now: datetime) -> None:
    """Adds a line. `actor` is who ("buyer", "operator", "import"), `action` a stable verb ("sign_in"), `subject` an id."""
    buyer_id = scope.buyer_id if isinstance(scope, BuyerScope) else None
    where = {"store_id": scope.store_id, "environment": scope.environment, "buyer_id": buyer_id}
    tx.execute(_INSERT, {**where, "actor": actor, "action": action, "subject": subject, "at": now})
