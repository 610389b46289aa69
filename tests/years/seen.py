"""What was seen of a year: one line for each mail, document, movement at the bank and event of the subscription, in order.

    2026-02-01 bank    10.71 EUR succeeded
    2026-04-01 event   active -> past_due: payment_failed by itself
    2026-02-01 invoice INV-2026-000002: 9.00 + 1.71 = 10.71 EUR
    2026-02-01 mail    Payment received: €10.71 for Starter

Days are those of the store. What happened at one moment is in the order bank, event, documents, mails. A test may write the four
lines of a renewal that simply works as one:

    2026-02-01 renewed 9.00 + 1.71 = 10.71 EUR, No. 2, "€10.71 for Starter"
"""

import email.policy
import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from portico.domain.invoice import Document, DocumentContent
from portico.domain.money import format_amount, parse_amount
from portico.domain.tax import tax_on
from portico.services import check, document_print
from portico.storage import document as documents
from portico.storage import subscription as subscriptions
from portico.storage import tables

if TYPE_CHECKING:
    from tests.years.year import Year

_ZONE = ZoneInfo("Europe/Berlin")
_RENEWED = re.compile(r"(?P<day>\S+) renewed (?P<sum>.+ = (?P<total>\S+ [A-Z]{3})), No\. (?P<number>\d+), \"(?P<what>.+)\"")
_ACTORS = {"import": "the shop", "buyer": "the buyer", "worker": "itself"}
_RANKS = {"bank": 0, "event": 1, "invoice": 2, "receipt": 3, "credit_note": 4, "mail": 5}


@dataclass(frozen=True, slots=True)
class Sight:
    """`place` keeps things of one kind in their own order where they happened at the same second."""

    at: datetime
    kind: str
    place: int
    text: str

    @property
    def line(self) -> str:
        return f"{self.at.astimezone(_ZONE):%Y-%m-%d} {self.kind} {_typed(self.text)}"


def lines(year: "Year") -> list[str]:
    """All that was seen."""
    sights = [*_at_the_bank(year), *_events(year), *_documents(year), *_mails(year)]
    ordered = sorted(sights, key=lambda sight: (sight.at.replace(microsecond=0), _RANKS[sight.kind], sight.place))
    return [sight.line for sight in ordered]


def expand(told: str) -> list[str]:
    """The lines of a story as it is written in a test: blanks do not count, and a renewal is four lines."""
    told_lines = [" ".join(line.split()) for line in told.strip().splitlines() if line.strip()]
    return [line for one in told_lines for line in _renewed(one)]


def _renewed(line: str) -> list[str]:
    found = _RENEWED.fullmatch(line)
    if found is None:
        return [line]
    day, sums, total, what = found["day"], found["sum"], found["total"], found["what"]
    number = f"{day[:4]}-{int(found['number']):06d}"
    return [
        f"{day} bank {total} succeeded",
        f"{day} invoice INV-{number}: {sums}",
        f"{day} receipt REC-{number}: {sums}",
        f"{day} mail Payment received: {what}",
    ]


def mails(year: "Year") -> list[EmailMessage]:
    """In the order sent."""
    files = sorted(year.mailbox.glob("*.eml"))
    return [message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]  # type: ignore[misc]


def text(message: EmailMessage) -> str:
    """As its reader sees it."""
    body = message.get_body(("plain",))
    assert body is not None
    return _typed(body.get_content().replace("\r\n", "\n"))


def letter(year: "Year", subject: str) -> str:
    """The text of the one mail with this subject."""
    (found,) = (message for message in mails(year) if message["Subject"] == subject)
    return text(found)


def told_in_letters(year: "Year", label: str) -> list[str]:
    """What stands behind a label in every mail that has it, in order."""
    return [found for message in mails(year) for found in re.findall(f"^{re.escape(label)}: (.+)$", text(message), re.MULTILINE)]


def sent(message: EmailMessage) -> datetime:
    return parsedate_to_datetime(message["Date"]).astimezone(UTC)


def issued(year: "Year") -> list[Document]:
    """The documents with their content, in the order issued."""
    with year.runtime.database.read() as connection:
        order_id = subscriptions.get(connection, year.scope, year.subscription_id).order_id
        found = [documents.get(connection, year.scope, one.id) for one in documents.for_order(connection, year.scope, order_id)]
    return sorted(found, key=lambda document: (document.issued_at, _RANKS[document.kind], document.number))


