"""Corrections of issued invoices: a credit note over what is left of one, and a new invoice over the same with the right details.

The three name each other (Directive 2006/112/EC art. 219). Amounts stay as they are, unless tax turns out never to have been due
and was given back.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from portico.domain.billing_detail import BillingDetail
from portico.domain.invoice import Document, DocumentContent, Seller, TaxReturned, check_totals, part_of
from portico.domain.payment import Payment
from portico.domain.tax import Taxation, TaxLine

CorrectionReason = Literal["not_an_invoice", "corrected_already", "nothing_left", "correction_under_way", "correction_limit"]
CORRECTION_WHY_NOT_CODES: tuple[CorrectionReason, ...] = (
    "not_an_invoice", "corrected_already", "nothing_left", "correction_under_way", "correction_limit",
)  # fmt: skip
# An invoice can be corrected any number of times; but each makes two documents that stay for ever.
MOST_CORRECTIONS = 20  # of one buyer, within
LIMIT_WINDOW = timedelta(days=1)
# The details that a document prints, in the order in which a change of them is told.
PRINTED: tuple[str, ...] = (
    "business_name", "name", "tax_id", "line1", "line2", "postal_code", "city", "state", "country", "po_number", "cost_centre",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Correction:
    """What cancels an invoice, and what replaces it."""

    credit_note: DocumentContent
    invoice: DocumentContent


def why_not(document: Document, of_payment: Iterable[Document], payment: Payment, *, corrections_today: int) -> CorrectionReason | None:
    """Why an invoice cannot be corrected, or None when it can. `of_payment` are the documents of its payment, which is given with
    its refunds; `corrections_today` are the buyer's within LIMIT_WINDOW."""
    if document.kind != "invoice":
        return "not_an_invoice"
    if any(other.kind == "invoice" and other.corrects_id == document.id for other in of_payment):
        return "corrected_already"
    if left_minor(payment) == 0:
        return "nothing_left"
    if is_giving_tax_back(payment):
        return "correction_under_way"
    return "correction_limit" if corrections_today >= MOST_CORRECTIONS else None


def is_giving_tax_back(payment: Payment) -> bool:
    """Whether tax of it is on its way back: until that is done nobody knows what there is to correct, or to give back."""
    return any(refund.purpose == "tax" and refund.status == "pending" for refund in payment.refunds)


def left_minor(payment: Payment) -> int:
    """What its newest invoice is still about, tax included."""
    return payment.total_minor - payment.refunded_minor if payment.status == "succeeded" else 0


def differing(before: BillingDetail, after: BillingDetail) -> tuple[str, ...]:
    """The fields of PRINTED that differ."""
    return tuple(name for name in PRINTED if getattr(before, name) != getattr(after, name))


def correct(
    invoice: DocumentContent,
    payment: Payment,
    *,
    before_minor: int,
    billing_detail: BillingDetail,
    credit_note_number: str,
    invoice_number: str,
    issued_at: datetime,
    language: str,
    seller: Seller | None = None,
    undue: Taxation | None = None,
    restated: Taxation | None = None,
) -> Correction:
    """What cancels and replaces the payment's newest `invoice`, made out to `billing_detail`, totals checked; `before_minor` was
    given back earlier. `seller` is the store as it is by now, if that is news.

    `undue` is how the sale should have been taxed, where its tax was given back by `issued_at`: the new invoice is about the net amount
    alone, and both say what went back. `restated` is why a sale without tax has none with the new details, if that is another reason.
    """
    left = part_of(invoice, payment, payment.total_minor - before_minor, before_minor=before_minor)
    both = {"issued_at": issued_at, "language": language, "refers_to": invoice.number, "refers_to_at": invoice.issued_at}
    untaxed = undue or restated
    returned = None if undue is None else TaxReturned(left.tax_minor, issued_at, left.method)
    # Nothing else goes back to a card and nothing is owed: what the credit note frees is what the new invoice takes.
    settled = replace(
        left, kind="credit_note", number=credit_note_number, counterpart=invoice_number, paid_at=None, method=None,
        tax_returned=returned, **both,
    )  # fmt: skip
    corrected = replace(
        left if untaxed is None else _untaxed(left, untaxed),
        number=invoice_number,
        counterpart=credit_note_number,
        seller=issuer(invoice.seller, seller or invoice.seller),
        billing_detail=replace(billing_detail, copy_emails=()),
        tax_returned=returned or left.tax_returned,
        **both,
    )
    for content in (settled, corrected):
        check_totals(content)
    return Correction(settled, corrected)


def issuer(then: Seller, now: Seller) -> Seller:
    """Who a new invoice is from: the seller with the address that he has by now, and with what he had not given before (Directive
    2006/112/EC art. 226 (5)). The tax id that he sold under stays (art. 226 (3)), and so does all of him where the store is somebody
    else's since: that one sold nothing."""
    is_same = then.legal_name in ("", now.legal_name) and then.country in ("", now.country)
    return replace(now, tax_id=then.tax_id or now.tax_id) if is_same else then


def _untaxed(left: DocumentContent, undue: Taxation) -> DocumentContent:
    return replace(
        left,
        lines=tuple(replace(line, tax_rate=undue.rate) for line in left.lines),
        taxes=(TaxLine(undue.rate, undue.reason, left.net_minor, 0, undue.country, undue.note),),
        tax_minor=0,
        total_minor=left.net_minor,
        paid_minor=left.net_minor,
        local_tax=None,
    )
