"""Every table. A row that belongs to a buyer carries (store_id, environment, buyer_id), and its foreign keys do too, so
that no row can point across stores, environments or buyers."""

import sqlalchemy as sa
from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Integer, LargeBinary, String, Text

from portico.domain.catalog import INTERVALS
from portico.domain.invoice import DOCUMENT_KINDS
from portico.domain.order import ONE_TIME_STATUSES
from portico.domain.payment import PAYMENT_STATUSES
from portico.domain.subscription import SUBSCRIPTION_STATUSES
from portico.storage.columns import Id, Instant, amounts, belongs, method, of_buyer, of_store, one_of, only

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

STORE = ("store_id", "environment")
BUYER = ("store_id", "environment", "buyer_id")

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
)

product_group = sa.Table(
    "product_group",
    metadata,
    Column("id", Id, primary_key=True),
    *of_store(),
    Column("external_id", String(200), nullable=False),
    Column("name", Text, nullable=False),
    sa.UniqueConstraint("store_id", "environment", "id"),
    sa.UniqueConstraint("store_id", "environment", "external_id"),
)

product = sa.Table(
    "product",
    metadata,
    Column("id", Id, primary_key=True),
    *of_store(),
    Column("external_id", String(200), nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("interval", String(7)),
    Column("group_id", Id),
    Column("tax_category", String(40), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    belongs(*STORE, "group_id", to="product_group"),
    sa.UniqueConstraint("store_id", "environment", "id"),
    sa.UniqueConstraint("store_id", "environment", "external_id"),
    one_of("kind", ("one_time", "subscription")),
    one_of("interval", INTERVALS),
    CheckConstraint("(kind = 'subscription') = (interval IS NOT NULL)", name="recurring"),
)

price = sa.Table(
    "price",
    metadata,
    Column("product_id", Id, sa.ForeignKey("product.id"), primary_key=True),
    Column("currency", String(3), primary_key=True),
    Column("amount_minor", BigInteger, nullable=False),
    CheckConstraint("amount_minor >= 0", name="amount"),
)

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
    belongs(*BUYER, to="buyer"),
    belongs(*STORE, "product_id", to="product"),
    one_of("status", tuple(dict.fromkeys((*ONE_TIME_STATUSES, *SUBSCRIPTION_STATUSES)))),
    sa.UniqueConstraint("store_id", "environment", "buyer_id", "id"),
    sa.UniqueConstraint("store_id", "environment", "external_id"),
    CheckConstraint("quantity > 0", name="quantity"),
    # The list pages: newest first, all or by status, by keyset.
    Index("ix_orders_page", "store_id", "environment", "buyer_id", "created_at", "id"),
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
    Column("anchor", Instant, nullable=False),
    Column("period_index", Integer, nullable=False),
    Column("period_start", Instant, nullable=False),
    Column("period_end", Instant, nullable=False),
    Column("trial_end", Instant),
    Column("change_kind", String(11)),
    Column("change_at", Instant),
    Column("change_product_id", Id),
    *method(),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    belongs(*BUYER, to="buyer"),
    belongs(*BUYER, "order_id", to="orders"),
    belongs(*STORE, "product_id", to="product"),
    belongs(*STORE, "change_product_id", to="product"),
    one_of("status", SUBSCRIPTION_STATUSES),
    one_of("interval", INTERVALS),
    sa.UniqueConstraint("store_id", "environment", "buyer_id", "id"),
    sa.UniqueConstraint("order_id"),
    sa.UniqueConstraint("store_id", "environment", "external_id"),
    CheckConstraint("period_start < period_end", name="period"),
    CheckConstraint("(change_kind IS NULL) = (change_at IS NULL)", name="change"),
    Index("ix_subscription_page", "store_id", "environment", "buyer_id", "created_at", "id"),
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

payment = sa.Table(
    "payment",
    metadata,
    Column("id", Id, primary_key=True),
    *of_buyer(),
    Column("external_id", String(200)),
    Column("order_id", Id, nullable=False),
    Column("subscription_id", Id),
    Column("period_start", Instant),
    Column("period_end", Instant),
    Column("currency", String(3), nullable=False),
    *amounts(),
    Column("refunded_minor", BigInteger, nullable=False, server_default="0"),
    Column("status", String(9), nullable=False),
    *method(),
    Column("created_at", Instant, nullable=False),
    Column("succeeded_at", Instant),
    belongs(*BUYER, "order_id", to="orders"),
    belongs(*BUYER, "subscription_id", to="subscription"),
    one_of("status", PAYMENT_STATUSES),
    sa.UniqueConstraint("store_id", "environment", "buyer_id", "id"),
    sa.UniqueConstraint("store_id", "environment", "external_id"),
    sa.UniqueConstraint("subscription_id", "period_start"),  # a period is billed once, whatever runs twice
    CheckConstraint("refunded_minor BETWEEN 0 AND total_minor", name="refunded"),
    CheckConstraint("(status = 'succeeded') = (succeeded_at IS NOT NULL)", name="succeeded"),
    Index(None, "order_id", "created_at"),
)

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
    one_of("status", ("succeeded", "failed", "unknown")),
    # At most one success per intent.
    Index("uq_payment_attempt_success", "payment_id", unique=True, **only("status = 'succeeded'")),
)

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
    Column("created_at", Instant, nullable=False),
    belongs(*BUYER, "payment_id", to="payment"),
    one_of("status", ("pending", "succeeded", "failed")),
    sa.UniqueConstraint("store_id", "environment", "external_id"),
    CheckConstraint("amount_minor > 0", name="amount"),
    Index(None, "payment_id"),
)

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
    Column("issued_at", Instant, nullable=False),
    Column("language", String(10), nullable=False),
    Column("template_version", Integer, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("content", Text, nullable=False),  # canonical JSON; its bytes are what content_hash covers
    Column("content_hash", LargeBinary(32), nullable=False),
    belongs(*BUYER, "order_id", to="orders"),
    belongs(*BUYER, "payment_id", to="payment"),
    one_of("kind", DOCUMENT_KINDS),
    CheckConstraint("(series IS NULL) = (sequence IS NULL)", name="series"),
    sa.UniqueConstraint("store_id", "environment", "buyer_id", "id"),
    sa.UniqueConstraint("store_id", "environment", "series", "sequence"),
    sa.UniqueConstraint("store_id", "environment", "number"),
    sa.UniqueConstraint("payment_id", "kind"),
    Index("ix_document_page", "store_id", "environment", "buyer_id", "issued_at", "id"),
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

session = sa.Table(
    "session",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    *of_buyer(),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("ended_at", Instant),
    belongs(*BUYER, to="buyer"),
    CheckConstraint("expires_at <= created_at + 1800000000", name="lifetime"),  # 30 minutes, absolute
    Index(None, "buyer_id"),
    Index(None, "expires_at"),
)

rate_limit = sa.Table(
    "rate_limit",
    metadata,
    Column("key", LargeBinary(32), primary_key=True),
    Column("window_start", Instant, primary_key=True),
    Column("count", Integer, nullable=False),
    Index(None, "window_start"),
)

job = sa.Table(
    "job",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("lane", String(20), nullable=False),  # bulk work in one lane never delays another
    Column("kind", String(40), nullable=False),
    Column("arguments", sa.JSON, nullable=False),  # ids only, so that old rows meet new code
    Column("key", String(120), unique=True),  # at most one live job per key
    Column("due_at", Instant, nullable=False),  # runnable from; while leased: the lease's end
    Column("owner", String(80)),
    Column("attempt", Integer, nullable=False, server_default="0"),  # also the fencing token
    Column("parked_at", Instant),  # waits for a person
    Column("error", Text),
    Column("created_at", Instant, nullable=False),
    Index("ix_job_due", "lane", "due_at", **only("parked_at IS NULL")),
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
