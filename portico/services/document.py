"""Issue invoices, receipts and credit notes.

It happens in the transaction that says the money came in, or went back: number, content and its hash are fixed there, and the
database refuses any change ever after. The files are made later: see `document_file`.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from portico.domain import correction, invoice, particulars
from portico.domain.billing_detail import BillingDetail
from portico.domain.ids import Prefix
from portico.domain.invoice import PAYMENT_KINDS, SERIES_PREFIX, Document, DocumentContent, DocumentKind, content_of
from portico.domain.order import Order
from portico.domain.payment import Payment, Refund
from portico.domain.scope import BuyerScope, Environment, StoreScope
from portico.domain.tax import Taxation, TaxReason
from portico.i18n.languages import DEFAULT, is_language
from portico.services import document_mail, event, taxation
from portico.services.runtime import Runtime
from portico.storage import buyer, document, exchange_rate, numbering, order, store, subscription
from portico.storage.document import Issue
from portico.storage.store import StoreRow


@dataclass(frozen=True, slots=True)
class Receivable:
    """A payment that succeeded, with what its documents copy. `language` is the buyer's own, if any; `issued_at` dates them
    and picks the year of their numbers. `invoice_number` is that of an invoice the sale has had before it came here.
    `billing_detail` is whom they are made out to, the order's own copy if None; `local_rate` the currency that the tax has
    to be said in too, how many of it one of the payment's makes, and on which day."""

    buyer_id: str
    buyer_email: str
    language: str | None
    order: Order
    payment: Payment
    tax_rate: str
    tax_reason: TaxReason
    issued_at: datetime
    invoice_number: str | None = None
    billing_detail: BillingDetail | None = None
    local_rate: tuple[str, str, date] | None = None


@dataclass(frozen=True, slots=True)
class Credit:
    """Money of a payment that went back `at` a moment, and the invoice that this corrects, with its content; `before_minor` of the
    payment was given back earlier. `language` is the buyer's own, if any; `issued_at` dates the credit note and picks the year of its
    number. `number` is that of a credit note that went out before the refund came here."""

    buyer_id: str
    language: str | None
    corrected: Document
    payment: Payment
    refund_id: str
    amount_minor: int
    before_minor: int
    at: datetime
    issued_at: datetime
    number: str | None = None


@dataclass(frozen=True, slots=True)
class _Number:
    """A number as it is printed, and its place in its series; one from elsewhere has none."""

    text: str
    series: str | None = None
    sequence: int | None = None


class _Numbers:
    """Numbers of the series of which some were reserved, in order: `following` has the first of each."""

    def __init__(self, following: Mapping[str, int], environment: Environment) -> None:
        self._following = dict(following)
        self._test = environment == "test"

    def take(self, kind: DocumentKind, year: int) -> _Number:
        within = series(kind, year)
        sequence = self._following[within]
        self._following[within] = sequence + 1
        return _Number(invoice.number(SERIES_PREFIX[kind], year, sequence, self._test), within, sequence)


def issue_for_payment(
    tx: sa.Connection,
    runtime: Runtime,
    scope: BuyerScope,
    payment: Payment,
    *,
    now: datetime,
    seller: StoreRow | None = None,
    as_ordered: bool = False,
) -> list[str]:
    """Issue invoice and receipt for a payment that has just succeeded, dated `now`, the store's time; gives their ids. `seller` is
    the store, where the caller has it at hand.

    What was bought once is made out to whom the order was placed for, and so is what a subscription begins with (`as_ordered`); after
    that it is whom the buyer's billing details name today. Call it last in the transaction: the counter row it locks is shared by all
    buyers of the store. A second call for the same payment breaks a unique constraint. Raises Refused("payment_not_succeeded").
    """
    seller = seller or store.get(tx, scope.store_id)
    bought, who, own_detail = order.with_buyer(tx, scope, payment.order_id)
    tax = _taxed_as(tx, scope, bought, payment)
    local_rate = _local_rate(tx, seller, payment, now)
    billed_to = bought.billing_detail if as_ordered else _billed_to(payment, own_detail, bought.billing_detail)
    receivable = Receivable(who.id, who.email, who.locale, bought, payment, *tax, now, None, billed_to, local_rate)
    reserve = partial(numbering.reserve, tx, StoreScope(scope.store_id, scope.environment))
    issues = documents_for_payments(seller, scope.environment, [receivable], reserve=reserve, new_id=runtime.new_id)
    document.insert(tx, issues)
    _record(tx, runtime, scope, [issue.document for issue in issues])
    ids = [issue.document.id for issue in issues]
    document_mail.add_copies(tx, runtime, scope, ids, own_detail.copy_emails)
    return ids


