"""Payments and money given back, and what a payment provider is asked and tells."""

import sqlalchemy as sa
from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Integer, String, Text

from portico.domain.payment import (
    ATTEMPT_STATUSES,
    DISPUTE_STATUSES,
    PAYMENT_PURPOSES,
    PAYMENT_STATUSES,
    REFUND_PURPOSES,
    TICKET_STATUSES,
)
from portico.domain.scope import ENVIRONMENTS
from portico.storage.columns import Id, Instant, amounts, belongs, method, of_buyer, one_of, only
from portico.storage.tables.metadata import BUYER, STORE, metadata

payment = sa.Table(
    "payment",
    metadata,
    Column("id", Id, primary_key=True),
    *of_buyer(),
    Column("external_id", String(200)),
    Column("purpose", String(8), nullable=False),
    Column("order_id", Id, nullable=False),
    Column("subscription_id", Id),
    Column("period_start", Instant),
    Column("period_end", Instant),
    Column("currency", String(3), nullable=False),
    *amounts(),
    Column("refunded_minor", BigInteger, nullable=False, server_default="0"),
    Column("status", String(9), nullable=False),
    *method(),
    Column("lines", sa.JSON(none_as_null=True)),  # what its invoice prints; null: one position of the order's product
    Column("change", sa.JSON(none_as_null=True)),  # what capture puts into effect
    Column("taxes", sa.JSON(none_as_null=True)),  # by rate, as its invoice prints them; null: all of it as the order says
    Column("disputed_at", Instant),  # since when the buyer's bank disputes it, or has taken it back; null: it does not
    Column("created_at", Instant, nullable=False),
    Column("succeeded_at", Instant),
    belongs(*BUYER, "order_id", to="orders"),
    belongs(*BUYER, "subscription_id", to="subscription"),
    one_of("purpose", PAYMENT_PURPOSES),
    one_of("status", PAYMENT_STATUSES),
    sa.UniqueConstraint("store_id", "environment", "buyer_id", "id"),
    sa.UniqueConstraint("store_id", "environment", "external_id"),
    sa.UniqueConstraint("subscription_id", "period_start"),  # a period is billed once, whatever runs twice
    CheckConstraint("refunded_minor BETWEEN 0 AND total_minor", name="refunded"),
    CheckConstraint("(status = 'succeeded') = (succeeded_at IS NOT NULL)", name="succeeded"),
    CheckConstraint("(purpose = 'purchase') = (subscription_id IS NULL)", name="purchase"),
    CheckConstraint("(purpose = 'period') = (period_start IS NOT NULL AND period_end IS NOT NULL)", name="period"),
    Index(None, "order_id", "created_at"),
    Index("ix_payment_page", "store_id", "environment", "buyer_id", "created_at", "id"),
    Index("ix_payment_page_of_store", "store_id", "environment", "created_at", "id"),
    # One change of plan at a time.
    Index("uq_payment_open_change", "subscription_id", unique=True, **only("purpose = 'change' AND status IN ('pending', 'unknown')")),
)

_OPEN_ATTEMPT = "status IN ('pending', 'unknown') AND key IS NOT NULL"

