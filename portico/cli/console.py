"""What commands share: settings, the runtime, and how tables and notes are printed (plain when nobody is watching)."""

import os
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import Annotated

import sqlalchemy.exc
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from portico import app, config, logs
from portico.config import Settings
from portico.domain.errors import NotFound, PorticoError
from portico.domain.scope import Environment, StoreScope
from portico.services import store as stores
from portico.services.runtime import Runtime
from portico.storage.database import Database
from portico.storage.store import StoreRow

StoreName = Annotated[str, Parameter(help="The store's slug or id.")]
EnvironmentName = Annotated[Environment, Parameter(help="Which of the store's two environments; their data never mix.")]

# Without markup: names and reasons that buyers and merchants typed are printed as they are, brackets and all.
out = Console(highlight=False, markup=False)
notes = Console(stderr=True, highlight=False, markup=False)


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
                raise PorticoError("the database is not at this version of Portico; run: portico migrate")
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
    except sqlalchemy.exc.OperationalError as error:
        where = database.engine.url.render_as_string(hide_password=True)
        raise PorticoError(f"the database {where} cannot be used: {str(error.orig).strip().splitlines()[0]}") from error


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


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table for a person; tab-separated lines, without a header, for a program."""
    if not out.is_terminal:
        for row in rows:
            out.file.write("\t".join("" if cell is None else str(cell) for cell in row) + "\n")
        return
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    out.print(table)
