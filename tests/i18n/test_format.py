"""Our formatters against Babel, which stays the judge."""

import copy
import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from babel import Locale
from babel.dates import format_date, format_interval, format_time
from babel.numbers import format_decimal, format_percent, get_currency_symbol
from hypothesis import given, settings
from hypothesis import strategies as st

from portico.domain.errors import Refused
from portico.domain.money import exponent
from portico.i18n.format import AMBIGUOUS_SIGNS, formats, money_writer
from portico.i18n.languages import LANGUAGES, by_tag

TAGS = [language.tag for language in LANGUAGES]
each_tag = pytest.mark.parametrize("tag", TAGS)
AMOUNTS = (0, 1, -1, 99, -100, 999, 1_000, 12_345, -99_999, 100_000, 123_456_789, -(10**12) - 1, 2**63 - 1, -(2**63))


def locale_of(tag: str) -> Locale:
    return Locale.parse(by_tag(tag).babel_locale)


def currencies() -> list[str]:
    """All that both ISO 4217 and Babel know."""
    known = []
    for code in sorted(Locale("en").currencies):
        try:
            exponent(code)
        except Refused:
            continue
        known.append(code)
    return known


CURRENCIES = currencies()


def babels(locale: Locale, amount_minor: int, currency: str) -> str:
    """Babel's text, with ISO 4217's decimals and the four things that the module says it does differently."""
    places = exponent(currency)
    pattern = copy.copy(locale.currency_formats["standard"])
    pattern.frac_prec = (places, places)
    text = pattern.apply(Decimal(amount_minor).scaleb(-places), locale, currency=currency, currency_digits=False)
    sign = get_currency_symbol(currency, locale)
    if unicodedata.category(sign[-1])[0] not in "SZ":  # UTS #35: currencyMatch [[:^S:]&[:^Z:]]
        text = re.sub(rf"{re.escape(sign)}(?=[0-9])", f"{sign}\u00a0", text)
    if locale.text_direction == "rtl" and amount_minor < 0:
        text = re.sub("-([0-9.,]+)", "\u200e-\\1\u200f", text)
    if locale.text_direction == "rtl" and sign[0].isascii() and sign[0].isalpha() and not sign[-1].isalpha():
        text = text.replace(sign, sign + "\u200e")
    return text


def test_the_table_of_currencies_is_there() -> None:
    assert {"EUR", "USD", "JPY", "KWD", "INR", "TWD", "IDR", "HUF", "CLP", "BHD"} <= set(CURRENCIES)
    assert len(CURRENCIES) > 140


@each_tag
def test_money_is_babels(tag: str) -> None:
    locale, write = locale_of(tag), formats(tag).money
    for currency in CURRENCIES:
        for amount in AMOUNTS:
            assert write(amount, currency) == babels(locale, amount, currency)


@settings(derandomize=True, database=None, deadline=None)
@given(amount=st.integers(-(2**63), 2**63 - 1), tag=st.sampled_from(TAGS), currency=st.sampled_from(["EUR", "USD", "JPY", "KWD", "TWD"]))
def test_any_amount_is_babels(amount: int, tag: str, currency: str) -> None:
    assert formats(tag).money(amount, currency) == babels(locale_of(tag), amount, currency)


@settings(derandomize=True, database=None, deadline=None)
@given(amount=st.integers(-(2**63), 2**63 - 1), tag=st.sampled_from(TAGS), currency=st.sampled_from(["EUR", "JPY", "KWD"]))
def test_the_digits_shown_are_the_amount(amount: int, tag: str, currency: str) -> None:
    text = formats(tag).money(amount, currency)
    assert int("".join(re.findall("[0-9]", text))) == abs(amount)
    assert ("-" in text) == (amount < 0)


