"""Merchants, their stores, the keys of their servers, and who did what."""

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Text

from portico.storage.columns import Duration, Id, Instant, of_store
from portico.storage.tables.metadata import metadata

merchant = sa.Table(
    "merchant",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)

store = sa.Table(
    "store",
    metadata,
    Column("id", Id, primary_key=True),
    Column("merchant_id", Id, sa.ForeignKey("merchant.id"), nullable=False),
    Column("slug", String(63), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("locale", String(10), nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("support_email", Text, nullable=False),
    Column("accent_color", String(7), nullable=False),
    Column("seller", sa.JSON, nullable=False),
    Column("cancel_reasons", sa.JSON(none_as_null=True)),  # null: the list that everybody starts with
    Column("tax_policy", sa.JSON(none_as_null=True)),  # null: no table of taxes is in use
    Column("test_offset", Duration, nullable=False, server_default="0"),  # how far ahead the test environment's time runs
    Column("created_at", Instant, nullable=False),
)

api_key = sa.Table(
    "api_key",
    metadata,
    Column("id", Id, primary_key=True),
    *of_store(),
    Column("name", Text, nullable=False),
    Column("prefix", String(20), nullable=False),
    Column("key_hash", LargeBinary(32), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("last_used_at", Instant),
    Column("revoked_at", Instant),
    Index(None, "store_id", "environment"),
)

audit = sa.Table(
    "audit",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    *of_store(),
    Column("buyer_id", Id),
    Column("actor", String(60), nullable=False),
    Column("action", String(40), nullable=False),
    Column("subject", String(60), nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "store_id", "environment", "buyer_id", "at"),
)
