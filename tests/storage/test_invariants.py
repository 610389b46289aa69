"""Every rule of `portico check` is silent about sound data, and speaks when a row breaks it."""

import hashlib
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from portico.domain.scope import BuyerScope
from portico.services import check
from portico.storage import audit, document, outbox, subscription, tables, tax_id_check
from portico.storage.database import Database
from tests.conftest import NOW
from tests.factories import Factory
from tests.storage import test_invariants_api, test_invariants_billing, test_invariants_documents

Break = Callable[[sa.Connection, "World"], None]


class World:
    """One buyer with a paid order, partly refunded; a subscription with a history; a parked job's ingredients."""

    def __init__(self, database: Database, factory: Factory) -> None:
        self.now = factory.now
        self.buyer: BuyerScope = factory.buyer()
        self.order = factory.order(self.buyer, status="partially_refunded")
        self.payment = factory.payment(self.buyer, self.order, attempts=("failed", "succeeded"), refunded_minor=1000)
        self.refund = factory.refund(self.buyer, self.payment)
        self.documents = [factory.document(self.buyer, self.payment, kind=kind) for kind in ("invoice", "receipt")]
        factory.credit_note(self.buyer, self.payment, self.refund)
        self.subscription = factory.subscription(self.buyer)
        with database.transaction() as tx:
            kept = subscription.get(tx, self.buyer, self.subscription)
            document.keep_file(tx, self.buyer, self.documents[0], "en", "application/pdf", body=b"pdf", now=self.now)
            audit.record(tx, self.buyer, actor="x", action="signed_in", subject="LNK_1", now=self.now)
        bounds = {"period_start": kept.period_start, "period_end": kept.period_end}
        self.renewal = factory.payment(self.buyer, kept.order_id, subscription_id=self.subscription, **bounds)
        for kind in ("invoice", "receipt"):
            factory.document(self.buyer, self.renewal, kind=kind)


@pytest.fixture
def world(database: Database, factory: Factory) -> World:
    return World(database, factory)


def _set(table: sa.Table, row: str, **values: object) -> Break:
    return lambda tx, world: tx.execute(sa.update(table).where(table.c.id == getattr(world, row)).values(**values)) and None


def _all(table: sa.Table, **values: object) -> Break:
    return lambda tx, world: tx.execute(sa.update(table).values(**values)) and None


def _second_history(tx: sa.Connection, world: World) -> None:
    row = {"from_status": "pending", "to_status": "active", "cause": "x", "actor": "x", "at": world.now}
    tx.execute(tables.subscription_event.insert(), {"subscription_id": world.subscription, "sequence": 3, **row})


def _signed_in_again(tx: sa.Connection, world: World) -> None:
    audit.record(tx, world.buyer, actor="x", action="signed_in", subject="LNK_1", now=world.now)


def _file_changed(tx: sa.Connection, world: World) -> None:
    digest = hashlib.sha256(b"another").digest()
    row = {"language": "de", "media_type": "application/pdf", "sha256": digest, "body": b"pdf", "created_at": world.now}
    tx.execute(tables.document_file.insert(), {"document_id": world.documents[0], **row})


def _forged(**values: object) -> Break:
    """A third document that was never issued: a copy of the first with some columns changed."""

    def forge(tx: sa.Connection, world: World) -> None:
        copy = dict(tx.execute(sa.select(tables.document).where(tables.document.c.id == world.documents[0])).mappings().one())
        tx.execute(tables.document.insert(), copy | {"id": "INV_9", "payment_id": None, "sequence": 3, "number": "X-3"} | values)
        tx.execute(sa.update(tables.number_counter).where(tables.number_counter.c.series == "INV-2026").values(last=3))

    return forge


def _parked(tx: sa.Connection, world: World) -> None:
    outbox.add(tx, "work", {}, now=world.now, lane="bulk")
    (job,) = outbox.claim(tx, "bulk", limit=1, owner="x", now=world.now, lease_seconds=30)
    outbox.park(tx, job, now=world.now, error="x")


def _never_answered(tx: sa.Connection, world: World) -> None:
    tax_id_check.create(tx, world.buyer, "TIC_1", "DE136695976", world.now - timedelta(days=7, microseconds=1))


def _period_off_by_a_day(tx: sa.Connection, world: World) -> None:
    kept = subscription.get(tx, world.buyer, world.subscription)
    tx.execute(sa.update(tables.subscription).values(period_end=kept.period_end + timedelta(days=1)))


def _never_made(tx: sa.Connection, world: World) -> None:
    outbox.add(tx, "render_document", {}, now=world.now, lane="document", key=f"render_document:{'INV_9':26}:application/pdf:de")


def _brought_without_its_note(tx: sa.Connection, world: World) -> None:
    row = dict(tx.execute(sa.select(tables.refund)).mappings().one())
    tx.execute(tables.refund.insert(), row | {"id": "REF_9"})


