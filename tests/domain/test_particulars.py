"""The table of what laws want on an invoice: each particular is asked for with its source, and missed where it is not there."""

from dataclasses import replace
from datetime import date

import pytest

from portico.domain.billing_detail import BillingDetail
from portico.domain.document_line import DocumentLine
from portico.domain.invoice import DocumentContent, LocalTax, Seller
from portico.domain.particulars import (
    CODES,
    EU,
    FALLBACK,
    LAWS,
    SELLER_CODES,
    is_within_state,
    law,
    local_currency,
    missing,
    seller_lacks,
    state_tax,
    tax_name,
    title,
)
from portico.domain.tax import TaxLine
from tests.documents.countries import INVOICES
from tests.documents.samples import CREDIT_NOTE, HARD, ORDINARY


@pytest.mark.parametrize("country", INVOICES)
def test_an_invoice_that_has_all_misses_nothing(country: str) -> None:
    assert missing(INVOICES[country]) == ()
    assert seller_lacks(INVOICES[country].seller) == ()


def test_every_law_has_an_invoice_to_show_it_and_a_source_for_each_particular() -> None:
    assert set(LAWS) < set(INVOICES)
    for rules in (EU, *LAWS.values()):
        assert rules.act
        assert set(rules.required) <= set(CODES)
        assert all(rules.required.values())
    assert set(FALLBACK.required) <= set(CODES)


def _without(content: DocumentContent, code: str) -> DocumentContent:
    """The same invoice, less one particular."""
    seller, detail = content.seller, content.billing_detail
    line, tax = content.lines[0], content.taxes[0]
    less: dict[str, DocumentContent] = {
        "seller_country": replace(content, seller=replace(seller, country="")),
        "seller_name": replace(content, seller=replace(seller, legal_name="")),
        "seller_address": replace(content, seller=replace(seller, line1="")),
        "seller_tax_id": replace(content, seller=replace(seller, tax_id="")),
        "number": replace(content, number=""),
        "short_number": replace(content, number="INV-2026-0000000042"),
        "buyer_name": replace(content, billing_detail=replace(detail, name="", business_name="")),
        "buyer_address": replace(content, billing_detail=replace(detail, line1="")),
        "buyer_tax_id": replace(
            content, billing_detail=replace(detail, tax_id=""), taxes=(replace(tax, reason="reverse_charge", tax_minor=0),), tax_minor=0
        ),
        "description": replace(content, lines=(replace(line, description=""),)),
        "taxable_amount": replace(content, taxes=()),
        "tax_rate": replace(content, taxes=()),
        "tax_amount": replace(content, taxes=()),
        "local_tax": replace(content, currency="XAF", local_tax=None),
        "refers_to": replace(content, kind="credit_note"),
        "place_of_supply": replace(content, billing_detail=replace(detail, state="")),
        "service_code": replace(content, lines=(DocumentLine("Pro plan", 1, 1, 1, "18"),)),
    }
    return less[code]


# What the template prints on every document, whatever it is about; the tests of the print hold that it does.
ALWAYS = {"date_of_issue", "date_of_supply", "quantity", "unit_price", "total", "untaxed_reason", "reduced_mark", "split_tax"}


@pytest.mark.parametrize("country", [country for country in INVOICES if country != "BR"])
def test_each_particular_is_missed(country: str) -> None:
    content = INVOICES[country]
    for code in law(country).required.keys() - ALWAYS:
        assert code in missing(_without(content, code)), code
    assert missing(_without(content, "seller_country"))[0] == "seller_country"


def test_what_is_not_asked_for_is_not_missed() -> None:
    bare = replace(ORDINARY, seller=Seller("Shop", country="US"), billing_detail=BillingDetail())
    assert missing(bare) == ()
    assert missing(replace(bare, kind="receipt", seller=Seller(""))) == ()
    assert missing(CREDIT_NOTE) == missing(HARD["reverse charge"]) == ()


@pytest.mark.parametrize(("country", "below", "above"), [("AU", 99_999, 100_000), ("GB", 25_000, 25_001), ("SG", 100_000, 100_001)])
def test_a_consumer_is_named_from_an_amount_on(country: str, below: int, above: int) -> None:
    """1,000 AUD (GST Act s 29-70), above 250 GBP (reg. 16A), above 1,000 SGD (reg. 13)."""
    nobody = replace(INVOICES[country], billing_detail=BillingDetail(country=country))
    assert "buyer_name" not in missing(replace(nobody, total_minor=below))
    assert "buyer_name" in missing(replace(nobody, total_minor=above))
    assert "buyer_name" not in missing(replace(nobody, total_minor=above, currency="EUR", local_tax=LocalTax("AUD", 1, "1", date.min)))


