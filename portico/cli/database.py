"""`portico migrate` and `portico check`."""

from portico.cli.console import notes, open_database, open_runtime, out, print_table
from portico.services import check as checks
from portico.storage.migrate import migrate as run_migrations


def migrate() -> None:
    """Brings the database to this version of Portico. Running it again does no harm."""
    with open_database() as database:
        was_current = database.is_current()
        if not was_current:
            run_migrations(database)
    out.print("The database is current." if was_current else "The database has been migrated.")


def check() -> int:
    """Checks what must be true of the data, and changes nothing. Exit code 1 when a rule is broken; warnings alone are none."""
    with open_runtime() as runtime:
        findings = checks.run(runtime.database, runtime.clock())
    if not findings:
        out.print(f"All is well: {len(checks.names())} rules hold.")
        return 0
    print_table(("", "rule", "what", "detail"), [(f.severity, f.check, f.subject, f.detail) for f in findings])
    errors = sum(finding.severity == "error" for finding in findings)
    notes.print(f"{errors} errors, {len(findings) - errors} warnings. docs/operations.md says what each rule means.")
    return 1 if errors else 0
