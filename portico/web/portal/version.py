"""Forms that say which version of a thing they were made from, so that a second tab cannot undo the first."""

from portico.domain.errors import Refused
from portico.web.visit import Visit

_LONGEST = 9  # digits


def version_of(visit: Visit) -> int:
    """The version a form was made from. Raises Refused("form_invalid")."""
    text = visit.form.get("version", "")
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST):
        raise Refused("form_invalid")
    return int(text)
