"""Handing out the files of documents, and what becomes of one that cannot be made."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from portico.documents import render as renderer
from portico.domain.errors import NotFound, Refused
from portico.domain.scope import BuyerScope, StoreScope
from portico.jobs.worker import Worker
from portico.services import check
from portico.services import document as service
from portico.services import document_file as files
from portico.services.document_file import DocumentNotReady
from portico.services.runtime import Runtime
from portico.storage import buyer, outbox, tables
from portico.storage.database import count_statements
from tests.conftest import SteppingClock
from tests.documents.pdf_text import text_of
from tests.factories import Factory
from tests.services.test_document import issue, paid_order


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("RE 2025/0815", "RE-2025-0815.pdf"),
        ("../../etc/x", "etc-x.pdf"),
        ("a\\b:c", "a-b-c.pdf"),
        ("請求1", "請求1.pdf"),
        ("#", None),
        ("aux", "invoice-aux.pdf"),
        ("COM1.7", "invoice-COM1.7.pdf"),
        ("CON-7", "CON-7.pdf"),
    ],
)
def test_a_number_from_elsewhere_makes_a_name_that_stays_where_it_is_put(
    runtime: Runtime, factory: Factory, ada: BuyerScope, number: str, name: str | None
) -> None:
    document_id = factory.document(ada, factory.payment(ada, factory.order(ada)), elsewhere=number)
    body, given = files.pdf_of_any(runtime, document_id)
    assert given == (name or f"{document_id}.pdf")
    assert "".join(number.split()) in "".join(text_of(body).split())


def test_the_file_made_first_is_served_ever_after(
    runtime: Runtime, factory: Factory, ada: BuyerScope, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice, receipt = issue(runtime, factory, ada)
    first, name = files.pdf(runtime, ada, invoice.id)
    assert name == "INV-2026-000001.pdf"
    monkeypatch.setattr(renderer, "render", lambda data, **_: b"a newer template")
    assert files.pdf(runtime, ada, invoice.id) == (first, name)
    assert files.pdf(runtime, ada, receipt.id)[0] == b"a newer template"
    kept = tables.document_file
    with runtime.database.read() as connection:
        of_it = sa.select(kept.c.body, kept.c.sha256).where(kept.c.document_id == invoice.id, kept.c.media_type == files.PDF)
        body, digest = connection.execute(of_it).one()
    assert body == first
    assert digest == hashlib.sha256(first).digest()


def test_a_kept_file_costs_two_statements_and_no_transaction(runtime: Runtime, factory: Factory, ada: BuyerScope) -> None:
    invoice, _ = issue(runtime, factory, ada)
    files.pdf(runtime, ada, invoice.id)
    with count_statements(runtime.database) as seen:
        files.pdf(runtime, ada, invoice.id)
    assert seen.count == 2
    assert all(statement.startswith("SELECT") for statement in seen.statements)


def test_of_two_that_make_a_file_at_once_both_get_the_same(
    runtime: Runtime, factory: Factory, ada: BuyerScope, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice, _ = issue(runtime, factory, ada)
    both, made = Barrier(2), iter((b"one", b"two"))

    def render(data: object, **_: object) -> bytes:
        both.wait(30)
        return next(made)

    monkeypatch.setattr(renderer, "render", render)
    with ThreadPoolExecutor(2) as pool:
        bodies = list(pool.map(lambda _: files.pdf(runtime, ada, invoice.id)[0], range(2)))
    assert bodies[0] == bodies[1]
    assert next(made, None) is None


def test_one_buyer_cannot_keep_the_compilers_busy(
    runtime: Runtime, factory: Factory, ada: BuyerScope, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept is given as often as anybody likes, and another buyer waits for nobody."""
    monkeypatch.setattr(files, "MADE_PER_HOUR", 2)
    monkeypatch.setattr(renderer, "render", lambda data, **_: b"%PDF")
    invoice, receipt = issue(runtime, factory, ada)
    for language in ("de", "fr", "de", "fr"):
        files.pdf(runtime, ada, invoice.id, language)
    for _ in range(2):
        with pytest.raises(Refused, match="document_limit"):
            files.pdf(runtime, ada, receipt.id)
    files.pdf(runtime, ada, invoice.id, "de")
    files.xml(runtime, ada, invoice.id, "ubl")
    bob = factory.buyer(StoreScope(ada.store_id, ada.environment))
    files.pdf(runtime, bob, issue(runtime, factory, bob)[0].id)
    with runtime.database.read() as connection:
        assert not outbox.waiting(connection), "nobody is to look into it"
    clock.advance(hours=2)
    files.pdf(runtime, ada, receipt.id)


def test_an_issued_document_does_not_follow_later_edits(runtime: Runtime, factory: Factory, scope: StoreScope) -> None:
    who = factory.buyer(scope, email="before@example.com", locale="en")
    invoice, _ = issue(runtime, factory, who)
    with runtime.database.transaction() as tx:
        detail, version = buyer.billing_detail(tx, who)
        assert buyer.save_billing_detail(tx, who, replace(detail, name="Somebody Else", line1="Elsewhere 9"), version)
        buyer.set_locale(tx, who, "ja")
        tx.execute(sa.update(tables.buyer).values(email="after@example.com"))
        tx.execute(sa.update(tables.store).values(name="Renamed", time_zone="Asia/Tokyo", seller={"legal_name": "Sold to Others Ltd"}))
        tx.execute(sa.update(tables.order).values(billing_detail={"country": "FR", "name": "Edited"}, product_name="Edited"))
    text = text_of(files.pdf(runtime, who, invoice.id)[0])
    assert all(old in text for old in ("Ada Lovelace", "Unter den Linden 1", "before@example.com", "Nordlicht Software GmbH", "Atlas"))
    assert not any(new in text for new in ("Somebody", "Elsewhere", "after@", "Renamed", "Sold to", "Edited"))


