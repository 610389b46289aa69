"""Work that commits together with what asked for it."""

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Index, Integer, String, Text

from portico.storage.columns import Id, Instant, only
from portico.storage.tables.metadata import metadata

job = sa.Table(
    "job",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("lane", String(20), nullable=False),  # bulk work in one lane never delays another
    Column("kind", String(40), nullable=False),
    Column("arguments", sa.JSON, nullable=False),  # ids only, so that old rows meet new code
    Column("key", String(120), unique=True),  # at most one live job per key
    Column("party", Id),  # whom it goes to, where few at a time may go to one
    Column("due_at", Instant, nullable=False),  # runnable from; while leased: the lease's end
    Column("owner", String(80)),
    Column("attempt", Integer, nullable=False, server_default="0"),  # also the fencing token
    Column("parked_at", Instant),  # waits for a person
    Column("error", Text),
    Column("created_at", Instant, nullable=False),
    Index("ix_job_due", "lane", "due_at", **only("parked_at IS NULL")),
)
