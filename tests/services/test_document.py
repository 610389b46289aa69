"""Issuing documents."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from portico.domain.document_line import DocumentLine
from portico.domain.errors import Conflict, Refused
from portico.domain.invoice import Document, DocumentContent, LocalTax, content_of
from portico.domain.order import Order
from portico.domain.payment import Payment, Refund
from portico.domain.scope import BuyerScope, StoreScope
from portico.domain.tax import TaxLine
from portico.services import document as service
from portico.services import document_file
from portico.services.runtime import Runtime
from portico.storage import buyer, document, exchange_rate, order, payment, store, subscription, tables
from portico.storage.database import Database
from portico.storage.store import StoreRow
from tests.conftest import SteppingClock
from tests.documents.pdf_text import text_of
from tests.factories import Factory


def paid_order(database: Database, factory: Factory, who: BuyerScope, **columns: object) -> tuple[Order, Payment]:
    """An order with one payment, as services read them."""
    order_id = factory.order(who)
    factory.payment(who, order_id, **columns)  # type: ignore[arg-type]
    with database.read() as connection:
        found = order.get(connection, who, order_id)
    return found, found.payments[0]


def issue(runtime: Runtime, factory: Factory, who: BuyerScope) -> tuple[Document, Document]:
    """An invoice and a receipt for a fresh order."""
    _, payment = paid_order(runtime.database, factory, who)
    with runtime.database.transaction() as tx:
        first, second = service.issue_for_payment(tx, runtime, who, payment, now=runtime.clock())
        return document.get(tx, who, first), document.get(tx, who, second)


def seller_of(database: Database, scope: StoreScope) -> StoreRow:
    with database.read() as connection:
        return store.get(connection, scope.store_id)


def test_a_payment_gets_an_invoice_and_a_receipt(runtime: Runtime, factory: Factory, scope: StoreScope, clock: SteppingClock) -> None:
    who = factory.buyer(scope, email="ada@example.com", locale="pl")
    invoice, receipt = issue(runtime, factory, who)
    assert (invoice.kind, invoice.number, receipt.kind, receipt.number) == ("invoice", "INV-2026-000001", "receipt", "REC-2026-000001")
    assert (invoice.language, invoice.total_minor, invoice.currency, invoice.issued_at) == ("pl", 3451, "EUR", clock())
    assert invoice.content is not None
    assert receipt.content == replace(invoice.content, kind="receipt", number="REC-2026-000001", refers_to="INV-2026-000001")
    assert invoice.content.store_name == "Nordlicht"
    assert invoice.content.seller.legal_name == "Nordlicht Software GmbH"
    assert invoice.content.billing_detail.line1 == "Unter den Linden 1"
    assert (invoice.content.buyer_email, invoice.content.test) == ("ada@example.com", False)


def test_the_hash_covers_the_stored_content(runtime: Runtime, factory: Factory, ada: BuyerScope) -> None:
    invoice, _ = issue(runtime, factory, ada)
    table = tables.document
    with runtime.database.read() as connection:
        text, digest = connection.execute(sa.select(table.c.content, table.c.content_hash).where(table.c.id == invoice.id)).one()
    assert hashlib.sha256(text.encode()).digest() == digest


@pytest.mark.parametrize(
    ("locale", "store_locale", "language"), [(None, "ja", "ja"), ("xx", "de", "de"), ("fr", "de", "fr"), (None, "xx", "en")]
)
def test_the_language_is_the_buyers_or_the_stores(
    runtime: Runtime, factory: Factory, locale: str | None, store_locale: str, language: str
) -> None:
    who = factory.buyer(factory.store(environment="prod", locale=store_locale), locale=locale)
    invoice, receipt = issue(runtime, factory, who)
    assert invoice.language == receipt.language == language


def test_numbers_have_no_gap_after_an_abort(runtime: Runtime, factory: Factory, ada: BuyerScope) -> None:
    issue(runtime, factory, ada)
    _, payment = paid_order(runtime.database, factory, ada)
    with suppress(ZeroDivisionError), runtime.database.transaction() as tx:
        service.issue_for_payment(tx, runtime, ada, payment, now=runtime.clock())
        raise ZeroDivisionError
    invoice, receipt = issue(runtime, factory, ada)
    assert (invoice.number, receipt.number) == ("INV-2026-000002", "REC-2026-000002")


def test_the_year_of_a_number_is_that_of_the_stores_clock_on_the_wall(runtime: Runtime, factory: Factory, clock: SteppingClock) -> None:
    clock.time = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    hamburg = factory.buyer(factory.store(environment="prod", time_zone="Europe/Berlin"))
    lisbon = factory.buyer(factory.store(environment="prod", time_zone="Europe/Lisbon"))
    assert issue(runtime, factory, hamburg)[0].number == "INV-2027-000001"
    assert issue(runtime, factory, lisbon)[0].number == "INV-2026-000001"


def test_the_test_environment_counts_for_itself_and_says_so(runtime: Runtime, factory: Factory, ada: BuyerScope, scope: StoreScope) -> None:
    issue(runtime, factory, ada)
    invoice, _ = issue(runtime, factory, factory.buyer(StoreScope(scope.store_id, "test")))
    assert invoice.number == "TEST-INV-2026-000001"
    assert invoice.content is not None
    assert invoice.content.test
    assert "This is a test" in text_of(document_file.pdf_of_any(runtime, invoice.id, "en")[0])


def test_a_payment_is_documented_once(runtime: Runtime, factory: Factory, ada: BuyerScope) -> None:
    _, payment = paid_order(runtime.database, factory, ada)
    with runtime.database.transaction() as tx:
        service.issue_for_payment(tx, runtime, ada, payment, now=runtime.clock())
    with pytest.raises((Conflict, sa.exc.IntegrityError)), runtime.database.transaction() as tx:
        service.issue_for_payment(tx, runtime, ada, payment, now=runtime.clock())
    assert issue(runtime, factory, ada)[0].number == "INV-2026-000002"


def test_money_that_has_not_come_in_gets_no_number(runtime: Runtime, factory: Factory, ada: BuyerScope) -> None:
    _, payment = paid_order(runtime.database, factory, ada, status="failed", attempts=("failed",))
    with runtime.database.transaction() as tx:
        with pytest.raises(Refused) as refused:
            service.issue_for_payment(tx, runtime, ada, payment, now=runtime.clock())
        assert refused.value.code == "payment_not_succeeded"
    assert issue(runtime, factory, ada)[0].number == "INV-2026-000001"


def test_many_payments_take_a_block_of_each_series(runtime: Runtime, factory: Factory, ada: BuyerScope) -> None:
    seller, (bought, payment) = seller_of(runtime.database, ada), paid_order(runtime.database, factory, ada)
    dates = [datetime(2025, 12, 31, 22, tzinfo=UTC), datetime(2025, 12, 31, 23, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)]
    receivables = [service.Receivable(ada.buyer_id, "ada@example.com", "de", bought, payment, "19", "standard", date) for date in dates]
    reserved = list[Mapping[str, int]]()

    def reserve(counts: Mapping[str, int]) -> dict[str, int]:
        reserved.append(counts)
        return dict.fromkeys(counts, 100)

    issues = service.documents_for_payments(seller, "prod", receivables, reserve=reserve, new_id=runtime.new_id)
    assert reserved == [{"INV-2025": 1, "REC-2025": 1, "INV-2026": 2, "REC-2026": 2}]
    assert [(each.document.number, each.series, each.sequence) for each in issues] == [
        ("INV-2025-000100", "INV-2025", 100), ("REC-2025-000100", "REC-2025", 100), ("INV-2026-000100", "INV-2026", 100),
        ("REC-2026-000100", "REC-2026", 100), ("INV-2026-000101", "INV-2026", 101), ("REC-2026-000101", "REC-2026", 101),
    ]  # fmt: skip
    assert [each.document.issued_at for each in issues] == [date for date in dates for _ in range(2)]
    assert len({each.document.id for each in issues}) == 6


def test_a_sale_with_an_invoice_takes_a_number_for_its_receipt_alone(runtime: Runtime, factory: Factory, ada: BuyerScope) -> None:
    seller, (bought, payment) = seller_of(runtime.database, ada), paid_order(runtime.database, factory, ada)
    here = service.Receivable(ada.buyer_id, "ada@example.com", "de", bought, payment, "19", "standard", datetime(2026, 5, 1, tzinfo=UTC))
    long_ago = replace(here, issued_at=datetime(2024, 5, 1, tzinfo=UTC), invoice_number="B 7")
    reserved = list[Mapping[str, int]]()

    def reserve(counts: Mapping[str, int]) -> dict[str, int]:
        reserved.append(counts)
        return dict.fromkeys(counts, 100)

    receivables = [here, replace(here, invoice_number="A/7"), long_ago, here]
    issues = service.documents_for_payments(seller, "prod", receivables, reserve=reserve, new_id=runtime.new_id)
    assert reserved == [{"REC-2024": 1, "INV-2026": 2, "REC-2026": 3}], "a series that gives no number is left alone"
    assert [(each.document.number, each.series, each.sequence) for each in issues] == [
        ("INV-2026-000100", "INV-2026", 100), ("REC-2026-000100", "REC-2026", 100), ("A/7", None, None),
        ("REC-2026-000101", "REC-2026", 101), ("B 7", None, None), ("REC-2024-000100", "REC-2024", 100),
        ("INV-2026-000101", "INV-2026", 101), ("REC-2026-000102", "REC-2026", 102),
    ]  # fmt: skip
    contents = [each.document.content for each in issues]
    assert [content.refers_to for content in contents if content] == [
        "", "INV-2026-000100", "", "A/7", "", "B 7", "", "INV-2026-000101",
    ]  # fmt: skip


# --- Documents of subscriptions


def period_paid(factory: Factory, who: BuyerScope, database: Database, **columns: object) -> Payment:
    """A period of a subscription that was paid, as services read it."""
    subscription_id = factory.subscription(who, **columns)  # type: ignore[arg-type]
    with database.read() as connection:
        found = subscription.get(connection, who, subscription_id)
    payment_id = factory.payment(
        who, found.order_id, subscription_id=subscription_id, period_start=found.period_start, period_end=found.period_end
    )
    with database.read() as connection:
        return payment.get(connection, who, payment_id)


def invoice_of(runtime: Runtime, who: BuyerScope, paid: Payment) -> DocumentContent:
    with runtime.database.transaction() as tx:
        service.issue_for_payment(tx, runtime, who, paid, now=runtime.clock())
        content = document.newest_invoice(tx, who, paid.id).content
    assert content is not None
    return content


@pytest.mark.parametrize(
    ("own", "billed"),
    [
        ({"country": "FR", "name": "Ada Byron"}, "Ada Byron"),
        ({"country": "FR", "is_business": True, "business_name": "Byron SA"}, "Byron SA"),
        ({"country": "FR"}, "Ada Lovelace"),
        ({"name": "Nobody"}, "Ada Lovelace"),
        ({}, "Ada Lovelace"),
    ],
)
def test_a_subscription_is_billed_to_whom_the_buyer_names_today(
    runtime: Runtime, factory: Factory, ada: BuyerScope, own: dict[str, object], billed: str
) -> None:
    """Unless that says too little; then to whom the order was placed for."""
    paid = period_paid(factory, ada, runtime.database)
    with runtime.database.transaction() as tx:
        tx.execute(sa.update(tables.buyer).values(billing_detail=own))
    detail = invoice_of(runtime, ada, paid).billing_detail
    assert (detail.business_name or detail.name) == billed


def test_a_purchase_is_billed_to_whom_it_was_placed_for(runtime: Runtime, factory: Factory, ada: BuyerScope) -> None:
    _, paid = paid_order(runtime.database, factory, ada)
    with runtime.database.transaction() as tx:
        tx.execute(sa.update(tables.buyer).values(billing_detail={"country": "FR", "name": "Ada Byron"}))
    assert invoice_of(runtime, ada, paid).billing_detail.name == "Ada Lovelace"


def test_an_invoice_prints_what_its_payment_says_it_is_for(runtime: Runtime, factory: Factory, ada: BuyerScope) -> None:
    paid = period_paid(factory, ada, runtime.database)
    lines = (
        DocumentLine("Starter", 1, -1000, -1000, "19", paid.period_start, paid.period_end, "credit"),
        DocumentLine("Pro", 3, 1300, 3900, "19", paid.period_start, paid.period_end, "charge"),
    )
    content = invoice_of(runtime, ada, replace(paid, lines=lines))
    assert content.lines == lines
    assert (content.net_minor, content.taxes[0].base_minor) == (2900, 2900)


def test_a_subscription_that_is_taxed_otherwise_by_now_says_so(runtime: Runtime, factory: Factory, ada: BuyerScope) -> None:
    paid = period_paid(factory, ada, runtime.database, tax_rate="0", tax_reason="reverse_charge")
    line = DocumentLine("Atlas", 1, 2900, 2900, "0", paid.period_start, paid.period_end)
    content = invoice_of(runtime, ada, replace(paid, tax_minor=0, total_minor=2900, lines=(line,)))
    assert [(tax.rate, tax.reason, tax.tax_minor) for tax in content.taxes] == [("0", "reverse_charge", 0)]


@pytest.mark.parametrize(
    ("days", "printed"),
    [(0, LocalTax("SEK", 6116, "11.10", date(2026, 3, 1))), (30, LocalTax("SEK", 6171, "11.2", date(2026, 3, 20))), (-30, None)],
)
def test_tax_is_said_in_the_sellers_own_currency_too(
    runtime: Runtime, factory: Factory, clock: SteppingClock, days: int, printed: LocalTax | None
) -> None:
    """At the newest rate of the day of issue; a refund counts it as the invoice did."""
    clock.time = datetime(2026, 3, 14, tzinfo=UTC) + timedelta(days=days)
    seller = {"legal_name": "Norrsken AB", "country": "SE", "tax_id": "SE556188840401"}
    who = factory.buyer(factory.store(environment="prod", seller=seller))
    rates = [("EUR", "SEK", date(2026, 3, 1), "11.10"), ("EUR", "SEK", date(2026, 3, 20), "11.2"), ("USD", "SEK", date(2026, 1, 1), "9")]
    with runtime.database.transaction() as tx:
        exchange_rate.replace(tx, who.store_id, rates)
    _, paid = paid_order(runtime.database, factory, who)
    assert invoice_of(runtime, who, paid).local_tax == printed
    note = corrected(runtime, factory, who, paid, 3451).content
    assert note is not None
    assert note.local_tax == printed


def test_poland_counts_the_rate_of_the_day_before(runtime: Runtime, factory: Factory, clock: SteppingClock) -> None:
    clock.time = datetime(2026, 3, 14, 9, tzinfo=UTC)
    who = factory.buyer(factory.store(environment="prod", seller={"legal_name": "Gdynia", "country": "PL", "tax_id": "PL8567346215"}))
    with runtime.database.transaction() as tx:
        exchange_rate.replace(tx, who.store_id, [("EUR", "PLN", date(2026, 3, day), f"4.{day}") for day in (12, 13, 14)])
    _, paid = paid_order(runtime.database, factory, who)
    local = invoice_of(runtime, who, paid).local_tax
    assert local is not None
    assert (local.rate, local.on) == ("4.13", date(2026, 3, 13))


def test_tax_for_another_country_is_said_in_that_ones_currency(runtime: Runtime, factory: Factory, ada: BuyerScope, now: datetime) -> None:
    with runtime.database.transaction() as tx:
        exchange_rate.replace(tx, ada.store_id, [("EUR", "GBP", now.date(), "0.87")])
    _, paid = paid_order(runtime.database, factory, ada)
    british = replace(paid, taxes=(TaxLine("19", "standard", paid.net_minor, paid.tax_minor, "GB"),))
    assert invoice_of(runtime, ada, british).local_tax == LocalTax("GBP", 479, "0.87", now.date())


def test_tax_that_is_said_in_it_anyway_or_is_none_needs_no_rate(runtime: Runtime, factory: Factory, ada: BuyerScope) -> None:
    with runtime.database.transaction() as tx:
        exchange_rate.replace(tx, ada.store_id, [("USD", "EUR", date(2026, 1, 1), "0.9")])
    _, paid = paid_order(runtime.database, factory, ada)
    assert invoice_of(runtime, ada, paid).local_tax is None


def test_who_gets_copies_gets_all_that_is_issued_and_stands_on_none_of_it(runtime: Runtime, factory: Factory, ada: BuyerScope) -> None:
    with runtime.database.transaction() as tx:
        own, version = buyer.billing_detail(tx, ada)
        buyer.save_billing_detail(tx, ada, replace(own, copy_emails=("books@example.com", "boss@example.com")), version)
    _, paid = paid_order(runtime.database, factory, ada)
    assert invoice_of(runtime, ada, paid).billing_detail.copy_emails == ()
    corrected(runtime, factory, ada, paid, 100)
    with runtime.database.read() as connection:
        rows = connection.execute(sa.select(tables.job.c.arguments).where(tables.job.c.kind == "document_mail")).scalars().all()
    assert sorted(len(row["document_ids"]) for row in rows) == [1, 1, 2, 2]


# --- Credit notes


def corrected(runtime: Runtime, factory: Factory, who: BuyerScope, paid: Payment, amount_minor: int, before_minor: int = 0) -> Document:
    """The credit note for a refund that was just made."""
    refund = Refund(factory.refund(who, paid.id, amount_minor=amount_minor), amount_minor, "succeeded", "x", runtime.clock())
    with runtime.database.transaction() as tx:
        note = service.issue_for_refund(tx, runtime, who, paid, refund, before_minor=before_minor, now=runtime.clock())
        return document.get(tx, who, note)


def test_a_credit_note_copies_its_invoice_and_not_what_holds_today(runtime: Runtime, factory: Factory, scope: StoreScope) -> None:
    who = factory.buyer(scope, email="before@example.com", locale="pl")
    _, paid = paid_order(runtime.database, factory, who)
    original = invoice_of(runtime, who, paid)
    with runtime.database.transaction() as tx:
        tx.execute(sa.update(tables.buyer).values(email="after@example.com", locale="fr", billing_detail={"country": "FR", "name": "X"}))
        tx.execute(sa.update(tables.store).values(name="Renamed", seller={"legal_name": "Sold to Others Ltd"}))
    note = corrected(runtime, factory, who, paid, 3451).content
    assert note is not None
    assert (note.kind, note.number, note.refers_to) == ("credit_note", "CN-2026-000001", original.number)
    same = ("seller", "buyer_email", "billing_detail", "store_name", "time_zone", "currency", "order_id", "lines", "taxes", "total_minor")
    assert all(getattr(note, name) == getattr(original, name) for name in same)
    assert note.language == "fr", "it is a document of its own, and the buyer reads French by now"


def test_a_credit_note_for_what_was_invoiced_elsewhere_names_that_invoice(runtime: Runtime, factory: Factory, ada: BuyerScope) -> None:
    payment_id = factory.payment(ada, factory.order(ada))
    factory.document(ada, payment_id, elsewhere="RE 2019/4")
    with runtime.database.read() as connection:
        paid = payment.get(connection, ada, payment_id)
    note = corrected(runtime, factory, ada, paid, 100)
    assert note.content is not None
    assert (note.content.refers_to, note.number) == ("RE 2019/4", "CN-2026-000001")


def test_credit_notes_are_counted_for_themselves_by_the_stores_own_year(
    runtime: Runtime, factory: Factory, scope: StoreScope, clock: SteppingClock
) -> None:
    tested = factory.buyer(StoreScope(scope.store_id, "test"))
    real = factory.buyer(scope)
    numbers = []
    for who in (tested, real, real):
        _, paid = paid_order(runtime.database, factory, who)
        invoice_of(runtime, who, paid)
        clock.time = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)  # in Berlin it is 2027 already
        gone = Refund(factory.refund(who, paid.id, amount_minor=1), 1, "succeeded", "x", clock())
        with suppress(ZeroDivisionError), runtime.database.transaction() as tx:
            service.issue_for_refund(tx, runtime, who, paid, gone, before_minor=0, now=clock())
            raise ZeroDivisionError
        numbers.append(corrected(runtime, factory, who, paid, 100).number)
    assert numbers == ["TEST-CN-2027-000001", "CN-2027-000001", "CN-2027-000002"]
    with runtime.database.transaction() as tx:
        tx.execute(sa.update(tables.store).values(time_zone="America/New_York"))
    moved = corrected(runtime, factory, real, paid, 100, 100)
    assert (moved.number, content_of(moved).time_zone) == ("CN-2027-000003", "Europe/Berlin"), "as its day is printed"
