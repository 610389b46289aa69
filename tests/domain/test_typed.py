import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.domain import billing_detail, free_text
from portico.domain.errors import FieldError, Invalid
from portico.domain.typed import compact, composed, holds_control, plain

MARKS = "\u0300\u0316"  # in this order they have to be sorted


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


@given(
    st.lists(st.sampled_from(["a", "e\u0301", "\u0316", "\u03b1\u0313\u0300\u0345", "\u1100\u1161\u11a8", " "])).map("".join),
    st.integers(0, 20),
)
def test_a_text_is_composed_whole_or_is_too_long(text: str, longest: int) -> None:
    whole, made = unicodedata.normalize("NFC", text), composed(text, longest)
    assert made == whole if len(whole) <= longest else len(made) > longest


def test_nobody_waits_for_a_pile_of_marks() -> None:
    """As many as a form can hold took NFC a second. They are cut off before, and are too many all the same."""
    pile = "a" + MARKS * 16_000
    assert len(composed(pile, 120)) <= 484
    assert len(plain(pile)) <= 1000
    for text in (f"\r\n\u200b {pile}", "x" * 500 + "\n" * 5000 + "x"):
        assert free_text.faults("comment", free_text.clean(text)) == [FieldError("comment", "too_long", "500")]
    fields = ("name", "business_name", "city", "po_number")
    with pytest.raises(Invalid) as invalid:
        billing_detail.validate({"country": "DE", "is_business": "1", **dict.fromkeys(fields, f" \u2060 {pile}")})
    assert [(error.field, error.code) for error in invalid.value.errors] == [(field, "too_long") for field in fields]
