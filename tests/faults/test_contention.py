"""Many at once: nothing is lost, nothing happens twice. Each test would fail if one write transaction saw another's half."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portico.domain.billing_detail import BillingDetail
from portico.domain.errors import PorticoError
from portico.domain.invoice import Document
from portico.domain.scope import BuyerScope
from portico.storage import buyer, document, invariants, numbering, outbox, rate_limit, session, sign_in, subscription, tables
from portico.storage.database import Database
from tests.factories import Factory


def at_once(count: int, act: Callable[[int], Any], *, seconds: float = 60) -> list[Any]:
    """Runs `act(0)` to `act(count - 1)` in threads that set off together; their results, or the exception, in order."""
    results: list[Any] = [None] * count
    gate = threading.Barrier(count)

    def run(n: int) -> None:
        gate.wait(30)
        try:
            results[n] = act(n)
        except Exception as error:
            results[n] = error

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds)
    unexpected = [result for result in results if isinstance(result, Exception) and not isinstance(result, PorticoError | _Abort)]
    assert not unexpected
    return results


class _Abort(Exception):
    """A transaction that goes wrong on purpose."""


def test_no_update_is_lost(database: Database, factory: Factory) -> None:
    """Read, think, write, from 16 threads: with the driver's default on SQLite, or without FOR UPDATE, some would vanish."""
    store, rounds, counter = factory.store(), 10, tables.number_counter
    with database.transaction() as tx:
        numbering.next_number(tx, store, "X")

    def raise_by_one(_: int) -> None:
        for _ in range(rounds):
            with database.transaction() as tx:
                last = tx.execute(sa.select(counter.c.last).with_for_update()).scalar_one()
                time.sleep(0.0005)
                tx.execute(sa.update(counter).values(last=last + 1))

    at_once(16, raise_by_one)
    with database.read() as tx:
        assert tx.execute(sa.select(counter.c.last)).scalar_one() == 1 + 16 * rounds


def test_numbers_have_no_gap_whatever_is_rolled_back(database: Database, factory: Factory) -> None:
    store, used, mutex = factory.store(), [], threading.Lock()

    def take(thread: int) -> None:
        chance = random.Random(thread)
        for _ in range(25):
            count = chance.choice((1, 1, 1, 3))
            try:
                with database.transaction() as tx:
                    first = numbering.reserve(tx, store, {"INV-2026": count})["INV-2026"]
                    if chance.random() < 0.2:
                        raise _Abort
            except _Abort:
                continue
            with mutex:
                used.extend(range(first, first + count))

    at_once(8, take)
    assert len(used) > 100
    assert sorted(used) == list(range(1, len(used) + 1))


@pytest.mark.parametrize(("writers", "numbers"), [(8, 300), pytest.param(32, 10_000, marks=pytest.mark.prove)])
def test_documents_are_numbered_without_gap_or_duplicate(database: Database, factory: Factory, writers: int, numbers: int) -> None:
    """Issued through the connections of four processes, while one in twenty fails after it was written (the law asks for a number
    "which uniquely identifies the invoice", Directive 2006/112/EC art. 226 (2); several states, for no gap)."""
    owner = factory.buyer()
    sample_id = factory.document(owner, factory.payment(owner, factory.order(owner)))
    with database.read() as tx:
        sample = document.get(tx, owner, sample_id)
    url = database.engine.url.render_as_string(hide_password=False)
    processes = [Database(url, pool_size=writers) for _ in range(4)]
    left, mutex, series = iter(range(numbers)), threading.Lock(), "PROOF-2026"

    def issue(writer: int) -> int:
        chance, failed = random.Random(writer), 0
        while True:
            with mutex:
                n = next(left, None)
            if n is None:
                return failed
            while not _issued(processes[writer % 4], owner, sample, f"INV_{n}", series, fails=chance.random() < 0.05):
                failed += 1

    failures = at_once(writers, issue, seconds=900)
    for process in processes:
        process.dispose()
    assert numbers / 40 < sum(failures) < numbers / 10
    issued = sa.select(tables.document.c.sequence, tables.document.c.number).where(tables.document.c.series == series)
    with database.read() as tx:
        rows = sorted(tuple(row) for row in tx.execute(issued))
        assert [finding for finding in invariants.run(tx) if finding.check.startswith("document_numbers")] == []
    assert rows == [(n, f"{series}-{n}") for n in range(1, numbers + 1)]
    print(f"{database.dialect}: {numbers} documents numbered by {writers} writers, {sum(failures)} taken back: no gap, no duplicate")


