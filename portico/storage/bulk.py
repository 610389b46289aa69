"""Inserts rows by the thousand, past SQLAlchemy's work per row: `executemany` of tuples on SQLite, COPY on PostgreSQL. Both
check every constraint and foreign key as usual."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import msgspec
import sqlalchemy as sa
import sqlalchemy.exc

from portico.domain.errors import Conflict
from portico.storage.columns import Instant

if TYPE_CHECKING:
    import psycopg  # on SQLite nothing needs it: 10 MB, and a tenth of the time to start

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def insert(tx: sa.Connection, table: sa.Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
    """Inserts plain tuples, values in the order of `columns`. Raises Conflict when a constraint refuses one of them."""
    bind = _binder(table, columns)
    with refusals(tx):
        if tx.dialect.name == "sqlite":
            tx.exec_driver_sql(_insert_sql(table, columns), [bind(row) for row in rows])
            return
        connection = cast("psycopg.Connection[Any]", tx.connection.driver_connection)
        with connection.cursor() as cursor, cursor.copy(_copy_sql(table, columns).encode()) as copy:
            for row in rows:
                copy.write_row(bind(row))


@contextmanager
def refusals(tx: sa.Connection) -> Generator[None]:
    """Turns a constraint's refusal, told by SQLAlchemy or by the driver itself, into Conflict."""
    driver: Any = tx.dialect.loaded_dbapi
    try:
        yield
    except (sqlalchemy.exc.IntegrityError, driver.IntegrityError) as error:
        raise Conflict(str(error).partition("\n")[0]) from error


@lru_cache
def _insert_sql(table: sa.Table, columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {_quoted(table, columns)} VALUES ({', '.join('?' * len(columns))})"  # noqa: S608 (names of our own tables)


@lru_cache
def _copy_sql(table: sa.Table, columns: tuple[str, ...]) -> str:
    return f"COPY {_quoted(table, columns)} FROM STDIN"


def _quoted(table: sa.Table, columns: tuple[str, ...]) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    return f'"{table.name}" ({names})'


@lru_cache
def _binder(table: sa.Table, columns: tuple[str, ...]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """Makes driver values of a row: moments become microseconds and JSON becomes text, as `columns` and the engine do it."""
    moments = [i for i, name in enumerate(columns) if isinstance(table.c[name].type, Instant)]
    objects = [i for i, name in enumerate(columns) if isinstance(table.c[name].type, sa.JSON)]

    def bind(row: tuple[Any, ...]) -> tuple[Any, ...]:
        values = list(row)
        for i in moments:
            if values[i] is not None:
                values[i] = (values[i] - _EPOCH) // _MICROSECOND
        for i in objects:
            if values[i] is not None:
                values[i] = msgspec.json.encode(values[i]).decode()
        return tuple(values)

    return bind if moments or objects else tuple
