"""What people write in their own words: a comment, a reason. Kept as written, but for what nobody can see or may keep."""

import unicodedata

from portico.domain.card_number import holds_card_number
from portico.domain.errors import FieldError
from portico.domain.typed import INVISIBLE, composed

LONGEST = 500  # characters


def clean(text: str) -> str:
    """NFC; lines end in a line feed; no control, surrogate or direction-changing characters; no space around it. A text that is longer
    than LONGEST may lose its end, and is still too long."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    visible = "".join(c for c in lines if c == "\n" or (c not in INVISIBLE and unicodedata.category(c) not in ("Cc", "Cs")))
    return composed(visible.strip(), LONGEST)


def faults(field: str, cleaned: str, *, longest: int = LONGEST) -> list[FieldError]:
    """What is wrong with a text that is clean: "too_long" or "card_number"."""
    if len(cleaned) > longest:
        return [FieldError(field, "too_long", str(longest))]
    return [FieldError(field, "card_number")] if holds_card_number(cleaned) else []
