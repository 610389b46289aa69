"""What a document says, before it is typeset."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from portico.documents.print_data import Fact, Total
from portico.domain.billing_detail import BillingDetail
from portico.domain.invoice import LocalTax, Seller, TaxReturned
from portico.domain.payment import PaymentMethod
from portico.domain.tax import TaxLine
from portico.i18n.languages import LANGUAGES
from portico.services.document_print import print_data
from tests.documents.samples import CANCELLATION, CREDIT_NOTE, HARD, NOVEMBER, ORDINARY, PLAN_CHANGE, TWO_RATES, charged

TAGS = [language.tag for language in LANGUAGES]


def test_an_invoice_has_what_the_law_asks_for() -> None:
    """Directive 2006/112/EC art. 226: date, number, parties with their ids, what and when, base and tax by rate."""
    data = print_data(ORDINARY, "en")
    assert (data.title, data.number, data.document_title) == ("Invoice", "INV-2026-000042", "Invoice INV-2026-000042")
    assert [(fact.label, fact.value) for fact in data.facts][:2] == [
        ("Invoice number", "INV-2026-000042"),
        ("Date of issue", "Nov 1, 2026"),
    ]
    assert data.facts[2] == Fact("Billing period", "Nov 1\u2009–\u200930, 2026")
    assert data.seller.name == "Nordlicht Cloud GmbH"
    assert data.seller.lines == ("Hafenstraße 21", "20459 Hamburg", "Germany", "billing@nordlicht.example", "nordlicht.example")
    assert data.seller.facts == (Fact("VAT ID", "DE136695976"), Fact("", "HRB 123456, Amtsgericht Hamburg"))
    assert data.buyer.name == "Müller & Söhne <Straßenbau> GmbH"
    assert data.buyer.lines == ("Jürgen Müller", "Königstraße 12", "70173 Stuttgart", "Germany", "ada@example.com")
    assert (data.lines[0].quantity, data.lines[0].unit, data.lines[0].tax, data.lines[0].amount) == ("1", "€49.00", "19%", "€49.00")
    assert data.taxes is None
    assert [(row.label, row.value) for row in data.totals] == [
        ("Total without tax", "€49.00"), ("VAT 19%", "€9.31"), ("Total", "€58.31"), ("Amount paid", "€58.31"), ("Amount due", "€0.00"),
    ]  # fmt: skip
    assert [row.label for row in data.totals if row.strong] == ["Total"]
    assert data.headline == "€58.31 paid on Nov 1, 2026"
    assert (data.paid_mark, data.test_mark, data.copy_of, data.replaced) == ("Paid", "", "", "")


def test_several_rates_are_told_apart() -> None:
    taxes = print_data(TWO_RATES, "en").taxes
    assert taxes is not None
    assert [(row.rate, row.base, row.tax) for row in taxes.rows] == [
        ("19% · Standard rate", "€136.50", "€25.94"), ("7% · Reduced rate", "€30.00", "€2.10"),
    ]  # fmt: skip
    assert [row.label for row in print_data(TWO_RATES, "en").totals][1:3] == ["VAT 19%", "VAT 7%"]


def test_where_taxes_go_to_several_countries_each_names_its_own() -> None:
    """A plan that was changed after a move: both countries have the same rate."""
    taxes = (TaxLine("19", "standard", -950, -181, "DE"), TaxLine("19", "standard", 2450, 466, "CY"))
    moved = print_data(replace(PLAN_CHANGE, taxes=taxes), "en").taxes
    assert moved is not None
    assert [row.rate for row in moved.rows] == ["19% · Standard rate · Germany", "19% · Standard rate · Cyprus"]
    same = print_data(replace(TWO_RATES, taxes=tuple(replace(tax, country="FR") for tax in TWO_RATES.taxes)), "en").taxes
    assert same is not None
    assert [row.rate for row in same.rows] == ["19% · Standard rate", "7% · Reduced rate"], "the place of supply says it"


def test_the_card_is_named_by_brand_and_last_four() -> None:
    assert "4242" in print_data(ORDINARY, "en").payment[1].value
    assert "Visa" in print_data(ORDINARY, "en").payment[1].value
    assert [fact.label for fact in print_data(replace(ORDINARY, method=None), "en").payment] == ["Paid on", "Order"]


def test_a_receipt_owes_nothing() -> None:
    data = print_data(replace(ORDINARY, kind="receipt"), "en")
    assert data.title == "Receipt"
    assert data.facts[0].label == "Receipt number"
    assert "Amount due" not in [row.label for row in data.totals]


def test_a_receipt_names_its_invoice_and_is_none() -> None:
    """Two papers that each look like an invoice for one sale make the seller owe the tax twice (Directive 2006/112/EC art. 203)."""
    receipt = replace(ORDINARY, kind="receipt", number="REC-2026-000007", refers_to="INV-2026-000042")
    data = print_data(receipt, "en")
    assert data.facts[-1] == Fact("Invoice number", "INV-2026-000042")
    assert data.notes == ("This receipt confirms a payment. It is not a tax invoice; the invoice is INV-2026-000042.",)
    assert print_data(replace(receipt, kind="invoice"), "en").notes == ()
    assert all("INV-2026-000042" in print_data(receipt, tag).notes[0] for tag in TAGS)


def test_a_change_of_plan_says_what_is_given_back_and_for_which_days() -> None:
    data = print_data(PLAN_CHANGE, "en")
    assert [(line.description, line.detail, line.amount) for line in data.lines] == [
        ("Unused time on Starter plan", "Nov 16\u2009–\u200930, 2026", "-€9.50"), ("Pro plan", "Nov 16\u2009–\u200930, 2026", "€24.50"),
    ]  # fmt: skip
    assert data.facts[2] == Fact("Billing period", "Nov 16\u2009–\u200930, 2026")
    assert [row.value for row in data.totals] == ["€15.00", "€2.85", "€17.85", "€17.85", "€0.00"]
    assert all("Starter plan" in print_data(PLAN_CHANGE, tag).lines[0].description for tag in TAGS)
    assert print_data(PLAN_CHANGE, "ar").lines[0].description.count("\u2068") == 1


def test_a_credit_note_says_what_was_given_back_and_of_which_invoice() -> None:
    """A document that corrects an invoice refers to it, specifically and unambiguously (Directive 2006/112/EC art. 219)."""
    data = print_data(CREDIT_NOTE, "en")
    assert (data.title, data.document_title, data.paid_mark) == ("Credit note", "Credit note CN-2026-000003", "Refunded")
    assert data.headline == "€23.80 refunded on Nov 16, 2026"
    assert data.facts[0] == Fact("Credit note number", "CN-2026-000003")
    assert data.facts[-1] == Fact("Invoice number", "INV-2026-000042")
    assert [(row.label, row.value) for row in data.totals] == [
        ("Total without tax", "€20.00"), ("VAT 19%", "€3.80"), ("Total", "€23.80"), ("Amount refunded", "€23.80"),
    ]  # fmt: skip
    assert [fact.label for fact in data.payment] == ["Refunded on", "Refunded to", "Order"]
    assert data.notes == ("Credit note for invoice INV-2026-000042. It corrects the amount and the tax that were charged there.",)
    assert all("INV-2026-000042" in print_data(CREDIT_NOTE, tag).notes[0] for tag in TAGS)


def test_what_is_outside_the_scope_of_tax_has_no_rate() -> None:
    """Not even 0 %, which is a rate (EN 16931 BR-O-05)."""
    data = print_data(charged("USD", ("Pro plan", 2, 2500), reason="outside_scope"), "en")
    assert data.taxes is not None
    assert (data.lines[0].tax, data.taxes.rows[0].rate, data.totals[1].label) == ("–", "Outside the scope of tax", "VAT")
    zero = print_data(charged("USD", ("Pro plan", 2, 2500), reason="zero"), "en")
    assert (zero.lines[0].tax, zero.totals[1].label) == ("0%", "VAT 0%")


@pytest.mark.parametrize(
    ("country", "tax_id", "word"),
    [
        ("DE", "DE136695976", "VAT"), ("DE", "USt-IdNr. DE136695976", "VAT"), ("GR", "EL094259216", "VAT"),
        ("CH", "CHE-116.281.710 MWST", "VAT"), ("SG", "EU372011121", "VAT"),
        ("US", "91-1144442", "Tax"), ("US", "", "Tax"), ("DE", " ", "Tax"),
        ("MX", "MXA010101AB9", "Tax"),
    ],
)  # fmt: skip
def test_tax_is_called_vat_where_the_seller_charges_vat(country: str, tax_id: str, word: str) -> None:
    data = print_data(replace(ORDINARY, seller=Seller("Shop", country=country, tax_id=tax_id)), "en")
    assert (data.columns.tax, data.totals[1].label) == (word, f"{word} 19%")


@pytest.mark.parametrize(
    ("country", "tax_id", "places", "titled", "labels"),
    [
        ("DE", "DE136695976", ("GB",), "Invoice", ("VAT", "VAT 10%")),
        ("DE", "DE136695976", ("AU",), "Invoice", ("GST", "GST 10%")),
        ("DE", "DE136695976", ("JP",), "Invoice", ("Tax", "Consumption tax 10%")),
        ("DE", "DE136695976", ("IN",), "Invoice", ("IGST", "IGST 10%")),
        ("DE", "DE136695976", ("US",), "Invoice", ("Tax", "Tax 10%")),
        ("DE", "DE136695976", ("FR", "CA"), "Invoice", ("Tax", "VAT 10%", "GST/HST 10%")),
        ("US", "91-1144442", ("FR",), "Invoice", ("VAT", "VAT 10%")),
        ("US", "EU372011121", ("US",), "Invoice", ("Tax", "Tax 10%")),
        ("AU", "83 914 571 673", ("NZ",), "Invoice", ("GST", "GST 10%")),
        ("AU", "83 914 571 673", ("FR",), "Invoice", ("VAT", "VAT 10%")),
        ("AU", "83 914 571 673", ("FR", "AU"), "Tax invoice", ("Tax", "VAT 10%", "GST 10%")),
        ("SG", "EU372011121", ("",), "Invoice", ("VAT", "VAT 10%")),
        ("JP", "T7000012050002", ("",), "Invoice", ("Tax", "Consumption tax 10%")),
    ],
)
def test_a_tax_has_the_name_of_the_country_that_it_goes_to(
    country: str, tax_id: str, places: tuple[str, ...], titled: str, labels: tuple[str, ...]
) -> None:
    """Whoever charges it. "Tax invoice" says the seller's own law of an invoice about its own tax."""
    taxes = tuple(TaxLine("10", "standard", 1000, 100, place) for place in places)
    local = LocalTax("CHF", 90, "0.9", date(2026, 10, 30))
    data = print_data(replace(ORDINARY, seller=Seller("Shop", country=country, tax_id=tax_id), taxes=taxes, local_tax=local), "en")
    assert (data.title, data.columns.tax, *(row.label for row in data.totals[1 : 1 + len(taxes)])) == (titled, *labels)
    assert data.totals[-1].label.startswith(labels[0] if len(labels) == 3 else labels[1].removesuffix(" 10%"))


