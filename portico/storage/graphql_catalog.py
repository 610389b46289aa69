"""Stores and what they sell, as queries read them: see `graphql_rows`. All of it is public but the ends of webhooks."""

from typing import Any

import sqlalchemy as sa

from portico.storage.columns import word
from portico.storage.graphql_rows import Source
from portico.storage.rows import first, many
from portico.storage.tables import (
    event,
    merchant,
    merchant_key,
    price,
    product,
    product_group,
    store,
    webhook_attempt,
    webhook_delivery,
    webhook_endpoint,
)  # fmt: skip


def _wire_id(table: sa.Table, prefix: str) -> sa.ColumnElement[str]:
    """The id that programs know: what was published to prod goes by the id that it has in test, which is its external id there."""
    is_one = sa.and_(
        sa.func.length(table.c.external_id) == len(prefix) + 23, sa.func.substr(table.c.external_id, 1, len(prefix) + 1) == prefix + "_"
    )
    return sa.case((is_one, table.c.external_id), else_=table.c.id)


_published = product.alias("published")
_IS_PUBLISHED = sa.or_(
    product.c.environment == word("prod"),
    sa.exists().where(
        _published.c.store_id == product.c.store_id,
        _published.c.environment == word("prod"),
        _published.c.external_id.in_((product.c.id, product.c.external_id)),
    ),
)
WIRE_PRODUCT_ID = _wire_id(product, "PROD")

STORES = Source(
    select=sa.select(*(store.c[name] for name in ("id", "slug", "name", "support_email", "seller", "deleted_at", "created_at"))),
    store=store.c.id,
    environment=None,
    buyer=None,
    order=(store.c.created_at.desc(), store.c.id.desc()),
    fields={
        **{name: store.c[name] for name in ("id", "slug", "name", "support_email", "created_at")},
        "is_open": store.c.deleted_at.is_(None),
    },
    keys={"id": store.c.id},
    public=True,
)

PRODUCTS = Source(
    select=sa.select(
        *(
            product.c[name]
            for name in (
                "id", "store_id", "environment", "external_id", "name", "description", "kind", "interval", "group_id", "tax_category",
                "active", "trial_days", "version", "metadata", "created_at",
            )
        ),
        _IS_PUBLISHED.label("is_published"),
    ),
    store=product.c.store_id,
    environment=product.c.environment,
    buyer=None,
    order=(product.c.created_at.desc(), product.c.id.desc()),
    fields={
        **{
            name: product.c[name]
            for name in ("name", "description", "kind", "interval", "active", "version", "created_at", "environment")
        },
        "id": WIRE_PRODUCT_ID,
        "is_published": _IS_PUBLISHED,
    },
    keys={"id": product.c.id, "group_id": product.c.group_id},
    public=True,
)  # fmt: skip

PRICES = Source(
    select=sa.select(*(price.c[name] for name in ("product_id", "currency", "amount_minor")), product.c.tax_category).select_from(
        price.join(product, product.c.id == price.c.product_id)
    ),
    store=product.c.store_id,
    environment=product.c.environment,
    buyer=None,
    order=(price.c.currency.asc(),),
    keys={"product_id": price.c.product_id},
    public=True,
)

GROUPS = Source(
    select=sa.select(
        *(
            product_group.c[name]
            for name in (
                "id",
                "store_id",
                "environment",
                "external_id",
                "name",
                "description",
                "self_service",
                "shared_trial",
                "created_at",
            )
        )
    ),
    store=product_group.c.store_id,
    environment=product_group.c.environment,
    buyer=None,
    order=(product_group.c.created_at.desc(), product_group.c.id.desc()),
    fields={
        **{name: product_group.c[name] for name in ("name", "description", "created_at", "environment")},
        "id": _wire_id(product_group, "GRP"),
    },
    keys={"id": product_group.c.id},
    public=True,
)

ENDPOINTS = Source(
    select=sa.select(
        *(webhook_endpoint.c[name] for name in ("id", "store_id", "environment", "url", "format", "event_types", "status", "created_at"))
    ),
    store=webhook_endpoint.c.store_id,
    environment=webhook_endpoint.c.environment,
    buyer=None,
    order=(webhook_endpoint.c.created_at.desc(), webhook_endpoint.c.id.desc()),
    keys={"store_id": webhook_endpoint.c.store_id},
)

DELIVERIES = Source(
    select=sa.select(
        *(
            webhook_delivery.c[name]
            for name in ("id", "store_id", "environment", "event_type", "body", "status", "attempts", "created_at", "finished_at")
        ),
        event.c.subject_id,
        webhook_endpoint.c.url,
        webhook_endpoint.c.format,
        webhook_attempt.c.status_code,
        webhook_attempt.c.error,
        webhook_attempt.c.at.label("attempted_at"),
    ).select_from(
        webhook_delivery.join(event, event.c.id == webhook_delivery.c.event_id)
        .join(webhook_endpoint, webhook_endpoint.c.id == webhook_delivery.c.endpoint_id)
        .outerjoin(
            webhook_attempt,
            sa.and_(webhook_attempt.c.delivery_id == webhook_delivery.c.id, webhook_attempt.c.sequence == webhook_delivery.c.attempts),
        )
    ),
    store=webhook_delivery.c.store_id,
    environment=webhook_delivery.c.environment,
    buyer=None,
    order=(webhook_delivery.c.created_at.desc(), webhook_delivery.c.id.desc()),
    fields={
        **{name: webhook_delivery.c[name] for name in ("id", "event_type", "status", "attempts", "created_at", "environment")},
        "subject_id": event.c.subject_id,
        "url": webhook_endpoint.c.url,
        "status_code": webhook_attempt.c.status_code,
        "attempted_at": webhook_attempt.c.at,
    },
    keys={"id": webhook_delivery.c.id},
)

_STORE_IDS = sa.select(store.c.id).where(store.c.merchant_id == sa.bindparam("p_merchant_id")).order_by(store.c.created_at, store.c.id)
_MERCHANT = sa.select(merchant.c.id, merchant.c.name, merchant.c.created_at).where(merchant.c.id == sa.bindparam("p_merchant_id"))
_KEYS = (
    sa.select(*(merchant_key.c[name] for name in ("id", "name", "environment", "created_at", "last_used_at")))
    .where(merchant_key.c.merchant_id == sa.bindparam("p_merchant_id"), merchant_key.c.revoked_at.is_(None))
    .order_by(merchant_key.c.created_at.desc(), merchant_key.c.id.desc())
)


def store_ids(tx: sa.Connection, merchant_id: str) -> tuple[str, ...]:
    """The stores of a merchant, oldest first."""
    return tuple(row.id for row in many(tx, _STORE_IDS, {"p_merchant_id": merchant_id}))


def merchant_of(tx: sa.Connection, merchant_id: str) -> Any:
    """The merchant's (id, name, created_at), or None."""
    return first(tx, _MERCHANT, {"p_merchant_id": merchant_id})


def keys_of(tx: sa.Connection, merchant_id: str) -> tuple[Any, ...]:
    """The merchant's live keys, newest first: (id, name, environment, created_at, last_used_at)."""
    return tuple(many(tx, _KEYS, {"p_merchant_id": merchant_id}))
