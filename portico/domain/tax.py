"""Which rate applies and why. Tax is computed once per rate on the taxable base, never per unit."""

import re
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from portico.domain.errors import Refused
from portico.domain.money import round_half_up

TaxReason = Literal["standard", "reduced", "zero", "reverse_charge", "exempt", "outside_scope"]
TAX_REASONS: tuple[TaxReason, ...] = ("standard", "reduced", "zero", "reverse_charge", "exempt", "outside_scope")
# The reasons under which the seller charges no tax (Directive 2006/112/EC art. 132 ff., 146 ff., 196).
UNTAXED_REASONS: tuple[TaxReason, ...] = ("zero", "reverse_charge", "exempt", "outside_scope")


@dataclass(frozen=True, slots=True)
class Taxation:
    """How a sale is taxed. `rate` is a decimal string in percent ("19", "8.875"), `country` the place of supply (ISO 3166-1
    alpha-2; empty: not known, or outside every scope that the seller taxes in), `note` the words of the law that a store wants
    printed beside an exemption, e.g. "§ 19 UStG"."""

    rate: str
    reason: TaxReason
    country: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class TaxLine:
    """The taxable base and the tax at one rate, as a document prints them. Minor units; see `Taxation` for the rest."""

    rate: str
    reason: TaxReason
    base_minor: int
    tax_minor: int
    country: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class TaxRule:
    """A row of a store's tax table: what is charged from a day on, in a country or one of its states, for a tax category.

    An empty `state` stands for the whole country; the category "standard" for every category that has no row of its own.
    """

    country: str
    valid_from: date
    rate: str
    state: str = ""
    category: str = "standard"
    reason: TaxReason = "standard"
    note: str = ""


@dataclass(frozen=True, slots=True)
class TaxPolicy:
    """What a store decided about tax. A store without one has no table in use: each sale is taxed as it was brought in.

    `eu_consumers`: those of another EU state pay their own country's rate (Directive 2006/112/EC art. 58), or the seller's while
    he is below the threshold of art. 59c. `refund_tax`: tax that a valid VAT id makes undue is paid back, else the id counts from
    the next charge. `check_vat_ids`: EU VAT ids are looked up in VIES.
    """

    eu_consumers: Literal["destination", "home"] = "destination"
    refund_tax: bool = False
    check_vat_ids: bool = False


def tax_line(base_minor: int, taxation: Taxation) -> TaxLine:
    """The tax on a base, rounded once."""
    return TaxLine(taxation.rate, taxation.reason, base_minor, tax_on(base_minor, taxation.rate), taxation.country, taxation.note)


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
