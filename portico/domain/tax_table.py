"""A store's tax table: the set that it may start with, and the CSV files in which it is brought in.

STARTING_SET has the standard rates of the European Union's 27 states, Great Britain, Switzerland, Liechtenstein and Norway as they are
in force in November 2026, each from the day on which it came into force, and the rates before the changes of the last years. Sources:
European Commission, Taxes in Europe Database (TEDB) and "VAT rates applied in the Member States"; VATA 1994 s. 2 and Finance (No. 2) Act
2010 s. 3; MWSTG art. 25, AS 2022 863; Liechtenstein MWSTG art. 25; the Norwegian parliament's yearly decision on VAT § 2; and of the newest
changes Romania's Law 141/2025, Estonia's Security Tax Act of 11 December 2024, Slovakia's Act 278/2024, Finland's Act 479/2024.
Reduced rates are not in it: which of them a service falls under is for the store to say.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import cast

from portico.domain import address_rules
from portico.domain.csv_table import CsvRow, read
from portico.domain.errors import FieldError, Invalid, Refused
from portico.domain.place_of_supply import UNION, territory
from portico.domain.tax import TAX_REASONS, UNTAXED_REASONS, TaxReason, TaxRule, parse_rate

AS_OF = date(2026, 11, 1)
# Country, rate, first day.
_RATES: tuple[tuple[str, str, str], ...] = (
    ("AT", "20", "1984-01-01"),
    ("BE", "21", "1996-01-01"),
    ("BG", "20", "2007-01-01"),
    ("CH", "7.7", "2018-01-01"),
    ("CH", "8.1", "2024-01-01"),
    ("CY", "19", "2014-01-13"),
    ("CZ", "21", "2013-01-01"),
    ("DE", "19", "2007-01-01"),
    ("DE", "16", "2020-07-01"),
    ("DE", "19", "2021-01-01"),
    ("DK", "25", "1992-01-01"),
    ("EE", "20", "2009-07-01"),
    ("EE", "22", "2024-01-01"),
    ("EE", "24", "2025-07-01"),
    ("ES", "21", "2012-09-01"),
    ("FI", "24", "2013-01-01"),
    ("FI", "25.5", "2024-09-01"),
    ("FR", "20", "2014-01-01"),
    ("GB", "20", "2011-01-04"),
    ("GR", "24", "2016-06-01"),
    ("HR", "25", "2012-03-01"),
    ("HU", "27", "2012-01-01"),
    ("IE", "23", "2012-01-01"),
    ("IE", "21", "2020-09-01"),
    ("IE", "23", "2021-03-01"),
    ("IT", "22", "2013-10-01"),
    ("LI", "7.7", "2018-01-01"),
    ("LI", "8.1", "2024-01-01"),
    ("LT", "21", "2009-09-01"),
    ("LU", "17", "2015-01-01"),
    ("LU", "16", "2023-01-01"),
    ("LU", "17", "2024-01-01"),
    ("LV", "21", "2012-07-01"),
    ("MT", "18", "2004-01-01"),
    ("NL", "21", "2012-10-01"),
    ("NO", "25", "2005-01-01"),
    ("PL", "23", "2011-01-01"),
    ("PT", "23", "2011-01-01"),
    ("RO", "19", "2017-01-01"),
    ("RO", "21", "2025-08-01"),
    ("SE", "25", "1990-07-01"),
    ("SI", "22", "2013-07-01"),
    ("SK", "20", "2011-01-01"),
    ("SK", "23", "2025-01-01"),
)
STARTING_SET: tuple[TaxRule, ...] = tuple(TaxRule(country, date.fromisoformat(day), rate) for country, rate, day in _RATES)

COLUMNS = ("country", "state", "category", "valid_from", "rate", "reason", "note")
_REQUIRED = ("country", "valid_from", "rate")
_LONGEST = {"state": 60, "category": 40, "note": 200}  # characters
_MEANT = {"EL": "GR", "UK": "GB", "XI": "GB"}  # what VAT ids and people write


def starting_set(seller_country: str, registered_in: Iterable[str] = ()) -> tuple[TaxRule, ...]:
    """The part of STARTING_SET that a store needs: where it is established, all of the European Union if that is there (its consumers
    are taxed where they live), and the further countries where it is registered; "EU" stands for all states of the union.

    A row says that tax is charged there, and tax that is charged without being registered is owed all the same (Directive
    2006/112/EC art. 203). Raises Refused("tax_country") for a country of which the set has nothing.
    """
    known = {rule.country for rule in STARTING_SET}
    wanted: set[str] = set()
    for country in (territory(seller_country), *registered_in):
        if country == "EU" or (country in UNION and country == territory(seller_country)):
            wanted |= UNION
        elif country in known:
            wanted |= {"CH", "LI"} if territory(country) == "CH" else {country}
        elif country != territory(seller_country):
            raise Refused("tax_country", f"the starting set has no rate of {country!r}; it has {', '.join(sorted(known))}")
    return tuple(rule for rule in STARTING_SET if rule.country in wanted)


def parse(text: str) -> tuple[TaxRule, ...]:
    """The rows of a CSV file (see `csv_table`) with the columns country, valid_from and rate, and if wanted state, category, reason and
    note. Raises Invalid with every error by its line."""
    errors: list[FieldError] = []
    rules: dict[tuple[str, str, str, date], TaxRule] = {}
    for row in read(text, COLUMNS, _REQUIRED):
        found = [*_wrong(row)]
        errors += found
        if found:
            continue
        rule = _rule(row.cells)
        key = (rule.country, rule.state, rule.category, rule.valid_from)
        if key in rules:
            errors.append(row.wrong("valid_from", "csv_twice", " ".join(filter(None, (*key[:3], key[3].isoformat())))))
        rules[key] = rule
    if errors:
        raise Invalid(errors)
    return tuple(rules.values())


def _rule(cells: Mapping[str, str]) -> TaxRule:
    country = cells["country"].upper()
    return TaxRule(
        country=country,
        valid_from=date.fromisoformat(cells["valid_from"]),
        rate=cells["rate"],
        state=_state(country, cells["state"]) or "",
        category=cells["category"] or "standard",
        reason=cast(TaxReason, cells["reason"] or "standard"),
        note=cells["note"],
    )


def _wrong(row: CsvRow) -> Iterator[FieldError]:
    country, reason = row.cells["country"].upper(), row.cells["reason"] or "standard"
    if country not in address_rules.country_codes():
        yield row.wrong("country", "country_unknown", _MEANT.get(country, "DE"))
    elif _state(country, row.cells["state"]) is None:
        yield row.wrong("state", "state_unknown", address_rules.rules(country).areas[0].code)
    if not is_day(row.cells["valid_from"]):
        yield row.wrong("valid_from", "date_format", "2026-01-01")
    if reason not in TAX_REASONS:
        yield row.wrong("reason", "tax_reason_unknown", ", ".join(TAX_REASONS))
    try:
        is_untaxed = parse_rate(row.cells["rate"]) == 0
    except Refused:
        yield row.wrong("rate", "tax_rate_format", "8.875")
    else:
        if reason in TAX_REASONS and is_untaxed != (reason in UNTAXED_REASONS):
            yield row.wrong("reason", "tax_reason_rate", ", ".join(UNTAXED_REASONS) if is_untaxed else "standard, reduced")
    for column, most in _LONGEST.items():
        if len(row.cells[column]) > most or not row.cells[column].isprintable():
            yield row.wrong(column, "text_format", str(most))


def is_day(text: str) -> bool:
    """Whether it is a date as ISO 8601 writes it: "2026-01-01"."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _state(country: str, written: str) -> str | None:
    """A state by its code, as billing details have it; None when the country has no such state."""
    rules = address_rules.rules(country)
    if not written or not rules.areas:
        return written
    area = rules.area(written)
    return area.code if area else None
