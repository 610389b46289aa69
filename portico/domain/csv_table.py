"""Tables for spreadsheets, as CSV.

Small ones that a merchant keeps are read: the first line names the columns, in any order; lines that are empty or begin with # are left
out; commas or semicolons separate. Those that Portico writes are as in RFC 4180, in UTF-8 with a mark at the start by which spreadsheets
know it, and what somebody typed stays text wherever it is opened.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from portico.domain.errors import FieldError, Invalid

MOST_ROWS = 5000
_LONGEST = 2000  # characters of a line
BYTE_ORDER_MARK = "\ufeff"
# What a spreadsheet would take for a formula (OWASP, CSV injection), unless it is no more than a number. Where the comma is for decimals it
# parts cells at a semicolon, whatever a comma says, so that a formula may begin behind one.
_CELL = re.compile(r"[^;\t]+")
_FORMULA = re.compile(r"[\s]*[=+\-@\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"\s*-?[0-9]+(\.[0-9]+)?\Z")


@dataclass(frozen=True, slots=True)
class CsvRow:
    """A line by its number, counted from 1, with a text for each of the table's columns; empty where the file has none."""

    number: int
    cells: dict[str, str]

    def wrong(self, column: str, code: str, example: str = "") -> FieldError:
        """What is wrong with one cell. The field says where: "line 7: rate"."""
        return FieldError(f"line {self.number}: {column}", code, example)


def read(text: str, columns: Sequence[str], required: Sequence[str]) -> tuple[CsvRow, ...]:
    """The rows of a table of these columns, of which a file must have the `required` ones.

    Raises Invalid, whose fields say in which lines: "csv_empty", "csv_line", "csv_columns", "csv_cells" and "csv_long".
    """
    lines = [(number, line) for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1) if line.strip(" ,;\t")]
    lines = [(number, line) for number, line in lines if not line.lstrip().startswith("#")]
    if not lines:
        raise Invalid([FieldError("line 1", "csv_empty", ",".join(columns))])
    too_long = next((number for number, line in lines if len(line) > _LONGEST), None)
    if too_long is not None:
        raise Invalid([FieldError(f"line {too_long}", "csv_line", str(_LONGEST))])
    first, head = lines[0]
    separator = ";" if ";" in head else ","
    given = _cells(head, separator)
    if set(given) - set(columns) or set(required) - set(given) or len(set(given)) < len(given):
        raise Invalid([FieldError(f"line {first}", "csv_columns", ",".join(columns))])
    if len(lines) > MOST_ROWS + 1:
        raise Invalid([FieldError(f"line {lines[MOST_ROWS + 1][0]}", "csv_long", str(MOST_ROWS))])
    written = [(number, _cells(line, separator)) for number, line in lines[1:]]
    errors = [FieldError(f"line {number}", "csv_cells", str(len(given))) for number, cells in written if len(cells) > len(given)]
    if errors or not written:
        raise Invalid(errors or [FieldError(f"line {first}", "csv_empty", ",".join(columns))])
    return tuple(CsvRow(number, dict.fromkeys(columns, "") | dict(zip(given, cells, strict=False))) for number, cells in written)


def _cells(line: str, separator: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader(io.StringIO(line), delimiter=separator))]


def heading(columns: Sequence[str]) -> bytes:
    """The first line of a table that is written: the names of its columns."""
    return (BYTE_ORDER_MARK + _written(columns)).encode()


def line(values: Sequence[str]) -> bytes:
    """A line of it."""
    return _written([_harmless(value) for value in values]).encode()


def _harmless(value: str) -> str:
    return _CELL.sub(lambda cell: f"'{cell[0]}" if _FORMULA.match(cell[0]) and not _NUMBER.match(cell[0]) else cell[0], value)


def _written(values: Sequence[str]) -> str:
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\r\n").writerow(values)
    return written.getvalue()
