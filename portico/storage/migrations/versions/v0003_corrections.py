"""Documents that correct each other, taxes from a table of the store's own, tax ids looked up, and packs of documents."""

import sqlalchemy as sa
from alembic import op

from portico.storage.columns import Id, Instant, only
from portico.storage.migrations.rebuild import rebuild

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BUYER = ["store_id", "environment", "buyer_id"]
CHECKS = {
    "refund": {
        "purpose": "purpose IN ('money', 'tax')",
        "correction": "(purpose = 'tax') = (correction IS NOT NULL)",
    },
    "document": {
        "refund": "refund_id IS NULL OR kind = 'credit_note'",
        "credited": "kind <> 'credit_note' OR refund_id IS NOT NULL OR corrects_id IS NOT NULL",
        "corrects": "corrects_id IS NULL OR (kind <> 'receipt' AND corrects_id <> id)",
    },
}


def upgrade() -> None:
    create_tables_of_tax()
    create_tables_of_packs()
    add_columns()
    if op.get_bind().dialect.name == "postgresql":
        alter_on_postgresql()
    else:
        rebuild("refund", REFUND)
        rebuild("document", DOCUMENT)
    create_indexes()


def create_tables_of_tax() -> None:
    op.create_table(
        "tax_rate",
        sa.Column("store_id", Id, nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("state", sa.String(length=60), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("valid_from", sa.String(length=10), nullable=False),
        sa.Column("rate", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "reason IN ('standard', 'reduced', 'zero', 'reverse_charge', 'exempt', 'outside_scope')", name=op.f("ck_tax_rate_reason")
        ),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_tax_rate_store_id")),
        sa.PrimaryKeyConstraint("store_id", "country", "state", "category", "valid_from", name=op.f("pk_tax_rate")),
    )
    op.create_table(
        "exchange_rate",
        sa.Column("store_id", Id, nullable=False),
        sa.Column("currency_from", sa.String(length=3), nullable=False),
        sa.Column("currency_to", sa.String(length=3), nullable=False),
        sa.Column("valid_on", sa.String(length=10), nullable=False),
        sa.Column("rate", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_exchange_rate_store_id")),
        sa.PrimaryKeyConstraint("store_id", "currency_from", "currency_to", "valid_on", name=op.f("pk_exchange_rate")),
    )
    op.create_table(
        "tax_id_check",
        sa.Column("id", Id, nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("environment", sa.String(length=4), nullable=False),
        sa.Column("buyer_id", Id, nullable=False),
        sa.Column("tax_id", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=7), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("consultation_number", sa.String(length=60), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("unavailable", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("(status = 'pending') = (answered_at IS NULL)", name=op.f("ck_tax_id_check_answered")),
        sa.CheckConstraint("status IN ('pending', 'valid', 'invalid')", name=op.f("ck_tax_id_check_status")),
        sa.ForeignKeyConstraint(
            BUYER, ["buyer.store_id", "buyer.environment", "buyer.id"], name=op.f("fk_tax_id_check_store_id_environment_buyer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_id_check")),
    )
    op.create_index("ix_tax_id_check_newest", "tax_id_check", [*BUYER, "tax_id", "asked_at", "id"])
    op.create_index("uq_tax_id_check_pending", "tax_id_check", [*BUYER, "tax_id"], unique=True, **only("status = 'pending'"))


def create_tables_of_packs() -> None:
    op.create_table(
        "pack",
        sa.Column("id", Id, nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("environment", sa.String(length=4), nullable=False),
        sa.Column("buyer_id", Id, nullable=False),
        sa.Column("first_day", sa.String(length=10), nullable=False),
        sa.Column("last_day", sa.String(length=10), nullable=False),
        sa.Column("status", sa.String(length=7), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("ready_at", Instant(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.CheckConstraint("done BETWEEN 0 AND total", name=op.f("ck_pack_done")),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_pack_days")),
        sa.CheckConstraint(
            "(status = 'ready') = (ready_at IS NOT NULL AND size_bytes IS NOT NULL AND sha256 IS NOT NULL)", name=op.f("ck_pack_ready")
        ),
        sa.CheckConstraint("status IN ('pending', 'ready', 'failed')", name=op.f("ck_pack_status")),
        sa.ForeignKeyConstraint(
            BUYER, ["buyer.store_id", "buyer.environment", "buyer.id"], name=op.f("fk_pack_store_id_environment_buyer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pack")),
    )
    op.create_index("ix_pack_page", "pack", [*BUYER, "created_at", "id"])
    op.create_index(op.f("ix_pack_expires_at"), "pack", ["expires_at"])
    op.create_index("uq_pack_pending", "pack", BUYER, unique=True, **only("status = 'pending'"))
    op.create_table(
        "pack_part",
        sa.Column("pack_id", Id, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["pack_id"], ["pack.id"], name=op.f("fk_pack_part_pack_id")),
        sa.PrimaryKeyConstraint("pack_id", "sequence", name=op.f("pk_pack_part")),
    )


def add_columns() -> None:
    op.add_column("store", sa.Column("tax_policy", sa.JSON(), nullable=True))
    op.add_column("subscription", sa.Column("tax_country", sa.String(length=2), server_default=sa.text("''"), nullable=False))
    op.add_column("subscription", sa.Column("tax_note", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("payment", sa.Column("taxes", sa.JSON(), nullable=True))


def alter_on_postgresql() -> None:
    op.add_column("refund", sa.Column("purpose", sa.String(length=5), server_default="money", nullable=False))
    op.add_column("refund", sa.Column("correction", sa.JSON(), nullable=True))
    op.add_column("document", sa.Column("corrects_id", Id, nullable=True))
    op.create_foreign_key(
        op.f("fk_document_store_id_environment_buyer_id_corrects_id"), "document", "document", [*BUYER, "corrects_id"], [*BUYER, "id"]
    )
    op.drop_constraint(op.f("ck_document_refund"), "document", type_="check")
    for table, checks in CHECKS.items():
        for name, condition in checks.items():
            op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def create_indexes() -> None:
    op.drop_index("uq_document_payment_kind", "document")
    op.create_index(
        "uq_document_payment_kind",
        "document",
        ["payment_id", "kind"],
        unique=True,
        **only("kind IN ('invoice', 'receipt') AND corrects_id IS NULL"),
    )
    op.create_index(
        "uq_document_corrects",
        "document",
        ["corrects_id", "kind"],
        unique=True,
        **only("corrects_id IS NOT NULL AND refund_id IS NULL"),
    )


# As the tables of SQLite are from here on.
REFUND = """
        id VARCHAR(30) NOT NULL,
        store_id VARCHAR(30) NOT NULL,
        environment VARCHAR(4) NOT NULL,
        buyer_id VARCHAR(30) NOT NULL,
        external_id VARCHAR(200),
        payment_id VARCHAR(30) NOT NULL,
        currency VARCHAR(3) NOT NULL,
        amount_minor BIGINT NOT NULL,
        status VARCHAR(9) NOT NULL,
        reason TEXT NOT NULL,
        "key" VARCHAR(60),
        reference VARCHAR(200),
        ticket_id VARCHAR(30),
        purpose VARCHAR(5) DEFAULT 'money' NOT NULL,
        correction JSON,
        created_at BIGINT NOT NULL,
        CONSTRAINT pk_refund PRIMARY KEY (id),
        CONSTRAINT fk_refund_store_id_environment_buyer_id_payment_id FOREIGN KEY(store_id, environment, buyer_id, payment_id) REFERENCES payment (store_id, environment, buyer_id, id),
        CONSTRAINT fk_refund_store_id_environment_buyer_id_ticket_id FOREIGN KEY(store_id, environment, buyer_id, ticket_id) REFERENCES refund_ticket (store_id, environment, buyer_id, id),
        CONSTRAINT ck_refund_status CHECK (status IN ('pending', 'succeeded', 'failed')),
        CONSTRAINT ck_refund_purpose CHECK (purpose IN ('money', 'tax')),
        CONSTRAINT uq_refund_store_id_environment_buyer_id_id UNIQUE (store_id, environment, buyer_id, id),
        CONSTRAINT uq_refund_store_id_environment_external_id UNIQUE (store_id, environment, external_id),
        CONSTRAINT ck_refund_amount CHECK (amount_minor > 0),
        CONSTRAINT ck_refund_correction CHECK ((purpose = 'tax') = (correction IS NOT NULL)),
        CONSTRAINT uq_refund_key UNIQUE ("key")
"""
DOCUMENT = """
        id VARCHAR(30) NOT NULL,
        store_id VARCHAR(30) NOT NULL,
        environment VARCHAR(4) NOT NULL,
        buyer_id VARCHAR(30) NOT NULL,
        kind VARCHAR(11) NOT NULL,
        series VARCHAR(20),
        sequence INTEGER,
        number VARCHAR(60) NOT NULL,
        order_id VARCHAR(30) NOT NULL,
        payment_id VARCHAR(30),
        refund_id VARCHAR(30),
        corrects_id VARCHAR(30),
        issued_at BIGINT NOT NULL,
        language VARCHAR(10) NOT NULL,
        template_version INTEGER NOT NULL,
        currency VARCHAR(3) NOT NULL,
        total_minor BIGINT NOT NULL,
        content TEXT NOT NULL,
        content_hash BLOB NOT NULL,
        CONSTRAINT pk_document PRIMARY KEY (id),
        CONSTRAINT fk_document_store_id_environment_buyer_id_order_id FOREIGN KEY(store_id, environment, buyer_id, order_id) REFERENCES orders (store_id, environment, buyer_id, id),
        CONSTRAINT fk_document_store_id_environment_buyer_id_payment_id FOREIGN KEY(store_id, environment, buyer_id, payment_id) REFERENCES payment (store_id, environment, buyer_id, id),
        CONSTRAINT fk_document_store_id_environment_buyer_id_refund_id FOREIGN KEY(store_id, environment, buyer_id, refund_id) REFERENCES refund (store_id, environment, buyer_id, id),
        CONSTRAINT fk_document_store_id_environment_buyer_id_corrects_id FOREIGN KEY(store_id, environment, buyer_id, corrects_id) REFERENCES document (store_id, environment, buyer_id, id),
        CONSTRAINT ck_document_kind CHECK (kind IN ('invoice', 'receipt', 'credit_note')),
        CONSTRAINT ck_document_series CHECK ((series IS NULL) = (sequence IS NULL)),
        CONSTRAINT ck_document_refund CHECK (refund_id IS NULL OR kind = 'credit_note'),
        CONSTRAINT ck_document_credited CHECK (kind <> 'credit_note' OR refund_id IS NOT NULL OR corrects_id IS NOT NULL),
        CONSTRAINT ck_document_corrects CHECK (corrects_id IS NULL OR (kind <> 'receipt' AND corrects_id <> id)),
        CONSTRAINT uq_document_store_id_environment_buyer_id_id UNIQUE (store_id, environment, buyer_id, id),
        CONSTRAINT uq_document_store_id_environment_series_sequence UNIQUE (store_id, environment, series, sequence),
        CONSTRAINT uq_document_store_id_environment_number UNIQUE (store_id, environment, number),
        CONSTRAINT uq_document_refund_id UNIQUE (refund_id)
"""
