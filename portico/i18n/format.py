"""How a language writes money, dates and numbers: Babel's CLDR data, compiled once per language into plain string work.

Babel's own functions cost 6 to 16 microseconds a call, and a page makes a hundred; these cost under one. The tests hold them
equal to Babel, with four differences on purpose:

* decimals come from ISO 4217 (`domain.money.exponent`), as the amounts do, never from Babel's table of usual rounding;
* a currency written with letters keeps a no-break space from its digits ("CHF 29.00", "Rp 29.000,00"), as CLDR's
  currencySpacing asks (UTS #35 part 3, section 4.2);
* where a language has its own minus sign (Arabic: one with a mark that keeps it on the left of its digits), amounts use it;
* in a right-to-left line a Latin sign such as "US$" gets a mark behind it, or it would read "$US".
"""

import copy
import datetime as dt
import functools
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import cast
from zoneinfo import ZoneInfo

from babel import Locale, localedata
from babel.core import get_global
from babel.dates import format_date, format_interval, format_time
from babel.numbers import NumberPattern, format_percent, get_currency_symbol, get_minus_sign_symbol

from portico.domain.money import exponent
from portico.i18n.languages import Language, by_tag

_DIGITS = re.compile(r"[0-9](?:.*[0-9])?")
# Of countries with several times: the zone of the largest city.
_LARGEST_CITYS_ZONE = {
    "AR": "America/Argentina/Buenos_Aires", "AU": "Australia/Sydney", "BR": "America/Sao_Paulo", "CA": "America/Toronto",
    "CL": "America/Santiago", "CN": "Asia/Shanghai", "DE": "Europe/Berlin", "ES": "Europe/Madrid", "ID": "Asia/Jakarta",
    "KZ": "Asia/Almaty", "MN": "Asia/Ulaanbaatar", "MX": "America/Mexico_City", "NZ": "Pacific/Auckland", "PT": "Europe/Lisbon",
    "RU": "Europe/Moscow", "UA": "Europe/Kyiv", "US": "America/New_York", "UZ": "Asia/Tashkent", "VN": "Asia/Ho_Chi_Minh",
}  # fmt: skip
_NO_BREAK_SPACE = "\u00a0"
_LEFT_TO_RIGHT_MARK = "\u200e"
_RIGHT_TO_LEFT_MARK = "\u200f"
_LATIN_SIGN = re.compile(r"[A-Za-z]+[^A-Za-z]\Z")

# Signs that several currencies share and that CLDR gives bare to the one it thinks nearest: there, `money_code` names the currency.
AMBIGUOUS_SIGNS = frozenset("$£¥￥元")

# Two thirds of what Babel keeps of a language, and nothing here says any of it.
_NEVER_SAID = (
    "unit_patterns", "unit_display_names", "compound_unit_patterns", "meta_zones", "currency_names", "currency_names_plural",
    "currency_unit_patterns", "compact_decimal_formats", "compact_currency_formats", "date_fields", "variants", "day_period_rules",
)  # fmt: skip

_zone = functools.lru_cache(maxsize=512)(ZoneInfo)