def test_the_database_refuses_to_change_what_was_issued(runtime: Runtime, factory: Factory, ada: BuyerScope) -> None:
    invoice, _ = issue(runtime, factory, ada)
    files.pdf(runtime, ada, invoice.id)
    for statement in (
        sa.update(tables.document).values(content="{}"),
        sa.delete(tables.document_file),
        sa.update(tables.document_file).values(body=b""),
        sa.delete(tables.document),
    ):
        with pytest.raises(sa.exc.DBAPIError), runtime.database.transaction() as tx:
            tx.execute(statement)


def test_another_language_is_a_copy_beside_the_original(runtime: Runtime, factory: Factory, ada: BuyerScope) -> None:
    invoice, _ = issue(runtime, factory, ada)
    original, _ = files.pdf(runtime, ada, invoice.id)
    copy, name = files.pdf(runtime, ada, invoice.id, "de")
    assert name == "INV-2026-000001-de.pdf"
    assert copy != original
    assert "29,00" in text_of(copy)
    assert files.pdf(runtime, ada, invoice.id, "en")[0] == original


@pytest.mark.parametrize("language", ["", "xx", "EN", "../de", "de-DE"])
def test_a_language_we_do_not_speak_is_refused(runtime: Runtime, factory: Factory, ada: BuyerScope, language: str) -> None:
    invoice, _ = issue(runtime, factory, ada)
    with pytest.raises(Refused) as refused:
        files.pdf(runtime, ada, invoice.id, language)
    assert refused.value.code == "language_unknown"


def test_a_foreign_document_is_as_unknown_as_a_random_one(runtime: Runtime, factory: Factory, ada: BuyerScope, scope: StoreScope) -> None:
    invoice, _ = issue(runtime, factory, ada)
    files.pdf(runtime, ada, invoice.id)
    eve = factory.buyer(scope)
    for who in (eve, replace(ada, environment="test"), replace(ada, store_id=factory.store().store_id)):
        with pytest.raises(NotFound):
            files.pdf(runtime, who, invoice.id)
    with pytest.raises(NotFound):
        files.pdf(runtime, ada, runtime.new_id("INV"))
    assert files.pdf_of_any(runtime, invoice.id) == files.pdf(runtime, ada, invoice.id)


def test_characters_that_no_font_has_are_logged_without_the_name(runtime: Runtime, factory: Factory, scope: StoreScope) -> None:
    who = factory.buyer(scope)
    _, payment = paid_order(runtime.database, factory, who)
    with runtime.database.transaction() as tx:
        tx.execute(sa.update(tables.order).values(billing_detail={"country": "DE", "name": "Zoë 🎉 Smith"}))
        first, _ = service.issue_for_payment(tx, runtime, who, payment, now=runtime.clock())
    with capture_logs() as logs:
        body, _ = files.pdf(runtime, who, first)
        files.pdf(runtime, who, first)
    assert logs == [
        {"event": "characters_replaced", "log_level": "warning", "document_id": first, "language": "en", "characters": ["U+1F389"]}
    ]
    assert "Zoë □ Smith" in " ".join(text_of(body).split())


def test_a_file_that_cannot_be_made_is_tried_again_in_the_background(
    runtime: Runtime, factory: Factory, ada: BuyerScope, monkeypatch: pytest.MonkeyPatch, clock: SteppingClock
) -> None:
    """Whoever asks meanwhile is told at once, and the renderer is not asked to fail as slowly again."""
    invoice, receipt = issue(runtime, factory, ada)
    worker, tries = Worker(runtime, threads={"document": 1}), list[object]()

    def broken(data: object, **_: object) -> bytes:
        tries.append(data)
        raise RuntimeError("a font is missing")

    with monkeypatch.context() as patched, capture_logs() as logs:
        patched.setattr(renderer, "render", broken)
        for _ in range(3):
            with pytest.raises(DocumentNotReady):
                files.pdf(runtime, ada, invoice.id)
        assert len(tries) == 1
        (found,) = check.run(runtime.database)
        assert (found.check, found.subject) == ("every_file_can_be_made", invoice.id)
        assert found.detail == "its file could not be made yet, tried 1 times: application/pdf:en"
        with pytest.raises(RuntimeError):
            files.pdf_of_any(runtime, invoice.id)  # the operator is told why
        worker.run_until_idle()
        assert len(tries) == 3
    assert logs[0]["event"] == "document_not_made"
    assert "a font is missing" not in str(logs), "it may quote what somebody is called"
    assert files.pdf(runtime, ada, receipt.id)[0].startswith(b"%PDF"), "nothing else waits for it"
    clock.advance(seconds=5)
    worker.run_until_idle()
    assert files.pdf(runtime, ada, invoice.id)[0].startswith(b"%PDF")


def test_a_file_that_is_never_made_waits_for_a_person(
    runtime: Runtime, factory: Factory, ada: BuyerScope, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice, _ = issue(runtime, factory, ada)
    monkeypatch.setattr(renderer, "render", lambda data, **_: data.no_such_thing)
    with pytest.raises(DocumentNotReady):
        files.pdf(runtime, ada, invoice.id)
    Worker(runtime, threads={"document": 1}, attempts=1).run_until_idle()
    assert "no_job_is_parked" in [finding.check for finding in check.run(runtime.database)]
    with pytest.raises(DocumentNotReady):
        files.pdf(runtime, ada, invoice.id)
