"""What is due is found by an index, longest due first, and a subscription is changed only as it was read."""

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from portico.domain.errors import Conflict, NotFound, Refused
from portico.domain.scope import BuyerScope, StoreScope
from portico.domain.subscription import ScheduledChange
from portico.storage import charge_bound, payment, refund, refund_ticket, store, subscription, tables, webhook_event
from portico.storage.database import Database, count_statements
from tests.factories import Factory

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_what_is_due_comes_longest_due_first_and_nothing_else_does(database: Database, factory: Factory) -> None:
    owner, now = factory.buyer(), factory.now
    made = [factory.subscription(owner, managed=True, due_at=now - n * HOUR, remind_at=now + n * HOUR) for n in range(4)]
    factory.subscription(owner, managed=True, due_at=now + timedelta(microseconds=1))
    factory.subscription(owner, managed=True, due_at=None)
    factory.subscription(owner)
    with database.transaction() as tx:
        found = subscription.due(tx, now=now, limit=3)
        assert [each.id for _, each in found] == [made[3], made[2], made[1]]
        assert {scope for scope, _ in found} == {owner}
        assert found[0][1] == subscription.get(tx, owner, made[3])
        assert [each.id for _, each in subscription.due(tx, now=now, limit=99)] == made[::-1]
        assert [each.id for _, each in subscription.reminders_due(tx, now=now + HOUR, limit=99)] == made[:2]
        assert (subscription.is_due(tx, now=now - 3 * HOUR), subscription.is_due(tx, now=now - 4 * HOUR)) == (True, False)
        assert (subscription.is_reminder_due(tx, now=now), subscription.is_reminder_due(tx, now=now - HOUR)) == (True, False)


def test_a_store_whose_time_runs_ahead_is_swept_by_its_own_time(database: Database, factory: Factory) -> None:
    ahead, other = factory.store(test_offset=30 * DAY), factory.store()
    here, there = factory.buyer(ahead), factory.buyer(other)
    due_at = factory.now + 20 * DAY
    own = factory.subscription(here, managed=True, due_at=due_at, remind_at=due_at - DAY)
    factory.subscription(there, managed=True, due_at=due_at, remind_at=due_at)
    factory.subscription(factory.buyer(StoreScope(ahead.store_id, "prod")), managed=True, due_at=due_at)
    with database.transaction() as tx:
        assert subscription.stores_with_offset(tx) == [ahead]
        assert subscription.due(tx, now=factory.now, limit=9) == []
        assert [each.id for _, each in subscription.due_in(tx, ahead, now=factory.now + 30 * DAY, limit=9)] == [own]
        assert [each.id for _, each in subscription.reminders_due_in(tx, ahead, now=factory.now + 30 * DAY, limit=9)] == [own]
        assert (subscription.next_due_in(tx, ahead), subscription.next_reminder_in(tx, ahead)) == (due_at, due_at - DAY)
        assert subscription.next_due_in(tx, StoreScope("STO_0", "test")) is None


