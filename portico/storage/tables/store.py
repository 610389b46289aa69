"""Merchants, their stores, the keys of their servers, and who did what."""

import sqlalchemy as sa
from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Integer, LargeBinary, String, Text

from portico.domain.scope import ENVIRONMENTS
from portico.storage.columns import Duration, Id, Instant, of_store, one_of, only
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
    Column("return_origins", sa.JSON(none_as_null=True)),  # where the portal may send a buyer back to; null: nowhere
    Column("test_offset", Duration, nullable=False, server_default="0"),  # how far ahead the test environment's time runs
    Column("created_at", Instant, nullable=False),
    Column("deleted_at", Instant),  # nothing is sold any more; buyers still come for their documents
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

# Public keys of RSA with which a merchant's server signs what it asks on the Waffo surface. A revoked one does not come back.
merchant_key = sa.Table(
    "merchant_key",
    metadata,
    Column("id", Id, primary_key=True),
    Column("merchant_id", Id, sa.ForeignKey("merchant.id"), nullable=False),
    Column("environment", String(4), nullable=False),
    Column("name", Text, nullable=False),
    Column("public_key", Text, nullable=False),  # PEM
    Column("fingerprint", LargeBinary(32), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_used_at", Instant),
    Column("revoked_at", Instant),
    one_of("environment", ENVIRONMENTS),
    sa.UniqueConstraint("merchant_id", "fingerprint"),
)

# What Portico signs webhooks of the Waffo format with; the private part is sealed with a key made from the installation's secret.
signing_key = sa.Table(
    "signing_key",
    metadata,
    *of_store(),
    Column("private_key", LargeBinary, nullable=False),
    Column("public_key", Text, nullable=False),  # PEM
    Column("created_at", Instant, nullable=False),
    sa.PrimaryKeyConstraint("store_id", "environment"),
)

# What was asked under an idempotency key, and what was answered; no answer: it is being worked on, or its process died.
idempotency_key = sa.Table(
    "idempotency_key",
    metadata,
    *of_store(),
    Column("surface", String(6), nullable=False),
    Column("credential", String(60), nullable=False),  # empty where all keys of a store share them
    Column("key", String(256), nullable=False),
    Column("request_hash", LargeBinary(32), nullable=False),
    Column("keeps_for_ever", Boolean, nullable=False),  # money moved
    Column("status", Integer),
    Column("headers", sa.JSON(none_as_null=True)),
    Column("body", LargeBinary),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    sa.PrimaryKeyConstraint("store_id", "environment", "surface", "credential", "key"),
    one_of("surface", ("native", "waffo")),
    CheckConstraint("(finished_at IS NULL) = (status IS NULL) AND (status IS NULL) = (body IS NULL)", name="finished"),
    Index("ix_idempotency_key_over", "finished_at", **only("NOT keeps_for_ever AND finished_at IS NOT NULL")),
    Index("ix_idempotency_key_open", "started_at", **only("finished_at IS NULL")),
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
