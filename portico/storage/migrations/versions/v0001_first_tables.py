"""The first tables, and the triggers that keep what was issued or happened as it was."""

import sqlalchemy as sa
from alembic import op

from portico.storage.columns import Id, Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Rows that are written once: issued documents and their files, the audit trail, and a subscription's history.
FROZEN = ("document", "document_file", "audit", "subscription_event")


def upgrade() -> None:
    create_tables()
    if op.get_bind().dialect.name == "postgresql":
        freeze_on_postgresql()
        # Jobs come and go by the thousand; the default would let a fifth of the table be dead rows.
        op.execute("ALTER TABLE job SET (autovacuum_vacuum_scale_factor = 0.01)")
    else:
        freeze_on_sqlite()


def freeze_on_postgresql() -> None:
    op.execute(
        """
        CREATE FUNCTION portico_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '% rows are written once: % refused', TG_TABLE_NAME, TG_OP; END $$
        """
    )
    for table in FROZEN:
        op.execute(f"CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION portico_refuse()")
        op.execute(f"CREATE TRIGGER {table}_kept BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION portico_refuse()")


def freeze_on_sqlite() -> None:
    for table in FROZEN:
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} rows are written once: {event} refused'); END"
            )


def create_tables() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("lane", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=True),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=True),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("parked_at", Instant(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("key", name=op.f("uq_job_key")),
    )
    op.create_index(
        "ix_job_due",
        "job",
        ["lane", "due_at"],
        unique=False,
        sqlite_where=sa.text("parked_at IS NULL"),
        postgresql_where=sa.text("parked_at IS NULL"),
    )
    op.create_table(
        "merchant",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merchant")),
    )
    op.create_table(
        "rate_limit",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("window_start", Instant(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "window_start", name=op.f("pk_rate_limit")),
    )
    op.create_index(op.f("ix_rate_limit_window_start"), "rate_limit", ["window_start"], unique=False)
    op.create_table(
        "store",
        sa.Column("id", Id, nullable=False),
        sa.Column("merchant_id", Id, nullable=False),
        sa.Column("slug", sa.String(length=63), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("support_email", sa.Text(), nullable=False),
        sa.Column("accent_color", sa.String(length=7), nullable=False),
        sa.Column("seller", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_store_merchant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_store")),
        sa.UniqueConstraint("slug", name=op.f("uq_store_slug")),
    )
    op.create_table(
        "api_key",
        sa.Column("id", Id, nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("environment", sa.String(length=4), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.String(length=20), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("last_used_at", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.CheckConstraint("environment IN ('test', 'prod')", name=op.f("ck_api_key_environment")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_api_key_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_key_key_hash")),
    )
    op.create_index(op.f("ix_api_key_store_id_api_key_environment"), "api_key", ["store_id", "environment"], unique=False)
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("environment", sa.String(length=4), nullable=False),
        sa.Column("buyer_id", Id, nullable=True),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.CheckConstraint("environment IN ('test', 'prod')", name=op.f("ck_audit_environment")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_audit_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(
        op.f("ix_audit_store_id_audit_environment_audit_buyer_id_audit_at"),
        "audit",
        ["store_id", "environment", "buyer_id", "at"],
        unique=False,
    )
    op.create_table(
        "buyer",
        sa.Column("id", Id, nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("environment", sa.String(length=4), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("locale", sa.String(length=10), nullable=True),
        sa.Column("billing_detail", sa.JSON(), nullable=False),
        sa.Column("billing_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint("environment IN ('test', 'prod')", name=op.f("ck_buyer_environment")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_buyer_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_buyer")),
        sa.UniqueConstraint("store_id", "environment", "email", name=op.f("uq_buyer_store_id_environment_email")),
        sa.UniqueConstraint("store_id", "environment", "external_id", name=op.f("uq_buyer_store_id_environment_external_id")),
        sa.UniqueConstraint("store_id", "environment", "id", name=op.f("uq_buyer_store_id_environment_id")),
    )
    op.create_table(
        "number_counter",
        sa.Column("store_id", Id, nullable=False),
        sa.Column("environment", sa.String(length=4), nullable=False),
        sa.Column("series", sa.String(length=20), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.CheckConstraint("environment IN ('test', 'prod')", name=op.f("ck_number_counter_environment")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_number_counter_store_id")),
        sa.PrimaryKeyConstraint("store_id", "environment", "series", name=op.f("pk_number_counter")),
    )
    op.create_table(
        "product_group",
        sa.Column("id", Id, nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("environment", sa.String(length=4), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.CheckConstraint("environment IN ('test', 'prod')", name=op.f("ck_product_group_environment")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_product_group_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_group")),
        sa.UniqueConstraint("store_id", "environment", "external_id", name=op.f("uq_product_group_store_id_environment_external_id")),
        sa.UniqueConstraint("store_id", "environment", "id", name=op.f("uq_product_group_store_id_environment_id")),
    )
    op.create_table(
        "product",
        sa.Column("id", Id, nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("environment", sa.String(length=4), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("interval", sa.String(length=7), nullable=True),
        sa.Column("group_id", Id, nullable=True),
        sa.Column("tax_category", sa.String(length=40), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint("(kind = 'subscription') = (interval IS NOT NULL)", name=op.f("ck_product_recurring")),
        sa.CheckConstraint("environment IN ('test', 'prod')", name=op.f("ck_product_environment")),
        sa.CheckConstraint("interval IN ('week', 'month', 'quarter', 'year')", name=op.f("ck_product_interval")),
        sa.CheckConstraint("kind IN ('one_time', 'subscription')", name=op.f("ck_product_kind")),
        sa.ForeignKeyConstraint(
            ["store_id", "environment", "group_id"],
            ["product_group.store_id", "product_group.environment", "product_group.id"],
            name=op.f("fk_product_store_id_environment_group_id"),
        ),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_product_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("store_id", "environment", "external_id", name=op.f("uq_product_store_id_environment_external_id")),
        sa.UniqueConstraint("store_id", "environment", "id", name=op.f("uq_product_store_id_environment_id")),
    )
    op.create_table(
        "session",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("environment", sa.String(length=4), nullable=False),
        sa.Column("buyer_id", Id, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.CheckConstraint("expires_at <= created_at + 1800000000", name=op.f("ck_session_lifetime")),
        sa.ForeignKeyConstraint(
            ["store_id", "environment", "buyer_id"],
            ["buyer.store_id", "buyer.environment", "buyer.id"],
            name=op.f("fk_session_store_id_environment_buyer_id"),
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_session")),
    )
    op.create_index(op.f("ix_session_buyer_id"), "session", ["buyer_id"], unique=False)
    op.create_index(op.f("ix_session_expires_at"), "session", ["expires_at"], unique=False)
    op.create_table(
        "sign_in_request",
        sa.Column("id", Id, nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("environment", sa.String(length=4), nullable=False),
        sa.Column("email_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("return_path", sa.String(length=500), nullable=False),
        sa.Column("requested_at", Instant(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("known_browser", sa.Boolean(), nullable=False),
        sa.Column("buyer_id", Id, nullable=True),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("minted_at", Instant(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.Column("voided_at", Instant(), nullable=True),
        sa.CheckConstraint("environment IN ('test', 'prod')", name=op.f("ck_sign_in_request_environment")),
        sa.CheckConstraint("expires_at <= minted_at + 600000000", name=op.f("ck_sign_in_request_lifetime")),
        sa.ForeignKeyConstraint(
            ["store_id", "environment", "buyer_id"],
            ["buyer.store_id", "buyer.environment", "buyer.id"],
            name=op.f("fk_sign_in_request_store_id_environment_buyer_id"),
        ),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_sign_in_request_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_request")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_request_token_hash")),
    )
    op.create_index(op.f("ix_sign_in_request_requested_at"), "sign_in_request", ["requested_at"], unique=False)
    op.create_index(
        op.f("ix_sign_in_request_store_id_sign_in_request_environment_sign_in_request_browser_hash"),
        "sign_in_request",
        ["store_id", "environment", "browser_hash"],
        unique=False,
    )
    op.create_index(
        op.f("ix_sign_in_request_store_id_sign_in_request_environment_sign_in_request_email_hash_sign_in_request_requested_at"),
        "sign_in_request",
        ["store_id", "environment", "email_hash", "requested_at"],
        unique=False,
    )
    op.create_table(
        "orders",
        sa.Column("id", Id, nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("environment", sa.String(length=4), nullable=False),
        sa.Column("buyer_id", Id, nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("product_id", Id, nullable=False),
        sa.Column("product_name", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_rate", sa.String(length=12), nullable=False),
        sa.Column("tax_reason", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("billing_detail", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint(
            "status IN ('pending', 'completed', 'canceled', 'partially_refunded', 'refunded', 'trialing', 'active', 'past_due', 'canceling', 'expired', 'closed')",
            name=op.f("ck_orders_status"),
        ),
        sa.CheckConstraint("net_minor + tax_minor = total_minor", name=op.f("ck_orders_total")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_orders_quantity")),
        sa.ForeignKeyConstraint(
            ["store_id", "environment", "buyer_id"],
            ["buyer.store_id", "buyer.environment", "buyer.id"],
            name=op.f("fk_orders_store_id_environment_buyer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["store_id", "environment", "product_id"],
            ["product.store_id", "product.environment", "product.id"],
            name=op.f("fk_orders_store_id_environment_product_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("store_id", "environment", "buyer_id", "id", name=op.f("uq_orders_store_id_environment_buyer_id_id")),
        sa.UniqueConstraint("store_id", "environment", "external_id", name=op.f("uq_orders_store_id_environment_external_id")),
    )
    op.create_index("ix_orders_page", "orders", ["store_id", "environment", "buyer_id", "created_at", "id"], unique=False)
    op.create_index("ix_orders_page_status", "orders", ["store_id", "environment", "buyer_id", "status", "created_at", "id"], unique=False)
    op.create_table(
        "price",
        sa.Column("product_id", Id, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_price_amount")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_price_product_id")),
        sa.PrimaryKeyConstraint("product_id", "currency", name=op.f("pk_price")),
    )
    op.create_table(
        "subscription",
        sa.Column("id", Id, nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("environment", sa.String(length=4), nullable=False),
        sa.Column("buyer_id", Id, nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("order_id", Id, nullable=False),
        sa.Column("product_id", Id, nullable=False),
        sa.Column("product_name", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("interval", sa.String(length=7), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("unit_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_rate", sa.String(length=12), nullable=False),
        sa.Column("tax_reason", sa.String(length=16), nullable=False),
        sa.Column("anchor", Instant(), nullable=False),
        sa.Column("period_index", sa.Integer(), nullable=False),
        sa.Column("period_start", Instant(), nullable=False),
        sa.Column("period_end", Instant(), nullable=False),
        sa.Column("trial_end", Instant(), nullable=True),
        sa.Column("change_kind", sa.String(length=11), nullable=True),
        sa.Column("change_at", Instant(), nullable=True),
        sa.Column("change_product_id", Id, nullable=True),
        sa.Column("method_brand", sa.String(length=20), nullable=True),
        sa.Column("method_last4", sa.String(length=4), nullable=True),
        sa.Column("method_expiry_month", sa.Integer(), nullable=True),
        sa.Column("method_expiry_year", sa.Integer(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.CheckConstraint("interval IN ('week', 'month', 'quarter', 'year')", name=op.f("ck_subscription_interval")),
        sa.CheckConstraint(
            "status IN ('pending', 'trialing', 'active', 'past_due', 'canceling', 'canceled', 'expired', 'closed')",
            name=op.f("ck_subscription_status"),
        ),
        sa.CheckConstraint("(change_kind IS NULL) = (change_at IS NULL)", name=op.f("ck_subscription_change")),
        sa.CheckConstraint("period_start < period_end", name=op.f("ck_subscription_period")),
        sa.ForeignKeyConstraint(
            ["store_id", "environment", "buyer_id", "order_id"],
            ["orders.store_id", "orders.environment", "orders.buyer_id", "orders.id"],
            name=op.f("fk_subscription_store_id_environment_buyer_id_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["store_id", "environment", "buyer_id"],
            ["buyer.store_id", "buyer.environment", "buyer.id"],
            name=op.f("fk_subscription_store_id_environment_buyer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["store_id", "environment", "change_product_id"],
            ["product.store_id", "product.environment", "product.id"],
            name=op.f("fk_subscription_store_id_environment_change_product_id"),
        ),
        sa.ForeignKeyConstraint(
            ["store_id", "environment", "product_id"],
            ["product.store_id", "product.environment", "product.id"],
            name=op.f("fk_subscription_store_id_environment_product_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("order_id", name=op.f("uq_subscription_order_id")),
        sa.UniqueConstraint("store_id", "environment", "buyer_id", "id", name=op.f("uq_subscription_store_id_environment_buyer_id_id")),
        sa.UniqueConstraint("store_id", "environment", "external_id", name=op.f("uq_subscription_store_id_environment_external_id")),
    )
    op.create_index("ix_subscription_page", "subscription", ["store_id", "environment", "buyer_id", "created_at", "id"], unique=False)
    op.create_table(
        "payment",
        sa.Column("id", Id, nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("environment", sa.String(length=4), nullable=False),
        sa.Column("buyer_id", Id, nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("order_id", Id, nullable=False),
        sa.Column("subscription_id", Id, nullable=True),
        sa.Column("period_start", Instant(), nullable=True),
        sa.Column("period_end", Instant(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("status", sa.String(length=9), nullable=False),
        sa.Column("method_brand", sa.String(length=20), nullable=True),
        sa.Column("method_last4", sa.String(length=4), nullable=True),
        sa.Column("method_expiry_month", sa.Integer(), nullable=True),
        sa.Column("method_expiry_year", sa.Integer(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("succeeded_at", Instant(), nullable=True),
        sa.CheckConstraint("(status = 'succeeded') = (succeeded_at IS NOT NULL)", name=op.f("ck_payment_succeeded")),
        sa.CheckConstraint("status IN ('pending', 'succeeded', 'failed', 'canceled', 'unknown')", name=op.f("ck_payment_status")),
        sa.CheckConstraint("net_minor + tax_minor = total_minor", name=op.f("ck_payment_total")),
        sa.CheckConstraint("refunded_minor BETWEEN 0 AND total_minor", name=op.f("ck_payment_refunded")),
        sa.ForeignKeyConstraint(
            ["store_id", "environment", "buyer_id", "order_id"],
            ["orders.store_id", "orders.environment", "orders.buyer_id", "orders.id"],
            name=op.f("fk_payment_store_id_environment_buyer_id_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["store_id", "environment", "buyer_id", "subscription_id"],
            ["subscription.store_id", "subscription.environment", "subscription.buyer_id", "subscription.id"],
            name=op.f("fk_payment_store_id_environment_buyer_id_subscription_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("store_id", "environment", "buyer_id", "id", name=op.f("uq_payment_store_id_environment_buyer_id_id")),
        sa.UniqueConstraint("store_id", "environment", "external_id", name=op.f("uq_payment_store_id_environment_external_id")),
        sa.UniqueConstraint("subscription_id", "period_start", name=op.f("uq_payment_subscription_id_period_start")),
    )
    op.create_index(op.f("ix_payment_order_id_payment_created_at"), "payment", ["order_id", "created_at"], unique=False)
    op.create_table(
        "subscription_event",
        sa.Column("subscription_id", Id, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("from_status", sa.String(length=10), nullable=True),
        sa.Column("to_status", sa.String(length=10), nullable=False),
        sa.Column("cause", sa.String(length=30), nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"], name=op.f("fk_subscription_event_subscription_id")),
        sa.PrimaryKeyConstraint("subscription_id", "sequence", name=op.f("pk_subscription_event")),
    )
    op.create_table(
        "document",
        sa.Column("id", Id, nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("environment", sa.String(length=4), nullable=False),
        sa.Column("buyer_id", Id, nullable=False),
        sa.Column("kind", sa.String(length=11), nullable=False),
        sa.Column("series", sa.String(length=20), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("order_id", Id, nullable=False),
        sa.Column("payment_id", Id, nullable=True),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("template_version", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint("(series IS NULL) = (sequence IS NULL)", name=op.f("ck_document_series")),
        sa.CheckConstraint("kind IN ('invoice', 'receipt')", name=op.f("ck_document_kind")),
        sa.ForeignKeyConstraint(
            ["store_id", "environment", "buyer_id", "order_id"],
            ["orders.store_id", "orders.environment", "orders.buyer_id", "orders.id"],
            name=op.f("fk_document_store_id_environment_buyer_id_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["store_id", "environment", "buyer_id", "payment_id"],
            ["payment.store_id", "payment.environment", "payment.buyer_id", "payment.id"],
            name=op.f("fk_document_store_id_environment_buyer_id_payment_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("payment_id", "kind", name=op.f("uq_document_payment_id_kind")),
        sa.UniqueConstraint("store_id", "environment", "buyer_id", "id", name=op.f("uq_document_store_id_environment_buyer_id_id")),
        sa.UniqueConstraint("store_id", "environment", "number", name=op.f("uq_document_store_id_environment_number")),
        sa.UniqueConstraint("store_id", "environment", "series", "sequence", name=op.f("uq_document_store_id_environment_series_sequence")),
    )
    op.create_index(op.f("ix_document_order_id"), "document", ["order_id"], unique=False)
    op.create_index("ix_document_page", "document", ["store_id", "environment", "buyer_id", "issued_at", "id"], unique=False)
    op.create_table(
        "payment_attempt",
        sa.Column("payment_id", Id, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=9), nullable=False),
        sa.Column("failure_code", sa.String(length=30), nullable=True),
        sa.Column("method_brand", sa.String(length=20), nullable=True),
        sa.Column("method_last4", sa.String(length=4), nullable=True),
        sa.Column("attempted_at", Instant(), nullable=False),
        sa.CheckConstraint("status IN ('succeeded', 'failed', 'unknown')", name=op.f("ck_payment_attempt_status")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_payment_attempt_payment_id")),
        sa.PrimaryKeyConstraint("payment_id", "sequence", name=op.f("pk_payment_attempt")),
    )
    op.create_index(
        "uq_payment_attempt_success",
        "payment_attempt",
        ["payment_id"],
        unique=True,
        sqlite_where=sa.text("status = 'succeeded'"),
        postgresql_where=sa.text("status = 'succeeded'"),
    )
    op.create_table(
        "refund",
        sa.Column("id", Id, nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("environment", sa.String(length=4), nullable=False),
        sa.Column("buyer_id", Id, nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("payment_id", Id, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=9), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint("status IN ('pending', 'succeeded', 'failed')", name=op.f("ck_refund_status")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refund_amount")),
        sa.ForeignKeyConstraint(
            ["store_id", "environment", "buyer_id", "payment_id"],
            ["payment.store_id", "payment.environment", "payment.buyer_id", "payment.id"],
            name=op.f("fk_refund_store_id_environment_buyer_id_payment_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        sa.UniqueConstraint("store_id", "environment", "external_id", name=op.f("uq_refund_store_id_environment_external_id")),
    )
    op.create_index(op.f("ix_refund_payment_id"), "refund", ["payment_id"], unique=False)
    op.create_table(
        "document_file",
        sa.Column("document_id", Id, nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_document_file_document_id")),
        sa.PrimaryKeyConstraint("document_id", "language", "media_type", name=op.f("pk_document_file")),
    )
