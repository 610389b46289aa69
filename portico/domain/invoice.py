"""Documents: invoices, receipts and credit notes. Frozen at issue: a document copies everything it prints and is never changed.

Correction is another document that refers to the first (Directive 2006/112/EC art. 219); numbers are sequential
(art. 226 (2)) and gapless within a series.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Literal

import msgspec

from portico.domain.billing_detail import BillingDetail
from portico.domain.document_line import DocumentLine
from portico.domain.errors import Refused
from portico.domain.money import exponent, round_half_up
from portico.domain.order import Order
from portico.domain.payment import Payment, PaymentMethod
from portico.domain.tax import TaxLine, TaxReason, parse_rate
from portico.domain.tax_part import part

DocumentKind = Literal["invoice", "receipt", "credit_note"]
DOCUMENT_KINDS: tuple[DocumentKind, ...] = ("invoice", "receipt", "credit_note")
PAYMENT_KINDS: tuple[DocumentKind, ...] = ("invoice", "receipt")  # issued together for a payment, in this order
SERIES_PREFIX: dict[DocumentKind, str] = {"invoice": "INV", "receipt": "REC", "credit_note": "CN"}
TEMPLATE_VERSION = 3
# How far the tax of a rate may be from base x rate, in minor units: of what was charged, and of a part of it. See `check_totals`.
_TAX_WITHIN, _TAX_OF_PART_WITHIN = 1, 3
_OURS = re.compile(rf"(TEST-)?({'|'.join(SERIES_PREFIX.values())})-[0-9]{{4}}-[0-9]{{6,}}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Seller:
    """The store as it is printed on a document: legal name, address, tax ids (label is printed as given, e.g. "USt-IdNr.")."""

    legal_name: str
    line1: str = ""
    line2: str = ""
    city: str = ""
    postal_code: str = ""
    state: str = ""
    country: str = ""
    tax_id: str = ""
    registration: str = ""
    email: str = ""
    website: str = ""


@dataclass(frozen=True, slots=True)
class LocalTax:
    """The tax in the currency of the seller's own country, where the document is in another (Directive 2006/112/EC art. 91 and
    230). `rate` is how many of `currency` one of the document's makes, a decimal string; `on` is the day of that rate."""

    currency: str
    tax_minor: int
    rate: str
    on: date


@dataclass(frozen=True, slots=True)
class TaxReturned:
    """Tax that turned out never to have been due, and went back before its invoice was corrected: how much, when, and to which card."""

    amount_minor: int
    at: datetime
    method: PaymentMethod | None = None


def local_tax(tax_minor: int, currency: str, *, to: str, rate: str, on: date) -> LocalTax | None:
    """A tax in `currency` in another one, rounded once; None where there is no tax."""
    units = Fraction(rate) * 10 ** exponent(to) / 10 ** exponent(currency)
    return LocalTax(to, round_half_up(tax_minor * units), rate, on) if tax_minor else None


@dataclass(frozen=True, slots=True)
class DocumentContent:
    """Everything that is printed, copied at issue. Stored as JSON; a document is re-rendered from this alone."""

    kind: DocumentKind
    number: str
    issued_at: datetime
    supplied_at: datetime
    language: str
    time_zone: str
    currency: str
    test: bool
    order_id: str
    seller: Seller
    buyer_email: str
    billing_detail: BillingDetail
    lines: tuple[DocumentLine, ...]
    taxes: tuple[TaxLine, ...]
    net_minor: int
    tax_minor: int
    total_minor: int
    paid_minor: int
    paid_at: datetime | None
    method: PaymentMethod | None
    refers_to: str = ""
    store_name: str = ""  # the shop's own name, which may differ from the legal one
    accent_color: str = ""  # "#rrggbb", decoration only
    refers_to_at: datetime | None = None  # when the document that `refers_to` names was issued
    counterpart: str = ""  # of a correction: the new invoice's number on the credit note, the credit note's on the new invoice
    local_tax: LocalTax | None = None
    tax_returned: TaxReturned | None = None  # on both documents of a correction: why the new invoice is about less than the old one


