"""Who is taxed where: sellers and buyers of several countries, with the rate, the reason and the place that the law names."""

from datetime import date

import pytest

from portico.domain.billing_detail import BillingDetail
from portico.domain.invoice import Seller
from portico.domain.place_of_supply import is_registered_business, taxation
from portico.domain.tax import Taxation, TaxPolicy, TaxRule
from portico.domain.tax_table import COLUMNS, STARTING_SET, parse, starting_set

TODAY = date(2026, 11, 20)
DESTINATION, HOME = TaxPolicy(), TaxPolicy(eu_consumers="home")
LONG_AGO = date(2020, 1, 1)
EU = starting_set("DE")
EVERYWHERE = (
    *STARTING_SET,
    TaxRule("AU", LONG_AGO, "10"), TaxRule("NZ", LONG_AGO, "15"), TaxRule("IN", LONG_AGO, "18"), TaxRule("KR", LONG_AGO, "10"),
    TaxRule("SG", LONG_AGO, "9"), TaxRule("JP", LONG_AGO, "10"), TaxRule("CA", LONG_AGO, "5"), TaxRule("CA", LONG_AGO, "13", "ON"),
    TaxRule("US", LONG_AGO, "8.875", "NY"), TaxRule("US", LONG_AGO, "0", "NY", "ebook", "exempt", "N.Y. Tax Law"),
    TaxRule("US", LONG_AGO, "6.25", "TX"),
)  # fmt: skip
OUTSIDE = Taxation("0", "outside_scope")
IDS = {
    "AT": "ATU13585627", "FR": "FR40303265045", "GR": "EL094259216", "MC": "FR53000004605", "DE": "DE136695976", "GB": "GB980780684",
    "CH": "CHE-107.787.577 MWST", "NO": "995525828MVA", "AU": "51824753556", "NZ": "49091850", "IN": "27AAPFU0939F1ZV", "SG": "197401143C",
    "KR": "116-82-00276", "JP": "T7000012050002", "US": "91-1144442", "IM": "GB980780684", "CA": "123026635RT0001",
}  # fmt: skip


def reverse(place: str) -> Taxation:
    return Taxation("0", "reverse_charge", place)


def taxed(rate: str, place: str) -> Taxation:
    return Taxation(rate, "standard", place)


def zero(place: str) -> Taxation:
    return Taxation("0", "zero", place)


def sold(
    seller: str, buyer: str, *, vat_id: str = "", business: bool | None = None, state: str = "", seller_state: str = "",
    category: str = "saas", rules: tuple[TaxRule, ...] = EVERYWHERE, policy: TaxPolicy = DESTINATION, on: date = TODAY,
    refused: bool = False,
) -> Taxation | None:  # fmt: skip
    detail = BillingDetail(country=buyer, is_business=bool(vat_id) if business is None else business, tax_id=vat_id, state=state)
    seller_is = Seller("Seller", country=seller, state=seller_state)
    return taxation(seller=seller_is, buyer=detail, category=category, rules=rules, policy=policy, on=on, vat_id_refused=refused)


