"""The subscription engine: who bills a subscription and when, attempts with keys, refunds asked for, cancellations with reasons."""

import sqlalchemy as sa
from alembic import op

from portico.storage.columns import Duration, Id, Instant, only
from portico.storage.migrations.rebuild import rebuild

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# What 0001 could hold: a payment is of a subscription exactly if it pays a period.
PURPOSE = "CASE WHEN subscription_id IS NULL THEN 'purchase' ELSE 'period' END"
# New rules, and four that allow more than they did.
CHECKS = {
    "product": {
        "quantity": "quantity_min >= 1 AND quantity_max >= quantity_min",
        "pause": "pause_periods_max BETWEEN 0 AND 3",
    },
    "orders": {
        "status": "status IN ('pending', 'completed', 'canceled', 'partially_refunded', 'refunded', 'trialing', 'active', 'past_due', 'paused', 'canceling', 'expired', 'closed')",
    },
    "subscription": {
        "status": "status IN ('pending', 'trialing', 'active', 'past_due', 'paused', 'canceling', 'canceled', 'expired', 'closed')",
        "change_kind": "change_kind IN ('cancel', 'change_plan', 'pause')",
        "due": "managed OR due_at IS NULL",
        "held": "(held_at IS NULL) = (held_reason IS NULL) AND (held_at IS NULL OR due_at IS NULL)",
        "paused": "resumes_at IS NOT NULL OR (status <> 'paused' AND coalesce(change_kind, '') <> 'pause')",
        "card": "method_reference IS NULL OR customer_reference IS NOT NULL",
    },
    "payment": {
        "purpose": "purpose IN ('purchase', 'period', 'change')",
        "purchase": "(purpose = 'purchase') = (subscription_id IS NULL)",
        "period": "(purpose = 'period') = (period_start IS NOT NULL AND period_end IS NOT NULL)",
    },
    "payment_attempt": {
        "status": "status IN ('pending', 'succeeded', 'failed', 'canceled', 'unknown')",
        "key": "status <> 'pending' OR key IS NOT NULL",
    },
    "document": {
        "kind": "kind IN ('invoice', 'receipt', 'credit_note')",
        "refund": "(kind = 'credit_note') = (refund_id IS NOT NULL)",
    },
}


def upgrade() -> None:
    create_tables()
    add_to_store()
    if op.get_bind().dialect.name == "postgresql":
        alter_on_postgresql()
        end_on_postgresql()
    else:
        rebuild_on_sqlite()
        end_on_sqlite()
    create_indexes()


