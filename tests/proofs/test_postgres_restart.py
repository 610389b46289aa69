"""PostgreSQL is crashed and restarted, and its connections are cut, while two processes work and buyers click. They are not
restarted: they wait, go on by themselves, and nothing is lost."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from portico.storage.database import Database
from portico.storage.migrate import migrate
from tests import postgres
from tests.proofs.journal import read
from tests.proofs.killing import Storm, storm

_HEALS_SECONDS = 20  # far more than it takes; a crowded machine is slow


@contextmanager
def _under_load(folder: Path, homes: int) -> Generator[tuple[postgres.Server, Storm]]:
    """A server of its own, and a town whose portal has two processes on it."""
    with postgres.running() as server:
        database = Database(server.url)
        try:
            migrate(database)
            with storm(database, folder / "storm", homes=homes, seed=4, processes=2) as raging:
                raging.start("one")
                raging.start("two")
                yield server, raging
        finally:
            database.dispose()


def _cut(server: postgres.Server) -> int:
    """Ends every connection but our own; how many."""
    with psycopg.connect(server.url) as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL"
        )
        return ended.rowcount


def _answered(raging: Storm) -> int:
    files = raging.plan.folder.glob("*.journal")
    return sum(exchange.told is not None for file in files for exchange in read(file))


def _heal(raging: Storm) -> float:
    """Waits until buyers are answered again; how long that took."""
    began, before = time.monotonic(), _answered(raging)
    while _answered(raging) < before + 4:
        assert time.monotonic() < began + _HEALS_SECONDS, "nobody is answered any more"
        assert not any(one.is_dead for one in raging.victims.values()), "a process ended"
        time.sleep(0.05)
    return time.monotonic() - began


def _rage(folder: Path, homes: int, crashes: int) -> str:
    """So many crashes, with cuts of all connections between them; what came of it, as a figure."""
    cuts, healed = 0, list[float]()
    with _under_load(folder, homes) as (server, raging):
        for _ in range(crashes):
            for _ in range(3):
                time.sleep(raging.chance.uniform(0.2, 0.8))
                cuts += _cut(server)
            time.sleep(raging.chance.uniform(0.2, 1))
            server.crash()
            time.sleep(raging.chance.uniform(0, 0.5))
            server.start_again()
            healed.append(_heal(raging))
        raging.database.dispose()
        raging.calm_down(reborn=False)
        found = raging.reckon()
    found.must_be_clean()
    assert found.captures > 10
    return f"{crashes} crashes under load, {cuts} connections cut, answers again after {max(healed):.1f} s at most: {found.figure()}"


@pytest.mark.timeout(180)
def test_nothing_is_lost_when_postgresql_crashes_under_load(tmp_path: Path) -> None:
    _rage(tmp_path, homes=24, crashes=2)


@pytest.mark.prove
@pytest.mark.timeout(1200)
def test_nothing_is_lost_in_forty_crashes(tmp_path: Path) -> None:
    print(f"postgresql: {_rage(tmp_path, homes=120, crashes=40)}")