def test_what_india_exports_is_taxed_at_zero_by_india() -> None:
    export = replace(ORDINARY, seller=Seller("Shop", country="IN", tax_id="27AAPFU0939F1ZV"), taxes=(TaxLine("0", "zero", 4900, 0, "US"),))
    data = print_data(export, "en")
    assert (data.title, data.columns.tax, data.totals[1].label) == ("Tax invoice", "IGST", "IGST 0%")


@pytest.mark.parametrize("language", TAGS)
def test_a_document_writes_its_days_in_one_way(language: str) -> None:
    """Month in words where the language has it so: 01.11.2026 could be January."""
    data = print_data(replace(ORDINARY, lines=(replace(ORDINARY.lines[0], period_end=NOVEMBER + timedelta(days=1)),)), language)
    assert data.facts[1].value == data.facts[2].value == data.payment[0].value
    assert data.facts[1].value in data.headline


def test_an_unpaid_invoice_says_what_to_pay() -> None:
    data = print_data(HARD["unpaid"], "en")
    assert (data.headline, data.paid_mark) == ("€58.31 to pay", "")
    assert data.totals[-1].value == "€58.31"


def test_nothing_to_pay_is_not_called_paid() -> None:
    data = print_data(HARD["nothing to pay"], "en")
    assert (data.headline, data.paid_mark) == ("Nothing to pay", "")