BREAKS: dict[str, Break] = {
    "document_numbers_have_no_gap": _all(tables.number_counter, last=9),
    "document_numbers_are_counted": lambda tx, world: tx.execute(sa.delete(tables.number_counter)) and None,
    "refunds_are_what_was_given_back": _set(tables.refund, "refund", amount_minor=999),
    "refunds_are_in_the_payments_currency": _set(tables.refund, "refund", currency="USD"),
    "a_payment_succeeds_once": _all(tables.payment_attempt, status="failed"),
    "a_payment_fits_its_order": _set(tables.payment, "payment", currency="USD"),
    "what_is_paid_has_its_documents": _set(tables.payment, "renewal", status="failed", succeeded_at=None),
    "a_document_fits_its_payment": _set(tables.payment, "payment", net_minor=2901, total_minor=3452),
    "a_subscription_and_its_order_agree": _set(tables.subscription, "subscription", status="past_due"),
    "history_leads_to_the_status": _second_history,
    "what_is_over_has_an_end": _all(tables.subscription, ended_at=NOW),
    "what_is_canceling_knows_when": _all(tables.subscription, change_kind="cancel", change_at=NOW),
    "an_order_is_as_settled_as_its_payments": _set(tables.order, "order", status="refunded"),
    "a_link_signs_in_once": _signed_in_again,
    "every_file_can_be_made": _never_made,
    "imported_refunds_are_credited": _brought_without_its_note,
    "no_job_is_parked": _parked,
    "a_tax_id_is_checked_within_a_week": _never_answered,
    "a_document_is_as_it_was_issued": _forged(content_hash=bytes(32)),
    "a_file_is_as_it_was_made": _file_changed,
    "periods_lie_on_the_calendar": _period_off_by_a_day,
}
WARNINGS = {"every_file_can_be_made", "imported_refunds_are_credited", "no_job_is_parked", "a_tax_id_is_checked_within_a_week"}
TESTED_WITH_THE_TAX_TABLE = {"the_tax_table_says_what_is_due", "tax_is_told_in_the_stores_currency"}  # tests/services/test_taxation.py
TESTED_WITH_WEBHOOKS = {"webhooks_are_taken"}  # tests/services/test_webhook_out.py
# The database itself refuses these; the rule is there for a file that was edited by other means.
HELD_BY_CONSTRAINTS = {"amounts_add_up", "no_session_outlives_half_an_hour", "no_reference_crosses_a_scope"}


def test_sound_data_has_no_findings(database: Database, world: World) -> None:
    with database.transaction() as tx:
        tax_id_check.create(tx, world.buyer, "TIC_1", "DE136695976", world.now - timedelta(days=7))
    assert check.run(database, world.now) == []


@pytest.mark.parametrize("name", BREAKS)
def test_a_rule_sees_what_breaks_it(database: Database, world: World, name: str) -> None:
    with database.transaction() as tx:
        BREAKS[name](tx, world)
    found = {finding.check: finding for finding in check.run(database, world.now)}
    assert name in found
    assert found[name].severity == ("warning" if name in WARNINGS else "error")
    assert found[name].subject
    assert found[name].detail


def test_an_invoice_may_be_numbered_elsewhere_and_nothing_else_may(database: Database, world: World, factory: Factory) -> None:
    paid = factory.payment(world.buyer, factory.order(world.buyer))
    factory.document(world.buyer, paid, elsewhere="RE 2025/0815")
    factory.document(world.buyer, paid, kind="receipt")
    assert check.run(database) == []
    paid = factory.payment(world.buyer, factory.order(world.buyer))
    factory.document(world.buyer, paid)
    receipt = factory.document(world.buyer, paid, kind="receipt", elsewhere="Q 1")
    assert [(finding.check, finding.subject) for finding in check.run(database)] == [("document_numbers_are_counted", receipt)]


@pytest.mark.parametrize("half", [{"series": None}, {"sequence": None}], ids=str)
def test_half_a_place_in_a_series_is_refused(database: Database, world: World, half: dict[str, object]) -> None:
    with pytest.raises(sa.exc.IntegrityError, match="ck_document_series"), database.transaction() as tx:
        _forged(**half)(tx, world)


@pytest.mark.parametrize(
    "values",
    [{"content": "{}", "content_hash": hashlib.sha256(b"{}").digest()}, {"total_minor": 1}, {"number": "X-4"}],
    ids=["unreadable", "total", "number"],
)
def test_a_document_that_contradicts_itself_is_seen(database: Database, world: World, values: dict[str, object]) -> None:
    with database.transaction() as tx:
        _forged(**values)(tx, world)
    assert [finding.check for finding in check.run(database)] == ["a_document_is_as_it_was_issued"]


def test_an_edited_file_with_a_reference_across_scopes_is_seen(sqlite_databases, now) -> None:
    with sqlite_databases(True) as database:
        factory = Factory(database, now)
        order_id = factory.order(factory.buyer())
        stranger = factory.buyer()
        with database.read() as connection:
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            connection.exec_driver_sql("UPDATE orders SET buyer_id = ?", (stranger.buyer_id,))
            connection.exec_driver_sql("PRAGMA foreign_keys = ON")
        assert (f"orders: {order_id}", "no_reference_crosses_a_scope") in {(f.subject, f.check) for f in check.run(database)}


def test_every_rule_is_tested() -> None:
    elsewhere = {rule for rule, *_ in (*test_invariants_billing.BREAKS, *test_invariants_documents.BREAKS, *test_invariants_api.BREAKS)}
    assert {*BREAKS, *HELD_BY_CONSTRAINTS, *TESTED_WITH_THE_TAX_TABLE, *TESTED_WITH_WEBHOOKS, *elsewhere} == {*check.names()}
    assert len(check.names()) == len({*check.names()})
