"""Payments and their attempts: what goes in comes out, and everything ends once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portico.domain.document_line import DocumentLine
from portico.domain.errors import Conflict, NotFound
from portico.domain.payment import Payment, PaymentAttempt, PaymentMethod, PlanInEffect
from portico.storage import charge_bound, payment, subscription, tables
from portico.storage.database import Database, count_statements
from tests.conftest import NOW
from tests.factories import CARD, Factory

VISA = PaymentMethod("visa", "4242", 12, 2029)
AMEX = PaymentMethod("amex", "0005", 1, 2031)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CHANGE = PlanInEffect("PROD_2", "Pro", "month", 2, 2900, NOW, 0, NOW, NOW + 31 * DAY, "PROD_1", 1, new_period=True)
LINES = (
    DocumentLine("Starter", 1, -500, -500, "19", NOW, NOW + DAY, "credit"),
    DocumentLine("Pro", 1, 1500, 1500, "19", NOW, None, "charge"),
)


def _unpaid(order_id: str, subscription_id: str | None = None, **changes: Any) -> Payment:
    bare = Payment(
        "PAY_1", None, order_id, subscription_id, None, None, "EUR", 1000, 190, 1190, 0, "pending", VISA, NOW, None, lines=LINES
    )  # fmt: skip
    return replace(bare, **changes)


def _attempt(tx: sa.Connection, scope: Any, payment_id: str, key: str, **given: Any) -> int:
    return payment.add_attempt(tx, scope, payment_id, **{"key": key, "method": VISA, "on_session": False, "now": NOW, **CARD, **given})


def test_a_payment_comes_back_as_it_was_begun(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    subscription_id = factory.subscription(owner, managed=True)
    with database.transaction() as tx:
        order_id = subscription.get(tx, owner, subscription_id).order_id
        upgrade = _unpaid(order_id, subscription_id, purpose="change", change=CHANGE)
        assert payment.start(tx, owner, upgrade)
        assert payment.get(tx, owner, "PAY_1") == payment.lock(tx, owner, "PAY_1") == upgrade
        bare = _unpaid(order_id, id="PAY_2", lines=(), method=None)
        assert payment.start(tx, owner, bare)
        assert payment.get(tx, owner, "PAY_2") == bare
        kept = tx.execute(sa.text("SELECT lines IS NULL, change IS NULL FROM payment WHERE id = 'PAY_2'")).one()
        assert tuple(map(bool, kept)) == (True, True)


def test_a_period_has_one_payment(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    subscription_id = factory.subscription(owner, managed=True)
    with database.transaction() as tx:
        found = subscription.get(tx, owner, subscription_id)
        of_period = {"purpose": "period", "period_start": found.period_start, "period_end": found.period_end}
        assert payment.start(tx, owner, _unpaid(found.order_id, subscription_id, **of_period))
        assert not payment.start(tx, owner, _unpaid(found.order_id, subscription_id, **of_period, id="PAY_2"))
        assert payment.cancel(tx, owner, "PAY_1")
        assert not payment.start(tx, owner, _unpaid(found.order_id, subscription_id, **of_period, id="PAY_2")), "not even a given-up one"


def test_attempts_are_counted_and_keep_what_was_asked(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    payment_id = factory.payment(owner, factory.order(owner, status="pending"), status="pending", attempts=("failed",))
    with database.transaction() as tx:
        assert _attempt(tx, owner, payment_id, "K-2", on_session=True) == 2
        found = payment.get(tx, owner, payment_id)
        assert found.attempts[-1] == PaymentAttempt(
            2, "pending", None, PaymentMethod("visa", "4242"), NOW, "K-2", None, None, True, "cus_1", "pm_1"
        )
        for key in ("K-2", "K-3"):
            with pytest.raises(Conflict):
                _attempt(tx, owner, payment_id, key)
        assert payment.settle_attempt(tx, "K-2", status="failed", failure_code="expired_card", reference="ch_1")
        no_card = {"customer_reference": None, "method_reference": None, "method": None}
        assert _attempt(tx, owner, payment_id, "K-3", status="failed", failure_code="no_payment_method", **no_card) == 3
        assert _attempt(tx, owner, payment_id, "K-4") == 4
        assert [each.status for each in payment.get(tx, owner, payment_id).attempts] == ["failed", "failed", "failed", "pending"]


@pytest.mark.parametrize("over", ["succeeded", "canceled"])
def test_what_is_over_is_not_tried_again(database: Database, factory: Factory, over: str) -> None:
    owner = factory.buyer()
    payment_id = factory.payment(owner, factory.order(owner), status=over, attempts=())
    with database.transaction() as tx:
        with pytest.raises(Conflict):
            _attempt(tx, owner, payment_id, "K-1")
        assert not payment.set_status(tx, owner, payment_id, "pending")
        assert not payment.cancel(tx, owner, payment_id)
        assert not payment.succeed(tx, owner, payment_id, method=None, now=NOW)
        assert payment.get(tx, owner, payment_id).status == over


def test_an_attempt_is_found_by_its_key_with_all_about_it(database: Database, factory: Factory) -> None:
    store = factory.store(environment="prod", slug="by-key")
    owner = factory.buyer(store)
    payment_id = factory.payment(owner, factory.order(owner, status="pending"), status="pending", attempts=("failed", "pending"))
    with database.read() as tx, count_statements(database) as seen:
        found = payment.attempt_by_key(tx, f"{payment_id}-2")
    assert seen.count == 1
    assert (found.key, found.scope, found.store.slug) == (f"{payment_id}-2", owner, "by-key")
    with database.read() as tx:
        assert found.payment == payment.of_orders(tx, owner, [found.payment.order_id])[found.payment.order_id][0]
        assert found.attempt == payment.get(tx, owner, payment_id).attempts[1]
        with pytest.raises(NotFound):
            payment.attempt_by_key(tx, "K")


def test_an_attempt_waits_for_the_buyer_is_lost_sight_of_and_ends(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    payment_id = factory.payment(owner, factory.order(owner, status="pending"), status="pending", attempts=("pending",))
    key = f"{payment_id}-1"

    def now_is(tx: sa.Connection) -> tuple[Any, ...]:
        found = payment.get(tx, owner, payment_id)
        return found.status, found.attempts[0].status, found.attempts[0].action_url, found.attempts[0].reference

    with database.transaction() as tx:
        assert payment.note_open(tx, key, reference="ch_1", action_url="https://bank.test/3ds")
        assert now_is(tx) == ("pending", "pending", "https://bank.test/3ds", "ch_1")
        assert payment.mark_unknown(tx, key)
        assert now_is(tx) == ("unknown", "unknown", None, "ch_1")
        assert payment.note_open(tx, key, reference="", action_url="https://bank.test/3ds")
        assert now_is(tx) == ("pending", "pending", "https://bank.test/3ds", "ch_1")
        assert payment.succeed(tx, owner, payment_id, method=AMEX, now=NOW)
        assert payment.settle_attempt(tx, key, status="succeeded", reference="ch_1", method=AMEX)
        assert now_is(tx) == ("succeeded", "succeeded", None, "ch_1")
        found = payment.get(tx, owner, payment_id)
        assert (found.method, found.succeeded_at, found.attempts[0].method) == (AMEX, NOW, PaymentMethod("amex", "0005"))
        for late in (payment.note_open(tx, key, reference="x", action_url=None), payment.mark_unknown(tx, key)):
            assert not late
        for status in ("failed", "canceled", "succeeded"):
            assert not payment.settle_attempt(tx, key, status=status)
        assert now_is(tx) == ("succeeded", "succeeded", None, "ch_1")


def test_a_refusal_may_turn_out_to_be_a_success(database: Database, factory: Factory) -> None:
    """The provider knows. A failure is not turned into another failure, though."""
    owner = factory.buyer()
    payment_id = factory.payment(owner, factory.order(owner, status="pending"), status="failed", attempts=("failed",), keyed=True)
    key = f"{payment_id}-1"
    with database.transaction() as tx:
        assert not payment.settle_attempt(tx, key, status="failed", failure_code="expired_card")
        assert payment.succeed(tx, owner, payment_id, method=None, now=NOW)
        assert payment.settle_attempt(tx, key, status="succeeded")
        found = payment.get(tx, owner, payment_id)
        assert (found.status, found.method, found.attempts[0].status, found.attempts[0].failure_code) == (
            "succeeded",
            VISA,
            "succeeded",
            None,
        )


def test_money_that_nobody_waits_for_makes_an_attempt_canceled(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    payment_id = factory.payment(owner, factory.order(owner), attempts=("failed", "succeeded"), keyed=True)
    with database.transaction() as tx:
        assert payment.settle_attempt(tx, f"{payment_id}-1", status="canceled", reference="ch_9")
        assert not payment.settle_attempt(tx, f"{payment_id}-1", status="canceled")
        with pytest.raises(sa.exc.IntegrityError), tx.begin_nested():
            tx.execute(sa.update(tables.payment_attempt).values(status="succeeded"))


def test_what_a_subscription_waits_for_or_owes(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    failing = factory.subscription(owner, managed=True, status="past_due", due_at=NOW, failing_since=NOW)
    owed = factory.period_payment(owner, failing, status="failed", attempts=("failed", "failed"))
    calm = factory.subscription(owner, managed=True)
    factory.period_payment(owner, calm)
    with database.read() as tx, count_statements(database) as seen:
        found, _ = payment.of_subscription_now(tx, owner, failing)
        assert payment.of_subscription_now(tx, owner, calm)[0] is None
    assert seen.count == 2
    assert found is not None
    assert (found.id, found.status, [each.sequence for each in found.attempts]) == (owed, "failed", [1, 2])
    order_id = found.order_id
    upgrade = factory.payment(owner, order_id, subscription_id=failing, status="unknown", attempts=("failed", "unknown"), keyed=True)
    with database.transaction() as tx:
        waited_for, _ = payment.of_subscription_now(tx, owner, failing)
        assert waited_for is not None
        assert (waited_for.id, [each.status for each in waited_for.attempts]) == (upgrade, ["failed", "unknown"])
        assert payment.set_status(tx, owner, upgrade, "failed")
        again, _ = payment.of_subscription_now(tx, owner, failing)
        assert again is not None
        assert again.id == owed, "of a refused change nothing is owed"
        subscription.transition(tx, owner, failing, "recover", cause="x", actor="x", now=NOW)
        assert payment.of_subscription_now(tx, owner, failing)[0] is None


def test_what_was_paid_for_a_period(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    subscription_id = factory.subscription(owner, managed=True)
    with database.read() as tx:
        found = subscription.get(tx, owner, subscription_id)
    whole = factory.period_payment(owner, subscription_id, refunded_minor=1000)
    given_back = [
        factory.refund(owner, whole, amount_minor=minor, status=status) for minor, status in ((1000, "succeeded"), (5, "pending"))
    ]

    def change(status: str, start: Any, at: Any) -> str:
        kept = {**_json(replace(CHANGE, period_start=start)), "period_end": (start + 31 * DAY).isoformat()}
        return factory.payment(
            owner, found.order_id, subscription_id=subscription_id, status=status, attempts=(), change=kept, created_at=at,
            succeeded_at=at if status == "succeeded" else None,
        )  # fmt: skip

    within = change("succeeded", found.period_start, found.period_start + HOUR)
    change("failed", found.period_start, found.period_start + HOUR)
    change("succeeded", found.period_start - 31 * DAY, found.period_start - HOUR)
    change("succeeded", found.period_start - 31 * DAY, found.period_start + HOUR)  # asked for before, told of after
    with database.read() as tx, count_statements(database) as seen:
        unpaid, paid = payment.of_subscription_now(tx, owner, subscription_id)
    assert seen.count == 1
    assert unpaid is None
    assert [each.id for each in paid] == [whole, within]
    assert [refund.id for refund in paid[0].refunds] == given_back
    assert paid[1].refunds == ()


def _json(change: PlanInEffect) -> dict[str, Any]:
    return {name: value.isoformat() if hasattr(value := getattr(change, name), "isoformat") else value for name in change.__slots__}


def test_charges_and_documents_of_a_day_are_counted(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    subscription_id = factory.subscription(owner, managed=True)
    factory.period_payment(owner, subscription_id)
    factory.period_payment(owner, factory.subscription(owner, managed=True))
    with database.read() as tx:
        assert charge_bound.count_since(tx, owner, subscription_id, NOW - timedelta(microseconds=1)) == (1, 2, 1)
        assert charge_bound.count_since(tx, owner, subscription_id, NOW) == (0, 0, 0)


def test_an_attempt_without_a_job_is_found(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    first, second = (
        factory.payment(owner, factory.order(owner, status="pending"), status="pending", attempts=("pending",)) for _ in range(2)
    )
    factory.payment(owner, factory.order(owner, status="pending"), status="unknown", attempts=("unknown",))  # imported
    with database.transaction() as tx:
        job = {"lane": "pay", "kind": "charge", "arguments": {}, "due_at": NOW, "created_at": NOW}
        tx.execute(tables.job.insert(), {**job, "key": f"charge:{first}-1"})
        assert payment.open_without_job(tx, "charge:", 9) == [f"{second}-1"]
        assert {each.key for each in payment.open_attempts_in(tx, owner)} == {f"{first}-1", f"{second}-1"}
