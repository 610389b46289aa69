"""A store with buyers who have few and many orders, made by the product's own import, and sessions to visit them with."""

import hashlib
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from portico.app import build
from portico.config import Settings
from portico.domain.invoice import Seller
from portico.domain.scope import BuyerScope
from portico.services import importing, store
from portico.services.importing import Refusal, Target
from portico.services.runtime import Runtime
from portico.storage import buyer, session
from portico.storage.migrate import migrate

SECRET = "cJ0m2Xv8Q5yTtZ1kR7uWb4NfHs9EgAaPdLiVoYx3"


@dataclass(frozen=True)
class World:
    """`tokens` maps a number of orders to the session token of a buyer who has that many."""

    runtime: Runtime
    settings: Settings
    database_file: Path
    tokens: dict[int, str]

    @property
    def environment(self) -> dict[str, str]:
        """The settings as environment variables, for a server process."""
        return {
            "PORTICO_DATABASE_URL": self.settings.database_url,
            "PORTICO_SECRET": SECRET,
            "PORTICO_MAILER": "file",
            "PORTICO_MAIL_DIR": str(self.settings.mail_dir),
            "PORTICO_LOG_LEVEL": "error",
            "PORTICO_API_REQUESTS_PER_MINUTE": "1000000",
        }


@contextmanager
def world(*sizes: int) -> Iterator[World]:
    """A world with a buyer for each of `sizes`, gone at the end of the block."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bench.db"
        settings = Settings(database_url=f"sqlite:///{file}", secret=SECRET, mailer="file", mail_dir=Path(folder) / "mailbox")  # type: ignore[arg-type]
        runtime = build(settings)
        migrate(runtime.database)
        seller = Seller(
            legal_name="Bench GmbH", line1="Hafenstraße 7", city="Hamburg", postal_code="20457", country="DE", tax_id="DE136695976"
        )
        shop = store.create(runtime, name="Bench", slug="bench", seller=seller, time_zone="Europe/Berlin")
        target = Target(runtime, shop, "prod")
        for size in sizes:
            _import(target, Path(folder) / "lines.jsonl", size)
        yield World(runtime, settings, file, {size: _sign_in(runtime, shop.id, size) for size in sizes})
        runtime.database.dispose()


def _import(target: Target, path: Path, size: int) -> None:
    refused: list[Refusal] = []
    path.write_text("".join(json.dumps(line) + "\n" for line in _lines(size)), encoding="utf-8")
    with path.open("rb") as file:
        importing.load(target, file, on_refusal=refused.append)
    if refused:
        raise RuntimeError(refused[:3])


def _lines(size: int) -> Iterator[dict[str, object]]:
    now = datetime.now(UTC)
    card = {"brand": "visa", "last4": "4242", "expiry_month": 12, "expiry_year": 2029}
    detail = {"country": "DE", "name": "Ada Lovelace", "line1": "Unter den Linden 1", "city": "Berlin", "postal_code": "10117"}
    yield {"type": "product", "id": "atlas", "name": "Atlas of the sky", "kind": "one_time", "prices": {"EUR": "29.00"}}
    yield {"type": "buyer", "id": f"b{size}", "email": f"b{size}@example.com", "name": "Ada Lovelace", "billing_detail": detail}
    for n in range(size):
        at = (now - timedelta(minutes=size - n)).isoformat()
        amount = {"currency": "EUR", "net": "29.00", "tax": "5.51", "total": "34.51", "created_at": at}
        order = f"b{size}-o{n}"
        yield {"type": "order", "id": order, "buyer": f"b{size}", "product": "atlas", "status": "completed", "tax_rate": "19", **amount}
        yield {"type": "payment", "id": f"{order}-p", "order": order, "status": "succeeded", "succeeded_at": at, "card": card, **amount}


def _sign_in(runtime: Runtime, store_id: str, size: int) -> str:
    """A session for the buyer, made as a sign-in would leave it."""
    token, now = f"bench-session-of-{size}-orders".ljust(43, "x"), datetime.now(UTC)
    with runtime.database.transaction() as tx:
        found = buyer.by_email(tx, BuyerScope(store_id, "prod", ""), f"b{size}@example.com")
        if found is None:
            raise RuntimeError("the import lost a buyer")
        scope = BuyerScope(store_id, "prod", found.id)
        session.create(tx, scope, token_hash=hashlib.sha256(token.encode()).digest(), now=now, expires_at=now + timedelta(seconds=1800))
    return token
