"""The worker: claims jobs in batches, lane by lane, runs them in threads, and gives back what failed.

Handlers run at least once. A claim is a lease that is prolonged while the job runs; a worker that died or hung loses it, and
another takes over (see `storage.outbox` for the fencing). A failed job comes back after 2, 4, 8, ... seconds, at most an
hour, and is parked after 20 attempts, where `portico check` shows it; one that waits for somebody's answer (`NotYet`) comes back
within two minutes for as long as it takes, and a database that is away is no job's failure. On SQLite there is one worker per
file, so whatever is leased when it starts was left by a dead one and is free at once.

Beside the lanes a sweeper looks for subscriptions whose time has come (`jobs.sweeper`), and a dispatcher tells of what happened
(`services.webhook_dispatch`). In the lane `webhook` few jobs at a time go to one address, so that a slow one holds up nobody else.
"""

import os
import socket
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import structlog

from portico.jobs import housekeeping, sweeper
from portico.jobs.handlers import HANDLERS
from portico.jobs.running import Handler, NotYet, Permanent, RunningJob
from portico.mail.transport import MailFailure
from portico.services import webhook_dispatch
from portico.services.runtime import Runtime
from portico.storage import outbox, sole_worker
from portico.storage.database import is_unavailable
from portico.storage.outbox import Job, Lane, LostLease

log = structlog.get_logger("portico.jobs")

# Those of webhooks, where questions to VIES are too, mostly wait: so many that a handful of receivers which are away, each keeping two of
# them, hold up nobody else.
THREADS: Mapping[Lane, int] = {"pay": 4, "mail": 4, "webhook": 16, "document": 1, "bulk": 1}
MOST_TO_ONE: Mapping[Lane, int] = {"webhook": 2}  # at a time, of this process's threads
LEASE_SECONDS = 30  # longer than any time-out of a handler's clients
ATTEMPTS = 20
_POLL_SECONDS = 1  # for jobs that fall due, and those that other processes add; our own ring the bell
_LONGEST_WAIT_SECONDS = 3600
_LONGEST_WAIT_FOR_AN_ANSWER_SECONDS = 120
_DISPATCHER = "dispatcher"
_SWEEP_SECONDS = 5  # how late a renewal may begin; looking costs a few reads by index


