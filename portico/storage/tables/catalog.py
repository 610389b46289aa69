"""What a store sells."""

import sqlalchemy as sa
from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Integer, String, Text

from portico.domain.catalog import INTERVALS
from portico.storage.columns import Id, Instant, belongs, of_store, one_of
from portico.storage.tables.metadata import STORE, metadata

product_group = sa.Table(
    "product_group",
    metadata,
    Column("id", Id, primary_key=True),
    *of_store(),
    Column("external_id", String(200), nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False, server_default=sa.text("''")),
    Column("self_service", Boolean, nullable=False, server_default=sa.true()),
    Column("shared_trial", Boolean, nullable=False, server_default=sa.false()),
    Column("created_at", Instant, nullable=False),
    sa.UniqueConstraint("store_id", "environment", "id"),
    sa.UniqueConstraint("store_id", "environment", "external_id"),
)

product = sa.Table(
    "product",
    metadata,
    Column("id", Id, primary_key=True),
    *of_store(),
    Column("external_id", String(200), nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("interval", String(7)),
    Column("group_id", Id),
    Column("tax_category", String(40), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("quantity_min", Integer, nullable=False, server_default="1"),
    Column("quantity_max", Integer, nullable=False, server_default="1"),
    Column("pause_periods_max", Integer, nullable=False, server_default="0"),  # 0: no pause is offered
    Column("trial_days", Integer, nullable=False, server_default="0"),  # 0: none
    Column("version", Integer, nullable=False, server_default="1"),  # raised by every change
    Column("metadata", sa.JSON(none_as_null=True)),  # the merchant's own, text to text
    Column("created_at", Instant, nullable=False),
    belongs(*STORE, "group_id", to="product_group"),
    sa.UniqueConstraint("store_id", "environment", "id"),
    sa.UniqueConstraint("store_id", "environment", "external_id"),
    one_of("kind", ("one_time", "subscription")),
    one_of("interval", INTERVALS),
    CheckConstraint("(kind = 'subscription') = (interval IS NOT NULL)", name="recurring"),
    CheckConstraint("quantity_min >= 1 AND quantity_max >= quantity_min", name="quantity"),
    CheckConstraint("pause_periods_max BETWEEN 0 AND 3", name="pause"),
    CheckConstraint("trial_days BETWEEN 0 AND 730", name="trial"),
)

price = sa.Table(
    "price",
    metadata,
    Column("product_id", Id, sa.ForeignKey("product.id"), primary_key=True),
    Column("currency", String(3), primary_key=True),
    Column("amount_minor", BigInteger, nullable=False),
    CheckConstraint("amount_minor >= 0", name="amount"),
)
