"""The storm: victims that are killed again and again, and after it a calm in which everything comes to its end."""

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import sqlalchemy as sa

from portico.app import system_clock
from portico.storage import store as stores
from portico.storage import tables
from portico.storage.database import Database
from tests.gateways import sandbox_process
from tests.journeys.server import free_port
from tests.proofs import post_office, reckoning, town, victim
from tests.proofs.post_office import PostOffice
from tests.proofs.reckoning import Reckoning
from tests.proofs.victim import Life

# Of each hundred answers of the bank.
BANK_FAULTS = {
    "timeout_before": 0.02, "error_before": 0.03, "busy_before": 0.02, "timeout_after": 0.03, "error_after": 0.03, "cut_after": 0.03,
    "least_ms": 2, "most_ms": 25,
}  # fmt: skip
_AN_HOUR = timedelta(minutes=61)
_CALM_SECONDS = 150
_PATIENCE_SECONDS = 15  # for a victim to reach its mark
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.proofs.victim"])


@dataclass
class Victim:
    """A process that runs, and how it was told to live."""

    life: Life
    process: BaseProcess
    birth: Connection

    @property
    def is_dead(self) -> bool:
        return self.process.exitcode is not None

    def kill(self) -> bool:
        """SIGKILL. False when it was dead already."""
        was_alive = not self.is_dead
        self.process.kill()
        self.process.join(10)
        self.birth.close()
        assert self.process.exitcode == -signal.SIGKILL, f"{self.life.name} ended by itself: {self.process.exitcode}"
        return was_alive


