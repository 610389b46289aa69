"""What the law of the seller's country wants on an invoice, as a table: which particular, by which paragraph.

An invoice follows the rules of the seller's country (Directive 2006/112/EC art. 219a (2) for sales within the EU; elsewhere the same
by each act's own scope). The table is of full invoices for services; what a law wants and no document here can say is in
`not_covered`. It is a list to check documents by, made with care, and no legal advice. Sources as of November 2026.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from portico.domain.billing_detail import state_name
from portico.domain.invoice import DocumentContent, DocumentKind, Seller
from portico.domain.place_of_supply import UNION, territory
from portico.domain.tax import TaxLine

# Countries whose VAT ids begin with their code (VIES; Greece writes EL, Northern Ireland XI, the one-stop shop EU).
_VAT_COUNTRIES = UNION | {"CH", "GB"}
_VAT_PREFIXES = frozenset({"EL", "XI", "EU"})
Title = Literal["invoice", "receipt", "credit_note", "tax_invoice", "adjustment_note"]
TaxName = Literal["vat", "gst", "gst_hst", "consumption_tax", "tax"]

# Every particular that a law in the table asks for. The first four are the seller's own, and can be said of a store at once.
SELLER_CODES: tuple[str, ...] = ("seller_country", "seller_name", "seller_address", "seller_tax_id")
CODES: tuple[str, ...] = (
    *SELLER_CODES, "number", "short_number", "date_of_issue", "date_of_supply", "buyer_name", "buyer_address", "buyer_tax_id",
    "description", "quantity", "unit_price", "taxable_amount", "tax_rate", "tax_amount", "total", "untaxed_reason", "local_tax",
    "refers_to", "reduced_mark", "place_of_supply", "service_code", "split_tax",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Law:
    """A country's rules. `required` maps a particular's code to the paragraph that asks for it.

    `tax` is what the tax is called. `tax_id` is the pattern of the seller's id without spaces, dots and hyphens. `tax_invoice`:
    the document has to say "Tax invoice". `currency`: the tax must be said in it too. `buyer_from`: from this total on, in minor
    units of that currency, the buyer has to be named; a business always has. `not_covered` is English, for the documentation.
    """

    act: str
    required: Mapping[str, str]
    tax: TaxName = "tax"
    tax_id: str = r".+"
    tax_invoice: bool = False
    marks_reduced: bool = False
    names_place: bool = False
    currency: str = ""
    buyer_from: int | None = None
    not_covered: tuple[str, ...] = ()


def law(country: str) -> Law:
    """The rules for sellers of a country, by its ISO 3166-1 alpha-2 code; a plain set where we have none for it."""
    belongs_to = territory(country)
    return EU if belongs_to in UNION else LAWS.get(belongs_to, FALLBACK)


def title(content: DocumentContent) -> Title:
    """What the document is called: "tax invoice" where the law wants these words, and the seller may use them.

    Who is not registered must not: the buyer would deduct a tax that nobody paid. A sale outside the scope of the tax has none, and
    another country's tax is none that this law means.
    """
    if not law(content.seller.country).tax_invoice or not content.seller.tax_id or not _has_own_tax(content):
        return content.kind
    titles: dict[DocumentKind, Title] = {"invoice": "tax_invoice"}
    if content.seller.country == "AU":  # s 29-75: what corrects a tax invoice is an adjustment note, and says so
        titles["credit_note"] = "adjustment_note"
    return titles.get(content.kind, content.kind)


def missing(content: DocumentContent) -> tuple[str, ...]:
    """Which particulars an invoice or credit note lacks, as CODES in their order. A receipt lacks none: it is no invoice."""
    if content.kind == "receipt":
        return ()
    required = {"seller_country": "", **law(content.seller.country).required}
    return tuple(code for code in CODES if code in required and not _SAID[code](content))


def seller_lacks(seller: Seller) -> tuple[str, ...]:
    """Which particulars no document of this seller can have, as SELLER_CODES: what a store is told before it sells."""
    required = {"seller_country": "", **law(seller.country).required}
    has = {
        "seller_country": bool(seller.country),
        "seller_name": bool(seller.legal_name),
        "seller_address": _has_address(seller),
        "seller_tax_id": _has_tax_id(seller),
    }
    return tuple(code for code in SELLER_CODES if code in required and not has[code])


def tax_name(seller: Seller, place: str = "") -> TaxName:
    """What a tax is called that this seller charges for a country, his own where that is not known: another country's has that
    country's name. Who has an id of no tax that we know charges a "tax" at home, and so does who has none."""
    if place and territory(place) != territory(seller.country):
        return law(place).tax
    if not place and is_vat_id(seller.country, seller.tax_id):
        return "vat"
    return law(seller.country).tax if seller.tax_id.strip() else "tax"


