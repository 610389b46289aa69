"""Every table. A row that belongs to a buyer carries (store_id, environment, buyer_id), and its foreign keys do too, so
that no row can point across stores, environments or buyers. The tables are made by the migrations; a test holds both equal."""

from portico.storage.tables.buyer import buyer, gateway_customer, portal_session, rate_limit, session, sign_in_request
from portico.storage.tables.catalog import price, product, product_group
from portico.storage.tables.checkout import checkout_session
from portico.storage.tables.document import document, document_file, number_counter
from portico.storage.tables.event import event, webhook_attempt, webhook_delivery, webhook_endpoint
from portico.storage.tables.metadata import metadata
from portico.storage.tables.pack import pack, pack_part
from portico.storage.tables.payment import card_setup, dispute, payment, payment_attempt, refund, refund_ticket, webhook_event
from portico.storage.tables.store import api_key, audit, idempotency_key, merchant, merchant_key, signing_key, store
from portico.storage.tables.subscription import cancellation, order, subscription, subscription_event
from portico.storage.tables.tax import exchange_rate, tax_id_check, tax_rate
from portico.storage.tables.work import job

__all__ = [
    "api_key", "audit", "buyer", "cancellation", "card_setup", "checkout_session", "dispute", "document", "document_file", "event",
    "exchange_rate", "gateway_customer", "idempotency_key", "job", "merchant", "merchant_key", "metadata", "number_counter", "order",
    "pack", "pack_part", "payment", "payment_attempt", "portal_session", "price", "product", "product_group", "rate_limit", "refund",
    "refund_ticket", "session", "sign_in_request", "signing_key", "store", "subscription", "subscription_event", "tax_id_check",
    "tax_rate", "webhook_attempt", "webhook_delivery", "webhook_endpoint", "webhook_event",
]  # fmt: skip
