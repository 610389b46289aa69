"""The languages Portico speaks, as data. To add one: a row here, `python -m portico.i18n.extract`, and its catalogue.

A tag is BCP 47 and is what goes into `<html lang>`, into the database and into a catalogue's path. Everything else about a
language (how it writes money, dates, country names) comes from CLDR through Babel.
"""

from dataclasses import dataclass
from typing import Literal

Direction = Literal["ltr", "rtl"]


@dataclass(frozen=True, slots=True)
class Plural:
    """How a language counts: its CLDR categories in the order of a catalogue's msgstr[0], msgstr[1], ..., and gettext's rule.

    CLDR's "many" of French, Spanish, Italian and Portuguese means whole millions ("1 000 000 de commandes"). We never count
    that far, so those four have two forms here; everything else is CLDR's table for whole numbers, and a test compares it.
    """

    categories: tuple[str, ...]
    rule: str

    @property
    def header(self) -> str:
        """The value of a catalogue's Plural-Forms header."""
        return f"nplurals={len(self.categories)}; plural={self.rule};"


_OTHER = Plural(("other",), "0")
_ONE = Plural(("one", "other"), "(n != 1)")
_ZERO_OR_ONE = Plural(("one", "other"), "(n > 1)")
_POLISH = Plural(("one", "few", "many"), "(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2)")
_RUSSIAN = Plural(("one", "few", "many"), "(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2)")
_ARABIC = Plural(
    ("zero", "one", "two", "few", "many", "other"),
    "(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5)",
)


@dataclass(frozen=True, slots=True)
class Language:
    """One language. `aliases` are further language ranges, in lower case, that mean it (RFC 4647 lookup truncates, so "pt" also
    answers "pt-PT"). `day_period` is CLDR's width for AM and PM in times."""

    tag: str
    native_name: str
    english_name: str
    plural: Plural
    direction: Direction = "ltr"
    aliases: tuple[str, ...] = ()
    day_period: Literal["abbreviated", "wide"] = "abbreviated"

    @property
    def babel_locale(self) -> str:
        """The name of the CLDR locale: the tag with underscores."""
        return self.tag.replace("-", "_")


DEFAULT = "en"

LANGUAGES: tuple[Language, ...] = (
    Language("en", "English", "English", _ONE),
    Language("de", "Deutsch", "German", _ONE),
    Language("fr", "Français", "French", _ZERO_OR_ONE),
    Language("es", "Español", "Spanish", _ONE),
    Language("it", "Italiano", "Italian", _ONE),
    Language("pt-BR", "Português (Brasil)", "Portuguese (Brazil)", _ZERO_OR_ONE, aliases=("pt",)),
    Language("pl", "Polski", "Polish", _POLISH),
    Language("tr", "Türkçe", "Turkish", _ONE),
    Language("ru", "Русский", "Russian", _RUSSIAN),
    Language("id", "Bahasa Indonesia", "Indonesian", _OTHER, aliases=("in",)),  # "in" is what older Java and Android send
    Language("ms", "Bahasa Melayu", "Malay", _OTHER, aliases=("zsm",)),
    Language("vi", "Tiếng Việt", "Vietnamese", _OTHER),
    Language("th", "ไทย", "Thai", _OTHER),
    Language("ja", "日本語", "Japanese", _OTHER),
    Language("ko", "한국어", "Korean", _OTHER, day_period="wide"),  # 오후 3:07; CLDR's abbreviation is "PM"
    Language("zh-Hans", "简体中文", "Chinese (Simplified)", _OTHER, aliases=("zh", "cmn", "zh-cn", "zh-sg", "zh-my")),
    Language(
        "zh-Hant",
        "繁體中文",
        "Chinese (Traditional)",
        _OTHER,
        aliases=("zh-tw", "zh-hk", "zh-mo", "cmn-hant", "cmn-tw", "yue", "zh-yue"),
    ),
    Language("ar", "العربية", "Arabic", _ARABIC, direction="rtl"),
)

_BY_TAG = {language.tag: language for language in LANGUAGES}


def by_tag(tag: str) -> Language:
    """The language of exactly this tag. Raises KeyError: what comes from outside goes through `negotiate` first."""
    return _BY_TAG[tag]


def is_language(tag: str) -> bool:
    """Whether `tag` is exactly the tag of a language we speak."""
    return tag in _BY_TAG
