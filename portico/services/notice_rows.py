"""The tables of mails: sums with their tax, cards, document numbers, and the next charge."""

from collections.abc import Sequence
from datetime import datetime

from portico.domain.document_line import counted
from portico.domain.invoice import Document, DocumentKind
from portico.domain.payment import Payment, PaymentMethod
from portico.i18n.notice_words import AMOUNT_ON, TAX_AT, UNUSED_TIME
from portico.services.notice_matter import Matter
from portico.services.notice_text import Pen, Row, Text


def plan(pen: Pen, matter: Matter) -> Row:
    """The plan it is about."""
    return pen.row("plan", matter.plan)


def paid_for(pen: Pen, matter: Matter) -> Row:
    """The plan or product that a payment was for."""
    return pen.row("plan" if matter.paid.subscription_id else "product", matter.paid_for)


def price(pen: Pen, matter: Matter) -> Row:
    """What the plan costs per interval, before tax."""
    amount_minor = matter.number("unit_minor") * matter.number("quantity")
    return pen.row("price", pen.price(amount_minor, matter.text("currency"), matter.text("interval")))


def sums(pen: Pen, matter: Matter, payment: Payment) -> tuple[Row, ...]:
    """What a payment is made of. A change of plan says what it gave back and what it took, each with its tax where the rates differ;
    all else is one price."""
    currency = payment.currency
    if any(line.kind != "plain" for line in payment.lines):
        lines = [
            Row(
                pen.message(UNUSED_TIME, plan=counted(line.description, line.quantity))
                if line.kind == "credit"
                else pen.literal(counted(line.description, line.quantity)),
                pen.literal(pen.money(line.net_minor, currency)),
            )
            for line in payment.lines
        ]
    else:
        lines = [pen.row("net", pen.money(payment.net_minor, currency))]
    if payment.taxes:
        taxes = [(tax.rate, tax.tax_minor) for tax in payment.taxes]
    else:
        taxes = [(payment.lines[0].tax_rate if payment.lines else matter.bought.tax_rate, payment.tax_minor)]
    return (
        *lines,
        *(_tax(pen, rate, pen.money(tax_minor, currency)) for rate, tax_minor in taxes),
        pen.row("total", pen.money(payment.total_minor, currency), strong=True),
    )


def next_sums(pen: Pen, matter: Matter) -> tuple[Row, ...]:
    """What the next charge is made of."""
    currency = matter.text("currency")
    return (
        pen.row("net", pen.price(matter.number("next_net_minor"), currency, matter.interval_then)),
        _tax(pen, matter.text("tax_rate"), pen.money(matter.number("next_tax_minor"), currency)),
        pen.row("total", pen.money(matter.number("next_total_minor"), currency), strong=True),
    )


def next_charge(pen: Pen, matter: Matter, label: str = "next") -> tuple[Row, ...]:
    """The next charge in one line; none when no more will come, or they are of nothing. One that is late, after a standstill of
    ours, comes now."""
    if not matter.has("next_at") or matter.number("next_total_minor") == 0:
        return ()
    amount = pen.money(matter.number("next_total_minor"), matter.text("currency"))
    return (pen.row(label, amount_on(pen, amount, max(matter.moment("next_at"), matter.at))),)


def amount_on(pen: Pen, amount: str, moment: datetime) -> Text:
    """ "€34.51 on Apr 14, 2026"."""
    return pen.message(AMOUNT_ON, amount=amount, date=pen.date(moment))


def card(pen: Pen, method: PaymentMethod | None, label: str = "card") -> tuple[Row, ...]:
    """The card by brand and last digits; none when it is not known."""
    return (pen.row(label, pen.card(method)),) if method else ()


def expiry(pen: Pen, method: PaymentMethod | None) -> tuple[Row, ...]:
    """Until when the card is valid; none when it is not known."""
    printed = printed_expiry(method)
    return (pen.row("expires", printed),) if printed else ()


def printed_expiry(method: PaymentMethod | None) -> str:
    """As it is printed on the card: "12/2029"; empty when it is not known."""
    return f"{method.expiry_month:02d}/{method.expiry_year}" if method and method.expiry_month and method.expiry_year else ""


def document_of(documents: Sequence[Document], payment: Payment, kind: DocumentKind, refund_id: str | None = None) -> Document | None:
    """The document of a payment, or the credit note of a refund of it."""
    of_payment = (d for d in documents if d.payment_id == payment.id and d.kind == kind)
    return next((d for d in of_payment if d.refund_id == refund_id), None)


def document_correcting(documents: Sequence[Document], corrected: Document, kind: DocumentKind) -> Document:
    """The credit note that cancels an invoice, or the invoice that replaces it. Raises ValueError when there is none."""
    found = (d for d in documents if d.kind == kind and d.corrects_id == corrected.id and d.refund_id is None)
    made = next(found, None)
    if made is None:
        raise ValueError("nothing corrects the invoice")
    return made


def _tax(pen: Pen, rate: str, amount: str) -> Row:
    return Row(pen.message(TAX_AT, rate=pen.percent(rate)), pen.literal(amount))
