from datetime import date

import pytest

from portico.domain import exchange_rates
from portico.domain.errors import Invalid, Refused
from portico.domain.place_of_supply import UNION, rule_for
from portico.domain.tax import TaxRule, parse_rate
from portico.domain.tax_table import AS_OF, STARTING_SET, parse, starting_set

# What is in force in November 2026, written down a second time: a slip of the pen in the set shows.
STANDARD = {
    "AT": "20", "BE": "21", "BG": "20", "CY": "19", "CZ": "21", "DE": "19", "DK": "25", "EE": "24", "ES": "21", "FI": "25.5", "FR": "20",
    "GR": "24", "HR": "25", "HU": "27", "IE": "23", "IT": "22", "LT": "21", "LU": "17", "LV": "21", "MT": "18", "NL": "21", "PL": "23",
    "PT": "23", "RO": "21", "SE": "25", "SI": "22", "SK": "23", "GB": "20", "CH": "8.1", "LI": "8.1", "NO": "25",
}  # fmt: skip


def test_the_starting_set_has_todays_standard_rates() -> None:
    assert len(UNION) == 27
    assert {rule.country for rule in STARTING_SET} == STANDARD.keys() == UNION | {"GB", "CH", "LI", "NO"}
    for country, rate in STANDARD.items():
        rule = rule_for(STARTING_SET, country, "", "saas", AS_OF)
        assert rule is not None
        assert (rule.rate, rule.reason) == (rate, "standard"), country
        assert parse_rate(rule.rate) > 0


@pytest.mark.parametrize(
    ("country", "before", "day", "since"),
    [
        ("RO", "19", (2025, 8, 1), "21"), ("EE", "22", (2025, 7, 1), "24"), ("SK", "20", (2025, 1, 1), "23"),
        ("FI", "24", (2024, 9, 1), "25.5"), ("CH", "7.7", (2024, 1, 1), "8.1"), ("LU", "16", (2024, 1, 1), "17"),
        ("DE", "16", (2021, 1, 1), "19"),
    ],
)  # fmt: skip
def test_a_change_of_a_rate_has_its_day(country: str, before: str, day: tuple[int, int, int], since: str) -> None:
    changed = date(*day)
    rules = [rule_for(STARTING_SET, country, "", "saas", on) for on in (date.fromordinal(changed.toordinal() - 1), changed)]
    assert [rule and rule.rate for rule in rules] == [before, since]


def test_a_store_starts_with_where_it_is_and_where_it_is_registered() -> None:
    def countries(*asked: object) -> set[str]:
        return {rule.country for rule in starting_set(*asked)}  # type: ignore[arg-type]

    assert countries("DE") == countries("MC") == UNION
    assert countries("GB") == {"GB"}
    assert countries("CH") == countries("LI") == {"CH", "LI"}
    assert countries("DE", ("GB", "NO")) == UNION | {"GB", "NO"}
    assert countries("US", ("EU",)) == UNION
    assert countries("US", ("IE",)) == {"IE"}
    assert countries("US") == set()
    with pytest.raises(Refused, match="no rate of 'BR'"):
        starting_set("DE", ("BR",))


def test_a_file_is_read() -> None:
    text = "\ufeff# our table\ncountry,valid_from,rate\n\nde,2021-01-01,19\nFR,2014-01-01,20\n,,\n"
    assert parse(text) == (TaxRule("DE", date(2021, 1, 1), "19"), TaxRule("FR", date(2014, 1, 1), "20"))
    full = 'rate;country;state;category;valid_from;reason;note\n0;US;new york;ebook;2026-01-01;exempt;"Tax Law; § 1105"\n'
    full += "8.875;US;NY;;2026-01-01\n"
    assert parse(full) == (
        TaxRule("US", date(2026, 1, 1), "0", "NY", "ebook", "exempt", "Tax Law; § 1105"),
        TaxRule("US", date(2026, 1, 1), "8.875", "NY"),
    )


def errors_of(text: str) -> list[tuple[str, str, str]]:
    with pytest.raises(Invalid) as invalid:
        parse(text)
    return [(error.field, error.code, error.example) for error in invalid.value.errors]


