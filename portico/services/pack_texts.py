"""The two texts of a pack of documents: the table for accounting software, and the README for whoever opens it.

The table is CSV as in RFC 4180, in UTF-8 with a mark at the start by which spreadsheets know it. Its headings and codes are the same in
every language, so that a program which reads one pack reads all; amounts are decimals with a point, days as in ISO 8601.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from portico.domain import csv_table
from portico.domain.document_line import counted
from portico.domain.invoice import Document, DocumentContent, content_of
from portico.domain.money import format_amount
from portico.domain.tax import TaxLine
from portico.i18n.catalog import N_, catalog, fill
from portico.i18n.format import formats
from portico.i18n.pack_words import AMOUNTS, COUNT, FILES, FROM_TO, MISSING, TEST, TITLE

# New ones stand behind the others: some read a table by places.
COLUMNS = (
    "number", "kind", "issued_on", "supplied_on", "period_start", "period_end", "paid_on", "refers_to", "counterpart", "buyer",
    "buyer_tax_id", "buyer_country", "po_number", "cost_centre", "seller", "seller_tax_id", "currency", "net", "tax", "total", "tax_rates",
    "tax_reasons", "tax_countries", "tax_bases", "tax_amounts", "tax_notes", "local_currency", "local_tax", "exchange_rate", "order_id",
    "test", "pdf", "cii", "ubl", "missing", "positions", "card", "exchange_rate_on", "tax_returned", "tax_returned_on",
)  # fmt: skip
_SEVERAL = "; "
_UNUSED = N_("Unused time on {plan}")


def heading() -> bytes:
    """The first line of the table."""
    return csv_table.heading(COLUMNS)


def row(found: Document, names: Mapping[str, str], missing: Sequence[str]) -> bytes:
    """A document's line. `names` are its files in the pack by column ("pdf", "cii", "ubl"); `missing` the columns of files that should be
    there. What is told by tax rate is in one order: rates, reasons, countries, bases, amounts and notes."""
    content = content_of(found)
    detail, seller, local, currency = content.billing_detail, content.seller, content.local_tax, content.currency
    returned = content.tax_returned
    values = (
        found.number,
        found.kind,
        _day(content, content.issued_at),
        _day(content, content.supplied_at),
        *_period(content),
        _day(content, content.paid_at),
        content.refers_to,
        content.counterpart,
        detail.business_name or detail.name or content.buyer_email,
        detail.tax_id,
        detail.country,
        detail.po_number,
        detail.cost_centre,
        seller.legal_name,
        seller.tax_id,
        currency,
        *(format_amount(minor, currency) for minor in (content.net_minor, content.tax_minor, content.total_minor)),
        *_by_rate(content.taxes, currency),
        local.currency if local else "",
        format_amount(local.tax_minor, local.currency) if local else "",
        local.rate if local else "",
        content.order_id,
        "yes" if content.test else "no",
        *(names.get(column, "") for column in ("pdf", "cii", "ubl")),
        " ".join(missing),
        _positions(content),
        f"{content.method.brand} {content.method.last4}" if content.method else "",
        local.on.isoformat() if local else "",
        format_amount(returned.amount_minor, currency) if returned else "",
        _day(content, returned.at) if returned else "",
    )
    return csv_table.line(values)


def readme(
    language: str, *, store_name: str, buyer: str, zone: str, start: datetime, end: datetime, count: int, test: bool, missing: Sequence[str]
) -> bytes:
    """The README in a language. `end` is exclusive; `missing` are names of files."""
    words, forms = catalog(language), formats(language)
    lines = [
        fill(words.message(TITLE), period=forms.period(start, end, zone)),
        *([words.message(TEST)] if test else []),
        "",
        fill(words.message(FROM_TO), store=_one_line(store_name), buyer=buyer, zone=zone),
        fill(words.message(COUNT), count=forms.number(count)),
        "",
        *(fill(words.message(text), file=name) for name, text in FILES.items()),
        "",
        words.message(AMOUNTS),
    ]
    if missing:
        lines += ["", words.message(MISSING), *(f"- {name}" for name in missing)]
    return "".join(f"{line}\r\n" for line in lines).encode()


def _positions(content: DocumentContent) -> str:
    """What was sold, in the words and the language of the document."""
    unused = catalog(content.language).message(_UNUSED)
    named = ((line, " ".join(counted(line.description, line.quantity).split())) for line in content.lines)
    return _SEVERAL.join(fill(unused, plan=name) if line.kind == "credit" else name for line, name in named)


def _by_rate(taxes: Sequence[TaxLine], currency: str) -> tuple[str, ...]:
    return (
        _SEVERAL.join(tax.rate for tax in taxes),
        _SEVERAL.join(tax.reason for tax in taxes),
        _if_any(tax.country for tax in taxes),
        _SEVERAL.join(format_amount(tax.base_minor, currency) for tax in taxes),
        _SEVERAL.join(format_amount(tax.tax_minor, currency) for tax in taxes),
        _if_any(tax.note for tax in taxes),
    )


def _if_any(texts: Iterable[str]) -> str:
    """With a place for each, so that one can be told to be of the second rate; nothing where none says anything."""
    places = tuple(texts)
    return _SEVERAL.join(places) if any(places) else ""


def _period(content: DocumentContent) -> tuple[str, str]:
    """The first day and the last of all that it is about, as its lines print them; nothing for what has no period."""
    days = [(line.period_start, line.period_end) for line in content.lines if line.period_start and line.period_end]
    if not days:
        return "", ""
    first, end = (_local(content, moment).date() for moment in (min(start for start, _ in days), max(end for _, end in days)))
    return first.isoformat(), max(first, end - timedelta(days=1)).isoformat()


def _day(content: DocumentContent, moment: datetime | None) -> str:
    """The day on the store's own calendar, as the document prints it."""
    return _local(content, moment).date().isoformat() if moment else ""


def _local(content: DocumentContent, moment: datetime) -> datetime:
    return moment.astimezone(ZoneInfo(content.time_zone))


def _one_line(text: str) -> str:
    return " ".join(text.split())