@dataclass(frozen=True, slots=True)
class Document:
    """A row of the document list. `id` is INV_..., whatever the kind."""

    id: str
    kind: DocumentKind
    number: str
    order_id: str
    payment_id: str | None
    issued_at: datetime
    language: str
    currency: str
    total_minor: int
    content: DocumentContent | None = None
    refund_id: str | None = None  # of a credit note for money that was given back
    corrects_id: str | None = None  # the invoice that a credit note corrects, or that an invoice replaces


def content_of(found: Document) -> DocumentContent:
    """The content of a document that was read with it. Raises ValueError for one of a list."""
    if found.content is None:
        raise ValueError("a document is read with its content")
    return found.content


def number(prefix: str, year: int, sequence: int, test: bool = False) -> str:
    """The number printed on a document: "INV-2026-000042", and "TEST-INV-2026-000042" in the test environment."""
    if sequence < 1:
        raise ValueError("numbers start at 1")
    return f"{'TEST-' if test else ''}{prefix}-{year:04d}-{sequence:06d}"


def could_be_ours(number: str) -> bool:
    """Whether `number` above makes such numbers. A document numbered elsewhere may not have one: a series would come to it some
    day, and could neither use it again nor leave it out."""
    return _OURS.fullmatch(number) is not None


def content_for_payment(
    kind: DocumentKind,
    *,
    number: str,
    issued_at: datetime,
    language: str,
    time_zone: str,
    test: bool,
    seller: Seller,
    buyer_email: str,
    order: Order,
    payment: Payment,
    tax_rate: str,
    tax_reason: TaxReason,
    billing_detail: BillingDetail | None = None,
    refers_to: str = "",
    store_name: str = "",
    accent_color: str = "",
) -> DocumentContent:
    """What the invoice or receipt for one payment of an order prints, totals checked.

    `billing_detail` defaults to the order's own copy. The positions are the payment's own lines, or else one of the order's
    product. Service is supplied when the paid period starts, or when the payment
    was made (Directive 2006/112/EC art. 226 (7)). A receipt needs a payment that succeeded: Refused("payment_not_succeeded").
    """
    paid = payment.status == "succeeded"
    if kind == "receipt" and not paid:
        raise Refused("payment_not_succeeded", "a receipt confirms money received")
    lines = payment.lines or (_line_of_order(order, payment, tax_rate),)
    content = DocumentContent(
        kind=kind,
        number=number,
        issued_at=issued_at,
        supplied_at=lines[0].period_start or payment.succeeded_at or payment.created_at,
        language=language,
        time_zone=time_zone,
        currency=payment.currency,
        test=test,
        order_id=order.id,
        seller=seller,
        buyer_email=buyer_email,
        billing_detail=replace(billing_detail or order.billing_detail, copy_emails=()),  # who else gets it is nobody's to read
        lines=lines,
        taxes=payment.taxes or (TaxLine(tax_rate, tax_reason, payment.net_minor, payment.tax_minor),),
        net_minor=payment.net_minor,
        tax_minor=payment.tax_minor,
        total_minor=payment.total_minor,
        paid_minor=payment.total_minor if paid else 0,
        paid_at=payment.succeeded_at if paid else None,
        method=payment.method,
        refers_to=refers_to,
        store_name=store_name,
        accent_color=accent_color,
    )
    check_totals(content)
    return content


def _line_of_order(order: Order, payment: Payment, tax_rate: str) -> DocumentLine:
    # A prorated charge is not a whole multiple of a unit price: it is one position.
    quantity = order.quantity if payment.net_minor % order.quantity == 0 else 1
    unit_minor = payment.net_minor // quantity
    return DocumentLine(order.product_name, quantity, unit_minor, payment.net_minor, tax_rate, payment.period_start, payment.period_end)


