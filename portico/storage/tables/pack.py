"""Packs of documents on their way to a buyer, and the pieces of their files."""

import sqlalchemy as sa
from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, LargeBinary, String

from portico.storage.columns import Id, Instant, belongs, of_buyer, one_of, only
from portico.storage.tables.metadata import BUYER, metadata

pack = sa.Table(
    "pack",
    metadata,
    Column("id", Id, primary_key=True),
    *of_buyer(),
    Column("first_day", String(10), nullable=False),  # ISO texts; both days are in it
    Column("last_day", String(10), nullable=False),
    Column("status", String(7), nullable=False),
    Column("total", Integer, nullable=False),  # documents
    Column("done", Integer, nullable=False),
    Column("size_bytes", BigInteger),
    Column("sha256", LargeBinary(32)),
    Column("created_at", Instant, nullable=False),
    Column("ready_at", Instant),
    Column("expires_at", Instant, nullable=False),
    belongs(*BUYER, to="buyer"),
    one_of("status", ("pending", "ready", "failed")),
    CheckConstraint("first_day <= last_day", name="days"),
    CheckConstraint("done BETWEEN 0 AND total", name="done"),
    CheckConstraint("(status = 'ready') = (ready_at IS NOT NULL AND size_bytes IS NOT NULL AND sha256 IS NOT NULL)", name="ready"),
    Index("uq_pack_pending", "store_id", "environment", "buyer_id", unique=True, **only("status = 'pending'")),
    Index("ix_pack_page", "store_id", "environment", "buyer_id", "created_at", "id"),
    Index(None, "expires_at"),
)

# The file in pieces, so that neither who makes it nor who sends it holds all of it.
pack_part = sa.Table(
    "pack_part",
    metadata,
    Column("pack_id", Id, sa.ForeignKey("pack.id"), primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)