def test_reverse_charge_is_said_by_its_rate_and_in_a_sentence() -> None:
    data = print_data(HARD["reverse charge"], "en")
    assert data.taxes is not None
    assert data.taxes.rows[0].rate == "0% · Reverse charge"
    assert data.notes == (
        "Reverse charge: the customer accounts for the tax",
        "Service to a business in another member state: articles 44 and 196 of Directive 2006/112/EC.",
    )
    assert print_data(ORDINARY, "en").notes == ()


# Directive 2006/112/EC art. 226 (11a), in the words of the directive's own text in each language of the Union that we speak.
STATUTE = {
    "de": "Steuerschuldnerschaft des Leistungsempfängers", "fr": "Autoliquidation", "es": "Inversión del sujeto pasivo",
    "it": "Inversione contabile", "pl": "Odwrotne obciążenie", "pt-BR": "Autoliquidação",
}  # fmt: skip


@pytest.mark.parametrize("language", TAGS)
def test_reverse_charge_is_said_in_the_readers_language_and_in_english(language: str) -> None:
    said = print_data(HARD["reverse charge"], language).notes[0]
    assert said.startswith(STATUTE.get(language, ""))
    assert said.casefold().count("reverse charge") == 1
    assert language == "en" or said.casefold().replace("reverse charge", "") != said.casefold()