def content_for_refund(
    invoice: DocumentContent,
    payment: Payment,
    *,
    number: str,
    issued_at: datetime,
    amount_minor: int,
    before_minor: int,
    refunded_at: datetime,
    language: str = "",
) -> DocumentContent:
    """What the credit note for a refund of `amount_minor` prints, totals checked; `before_minor` was given back earlier.

    It corrects the payment's `invoice`, the newest one, refers to its number and copies what it says about both sides (Directive
    2006/112/EC art. 219). Amounts are positive, as EN 16931 has them for its type 381. `language` defaults to the invoice's.
    """
    content = replace(
        part_of(invoice, payment, amount_minor, before_minor=before_minor),
        kind="credit_note",
        number=number,
        issued_at=issued_at,
        language=language or invoice.language,
        paid_at=refunded_at,
        refers_to=invoice.number,
        refers_to_at=invoice.issued_at,
        counterpart="",
        tax_returned=None,
    )
    check_totals(content)
    return content


def part_of(invoice: DocumentContent, payment: Payment, amount_minor: int, *, before_minor: int) -> DocumentContent:
    """The payment's newest `invoice` over a part of what it was about, settled: over all of it with its own lines, over less with
    one position for each rate. `before_minor` of the payment was given back earlier.

    Shares are those of all that was charged, however often the invoice was replaced since, so that roundings don't add up. Only
    where the tax was given back as never due, what the invoice says is all there is.
    """
    lines, taxes = invoice.lines, invoice.taxes
    if amount_minor != invoice.total_minor:
        taxes = _taxes_of_part(invoice, payment, amount_minor, before_minor)
        lines = tuple(_line_for(tax, invoice.lines) for tax in taxes)
    return replace(
        invoice,
        lines=lines,
        taxes=taxes,
        net_minor=sum(tax.base_minor for tax in taxes),
        tax_minor=sum(tax.tax_minor for tax in taxes),
        total_minor=amount_minor,
        paid_minor=amount_minor,
        local_tax=_again(invoice.local_tax, sum(tax.tax_minor for tax in taxes), invoice.currency),
    )


def _again(local: LocalTax | None, tax_minor: int, currency: str) -> LocalTax | None:
    """At the rate of the invoice: what is taken back counts as it was counted (Directive 2006/112/EC art. 91 (2))."""
    return local and local_tax(tax_minor, currency, to=local.currency, rate=local.rate, on=local.on)


def _taxes_of_part(invoice: DocumentContent, payment: Payment, amount_minor: int, before_minor: int) -> tuple[TaxLine, ...]:
    if len(invoice.taxes) == 1 and not invoice.tax_minor:
        return part(invoice.taxes, amount_minor, before_minor=before_minor - (payment.total_minor - invoice.total_minor))
    (first, *_) = invoice.taxes
    charged = payment.taxes or (replace(first, base_minor=payment.net_minor, tax_minor=payment.tax_minor),)
    return part(charged, amount_minor, before_minor=before_minor)


def _line_for(tax: TaxLine, lines: tuple[DocumentLine, ...]) -> DocumentLine:
    """One position for a rate, in the words of that of the invoice which comes closest."""
    like = min(lines, key=lambda line: (line.tax_rate != tax.rate, (line.net_minor < 0) != (tax.base_minor < 0), line.kind == "credit"))
    kind = "credit" if like.kind == "credit" and tax.base_minor < 0 else "plain"
    return replace(like, quantity=1, unit_minor=tax.base_minor, net_minor=tax.base_minor, tax_rate=tax.rate, kind=kind)


