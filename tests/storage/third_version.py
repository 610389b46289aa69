"""A database as the third version of Portico left it, filled: with what the second had, and what corrections and packs add."""

from datetime import timedelta

from portico.storage import pack, tables, tax_id_check
from portico.storage.database import Database
from tests.factories import Factory
from tests.storage import first_version, second_version

THIRD = "0003"


def fill(database: Database, factory: Factory) -> None:
    """Rows of every kind that the third version had, in a database of today, written as that version wrote them."""
    second_version.fill(database, factory)
    now, buyer = factory.now, factory.buyer()
    factory.group(buyer, created_at=now - timedelta(days=400))  # nobody noted when
    paid = factory.payment(buyer, factory.order(buyer))
    for kind in ("invoice", "receipt"):
        factory.document(buyer, paid, kind=kind)
    factory.correction(buyer, paid)
    whole = pack.Pack("PCK_1", now.date(), now.date(), "pending", 1, 0, None, None, now, None, now + timedelta(days=7))
    rate = {
        "country": "DE",
        "state": "",
        "category": "standard",
        "valid_from": "2026-01-01",
        "rate": "19",
        "reason": "standard",
        "note": "",
    }
    exchange = {"currency_from": "USD", "currency_to": "EUR", "valid_on": "2026-01-01", "rate": "0.92"}
    with database.transaction() as tx:
        tax_id_check.create(tx, buyer, "TIC_1", "DE136695976", now)
        pack.create(tx, buyer, whole)
        pack.add_part(tx, "PCK_1", 1, b"zip")
        tx.execute(tables.tax_rate.insert(), rate | {"store_id": buyer.store_id})
        tx.execute(tables.exchange_rate.insert(), exchange | {"store_id": buyer.store_id})


def make(third: Database, today: Database) -> None:
    """Makes the third version's tables in an empty database, and copies into them what `today` holds of their columns."""
    first_version.make(third, today, THIRD)
