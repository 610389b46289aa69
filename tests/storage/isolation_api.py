"""What of storage the API asks for: part of the matrix of `test_isolation`. `own.api` are the rows of `api_rows`."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from portico.domain.billing_detail import BillingDetail
from portico.storage import (
    buyer,
    cancellation,
    card_setup,
    checkout,
    document,
    document_of_store,
    event,
    idempotency,
    listing,
    order,
    order_of_store,
    owner,
    payment,
    payment_of_store,
    portal_session,
    product,
    product_group,
    refund_ticket,
    signing_key,
    subscription_of_store,
    tables,
    webhook_delivery,
    webhook_endpoint,
)
from portico.storage.listing import Listing

Ask = Callable[[sa.Connection, Any, Any], Any]
HOUR = timedelta(hours=1)
LISTING = Listing(sa.select(tables.order.c.status), tables.order, listing.equal(tables.order, "id"), narrow=frozenset({"id"}))


def _token(own: Any) -> bytes:
    return own.api.link.encode().ljust(32)[:32]


def _set_period(tx: sa.Connection, scope: Any, own: Any) -> Any:
    return payment.set_period(tx, scope, replace(payment.get(tx, own.scope, own.open), period_end=own.now + timedelta(days=99)))


def _with_details(tx: sa.Connection, scope: Any, own: Any) -> Any:
    (found,) = payment_of_store.with_details(tx, scope, [payment.get(tx, own.scope, own.payment)])
    return found.attempts or found.refunds


OF_BUYER: dict[str, Ask] = {
    "buyer.update": lambda tx, scope, own: buyer.update(tx, scope, replace(buyer.get(tx, own.scope), name="X")),
    "order.cancel_pending": lambda tx, scope, own: order.cancel_pending(tx, scope, own.api.order),
    "order.free_external_id": lambda tx, scope, own: order.free_external_id(tx, scope, own.api.order),
    "order.lock": lambda tx, scope, own: order.lock(tx, scope, own.order),
    "order.set_status": lambda tx, scope, own: order.set_status(tx, scope, own.order, "refunded", expected="completed"),
    "payment.set_period": _set_period,
    "checkout.place": lambda tx, scope, own: checkout.place(
        tx, scope, own.api.open, email="x@example.com", billing_detail=BillingDetail(), order_id=own.order, locale=None, now=own.now,
        until=own.now + HOUR, trial_days=0,
    ),
    "checkout.trial_had": lambda tx, scope, own: checkout.trial_had(tx, scope, [own.trial_product]),
    "portal_session.get": lambda tx, scope, own: portal_session.get(tx, scope, own.api.link),
    "portal_session.made_since": lambda tx, scope, own: portal_session.made_since(tx, scope, own.now - HOUR),
}  # fmt: skip

OF_STORE: dict[str, Ask] = {
    "buyer.by_external_id": lambda tx, scope, own: buyer.by_external_id(tx, scope, "own"),
    "buyer.billing_details": lambda tx, scope, own: buyer.billing_details(tx, scope, [own.scope.buyer_id]),
    "buyer.page": lambda tx, scope, own: buyer.page(tx, scope, email="own@example.com").items,
    "cancellation.get_of_store": lambda tx, scope, own: cancellation.get_of_store(tx, scope, own.cancellation),
    "cancellation.page_of_store": lambda tx, scope, own: cancellation.page_of_store(tx, scope).items,
    "cancellation.summary": lambda tx, scope, own: cancellation.summary(tx, scope, own.now - HOUR, own.now + HOUR, "reason"),
    "card_setup.count_of_checkout_since": lambda tx, scope, own: card_setup.count_of_checkout_since(
        tx, scope, own.api.placed, own.now - HOUR
    ),
    "card_setup.expire_of_checkout": lambda tx, scope, own: card_setup.expire_of_checkout(tx, scope, own.api.placed),
    "card_setup.open_of_checkout": lambda tx, scope, own: card_setup.open_of_checkout(tx, scope, own.api.placed),
    "checkout.cut_short": lambda tx, scope, own: checkout.cut_short(tx, scope, own.now),
    "checkout.get": lambda tx, scope, own: checkout.get(tx, scope, own.api.open),
    "checkout.lock": lambda tx, scope, own: checkout.lock(tx, scope, own.api.open),
    "checkout.page": lambda tx, scope, own: checkout.page(tx, scope).items,
    "checkout.reopen": lambda tx, scope, own: checkout.reopen(tx, scope, own.api.placed),
    "checkout.waiting_for": lambda tx, scope, own: checkout.waiting_for(tx, scope, own.api.order),
    "checkout.complete": lambda tx, scope, own: checkout.complete(tx, scope, own.api.order, own.now),
    "checkout.expire": lambda tx, scope, own: checkout.expire(tx, scope, own.api.open),
    "document.newest_invoices": lambda tx, scope, own: document.newest_invoices(tx, scope, [own.payment]),
    "document_of_store.get": lambda tx, scope, own: document_of_store.get(tx, scope, own.document),
    "document_of_store.page": lambda tx, scope, own: document_of_store.page(tx, scope, payment_id=own.payment).items,
    "event.get": lambda tx, scope, own: event.get(tx, scope, own.api.event),
    "event.page": lambda tx, scope, own: event.page(tx, scope).items,
    "idempotency.finish": lambda tx, scope, own: idempotency.finish(
        tx, scope, own.api.claim, status=200, headers={}, body=b"", now=own.now
    ),
    "idempotency.forget": lambda tx, scope, own: idempotency.forget(tx, scope, own.api.answered, before=own.now + HOUR),
    "idempotency.free": lambda tx, scope, own: idempotency.free(tx, scope, own.api.claim),
    "listing.page": lambda tx, scope, own: listing.page(tx, LISTING, scope, None, 9, id=own.order)[0],
    "order_of_store.by_external_id": lambda tx, scope, own: order_of_store.by_external_id(tx, scope, "own-order"),
    "order_of_store.get": lambda tx, scope, own: order_of_store.get(tx, scope, own.order),
    "order_of_store.page": lambda tx, scope, own: order_of_store.page(tx, scope).items,
    "owner.buyer_of": lambda tx, scope, own: owner.buyer_of(tx, scope, "ORD", own.order),
    "payment_of_store.get": lambda tx, scope, own: payment_of_store.get(tx, scope, own.payment),
    "payment_of_store.get_refund": lambda tx, scope, own: payment_of_store.get_refund(tx, scope, own.refund),
    "payment_of_store.of_orders": lambda tx, scope, own: payment_of_store.of_orders(tx, scope, [own.order]),
    "payment_of_store.page": lambda tx, scope, own: payment_of_store.page(tx, scope, order_id=own.order).items,
    "payment_of_store.page_of_refunds": lambda tx, scope, own: payment_of_store.page_of_refunds(tx, scope, payment_id=own.payment).items,
    "payment_of_store.with_details": _with_details,
    "portal_session.by_token_hash": lambda tx, scope, own: portal_session.by_token_hash(tx, scope, _token(own)),
    "portal_session.redeem": lambda tx, scope, own: portal_session.redeem(tx, scope, _token(own), own.now),
    "product.by_external_id": lambda tx, scope, own: product.by_external_id(tx, scope, "own-product"),
    "product.page": lambda tx, scope, own: product.page(tx, scope).items,
    "product.update": lambda tx, scope, own: product.update(tx, scope, product.get(tx, own.scope, own.product)),
    "product_group.by_external_id": lambda tx, scope, own: product_group.by_external_id(tx, scope, "g"),
    "product_group.get": lambda tx, scope, own: product_group.get(tx, scope, "GRP_1"),
    "product_group.page": lambda tx, scope, own: product_group.page(tx, scope).items,
    "product_group.product_ids": lambda tx, scope, own: product_group.product_ids(tx, scope, ["GRP_1"])["GRP_1"],
    "product_group.set_products": lambda tx, scope, own: product_group.set_products(tx, scope, "GRP_1", [own.product]),
    "product_group.update": lambda tx, scope, own: product_group.update(
        tx, scope, replace(product_group.get(tx, own.scope, "GRP_1"), name="X")
    ),
    "product_group.delete": lambda tx, scope, own: product_group.delete(tx, scope, "GRP_2"),
    "refund_ticket.get_of_store": lambda tx, scope, own: refund_ticket.get_of_store(tx, scope, own.ticket),
    "refund_ticket.page_of_store": lambda tx, scope, own: refund_ticket.page_of_store(tx, scope, payment_id=own.payment).items,
    "signing_key.get": lambda tx, scope, own: signing_key.get(tx, scope),
    "subscription_of_store.by_external_id": lambda tx, scope, own: subscription_of_store.by_external_id(tx, scope, "own-subscription"),
    "subscription_of_store.get": lambda tx, scope, own: subscription_of_store.get(tx, scope, own.subscription),
    "subscription_of_store.page": lambda tx, scope, own: subscription_of_store.page(tx, scope).items,
    "webhook_delivery.attempts": lambda tx, scope, own: webhook_delivery.attempts(tx, scope, [own.api.delivery]),
    "webhook_delivery.body": lambda tx, scope, own: webhook_delivery.body(tx, scope, own.api.delivery),
    "webhook_delivery.get": lambda tx, scope, own: webhook_delivery.get(tx, scope, own.api.delivery),
    "webhook_delivery.page": lambda tx, scope, own: webhook_delivery.page(tx, scope, endpoint_id=own.api.endpoint).items,
    "webhook_endpoint.count": lambda tx, scope, own: webhook_endpoint.count(tx, scope),
    "webhook_endpoint.delete": lambda tx, scope, own: webhook_endpoint.delete(tx, scope, own.api.endpoint),
    "webhook_endpoint.disable": lambda tx, scope, own: webhook_endpoint.disable(tx, scope, own.api.endpoint, reason="gone"),
    "webhook_endpoint.enabled_of": lambda tx, scope, own: webhook_endpoint.enabled_of(tx, scope),
    "webhook_endpoint.get": lambda tx, scope, own: webhook_endpoint.get(tx, scope, own.api.endpoint),
    "webhook_endpoint.lock": lambda tx, scope, own: webhook_endpoint.lock(tx, scope, own.api.endpoint),
    "webhook_endpoint.page": lambda tx, scope, own: webhook_endpoint.page(tx, scope).items,
    "webhook_endpoint.update": lambda tx, scope, own: webhook_endpoint.update(
        tx, scope, replace(webhook_endpoint.get(tx, own.scope, own.api.endpoint), description="X")
    ),
}  # fmt: skip
# These write new rows whose scope is the one given.
NEW_ROWS = {
    "checkout.create", "event.insert", "event.insert_dispatched", "idempotency.begin", "order.create", "portal_session.create",
    "product.create", "product_group.create", "signing_key.put", "subscription_of_store.create", "webhook_endpoint.create",
}  # fmt: skip
# These tell nothing when they have written.
TELLS_NOTHING = {
    "buyer.update", "order.free_external_id", "payment.set_period", "card_setup.expire_of_checkout", "product_group.set_products",
    "product_group.update", "product_group.delete", "webhook_endpoint.delete", "webhook_endpoint.update",
}  # fmt: skip
