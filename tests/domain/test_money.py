from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.domain.errors import Refused
from portico.domain.money import LARGEST_MINOR, Money, allocate, currencies, exponent, format_amount, parse_amount, round_half_up

EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
minors = st.integers(min_value=-LARGEST_MINOR, max_value=LARGEST_MINOR)


@pytest.mark.parametrize(
    ("currency", "decimals"), [("EUR", 2), ("USD", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3), ("BHD", 3), ("CLF", 4), ("IDR", 2), ("MGA", 2)]
)
def test_exponents_are_those_of_iso_4217(currency: str, decimals: int) -> None:
    assert exponent(currency) == decimals


@pytest.mark.parametrize("code", ["", "eur", "XXX", "XAU", "ABC", "EURO", "€"])
def test_what_is_no_currency_is_refused(code: str) -> None:
    with pytest.raises(Refused) as refused:
        exponent(code)
    assert refused.value.code == "currency_unknown"


def test_every_currency_round_trips() -> None:
    assert len(currencies()) > 150
    for currency in currencies():
        for minor in (0, 1, 9, 10, 99, 100, 12_345, 10**12 + 7, LARGEST_MINOR):
            for amount in (minor, -minor):
                assert parse_amount(format_amount(amount, currency), currency) == amount


@given(minors, st.sampled_from(currencies()))
def test_the_wire_says_what_decimal_says(minor: int, currency: str) -> None:
    text = format_amount(minor, currency)
    assert Decimal(text) == Decimal(minor).scaleb(-exponent(currency), EXACT)
    assert len(text.partition(".")[2]) == exponent(currency)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("29.00", "EUR", 2900),
        ("29", "EUR", 2900),
        ("29.5", "EUR", 2950),
        ("4500", "JPY", 4500),
        ("1.234", "KWD", 1234),
        ("-0.01", "USD", -1),
        ("0", "USD", 0),
    ],
)
def test_amounts_are_read(text: str, currency: str, minor: int) -> None:
    assert parse_amount(text, currency) == minor


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "+1",
        "01",
        "1.",
        ".5",
        "1.234",
        "1,00",
        "1e3",
        "NaN",
        "Infinity",
        "0x1",
        "--1",
        "1_000",
        "\u0661",
        "1\n",
        "\uff11",
        "9" * 41,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_amount(text, "EUR")
    assert refused.value.code == "amount_format"


def test_yen_have_no_decimals_and_amounts_fit_the_column() -> None:
    with pytest.raises(Refused, match="decimals"):
        parse_amount("4500.0", "JPY")
    with pytest.raises(Refused) as refused:
        parse_amount(str(LARGEST_MINOR + 1), "JPY")
    assert refused.value.code == "amount_range"


def test_halves_go_away_from_zero() -> None:
    halves = {
        Fraction(1, 2): 1,
        Fraction(3, 2): 2,
        Fraction(5, 2): 3,
        Fraction(-1, 2): -1,
        Fraction(-5, 2): -3,
        Fraction(49, 100): 0,
        Fraction(-51, 100): -1,
    }
    assert {value: round_half_up(value) for value in halves} == halves


@given(st.integers(-(10**24), 10**24), st.integers(1, 10**6))
def test_rounding_is_decimals(numerator: int, denominator: int) -> None:
    expected = EXACT.divide(Decimal(numerator), Decimal(denominator)).to_integral_value(ROUND_HALF_UP)
    assert round_half_up(Fraction(numerator, denominator)) == int(expected)


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**30))
def test_rounding_is_to_the_nearest(numerator: int, denominator: int) -> None:
    rounded = round_half_up(Fraction(numerator, denominator))
    distance = 2 * abs(rounded * denominator - numerator)  # in halves of 1 / denominator
    assert distance < denominator or (distance == denominator and abs(rounded) * denominator > abs(numerator))


weights_of_any_size = st.lists(st.integers(0, 10**9), min_size=1, max_size=12).filter(any)


@given(minors, weights_of_any_size)
def test_parts_sum_to_the_whole_and_are_fair(total: int, weights: list[int]) -> None:
    parts, whole = allocate(total, weights), sum(weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * whole - total * weight) < whole  # less than one minor unit from the exact share
        assert weight or part == 0
    assert allocate(-total, weights) == [-part for part in parts]


@given(st.integers(0, 10**6), weights_of_any_size)
def test_the_largest_remainders_are_rounded_up(total: int, weights: list[int]) -> None:
    whole = sum(weights)
    over = [part * whole > total * weight for part, weight in zip(allocate(total, weights), weights, strict=True)]
    remainders = [total * weight % whole for weight in weights]
    lucky = [remainder for remainder, is_over in zip(remainders, over, strict=True) if is_over]
    unlucky = [remainder for remainder, is_over in zip(remainders, over, strict=True) if not is_over]
    assert not lucky or not unlucky or min(lucky) >= max(unlucky)


@given(minors, st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=12).filter(lambda weights: sum(weights) > 0))
def test_parts_of_what_has_credits_in_it_sum_to_the_whole_too(total: int, weights: list[int]) -> None:
    parts, whole = allocate(total, weights, signed=True), sum(weights)
    assert sum(parts) == total
    assert all(abs(part * whole - total * weight) < whole for part, weight in zip(parts, weights, strict=True))


def test_ties_go_to_the_earlier_part() -> None:
    assert allocate(100, [1, 1, 1]) == [34, 33, 33]
    assert allocate(-5, [1, 1]) == [-3, -2]
    assert allocate(0, [3, 4]) == [0, 0]


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [2, -1]])
def test_weights_must_weigh(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        allocate(1, weights)


def test_money_adds_within_a_currency_only() -> None:
    assert Money(2900, "EUR") + Money(551, "EUR") - Money(1, "EUR") == Money(3450, "EUR")
    assert -Money(5, "JPY") == Money(-5, "JPY")
    assert Money(1001, "EUR").times(Fraction(1, 2)) == Money(501, "EUR")
    for mix in (Money.__add__, Money.__sub__):
        with pytest.raises(Refused) as refused:
            mix(Money(1, "EUR"), Money(1, "USD"))
        assert refused.value.code == "currency_mismatch"
    with pytest.raises(Refused):
        Money(1, "???")
