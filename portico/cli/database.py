"""`portico migrate` and `portico check`."""

from portico.cli.console import open_database, out


def migrate() -> None:
    """Brings the database to this version of Portico. Running it again does no harm."""
    with open_database() as database:
        was_current = database.is_current()
        if not was_current:
            database.migrate()
    out.print("The database is current." if was_current else "The database has been migrated.")