ALL = "country,state,category,valid_from,rate,reason,note"
HEAD = "country,valid_from,rate,reason\n"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", [("line 1", "csv_empty", ALL)]),
        ("\n# nothing\n", [("line 1", "csv_empty", ALL)]),
        ("country,valid_from,rate\n", [("line 1", "csv_empty", ALL)]),
        ("country,rate\nDE,19\n", [("line 1", "csv_columns", ALL)]),
        ("country,valid_from,rate,rate\n", [("line 1", "csv_columns", ALL)]),
        ("country,valid_from,percent\n", [("line 1", "csv_columns", ALL)]),
        (HEAD + "DE,2021-01-01,19,standard,x\n", [("line 2", "csv_cells", "4")]),
        (HEAD + "x" * 2001, [("line 2", "csv_line", "2000")]),
        (HEAD + "EL,2021-01-01,24\n", [("line 2: country", "country_unknown", "GR")]),
        (HEAD + "Germany,2021-01-01,19\n", [("line 2: country", "country_unknown", "DE")]),
        (HEAD + "DE,1.1.2021,19\n\n\nFR,2021-02-30,20\n", [("line 2: valid_from", "date_format", "2026-01-01"),
                                                           ("line 5: valid_from", "date_format", "2026-01-01")]),
        (HEAD + "DE,2021-01-01,19 %\n", [("line 2: rate", "tax_rate_format", "8.875")]),
        (HEAD + "DE,2021-01-01,\n", [("line 2: rate", "tax_rate_format", "8.875")]),
        (HEAD + "DE,2021-01-01,0\n", [("line 2: reason", "tax_reason_rate", "zero, reverse_charge, exempt, outside_scope")]),
        (HEAD + "DE,2021-01-01,7,exempt\n", [("line 2: reason", "tax_reason_rate", "standard, reduced")]),
        (HEAD + "DE,2021-01-01,7,less\n", [("line 2: reason", "tax_reason_unknown",
                                            "standard, reduced, zero, reverse_charge, exempt, outside_scope")]),
        ("country,state,valid_from,rate\nUS,XX,2021-01-01,7\n", [("line 2: state", "state_unknown", "AL")]),
        (HEAD + "DE,2021-01-01,19\nde,2021-01-01,16\n", [("line 3: valid_from", "csv_twice", "DE standard 2021-01-01")]),
        ("country,valid_from,rate,note\nDE,2021-01-01,19," + "x" * 201, [("line 2: note", "text_format", "200")]),
        (HEAD + "DE,2021-01-01,19\n" * 5001, [("line 5002", "csv_long", "5000")]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_by_line(text: str, wrong: list[tuple[str, str, str]]) -> None:
    assert errors_of(text) == wrong


def test_rates_of_exchange_are_read() -> None:
    text = "currency_from,currency_to,valid_on,rate\nusd,EUR,2026-11-02,0.8621\nJPY,EUR,2026-11-02,0.0056\n"
    assert exchange_rates.parse(text) == (("USD", "EUR", date(2026, 11, 2), "0.8621"), ("JPY", "EUR", date(2026, 11, 2), "0.0056"))


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ("USD,XXX,2026-11-02,1.1", ("line 2: currency_to", "currency_unknown", "EUR")),
        ("USD,USD,2026-11-02,1", ("line 2: currency_to", "currency_same", "")),
        ("USD,EUR,2.11.2026,1.1", ("line 2: valid_on", "date_format", "2026-11-02")),
        ("USD,EUR,2026-11-02,0", ("line 2: rate", "exchange_rate_format", "0.8621")),
        ("USD,EUR,2026-11-02,-1", ("line 2: rate", "exchange_rate_format", "0.8621")),
        ("USD,EUR,2026-11-02,1.1\nUSD,EUR,2026-11-02,1.2", ("line 3: valid_on", "csv_twice", "USD EUR 2026-11-02")),
    ],
)
def test_a_wrong_rate_of_exchange_is_said_by_line(row: str, wrong: tuple[str, str, str]) -> None:
    with pytest.raises(Invalid) as invalid:
        exchange_rates.parse(f"currency_from,currency_to,valid_on,rate\n{row}\n")
    assert [(error.field, error.code, error.example) for error in invalid.value.errors] == [wrong]
