"""Which rate applies and why. Tax is computed once per rate on the taxable base, never per unit."""

import re
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from portico.domain.errors import Refused
from portico.domain.money import round_half_up

TaxReason = Literal["standard", "reduced", "zero", "reverse_charge", "exempt", "outside_scope"]
TAX_REASONS: tuple[TaxReason, ...] = ("standard", "reduced", "zero", "reverse_charge", "exempt", "outside_scope")
# The reasons under which the seller charges no tax (Directive 2006/112/EC art. 132 ff., 146 ff., 196).
UNTAXED_REASONS: tuple[TaxReason, ...] = ("zero", "reverse_charge", "exempt", "outside_scope")

_RATE = re.compile(r"(?:0|[1-9][0-9]{0,2})(?:\.[0-9]{1,6})?")


@lru_cache(1000)
def parse_rate(rate: str) -> Fraction:
    """A rate in percent as an exact ratio: "19" -> 19/100, "8.875" -> 71/800. 0 to 100, else Refused("tax_rate_format")."""
    if not _RATE.fullmatch(rate):
        raise Refused("tax_rate_format", "not a percentage")
    ratio = Fraction(rate) / 100
    if ratio > 1:
        raise Refused("tax_rate_format", "more than 100 percent")
    return ratio


def tax_on(base_minor: int, rate: str) -> int:
    """The tax on a taxable base, in the base's minor units, rounded once."""
    return round_half_up(base_minor * parse_rate(rate))
