"""Documents by mail: to the buyer who asks and to the copy addresses, with their files, within limits, and never somebody else's."""

from dataclasses import replace
from email.message import EmailMessage

import mrml
import pytest

from portico.domain.errors import NotFound, Refused
from portico.domain.scope import BuyerScope, StoreScope
from portico.i18n.templates import environment
from portico.mail import messages
from portico.mail.transport import TemporaryMailFailure
from portico.services import document_file, document_mail
from portico.services.notice_text import Content, Pen, Row
from portico.services.runtime import Runtime
from portico.storage import buyer, outbox
from tests.conftest import SteppingClock
from tests.factories import Factory
from tests.services.conftest import ADA
from tests.services.test_notice_texts import variables
from tests.services.visits import Mailbox, deliver

BOOKS, TAXES = "books@example.org", "taxes@example.net"


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that cost nothing: what they hold is what they are."""

    def file_of(_runtime, _scope, found, media_type, language=None):  # type: ignore[no-untyped-def]
        if media_type != document_file.PDF and found.number.endswith("000002"):
            raise Refused("no_einvoice")
        return f"{media_type} of {found.number}".encode(), document_file.name_of(found, media_type, language or found.language)

    monkeypatch.setattr(document_file, "file_of", file_of)


def copies_to(runtime: Runtime, scope: BuyerScope, *emails: str) -> None:
    with runtime.database.transaction() as tx:
        detail, version = buyer.billing_detail(tx, scope)
        assert buyer.save_billing_detail(tx, scope, replace(detail, copy_emails=emails), version)


def issued(factory: Factory, scope: BuyerScope, kind: str = "invoice") -> str:
    return factory.document(scope, factory.payment(scope, factory.order(scope)), kind=kind)  # type: ignore[arg-type]


def attached(message) -> dict[str, bytes]:  # type: ignore[no-untyped-def]
    return {a.get_filename(): a.get_payload(decode=True) for a in message.iter_attachments()}


def test_a_buyer_gets_a_document_with_its_files(runtime: Runtime, factory: Factory, ada: BuyerScope, mailbox: Mailbox, files: None) -> None:
    document_id = issued(factory, ada)
    assert document_mail.send(runtime, ada, document_id, "own") == (ADA,)
    assert document_mail.send(runtime, ada, document_id, "own") == (ADA,), "a second click changes nothing"
    deliver(runtime)
    (mail,) = mailbox.mails()
    assert (mail.message["To"], mail.message["Subject"]) == (ADA, "Invoice INV-2026-000001 from Nordlicht")
    assert mail.link == f"https://portal.test/nordlicht/portal/invoices/{document_id}"
    for part in ("Here is the copy you asked for", "INV-2026-000001", "Mar 14, 2026", "€34.51", "Files ending in .xml are e-invoices", ADA):
        assert part in mail.text
    assert attached(mail.message) == {
        "INV-2026-000001.pdf": b"application/pdf of INV-2026-000001",
        "INV-2026-000001-cii.xml": b"application/cii+xml of INV-2026-000001",
    }


def test_a_copy_says_who_wanted_it_and_how_to_stop_and_has_no_button(
    runtime: Runtime, factory: Factory, ada: BuyerScope, mailbox: Mailbox, files: None
) -> None:
    copies_to(runtime, ada, BOOKS, TAXES)
    document_id = issued(factory, ada, "receipt")
    assert document_mail.send(runtime, ada, document_id, "copies") == (BOOKS, TAXES)
    deliver(runtime)
    assert not mailbox.mails(to=ADA)
    for to, other in ((BOOKS, TAXES), (TAXES, BOOKS)):
        (mail,) = mailbox.mails(to=to)
        assert f"{ADA} asked us to send you this copy" in mail.text
        assert f"asked us to send copies of documents to {to}. If you don’t want them, please ask {ADA}" in mail.text
        assert "https://" not in mail.text, "nobody else can sign in"
        html = mail.message.get_body(("html",)).get_content()
        assert "/invoices/" not in html
        assert ADA in html
        assert other not in mail.message.as_string()
        assert list(attached(mail.message)) == ["REC-2026-000001.pdf"]


def test_what_is_issued_goes_to_the_copy_addresses_in_one_mail(
    runtime: Runtime, factory: Factory, ada: BuyerScope, mailbox: Mailbox, files: None
) -> None:
    copies_to(runtime, ada, BOOKS, TAXES)
    ids = [issued(factory, ada), issued(factory, ada)]
    with runtime.database.transaction() as tx:
        document_mail.add_copies(tx, runtime, ada, ids, (BOOKS, TAXES, "stranger@example.com"))
    copies_to(runtime, ada, TAXES)  # the other was taken out before the mail left
    deliver(runtime)
    (mail,) = mailbox.mails()
    assert (mail.message["To"], mail.message["Subject"]) == (TAXES, "Documents from Nordlicht: INV-2026-000001, INV-2026-000002")
    assert list(attached(mail.message)) == ["INV-2026-000001.pdf", "INV-2026-000001-cii.xml", "INV-2026-000002.pdf"]


def test_a_mail_is_in_the_buyers_language_and_says_that_it_is_a_test(
    runtime: Runtime, factory: Factory, mailbox: Mailbox, files: None
) -> None:
    store = factory.store(slug="probe", environment="test")
    buyer_scope = factory.buyer(store, email=ADA)
    with runtime.database.transaction() as tx:
        buyer.set_locale(tx, buyer_scope, "de")
    document_mail.send(runtime, buyer_scope, issued(factory, buyer_scope), "own")
    deliver(runtime)
    mail = mailbox.last()
    assert mail.message["Content-Language"] == "de"
    assert "Testumgebung" in mail.text
    assert "34,51" in mail.text
    assert "/test/probe/portal/invoices/" in mail.link


def test_the_files_are_those_that_the_page_gives(runtime: Runtime, factory: Factory, ada: BuyerScope, mailbox: Mailbox) -> None:
    document_id = issued(factory, ada)
    document_mail.send(runtime, ada, document_id, "own")
    deliver(runtime)
    files = (document_file.pdf(runtime, ada, document_id), document_file.xml(runtime, ada, document_id, "cii"))
    assert attached(mailbox.last().message) == {name: body for body, name in files}
    assert [a.get_content_type() for a in mailbox.last().message.iter_attachments()] == ["application/pdf", "application/xml"]


def test_another_buyers_document_is_sent_to_nobody(
    runtime: Runtime, factory: Factory, scope: StoreScope, ada: BuyerScope, mailbox: Mailbox, files: None
) -> None:
    eve = factory.buyer(scope, email="eve@example.com")
    document_id = issued(factory, ada)
    with pytest.raises(NotFound):
        document_mail.send(runtime, eve, document_id, "own")
    with pytest.raises(NotFound):  # not even by a job that somebody forged
        document_mail.deliver(
            runtime, store_id=eve.store_id, environment=eve.environment, buyer_id=eve.buyer_id,
            document_ids=[document_id], address="own", message_id="x",
        )  # fmt: skip
    deliver(runtime)
    assert not mailbox.mails()


def test_without_copy_addresses_there_is_nobody_to_send_to(runtime: Runtime, factory: Factory, ada: BuyerScope) -> None:
    with pytest.raises(Refused, match="no_copy_addresses"):
        document_mail.send(runtime, ada, issued(factory, ada), "copies")


def test_there_is_a_limit_to_what_is_sent_in_a_day(runtime: Runtime, factory: Factory, ada: BuyerScope, clock: SteppingClock) -> None:
    copies_to(runtime, ada, BOOKS, TAXES)
    document_id = issued(factory, ada)
    for _ in range(document_mail.SENT_PER_DAY // 2):
        for _click in range(3):  # those beyond the first send nothing, and count for nothing
            document_mail.send(runtime, ada, document_id, "copies")
        clock.advance(minutes=1)
    for to in ("copies", "own"):
        with pytest.raises(Refused, match="mail_limit"):
            document_mail.send(runtime, ada, document_id, to)  # type: ignore[arg-type]
    assert waiting(runtime, "mail") == document_mail.SENT_PER_DAY
    clock.advance(days=2)
    document_mail.send(runtime, ada, document_id, "own")
    for n in range(document_mail.COPIES_PER_DAY):
        with runtime.database.transaction() as tx:
            document_mail.add_copies(tx, runtime, ada, [f"INV_{n}"], (BOOKS, TAXES))
    assert waiting(runtime, "document") == document_mail.COPIES_PER_DAY


class Away:
    """A mail server that is."""

    def send(self, message: EmailMessage) -> None:
        raise TemporaryMailFailure("450 later")


def test_nobody_gets_more_copies_than_a_mailbox_bears_whoever_names_it(
    runtime: Runtime,
    factory: Factory,
    scope: StoreScope,
    mailbox: Mailbox,
    clock: SteppingClock,
    files: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(document_mail, "COPIES_TO_ONE_PER_DAY", 3)
    for number in range(5):
        who = factory.buyer(scope, email=f"b{number}@example.com")
        copies_to(runtime, who, f"books+{number}@example.org")
        document_mail.send(runtime, who, issued(factory, who), "copies")
    deliver(replace(runtime, mailer=Away()))
    clock.advance(minutes=1)
    deliver(runtime)
    assert len(mailbox.mails()) == 3, "what did not leave is not counted"
    assert waiting(runtime, "mail") == 0


def waiting(runtime: Runtime, lane: str) -> int:
    with runtime.database.read() as connection:
        return sum(state.waiting for state in outbox.waiting(connection) if state.lane == lane)


def test_mjml_has_nothing_to_complain_about() -> None:
    pen = Pen("x", "ar", "Europe/Berlin")
    content = Content(pen.literal("s"), pen.literal("h"), (pen.literal("b"),), (Row(pen.literal("l"), pen.literal("v")),), (), "", "/x")
    given = {**variables(content, "ar"), "buyer_email": ADA, "subject": "x"}
    source = environment("ar", messages.LOADER).get_template("document_copy.mjml.j2").render(given)
    assert not mrml.to_html(source).warnings