def taxed_by(content: DocumentContent, tax: TaxLine) -> str:
    """The country whose tax it is, by its code; empty where it is not known. What India exports is supplied abroad, and taxed at zero by
    India (IGST Act s. 16)."""
    is_export = tax.reason == "zero" and law(content.seller.country).names_place
    return content.seller.country if is_export else tax.country


def is_vat_id(country: str, tax_id: str) -> bool:
    """Whether it is written as a VAT id, with or without a label before it."""
    prefixes = {word[:2] for word in tax_id.split() if any(c.isdigit() for c in word)}
    is_norwegian = country == "NO" and tax_id.rstrip().endswith("MVA")
    return is_norwegian or not prefixes.isdisjoint(_VAT_PREFIXES) or (country in _VAT_COUNTRIES and country in prefixes)


def _has_address(seller: Seller) -> bool:
    return bool(seller.line1 and (seller.city or seller.postal_code))


def _has_tax_id(seller: Seller) -> bool:
    return re.search(law(seller.country).tax_id, re.sub(r"[ .\-/]", "", seller.tax_id)) is not None


def _has_own_tax(content: DocumentContent) -> bool:
    """Whether some of it is taxed, if at zero, by the law of the seller's country."""
    own, home = law(content.seller.country).tax, territory(content.seller.country)
    places = [taxed_by(content, tax) for tax in content.taxes if tax.reason != "outside_scope"]
    return any(territory(place or home) == home and tax_name(content.seller, place) == own for place in places)


def _owes_tax(content: DocumentContent) -> bool:
    """Whether the seller, or the buyer in his place, owes tax for it; then the seller has to be known by his id."""
    return any(tax.tax_minor or tax.reason == "reverse_charge" for tax in content.taxes)


def _is_reverse_charge(content: DocumentContent) -> bool:
    return any(tax.reason == "reverse_charge" for tax in content.taxes)


def _must_name_buyer(content: DocumentContent) -> bool:
    rules = law(content.seller.country)
    is_large = rules.buyer_from is not None and content.currency == rules.currency and content.total_minor >= rules.buyer_from
    return content.billing_detail.is_business or is_large or _is_reverse_charge(content)


def _has_buyer_name(content: DocumentContent) -> bool:
    return not _must_name_buyer(content) or bool(content.billing_detail.business_name or content.billing_detail.name)


def _has_buyer_address(content: DocumentContent) -> bool:
    detail = content.billing_detail
    return not _must_name_buyer(content) or bool(detail.country and detail.line1 and (detail.city or detail.postal_code))


def _has_buyer_tax_id(content: DocumentContent) -> bool:
    """Where the buyer owes the tax (art. 226 (4)); in Korea each business has a number, and is known by it."""
    must = _is_reverse_charge(content) or (content.seller.country == "KR" and content.billing_detail.is_business)
    return not must or bool(content.billing_detail.tax_id)


def _has_local_tax(content: DocumentContent) -> bool:
    wanted = local_currency(content.seller.country, [tax.country for tax in content.taxes if tax.tax_minor])
    must = content.tax_minor and wanted not in ("", content.currency)
    return not must or (content.local_tax is not None and content.local_tax.currency == wanted)


def local_currency(country: str, taxed_in: Iterable[str] = ()) -> str:
    """The currency that a seller of `country` has to say his tax in (Directive 2006/112/EC art. 230 and the like); empty where none is
    asked for. Tax that another country alone gets (`taxed_in`) is said in its money (VAT Regulations 1995 reg. 14 (1)(l)); within the
    union the rules on invoices are those of the seller's state (art. 219a (2))."""
    home, places = territory(country), {territory(place) for place in taxed_in if place}
    currencies = {_own_currency(place) for place in places}
    is_foreign = home not in places and not (home in UNION and places <= UNION)
    return currencies.pop() if is_foreign and len(currencies) == 1 else _own_currency(home)


def _own_currency(country: str) -> str:
    return _UNION_CURRENCIES.get(country, "EUR") if country in UNION else law(country).currency


def exchanged_on(country: str, issued_on: date) -> date:
    """The day whose rate of exchange counts, or the last before it that has one. Poland wants that of the last working day before the
    tax is due (Act on VAT art. 31a (1)); elsewhere it is the day's own."""
    return issued_on - timedelta(days=1) if country == "PL" else issued_on