@pytest.mark.parametrize(
    ("tag", "amount", "currency", "text"),
    [
        ("en", 2900, "USD", "$29.00"),
        ("en", -2900, "USD", "-$29.00"),
        ("en", 3000, "KWD", "KWD\u00a03.000"),
        ("en", -123456, "CHF", "-CHF\u00a01,234.56"),
        ("de", 123456789, "EUR", "1.234.567,89\u00a0€"),
        ("fr", 123456789, "EUR", "1\u202f234\u202f567,89\u00a0€"),
        ("pl", 123456, "PLN", "1\u00a0234,56\u00a0zł"),
        ("ja", 2900, "JPY", "￥2,900"),
        ("zh-Hant", 2900, "TWD", "$29.00"),
        ("pt-BR", -2900, "BRL", "-R$\u00a029,00"),
        ("id", 2900000, "IDR", "Rp\u00a029.000,00"),  # ISO 4217 gives the rupiah two decimals
        ("ko", 29000, "KRW", "₩29,000"),
        ("tr", 2900, "TRY", "₺29,00"),
        ("en", 123456789, "INR", "₹1,234,567.89"),
        ("en", 0, "JPY", "¥0"),
        ("ar", 2900, "USD", "\u200f29.00\u00a0US$\u200e"),
    ],
)
def test_money_as_people_write_it(tag: str, amount: int, currency: str, text: str) -> None:
    assert formats(tag).money(amount, currency) == text


def test_a_negative_amount_in_arabic_keeps_its_minus_on_the_left() -> None:
    """By UAX #9 the first mark makes minus and digits one left-to-right run, the second keeps the currency out of that run, the
    third keeps its "$" behind its letters."""
    assert formats("ar").money(-2900, "USD") == "\u200f\u200e-29.00\u200f\u00a0US$\u200e"
    assert formats("ar").number(-1234) == "\u200e-1,234"


def test_lakh_and_crore_are_left_to_babel() -> None:
    assert money_writer(Locale("hi"), "INR")(1234567890) == "₹1,23,45,678.90"
    assert money_writer(Locale("hi"), "INR")(-5) == "-₹0.05"


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        formats("en").money(1, "XYZ")
    assert refused.value.code == "currency_unknown"


@pytest.mark.parametrize(
    ("tag", "amount", "currency", "text"),
    [
        ("en", 2900, "USD", "$29.00\u00a0USD"),
        ("en", 2900, "EUR", "€29.00"),
        ("en", 2900, "CAD", "CA$29.00"),
        ("en", 2900, "GBP", "£29.00\u00a0GBP"),
        ("en", 2900, "CHF", "CHF\u00a029.00"),
        ("de", 2900, "USD", "29,00\u00a0$\u00a0USD"),
        ("fr", 2900, "USD", "29,00\u00a0$US"),
        ("ja", 2900, "JPY", "￥2,900\u00a0JPY"),
        ("ja", 2900, "USD", "$29.00\u00a0USD"),
        ("zh-Hans", 2900, "CNY", "¥29.00\u00a0CNY"),
        ("zh-Hant", 2900, "TWD", "$29.00\u00a0TWD"),
        ("ar", 2900, "USD", "\u200f29.00\u00a0US$\u200e"),
    ],
)
def test_the_code_is_added_where_the_sign_alone_is_not_enough(tag: str, amount: int, currency: str, text: str) -> None:
    assert formats(tag).money_code(amount, currency) == text


@each_tag
def test_every_sign_that_two_languages_read_differently_counts_as_ambiguous(tag: str) -> None:
    meanings: dict[str, set[str]] = {}
    for other in TAGS:
        for currency in CURRENCIES:
            meanings.setdefault(get_currency_symbol(currency, locale_of(other)), set()).add(currency)
    signs = {sign for sign, meant in meanings.items() if len(meant) > 1}
    assert {"$", "¥"} <= signs
    shown = {get_currency_symbol(currency, locale_of(tag)) for currency in CURRENCIES}
    assert signs & shown <= AMBIGUOUS_SIGNS


@each_tag
def test_days_are_babels(tag: str) -> None:
    locale, write = locale_of(tag), formats(tag)
    for offset in range(0, 800, 7):
        day = date(2026, 1, 1) + timedelta(days=offset)
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        assert write.date(noon, "UTC") == write.date(noon, "UTC") == format_date(day, "medium", locale=locale)


@each_tag
def test_times_are_babels(tag: str) -> None:
    locale, write = locale_of(tag), formats(tag)
    clock = "aaaa h:mm" if tag == "ko" else "short"
    for minute in range(0, 1440, 11):
        at = time(*divmod(minute, 60))
        text = write.datetime(datetime.combine(date(2026, 2, 9), at, UTC), "UTC")
        day = format_date(date(2026, 2, 9), "medium", locale=locale)
        shape = str(locale.datetime_formats["medium"]).replace("'", "")
        assert text == shape.format(format_time(at, clock, locale=locale), day)


def test_korean_says_afternoon_in_korean() -> None:
    assert formats("ko").datetime(datetime(2026, 2, 9, 15, 7, tzinfo=UTC), "UTC") == "2026. 2. 9. 오후 3:07"


