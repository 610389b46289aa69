"""A sale that was invoiced elsewhere keeps its number: a second invoice would owe the tax twice. What is given back has its credit note
where the invoice is from."""

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from portico.domain import invoice
from portico.domain.invoice import DocumentContent
from portico.domain.scope import BuyerScope
from portico.services import check, document_file, importing
from portico.services.runtime import Runtime
from portico.storage import document, tables
from portico.storage.database import count_statements
from portico.storage.store import StoreRow
from tests.documents.pdf_text import text_of
from tests.factories import Factory
from tests.services import import_lines as lines
from tests.services.import_lines import EVERYTHING, many, new_store, take

NUMBER = "RE 2025/0815"
INVOICED = lines.PAYMENT | {"invoice_number": NUMBER}
BEFORE = tuple(line for line in EVERYTHING if line["type"] not in ("payment", "refund"))
ANOTHER = lines.PAYMENT | {"id": "p9"}
MARCH = "2026-03-05T10:00:00+00:00"


@pytest.fixture
def store(runtime: Runtime) -> StoreRow:
    return new_store(runtime)


def _documents(runtime: Runtime) -> list[tuple[Any, ...]]:
    """Kind, number, series and sequence of each document."""
    table = tables.document
    with runtime.database.read() as connection:
        rows = connection.execute(sa.select(table.c.kind, table.c.number, table.c.series, table.c.sequence))
        return sorted((tuple(row) for row in rows), key=lambda row: (row[0], row[1]))


def _counters(runtime: Runtime) -> dict[str, int]:
    with runtime.database.read() as connection:
        return {series: last for series, last in connection.execute(sa.select(tables.number_counter.c["series", "last"]))}  # noqa: C416


def _payments(runtime: Runtime) -> int:
    with runtime.database.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(tables.payment)).scalar_one()


def test_the_invoice_keeps_its_number_and_ours_go_on_without_a_gap(runtime: Runtime, store: StoreRow) -> None:
    _, refused = take(runtime, store, [*BEFORE, INVOICED, lines.RENEWAL, lines.REFUND])
    assert not refused
    assert _documents(runtime) == [
        ("invoice", "INV-2026-000001", "INV-2026", 1),
        ("invoice", NUMBER, None, None),
        ("receipt", "REC-2026-000001", "REC-2026", 1),
        ("receipt", "REC-2026-000002", "REC-2026", 2),
    ]
    take(runtime, store, [ANOTHER])
    assert ("invoice", "INV-2026-000002", "INV-2026", 2) in _documents(runtime)
    assert _counters(runtime) == {"INV-2026": 2, "REC-2026": 3}
    assert check.run(runtime.database) == []


def test_invoice_and_receipt_print_the_number(runtime: Runtime, store: StoreRow) -> None:
    take(runtime, store, [*BEFORE, INVOICED])
    assert _counters(runtime) == {"REC-2026": 1}, "a series nobody needed has no counter"
    with runtime.database.read() as connection:
        row = connection.execute(sa.select(tables.buyer.c.id)).one()
        ada = BuyerScope(store.id, "prod", row[0])
        found = {each.kind: document.get(connection, ada, each.id) for each in document.page(connection, ada).items}
    assert found["receipt"].content is not None
    assert found["receipt"].content.refers_to == NUMBER
    for each in found.values():
        body, _ = document_file.pdf(runtime, ada, each.id, "en")
        assert NUMBER in " ".join(text_of(body).split())
        assert "INV-" not in text_of(body)
    assert document_file.pdf(runtime, ada, found["invoice"].id)[1] == "RE-2025-0815.pdf"