def test_a_change_is_made_to_what_was_read(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    subscription_id = factory.subscription(owner, managed=True)
    plan = factory.product(owner, kind="subscription", name="Team")
    planned = {"change_kind": "change_plan", "change_at": factory.now, "change_product_id": plan}
    with database.transaction() as tx:
        read = subscription.lock(tx, owner, subscription_id)
        promised = {"change_quantity": 3, "change_unit_minor": 1234}
        assert subscription.change(tx, owner, subscription_id, expected_version=read.version, **planned, **promised, due_at=None) == 2
        with pytest.raises(Conflict):
            subscription.change(tx, owner, subscription_id, expected_version=read.version, quantity=9)
        found = subscription.get(tx, owner, subscription_id)
    assert found.scheduled_change == ScheduledChange("change_plan", factory.now, plan, "Team", 1234, 3)
    assert (found.version, found.due_at, found.quantity) == (2, None, 1)


@pytest.mark.parametrize("column", ["status", "version", "held_at", "order_id", "buyer_id"])
def test_some_columns_are_not_for_changing(database: Database, factory: Factory, column: str) -> None:
    owner = factory.buyer()
    subscription_id = factory.subscription(owner)
    with database.transaction() as tx, pytest.raises(ValueError, match=column):
        subscription.change(tx, owner, subscription_id, expected_version=1, **{column: "x"})
    with database.transaction() as tx, pytest.raises(ValueError, match=column):
        subscription.transition(tx, owner, subscription_id, "cancel", cause="x", actor="x", now=factory.now, **{column: "x"})


def test_a_transition_takes_columns_along(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    subscription_id = factory.subscription(owner, managed=True)
    with database.transaction() as tx, count_statements(database) as seen:
        locked = subscription.lock(tx, owner, subscription_id)
        columns = {"due_at": factory.now, "retry_step": 1, "failing_since": factory.now}
        subscription.transition(
            tx, owner, subscription_id, "payment_failed", cause="x", actor="worker", now=factory.now, locked=locked, **columns
        )
    assert seen.count == 4, "the lock, and one each for subscription, order and history"
    with database.read() as tx:
        found = subscription.get(tx, owner, subscription_id)
    assert (found.status, found.due_at, found.retry_step, found.failing_since, found.version) == (
        "past_due", factory.now, 1, factory.now, 2,
    )  # fmt: skip


def test_a_subscription_brings_its_store(database: Database, factory: Factory) -> None:
    owner = factory.buyer(factory.store(slug="its-store"))
    subscription_id = factory.subscription(owner, managed=True)
    with database.transaction() as tx, count_statements(database) as seen:
        found, its_store = subscription.get_with_store(tx, owner, subscription_id)
        assert subscription.lock_with_store(tx, owner, subscription_id) == (found, its_store)
        assert seen.count == 2
        assert (found, its_store) == (subscription.get(tx, owner, subscription_id), store.get(tx, owner.store_id))
        assert its_store.slug == "its-store"
        with pytest.raises(NotFound):
            subscription.get_with_store(tx, owner, "SUB_0")


def test_nothing_is_planned_for_what_is_over(database: Database, factory: Factory) -> None:
    owner, now = factory.buyer(), factory.now
    plan = factory.product(owner, kind="subscription")
    planned = {"change_kind": "cancel", "change_at": now, "change_product_id": plan, "change_quantity": 2, "change_unit_minor": 1}
    subscription_id = factory.subscription(owner, managed=True, status="canceling", remind_at=now, resumes_at=now, **planned)
    with database.transaction() as tx:
        subscription.transition(tx, owner, subscription_id, "end", cause="period_over", actor="worker", now=now)
        found = subscription.get(tx, owner, subscription_id)
        left = tx.execute(sa.select(tables.subscription)).mappings().one()
    assert (found.status, found.ended_at, found.scheduled_change, found.due_at) == ("canceled", now, None, None)
    assert [left[name] for name in (*planned, "remind_at", "resumes_at")] == [None] * 7


def test_a_locked_subscription_must_be_the_one(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    one, other = factory.subscription(owner), factory.subscription(owner)
    with database.transaction() as tx, pytest.raises(NotFound):
        subscription.transition(tx, owner, one, "cancel", cause="x", actor="x", now=factory.now, locked=subscription.lock(tx, owner, other))
    with database.transaction() as tx, pytest.raises(Refused):
        subscription.transition(tx, owner, one, "unpause", cause="x", actor="x", now=factory.now)


def test_what_cannot_be_worked_on_is_held_until_a_person_lets_it_go(database: Database, factory: Factory) -> None:
    owner, now = factory.buyer(), factory.now
    subscription_id = factory.subscription(owner, managed=True, due_at=now)
    with database.transaction() as tx:
        subscription.hold(tx, owner, subscription_id, reason="ValueError: " + "x" * 300, now=now)
        assert subscription.due(tx, now=now, limit=9) == []
        (held,) = subscription.held(tx)
        assert (held.scope, held.id, held.held_at, len(held.reason)) == (owner, subscription_id, now, 200)
        assert subscription.get_any(tx, subscription_id)[1].held_reason == held.reason
        subscription.release(tx, subscription_id, due_at=now + DAY)
        scope, found = subscription.get_any(tx, subscription_id)
        assert (scope, found.due_at, found.held_at, found.version) == (owner, now + DAY, None, 3)
        assert subscription.held(tx) == ()
        for nobody in (subscription_id, "SUB_0"):
            with pytest.raises(NotFound):
                subscription.release(tx, nobody, due_at=now)


def test_all_that_are_billed_from_a_card_are_found(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    same = {factory.subscription(owner, managed=True) for _ in range(2)}
    factory.subscription(owner, managed=True, method_reference="pm_2")
    factory.subscription(owner, managed=True, status="canceled", ended_at=factory.now)
    factory.subscription(owner, customer_reference="cus_1", method_reference="pm_1")  # not ours to bill
    with database.transaction() as tx:
        assert {found.id for found in subscription.lock_using_card(tx, owner, "cus_1", "pm_1")} == same
        assert subscription.lock_using_card(tx, owner, "cus_2", "pm_1") == ()


# --- Plans of the queries that run every few seconds


def _asked(database: Database, factory: Factory) -> list[tuple[str, Any]]:
    """The statements of every query that looks for work, with their parameters."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            seen.append((statement, parameters))

    store, now = StoreScope("STO_1", "test"), factory.now
    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        with database.transaction() as tx:
            subscription.due(tx, now=now, limit=9)
            subscription.due_in(tx, store, now=now, limit=9)
            subscription.is_due(tx, now=now)
            subscription.next_due_in(tx, store)
            subscription.reminders_due(tx, now=now, limit=9)
            subscription.reminders_due_in(tx, store, now=now, limit=9)
            subscription.is_reminder_due(tx, now=now)
            subscription.next_reminder_in(tx, store)
            subscription.held(tx)
            payment.open_without_job(tx, "charge:", 9)
            refund.pending_without_job(tx, "refund:", 9)
            refund_ticket.open_any(tx)
            webhook_event.waiting(tx, "test", "sandbox", "PAY_1-1")
            payment.of_subscription_now(tx, BuyerScope("STO_1", "test", "BUY_1"), "SUB_1")
            charge_bound.count_since(tx, BuyerScope("STO_1", "test", "BUY_1"), "SUB_1", now)
    finally:
        for engine in database.engines:
            event.remove(engine, "before_cursor_execute", note)
    assert len(seen) == 15
    return seen


MEANT = (
    *("ix_subscription_due", "ix_subscription_due_in") * 2,
    *("ix_subscription_remind", "ix_subscription_remind_in") * 2,
    *("ix_subscription_held", "ix_payment_attempt_open", "ix_refund_pending", "ix_refund_ticket_queue", "ix_webhook_event_waiting"),
    *("uq_payment_subscription_id_period_start",) * 2,
)
# What is found by these is a handful, and may be sorted.
FEW = ("ix_subscription_held", "ix_webhook_event_waiting", "uq_payment_subscription_id_period_start")


def test_work_is_found_by_its_index(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    factory.period_payment(owner, factory.subscription(owner, managed=True))
    for (statement, parameters), index in zip(_asked(database, factory), MEANT, strict=True):
        plan = _plan(database, statement, parameters)
        assert re.search(rf"\b{index}\b|sqlite_autoindex_payment_", plan), f"{index}:\n{statement}\n{plan}"
        sorts = {"sqlite": "TEMP B-TREE FOR ORDER BY", "postgresql": "Sort Key"}[database.dialect]
        assert sorts not in plan or index in FEW, f"{statement}\n{plan}"


def _plan(database: Database, statement: str, parameters: Any) -> str:
    if database.dialect == "sqlite":
        with database.read() as tx:
            return "\n".join(row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters))
    with database.transaction() as tx:
        tx.exec_driver_sql("SET LOCAL enable_seqscan = off")  # the tables are all but empty
        tx.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
        tx.exec_driver_sql("SET LOCAL enable_mergejoin = off")  # taken for two rows by chance, and with a sort
        return "\n".join(row[0] for row in tx.exec_driver_sql(f"EXPLAIN {statement}", parameters))
