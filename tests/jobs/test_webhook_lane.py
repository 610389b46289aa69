"""The lane of webhooks: told at once, and no receiver that is slow or away holds up another."""

import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from portico.domain.scope import StoreScope
from portico.gateways.http_out import Answer
from portico.jobs import worker as working
from portico.jobs.worker import MOST_TO_ONE, THREADS, Worker
from portico.services import event, webhook_out
from portico.services.runtime import Runtime
from portico.storage import outbox
from tests.factories import Factory

SLOW, FAST = "https://slow.example/hook", "https://fast.example/hook"
SLOW_ONES = 7


class Receivers:
    """One answers at once; the others keep everybody waiting until they are told to let go."""

    def __init__(self, expected: int) -> None:
        self.let_go, self.all_told, self.expected = threading.Event(), threading.Event(), expected
        self.at_once: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.told: Counter[str] = Counter()
        self._mutex = threading.Lock()

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        with self._mutex:
            self.at_once[url] += 1
            self.most[url] = max(self.most[url], self.at_once[url])
        if url != FAST:
            assert self.let_go.wait(20)
        with self._mutex:
            self.at_once[url] -= 1
            self.told[url] += 1
            if self.told[FAST] == self.expected:
                self.all_told.set()
        return Answer(204, None, 1)


def _happens(runtime: Runtime, store: StoreScope, times: int) -> None:
    with runtime.database.transaction() as tx:
        for n in range(times):
            event.record(tx, runtime, store, "subscription.renewed", f"SUB_{n}", at=runtime.clock())


def test_a_handful_of_slow_receivers_holds_up_nobody_else(runtime: Runtime, factory: Factory) -> None:
    """Five are due to each of the slow ones before the first to the other."""
    receivers = Receivers(20)
    told, store, other = replace(runtime, http_out=receivers), factory.store(), factory.store()
    slow, most = [f"{SLOW}/{number}" for number in range(SLOW_ONES)], MOST_TO_ONE["webhook"]
    for url in slow:
        webhook_out.create(told, store, url=url, actor="a")
    webhook_out.create(told, other, url=FAST, actor="a")
    _happens(told, store, 5)
    worker = Worker(told)
    worker.start()
    try:
        _until(lambda: all(receivers.at_once[url] == most for url in slow))
        _happens(told, other, 20)
        assert receivers.all_told.wait(20)
        assert {(receivers.told[url], receivers.most[url]) for url in slow} == {(0, most)}
        _until(lambda: _waiting(told) == 5 * SLOW_ONES)  # the last one was told a moment before its job is over
    finally:
        receivers.let_go.set()
        _until(lambda: all(receivers.told[url] == 5 for url in slow))
        worker.stop()
    assert {receivers.most[url] for url in slow} == {most}
    assert most * SLOW_ONES < THREADS["webhook"]


def test_an_event_is_told_as_soon_as_it_is_committed(runtime: Runtime, factory: Factory, monkeypatch) -> None:
    """By the bell of the commit, in the process that made it: nobody looks for it meanwhile."""
    receivers = Receivers(1)
    told, store = replace(runtime, http_out=receivers), factory.store()
    webhook_out.create(told, store, url=FAST, actor="a")
    monkeypatch.setattr(working, "_POLL_SECONDS", 3600)
    worker = Worker(told)
    worker.start()
    try:
        _happens(told, store, 1)
        assert receivers.all_told.wait(20)
    finally:
        worker.stop()


def test_one_that_was_put_back_is_as_it_was(runtime: Runtime) -> None:
    with runtime.database.transaction() as tx:
        for n in range(3):
            outbox.add(tx, "work", {"n": n}, now=runtime.clock(), lane="webhook", party="WHE_1" if n < 2 else "WHE_2")
    with runtime.database.transaction() as tx:
        jobs = outbox.claim(tx, "webhook", limit=9, owner="w", now=runtime.clock(), lease_seconds=30)
        outbox.put_back(tx, jobs, runtime.clock())
    with runtime.database.transaction() as tx:
        (other,) = outbox.claim(tx, "webhook", limit=9, owner="w", now=runtime.clock(), lease_seconds=30, without=["WHE_1"])
        assert (other.arguments, other.party, other.attempt) == ({"n": 2}, "WHE_2", 1)
        assert not outbox.is_due(tx, "webhook", runtime.clock(), without=["WHE_1"])
        assert outbox.is_due(tx, "webhook", runtime.clock())


def _waiting(runtime: Runtime) -> int:
    with runtime.database.read() as connection:
        (lane,) = [state for state in outbox.waiting(connection) if state.lane == "webhook"]
    return lane.waiting


def _until(is_so) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)