def issue_for_refund(
    tx: sa.Connection,
    runtime: Runtime,
    scope: BuyerScope,
    payment: Payment,
    refund: Refund,
    *,
    before_minor: int,
    now: datetime,
) -> str:
    """Issue the credit note for a refund that has just succeeded, of a payment of which `before_minor` was given back earlier; gives
    its id. It corrects the payment's newest invoice and is made out to the same. Call it last in the transaction, like the other.
    """
    corrected = document.newest_invoice(tx, scope, payment.id)
    who, (own_detail, _) = buyer.get(tx, scope), buyer.billing_detail(tx, scope)
    credit = Credit(who.id, who.locale, corrected, payment, refund.id, refund.amount_minor, before_minor, now, now)
    of_store = StoreScope(scope.store_id, scope.environment)
    issues = documents_for_refunds(of_store, [credit], reserve=partial(numbering.reserve, tx, of_store), new_id=runtime.new_id)
    document.insert(tx, issues)
    issued = issues[0].document
    _record(tx, runtime, scope, [issued])
    document_mail.add_copies(tx, runtime, scope, [issued.id], own_detail.copy_emails)
    return issued.id


def issue_correction(
    tx: sa.Connection,
    runtime: Runtime,
    scope: BuyerScope,
    corrected: Document,
    payment: Payment,
    *,
    billing_detail: BillingDetail,
    before_minor: int,
    now: datetime,
    seller: StoreRow,
    undue: Taxation | None = None,
    restated: Taxation | None = None,
) -> tuple[str, str]:
    """Issue what cancels the payment's newest invoice and what replaces it, made out to `billing_detail`; gives the ids of the credit
    note and of the new invoice. `before_minor` of the payment was given back earlier; `undue` and `restated` as in
    `correction.correct`.

    Call it last in the transaction, like the others, with the payment locked. A second one for the same invoice breaks a constraint.
    """
    before, who, (own_detail, _) = content_of(corrected), buyer.get(tx, scope), buyer.billing_detail(tx, scope)
    kinds: tuple[DocumentKind, ...] = ("credit_note", "invoice")
    year = _year(now, before.time_zone)
    reserved = _Numbers(numbering.reserve(tx, scope, {series(kind, year): 1 for kind in kinds}), scope.environment)
    numbers = {kind: reserved.take(kind, year) for kind in kinds}
    made = correction.correct(
        before,
        payment,
        before_minor=before_minor,
        billing_detail=billing_detail,
        credit_note_number=numbers["credit_note"].text,
        invoice_number=numbers["invoice"].text,
        issued_at=now,
        language=_language(who.locale, corrected.language),
        seller=seller.seller,
        undue=undue,
        restated=restated,
    )
    note, replacing = (
        _issued(runtime.new_id("INV"), content, payment.id, corrects_id=corrected.id) for content in (made.credit_note, made.invoice)
    )
    document.insert(tx, [Issue(scope, each, numbers[each.kind].series, numbers[each.kind].sequence) for each in (note, replacing)])
    _record(tx, runtime, scope, [note, replacing])
    document_mail.add_copies(tx, runtime, scope, [replacing.id, note.id], own_detail.copy_emails)
    return note.id, replacing.id


