"""An invoice of a seller of each country whose law is in the table of particulars: to a business there, nothing missing that can
be said at all."""

from dataclasses import replace
from datetime import date

from portico.domain.billing_detail import BillingDetail
from portico.domain.document_line import DocumentLine
from portico.domain.invoice import DocumentContent, LocalTax, Seller, check_totals
from portico.domain.tax import TaxLine
from tests.documents.samples import DECEMBER, NOVEMBER, ORDINARY


def _invoice(currency: str, seller: Seller, buyer: BillingDetail, rate: str, tax_minor: int, text: str = "Pro plan") -> DocumentContent:
    content = replace(
        ORDINARY,
        currency=currency,
        seller=seller,
        billing_detail=buyer,
        lines=(DocumentLine(text, 2, 100_000, 200_000, rate, NOVEMBER, DECEMBER),),
        taxes=(TaxLine(rate, "standard", 200_000, tax_minor, seller.country),),
        net_minor=200_000,
        tax_minor=tax_minor,
        total_minor=200_000 + tax_minor,
        paid_minor=200_000 + tax_minor,
    )
    check_totals(content)
    return content


def _seller(country: str, tax_id: str, city: str, postal_code: str = "", state: str = "") -> Seller:
    return Seller(
        f"{city or country} Cloud", line1="1 Harbour Road", city=city, postal_code=postal_code, state=state, country=country, tax_id=tax_id
    )


def _buyer(country: str, tax_id: str, city: str, postal_code: str = "", state: str = "") -> BillingDetail:
    return BillingDetail(
        country=country, name="Ada Byron", is_business=True, business_name="Byron & Co", tax_id=tax_id, line1="7 Mill Lane", city=city,
        postal_code=postal_code, state=state,
    )  # fmt: skip


_JAPAN = _invoice(
    "JPY", _seller("JP", "T7000012050002", "", "100-0005", "JP-13"), _buyer("JP", "T5835678256246", "", "100-0005", "JP-13"), "10", 20_000
)
INVOICES: dict[str, DocumentContent] = {
    "DE": _invoice("EUR", ORDINARY.seller, ORDINARY.billing_detail, "19", 38_000),
    "PL": replace(
        _invoice("USD", _seller("PL", "PL8567346215", "Gdynia", "81-001"), _buyer("PL", "PL8567346215", "Sopot", "81-701"), "23", 46_000),
        local_tax=LocalTax("PLN", 195_643, "4.2531", date(2026, 10, 30)),
    ),
    "GB": _invoice("GBP", _seller("GB", "GB980780684", "Hull", "HU1 1AA"), _buyer("GB", "GB980780684", "York", "YO1 7HH"), "20", 40_000),
    "CH": _invoice("CHF", _seller("CH", "CHE-107.787.577 MWST", "Bern", "3011"), _buyer("CH", "", "Basel", "4051"), "8.1", 16_200),
    "NO": _invoice("NOK", _seller("NO", "NO 995 525 828 MVA", "Bergen", "5003"), _buyer("NO", "", "Oslo", "0150"), "25", 50_000),
    "US": _invoice("USD", _seller("US", "", "Austin", "78701", "TX"), _buyer("US", "", "Austin", "78701", "TX"), "8.25", 16_500),
    "JP": replace(
        _JAPAN,
        lines=(*_JAPAN.lines, DocumentLine("Weekly paper", 1, 10_000, 10_000, "8")),
        taxes=(*_JAPAN.taxes, TaxLine("8", "reduced", 10_000, 800, "JP")),
        net_minor=210_000,
        tax_minor=20_800,
        total_minor=230_800,
        paid_minor=230_800,
    ),
    "AU": _invoice("AUD", _seller("AU", "83 914 571 673", "Perth", "6000", "WA"), _buyer("AU", "", "Hobart", "7000", "TAS"), "10", 20_000),
    "NZ": _invoice("NZD", _seller("NZ", "49-091-850", "Napier", "4110"), _buyer("NZ", "", "Nelson", "7010"), "15", 30_000),
    "SG": _invoice("SGD", _seller("SG", "M2-1234567-K", "Singapore", "049315"), _buyer("SG", "", "", "018956"), "9", 18_000),
    "IN": _invoice(
        "INR", _seller("IN", "27AAPFU0939F1ZV", "Pune", "411001", "MH"), _buyer("IN", "29AAGCB7383J1Z4", "Mysuru", "570001", "KA"),
        "18", 36_000, "Pro plan, SAC 998314",
    ),
    "KR": _invoice("KRW", _seller("KR", "220-81-62517", "Busan", "48058"), _buyer("KR", "120-81-47521", "Seoul", "04524"), "10", 20_000),
    "CA": _invoice(
        "CAD", _seller("CA", "123456789 RT0001", "Ottawa", "K1A 0A1", "ON"), _buyer("CA", "", "Toronto", "M5H 2N2", "ON"), "13", 26_000
    ),
    "BR": _invoice(
        "BRL", _seller("BR", "16.727.230/0001-97", "Recife", "50030-230", "PE"), _buyer("BR", "", "Olinda", "53010-000", "PE"), "5", 10_000
    ),
}  # fmt: skip
