"""Rates of exchange that a store brings in: documents in another currency state their tax in that of the seller's own country too
(Directive 2006/112/EC art. 91 and 230)."""

import re
from datetime import date
from fractions import Fraction

from portico.domain import money
from portico.domain.csv_table import CsvRow, read
from portico.domain.errors import FieldError, Invalid
from portico.domain.tax_table import is_day

COLUMNS = ("currency_from", "currency_to", "valid_on", "rate")
_RATE = re.compile(r"(?:0|[1-9][0-9]{0,9})(?:\.[0-9]{1,8})?")

ExchangeRate = tuple[str, str, date, str]  # how many of the second currency one of the first makes, on a day


def parse(text: str) -> tuple[ExchangeRate, ...]:
    """The rows of a CSV file (see `csv_table`) with the columns currency_from, currency_to, valid_on and rate, e.g.
    USD,EUR,2026-11-02,0.8621. Raises Invalid with every error by its line."""
    errors: list[FieldError] = []
    rates: dict[tuple[str, str, date], str] = {}
    for row in read(text, COLUMNS, COLUMNS):
        found = _wrong(row)
        errors += found
        if found:
            continue
        key = (row.cells["currency_from"].upper(), row.cells["currency_to"].upper(), date.fromisoformat(row.cells["valid_on"]))
        if key in rates:
            errors.append(row.wrong("valid_on", "csv_twice", " ".join((*key[:2], key[2].isoformat()))))
        rates[key] = row.cells["rate"]
    if errors:
        raise Invalid(errors)
    return tuple((*key, rate) for key, rate in rates.items())


def _wrong(row: CsvRow) -> list[FieldError]:
    currencies = money.currencies()
    pair = {column: row.cells[column].upper() for column in ("currency_from", "currency_to")}
    errors = [row.wrong(column, "currency_unknown", "EUR") for column, currency in pair.items() if currency not in currencies]
    if not errors and pair["currency_from"] == pair["currency_to"]:
        errors.append(row.wrong("currency_to", "currency_same"))
    if not is_day(row.cells["valid_on"]):
        errors.append(row.wrong("valid_on", "date_format", "2026-11-02"))
    if not _RATE.fullmatch(row.cells["rate"]) or Fraction(row.cells["rate"]) == 0:
        errors.append(row.wrong("rate", "exchange_rate_format", "0.8621"))
    return errors
