"""Words in a language. The English text is the key; the other languages live in locales/<tag>/LC_MESSAGES/portico.po.

A catalogue is read from its .po file when it is first needed (nothing is compiled beforehand, so nothing can be stale)
and kept for the life of the process.
"""

import functools
import gettext as _gettext
import re
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from portico.i18n.languages import DEFAULT, by_tag

LOCALES = Path(__file__).parent / "locales"
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")


class Message(NamedTuple):
    """An English text and, where the same English needs different words elsewhere, the context that tells them apart."""

    context: str
    text: str


def N_(text: str) -> Message:  # noqa: N802 (gettext's name for it)
    """Marks a text for translation where it is written down; `Catalog.message` translates it where it is shown."""
    return Message("", text)


def NP_(context: str, text: str) -> Message:  # noqa: N802
    """`N_` with a context: "Canceled" is another word for an order than for a subscription in many languages."""
    return Message(context, text)


class Catalog:
    """The words of one language. What has no translation comes back in English."""

    __slots__ = ("_words", "tag")

    def __init__(self, tag: str, words: _gettext.NullTranslations) -> None:
        self.tag = tag
        self._words = words

    def gettext(self, message: str) -> str:
        """`message` in this language."""
        return self._words.gettext(message) if message else ""  # gettext's "" is the catalogue's own header

    def ngettext(self, one: str, many: str, n: int) -> str:
        """The form of `one` or `many` that goes with `n`; put the number in with `fill(count=...)`."""
        return self._words.ngettext(one, many, n)

    def pgettext(self, context: str, message: str) -> str:
        """`message` in this language, as it is said in `context`."""
        return self._words.pgettext(context, message)

    def message(self, message: Message) -> str:
        """A marked message in this language."""
        return self.pgettext(message.context, message.text) if message.context else self.gettext(message.text)


@functools.cache
def catalog(tag: str) -> Catalog:
    """The catalogue of a language of the registry; KeyError for any other tag."""
    language = by_tag(tag)
    if tag == DEFAULT:
        return Catalog(tag, _gettext.NullTranslations())
    with po_path(tag).open("rb") as file:
        translations = read_po(file, locale=language.babel_locale)
    translations.mime_headers = [("Plural-Forms", language.plural.header)]  # ours, where Babel's table differs from CLDR
    compiled = BytesIO()
    write_mo(compiled, translations)
    compiled.seek(0)
    return Catalog(tag, _gettext.GNUTranslations(compiled))


def po_path(tag: str) -> Path:
    """Where the translations into a language are kept."""
    return LOCALES / tag / "LC_MESSAGES" / "portico.po"


def fill(text: str, **values: object) -> str:
    """`text` with each {name} replaced by str(values[name]), in one pass, so that a value is never read as a placeholder.

    This is not `str.format`: a translation can name a value and nothing else, no attribute, index or format. Braces that
    name no value stay as they are, so that a slip in a catalogue shows but never breaks a page.
    """
    pieces = list(_pieces(text))
    for at in range(1, len(pieces), 2):
        name = pieces[at]
        pieces[at] = str(values[name]) if name in values else f"{{{name}}}"
    return "".join(pieces)


@functools.lru_cache(maxsize=4096)
def _pieces(text: str) -> tuple[str, ...]:
    """A text cut at its placeholders: every second piece is the name of one."""
    return tuple(_PLACEHOLDER.split(text))


def placeholders(text: str) -> frozenset[str]:
    """The names a text wants filled."""
    return frozenset(_PLACEHOLDER.findall(text))
