"""Running a prepared statement: what comes back is positional and untyped here, and a dataclass one line later."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa


def first(tx: sa.Connection, statement: sa.Executable, values: Mapping[str, Any]) -> Any:
    """The first row as a tuple, or None."""
    return tx.execute(statement, values).first()


def many(tx: sa.Connection, statement: sa.Executable, values: Mapping[str, Any] | None = None) -> Sequence[Any]:
    """All rows as tuples."""
    return tx.execute(statement, values).all()


def scalar(tx: sa.Connection, statement: sa.Executable, values: Mapping[str, Any]) -> Any:
    """The first column of the first row, or None."""
    return tx.execute(statement, values).scalar()


def changed(tx: sa.Connection, statement: sa.Executable, values: Mapping[str, Any]) -> int:
    """How many rows an UPDATE or DELETE reached."""
    return tx.execute(statement, values).rowcount