class Formats:
    """The formatters of one language. Amounts are whole minor units, moments are aware, zones are IANA names; nothing here rounds."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._locale = _locale(language.babel_locale)
        self._territories: Mapping[str, str] = self._locale.territories
        symbols = self._locale.number_symbols["latn"]
        self._group: str = symbols["group"]
        self._point: str = symbols["decimal"]
        self._minus: str = symbols["minusSign"]
        self._date_and_time: str = str(self._locale.datetime_formats["medium"]).replace("'", "")
        self._time_pattern = self._locale.time_formats["short"].pattern
        if language.day_period == "wide":
            self._time_pattern = self._time_pattern.replace("a", "aaaa")
        self._money: dict[str, Callable[[int], str]] = {}
        self._sign = functools.cache(functools.partial(get_currency_symbol, locale=self._locale))
        self._day = functools.lru_cache(maxsize=4096)(self._write_day)
        self._minute = functools.lru_cache(maxsize=1440)(self._write_minute)
        self._days = functools.lru_cache(maxsize=2048)(self._write_days)
        self.percent = functools.lru_cache(maxsize=256)(self._write_percent)

    def money(self, amount_minor: int, currency: str) -> str:
        """An amount with its sign: "€29.00", "29,00 €", "￥2,900". Raises Refused("currency_unknown")."""
        write = self._money.get(currency)
        if write is None:
            write = self._money[currency] = money_writer(self._locale, currency)
        return write(amount_minor)

    def money_code(self, amount_minor: int, currency: str) -> str:
        """`money`, and the ISO code behind it where the sign alone leaves open which currency it is: "$29.00 USD", but
        "29,00 €", "CA$29.00" and "CHF 29.00". For the one total that a page or document commits to."""
        text = self.money(amount_minor, currency)
        return f"{text}{_NO_BREAK_SPACE}{currency}" if self._sign(currency) in AMBIGUOUS_SIGNS else text

    def date(self, moment: dt.datetime, zone: str) -> str:
        """The day of a moment in a time zone: "Oct 1, 2026", "01.10.2026"."""
        return self._day(moment.astimezone(_zone(zone)).toordinal())

    def datetime(self, moment: dt.datetime, zone: str) -> str:
        """Day and time to the minute: "Oct 1, 2026, 3:07 PM"."""
        local = moment.astimezone(_zone(zone))
        time = self._minute(local.hour * 60 + local.minute)
        return self._date_and_time.replace("{0}", time).replace("{1}", self._day(local.toordinal()))

    def period(self, start: dt.datetime, end: dt.datetime, zone: str) -> str:
        """The days of a period whose `end` is exclusive: "Oct 1 – 31, 2026".

        The last day shown is the day before the end's, so that periods which follow each other share no day, whatever the
        time of day they turn at. (EN 16931 BT-74 is that same inclusive day.)
        """
        first = start.astimezone(_zone(zone)).toordinal()
        last = end.astimezone(_zone(zone)).toordinal() - 1
        return self._days(first, max(first, last))

    def number(self, count: int) -> str:
        """A whole number with its groups: "12,345"."""
        digits = f"{abs(count):,}".replace(",", self._group)
        return f"{self._minus}{digits}" if count < 0 else digits

    def decimal(self, number: str) -> str:
        """A decimal string with all its decimals: "4.2531" -> "4,2531". Not negative, as rates of exchange are."""
        whole, _, fraction = number.partition(".")
        return f"{self.number(int(whole))}{self._point}{fraction}" if fraction else self.number(int(whole))

    def country(self, code: str) -> str:
        """The name of a country by its ISO 3166-1 alpha-2 code; the code itself if nobody knows it."""
        return self._territories.get(code, code)

    def countries(self, codes: Iterable[str]) -> list[tuple[str, str]]:
        """(code, name) of each, in the order of the names as a reader looks for them (accents do not count)."""
        return sorted(((code, self.country(code)) for code in codes), key=lambda pair: _sort_key(pair[1]))

    def city(self, country: str) -> str:
        """A well-known city of a country, as an example: the one its time is named after. "" where there is none."""
        zone = _LARGEST_CITYS_ZONE.get(country) or _first_zones().get(country, "")
        zones = cast(Mapping[str, Mapping[str, str]], self._locale.time_zones)
        return zones.get(zone, {}).get("city") or zone.rpartition("/")[2].replace("_", " ")

    def language_name(self, tag: str) -> str:
        """The name of another language of the registry, in this one."""
        return _locale(by_tag(tag).babel_locale).get_display_name(self._locale) or tag

    def _write_day(self, ordinal: int) -> str:
        return format_date(dt.date.fromordinal(ordinal), "medium", locale=self._locale)

    def _write_minute(self, minute: int) -> str:
        return format_time(dt.time(*divmod(minute, 60)), self._time_pattern, locale=self._locale)

    def _write_days(self, first: int, last: int) -> str:
        return format_interval(dt.date.fromordinal(first), dt.date.fromordinal(last), "yMMMd", locale=self._locale)

    def _write_percent(self, rate: str) -> str:
        """A rate given as a decimal string in percent: "19" -> "19 %", "8.875" -> "8.875%". All its decimals, no more."""
        return format_percent(Decimal(rate) / 100, locale=self._locale, decimal_quantization=False)


@functools.cache
def formats(tag: str) -> Formats:
    """The formatters of a language of the registry, made once."""
    return Formats(by_tag(tag))


def money_writer(locale: Locale, currency: str) -> Callable[[int], str]:
    """A function from minor units to text, for one locale and currency, taken apart from what Babel writes for 1 and -1."""
    places = exponent(currency)
    pattern = locale.currency_formats["standard"]
    if pattern.grouping != (3, 3):  # lakh and crore: none of our languages, so not worth code of our own
        return lambda amount_minor: _by_babel(pattern, locale, currency, amount_minor, places)
    head, tail = _around(pattern, locale, currency, Decimal(1))
    negative_head, negative_tail = _around(pattern, locale, currency, Decimal(-1))
    minus = get_minus_sign_symbol(locale)
    if minus != "-":
        # In a right-to-left line the marks make "-29.00" one left-to-right piece and keep the sign of the currency out of it.
        negative_head = negative_head.replace("-", minus)
        negative_tail = _RIGHT_TO_LEFT_MARK + negative_tail
    symbols = locale.number_symbols["latn"]
    group, point = symbols["group"], symbols["decimal"]
    scale = 10**places

    def write(amount_minor: int) -> str:
        before, after = (negative_head, negative_tail) if amount_minor < 0 else (head, tail)
        whole, fraction = divmod(abs(amount_minor), scale)
        digits = f"{whole:,}"
        if group != ",":
            digits = digits.replace(",", group)
        return f"{before}{digits}{point}{fraction:0{places}d}{after}" if places else f"{before}{digits}{after}"

    return write


def _by_babel(pattern: NumberPattern, locale: Locale, currency: str, amount_minor: int, places: int) -> str:
    pattern = copy.copy(pattern)
    pattern.frac_prec = (places, places)
    return pattern.apply(Decimal(amount_minor).scaleb(-places), locale, currency=currency, currency_digits=False)


def _around(pattern: NumberPattern, locale: Locale, currency: str, sample: Decimal) -> tuple[str, str]:
    """What stands before and after the digits, with CLDR's space between letters and digits put in."""
    text = pattern.apply(sample, locale, currency=currency)
    digits = _DIGITS.search(text)
    if digits is None:
        raise ValueError(f"no digits in {text!r}")
    head, tail = text[: digits.start()], text[digits.end() :]
    sign = get_currency_symbol(currency, locale)
    if head.endswith(sign) and unicodedata.category(sign[-1])[0] not in "SZ":
        head += _NO_BREAK_SPACE
    if tail.startswith(sign) and unicodedata.category(sign[0])[0] not in "SZ":
        tail = _NO_BREAK_SPACE + tail
    if locale.text_direction == "rtl" and _LATIN_SIGN.match(sign):
        head, tail = (part.replace(sign, sign + _LEFT_TO_RIGHT_MARK) for part in (head, tail))
    return head, tail


def _locale(name: str) -> Locale:
    """Babel's data of a locale such as "zh_Hant", without what is never said: 18 languages would be 11 MB more."""
    parts = name.split("_")
    for ancestor in ("root", *("_".join(parts[:count]) for count in range(1, len(parts) + 1))):
        data = localedata.load(ancestor)  # which Babel keeps, and hands to whoever asks for the locale
        data.update({unsaid: {} for unsaid in _NEVER_SAID})
    return Locale.parse(name)


def _sort_key(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name.casefold()).replace("ł", "l").replace("ı", "i")
    return "".join(character for character in folded if not unicodedata.combining(character))


@functools.cache
def _first_zones() -> dict[str, str]:
    """The first time zone of each country, by its ISO 3166-1 alpha-2 code."""
    return {country: zone for zone, country in sorted(get_global("zone_territories").items(), reverse=True)}
