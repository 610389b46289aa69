"""The worker does every job at least once, writes what it does once, and lets nothing vanish."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from portico.app import system_clock
from portico.jobs import housekeeping, sweeper
from portico.jobs import worker as worker_module
from portico.jobs.running import Handler, NotYet, Permanent, RunningJob
from portico.jobs.worker import Worker
from portico.mail.transport import TemporaryMailFailure
from portico.services.runtime import Runtime
from portico.storage import outbox, tables
from portico.storage.database import Database
from portico.storage.sole_worker import AnotherWorker
from tests.conftest import SteppingClock


def _add(runtime: Runtime, count: int = 1, lane="mail", **given) -> None:
    with runtime.database.transaction() as tx:
        for n in range(count):
            outbox.add(tx, "work", {"n": n}, now=runtime.clock(), lane=lane, **given)


def _jobs(database: Database) -> list[sa.Row]:
    with database.read() as tx:
        return list(tx.execute(sa.select(tables.job).where(tables.job.c.kind != housekeeping.KIND).order_by(tables.job.c.id)))


class Recorder:
    """A handler that notes what it was given, and wakes whoever waits when there were `expected` of it."""

    def __init__(self, expected: int = 1) -> None:
        self.seen: list[int] = []
        self.expected, self.all_seen, self._mutex = expected, threading.Event(), threading.Lock()

    def __call__(self, runtime: Runtime, job: RunningJob) -> None:
        with self._mutex:
            self.seen.append(job.arguments["n"])
            if len(self.seen) == self.expected:
                self.all_seen.set()


@pytest.fixture
def start(runtime: Runtime):
    """Starts a worker that is stopped after the test."""
    workers: list[Worker] = []

    def start_one(handler: Handler, **given) -> Worker:
        worker = Worker(given.pop("runtime", runtime), {"work": handler, housekeeping.KIND: housekeeping.run}, **given)
        worker.start()
        workers.append(worker)
        return worker

    yield start_one
    for worker in workers:
        worker.stop()


def test_due_jobs_run_and_are_gone(runtime: Runtime, clock: SteppingClock) -> None:
    record = Recorder()
    _add(runtime, 7)
    _add(runtime, delay_seconds=60)
    worker = Worker(runtime, {"work": record})
    assert worker.run_until_idle() == 7
    assert sorted(record.seen) == list(range(7))
    assert worker.run_until_idle() == 0
    assert worker.run_until_idle(clock.time + timedelta(seconds=60)) == 1
    assert _jobs(runtime.database) == []


def test_the_end_the_effect_and_the_follow_up_are_one_commit(runtime: Runtime) -> None:
    def fail_late(runtime: Runtime, job: RunningJob) -> None:
        with job.finish() as tx:
            outbox.add(tx, "follow_up", {}, now=runtime.clock(), lane="bulk", delay_seconds=60)
            if job.attempt == 1:
                raise ConnectionError("cut")

    _add(runtime)
    worker = Worker(runtime, {"work": fail_late})
    worker.run_until_idle()
    (job,) = _jobs(runtime.database)
    assert (job.kind, job.attempt, job.owner, job.error) == ("work", 1, None, "ConnectionError: cut")
    worker.run_until_idle(job.due_at)
    assert [(job.kind, job.attempt, job.error) for job in _jobs(runtime.database)] == [("follow_up", 0, None)]


def test_failures_wait_longer_and_longer_and_are_parked_in_the_end(runtime: Runtime, clock: SteppingClock) -> None:
    def fail(runtime: Runtime, job: RunningJob) -> None:
        raise ConnectionError("no")

    _add(runtime)
    worker, waits = Worker(runtime, {"work": fail}, attempts=5), []
    for _ in range(4):
        worker.run_until_idle()
        (job,) = _jobs(runtime.database)
        waits.append((job.due_at - clock.time) / timedelta(seconds=1))
        clock.time = job.due_at
    assert all(0.8 * 2**n <= wait <= 1.2 * 2**n for n, wait in enumerate(waits, 1))
    worker.run_until_idle()
    (job,) = _jobs(runtime.database)
    assert (job.attempt, job.parked_at) == (5, clock.time)
    assert worker.run_until_idle(clock.advance(days=99)) == 0


def test_a_wait_is_an_hour_at_most(runtime: Runtime) -> None:
    def fail(runtime: Runtime, job: RunningJob) -> None:
        raise ConnectionError("no")

    _add(runtime)
    with runtime.database.transaction() as tx:
        tx.execute(sa.update(tables.job).values(attempt=18))
    Worker(runtime, {"work": fail}).run_until_idle()
    (job,) = _jobs(runtime.database)
    assert timedelta(minutes=48) <= job.due_at - runtime.clock() <= timedelta(minutes=72)


@pytest.mark.parametrize(
    "handlers", [{}, {"work": lambda runtime, job: (_ for _ in ()).throw(Permanent("never"))}], ids=["unknown", "permanent"]
)
def test_what_no_retry_can_help_is_parked_at_once(runtime: Runtime, handlers) -> None:
    _add(runtime)
    Worker(runtime, handlers).run_until_idle()
    with runtime.database.read() as tx:
        (parked,) = outbox.parked(tx)
    assert parked.attempt == 1
    assert parked.error.startswith("Permanent: ")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TemporaryMailFailure("SMTPNotSupportedError: no STARTTLS"), "TemporaryMailFailure: SMTPNotSupportedError: no STARTTLS"),
        (Permanent("550 no such mailbox"), "Permanent: 550 no such mailbox"),
        (ValueError("ada@example.com is odd"), "ValueError"),
    ],
)
def test_the_log_says_why_a_mail_did_not_leave_and_quotes_nothing_else(
    error: Exception, said: str, runtime: Runtime, capfd: pytest.CaptureFixture[str]
) -> None:
    _add(runtime)
    Worker(runtime, {"work": lambda runtime, job: (_ for _ in ()).throw(error)}).run_until_idle()
    out, err = capfd.readouterr()
    assert said in out + err
    assert "ada@" not in out + err


def test_who_waits_for_an_answer_comes_back_within_two_minutes_and_is_never_parked(runtime: Runtime, clock: SteppingClock) -> None:
    def wait(runtime: Runtime, job: RunningJob) -> None:
        raise NotYet("unknown")

    _add(runtime, lane="pay")
    worker, waits = Worker(runtime, {"work": wait}, attempts=5), []
    for _ in range(60):
        worker.run_until_idle()
        (job,) = _jobs(runtime.database)
        waits.append((job.due_at - clock.time) / timedelta(seconds=1))
        clock.time = job.due_at
    assert (job.attempt, job.parked_at, job.error) == (60, None, "NotYet: unknown")
    assert all(0.8 * min(120, 2**n) <= wait <= 1.2 * min(120, 2**n) for n, wait in enumerate(waits, 1))


def test_a_database_that_is_away_is_no_jobs_failure(runtime: Runtime, clock: SteppingClock) -> None:
    def cut_off(runtime: Runtime, job: RunningJob) -> None:
        raise sa.exc.OperationalError("SELECT", {}, ConnectionError("gone"))

    _add(runtime)
    worker = Worker(runtime, {"work": cut_off}, attempts=3)
    for _ in range(9):
        worker.run_until_idle()
        (job,) = _jobs(runtime.database)
        clock.time = job.due_at
    assert (job.attempt, job.parked_at) == (9, None)


def test_money_comes_before_everything_else(runtime: Runtime) -> None:
    ran: list[str] = []

    def note(runtime: Runtime, job: RunningJob) -> None:
        ran.append(job.arguments["lane"])

    with runtime.database.transaction() as tx:
        for lane in ("bulk", "document", "mail", "pay"):
            outbox.add(tx, "work", {"lane": lane}, now=runtime.clock(), lane=lane)  # type: ignore[arg-type]
    assert Worker(runtime, {"work": note}).run_until_idle() == 4
    assert ran == ["pay", "mail", "document", "bulk"]


def test_who_was_overtaken_rolls_back(runtime: Runtime, clock: SteppingClock) -> None:
    """The first worker hangs beyond its lease, the second does the work, the first comes back."""

    def do(runtime: Runtime, job: RunningJob) -> None:
        if job.attempt == 1:
            assert second.run_until_idle(clock.advance(seconds=31)) == 1
        with job.finish() as tx:
            outbox.add(tx, "effect", {"by": job.attempt}, now=runtime.clock(), lane="bulk", delay_seconds=60)

    second = Worker(runtime, {"work": do})
    _add(runtime)
    Worker(runtime, {"work": do}).run_until_idle()
    assert [(job.kind, job.arguments) for job in _jobs(runtime.database)] == [("effect", {"by": 2})]


def test_threads_do_what_is_added_while_they_run(runtime: Runtime, start) -> None:
    record = Recorder(80)
    start(record)
    for lane in ("pay", "mail", "document", "bulk"):
        _add(runtime, 20, lane)
    assert record.all_seen.wait(20)
    assert sorted(record.seen) == sorted([*range(20)] * 4)


def test_a_full_lane_does_not_delay_another(runtime: Runtime, start) -> None:
    release, mailed = threading.Event(), threading.Event()

    def do(runtime: Runtime, job: RunningJob) -> None:
        if job.arguments["n"] == 0:
            mailed.set()
        else:
            release.wait(20)

    with runtime.database.transaction() as tx:
        for n in range(1, 6):
            outbox.add(tx, "work", {"n": n}, now=runtime.clock(), lane="bulk")
    start(do)
    _add(runtime, 1, "mail")
    assert mailed.wait(10)
    release.set()


def test_stopping_finishes_what_runs_and_gives_back_the_rest(runtime: Runtime, start) -> None:
    began, release = threading.Event(), threading.Event()

    def do(runtime: Runtime, job: RunningJob) -> None:
        began.set()
        assert release.wait(20)

    _add(runtime, 2, "bulk")
    worker = start(do)
    assert began.wait(10)
    threading.Timer(0.2, release.set).start()
    worker.stop()
    (left,) = _jobs(runtime.database)
    assert (left.arguments, left.owner, left.due_at) == ({"n": 1}, None, runtime.clock())


def test_a_running_job_keeps_its_lease(runtime: Runtime, clock: SteppingClock, start) -> None:
    began, release = threading.Event(), threading.Event()

    def do(runtime: Runtime, job: RunningJob) -> None:
        began.set()
        assert release.wait(20)

    _add(runtime)
    start(do, lease_seconds=1)
    assert began.wait(10)
    later = clock.advance(hours=1)
    for _ in range(100):
        if _jobs(runtime.database)[0].due_at > later:
            break
        threading.Event().wait(0.05)
    else:
        pytest.fail("the lease was not prolonged")
    release.set()


def test_a_dead_workers_jobs_are_taken_over(runtime: Runtime, clock: SteppingClock, start) -> None:
    """On SQLite at once, since nobody else can be alive; on PostgreSQL when the lease runs out."""
    _add(runtime)
    with runtime.database.transaction() as tx:
        assert outbox.claim(tx, "mail", limit=1, owner="dead", now=clock.time, lease_seconds=30)
    record = Recorder()
    start(record)
    if runtime.database.dialect == "postgresql":
        assert not record.all_seen.wait(0.3)
        clock.advance(seconds=31)
    assert record.all_seen.wait(10)


def test_sqlite_has_one_worker_and_postgresql_any_number(runtime: Runtime, start) -> None:
    first = start(Recorder())
    if runtime.database.dialect == "postgresql":
        start(Recorder())
        return
    with pytest.raises(AnotherWorker, match="there can be one"):
        start(Recorder())
    first.stop()
    first.stop()
    start(Recorder())


def test_a_lane_outlives_a_database_that_is_away(runtime: Runtime, start, monkeypatch) -> None:
    claim, failures = outbox.claim, [ConnectionError("gone")]

    def fail_once(*given, **named):
        if failures:
            raise failures.pop()
        return claim(*given, **named)

    monkeypatch.setattr(outbox, "claim", fail_once)
    record = Recorder()
    _add(runtime)
    start(record)
    assert record.all_seen.wait(10)


def test_time_alone_has_things_done(runtime: Runtime, start, monkeypatch) -> None:
    """A sweep that fails, for whatever reason, does not end the sweeping."""
    rounds, enough = [], threading.Event()

    def sweep(swept: Runtime) -> int:
        rounds.append(swept)
        if len(rounds) == 1:
            raise ConnectionError("gone")
        if len(rounds) == 4:
            enough.set()
        return 0 if enough.is_set() else 1

    monkeypatch.setattr(sweeper, "sweep", sweep)
    monkeypatch.setattr(worker_module, "_SWEEP_SECONDS", 0.01)
    start(Recorder())
    assert enough.wait(20)


def test_expired_rows_are_swept_once_a_day(runtime: Runtime, clock: SteppingClock, factory) -> None:
    buyer = factory.buyer()
    for n, expired in enumerate((timedelta(days=3), timedelta(days=1))):
        ended_at = clock.time - expired
        with runtime.database.transaction() as tx:
            row = {"store_id": buyer.store_id, "environment": buyer.environment, "buyer_id": buyer.buyer_id}
            tx.execute(tables.session.insert(), row | {"token_hash": bytes([n]) * 32, "created_at": ended_at, "expires_at": ended_at})
            tx.execute(tables.rate_limit.insert(), {"key": bytes(32), "window_start": ended_at, "count": 1})
            housekeeping.schedule(tx, clock.time)
    worker = Worker(runtime, {housekeeping.KIND: housekeeping.run})
    assert worker.run_until_idle() == 1
    with runtime.database.read() as tx:
        assert tx.execute(sa.select(tables.session.c.token_hash)).scalars().all() == [bytes([1]) * 32]
        assert tx.execute(sa.select(sa.func.count()).select_from(tables.rate_limit)).scalar_one() == 1
    assert worker.run_until_idle(clock.advance(hours=23)) == 0
    assert worker.run_until_idle(clock.advance(hours=1)) == 1


def test_the_real_clock_works_too(runtime: Runtime, start) -> None:
    ticking = replace(runtime, clock=system_clock)
    record = Recorder()
    start(record, runtime=ticking)
    _add(ticking)
    assert record.all_seen.wait(10)
