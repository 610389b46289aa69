"""What people type, in one form: keyboards differ in digits, widths and dashes where a code or number means the same."""

import re
import unicodedata

# Breaks nobody sees, characters that turn the direction of what follows them, and two that are no characters: XML has no room for them.
INVISIBLE = frozenset("\ufffe\uffff\u200b\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Line breaks and tabs belong to texts; the other control characters do not, PostgreSQL keeps no NUL, and half a surrogate pair is no text.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_COMPOSED_OF = 4  # characters that NFC makes one of, at most
_LONGEST_CODE = 1000  # characters: what is longer is no code, and sorting its marks would take a while
_DASHES = re.compile(r"[\u2010-\u2015\u2212\u30fc\ufe63\uff0d]")


def plain(text: str) -> str:
    """A typed number or code with ASCII digits, half-width letters and "-" for every dash; letters keep their case.

    For machine-made codes only (tax ids, postal codes, sign-in codes), never for names: NFKC loses distinctions. Nothing is read of a
    text beyond its first 1,000 characters.
    """
    one_width = _DASHES.sub("-", unicodedata.normalize("NFKC", _DASHES.sub("-", text[:_LONGEST_CODE])))
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in one_width)


def composed(text: str, longest: int) -> str:
    """The text in NFC; of one that has more than `longest` characters then, so many that it is still too long.

    NFC sorts the marks on a letter in a time that grows with the square of their number: a form full of them would take a second.
    """
    return unicodedata.normalize("NFC", text[: _COMPOSED_OF * (longest + 1)])


def holds_control(text: str) -> bool:
    """Whether a text holds what no text of ours may: a control character, or half of a surrogate pair."""
    return _CONTROL.search(text) is not None


def compact(text: str) -> str:
    """`plain`, upper case, without the spaces, dots, slashes and dashes that people group digits with."""
    return re.sub(r"[\s./\-]", "", plain(text).upper())
