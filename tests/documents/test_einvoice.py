"""E-invoices, by the rules of the standard and by another's reader of it, not by our own belief."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portico.documents import einvoice, einvoice_rules
from portico.documents.einvoice_rules import WHY_NOT_CODES
from portico.documents.en16931 import ENGLISH, Words
from portico.domain.address_rules import country_codes
from portico.domain.errors import Refused
from portico.domain.invoice import DocumentContent, check_totals, content_for_refund
from portico.domain.money import currencies, exponent, format_amount
from portico.domain.tax import TaxLine
from tests.documents import en16931
from tests.documents.einvoice_cases import CASES, WITHOUT, at, buyer, seller, taxed
from tests.documents.samples import ORDINARY, PLAN_CHANGE
from tests.domain.test_correction import LATER, REVERSE, charges, corrected, invoice_for


def _hold(content: DocumentContent) -> None:
    """Neither syntax breaks a rule, and both say the same."""
    cii, ubl = einvoice.cii(content), einvoice.ubl(content)
    assert en16931.faults(cii, "cii") == []
    assert en16931.faults(ubl, "ubl") == []
    assert en16931.terms(cii) == en16931.terms(ubl)


@pytest.mark.parametrize("case", CASES)
def test_every_case_keeps_every_rule_in_both_syntaxes(case: str) -> None:
    assert einvoice.why_not(CASES[case]) is None
    _hold(CASES[case])


@pytest.mark.parametrize("code", WHY_NOT_CODES)
def test_what_cannot_be_said_is_not_said(code: str) -> None:
    for content in WITHOUT[code]:
        assert einvoice.why_not(content) == code
        for write in (einvoice.cii, einvoice.ubl):
            with pytest.raises(Refused, match=code) as refused:
                write(content)
            assert refused.value.code == "no_einvoice"


@pytest.mark.parametrize(
    "code", ["buyer_country", "seller_country", "seller_tax_id", "buyer_tax_id", "mixed_scope", "tax_rounding", "currency"]
)
def test_nothing_is_refused_that_would_keep_the_rules(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Written all the same, each breaks one. (What is left out here would not: a receipt, a sales tax ... are wrong in other ways.)"""
    monkeypatch.setattr(einvoice, "obstacles", lambda content: iter(()))
    for content in WITHOUT[code]:
        assert en16931.faults(einvoice.cii(content), "cii") + en16931.faults(einvoice.ubl(content), "ubl")


def test_a_cent_too_much_is_found() -> None:
    """So that silence means something."""
    for write, syntax in ((einvoice.cii, "cii"), (einvoice.ubl, "ubl")):
        xml = write(PLAN_CHANGE)
        wrong = re.sub(rb"(GrandTotalAmount|TaxInclusiveAmount)([^>]*)>17\.85<", rb"\1\2>17.86<", xml)
        assert wrong != xml
        assert any("BR-CO-15" in fault for fault in en16931.faults(wrong, syntax))
        assert any("TypeCod" in fault for fault in en16931.faults(xml.replace(b"TypeCode>", b"TypeCod>"), syntax))


def test_a_reader_finds_what_the_document_says() -> None:
    read = en16931.terms(einvoice.cii(CASES["references"]))
    assert (read["BT-1"], read["BT-3"], read["BT-5"]) == ("INV-2026-000042", "380", "EUR")
    assert (read["BT-109"], read["BT-110"], read["BT-112"], read["BT-113"], read["BT-115"]) == ("49.00", "9.31", "58.31", "58.31", "0.00")
    assert (read["BT-13"], read["BT-19"], read["BT-10"]) == ("PO 4711", "K-12 <R&D>", "K-12 <R&D>")
    assert (read["BT-81"], read["BT-87"]) == ("48", "4242")
    assert [f"{read[term]:%d.%m.}" for term in ("BT-2", "BT-72", "BT-73", "BT-74")] == ["01.11.", "01.11.", "01.11.", "30.11."]
    assert (read["BG-4"]["name"], read["BG-4"]["vat_identifier"]) == ("Nordlicht Cloud GmbH", "DE136695976")
    assert (read["BG-7"]["name"], read["BG-7"]["vat_identifier"]) == ("Müller & Söhne <Straßenbau> GmbH", "FR40303265045")
    note = en16931.terms(einvoice.ubl(CASES["credit note"]))
    assert (note["BT-3"], note["BG-3"][0]["BT-25"]) == ("381", "INV-2026-000042")


def test_what_is_given_back_has_a_negative_quantity() -> None:
    """A price is never negative (BR-27)."""
    unused, new = en16931.terms(einvoice.cii(PLAN_CHANGE))["BG-25"]
    assert (unused["BT-129"], unused["BT-146"], unused["BT-131"]) == ("-1", "9.50", "-9.50")
    assert unused["BT-153"] == "Unused time on Starter plan"
    assert (new["BT-129"], new["BT-146"], new["BT-131"]) == ("1", "24.50", "24.50")