def test_the_law_is_named_only_between_businesses_of_two_member_states() -> None:
    """Where the buyer owes the tax for another reason, it is another article's, and the store's own words say which."""
    reverse = HARD["reverse charge"]
    for country, there in (("DE", "DE"), ("DE", "NO"), ("GB", "FR")):
        moved = replace(
            reverse, seller=replace(reverse.seller, country=country), billing_detail=replace(reverse.billing_detail, country=there)
        )
        assert len(print_data(moved, "en").notes) == 1


def test_a_stores_own_words_for_an_exemption_are_printed_as_they_are() -> None:
    small = charged("EUR", ("Pro plan", 1, 4900), reason="exempt")
    small = replace(small, taxes=(replace(small.taxes[0], note="Gemäß § 19 UStG wird keine Umsatzsteuer berechnet. #x"),))
    assert print_data(small, "ja").notes[1] == "Gemäß § 19 UStG wird keine Umsatzsteuer berechnet. #x"
    assert print_data(small, "en").notes[0] == "This supply is exempt from tax"


def test_two_reasons_at_one_rate_are_told_apart() -> None:
    """A line has the rate that it has, even where another reason would give it none."""
    mixed = replace(
        charged("EUR", ("Pro plan", 1, 4900), ("Seat", 1, 1000)),
        taxes=(TaxLine("0", "outside_scope", 1000, 0, "US"), TaxLine("0", "reverse_charge", 4900, 0, "FR")),
    )
    data = print_data(mixed, "en")
    assert data.taxes is not None
    assert [row.rate for row in data.taxes.rows] == ["Outside the scope of tax", "0% · Reverse charge"]
    assert [line.tax for line in data.lines] == ["0%", "0%"]


def test_the_place_of_supply_is_told_where_it_is_not_the_sellers_country() -> None:
    def place(**tax: str) -> list[Fact]:
        content = replace(ORDINARY, taxes=(replace(ORDINARY.taxes[0], **tax),))
        return [fact for fact in print_data(content, "en").facts if fact.label == "Place of supply"]

    assert place(country="FR") == [Fact("Place of supply", "France")]
    assert place(country="DE") == place(country="") == []
    monaco = replace(ORDINARY, seller=replace(ORDINARY.seller, country="FR"), taxes=(replace(ORDINARY.taxes[0], country="MC"),))
    assert len(print_data(monaco, "en").facts) == 3


def test_the_buyers_own_numbers_stand_below_the_address() -> None:
    detail = replace(ORDINARY.billing_detail, po_number="4500-17/B", cost_centre="IT 7", copy_emails=("b@example.com",))
    data = print_data(replace(ORDINARY, billing_detail=detail), "en")
    assert data.buyer.facts[1:] == (Fact("PO number", "4500-17/B"), Fact("Cost center", "IT 7"))
    assert "b@example.com" not in repr(data)


