import pytest

from portico.domain.typed import compact, holds_control, plain


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("\uff11\uff12\uff13\uff0d\uff21", "123-A"),
        ("\u0661\u0662\u0663", "123"),
        ("\u06f1\u06f2", "12"),
        ("\u0967\u0968", "12"),
        ("1\u20132\u20143\u22124\u30fc5", "1-2-3-4-5"),
        ("aB", "aB"),
    ],
)
def test_other_keyboards_mean_the_same(typed: str, meant: str) -> None:
    assert plain(typed) == meant


def test_grouping_is_no_part_of_a_number() -> None:
    assert compact(" de 136.695/976-x ") == "DE136695976X"
    assert compact("\u3000\u00a01\u20092") == "12"


@pytest.mark.parametrize(
    ("text", "held"), [("a\tb\r\nc", False), ("Zoë 東京", False), ("a\x00", True), ("\x1b[0m", True), ("\x7f", True), ("\ud800", True)]
)
def test_control_characters_and_half_pairs_are_no_text(text: str, held: bool) -> None:
    assert holds_control(text) is held
