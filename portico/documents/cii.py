"""An e-invoice in the syntax Cross Industry Invoice of UN/CEFACT (EN 16931, CEN/TS 16931-3-3), as Factur-X and ZUGFeRD embed it.

Elements stand in the order of the schema.
"""

from datetime import date

from portico.documents.en16931 import EMAIL, ONE, SPECIFICATION, Address, Breakdown, Category, InvoiceLine, Party, Period, Terms
from portico.documents.xml import branch, document, leaf

_NAMESPACES = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
}
_INVOICED_OBJECT = "130"  # UNTDID 1001: invoicing data sheet


def write(terms: Terms) -> bytes:
    """The XML file."""
    return document(
        "rsm:CrossIndustryInvoice",
        _NAMESPACES,
        branch("rsm:ExchangedDocumentContext", branch("ram:GuidelineSpecifiedDocumentContextParameter", leaf("ram:ID", SPECIFICATION))),
        branch(
            "rsm:ExchangedDocument",
            leaf("ram:ID", terms.number),
            leaf("ram:TypeCode", terms.type_code),
            branch("ram:IssueDateTime", _day(terms.issued_on)),
            *(branch("ram:IncludedNote", leaf("ram:Content", note)) for note in terms.notes),
        ),
        branch(
            "rsm:SupplyChainTradeTransaction",
            *(_line(line) for line in terms.lines),
            _agreement(terms),
            _delivery(terms),
            _settlement(terms),
        ),
    )


def _line(line: InvoiceLine) -> str:
    return branch(
        "ram:IncludedSupplyChainTradeLineItem",
        branch("ram:AssociatedDocumentLineDocument", leaf("ram:LineID", line.id)),
        branch("ram:SpecifiedTradeProduct", leaf("ram:Name", line.name)),
        branch("ram:SpecifiedLineTradeAgreement", branch("ram:NetPriceProductTradePrice", leaf("ram:ChargeAmount", line.price))),
        branch("ram:SpecifiedLineTradeDelivery", leaf("ram:BilledQuantity", line.quantity, unitCode=ONE)),
        branch(
            "ram:SpecifiedLineTradeSettlement",
            branch("ram:ApplicableTradeTax", leaf("ram:TypeCode", "VAT"), *_category(line.category)),
            _period(line.period),
            branch("ram:SpecifiedTradeSettlementLineMonetarySummation", leaf("ram:LineTotalAmount", line.net)),
        ),
    )


def _agreement(terms: Terms) -> str:
    return branch(
        "ram:ApplicableHeaderTradeAgreement",
        leaf("ram:BuyerReference", terms.buyer_reference),
        branch("ram:SellerTradeParty", *_party(terms.seller)),
        branch("ram:BuyerTradeParty", *_party(terms.buyer)),
        branch("ram:BuyerOrderReferencedDocument", leaf("ram:IssuerAssignedID", terms.purchase_order)),
        _invoiced_object(terms.invoiced_object),
    )


def _invoiced_object(number: str) -> str:
    given = leaf("ram:IssuerAssignedID", number)
    return branch("ram:AdditionalReferencedDocument", given, leaf("ram:TypeCode", _INVOICED_OBJECT)) if given else ""


def _party(party: Party) -> tuple[str, ...]:
    return (
        leaf("ram:ID", party.identifier),
        leaf("ram:Name", party.name),
        branch(
            "ram:SpecifiedLegalOrganization",
            leaf("ram:ID", party.registration),
            leaf("ram:TradingBusinessName", party.trading_name),
        ),
        branch("ram:DefinedTradeContact", leaf("ram:PersonName", party.contact)),
        _address(party.address),
        branch("ram:URIUniversalCommunication", leaf("ram:URIID", party.email, schemeID=EMAIL)),
        branch("ram:SpecifiedTaxRegistration", leaf("ram:ID", party.vat_id, schemeID="VA")),
        branch("ram:SpecifiedTaxRegistration", leaf("ram:ID", party.tax_registration, schemeID="FC")),
    )