def is_within_state(content: DocumentContent) -> bool:
    """Whether an Indian sale stays within the seller's state: then the tax is half the centre's and half the state's."""
    seller, detail = content.seller, content.billing_detail
    here, there = (state_name("IN", state) for state in (seller.state, detail.state))
    return seller.country == detail.country == "IN" and here == there != ""


def state_tax(content: DocumentContent) -> str:
    """What the state's half is called: UTGST in the union's territories that have no parliament of their own (UTGST Act 2017)."""
    return "UTGST" if state_name("IN", content.seller.state) in _UNION_TERRITORIES else "SGST"


# Whether a content says a particular, or need not. What every document prints by its template is held by the tests of the print.
_SAID: dict[str, Callable[[DocumentContent], bool]] = {
    "seller_country": lambda c: bool(c.seller.country),
    "seller_name": lambda c: bool(c.seller.legal_name),
    "seller_address": lambda c: _has_address(c.seller),
    "seller_tax_id": lambda c: not _owes_tax(c) or _has_tax_id(c.seller),
    "number": lambda c: bool(c.number),
    "short_number": lambda c: re.fullmatch(r"[0-9A-Za-z/-]{1,16}", c.number) is not None,
    "date_of_issue": lambda c: True,
    "date_of_supply": lambda c: True,
    "buyer_name": _has_buyer_name,
    "buyer_address": _has_buyer_address,
    "buyer_tax_id": _has_buyer_tax_id,
    "description": lambda c: bool(c.lines) and all(line.description for line in c.lines),
    "quantity": lambda c: True,
    "unit_price": lambda c: True,
    "taxable_amount": lambda c: bool(c.taxes),
    "tax_rate": lambda c: bool(c.taxes),
    "tax_amount": lambda c: bool(c.taxes),
    "total": lambda c: True,
    "untaxed_reason": lambda c: True,
    "local_tax": _has_local_tax,
    "refers_to": lambda c: c.kind != "credit_note" or bool(c.refers_to),
    "reduced_mark": lambda c: True,
    "place_of_supply": lambda c: bool(c.billing_detail.country) and (c.billing_detail.country != "IN" or bool(c.billing_detail.state)),
    "service_code": lambda c: all(re.search(r"\b(SAC|HSN)\W{0,2}[0-9]{4,8}\b", line.description) for line in c.lines),
    "split_tax": lambda c: True,
}

_UNION_TERRITORIES = frozenset({
    "Andaman & Nicobar", "Chandigarh", "Dadra & Nagar Haveli & Daman & Diu", "Ladakh", "Lakshadweep",
})  # fmt: skip
# Member states that have not adopted the euro.
_UNION_CURRENCIES = {"CZ": "CZK", "DK": "DKK", "HU": "HUF", "PL": "PLN", "RO": "RON", "SE": "SEK"}

