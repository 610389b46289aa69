"""Issued documents, their files and their numbers."""

import sqlalchemy as sa
from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, LargeBinary, String, Text

from portico.domain.invoice import DOCUMENT_KINDS
from portico.storage.columns import Id, Instant, belongs, of_buyer, of_store, one_of, only
from portico.storage.tables.metadata import BUYER, metadata

# Frozen at issue: triggers made by the migrations refuse UPDATE and DELETE on `document` and `document_file`.
document = sa.Table(
    "document",
    metadata,
    Column("id", Id, primary_key=True),
    *of_buyer(),
    Column("kind", String(11), nullable=False),
    Column("series", String(20)),  # none: numbered elsewhere, before the sale was imported
    Column("sequence", Integer),
    Column("number", String(60), nullable=False),
    Column("order_id", Id, nullable=False),
    Column("payment_id", Id),
    Column("refund_id", Id, unique=True),  # of a credit note for money that was given back
    Column("corrects_id", Id),  # the invoice that a credit note corrects, or that an invoice replaces
    Column("issued_at", Instant, nullable=False),
    Column("language", String(10), nullable=False),
    Column("template_version", Integer, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("content", Text, nullable=False),  # canonical JSON; its bytes are what content_hash covers
    Column("content_hash", LargeBinary(32), nullable=False),
    belongs(*BUYER, "order_id", to="orders"),
    belongs(*BUYER, "payment_id", to="payment"),
    belongs(*BUYER, "refund_id", to="refund"),
    belongs(*BUYER, "corrects_id", to="document"),
    one_of("kind", DOCUMENT_KINDS),
    CheckConstraint("(series IS NULL) = (sequence IS NULL)", name="series"),
    CheckConstraint("refund_id IS NULL OR kind = 'credit_note'", name="refund"),
    CheckConstraint("kind <> 'credit_note' OR refund_id IS NOT NULL OR corrects_id IS NOT NULL", name="credited"),
    CheckConstraint("corrects_id IS NULL OR (kind <> 'receipt' AND corrects_id <> id)", name="corrects"),
    sa.UniqueConstraint("store_id", "environment", "buyer_id", "id"),
    sa.UniqueConstraint("store_id", "environment", "series", "sequence"),
    sa.UniqueConstraint("store_id", "environment", "number"),
    # One invoice and one receipt of a payment; the invoices that replace the first each refer to one before.
    Index("uq_document_payment_kind", "payment_id", "kind", unique=True, **only("kind IN ('invoice', 'receipt') AND corrects_id IS NULL")),
    # An invoice is cancelled once, and replaced once. Any number of refunds may be credited besides.
    Index("uq_document_corrects", "corrects_id", "kind", unique=True, **only("corrects_id IS NOT NULL AND refund_id IS NULL")),
    Index(None, "payment_id"),
    Index("ix_document_page", "store_id", "environment", "buyer_id", "issued_at", "id"),
    Index("ix_document_page_of_store", "store_id", "environment", "issued_at", "id"),
    Index(None, "order_id"),
)

document_file = sa.Table(
    "document_file",
    metadata,
    Column("document_id", Id, sa.ForeignKey("document.id"), primary_key=True),
    Column("language", String(10), primary_key=True),
    Column("media_type", String(40), primary_key=True),
    Column("sha256", LargeBinary(32), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
)

number_counter = sa.Table(
    "number_counter",
    metadata,
    *of_store(),
    Column("series", String(20), nullable=False),
    Column("last", Integer, nullable=False),
    sa.PrimaryKeyConstraint("store_id", "environment", "series"),
)
