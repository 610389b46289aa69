"""Orders, payments and what was given back, as queries read them: see `graphql_rows`."""

from typing import Any

import sqlalchemy as sa

from portico.storage.columns import word
from portico.storage.graphql_catalog import WIRE_PRODUCT_ID
from portico.storage.graphql_rows import Source
from portico.storage.payment_row import METHOD
from portico.storage.tables import buyer, cancellation, order, payment, payment_attempt, product, refund, refund_ticket, subscription


def _named(table: sa.Table, *names: str) -> tuple[sa.ColumnElement[Any], ...]:
    return tuple(table.c[name] for name in names)


def _newest_first(table: sa.Table) -> tuple[sa.ColumnElement[Any], ...]:
    return table.c.created_at.desc(), table.c.id.desc()


_paid = payment.alias("paid")
_LAST_PAID_AT = (
    sa.select(sa.func.coalesce(_paid.c.succeeded_at, _paid.c.created_at, type_=_paid.c.created_at.type))
    .where(_paid.c.order_id == order.c.id)
    .order_by(_paid.c.created_at.desc())
    .limit(1)
    .scalar_subquery()
)
_ASKED_TO_END_AT = (
    sa.select(cancellation.c.requested_at)
    .where(cancellation.c.subscription_id == subscription.c.id, cancellation.c.withdrawn_at.is_(None))
    .scalar_subquery()
)
# How a merchant calls a buyer: by his own id of him, or by the address.
_identity = sa.func.coalesce(buyer.c.external_id, buyer.c.email)
# What a subscription is of now: a change of plan keeps its order.
_product_id = sa.func.coalesce(subscription.c.product_id, order.c.product_id, type_=sa.String())
_SUBSCRIPTION = (
    "interval", "period_start", "period_end", "trial_end", "change_kind", "change_at", "ended_at", "unit_minor", "quantity", "tax_rate",
)  # fmt: skip

ORDERS = Source(
    select=sa.select(
        *_named(
            order, "id", "store_id", "environment", "kind", "status", "currency", "net_minor", "tax_minor", "total_minor", "external_id",
            "billing_detail", "metadata", "product_version", "created_at",
        ),
        buyer.c.email.label("buyer_email"),
        _identity.label("buyer_identity"),
        _product_id.label("product_id"),
        WIRE_PRODUCT_ID.label("wire_product_id"),
        order.c.product_id.label("ordered_product_id"),
        sa.func.coalesce(subscription.c.product_name, order.c.product_name).label("product_name"),
        product.c.tax_category,
        product.c.version.label("newest_version"),
        subscription.c.id.label("subscription_id"),
        *(subscription.c[name].label(f"its_{name}") for name in _SUBSCRIPTION),
        _LAST_PAID_AT.label("last_paid_at"),
        _ASKED_TO_END_AT.label("asked_to_end_at"),
    ).select_from(
        order.join(buyer, buyer.c.id == order.c.buyer_id)
        .outerjoin(subscription, subscription.c.order_id == order.c.id)
        .join(product, product.c.id == _product_id)
    ),
    store=order.c.store_id,
    environment=order.c.environment,
    buyer=order.c.buyer_id,
    order=_newest_first(order),
    fields={
        **{name: order.c[name] for name in ("id", "kind", "status", "currency", "total_minor", "external_id", "created_at", "environment")},
        "buyer_email": buyer.c.email,
        "buyer_identity": _identity,
        "product_id": WIRE_PRODUCT_ID,
        "interval": subscription.c.interval,
        "period_end": subscription.c.period_end,
    },
    keys={"id": order.c.id},
)  # fmt: skip


def _refunds_of_payment(status: str) -> sa.ColumnElement[bool]:
    return sa.exists().where(refund.c.payment_id == payment.c.id, refund.c.status == word(status))


_tried = payment_attempt.alias("tried")
_FAILURE = (
    sa.select(_tried.c.failure_code)
    .where(_tried.c.payment_id == payment.c.id)
    .order_by(_tried.c.sequence.desc())
    .limit(1)
    .scalar_subquery()
)
# What has become of giving it back: what is under way counts before what is done, and that before what failed.
_REFUND_STATUS = sa.case(
    (_refunds_of_payment("pending"), word("pending")),
    (payment.c.refunded_minor > 0, word("succeeded")),
    (_refunds_of_payment("failed"), word("failed")),
    else_=word("none"),
)

PAYMENTS = Source(
    select=sa.select(
        *_named(
            payment, "id", "store_id", "environment", "order_id", "subscription_id", "purpose", "currency", "net_minor", "tax_minor",
            "total_minor", "refunded_minor", "status", *METHOD, "period_start", "period_end", "created_at", "succeeded_at",
        ),
        order.c.external_id.label("order_external_id"),
        buyer.c.email.label("buyer_email"),
        product.c.tax_category,
        _FAILURE.label("failure_code"),
        _REFUND_STATUS.label("refund_status"),
    ).select_from(
        payment.join(order, order.c.id == payment.c.order_id)
        .join(buyer, buyer.c.id == payment.c.buyer_id)
        .join(product, product.c.id == order.c.product_id)
    ),
    store=payment.c.store_id,
    environment=payment.c.environment,
    buyer=payment.c.buyer_id,
    order=_newest_first(payment),
    fields={
        **{name: payment.c[name] for name in ("id", "order_id", "status", "currency", "total_minor", "created_at", "environment")},
        "order_external_id": order.c.external_id,
        "buyer_email": buyer.c.email,
        "refund_status": _REFUND_STATUS,
    },
    keys={"id": payment.c.id, "order_id": payment.c.order_id},
)  # fmt: skip

REFUNDS = Source(
    select=sa.select(
        *_named(refund, "id", "store_id", "environment", "payment_id", "currency", "amount_minor", "status", "reason", "created_at"),
        order.c.external_id.label("order_external_id"),
        refund_ticket.c.external_id.label("ticket_external_id"),
        refund_ticket.c.id.label("ticket_id"),
    ).select_from(
        refund.join(payment, payment.c.id == refund.c.payment_id)
        .join(order, order.c.id == payment.c.order_id)
        .outerjoin(refund_ticket, refund_ticket.c.id == refund.c.ticket_id)
    ),
    store=refund.c.store_id,
    environment=refund.c.environment,
    buyer=refund.c.buyer_id,
    order=_newest_first(refund),
    fields={
        **{name: refund.c[name] for name in ("id", "payment_id", "status", "currency", "created_at", "environment")},
        "order_external_id": order.c.external_id,
        "ticket_external_id": refund_ticket.c.external_id,
    },
    keys={"id": refund.c.id, "payment_id": refund.c.payment_id},
)

REFUND_TICKETS = Source(
    select=sa.select(
        *_named(
            refund_ticket, "id", "store_id", "environment", "payment_id", "version", "amount_minor", "currency", "reason", "status", "note",
            "external_id", "metadata", "created_at", "updated_at", "decided_at",
        ),
        buyer.c.email.label("buyer_email"),
    ).select_from(refund_ticket.join(buyer, buyer.c.id == refund_ticket.c.buyer_id)),
    store=refund_ticket.c.store_id,
    environment=refund_ticket.c.environment,
    buyer=refund_ticket.c.buyer_id,
    order=_newest_first(refund_ticket),
    fields={
        **{
            name: refund_ticket.c[name]
            for name in ("id", "payment_id", "status", "version", "reason", "external_id", "created_at", "updated_at", "environment")
        },
        "buyer_email": buyer.c.email,
    },
    keys={"id": refund_ticket.c.id, "payment_id": refund_ticket.c.payment_id},
)  # fmt: skip