def test_the_tax_is_said_in_the_sellers_own_currency_too() -> None:
    """Directive 2006/112/EC art. 230, and by which rate of exchange (art. 91)."""
    content = replace(ORDINARY, currency="USD", local_tax=LocalTax("PLN", 3_960, "4.2531", date(2026, 10, 30)))
    data = print_data(content, "en")
    assert data.totals[-1] == Total("VAT in PLN", "PLN\xa039.60")
    assert data.notes[-1] == "Exchange rate of Oct 30, 2026: 1 USD = 4.2531 PLN"
    assert "4,2531" in print_data(content, "de").notes[-1]
    assert print_data(content, "ar").notes[-1].count("\u2068") == 3


def test_a_credit_note_of_a_correction_cancels_and_gives_no_money_back() -> None:
    data = print_data(replace(CANCELLATION, refers_to_at=NOVEMBER), "en")
    assert (data.headline, data.paid_mark) == ("Invoice INV-2026-000042 is canceled", "")
    assert data.notes == ("This credit note cancels invoice INV-2026-000042 (Nov 1, 2026). The new invoice is INV-2026-000043.",)
    assert [row.label for row in data.totals] == ["Total without tax", "VAT 19%", "Total"]
    assert [fact.label for fact in data.payment] == ["Order"]


def test_tax_that_went_back_is_told_with_its_day_and_card() -> None:
    """The card's statement has a line of it, and nothing else on paper would say what that is."""
    returned = TaxReturned(931, NOVEMBER + timedelta(days=3), PaymentMethod("visa", "4242"))
    note = print_data(replace(CANCELLATION, tax_returned=returned, paid_at=None, method=None), "en")
    assert note.totals[-1] == Total("Amount refunded", "€9.31")
    assert note.payment[:2] == (Fact("Refunded on", "Nov 4, 2026"), Fact("Refunded to", "Visa ending in 4242"))
    assert note.headline == "Invoice INV-2026-000042 is canceled"
    new = print_data(replace(ORDINARY, number="INV-2026-000043", tax_returned=returned), "en")
    assert note.notes[-1] == new.notes[-1] == "€9.31 of tax was refunded on Nov 4, 2026 to Visa ending in 4242."
    assert new.payment[0] == Fact("Paid on", "Nov 1, 2026")
    unnamed = replace(CANCELLATION, tax_returned=replace(returned, method=None))
    assert print_data(unnamed, "en").notes[-1] == "€9.31 refunded on Nov 4, 2026"


def test_a_new_invoice_says_what_it_replaces() -> None:
    data = print_data(replace(ORDINARY, number="INV-2026-000043", refers_to="INV-2026-000042", counterpart="CN-2026-000003"), "en")
    assert data.notes == ("This invoice replaces invoice INV-2026-000042, which credit note CN-2026-000003 cancels.",)
    assert (data.facts[-1], data.headline) == (Fact("Refers to", "INV-2026-000042"), "€58.31 paid on Nov 1, 2026")


def test_a_document_of_which_the_other_was_issued_gives_the_day() -> None:
    data = print_data(replace(CREDIT_NOTE, refers_to_at=NOVEMBER), "en")
    assert data.notes[0].startswith("Credit note for invoice INV-2026-000042 (Nov 1, 2026).")
    arabic = print_data(replace(CREDIT_NOTE, refers_to_at=NOVEMBER), "ar").notes[0]
    assert "\u2068INV-2026-000042\u2069 (\u20681 نوفمبر 2026\u2069)" in arabic  # the number's direction must not turn the day around


def test_discounts_are_lines_with_a_minus_and_count_in_what_is_carried() -> None:
    content = charged("JPY", ("Pro", 3, 1000), ("Discount", 1, -500), ("Seat", 2, 200), rate="10", tax_minor=290)
    assert [(line.amount, line.carried) for line in print_data(content, "en").lines] == [
        ("¥3,000", "¥3,000"), ("-¥500", "¥2,500"), ("¥400", "¥2,900"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "day"), [("Pacific/Kiritimati", "Jan 1, 2027"), ("Europe/Berlin", "Jan 1, 2027"), ("America/Los_Angeles", "Dec 31, 2026")]
)
def test_days_are_those_of_the_stores_zone(zone: str, day: str) -> None:
    midnight = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert print_data(replace(ORDINARY, issued_at=midnight, time_zone=zone), "en").facts[1].value == day


