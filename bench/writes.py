"""How long a small write waits when sixteen threads write at once, beside the bare driver behind one lock, taken in turn.

A disk that is slow, or that others use, is slow for both: the ratio says what is ours.
"""

import hashlib
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bench.report import line
from portico.storage import rate_limit
from portico.storage.database import Database
from portico.storage.migrate import migrate
from portico.storage.queue import Queue

WRITERS, EACH, ROUNDS = 16, 30, 4
_BARE = "INSERT INTO bare VALUES (?, ?, 1) ON CONFLICT (key) DO UPDATE SET hits = hits + 1 RETURNING hits"


def writes() -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'bench.db'}")
        migrate(database)
        ours: list[float] = []
        bare: list[float] = []
        for turn in range(ROUNDS):
            ours += _waits(lambda key: _write(database, key), turn)
            bare += _waits(_bare_writer(Path(folder) / "bare.db"), turn)
        database.dispose()
    p99, bare_p99 = (_at(waits, 0.99) for waits in (ours, bare))
    line(
        f"SQLite write p99, {WRITERS} writers, synchronous=FULL",
        f"{p99:.0f} ms",
        budget="60 ms",
        beside=f"median {_at(ours, 0.5):.0f} ms",
        kept=p99 <= 60,
    )
    line("  the bare driver behind one lock", f"{bare_p99:.0f} ms", beside=f"median {_at(bare, 0.5):.0f} ms; ratio {p99 / bare_p99:.1f}")


def _waits(write: Callable[[bytes], None], turn: int) -> list[float]:
    """The milliseconds of each write, of all threads."""
    waits: list[float] = []

    def run(number: int) -> None:
        for n in range(EACH):
            key = hashlib.sha256(f"{turn} {number} {n}".encode()).digest()
            began = time.perf_counter()
            write(key)
            waits.append((time.perf_counter() - began) * 1000)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return waits


def _write(database: Database, key: bytes) -> None:
    with database.transaction() as tx:
        rate_limit.hit(tx, key, datetime.now(UTC), 900)


def _bare_writer(path: Path) -> Callable[[bytes], None]:
    """The same write with the least around it: one connection, one lock."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in ("journal_mode = WAL", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE IF NOT EXISTS bare (key BLOB PRIMARY KEY, start INTEGER, hits INTEGER)")
    queue = Queue()

    def write(key: bytes) -> None:
        with queue:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_BARE, (key, time.time_ns())).fetchone()
            connection.execute("COMMIT")

    return write


def _at(waits: list[float], share: float) -> float:
    return sorted(waits)[int(len(waits) * share)]
