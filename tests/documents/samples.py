"""Contents of documents: an ordinary one, and the hard cases that a printer of names from all over the world meets."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from portico.domain.billing_detail import BillingDetail
from portico.domain.document_line import DocumentLine
from portico.domain.invoice import DocumentContent, LocalTax, Seller, check_totals
from portico.domain.payment import PaymentMethod
from portico.domain.tax import TaxLine

NOVEMBER, DECEMBER = datetime(2026, 11, 1, 9, 30, tzinfo=UTC), datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
HOSTILE = '#read("/etc/passwd") *b* $x$ @ref <l> = #panic() ]}) #{ while true {} } <b>&amp;'

ORDINARY = DocumentContent(
    kind="invoice",
    number="INV-2026-000042",
    issued_at=NOVEMBER,
    supplied_at=NOVEMBER,
    language="en",
    time_zone="Europe/Berlin",
    currency="EUR",
    test=False,
    order_id="ORD_0Ck9sNnYkX3QbW1TzVq8uM",
    seller=Seller(
        legal_name="Nordlicht Cloud GmbH", line1="Hafenstraße 21", city="Hamburg", postal_code="20459", country="DE",
        tax_id="DE136695976", registration="HRB 123456, Amtsgericht Hamburg", email="billing@nordlicht.example",
        website="nordlicht.example",
    ),
    buyer_email="ada@example.com",
    billing_detail=BillingDetail(
        country="DE", name="Jürgen Müller", is_business=True, business_name="Müller & Söhne <Straßenbau> GmbH", tax_id="DE136695976",
        line1="Königstraße 12", city="Stuttgart", postal_code="70173",
    ),
    lines=(DocumentLine("Pro plan", 1, 4900, 4900, "19", NOVEMBER, DECEMBER),),
    taxes=(TaxLine("19", "standard", 4900, 931),),
    net_minor=4900,
    tax_minor=931,
    total_minor=5831,
    paid_minor=5831,
    paid_at=NOVEMBER,
    method=PaymentMethod("visa", "4242", 12, 2029),
    store_name="Nordlicht",
    accent_color="#3b5bdb",
)  # fmt: skip


def charged(currency: str, *lines: tuple[str, int, int], rate: str = "0", tax_minor: int = 0, **changes: Any) -> DocumentContent:
    """ORDINARY with other lines (description, quantity, unit price in minor units), all at one rate, and paid."""
    net = sum(quantity * unit for _, quantity, unit in lines)
    reason = changes.pop("reason", "standard" if tax_minor else "reverse_charge")
    content = replace(
        ORDINARY,
        currency=currency,
        lines=tuple(DocumentLine(text, quantity, unit, quantity * unit, rate) for text, quantity, unit in lines),
        taxes=(TaxLine(rate, reason, net, tax_minor),),
        net_minor=net,
        tax_minor=tax_minor,
        total_minor=net + tax_minor,
        paid_minor=net + tax_minor,
        **changes,
    )
    check_totals(content)
    return content


TWO_RATES = replace(
    ORDINARY,
    lines=(
        DocumentLine("Pro plan", 1, 4900, 4900, "19", NOVEMBER, DECEMBER),
        DocumentLine("Handbook, printed", 2, 1500, 3000, "7", NOVEMBER, DECEMBER),
        DocumentLine("Extra seats", 7, 1250, 8750, "19", NOVEMBER, DECEMBER),
    ),
    taxes=(TaxLine("19", "standard", 13650, 2594), TaxLine("7", "reduced", 3000, 210)),
    net_minor=16650,
    tax_minor=2804,
    total_minor=19454,
    paid_minor=19454,
)
# In the middle of November: the rest of the month on the old plan is given back, on the new one it is charged.
_MIDDLE = datetime(2026, 11, 16, 9, 30, tzinfo=UTC)
PLAN_CHANGE = replace(
    ORDINARY,
    lines=(
        DocumentLine("Starter plan", 1, -950, -950, "19", _MIDDLE, DECEMBER, "credit"),
        DocumentLine("Pro plan", 1, 2450, 2450, "19", _MIDDLE, DECEMBER, "charge"),
    ),
    issued_at=_MIDDLE,
    supplied_at=_MIDDLE,
    taxes=(TaxLine("19", "standard", 1500, 285),),
    net_minor=1500,
    tax_minor=285,
    total_minor=1785,
    paid_minor=1785,
    paid_at=_MIDDLE,
)
CREDIT_NOTE = replace(
    ORDINARY,
    kind="credit_note",
    number="CN-2026-000003",
    refers_to="INV-2026-000042",
    issued_at=_MIDDLE,
    lines=(DocumentLine("Pro plan", 1, 2000, 2000, "19", NOVEMBER, DECEMBER),),
    taxes=(TaxLine("19", "standard", 2000, 380),),
    net_minor=2000,
    tax_minor=380,
    total_minor=2380,
    paid_minor=2380,
    paid_at=_MIDDLE,
)
# All that a document can have at once: a corrected invoice over several rates, with an old plan's rest, in foreign money.
CORRECTED = replace(
    ORDINARY,
    number="INV-2026-000043",
    refers_to="INV-2026-000042",
    refers_to_at=NOVEMBER,
    counterpart="CN-2026-000004",
    currency="USD",
    billing_detail=replace(
        ORDINARY.billing_detail, country="FR", tax_id="FR40303265045", line1="Rue de la République 1", city="Lyon", postal_code="69002",
        po_number="4500-17/B", cost_centre="IT 7",
    ),
    lines=(*TWO_RATES.lines, PLAN_CHANGE.lines[0], DocumentLine("Discount", 1, -500, -500, "19")),
    taxes=(TaxLine("19", "standard", 12_200, 2_318, "FR"), TaxLine("7", "reduced", 3_000, 210, "FR", "CGI art. 278-0 bis")),
    net_minor=15_200,
    tax_minor=2_528,
    total_minor=17_728,
    paid_minor=17_728,
    local_tax=LocalTax("EUR", 2_179, "0.8621", date(2026, 10, 30)),
)  # fmt: skip
CANCELLATION = replace(ORDINARY, kind="credit_note", number="CN-2026-000004", refers_to="INV-2026-000042", counterpart="INV-2026-000043")
_MIXED = BillingDetail(
    country="JP", name="山田 太郎 喆 𠮷﨑", is_business=True, business_name="شركة النور للتجارة (الرياض) Ltd. 12", tax_id="T5835678256246",
    line1="किया দোকান ქართული Հայ ไทยแลนด์", line2="דוד Nguyễn Ἑλλάς Đorđe Łódź 한국어", state="JP-13", postal_code="100-0005",
)  # fmt: skip

HARD: dict[str, DocumentContent] = {
    "yen": charged("JPY", ("年間プラン「プロ」", 1, 290_000), rate="10", tax_minor=29_000),
    "dinar": charged("KWD", ("Support", 3, 12_345), ("A fils", 1, 1)),
    "rupiah": charged("IDR", ("Paket Pro", 12_345_678, 99_900), rate="11", tax_minor=135_666_655_542),
    "reverse charge": charged(
        "EUR", ("Consulting", 2, 10_000), billing_detail=replace(ORDINARY.billing_detail, country="FR", tax_id="FR40303265045")
    ),
    "nothing to pay": charged("EUR", ("Free plan", 1, 0), reason="zero", paid_at=None, method=None),
    "unpaid": replace(ORDINARY, paid_minor=0, paid_at=None, method=None),
    "long words": charged(
        "EUR", ("W" * 250, 1, 100), ("國" * 80 + "x" * 90, 9_999_999, 99_999_999), ("ก" * 200, 1, 1),
        seller=replace(ORDINARY.seller, legal_name="W" * 120, line1="ŁŁŁŁŁ" * 20, registration="R" * 90, website="https://" + "long-" * 30),
        billing_detail=replace(ORDINARY.billing_detail, business_name="Ω" * 120, name="i" * 120, city="Ж" * 80),
        buyer_email="a" * 64 + "@" + "b" * 60 + ".example.com", store_name="M" * 120,
    ),
    "mixed scripts": charged("USD", ("Pro プラン خطة แผน", 1, 4900), billing_detail=_MIXED, store_name="متجر 店 Shop"),
    "hostile markup": charged(
        "EUR", (HOSTILE, 1, 4900), store_name=HOSTILE, buyer_email=HOSTILE, order_id=HOSTILE,
        seller=replace(ORDINARY.seller, legal_name=HOSTILE, line1=HOSTILE, tax_id=HOSTILE, registration=HOSTILE),
        billing_detail=replace(ORDINARY.billing_detail, business_name=HOSTILE, line1=HOSTILE, tax_id=HOSTILE),
    ),
    "unprintable": charged(
        "EUR", ("\ud800 🎉👩‍👩‍👧 \u202eevil\u2066 \x00\x07\ufffe \U000f0000 e" + "\u0335" * 40, 1, 4900),
        billing_detail=replace(
            ORDINARY.billing_detail, business_name="\u0301\u0e31\u064b", name="\u200d\ufeff 葛\U000e0100 ☺️", city="\ud83d"
        ),
    ),
}  # fmt: skip


def many_lines(count: int) -> DocumentContent:
    """A document of several pages."""
    lines = [(f"Position {i}" + " with a description that takes a second line" * 2 * (i % 7 == 0), 1, 100) for i in range(count)]
    return charged("EUR", *lines, rate="19", tax_minor=19 * count)
