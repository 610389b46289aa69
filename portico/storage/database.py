"""Engines and transactions. One write transaction helper is right on both databases; reads never open a transaction.

SQLite: the standard driver's default loses updates in silence (it sends no BEGIN before a SELECT), so connections run
without its transaction handling and every write transaction is BEGIN IMMEDIATE in one queue per process (16 writers:
p99 49 ms where they wait for each other, 833 ms where they collide). PostgreSQL: READ COMMITTED; a row that will be changed
is read by a function named lock_*, which selects FOR UPDATE.
"""

import sqlite3
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.engine import make_url

from portico.storage import revision
from portico.storage.queue import Queue

POOL_SIZE = 40  # the web server runs handlers in this many threads; fewer connections would only move the wait here
_BUSY_MILLISECONDS = 30_000  # another process, such as an import, may hold SQLite's write lock
_TRIES_TO_KEEP_A_LOG = 20
_JOBS_ADDED = "portico_jobs_added"
_AT_THE_END = "portico_at_the_end"


class Database:
    """One database: `sqlite:///path` or `postgresql://...`. Safe to share between threads."""

    def __init__(self, url: str, *, pool_size: int = POOL_SIZE) -> None:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            if parsed.database in (None, "", ":memory:"):
                raise ValueError("a SQLite database needs a file: sqlite:///portico.db")
            self.engine, self._reader = _sqlite_writer(parsed, pool_size), _sqlite_reader(parsed, pool_size)
        elif parsed.get_backend_name() == "postgresql":
            self.engine, self._reader = _postgresql_writer(parsed, pool_size), _postgresql_reader(parsed, pool_size)
        else:
            raise ValueError(f"the database must be sqlite:/// or postgresql://, not {parsed.get_backend_name()}://")
        self.dialect: str = self.engine.dialect.name
        self._writer = Queue()
        self._this_thread = threading.local()
        self._listeners: list[Callable[[], None]] = []

    @property
    def engines(self) -> tuple[sa.Engine, ...]:
        """The engine that writes, and the one that reads."""
        return self.engine, self._reader

    @property
    def file(self) -> Path | None:
        """SQLite's file; None on PostgreSQL."""
        return Path(str(self.engine.url.database)) if self.dialect == "sqlite" else None

    @contextmanager
    def read(self) -> Generator[sa.Connection]:
        """A connection for reading. Each statement sees what is committed when it starts; there is no BEGIN to pay for."""
        with self._reader.connect() as connection:
            yield connection

    @contextmanager
    def transaction(self) -> Generator[sa.Connection]:
        """A write transaction: commits at the end of the block, rolls back on any exception. Must not be nested."""
        if getattr(self._this_thread, "writing", False):
            raise RuntimeError("a transaction is already open in this thread; pass its connection on instead")
        self._this_thread.writing = True
        try:
            jobs_added = yield from self._write()
        finally:
            self._this_thread.writing = False
        if jobs_added:
            for listener in self._listeners:
                listener()

    @contextmanager
    def restructuring(self) -> Generator[sa.Connection]:
        """A transaction for migrations. SQLite holds no foreign keys in it, so that a table can be made anew in the place of an
        old one: whoever uses it must find `PRAGMA foreign_key_check` empty before the end."""
        turn = self._writer if self.dialect == "sqlite" else nullcontext()
        with turn, self.engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            if self.dialect == "sqlite":
                driver.execute("PRAGMA foreign_keys = OFF")  # would do nothing within the transaction
            try:
                with connection.begin():
                    yield connection
            finally:
                if self.dialect == "sqlite":
                    driver.execute("PRAGMA foreign_keys = ON")

    def _write(self) -> Generator[sa.Connection, None, bool]:
        turn = self._writer if self.dialect == "sqlite" else nullcontext()
        with turn, self.engine.connect() as connection:
            connection.info.pop(_JOBS_ADDED, None)
            connection.info.pop(_AT_THE_END, None)
            with connection.begin():
                yield connection
                write_the_rest(connection)
            return connection.info.pop(_JOBS_ADDED, False)

    def when_jobs_added(self, listener: Callable[[], None]) -> None:
        """Calls `listener` after each commit of this process that added a job, so that its worker need not poll for it."""
        self._listeners.append(listener)

    def is_current(self) -> bool:
        """Whether the tables are those of this version of the program."""
        with self.read() as connection:
            return revision.revision(connection) == revision.HEAD

    def dispose(self) -> None:
        """Closes every connection."""
        for engine in self.engines:
            engine.dispose()