def test_a_day_is_the_stores_day() -> None:
    evening = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
    write = formats("de")
    assert write.date(evening, "UTC") == "28.03.2026"
    assert write.date(evening, "Europe/Berlin") == "29.03.2026"
    assert write.date(evening, "America/New_York") == "28.03.2026"
    assert write.datetime(evening + timedelta(hours=2), "Europe/Berlin") == "29.03.2026, 03:30"  # summer time has begun


@each_tag
def test_periods_are_babels(tag: str) -> None:
    write, locale = formats(tag), locale_of(tag)
    for first, last in (
        (date(2026, 10, 1), date(2026, 10, 31)),
        (date(2026, 10, 15), date(2026, 11, 14)),
        (date(2026, 12, 20), date(2027, 1, 19)),
        (date(2026, 5, 5), date(2026, 5, 5)),
    ):
        start = datetime.combine(first, time(15, 30), UTC)
        end = datetime.combine(last + timedelta(days=1), time(15, 30), UTC)
        assert write.period(start, end, "UTC") == format_interval(first, last, "yMMMd", locale=locale)


def test_periods_that_follow_each_other_share_no_day() -> None:
    write = formats("en")
    bounds = [datetime(2026, month, 14, 23, 30, tzinfo=UTC) for month in (2, 3, 4, 5)]
    assert [write.period(a, b, "Europe/Berlin").replace("\u2009", " ") for a, b in pairwise(bounds)] == [
        "Feb 15 – Mar 14, 2026",
        "Mar 15 – Apr 14, 2026",
        "Apr 15 – May 14, 2026",
    ]
    assert write.period(bounds[0], bounds[0] + timedelta(hours=1), "UTC") == "Feb 14, 2026"


@each_tag
def test_numbers_and_rates_are_babels(tag: str) -> None:
    write, locale = formats(tag), locale_of(tag)
    for count in (0, 7, 999, 1_000, 12_345, 9_876_543):
        assert write.number(count) == format_decimal(count, locale=locale)
    for rate in ("0", "7", "19", "19.00", "8.875", "5.5", "100"):
        assert write.percent(rate) == format_percent(Decimal(rate) / 100, locale=locale, decimal_quantization=False)
    for number in ("0.8621", "4.2531", "12345.00012345", "1490.28", "3"):
        assert write.decimal(number) == format_decimal(Decimal(number), locale=locale, decimal_quantization=False)


def test_a_rate_shows_all_its_decimals_and_no_more() -> None:
    assert formats("en").percent("8.875") == "8.875%"
    assert formats("en").percent("19.00") == "19%"
    assert formats("de").percent("5.5") == "5,5\u00a0%"
    assert formats("tr").percent("20") == "%20"


def test_countries_and_languages_have_names() -> None:
    assert formats("de").country("DE") == "Deutschland"
    assert formats("ja").country("DE") == "ドイツ"
    assert formats("de").country("ZQ") == "ZQ"
    assert formats("de").language_name("zh-Hant") == "Chinesisch (Traditionell)"
    assert formats("fr").language_name("pt-BR") == "portugais (Brésil)"


def test_a_country_has_a_city_to_show() -> None:
    assert [formats("en").city(country) for country in ("DE", "US", "AU", "FR", "GB", "VN", "XK")] == [
        "Berlin", "New York", "Sydney", "Paris", "London", "Ho Chi Minh", "",
    ]  # fmt: skip
    assert formats("ja").city("JP") == "東京"
    assert formats("pl").city("DE") == "Berlin"


def test_countries_are_in_the_readers_order() -> None:
    names = [name for _, name in formats("de").countries(["ZW", "AT", "EG", "AX", "DK"])]
    assert names == ["Ägypten", "Ålandinseln", "Dänemark", "Österreich", "Simbabwe"]
    assert formats("pl").countries(["LV", "LU", "LI"])[0] == ("LI", "Liechtenstein")


@each_tag
def test_no_format_uses_digits_other_than_latin(tag: str) -> None:
    write, moment = formats(tag), datetime(2026, 10, 11, 12, 13, tzinfo=UTC)
    period = write.period(moment, moment + timedelta(days=30), "UTC")
    texts = (write.money(123, "EUR"), write.datetime(moment, "UTC"), period, write.number(5))
    assert all(character.isascii() for text in texts for character in text if character.isdigit())
