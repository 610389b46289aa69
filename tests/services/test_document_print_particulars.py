"""What the law of each country wants on an invoice stands on the one that is printed."""

from collections.abc import Callable
from dataclasses import astuple, replace
from datetime import date

import pytest

from portico.documents.print_data import Fact, PrintData, Total
from portico.domain.invoice import DocumentContent, LocalTax
from portico.domain.particulars import law
from portico.i18n.format import formats
from portico.services.document_print import print_data
from tests.documents.countries import INVOICES

_EN = formats("en")


def _money(amount_minor: int, content: DocumentContent) -> str:
    return _EN.money(amount_minor, content.currency)


# How each particular is found among the strings that are printed.
PRINTED: dict[str, Callable[[PrintData, DocumentContent], object]] = {
    "seller_name": lambda d, c: d.seller.name == c.seller.legal_name,
    "seller_address": lambda d, c: c.seller.line1 in d.seller.lines and c.seller.postal_code in " ".join(d.seller.lines),
    "seller_tax_id": lambda d, c: any(fact.value == c.seller.tax_id for fact in d.seller.facts),
    "number": lambda d, c: d.number == c.number and Fact("Invoice number", c.number) in d.facts,
    "short_number": lambda d, c: len(d.number) <= 16,
    "date_of_issue": lambda d, c: Fact("Date of issue", "Nov 1, 2026") in d.facts,
    "date_of_supply": lambda d, c: d.facts[2].label in ("Billing period", "Date of supply"),
    "buyer_name": lambda d, c: d.buyer.name == c.billing_detail.business_name,
    "buyer_address": lambda d, c: c.billing_detail.line1 in d.buyer.lines,
    "buyer_tax_id": lambda d, c: any(fact.value == c.billing_detail.tax_id for fact in d.buyer.facts),
    "description": lambda d, c: d.lines[0].description == c.lines[0].description,
    "quantity": lambda d, c: d.lines[0].quantity == "2",
    "unit_price": lambda d, c: d.lines[0].unit == _money(100_000, c),
    "taxable_amount": lambda d, c: _money(200_000, c) in ([row.base for row in d.taxes.rows] if d.taxes else [d.totals[0].value]),
    "tax_rate": lambda d, c: _EN.percent(c.taxes[0].rate) in d.totals[1].label and d.lines[0].tax == _EN.percent(c.taxes[0].rate),
    "tax_amount": lambda d, c: d.totals[1].value == _money(c.taxes[0].tax_minor, c),
    "total": lambda d, c: any(row.strong and row.value.startswith(_money(c.total_minor, c)) for row in d.totals),
    "untaxed_reason": lambda d, c: True,  # nothing is untaxed here; tests of reverse charge and exemptions are in test_document_print
    "local_tax": lambda d, c: c.local_tax is None or d.totals[-1].label.endswith(c.local_tax.currency),
    "refers_to": lambda d, c: True,  # of credit notes; see test_document_print
    "reduced_mark": lambda d, c: d.lines[1].description.endswith(" ※") and d.notes == ("※ marks what is taxed at the reduced rate.",),
    "place_of_supply": lambda d, c: Fact("Place of supply", "Karnataka, India") in d.facts,
    "service_code": lambda d, c: "SAC 998314" in d.lines[0].description,
    "split_tax": lambda d, c: d.totals[1].label == "IGST 18%",
}  # fmt: skip


@pytest.mark.parametrize("country", INVOICES)
def test_each_particular_is_printed(country: str) -> None:
    content = INVOICES[country]
    data = print_data(content, "en")
    for code in law(country).required:
        assert PRINTED[code](data, content), (code, astuple(data))


@pytest.mark.parametrize(
    ("country", "title", "id_name", "tax"),
    [
        ("DE", "Invoice", "VAT ID", "VAT 19%"), ("GB", "Invoice", "VAT ID", "VAT 20%"), ("CH", "Invoice", "VAT ID", "VAT 8.1%"),
        ("NO", "Invoice", "VAT ID", "VAT 25%"), ("JP", "Invoice", "Registration number", "Consumption tax 10%"),
        ("AU", "Tax invoice", "ABN", "GST 10%"),
        ("NZ", "Tax invoice", "GST", "GST 15%"), ("SG", "Tax invoice", "GST", "GST 9%"), ("IN", "Tax invoice", "GSTIN", "IGST 18%"),
        ("KR", "Invoice", "Tax ID", "VAT 10%"), ("CA", "Invoice", "GST/HST", "GST/HST 13%"), ("BR", "Invoice", "Tax ID", "Tax 5%"),
    ],
)  # fmt: skip
def test_titles_ids_and_taxes_have_the_names_of_their_country(country: str, title: str, id_name: str, tax: str) -> None:
    data = print_data(INVOICES[country], "en")
    assert (data.title, data.seller.facts[0].label, data.totals[1].label) == (title, id_name, tax)
    assert data.columns.tax == ("Tax" if country == "JP" else tax.split(maxsplit=1)[0])
    assert data.document_title == f"{title} INV-2026-000042"


def test_within_an_indian_state_the_tax_is_two_halves() -> None:
    indian = INVOICES["IN"]
    taxes = (replace(indian.taxes[0], rate="5", tax_minor=10_001),)
    within = replace(indian, billing_detail=replace(indian.billing_detail, state="Maharashtra"), taxes=taxes, tax_minor=10_001)
    assert print_data(within, "en").totals[1:3] == (Total("CGST 2.5%", "₹50.01"), Total("SGST 2.5%", "₹50.00"))
    assert print_data(within, "en").columns.tax == "GST"


def test_a_tax_of_one_name_is_said_in_the_sellers_currency_too() -> None:
    australian = replace(INVOICES["AU"], currency="USD", local_tax=LocalTax("AUD", 30_512, "1.5256", date(2026, 10, 30)))
    assert print_data(australian, "en").totals[-1] == Total("GST, AUD", "A$305.12")


def test_names_of_taxes_keep_their_direction_in_arabic() -> None:
    data = print_data(INVOICES["CA"], "ar")
    assert data.totals[1].label == "\u2068GST/HST\u2069 \u206813%\u2069"
    assert data.columns.tax == "\u2068GST/HST\u2069"
