"""The shipped catalogues: complete, in step with the sources, and safe to fill."""

import re
from io import BytesIO

import pytest
from babel import Locale
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from portico.i18n import extract
from portico.i18n.catalog import catalog, placeholders, po_path
from portico.i18n.languages import DEFAULT, LANGUAGES, Language

OTHERS = [language for language in LANGUAGES if language.tag != DEFAULT]
each_language = pytest.mark.parametrize("language", OTHERS, ids=lambda language: language.tag)
_MARK_UP = re.compile(r"</?[a-z][^>]*>|&[a-z]+;|&#", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufeff]")


def messages(language: Language) -> list[Message]:
    with po_path(language.tag).open("rb") as file:
        return [message for message in read_po(file) if message.id]


def ids(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def strings(message: Message) -> tuple[str, ...]:
    if message.string is None or isinstance(message.string, str):
        return (message.string or "",)
    return tuple(message.string)


def test_the_catalogues_are_in_step_with_the_sources() -> None:
    stale = [path.name if path == extract.POT else path.parts[-3] for path, content in extract.files() if path.read_bytes() != content]
    assert not stale, "run python -m portico.i18n.extract"


@each_language
def test_nothing_is_untranslated(language: Language) -> None:
    open_texts = [ids(message)[0] for message in messages(language) if not all(strings(message))]
    assert not open_texts


@each_language
def test_nothing_is_doubtful(language: Language) -> None:
    assert not [ids(message)[0] for message in messages(language) if message.fuzzy]


@each_language
def test_every_form_of_number_is_there(language: Language) -> None:
    wanted = len(language.plural.categories)
    assert not [ids(message)[0] for message in messages(language) if message.pluralizable and len(strings(message)) != wanted]


@each_language
def test_a_translation_names_the_values_of_its_text(language: Language) -> None:
    """A form for exactly none, one or two may say the number in words; all others name every value, and none names more."""
    wrong: list[str] = []
    for message in messages(language):
        wanted = frozenset[str]().union(*map(placeholders, ids(message)))
        for place, text in enumerate(strings(message)):
            if not text:
                continue
            category = language.plural.categories[place] if message.pluralizable else "other"
            spare = {"count"} if category in ("zero", "one", "two") and _counts_one_number(language, category) else set[str]()
            if not wanted - spare <= placeholders(text) <= wanted or text.count("{") != len(re.findall(r"\{[a-z][a-z0-9_]*\}", text)):
                wrong.append(text)
    assert not wrong


def _counts_one_number(language: Language, category: str) -> bool:
    """Russian "one" also means 21, French "one" also 0: there the number has to be shown."""
    return language.tag == "ar" or (category == "one" and language.tag in ("de", "es", "it", "pl", "tr"))


# Traps of the glossaries that a pattern can tell: a space before a French colon is one that does not break, Chinese and Japanese have
# none beside a Latin word, and an Italian "il" before a date would be wrong on the 8th and the 11th.
_BESIDE_LATIN = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff] [A-Za-z{]|[A-Za-z0-9}] [\u3040-\u30ff\u4e00-\u9fff]")
_TRAPS = {
    "fr": re.compile("(?<![\u00a0\u202f])[:;?!»]"),
    "it": re.compile(r"(?i)\b(il|al|dal|del) \{(date|end|moment|until)\}"),
    "ja": _BESIDE_LATIN,
    "zh-Hans": _BESIDE_LATIN,
    "zh-Hant": _BESIDE_LATIN,
}


@each_language
def test_a_translation_is_plain_text(language: Language) -> None:
    wrong: list[str] = []
    for message in messages(language):
        allowed = "".join(ids(message))
        for text in strings(message):
            found = [*_MARK_UP.findall(text), *_CONTROL.findall(text)]
            if [piece for piece in found if piece not in allowed] or text != text.strip() or "%(" in text or "{{" in text or "{%" in text:
                wrong.append(text)
            if language.tag in _TRAPS and _TRAPS[language.tag].search(text):
                wrong.append(text)
    assert not wrong


@each_language
def test_the_catalogue_says_how_its_language_counts(language: Language) -> None:
    with po_path(language.tag).open("rb") as file:
        header = dict(read_po(file).mime_headers)
    assert header["Plural-Forms"] == language.plural.header
    assert header["Language"] == language.babel_locale


@each_language
def test_gettext_reads_what_the_catalogue_holds(language: Language) -> None:
    words = catalog(language.tag)
    for message in messages(language):
        if all(strings(message)) and not message.pluralizable:
            text = ids(message)[0]
            assert (words.pgettext(message.context, text) if message.context else words.gettext(text)) == strings(message)[0]


def test_babel_reads_back_what_is_written() -> None:
    found = extract.texts()
    again = read_po(BytesIO(extract.template_of(found)))
    assert {(m.context, ids(m)) for m in again if m.id} == {(m.context, ids(m)) for m in found if m.id}


@each_language
def test_numbers_pick_the_form_of_their_category(language: Language) -> None:
    words, category = catalog(language.tag), Locale.parse(language.babel_locale).plural_form
    for message in messages(language):
        if message.pluralizable and all(strings(message)):
            for n in (0, 1, 2, 3, 5, 11, 21, 22, 100, 102, 111):
                assert words.ngettext(*ids(message), n) == strings(message)[language.plural.categories.index(category(n))]