def _address(address: Address) -> str:
    return branch(
        "ram:PostalTradeAddress",
        leaf("ram:PostcodeCode", address.postal_code),
        leaf("ram:LineOne", address.line1),
        leaf("ram:LineTwo", address.line2),
        leaf("ram:CityName", address.city),
        leaf("ram:CountryID", address.country),
        leaf("ram:CountrySubDivisionName", address.state),
    )


def _delivery(terms: Terms) -> str:
    day = branch("ram:OccurrenceDateTime", _day(terms.delivered_on))
    return branch("ram:ApplicableHeaderTradeDelivery", branch("ram:ActualDeliverySupplyChainEvent", day))


def _settlement(terms: Terms) -> str:
    due_on = branch("ram:DueDateDateTime", _day(terms.due_on)) if terms.due_on else ""
    return branch(
        "ram:ApplicableHeaderTradeSettlement",
        leaf("ram:TaxCurrencyCode", terms.tax_currency),
        leaf("ram:InvoiceCurrencyCode", terms.currency),
        _means(terms),
        *(_breakdown(each) for each in terms.breakdown),
        _period(terms.period),
        branch("ram:SpecifiedTradePaymentTerms", due_on),
        branch(
            "ram:SpecifiedTradeSettlementHeaderMonetarySummation",
            leaf("ram:LineTotalAmount", terms.net),
            leaf("ram:TaxBasisTotalAmount", terms.net),
            leaf("ram:TaxTotalAmount", terms.tax, currencyID=terms.currency),
            leaf("ram:TaxTotalAmount", terms.tax_in_tax_currency, currencyID=terms.tax_currency),
            leaf("ram:GrandTotalAmount", terms.total),
            leaf("ram:TotalPrepaidAmount", terms.paid),
            leaf("ram:DuePayableAmount", terms.due),
        ),
        _preceding(terms),
        branch("ram:ReceivableSpecifiedTradeAccountingAccount", leaf("ram:ID", terms.cost_centre)),
    )


def _means(terms: Terms) -> str:
    card = branch("ram:ApplicableTradeSettlementFinancialCard", leaf("ram:ID", terms.card.number)) if terms.card else ""
    return branch("ram:SpecifiedTradeSettlementPaymentMeans", leaf("ram:TypeCode", terms.means), card)


def _breakdown(each: Breakdown) -> str:
    code, rate = _category(each.category)
    return branch(
        "ram:ApplicableTradeTax",
        leaf("ram:CalculatedAmount", each.tax),
        leaf("ram:TypeCode", "VAT"),
        leaf("ram:ExemptionReason", each.reason),
        leaf("ram:BasisAmount", each.base),
        code,
        leaf("ram:ExemptionReasonCode", each.reason_code),
        rate,
    )


def _category(category: Category) -> tuple[str, str]:
    return leaf("ram:CategoryCode", category.code), leaf("ram:RateApplicablePercent", category.rate)


def _period(period: Period | None) -> str:
    if period is None:
        return ""
    days = branch("ram:StartDateTime", _day(period.first)), branch("ram:EndDateTime", _day(period.last))
    return branch("ram:BillingSpecifiedPeriod", *days)


def _preceding(terms: Terms) -> str:
    if terms.preceding is None:
        return ""
    issued_on = terms.preceding.issued_on
    day = branch("ram:FormattedIssueDateTime", _day(issued_on, "qdt")) if issued_on else ""
    return branch("ram:InvoiceReferencedDocument", leaf("ram:IssuerAssignedID", terms.preceding.number), day)


def _day(day: date, prefix: str = "udt") -> str:
    return leaf(f"{prefix}:DateTimeString", f"{day:%Y%m%d}", format="102")  # 102: CCYYMMDD (UNTDID 2379)
