"""Stripe's amounts against its documentation, for every currency there is."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.domain import money
from portico.gateways.stripe_amounts import NotChargeable, from_stripe, to_stripe

# As Stripe's documentation lists them, apart from the special cases ISK and UGX.
ZERO = {"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"}
THREE = {"BHD", "JOD", "KWD", "OMR", "TND"}
NOT_AT_STRIPE = {"CLF", "IQD", "LYD", "UYI", "UYW"}


@pytest.mark.parametrize(
    ("minor", "currency", "stripes"),
    [
        (2900, "EUR", 2900),
        (4500, "JPY", 4500),
        (5, "ISK", 500),
        (5, "UGX", 500),
        (1045, "HUF", 1045),
        (80_045, "TWD", 80_045),
        (500, "MGA", 5),
        (5120, "KWD", 5120),
        (1_000_000, "IDR", 1_000_000),
    ],
)
def test_amounts_as_the_documentation_has_them(minor: int, currency: str, stripes: int) -> None:
    assert to_stripe(minor, currency) == stripes
    assert from_stripe(stripes, currency.lower()) == (minor, currency)


@given(st.sampled_from(money.currencies()), st.integers(1, 10**9))
def test_an_amount_is_the_same_money_on_both_sides_or_none(currency: str, minor: int) -> None:
    try:
        amount = to_stripe(minor, currency)
    except NotChargeable:
        too_fine = (currency in THREE and minor % 10) or (currency == "MGA" and minor % 100)
        assert too_fine or currency in NOT_AT_STRIPE
        return
    decimals = 0 if currency in ZERO else 3 if currency in THREE else 2
    assert Decimal(amount).scaleb(-decimals) == Decimal(minor).scaleb(-money.exponent(currency))
    assert from_stripe(amount, currency.lower()) == (minor, currency)


def test_the_currencies_that_are_refused_are_known() -> None:
    refused = set()
    for currency in money.currencies():
        try:
            to_stripe(100_000, currency)
        except NotChargeable:
            refused.add(currency)
    assert refused == NOT_AT_STRIPE


@pytest.mark.parametrize(("minor", "currency"), [(0, "EUR"), (-100, "EUR"), (12_345, "KWD"), (150, "MGA"), (100, "XXX"), (100, "eur")])
def test_what_cannot_be_charged(minor: int, currency: str) -> None:
    with pytest.raises(NotChargeable):
        to_stripe(minor, currency)


@pytest.mark.parametrize(("amount", "currency"), [(550, "isk"), (101, "ugx"), (100, "iqd"), (100, "zzz")])
def test_what_we_cannot_have_asked_for(amount: int, currency: str) -> None:
    with pytest.raises(NotChargeable):
        from_stripe(amount, currency)
