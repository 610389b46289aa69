"""Text made fit for paper."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.documents.text import BOX, LONGEST_TEXT, LONGEST_WORD, break_long_words, clean, isolate, plain, printable, uncovered

# In every text that is printed: what typst, in PDF/A mode, would refuse or show wrong.
_NEVER = {"Cc", "Cs", "Co", "Cn"}


@pytest.mark.parametrize(
    "name",
    [
        "Łukasz Żółć", "Nguyễn Thị Ánh", "Ἀθηνᾶ", "Владимир Ї", "李喆 𠮷田 﨑", "김민준", "محمد", "דוד", "किया", "ประเทศไทย",
        "ქართული", "Հայ", "বাংলা", "O’Neill – “x” €₽₺₫",
    ],
)  # fmt: skip
def test_names_of_the_world_are_printed_as_they_are(name: str) -> None:
    assert clean(name).text == name
    assert clean(name).replaced == ""


@pytest.mark.parametrize(
    ("typed", "printed", "replaced"),
    [
        ("party 🎉 time", f"party {BOX} time", "🎉"),
        ("a\ud800b", f"a{BOX}b", "\ud800"),
        ("\U000f0000 \ufffe", f"{BOX} {BOX}", "\U000f0000\ufffe"),
        ("👩\u200d👧 👩", f"{BOX}\u200d{BOX} {BOX}", "👩👧"),
        ("one\ntwo\tthree\u2028four", "one two three four", ""),
        ("nul\x00bell\x07 soft\u00adhyphen \ufeffmark", "nulbell softhyphen mark", ""),
        ("\u202eevil\u202c \u2066x\u2069 \u200by", "evil x y", ""),
        ("heart ❤\ufe0f 葛\U000e0100", f"heart {BOX} 葛", "❤"),
        ("e\u0301", "é", ""),
        ("e" + "\u0335" * 40, "e" + "\u0335" * 3, "\u0335"),
        ("   wide   spaces  ", "wide spaces", ""),
        ("", "", ""),
    ],
)
def test_what_cannot_be_printed_becomes_a_box_or_goes(typed: str, printed: str, replaced: str) -> None:
    assert clean(typed).text == printed
    assert clean(typed).replaced == replaced


def test_a_text_is_cut_with_an_ellipsis() -> None:
    text = clean("word " * 200).text
    assert len(text) <= LONGEST_TEXT
    assert text.endswith("word…")


def test_long_words_may_break_and_short_ones_may_not() -> None:
    assert "\u200b" not in clean("x" * LONGEST_WORD + " " + "y" * LONGEST_WORD).text
    broken = clean("x" * 100).text
    assert broken.replace("\u200b", "") == "x" * 100
    assert max(len(part) for part in broken.split("\u200b")) <= 8


def test_a_break_never_parts_a_mark_or_a_joiner_from_its_letter() -> None:
    for word in ("n\u0303" * 60, "\u0915\u094d\u200d\u0937" * 30):
        parts = break_long_words(word).split("\u200b")
        assert len(parts) > 3
        assert all(unicodedata.category(part[0])[0] != "M" and part[0] != "\u200d" and part[-1] != "\u200d" for part in parts)


def test_scripts_that_break_by_themselves_are_left_alone() -> None:
    for text in ("國" * 100, "ภาษาไทย" * 20, "한국어" * 30):
        assert clean(text).text == text


def test_a_value_keeps_its_own_direction() -> None:
    assert isolate("20459 Hamburg") == "\u206820459 Hamburg\u2069"
    assert isolate("") == ""


@given(st.text(st.characters(codec=None), max_size=400))
def test_whatever_is_typed_becomes_printable(typed: str) -> None:
    cleaned = clean(typed)
    assert not uncovered().search(cleaned.text)
    assert all(unicodedata.category(c) not in _NEVER for c in cleaned.text)
    assert len(cleaned.text.replace("\u200b", "")) <= LONGEST_TEXT
    assert clean(cleaned.text).text == cleaned.text
    assert not uncovered().search(printable(typed))
    assert all(unicodedata.category(c)[0] not in "MC" for c in plain(typed))
