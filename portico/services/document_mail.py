"""Send documents by mail: to the buyer who asks, and to those who get a copy of everything the buyer is issued.

`send` and `add_copies` only ask for the mails; a worker writes and sends them. A job holds ids, and of an address no more than what
tells it from the buyer's others: it is looked up when the mail leaves, so that one which was taken out meanwhile gets nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from typing import Literal

import sqlalchemy as sa
import structlog

from portico.domain.errors import Refused
from portico.domain.invoice import Document, content_of
from portico.domain.scope import BuyerScope, Environment
from portico.i18n.catalog import catalog
from portico.i18n.document_mail_words import (
    BUTTONS,
    COPIES,
    COPY,
    EINVOICE,
    HEADING_OF_SEVERAL,
    ISSUED,
    NUMBERS,
    OWN,
    REFERS_TO,
    SUBJECT_OF_SEVERAL,
    SUBJECTS,
    TOTAL,
)
from portico.mail.messages import Attachment
from portico.mail.transport import MailFailure
from portico.services import document_file, mail, portal_address
from portico.services.notice_text import Content, Pen, Row
from portico.services.runtime import Runtime
from portico.services.secrets import keyed
from portico.storage import buyer, document, outbox, rate_limit, store
from portico.storage.outbox import Lane

JOB = "document_mail"
SENT_PER_DAY = 20  # mails that a buyer can ask for, whoever gets them
COPIES_PER_DAY = 100  # mails that follow from what is issued: strangers' mailboxes are not a buyer's to fill
COPIES_TO_ONE_PER_DAY = 200  # nor are they many buyers' together; an accountant has many clients, though
_OWN = "own"
_DAY_SECONDS = 86_400

log = structlog.get_logger("portico.documents")


def send(runtime: Runtime, scope: BuyerScope, document_id: str, to: Literal["own", "copies"]) -> tuple[str, ...]:
    """Has a document mailed to the buyer's own address or to the copy addresses; tells which these are.

    Raises NotFound, also for another buyer's document, Refused("no_copy_addresses") and Refused("mail_limit").
    """
    now = runtime.clock()
    with runtime.database.transaction() as tx:
        found = document.get(tx, scope, document_id)
        if to == "own":
            addresses = {buyer.get(tx, scope).email: _OWN}
        else:
            addresses = {email: _address(runtime, scope, email) for email in buyer.billing_detail(tx, scope)[0].copy_emails}
        if not addresses:
            raise Refused("no_copy_addresses")
        for address in addresses.values():
            is_new = _add(tx, runtime, scope, [found.id], address, now=now, lane="mail")
            if is_new and not _is_within(tx, runtime, scope, "sent", limit=SENT_PER_DAY, now=now):
                raise Refused("mail_limit")
    return tuple(addresses)


def add_copies(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, document_ids: Sequence[str], copy_emails: Sequence[str]) -> None:
    """Has documents that this transaction issues mailed to the copy addresses, if it commits: one mail with all of them to each.

    `copy_emails` are those of the buyer's billing details; any other gets nothing. Nobody waits for these mails, and their files have
    to be made: they go by the lane of documents, so that a day of many renewals does not hold up a sign-in.
    """
    now = runtime.clock()
    for email in copy_emails:
        if not _is_within(tx, runtime, scope, "copied", limit=COPIES_PER_DAY, now=now):
            log.warning("copies_limit", buyer_id=scope.buyer_id, document_ids=list(document_ids))
            return
        _add(tx, runtime, scope, document_ids, _address(runtime, scope, email), now=now, lane="document")


def deliver(
    runtime: Runtime,
    *,
    store_id: str,
    environment: Environment,
    buyer_id: str,
    document_ids: Sequence[str],
    address: str,
    message_id: str,
) -> None:
    """Writes the mail in the buyer's language, or else the store's, and sends it with the files of its documents.

    Raises MailFailure, and DocumentNotReady while a file cannot be made.
    """
    scope = BuyerScope(store_id, environment, buyer_id)
    with runtime.database.read() as connection:
        shop, who = store.get(connection, store_id), buyer.get(connection, scope)
        copied = buyer.billing_detail(connection, scope)[0].copy_emails if address != _OWN else ()
        documents = [document.get(connection, scope, document_id) for document_id in document_ids]
    to = who.email if address == _OWN else next((email for email in copied if _address(runtime, scope, email) == address), None)
    if to is None:
        return
    files = [file for found in documents for file in _files(runtime, scope, found)]
    language = who.locale or shop.locale
    has_einvoice = any(file.media_type != document_file.PDF for file in files)
    content = _content(
        documents,
        Pen(JOB, language, shop.time_zone),
        store_name=shop.name,
        copy_for="" if address == _OWN else who.email,
        has_einvoice=has_einvoice,
    )
    message = mail.compose(
        runtime,
        shop,
        environment,
        "notice" if address == _OWN else "document_copy",
        language=language,
        recipient=to,
        message_id=message_id,
        now=runtime.clock(),
        attachments=files,
        content=content,
        link=portal_address.page(runtime, shop.slug, environment, content.path),
        buyer_email=who.email,
    )
    if address == _OWN:
        runtime.mailer.send(message)
    else:
        _send_copy(runtime, scope, message, to)


def _send_copy(runtime: Runtime, scope: BuyerScope, message: EmailMessage, to: str) -> None:
    """Sends it, unless the address had its share of the day, whichever buyers named it. What did not leave does not count.

    It is counted here and not where a document is issued: there, two payments of buyers who share addresses would wait for each other.
    """
    local, _, domain = to.rpartition("@")
    mailbox = f"{local.partition('+')[0]}@{domain}"  # with most providers a+b@ is the mailbox of a@
    now, key = runtime.clock(), keyed(runtime.secret, "copies to an address in a day", scope.store_id, scope.environment, mailbox)
    with runtime.database.transaction() as tx:
        may_leave = rate_limit.is_within(tx, key, now, _DAY_SECONDS, COPIES_TO_ONE_PER_DAY)
    if not may_leave:
        log.warning("copies_to_one_limit", buyer_id=scope.buyer_id)
        return
    try:
        runtime.mailer.send(message)
    except MailFailure:
        with runtime.database.transaction() as tx:
            rate_limit.take_back(tx, key, now, _DAY_SECONDS)
        raise


def _content(documents: Sequence[Document], pen: Pen, *, store_name: str, copy_for: str, has_einvoice: bool) -> Content:
    """A table of what is attached, below a sentence that says who wanted it. Only the buyer gets a button: nobody else can sign in."""
    first = documents[0]
    if len(documents) == 1:
        subject = heading = pen.message(SUBJECTS[first.kind], number=first.number, store=store_name)
    else:
        heading = pen.message(HEADING_OF_SEVERAL, store=store_name)
        subject = pen.message(SUBJECT_OF_SEVERAL, numbers=", ".join(found.number for found in documents), store=store_name)
    sentence = pen.message(COPY if len(documents) == 1 else COPIES, buyer=copy_for) if copy_for else pen.message(OWN)
    return Content(
        subject=subject,
        heading=heading,
        before=(sentence, *([pen.message(EINVOICE)] if has_einvoice else [])),
        rows=tuple(row for found in documents for row in _rows(found, pen)),
        after=(),
        button="" if copy_for else catalog(pen.language).message(BUTTONS[first.kind]),
        path=f"/invoices/{first.id}",
    )


def _rows(found: Document, pen: Pen) -> list[Row]:
    refers_to = content_of(found).refers_to
    return [
        Row(pen.message(NUMBERS[found.kind]), pen.literal(found.number)),
        *([Row(pen.message(REFERS_TO), pen.literal(refers_to))] if refers_to else []),
        Row(pen.message(ISSUED), pen.literal(pen.date(found.issued_at))),
        Row(pen.message(TOTAL), pen.literal(pen.money(found.total_minor, found.currency)), strong=True),
    ]


def _files(runtime: Runtime, scope: BuyerScope, found: Document) -> list[Attachment]:
    """The original, and the e-invoice beside it where there is one."""
    body, name = document_file.file_of(runtime, scope, found, document_file.PDF)
    files = [Attachment(name, document_file.PDF, body)]
    if found.kind != "receipt":
        try:
            body, name = document_file.file_of(runtime, scope, found, document_file.CII)
        except Refused:
            return files
        files.append(Attachment(name, "application/xml", body))
    return files


def _add(
    tx: sa.Connection, runtime: Runtime, scope: BuyerScope, document_ids: Sequence[str], address: str, *, now: datetime, lane: Lane
) -> bool:
    """What is asked for twice within a minute is sent once; whether it was not asked for before."""
    message_id = f"{JOB}.{document_ids[0]}.{address}.{now:%Y%m%d%H%M}"
    whose = {"store_id": scope.store_id, "environment": scope.environment, "buyer_id": scope.buyer_id}
    arguments = {**whose, "document_ids": list(document_ids), "address": address, "message_id": message_id}
    return outbox.add(tx, JOB, arguments, now=now, lane=lane, key=message_id)


def _address(runtime: Runtime, scope: BuyerScope, email: str) -> str:
    """What stands for an address in a job."""
    return keyed(runtime.secret, "copy address", scope.buyer_id, email)[:16].hex()


def _is_within(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, what: str, *, limit: int, now: datetime) -> bool:
    key = keyed(runtime.secret, "documents mailed in a day", what, scope.buyer_id)
    return rate_limit.is_within(tx, key, now, _DAY_SECONDS, limit)