def content(year: "Year", number: str) -> DocumentContent:
    """What the document with this number says."""
    found = next(document.content for document in issued(year) if document.number == number)
    assert found is not None
    return found


def printed(year: "Year", number: str) -> list[str]:
    """The positions of a document and what they add up to, as they are printed in English."""
    data = document_print.print_data(content(year, number), "en", breaks_words=False)
    positions = [" | ".join(filter(None, (line.description, line.detail, line.quantity, line.unit, line.amount))) for line in data.lines]
    return [_typed(line) for line in (*positions, *[f"{total.label}: {total.value}" for total in data.totals])]


def books_are_in_order(year: "Year") -> None:
    """Ours say what the bank's say, no rule is broken, no job is left over, and every mail is fit to be read."""
    assert check.run(year.runtime.database) == []
    with year.runtime.database.read() as connection:
        assert connection.execute(sa.select(tables.job.c.kind, tables.job.c.error)).all() == []
    bank = year.gateway.bank
    given_back = sum(one.request.amount_minor for one in bank.refunds() if one.status == "succeeded")
    taken = sum(capture.amount_minor for capture in bank.captures()) - given_back
    totals = Counter[str]()
    for document in issued(year):
        totals[document.kind] += document.total_minor
        _is_right(document)
    assert totals["invoice"] == totals["receipt"]
    assert totals["invoice"] - totals["credit_note"] == taken, "what was invoiced is what was taken"
    written = mails(year)
    assert len({message["Message-ID"] for message in written}) == len(written), "no mail came twice"
    for message in written:
        assert message["To"] == "ada@example.com"
        assert not re.search(r"[{}]|None|Decimal|\bnull\b|\S  +\S", text(message)), text(message)


def _is_right(document: Document) -> None:
    """What an accountant looks at: the tax of the net amount, the dates, whom it is from and for."""
    found = document.content
    assert found is not None
    (tax,) = found.taxes
    if document.kind != "credit_note":  # its tax is a share of the invoice's
        assert tax.tax_minor == tax_on(tax.base_minor, tax.rate), document.number
    assert found.paid_at is not None
    assert found.issued_at == found.paid_at, "issued when the money moved"
    assert found.seller.legal_name == "Lumen Notes GmbH"
    assert found.billing_detail.name == "Ada Beispiel"


def _typed(text: str) -> str:
    """With the blanks that a keyboard has, for those that keep an amount or a period together."""
    return text.replace("\u00a0", " ").replace("\u202f", " ").replace("\u2009", " ")


def _at_the_bank(year: "Year") -> list[Sight]:
    sights: list[Sight] = []
    for place, entry in enumerate(year.gateway.bank.ledger()):
        if entry.charge is not None:
            asked, refusal = entry.charge.request, f" ({entry.charge.refusal})" if entry.charge.refusal else ""
            what = f"{format_amount(asked.amount_minor, asked.currency)} {asked.currency} {entry.charge.status}{refusal}"
            sights.append(Sight(entry.at, "bank", place, what))
        elif entry.refund is not None:
            back = entry.refund.request
            what = f"{format_amount(back.amount_minor, back.currency)} {back.currency} back {entry.refund.status}"
            sights.append(Sight(entry.at, "bank", place, what))
    return sights


def _events(year: "Year") -> list[Sight]:
    with year.runtime.database.read() as connection:
        history = subscriptions.history(connection, year.scope, year.subscription_id)
    return [
        Sight(event.at, "event", place, f"{event.from_status or 'nothing'} -> {event.to_status}: {event.cause} by {_ACTORS[event.actor]}")
        for place, event in enumerate(history)
    ]


def _documents(year: "Year") -> list[Sight]:
    sights: list[Sight] = []
    for place, document in enumerate(issued(year)):
        found = document.content
        assert found is not None
        net, tax, total = (format_amount(minor, found.currency) for minor in (found.net_minor, found.tax_minor, found.total_minor))
        assert parse_amount(total, found.currency) == document.total_minor
        sights.append(Sight(document.issued_at, document.kind, place, f"{document.number}: {net} + {tax} = {total} {found.currency}"))
    return sights


def _mails(year: "Year") -> list[Sight]:
    return [Sight(sent(message), "mail", place, message["Subject"]) for place, message in enumerate(mails(year))]
