"""What commands share: settings, the runtime, and how tables and notes are printed (plain when nobody is watching)."""

import os
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import Annotated

import sqlalchemy.exc
from cyclopts import Parameter
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from portico import app, config, logs
from portico.config import Settings
from portico.domain.errors import NotFound, PorticoError
from portico.domain.scope import Environment, StoreScope
from portico.services import store as stores
from portico.services.runtime import Runtime
from portico.storage.database import Database
from portico.storage.revision import HEAD, revision
from portico.storage.store import StoreRow

StoreName = Annotated[str, Parameter(help="The store's slug or id.")]
EnvironmentName = Annotated[Environment, Parameter(help="Which of the store's two environments; their data never mix.")]

# Without markup: names and reasons that buyers and merchants typed are printed as they are, brackets and all.
out = Console(highlight=False, markup=False)
notes = Console(stderr=True, highlight=False, markup=False)
_IN_A_LINE = str.maketrans("\t\r\n", "   ")
_READABLE_WIDTH = 16  # characters: how narrow a column of words may become
_GAP = 2  # characters between columns


def settings(**given: object) -> Settings:
    """The settings of this call, with logging set up by them. Names that look like settings and are none are pointed out."""
    loaded = config.load(**given)
    for name in config.unknown_names(os.environ):
        notes.print(f"portico: {name} is not a setting and is ignored", style="yellow")
    logs.configure(loaded)
    return loaded


@contextmanager
def open_runtime(loaded: Settings | None = None) -> Generator[Runtime]:
    """The runtime on a migrated database, closed at the end."""
    runtime = app.build(loaded or settings())
    try:
        with reachable(runtime.database):
            if not runtime.database.is_current():
                refuse_newer(runtime.database)
                raise PorticoError(_not_migrated(runtime.database))
            yield runtime
    finally:
        runtime.database.dispose()


@contextmanager
def open_database() -> Generator[Database]:
    """The database alone, whatever state it is in."""
    database = app.open_database(settings())
    try:
        with reachable(database):
            yield database
    finally:
        database.dispose()


@contextmanager
def reachable(database: Database) -> Generator[None]:
    """Says in one line when the database cannot be reached."""
    try:
        yield
    except sqlalchemy.exc.DatabaseError as error:
        if type(error) not in (sqlalchemy.exc.OperationalError, sqlalchemy.exc.DatabaseError):  # the last: a file that is no database
            raise  # a slip of ours
        where = database.engine.url.render_as_string(hide_password=True)
        raise PorticoError(f"the database {where} cannot be used: {str(error.orig).strip().splitlines()[0]}") from error


def refuse_newer(database: Database) -> None:
    """Raises PorticoError for a database that a newer Portico has migrated: nothing of ours can bring it back."""
    with database.read() as connection:
        found = revision(connection)
    if found is not None and found > HEAD:
        raise PorticoError(
            f"the database is at version {found} of its tables, and this Portico knows {HEAD} at most; start the newer Portico, "
            "or bring back the backup from before its migration"
        )


def _not_migrated(database: Database) -> str:
    with database.read() as connection:
        found = revision(connection)
    if found is not None:
        return "the database is not at this version of Portico; run: portico migrate"
    where = database.engine.url.render_as_string(hide_password=True)
    return f"there are no tables of Portico in {where} yet; run: portico migrate (or is PORTICO_DATABASE_URL to be another?)"


def find_store(runtime: Runtime, name: str) -> StoreRow:
    """The store by slug or id. Raises NotFound that names what there is."""
    found = stores.find(runtime, name)
    if found is None:
        there = ", ".join(store.slug for store in stores.every(runtime)) or "none yet; see: portico store create --help"
        raise NotFound(f"there is no store {name!r}; there is: {there}")
    return found


def scope_of(runtime: Runtime, store: str, environment: Environment) -> StoreScope:
    """One environment of a store named on the command line."""
    return StoreScope(find_store(runtime, store).id, environment)


def say(text: str = "") -> None:
    """A line on standard output."""
    _print(out, text)


def note(text: str, *, style: str = "") -> None:
    """A line beside what was asked for: on standard error, so that it gets into no pipe."""
    _print(notes, text, style)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, none: str = "") -> None:
    """A table for a person; tab-separated lines, without a header, for a program. Where a table would have to cut off what it holds, an
    id perhaps that the next command needs, each row has lines of its own. Without rows there is the note `none`."""
    written = [["" if cell is None else str(cell).translate(_IN_A_LINE) for cell in row] for row in rows]
    if not written and none:
        note(none)
    elif not out.is_terminal:
        for row in written:
            out.file.write("\t".join(row) + "\n")
    elif written:
        _print_for_a_person(columns, written)


def _print(console: Console, text: str, style: str = "") -> None:
    """Breaks lines between words where a person watches, and nowhere in a pipe or within an id, a path or an address."""
    console.print(text, style=style or None, soft_wrap=not console.is_terminal, overflow="ignore", crop=False)


def _print_for_a_person(columns: Sequence[str], rows: list[list[str]]) -> None:
    widths: list[int] = []
    table = Table(box=None, header_style="bold", pad_edge=False, show_header=any(columns))
    for name, *cells in zip(columns, *rows, strict=True):
        longest = max(map(cell_len, (name, *cells)))
        longest_word = max(cell_len(word) for cell in (name, *cells) for word in (cell.split() or [""]))
        may_break = any(" " in cell for cell in cells)
        widths.append(max(longest_word, min(longest, _READABLE_WIDTH)) if may_break else longest)
        table.add_column(name, no_wrap=not may_break, min_width=widths[-1])
    if sum(widths) + _GAP * (len(widths) - 1) <= out.width:
        for row in rows:
            table.add_row(*row)
        out.print(table)
        return
    for number, row in enumerate(rows):
        lines = Table(box=None, pad_edge=False, show_header=False)
        lines.add_column(style="bold", no_wrap=True)
        lines.add_column(overflow="fold")
        for name, cell in zip(columns, row, strict=True):
            if cell:
                lines.add_row(name, cell)
        if number:
            out.print()
        out.print(lines)
