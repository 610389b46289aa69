"""A document as an e-invoice: the same content in the terms of EN 16931, in the syntax CII or UBL.

The standard of Directive 2014/55/EU says what an invoice is made of (its business terms, BT) and which rules they keep (BR). A few
documents break one of them however they are written; `why_not` says so, and they have no e-invoice. The same content and words give
the same bytes.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from portico.documents import cii as cii_syntax
from portico.documents import ubl as ubl_syntax
from portico.documents.einvoice_rules import (
    CHARGED,
    DECIMALS,
    EXEMPT,
    OUTSIDE_SCOPE,
    REVERSE_CHARGE,
    ZERO,
    by_category,
    category,
    obstacles,
    taxes_of_lines,
)
from portico.documents.en16931 import ENGLISH, Address, Breakdown, Card, InvoiceLine, Party, Period, Preceding, Terms, Words
from portico.documents.xml import fit
from portico.domain.billing_detail import BillingDetail, state_name
from portico.domain.document_line import DocumentLine
from portico.domain.errors import Refused
from portico.domain.invoice import DocumentContent, Seller
from portico.domain.money import exponent, format_amount
from portico.domain.tax import TaxLine
from portico.domain.vat_id import vat_id_in

_REASON_CODES = {REVERSE_CHARGE: "VATEX-EU-AE", OUTSIDE_SCOPE: "VATEX-EU-O"}
_BANK_CARD, _NOT_DEFINED = "48", "1"  # UNTDID 4461
_NAMELESS = "–"  # for a name that has no character XML could write


def why_not(content: DocumentContent) -> str | None:
    """Why there is no e-invoice of this document, one of WHY_NOT_CODES, or None where there is one."""
    return next(obstacles(content), None)


def cii(content: DocumentContent, words: Words = ENGLISH) -> bytes:
    """The e-invoice in the syntax CII, as Factur-X embeds it (profile EN 16931). `words` are those of the document's language.
    Raises Refused("no_einvoice") where `why_not` has a reason."""
    return cii_syntax.write(terms(content, words))


def ubl(content: DocumentContent, words: Words = ENGLISH) -> bytes:
    """The same e-invoice in the syntax UBL 2.1."""
    return ubl_syntax.write(terms(content, words))


def terms(content: DocumentContent, words: Words) -> Terms:
    """The document in the terms of the standard. Raises Refused("no_einvoice")."""
    obstacle = why_not(content)
    if obstacle is not None:
        raise Refused("no_einvoice", obstacle)
    due_minor = content.total_minor - content.paid_minor
    periods = {_period(line, content) for line in content.lines}
    local = content.local_tax if content.local_tax and content.local_tax.currency != content.currency else None
    detail = content.billing_detail
    return Terms(
        number=fit(content.number) or _NAMELESS,
        issued_on=_day(content.issued_at, content),
        type_code="381" if content.kind == "credit_note" else "380",
        currency=content.currency,
        seller=_seller(content),
        buyer=_buyer(content),
        lines=tuple(
            _line(str(i), line, tax, content, words)
            for i, (line, tax) in enumerate(zip(content.lines, taxes_of_lines(content), strict=True), 1)
        ),
        breakdown=_breakdown(content, words),
        net=_amount(content.net_minor, content.currency),
        tax=_amount(content.tax_minor, content.currency),
        total=_amount(content.total_minor, content.currency),
        due=_amount(due_minor, content.currency),
        paid=_amount(content.paid_minor, content.currency) if content.paid_minor else "",
        tax_currency=local.currency if local else "",
        tax_in_tax_currency=_amount(local.tax_minor, local.currency) if local else "",
        due_on=_day(content.issued_at, content) if due_minor else None,  # at once: nothing else was agreed on
        buyer_reference=detail.cost_centre or detail.po_number,
        purchase_order=detail.po_number,
        invoiced_object=content.order_id,
        cost_centre=detail.cost_centre,
        notes=_notes(content, words),
        preceding=Preceding(content.refers_to, content.refers_to_at and _day(content.refers_to_at, content)) if content.refers_to else None,
        delivered_on=_day(content.supplied_at, content),
        period=periods.pop() if len(periods) == 1 else None,
        means=_BANK_CARD if content.method else _NOT_DEFINED if due_minor else "",
        card=Card(content.method.last4, content.method.brand or _NAMELESS) if content.method and content.method.last4 else None,
    )


def _amount(minor: int, currency: str) -> str:
    """With two decimals at most: a third is 0 by then."""
    written = format_amount(minor, currency)
    return written[: len(written) - max(0, exponent(currency) - DECIMALS)]


def _line(line_id: str, line: DocumentLine, tax: TaxLine, content: DocumentContent, words: Words) -> InvoiceLine:
    sign = -1 if line.unit_minor < 0 else 1
    name = fit(line.description) or _NAMELESS
    return InvoiceLine(
        id=line_id,
        name=words.unused_time.replace("{plan}", name) if line.kind == "credit" else name,
        quantity=str(sign * line.quantity),
        price=format_amount(sign * line.unit_minor, content.currency),
        net=_amount(line.net_minor, content.currency),
        category=category(tax),
        period=_period(line, content),
    )


def _breakdown(content: DocumentContent, words: Words) -> tuple[Breakdown, ...]:
    """Only what is not taxed has a reason (BR-S-10, BR-Z-10): the store's own words for it, or ours."""
    reasons = {EXEMPT: words.exempt, REVERSE_CHARGE: words.reverse_charge, OUTSIDE_SCOPE: words.outside_scope}
    groups: list[Breakdown] = []
    for of, taxes in by_category(content).items():
        notes = " · ".join(dict.fromkeys(fit(tax.note) for tax in taxes if fit(tax.note)))
        base_minor, tax_minor = sum(tax.base_minor for tax in taxes), sum(tax.tax_minor for tax in taxes)
        amounts = _amount(base_minor, content.currency), _amount(tax_minor, content.currency)
        reason = notes or reasons[of.code] if of.code in reasons else ""
        groups.append(Breakdown(of, *amounts, reason, _REASON_CODES.get(of.code, "")))
    return tuple(groups)


