"""What is on offer to a buyer at a checkout, until it is bought or its time is over."""

import sqlalchemy as sa
from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Integer, String, Text

from portico.domain.checkout import CHECKOUT_STATUSES
from portico.storage.columns import Id, Instant, belongs, of_store, one_of, only
from portico.storage.tables.metadata import BUYER, STORE, metadata

checkout_session = sa.Table(
    "checkout_session",
    metadata,
    Column("id", Id, primary_key=True),
    *of_store(),
    Column("buyer_id", Id),
    Column("buyer_named", Boolean, nullable=False, server_default=sa.false()),  # by the merchant's server: nobody else may order
    Column("email", String(254)),
    Column("product_id", Id, nullable=False),
    Column("product_name", Text, nullable=False),
    Column("product_version", Integer, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("unit_minor", BigInteger, nullable=False),
    Column("price_is_own", Boolean, nullable=False),
    Column("trial_days", Integer, nullable=False),
    Column("billing_detail", sa.JSON(none_as_null=True)),
    Column("locale", String(10)),
    Column("theme", String(5)),
    Column("success_url", Text),
    Column("cancel_url", Text),
    Column("order_external_id", String(200)),
    Column("status", String(9), nullable=False),
    Column("order_id", Id),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("placed_at", Instant),
    Column("completed_at", Instant),
    Column("actor", String(60), nullable=False),
    Column("metadata", sa.JSON(none_as_null=True)),
    belongs(*BUYER, to="buyer"),
    belongs(*STORE, "product_id", to="product"),
    belongs(*BUYER, "order_id", to="orders"),
    sa.UniqueConstraint("store_id", "environment", "id"),
    sa.UniqueConstraint("order_id"),  # an order is of one checkout
    one_of("kind", ("one_time", "subscription")),
    one_of("theme", ("light", "dark")),
    one_of("status", CHECKOUT_STATUSES),
    CheckConstraint("quantity > 0", name="quantity"),
    CheckConstraint("unit_minor >= 0", name="unit"),
    CheckConstraint("trial_days BETWEEN 0 AND 730", name="trial"),
    CheckConstraint("order_id IS NULL OR buyer_id IS NOT NULL", name="buyer"),  # else no foreign key would hold the order
    CheckConstraint("status IN ('open', 'expired') OR (order_id IS NOT NULL AND placed_at IS NOT NULL)", name="placed"),
    CheckConstraint("(status = 'completed') = (completed_at IS NOT NULL)", name="completed"),
    Index("ix_checkout_session_page", "store_id", "environment", "created_at", "id"),
    Index("ix_checkout_session_due", "expires_at", "id", **only("status IN ('open', 'placed')")),
    Index("ix_checkout_session_over", "expires_at", **only("status = 'expired' AND order_id IS NULL")),
)
