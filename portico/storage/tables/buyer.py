"""Buyers, how they sign in, and what they are called by a payment provider."""

import sqlalchemy as sa
from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, LargeBinary, String, Text

from portico.domain.portal_session import FLOWS
from portico.storage.columns import Id, Instant, belongs, of_buyer, of_store, one_of
from portico.storage.tables.metadata import BUYER, STORE, metadata

buyer = sa.Table(
    "buyer",
    metadata,
    Column("id", Id, primary_key=True),
    *of_store(),
    Column("email", String(254), nullable=False),
    Column("external_id", String(200)),
    Column("name", Text, nullable=False),
    Column("locale", String(10)),
    Column("billing_detail", sa.JSON, nullable=False),
    Column("billing_version", Integer, nullable=False, server_default="1"),
    Column("created_at", Instant, nullable=False),
    sa.UniqueConstraint("store_id", "environment", "id"),
    sa.UniqueConstraint("store_id", "environment", "email"),
    sa.UniqueConstraint("store_id", "environment", "external_id"),
    Index("ix_buyer_page", "store_id", "environment", "created_at", "id"),
)

session = sa.Table(
    "session",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    *of_buyer(),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("return_url", Text),  # of one that a merchant's server opened: where to when the buyer is done
    Column("flow", String(24)),
    Column("portal_session_id", Id),
    belongs(*BUYER, to="buyer"),
    CheckConstraint("expires_at <= created_at + 1800000000", name="lifetime"),  # 30 minutes, absolute
    Index(None, "buyer_id"),
    Index(None, "expires_at"),
)

# A link into the portal that a merchant's server asked for: good for five minutes and one use. Only the hash of its token is kept.
portal_session = sa.Table(
    "portal_session",
    metadata,
    Column("id", Id, primary_key=True),
    *of_buyer(),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("flow", String(24), nullable=False),
    Column("subject_id", Id),
    Column("product_id", Id),
    Column("return_url", Text),
    Column("locale", String(10)),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    belongs(*BUYER, to="buyer"),
    belongs(*STORE, "product_id", to="product"),
    one_of("flow", FLOWS),
    CheckConstraint("expires_at <= created_at + 300000000", name="lifetime"),  # 5 minutes
    Index(None, "buyer_id", "created_at"),
    Index(None, "expires_at"),
)

# One row per request, known address or not. Token and code are minted by the worker at send time; only hashes are stored.
sign_in_request = sa.Table(
    "sign_in_request",
    metadata,
    Column("id", Id, primary_key=True),
    *of_store(),
    Column("email_hash", LargeBinary(32), nullable=False),
    Column("browser_hash", LargeBinary(32), nullable=False),
    Column("language", String(10), nullable=False),
    Column("return_path", String(500), nullable=False),  # the page of the portal to go back to; empty: its start
    Column("requested_at", Instant, nullable=False),
    Column("held", Boolean, nullable=False),  # over a limit: looks like any other request, but no mail is sent
    Column("known_browser", Boolean, nullable=False),  # asked from a browser that has signed in to this address before
    Column("buyer_id", Id),
    Column("token_hash", LargeBinary(32), unique=True),
    Column("code_hash", LargeBinary(32)),
    Column("minted_at", Instant),
    Column("expires_at", Instant),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("used_at", Instant),
    Column("voided_at", Instant),  # replaced by a newer one, or a sibling was used
    belongs(*BUYER, to="buyer"),
    CheckConstraint("expires_at <= minted_at + 600000000", name="lifetime"),  # 10 minutes
    Index(None, "store_id", "environment", "browser_hash"),
    Index(None, "store_id", "environment", "email_hash", "requested_at"),
    Index(None, "requested_at"),
)

rate_limit = sa.Table(
    "rate_limit",
    metadata,
    Column("key", LargeBinary(32), primary_key=True),
    Column("window_start", Instant, primary_key=True),
    Column("count", Integer, nullable=False),
    Index(None, "window_start"),
)

# A buyer at a payment provider. One who has no card yet has none.
gateway_customer = sa.Table(
    "gateway_customer",
    metadata,
    *of_buyer(),
    Column("gateway", String(20), nullable=False),
    Column("reference", String(200), nullable=False),
    sa.PrimaryKeyConstraint("store_id", "environment", "buyer_id", "gateway"),
    belongs(*BUYER, to="buyer"),
)
