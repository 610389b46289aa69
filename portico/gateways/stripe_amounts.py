"""Amounts as Stripe counts them, which is not always how ISO 4217 does.

Source: Stripe's documentation, "Supported currencies", zero-decimal and three-decimal currencies and special cases. The forint
and the Taiwan dollar have special rules for payouts alone; as charges they have two decimals, as in ISO 4217.
"""

from portico.domain import money
from portico.domain.errors import PorticoError, Refused

_WITHOUT_DECIMALS = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF")
)  # fmt: skip
_THREE_DECIMALS = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))
# By ISO 4217 and in life they have no decimals; Stripe kept the two they once had, and they must be 00.
_SHOWN_WITH_TWO = frozenset(("ISK", "UGX"))


class NotChargeable(PorticoError):
    """Stripe cannot move this amount: it does not have the currency, or not this small a part of it."""

    code = "not_chargeable"


def to_stripe(amount_minor: int, currency: str) -> int:
    """Our minor units as Stripe's: 500 ISK -> 50000, 500 MGA (5 ariary) -> 5, 2900 EUR -> 2900. Raises NotChargeable."""
    if amount_minor <= 0:
        raise NotChargeable(f"{amount_minor} {currency}")
    ours, theirs = _decimals(currency)
    amount, rest = divmod(amount_minor * 10**theirs, 10**ours)
    if rest or (currency in _THREE_DECIMALS and amount % 10):  # card networks settle these to two decimals
        raise NotChargeable(f"{currency} {money.format_amount(amount_minor, currency)} is finer than Stripe takes")
    return amount


def from_stripe(amount: int, currency: str) -> tuple[int, str]:
    """Stripe's amount and its currency in small letters as ours. Raises NotChargeable when we could not have asked for it."""
    code = currency.upper()
    ours, theirs = _decimals(code)
    amount_minor, rest = divmod(amount * 10**ours, 10**theirs)
    if rest:
        raise NotChargeable(f"{amount} {currency} is finer than {code} is")
    return amount_minor, code


def _decimals(currency: str) -> tuple[int, int]:
    """By ISO 4217, and at Stripe."""
    try:
        ours = money.exponent(currency)
    except Refused:
        raise NotChargeable(f"no such currency: {currency!r}") from None
    if currency in _WITHOUT_DECIMALS:
        return ours, 0
    if currency in _THREE_DECIMALS:
        return ours, 3
    if ours == 2 or currency in _SHOWN_WITH_TWO:
        return ours, 2
    raise NotChargeable(f"Stripe does not have {currency}")
