"""Credit notes that were not issued when refunds were imported are issued later, once, and say what they would have said."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from portico.domain import invoice
from portico.services import check, credit_note
from portico.services.runtime import Runtime
from portico.storage import tables
from tests.conftest import NOW
from tests.factories import Factory


@pytest.fixture
def payment_id(factory: Factory) -> str:
    """Of 34.51 EUR 11.50 went back before the invoice was corrected, 11.50 after it, and 11.51 by Portico itself; the first two came with
    an import that left their credit notes out. Another payment was invoiced and credited elsewhere."""
    buyer = factory.buyer()
    paid = factory.payment(buyer, factory.order(buyer, status="refunded"), refunded_minor=1150)
    gone = factory.payment(buyer, factory.order(buyer, status="partially_refunded"), refunded_minor=500)
    for each, number in ((paid, None), (gone, "RE 1")):
        factory.document(buyer, each, elsewhere=number)
        factory.document(buyer, each, kind="receipt")
    factory.refund(buyer, gone, amount_minor=500)
    factory.refund(buyer, paid, amount_minor=1150, created_at=NOW - timedelta(days=400))
    factory.correction(buyer, paid)
    factory.refund(buyer, paid, amount_minor=1150)
    with factory.database.transaction() as tx:
        tx.execute(sa.update(tables.payment).where(tables.payment.c.id == paid).values(refunded_minor=3451))
    by_us = factory.refund(buyer, paid, amount_minor=1151, key="REF-1")
    factory.credit_note(buyer, paid, by_us, before_minor=2300)
    return paid


def test_they_are_issued_today_once_and_sum_to_the_tax(runtime: Runtime, factory: Factory, payment_id: str) -> None:
    found = [(finding.check, finding.severity) for finding in check.run(runtime.database)]
    assert found == [("imported_refunds_are_credited", "warning")] * 2, "an upgrade tells of them, and breaks nothing"
    assert [credit_note.issue_missing(runtime) for _ in range(2)] == [2, 0]
    assert check.run(runtime.database) == []
    table = tables.document
    chosen = sa.select(table.c.content).where(table.c.payment_id == payment_id, table.c.refund_id.is_not(None)).order_by(table.c.id)
    with runtime.database.read() as connection:
        notes = [invoice.from_json(content) for content in connection.execute(chosen).scalars()]
    of_ours, first, second = notes
    assert [note.tax_minor for note in (first, second, of_ours)] == [184, 183, 184]
    assert (first.issued_at, first.paid_at) == (runtime.clock(), NOW - timedelta(days=400))
    assert (first.refers_to, second.refers_to) == ("TEST-INV-2026-000001", "TEST-INV-2026-000002"), "each corrects what held then"
