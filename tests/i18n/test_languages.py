import gettext

import pytest
from babel import Locale

from portico.i18n.languages import DEFAULT, LANGUAGES, Language, by_tag, is_language

PROMISED = ["en", "de", "fr", "es", "it", "pt-BR", "pl", "tr", "ru", "id", "ms", "vi", "th", "ja", "ko", "zh-Hans", "zh-Hant", "ar"]
each_language = pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.tag)


def test_the_promised_languages_are_there() -> None:
    assert [language.tag for language in LANGUAGES] == PROMISED
    assert by_tag(DEFAULT).tag == "en"
    assert not is_language("EN")
    with pytest.raises(KeyError):
        by_tag("tlh")


def test_no_two_languages_answer_to_one_name() -> None:
    names = [name for language in LANGUAGES for name in (language.tag.lower(), *language.aliases)]
    assert len(names) == len(set(names))
    assert all(name == name.lower() for name in names)


@each_language
def test_direction_and_digits_are_cldrs(language: Language) -> None:
    locale = Locale.parse(language.babel_locale)
    assert language.direction == locale.text_direction
    assert locale.default_numbering_system == "latn"


@each_language
def test_plural_rule_is_cldrs(language: Language) -> None:
    category = Locale.parse(language.babel_locale).plural_form
    place = gettext.c2py(language.plural.rule)
    for n in (*range(1_200), 10_001, 100_002, 999_999, 1_000_001):
        assert language.plural.categories[place(n)] == category(n), n


@each_language
def test_every_category_of_cldr_has_a_form(language: Language) -> None:
    millions_only = {"many"} if language.tag in ("fr", "es", "it", "pt-BR") else set()
    fractions_only = {"other"} if language.tag in ("pl", "ru") else set()
    wanted = {*Locale.parse(language.babel_locale).plural_form.tags, "other"} - millions_only - fractions_only
    assert set(language.plural.categories) == wanted
