from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.domain.errors import Refused
from portico.domain.tax import parse_rate, tax_on

EXACT = Context(prec=60)
rates = st.decimals(0, 100, places=6, allow_nan=False, allow_infinity=False).map(lambda rate: f"{rate:f}".lstrip("-"))


@given(st.integers(-(2**63), 2**63), rates)
def test_tax_is_what_decimal_computes(base: int, rate: str) -> None:
    exact = EXACT.divide(EXACT.multiply(Decimal(base), Decimal(rate)), Decimal(100))
    assert tax_on(base, rate) == int(exact.to_integral_value(ROUND_HALF_UP))


@pytest.mark.parametrize(
    ("rate", "thousandths"),
    [
        ("0", 0),
        ("2.1", 2100),
        ("5", 5000),
        ("7", 7000),
        ("8.875", 8875),
        ("19", 19000),
        ("25.5", 25500),
        ("100", 100000),
    ],
)
def test_small_amounts_by_integer_arithmetic(rate: str, thousandths: int) -> None:
    for base in range(3000):
        assert tax_on(base, rate) == (2 * base * thousandths + 100_000) // 200_000
        assert tax_on(-base, rate) == -tax_on(base, rate)


def test_a_rate_is_an_exact_ratio() -> None:
    assert parse_rate("19") == Fraction(19, 100)
    assert parse_rate("8.875") == Fraction(71, 800)
    assert parse_rate("0.000001") == Fraction(1, 10**8)
    assert parse_rate("0") == 0
    assert parse_rate("100.0") == 1


@pytest.mark.parametrize(
    "rate",
    [
        "",
        "-1",
        "+1",
        "019",
        "19%",
        "19,5",
        "1e1",
        "100.1",
        "999",
        "1.",
        ".5",
        "1.1234567",
        " 1",
        "NaN",
        "\u0661\u0669",
        "1/2",
    ],
)
def test_what_is_no_rate_is_refused(rate: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_rate(rate)
    assert refused.value.code == "tax_rate_format"
