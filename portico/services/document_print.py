"""A document's frozen content, in a language -> the strings that are printed.

What people typed is cleaned for paper here; words and formats are the reader's; days are those of the store's time zone at
issue. The same content and language give the same strings.
"""

from portico.documents.print_data import Columns, Fact, Line, PrintData, Total
from portico.domain import particulars
from portico.domain.document_line import DocumentLine
from portico.domain.invoice import DocumentContent, DocumentKind
from portico.i18n.catalog import catalog, fill
from portico.i18n.document_words import title_word
from portico.i18n.format import formats
from portico.i18n.languages import by_tag
from portico.i18n.words import card
from portico.services.document_print_party import buyer_party, seller_party
from portico.services.document_print_pen import EMAIL_WORD, Pen
from portico.services.document_print_tax import (
    REDUCED_MARK,
    line_rates,
    local_total,
    place_of_supply,
    reduced_rates,
    tax_notes,
    tax_table,
    tax_totals,
    tax_word,
)

# Countries that print on Letter (CLDR supplemental data, paperSize); everyone else on A4.
_LETTER = frozenset({"BZ", "CA", "CL", "CO", "CR", "GT", "MX", "NI", "PA", "PH", "PR", "SV", "US", "VE"})


def print_data(content: DocumentContent, language: str, *, breaks_words: bool = True) -> PrintData:
    """All that `documents.render` prints. `language` is a tag of the registry; KeyError for any other.

    Paper needs invisible breaks in long words; a page that breaks them itself does without, so that what is copied is whole.
    """
    pen = Pen(language, catalog(language), formats(language), content.time_zone, content.currency, breaks_words)
    _ = pen.words.gettext
    title = title_word(language, particulars.title(content))
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
        seller=seller_party(content.seller, pen),
        buyer=buyer_party(content.billing_detail, content.buyer_email, pen),
        columns=Columns(_("Description"), _("Quantity"), _("Unit price"), tax_word(content, pen), _("Amount")),
        lines=_lines(content, pen),
        taxes=tax_table(content, pen),
        totals=_totals(content, pen),
        payment=_payment(content, pen),
        notes=_notes(content, pen),
        page_of=_("Page {page} of {pages}"),
        carried_forward=_("Carried forward"),
        copy_of=_copy_of(content, pen),
        test_mark=_("This is a test. It is not a valid document.") if content.test else "",
        replaced="".join(dict.fromkeys("".join(pen.replaced))),
    )


def tax_statements(content: DocumentContent, language: str) -> tuple[str, ...]:
    """Those of the notes that say why the tax is what it is."""
    pen = Pen(language, catalog(language), formats(language), content.time_zone, content.currency, breaks_words=False)
    return tuple(tax_notes(content, pen))


def _cancels(content: DocumentContent) -> bool:
    """Whether a credit note makes room for a new invoice over the same money. If any went back it was tax: `tax_returned` says so."""
    return content.kind == "credit_note" and content.counterpart != ""


def _is_paid(content: DocumentContent) -> bool:
    return 0 < content.paid_minor == content.total_minor


def _paid_mark(content: DocumentContent, pen: Pen) -> str:
    if not _is_paid(content) or _cancels(content):
        return ""
    if content.kind == "credit_note":
        return pen.words.pgettext("mark on a document", "Refunded")
    return pen.words.pgettext("mark on a document", "Paid")


def _headline(content: DocumentContent, pen: Pen) -> str:
    """The one sentence most readers came for."""
    _ = pen.words.gettext
    if _cancels(content):
        return fill(_("Invoice {number} is canceled"), number=pen.value(pen.foreign(content.refers_to)))
    if content.total_minor == 0:
        return _("Nothing to pay")
    if _is_paid(content) and content.paid_at is not None:
        amount, date = pen.total(content.total_minor), pen.date(content.paid_at)
        text = _("{amount} refunded on {date}") if content.kind == "credit_note" else _("{amount} paid on {date}")
        return fill(text, amount=pen.value(amount), date=pen.value(date))
    return fill(_("{amount} to pay"), amount=pen.value(pen.total(content.total_minor - content.paid_minor)))


def _number_word(kind: DocumentKind, pen: Pen) -> str:
    _ = pen.words.gettext
    return {"invoice": _("Invoice number"), "receipt": _("Receipt number"), "credit_note": _("Credit note number")}[kind]


def _facts(content: DocumentContent, number: str, pen: Pen) -> tuple[Fact, ...]:
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
    return (*facts, *place_of_supply(content, pen))


