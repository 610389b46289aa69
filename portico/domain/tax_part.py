"""A part of what was charged, by rate: what one refund gives back of it, and what is left after some.

Everything is the difference of two shares: of all that was given back until now, and of what was before. So any sequence of parts
that comes to the whole comes to exactly its taxable base and its tax, at each rate, in whatever sizes the parts are.
"""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from portico.domain.money import allocate, round_half_up
from portico.domain.tax import TaxLine


def part(charged: Sequence[TaxLine], amount_minor: int, *, before_minor: int = 0) -> tuple[TaxLine, ...]:
    """Taxable base and tax by rate of `amount_minor`, tax included, when `before_minor` of what was `charged` is gone already.

    Each rate has its share of the amount by largest remainder, and of that share its share of the tax. Where a rate was charged
    with a minus (the credit of a change of plan) its part has one too. Rates of which nothing is in the part are left out.
    ValueError beyond what was charged.
    """
    if not 0 <= before_minor <= before_minor + amount_minor <= sum(_gross(tax) for tax in charged):
        raise ValueError("a part lies between nothing and what is left")
    until, before = _within(charged, before_minor + amount_minor), _within(charged, before_minor)
    parts = (
        replace(tax, base_minor=now.base_minor - then.base_minor, tax_minor=now.tax_minor - then.tax_minor)
        for tax, now, then in zip(charged, until, before, strict=True)
    )
    return tuple(tax for tax in parts if tax.base_minor or tax.tax_minor)


def _within(charged: Sequence[TaxLine], amount_minor: int) -> list[TaxLine]:
    """The first `amount_minor` of all that was charged."""
    weights = [_gross(tax) for tax in charged]
    shares = allocate(amount_minor, weights, signed=True) if sum(weights) else [0] * len(weights)
    return [_of_rate(tax, share) for tax, share in zip(charged, shares, strict=True)]


def _of_rate(tax: TaxLine, share_minor: int) -> TaxLine:
    gross_minor = _gross(tax)
    tax_minor = round_half_up(Fraction(tax.tax_minor * share_minor, gross_minor)) if gross_minor else 0
    return replace(tax, base_minor=share_minor - tax_minor, tax_minor=tax_minor)


def _gross(tax: TaxLine) -> int:
    return tax.base_minor + tax.tax_minor
