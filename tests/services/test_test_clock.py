"""A store's test clock plays everything that falls due, in order, each at its own time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portico.domain.errors import Refused
from portico.domain.scope import BuyerScope, StoreScope
from portico.domain.subscription import Subscription
from portico.jobs.worker import Worker
from portico.sandbox import cards
from portico.services import check, renewal, store_time, test_clock
from portico.services.runtime import Runtime
from portico.storage import document as documents
from portico.storage import payment as payments
from portico.storage import store as stores
from portico.storage import subscription as subscriptions
from portico.storage import tables
from tests.bank import BankGateway
from tests.conftest import SteppingClock
from tests.factories import Factory

START = datetime(2026, 1, 31, 9, tzinfo=UTC)


class Play:
    """A store in test with one buyer, whose clock is played."""

    def __init__(self, runtime: Runtime, factory: Factory, gateway: BankGateway, clock: SteppingClock) -> None:
        clock.time = START
        self.runtime, self.factory, self.gateway, self.clock = runtime, factory, gateway, clock
        self.store: StoreScope = factory.store(created_at=START)
        self.buyer: BuyerScope = factory.buyer(self.store)
        self.mails: list[tuple[str, datetime]] = []

    def subscribe(self, *, number: str = cards.SUCCESS, **columns: Any) -> str:
        card = self.gateway.save_card("ada@example.com", number)
        given = {"managed": True, "customer_reference": card.customer, "method_reference": card.method, "anchor": START} | columns
        subscription_id = self.factory.subscription(self.buyer, **given)
        found = self.read(subscription_id)
        with self.runtime.database.transaction() as tx:
            due_at = found.trial_end or found.period_end
            subscriptions.change(tx, self.buyer, subscription_id, expected_version=1, due_at=due_at)
        return subscription_id

    def read(self, subscription_id: str) -> Subscription:
        with self.runtime.database.read() as connection:
            return subscriptions.get(connection, self.buyer, subscription_id)

    def advance(self, to: datetime, **given: Any) -> test_clock.Played:
        return test_clock.advance(self.runtime, self.store, to, work=self.collect_mails, **given)

    def collect_mails(self) -> None:
        """The mails that were asked for since, with the time it is in the store."""
        table = tables.job
        with self.runtime.database.transaction() as tx:
            rows = tx.execute(sa.select(table.c.id, table.c.arguments).where(table.c.kind == "notice_mail").order_by(table.c.id)).all()
            self.mails += [(arguments["kind"], self.now()) for _, arguments in rows]
            tx.execute(sa.delete(table).where(table.c.kind == "notice_mail"))

    def now(self) -> datetime:
        with self.runtime.database.read() as connection:
            return store_time.now(self.runtime, stores.get(connection, self.store.store_id), "test")

    def charged_at(self, subscription_id: str) -> list[datetime]:
        with self.runtime.database.read() as connection:
            order_id = subscriptions.get(connection, self.buyer, subscription_id).order_id
            found = payments.of_orders(connection, self.buyer, [order_id]).get(order_id, ())
        return sorted(payment.succeeded_at for payment in found if payment.succeeded_at)


@pytest.fixture
def play(runtime: Runtime, factory: Factory, gateway: BankGateway, clock: SteppingClock) -> Play:
    return Play(replace(runtime, gateways={"test": gateway}), factory, gateway, clock)


def day(month: int, day_: int, hour: int = 9, year: int = 2026) -> datetime:
    return datetime(year, month, day_, hour, tzinfo=UTC)


def test_a_year_is_played_each_thing_at_its_own_time(play: Play) -> None:
    monthly = play.subscribe()
    played = play.advance(day(7, 15))
    assert play.charged_at(monthly) == [day(2, 28), day(3, 31), day(4, 30), day(5, 31), day(6, 30)]
    assert play.now() == day(7, 15)
    assert (played.since, played.until, played.charges) == (START, day(7, 15), 5)
    assert [at for kind, at in play.mails if kind == "payment_received"] == play.charged_at(monthly)
    with play.runtime.database.read() as connection:
        issued = [document.issued_at for document in documents.page(connection, play.buyer).items]
    assert sorted(set(issued)) == play.charged_at(monthly)
    assert [finding for finding in check.run(play.runtime.database) if finding.severity == "error" and "fits" not in finding.check] == []


def test_retries_and_the_end_come_at_their_days(play: Play) -> None:
    dying = play.subscribe(number=cards.INSUFFICIENT_FUNDS)
    play.advance(day(12, 1))
    told = [(kind, at) for kind, at in play.mails if kind in ("payment_failed", "subscription_ended_unpaid")]
    failed = day(2, 28)
    assert [at for _, at in told] == [failed + timedelta(days=days) for days in (0, 1, 3, 5, 7)]
    assert told[-1][0] == "subscription_ended_unpaid"
    assert (play.read(dying).status, play.read(dying).ended_at) == ("canceled", failed + timedelta(days=7))


def test_two_subscriptions_happen_in_the_order_of_their_days(play: Play) -> None:
    play.subscribe(interval="year")
    trial = play.subscribe(status="trialing", trial_end=day(2, 10))
    play.subscribe(anchor=day(2, 5, year=2026) - timedelta(days=3))
    play.advance(day(4, 1))
    moments = [at for _, at in play.mails]
    assert moments == sorted(moments)
    assert play.charged_at(trial)[:2] == [day(2, 10), day(3, 10)]


def test_prod_has_no_test_clock_and_time_never_goes_back(play: Play) -> None:
    prod = StoreScope(play.store.store_id, "prod")
    for scope, to, code in (
        (prod, day(3, 1), "clock_is_real"),
        (play.store, START - timedelta(seconds=1), "clock_backwards"),
        (play.store, START + timedelta(days=4000), "clock_too_far"),
    ):
        with pytest.raises(Refused) as refused:
            test_clock.advance(play.runtime, scope, to)
        assert refused.value.code == code
    assert play.now() == START


def test_only_the_stores_own_test_environment_moves(play: Play, factory: Factory) -> None:
    other = Play(play.runtime, factory, play.gateway, play.clock)
    theirs = other.subscribe()
    play.subscribe()
    play.advance(day(6, 1))
    assert (other.now(), other.charged_at(theirs)) == (START, [])
    with play.runtime.database.read() as connection:
        assert store_time.now(play.runtime, stores.get(connection, play.store.store_id), "prod") == START


def test_a_provider_that_does_not_answer_ends_it_and_nothing_is_lost(play: Play) -> None:
    monthly = play.subscribe()
    play.gateway.faults.append("unreachable")
    with pytest.raises(Refused, match="does not say what became of") as refused:
        play.advance(day(5, 15))
    assert (refused.value.code, play.now()) == ("clock_unanswered", day(2, 28))
    play.gateway.faults.clear()
    play.advance(day(5, 15))
    assert play.charged_at(monthly) == [day(2, 28), day(3, 31), day(4, 30)]


@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after", "error_after", "find_timeout"])
def test_an_answer_that_was_lost_is_asked_for_again_at_once(play: Play, fault: str) -> None:
    monthly = play.subscribe()
    play.gateway.faults.append(fault)
    play.advance(day(3, 15))
    assert play.charged_at(monthly) == [day(2, 28)]
    assert len(play.gateway.bank.captures()) == 1


def test_what_was_cut_short_goes_on_where_it_was(play: Play) -> None:
    """Killed at any moment: what was committed stays, and the same command does the rest."""
    monthly = play.subscribe()
    seen = 0

    def cut() -> None:
        nonlocal seen
        seen += 1
        if seen % 2:
            raise KeyboardInterrupt

    for _ in range(30):
        try:
            test_clock.advance(play.runtime, play.store, day(5, 15), work=cut)
            break
        except KeyboardInterrupt:
            continue
    assert play.charged_at(monthly) == [day(2, 28), day(3, 31), day(4, 30)]
    assert play.now() == day(5, 15)
    assert len(play.gateway.bank.captures()) == 3


def test_a_buyer_who_does_not_confirm_is_given_up_on_the_way(play: Play) -> None:
    subscription_id = play.subscribe(number=cards.CONFIRMS)
    play.clock.time = day(2, 28)
    renewal.sweep(play.runtime)
    attempt = tables.payment_attempt
    with play.runtime.database.transaction() as tx:
        tx.execute(sa.update(attempt).values(on_session=True))
    Worker(play.runtime).run_until_idle()
    assert play.read(subscription_id).due_at is None
    play.advance(day(2, 28, 12))
    found = play.read(subscription_id)
    assert (found.status, found.failing_since) == ("past_due", day(2, 28, 10))


def test_after_the_play_real_time_goes_on_from_there(play: Play) -> None:
    monthly = play.subscribe()
    play.advance(day(3, 30))
    play.clock.advance(days=1)
    assert play.now() == day(3, 31)
    Worker(play.runtime).run_until_idle()
    assert play.charged_at(monthly) == [day(2, 28), day(3, 31)]


def test_reminders_are_sent_on_the_way(play: Play) -> None:
    yearly = play.subscribe(interval="year")
    with play.runtime.database.transaction() as tx:
        subscriptions.change(tx, play.buyer, yearly, expected_version=2, remind_at=day(1, 24, year=2027))
    play.advance(day(2, 1, year=2027))
    assert play.mails[:2] == [("upcoming_charge", day(1, 24, year=2027)), ("payment_received", day(1, 31, year=2027))]


def test_too_many_moments_end_it_where_it_stands(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_clock, "MOST_STEPS", 3)
    play.subscribe(interval="week", unit_minor=0)
    with pytest.raises(Refused, match="the clock stands at") as refused:
        play.advance(day(6, 1))
    assert refused.value.code == "clock_too_busy"
    assert play.now() == START + timedelta(weeks=3)
