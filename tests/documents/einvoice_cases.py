"""Documents for e-invoices: every way of being taxed, numbered and named that the standard has a rule about."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from portico.domain.billing_detail import BillingDetail
from portico.domain.document_line import DocumentLine
from portico.domain.invoice import DocumentContent, LocalTax, Seller
from portico.domain.tax import TaxLine, tax_on
from tests.documents.samples import CREDIT_NOTE, DECEMBER, HARD, NOVEMBER, ORDINARY, PLAN_CHANGE, TWO_RATES, charged, many_lines


def taxed(taxes: Sequence[TaxLine], lines: Sequence[DocumentLine] = (), **changes: Any) -> DocumentContent:
    """ORDINARY, taxed so and paid; without `lines`, one for each tax."""
    lines = lines or [DocumentLine(f"Plan at {tax.rate}", 1, tax.base_minor, tax.base_minor, tax.rate) for tax in taxes]
    net, tax_minor = sum(tax.base_minor for tax in taxes), sum(tax.tax_minor for tax in taxes)
    amounts = {"net_minor": net, "tax_minor": tax_minor, "total_minor": net + tax_minor, "paid_minor": net + tax_minor}
    return replace(ORDINARY, lines=tuple(lines), taxes=tuple(taxes), **{**amounts, **changes})


def at(rate: str, reason: Any, base_minor: int, off_minor: int = 0, country: str = "", note: str = "") -> TaxLine:
    """A tax whose amount is `off_minor` away from base x rate."""
    return TaxLine(rate, reason, base_minor, tax_on(base_minor, rate) + off_minor, country, note)


def seller(country: str, tax_id: str, **changes: Any) -> Seller:
    return replace(ORDINARY.seller, country=country, tax_id=tax_id, **changes)


def buyer(country: str, tax_id: str = "", **changes: Any) -> BillingDetail:
    return replace(ORDINARY.billing_detail, country=country, tax_id=tax_id, **changes)


_REVERSED = at("0", "reverse_charge", 4900, country="FR")
_OUTSIDE = at("0", "outside_scope", 4900)
_NAMED = buyer("FR", "FR40303265045", po_number="PO 4711", cost_centre="K-12 <R&D>")
_CORRECTED = {"refers_to": "INV-2026-000042", "refers_to_at": NOVEMBER}

# All of these have an e-invoice.
CASES: dict[str, DocumentContent] = {
    **{name: content for name, content in HARD.items() if name != "dinar"},
    "ordinary": ORDINARY,
    "two rates": TWO_RATES,
    "plan change": PLAN_CHANGE,
    "credit note": replace(CREDIT_NOTE, refers_to_at=NOVEMBER),
    "thirty lines": many_lines(30),
    "a test": replace(ORDINARY, test=True, number="TEST-INV-2026-000042"),
    "references": replace(ORDINARY, billing_detail=_NAMED),
    "cancelled": replace(ORDINARY, kind="credit_note", number="CN-2026-000004", counterpart="INV-2026-000043", method=None, **_CORRECTED),
    "replaced": replace(ORDINARY, number="INV-2026-000043", counterpart="CN-2026-000004", **_CORRECTED),
    "credit note that is owed": replace(CREDIT_NOTE, paid_minor=0, paid_at=None, method=None),
    "partly paid": replace(ORDINARY, paid_minor=100),
    "tax in zloty": replace(ORDINARY, seller=seller("PL", "PL8567346215"), local_tax=LocalTax("PLN", 3961, "4.2544", date(2026, 11, 2))),
    "tax in euro already": replace(ORDINARY, local_tax=LocalTax("EUR", 931, "1", date(2026, 11, 2))),
    # reasons
    "exempt": taxed([at("0", "exempt", 4900, note="Kein Ausweis von Umsatzsteuer, § 19 UStG")]),
    "exempt, no note": taxed([at("0", "exempt", 4900)]),
    "zero, with a note": taxed([at("0", "zero", 4900, note="VATA 1994 Sch. 8")], seller=seller("GB", "GB 980 7806 84")),
    "reverse charge, no VAT id": taxed([_REVERSED], billing_detail=buyer("NO", "995525828MVA")),
    "outside scope": taxed([_OUTSIDE], billing_detail=buyer("US", "91-1144442", state="CA")),
    "outside scope, for a member state": taxed([_OUTSIDE], billing_detail=buyer("FR", "FR40303265045")),
    "outside scope, tax id alone": taxed([_OUTSIDE], seller=seller("US", "EIN 91-1144442", registration="")),
    "outside scope, register alone": taxed([_OUTSIDE], seller=seller("US", "", registration="Delaware 7654321")),
    # several rates
    "moved abroad": taxed([at("19", "standard", -950, country="DE"), at("0", "reverse_charge", 2450, country="FR")], billing_detail=_NAMED),
    "one rate in two countries": taxed([at("19", "standard", -950, country="DE"), at("19", "standard", 2450, country="CY")]),
    "two reasons for nothing": taxed([at("0", "exempt", -950), at("0", "reverse_charge", 2450)], billing_detail=_NAMED),
    "two reasons, several lines": taxed(
        [at("0", "exempt", 350), at("0", "zero", 650), at("7", "reduced", 100)],
        [DocumentLine(str(net), 1, net, net, rate) for net, rate in ((400, "0"), (100, "7"), (250, "0"), (300, "0"), (50, "0"))],
    ),
    "odd rates": taxed([at("8.875", "standard", 33_333), at("8.10", "reduced", 101), at("0.4", "reduced", 100)]),
    # cents
    "rounded elsewhere": taxed([at("19", "standard", 4911, off_minor=1)]),
    "parts given back": taxed([at("19", "standard", 2002, off_minor=2), at("7", "reduced", -31, off_minor=-2)], kind="credit_note"),
    "nothing but tax": taxed([at("19", "standard", 0, off_minor=1)], kind="credit_note"),
    "dinars that fit": charged("KWD", ("Support", 4, 12_345), ("A fils", 20, 1), rate="0", reason="exempt"),
    "forints": charged("HUF", ("Csomag", 1, 999_900), rate="27", tax_minor=269_973),
    # parties
    "Swiss": taxed([at("8.1", "standard", 4900)], seller=seller("CH", "CHE-107.787.577 MWST"), currency="CHF", billing_detail=buyer("LI")),
    "Norwegian": taxed([at("25", "standard", 4900)], seller=seller("NO", "995 525 828 MVA", registration=""), currency="NOK"),
    "Australian": taxed([at("10", "standard", 4900)], seller=seller("AU", "ABN 51 824 753 556", registration=""), currency="AUD"),
    "Greek": taxed([at("24", "standard", 4900)], seller=seller("GR", "ΑΦΜ EL094259216"), billing_detail=buyer("GR", "EL094259216")),
    "one-stop shop": taxed([at("20", "standard", 4900, country="FR")], seller=seller("US", "EU826010755", registration="")),
    "tax number": replace(ORDINARY, seller=seller("DE", "St.-Nr. 12/345/67890", registration="", email="")),
    "consumer": replace(ORDINARY, billing_detail=BillingDetail(country="DE", name="Ada")),
    "nobody": replace(
        ORDINARY, billing_detail=BillingDetail(country="GR"), buyer_email="\ud83d", seller=seller("DE", "DE136695976", legal_name="")
    ),
    "ends before it begins": replace(ORDINARY, lines=(replace(ORDINARY.lines[0], period_end=NOVEMBER),)),
    "days of two months": replace(ORDINARY, time_zone="Pacific/Auckland", lines=(replace(ORDINARY.lines[0], period_end=DECEMBER),)),
}  # fmt: skip

# None of these has one, for the reason they are under.
WITHOUT: dict[str, list[DocumentContent]] = {
    "receipt": [replace(ORDINARY, kind="receipt")],
    "buyer_country": [replace(ORDINARY, billing_detail=buyer(country)) for country in ("", "XK", "ZZ")],
    "seller_country": [replace(ORDINARY, seller=seller(country, "DE136695976")) for country in ("", "XK")],
    "seller_tax_id": [
        replace(ORDINARY, seller=seller("DE", " ")),
        taxed([_REVERSED], seller=seller("DE", ""), billing_detail=_NAMED),
        taxed([_OUTSIDE], seller=seller("US", "", registration="")),
    ],
    "buyer_tax_id": [taxed([_REVERSED], billing_detail=buyer("FR"))],
    "mixed_scope": [taxed([at("19", "standard", -950), at("0", "outside_scope", 2450)])],
    "sales_tax": [
        taxed([at("8.875", "standard", 4900)], seller=seller("US", "91-1144442")),
        taxed([at("8.875", "standard", 4900)], seller=seller("US", ""), billing_detail=buyer("")),  # whatever else is not there
        taxed([at("8", "standard", 4900, country="MY")]),
    ],
    "tax_reason": [
        taxed([at("0", "standard", 4900)]),
        taxed([at("0", "exempt", 300), at("0", "zero", 700)], [DocumentLine("Plan", 1, 1000, 1000, "0")]),
    ],
    "tax_rounding": [
        charged("JPY", ("プラン", 1, 1000), rate="10", tax_minor=102, kind="credit_note"),
        taxed([at("0.4", "reduced", 100_000)]),
        taxed([at("19", "standard", 100, 1, "DE"), at("19", "standard", 100, 1, "CY")], currency="JPY"),
    ],
    "currency": [replace(ORDINARY, currency="STN"), replace(ORDINARY, local_tax=LocalTax("XAD", 1, "1", date(2026, 11, 2)))],
    "decimals": [
        HARD["dinar"],
        charged("BHD", ("Plan", 1, 1000), rate="10", tax_minor=100, local_tax=LocalTax("KWD", 81, "0.81", date(2026, 11, 2))),
    ],
}