class Worker:
    """Background work of one process. `start` returns at once; `stop` waits for what is running."""

    def __init__(
        self,
        runtime: Runtime,
        handlers: Mapping[str, Handler] = HANDLERS,
        *,
        threads: Mapping[Lane, int] = THREADS,
        lease_seconds: int = LEASE_SECONDS,
        attempts: int = ATTEMPTS,
    ) -> None:
        self._runtime, self._database, self._handlers = runtime, runtime.database, handlers
        self._threads, self._lease_seconds, self._attempts = threads, lease_seconds, attempts
        self._owner = f"{socket.gethostname()[:40]}:{os.getpid()}:{runtime.random_bytes(4).hex()}"
        self._bells: dict[str, threading.Event] = {lane: threading.Event() for lane in (*threads, _DISPATCHER)}
        self._held: dict[int, tuple[Lane, Job]] = {}  # claimed: running, or waiting for a thread
        self._mutex = threading.Lock()
        self._stopping, self._lanes_done = threading.Event(), threading.Event()
        self._lanes: list[threading.Thread] = []
        self._leave_place: Callable[[], None] | None = None

    def start(self) -> None:
        """Starts the threads. Raises AnotherWorker when this SQLite file has a worker already."""
        if self._database.file is not None:
            self._leave_place = sole_worker.take_place(self._database.file)
        with self._database.transaction() as tx:
            if self._database.file is not None:
                outbox.release_all(tx, self._runtime.clock())
            housekeeping.schedule(tx, self._runtime.clock())
        self._database.when_jobs_added(self._ring)
        self._lanes = [_spawn(f"lane-{lane}", self._work_lane, lane, size) for lane, size in self._threads.items()]
        self._lanes += [_spawn("sweeper", self._sweep), _spawn(_DISPATCHER, self._dispatch)]
        _spawn("leases", self._keep_leases)

    def stop(self, timeout_seconds: int = 20) -> None:
        """Claims no more, waits for what is running, and gives back what did not begin. May be called twice."""
        self._stopping.set()
        self._ring()
        for lane in self._lanes:
            lane.join(timeout_seconds)
        self._lanes_done.set()
        if self._lanes:
            with self._database.transaction() as tx:
                outbox.release_own(tx, self._owner, self._runtime.clock())
            self._lanes.clear()
        if self._leave_place is not None:
            self._leave_place()
            self._leave_place = None

    def run_until_idle(self, now: datetime | None = None) -> int:
        """Runs in this thread every job that is due at `now` (by default: at the time), what is due of subscriptions at the time,
        tells of what happened, and runs the jobs that these add; how many jobs ran. Payments come first, so the order is the same in
        every run."""
        ran = 0
        while True:
            while jobs := self._claim_first(now):
                for job in jobs:
                    self._run(job)
                ran += len(jobs)
            if sweeper.sweep(self._runtime) + webhook_dispatch.dispatch(self._runtime) == 0:
                return ran

    def _claim_first(self, now: datetime | None) -> list[Job]:
        """Due jobs of the first lane that has any."""
        for lane, size in self._threads.items():
            if jobs := self._claim(lane, size, now):
                return jobs
        return []

    def _ring(self) -> None:
        for bell in self._bells.values():
            bell.set()

    def _work_lane(self, lane: Lane, size: int) -> None:
        """Keeps up to twice as many jobs as threads at hand: refilling one by one would cost twice the CPU."""
        pool = ThreadPoolExecutor(size, thread_name_prefix=f"portico-{lane}")
        bell = self._bells[lane]
        while not self._stopping.is_set():
            with self._mutex:
                room = 2 * size - sum(held_lane == lane for held_lane, _ in self._held.values())
            jobs = self._claim_and_hold(lane, room) if room >= size else []
            for job in jobs:
                pool.submit(self._run_held, job)
            if not jobs:
                bell.wait(_POLL_SECONDS)
                bell.clear()
        pool.shutdown(wait=True, cancel_futures=True)

    def _claim_and_hold(self, lane: Lane, room: int) -> list[Job]:
        try:
            jobs = self._claim(lane, room)
        except Exception as error:  # the database is away: the lane must outlive it
            log.warning("cannot claim jobs", lane=lane, error=type(error).__name__)
            self._stopping.wait(_POLL_SECONDS)
            return []
        with self._mutex:
            self._held.update({job.id: (lane, job) for job in jobs})
        return jobs

    def _claim(self, lane: Lane, limit: int, now: datetime | None = None) -> list[Job]:
        now, full = now or self._runtime.clock(), self._full(lane)
        with self._database.read() as connection:  # look first, so that an idle worker takes no write lock
            if not outbox.is_due(connection, lane, now, without=full):
                return []
        with self._database.transaction() as tx:
            jobs = outbox.claim(tx, lane, limit=limit, owner=self._owner, now=now, lease_seconds=self._lease_seconds, without=full)
            may_run = self._first_to_each(lane, jobs)
            outbox.put_back(tx, [job for job in jobs if job not in may_run], now)
        return may_run

    def _full(self, lane: Lane) -> list[str]:
        """The parties that have as many jobs in hand as may be."""
        return [party for party, count in self._in_hand(lane).items() if count >= MOST_TO_ONE[lane]] if lane in MOST_TO_ONE else []

    def _first_to_each(self, lane: Lane, jobs: list[Job]) -> list[Job]:
        """Those that may run now, the others of their parties counted."""
        if lane not in MOST_TO_ONE:
            return jobs
        in_hand, may_run = self._in_hand(lane), list[Job]()
        for job in jobs:
            if job.party is None or in_hand[job.party] < MOST_TO_ONE[lane]:
                may_run.append(job)
                in_hand[job.party or ""] += 1
        return may_run

    def _in_hand(self, lane: Lane) -> Counter[str]:
        with self._mutex:
            return Counter(job.party for held_lane, job in self._held.values() if held_lane == lane and job.party is not None)

    def _sweep(self) -> None:
        while not self._stopping.is_set():
            try:
                done = sweeper.sweep(self._runtime)
            except Exception as error:  # the database is away, or what no single subscription is to blame for: go on
                log.warning("cannot sweep", error=type(error).__name__, exc_info=None if is_unavailable(error) else error)
                done = 0
            if done == 0:
                self._stopping.wait(_SWEEP_SECONDS)

    def _dispatch(self) -> None:
        bell = self._bells[_DISPATCHER]
        while not self._stopping.is_set():
            bell.clear()
            try:
                done = webhook_dispatch.dispatch(self._runtime)
            except Exception as error:  # the database is away, or an endpoint went away meanwhile: once more
                log.warning("cannot dispatch events", error=type(error).__name__, exc_info=None if is_unavailable(error) else error)
                self._stopping.wait(_POLL_SECONDS)
                continue
            if done == 0:
                bell.wait(_POLL_SECONDS)

    def _run_held(self, job: Job) -> None:
        try:
            self._run(job)
        finally:
            with self._mutex:
                lane, _ = self._held.pop(job.id)
            self._bells[lane].set()

    def _run(self, job: Job) -> None:
        running = RunningJob(self._database, job, self._stopping.is_set)
        try:
            handler = self._handlers.get(job.kind)
            if handler is None:
                raise Permanent(f"nothing handles {job.kind}")  # written by a newer version: it waits for that
            handler(self._runtime, running)
            if not running.finished:
                with running.finish():
                    pass
        except LostLease:
            log.warning("job was taken over, rolled back", job=job.id, kind=job.kind, attempt=job.attempt)
        except Exception as error:
            self._give_back(job, error)

    def _give_back(self, job: Job, error: Exception) -> None:
        """Retry later or park. If that fails too, the lease runs out and the job is claimed again."""
        blameless = isinstance(error, NotYet) or is_unavailable(error)
        is_over = isinstance(error, Permanent) or (not blameless and job.attempt % self._attempts == 0)
        longest_seconds = _LONGEST_WAIT_FOR_AN_ANSWER_SECONDS if blameless else _LONGEST_WAIT_SECONDS
        text, now = f"{type(error).__name__}: {error}", self._runtime.clock()
        try:
            with self._database.transaction() as tx:
                if is_over:
                    outbox.park(tx, job, now=now, error=text)
                else:
                    outbox.retry_later(tx, job, due_at=now + self._wait(job.attempt, longest_seconds), error=text)
        except LostLease:
            log.warning("job failed after it was taken over", job=job.id, kind=job.kind, attempt=job.attempt)
        except Exception as trouble:
            log.warning("job could not be given back", job=job.id, kind=job.kind, error=type(trouble).__name__)
        else:
            self._note(job, error, text, is_over=is_over)

    def _note(self, job: Job, error: Exception, text: str, *, is_over: bool) -> None:
        if isinstance(error, NotYet):
            log.debug("job waits for an answer", job=job.id, kind=job.kind, attempt=job.attempt)
            return
        note = log.error if is_over else log.warning
        # Of other errors only the kind: their text may quote what a job holds.
        why = text if isinstance(error, MailFailure | Permanent) else type(error).__name__
        note("job parked" if is_over else "job failed", job=job.id, kind=job.kind, attempt=job.attempt, error=why)

    def _wait(self, attempt: int, longest_seconds: int) -> timedelta:
        """2, 4, 8, ... seconds, give or take a fifth, so that what failed together does not come back together."""
        seconds = min(longest_seconds, 2 ** min(attempt, 20))
        per_mille = 800 + int.from_bytes(self._runtime.random_bytes(2), "big") % 401
        return timedelta(milliseconds=seconds * per_mille)

    def _keep_leases(self) -> None:
        while not self._lanes_done.wait(self._lease_seconds / 3):
            with self._mutex:
                jobs = [job for _, job in self._held.values()]
            if not jobs:
                continue
            try:
                with self._database.transaction() as tx:
                    outbox.renew(tx, jobs, now=self._runtime.clock(), lease_seconds=self._lease_seconds)
            except Exception as error:  # the database is away; the leases may run out, which is safe
                log.warning("cannot prolong leases", error=type(error).__name__)


def _spawn(name: str, run: Callable[..., None], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=run, args=arguments, name=f"portico-{name}", daemon=True)
    thread.start()
    return thread
