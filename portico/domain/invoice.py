"""Documents: invoices, receipts and credit notes. Frozen at issue: a document copies everything it prints and is never changed.

Correction is another document that refers to the first (Directive 2006/112/EC art. 219); numbers are sequential
(art. 226 (2)) and gapless within a series.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Literal

import msgspec

from portico.domain.billing_detail import BillingDetail
from portico.domain.document_line import DocumentLine
from portico.domain.errors import Refused
from portico.domain.order import Order
from portico.domain.payment import Payment, PaymentMethod, split_refund
from portico.domain.tax import TaxLine, TaxReason, parse_rate

DocumentKind = Literal["invoice", "receipt", "credit_note"]
DOCUMENT_KINDS: tuple[DocumentKind, ...] = ("invoice", "receipt", "credit_note")
PAYMENT_KINDS: tuple[DocumentKind, ...] = ("invoice", "receipt")  # issued together for a payment, in this order
SERIES_PREFIX: dict[DocumentKind, str] = {"invoice": "INV", "receipt": "REC", "credit_note": "CN"}
TEMPLATE_VERSION = 1
# How far the tax of a rate may be from base x rate, in minor units. See `check_totals`.
_TAX_WITHIN: dict[DocumentKind, int] = {"invoice": 1, "receipt": 1, "credit_note": 3}
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
        taxes=(TaxLine(tax_rate, tax_reason, payment.net_minor, payment.tax_minor),),
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

    It corrects the payment's `invoice`, refers to its number and copies what it says about both sides (Directive 2006/112/EC
    art. 219). Amounts are positive, as EN 16931 has them for its type 381. All of a payment given back at once repeats the
    invoice's lines; a part of it is one position. `language` defaults to the invoice's.
    """
    net_minor, tax_minor = split_refund(payment, amount_minor, before_minor=before_minor)
    main = next(line for line in invoice.lines if line.kind != "credit")
    part = replace(main, quantity=1, unit_minor=net_minor, net_minor=net_minor, kind="plain")
    (tax,) = invoice.taxes  # a payment has one rate
    content = replace(
        invoice,
        kind="credit_note",
        number=number,
        issued_at=issued_at,
        language=language or invoice.language,
        lines=invoice.lines if net_minor == invoice.net_minor else (part,),
        taxes=(replace(tax, base_minor=net_minor, tax_minor=tax_minor),),
        net_minor=net_minor,
        tax_minor=tax_minor,
        total_minor=amount_minor,
        paid_minor=amount_minor,
        paid_at=refunded_at,
        refers_to=invoice.number,
    )
    check_totals(content)
    return content


def check_totals(content: DocumentContent) -> None:
    """Holds a document to the arithmetic of EN 16931 (BR-CO-10, -13, -14, -15, -17); raises Refused("document_totals").

    The tax of each rate may be less than one minor unit away from base x rate: a charge made elsewhere may have been
    rounded by another rule, and the document must say what was really charged. Of a part given back it may be less than three
    away: the tax of a refund is the difference of two rounded shares of such a tax.
    """
    within, bases = _TAX_WITHIN[content.kind], dict[str, int]()
    for line in content.lines:
        _hold(line.unit_minor * line.quantity == line.net_minor, "a line is not quantity x unit price")
        bases[line.tax_rate] = bases.get(line.tax_rate, 0) + line.net_minor
    for tax in content.taxes:
        _hold(bases.pop(tax.rate, None) == tax.base_minor, f"the base at {tax.rate} % is not the sum of its lines")
        _hold(abs(tax.base_minor * parse_rate(tax.rate) - tax.tax_minor) < within, f"the tax at {tax.rate} % is not base x rate")
    _hold(not bases, "a line's rate is missing among the taxes")
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
    return stored.replace(_PLAIN, b"")


def from_json(stored: bytes | str) -> DocumentContent:
    """The content back from its canonical form. Raises msgspec.ValidationError when it is not one."""
    return _DECODER.decode(stored)


_ENCODER = msgspec.json.Encoder(order="sorted")
_DECODER = msgspec.json.Decoder(DocumentContent)
# Lines had no kind at first, and the hash of what was stored then must stay: the usual one is not written. It cannot stand
# within a text, where every quotation mark has a backslash before it.
_PLAIN = b'"kind":"plain",'


def _moments(content: DocumentContent) -> Iterator[datetime]:
    for moment in (content.issued_at, content.supplied_at, content.paid_at):
        if moment is not None:
            yield moment
    for line in content.lines:
        if line.period_start is not None:
            yield line.period_start
        if line.period_end is not None:
            yield line.period_end


def _in_utc(content: DocumentContent) -> DocumentContent:
    """Stored moments are in UTC already, and copying a content costs more than writing it down."""
    lines = tuple(replace(x, period_start=_utc(x.period_start), period_end=_utc(x.period_end)) for x in content.lines)
    moments = {"issued_at": _utc(content.issued_at), "supplied_at": _utc(content.supplied_at), "paid_at": _utc(content.paid_at)}
    return replace(content, lines=lines, **moments)


def _utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise ValueError("a moment must be aware of its time zone")
    return moment.astimezone(UTC)
