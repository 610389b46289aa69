"""Money: whole minor units with an ISO 4217 currency, and the one rounding. Nothing here, or near here, is a float."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from iso4217 import Currency

from portico.domain.errors import Refused

# Metals, funds without minor units (XAU, XDR, ...) have exponent None and cannot be charged.
_EXPONENTS: dict[str, int] = {c.code: c.exponent for c in Currency if c.exponent is not None}
_AMOUNT = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?")
LARGEST_MINOR = 2**63 - 1  # what a BIGINT column holds


def exponent(currency: str) -> int:
    """How many decimals the currency has by ISO 4217: EUR 2, JPY 0, KWD 3. Raises Refused("currency_unknown")."""
    try:
        return _EXPONENTS[currency]
    except KeyError:
        raise Refused("currency_unknown", f"not an ISO 4217 currency: {currency!r}") from None


def currencies() -> tuple[str, ...]:
    """Every currency that money can be in, sorted."""
    return tuple(sorted(_EXPONENTS))


def parse_amount(text: str, currency: str) -> int:
    """A decimal string of the wire as minor units: ("29.00", "EUR") -> 2900, ("4500", "JPY") -> 4500.

    Plain ASCII decimals only, with at most the currency's decimals: no spaces, plus sign, exponent, grouping or leading
    zeros. Raises Refused("amount_format"), Refused("amount_range") beyond 64 bits, Refused("currency_unknown").
    """
    decimals = exponent(currency)
    match = _AMOUNT.fullmatch(text) if len(text) <= 40 else None
    if match is None:
        raise Refused("amount_format", "not a decimal amount")
    sign, whole, part = match[1], match[2], match[3] or ""
    if len(part) > decimals:
        raise Refused("amount_format", f"{currency} has {decimals} decimals")
    minor = int(whole + part.ljust(decimals, "0"))
    if minor > LARGEST_MINOR:
        raise Refused("amount_range", "amount beyond 64 bits")
    return -minor if sign else minor


def format_amount(minor: int, currency: str) -> str:
    """Minor units as a decimal string of the wire, with all the currency's decimals: (2900, "EUR") -> "29.00"."""
    decimals = exponent(currency)
    digits = str(abs(minor)).rjust(decimals + 1, "0")
    sign = "-" if minor < 0 else ""
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else f"{sign}{digits}"


def round_half_up(value: Fraction) -> int:
    """The one rounding: to the nearest whole, halves away from zero (2.5 -> 3, -2.5 -> -3)."""
    whole, rest = divmod(abs(value.numerator), value.denominator)
    whole += 2 * rest >= value.denominator
    return whole if value >= 0 else -whole


def allocate(total_minor: int, weights: Sequence[int], *, signed: bool = False) -> list[int]:
    """Splits an amount by weight so that the parts sum to it exactly: largest remainder, ties to the earlier part.

    Each part is less than one minor unit away from its exact share. Weights are whole, and more than nothing together; negative ones
    only where they are `signed`, and their parts have the other sign then. Else ValueError.
    """
    whole = sum(weights)
    if whole <= 0 or (min(weights) < 0 and not signed):
        raise ValueError("weights must not be negative, and one must be positive")
    shares = [divmod(abs(total_minor) * weight, whole) for weight in weights]
    parts = [share for share, _ in shares]
    by_remainder = sorted(range(len(shares)), key=lambda i: -shares[i][1])  # a stable sort keeps ties in order
    for i in by_remainder[: abs(total_minor) - sum(parts)]:
        parts[i] += 1
    return parts if total_minor >= 0 else [-part for part in parts]


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency. Two currencies never add: Refused("currency_mismatch")."""

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        exponent(self.currency)

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount_minor + self._minor_of(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount_minor - self._minor_of(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount_minor, self.currency)

    def times(self, ratio: Fraction | int) -> "Money":
        """This amount times an exact ratio, rounded once."""
        return Money(round_half_up(Fraction(ratio) * self.amount_minor), self.currency)

    def _minor_of(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise Refused("currency_mismatch", f"{self.currency} and {other.currency} do not add")
        return other.amount_minor