# Seller, buyer, whether the buyer shows its country's tax id, and what is right.
TABLE = [
    # at home, a business pays like anybody
    ("DE", "DE", False, taxed("19", "DE")), ("DE", "DE", True, taxed("19", "DE")), ("GB", "GB", True, taxed("20", "GB")),
    ("CH", "CH", True, taxed("8.1", "CH")), ("NO", "NO", False, taxed("25", "NO")), ("JP", "JP", True, taxed("10", "JP")),
    # within the Union: art. 58 for consumers, art. 44 and 196 for businesses
    ("DE", "FR", False, taxed("20", "FR")), ("DE", "FR", True, reverse("FR")), ("FR", "DE", False, taxed("19", "DE")),
    ("DE", "GR", False, taxed("24", "GR")), ("DE", "GR", True, reverse("GR")), ("AT", "DE", True, reverse("DE")),
    # places that belong to another country
    ("DE", "MC", False, taxed("20", "FR")), ("DE", "MC", True, reverse("FR")), ("FR", "MC", True, taxed("20", "FR")),
    ("MC", "DE", True, reverse("DE")), ("MC", "FR", False, taxed("20", "FR")), ("GB", "IM", False, taxed("20", "GB")),
    ("DE", "IM", True, reverse("GB")), ("CH", "LI", False, taxed("8.1", "CH")), ("LI", "CH", True, taxed("8.1", "CH")),
    # from abroad, where the store is registered; the business owes the tax itself in some countries
    ("DE", "GB", False, taxed("20", "GB")), ("DE", "GB", True, reverse("GB")), ("DE", "NO", False, taxed("25", "NO")),
    ("DE", "NO", True, reverse("NO")), ("DE", "CH", False, taxed("8.1", "CH")), ("DE", "CH", True, taxed("8.1", "CH")),
    ("US", "DE", False, taxed("19", "DE")), ("US", "DE", True, reverse("DE")), ("GB", "FR", True, reverse("FR")),
    ("GB", "FR", False, taxed("20", "FR")), ("DE", "SG", False, taxed("9", "SG")), ("DE", "SG", True, reverse("SG")),
    ("DE", "KR", True, reverse("KR")), ("DE", "IN", True, reverse("IN")), ("DE", "AU", False, taxed("10", "AU")),
    ("DE", "AU", True, OUTSIDE), ("DE", "NZ", True, OUTSIDE), ("AU", "NZ", True, zero("AU")), ("DE", "JP", True, taxed("10", "JP")),
    # from abroad, where it is not
    ("DE", "BR", False, OUTSIDE), ("DE", "BR", True, OUTSIDE), ("CH", "BR", False, OUTSIDE), ("GB", "BR", False, OUTSIDE),
    ("US", "BR", False, OUTSIDE), ("JP", "BR", False, OUTSIDE), ("AU", "BR", False, zero("AU")), ("NZ", "BR", False, zero("NZ")),
    ("KR", "BR", False, zero("KR")), ("SG", "BR", False, zero("SG")), ("NO", "BR", False, zero("NO")),
    ("CA", "BR", False, zero("CA")),
    # nobody knows
    ("", "DE", False, None), ("DE", "", False, None), ("BR", "BR", False, None), ("TR", "TR", True, None),
]  # fmt: skip


@pytest.mark.parametrize(("seller", "buyer", "has_id", "right"), TABLE)
def test_how_a_sale_is_taxed(seller: str, buyer: str, has_id: bool, right: Taxation | None) -> None:
    assert sold(seller, buyer, vat_id=IDS.get(buyer, "12345678") if has_id else "") == right


def test_a_business_without_an_id_that_can_be_one_buys_as_a_consumer() -> None:
    """Implementing Regulation (EU) 282/2011, art. 18 (2)."""
    for vat_id in ("", "ATU13585620", "DE136695976", "nonsense"):
        assert sold("DE", "AT", vat_id=vat_id, business=True) == taxed("20", "AT")
    assert sold("DE", "AT", vat_id=IDS["AT"], business=False) == taxed("20", "AT"), "an id without saying so is no business's"
    assert sold("DE", "AT", vat_id=IDS["AT"], business=True) == reverse("AT")


def test_an_id_that_the_register_refused_counts_for_nothing_within_the_union() -> None:
    assert sold("DE", "AT", vat_id=IDS["AT"], refused=True) == taxed("20", "AT")
    assert sold("DE", "GB", vat_id=IDS["GB"], refused=True) == reverse("GB"), "VIES knows no British ids"
    northern_irish = IDS["GB"].replace("GB", "XI")
    assert sold("DE", "GB", vat_id=northern_irish) == reverse("GB")
    assert sold("DE", "GB", vat_id=northern_irish, refused=True) == taxed("20", "GB"), "... but those of Northern Ireland"


def test_a_northern_irish_id_is_for_goods() -> None:
    """A service for Northern Ireland is supplied in the United Kingdom, outside of the Union."""
    northern_irish = "XI" + IDS["GB"][2:]
    assert sold("IE", "GB", vat_id=northern_irish, rules=EU) == OUTSIDE
    assert sold("IE", "GB", vat_id=northern_irish) == reverse("GB")


def test_an_indian_export_is_supplied_abroad_and_says_so() -> None:
    """CGST Rules 2017, rule 46, third proviso."""
    exported = sold("IN", "BR")
    assert exported is not None
    assert (exported.rate, exported.reason, exported.country) == ("0", "zero", "BR")
    assert exported.note.startswith("Supply meant for export under bond or letter of undertaking")
    assert sold("IN", "DE", rules=(*EVERYWHERE, *EU)) == taxed("19", "DE"), "where it is registered, that is no matter"


