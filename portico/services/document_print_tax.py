"""What a document says about its tax: base and tax by rate, why that rate, and the words that the law wants said."""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from portico.documents.print_data import Fact, TaxRow, TaxTable, Total
from portico.domain.billing_detail import state_name
from portico.domain.invoice import DocumentContent, LocalTax
from portico.domain.money import round_half_up
from portico.domain.particulars import TaxName, is_within_state, law, state_tax, tax_name, taxed_by
from portico.domain.place_of_supply import UNION, territory
from portico.domain.tax import TaxLine
from portico.i18n.catalog import fill
from portico.i18n.document_words import vat_directive
from portico.i18n.words import TAX_NOTES, tax_note, tax_reason
from portico.services.document_print_pen import Pen

REDUCED_MARK = "※"  # the one that Japan's tax agency uses; the law leaves it open


def tax_word(content: DocumentContent, pen: Pen) -> str:
    """What the tax is called: each country's has its own name, VAT, GST or a sales tax, whoever charges it; where they differ it is
    "tax". Over a column that is narrow the Japanese one is that too."""
    words = dict.fromkeys(_word(content, tax, pen) for tax in _named(content))
    names = {_name(content, tax) for tax in _named(content)}
    return next(iter(words)) if len(words) == 1 and names != {"consumption_tax"} else pen.words.gettext("Tax")


def _named(content: DocumentContent) -> list[TaxLine]:
    """The taxes that say which tax it is: what is outside the scope does not, unless all is."""
    return [tax for tax in content.taxes if tax.reason != "outside_scope"] or list(content.taxes)


def _name(content: DocumentContent, tax: TaxLine) -> TaxName:
    return tax_name(content.seller, taxed_by(content, tax))


def _word(content: DocumentContent, tax: TaxLine, pen: Pen) -> str:
    _ = pen.words.gettext
    words = {"vat": _("VAT"), "tax": _("Tax"), "consumption_tax": _("Consumption tax")}
    return words.get(_name(content, tax)) or _gst(content, tax, pen)


def _gst(content: DocumentContent, tax: TaxLine, pen: Pen) -> str:
    """Taxes that have one name in every language. In India what crosses the border of a state or the country is the integrated one."""
    if _name(content, tax) == "gst_hst":
        return pen.value("GST/HST")
    country = taxed_by(content, tax) or content.seller.country
    return pen.value("IGST" if law(country).names_place and not is_within_state(content) else "GST")


def tax_table(content: DocumentContent, pen: Pen) -> TaxTable | None:
    """Base and tax by rate, and why it is that rate (Directive 2006/112/EC art. 226 (8) to (11)). One usual rate is told by the
    totals: its base is the total without tax."""
    if [tax.reason for tax in content.taxes] == ["standard"]:
        return None
    _ = pen.words.gettext
    several = len({tax.country for tax in content.taxes if tax.country and tax.reason != "outside_scope"}) > 1
    rows = tuple(
        TaxRow(_rate(tax, pen, names_country=several), pen.money(tax.base_minor), pen.money(tax.tax_minor)) for tax in content.taxes
    )
    return TaxTable(_("Tax by rate"), _("Rate"), _("Taxable amount"), tax_word(content, pen), rows)


def _rate(tax: TaxLine, pen: Pen, *, names_country: bool) -> str:
    """What is outside the scope of a tax has no rate, not even one of 0 % (EN 16931 BR-O-05); it is stored as one. Where the tax goes to
    several countries, each row says to which: Germany and Cyprus have the same rate."""
    reason = tax_reason(pen.language, tax.reason)
    if tax.reason == "outside_scope":
        return reason
    country = (pen.formats.country(tax.country),) if names_country and tax.country else ()
    return " · ".join((pen.percent(tax.rate), reason, *country))


def line_rates(content: DocumentContent, pen: Pen) -> dict[str, str]:
    """How a line writes its rate, by the rate as it is stored."""
    written: dict[str, str] = {}
    for tax in content.taxes:
        if tax.reason != "outside_scope":
            written[tax.rate] = pen.percent(tax.rate)
        else:
            written.setdefault(tax.rate, "–")
    return written


def reduced_rates(content: DocumentContent) -> frozenset[str]:
    """The rates whose lines carry a mark of their own (Consumption Tax Act of Japan art. 57-4 (1) no. 3)."""
    if not law(content.seller.country).marks_reduced:
        return frozenset()
    return frozenset(tax.rate for tax in content.taxes if tax.reason == "reduced")


def tax_totals(content: DocumentContent, pen: Pen) -> list[Total]:
    """The tax of each rate, as a row of the sum."""
    rows: list[Total] = []
    for tax in content.taxes:
        if tax.tax_minor and is_within_state(content):
            rows += _halves(content, tax, pen)
        else:
            rows.append(Total(_tax_label(content, tax, pen), pen.money(tax.tax_minor)))
    return rows


