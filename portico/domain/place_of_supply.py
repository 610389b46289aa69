"""Where a service that is supplied electronically counts as supplied, and who owes the tax on it.

A business is taxed where it is, and owes the tax itself abroad; a consumer is taxed where he lives. A store charges tax where it is
established and where its table has a rate: having one says that it is registered there. What is not decided here (goods, places
within a country that are outside its tax, thresholds) is listed in docs/taxes.md.

Sources: for the European Union Directive 2006/112/EC, articles 44 (a business is where it is established), 58 (so is a consumer of
electronic services), 59c (below the threshold the seller's place counts), 196 (the business owes the tax); Implementing Regulation
(EU) 282/2011, article 18 (a business is who gives a VAT id). For Great Britain and Northern Ireland the Value Added Tax Act 1994,
s. 7A, 8 and Sch. 4A para. 15; for Switzerland MWSTG art. 8 and 45; for Norway merverdiavgiftsloven § 3-30, 6-22 and 11-3.
"""

from collections.abc import Sequence
from datetime import date

from portico.domain import address_rules, tax_id
from portico.domain.billing_detail import BillingDetail
from portico.domain.errors import Refused
from portico.domain.invoice import Seller
from portico.domain.tax import Taxation, TaxPolicy, TaxRule

UNION = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT", "NL",
    "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip
# Places that belong to another country for VAT: Monaco and the Isle of Man (Directive 2006/112/EC art. 7), Liechtenstein (treaty with
# Switzerland of 28 October 1994). Northern Ireland is within the Union for goods alone (Windsor Framework, art. 8), so that a service
# is supplied in the United Kingdom whatever the VAT id begins with. EL and UK are how VAT ids and people write GR and GB.
_BELONGS_TO = {"MC": "FR", "IM": "GB", "LI": "CH", "XI": "GB", "EL": "GR", "UK": "GB"}
# Who buys as a registered business owes the tax itself, when the seller is from abroad: in the Union (art. 196), VATA 1994 s. 8,
# mval. § 11-3, Singapore GST Act s. 14, Korea VAT Act art. 52, India IGST Act s. 5 (3). Switzerland is not among them: a seller who
# is registered there charges everybody (MWSTG art. 45 (1) a); nor is Japan, where the kind of service decides and not the buyer.
_BUSINESS_OWES = UNION | {"GB", "NO", "SG", "KR", "IN"}
# ... and where such a supply is none that is made in the country: Australia, GST Act 1999 s. 9-25 (7); New Zealand, GST Act 1985 s. 8 (4).
_NOT_SUPPLIED_TO_A_BUSINESS = frozenset({"AU", "NZ"})
# A service for somebody abroad is taxed at zero, and not outside of the tax: AU GST Act s. 38-190, NZ GST Act s. 11A, IN IGST Act s. 16,
# KR VAT Act art. 22 to 24, SG GST Act s. 21 (3), NO mval. § 6-22, CA Excise Tax Act Sch. VI Part V.
_ZERO_FOR_ABROAD = frozenset({"AU", "NZ", "IN", "KR", "SG", "NO", "CA"})
# The words an Indian invoice carries then, and the place is the buyer's: what is supplied in India is no export (CGST Rules 2017, rule
# 46, third proviso; IGST Act s. 2 (6) and 13 (2)).
_INDIAN_EXPORT = "Supply meant for export under bond or letter of undertaking without payment of integrated tax"
_OUTSIDE = Taxation("0", "outside_scope")


