"""Which documents EN 16931 has terms for, and how their taxes are named in it. BR are the standard's business rules."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import product
from math import prod

from portico.documents.en16931 import Category
from portico.documents.xml import fit
from portico.domain.billing_detail import countries
from portico.domain.invoice import DocumentContent
from portico.domain.money import exponent, round_half_up
from portico.domain.tax import TaxLine, TaxReason, parse_rate

# Every reason there can be for having no e-invoice: the catalogues must have words for each.
WHY_NOT_CODES: tuple[str, ...] = (
    "receipt", "buyer_country", "seller_country", "seller_tax_id", "buyer_tax_id", "mixed_scope", "sales_tax", "tax_reason",
    "tax_rounding", "currency", "decimals",
)  # fmt: skip
OUTSIDE_SCOPE, REVERSE_CHARGE, EXEMPT, ZERO, CHARGED = "O", "AE", "E", "Z", "S"  # UNTDID 5305
_CATEGORIES: dict[TaxReason, str] = {
    "standard": CHARGED, "reduced": CHARGED, "zero": ZERO, "exempt": EXEMPT, "reverse_charge": REVERSE_CHARGE,
    "outside_scope": OUTSIDE_SCOPE,
}  # fmt: skip
DECIMALS = 2  # of every amount but a price (BR-DEC)
# Where a tax on sales is none on value added, which is the only kind that the standard knows.
_SALES_TAX = frozenset({"US", "PR", "MY"})
# What the standard's lists of codes lack: Kosovo is 1A there (ISO 3166-1 has none); two currencies (ISO 4217).
_NO_COUNTRY, _NO_CURRENCY = frozenset({"XK"}), frozenset({"STN", "XAD"})
_MOST_WAYS = 1000  # in which lines could be given to reasons; a change of plan has four


def obstacles(content: DocumentContent) -> Iterator[str]:
    """What stands against an e-invoice. First that it is no such invoice at all, as nobody should add in vain what else is not there;
    then what somebody can do something about."""
    if content.kind == "receipt":
        yield "receipt"
    if any(tax.tax_minor and (tax.country or content.seller.country) in _SALES_TAX for tax in content.taxes):
        yield "sales_tax"
    if content.billing_detail.country not in _known_countries():
        yield "buyer_country"
    if content.seller.country not in _known_countries():
        yield "seller_country"
    codes = {_CATEGORIES[tax.reason] for tax in content.taxes}
    if not fit(content.seller.tax_id) and not (codes == {OUTSIDE_SCOPE} and fit(content.seller.registration)):  # BR-S-02, BR-CO-26
        yield "seller_tax_id"
    if REVERSE_CHARGE in codes and not fit(content.billing_detail.tax_id):  # BR-AE-02
        yield "buyer_tax_id"
    if OUTSIDE_SCOPE in codes and len(codes) > 1:  # BR-O-11
        yield "mixed_scope"
    if any((category(tax).code == CHARGED) != (parse_rate(tax.rate) > 0) for tax in content.taxes) or not taxes_of_lines(content):
        yield "tax_reason"  # BR-S-05, BR-Z-05 ...
    if not all(_explain(taxes, of, content.currency) for of, taxes in by_category(content).items()):
        yield "tax_rounding"
    amounts = [*((amount, content.currency) for amount in _amounts(content))]
    if content.local_tax:
        amounts.append((content.local_tax.tax_minor, content.local_tax.currency))
    if any(currency in _NO_CURRENCY for _, currency in amounts):
        yield "currency"
    if any(minor % 10 ** max(0, exponent(currency) - DECIMALS) for minor, currency in amounts):  # 1.250 dinars fit, 1.255 don't
        yield "decimals"


def category(tax: TaxLine) -> Category:
    """What is outside the scope of tax has no rate, not even one of 0 (BR-O-05)."""
    code = _CATEGORIES[tax.reason]
    return Category(code, "" if code == OUTSIDE_SCOPE else f"{Decimal(tax.rate).normalize():f}")


def by_category(content: DocumentContent) -> dict[Category, list[TaxLine]]:
    """The taxes, together where the standard has one group for them (BR-AE-01 ...): it tells neither places of supply apart, nor
    standard rates from reduced ones."""
    groups: dict[Category, list[TaxLine]] = {}
    for tax in content.taxes:
        groups.setdefault(category(tax), []).append(tax)
    return groups


def taxes_of_lines(content: DocumentContent) -> tuple[TaxLine, ...]:
    """How each line is taxed; nothing where that cannot be told.

    A line knows its rate only. Where one rate, 0 that is, stands there for two reasons, the lines are given to them so that each
    reason has the taxable base that the document says it has.
    """
    choices = [_told_apart([tax for tax in content.taxes if tax.rate == line.tax_rate]) for line in content.lines]
    if prod(map(len, choices)) > _MOST_WAYS:
        return ()
    bases = {(category(tax), tax.rate): 0 for tax in content.taxes}
    for tax in content.taxes:
        bases[category(tax), tax.rate] += tax.base_minor
    for taken in product(*choices):
        left = dict(bases)
        for tax, line in zip(taken, content.lines, strict=True):
            left[category(tax), tax.rate] -= line.net_minor
        if not any(left.values()):
            return taken
    return ()


def _told_apart(taxes: list[TaxLine]) -> list[TaxLine]:
    """One for each category."""
    return list({category(tax): tax for tax in taxes}.values())


def _explain(taxes: list[TaxLine], of: Category, currency: str) -> bool:
    """Whether base x rate is less than one unit of the currency away from the tax, both without their signs. The standard leaves
    no room at all, its validators as much (BR-CO-17, BR-S-09); a rate that they round to nothing must come to nothing."""
    unit, rate = 10 ** exponent(currency), parse_rate(of.rate or "0")
    units = Fraction(abs(sum(tax.tax_minor for tax in taxes)), unit)
    if rate < Fraction(1, 200):
        return units < Fraction(1, 2)
    base_minor = abs(sum(tax.base_minor for tax in taxes))
    return abs(units - Fraction(round_half_up(base_minor * rate * 100 / unit), 100)) < 1


def _amounts(content: DocumentContent) -> Iterator[int]:
    yield from (content.net_minor, content.tax_minor, content.total_minor, content.paid_minor)
    yield from (line.net_minor for line in content.lines)
    for tax in content.taxes:
        yield from (tax.base_minor, tax.tax_minor)


@cache
def _known_countries() -> frozenset[str]:
    return frozenset(countries()) - _NO_COUNTRY
