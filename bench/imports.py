"""How long an import of many orders takes, beside the floor: reading the same file and decoding each line as JSON.

Every order has one succeeded payment, which gets an invoice and a receipt, so 100,000 orders make 200,000 documents.
Both databases are made for the occasion and removed.
"""

import json
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.report import line
from portico.app import build
from portico.config import Settings
from portico.domain.invoice import Seller
from portico.services import importing, store
from portico.services.importing import Refusal, Target
from portico.storage.migrate import migrate
from tests import postgres

ORDERS_PER_BUYER = 5
SELLER = Seller(legal_name="Bench GmbH", line1="Hafenstraße 7", city="Hamburg", postal_code="20457", country="DE", tax_id="DE136695976")


def lines(orders: int, now: datetime) -> Iterator[dict[str, object]]:
    """The lines of the file: a product, then buyers each followed by their orders and payments."""
    yield {"type": "product", "id": "atlas", "name": "Atlas", "kind": "one_time", "prices": {"EUR": "29.00"}}
    detail = {"country": "DE", "name": "Ada Lovelace", "line1": "Unter den Linden 1", "city": "Berlin", "postal_code": "10117"}
    card = {"brand": "visa", "last4": "4242", "expiry_month": 12, "expiry_year": 2029}
    for n in range(orders):
        buyer = f"user-{n // ORDERS_PER_BUYER}"
        if n % ORDERS_PER_BUYER == 0:
            yield {
                "type": "buyer",
                "id": buyer,
                "email": f"{buyer}@example.com",
                "name": "Ada Lovelace",
                "locale": "de",
                "billing_detail": detail,
            }
        at = (now - timedelta(minutes=orders - n)).isoformat()
        amount = {"currency": "EUR", "net": "29.00", "tax": "5.51", "total": "34.51", "created_at": at}
        yield {"type": "order", "id": f"o-{n}", "buyer": buyer, "product": "atlas", "status": "completed", "tax_rate": "19", **amount}
        yield {"type": "payment", "id": f"p-{n}", "order": f"o-{n}", "status": "succeeded", "succeeded_at": at, "card": card, **amount}


def write(path: Path, orders: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines(orders, datetime.now(UTC)))


def floor_seconds(path: Path) -> float:
    """Reading the file and decoding every line."""
    start = time.perf_counter()
    with path.open("rb") as file:
        for line in file:
            json.loads(line)
    return time.perf_counter() - start


def import_seconds(path: Path, url: str) -> tuple[float, float]:
    """(wall, CPU of this process) of one import into a new store, including every commit."""
    runtime = build(Settings(database_url=url, secret="0123456789abcdefghijklmnopqrstuvwxyz", mailer="file"))  # type: ignore[arg-type]
    migrate(runtime.database)
    made = store.create(runtime, name="Bench", slug=f"bench-{runtime.random_bytes(4).hex()}", seller=SELLER)
    refused: list[Refusal] = []
    wall, cpu = time.perf_counter(), time.process_time()
    with path.open("rb") as file:
        importing.load(Target(runtime, made, "prod"), file, on_refusal=refused.append)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    runtime.database.dispose()
    assert not refused, refused[:3]
    return wall, cpu


def imports(orders: int = 100_000) -> None:
    """The same file into SQLite and into a PostgreSQL of our own."""
    with tempfile.TemporaryDirectory() as folder, postgres.server() as postgresql:
        path = Path(folder) / "orders.jsonl"
        write(path, orders)
        floor = floor_seconds(path)
        for name, url in (("SQLite", f"sqlite:///{folder}/bench.db"), ("PostgreSQL", postgresql)):
            wall, cpu = import_seconds(path, url)
            beside = f"{cpu:.0f} s CPU here; {wall / floor:.0f} x reading the file"
            line(f"import of {orders:,} orders, {name}", f"{wall:.0f} s", budget="60 s", beside=beside, kept=wall <= 60)
