"""Seller and buyer as a document prints them: names, addresses in the order of their country, ids by the names they have there."""

from portico.documents.print_data import Fact, Party
from portico.domain.billing_detail import BillingDetail, address_lines
from portico.domain.invoice import Seller
from portico.domain.particulars import is_vat_id
from portico.i18n.words import label
from portico.services.document_print_pen import EMAIL_WORD, Pen

# What an id is called on documents of its country, in every language.
_ID_NAMES = {"AU": "ABN", "CA": "GST/HST", "IN": "GSTIN", "NZ": "GST", "SG": "GST"}


def seller_party(seller: Seller, pen: Pen) -> Party:
    place = BillingDetail(
        country=seller.country, line1=seller.line1, line2=seller.line2, city=seller.city, state=seller.state, postal_code=seller.postal_code
    )
    contact = tuple(pen.foreign(text, EMAIL_WORD) for text in (seller.email, seller.website) if text)
    registration = (Fact("", pen.foreign(seller.registration)),) if seller.registration else ()
    facts = (*_tax_id(seller.country, seller.tax_id, pen), *registration)
    return Party(pen.words.gettext("From"), pen.foreign(seller.legal_name), (*_address(place, pen), *contact), facts)


def buyer_party(detail: BillingDetail, email: str, pen: Pen) -> Party:
    """By the name the document is made out to: the business's, else the person's, else the e-mail address. Below it, what the
    buyer's own books need: order number and cost centre."""
    names = [name for name in (detail.business_name, detail.name) if name]
    lines = (*(pen.foreign(name) for name in names[1:]), *_address(detail, pen))
    address = pen.foreign(email, EMAIL_WORD)
    references = {"po_number": detail.po_number, "cost_centre": detail.cost_centre}
    own = tuple(Fact(label(pen.language, name), pen.foreign(text)) for name, text in references.items() if text)
    return Party(
        pen.words.gettext("Billed to"),
        pen.foreign(names[0]) if names else address,
        (*lines, address) if names else lines,
        (*_tax_id(detail.country, detail.tax_id, pen), *own),
    )


def _address(detail: BillingDetail, pen: Pen) -> tuple[str, ...]:
    lines = tuple(pen.foreign(line) for line in address_lines(detail, language=pen.language))
    return (*lines, pen.formats.country(detail.country)) if detail.country else lines


def _tax_id(country: str, tax_id: str, pen: Pen) -> tuple[Fact, ...]:
    """An id with small letters in it brings its own label ("USt-IdNr. DE123456788")."""
    if not tax_id:
        return ()
    if any(c.islower() for c in tax_id):
        return (Fact("", pen.foreign(tax_id)),)
    return (Fact(_id_name(country, tax_id, pen), pen.foreign(tax_id)),)


def _id_name(country: str, tax_id: str, pen: Pen) -> str:
    _ = pen.words.gettext
    if is_vat_id(country, tax_id):
        return _("VAT ID")
    if country == "JP":
        return _("Registration number")  # by this name the law asks for it (Consumption Tax Act art. 57-4)
    return _ID_NAMES.get(country) or _("Tax ID")