def documents_for_payments(
    seller: StoreRow,
    environment: Environment,
    receivables: Sequence[Receivable],
    *,
    reserve: Callable[[Mapping[str, int]], Mapping[str, int]],
    new_id: Callable[[Prefix], str],
) -> list[Issue]:
    """An invoice and a receipt for each payment, in order; the caller inserts all of them in the transaction it reserves in.

    `reserve(counts)` gives the first of so many numbers of each series; it is called once. A sale that has an invoice keeps its
    number, and takes one for the receipt only: a second number would be a second invoice, and owe the tax twice (Directive
    2006/112/EC art. 203). Raises Refused("payment_not_succeeded") and Refused("document_totals") before it reserves anything.
    """
    contents = [_content(seller, environment, receivable) for receivable in receivables]
    zone = ZoneInfo(seller.time_zone)
    years = [receivable.issued_at.astimezone(zone).year for receivable in receivables]
    issues: list[Issue] = []
    numbered_here = Counter(year for receivable, year in zip(receivables, years, strict=True) if receivable.invoice_number is None)
    needed = {"invoice": numbered_here, "receipt": Counter(years)}
    counts = {series(kind, year): count for kind in PAYMENT_KINDS for year, count in needed[kind].items() if count}
    numbers = _Numbers(reserve(counts), environment)
    for receivable, content, year in zip(receivables, contents, years, strict=True):
        scope, of_invoice = BuyerScope(seller.id, environment, receivable.buyer_id), ""
        for kind in PAYMENT_KINDS:
            kept = receivable.invoice_number if kind == "invoice" else None
            number = numbers.take(kind, year) if kept is None else _Number(kept)
            drawn_up = replace(content, kind=kind, number=number.text, refers_to=of_invoice)
            of_invoice = number.text  # the invoice comes first; a receipt names it, so that nobody books the sale twice
            issued = _issued(new_id("INV"), drawn_up, receivable.payment.id)
            issues.append(Issue(scope, issued, number.series, number.sequence))
    return issues


def documents_for_refunds(
    scope: StoreScope,
    credited: Sequence[Credit],
    *,
    reserve: Callable[[Mapping[str, int]], Mapping[str, int]],
    new_id: Callable[[Prefix], str],
) -> list[Issue]:
    """A credit note for each refund, in order; the caller inserts all of them in the transaction it reserves in.

    `reserve` as in `documents_for_payments`; one that has a number takes none. The year is that which the document prints as that of its
    issue: what corrects an invoice keeps its time zone, wherever the store is by now. Raises Refused("document_totals").
    """
    zones = [content_of(credit.corrected).time_zone for credit in credited]
    ours = [credit_note_series(credit.issued_at, zone) for credit, zone in zip(credited, zones, strict=True) if credit.number is None]
    numbers = _Numbers(reserve(Counter(ours)), scope.environment)
    issues: list[Issue] = []
    for credit, zone in zip(credited, zones, strict=True):
        kept = credit.number
        number = numbers.take("credit_note", _year(credit.issued_at, zone)) if kept is None else _Number(kept)
        content = invoice.content_for_refund(
            content_of(credit.corrected),
            credit.payment,
            number=number.text,
            issued_at=credit.issued_at,
            amount_minor=credit.amount_minor,
            before_minor=credit.before_minor,
            refunded_at=credit.at,
            language=_language(credit.language, credit.corrected.language),
        )
        issued = _issued(new_id("INV"), content, credit.payment.id, refund_id=credit.refund_id, corrects_id=credit.corrected.id)
        issues.append(Issue(BuyerScope(scope.store_id, scope.environment, credit.buyer_id), issued, number.series, number.sequence))
    return issues


def series(kind: DocumentKind, year: int) -> str:
    """The series a number counts in: one per kind and year of issue, the year taken in the time zone in which the document prints it."""
    return f"{SERIES_PREFIX[kind]}-{year}"


