import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.domain import sign_in
from portico.domain.sign_in import format_code, normalise_code

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@given(st.binary(min_size=5, max_size=5))
def test_a_code_holds_all_forty_bits(random: bytes) -> None:
    code = format_code(random)
    bits = "".join(f"{CROCKFORD.index(c):05b}" for c in code.replace("-", ""))
    assert int(bits, 2) == int.from_bytes(random, "big")
    assert code[4] == "-"
    assert len(code) == 9


@given(st.binary(min_size=5, max_size=5))
def test_a_code_is_understood_however_it_is_typed(random: bytes) -> None:
    code = format_code(random)
    plain = code.replace("-", "")
    wide = "".join(chr(ord(c) + 0xFEE0) for c in plain)
    easterly = plain.translate({ord(str(d)): 0x660 + d for d in range(10)})
    lookalikes = plain.translate({ord("0"): "O", ord("1"): "l"})
    ways = [
        code,
        code.lower(),
        plain,
        " ".join(plain),
        f"\u00a0{code[:4]}\u2013{code[5:]} \t",
        code.replace("-", "\u2212"),
        wide,
        easterly,
        lookalikes,
        plain.translate({ord("0"): "o", ord("1"): "I"}),
        "-".join(plain),
        code.replace("-", " - "),
    ]
    assert {normalise_code(way) for way in ways} == {plain}


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ABCD",
        "ABCD-123",
        "ABCD-12345",
        "ABCD-123U",
        "ABCD_1234",
        "ABCD+1234",
        "ABCD1234\u200bX",
        "\u041dBCD-1234",
        "ABCD-123\u00c5",
        "0" * 65,
        "ABCD\u20d01234",
        "\x00" * 8,
    ],
)
def test_what_cannot_be_a_code_is_none(typed: str) -> None:
    assert normalise_code(typed) is None


@given(st.text(max_size=80))
def test_any_text_is_a_code_or_none(typed: str) -> None:
    code = normalise_code(typed)
    assert code is None or (len(code) == 8 and set(code) <= set(CROCKFORD))


@pytest.mark.parametrize("size", [0, 4, 6])
def test_a_code_takes_exactly_five_bytes(size: int) -> None:
    with pytest.raises(ValueError, match="five bytes"):
        format_code(b"\0" * size)


def test_a_guesser_stays_below_one_in_a_hundred_million_a_year() -> None:
    """NIST SP 800-63B asks for throttling below 64 bits; ours is per buyer, whatever the address it comes from."""
    a_year_of_guesses = sign_in.FAILED_CODES_PER_DAY * 366
    assert a_year_of_guesses * 10**8 < 32**8
    assert sign_in.LINK_SECONDS <= 600
    assert sign_in.WARN_SECONDS + 120 == sign_in.SESSION_SECONDS == 1800
    assert sign_in.CODE_TRIES == 5
    assert sign_in.MAILS_PER_15_MIN == sign_in.LIVE_LINKS == 3