def _halves(content: DocumentContent, tax: TaxLine, pen: Pen) -> list[Total]:
    """The centre's and the state's tax, each of half the rate (CGST Rules 2017, rule 46 (l) and (m)). The odd minor unit is the
    centre's, so that both sum to what was charged."""
    centre = round_half_up(Fraction(tax.tax_minor, 2))
    rate = pen.percent(f"{Decimal(tax.rate) / 2:f}")
    halves = {"CGST": centre, state_tax(content): tax.tax_minor - centre}
    return [Total(f"{pen.value(name)} {rate}", pen.money(amount)) for name, amount in halves.items()]


def _tax_label(content: DocumentContent, tax: TaxLine, pen: Pen) -> str:
    _ = pen.words.gettext
    if tax.reason == "outside_scope":
        return tax_word(content, pen)
    names = {"vat": _("VAT {rate}"), "tax": _("Tax {rate}")}
    label = names.get(_name(content, tax)) or f"{_word(content, tax, pen)} {{rate}}"
    return fill(label, rate=pen.percent(tax.rate))


def local_total(content: DocumentContent, local: LocalTax, pen: Pen) -> Total:
    """The tax once more, in the money in which the seller declares it (Directive 2006/112/EC art. 230)."""
    _ = pen.words.gettext
    names = {"vat": _("VAT in {currency}"), "tax": _("Tax in {currency}")}
    words = {_word(content, tax, pen): _name(content, tax) for tax in _named(content)}
    (word, name), *others = words.items()
    label = names["tax"] if others else names.get(name) or f"{word}, {{currency}}"
    return Total(fill(label, currency=pen.value(local.currency)), pen.formats.money(local.tax_minor, local.currency))


def place_of_supply(content: DocumentContent, pen: Pen) -> tuple[Fact, ...]:
    """Where the sale is taxed, when that is not where the seller is. Indian law wants it said always, and the state by its name."""
    home = territory(content.seller.country)
    places = dict.fromkeys(tax.country for tax in content.taxes if tax.country)
    says_always = law(content.seller.country).names_place
    if says_always and not places and content.billing_detail.country:
        places = {content.billing_detail.country: None}
    if not says_always and all(territory(place) == home for place in places):
        return ()
    written = ", ".join(_place(place, content, pen) for place in places)
    return (Fact(pen.words.gettext("Place of supply"), written),) if written else ()


def _place(country: str, content: DocumentContent, pen: Pen) -> str:
    detail, name = content.billing_detail, pen.formats.country(country)
    state = state_name(country, detail.state, language=pen.language) if country == detail.country == "IN" else ""
    return f"{pen.foreign(state)}, {name}" if state else name


def tax_notes(content: DocumentContent, pen: Pen) -> list[str]:
    """What the law wants said about why there is no tax, then the store's own words for it, as it wrote them."""
    _ = pen.words.gettext
    notes = [_note(reason, pen) for reason in dict.fromkeys(tax.reason for tax in content.taxes) if reason in TAX_NOTES]
    if _is_within_union(content):
        text = _("Service to a business in another member state: articles 44 and 196 of Directive {directive}.")
        notes.append(fill(text, directive=pen.value(vat_directive(pen.language))))
    notes += [pen.foreign(note) for note in dict.fromkeys(tax.note for tax in content.taxes) if note]
    if reduced_rates(content):
        notes.append(fill(_("{mark} marks what is taxed at the reduced rate."), mark=REDUCED_MARK))
    if content.local_tax is not None:
        notes.append(_exchange(content.local_tax, pen))
    return notes


def _note(reason: str, pen: Pen) -> str:
    """Reverse charge in the words of the directive in the reader's language and in English: the buyer's tax office and the
    seller's may read neither the same language nor the reader's (art. 226 (11a))."""
    said = tax_note(pen.language, reason)
    english = tax_reason("en", reason)
    if reason != "reverse_charge" or english.casefold() in said.casefold():
        return said
    return f"{said} · {pen.value(english)}"


def _is_within_union(content: DocumentContent) -> bool:
    """A business of one member state sells to one of another, who owes the tax."""
    here, there = territory(content.seller.country), territory(content.billing_detail.country)
    return here != there and {here, there} <= UNION and any(tax.reason == "reverse_charge" for tax in content.taxes)


def _exchange(local: LocalTax, pen: Pen) -> str:
    text = pen.words.gettext("Exchange rate of {date}: {one} = {other}")
    day = datetime(local.on.year, local.on.month, local.on.day, 12, tzinfo=ZoneInfo(pen.zone))
    rate = pen.formats.decimal(local.rate)
    return fill(text, date=pen.value(pen.date(day)), one=pen.value(f"1 {pen.currency}"), other=pen.value(f"{rate} {local.currency}"))
