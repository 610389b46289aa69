"""A job exists with the transaction that added it, is leased with a fencing token, and ends with what it changed."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from portico.domain.errors import NotFound
from portico.storage import outbox, tables
from portico.storage.database import Database
from portico.storage.outbox import Job, LostLease

HALF_A_MINUTE = timedelta(seconds=30)


def _add(database: Database, now, **given) -> bool:
    with database.transaction() as tx:
        return outbox.add(tx, "mail", {"id": "x"}, now=now, lane="mail", **given)


def _claim(database: Database, now, *, owner="one", limit=10) -> list[Job]:
    with database.transaction() as tx:
        return outbox.claim(tx, "mail", limit=limit, owner=owner, now=now, lease_seconds=30)


def test_a_job_of_a_rolled_back_transaction_does_not_exist(database: Database, now) -> None:
    def add_two(tx: sa.Connection) -> None:
        outbox.add(tx, "mail", {}, now=now, lane="mail")
        outbox.add(tx, "mail", {}, now=now, lane="nobody's")  # type: ignore[arg-type]

    with pytest.raises(ValueError, match="lane"), database.transaction() as tx:
        add_two(tx)
    assert _claim(database, now) == []


def test_a_leased_job_is_nobody_elses_until_the_lease_runs_out(database: Database, now) -> None:
    _add(database, now)
    (job,) = _claim(database, now)
    assert (job.kind, job.arguments, job.attempt) == ("mail", {"id": "x"}, 1)
    assert _claim(database, now + HALF_A_MINUTE - timedelta(microseconds=1), owner="two") == []
    (again,) = _claim(database, now + HALF_A_MINUTE, owner="two")
    assert (again.id, again.attempt) == (job.id, 2)


def test_who_lost_the_lease_writes_nothing(database: Database, now) -> None:
    _add(database, now)
    (lost,) = _claim(database, now)
    (held,) = _claim(database, now + HALF_A_MINUTE, owner="two")

    def finish(tx: sa.Connection) -> None:
        outbox.add(tx, "effect", {}, now=now, lane="bulk")
        outbox.finish(tx, lost)

    for lose in (
        finish,
        lambda tx: outbox.retry_later(tx, lost, due_at=now, error=""),
        lambda tx: outbox.park(tx, lost, now=now, error=""),
    ):
        with pytest.raises(LostLease), database.transaction() as tx:
            lose(tx)
    with database.transaction() as tx:
        outbox.renew(tx, [lost], now=now + timedelta(days=1), lease_seconds=30)
        outbox.finish(tx, held)
    with database.read() as tx:
        assert outbox.waiting(tx) == []


def test_a_renewed_lease_holds_longer(database: Database, now) -> None:
    _add(database, now)
    jobs = _claim(database, now)
    with database.transaction() as tx:
        outbox.renew(tx, jobs, now=now + HALF_A_MINUTE, lease_seconds=30)
    assert _claim(database, now + HALF_A_MINUTE, owner="two") == []


def test_a_key_allows_one_live_job(database: Database, now) -> None:
    assert _add(database, now, key="k")
    assert not _add(database, now, key="k")
    (job,) = _claim(database, now)
    with database.transaction() as tx:
        outbox.finish(tx, job)
    assert _add(database, now, key="k")


def test_the_longest_waiting_come_first_and_only_when_due(database: Database, now) -> None:
    for seconds in (2, 0, 1, 90):
        _add(database, now, delay_seconds=seconds)
    later = now + timedelta(seconds=60)
    first_two = {job.id for job in _claim(database, later, limit=2)}
    with database.read() as tx:
        due = tx.execute(sa.select(tables.job.c.id).where(tables.job.c.owner.is_(None)).order_by(tables.job.c.due_at)).scalars().all()
        assert outbox.is_due(tx, "mail", later)
        assert not outbox.is_due(tx, "bulk", later)
    assert len(first_two) == 2
    assert due == [1, 4]  # of the four, those added with 2 and with 90 seconds


def test_a_parked_job_stays_visible_until_it_is_revived(database: Database, now) -> None:
    _add(database, now)
    (job,) = _claim(database, now)
    with database.transaction() as tx:
        outbox.park(tx, job, now=now, error="x" * 900)
    assert _claim(database, now + timedelta(days=9)) == []
    with database.read() as tx:
        (parked,) = outbox.parked(tx)
    assert (parked.id, parked.parked_at, parked.attempt, len(parked.error)) == (job.id, now, 1, 500)
    with database.transaction() as tx:
        outbox.revive(tx, job.id, now)
    (revived,) = _claim(database, now)
    assert revived.attempt == 2
    with database.transaction() as tx, pytest.raises(NotFound):
        outbox.revive(tx, job.id, now)


def test_a_failed_job_comes_back_when_it_is_told_to(database: Database, now) -> None:
    _add(database, now)
    (job,) = _claim(database, now)
    with database.transaction() as tx:
        outbox.retry_later(tx, job, due_at=now + timedelta(seconds=5), error="no")
    assert _claim(database, now) == []
    with database.read() as tx:
        states = [(state.lane, state.waiting, state.oldest_due_at) for state in outbox.waiting(tx)]
    assert states == [("mail", 1, now + timedelta(seconds=5))]
    assert len(_claim(database, now + timedelta(seconds=5))) == 1


def test_leases_are_released_by_owner_or_all(database: Database, now) -> None:
    for owner in ("one", "two"):
        _add(database, now)
        _claim(database, now, owner=owner, limit=1)
    with database.transaction() as tx:
        assert outbox.release_own(tx, "one", now) == 1
        assert outbox.release_all(tx, now) == 1
    assert len(_claim(database, now)) == 2


def test_a_commit_that_adds_a_job_rings(database: Database, now) -> None:
    rung: list[str] = []
    database.when_jobs_added(lambda: rung.append("!"))
    _add(database, now, delay_seconds=60)
    assert rung == []
    _add(database, now)
    assert rung == ["!"]
    with database.transaction() as tx:
        tx.execute(sa.select(1))
    with pytest.raises(ZeroDivisionError), database.transaction() as tx:
        _ = outbox.add(tx, "mail", {}, now=now, lane="mail") // 0
    with database.transaction() as tx:
        tx.execute(sa.select(1))
    assert rung == ["!"]
