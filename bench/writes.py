"""How long a small write waits when sixteen threads write at once."""

import hashlib
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.report import line
from portico.storage import rate_limit
from portico.storage.database import Database

WRITERS = 16
EACH = 60


def writes() -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'bench.db'}")
        database.migrate()
        waits: list[float] = []

        def write(number: int) -> None:
            for turn in range(EACH):
                key = hashlib.sha256(f"{number} {turn}".encode()).digest()
                began = time.perf_counter()
                with database.transaction() as tx:
                    rate_limit.hit(tx, key, datetime.now(UTC), 900)
                waits.append(time.perf_counter() - began)

        threads = [threading.Thread(target=write, args=(n,)) for n in range(WRITERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        database.dispose()
    waits.sort()
    p99 = waits[int(len(waits) * 0.99)] * 1000
    line(f"SQLite write p99, {WRITERS} writers, synchronous=FULL", f"{p99:.0f} ms", budget="60 ms", beside=f"median {waits[len(waits) // 2] * 1000:.1f} ms", kept=p99 <= 60)