EU = Law(
    "Directive 2006/112/EC",
    {
        "date_of_issue": "art. 226 (1)", "number": "art. 226 (2)", "seller_tax_id": "art. 226 (3)", "buyer_tax_id": "art. 226 (4)",
        "seller_name": "art. 226 (5)", "seller_address": "art. 226 (5)", "buyer_name": "art. 226 (5)", "buyer_address": "art. 226 (5)",
        "quantity": "art. 226 (6)", "description": "art. 226 (6)", "date_of_supply": "art. 226 (7)", "taxable_amount": "art. 226 (8)",
        "unit_price": "art. 226 (8)", "tax_rate": "art. 226 (9)", "tax_amount": "art. 226 (10)", "untaxed_reason": "art. 226 (11), (11a)",
        "refers_to": "art. 219", "local_tax": "art. 230",
    },
    "vat",
    buyer_from=None,
    not_covered=(
        "what a member state asks for beyond the directive, such as capital and register in company law: write it into the seller's "
        "`registration`, and so the words of a scheme (cash accounting, margin: art. 226 (7a), (13), (14)) and a tax representative (15)",
        "invoices that must go through a state's platform (IT SdI, PL KSeF, RO e-Factura, HU reporting, FR from 2026)",
    ),
)  # fmt: skip
LAWS: dict[str, Law] = {
    "GB": Law(
        "VAT Regulations 1995 (SI 1995/2518)",
        {
            "number": "reg. 14 (1)(a)", "date_of_supply": "reg. 14 (1)(b)", "date_of_issue": "reg. 14 (1)(c)",
            "seller_name": "reg. 14 (1)(d)", "seller_address": "reg. 14 (1)(d)", "seller_tax_id": "reg. 14 (1)(d)",
            "buyer_name": "reg. 14 (1)(e)", "buyer_address": "reg. 14 (1)(e)", "description": "reg. 14 (1)(g)",
            "quantity": "reg. 14 (1)(h)", "tax_rate": "reg. 14 (1)(h)", "taxable_amount": "reg. 14 (1)(i)", "local_tax": "reg. 14 (1)(l)",
            "tax_amount": "reg. 14 (1)(l)", "unit_price": "reg. 14 (1)(m)", "untaxed_reason": "reg. 14 (1)(o)", "refers_to": "reg. 15C",
        },
        "vat", currency="GBP", buyer_from=25_001,  # up to £250 a simplified invoice will do (reg. 16A)
    ),
    "CH": Law(
        "Mehrwertsteuergesetz (SR 641.20)",
        {
            "seller_name": "art. 26 (2)(a)", "seller_address": "art. 26 (2)(a)", "seller_tax_id": "art. 26 (2)(a)",
            "buyer_name": "art. 26 (2)(b)", "buyer_address": "art. 26 (2)(b)", "date_of_supply": "art. 26 (2)(c)",
            "description": "art. 26 (2)(d)", "quantity": "art. 26 (2)(d)", "total": "art. 26 (2)(e)", "tax_rate": "art. 26 (2)(f)",
            "tax_amount": "art. 26 (2)(f)",
        },
        "vat", tax_id=r"CHE[0-9]{9}(MWST|TVA|IVA)", currency="", not_covered=("QR-bills: what is printed here is paid already",),
    ),
    "NO": Law(
        "Bokføringsforskriften (FOR-2004-12-01-1558)",
        {
            "number": "§ 5-1-1 no. 1", "date_of_issue": "§ 5-1-1 no. 1", "seller_name": "§ 5-1-2", "seller_address": "§ 5-1-2",
            "seller_tax_id": "§ 5-1-2", "buyer_name": "§ 5-1-2", "buyer_address": "§ 5-1-2", "description": "§ 5-1-1 no. 3",
            "quantity": "§ 5-1-1 no. 3", "date_of_supply": "§ 5-1-1 no. 4", "total": "§ 5-1-1 no. 5", "tax_amount": "§ 5-1-1 no. 6",
            "local_tax": "§ 5-1-1 no. 6", "tax_rate": "§ 5-1-5", "taxable_amount": "§ 5-1-5",
        },
        "vat", tax_id=r"[0-9]{9}MVA", currency="NOK",
        not_covered=(
            "the word Foretaksregisteret of companies: write it into the seller's `registration`",
            "a language that the law of bookkeeping takes (§ 12: Norwegian, Swedish, Danish, English): let English be the store's",
        ),
    ),
    "US": Law(
        "no federal law on invoices; sales tax is stated separately (state law)",
        {"seller_name": "trade custom", "number": "trade custom", "date_of_issue": "trade custom", "description": "trade custom",
         "total": "trade custom", "tax_amount": "state sales tax law", "tax_rate": "state sales tax law"},
        not_covered=("rates of counties and cities apart: one rate is printed for a sale",),
    ),
    "JP": Law(
        "Consumption Tax Act art. 57-4 (qualified invoices)",
        {
            "seller_name": "(1) no. 1", "seller_tax_id": "(1) no. 1", "date_of_supply": "(1) no. 2", "description": "(1) no. 3",
            "reduced_mark": "(1) no. 3", "taxable_amount": "(1) no. 4", "tax_rate": "(1) no. 4", "tax_amount": "(1) no. 5",
            "buyer_name": "(1) no. 6", "refers_to": "(3)", "local_tax": "National Tax Agency, Q&A on invoices, no. 66",
        },
        "consumption_tax", tax_id=r"T[0-9]{13}", marks_reduced=True, currency="JPY",
    ),
    "AU": Law(
        "A New Tax System (Goods and Services Tax) Act 1999",
        {
            "seller_name": "s 29-70 (1)(c)(i)", "seller_tax_id": "s 29-70 (1)(c)(i)", "buyer_name": "s 29-70 (1)(c)(ii)",
            "description": "s 29-70 (1)(c)(iii)", "quantity": "s 29-70 (1)(c)(iii)", "tax_rate": "s 29-70 (1)(c)(iv)",
            "date_of_issue": "s 29-70 (1)(c)(v)", "tax_amount": "s 29-70 (1)(c)(vi)", "total": "s 29-70 (1)(c)(iii)",
            "refers_to": "s 29-75", "local_tax": "GSTR 2001/2",
        },
        "gst", tax_id=r"[0-9]{11}", tax_invoice=True, currency="AUD", buyer_from=100_000,
    ),
    "NZ": Law(
        "Goods and Services Tax Act 1985",
        {
            "seller_name": "s 19E", "seller_tax_id": "s 19E", "date_of_issue": "s 19E", "description": "s 19E", "quantity": "s 19E",
            "total": "s 19E", "tax_amount": "s 19E", "tax_rate": "s 19E", "buyer_name": "s 19E", "refers_to": "s 19N",
        },
        "gst", tax_id=r"[0-9]{8,9}", tax_invoice=True, currency="NZD", buyer_from=100_001,
    ),
    "SG": Law(
        "Goods and Services Tax (General) Regulations",
        {
            "number": "reg. 11 (1)(b)", "date_of_issue": "reg. 11 (1)(c)", "seller_name": "reg. 11 (1)(d)",
            "seller_address": "reg. 11 (1)(d)", "seller_tax_id": "reg. 11 (1)(d)", "buyer_name": "reg. 11 (1)(e)",
            "buyer_address": "reg. 11 (1)(e)", "description": "reg. 11 (1)(f)", "quantity": "reg. 11 (1)(g)",
            "taxable_amount": "reg. 11 (1)(i)", "tax_rate": "reg. 11 (1)(i)", "tax_amount": "reg. 11 (1)(i)", "total": "reg. 11 (1)(j)",
            "local_tax": "reg. 11 (1)(k)", "refers_to": "reg. 12 (1)(d)",
        },
        "gst", tax_invoice=True, currency="SGD", buyer_from=100_001,  # up to S$1,000 a simplified one will do (reg. 13)
        not_covered=("the totals in SGD beside the tax, where the invoice is in another currency (reg. 11 (1)(k))",),
    ),
    "IN": Law(
        "Central Goods and Services Tax Rules 2017, rule 46",
        {
            "seller_name": "(a)", "seller_address": "(a)", "seller_tax_id": "(a)", "short_number": "(b)", "number": "(b)",
            "date_of_issue": "(c)", "buyer_name": "(d), (e)", "buyer_address": "(d), (e)", "service_code": "(g)", "description": "(h)",
            "quantity": "(i)", "total": "(j)", "taxable_amount": "(k)", "tax_rate": "(l)", "tax_amount": "(m)", "split_tax": "(l), (m)",
            "place_of_supply": "(n)", "untaxed_reason": "(p)", "refers_to": "rule 53 (1A)",
        },
        "gst", tax_id=r"[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][0-9A-Z]{3}", tax_invoice=True, names_place=True, currency="INR",
        buyer_from=5_000_000,
        not_covered=(
            "SAC or HSN codes, unless they are in a product's name: `Pro plan, SAC 998314`",
            "the signature (q), and the IRN and QR code of e-invoicing (r)",
            "a bill of supply for what is exempt",
        ),
    ),
    "KR": Law(
        "Value-Added Tax Act art. 32",
        {
            "seller_name": "(1) no. 1", "seller_tax_id": "(1) no. 1", "buyer_tax_id": "(1) no. 2", "taxable_amount": "(1) no. 3",
            "tax_amount": "(1) no. 3", "date_of_issue": "(1) no. 4",
        },
        "vat", tax_id=r"[0-9]{10}", currency="",
        not_covered=("the electronic tax invoice itself, which is issued through the National Tax Service (art. 32 (2)); the document "
                     "stands beside it, or beside the card slip that does for it (art. 46)",),
    ),
    "CA": Law(
        "Input Tax Credit Information (GST/HST) Regulations",
        {
            "seller_name": "s 3 (a)(i)", "date_of_issue": "s 3 (a)(ii)", "total": "s 3 (a)(iv)", "seller_tax_id": "s 3 (b)(i)",
            "tax_amount": "s 3 (b)(iii)", "tax_rate": "s 3 (b)(iii)", "buyer_name": "s 3 (c)(i)", "description": "s 3 (c)",
        },
        "gst_hst", currency="CAD", buyer_from=50_000,
        not_covered=("GST and a province's own tax apart (PST, QST): one rate is printed for a sale",),
    ),
}  # fmt: skip
FALLBACK = Law(
    "no table for this country",
    {
        "seller_name": "", "seller_address": "", "number": "", "date_of_issue": "", "description": "", "taxable_amount": "", "tax_rate": "",
        "tax_amount": "", "total": "", "refers_to": "",
    },
    not_covered=("what the country's own law asks for: ask whoever files your taxes",),
)  # fmt: skip