def test_a_small_seller_charges_consumers_his_own_rate() -> None:
    """Art. 59c: below 10 000 euros a year."""
    assert sold("DE", "FR", policy=HOME) == taxed("19", "DE")
    assert sold("DE", "FR", vat_id=IDS["FR"], policy=HOME) == reverse("FR")
    assert sold("MC", "DE", policy=HOME) == taxed("20", "FR")
    assert sold("DE", "GB", policy=HOME) == taxed("20", "GB"), "the threshold is one of the Union"
    small = (TaxRule("DE", LONG_AGO, "0", reason="exempt", note="§ 19 UStG"),)
    assert sold("DE", "DE", rules=small) == sold("DE", "FR", rules=small, policy=HOME) == Taxation("0", "exempt", "DE", "§ 19 UStG")
    assert sold("DE", "FR", rules=small) is None, "where it lives is in no table"


def test_without_a_row_a_store_is_not_registered_abroad() -> None:
    for buyer in ("GB", "CH", "NO", "US", "JP", "AU"):
        assert sold("DE", buyer, rules=EU) == OUTSIDE
    assert sold("GB", "FR", rules=starting_set("GB")) == OUTSIDE
    assert sold("DE", "GB", rules=(*EU, TaxRule("GB", date(2027, 1, 1), "20"))) == OUTSIDE, "not yet"
    given_up = TaxRule("GB", date(2026, 6, 1), "0", reason="outside_scope")
    assert sold("DE", "GB", rules=(*STARTING_SET, given_up)) == OUTSIDE, "no longer"


def test_the_row_of_the_day_and_of_the_category_counts() -> None:
    assert [sold("DE", "EE", on=date(*day)) for day in ((2025, 6, 30), (2025, 7, 1))] == [taxed("22", "EE"), taxed("24", "EE")]
    ebooks = (*EVERYWHERE, TaxRule("DE", LONG_AGO, "7", category="ebook", reason="reduced"))
    assert sold("DE", "DE", category="ebook", rules=ebooks) == Taxation("7", "reduced", "DE")
    assert sold("DE", "DE", category="saas", rules=ebooks) == taxed("19", "DE")
    assert sold("DE", "DE", category="", rules=ebooks) == taxed("19", "DE")
    assert sold("DE", "DE", on=date(1980, 1, 1)) is None
    monaco = (*EVERYWHERE, TaxRule("MC", LONG_AGO, "19.6"))
    assert sold("FR", "MC", rules=monaco) == taxed("19.6", "FR")


def test_states_have_rows_of_their_own() -> None:
    assert sold("US", "US", state="NY") == taxed("8.875", "US")
    assert sold("US", "US", state="NY", category="ebook") == Taxation("0", "exempt", "US", "N.Y. Tax Law")
    assert sold("US", "US", state="TX", category="ebook") == taxed("6.25", "US")
    assert sold("US", "US", state="OR", seller_state="NY") == OUTSIDE, "registered elsewhere in the country"
    assert sold("US", "US", state="OR", seller_state="Oregon") is None, "a store must say what holds in its own state"
    assert sold("DE", "US", state="NY") == taxed("8.875", "US")
    assert sold("DE", "US", state="OR") == OUTSIDE
    assert sold("US", "US", seller_state="NY") is sold("DE", "US") is None, "nobody knows in which"
    assert sold("CA", "CA", state="ON") == taxed("13", "CA")
    assert sold("CA", "CA", state="AB") == taxed("5", "CA")


def test_a_province_outside_of_its_countrys_tax_has_a_row_of_its_own() -> None:
    """The Canary Islands (Directive 2006/112/EC art. 6), as docs/taxes.md has them."""
    canaries = (*EVERYWHERE, *parse(",".join(COLUMNS) + "\nES,GC,,2026-01-01,0,outside_scope,"))
    assert sold("DE", "ES", state="GC", rules=canaries) == sold("ES", "ES", state="GC", rules=canaries) == OUTSIDE
    assert sold("DE", "ES", state="M", rules=canaries) == sold("DE", "ES", rules=canaries) == taxed("21", "ES")
    assert sold("DE", "ES", state="GC") == taxed("21", "ES"), "without one it is Spain's"


def test_who_is_a_business() -> None:
    assert is_registered_business(BillingDetail(country="AT", is_business=True, tax_id="ATU13585627"))
    assert is_registered_business(BillingDetail(country="GB", is_business=True, tax_id="XI980780684"))
    assert not is_registered_business(BillingDetail(country="AT", is_business=True))
