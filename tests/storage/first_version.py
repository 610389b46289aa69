"""A database as the first version of Portico left it, filled: what migrations must bring on without losing a byte."""

import hashlib
from typing import Any

import sqlalchemy as sa

from portico.storage import migrate, tables
from portico.storage.database import Database
from tests.factories import Factory

FIRST = "0001"


def fill(database: Database, factory: Factory) -> None:
    """Rows of every kind that the first version had, in a database of today, written as that version wrote them."""
    now = factory.now
    for environment in ("test", "prod"):
        store = factory.store(environment=environment)
        buyer = factory.buyer(store)
        factory.plans(store, {"Starter": 1000, "Pro": 2900})
        order_id = factory.order(buyer, status="partially_refunded", external_id="order-1")
        payment_id = factory.payment(buyer, order_id, attempts=("failed", "succeeded"), refunded_minor=1000)
        factory.refund(buyer, payment_id)
        factory.refund(buyer, payment_id, status="failed")
        for kind in ("invoice", "receipt"):
            document_id = factory.document(buyer, payment_id, kind=kind)
        elsewhere = factory.payment(buyer, factory.order(buyer))
        factory.document(buyer, elsewhere, elsewhere="RE 2025/0815")
        factory.document(buyer, elsewhere, kind="receipt")
        # The provider of the shop never told what became of two attempts: an import takes them as they are.
        factory.payment(buyer, factory.order(buyer, status="pending"), status="unknown", attempts=("unknown", "unknown"))
        for status in ("pending", "trialing", "active", "past_due", "canceling", "canceled", "expired", "closed"):
            _subscription(factory, buyer, status)
        _rest(database, factory, buyer, document_id, now)


def _subscription(factory: Factory, buyer: Any, status: str) -> None:
    columns: dict[str, Any] = {"status": status}
    if status == "canceling":
        columns |= {"change_kind": "cancel", "change_at": factory.now}
    if status == "active":
        planned = factory.product(buyer, kind="subscription", name="Team")
        columns |= {"change_kind": "change_plan", "change_at": factory.now, "change_product_id": planned}
    if status in ("canceled", "expired", "closed"):
        columns |= {"ended_at": factory.now}
    if status == "trialing":
        columns |= {"trial_end": factory.now}
    subscription_id = factory.subscription(buyer, **columns)
    if status in ("active", "canceling", "canceled"):
        payment_id = factory.period_payment(buyer, subscription_id)
        attempt = tables.payment_attempt
        unkeyed = {"key": None, "reference": None, "customer_reference": None, "method_reference": None}
        with factory.database.transaction() as tx:
            tx.execute(sa.update(attempt).where(attempt.c.payment_id == payment_id).values(unkeyed))


def _rest(database: Database, factory: Factory, buyer: Any, document_id: str, now: Any) -> None:
    store = {"store_id": buyer.store_id, "environment": buyer.environment}
    rows: list[tuple[sa.Table, dict[str, Any]]] = [
        (tables.document_file, {
            "document_id": document_id, "language": "en", "media_type": "application/pdf", "body": b"pdf", "created_at": now,
            "sha256": hashlib.sha256(b"pdf").digest(),
        }),
        (tables.audit, store | {"buyer_id": buyer.buyer_id, "actor": "buyer", "action": "sign_in", "subject": "x", "at": now}),
        (tables.job, {"lane": "mail", "kind": "sign_in_mail", "arguments": {"id": "x"}, "due_at": now, "created_at": now}),
        (tables.api_key, store | {
            "id": factory.new_id("KEY"), "name": "k", "prefix": "k", "key_hash": factory.new_id("KEY").encode(), "created_at": now,
        }),
        (tables.session, store | {
            "token_hash": factory.new_id("KEY").encode(), "buyer_id": buyer.buyer_id, "created_at": now, "expires_at": now,
        }),
        (tables.sign_in_request, store | {
            "id": factory.new_id("LNK"), "email_hash": b"e", "browser_hash": b"b", "language": "en", "return_path": "", "requested_at": now,
            "held": False, "known_browser": True,
        }),
        (tables.rate_limit, {"key": factory.new_id("KEY").encode(), "window_start": now, "count": 3}),
    ]  # fmt: skip
    with database.transaction() as tx:
        for table, row in rows:
            tx.execute(table.insert(), row)


def make(old: Database, today: Database, version: str = FIRST) -> None:
    """Makes an older version's tables in the empty database `old`, and copies into them what `today` holds of their columns."""
    with old.restructuring() as tx:
        migrate.upgrade(tx, version)
    copied = contents(today, columns_of(old))
    with old.transaction() as tx:
        for table in tables.metadata.sorted_tables:
            if copied.get(table.name):
                tx.execute(sa.insert(_bare(table.name, copied[table.name])), copied[table.name])


def columns_of(database: Database) -> dict[str, list[str]]:
    """The columns of every table, as a database of an older version has them."""
    with database.read() as connection:
        inspector = sa.inspect(connection)
        return {
            name: [column["name"] for column in inspector.get_columns(name)]
            for name in inspector.get_table_names()
            if name != "alembic_version"
        }


def contents(database: Database, columns: dict[str, list[str]]) -> dict[str, list[dict[str, Any]]]:
    """The rows of these columns as the driver gives them, in the order of their keys."""
    found: dict[str, list[dict[str, Any]]] = {}
    with database.read() as connection:
        for name, names in columns.items():
            keys = ", ".join(key.name for key in tables.metadata.tables[name].primary_key)
            selected = ", ".join(f'"{column}"' for column in names)
            rows = connection.exec_driver_sql(f"SELECT {selected} FROM {name} ORDER BY {keys}").mappings()
            found[name] = [dict(row) for row in rows]
    return found


def _bare(name: str, rows: list[dict[str, Any]]) -> sa.TableClause:
    """The table without the types of today. JSON is given back as it came: SQLite's as text, PostgreSQL's as objects."""
    json = {column for row in rows for column, value in row.items() if isinstance(value, dict | list)}
    return sa.table(name, *(sa.column(column, sa.JSON(none_as_null=True) if column in json else None) for column in rows[0]))
