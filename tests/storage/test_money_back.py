"""Refunds, requests for them, cancellations, card visits, customers and webhooks: what goes in comes out, and ends once."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portico.domain.cancellation import Cancellation
from portico.domain.errors import NotFound
from portico.domain.payment import RefundTicket
from portico.storage import (
    cancellation,
    card_setup,
    document,
    gateway_customer,
    housekeeping,
    payment,
    refund,
    refund_ticket,
    subscription,
    tables,
    webhook_event,
)  # fmt: skip
from portico.storage.card_setup import CardSetupRow
from portico.storage.database import Database, count_statements
from tests.conftest import NOW
from tests.factories import Factory

DAY = timedelta(days=1)


def _status_of(tx: sa.Connection, order_id: str) -> str:
    return tx.execute(sa.select(tables.order.c.status).where(tables.order.c.id == order_id)).scalar_one()


# --- Refunds


def test_a_refund_is_kept_looked_up_and_ended(database: Database, factory: Factory) -> None:
    store = factory.store(slug="refunds")
    owner = factory.buyer(store)
    order_id = factory.order(owner)
    payment_id = factory.payment(owner, order_id, attempts=("failed", "succeeded"), keyed=True)
    ticket_id = factory.ticket(owner, payment_id, status="approved")
    asked: dict[str, Any] = {"payment_id": payment_id, "amount_minor": 1000, "reason": "twice", "key": "REF_1-1", "now": NOW}
    with database.transaction() as tx:
        assert refund.start(tx, owner, "REF_1", ticket_id=ticket_id, **asked)
        with count_statements(database) as seen:
            found = refund.by_key(tx, "REF_1-1")
        assert seen.count == 1
        assert (found.key, found.scope, found.store.slug, found.payment.id) == ("REF_1-1", owner, "refunds", payment_id)
        assert found.charge_reference == f"ch_{payment_id}-2"
        assert (found.refund.id, found.refund.amount_minor, found.refund.status, found.refund.ticket_id) == (
            "REF_1",
            1000,
            "pending",
            ticket_id,
        )
        assert payment.get(tx, owner, payment_id).refunds == (found.refund,)
        assert refund.note(tx, "REF_1-1", "re_1")
        assert refund.pending_without_job(tx, "refund:", 9) == ["REF_1-1"]
        assert refund.settle(tx, "REF_1-1", "succeeded") == 0
        assert refund.settle(tx, "REF_1-1", "failed") is None
        assert not refund.note(tx, "REF_1-1", "re_2")
        paid = payment.get(tx, owner, payment_id)
        assert (paid.refunded_minor, paid.refunds[0].status, paid.refunds[0].reference) == (1000, "succeeded", "re_1")
        assert _status_of(tx, order_id) == "partially_refunded"
        with pytest.raises(NotFound):
            refund.by_key(tx, "REF_2-1")


def test_what_is_given_back_adds_up_to_the_payment_at_most(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    order_id = factory.order(owner)
    payment_id = factory.payment(owner, order_id, keyed=True)

    def ask(tx: sa.Connection, n: int, amount_minor: int) -> bool:
        return refund.start(tx, owner, f"REF_{n}", payment_id=payment_id, amount_minor=amount_minor, reason="", key=f"K-{n}", now=NOW)

    with database.transaction() as tx:
        assert not ask(tx, 1, 3452)
        assert ask(tx, 1, 3000)
        assert not ask(tx, 2, 452), "one that is under way counts"
        assert not ask(tx, 1, 1), "a key is for one refund"
        assert refund.settle(tx, "K-1", "failed") == 0
        assert ask(tx, 2, 2000)
        assert refund.settle(tx, "K-2", "succeeded", reference="re_2") == 0
        assert ask(tx, 3, 1451)
        assert refund.settle(tx, "K-3", "succeeded") == 2000
        assert not ask(tx, 4, 1)
        assert (payment.get(tx, owner, payment_id).refunded_minor, _status_of(tx, order_id)) == (3451, "refunded")


@pytest.mark.parametrize("status", ["pending", "failed", "unknown", "canceled"])
def test_only_what_was_taken_is_given_back(database: Database, factory: Factory, status: str) -> None:
    owner = factory.buyer()
    payment_id = factory.payment(owner, factory.order(owner), status=status, attempts=())
    with database.transaction() as tx:
        assert not refund.start(tx, owner, "REF_1", payment_id=payment_id, amount_minor=1, reason="", key="K", now=NOW)


def test_a_subscription_s_order_does_not_follow_its_refunds(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    subscription_id = factory.subscription(owner, managed=True)
    payment_id = factory.period_payment(owner, subscription_id)
    with database.transaction() as tx:
        order_id = subscription.get(tx, owner, subscription_id).order_id
        assert refund.start(tx, owner, "REF_1", payment_id=payment_id, amount_minor=3451, reason="", key="K", now=NOW)
        assert refund.settle(tx, "K", "succeeded") == 0
        assert _status_of(tx, order_id) == "active"


def test_a_credit_note_stands_beside_the_invoice(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    payment_id = factory.payment(owner, factory.order(owner), keyed=True, refunded_minor=1000)
    invoice_id = factory.document(owner, payment_id)
    refund_id = factory.refund(owner, payment_id, key="K", status="succeeded")
    note_id = factory.credit_note(owner, payment_id, refund_id)
    with database.transaction() as tx:
        assert document.newest_invoice(tx, owner, payment_id).id == invoice_id
        found = document.get(tx, owner, note_id)
        assert (found.kind, found.refund_id, found.payment_id, found.total_minor) == ("credit_note", refund_id, payment_id, 1000)
        listed = document.page(tx, owner, kind="credit_note").items
        assert [(each.id, each.refund_id, each.content) for each in listed] == [(note_id, refund_id, None)]
        assert {each.refund_id for each in document.for_order(tx, owner, found.order_id)} == {None, refund_id}
        with pytest.raises(NotFound):
            document.newest_invoice(tx, owner, "PAY_0")
        copy = dict(tx.execute(sa.select(tables.document).where(tables.document.c.id == note_id)).mappings().one())
    for wrong in ({}, {"refund_id": None, "corrects_id": None}, {"kind": "invoice"}):
        with pytest.raises(sa.exc.IntegrityError), database.transaction() as tx:
            tx.execute(tables.document.insert(), copy | {"id": "INV_9", "number": "X", "sequence": 9} | wrong)


# --- Requests


def test_a_request_is_asked_rejected_asked_again_approved_and_done(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    payment_id = factory.payment(owner, factory.order(owner), keyed=True)
    asked = RefundTicket("TKT_1", payment_id, 1, 500, "EUR", "why", "pending", "", NOW, NOW, None)
    with database.transaction() as tx:
        assert refund_ticket.create(tx, owner, asked)
        assert not refund_ticket.create(tx, owner, RefundTicket("TKT_2", payment_id, 1, 1, "EUR", "", "pending", "", NOW, NOW, None))
        assert refund_ticket.get(tx, owner, "TKT_1") == asked
        assert refund_ticket.open_any(tx) == ((owner, asked),)
        assert not refund_ticket.resubmit(tx, owner, "TKT_1", expected_version=1, amount_minor=1, reason="", now=NOW)
        assert not refund_ticket.decide(tx, owner, "TKT_1", "succeeded", now=NOW), "what was not approved is not done"
        assert refund_ticket.decide(tx, owner, "TKT_1", "rejected", now=NOW + DAY, note="too late")
        assert not refund_ticket.decide(tx, owner, "TKT_1", "approved", now=NOW)
        rejected = refund_ticket.get(tx, owner, "TKT_1")
        assert (rejected.status, rejected.note, rejected.decided_at, rejected.updated_at) == ("rejected", "too late", NOW + DAY, NOW + DAY)
        assert not refund_ticket.resubmit(tx, owner, "TKT_1", expected_version=2, amount_minor=1, reason="", now=NOW)
        assert refund_ticket.resubmit(tx, owner, "TKT_1", expected_version=1, amount_minor=400, reason="please", now=NOW + 2 * DAY)
        again = refund_ticket.get(tx, owner, "TKT_1")
        assert (again.version, again.status, again.amount_minor, again.reason, again.note, again.decided_at) == (
            2, "pending", 400, "please", "", None,
        )  # fmt: skip
        assert refund_ticket.decide(tx, owner, "TKT_1", "approved", now=NOW + 3 * DAY, note="sorry")
        assert refund_ticket.decide(tx, owner, "TKT_1", "succeeded", now=NOW + 4 * DAY)
        done = refund_ticket.get_any(tx, "TKT_1")
        assert (done[0], done[1].status, done[1].note, done[1].decided_at) == (owner, "succeeded", "sorry", NOW + 3 * DAY)
        assert refund_ticket.open_any(tx) == ()
        with pytest.raises(NotFound):
            refund_ticket.get_any(tx, "TKT_9")


def test_a_rejected_request_waits_while_another_is_open(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    payment_id = factory.payment(owner, factory.order(owner), keyed=True)
    old = factory.ticket(owner, payment_id, status="rejected")
    new = factory.ticket(owner, payment_id, created_at=NOW + DAY)
    with database.transaction() as tx:
        assert not refund_ticket.resubmit(tx, owner, old, expected_version=1, amount_minor=1, reason="", now=NOW)
        assert [each.id for each in refund_ticket.of_payment(tx, owner, payment_id)] == [new, old]
        assert refund_ticket.list(tx, owner) == refund_ticket.of_payment(tx, owner, payment_id)


# --- Cancellations


def test_a_cancellation_stands_until_it_is_taken_back(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    subscription_id = factory.subscription(owner, managed=True)

    def made(cancellation_id: str, at: datetime) -> Cancellation:
        plan = {"product_id": "", "interval": "month", "quantity": 2, "net_minor": 5800, "currency": "EUR"}
        with database.read() as tx:
            plan["product_id"] = subscription.get(tx, owner, subscription_id).product_id
        return Cancellation(cancellation_id, subscription_id, "unused", "Wörter", at, at + DAY, None, "buyer", **plan)  # type: ignore[arg-type]

    one, two = made("CAN_1", NOW), made("CAN_2", NOW + DAY)
    with database.transaction() as tx:
        cancellation.create(tx, owner, one)
        assert cancellation.standing(tx, owner, subscription_id) == cancellation.get(tx, owner, "CAN_1") == one
        assert cancellation.withdraw(tx, owner, subscription_id, NOW)
        assert not cancellation.withdraw(tx, owner, subscription_id, NOW)
        assert cancellation.standing(tx, owner, subscription_id) is None
        cancellation.create(tx, owner, two)
        assert cancellation.get(tx, owner, "CAN_1").withdrawn_at == NOW
        with pytest.raises(NotFound):
            cancellation.get(tx, owner, "CAN_3")
    with pytest.raises(sa.exc.IntegrityError), database.transaction() as tx:
        cancellation.create(tx, owner, made("CAN_3", NOW))


# --- Cards


def test_a_visit_for_a_card_ends_once(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    subscription_id = factory.subscription(owner, managed=True)
    with database.transaction() as tx:
        card_setup.create(tx, owner, "SET_1", subscription_id=subscription_id, key="SET_1", now=NOW)
        assert card_setup.get(tx, owner, "SET_1") == CardSetupRow("SET_1", subscription_id, "SET_1", None, "open", NOW, None)
        assert card_setup.by_reference(tx, "cs_1") is None
        assert card_setup.set_reference(tx, owner, "SET_1", "cs_1")
        assert not card_setup.set_reference(tx, owner, "SET_1", "cs_2"), "the first visit is the one the buyer is on"
        assert card_setup.by_reference(tx, "cs_1") == (owner, card_setup.get(tx, owner, "SET_1"))
        assert card_setup.end(tx, owner, "SET_1", status="completed", now=NOW + DAY)
        assert not card_setup.end(tx, owner, "SET_1", status="expired", now=NOW)
        assert card_setup.get(tx, owner, "SET_1").completed_at == NOW + DAY


def test_a_buyer_has_a_name_with_each_provider(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    with database.transaction() as tx:
        assert gateway_customer.get(tx, owner, "stripe") is None
        gateway_customer.put(tx, owner, "stripe", "cus_1")
        gateway_customer.put(tx, owner, "sandbox", "box_1")
        gateway_customer.put(tx, owner, "stripe", "cus_2")
        assert (gateway_customer.get(tx, owner, "stripe"), gateway_customer.get(tx, owner, "sandbox")) == ("cus_2", "box_1")


# --- Webhooks


def test_an_event_counts_once_per_environment_and_provider(database: Database) -> None:
    def add(tx: sa.Connection, *where: Any, **given: Any) -> bool:
        return webhook_event.add(tx, *where, **{"subject": "PAY_1-1", "outcome": "applied", "now": NOW, **given})

    with database.transaction() as tx:
        assert add(tx, "test", "stripe", "evt_1")
        assert not add(tx, "test", "stripe", "evt_1", outcome="ignored")
        assert add(tx, "prod", "stripe", "evt_1")
        assert add(tx, "test", "sandbox", "evt_1", outcome="waiting")
        assert add(tx, "test", "sandbox", "evt_0", outcome="waiting", now=NOW + DAY)
        assert webhook_event.waiting(tx, "test", "sandbox", "PAY_1-1") == ("evt_1", "evt_0")
        assert webhook_event.waiting(tx, "test", "stripe", "PAY_1-1") == ()
        assert webhook_event.end_waiting(tx, "test", "sandbox", "evt_1", "applied")
        assert not webhook_event.end_waiting(tx, "test", "sandbox", "evt_1", "ignored")
        assert webhook_event.waiting(tx, "test", "sandbox", "PAY_1-1") == ("evt_0",)


def test_old_events_are_forgotten_but_not_those_that_wait(database: Database) -> None:
    with database.transaction() as tx:
        for n, (outcome, age) in enumerate((("applied", 40), ("waiting", 40), ("ignored", 40), ("applied", 20))):
            webhook_event.add(tx, "test", "stripe", f"evt_{n}", subject="x", outcome=outcome, now=NOW - age * DAY)  # type: ignore[arg-type]
        assert housekeeping.purge(tx, NOW - 2 * DAY) == 2
        assert set(tx.execute(sa.select(tables.webhook_event.c.event_id)).scalars()) == {"evt_1", "evt_3"}
