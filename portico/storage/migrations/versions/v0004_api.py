"""What the API needs: portal sessions, checkouts, events and how they are delivered, idempotency keys, and keys of merchants."""

import sqlalchemy as sa
from alembic import op

from portico.storage.columns import Id, Instant, only
from portico.storage.migrations.rebuild import rebuild

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STORE = ["store_id", "environment"]
BUYER = ["store_id", "environment", "buyer_id"]
# A group was made with its store, as far as anybody knows.
GROUP_MADE_AT = "SELECT store.created_at FROM store WHERE store.id = product_group.store_id"


def upgrade() -> None:
    create_tables_of_keys()
    create_event()
    create_webhooks()
    create_portal_session()
    create_checkout_session()
    add_columns()
    if op.get_bind().dialect.name == "postgresql":
        alter_on_postgresql()
    else:
        rebuild("product_group", PRODUCT_GROUP, created_at=f"({GROUP_MADE_AT})")
        rebuild("card_setup", CARD_SETUP)
    create_indexes()


def create_tables_of_keys() -> None:
    op.create_table(
        "merchant_key",
        sa.Column("id", Id, nullable=False),
        sa.Column("merchant_id", Id, nullable=False),
        sa.Column("environment", sa.String(length=4), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("last_used_at", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.CheckConstraint("environment IN ('test', 'prod')", name=op.f("ck_merchant_key_environment")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_merchant_key_merchant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merchant_key")),
        sa.UniqueConstraint("merchant_id", "fingerprint", name=op.f("uq_merchant_key_merchant_id_fingerprint")),
    )
    op.create_table(
        "signing_key",
        sa.Column("store_id", Id, nullable=False),
        sa.Column("environment", sa.String(length=4), nullable=False),
        sa.Column("private_key", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint("environment IN ('test', 'prod')", name=op.f("ck_signing_key_environment")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_signing_key_store_id")),
        sa.PrimaryKeyConstraint("store_id", "environment", name=op.f("pk_signing_key")),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("store_id", Id, nullable=False),
        sa.Column("environment", sa.String(length=4), nullable=False),
        sa.Column("surface", sa.String(length=6), nullable=False),
        sa.Column("credential", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=256), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("keeps_for_ever", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.JSON(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.CheckConstraint("environment IN ('test', 'prod')", name=op.f("ck_idempotency_key_environment")),
        sa.CheckConstraint("surface IN ('native', 'waffo')", name=op.f("ck_idempotency_key_surface")),
        sa.CheckConstraint(
            "(finished_at IS NULL) = (status IS NULL) AND (status IS NULL) = (body IS NULL)", name=op.f("ck_idempotency_key_finished")
        ),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_idempotency_key_store_id")),
        sa.PrimaryKeyConstraint("store_id", "environment", "surface", "credential", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_index("ix_idempotency_key_open", "idempotency_key", ["started_at"], **only("finished_at IS NULL"))
    op.create_index("ix_idempotency_key_over", "idempotency_key", ["finished_at"], **only("NOT keeps_for_ever AND finished_at IS NOT NULL"))


def create_event() -> None:
    op.create_table(
        "event",
        sa.Column("id", Id, nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("environment", sa.String(length=4), nullable=False),
        sa.Column("buyer_id", Id, nullable=True),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("subject_id", Id, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("dispatched_at", Instant(), nullable=True),
        sa.CheckConstraint("environment IN ('test', 'prod')", name=op.f("ck_event_environment")),
        sa.ForeignKeyConstraint(
            BUYER, ["buyer.store_id", "buyer.environment", "buyer.id"], name=op.f("fk_event_store_id_environment_buyer_id")
        ),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_event_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("store_id", "environment", "id", name=op.f("uq_event_store_id_environment_id")),
    )
    op.create_index(op.f("ix_event_created_at"), "event", ["created_at"])
    op.create_index("ix_event_page", "event", [*STORE, "created_at", "id"])
    op.create_index(op.f("ix_event_subject_id_event_created_at_event_id"), "event", ["subject_id", "created_at", "id"])
    op.create_index("ix_event_undispatched", "event", ["created_at", "id"], **only("dispatched_at IS NULL"))


def create_webhooks() -> None:
    op.create_table(
        "webhook_endpoint",
        sa.Column("id", Id, nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("environment", sa.String(length=4), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("format", sa.String(length=8), nullable=False),
        sa.Column("event_types", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("disabled_reason", sa.String(length=60), nullable=True),
        sa.Column("secret_generation", sa.Integer(), server_default="1", nullable=False),
        sa.Column("rotated_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint("environment IN ('test', 'prod')", name=op.f("ck_webhook_endpoint_environment")),
        sa.CheckConstraint("format IN ('standard', 'waffo')", name=op.f("ck_webhook_endpoint_format")),
        sa.CheckConstraint("status IN ('enabled', 'disabled')", name=op.f("ck_webhook_endpoint_status")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_webhook_endpoint_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoint")),
        sa.UniqueConstraint("store_id", "environment", "id", name=op.f("uq_webhook_endpoint_store_id_environment_id")),
    )
    op.create_index("ix_webhook_endpoint_page", "webhook_endpoint", [*STORE, "created_at", "id"])
    op.create_table(
        "webhook_delivery",
        sa.Column("id", Id, nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("environment", sa.String(length=4), nullable=False),
        sa.Column("endpoint_id", Id, nullable=False),
        sa.Column("event_id", Id, nullable=False),
        sa.Column("event_type", sa.String(length=40), nullable=False),
        sa.Column("replay_of_id", Id, nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=9), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.CheckConstraint("(status = 'pending') = (finished_at IS NULL)", name=op.f("ck_webhook_delivery_finished")),
        sa.CheckConstraint("environment IN ('test', 'prod')", name=op.f("ck_webhook_delivery_environment")),
        sa.CheckConstraint("status IN ('pending', 'succeeded', 'failed')", name=op.f("ck_webhook_delivery_status")),
        sa.ForeignKeyConstraint(
            ["store_id", "environment", "endpoint_id"],
            ["webhook_endpoint.store_id", "webhook_endpoint.environment", "webhook_endpoint.id"],
            name=op.f("fk_webhook_delivery_store_id_environment_endpoint_id"),
        ),
        sa.ForeignKeyConstraint(
            ["store_id", "environment", "event_id"],
            ["event.store_id", "event.environment", "event.id"],
            name=op.f("fk_webhook_delivery_store_id_environment_event_id"),
        ),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_webhook_delivery_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
    )
    op.create_index(op.f("ix_webhook_delivery_created_at"), "webhook_delivery", ["created_at"])
    op.create_index(op.f("ix_webhook_delivery_event_id"), "webhook_delivery", ["event_id"])
    op.create_index("ix_webhook_delivery_page", "webhook_delivery", [*STORE, "created_at", "id"])
    op.create_index("ix_webhook_delivery_page_of_endpoint", "webhook_delivery", ["endpoint_id", "created_at", "id"])
    op.create_index("ix_webhook_delivery_untaken", "webhook_delivery", ["endpoint_id", "created_at"], **only("status <> 'succeeded'"))
    op.create_index(
        "uq_webhook_delivery_first", "webhook_delivery", ["endpoint_id", "event_id"], unique=True, **only("replay_of_id IS NULL")
    )
    op.create_table(
        "webhook_attempt",
        sa.Column("delivery_id", Id, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("status_code", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(length=60), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["webhook_delivery.id"], name=op.f("fk_webhook_attempt_delivery_id")),
        sa.PrimaryKeyConstraint("delivery_id", "sequence", name=op.f("pk_webhook_attempt")),
    )


def create_portal_session() -> None:
    op.create_table(
        "portal_session",
        sa.Column("id", Id, nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("environment", sa.String(length=4), nullable=False),
        sa.Column("buyer_id", Id, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("flow", sa.String(length=24), nullable=False),
        sa.Column("subject_id", Id, nullable=True),
        sa.Column("product_id", Id, nullable=True),
        sa.Column("return_url", sa.Text(), nullable=True),
        sa.Column("locale", sa.String(length=10), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "flow IN ('overview', 'subscription_cancel', 'subscription_change', 'payment_method', 'billing_details', 'invoice')",
            name=op.f("ck_portal_session_flow"),
        ),
        sa.CheckConstraint("expires_at <= created_at + 300000000", name=op.f("ck_portal_session_lifetime")),
        sa.ForeignKeyConstraint(
            BUYER, ["buyer.store_id", "buyer.environment", "buyer.id"], name=op.f("fk_portal_session_store_id_environment_buyer_id")
        ),
        sa.ForeignKeyConstraint(
            ["store_id", "environment", "product_id"],
            ["product.store_id", "product.environment", "product.id"],
            name=op.f("fk_portal_session_store_id_environment_product_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portal_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_portal_session_token_hash")),
    )
    op.create_index(op.f("ix_portal_session_buyer_id_portal_session_created_at"), "portal_session", ["buyer_id", "created_at"])
    op.create_index(op.f("ix_portal_session_expires_at"), "portal_session", ["expires_at"])


def create_checkout_session() -> None:
    op.create_table(
        "checkout_session",
        sa.Column("id", Id, nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("environment", sa.String(length=4), nullable=False),
        sa.Column("buyer_id", Id, nullable=True),
        sa.Column("buyer_named", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("product_id", Id, nullable=False),
        sa.Column("product_name", sa.Text(), nullable=False),
        sa.Column("product_version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("unit_minor", sa.BigInteger(), nullable=False),
        sa.Column("price_is_own", sa.Boolean(), nullable=False),
        sa.Column("trial_days", sa.Integer(), nullable=False),
        sa.Column("billing_detail", sa.JSON(), nullable=True),
        sa.Column("locale", sa.String(length=10), nullable=True),
        sa.Column("theme", sa.String(length=5), nullable=True),
        sa.Column("success_url", sa.Text(), nullable=True),
        sa.Column("cancel_url", sa.Text(), nullable=True),
        sa.Column("order_external_id", sa.String(length=200), nullable=True),
        sa.Column("status", sa.String(length=9), nullable=False),
        sa.Column("order_id", Id, nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("placed_at", Instant(), nullable=True),
        sa.Column("completed_at", Instant(), nullable=True),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("metadata", sa.JSON(), nullable=True),
        sa.CheckConstraint("(status = 'completed') = (completed_at IS NOT NULL)", name=op.f("ck_checkout_session_completed")),
        sa.CheckConstraint("environment IN ('test', 'prod')", name=op.f("ck_checkout_session_environment")),
        sa.CheckConstraint("kind IN ('one_time', 'subscription')", name=op.f("ck_checkout_session_kind")),
        sa.CheckConstraint(
            "status IN ('open', 'expired') OR (order_id IS NOT NULL AND placed_at IS NOT NULL)", name=op.f("ck_checkout_session_placed")
        ),
        sa.CheckConstraint("status IN ('open', 'placed', 'completed', 'expired')", name=op.f("ck_checkout_session_status")),
        sa.CheckConstraint("theme IN ('light', 'dark')", name=op.f("ck_checkout_session_theme")),
        sa.CheckConstraint("order_id IS NULL OR buyer_id IS NOT NULL", name=op.f("ck_checkout_session_buyer")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_checkout_session_quantity")),
        sa.CheckConstraint("trial_days BETWEEN 0 AND 730", name=op.f("ck_checkout_session_trial")),
        sa.CheckConstraint("unit_minor >= 0", name=op.f("ck_checkout_session_unit")),
        sa.ForeignKeyConstraint(
            [*BUYER, "order_id"],
            ["orders.store_id", "orders.environment", "orders.buyer_id", "orders.id"],
            name=op.f("fk_checkout_session_store_id_environment_buyer_id_order_id"),
        ),
        sa.ForeignKeyConstraint(
            BUYER, ["buyer.store_id", "buyer.environment", "buyer.id"], name=op.f("fk_checkout_session_store_id_environment_buyer_id")
        ),
        sa.ForeignKeyConstraint(
            ["store_id", "environment", "product_id"],
            ["product.store_id", "product.environment", "product.id"],
            name=op.f("fk_checkout_session_store_id_environment_product_id"),
        ),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_checkout_session_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkout_session")),
        sa.UniqueConstraint("order_id", name=op.f("uq_checkout_session_order_id")),
        sa.UniqueConstraint("store_id", "environment", "id", name=op.f("uq_checkout_session_store_id_environment_id")),
    )
    op.create_index("ix_checkout_session_due", "checkout_session", ["expires_at", "id"], **only("status IN ('open', 'placed')"))
    op.create_index("ix_checkout_session_over", "checkout_session", ["expires_at"], **only("status = 'expired' AND order_id IS NULL"))
    op.create_index("ix_checkout_session_page", "checkout_session", [*STORE, "created_at", "id"])


def add_columns() -> None:
    op.add_column("store", sa.Column("return_origins", sa.JSON(), nullable=True))
    op.add_column("store", sa.Column("deleted_at", Instant(), nullable=True))
    # With its rule in the column, which SQLite can add; a rule of the table it could not.
    trial = "trial_days INTEGER DEFAULT '0' NOT NULL CONSTRAINT ck_product_trial CHECK (trial_days BETWEEN 0 AND 730)"
    op.execute(f"ALTER TABLE product ADD COLUMN {trial}")
    op.add_column("product", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("product", sa.Column("metadata", sa.JSON(), nullable=True))
    op.add_column("orders", sa.Column("product_version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("orders", sa.Column("checkout_id", Id, nullable=True))
    op.add_column("orders", sa.Column("metadata", sa.JSON(), nullable=True))
    op.add_column("refund_ticket", sa.Column("external_id", sa.String(length=200), nullable=True))
    op.add_column("refund_ticket", sa.Column("metadata", sa.JSON(), nullable=True))
    op.add_column("session", sa.Column("return_url", sa.Text(), nullable=True))
    op.add_column("session", sa.Column("flow", sa.String(length=24), nullable=True))
    op.add_column("session", sa.Column("portal_session_id", Id, nullable=True))
    op.add_column("job", sa.Column("party", Id, nullable=True))


def alter_on_postgresql() -> None:
    op.add_column("product_group", sa.Column("description", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("product_group", sa.Column("self_service", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("product_group", sa.Column("shared_trial", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("product_group", sa.Column("created_at", Instant(), nullable=True))
    op.execute(f"UPDATE product_group SET created_at = ({GROUP_MADE_AT})")  # noqa: S608
    op.alter_column("product_group", "created_at", nullable=False)
    op.alter_column("card_setup", "subscription_id", nullable=True)
    op.add_column("card_setup", sa.Column("checkout_id", Id, nullable=True))
    op.create_check_constraint(op.f("ck_card_setup_purpose"), "card_setup", "(subscription_id IS NULL) <> (checkout_id IS NULL)")
    op.create_foreign_key(
        op.f("fk_card_setup_store_id_environment_checkout_id"),
        "card_setup",
        "checkout_session",
        [*STORE, "checkout_id"],
        [*STORE, "id"],
    )


def create_indexes() -> None:
    """The lists of a whole store, newest first."""
    for table in ("orders", "subscription", "payment", "refund", "refund_ticket"):
        op.create_index(f"ix_{table}_page_of_store", table, [*STORE, "created_at", "id"])
    op.create_index("ix_document_page_of_store", "document", [*STORE, "issued_at", "id"])
    op.create_index("ix_buyer_page", "buyer", [*STORE, "created_at", "id"])
    op.create_index("ix_payment_page", "payment", [*BUYER, "created_at", "id"])
    op.create_index(op.f("ix_card_setup_checkout_id"), "card_setup", ["checkout_id"])


# As the tables of SQLite are from here on.
PRODUCT_GROUP = """
        id VARCHAR(30) NOT NULL,
        store_id VARCHAR(30) NOT NULL,
        environment VARCHAR(4) NOT NULL,
        external_id VARCHAR(200) NOT NULL,
        name TEXT NOT NULL,
        description TEXT DEFAULT '' NOT NULL,
        self_service BOOLEAN DEFAULT 1 NOT NULL,
        shared_trial BOOLEAN DEFAULT 0 NOT NULL,
        created_at BIGINT NOT NULL,
        CONSTRAINT pk_product_group PRIMARY KEY (id),
        CONSTRAINT ck_product_group_environment CHECK (environment IN ('test', 'prod')),
        CONSTRAINT fk_product_group_store_id FOREIGN KEY(store_id) REFERENCES store (id),
        CONSTRAINT uq_product_group_store_id_environment_id UNIQUE (store_id, environment, id),
        CONSTRAINT uq_product_group_store_id_environment_external_id UNIQUE (store_id, environment, external_id)
"""
CARD_SETUP = """
        id VARCHAR(30) NOT NULL,
        store_id VARCHAR(30) NOT NULL,
        environment VARCHAR(4) NOT NULL,
        buyer_id VARCHAR(30) NOT NULL,
        subscription_id VARCHAR(30),
        checkout_id VARCHAR(30),
        "key" VARCHAR(60) NOT NULL,
        reference VARCHAR(200),
        status VARCHAR(9) NOT NULL,
        created_at BIGINT NOT NULL,
        completed_at BIGINT,
        CONSTRAINT pk_card_setup PRIMARY KEY (id),
        CONSTRAINT fk_card_setup_store_id_environment_buyer_id_subscription_id FOREIGN KEY(store_id, environment, buyer_id, subscription_id) REFERENCES subscription (store_id, environment, buyer_id, id),
        CONSTRAINT fk_card_setup_store_id_environment_checkout_id FOREIGN KEY(store_id, environment, checkout_id) REFERENCES checkout_session (store_id, environment, id),
        CONSTRAINT ck_card_setup_status CHECK (status IN ('open', 'completed', 'expired')),
        CONSTRAINT ck_card_setup_purpose CHECK ((subscription_id IS NULL) <> (checkout_id IS NULL)),
        CONSTRAINT ck_card_setup_completed CHECK ((status = 'completed') = (completed_at IS NOT NULL)),
        CONSTRAINT uq_card_setup_key UNIQUE ("key"),
        CONSTRAINT uq_card_setup_reference UNIQUE (reference)
"""
