"""Workers are killed in the middle of their work (SIGKILL), again and again. Every job's effect happens, and happens once."""

import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from portico.storage import outbox, tables
from portico.storage.database import Database
from tests.factories import Factory

JOBS = 600
KILLED_AFTER = (1, 90, 230)  # so many effects


def test_every_effect_happens_once_whoever_is_killed(database: Database, factory: Factory, tmp_path: Path) -> None:
    store = factory.store()
    with database.transaction() as tx:
        for n in range(JOBS):
            outbox.add(tx, "number", {"store_id": store.store_id, "n": n}, now=factory.now, lane="mail")
    for effects in KILLED_AFTER:
        with _worker(database, tmp_path):
            _wait_for_effects(database, effects)
    assert len(_effects(database)) < JOBS, "nobody was killed in the middle"
    with _worker(database, tmp_path):
        _wait_for_effects(database, JOBS)
    effects = _effects(database)
    assert sorted(int(subject) for subject, _ in effects) == list(range(JOBS))
    assert sorted(int(sequence) for _, sequence in effects) == list(range(1, JOBS + 1))
    with database.read() as tx:
        assert [state for state in outbox.waiting(tx) if state.lane == "mail"] == []


@contextmanager
def _worker(database: Database, mailbox: Path) -> Generator[None]:
    """A worker in another process, killed at the end of the block."""
    url = database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.jobs.victim", url, str(mailbox)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=Path(__file__).parents[2]) as victim:
        try:
            yield
        finally:
            victim.kill()


def _wait_for_effects(database: Database, count: int) -> None:
    deadline = time.monotonic() + 60
    while len(_effects(database)) < count:
        assert time.monotonic() < deadline, "the jobs were not done in time"
        time.sleep(0.02)


def _effects(database: Database) -> list[tuple[str, str]]:
    with database.read() as tx:
        return [
            tuple(row)
            for row in tx.execute(sa.select(tables.audit.c.subject, tables.audit.c.actor).where(tables.audit.c.action == "numbered"))
        ]
