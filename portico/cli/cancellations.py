"""`portico cancellations`: why buyers leave, and what that costs a month."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

import msgspec
from cyclopts import Parameter

from portico.api.cancellations import summary_of
from portico.cli.console import EnvironmentName, StoreName, note, open_runtime, out, print_table, scope_of
from portico.domain.errors import PorticoError
from portico.domain.money import format_amount
from portico.services import cancellation_report
from portico.services.cancellation_report import By, Line, Report

_COLUMNS = ("requested", "saved", "lost", "currency", "lost/month", "saved/month")


def cancellations(
    *,
    store: StoreName,
    environment: EnvironmentName,
    by: Annotated[By, Parameter(help="What to add up by.")] = "reason",
    since: Annotated[str | None, Parameter(help="The first day, as 2026-01-31; without it the last twelve months.")] = None,
    until: Annotated[str | None, Parameter(help="The last day; without it today.")] = None,
    csv: Annotated[bool, Parameter(negative="", show_default=False, help="As a table for spreadsheets.")] = False,
    json: Annotated[bool, Parameter(negative="", show_default=False, help="As JSON, like GET /v1/cancellations/summary.")] = False,
    each: Annotated[
        bool, Parameter(negative="", show_default=False, help="Every cancellation with its comment, as a table for spreadsheets.")
    ] = False,
) -> None:
    """Adds up why buyers leave, and the money per month that is lost with them. What was taken back counts as saved. Days are those
    of UTC."""
    if csv + json + each > 1:
        raise PorticoError("give one of --csv, --json and --each")
    first, last = _day("since", since), _day("until", until)
    end = None if last is None else last + timedelta(days=1)
    if first is not None and end is not None and first >= end:
        raise PorticoError("--until must not be before --since")
    with open_runtime() as runtime:
        scope = scope_of(runtime, store, environment)
        if each:
            for piece in cancellation_report.list_csv(runtime, scope, since=first, until=end):
                out.file.write(piece.decode())
            return
        report = cancellation_report.make(runtime, scope, by, first, end)
    if csv:
        out.file.write(cancellation_report.csv(report).decode())
    elif json:
        out.file.write(msgspec.json.format(msgspec.json.encode(summary_of(report)), indent=2).decode() + "\n")
    else:
        _print(report)


def _print(report: Report) -> None:
    rows = [cells for line in report.lines for cells in _rows(line.name, line.key, line)]
    if out.is_terminal and rows:  # a person reads names, within the width of a screen, and the sum in the same columns
        rows = [(name, *cells) for name, _, *cells in (*rows, *_rows("all", "all", report.total))]
        print_table((report.by, *_COLUMNS), rows)
    elif rows:
        print_table((report.by, "", *_COLUMNS), rows)
    if not report.lines:
        last = report.until - timedelta(days=1)
        note(f"Nobody canceled from {report.since:%Y-%m-%d} to {last:%Y-%m-%d}.")


def _rows(name: str, key: str, line: Line) -> list[tuple[str, ...]]:
    """A row for each currency."""
    return [
        (
            name,
            "" if key == name else key,
            str(part.requested),
            str(part.saved),
            str(part.requested - part.saved),
            part.currency,
            format_amount(part.lost_minor, part.currency),
            format_amount(part.saved_minor, part.currency),
        )
        for part in line.money
    ]


def _day(option: str, text: str | None) -> datetime | None:
    """The first moment of a day."""
    if text is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        raise PorticoError(f"--{option} {text!r} is no day; write 2026-01-31") from None