def check_totals(content: DocumentContent) -> None:
    """Holds a document to the arithmetic of EN 16931 (BR-CO-10, -13, -14, -15, -17); raises Refused("document_totals").

    The tax of each rate may be less than one minor unit away from base x rate: a charge made elsewhere may have been
    rounded by another rule, and the document must say what was really charged. Of a part (of what was given back, or is left) it
    may be less than three away: the tax of a part is the difference of two rounded shares of such a tax. One rate may stand there
    twice for two reasons, never for one.
    """
    is_of_part = content.kind == "credit_note" or (content.kind == "invoice" and content.refers_to != "")
    within = _TAX_OF_PART_WITHIN if is_of_part else _TAX_WITHIN
    by_line, by_rate = Counter[str](), Counter[str]()
    _hold(len({replace(tax, base_minor=0, tax_minor=0) for tax in content.taxes}) == len(content.taxes), "a rate stands there twice")
    for line in content.lines:
        _hold(line.unit_minor * line.quantity == line.net_minor, "a line is not quantity x unit price")
        by_line[line.tax_rate] += line.net_minor
    for tax in content.taxes:
        by_rate[tax.rate] += tax.base_minor
        _hold(abs(tax.base_minor * parse_rate(tax.rate) - tax.tax_minor) < within, f"the tax at {tax.rate} % is not base x rate")
    for rate in (*by_line, *by_rate):
        _hold(by_line.get(rate) == by_rate.get(rate), f"the base at {rate} % is not the sum of its lines")
    _hold(sum(line.net_minor for line in content.lines) == content.net_minor, "the lines do not sum to the net amount")
    _hold(sum(tax.tax_minor for tax in content.taxes) == content.tax_minor, "the taxes do not sum to the tax amount")
    _hold(content.net_minor + content.tax_minor == content.total_minor, "net and tax do not sum to the total")
    _hold(0 <= content.paid_minor <= content.total_minor, "paid is not between nothing and the total")


def _hold(holds: bool, what: str) -> None:
    if not holds:
        raise Refused("document_totals", what)


def to_json(content: DocumentContent) -> bytes:
    """The canonical form that is stored: UTF-8, keys sorted, moments in UTC. Equal contents give equal bytes."""
    stored = _ENCODER.encode(content if all(moment.tzinfo is UTC for moment in _moments(content)) else _in_utc(content))
    for unsaid in _UNSAID:
        stored = stored.replace(unsaid, b"")
    return stored


def from_json(stored: bytes | str) -> DocumentContent:
    """The content back from its canonical form. Raises msgspec.ValidationError when it is not one."""
    return _DECODER.decode(stored)


_ENCODER = msgspec.json.Encoder(order="sorted")
_DECODER = msgspec.json.Decoder(DocumentContent)
# What documents could not say at first is not written where they don't say it: the hash of what was stored then must stay. None of
# these can stand within a text, where every quotation mark has a backslash before it.
_UNSAID = (
    b'"kind":"plain",', b'"copy_emails":[],', b'"cost_centre":"",', b'"po_number":"",', b'"country":"","note":"",', b'"counterpart":"",',
    b'"local_tax":null,', b'"refers_to_at":null,', b'"tax_returned":null,',
)  # fmt: skip


def _moments(content: DocumentContent) -> Iterator[datetime]:
    for moment in (content.issued_at, content.supplied_at, content.paid_at, content.refers_to_at):
        if moment is not None:
            yield moment
    if content.tax_returned is not None:
        yield content.tax_returned.at
    for line in content.lines:
        if line.period_start is not None:
            yield line.period_start
        if line.period_end is not None:
            yield line.period_end


def _in_utc(content: DocumentContent) -> DocumentContent:
    """Stored moments are in UTC already, and copying a content costs more than writing it down."""
    lines = tuple(replace(x, period_start=_utc(x.period_start), period_end=_utc(x.period_end)) for x in content.lines)
    moments = {name: _utc(getattr(content, name)) for name in ("issued_at", "supplied_at", "paid_at", "refers_to_at")}
    returned = content.tax_returned and replace(content.tax_returned, at=content.tax_returned.at.astimezone(UTC))
    return replace(content, lines=lines, tax_returned=returned, **moments)


def _utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise ValueError("a moment must be aware of its time zone")
    return moment.astimezone(UTC)