def _issued(process: Database, owner: BuyerScope, sample: Document, document_id: str, series: str, *, fails: bool) -> bool:
    try:
        with process.transaction() as tx:
            sequence = numbering.next_number(tx, owner, series)
            # Without a payment: what is tried here is the number.
            issued = replace(sample, id=document_id, number=f"{series}-{sequence}", payment_id=None)
            document.insert(tx, [document.Issue(owner, issued, series, sequence)])
            if fails:
                raise _Abort
    except _Abort:
        return False
    return True


def test_of_a_hundred_redeems_one_signs_in(database: Database, factory: Factory) -> None:
    owner, now = factory.buyer(), factory.now
    request = sign_in.SignInRequest(
        id="LNK_1",
        email_hash=bytes(32),
        browser_hash=bytes(32),
        language="en",
        return_path="",
        requested_at=now,
        held=False,
        known_browser=False,
    )
    with database.transaction() as tx:
        sign_in.insert(tx, owner, request)
        hashes = {"token_hash": bytes(32), "code_hash": bytes(32)}
        sign_in.mint(tx, owner, "LNK_1", buyer_id=owner.buyer_id, **hashes, now=now, expires_at=now + timedelta(minutes=10))

    def redeem(_: int) -> str | None:
        with database.transaction() as tx:
            return sign_in.redeem(tx, owner, "LNK_1", bytes(32), now)

    results = at_once(100, redeem)
    assert results.count(owner.buyer_id) == 1
    assert results.count(None) == 99


def test_of_many_cancellations_one_happens(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    subscription_id = factory.subscription(owner)

    def cancel(_: int) -> str:
        with database.transaction() as tx:
            return subscription.transition(tx, owner, subscription_id, "cancel", cause="buyer_asked", actor="buyer", now=factory.now)

    results = at_once(16, cancel)
    assert results.count("canceling") == 1
    assert sum(getattr(result, "code", "") == "subscription_transition" for result in results) == 15
    with database.read() as tx:
        assert [line.sequence for line in subscription.history(tx, owner, subscription_id)] == [1, 2]


def test_of_many_saves_of_one_version_one_is_kept(database: Database, factory: Factory) -> None:
    owner = factory.buyer()

    def save(n: int) -> bool:
        with database.transaction() as tx:
            return buyer.save_billing_detail(tx, owner, BillingDetail(country="DE", city=str(n)), 1)

    results = at_once(16, save)
    assert results.count(True) == 1
    with database.read() as tx:
        assert buyer.billing_detail(tx, owner) == (BillingDetail(country="DE", city=str(results.index(True))), 2)


def test_every_job_is_claimed_once(database: Database, factory: Factory) -> None:
    with database.transaction() as tx:
        for n in range(200):
            outbox.add(tx, "work", {"n": n}, now=factory.now, lane="bulk")

    def claim_until_dry(n: int) -> list[int]:
        mine: list[int] = []
        while True:
            with database.transaction() as tx:
                jobs = outbox.claim(tx, "bulk", limit=5, owner=f"w{n}", now=factory.now, lease_seconds=30)
            assert len(jobs) <= 5
            if not jobs:
                return mine
            mine += [job.arguments["n"] for job in jobs]

    claimed = [n for mine in at_once(8, claim_until_dry) for n in mine]
    assert sorted(claimed) == list(range(200))


def test_a_key_lets_one_job_in(database: Database, factory: Factory) -> None:
    def add(_: int) -> bool:
        with database.transaction() as tx:
            return outbox.add(tx, "work", {}, now=factory.now, lane="bulk", key="the same")

    assert at_once(16, add).count(True) == 1


def test_every_hit_counts(database: Database, factory: Factory) -> None:
    def hit(_: int) -> int:
        with database.transaction() as tx:
            return rate_limit.hit(tx, bytes(32), factory.now, 900)

    assert sorted(at_once(16, hit)) == list(range(1, 17))


@pytest.mark.parametrize("count", [2, 16])
def test_the_file_kept_first_is_everybodys(database: Database, factory: Factory, count: int) -> None:
    owner = factory.buyer()
    document_id = factory.document(owner, factory.payment(owner, factory.order(owner)))

    def keep(n: int) -> bytes:
        with database.transaction() as tx:
            return document.keep_file(tx, owner, document_id, "de", "application/pdf", body=b"%d" % n, now=factory.now)

    assert len(set(at_once(count, keep))) == 1


def test_a_session_ends_once(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    with database.transaction() as tx:
        session.create(tx, owner, token_hash=bytes(32), now=factory.now, expires_at=factory.now + timedelta(minutes=30))

    def end(_: int) -> bool:
        with database.transaction() as tx:
            return session.end(tx, bytes(32), factory.now)

    assert at_once(8, end).count(True) == 1
