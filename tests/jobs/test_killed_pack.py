"""A worker is killed (SIGKILL) in the middle of a pack, twice: the next one makes it whole."""

import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from portico.domain.scope import BuyerScope
from portico.services import pack
from portico.services.runtime import Runtime
from portico.storage.pack import Pack
from tests.factories import Factory
from tests.services.test_pack import YEAR, bought, found, opened, table, whole

PURCHASES = 30


@pytest.mark.prove
def test_a_pack_survives_the_death_of_who_makes_it(runtime: Runtime, factory: Factory, tmp_path: Path) -> None:
    runtime.clock.time = datetime.now(UTC)  # type: ignore[attr-defined]  (the victims live in the real time)
    buyer = factory.buyer(factory.store(slug="nordlicht"))
    bought(factory, buyer, PURCHASES)
    asked = pack.ask(runtime, buyer, *YEAR)
    for done in (20, 40):
        with _worker(runtime, tmp_path):
            half = _wait(runtime, buyer, asked.id, done)
        assert half.status == "pending", "nobody was killed in the middle"
    with _worker(runtime, tmp_path):
        ready = _wait(runtime, buyer, asked.id, 2 * PURCHASES)
    rows = table(opened(whole(runtime, buyer, ready)))
    assert len({row["number"] for row in rows}) == len(rows) == 2 * PURCHASES
    assert not any(row["missing"] for row in rows)


@contextmanager
def _worker(runtime: Runtime, mailbox: Path) -> Generator[None]:
    """A worker in another process, killed at the end of the block."""
    url = runtime.database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.jobs.pack_victim", url, str(mailbox)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=Path(__file__).parents[2]) as victim:
        try:
            yield
        finally:
            victim.kill()


def _wait(runtime: Runtime, scope: BuyerScope, pack_id: str, done: int) -> Pack:
    """The pack, once so many documents are in it; all of them: once it is ready. An earlier victim's progress does not count."""
    deadline, began = time.monotonic() + 60, False
    while True:
        now = found(runtime, scope, pack_id)
        began = began or now.done < done
        if began and (now.status == "ready" or (now.done >= done and done < now.total)):
            return now
        assert time.monotonic() < deadline, f"the pack is {now.status} with {now.done} documents"
        time.sleep(0.02)
