"""Documents that correct each other: what the database refuses, and which invoice of a payment holds."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portico.domain.errors import NotFound
from portico.domain.payment import Refund
from portico.domain.scope import BuyerScope
from portico.domain.tax import TaxLine
from portico.storage import charge_bound, document, exchange_rate, pack, payment, refund, subscription, tables, tax_id_check
from portico.storage.database import Database, count_statements
from portico.storage.page import Cursor
from tests.conftest import NOW
from tests.factories import Factory

DAY = timedelta(days=1)


def _paid(factory: Factory, **columns: Any) -> tuple[BuyerScope, str, str]:
    """A buyer, a payment and its invoice."""
    owner = factory.buyer()
    payment_id = factory.payment(owner, factory.order(owner), **columns)
    return owner, payment_id, factory.document(owner, payment_id)


def test_the_newest_invoice_is_the_one_that_no_other_replaces(database: Database, factory: Factory) -> None:
    owner, payment_id, first = _paid(factory)
    first_note, second = factory.correction(owner, payment_id, issued_at=NOW)
    second_note, third = factory.correction(owner, payment_id, issued_at=NOW + DAY)
    with database.read() as tx, count_statements(database) as seen:
        newest = document.newest_invoice(tx, owner, payment_id)
    assert seen.count == 1
    assert (newest.id, newest.corrects_id) == (third, second)
    assert newest.content is not None
    assert newest.content.number == newest.number
    with database.read() as tx:
        chain = {each.id: each.corrects_id for each in document.of_payment(tx, owner, payment_id)}
        assert chain == {first: None, first_note: first, second: first, second_note: second, third: second}
        assert document.replaced(tx, owner, [first, second, third, first_note]) == {first, second}
        assert document.get(tx, owner, second_note).corrects_id == second
        assert [document.corrections_since(tx, owner, NOW + n * DAY) for n in (0, 1, 2)] == [2, 1, 0]
        with pytest.raises(NotFound):
            document.newest_invoice(tx, owner, "PAY_0")


def test_corrections_do_not_count_as_documents_of_charges(database: Database, factory: Factory) -> None:
    """Or whoever corrects his details often would not be billed any more."""
    owner = factory.buyer()
    subscription_id = factory.subscription(owner, managed=True)
    payment_id = factory.period_payment(owner, subscription_id)
    since = NOW - timedelta(microseconds=1)
    with database.read() as tx:
        assert charge_bound.count_since(tx, owner, subscription_id, since)[:2] == (1, 2)
    for n in range(3):
        factory.correction(owner, payment_id, issued_at=NOW + n * DAY)
    refund_id = factory.refund(owner, payment_id, key="K")
    factory.credit_note(owner, payment_id, refund_id)
    with database.read() as tx:
        assert charge_bound.count_since(tx, owner, subscription_id, since)[:2] == (1, 3)


def test_documents_of_some_days_come_oldest_first_with_their_contents(database: Database, factory: Factory) -> None:
    owner, payment_id, first = _paid(factory)
    note, second = factory.correction(owner, payment_id, issued_at=NOW + DAY)
    factory.correction(owner, payment_id, issued_at=NOW + 3 * DAY)
    factory.document(other := factory.buyer(), factory.payment(other, factory.order(other)))
    with database.read() as tx:
        assert document.count_between(tx, owner, NOW, NOW + 3 * DAY) == 3, "the end is not in it"
        assert document.count_between(tx, owner, NOW + DAY, NOW + 4 * DAY) == 4
        assert document.count_between(tx, owner, NOW + 4 * DAY, NOW + 5 * DAY) == 0
        found, after = [], None
        while page := document.between(tx, owner, NOW, NOW + 3 * DAY, after, limit=2):
            assert len(page) <= 2
            found += page
            after = Cursor(page[-1].issued_at, page[-1].id)
        assert [each.id for each in found] == [first, *sorted((note, second))]
        assert [each.content.number for each in found if each.content] == [each.number for each in found]
        assert document.span(tx, owner) == (NOW, NOW + 3 * DAY)


def test_taxes_of_payments_refunds_and_subscriptions_come_back(database: Database, factory: Factory) -> None:
    owner, payment_id, invoice_id = _paid(factory)
    taxes = (TaxLine("19", "standard", 3000, 570, "DE"), TaxLine("0", "exempt", -100, 0, "DE", "§ 4 UStG"))
    subscription_id = factory.subscription(owner)
    correction = {"document_id": invoice_id, "billing_detail": {"country": "AT", "name": "Ä"}, "language": "de"}
    asked: dict[str, Any] = {"payment_id": payment_id, "amount_minor": 551, "reason": "", "key": "K", "now": NOW}
    with database.transaction() as tx:
        made = payment.get(tx, owner, payment_id)
        bare = {"id": "PAY_1", "external_id": None, "attempts": (), "refunds": (), "taxes": taxes}
        assert payment.start(tx, owner, type(made)(**{name: getattr(made, name) for name in made.__slots__} | bare))
        assert payment.get(tx, owner, "PAY_1").taxes == taxes
        assert payment.get(tx, owner, payment_id).taxes == ()
        assert refund.start(tx, owner, "REF_1", purpose="tax", correction=correction, **asked)
        found = refund.by_key(tx, "K")
        assert (found.correction, found.refund) == (correction, Refund("REF_1", 551, "pending", "", NOW, "K", purpose="tax"))
        kept = subscription.get(tx, owner, subscription_id)
        assert (kept.tax_country, kept.tax_note) == ("", "")
        subscription.change(tx, owner, subscription_id, expected_version=kept.version, tax_country="DE", tax_note="§ 19 UStG")
        kept = subscription.get(tx, owner, subscription_id)
        assert (kept.tax_country, kept.tax_note) == ("DE", "§ 19 UStG")


@pytest.mark.parametrize(
    ("values", "refused_by"),
    [
        ({"kind": "credit_note"}, "credited"),
        ({"kind": "receipt", "corrects_id": "own"}, "corrects"),
        ({"kind": "invoice", "corrects_id": "INV_9"}, "corrects"),
        ({"kind": "invoice", "corrects_id": "somebody's"}, "FOREIGN KEY|fk_document_store_id_environment_buyer_id_corrects_id"),
        ({"kind": "invoice", "corrects_id": "nothing"}, "FOREIGN KEY|fk_document_store_id_environment_buyer_id_corrects_id"),
        ({"kind": "invoice"}, "payment_id|payment_kind"),
    ],
    ids=str,
)
def test_what_corrects_nothing_or_somebody_elses_is_refused(
    database: Database, factory: Factory, values: dict[str, Any], refused_by: str
) -> None:
    owner, other = factory.buyer(), factory.buyer()
    ids = {"own": factory.document(owner, factory.payment(owner, factory.order(owner)))}
    ids["somebody's"] = factory.document(other, factory.payment(other, factory.order(other)))
    with database.read() as tx:
        row = dict(tx.execute(sa.select(tables.document).where(tables.document.c.id == ids["own"])).mappings().one())
    corrects_id = ids.get(values.get("corrects_id", ""), values.get("corrects_id"))
    row |= {"id": "INV_9", "number": "X", "sequence": 9, **values, "corrects_id": corrects_id}
    with pytest.raises(sa.exc.IntegrityError, match=refused_by), database.transaction() as tx:
        tx.execute(tables.document.insert(), row)


@pytest.mark.parametrize("kind", ["invoice", "credit_note"])
def test_an_invoice_is_cancelled_and_replaced_once(database: Database, factory: Factory, kind: str) -> None:
    owner = factory.buyer()
    payment_id = factory.payment(owner, factory.order(owner))
    first = factory.document(owner, payment_id)
    for made in factory.correction(owner, payment_id):
        with database.read() as tx:
            row = dict(tx.execute(sa.select(tables.document).where(tables.document.c.id == made)).mappings().one())
        assert row["corrects_id"] == first
        if row["kind"] == kind:
            with pytest.raises(sa.exc.IntegrityError, match="corrects"), database.transaction() as tx:
                tx.execute(tables.document.insert(), row | {"id": "INV_9", "number": "X", "sequence": 9})


@pytest.mark.parametrize("wrong", [{"purpose": "tax"}, {"correction": {"document_id": "INV_1"}}, {"purpose": "gift"}], ids=str)
def test_a_refund_of_tax_says_what_is_corrected_and_no_other_does(database: Database, factory: Factory, wrong: dict[str, Any]) -> None:
    owner = factory.buyer()
    with pytest.raises(sa.exc.IntegrityError):
        factory.refund(owner, factory.payment(owner, factory.order(owner)), **wrong)


def test_sqlite_finds_what_belongs_together_by_an_index(sqlite_databases: Any, now: datetime) -> None:
    """Without statistics SQLite must still not read all of a buyer's rows to find those of one payment, or all of a store's."""
    asks: list[tuple[str, Callable[[sa.Connection, BuyerScope], object]]] = [
        ("uq_document_corrects", lambda tx, owner: document.newest_invoice(tx, owner, "PAY_1")),
        ("uq_document_corrects", lambda tx, owner: document.replaced(tx, owner, ["INV_1"])),
        ("ix_document_page", lambda tx, owner: document.between(tx, owner, NOW, NOW + DAY, Cursor(NOW, "INV_1"))),
        ("ix_document_page", lambda tx, owner: document.count_between(tx, owner, NOW, NOW + DAY)),
        ("ix_document_page", lambda tx, owner: document.corrections_since(tx, owner, NOW)),
        ("ix_tax_id_check_newest", lambda tx, owner: tax_id_check.newest(tx, owner, "ATU1")),
        ("ix_pack_page", lambda tx, owner: pack.newest(tx, owner, 9)),
        ("uq_pack_pending", pack.pending),
        ("sqlite_autoindex_pack_part", lambda tx, owner: pack.part(tx, owner, "PCK_1", 1)),
        ("sqlite_autoindex_exchange_rate", lambda tx, owner: exchange_rate.newest(tx, owner.store_id, "USD", "EUR", NOW.date())),
        ("ix_refund_pending", lambda tx, owner: refund.taxes_under_way_any(tx)),
    ]
    with sqlite_databases(True) as database:
        owner = Factory(database, now).buyer()
        for index, ask in asks:
            with database.read() as tx, count_statements(database) as seen, suppress(NotFound):
                ask(tx, owner)
            (statement,) = seen.statements
            with database.read() as tx:
                arguments = ("x",) * statement.count("?")
                plan = [row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", arguments)]
            assert [step for step in plan if index in step], (index, plan)
            assert not [step for step in plan if "TEMP B-TREE" in step and "RIGHT PART" not in step], (index, plan)
            assert not [step for step in plan if step.startswith("SCAN") and "USING" not in step], (index, plan)
