"""What a store taxes and at which rates of exchange, and what a register says of its buyers' tax ids."""

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Column, Index, Integer, String, Text

from portico.domain.tax import TAX_REASONS
from portico.storage.columns import Id, Instant, belongs, of_buyer, one_of, only
from portico.storage.tables.metadata import BUYER, metadata

# Days are ISO texts ("2026-01-01"), which sort as days do. Both environments of a store share its tables.
tax_rate = sa.Table(
    "tax_rate",
    metadata,
    Column("store_id", Id, sa.ForeignKey("store.id"), primary_key=True),
    Column("country", String(2), primary_key=True),
    Column("state", String(60), primary_key=True),  # empty: the whole country
    Column("category", String(40), primary_key=True),
    Column("valid_from", String(10), primary_key=True),
    Column("rate", String(12), nullable=False),
    Column("reason", String(16), nullable=False),
    Column("note", Text, nullable=False),
    one_of("reason", TAX_REASONS),
)

exchange_rate = sa.Table(
    "exchange_rate",
    metadata,
    Column("store_id", Id, sa.ForeignKey("store.id"), primary_key=True),
    Column("currency_from", String(3), primary_key=True),
    Column("currency_to", String(3), primary_key=True),
    Column("valid_on", String(10), primary_key=True),
    Column("rate", String(20), nullable=False),
)

# What was asked of a register of tax ids, and its answer: the proof that a sale was rightly not taxed.
tax_id_check = sa.Table(
    "tax_id_check",
    metadata,
    Column("id", Id, primary_key=True),
    *of_buyer(),
    Column("tax_id", String(40), nullable=False),
    Column("status", String(7), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("answered_at", Instant),
    Column("consultation_number", String(60)),
    Column("name", Text),
    Column("address", Text),
    Column("unavailable", Integer, nullable=False, server_default="0"),  # tries that had no answer
    belongs(*BUYER, to="buyer"),
    one_of("status", ("pending", "valid", "invalid")),
    CheckConstraint("(status = 'pending') = (answered_at IS NULL)", name="answered"),
    Index("uq_tax_id_check_pending", "store_id", "environment", "buyer_id", "tax_id", unique=True, **only("status = 'pending'")),
    Index("ix_tax_id_check_newest", "store_id", "environment", "buyer_id", "tax_id", "asked_at", "id"),
)