@dataclass
class Storm:
    """A town, its bank, and the processes of its portal. `pids` of what is alive are this object's own."""

    database: Database
    bank: sandbox_process.Process
    plan: Life
    chance: random.Random
    ports: tuple[int, ...]
    office: PostOffice
    victims: dict[str, Victim] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)
    lives: int = 0
    stops: int = 0

    def start(self, name: str = "one", *, mark: str = "", wishes: tuple[str, ...] = (), buyers: int = 2, wait: bool = True) -> Victim:
        """Another life of this victim."""
        self.lives += 1
        share = (0, 1) if len(self.ports) == 1 else (("one", "two").index(name), 2)
        port = self.ports[share[0]]
        life = replace(self.plan, name=name, mark=mark, wishes=wishes, buyers=buyers, seed=self.lives, port=port, share=share)
        here, there = _forks.Pipe(duplex=False)
        process = _forks.Process(target=victim.live, args=(life, there), daemon=True)
        process.start()
        there.close()
        self.victims[name] = Victim(life, process, here)
        if wait:
            here.poll(30)
        return self.victims[name]

    def live(self, seconds: float, name: str = "one") -> None:
        """Lets one live for so long once it is up, and kills it."""
        self.start(name)
        time.sleep(seconds)
        self.kill(name)

    def kill(self, name: str = "one", *, why: str = "by chance") -> None:
        if self.victims.pop(name).kill():
            self.kills[why] += 1

    def kill_at(self, mark: str, wishes: tuple[str, ...]) -> bool:
        """Lets a victim kill itself at this mark, the n-th time it comes there; whether it did."""
        one = self.start(mark=mark, wishes=wishes, wait=False)
        one.process.join(_PATIENCE_SECONDS)
        if one.is_dead:
            assert one.process.exitcode == -signal.SIGKILL, one.process.exitcode
            self.victims.pop("one").birth.close()
            self.kills[mark.partition(":")[0]] += 1
            return True
        self.kill()
        return False

    def kill_by_chance(self, name: str = "one", *, longest_seconds: float = 1.0) -> None:
        """Lets one live for a while, sometimes not even until it is up, and kills it; it is there again at once."""
        if name not in self.victims:
            self.start(name, wait=self.chance.random() > 0.15)
        time.sleep(self.chance.uniform(0, longest_seconds))
        self.kill(name)
        if self.chance.random() < 0.5:
            town.pass_waiting(self.database)
        self.start(name, wait=self.chance.random() > 0.15)

    def freeze(self, name: str, seconds: float) -> None:
        """SIGSTOP for longer than a lease, and SIGCONT: one comes back that does not know that others did its work."""
        process = self.victims[name].process
        assert process.pid is not None
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(process.pid, signal.SIGCONT)
        self.stops += 1

    def calm_down(self, *, reborn: bool = True) -> None:
        """The bank is well again and nobody clicks: everybody works until nothing is left to do. `reborn`: the processes are started
        anew; else those that are there must get over it themselves."""
        self.bank.ask("POST", "/control/faults")
        self.office.storms = False
        if reborn:
            for name in list(self.victims):
                self.kill(name)
            for place, _ in enumerate(self.ports):
                self.start(("one", "two")[place], buyers=0)
        for one in self.victims.values():
            os.kill(one.process.pid or 0, victim.HUSH)
        until = time.monotonic() + _CALM_SECONDS
        while left := self._left():
            assert time.monotonic() < until, f"still to do after {_CALM_SECONDS} seconds: {left[:20]}"
            self._pass_an_hour()
            town.pass_waiting(self.database)
            time.sleep(0.5)
        for name in list(self.victims):
            self.victims.pop(name).kill()

    def reckon(self) -> Reckoning:
        told_wrong = self.office.wrong(self.database)
        assert not told_wrong, told_wrong[:10]
        return reckoning.reckon(self.database, self.bank.data / "ledger.jsonl", sorted(self.plan.folder.glob("*.journal")))

    def _left(self) -> list[str]:
        """What is not at its end. Visits to the card page that nobody ended are looked at for a day."""
        with self.database.read() as connection:
            job, attempt, refund = tables.job.c, tables.payment_attempt.c, tables.refund.c
            waits = sa.select(job.kind, job.attempt, job.error).where(
                job.kind.not_in(("housekeeping", "card_setup")), job.parked_at.is_(None)
            )
            left = [f"{row}" for row in connection.execute(waits)]
            left += connection.execute(sa.select(attempt.key).where(attempt.status.in_(("pending", "unknown")))).scalars()
            left += connection.execute(sa.select(tables.event.c.id).where(tables.event.c.dispatched_at.is_(None))).scalars()
            left += connection.execute(sa.select(refund.key).where(refund.status == "pending")).scalars()
            store = stores.get(connection, self.plan.town.store.store_id)
            now = system_clock() + store.test_offset
            left += connection.execute(sa.select(tables.subscription.c.id).where(tables.subscription.c.due_at <= now)).scalars()
        return left

    def _pass_an_hour(self) -> None:
        """Where a charge waits for the buyer, who will not come: after an hour it is given up."""
        attempt = tables.payment_attempt.c
        with self.database.transaction() as tx:
            waiting = (
                tx.execute(sa.select(attempt.attempted_at).where(attempt.status == "pending", attempt.action_url.is_not(None)))
                .scalars()
                .all()
            )
            store = stores.get(tx, self.plan.town.store.store_id)
            now = store.test_offset + system_clock()
            if waiting and (now - max(waiting)).total_seconds() < 3600:
                stores.set_test_offset(tx, store.id, store.test_offset + (max(waiting) - now) + _AN_HOUR)


@contextmanager
def storm(database: Database, folder: Path, *, homes: int, seed: int, processes: int = 1, lease_seconds: int = 2) -> Generator[Storm]:
    """A town with its bank, which loses answers; nobody lives yet. Everything that runs is ended with the block."""
    folder.mkdir()
    data = folder / "bank"
    made = town.settle(database, data / "ledger.jsonl", homes)
    ports = tuple(free_port() for _ in range(processes))
    targets = [word for port in ports for word in ("--webhook-url", f"test=http://127.0.0.1:{port}/webhooks/sandbox/test")]
    with sandbox_process.running(data, *targets) as bank, post_office.opened(database, made.store, victim.SECRET, seed) as office:
        bank.ask("POST", "/control/faults", **BANK_FAULTS)
        life = Life(
            name="", folder=folder, database_url=database.engine.url.render_as_string(hide_password=False), bank_url=bank.url,
            api_key=bank.api_key, webhook_secret=bank.webhook_secret, port=0, town=made, seed=0, lease_seconds=lease_seconds,
        )  # fmt: skip
        raging = Storm(database, bank, life, random.Random(seed), ports, office)
        try:
            yield raging
        finally:
            for one in raging.victims.values():
                one.process.kill()
                one.process.join(10)