@pytest.mark.parametrize(
    ("country", "tax_id", "has"),
    [
        ("JP", "登録番号 T7000012050002", True), ("JP", "7000012050002", False), ("NO", "995525828", False), ("NO", "995525828MVA", True),
        ("CH", "CHE107787577", False), ("CH", "CHE-107.787.577 TVA", True), ("IN", "27AAPFU0939F1ZV", True), ("AU", "914571673", False),
        ("DE", "12/345/67890", True), ("US", "", True),
    ],
)  # fmt: skip
def test_an_id_is_one_in_the_form_of_the_law(country: str, tax_id: str, has: bool) -> None:
    seller = Seller("Shop", line1="Way 1", city="Town", country=country, tax_id=tax_id)
    assert seller_lacks(seller) == (() if has else ("seller_tax_id",))


def test_a_seller_nobody_described_lacks_all() -> None:
    assert seller_lacks(Seller("")) == ("seller_country", "seller_name", "seller_address")
    assert seller_lacks(Seller("", country="FR")) == SELLER_CODES[1:]


def test_the_title_is_that_of_the_law() -> None:
    assert {country for country, content in INVOICES.items() if title(content) == "tax_invoice"} == {"AU", "NZ", "SG", "IN"}
    australian = INVOICES["AU"]
    assert title(replace(australian, kind="credit_note")) == "adjustment_note"
    assert title(replace(INVOICES["SG"], kind="credit_note")) == "credit_note"
    assert title(replace(australian, kind="receipt")) == "receipt"
    assert title(replace(australian, seller=replace(australian.seller, tax_id=""))) == "invoice"
    assert title(replace(australian, taxes=(TaxLine("0", "outside_scope", 200_000, 0),))) == "invoice"


@pytest.mark.parametrize(
    ("seller", "buyer", "within", "tax"),
    [
        ("MH", "Maharashtra", True, "SGST"), ("MH", "KA", False, "SGST"), ("Chandigarh", "CH", True, "UTGST"),
        ("DL", "Delhi", True, "SGST"),
        ("", "", False, "SGST"),
    ],
)  # fmt: skip
def test_indias_tax_is_split_within_a_state(seller: str, buyer: str, within: bool, tax: str) -> None:
    indian = INVOICES["IN"]
    here, there = replace(indian.seller, state=seller), replace(indian.billing_detail, state=buyer)
    content = replace(indian, seller=here, billing_detail=there)
    assert (is_within_state(content), state_tax(content)) == (within, tax)
    assert not is_within_state(replace(content, seller=replace(here, country="NP")))


def test_the_tax_is_called_by_its_name() -> None:
    names = {country: tax_name(content.seller) for country, content in INVOICES.items()}
    assert {country for country, name in names.items() if name == "vat"} == {"DE", "PL", "GB", "CH", "NO", "KR"}
    assert {country for country, name in names.items() if name == "gst"} == {"AU", "NZ", "SG", "IN"}
    assert (names["CA"], names["US"], names["JP"]) == ("gst_hst", "tax", "consumption_tax")


def test_places_that_belong_to_a_country_follow_its_law() -> None:
    assert law("MC") is law("FR") is EU
    assert law("LI") is law("CH")
    assert law("BR") is FALLBACK
    assert [local_currency(country) for country in ("DE", "SE", "GB", "US", "MC")] == ["EUR", "SEK", "GBP", "", "EUR"]
    abroad = {"DE": ("GB", "FR", "CH"), "US": ("SE", "FR", "US"), "AU": ("NZ", "AU")}
    assert {home: [local_currency(home, ["", place]) for place in places] for home, places in abroad.items()} == {
        "DE": ["GBP", "EUR", ""], "US": ["SEK", "EUR", ""], "AU": ["NZD", "AUD"],
    }  # fmt: skip
    assert [local_currency("US", places) for places in (("FR", "IT"), ("FR", "SE"))] == ["EUR", ""]