@pytest.mark.parametrize(
    ("case", "language", "total"), [("yen", "en", "¥319,000"), ("dinar", "en", "KWD\xa037.036"), ("mixed scripts", "en", "$49.00\xa0USD")]
)
def test_the_total_names_its_currency_where_the_sign_is_shared(case: str, language: str, total: str) -> None:
    value = next(row.value for row in print_data(HARD[case], language).totals if row.strong)
    assert value.startswith(total)
    assert HARD[case].currency in value


def test_the_day_of_supply_is_told_when_there_is_no_period() -> None:
    assert print_data(HARD["dinar"], "en").facts[2] == Fact("Date of supply", "Nov 1, 2026")


def test_a_correction_names_the_document_it_refers_to() -> None:
    assert print_data(replace(ORDINARY, refers_to="INV-2025-000007"), "en").facts[3] == Fact("Refers to", "INV-2025-000007")


def test_addresses_are_written_as_their_country_does() -> None:
    japanese = replace(
        ORDINARY, billing_detail=BillingDetail(country="JP", name="山田太郎", line1="丸の内1-1-1", state="JP-13", postal_code="100-0005")
    )
    assert print_data(japanese, "ja").buyer.lines[:3] == ("〒100-0005", "東京都", "丸の内1-1-1")
    american = BillingDetail(country="US", name="Ann", line1="1 Main St", city="Austin", state="TX", postal_code="78701")
    assert print_data(replace(ORDINARY, billing_detail=american), "en").buyer.lines[:2] == ("1 Main St", "Austin, TX 78701")
    assert print_data(replace(ORDINARY, billing_detail=american), "en").paper == "us-letter"


def test_a_buyer_without_a_name_is_billed_by_address() -> None:
    data = print_data(replace(ORDINARY, billing_detail=BillingDetail()), "en")
    assert (data.buyer.name, data.buyer.lines) == ("ada@example.com", ())


@pytest.mark.parametrize(
    ("country", "tax_id", "fact"),
    [
        ("DE", "DE136695976", Fact("VAT ID", "DE136695976")),
        ("GR", "EL094259216", Fact("VAT ID", "EL094259216")),
        ("US", "91-1144442", Fact("Tax ID", "91-1144442")),
        ("DE", "USt-IdNr. DE136695976", Fact("", "USt-IdNr. DE136695976")),
    ],
)
def test_a_tax_id_is_called_what_it_is(country: str, tax_id: str, fact: Fact) -> None:
    assert print_data(replace(ORDINARY, seller=Seller("Shop", country=country, tax_id=tax_id)), "en").seller.facts == (fact,)


@pytest.mark.parametrize("language", TAGS)
def test_every_language_says_everything(language: str) -> None:
    data = print_data(ORDINARY, language)
    assert data.language == language
    assert all((data.title, data.headline, data.paid_mark, data.page_of, data.columns.description, data.totals[0].label))
    assert "{page}" in data.page_of
    assert "{pages}" in data.page_of
    assert (data.copy_of == "") == (language == "en")
    assert "{" not in data.headline + data.copy_of + "".join(row.label for row in data.totals)


def test_a_page_breaks_long_words_itself() -> None:
    name = "Donaudampfschifffahrtsgesellschaftskapitän"
    billed = replace(ORDINARY, billing_detail=BillingDetail(name=name))
    assert print_data(billed, "en").buyer.name.replace("\u200b", "") == name != print_data(billed, "en").buyer.name
    assert print_data(billed, "en", breaks_words=False).buyer.name == name


def test_only_what_no_font_has_is_replaced() -> None:
    assert print_data(HARD["mixed scripts"], "en").replaced == ""
    assert set(print_data(HARD["unprintable"], "en").replaced) == set("☺\ud83d\ud800🎉👩👧\ufffe\U000f0000\u0335")


def test_in_arabic_values_within_words_keep_their_direction() -> None:
    data = print_data(ORDINARY, "ar")
    assert data.direction == "rtl"
    assert data.headline.count("\u2068") == 2
    assert data.totals[1].label.endswith("\u2069")
    assert "\u2068" not in print_data(ORDINARY, "de").headline


@pytest.mark.parametrize(
    ("language", "number"), [("en", "2006/112/EC"), ("de", "2006/112/EG"), ("fr", "2006/112/CE"), ("pl", "2006/112/WE")]
)
def test_the_directive_is_quoted_as_its_own_language_writes_it(language: str, number: str) -> None:
    assert number in print_data(HARD["reverse charge"], language).notes[1]
