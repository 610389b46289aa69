"""An e-invoice in the syntax Universal Business Language 2.1 of OASIS (ISO/IEC 19845; EN 16931, CEN/TS 16931-3-2).

An invoice and a credit note are two kinds of document here, with a few elements named and ordered apart. Elements stand in the order
of their schemas.
"""

from collections.abc import Callable
from functools import partial

from portico.documents.en16931 import EMAIL, ONE, SPECIFICATION, Address, Breakdown, Category, InvoiceLine, Party, Period, Terms
from portico.documents.xml import branch, document, leaf

_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
_PARTS = {"cac": f"{_UBL}CommonAggregateComponents-2", "cbc": f"{_UBL}CommonBasicComponents-2"}
_INVOICED_OBJECT = "130"  # UNTDID 1001: invoicing data sheet
_Money = Callable[[str, str], str]


def write(terms: Terms) -> bytes:
    """The XML file."""
    is_invoice = terms.type_code == "380"
    name = "Invoice" if is_invoice else "CreditNote"
    type_code = leaf(f"cbc:{name}TypeCode", terms.type_code)
    money: _Money = partial(_amount, terms.currency)
    return document(
        name,
        {"": f"{_UBL}{name}-2", **_PARTS},
        leaf("cbc:CustomizationID", SPECIFICATION),
        leaf("cbc:ID", terms.number),
        leaf("cbc:IssueDate", terms.issued_on.isoformat()),
        leaf("cbc:DueDate", terms.due_on.isoformat()) if terms.due_on and is_invoice else "",
        type_code,
        *(leaf("cbc:Note", note) for note in terms.notes),
        leaf("cbc:DocumentCurrencyCode", terms.currency),
        leaf("cbc:TaxCurrencyCode", terms.tax_currency),
        leaf("cbc:AccountingCost", terms.cost_centre),
        leaf("cbc:BuyerReference", terms.buyer_reference),
        _period(terms.period),
        branch("cac:OrderReference", leaf("cbc:ID", terms.purchase_order)),
        _preceding(terms),
        _invoiced_object(terms.invoiced_object),
        branch("cac:AccountingSupplierParty", branch("cac:Party", *_party(terms.seller))),
        branch("cac:AccountingCustomerParty", branch("cac:Party", *_party(terms.buyer))),
        branch("cac:Delivery", leaf("cbc:ActualDeliveryDate", terms.delivered_on.isoformat())),
        _means(terms, is_invoice),
        branch("cac:TaxTotal", money("TaxAmount", terms.tax), *(_breakdown(each, money) for each in terms.breakdown)),
        branch("cac:TaxTotal", _amount(terms.tax_currency, "TaxAmount", terms.tax_in_tax_currency)),
        branch(
            "cac:LegalMonetaryTotal",
            money("LineExtensionAmount", terms.net),
            money("TaxExclusiveAmount", terms.net),
            money("TaxInclusiveAmount", terms.total),
            money("PrepaidAmount", terms.paid),
            money("PayableAmount", terms.due),
        ),
        *(_line(line, is_invoice, money) for line in terms.lines),
    )


def _invoiced_object(number: str) -> str:
    given = leaf("cbc:ID", number)
    return branch("cac:AdditionalDocumentReference", given, leaf("cbc:DocumentTypeCode", _INVOICED_OBJECT)) if given else ""


def _preceding(terms: Terms) -> str:
    if terms.preceding is None:
        return ""
    issued_on = terms.preceding.issued_on
    day = leaf("cbc:IssueDate", issued_on.isoformat()) if issued_on else ""
    return branch("cac:BillingReference", branch("cac:InvoiceDocumentReference", leaf("cbc:ID", terms.preceding.number), day))


def _party(party: Party) -> tuple[str, ...]:
    return (
        leaf("cbc:EndpointID", party.email, schemeID=EMAIL),
        branch("cac:PartyIdentification", leaf("cbc:ID", party.identifier)),
        branch("cac:PartyName", leaf("cbc:Name", party.trading_name)),
        _address(party.address),
        _tax_scheme("VAT", party.vat_id),
        _tax_scheme("FC", party.tax_registration),
        branch("cac:PartyLegalEntity", leaf("cbc:RegistrationName", party.name), leaf("cbc:CompanyID", party.registration)),
        branch("cac:Contact", leaf("cbc:Name", party.contact)),
    )


def _address(address: Address) -> str:
    return branch(
        "cac:PostalAddress",
        leaf("cbc:StreetName", address.line1),
        leaf("cbc:AdditionalStreetName", address.line2),
        leaf("cbc:CityName", address.city),
        leaf("cbc:PostalZone", address.postal_code),
        leaf("cbc:CountrySubentity", address.state),
        branch("cac:Country", leaf("cbc:IdentificationCode", address.country)),
    )


def _tax_scheme(scheme: str, number: str) -> str:
    given = leaf("cbc:CompanyID", number)
    return branch("cac:PartyTaxScheme", given, branch("cac:TaxScheme", leaf("cbc:ID", scheme))) if given else ""


def _means(terms: Terms, is_invoice: bool) -> str:
    """A credit note has its due date here."""
    due_on = leaf("cbc:PaymentDueDate", terms.due_on.isoformat()) if terms.due_on and not is_invoice else ""
    card = terms.card
    account = leaf("cbc:PrimaryAccountNumberID", card.number) + leaf("cbc:NetworkID", card.network) if card else ""
    return branch("cac:PaymentMeans", leaf("cbc:PaymentMeansCode", terms.means), due_on, branch("cac:CardAccount", account))


def _breakdown(each: Breakdown, money: _Money) -> str:
    return branch(
        "cac:TaxSubtotal",
        money("TaxableAmount", each.base),
        money("TaxAmount", each.tax),
        _category("cac:TaxCategory", each.category, each.reason_code, each.reason),
    )


def _category(name: str, category: Category, reason_code: str = "", reason: str = "") -> str:
    return branch(
        name,
        leaf("cbc:ID", category.code),
        leaf("cbc:Percent", category.rate),
        leaf("cbc:TaxExemptionReasonCode", reason_code),
        leaf("cbc:TaxExemptionReason", reason),
        branch("cac:TaxScheme", leaf("cbc:ID", "VAT")),
    )


def _line(line: InvoiceLine, is_invoice: bool, money: _Money) -> str:
    return branch(
        "cac:InvoiceLine" if is_invoice else "cac:CreditNoteLine",
        leaf("cbc:ID", line.id),
        leaf("cbc:InvoicedQuantity" if is_invoice else "cbc:CreditedQuantity", line.quantity, unitCode=ONE),
        money("LineExtensionAmount", line.net),
        _period(line.period),
        branch("cac:Item", leaf("cbc:Name", line.name), _category("cac:ClassifiedTaxCategory", line.category)),
        branch("cac:Price", money("PriceAmount", line.price)),
    )


def _period(period: Period | None) -> str:
    if period is None:
        return ""
    days = leaf("cbc:StartDate", period.first.isoformat()), leaf("cbc:EndDate", period.last.isoformat())
    return branch("cac:InvoicePeriod", *days)


def _amount(currency: str, name: str, amount: str) -> str:
    return leaf(f"cbc:{name}", amount, currencyID=currency)
