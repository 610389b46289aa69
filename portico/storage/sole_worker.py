"""One worker per SQLite file. Its place is an exclusive lock that the system takes back when the process dies.

The lock is that of an SQLite file beside the database, which works wherever SQLite does; nothing is ever written to it.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from portico.domain.errors import PorticoError


class AnotherWorker(PorticoError):
    """Background work of this SQLite file is done by another process already. Several workers need PostgreSQL."""

    code = "another_worker"


def take_place(database_file: Path) -> Callable[[], None]:
    """Becomes the one worker of this file; call what comes back to make room again. Raises AnotherWorker."""
    connection = sqlite3.connect(f"{database_file}-worker", timeout=0, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        connection.close()
        if "locked" not in str(error):
            raise
        raise AnotherWorker(f"another process works on {database_file}; on SQLite there can be one") from None
    return connection.close