def create_tables() -> None:
    op.create_table(
        "webhook_event",
        sa.Column("environment", sa.String(length=4), nullable=False),
        sa.Column("gateway", sa.String(length=20), nullable=False),
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("outcome", sa.String(length=7), nullable=False),
        sa.CheckConstraint("environment IN ('test', 'prod')", name=op.f("ck_webhook_event_environment")),
        sa.CheckConstraint("outcome IN ('applied', 'waiting', 'ignored')", name=op.f("ck_webhook_event_outcome")),
        sa.PrimaryKeyConstraint("environment", "gateway", "event_id", name=op.f("pk_webhook_event")),
    )
    op.create_index(op.f("ix_webhook_event_received_at"), "webhook_event", ["received_at"])
    op.create_index("ix_webhook_event_waiting", "webhook_event", ["environment", "gateway", "subject"], **only("outcome = 'waiting'"))
    op.create_table(
        "gateway_customer",
        sa.Column("store_id", Id, nullable=False),
        sa.Column("environment", sa.String(length=4), nullable=False),
        sa.Column("buyer_id", Id, nullable=False),
        sa.Column("gateway", sa.String(length=20), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id", "environment", "buyer_id"],
            ["buyer.store_id", "buyer.environment", "buyer.id"],
            name=op.f("fk_gateway_customer_store_id_environment_buyer_id"),
        ),
        sa.PrimaryKeyConstraint("store_id", "environment", "buyer_id", "gateway", name=op.f("pk_gateway_customer")),
    )
    op.create_table(
        "cancellation",
        sa.Column("id", Id, nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("environment", sa.String(length=4), nullable=False),
        sa.Column("buyer_id", Id, nullable=False),
        sa.Column("subscription_id", Id, nullable=False),
        sa.Column("reason_code", sa.String(length=40), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("requested_at", Instant(), nullable=False),
        sa.Column("effective_at", Instant(), nullable=False),
        sa.Column("withdrawn_at", Instant(), nullable=True),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("product_id", Id, nullable=False),
        sa.Column("interval", sa.String(length=7), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.CheckConstraint("interval IN ('week', 'month', 'quarter', 'year')", name=op.f("ck_cancellation_interval")),
        sa.ForeignKeyConstraint(
            ["store_id", "environment", "buyer_id", "subscription_id"],
            ["subscription.store_id", "subscription.environment", "subscription.buyer_id", "subscription.id"],
            name=op.f("fk_cancellation_store_id_environment_buyer_id_subscription_id"),
        ),
        sa.ForeignKeyConstraint(
            ["store_id", "environment", "product_id"],
            ["product.store_id", "product.environment", "product.id"],
            name=op.f("fk_cancellation_store_id_environment_product_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cancellation")),
    )
    op.create_index("ix_cancellation_report", "cancellation", ["store_id", "environment", "requested_at", "id"])
    op.create_index("uq_cancellation_standing", "cancellation", ["subscription_id"], unique=True, **only("withdrawn_at IS NULL"))
    op.create_table(
        "card_setup",
        sa.Column("id", Id, nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("environment", sa.String(length=4), nullable=False),
        sa.Column("buyer_id", Id, nullable=False),
        sa.Column("subscription_id", Id, nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=True),
        sa.Column("status", sa.String(length=9), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("completed_at", Instant(), nullable=True),
        sa.CheckConstraint("(status = 'completed') = (completed_at IS NOT NULL)", name=op.f("ck_card_setup_completed")),
        sa.CheckConstraint("status IN ('open', 'completed', 'expired')", name=op.f("ck_card_setup_status")),
        sa.ForeignKeyConstraint(
            ["store_id", "environment", "buyer_id", "subscription_id"],
            ["subscription.store_id", "subscription.environment", "subscription.buyer_id", "subscription.id"],
            name=op.f("fk_card_setup_store_id_environment_buyer_id_subscription_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_setup")),
        sa.UniqueConstraint("key", name=op.f("uq_card_setup_key")),
        sa.UniqueConstraint("reference", name=op.f("uq_card_setup_reference")),
    )
    op.create_index(op.f("ix_card_setup_subscription_id_card_setup_created_at"), "card_setup", ["subscription_id", "created_at"])
    op.create_table(
        "refund_ticket",
        sa.Column("id", Id, nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("environment", sa.String(length=4), nullable=False),
        sa.Column("buyer_id", Id, nullable=False),
        sa.Column("payment_id", Id, nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=9), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.CheckConstraint("(status = 'pending') = (decided_at IS NULL)", name=op.f("ck_refund_ticket_decided")),
        sa.CheckConstraint("status IN ('pending', 'approved', 'rejected', 'succeeded', 'failed')", name=op.f("ck_refund_ticket_status")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refund_ticket_amount")),
        sa.ForeignKeyConstraint(
            ["store_id", "environment", "buyer_id", "payment_id"],
            ["payment.store_id", "payment.environment", "payment.buyer_id", "payment.id"],
            name=op.f("fk_refund_ticket_store_id_environment_buyer_id_payment_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_ticket")),
        sa.UniqueConstraint("store_id", "environment", "buyer_id", "id", name=op.f("uq_refund_ticket_store_id_environment_buyer_id_id")),
    )
    op.create_index("ix_refund_ticket_page", "refund_ticket", ["store_id", "environment", "buyer_id", "created_at", "id"])
    op.create_index("ix_refund_ticket_payment", "refund_ticket", ["payment_id", "created_at"])
    op.create_index("ix_refund_ticket_queue", "refund_ticket", ["created_at", "id"], **only("status IN ('pending', 'approved')"))
    op.create_index("uq_refund_ticket_open", "refund_ticket", ["payment_id"], unique=True, **only("status IN ('pending', 'approved')"))


def add_to_store() -> None:
    op.add_column("store", sa.Column("cancel_reasons", sa.JSON(), nullable=True))
    op.add_column("store", sa.Column("test_offset", Duration(), server_default="0", nullable=False))


def create_indexes() -> None:
    op.create_index(op.f("ix_document_payment_id"), "document", ["payment_id"])
    op.create_index("uq_document_payment_kind", "document", ["payment_id", "kind"], unique=True, **only("kind IN ('invoice', 'receipt')"))
    op.create_index(
        "uq_payment_open_change",
        "payment",
        ["subscription_id"],
        unique=True,
        **only("purpose = 'change' AND status IN ('pending', 'unknown')"),
    )
    op.create_index(
        "ix_payment_attempt_open", "payment_attempt", ["attempted_at"], **only("status IN ('pending', 'unknown') AND key IS NOT NULL")
    )
    op.create_index(
        "uq_payment_attempt_open",
        "payment_attempt",
        ["payment_id"],
        unique=True,
        **only("status IN ('pending', 'unknown') AND key IS NOT NULL"),
    )
    op.create_index("ix_refund_pending", "refund", ["created_at"], **only("status = 'pending' AND key IS NOT NULL"))
    op.create_index("ix_subscription_due", "subscription", ["due_at", "id"], **only("due_at IS NOT NULL"))
    op.create_index("ix_subscription_due_in", "subscription", ["store_id", "environment", "due_at", "id"], **only("due_at IS NOT NULL"))
    op.create_index("ix_subscription_held", "subscription", ["held_at"], **only("held_at IS NOT NULL"))
    op.create_index("ix_subscription_remind", "subscription", ["remind_at", "id"], **only("remind_at IS NOT NULL"))
    op.create_index(
        "ix_subscription_remind_in", "subscription", ["store_id", "environment", "remind_at", "id"], **only("remind_at IS NOT NULL")
    )


def alter_on_postgresql() -> None:
    op.add_column("payment", sa.Column("purpose", sa.String(length=8), nullable=True))
    op.execute(f"UPDATE payment SET purpose = {PURPOSE}")  # noqa: S608
    op.alter_column("payment", "purpose", nullable=False)
    op.add_column("payment", sa.Column("lines", sa.JSON(), nullable=True))
    op.add_column("payment", sa.Column("change", sa.JSON(), nullable=True))
    op.add_column("payment_attempt", sa.Column("key", sa.String(length=60), nullable=True))
    op.add_column("payment_attempt", sa.Column("reference", sa.String(length=200), nullable=True))
    op.add_column("payment_attempt", sa.Column("action_url", sa.Text(), nullable=True))
    op.add_column("payment_attempt", sa.Column("on_session", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("payment_attempt", sa.Column("customer_reference", sa.String(length=200), nullable=True))
    op.add_column("payment_attempt", sa.Column("method_reference", sa.String(length=200), nullable=True))
    op.create_unique_constraint(op.f("uq_payment_attempt_key"), "payment_attempt", ["key"])
    op.add_column("product", sa.Column("quantity_min", sa.Integer(), server_default="1", nullable=False))
    op.add_column("product", sa.Column("quantity_max", sa.Integer(), server_default="1", nullable=False))
    op.add_column("product", sa.Column("pause_periods_max", sa.Integer(), server_default="0", nullable=False))
    op.add_column("refund", sa.Column("key", sa.String(length=60), nullable=True))
    op.add_column("refund", sa.Column("reference", sa.String(length=200), nullable=True))
    op.add_column("refund", sa.Column("ticket_id", Id, nullable=True))
    op.create_unique_constraint(op.f("uq_refund_key"), "refund", ["key"])
    op.create_unique_constraint(op.f("uq_refund_store_id_environment_buyer_id_id"), "refund", ["store_id", "environment", "buyer_id", "id"])
    op.create_foreign_key(
        op.f("fk_refund_store_id_environment_buyer_id_ticket_id"),
        "refund",
        "refund_ticket",
        ["store_id", "environment", "buyer_id", "ticket_id"],
        ["store_id", "environment", "buyer_id", "id"],
    )
    op.add_column("subscription", sa.Column("change_quantity", sa.Integer(), nullable=True))
    op.add_column("subscription", sa.Column("change_unit_minor", sa.BigInteger(), nullable=True))
    op.add_column("subscription", sa.Column("resumes_at", Instant(), nullable=True))
    op.add_column("subscription", sa.Column("managed", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("subscription", sa.Column("customer_reference", sa.String(length=200), nullable=True))
    op.add_column("subscription", sa.Column("method_reference", sa.String(length=200), nullable=True))
    op.add_column("subscription", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("subscription", sa.Column("due_at", Instant(), nullable=True))
    op.add_column("subscription", sa.Column("remind_at", Instant(), nullable=True))
    op.add_column("subscription", sa.Column("retry_step", sa.Integer(), server_default="0", nullable=False))
    op.add_column("subscription", sa.Column("failing_since", Instant(), nullable=True))
    op.add_column("subscription", sa.Column("held_at", Instant(), nullable=True))
    op.add_column("subscription", sa.Column("held_reason", sa.String(length=200), nullable=True))
    op.add_column("document", sa.Column("refund_id", Id, nullable=True))
    op.drop_constraint(op.f("uq_document_payment_id_kind"), "document", type_="unique")
    op.create_unique_constraint(op.f("uq_document_refund_id"), "document", ["refund_id"])
    op.create_foreign_key(
        op.f("fk_document_store_id_environment_buyer_id_refund_id"),
        "document",
        "refund",
        ["store_id", "environment", "buyer_id", "refund_id"],
        ["store_id", "environment", "buyer_id", "id"],
    )
    for table, name in (("orders", "status"), ("subscription", "status"), ("payment_attempt", "status"), ("document", "kind")):
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    for table, checks in CHECKS.items():
        for name, condition in checks.items():
            op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def rebuild_on_sqlite() -> None:
    """SQLite cannot change the constraints of a table, so the tables are made anew."""
    rebuild("product", PRODUCT)
    rebuild("orders", ORDERS)
    rebuild("subscription", SUBSCRIPTION)
    rebuild("payment", PAYMENT, purpose=PURPOSE)
    rebuild("payment_attempt", PAYMENT_ATTEMPT)
    rebuild("refund", REFUND)
    rebuild("document", DOCUMENT)


# What is over does not come back, whoever says so: a late webhook, a job of yesterday, a statement by hand.
IS_BACK = "OLD.status IN ('canceled', 'expired', 'closed') AND NEW.status <> OLD.status"
STAYS_OVER = "a subscription that is over does not come back"


def end_on_sqlite() -> None:
    op.execute(
        f"CREATE TRIGGER subscription_stays_over BEFORE UPDATE OF status ON subscription "
        f"WHEN {IS_BACK} BEGIN SELECT RAISE(ABORT, '{STAYS_OVER}'); END"
    )


def end_on_postgresql() -> None:
    op.execute(
        f"""
        CREATE FUNCTION portico_stays_over() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '{STAYS_OVER}'; END $$
        """
    )
    op.execute(
        f"CREATE TRIGGER subscription_stays_over BEFORE UPDATE OF status ON subscription "
        f"FOR EACH ROW WHEN ({IS_BACK}) EXECUTE FUNCTION portico_stays_over()"
    )


# As the tables of SQLite are from here on.
PRODUCT = """
        id VARCHAR(30) NOT NULL,
        store_id VARCHAR(30) NOT NULL,
        environment VARCHAR(4) NOT NULL,
        external_id VARCHAR(200) NOT NULL,
        name TEXT NOT NULL,
        description TEXT NOT NULL,
        kind VARCHAR(12) NOT NULL,
        interval VARCHAR(7),
        group_id VARCHAR(30),
        tax_category VARCHAR(40) NOT NULL,
        active BOOLEAN NOT NULL,
        quantity_min INTEGER DEFAULT '1' NOT NULL,
        quantity_max INTEGER DEFAULT '1' NOT NULL,
        pause_periods_max INTEGER DEFAULT '0' NOT NULL,
        created_at BIGINT NOT NULL,
        CONSTRAINT pk_product PRIMARY KEY (id),
        CONSTRAINT ck_product_environment CHECK (environment IN ('test', 'prod')),
        CONSTRAINT fk_product_store_id FOREIGN KEY(store_id) REFERENCES store (id),
        CONSTRAINT fk_product_store_id_environment_group_id FOREIGN KEY(store_id, environment, group_id) REFERENCES product_group (store_id, environment, id),
        CONSTRAINT uq_product_store_id_environment_id UNIQUE (store_id, environment, id),
        CONSTRAINT uq_product_store_id_environment_external_id UNIQUE (store_id, environment, external_id),
        CONSTRAINT ck_product_kind CHECK (kind IN ('one_time', 'subscription')),
        CONSTRAINT ck_product_interval CHECK (interval IN ('week', 'month', 'quarter', 'year')),
        CONSTRAINT ck_product_recurring CHECK ((kind = 'subscription') = (interval IS NOT NULL)),
        CONSTRAINT ck_product_quantity CHECK (quantity_min >= 1 AND quantity_max >= quantity_min),
        CONSTRAINT ck_product_pause CHECK (pause_periods_max BETWEEN 0 AND 3)
"""
ORDERS = """
        id VARCHAR(30) NOT NULL,
        store_id VARCHAR(30) NOT NULL,
        environment VARCHAR(4) NOT NULL,
        buyer_id VARCHAR(30) NOT NULL,
        external_id VARCHAR(200),
        kind VARCHAR(12) NOT NULL,
        product_id VARCHAR(30) NOT NULL,
        product_name TEXT NOT NULL,
        quantity INTEGER NOT NULL,
        currency VARCHAR(3) NOT NULL,
        net_minor BIGINT NOT NULL,
        tax_minor BIGINT NOT NULL,
        total_minor BIGINT NOT NULL,
        tax_rate VARCHAR(12) NOT NULL,
        tax_reason VARCHAR(16) NOT NULL,
        status VARCHAR(20) NOT NULL,
        billing_detail JSON NOT NULL,
        created_at BIGINT NOT NULL,
        CONSTRAINT pk_orders PRIMARY KEY (id),
        CONSTRAINT ck_orders_total CHECK (net_minor + tax_minor = total_minor),
        CONSTRAINT fk_orders_store_id_environment_buyer_id FOREIGN KEY(store_id, environment, buyer_id) REFERENCES buyer (store_id, environment, id),
        CONSTRAINT fk_orders_store_id_environment_product_id FOREIGN KEY(store_id, environment, product_id) REFERENCES product (store_id, environment, id),
        CONSTRAINT ck_orders_status CHECK (status IN ('pending', 'completed', 'canceled', 'partially_refunded', 'refunded', 'trialing', 'active', 'past_due', 'paused', 'canceling', 'expired', 'closed')),
        CONSTRAINT uq_orders_store_id_environment_buyer_id_id UNIQUE (store_id, environment, buyer_id, id),
        CONSTRAINT uq_orders_store_id_environment_external_id UNIQUE (store_id, environment, external_id),
        CONSTRAINT ck_orders_quantity CHECK (quantity > 0)
"""
SUBSCRIPTION = """
        id VARCHAR(30) NOT NULL,
        store_id VARCHAR(30) NOT NULL,
        environment VARCHAR(4) NOT NULL,
        buyer_id VARCHAR(30) NOT NULL,
        external_id VARCHAR(200),
        order_id VARCHAR(30) NOT NULL,
        product_id VARCHAR(30) NOT NULL,
        product_name TEXT NOT NULL,
        status VARCHAR(10) NOT NULL,
        interval VARCHAR(7) NOT NULL,
        quantity INTEGER NOT NULL,
        currency VARCHAR(3) NOT NULL,
        unit_minor BIGINT NOT NULL,
        tax_rate VARCHAR(12) NOT NULL,
        tax_reason VARCHAR(16) NOT NULL,
        anchor BIGINT NOT NULL,
        period_index INTEGER NOT NULL,
        period_start BIGINT NOT NULL,
        period_end BIGINT NOT NULL,
        trial_end BIGINT,
        change_kind VARCHAR(11),
        change_at BIGINT,
        change_product_id VARCHAR(30),
        change_quantity INTEGER,
        change_unit_minor BIGINT,
        resumes_at BIGINT,
        method_brand VARCHAR(20),
        method_last4 VARCHAR(4),
        method_expiry_month INTEGER,
        method_expiry_year INTEGER,
        managed BOOLEAN DEFAULT 0 NOT NULL,
        customer_reference VARCHAR(200),
        method_reference VARCHAR(200),
        version INTEGER DEFAULT '1' NOT NULL,
        due_at BIGINT,
        remind_at BIGINT,
        retry_step INTEGER DEFAULT '0' NOT NULL,
        failing_since BIGINT,
        held_at BIGINT,
        held_reason VARCHAR(200),
        created_at BIGINT NOT NULL,
        ended_at BIGINT,
        CONSTRAINT pk_subscription PRIMARY KEY (id),
        CONSTRAINT fk_subscription_store_id_environment_buyer_id FOREIGN KEY(store_id, environment, buyer_id) REFERENCES buyer (store_id, environment, id),
        CONSTRAINT fk_subscription_store_id_environment_buyer_id_order_id FOREIGN KEY(store_id, environment, buyer_id, order_id) REFERENCES orders (store_id, environment, buyer_id, id),
        CONSTRAINT fk_subscription_store_id_environment_product_id FOREIGN KEY(store_id, environment, product_id) REFERENCES product (store_id, environment, id),
        CONSTRAINT fk_subscription_store_id_environment_change_product_id FOREIGN KEY(store_id, environment, change_product_id) REFERENCES product (store_id, environment, id),
        CONSTRAINT ck_subscription_status CHECK (status IN ('pending', 'trialing', 'active', 'past_due', 'paused', 'canceling', 'canceled', 'expired', 'closed')),
        CONSTRAINT ck_subscription_interval CHECK (interval IN ('week', 'month', 'quarter', 'year')),
        CONSTRAINT ck_subscription_change_kind CHECK (change_kind IN ('cancel', 'change_plan', 'pause')),
        CONSTRAINT uq_subscription_store_id_environment_buyer_id_id UNIQUE (store_id, environment, buyer_id, id),
        CONSTRAINT uq_subscription_order_id UNIQUE (order_id),
        CONSTRAINT uq_subscription_store_id_environment_external_id UNIQUE (store_id, environment, external_id),
        CONSTRAINT ck_subscription_period CHECK (period_start < period_end),
        CONSTRAINT ck_subscription_change CHECK ((change_kind IS NULL) = (change_at IS NULL)),
        CONSTRAINT ck_subscription_due CHECK (managed OR due_at IS NULL),
        CONSTRAINT ck_subscription_held CHECK ((held_at IS NULL) = (held_reason IS NULL) AND (held_at IS NULL OR due_at IS NULL)),
        CONSTRAINT ck_subscription_paused CHECK (resumes_at IS NOT NULL OR (status <> 'paused' AND coalesce(change_kind, '') <> 'pause')),
        CONSTRAINT ck_subscription_card CHECK (method_reference IS NULL OR customer_reference IS NOT NULL)
"""
PAYMENT = """
        id VARCHAR(30) NOT NULL,
        store_id VARCHAR(30) NOT NULL,
        environment VARCHAR(4) NOT NULL,
        buyer_id VARCHAR(30) NOT NULL,
        external_id VARCHAR(200),
        purpose VARCHAR(8) NOT NULL,
        order_id VARCHAR(30) NOT NULL,
        subscription_id VARCHAR(30),
        period_start BIGINT,
        period_end BIGINT,
        currency VARCHAR(3) NOT NULL,
        net_minor BIGINT NOT NULL,
        tax_minor BIGINT NOT NULL,
        total_minor BIGINT NOT NULL,
        refunded_minor BIGINT DEFAULT '0' NOT NULL,
        status VARCHAR(9) NOT NULL,
        method_brand VARCHAR(20),
        method_last4 VARCHAR(4),
        method_expiry_month INTEGER,
        method_expiry_year INTEGER,
        lines JSON,
        change JSON,
        created_at BIGINT NOT NULL,
        succeeded_at BIGINT,
        CONSTRAINT pk_payment PRIMARY KEY (id),
        CONSTRAINT ck_payment_total CHECK (net_minor + tax_minor = total_minor),
        CONSTRAINT fk_payment_store_id_environment_buyer_id_order_id FOREIGN KEY(store_id, environment, buyer_id, order_id) REFERENCES orders (store_id, environment, buyer_id, id),
        CONSTRAINT fk_payment_store_id_environment_buyer_id_subscription_id FOREIGN KEY(store_id, environment, buyer_id, subscription_id) REFERENCES subscription (store_id, environment, buyer_id, id),
        CONSTRAINT ck_payment_purpose CHECK (purpose IN ('purchase', 'period', 'change')),
        CONSTRAINT ck_payment_status CHECK (status IN ('pending', 'succeeded', 'failed', 'canceled', 'unknown')),
        CONSTRAINT uq_payment_store_id_environment_buyer_id_id UNIQUE (store_id, environment, buyer_id, id),
        CONSTRAINT uq_payment_store_id_environment_external_id UNIQUE (store_id, environment, external_id),
        CONSTRAINT uq_payment_subscription_id_period_start UNIQUE (subscription_id, period_start),
        CONSTRAINT ck_payment_refunded CHECK (refunded_minor BETWEEN 0 AND total_minor),
        CONSTRAINT ck_payment_succeeded CHECK ((status = 'succeeded') = (succeeded_at IS NOT NULL)),
        CONSTRAINT ck_payment_purchase CHECK ((purpose = 'purchase') = (subscription_id IS NULL)),
        CONSTRAINT ck_payment_period CHECK ((purpose = 'period') = (period_start IS NOT NULL AND period_end IS NOT NULL))
"""
PAYMENT_ATTEMPT = """
        payment_id VARCHAR(30) NOT NULL,
        sequence INTEGER NOT NULL,
        status VARCHAR(9) NOT NULL,
        failure_code VARCHAR(30),
        method_brand VARCHAR(20),
        method_last4 VARCHAR(4),
        attempted_at BIGINT NOT NULL,
        "key" VARCHAR(60),
        reference VARCHAR(200),
        action_url TEXT,
        on_session BOOLEAN DEFAULT 0 NOT NULL,
        customer_reference VARCHAR(200),
        method_reference VARCHAR(200),
        CONSTRAINT pk_payment_attempt PRIMARY KEY (payment_id, sequence),
        CONSTRAINT ck_payment_attempt_status CHECK (status IN ('pending', 'succeeded', 'failed', 'canceled', 'unknown')),
        CONSTRAINT ck_payment_attempt_key CHECK (status <> 'pending' OR key IS NOT NULL),
        CONSTRAINT fk_payment_attempt_payment_id FOREIGN KEY(payment_id) REFERENCES payment (id),
        CONSTRAINT uq_payment_attempt_key UNIQUE ("key")
"""
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
        created_at BIGINT NOT NULL,
        CONSTRAINT pk_refund PRIMARY KEY (id),
        CONSTRAINT fk_refund_store_id_environment_buyer_id_payment_id FOREIGN KEY(store_id, environment, buyer_id, payment_id) REFERENCES payment (store_id, environment, buyer_id, id),
        CONSTRAINT fk_refund_store_id_environment_buyer_id_ticket_id FOREIGN KEY(store_id, environment, buyer_id, ticket_id) REFERENCES refund_ticket (store_id, environment, buyer_id, id),
        CONSTRAINT ck_refund_status CHECK (status IN ('pending', 'succeeded', 'failed')),
        CONSTRAINT uq_refund_store_id_environment_buyer_id_id UNIQUE (store_id, environment, buyer_id, id),
        CONSTRAINT uq_refund_store_id_environment_external_id UNIQUE (store_id, environment, external_id),
        CONSTRAINT ck_refund_amount CHECK (amount_minor > 0),
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
        CONSTRAINT ck_document_kind CHECK (kind IN ('invoice', 'receipt', 'credit_note')),
        CONSTRAINT ck_document_series CHECK ((series IS NULL) = (sequence IS NULL)),
        CONSTRAINT ck_document_refund CHECK ((kind = 'credit_note') = (refund_id IS NOT NULL)),
        CONSTRAINT uq_document_store_id_environment_buyer_id_id UNIQUE (store_id, environment, buyer_id, id),
        CONSTRAINT uq_document_store_id_environment_series_sequence UNIQUE (store_id, environment, series, sequence),
        CONSTRAINT uq_document_store_id_environment_number UNIQUE (store_id, environment, number),
        CONSTRAINT uq_document_refund_id UNIQUE (refund_id)
"""
