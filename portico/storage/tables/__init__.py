"""Every table. A row that belongs to a buyer carries (store_id, environment, buyer_id), and its foreign keys do too, so
that no row can point across stores, environments or buyers. The tables are made by the migrations; a test holds both equal."""

from portico.storage.tables.buyer import buyer, gateway_customer, rate_limit, session, sign_in_request
from portico.storage.tables.catalog import price, product, product_group
from portico.storage.tables.document import document, document_file, number_counter
from portico.storage.tables.metadata import metadata
from portico.storage.tables.pack import pack, pack_part
from portico.storage.tables.payment import card_setup, payment, payment_attempt, refund, refund_ticket, webhook_event
from portico.storage.tables.store import api_key, audit, merchant, store
from portico.storage.tables.subscription import cancellation, order, subscription, subscription_event
from portico.storage.tables.tax import exchange_rate, tax_id_check, tax_rate
from portico.storage.tables.work import job

__all__ = [
    "api_key", "audit", "buyer", "cancellation", "card_setup", "document", "document_file", "exchange_rate", "gateway_customer", "job",
    "merchant", "metadata", "number_counter", "order", "pack", "pack_part", "payment", "payment_attempt", "price", "product",
    "product_group", "rate_limit", "refund", "refund_ticket", "session", "sign_in_request", "store", "subscription", "subscription_event",
    "tax_id_check", "tax_rate", "webhook_event",
]  # fmt: skip
