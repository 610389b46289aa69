import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.domain.card_number import holds_card_number

# Published test numbers of the networks.
CARDS = [
    "4242424242424242", "4000056655665556", "4222222222222", "5555555555554444", "2223003122003222", "5105105105105100",
    "378282246310005", "371449635398431", "6011111111111117", "6011000990139424", "3056930009020004", "36227206271667",
    "30569309025904", "38520000023237", "3566002020360505", "6200000000000005", "6205500000000000004", "6759649826438453",
    "6304000000000000", "5019717010103742", "2200000000000004", "9792030000000000",
]  # fmt: skip


@pytest.mark.parametrize("number", CARDS)
def test_a_card_number_is_found_however_it_is_written(number: str) -> None:
    fours = [number[i : i + 4] for i in range(0, len(number), 4)]
    for text in (
        number,
        " ".join(fours),
        "-".join(fours),
        ".".join(fours),
        " - ".join(fours),
        f"my card {number}, 12/27, 123",
        f"Please charge {' '.join(fours)} 12/27 123 instead",
        f"order 12345 {' '.join(fours)}",
        f"№{number}x",
        number.translate({ord("0") + n: 0x0660 + n for n in range(10)}),  # Arabic-Indic digits
        number.translate({ord("0") + n: 0xFF10 + n for n in range(10)}),  # full width
        "\u2013".join(fours),
        "\u00a0".join(fours),
    ):
        assert holds_card_number(text), text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "too expensive, 29.00 a month",
        "4242424242424241",  # wrong check digit
        "1234567890123452",  # right check digit, no network's
        "0000000000000000",
        "+49 30 901820 12345",
        "INV-2026-000042 and INV-2026-000043",
        "2026-03-01 12:34:56.789012",
        "42424242424242424242",  # 20 digits
        "4242 4242, 4242 4242",  # not written as one number
        "73282932000074",  # a French SIRET with a right check digit
        "GB82 WEST 1234 5698 7654 32",
        "DE89370400440532013000",
        "ORD_4Kc8vVn2pQ0w7XyZ1aBcDe",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert not holds_card_number(text)


@given(st.sampled_from(CARDS), st.integers(0, 18), st.integers(1, 9))
def test_one_wrong_digit_is_no_card_number(number: str, place: int, by: int) -> None:
    """ISO/IEC 7812-1 annex B finds every single wrong digit."""
    place %= len(number)
    wrong = number[:place] + str((int(number[place]) + by) % 10) + number[place + 1 :]
    assert not holds_card_number(wrong)


@given(st.text(alphabet="0123456789 -/.x", max_size=2000))
def test_a_long_text_is_read_in_no_time(text: str) -> None:
    assert holds_card_number(text) in (True, False)
    assert holds_card_number(f"{text}x4242424242424242")
