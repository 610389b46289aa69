"""An import that is killed leaves nothing half, and the next one brings in what is missing."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import sqlalchemy as sa

from portico.services import check, importing
from portico.services.importing import Refusal, Target
from portico.services.runtime import Runtime
from portico.storage import tables
from portico.storage.database import Database
from portico.storage.store import StoreRow
from tests.services.import_lines import many, new_store

ORDERS = 4000  # with buyers and payments 8,401 lines: three transactions
SECRET = "a secret of the tests, as long as one must be"


def _killed_import(database: Database, file: Path, store: StoreRow) -> None:
    """Starts the command and kills it once some, but not all, of the orders are in."""
    url = database.engine.url.render_as_string(hide_password=False)
    environment = os.environ | {"PORTICO_DATABASE_URL": url, "PORTICO_SECRET": SECRET, "PORTICO_MAILER": "file"}
    command = [sys.executable, "-m", "portico", "import", str(file), "--store", store.slug, "--environment", "prod"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    until = time.monotonic() + 60
    while _count(database, tables.order, store) == 0:
        assert process.poll() is None, process.stdout and process.stdout.read()
        assert time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    if process.stdout:
        process.stdout.close()


def _count(database: Database, table: sa.Table, store: StoreRow) -> int:
    with database.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table).where(table.c.store_id == store.id)).scalar_one()


def _dump(database: Database, store: StoreRow) -> dict[str, list[str]]:
    """What was brought in, without our own ids and the moment of the import."""
    columns: dict[sa.Table, tuple[str, ...]] = {
        tables.buyer: ("external_id", "email", "name", "locale", "billing_detail"),
        tables.order: ("external_id", "status", "currency", "net_minor", "tax_minor", "total_minor", "created_at"),
        tables.payment: ("external_id", "status", "total_minor", "succeeded_at", "method_last4"),
        tables.document: ("number", "series", "sequence", "kind", "issued_at", "total_minor"),
        tables.number_counter: ("series", "last"),
    }
    with database.read() as connection:
        return {
            table.name: sorted(
                repr(row) for row in connection.execute(sa.select(*(table.c[n] for n in names)).where(table.c.store_id == store.id))
            )
            for table, names in columns.items()
        }


def test_a_killed_import_is_finished_by_running_it_again(runtime: Runtime, database: Database, tmp_path: Path) -> None:
    written = many(ORDERS, "2026-02-01T11:00:00Z")
    text = "".join(json.dumps(line) + "\n" for line in written).encode()
    file = tmp_path / "orders.jsonl"
    file.write_bytes(text)
    killed, clean = new_store(runtime, "killed"), new_store(runtime, "clean")

    _killed_import(database, file, killed)

    there = _count(database, tables.order, killed)
    assert 0 < there < ORDERS
    assert _count(database, tables.payment, killed) in (there, there - 1), "a batch may end between an order and its payment"
    assert _count(database, tables.document, killed) == 2 * _count(database, tables.payment, killed)
    for store in (killed, clean):
        refused: list[Refusal] = []
        report = importing.load(Target(runtime, store, "prod"), io.BytesIO(text), on_refusal=refused.append)
        assert not refused
        assert report.total("new") + report.total("unchanged") == len(written)
    assert _dump(database, killed) == _dump(database, clean)
    assert check.run(database) == []