def test_each_line_is_taxed_for_the_reason_it_was() -> None:
    lines = en16931.terms(einvoice.cii(CASES["two reasons, several lines"]))["BG-25"]
    assert [(line["BT-131"], line["BT-151"]) for line in lines if line["BT-151"] != "S"] == [
        ("4.00", "Z"), ("2.50", "Z"), ("3.00", "E"), ("0.50", "E"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("printed", "vat_id", "number"),
    [
        ("DE136695976", "DE136695976", None), ("USt-Id. DE 136 695 976", "DE136695976", None), ("ATU13585627 (UID)", "ATU13585627", None),
        ("CHE-107.787.577 MWST", "CHE107787577MWST", None), ("XI 980 7806 84", "XI980780684", None), ("ESB58378431", "ESB58378431", None),
        ("St.-Nr. 12/345/67890", None, "12/345/67890"), ("ABN 51 824 753 556", None, "51 824 753 556"),
        ("EU826010755", None, "EU826010755"), ("DE136695976 VAT", "DE136695976", None), ("IE6388047V VAT", "IE6388047V", None),
        ("T7000012050002", None, "T7000012050002"), ("DE", None, "DE"),
    ],
)  # fmt: skip
def test_a_vat_id_is_one_that_begins_with_its_country(printed: str, vat_id: str | None, number: str | None) -> None:
    """Any other id is the seller's tax number, and his name in a register where he has no other."""
    party = en16931.terms(einvoice.cii(replace(ORDINARY, seller=seller("DE", printed, registration=""))))["BG-4"]
    assert (party.get("vat_identifier"), party.get("tax_identifier")) == (vat_id, number)


@pytest.mark.parametrize(("place", "vat_id"), [("", "DE136695976"), ("FR", "DE136695976"), ("GB", "GB980780684"), ("IM", "GB980780684")])
def test_of_several_vat_ids_it_is_that_of_the_country_that_taxes(place: str, vat_id: str) -> None:
    printed = seller("DE", "USt-IdNr. DE136695976, VAT GB980780684")
    assert einvoice.terms(taxed([at("20", "standard", 4900, country=place)], seller=printed), ENGLISH).seller.vat_id == vat_id


def test_outside_the_scope_of_tax_no_id_is_a_vat_id() -> None:
    read = en16931.terms(einvoice.cii(CASES["outside scope, for a member state"]))
    assert "vat_identifier" not in {**read["BG-4"], **read["BG-7"]}
    assert read["BG-4"]["tax_identifier"] == "DE136695976"
    assert (read["BG-23"][0]["BT-118"], read["BG-23"][0]["BT-121"]) == ("O", "VATEX-EU-O")


def test_words_are_those_of_the_document() -> None:
    words = Words(unused_time="Nicht genutzte Zeit: {plan}", notes=("Ersetzt INV-2026-000041.", "  "), test="Ein Test.")
    read = en16931.terms(einvoice.cii(replace(PLAN_CHANGE, test=True), words))
    assert read["BG-25"][0]["BT-153"] == "Nicht genutzte Zeit: Starter plan"
    assert [note["BT-22"] for note in read["BG-1"]] == ["Ein Test.", "Ersetzt INV-2026-000041."]
    noted = en16931.terms(einvoice.cii(CASES["exempt"]))["BG-23"][0]
    assert (noted["BT-118"], noted["BT-120"]) == ("E", "Kein Ausweis von Umsatzsteuer, § 19 UStG")


def test_the_lists_of_codes_are_the_standards() -> None:
    """Countries and currencies that a document can be in, and the standard does not have, are refused beforehand."""
    assert set(country_codes()) - en16931.codes("BR-CL-14") == einvoice_rules._NO_COUNTRY
    assert set(currencies()) - en16931.codes("BR-CL-04") == einvoice_rules._NO_CURRENCY


_TAXES = st.tuples(
    st.sampled_from([
        ("19", "standard"), ("7", "reduced"), ("8.875", "standard"), ("0", "reverse_charge"), ("0", "exempt"), ("0", "zero"),
        ("0", "outside_scope"), ("0.3", "reduced"),
    ]),
    st.integers(-100_000, 1_000_000), st.integers(1, 9), st.sampled_from(["", "FR"]),
)  # fmt: skip


@st.composite
def _documents(draw: st.DrawFn) -> DocumentContent:
    """Any that keeps our own arithmetic: one to three rates, some with a minus, taxes a few minor units off, all or nothing paid."""
    kind = draw(st.sampled_from(["invoice", "credit_note"]))
    furthest = 0 if kind == "invoice" else 2
    taxes: dict[tuple[str, str, str], TaxLine] = {}
    quantities: list[int] = []
    for (rate, reason), unit, quantity, country in draw(
        st.lists(_TAXES, min_size=1, max_size=3, unique_by=lambda each: (each[0], each[3]))
    ):
        off = draw(st.integers(-furthest, furthest)) if rate != "0" else 0
        taxes[rate, reason, country] = at(rate, reason, unit * quantity, off, country)
        quantities.append(quantity)
    lines = [
        replace(ORDINARY.lines[0], quantity=quantity, unit_minor=tax.base_minor // quantity, net_minor=tax.base_minor, tax_rate=tax.rate)
        for tax, quantity in zip(taxes.values(), quantities, strict=True)
    ]
    content = taxed(
        list(taxes.values()), draw(st.permutations(lines)),
        kind=kind, currency=draw(st.sampled_from(["EUR", "USD", "JPY", "KWD", "HUF"])), language=draw(st.sampled_from(["de", "ar", "ja"])),
        billing_detail=draw(st.sampled_from([buyer("FR", "FR40303265045"), buyer("DE"), buyer("JP", "T7000012050002", state="JP-13")])),
        seller=draw(st.sampled_from([ORDINARY.seller, seller("NO", "995525828MVA"), seller("DE", "DE136695976", registration="")])),
    )  # fmt: skip
    if content.total_minor < 0:
        return ORDINARY
    content = content if draw(st.booleans()) else replace(content, paid_minor=0, paid_at=None, method=None)
    check_totals(content)
    return content


def _holds_or_has_a_reason(content: DocumentContent) -> None:
    reason = einvoice.why_not(content)
    if reason is not None:
        assert reason in WHY_NOT_CODES
        return
    _hold(content)
    read, digits = en16931.terms(einvoice.cii(content)), min(2, exponent(content.currency))
    written = format_amount(content.total_minor, content.currency)
    assert read["BT-112"] == written[: len(written) - max(0, exponent(content.currency) - digits)]


@settings(max_examples=15, deadline=None, derandomize=True)
@given(_documents())
def test_any_document_keeps_the_rules_or_has_a_reason(content: DocumentContent) -> None:
    _holds_or_has_a_reason(content)


@st.composite
def _given_back_and_corrected(draw: st.DrawFn) -> list[DocumentContent]:
    """What a payment's invoice is followed by: a credit note for a part, then one for the rest with a new invoice over it."""
    payment = draw(charges().filter(lambda payment: payment.total_minor > 1))
    before, here = invoice_for(payment), {"currency": draw(st.sampled_from(["EUR", "JPY"])), "seller": ORDINARY.seller}
    invoice, part = replace(before, **here), draw(st.integers(1, payment.total_minor - 1))
    at_once = {"number": "CN-2026-000008", "issued_at": LATER, "refunded_at": LATER}
    note = content_for_refund(invoice, payment, amount_minor=part, before_minor=0, **at_once)
    both = corrected(invoice, payment, before_minor=part, undue=draw(st.sampled_from([None, REVERSE])))
    return [note, both.credit_note, both.invoice]


@settings(max_examples=5, deadline=None, derandomize=True)
@given(_given_back_and_corrected())
def test_what_is_given_back_and_corrected_keeps_the_rules_or_has_a_reason(contents: list[DocumentContent]) -> None:
    for content in contents:
        _holds_or_has_a_reason(content)
        assert einvoice.why_not(content) in (None, "tax_rounding", "buyer_tax_id")
        assert content.currency == "JPY" or einvoice.why_not(content) != "tax_rounding", "cents have room enough"


@pytest.mark.prove
@pytest.mark.timeout(900)
def test_thousands_of_documents_keep_the_rules_or_have_a_reason() -> None:
    looked_at = {"written": 0, "refused": 0}

    @settings(max_examples=3000, deadline=None, derandomize=True)
    @given(_documents())
    def hold(content: DocumentContent) -> None:
        _holds_or_has_a_reason(content)
        looked_at["refused" if einvoice.why_not(content) else "written"] += 1

    @settings(max_examples=500, deadline=None, derandomize=True)
    @given(_given_back_and_corrected())
    def hold_all(contents: list[DocumentContent]) -> None:
        for content in contents:
            _holds_or_has_a_reason(content)
            looked_at["refused" if einvoice.why_not(content) else "written"] += 1

    hold()
    hold_all()
    assert looked_at["written"] > 2000
    print(f"e-invoices: {looked_at['written']} random documents in CII and UBL, 0 faults; {looked_at['refused']} have a reason for none")
