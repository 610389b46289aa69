"""The rules of the subscription engine are silent about sound data, and speak when a row breaks them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portico.domain.payment import PlanInEffect
from portico.services import charging, check
from portico.storage import outbox, payment, subscription, tables
from portico.storage.database import Database
from tests.conftest import NOW
from tests.factories import Factory

Break = Callable[[sa.Connection, "World"], object]
DAY = timedelta(days=1)


class World:
    """A buyer with subscriptions that Portico bills: one runs, one waits for its upgrade's payment, one has been upgraded, one is past
    due, one was canceled, and of one purchase a part was given back on request."""

    def __init__(self, database: Database, factory: Factory) -> None:
        self.now = factory.now
        self.database, self.factory = database, factory
        self.buyer = factory.buyer()
        self.plans = factory.plans(self.buyer, {"Starter": 1000, "Pro": 2900})
        self.active = self._subscribe()
        self.period = factory.period_payment(self.buyer, self.active)
        self.waiting = self._subscribe(due_at=None)
        factory.period_payment(self.buyer, self.waiting)
        self.open = self._change(self.waiting, "pending")
        self.upgraded = self._subscribe(product_id=self.plans["Pro"])
        factory.period_payment(self.buyer, self.upgraded)
        self.change = self._change(self.upgraded, "succeeded")
        for kind in ("invoice", "receipt"):
            factory.document(self.buyer, self.change, kind=kind)
        self.failing = self._subscribe(status="past_due", due_at=self.now + DAY, failing_since=self.now)
        self.owed = factory.period_payment(self.buyer, self.failing, status="failed")
        self.leaving = self._subscribe()
        self.cancellation = factory.cancellation(self.buyer, self.leaving)
        self._refunded(factory)
        with database.transaction() as tx:
            outbox.add(tx, charging.JOB, {}, now=self.now, lane="pay", key=f"{charging.JOB_PREFIX}{self.open}-1", delay_seconds=60)
            left = subscription.get(tx, self.buyer, self.leaving)
            subscription.transition(
                tx, self.buyer, self.leaving, "cancel", cause="canceled", actor="buyer", now=self.now, change_kind="cancel",
                change_at=left.period_end,
            )  # fmt: skip

    def _subscribe(self, **columns: Any) -> str:
        return self.factory.subscription(self.buyer, **{"product_id": self.plans["Starter"], "managed": True, **columns})

    def _change(self, subscription_id: str, status: str) -> str:
        with self.database.read() as tx:
            found = subscription.get(tx, self.buyer, subscription_id)
        asked = PlanInEffect(
            self.plans["Pro"], "Pro", "month", 1, 2900, found.anchor, 0, found.period_start, found.period_end, self.plans["Starter"], 1
        )
        amounts = {"net_minor": 1900, "tax_minor": 361, "total_minor": 2261}
        return self.factory.payment(
            self.buyer, found.order_id, subscription_id=subscription_id, status=status, attempts=(status,), keyed=True,
            change=_json(asked), **amounts,
        )  # fmt: skip

    def _refunded(self, factory: Factory) -> None:
        order_id = factory.order(self.buyer, status="partially_refunded")
        self.paid = factory.payment(self.buyer, order_id, keyed=True, refunded_minor=1000)
        for kind in ("invoice", "receipt"):
            factory.document(self.buyer, self.paid, kind=kind)
        self.ticket = factory.ticket(self.buyer, self.paid, status="succeeded")
        self.refund = factory.refund(self.buyer, self.paid, key="REF-1", reference="re_1", ticket_id=self.ticket)
        self.credit_note = factory.credit_note(self.buyer, self.paid, self.refund)


def _json(asked: PlanInEffect) -> dict[str, Any]:
    moments = ("anchor", "period_start", "period_end")
    return {
        **{name: getattr(asked, name) for name in asked.__slots__},
        **{name: getattr(asked, name).isoformat() for name in moments},
    }


@pytest.fixture
def world(database: Database, factory: Factory) -> World:
    return World(database, factory)


def _set(table: sa.Table, row: str, **values: Any) -> Break:
    return lambda tx, world: tx.execute(sa.update(table).where(table.c.id == getattr(world, row)).values(**values))


def _drop(table: sa.Table, column: str, row: str) -> Break:
    return lambda tx, world: tx.execute(sa.delete(table).where(table.c[column] == getattr(world, row)))


def _unknown(tx: sa.Connection, world: World) -> None:
    assert payment.mark_unknown(tx, f"{world.open}-1")


def _attempts(row: str, **values: Any) -> Break:
    table = tables.payment_attempt
    return lambda tx, world: tx.execute(sa.update(table).where(table.c.payment_id == getattr(world, row)).values(**values))


def _four_charges(tx: sa.Connection, world: World) -> None:
    """One was there; the fourth comes in the last moment of the day."""
    found = subscription.get(tx, world.buyer, world.active)
    for n, after in enumerate((timedelta(hours=1), timedelta(hours=2), DAY - timedelta(microseconds=1))):
        copy = dict(tx.execute(sa.select(tables.payment).where(tables.payment.c.id == world.period)).mappings().one())
        copy |= {"id": f"PAY_{n}", "succeeded_at": world.now + after, "period_start": found.period_end + n * DAY}
        tx.execute(tables.payment.insert(), copy | {"period_end": found.period_end + (n + 1) * DAY})
        attempt = {"payment_id": f"PAY_{n}", "sequence": 1, "status": "succeeded", "attempted_at": world.now, "key": f"K{n}"}
        tx.execute(tables.payment_attempt.insert(), attempt)


def _other_lines(tx: sa.Connection, world: World) -> None:
    line = {"description": "Starter", "quantity": 1, "unit_minor": 1000, "net_minor": 1000, "tax_rate": "19", "kind": "plain"}
    tx.execute(sa.update(tables.payment).where(tables.payment.c.id == world.period).values(lines=[line]))


def _disputed(tx: sa.Connection, world: World) -> None:
    paid = tx.execute(sa.select(tables.payment).where(tables.payment.c.id == world.period)).one()
    whose = {"store_id": paid.store_id, "environment": paid.environment, "buyer_id": paid.buyer_id, "payment_id": paid.id}
    said = {"reference": "dp_1", "currency": paid.currency, "amount_minor": paid.total_minor, "reason": "fraudulent", "opened_at": NOW}
    tx.execute(tables.dispute.insert(), {**whose, **said, "id": "DSP_1", "status": "open"})


# The rule, what it says, and what breaks it. Some breaks touch more than one rule.
BREAKS: list[tuple[str, str, Break]] = [
    ("what_waits_for_a_payment_is_not_due", "is pending", _set(tables.subscription, "waiting", due_at=NOW)),
    ("what_portico_bills_goes_on", "nothing will ever happen", _set(tables.subscription, "active", due_at=None)),
    ("what_portico_bills_goes_on", "still due", _set(tables.subscription, "active", status="expired", ended_at=NOW)),
    ("what_is_past_due_is_owed", "no payment of its period", _set(tables.payment, "owed", status="canceled")),
    ("what_is_past_due_is_owed", "ladder of retries", _set(tables.subscription, "failing", status="active")),
    ("an_attempt_and_its_payment_agree", "the payment failed", _set(tables.payment, "open", status="failed")),
    ("an_attempt_and_its_payment_agree", "no attempt is under way", _attempts("open", status="failed")),
    ("an_attempt_and_its_payment_agree", "an attempt is pending", _set(tables.payment, "open", status="unknown")),
    ("what_is_asked_of_a_provider_has_its_job", "no job sees to it", lambda tx, world: tx.execute(sa.delete(tables.job))),
    ("what_is_asked_of_a_provider_has_its_job", "the refund REF-1", _set(tables.refund, "refund", status="pending")),
    ("nothing_is_charged_too_often", "charged 4 times", _four_charges),
    ("a_request_is_as_its_refund", "its refund succeeded", _set(tables.refund_ticket, "ticket", status="failed")),
    ("a_request_is_as_its_refund", "its refund missing", _set(tables.refund, "refund", ticket_id=None)),
    ("a_cancellation_stands_while_it_is_canceled", "no cancellation stands", _set(tables.cancellation, "cancellation", withdrawn_at=NOW)),
    ("a_cancellation_stands_while_it_is_canceled", "no cancellation stands", _set(tables.cancellation, "cancellation", effective_at=NOW)),
    ("a_cancellation_stands_while_it_is_canceled", "is active", _set(tables.subscription, "leaving", status="active")),
    ("no_charge_is_unknown_for_long", "more than ten minutes", _unknown),
    ("no_payment_is_disputed", "fraudulent, dp_1", _disputed),
    (
        "no_subscription_is_held",
        "waits for a person: bug",
        _set(tables.subscription, "active", due_at=None, held_at=NOW, held_reason="bug"),
    ),
    ("a_change_is_in_effect_when_it_is_paid", "not what it was", _set(tables.subscription, "waiting", quantity=2)),
    ("a_change_is_in_effect_when_it_is_paid", "not in effect", _set(tables.subscription, "upgraded", unit_minor=1000)),
]
WARNINGS = {"no_charge_is_unknown_for_long", "no_payment_is_disputed", "no_subscription_is_held"}
LATER = NOW + timedelta(minutes=10, microseconds=1)


def test_sound_data_has_no_findings(database: Database, world: World) -> None:
    assert check.run(database, LATER) == []


@pytest.mark.parametrize(("rule", "says", "spoil"), BREAKS, ids=[f"{rule}-{n}" for n, (rule, *_) in enumerate(BREAKS)])
def test_a_rule_sees_what_breaks_it(database: Database, world: World, rule: str, says: str, spoil: Break) -> None:
    with database.transaction() as tx:
        spoil(tx, world)
    found = [finding for finding in check.run(database, LATER) if finding.check == rule]
    assert [finding.detail for finding in found if says in finding.detail]
    assert {finding.severity for finding in found} == {"warning" if rule in WARNINGS else "error"}


def test_an_invoice_prints_what_was_charged(database: Database, world: World) -> None:
    with database.transaction() as tx:
        _other_lines(tx, world)
    found = check.run(database)
    assert {(finding.check, finding.detail) for finding in found} == {
        ("a_document_is_as_it_was_issued", "it prints other lines than were charged")
    }
    assert len(found) == 2, "the invoice and the receipt"


def test_what_is_not_known_yet_is_no_news_for_ten_minutes(database: Database, world: World) -> None:
    with database.transaction() as tx:
        _unknown(tx, world)
    assert check.run(database, LATER - timedelta(microseconds=1)) == []
    assert check.run(database) == [], "without the time there is no age"


def test_the_age_of_an_attempt_is_in_its_store_s_time(database: Database, world: World) -> None:
    with database.transaction() as tx:
        _unknown(tx, world)
        tx.execute(sa.update(tables.store).values(test_offset=timedelta(days=30)))
        tx.execute(sa.update(tables.payment_attempt).values(attempted_at=NOW + timedelta(days=30)))
    assert check.run(database, LATER - timedelta(microseconds=1)) == []
    assert [finding.check for finding in check.run(database, LATER)] == ["no_charge_is_unknown_for_long"]


def test_a_dearer_plan_since_is_no_contradiction(database: Database, world: World) -> None:
    """In the last minutes of a period an upgrade costs nothing, and there is no payment that tells of it."""
    with database.transaction() as tx:
        tx.execute(sa.update(tables.subscription).where(tables.subscription.c.id == world.upgraded).values(unit_minor=9900, quantity=1))
    assert check.run(database) == []


def test_imported_rows_are_nobodys_to_end(database: Database, factory: Factory) -> None:
    """What a shop never learned about its own attempts asks for no job of ours, and what it bills needs no next step."""
    buyer = factory.buyer()
    factory.payment(buyer, factory.order(buyer, status="pending"), status="unknown", attempts=("unknown", "unknown"))
    factory.subscription(buyer, status="past_due")
    factory.subscription(buyer, status="canceling", change_kind="cancel", change_at=NOW)
    assert check.run(database, LATER) == []


@pytest.mark.parametrize(
    ("table", "values"),
    [
        (tables.subscription, {"due_at": NOW, "managed": False}),
        (tables.subscription, {"held_at": NOW, "held_reason": "x", "due_at": NOW}),
        (tables.subscription, {"held_at": NOW, "held_reason": None}),
        (tables.subscription, {"status": "paused", "resumes_at": None}),
        (tables.subscription, {"change_kind": "pause", "change_at": NOW, "resumes_at": None}),
        (tables.subscription, {"change_kind": "nap", "change_at": NOW}),
        (tables.subscription, {"method_reference": "pm_1", "customer_reference": None}),
        (tables.payment, {"purpose": "purchase"}),
        (tables.payment, {"purpose": "change"}),
        (tables.payment_attempt, {"key": None, "status": "pending"}),
        (tables.product, {"quantity_min": 2, "quantity_max": 1}),
        (tables.product, {"pause_periods_max": 4}),
        (tables.refund_ticket, {"decided_at": None}),
    ],
    ids=str,
)
def test_the_database_refuses(database: Database, world: World, table: sa.Table, values: dict[str, Any]) -> None:
    chosen = table.c.subscription_id == world.active if table is tables.payment else sa.true()
    with pytest.raises(sa.exc.IntegrityError), database.transaction() as tx:
        tx.execute(sa.update(table).where(chosen).values(**values))
