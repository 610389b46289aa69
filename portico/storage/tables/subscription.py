"""Orders, subscriptions, and what happened to them."""

import sqlalchemy as sa
from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Integer, String, Text

from portico.domain.catalog import INTERVALS
from portico.domain.order import ONE_TIME_STATUSES
from portico.domain.subscription import SUBSCRIPTION_STATUSES
from portico.storage.columns import Id, Instant, amounts, belongs, method, of_buyer, one_of, only
from portico.storage.tables.metadata import BUYER, STORE, metadata

order = sa.Table(
    "orders",
    metadata,  # plural: ORDER is a reserved word
    Column("id", Id, primary_key=True),
    *of_buyer(),
    Column("external_id", String(200)),
    Column("kind", String(12), nullable=False),
    Column("product_id", Id, nullable=False),
    Column("product_name", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("currency", String(3), nullable=False),
    *amounts(),
    Column("tax_rate", String(12), nullable=False),
    Column("tax_reason", String(16), nullable=False),
    Column("status", String(20), nullable=False),
    Column("billing_detail", sa.JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("product_version", Integer, nullable=False, server_default="1"),
    Column("checkout_id", Id),  # a checkout names its order by a foreign key, so this side has none
    Column("metadata", sa.JSON(none_as_null=True)),  # the merchant's own, text to text
    belongs(*BUYER, to="buyer"),
    belongs(*STORE, "product_id", to="product"),
    one_of("status", tuple(dict.fromkeys((*ONE_TIME_STATUSES, *SUBSCRIPTION_STATUSES)))),
    sa.UniqueConstraint("store_id", "environment", "buyer_id", "id"),
    sa.UniqueConstraint("store_id", "environment", "external_id"),
    CheckConstraint("quantity > 0", name="quantity"),
    # The list pages: newest first, all or by status, by keyset.
    Index("ix_orders_page", "store_id", "environment", "buyer_id", "created_at", "id"),
    Index("ix_orders_page_of_store", "store_id", "environment", "created_at", "id"),
    Index("ix_orders_page_status", "store_id", "environment", "buyer_id", "status", "created_at", "id"),
)

subscription = sa.Table(
    "subscription",
    metadata,
    Column("id", Id, primary_key=True),
    *of_buyer(),
    Column("external_id", String(200)),
    Column("order_id", Id, nullable=False),
    Column("product_id", Id, nullable=False),
    Column("product_name", Text, nullable=False),
    Column("status", String(10), nullable=False),
    Column("interval", String(7), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("unit_minor", BigInteger, nullable=False),
    Column("tax_rate", String(12), nullable=False),
    Column("tax_reason", String(16), nullable=False),
    Column("tax_country", String(2), nullable=False, server_default=sa.text("''")),
    Column("tax_note", Text, nullable=False, server_default=sa.text("''")),
    Column("anchor", Instant, nullable=False),
    Column("period_index", Integer, nullable=False),
    Column("period_start", Instant, nullable=False),
    Column("period_end", Instant, nullable=False),
    Column("trial_end", Instant),
    Column("change_kind", String(11)),
    Column("change_at", Instant),
    Column("change_product_id", Id),
    Column("change_quantity", Integer),
    Column("change_unit_minor", BigInteger),  # the price that was shown when the change was asked for
    Column("resumes_at", Instant),
    *method(),
    Column("managed", Boolean, nullable=False, server_default=sa.false()),  # Portico bills it
    Column("customer_reference", String(200)),
    Column("method_reference", String(200)),
    Column("version", Integer, nullable=False, server_default="1"),  # raised by every change
    Column("due_at", Instant),  # when something happens to it next; none while a payment is open, or where somebody else bills
    Column("remind_at", Instant),  # when the buyer is next told what is coming
    Column("retry_step", Integer, nullable=False, server_default="0"),
    Column("failing_since", Instant),
    Column("held_at", Instant),  # could not be worked on; waits for a person
    Column("held_reason", String(200)),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    belongs(*BUYER, to="buyer"),
    belongs(*BUYER, "order_id", to="orders"),
    belongs(*STORE, "product_id", to="product"),
    belongs(*STORE, "change_product_id", to="product"),
    one_of("status", SUBSCRIPTION_STATUSES),
    one_of("interval", INTERVALS),
    one_of("change_kind", ("cancel", "change_plan", "pause")),
    sa.UniqueConstraint("store_id", "environment", "buyer_id", "id"),
    sa.UniqueConstraint("order_id"),
    sa.UniqueConstraint("store_id", "environment", "external_id"),
    CheckConstraint("period_start < period_end", name="period"),
    CheckConstraint("(change_kind IS NULL) = (change_at IS NULL)", name="change"),
    CheckConstraint("managed OR due_at IS NULL", name="due"),
    CheckConstraint("(held_at IS NULL) = (held_reason IS NULL) AND (held_at IS NULL OR due_at IS NULL)", name="held"),
    CheckConstraint("resumes_at IS NOT NULL OR (status <> 'paused' AND coalesce(change_kind, '') <> 'pause')", name="paused"),
    CheckConstraint("method_reference IS NULL OR customer_reference IS NOT NULL", name="card"),
    Index("ix_subscription_page", "store_id", "environment", "buyer_id", "created_at", "id"),
    Index("ix_subscription_page_of_store", "store_id", "environment", "created_at", "id"),
    # What is due: of all stores, and of one whose time runs ahead. Most subscriptions are not in the first rows of either.
    Index("ix_subscription_due", "due_at", "id", **only("due_at IS NOT NULL")),
    Index("ix_subscription_due_in", "store_id", "environment", "due_at", "id", **only("due_at IS NOT NULL")),
    Index("ix_subscription_remind", "remind_at", "id", **only("remind_at IS NOT NULL")),
    Index("ix_subscription_remind_in", "store_id", "environment", "remind_at", "id", **only("remind_at IS NOT NULL")),
    Index("ix_subscription_held", "held_at", **only("held_at IS NOT NULL")),
)

subscription_event = sa.Table(
    "subscription_event",
    metadata,
    Column("subscription_id", Id, sa.ForeignKey("subscription.id"), primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("from_status", String(10)),
    Column("to_status", String(10), nullable=False),
    Column("cause", String(30), nullable=False),
    Column("actor", String(60), nullable=False),
    Column("at", Instant, nullable=False),
)

# Why buyers left, and who took it back. The plan is copied: what was left must be known when the plan is no more.
cancellation = sa.Table(
    "cancellation",
    metadata,
    Column("id", Id, primary_key=True),
    *of_buyer(),
    Column("subscription_id", Id, nullable=False),
    Column("reason_code", String(40)),
    Column("comment", Text, nullable=False),
    Column("requested_at", Instant, nullable=False),
    Column("effective_at", Instant, nullable=False),
    Column("withdrawn_at", Instant),
    Column("actor", String(60), nullable=False),
    Column("product_id", Id, nullable=False),
    Column("interval", String(7), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("net_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    belongs(*BUYER, "subscription_id", to="subscription"),
    belongs(*STORE, "product_id", to="product"),
    one_of("interval", INTERVALS),
    Index("uq_cancellation_standing", "subscription_id", unique=True, **only("withdrawn_at IS NULL")),
    Index("ix_cancellation_report", "store_id", "environment", "requested_at", "id"),
)
