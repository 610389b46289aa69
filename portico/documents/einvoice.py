"""A document as an e-invoice: the same content in the terms of EN 16931, in the syntax CII or UBL.

The standard of Directive 2014/55/EU says what an invoice is made of (its business terms, BT) and which rules they keep (BR). A few
documents break one of them however they are written; `why_not` says so, and they have no e-invoice. The same content and words give
the same bytes.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from portico.documents import cii as cii_syntax
from portico.documents import ubl as ubl_syntax
from portico.documents.en16931 import ENGLISH, Address, Breakdown, Card, Category, InvoiceLine, Party, Period, Preceding, Terms, Words
from portico.documents.xml import fit
from portico.domain.billing_detail import BillingDetail, countries, state_name
from portico.domain.document_line import DocumentLine
from portico.domain.errors import Refused
from portico.domain.invoice import DocumentContent, Seller
from portico.domain.money import exponent, format_amount, round_half_up
from portico.domain.tax import TaxLine, TaxReason, parse_rate
from portico.domain.typed import compact

# Every reason that `why_not` gives: the catalogues must have words for each.
WHY_NOT_CODES: tuple[str, ...] = (
    "receipt", "seller_country", "buyer_country", "seller_tax_id", "buyer_tax_id", "mixed_scope", "sales_tax", "tax_reason",
    "tax_rounding", "currency", "decimals",
)  # fmt: skip
_CATEGORIES: dict[TaxReason, str] = {
    "standard": "S", "reduced": "S", "zero": "Z", "exempt": "E", "reverse_charge": "AE", "outside_scope": "O",
}  # fmt: skip
_OUTSIDE_SCOPE, _REVERSE_CHARGE = "O", "AE"
_REASON_CODES = {"AE": "VATEX-EU-AE", "O": "VATEX-EU-O"}
# Where a tax on sales is none on value added, which is the only tax that the standard knows.
_SALES_TAX = frozenset({"US", "PR", "MY"})
# What the standard's lists of codes lack (ISO 3166-1, with 1A for Kosovo; ISO 4217).
_NO_COUNTRY, _NO_CURRENCY = frozenset({"XK"}), frozenset({"STN", "XAD"})
# A VAT id that says which country's it is (BR-CO-09), without what people group it with. EU is the one-stop shop's, and no country's.
_VAT_ID = re.compile(
    "(?:AT|BE|BG|CHE|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|XI)(?=(?:.*[0-9]){5})[0-9A-Z+*]{6,13}"
)
_LONGEST_AMOUNT = 2  # decimals (BR-DEC)
_BANK_CARD, _NOT_DEFINED = "48", "1"  # UNTDID 4461
_NAMELESS = "–"  # for a name that has no character XML could write


def why_not(content: DocumentContent) -> str | None:
    """Why there is no e-invoice of this document, one of WHY_NOT_CODES, or None where there is one."""
    return next(_obstacles(content), None)


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
        lines=tuple(_line(str(i), line, content, words) for i, line in enumerate(content.lines, 1)),
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


def _obstacles(content: DocumentContent) -> Iterator[str]:
    """In the order in which somebody could do something about them."""
    if content.kind == "receipt":
        yield "receipt"
    known = frozenset(countries()) - _NO_COUNTRY
    if content.billing_detail.country not in known:
        yield "buyer_country"
    if content.seller.country not in known:
        yield "seller_country"
    codes = {_CATEGORIES[tax.reason] for tax in content.taxes}
    if not fit(content.seller.tax_id) and not (codes == {_OUTSIDE_SCOPE} and fit(content.seller.registration)):  # BR-CO-26, BR-S-02 ...
        yield "seller_tax_id"
    if _REVERSE_CHARGE in codes and not fit(content.billing_detail.tax_id):  # BR-AE-02
        yield "buyer_tax_id"
    if _OUTSIDE_SCOPE in codes and len(codes) > 1:  # BR-O-11
        yield "mixed_scope"
    if any(tax.tax_minor and (tax.country or content.seller.country) in _SALES_TAX for tax in content.taxes):
        yield "sales_tax"
    if any((_CATEGORIES[tax.reason] == "S") != (parse_rate(tax.rate) > 0) for tax in content.taxes):  # BR-S-05, BR-Z-05 ...
        yield "tax_reason"
    if not all(_explains_tax(tax, content.currency) for tax in content.taxes):
        yield "tax_rounding"
    local = content.local_tax
    if content.currency in _NO_CURRENCY or (local and local.currency in _NO_CURRENCY):
        yield "currency"
    if not all(_fits(amount, content.currency) for amount in _amounts(content)) or (local and not _fits(local.tax_minor, local.currency)):
        yield "decimals"


def _explains_tax(tax: TaxLine, currency: str) -> bool:
    """Whether base x rate is less than one unit of the currency away from the tax, both without their signs. The standard leaves
    no room at all, its validators as much (BR-CO-17, BR-S-09); a rate that they round to nothing must come to nothing."""
    unit, rate = 10 ** exponent(currency), parse_rate(tax.rate)
    tax_units = Fraction(abs(tax.tax_minor), unit)
    if rate < Fraction(1, 200):
        return tax_units < Fraction(1, 2)
    expected = Fraction(round_half_up(abs(tax.base_minor) * rate * 100 / unit), 100)
    return abs(tax_units - expected) < 1


def _amounts(content: DocumentContent) -> Iterator[int]:
    yield from (content.net_minor, content.tax_minor, content.total_minor, content.paid_minor)
    yield from (line.net_minor for line in content.lines)
    for tax in content.taxes:
        yield from (tax.base_minor, tax.tax_minor)


def _fits(minor: int, currency: str) -> bool:
    """Whether an amount can be written with two decimals: 1.250 dinars can, 1.255 cannot."""
    return minor % 10 ** max(0, exponent(currency) - _LONGEST_AMOUNT) == 0


def _amount(minor: int, currency: str) -> str:
    written = format_amount(minor, currency)
    return written[: len(written) - max(0, exponent(currency) - _LONGEST_AMOUNT)]


def _line(line_id: str, line: DocumentLine, content: DocumentContent, words: Words) -> InvoiceLine:
    sign = -1 if line.unit_minor < 0 else 1
    name = fit(line.description) or _NAMELESS
    tax = next(tax for tax in content.taxes if tax.rate == line.tax_rate)
    return InvoiceLine(
        id=line_id,
        name=words.unused_time.replace("{plan}", name) if line.kind == "credit" else name,
        quantity=str(sign * line.quantity),
        price=format_amount(sign * line.unit_minor, content.currency),
        net=_amount(line.net_minor, content.currency),
        category=_category(tax.reason, tax.rate),
        period=_period(line, content),
    )


def _category(reason: TaxReason, rate: str) -> Category:
    """What is outside the scope of tax has no rate, not even one of 0 (BR-O-05)."""
    code = _CATEGORIES[reason]
    return Category(code, "" if code == _OUTSIDE_SCOPE else f"{Decimal(rate).normalize():f}")


def _breakdown(content: DocumentContent, words: Words) -> tuple[Breakdown, ...]:
    """One group for each category and rate (BR-AE-01 ...). Only what is not taxed has a reason (BR-S-10, BR-Z-10)."""
    grouped: dict[Category, list[TaxLine]] = {}
    for tax in content.taxes:
        grouped.setdefault(_category(tax.reason, tax.rate), []).append(tax)
    reasons = {"E": words.exempt, "AE": words.reverse_charge, "O": words.outside_scope}
    return tuple(
        Breakdown(
            category=category,
            base=_amount(sum(tax.base_minor for tax in taxes), content.currency),
            tax=_amount(sum(tax.tax_minor for tax in taxes), content.currency),
            reason=next((tax.note for tax in taxes if fit(tax.note)), reasons[category.code]) if category.code in reasons else "",
            reason_code=_REASON_CODES.get(category.code, ""),
        )
        for category, taxes in grouped.items()
    )


def _notes(content: DocumentContent, words: Words) -> tuple[str, ...]:
    """That it is a test, and what the store says about a tax where the breakdown has no room for it."""
    said = [tax.note for tax in content.taxes if _CATEGORIES[tax.reason] in ("S", "Z") and tax.note]
    return tuple(dict.fromkeys((words.test, *said) if content.test else said))


def _seller(content: DocumentContent) -> Party:
    """Where all is outside the scope of tax, no id may be called a VAT id (BR-O-02); it is a tax number then. Some id of the seller
    other than a tax number has to be there (BR-CO-26)."""
    seller = content.seller
    vat_id = "" if _is_outside_scope(content) else _vat_id(seller.tax_id)
    number = "" if vat_id else _vat_id(seller.tax_id) or _without_label(seller.tax_id)
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
    vat_id = _vat_id(detail.tax_id)
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


def _vat_id(text: str) -> str:
    """The VAT id in what a seller has printed ("USt-IdNr. DE 136 695 976"), or ""."""
    words = fit(text).split()
    runs = (compact("".join(words[i:j])) for i in range(len(words)) for j in range(len(words), i, -1))
    return next((run for run in runs if _VAT_ID.fullmatch(run)), "")


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
