"""A key is claimed once, its answer is given again byte by byte, and what died on the way is taken over."""

import threading
from datetime import timedelta

import pytest

from portico.domain.scope import StoreScope
from portico.storage import idempotency
from portico.storage.database import Database
from portico.storage.idempotency import GIVEN_UP_AFTER, Begun, Claim, Stored
from tests.factories import Factory

SAME, OTHER = b"\1" * 32, b"\2" * 32
ANSWER = Stored(201, {"Content-Type": "application/json"}, b'{"id": "\xc3\xa9"}')


@pytest.fixture
def scope(factory: Factory) -> StoreScope:
    return factory.store()


def _begin(database: Database, scope: StoreScope, claim: Claim, request_hash: bytes = SAME) -> Begun:
    with database.transaction() as tx:
        return idempotency.begin(tx, scope, claim, request_hash=request_hash, keeps_for_ever=True)


def _finish(database: Database, scope: StoreScope, claim: Claim) -> bool:
    answer = {"status": ANSWER.status, "headers": ANSWER.headers, "body": ANSWER.body}
    with database.transaction() as tx:
        return idempotency.finish(tx, scope, claim, **answer, now=claim.claimed_at)


def test_the_same_request_has_the_same_answer_and_another_has_none(database: Database, factory: Factory, scope: StoreScope) -> None:
    claim = Claim("native", "k", factory.now)
    again = Claim("native", "k", factory.now + timedelta(days=1))
    assert _begin(database, scope, claim) == Begun("new")
    assert _finish(database, scope, claim)
    assert not _finish(database, scope, claim), "an answer is kept once"
    assert _begin(database, scope, again) == Begun("replay", ANSWER)
    assert _begin(database, scope, again, OTHER) == Begun("reused")
    for elsewhere in (Claim("waffo", "k", factory.now), Claim("native", "k", factory.now, "MER_1"), Claim("native", "K", factory.now)):
        assert _begin(database, scope, elsewhere) == Begun("new")
    assert _begin(database, StoreScope(scope.store_id, "prod"), claim) == Begun("new")


def test_what_died_is_taken_over_and_its_late_answer_is_not_kept(database: Database, factory: Factory, scope: StoreScope) -> None:
    dead = Claim("native", "k", factory.now)
    early = Claim("native", "k", factory.now + GIVEN_UP_AFTER)
    late = Claim("native", "k", factory.now + GIVEN_UP_AFTER + timedelta(microseconds=1))
    assert _begin(database, scope, dead) == Begun("new")
    assert _begin(database, scope, early) == Begun("in_flight")
    assert _begin(database, scope, late, OTHER) == Begun("reused"), "another request does not take it over"
    assert _begin(database, scope, late) == Begun("taken_over")
    assert not _finish(database, scope, dead)
    with database.transaction() as tx:
        assert not idempotency.free(tx, scope, dead)
    assert _finish(database, scope, late)


def test_a_key_that_is_given_back_is_free(database: Database, factory: Factory, scope: StoreScope) -> None:
    claim = Claim("native", "k", factory.now)
    _begin(database, scope, claim)
    with database.transaction() as tx:
        assert idempotency.free(tx, scope, claim)
    assert _begin(database, scope, claim, OTHER) == Begun("new")


def test_of_many_at_once_one_does_the_work(database: Database, factory: Factory, scope: StoreScope) -> None:
    outcomes: list[str] = []
    at_once = threading.Barrier(8)

    def ask(n: int) -> None:
        at_once.wait(10)
        outcomes.append(_begin(database, scope, Claim("native", "k", factory.now + timedelta(microseconds=n))).outcome)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["in_flight"] * 7 + ["new"]
