"""Foreign text made fit for paper.

In PDF/A mode the typesetter refuses a document over one character that no font has, and a plain one would print it wrong in
silence. So what people typed is cleaned first: what cannot be printed becomes a visible box, and the caller is told which.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FONTS = Path(__file__).parent / "fonts"
BOX = "\u25a1"
LONGEST_TEXT = 300
LONGEST_WORD = 24
MARKS_IN_A_ROW = 3  # Vietnamese, Hebrew and Thai need up to three; a pile of more would be painted over the lines above

_BREAK = "\u200b"
_BREAK_EVERY = 8
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"
# Ours alone: in foreign text they could turn an amount around (Unicode TR 36 section 2.5), or hide a break.
_BIDI_AND_BREAKS = re.compile("[\u200b\u2066-\u2069\u202a-\u202e]")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_NOT_WHOLE = frozenset({"Mn", "Mc", "Me", "Cf"})
_JOINERS = frozenset("\u200c\u200d")
# Thai, Lao, Khmer, Chinese, Japanese and Korean break by rules of their own.
_BREAKS_ITSELF = "\u0e00-\u0eff\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"


@dataclass(frozen=True, slots=True)
class Cleaned:
    """`text` is safe to print; `replaced` has each character, once, that was printed as a box or left out for want of room."""

    text: str
    replaced: str = ""


def clean(text: str, *, longest_text: int = LONGEST_TEXT, longest_word: int = LONGEST_WORD) -> Cleaned:
    """One line of foreign text, fit to print: NFC, without controls, every character in some font, long words breakable.

    Text beyond `longest_text` characters ends in an ellipsis. A word beyond `longest_word` may break every 8 characters.
    """
    if text.isascii() and text.isprintable() and len(text) <= longest_word:
        return Cleaned(" ".join(text.split()))
    text = unicodedata.normalize("NFC", _BIDI_AND_BREAKS.sub("", text[: 4 * longest_text]))
    text, replaced = _coverable(text)
    text = " ".join(text.split())
    if len(text) > longest_text:
        text = text[: longest_text - 1].rstrip() + "…"
    return Cleaned(break_long_words(text, longest_word), replaced)


def printable(text: str) -> str:
    """The same promise for text of our own, which may carry isolates and breaks: nothing that no font can show."""
    return _coverable(text)[0] if uncovered().search(text) else text


def plain(text: str) -> str:
    """The last resort: nothing but whole characters that stand alone. Marks, joiners and isolates go."""
    return "".join(c for c in uncovered().sub("", unicodedata.normalize("NFC", text)) if unicodedata.category(c) not in _NOT_WHOLE)


def isolate(text: str) -> str:
    """Keep a value's own direction apart from the text around it (UAX 9), so that "20459 Hamburg" stays so in Arabic."""
    return f"{_ISOLATE}{text}{_END_ISOLATE}" if text else text


def isolate_right_to_left(text: str) -> str:
    """The same for a text that has right-to-left letters; any other needs nothing in a left-to-right document."""
    return isolate(text) if _RIGHT_TO_LEFT.search(text) else text


def break_long_words(text: str, longest: int = LONGEST_WORD) -> str:
    """Let words of more than `longest` characters break, so that they cannot be painted over the amounts beside them."""
    if len(text) <= longest:
        return text
    return re.sub(rf"[^\s{_BREAKS_ITSELF}]{{{longest + 1},}}", lambda m: _breakable(m[0]), text)


@cache
def uncovered() -> re.Pattern[str]:
    """Finds a character that no font can print; made of what tools/make_fonts.py read from the fonts themselves. (A set of those that
    some font has would be six megabytes.)"""
    ranges = ((int(number, 16) for number in line.split("-")) for line in (FONTS / "coverage.txt").read_text("ascii").split())
    return re.compile("[^" + "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges) + "]")


def _coverable(text: str) -> tuple[str, str]:
    unknown, out, replaced, marks = frozenset(uncovered().findall(text)), list[str](), dict[str, None](), 0
    for char in text:
        category = unicodedata.category(char)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if char not in unknown and marks <= MARKS_IN_A_ROW:
            out.append(char)
        elif category in ("Zl", "Zp") or char in "\t\n\r\v\f\x85":
            out.append(" ")
        elif category in ("Cc", "Cf") or _is_variation_selector(char):
            continue
        else:
            replaced[char] = None
            if char in unknown:
                out.append(BOX)
    return "".join(out), "".join(replaced)


def _is_variation_selector(char: str) -> bool:
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


def _breakable(word: str) -> str:
    """A break never parts a mark from its letter, nor two letters held together by a joiner."""
    out, run = list[str](), 0
    for before, char in zip(" " + word, word, strict=False):
        if run >= _BREAK_EVERY and unicodedata.category(char)[0] != "M" and before not in _JOINERS and char not in _JOINERS:
            out.append(_BREAK)
            run = 0
        out.append(char)
        run += 1
    return "".join(out)
