"""What happened, and how the programs of a store are told of it."""

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Column, Index, Integer, String, Text

from portico.domain.webhook import DELIVERY_STATUSES, ENDPOINT_STATUSES, FORMATS
from portico.storage.columns import Id, Instant, belongs, of_store, one_of, only
from portico.storage.tables.metadata import BUYER, STORE, metadata

# Written in the transaction of what happened: so it is also the list of what still has to be told.
event = sa.Table(
    "event",
    metadata,
    Column("id", Id, primary_key=True),
    *of_store(),
    Column("buyer_id", Id),
    Column("type", String(40), nullable=False),
    Column("subject_id", Id, nullable=False),
    Column("at", Instant, nullable=False),  # the store's time, which may run ahead in its test environment
    Column("data", sa.JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("dispatched_at", Instant),
    belongs(*BUYER, to="buyer"),
    sa.UniqueConstraint("store_id", "environment", "id"),
    Index("ix_event_page", "store_id", "environment", "created_at", "id"),
    Index("ix_event_undispatched", "created_at", "id", **only("dispatched_at IS NULL")),
    Index(None, "subject_id", "created_at", "id"),
    Index(None, "created_at"),
)

# The secret that signs what it is sent is not kept: it is made from the installation's secret, this id and the generation.
webhook_endpoint = sa.Table(
    "webhook_endpoint",
    metadata,
    Column("id", Id, primary_key=True),
    *of_store(),
    Column("url", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("format", String(8), nullable=False),
    Column("event_types", sa.JSON, nullable=False),  # empty: all
    Column("status", String(8), nullable=False),
    Column("disabled_reason", String(60)),
    Column("secret_generation", Integer, nullable=False, server_default="1"),
    Column("rotated_at", Instant),
    Column("created_at", Instant, nullable=False),
    sa.UniqueConstraint("store_id", "environment", "id"),
    one_of("format", FORMATS),
    one_of("status", ENDPOINT_STATUSES),
    Index("ix_webhook_endpoint_page", "store_id", "environment", "created_at", "id"),
)

# One event on its way to one endpoint; the body is frozen, so that every attempt sends the same bytes. A replay is a new one. It
# may outlive what it repeats, so `replay_of_id` is no foreign key.
webhook_delivery = sa.Table(
    "webhook_delivery",
    metadata,
    Column("id", Id, primary_key=True),
    *of_store(),
    Column("endpoint_id", Id, nullable=False),
    Column("event_id", Id, nullable=False),
    Column("event_type", String(40), nullable=False),
    Column("replay_of_id", Id),
    Column("body", Text, nullable=False),
    Column("status", String(9), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("finished_at", Instant),
    belongs(*STORE, "endpoint_id", to="webhook_endpoint"),
    belongs(*STORE, "event_id", to="event"),
    one_of("status", DELIVERY_STATUSES),
    CheckConstraint("(status = 'pending') = (finished_at IS NULL)", name="finished"),
    Index("uq_webhook_delivery_first", "endpoint_id", "event_id", unique=True, **only("replay_of_id IS NULL")),
    Index("ix_webhook_delivery_page", "store_id", "environment", "created_at", "id"),
    Index("ix_webhook_delivery_page_of_endpoint", "endpoint_id", "created_at", "id"),
    Index("ix_webhook_delivery_untaken", "endpoint_id", "created_at", **only("status <> 'succeeded'")),
    Index(None, "event_id"),
    Index(None, "created_at"),
)

webhook_attempt = sa.Table(
    "webhook_attempt",
    metadata,
    Column("delivery_id", Id, sa.ForeignKey("webhook_delivery.id"), primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("status_code", Integer),
    Column("error", String(60)),
    Column("duration_ms", Integer, nullable=False),
)
