"""Who else gets a buyer's documents: a few addresses, typed into one field."""

import re

from portico.domain.buyer import LONGEST_EMAIL, canonical_email
from portico.domain.errors import FieldError, Invalid
from portico.domain.typed import INVISIBLE

FIELD = "copy_emails"
MOST = 5
LONGEST_TEXT = MOST * (LONGEST_EMAIL + 2)
ERROR_CODES: tuple[str, ...] = ("copy_email_format", "copy_email_many")

_LONGEST_READ = 20_000  # what follows is not looked at: there are too many addresses by then, or a wrong one
_LONGEST_SHOWN = 60
_NAMED = re.compile(r"[^<>]*<([^<>]*)>")  # as mail programs copy it: Ada Lovelace <ada@example.com>


def read(text: str, *, own: str = "") -> tuple[str, ...]:
    """The addresses of a text, in canonical form and in its order: one per line, or separated by commas or semicolons.

    One that is there twice counts once, and the buyer's `own` (canonical) not at all: he gets every document anyway. Raises
    Invalid: "copy_email_format" with the first address that is none as the example, "copy_email_many" for more than MOST.
    """
    found: list[str] = []
    visible = "".join(c for c in text[:_LONGEST_READ] if c not in INVISIBLE)
    for piece in re.split(r"[\n,;]", visible):
        named = _NAMED.fullmatch(piece)
        for typed in [named[1]] if named else piece.split():
            email = _canonical(typed)
            if email != own and email not in found:
                found.append(email)
    if len(found) > MOST:
        raise Invalid([FieldError(FIELD, "copy_email_many", str(MOST))])
    return tuple(found)


def written(emails: tuple[str, ...]) -> str:
    """The addresses as the field shows them."""
    return "\n".join(emails)


def _canonical(typed: str) -> str:
    try:
        return canonical_email(typed)
    except Invalid:
        shown = typed.strip() if len(typed.strip()) <= _LONGEST_SHOWN else f"{typed.strip()[:_LONGEST_SHOWN]}\u2026"
        raise Invalid([FieldError(FIELD, "copy_email_format", shown)]) from None
