"""Many at once, where money is: a period is billed once, a step is done once, and no more is given back than was taken."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from portico.domain.errors import Conflict
from portico.domain.payment import Payment
from portico.storage import payment, refund, refund_ticket, subscription, tables, webhook_event
from portico.storage.database import Database
from tests.factories import CARD, Factory
from tests.faults.test_contention import at_once

SOON = timedelta(days=40)


def _period(found: subscription.Subscription, payment_id: str, **changes) -> Payment:
    unpaid = Payment(
        payment_id, None, found.order_id, found.id, found.period_start, found.period_end, "EUR", 2900, 551, 3451, 0, "pending", None,
        found.created_at, None, purpose="period",
    )  # fmt: skip
    return replace(unpaid, **changes)


def _count(database: Database, table: sa.Table) -> int:
    with database.read() as tx:
        return tx.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def test_a_period_is_billed_once(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    subscription_id = factory.subscription(owner, managed=True)
    with database.read() as tx:
        found = subscription.get(tx, owner, subscription_id)

    def bill(n: int) -> bool:
        with database.transaction() as tx:
            return payment.start(tx, owner, _period(found, f"PAY_{n}"))

    assert at_once(32, bill).count(True) == 1
    assert _count(database, tables.payment) == 1


def test_one_change_of_plan_is_open_at_a_time(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    subscription_id = factory.subscription(owner, managed=True)
    with database.read() as tx:
        found = subscription.get(tx, owner, subscription_id)

    def upgrade(n: int) -> bool:
        with database.transaction() as tx:
            return payment.start(tx, owner, _period(found, f"PAY_{n}", purpose="change", period_start=None, period_end=None))

    assert at_once(16, upgrade).count(True) == 1
    with database.transaction() as tx:
        (row,) = tx.execute(sa.select(tables.payment.c.id))
        assert payment.set_status(tx, owner, row[0], "failed")
    assert upgrade(99), "the next one may begin when the first has ended"


def test_what_is_due_is_worked_on_once(database: Database, factory: Factory) -> None:
    """Sweepers take batches; a step is an intent and the end of being due, in the transaction that claimed it."""
    owner = factory.buyer()
    plan = factory.product(owner, kind="subscription")
    all_due = {factory.subscription(owner, managed=True, product_id=plan, due_at=factory.now + n * timedelta(seconds=1)) for n in range(40)}
    later = factory.subscription(owner, managed=True, product_id=plan, due_at=factory.now + SOON)

    def sweep(sweeper: int) -> list[str]:
        done: list[str] = []
        while True:
            with database.read() as tx:
                if not subscription.is_due(tx, now=factory.now + timedelta(minutes=1)):
                    return done
            with database.transaction() as tx:
                claimed = subscription.due(tx, now=factory.now + timedelta(minutes=1), limit=3)
                assert len(claimed) <= 3
                for scope, found in claimed:
                    assert payment.start(tx, scope, _period(found, f"PAY_{sweeper}_{found.id[-20:]}"))
                    assert subscription.change(tx, scope, found.id, expected_version=found.version, due_at=None) == 2
            done += [found.id for _, found in claimed]

    done = [subscription_id for mine in at_once(6, sweep) for subscription_id in mine]
    assert sorted(done) == sorted(all_due)
    assert later not in done


def test_what_one_sweeper_holds_the_others_pass_over(postgresql_databases, now) -> None:
    with postgresql_databases(True) as database:
        factory = Factory(database, now)
        owner = factory.buyer()
        first, second = (factory.subscription(owner, managed=True, due_at=now + n * timedelta(seconds=1)) for n in range(2))
        with database.transaction() as tx:
            (held,) = subscription.due(tx, now=now + SOON, limit=1)
            (other,) = at_once(1, lambda _: _due_ids(database, now))[0]
        assert (held[1].id, other) == (first, second)


def _due_ids(database: Database, now) -> list[str]:
    with database.transaction() as tx:
        return [found.id for _, found in subscription.due(tx, now=now + SOON, limit=9)]


def test_of_many_changes_of_one_version_one_is_made(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    subscription_id = factory.subscription(owner, managed=True)

    def change(n: int) -> int:
        with database.transaction() as tx:
            return subscription.change(tx, owner, subscription_id, expected_version=1, quantity=n + 2)

    results = at_once(16, change)
    assert results.count(2) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 15
    with database.read() as tx:
        found = subscription.get(tx, owner, subscription_id)
    assert (found.version, found.quantity) == (2, results.index(2) + 2)


def test_a_payment_has_one_attempt_under_way(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    payment_id = factory.payment(owner, factory.order(owner, status="pending"), status="pending", attempts=())

    def attempt(n: int) -> int:
        with database.transaction() as tx:
            return payment.add_attempt(tx, owner, payment_id, key=f"K-{n}", method=None, on_session=True, now=factory.now, **CARD)

    results = at_once(16, attempt)
    assert results.count(1) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 15


@pytest.mark.parametrize("outcome", ["succeeded", "failed"])
def test_an_attempt_ends_once(database: Database, factory: Factory, outcome: str) -> None:
    owner = factory.buyer()
    payment_id = factory.payment(owner, factory.order(owner, status="pending"), status="pending", attempts=("pending",))

    def settle(_: int) -> tuple[bool, bool]:
        with database.transaction() as tx:
            payment.lock(tx, owner, payment_id)
            if outcome == "failed":
                return payment.settle_attempt(tx, f"{payment_id}-1", status="failed", failure_code="card_declined"), False
            paid = payment.succeed(tx, owner, payment_id, method=None, now=factory.now)
            return paid and payment.settle_attempt(tx, f"{payment_id}-1", status="succeeded"), paid

    results = at_once(16, settle)
    assert results.count((True, outcome == "succeeded")) == 1
    assert results.count((False, False)) == 15


def test_no_more_is_given_back_than_was_taken(database: Database, factory: Factory) -> None:
    """M6: fifty at once, each for 1.00 of 34.51; then each is settled by two at once."""
    owner = factory.buyer()
    order_id = factory.order(owner)
    payment_id = factory.payment(owner, order_id, keyed=True)

    def ask(n: int) -> bool:
        with database.transaction() as tx:
            return refund.start(tx, owner, f"REF_{n}", payment_id=payment_id, amount_minor=100, reason="", key=f"R-{n}", now=factory.now)

    begun = [n for n, started in enumerate(at_once(50, ask)) if started]
    assert len(begun) == 34
    keys = [f"R-{n}" for n in begun] * 2

    def settle(n: int) -> int | None:
        with database.transaction() as tx:
            return refund.settle(tx, keys[n], "succeeded", reference=f"re_{n}")

    before = [result for result in at_once(len(keys), settle) if result is not None]
    assert sorted(before) == [100 * n for n in range(34)], "each knows what was given back before it"
    with database.read() as tx:
        found = payment.get(tx, owner, payment_id)
        status = tx.execute(sa.select(tables.order.c.status).where(tables.order.c.id == order_id)).scalar_one()
    assert (found.refunded_minor, status) == (3400, "partially_refunded")
    assert sum(one.amount_minor for one in found.refunds if one.status == "succeeded") == 3400


def test_of_two_decisions_one_counts(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    ticket_id = factory.ticket(owner, factory.payment(owner, factory.order(owner)))

    def decide(n: int) -> bool:
        with database.transaction() as tx:
            return refund_ticket.decide(tx, owner, ticket_id, "approved" if n % 2 else "rejected", now=factory.now, note=str(n))

    results = at_once(12, decide)
    assert results.count(True) == 1
    with database.read() as tx:
        found = refund_ticket.get(tx, owner, ticket_id)
    winner = results.index(True)
    assert (found.status, found.note) == ("approved" if winner % 2 else "rejected", str(winner))


def test_an_event_is_taken_in_once(database: Database, factory: Factory) -> None:
    def deliver(_: int) -> bool:
        with database.transaction() as tx:
            return webhook_event.add(tx, "test", "sandbox", "evt_1", subject="PAY_1-1", outcome="applied", now=factory.now)

    assert at_once(30, deliver).count(True) == 1


def test_who_loses_sight_and_who_settles_do_not_wait_for_each_other(database: Database, factory: Factory) -> None:
    """Both lock the subscription first. In another order each would hold what the other wants."""
    owner = factory.buyer()
    subscription_id = factory.subscription(owner, managed=True, due_at=None)
    payment_id = factory.period_payment(owner, subscription_id, status="pending")
    key = f"{payment_id}-1"

    def act(n: int) -> bool:
        with database.transaction() as tx:
            if n % 2:
                return payment.mark_unknown(tx, key)
            subscription.lock(tx, owner, subscription_id)
            settled = payment.settle_attempt(tx, key, status="failed", failure_code="card_declined")
            return settled and payment.set_status(tx, owner, payment_id, "failed")

    results = at_once(24, act)
    assert results[0::2].count(True) == 1
    with database.read() as tx:
        found = payment.get(tx, owner, payment_id)
    assert (found.status, found.attempts[0].status) == ("failed", "failed")