def jobs_were_added(tx: sa.Connection) -> None:
    """Notes on the transaction that its commit should wake the worker."""
    tx.info[_JOBS_ADDED] = True


def at_the_end(tx: sa.Connection, write: Callable[[sa.Connection, list[Any]], None], row: object) -> None:
    """Has `write` called with all such rows of the transaction just before it commits: what belongs to a change and nobody reads
    within it costs one statement, however much happens."""
    tx.info.setdefault(_AT_THE_END, {}).setdefault(write, []).append(row)


def write_the_rest(tx: sa.Connection) -> None:
    """Writes what was left for the end of the transaction."""
    for write, rows in tx.info.pop(_AT_THE_END, {}).items():
        write(tx, rows)


def is_unavailable(error: BaseException) -> bool:
    """Whether an error says that the database cannot be reached or written to just now, rather than that we asked wrongly."""
    return isinstance(error, exc.OperationalError | exc.InterfaceError | exc.TimeoutError)


@dataclass(slots=True)
class StatementCount:
    """What `count_statements` saw, in order. BEGIN and COMMIT are not among them."""

    statements: list[str] = field(default_factory=list[str])

    @property
    def count(self) -> int:
        return len(self.statements)


@contextmanager
def count_statements(database: Database) -> Generator[StatementCount]:
    """Counts the SQL statements of every thread while the block runs: for tests of budgets, and for the benchmark."""
    seen = StatementCount()

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.statements.append(statement)

    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        for engine in database.engines:
            event.remove(engine, "before_cursor_execute", note)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _engine(url: sa.URL, **options: Any) -> sa.Engine:
    return sa.create_engine(
        url,
        pool_use_lifo=True,
        hide_parameters=True,  # an error's text may be logged, and values may be people's addresses
        json_serializer=_json,
        json_deserializer=msgspec.json.decode,
        **options,
    )


# Reads have engines of their own, whose connections are never in a transaction: nothing to begin, to switch or to roll back.
_READS: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True, "pool_reset_on_return": None}


def _sqlite_writer(url: sa.URL, pool_size: int) -> sa.Engine:
    engine = _sqlite_engine(url, pool_size)

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _sqlite_reader(url: sa.URL, pool_size: int) -> sa.Engine:
    return _sqlite_engine(url, pool_size, **_READS)


def _sqlite_engine(url: sa.URL, pool_size: int, **options: Any) -> sa.Engine:
    engine = _engine(
        url,
        poolclass=sa.QueuePool,
        pool_size=pool_size,
        max_overflow=pool_size,
        connect_args={"check_same_thread": False},
        **options,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout = {_BUSY_MILLISECONDS}",
            "synchronous = FULL",  # NORMAL may lose the last commits when the power fails (sqlite.org/pragma.html)
            "foreign_keys = ON",
            "recursive_triggers = ON",  # so that REPLACE meets the triggers that refuse DELETE
        ):
            connection.execute(f"PRAGMA {pragma}")
        _keep_a_log(connection)

    return engine


def _keep_a_log(connection: sqlite3.Connection) -> None:
    """Sets the journal to WAL. In a new file that is a write which SQLite does not wait for, whatever the busy timeout: of processes
    that start together all but one are told that the file is locked. BEGIN waits, and whoever waited finds it done."""
    for _ in range(_TRIES_TO_KEEP_A_LOG):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    connection.execute("PRAGMA journal_mode = WAL")


def _postgresql_writer(url: sa.URL, pool_size: int) -> sa.Engine:
    return _postgresql_engine(url, pool_size, isolation_level="READ COMMITTED")


def _postgresql_reader(url: sa.URL, pool_size: int) -> sa.Engine:
    return _postgresql_engine(url, pool_size, **_READS)


def _postgresql_engine(url: sa.URL, pool_size: int, **options: Any) -> sa.Engine:
    kept = max(1, pool_size // 4)  # the rest come and go
    return _engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=kept,
        max_overflow=pool_size - kept,
        connect_args={"connect_timeout": 10},
        **options,
    )
