"""`portico import`: a file of JSON Lines into one environment of a store."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

from cyclopts import Parameter
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

from portico.cli.console import EnvironmentName, StoreName, find_store, note, notes, open_runtime, print_table
from portico.domain.errors import PorticoError
from portico.services import importing
from portico.services.import_format import KINDS
from portico.services.importing import Refusal, Report, Target

_SHOWN_REFUSALS = 20


def load(
    file: Annotated[Path, Parameter(help="JSON Lines; see docs/import-format.md.")],
    /,
    *,
    store: StoreName,
    environment: EnvironmentName,
) -> int:
    """Imports a file; the same file again changes nothing. Refused lines are written to FILE.refused.txt with their reasons."""
    if file.is_dir():
        raise PorticoError(f"{file} is a folder; give a file of JSON Lines, such as shop.jsonl")
    refused_file = file.with_name(file.name + ".refused.txt")
    try:
        refused_file.unlink(missing_ok=True)
    except OSError as error:
        raise PorticoError(f"{refused_file} cannot be written, where refused lines go: {error.strerror}") from error
    shown: list[Refusal] = []

    def refuse(refusal: Refusal) -> None:
        try:
            with refused_file.open("a", encoding="utf-8") as report:
                report.write(f"{refusal.line}\t{refusal.code}\t{refusal.reason}\n")
        except OSError as error:
            raise PorticoError(f"line {refusal.line} is refused, and {refused_file}, which is to list it, cannot be written") from error
        if len(shown) < _SHOWN_REFUSALS:
            shown.append(refusal)

    with open_runtime() as runtime, _opened(file) as (opened, on_progress):
        target = Target(runtime, find_store(runtime, store), environment)
        report = importing.load(target, opened, on_refusal=refuse, on_progress=on_progress)
    _summarize(report)
    if not report.refused:
        return 0
    print_table(("line", "reason", ""), [(refusal.line, refusal.code, refusal.reason) for refusal in shown])
    note(f"Lines refused: {report.refused}; all of them, with reasons: {refused_file}", style="yellow")
    return 1


@contextmanager
def _opened(file: Path) -> Generator[tuple[BinaryIO, Callable[[int], None]]]:
    """The file, and what to tell how many bytes of it are done: a bar while a person watches."""
    try:
        opened = file.open("rb")
    except OSError as error:
        raise PorticoError(f"{file} cannot be read: {error.strerror}") from error
    columns = ("{task.description}", BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with opened, Progress(*columns, console=notes, transient=True, disable=not notes.is_terminal) as bar:
        task = bar.add_task(file.name, total=file.stat().st_size)
        yield opened, lambda done: bar.update(task, completed=done)


def _summarize(report: Report) -> None:
    """What was new, changed and unchanged, by type."""
    outcomes = ("new", "changed", "unchanged")
    rows = [(kind, *(report.counts[kind, outcome] for outcome in outcomes)) for kind in KINDS]
    print_table(("type", *outcomes), [row for row in rows if any(row[1:])])
