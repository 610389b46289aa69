"""VAT ids within what a seller has printed, which may be several, each with words around it."""

import re

from portico.domain import tax_id
from portico.domain.errors import Refused
from portico.domain.place_of_supply import territory
from portico.domain.typed import compact

# One that says which country's it is (EN 16931 BR-CO-09), without what people group it with. EU is the one-stop shop's, and no country's.
_VAT_ID = re.compile("(?:AT|BE|BG|CHE|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|XI)[0-9A-Z+*]{6,13}")
_FEWEST_DIGITS = 5


def vat_id_in(text: str, country: str = "") -> str:
    """The VAT id in a text, without what groups it: "USt-IdNr. DE 136 695 976" -> "DE136695976"; "" where there is none. Of several
    it is that of `country` (ISO 3166-1 alpha-2), or else the first.

    What has right check digits goes before what is merely shaped like one, such as "DE136695976 VAT" without its space.
    """
    words = [word.strip(",;()") for word in text.split()]
    runs = (compact("".join(words[i:j])) for i in range(len(words)) for j in range(len(words), i, -1))
    found = [run for run in runs if _VAT_ID.fullmatch(run) and sum(map(str.isdigit, run)) >= _FEWEST_DIGITS]
    return min(found, key=lambda run: (not _is_right(run), _country_of(run) != territory(country)), default="")


def _is_right(vat_id: str) -> bool:
    try:
        tax_id.check(_country_of(vat_id), vat_id)
    except Refused:
        return False
    return True


def _country_of(vat_id: str) -> str:
    """By its first two letters; those of Greece are EL, those of Northern Ireland XI."""
    return territory(vat_id[:2])
