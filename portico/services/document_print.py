"""A document's frozen content, in a language -> the strings that are printed.

What people typed is cleaned for paper here; words and formats are the reader's; days are those of the store's time zone at
issue. The same content and language give the same strings.
"""

from dataclasses import dataclass, field
from datetime import datetime

from portico.documents.print_data import Columns, Fact, Line, Party, PrintData, TaxRow, TaxTable, Total
from portico.documents.text import LONGEST_WORD, clean, isolate
from portico.domain.billing_detail import BillingDetail, address_lines
from portico.domain.document_line import DocumentLine
from portico.domain.invoice import DocumentContent, DocumentKind, Seller
from portico.domain.tax import TaxLine
from portico.i18n.catalog import Catalog, catalog, fill
from portico.i18n.format import Formats, formats
from portico.i18n.languages import by_tag
from portico.i18n.words import card, kind_word, tax_note, tax_reason

_EMAIL_WORD = 40  # fits the column, and an address that may break is an address that cannot be copied
# Countries whose VAT ids begin with their code (VIES; Greece writes EL, Northern Ireland XI, the one-stop shop EU).
_VAT_COUNTRIES = frozenset({
    "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT", "NL",
    "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip
_VAT_PREFIXES = frozenset({"EL", "XI", "EU"})
# Countries that print on Letter (CLDR supplemental data, paperSize); everyone else on A4.
_LETTER = frozenset({"BZ", "CA", "CL", "CO", "CR", "GT", "MX", "NI", "PA", "PH", "PR", "SV", "US", "VE"})


@dataclass(frozen=True, slots=True)
class _Pen:
    """What writing needs: the reader's words and formats, the document's zone, and what could not be written."""

    language: str
    words: Catalog
    formats: Formats
    zone: str
    currency: str
    breaks_words: bool = True
    replaced: list[str] = field(default_factory=list[str])

    def foreign(self, text: str, longest_word: int = LONGEST_WORD) -> str:
        """What somebody typed, fit for paper."""
        cleaned = clean(text, longest_word=longest_word if self.breaks_words else len(text) + 1)
        if cleaned.replaced:
            self.replaced.append(cleaned.replaced)
        return cleaned.text

    def value(self, text: str) -> str:
        """A value within a sentence: in a right-to-left one it keeps a direction of its own."""
        return isolate(text) if by_tag(self.language).direction == "rtl" else text

    def percent(self, rate: str) -> str:
        return self.value(self.formats.percent(rate))

    def money(self, amount_minor: int) -> str:
        return self.formats.money(amount_minor, self.currency)

    def total(self, amount_minor: int) -> str:
        """With the currency's code where its sign could be several."""
        return self.formats.money_code(amount_minor, self.currency)

    def date(self, moment: datetime) -> str:
        """Written as the days of a period are: one kind of date on a document, its month in words."""
        return self.formats.period(moment, moment, self.zone)


def print_data(content: DocumentContent, language: str, *, breaks_words: bool = True) -> PrintData:
    """All that `documents.render` prints. `language` is a tag of the registry; KeyError for any other.

    Paper needs invisible breaks in long words; a page that breaks them itself does without, so that what is copied is whole.
    """
    pen = _Pen(language, catalog(language), formats(language), content.time_zone, content.currency, breaks_words)
    _ = pen.words.gettext
    title = kind_word(language, content.kind)
    number = pen.foreign(content.number)
    return PrintData(
        language=language,
        direction=by_tag(language).direction,
        paper="us-letter" if content.billing_detail.country in _LETTER else "a4",
        issued_at=content.issued_at,
        accent=content.accent_color,
        store_name=pen.foreign(content.store_name or content.seller.legal_name),
        title=title,
        number=number,
        document_title=f"{title} {number}",
        headline=_headline(content, pen),
        paid_mark=_paid_mark(content, pen),
        facts=_facts(content, number, pen),
        seller=_seller(content.seller, pen),
        buyer=_buyer(content.billing_detail, content.buyer_email, pen),
        columns=Columns(_("Description"), _("Quantity"), _("Unit price"), _tax_word(content, pen), _("Amount")),
        lines=tuple(_line(line, _untaxed(content), pen) for line in content.lines),
        taxes=_taxes(content, pen),
        totals=_totals(content, pen),
        payment=_payment(content, pen),
        notes=_notes(content, pen),
        page_of=_("Page {page} of {pages}"),
        copy_of=_copy_of(content, pen),
        test_mark=_("This is a test. It is not a valid document.") if content.test else "",
        replaced="".join(dict.fromkeys("".join(pen.replaced))),
    )


def _is_paid(content: DocumentContent) -> bool:
    return 0 < content.paid_minor == content.total_minor


def _paid_mark(content: DocumentContent, pen: _Pen) -> str:
    if not _is_paid(content):
        return ""
    if content.kind == "credit_note":
        return pen.words.pgettext("mark on a document", "Refunded")
    return pen.words.pgettext("mark on a document", "Paid")


def _headline(content: DocumentContent, pen: _Pen) -> str:
    """The one sentence most readers came for."""
    _ = pen.words.gettext
    if content.total_minor == 0:
        return _("Nothing to pay")
    if _is_paid(content) and content.paid_at is not None:
        amount, date = pen.total(content.total_minor), pen.date(content.paid_at)
        text = _("{amount} refunded on {date}") if content.kind == "credit_note" else _("{amount} paid on {date}")
        return fill(text, amount=pen.value(amount), date=pen.value(date))
    return fill(_("{amount} to pay"), amount=pen.value(pen.total(content.total_minor - content.paid_minor)))


def _number_word(kind: DocumentKind, pen: _Pen) -> str:
    _ = pen.words.gettext
    return {"invoice": _("Invoice number"), "receipt": _("Receipt number"), "credit_note": _("Credit note number")}[kind]


def _facts(content: DocumentContent, number: str, pen: _Pen) -> tuple[Fact, ...]:
    """Number, date of issue and date of supply (Directive 2006/112/EC art. 226 (1), (2) and (7))."""
    _ = pen.words.gettext
    facts = [Fact(_number_word(content.kind, pen), number), Fact(_("Date of issue"), pen.date(content.issued_at))]
    periods = {(line.period_start, line.period_end) for line in content.lines}
    start, end = periods.pop() if len(periods) == 1 else (None, None)
    if start and end:
        facts.append(Fact(_("Billing period"), pen.formats.period(start, end, pen.zone)))
    else:
        facts.append(Fact(_("Date of supply"), pen.date(content.supplied_at)))
    if content.refers_to:
        label = _("Refers to") if content.kind == "invoice" else _("Invoice number")
        facts.append(Fact(label, pen.foreign(content.refers_to)))
    return tuple(facts)


def _seller(seller: Seller, pen: _Pen) -> Party:
    place = BillingDetail(
        country=seller.country, line1=seller.line1, line2=seller.line2, city=seller.city, state=seller.state, postal_code=seller.postal_code
    )
    contact = tuple(pen.foreign(text, _EMAIL_WORD) for text in (seller.email, seller.website) if text)
    registration = (Fact("", pen.foreign(seller.registration)),) if seller.registration else ()
    facts = (*_tax_id(seller.country, seller.tax_id, pen), *registration)
    return Party(pen.words.gettext("From"), pen.foreign(seller.legal_name), (*_address(place, pen), *contact), facts)


def _buyer(detail: BillingDetail, email: str, pen: _Pen) -> Party:
    """By the name the document is made out to: the business's, else the person's, else the e-mail address."""
    names = [name for name in (detail.business_name, detail.name) if name]
    lines = (*(pen.foreign(name) for name in names[1:]), *_address(detail, pen))
    address = pen.foreign(email, _EMAIL_WORD)
    return Party(
        pen.words.gettext("Billed to"),
        pen.foreign(names[0]) if names else address,
        (*lines, address) if names else lines,
        _tax_id(detail.country, detail.tax_id, pen),
    )


def _address(detail: BillingDetail, pen: _Pen) -> tuple[str, ...]:
    lines = tuple(pen.foreign(line) for line in address_lines(detail, language=pen.language))
    return (*lines, pen.formats.country(detail.country)) if detail.country else lines


def _tax_id(country: str, tax_id: str, pen: _Pen) -> tuple[Fact, ...]:
    """An id with small letters in it brings its own label ("USt-IdNr. DE123456788")."""
    if not tax_id:
        return ()
    if any(c.islower() for c in tax_id):
        return (Fact("", pen.foreign(tax_id)),)
    _ = pen.words.gettext
    return (Fact(_("VAT ID") if _is_vat_id(country, tax_id) else _("Tax ID"), pen.foreign(tax_id)),)


def _is_vat_id(country: str, tax_id: str) -> bool:
    """Whether it is written as a VAT id, with or without a label before it."""
    prefixes = {word[:2] for word in tax_id.split() if any(c.isdigit() for c in word)}
    return not prefixes.isdisjoint(_VAT_PREFIXES) or (country in _VAT_COUNTRIES and country in prefixes)


def _charges_vat(content: DocumentContent) -> bool:
    return _is_vat_id(content.seller.country, content.seller.tax_id)


def _tax_word(content: DocumentContent, pen: _Pen) -> str:
    """A seller with a VAT id charges VAT, and calls it so; elsewhere it may be a sales tax, a consumption tax, ..."""
    _ = pen.words.gettext
    return _("VAT") if _charges_vat(content) else _("Tax")


def _line(line: DocumentLine, untaxed: frozenset[str], pen: _Pen) -> Line:
    start, end = line.period_start, line.period_end
    return Line(
        description=_description(line, pen),
        detail=pen.formats.period(start, end, pen.zone) if start and end else "",
        quantity=pen.formats.number(line.quantity),
        unit=pen.money(line.unit_minor),
        tax="–" if line.tax_rate in untaxed else pen.percent(line.tax_rate),
        amount=pen.money(line.net_minor),
    )


def _description(line: DocumentLine, pen: _Pen) -> str:
    """A plan that was changed within a period is given back for the rest of it; the days are told below."""
    what = pen.foreign(line.description)
    return fill(pen.words.gettext("Unused time on {plan}"), plan=pen.value(what)) if line.kind == "credit" else what


def _taxes(content: DocumentContent, pen: _Pen) -> TaxTable | None:
    """Base and tax by rate. One usual rate is told by the totals: its base is the total without tax."""
    if [tax.reason for tax in content.taxes] == ["standard"]:
        return None
    _ = pen.words.gettext
    rows = tuple(TaxRow(_rate(tax, pen), pen.money(tax.base_minor), pen.money(tax.tax_minor)) for tax in content.taxes)
    return TaxTable(_("Tax by rate"), _("Rate"), _("Taxable amount"), _tax_word(content, pen), rows)


def _untaxed(content: DocumentContent) -> frozenset[str]:
    """What is outside the scope of a tax has no rate, not even one of 0 % (EN 16931 BR-O-05); it is stored as one."""
    reasons = {tax.rate: tax.reason for tax in content.taxes}
    return frozenset(rate for rate, reason in reasons.items() if reason == "outside_scope")


def _rate(tax: TaxLine, pen: _Pen) -> str:
    """The rate, and why it is that one unless it is the usual."""
    rate, reason = pen.percent(tax.rate), tax_reason(pen.language, tax.reason)
    if tax.reason == "standard":
        return rate
    return reason if tax.reason == "outside_scope" else f"{rate} · {reason}"


def _tax_total(content: DocumentContent, tax: TaxLine, pen: _Pen) -> Total:
    _ = pen.words.gettext
    if tax.reason == "outside_scope":
        return Total(_tax_word(content, pen), pen.money(tax.tax_minor))
    label = _("VAT {rate}") if _charges_vat(content) else _("Tax {rate}")
    return Total(fill(label, rate=pen.percent(tax.rate)), pen.money(tax.tax_minor))


def _totals(content: DocumentContent, pen: _Pen) -> tuple[Total, ...]:
    _ = pen.words.gettext
    rows = [Total(_("Total without tax"), pen.money(content.net_minor))]
    rows += [_tax_total(content, tax, pen) for tax in content.taxes]
    rows.append(Total(_("Total"), pen.total(content.total_minor), strong=True))
    if content.total_minor:
        paid = _("Amount refunded") if content.kind == "credit_note" else _("Amount paid")
        rows.append(Total(paid, pen.money(content.paid_minor)))
    if content.kind == "invoice":
        rows.append(Total(_("Amount due"), pen.money(content.total_minor - content.paid_minor)))
    return tuple(rows)


def _notes(content: DocumentContent, pen: _Pen) -> tuple[str, ...]:
    """What the law wants said about the tax, and which invoice another document is about.

    A paper that looks like a second invoice makes its issuer owe the tax twice (Directive 2006/112/EC art. 203); one that
    corrects an invoice has to name it (art. 219).
    """
    notes = [tax_note(pen.language, reason) for reason in dict.fromkeys(tax.reason for tax in content.taxes)]
    if content.kind == "receipt" and content.refers_to:
        text = pen.words.gettext("This receipt confirms a payment. It is not a tax invoice; the invoice is {number}.")
        notes.append(fill(text, number=pen.value(pen.foreign(content.refers_to))))
    if content.kind == "credit_note" and content.refers_to:
        text = pen.words.gettext("Credit note for invoice {number}. It corrects the amount and the tax that were charged there.")
        notes.append(fill(text, number=pen.value(pen.foreign(content.refers_to))))
    return tuple(filter(None, notes))


def _payment(content: DocumentContent, pen: _Pen) -> tuple[Fact, ...]:
    _ = pen.words.gettext
    facts: list[Fact] = []
    if content.paid_at is not None and content.paid_minor:
        given_back = content.kind == "credit_note"
        facts.append(Fact(_("Refunded on") if given_back else _("Paid on"), pen.date(content.paid_at)))
        if content.method is not None:
            label = _("Refunded to") if given_back else _("Payment method")
            facts.append(Fact(label, pen.foreign(card(pen.language, content.method))))
    return (*facts, Fact(_("Order"), pen.foreign(content.order_id, _EMAIL_WORD)))


def _copy_of(content: DocumentContent, pen: _Pen) -> str:
    """The original stays in the language it was issued in; anything else says that it is a copy."""
    if content.language == pen.language:
        return ""
    text = pen.words.gettext("Copy in {language}. The original was issued in {original}.")
    return fill(text, language=pen.formats.language_name(pen.language), original=pen.formats.language_name(content.language))
