"""`portico store vat-ids`: the proofs that VIES was asked."""

from portico.cli.console import EnvironmentName, StoreName, open_runtime, print_table, scope_of
from portico.services import tax_id_check

_COLUMNS = ("VAT id", "status", "buyer", "asked", "answered", "consultation number", "name", "address")


def vat_ids(store: StoreName, /, *, environment: EnvironmentName) -> None:
    """Lists what VIES was asked about buyers' VAT ids and what it answered, newest first."""
    with open_runtime() as runtime:
        asked = tax_id_check.of_store(runtime, scope_of(runtime, store, environment))
    rows = [
        (
            check.tax_id, check.status, email, check.asked_at.isoformat(timespec="seconds"),
            check.answered_at.isoformat(timespec="seconds") if check.answered_at else "", check.consultation_number or "",
            *(" ".join((text or "").split()) for text in (check.name, check.address)),
        )
        for email, check in asked
    ]  # fmt: skip
    print_table(_COLUMNS, rows, none=f"VIES was asked about none. It is asked with: portico store tax {store} --check-vat-ids")