def _notes(content: DocumentContent, words: Words) -> tuple[str, ...]:
    """Also what the store says about a tax where the breakdown has no room for it."""
    said = [tax.note for tax in content.taxes if category(tax).code in (CHARGED, ZERO)]
    return tuple(dict.fromkeys(filter(None, map(fit, [words.test if content.test else "", *words.notes, *said]))))


def _seller(content: DocumentContent) -> Party:
    """Where all is outside the scope of tax, no id may be called a VAT id (BR-O-02); it is a tax number then. Some id of the seller
    other than a tax number has to be there (BR-CO-26)."""
    seller, places = content.seller, {tax.country for tax in content.taxes if tax.tax_minor}
    own_id = vat_id_in(fit(seller.tax_id), places.pop() if len(places) == 1 else "")
    vat_id = "" if _is_outside_scope(content) else own_id
    number = "" if vat_id else own_id or _without_label(seller.tax_id)
    name = fit(seller.legal_name) or fit(content.store_name) or _NAMELESS
    return Party(
        name=name,
        address=_address(seller, content),
        email=seller.email,
        trading_name="" if fit(content.store_name) == name else content.store_name,
        identifier="" if vat_id or fit(seller.registration) else number,
        registration=seller.registration,
        vat_id=vat_id,
        tax_registration=number,
    )


def _buyer(content: DocumentContent) -> Party:
    """An id that is no VAT id is taken for one of a register of businesses, which is what reverse charge needs (BR-AE-02)."""
    detail = content.billing_detail
    vat_id = vat_id_in(fit(detail.tax_id))
    names = [fit(name) for name in (detail.business_name, detail.name, content.buyer_email) if fit(name)]
    return Party(
        name=names[0] if names else _NAMELESS,
        address=_address(detail, content),
        email=content.buyer_email,
        contact=detail.name if fit(detail.business_name) else "",
        identifier=vat_id if _is_outside_scope(content) else "",
        registration="" if vat_id else detail.tax_id,
        vat_id="" if _is_outside_scope(content) else vat_id,
    )


def _address(of: Seller | BillingDetail, content: DocumentContent) -> Address:
    state = state_name(of.country, of.state, language=content.language)
    return Address(of.line1, of.line2, of.city, of.postal_code, state, of.country)


def _is_outside_scope(content: DocumentContent) -> bool:
    return any(tax.reason == "outside_scope" for tax in content.taxes)


def _without_label(text: str) -> str:
    """A tax number without the words before it: "St.-Nr. 12/345/67890" -> "12/345/67890"."""
    words = fit(text).split()
    numbered = next((i for i, word in enumerate(words) if any(c.isdigit() for c in word)), 0)
    return " ".join(words[numbered:])


def _day(moment: datetime, content: DocumentContent) -> date:
    """The day that is printed: the store's."""
    return moment.astimezone(ZoneInfo(content.time_zone)).date()


def _period(line: DocumentLine, content: DocumentContent) -> Period | None:
    """The days that are printed: the end is exclusive, the last day is not."""
    if line.period_start is None or line.period_end is None:
        return None
    first, last = _day(line.period_start, content), _day(line.period_end, content) - timedelta(days=1)
    return Period(first, max(first, last))
