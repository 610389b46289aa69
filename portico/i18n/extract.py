"""Collects every text for people into locales/portico.pot and brings the catalogues up to date with it.

    python -m portico.i18n.extract            # all languages
    python -m portico.i18n.extract de fr      # these only
    python -m portico.i18n.extract --check    # changes nothing; exit status 1 if something would change

Found are, as literals: `_()`, `N_()`, `NP_()`, `gettext()`, `ngettext()` and `pgettext()` in Python, and `_()`, `ngettext()` and
`pgettext()` in templates (.html, .j2). A comment that begins with "Translators:" on the line before goes along.

A text that is new is added without a translation, one that is gone is dropped, translations are kept. Entries are sorted by
text and carry no line numbers and no dates, so that a difference shows what changed and nothing else. Nothing is guessed:
a changed text is a new text, because a translation that nearly fits is worse than none.
"""

import sys
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from portico.i18n.catalog import LOCALES, po_path
from portico.i18n.languages import DEFAULT, LANGUAGES, Language, by_tag

PACKAGE = Path(__file__).parents[1]
POT = LOCALES / "portico.pot"
_TEMPLATE_ENDINGS = (".html", ".j2")
_COMMENT = "Translators:"
# Which arguments of each function are what: (1, 2) one and many, (1, "c") the context.
_KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "N_": None,
    "NP_": ((1, "c"), 2),
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}


def texts(package: Path = PACKAGE) -> Catalog:
    """Every text found under a folder, as a catalogue without translations."""
    found = Catalog(charset="utf-8", fuzzy=False)
    for path in sorted(package.rglob("*")):
        method = _method(path)
        if method is None:
            continue
        with path.open("rb") as file:
            for _, text, comments, context in extract(
                method, file, _KEYWORDS, comment_tags=(_COMMENT,), options={"silent": "false"}, strip_comment_tags=True
            ):
                found.add(text, context=context, auto_comments=comments)
    for message in found:
        message.flags.discard("python-brace-format")  # our {names} are not Python's
        message.flags.discard("python-format")
    return found


def template_of(found: Catalog) -> bytes:
    """The .pot file."""
    return _header() + _body(found)


def updated(language: Language, found: Catalog) -> bytes:
    """The .po file of a language: the texts `found`, with the translations it has so far."""
    path = po_path(language.tag)
    old = read_po(BytesIO(path.read_bytes()), locale=language.babel_locale) if path.exists() else Catalog()
    new = Catalog(charset="utf-8", fuzzy=False)
    new.mime_headers = [("Plural-Forms", language.plural.header), ("Content-Type", "text/plain; charset=utf-8")]
    for message in found:
        if not message.id:
            continue
        before = old.get(_key(message.id), message.context)
        kept = before is not None and before.pluralizable == message.pluralizable
        translation = before.string if before is not None and kept else ""
        added = new.add(
            message.id,
            _forms(translation, message.pluralizable, language),
            context=message.context,
            auto_comments=message.auto_comments,
            user_comments=before.user_comments if before is not None else (),
        )
        added.flags = set(before.flags & {"fuzzy"}) if before is not None else set()
    counting = ", ".join(f"msgstr[{place}] {category}" for place, category in enumerate(language.plural.categories))
    return _header(language, f"# {language.english_name}. Forms of number: {counting}.\n") + _body(new)


def files(tags: tuple[str, ...] = ()) -> Iterator[tuple[Path, bytes]]:
    """Each file of the catalogues with the content it should have, for these languages or for all."""
    found = texts()
    yield POT, template_of(found)
    for language in map(by_tag, tags) if tags else LANGUAGES:
        if language.tag != DEFAULT:
            yield po_path(language.tag), updated(language, found)


def main(arguments: list[str]) -> int:
    """The command. Returns the exit status."""
    check = "--check" in arguments
    stale = [
        (path, content)
        for path, content in files(tuple(argument for argument in arguments if argument != "--check"))
        if not path.exists() or path.read_bytes() != content
    ]
    for path, content in stale:
        sys.stdout.write(f"{'out of date' if check else 'wrote'}: {path.relative_to(PACKAGE)}\n")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return 1 if check and stale else 0


def _method(path: Path) -> str | None:
    if path.suffix == ".py":
        return "python"
    return "jinja2.ext:babel_extract" if path.name.endswith(_TEMPLATE_ENDINGS) else None


def _key(text: str | tuple[str, ...] | list[str]) -> str:
    """What Babel files a message under: its singular."""
    return text if isinstance(text, str) else text[0]


def _forms(translation: str | Sequence[str] | None, plural: bool, language: Language) -> str | tuple[str, ...]:
    """A translation with exactly as many forms as the language has."""
    if not plural:
        return translation if isinstance(translation, str) else ""
    given = () if translation is None or isinstance(translation, str) else tuple(translation)
    wanted = len(language.plural.categories)
    return given if len(given) == wanted else (given + ("",) * wanted)[:wanted]


def _header(language: Language | None = None, comment: str = "") -> bytes:
    lines = [comment + 'msgid ""', 'msgstr ""']
    if language is not None:
        lines += [f'"Language: {language.babel_locale}\\n"', f'"Plural-Forms: {language.plural.header}\\n"']
    lines += ['"MIME-Version: 1.0\\n"', '"Content-Type: text/plain; charset=utf-8\\n"', '"Content-Transfer-Encoding: 8bit\\n"', "", ""]
    return "\n".join(lines).encode()


def _body(messages: Catalog) -> bytes:
    written = BytesIO()
    write_po(written, messages, width=0, no_location=True, omit_header=True, sort_output=True, ignore_obsolete=True)
    return written.getvalue().rstrip(b"\n") + b"\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
