"""`portico migrate` and `portico check`."""

from portico.cli.console import note, open_database, open_runtime, print_table, refuse_newer, say
from portico.domain.errors import PorticoError
from portico.services import check as checks
from portico.storage.migrate import migrate as run_migrations


def migrate() -> None:
    """Brings the database to this version of Portico. Running it again does no harm."""
    with open_database() as database:
        was_current = database.is_current()
        if not was_current:
            refuse_newer(database)
            try:
                run_migrations(database)
            except RuntimeError as error:  # it holds rows that no version of Portico writes
                raise PorticoError(f"nothing was changed: {error}") from error
    say("The database is current." if was_current else "The database has been migrated.")


def check() -> int:
    """Checks what must be true of the data, and changes nothing. Exit code 1 when a rule is broken; warnings alone are none."""
    with open_runtime() as runtime:
        findings = checks.run(runtime.database, runtime.clock())
    if not findings:
        say(f"All is well: {len(checks.names())} rules hold.")
        return 0
    print_table(("", "rule", "what", "detail"), [(f.severity, f.check, f.subject, f.detail) for f in findings])
    errors = sum(finding.severity == "error" for finding in findings)
    note(f"{errors} errors, {len(findings) - errors} warnings. docs/operations.md says what each rule means.")
    return 1 if errors else 0