def _lines(content: DocumentContent, pen: Pen) -> tuple[Line, ...]:
    rates, reduced, carried, lines = line_rates(content, pen), reduced_rates(content), 0, list[Line]()
    for line in content.lines:
        start, end = line.period_start, line.period_end
        what = _description(line, pen)
        carried += line.net_minor
        lines.append(
            Line(
                description=f"{what} {REDUCED_MARK}" if line.tax_rate in reduced else what,
                detail=pen.formats.period(start, end, pen.zone) if start and end else "",
                quantity=pen.formats.number(line.quantity),
                unit=pen.money(line.unit_minor),
                tax=rates.get(line.tax_rate) or pen.percent(line.tax_rate),
                amount=pen.money(line.net_minor),
                carried=pen.money(carried),
            )
        )
    return tuple(lines)


def _description(line: DocumentLine, pen: Pen) -> str:
    """A plan that was changed within a period is given back for the rest of it; the days are told below."""
    what = pen.foreign(line.description)
    return fill(pen.words.gettext("Unused time on {plan}"), plan=pen.value(what)) if line.kind == "credit" else what


def _totals(content: DocumentContent, pen: Pen) -> tuple[Total, ...]:
    _ = pen.words.gettext
    rows = [Total(_("Total without tax"), pen.money(content.net_minor))]
    rows += tax_totals(content, pen)
    rows.append(Total(_("Total"), pen.total(content.total_minor), strong=True))
    if content.total_minor and not _cancels(content):
        paid = _("Amount refunded") if content.kind == "credit_note" else _("Amount paid")
        rows.append(Total(paid, pen.money(content.paid_minor)))
    if content.tax_returned is not None and _cancels(content):
        rows.append(Total(_("Amount refunded"), pen.money(content.tax_returned.amount_minor)))
    if content.kind == "invoice":
        rows.append(Total(_("Amount due"), pen.money(content.total_minor - content.paid_minor)))
    if content.local_tax is not None:
        rows.append(local_total(content, content.local_tax, pen))
    return tuple(rows)


def _notes(content: DocumentContent, pen: Pen) -> tuple[str, ...]:
    """What the law wants said about the tax, and which invoice another document is about.

    A paper that looks like a second invoice makes its issuer owe the tax twice (Directive 2006/112/EC art. 203); one that
    corrects an invoice has to name it (art. 219).
    """
    _, notes, other = pen.words.gettext, tax_notes(content, pen), pen.numbered(content.refers_to, content.refers_to_at)
    counterpart = pen.value(pen.foreign(content.counterpart))
    if content.kind == "receipt" and content.refers_to:
        text = _("This receipt confirms a payment. It is not a tax invoice; the invoice is {number}.")
        notes.append(fill(text, number=other))
    elif _cancels(content):
        text = _("This credit note cancels invoice {number}. The new invoice is {replacement}.")
        notes.append(fill(text, number=other, replacement=counterpart))
    elif content.kind == "credit_note" and content.refers_to:
        text = _("Credit note for invoice {number}. It corrects the amount and the tax that were charged there.")
        notes.append(fill(text, number=other))
    elif content.counterpart:
        text = _("This invoice replaces invoice {number}, which credit note {credit_note} cancels.")
        notes.append(fill(text, number=other, credit_note=counterpart))
    return tuple(filter(None, (*notes, _tax_returned(content, pen))))


def _tax_returned(content: DocumentContent, pen: Pen) -> str:
    """Why a new invoice is about less than the one before it, and which line of the card's statement makes up for that."""
    returned = content.tax_returned
    if returned is None:
        return ""
    said = {"amount": pen.value(pen.money(returned.amount_minor)), "date": pen.value(pen.date(returned.at))}
    if returned.method is None:
        return fill(pen.words.gettext("{amount} refunded on {date}"), **said)
    text = pen.words.gettext("{amount} of tax was refunded on {date} to {card}.")
    return fill(text, card=pen.value(pen.foreign(card(pen.language, returned.method))), **said)


def _payment(content: DocumentContent, pen: Pen) -> tuple[Fact, ...]:
    _ = pen.words.gettext
    facts: list[Fact] = []
    at, method = content.paid_at if content.paid_minor else None, content.method
    if _cancels(content):
        returned = content.tax_returned
        at, method = (returned.at, returned.method) if returned else (None, None)
    if at is not None:
        given_back = content.kind == "credit_note"
        facts.append(Fact(_("Refunded on") if given_back else _("Paid on"), pen.date(at)))
        if method is not None:
            label = _("Refunded to") if given_back else _("Payment method")
            facts.append(Fact(label, pen.foreign(card(pen.language, method))))
    return (*facts, Fact(_("Order"), pen.foreign(content.order_id, EMAIL_WORD)))


def _copy_of(content: DocumentContent, pen: Pen) -> str:
    """The original stays in the language it was issued in; anything else says that it is a copy."""
    if content.language == pen.language:
        return ""
    text = pen.words.gettext("Copy in {language}. The original was issued in {original}.")
    return fill(text, language=pen.formats.language_name(pen.language), original=pen.formats.language_name(content.language))
