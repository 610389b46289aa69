import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.domain import copy_emails
from portico.domain.copy_emails import MOST, read, written
from portico.domain.errors import FieldError, Invalid


def error_of(text: str) -> FieldError:
    with pytest.raises(Invalid) as invalid:
        read(text)
    (error,) = invalid.value.errors
    return error


@pytest.mark.parametrize(
    ("text", "emails"),
    [
        ("", ()),
        (" \r\n, ;", ()),
        ("a@example.com", ("a@example.com",)),
        ("b@example.com\r\na@example.com\n", ("b@example.com", "a@example.com")),
        ("a@example.com, b@example.com;c@example.com d@example.com", tuple(f"{c}@example.com" for c in "abcd")),
        ("A@Example.com\na@example.COM", ("a@example.com",)),
        ("\u200bada@b\u00fccher.example\ufeff", ("ada@xn--bcher-kva.example",)),
        ("Ada Lovelace <ada@example.com>, <b@example.com>", ("ada@example.com", "b@example.com")),
        ("own@example.com, a@example.com, OWN@example.com", ("a@example.com",)),
        ("a@example.com\n" * 50 + "own@example.com", ("a@example.com",)),
    ],
)
def test_addresses_are_read_however_they_are_listed(text: str, emails: tuple[str, ...]) -> None:
    assert read(text, own="own@example.com") == emails
    assert read(written(emails)) == emails


def test_the_wrong_one_is_named() -> None:
    assert error_of("a@example.com, b@example, c@example.com") == FieldError("copy_emails", "copy_email_format", "b@example")
    assert error_of("Ada <ada@example>").example == "ada@example"
    assert error_of("a@example.com\n" + "x" * 100).example == "x" * 60 + "\u2026"
    assert error_of("<>").code == "copy_email_format"


def test_five_are_enough() -> None:
    six = [f"{n}@example.com" for n in range(MOST + 1)]
    assert read("\n".join(six[:MOST])) == tuple(six[:MOST])
    assert read("\n".join(six), own=six[0]) == tuple(six[1:])
    assert error_of("\n".join(six)) == FieldError("copy_emails", "copy_email_many", "5")
    assert error_of("a" * 1_000_000).code == "copy_email_format"


def test_five_of_the_longest_fit_the_field() -> None:
    longest = [f"{'a' * 64}@{('b' * 62 + '.') * 2}{c}{'d' * 54}.example" for c in "vwxyz"]
    assert len("\r\n".join(longest)) <= copy_emails.LONGEST_TEXT
    assert len(read("\r\n".join(longest))) == 5


@given(st.text(max_size=200) | st.lists(st.emails(), max_size=7).map(", ".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        emails = read(text)
    except Invalid as invalid:
        codes = {error.code for error in invalid.errors}
    else:
        codes = set()
    if codes:
        assert codes <= set(copy_emails.ERROR_CODES)
        return
    assert len(emails) == len(set(emails)) <= MOST
    assert read(written(emails)) == emails
