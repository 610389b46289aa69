"""A database in which everything can be taken back: one transaction that never ends, and every transaction within it a savepoint.
So all orders of some events are a walk through a tree, in which no step is done twice."""

from collections.abc import Generator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import sqlalchemy as sa

from portico.storage.database import Database, write_the_rest


class Undoable(Database):
    """Stands for `database`, for one thread, until the block ends and nothing has happened."""

    def __init__(self, database: Database) -> None:
        self.dialect = database.dialect
        self.engine = database.engine
        self._connection = database.engine.connect()
        self._whole = self._connection.begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._whole.rollback()
        self._connection.close()

    @contextmanager
    def read(self) -> Generator[sa.Connection]:
        yield self._connection

    @contextmanager
    def transaction(self) -> Generator[sa.Connection]:
        with self._connection.begin_nested():
            yield self._connection
            write_the_rest(self._connection)

    @contextmanager
    def undone(self) -> Generator[None]:
        """What happens in this block did not happen."""
        point = self._connection.begin_nested()
        try:
            yield
        finally:
            point.rollback()