def taxation(
    *,
    seller: Seller,
    buyer: BillingDetail,
    category: str,
    rules: Sequence[TaxRule],
    policy: TaxPolicy,
    on: date,
    vat_id_refused: bool = False,
) -> Taxation | None:
    """How a sale to `buyer` on a day is taxed; `rules` are the store's table, in any order.

    `vat_id_refused`: the EU's register says that the buyer's VAT id is not valid, so that he buys as a consumer does. Of an id that it
    cannot know that says nothing.
    None where nothing can be said: a country, or a state where it counts, is not known, or the table has no row where the store must
    charge tax.
    """
    home, there = territory(seller.country), territory(buyer.country)
    if not home or not there:
        return None
    if home == there:
        return _at_home(seller, buyer, category, rules, on)
    is_refused = vat_id_refused and tax_id.is_in_vies(buyer.country, buyer.tax_id)
    is_business = is_registered_business(buyer) and not is_refused
    if home in UNION and there in UNION:
        if is_business:
            return Taxation("0", "reverse_charge", there)
        place = (buyer.country, buyer.state) if policy.eu_consumers == "destination" else (home, _state_of(home, seller.state))
        return _by_table(rules, *place, category, on)
    charged = _by_table(rules, buyer.country, buyer.state, category, on)
    if charged is None and not buyer.state and _is_by_state(rules, buyer.country, on):
        return None
    return _from_abroad(there, charged, is_business=is_business) or _exported(home, there)


def territory(country: str) -> str:
    """The country to which a place belongs for VAT: ("MC") -> "FR"; any other country itself."""
    return _BELONGS_TO.get(country, country)


def is_registered_business(buyer: BillingDetail) -> bool:
    """Whether the buyer says that he buys as a business, and shows a tax id of his country that can be one. Without an id a seller
    may take him for a consumer, whatever else he says (Implementing Regulation (EU) 282/2011, art. 18 (2))."""
    if not buyer.is_business or not buyer.tax_id:
        return False
    try:
        tax_id.check(buyer.country, buyer.tax_id)
    except Refused:
        return False
    return True


def rule_for(rules: Sequence[TaxRule], country: str, state: str, category: str, on: date) -> TaxRule | None:
    """The row of a table that holds on a day. The place counts before the category: a state's own row before the country's, and in
    each the category's own before "standard"; a part of a territory (Monaco) without rows has those of the country it belongs to."""
    for place in dict.fromkeys((country, territory(country))):
        for area in dict.fromkeys((state, "")):
            for sold_as in dict.fromkeys((category, "standard")):
                key = (place, area, sold_as)
                in_force = [rule for rule in rules if (rule.country, rule.state, rule.category) == key and rule.valid_from <= on]
                if in_force:
                    return max(in_force, key=lambda rule: rule.valid_from)
    return None


def _at_home(seller: Seller, buyer: BillingDetail, category: str, rules: Sequence[TaxRule], on: date) -> Taxation | None:
    """By the table. Where it has rows for states alone (sales tax of the United States), a store is registered in these and no other;
    but it must say what holds in its own."""
    charged = _by_table(rules, buyer.country, buyer.state, category, on)
    is_elsewhere = buyer.state not in ("", _state_of(seller.country, seller.state))
    return _OUTSIDE if charged is None and is_elsewhere and _is_by_state(rules, buyer.country, on) else charged


def _is_by_state(rules: Sequence[TaxRule], country: str, on: date) -> bool:
    """Whether a table has rows for states of a country, and none for the whole of it."""
    in_force = [rule for rule in rules if rule.country == country and rule.valid_from <= on]
    return bool(in_force) and all(rule.state for rule in in_force)


def _from_abroad(there: str, charged: Taxation | None, *, is_business: bool) -> Taxation | None:
    """In a country where the store is registered, by its table's row; None where the country taxes nothing of it."""
    if charged is None or charged.reason == "outside_scope" or (is_business and there in _NOT_SUPPLIED_TO_A_BUSINESS):
        return None
    return Taxation("0", "reverse_charge", there) if is_business and there in _BUSINESS_OWES else charged


def _exported(home: str, there: str) -> Taxation:
    if home == "IN":
        return Taxation("0", "zero", there, _INDIAN_EXPORT)
    return Taxation("0", "zero", home) if home in _ZERO_FOR_ABROAD else _OUTSIDE


def _by_table(rules: Sequence[TaxRule], country: str, state: str, category: str, on: date) -> Taxation | None:
    rule = rule_for(rules, country, state, category, on)
    if rule is None:
        return None
    return Taxation(rule.rate, rule.reason, "" if rule.reason == "outside_scope" else territory(country), rule.note)


def _state_of(country: str, written: str) -> str:
    """A state as billing details have it, by its code, of a seller who may have written its name."""
    area = address_rules.rules(country).area(written) if written and country in address_rules.country_codes() else None
    return area.code if area else written
