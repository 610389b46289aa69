import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from portico.domain.errors import FieldError
from portico.domain.free_text import clean, faults


def test_what_nobody_can_see_goes_and_lines_stay() -> None:
    assert clean("  Zu teuer.\r\nSonst\tgut.\r ") == "Zu teuer.\nSonst gut."
    assert clean("a\x00b\x1b[31mc\u202ed\u200be") == "ab[31mcde"
    assert clean("e\u0301") == "é"
    assert clean("👩\u200d🚀 می\u200cخواهم") == "👩\u200d🚀 می\u200cخواهم"  # joiners are part of how it is written


@given(st.text(max_size=200))
def test_a_clean_text_is_clean(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert not [c for c in cleaned if c != "\n" and unicodedata.category(c) in ("Cc", "Cs")]


def test_too_long_and_card_numbers_are_faults() -> None:
    assert faults("comment", "x" * 500) == []
    assert faults("comment", "x" * 501) == [FieldError("comment", "too_long", "500")]
    assert faults("comment", "4242 4242 4242 4242") == [FieldError("comment", "card_number")]
    assert faults("comment", "xxx", longest=2) == [FieldError("comment", "too_long", "2")]
