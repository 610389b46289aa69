"""What happens at the payment provider itself: money that somebody gives back there, and payments that a buyer's bank disputes."""

import sqlalchemy as sa
from alembic import op

from portico.storage.columns import Id, Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BUYER = ["store_id", "environment", "buyer_id"]
MADE_THERE = "key IS NOT NULL AND reference IS NOT NULL AND key = reference AND purpose = 'money'"


def upgrade() -> None:
    op.add_column("payment", sa.Column("disputed_at", Instant(), nullable=True))
    # With its rule in the column, which SQLite can add; a rule of the table it could not.
    default = "false" if op.get_bind().dialect.name == "postgresql" else "0"
    rule = f"CONSTRAINT ck_refund_at_provider CHECK (NOT at_provider OR ({MADE_THERE}))"
    op.execute(f"ALTER TABLE refund ADD COLUMN at_provider BOOLEAN DEFAULT {default} NOT NULL {rule}")
    op.create_table(
        "dispute",
        sa.Column("id", Id, nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("environment", sa.String(length=4), nullable=False),
        sa.Column("buyer_id", Id, nullable=False),
        sa.Column("payment_id", Id, nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("status", sa.String(length=4), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.CheckConstraint("(status = 'open') = (closed_at IS NULL)", name=op.f("ck_dispute_closed")),
        sa.CheckConstraint("status IN ('open', 'won', 'lost')", name=op.f("ck_dispute_status")),
        sa.ForeignKeyConstraint(
            [*BUYER, "payment_id"],
            ["payment.store_id", "payment.environment", "payment.buyer_id", "payment.id"],
            name=op.f("fk_dispute_store_id_environment_buyer_id_payment_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
        sa.UniqueConstraint("store_id", "environment", "reference", name=op.f("uq_dispute_store_id_environment_reference")),
    )
    op.create_index(op.f("ix_dispute_payment_id"), "dispute", ["payment_id"])