@pytest.mark.parametrize("batch", [1, 4000])
def test_a_number_is_on_one_document(runtime: Runtime, store: StoreRow, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    monkeypatch.setattr(importing, "LINES_AT_ONCE", batch)
    again = ANOTHER | {"invoice_number": NUMBER}
    report, refused = take(runtime, store, [*BEFORE, INVOICED, again, lines.RENEWAL])
    assert [(refusal.line, refusal.code) for refusal in refused] == [(len(BEFORE) + 2, "invoice_number_taken")]
    assert NUMBER in refused[0].reason
    assert "'p1'" in refused[0].reason, "it says where the number is"
    assert report.total("new") == len(BEFORE) + 2
    before = _documents(runtime)
    _, refused = take(runtime, store, [again, again | {"id": "p10"}])
    assert [refusal.code for refusal in refused] == ["invoice_number_taken"] * 2
    assert (_documents(runtime), _payments(runtime)) == (before, 2)
    assert check.run(runtime.database) == []


def test_another_environment_and_another_store_have_numbers_of_their_own(runtime: Runtime, store: StoreRow) -> None:
    for target, environment in ((store, "prod"), (store, "test"), (new_store(runtime, "another"), "prod")):
        _, refused = take(runtime, target, [*BEFORE, INVOICED], environment=environment)
        assert not refused
    assert [number for _, number, _, _ in _documents(runtime)].count(NUMBER) == 3


@pytest.mark.parametrize("batch", [1, 4000])
def test_the_same_line_again_changes_nothing(runtime: Runtime, store: StoreRow, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    monkeypatch.setattr(importing, "LINES_AT_ONCE", batch)
    file = [*BEFORE, INVOICED, lines.RENEWAL]
    report, refused = take(runtime, store, [*file, *file])
    assert not refused
    assert (report.total("new"), report.total("unchanged")) == (len(file), len(file))
    before = (_documents(runtime), _counters(runtime))
    report, refused = take(runtime, store, file)
    assert not refused
    assert report.total("unchanged") == len(file)
    assert (_documents(runtime), _counters(runtime)) == before


@pytest.mark.parametrize(
    ("first", "then"), [(NUMBER, "RE 2025/0816"), (NUMBER, None), (None, NUMBER)], ids=["another", "left out", "added"]
)
def test_a_number_never_changes(runtime: Runtime, store: StoreRow, first: str | None, then: str | None) -> None:
    take(runtime, store, [*BEFORE, lines.PAYMENT | {"invoice_number": first}])
    before = _documents(runtime)
    _, refused = take(runtime, store, [lines.PAYMENT | {"invoice_number": then}])
    assert [refusal.code for refusal in refused] == ["differs"]
    assert "invoice_number" in refused[0].reason
    assert _documents(runtime) == before


def test_what_was_pending_comes_with_its_number_when_it_succeeds(runtime: Runtime, store: StoreRow) -> None:
    pending = lines.PAYMENT | {"status": "pending", "attempts": None}
    _, refused = take(runtime, store, [*BEFORE, pending, pending | {"id": "p9", "invoice_number": "RE 1"}])
    assert [refusal.code for refusal in refused] == ["invoice_number"]
    report, refused = take(runtime, store, [INVOICED, pending, INVOICED])
    assert not refused
    assert (report.total("changed"), report.total("unchanged")) == (1, 2)
    assert {number for _, number, _, _ in _documents(runtime)} == {NUMBER, "REC-2026-000001"}
    assert check.run(runtime.database) == []


def test_a_number_that_another_import_takes_meanwhile_costs_one_line(
    runtime: Runtime, store: StoreRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The constraint of the database refuses what the look before could not see, and nothing is left half written."""
    take(runtime, store, [*BEFORE, INVOICED])
    monkeypatch.setattr(importing.import_batch.rows, "holders", lambda tx, scope, numbers: {})
    report, refused = take(runtime, store, [ANOTHER | {"invoice_number": NUMBER}, lines.RENEWAL, ANOTHER | {"id": "p10"}])
    assert [(refusal.line, refusal.code) for refusal in refused] == [(1, "conflict")]
    assert (report.total("new"), _payments(runtime)) == (2, 3)
    assert _counters(runtime) == {"INV-2026": 2, "REC-2026": 3}
    assert check.run(runtime.database) == []


def _notes(runtime: Runtime) -> list[DocumentContent]:
    table = tables.document
    with runtime.database.read() as connection:
        chosen = sa.select(table.c.content).where(table.c.kind == "credit_note").order_by(table.c.number)
        return [invoice.from_json(content) for content in connection.execute(chosen).scalars()]


@pytest.mark.parametrize("batch", [1, 4000])
def test_parts_that_went_back_are_credited_on_their_days_and_sum_to_the_tax(
    runtime: Runtime, store: StoreRow, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(importing, "LINES_AT_ONCE", batch)
    days = ("2026-02-10T09:00:00Z", "2026-12-31T22:59:59Z", "2026-12-31T23:00:00Z")  # the last is 1 January in the store's zone
    runtime.clock.time = datetime(2027, 2, 1, tzinfo=UTC)  # type: ignore[attr-defined]
    parts = [
        lines.REFUND | {"id": f"r{n}", "amount": amount, "created_at": day}
        for n, (amount, day) in enumerate(zip(("11.50", "11.50", "11.51"), days, strict=True))
    ]
    waits = lines.REFUND | {"id": "r9", "payment": "p2", "amount": "34.51", "created_at": MARCH, "status": "pending"}
    _, refused = take(runtime, store, [*BEFORE, lines.PAYMENT, lines.RENEWAL, *parts, waits])
    assert not refused
    notes = {note.number: note for note in _notes(runtime)}
    assert [(number, note.issued_at, note.paid_at) for number, note in notes.items()] == [
        (number, datetime.fromisoformat(day), datetime.fromisoformat(day))
        for number, day in zip(("CN-2026-000001", "CN-2026-000002", "CN-2027-000001"), days, strict=True)
    ]
    assert {(note.refers_to, note.language) for note in notes.values()} == {("INV-2026-000001", "de")}
    assert [note.tax_minor for note in notes.values()] == [184, 183, 184], "together 5.51"
    assert check.run(runtime.database) == []
    take(runtime, store, [*parts, waits | {"status": "succeeded"}])
    assert len(_notes(runtime)) == 4, "once each, and that of the one that has ended since"
    assert [line.kind for line in _notes(runtime)[2].lines] == ["plain"]
    assert check.run(runtime.database) == []


@pytest.mark.parametrize("batch", [1, 4000])
def test_what_was_invoiced_elsewhere_is_credited_under_the_number_it_comes_with(
    runtime: Runtime, store: StoreRow, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(importing, "LINES_AT_ONCE", batch)
    numbered, bare = lines.REFUND | {"credit_note_number": "GS 17"}, lines.REFUND | {"id": "r2"}
    ours = bare | {"id": "r3", "payment": "p2", "created_at": MARCH}
    file = [*BEFORE, INVOICED, lines.RENEWAL, numbered, bare, ours]
    for _ in range(2):
        _, refused = take(runtime, store, file)
        assert not refused
    credited = [row for row in _documents(runtime) if row[0] == "credit_note"]
    assert credited == [("credit_note", "CN-2026-000001", "CN-2026", 1), ("credit_note", "GS 17", None, None)]
    assert _notes(runtime)[1].refers_to == NUMBER
    assert check.run(runtime.database) == []
    wrong = {
        "differs": [numbered | {"credit_note_number": "GS 18"}, lines.REFUND, bare | {"credit_note_number": "GS 18"}],
        "credit_note_number_taken": [bare | {"id": "r4", "credit_note_number": number} for number in ("GS 17", NUMBER)],
        "credit_note_number": [
            bare | {"id": "r4", "credit_note_number": "CN-2026-000009"},
            bare | {"id": "r4", "credit_note_number": "GS 18", "status": "pending"},
            ours | {"id": "r4", "credit_note_number": "GS 18"},
        ],
    }
    for code, each in wrong.items():
        _, refused = take(runtime, store, each)
        assert [refusal.code for refusal in refused] == [code] * len(each)
    assert len(_documents(runtime)) == 6


def test_what_is_given_back_after_a_correction_corrects_the_newer_invoice(runtime: Runtime, store: StoreRow, factory: Factory) -> None:
    """Even if the money went back on a day before: nothing can be credited earlier than it is invoiced."""
    take(runtime, store, [*BEFORE, INVOICED, lines.RENEWAL])
    with runtime.database.read() as connection:
        paid = connection.execute(sa.select(tables.payment.c["id", "buyer_id"])).all()
    corrected_at = datetime(2026, 3, 10, tzinfo=UTC)
    for payment_id, buyer_id in paid:
        factory.correction(BuyerScope(store.id, "prod", buyer_id), payment_id, issued_at=corrected_at)
    take(runtime, store, [lines.REFUND, lines.REFUND | {"id": "r2", "payment": "p2", "created_at": MARCH}])
    made = [note for note in _notes(runtime) if not note.counterpart]
    assert [(note.issued_at, note.paid_at) for note in made] == [
        (corrected_at, datetime.fromisoformat(day)) for day in (lines.REFUND["created_at"], MARCH)
    ]
    assert {note.refers_to for note in made} == {"INV-2026-000002", "INV-2026-000003"}
    assert check.run(runtime.database) == []


def test_numbers_are_looked_up_by_the_batch(runtime: Runtime) -> None:
    """As many statements for 200 payments as for 20, when they are new and when they are stored."""

    def statements(orders: int) -> tuple[int, int]:
        target = new_store(runtime, f"shop-{orders}")
        file = [
            line | {"invoice_number": f"RE {line['id']}"} if line["type"] == "payment" else line
            for line in many(orders, "2026-02-01T11:00:00Z")
        ]
        file += [lines.REFUND | {"id": f"r{n}", "payment": f"p{n}", "credit_note_number": f"GS {n}"} for n in range(orders)]
        counts = list[int]()
        for _ in range(2):
            with count_statements(runtime.database) as seen:
                _, refused = take(runtime, target, file)
            assert not refused
            counts.append(len(seen.statements))
        return counts[0], counts[1]

    assert statements(20) == statements(200)