def credit_note_series(issued_at: datetime, zone: str) -> str:
    """The series of a credit note that is dated so."""
    return series("credit_note", _year(issued_at, zone))


def _content(seller: StoreRow, environment: Environment, receivable: Receivable) -> DocumentContent:
    """What invoice and receipt have in common. It is drawn up as a receipt, which insists on money received."""
    content = invoice.content_for_payment(
        "receipt",
        number="",
        issued_at=receivable.issued_at,
        language=_language(receivable.language, seller.locale),
        time_zone=seller.time_zone,
        test=environment == "test",
        seller=seller.seller,
        buyer_email=receivable.buyer_email,
        order=receivable.order,
        payment=receivable.payment,
        tax_rate=receivable.tax_rate,
        tax_reason=receivable.tax_reason,
        billing_detail=receivable.billing_detail,
        store_name=seller.name,
        accent_color=seller.accent_color,
    )
    if receivable.local_rate is None:
        return content
    currency, rate, on = receivable.local_rate
    return replace(content, local_tax=invoice.local_tax(content.tax_minor, content.currency, to=currency, rate=rate, on=on))


def _local_rate(tx: sa.Connection, seller: StoreRow, payment: Payment, now: datetime) -> tuple[str, str, date] | None:
    """The currency of the country that gets the tax, at the newest rate that the store brought in; None where the tax is said in it
    anyway, where the law doesn't ask for it, and where no rate is known."""
    currency = particulars.local_currency(seller.seller.country, [tax.country for tax in payment.taxes if tax.tax_minor])
    if not payment.tax_minor or currency in ("", payment.currency):
        return None
    today = now.astimezone(ZoneInfo(seller.time_zone)).date()
    on = particulars.exchanged_on(seller.seller.country, today)
    found = exchange_rate.newest(tx, seller.id, payment.currency, currency, on)
    return None if found is None else (currency, *found)


def _billed_to(payment: Payment, own_detail: BillingDetail, ordered_for: BillingDetail) -> BillingDetail:
    """What was bought once goes to whom the order was placed for; a subscription to whom the buyer's details name today."""
    return ordered_for if payment.subscription_id is None else taxation.billed_to(own_detail, ordered_for)


def _taxed_as(tx: sa.Connection, scope: BuyerScope, bought: Order, payment: Payment) -> tuple[str, TaxReason]:
    """Rate and reason: the order's, unless the subscription it carries is taxed otherwise by now."""
    if payment.subscription_id is None or not payment.lines or payment.lines[0].tax_rate == bought.tax_rate:
        return bought.tax_rate, bought.tax_reason
    found = subscription.get(tx, scope, payment.subscription_id)
    return found.tax_rate, found.tax_reason


def _year(moment: datetime, zone: str) -> int:
    return moment.astimezone(ZoneInfo(zone)).year


def _issued(
    document_id: str, content: DocumentContent, payment_id: str, *, refund_id: str | None = None, corrects_id: str | None = None
) -> Document:
    return Document(
        document_id,
        content.kind,
        content.number,
        content.order_id,
        payment_id,
        content.issued_at,
        content.language,
        content.currency,
        content.total_minor,
        content,
        refund_id,
        corrects_id,
    )


def _record(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, issued: Sequence[Document]) -> None:
    """Tells of documents; those of a batch that somebody brings in are not news."""
    for each in issued:
        about = {"kind": each.kind, "number": each.number, "order_id": each.order_id, "payment_id": each.payment_id}
        corrected = {"refund_id": each.refund_id, "corrects_id": each.corrects_id}
        told = {**about, **corrected, **event.money(each.total_minor, each.currency)}
        event.record(tx, runtime, scope, "document.issued", each.id, at=each.issued_at, **told)


def _language(*wanted: str | None) -> str:
    """The first that is a language we speak."""
    return next((tag for tag in wanted if tag and is_language(tag)), DEFAULT)