payment_attempt = sa.Table(
    "payment_attempt",
    metadata,
    Column("payment_id", Id, sa.ForeignKey("payment.id"), primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("status", String(9), nullable=False),
    Column("failure_code", String(30)),
    Column("method_brand", String(20)),
    Column("method_last4", String(4)),
    Column("attempted_at", Instant, nullable=False),
    Column("key", String(60), unique=True),  # the provider's idempotency key; none: it was made elsewhere and imported
    Column("reference", String(200)),  # the provider's own id
    Column("action_url", Text),  # the provider's page that the buyer must visit
    Column("on_session", Boolean, nullable=False, server_default=sa.false()),  # the buyer was there
    Column("customer_reference", String(200)),
    Column("method_reference", String(200)),
    one_of("status", ATTEMPT_STATUSES),
    CheckConstraint("status <> 'pending' OR key IS NOT NULL", name="key"),
    # At most one success per intent.
    Index("uq_payment_attempt_success", "payment_id", unique=True, **only("status = 'succeeded'")),
    # At most one of ours is under way. Those of an import are nobody's to end.
    Index("uq_payment_attempt_open", "payment_id", unique=True, **only(_OPEN_ATTEMPT)),
    Index("ix_payment_attempt_open", "attempted_at", **only(_OPEN_ATTEMPT)),
)

_MADE_THERE = "key IS NOT NULL AND reference IS NOT NULL AND key = reference AND purpose = 'money'"

refund = sa.Table(
    "refund",
    metadata,
    Column("id", Id, primary_key=True),
    *of_buyer(),
    Column("external_id", String(200)),
    Column("payment_id", Id, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("status", String(9), nullable=False),
    Column("reason", Text, nullable=False),
    Column("key", String(60), unique=True),
    Column("reference", String(200)),
    Column("ticket_id", Id),
    Column("purpose", String(5), nullable=False, server_default="money"),
    Column("correction", sa.JSON(none_as_null=True)),  # of one that gives tax back: which invoice is corrected then, and how
    Column("at_provider", Boolean, nullable=False, server_default=sa.false()),  # somebody made it there: its key is the provider's id
    Column("created_at", Instant, nullable=False),
    belongs(*BUYER, "payment_id", to="payment"),
    belongs(*BUYER, "ticket_id", to="refund_ticket"),
    one_of("status", ("pending", "succeeded", "failed")),
    one_of("purpose", REFUND_PURPOSES),
    sa.UniqueConstraint("store_id", "environment", "buyer_id", "id"),
    sa.UniqueConstraint("store_id", "environment", "external_id"),
    CheckConstraint("amount_minor > 0", name="amount"),
    CheckConstraint("(purpose = 'tax') = (correction IS NOT NULL)", name="correction"),
    CheckConstraint(f"NOT at_provider OR ({_MADE_THERE})", name="at_provider"),
    Index(None, "payment_id"),
    Index("ix_refund_page_of_store", "store_id", "environment", "created_at", "id"),
    Index("ix_refund_pending", "created_at", **only("status = 'pending' AND key IS NOT NULL")),
)

# What buyers ask for. One request of a payment at a time; its amount is what the refund will be if it is approved.
refund_ticket = sa.Table(
    "refund_ticket",
    metadata,
    Column("id", Id, primary_key=True),
    *of_buyer(),
    Column("payment_id", Id, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),  # 2: asked again after it was rejected
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("reason", Text, nullable=False),
    Column("status", String(9), nullable=False),
    Column("note", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("decided_at", Instant),
    Column("external_id", String(200)),  # the merchant's own name for it
    Column("metadata", sa.JSON(none_as_null=True)),  # the merchant's own, text to text
    belongs(*BUYER, "payment_id", to="payment"),
    one_of("status", TICKET_STATUSES),
    sa.UniqueConstraint("store_id", "environment", "buyer_id", "id"),
    CheckConstraint("amount_minor > 0", name="amount"),
    CheckConstraint("(status = 'pending') = (decided_at IS NULL)", name="decided"),
    Index("uq_refund_ticket_open", "payment_id", unique=True, **only("status IN ('pending', 'approved')")),
    Index("ix_refund_ticket_payment", "payment_id", "created_at"),
    Index("ix_refund_ticket_page", "store_id", "environment", "buyer_id", "created_at", "id"),
    Index("ix_refund_ticket_page_of_store", "store_id", "environment", "created_at", "id"),
    Index("ix_refund_ticket_queue", "created_at", "id", **only("status IN ('pending', 'approved')")),
)

# A payment that the buyer's bank disputes, as the provider tells of it.
dispute = sa.Table(
    "dispute",
    metadata,
    Column("id", Id, primary_key=True),
    *of_buyer(),
    Column("payment_id", Id, nullable=False),
    Column("reference", String(200), nullable=False),  # the provider's own id
    Column("currency", String(3), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("reason", String(60), nullable=False),  # in the provider's words
    Column("status", String(4), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    belongs(*BUYER, "payment_id", to="payment"),
    one_of("status", DISPUTE_STATUSES),
    sa.UniqueConstraint("store_id", "environment", "reference"),
    CheckConstraint("(status = 'open') = (closed_at IS NULL)", name="closed"),
    Index(None, "payment_id"),
)

# A visit to the provider's page to give a card: for a subscription, or for what a checkout sells.
card_setup = sa.Table(
    "card_setup",
    metadata,
    Column("id", Id, primary_key=True),
    *of_buyer(),
    Column("subscription_id", Id),
    Column("checkout_id", Id),
    Column("key", String(60), nullable=False, unique=True),
    Column("reference", String(200), unique=True),  # the provider's id of the visit; none until it has answered
    Column("status", String(9), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("completed_at", Instant),
    belongs(*BUYER, "subscription_id", to="subscription"),
    belongs(*STORE, "checkout_id", to="checkout_session"),
    one_of("status", ("open", "completed", "expired")),
    CheckConstraint("(subscription_id IS NULL) <> (checkout_id IS NULL)", name="purpose"),
    CheckConstraint("(status = 'completed') = (completed_at IS NOT NULL)", name="completed"),
    Index(None, "subscription_id", "created_at"),
    Index(None, "checkout_id"),
)

# Every webhook that was verified, so that a second delivery does nothing. One about something unknown to us waits for it.
webhook_event = sa.Table(
    "webhook_event",
    metadata,
    Column("environment", String(4), primary_key=True),
    Column("gateway", String(20), primary_key=True),
    Column("event_id", String(200), primary_key=True),
    Column("received_at", Instant, nullable=False),
    Column("subject", String(200), nullable=False),
    Column("outcome", String(7), nullable=False),
    one_of("environment", ENVIRONMENTS),
    one_of("outcome", ("applied", "waiting", "ignored")),
    Index("ix_webhook_event_waiting", "environment", "gateway", "subject", **only("outcome = 'waiting'")),
    Index(None, "received_at"),
)
