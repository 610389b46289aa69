"""What stores sell, the stores themselves, and what they are told: the fields of these types, from their rows."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, cast

import msgspec

from portico.api.waffo import wire
from portico.api.waffo.graphql.filters import DELIVERY_WORDS, EVENT_WORDS
from portico.api.waffo.graphql.nodes import Reading, Relation, Row
from portico.api.waffo.ids import uuid_in
from portico.domain.event import EVENT_TYPES
from portico.domain.money import format_amount
from portico.services import waffo_words
from portico.storage.graphql_catalog import ENDPOINTS, PRICES, PRODUCTS, STORES

Fields = Mapping[str, Callable[[Row], Any]]


def moment(at: datetime | None) -> str | None:
    return None if at is None else waffo_words.moment(at)


def product_id(row: Row) -> str:
    return wire.public_id("PROD", row.id, row.external_id)


def plan_on_sale(row: Row, reading: Reading) -> str | None:
    """A plan of a group: whoever is not the merchant sees those that are sold."""
    return "SubscriptionProduct" if row.active or reading.is_merchant else None


def is_test(row: Row) -> bool:
    return row.environment == "test"


def _metadata(row: Row) -> dict[str, Any]:
    trial = {"trialDays": row.trial_days} if row.trial_days else {}
    return {**(row.metadata or {}), **trial}


def _payload(row: Row) -> Any:
    return msgspec.json.decode(row.body)


def _events(row: Row) -> list[str]:
    """What an endpoint is told of, in Waffo's names where its format is; none named are all."""
    if row.format != "waffo":
        return list(row.event_types or EVENT_TYPES)
    named = [waffo_words.NAME_OF[ours] for ours in row.event_types if ours in waffo_words.NAME_OF]
    return list(dict.fromkeys(named or waffo_words.EVENTS))


def _event_id(row: Row) -> str:
    """What the receiver was told, where Waffo's format has an id of its own for what happened."""
    body = _payload(row) if row.format == "waffo" else None
    return str(cast(dict[str, Any], body).get("eventId", row.subject_id)) if isinstance(body, dict) else row.subject_id


_CREATED: Fields = {"createdAt": lambda row: waffo_words.moment(row.created_at)}
_PLACED: Fields = {"storeId": lambda row: row.store_id, "testMode": is_test}
_PRODUCT: Fields = {
    **_PLACED,
    **_CREATED,
    "id": product_id,
    "name": lambda row: row.name,
    "description": lambda row: row.description,
    "status": lambda row: "active" if row.active else "inactive",
    "versionNumber": lambda row: row.version,
    "media": lambda row: [],
    "metadata": _metadata,
    "hasProdVersion": lambda row: row.is_published,
}
_PLAN: Fields = {"billingPeriod": lambda row: waffo_words.PERIOD_OF[row.interval], "trialDays": lambda row: row.trial_days or None}
_VERSION: Fields = {
    **{name: _PRODUCT[name] for name in ("versionNumber", "name", "description", "media", "metadata", "createdAt")},
    "id": lambda row: f"{product_id(row)}.{row.version}",
    "productId": product_id,
    "isTestVersion": is_test,
    "isProdVersion": lambda row: row.is_published,
}

FIELDS: Mapping[str, Fields] = {
    "OnetimeProduct": _PRODUCT,
    "SubscriptionProduct": {**_PRODUCT, **_PLAN},
    "OnetimeProductVersion": _VERSION,
    "SubscriptionProductVersion": {**_VERSION, "billingPeriod": _PLAN["billingPeriod"]},
    "CurrencyPrice": {
        "currency": lambda row: row.currency,
        "priceInfo": lambda row: {
            "amount": format_amount(row.amount_minor, row.currency),
            "taxCategory": row.tax_category,
        },
    },
    "SubscriptionProductGroup": {
        **_CREATED,
        "storeId": lambda row: row.store_id,
        "id": lambda row: uuid_in(wire.public_id("GRP", row.id, row.external_id)),
        "name": lambda row: row.name,
        "description": lambda row: row.description or None,
        "rules": lambda row: {"sharedTrial": row.shared_trial, "selfServicePlanChange": row.self_service},
        "environment": lambda row: row.environment,
    },
    "StoreWebhook": {
        **_PLACED,
        **_CREATED,
        "id": lambda row: uuid_in(row.id),
        "channel": lambda row: "http",
        "url": lambda row: row.url,
        "events": _events,
        "status": lambda row: row.status,
        "secret": lambda row: None,
        "updatedAt": lambda row: waffo_words.moment(row.created_at),
    },
    "Store": {
        **_CREATED,
        "id": lambda row: row.id,
        "name": lambda row: row.name,
        "slug": lambda row: row.slug,
        "status": lambda row: "active" if row.deleted_at is None else "inactive",
        "supportEmail": lambda row: row.support_email or None,
        "website": lambda row: row.seller.get("website") or None,
        "logo": lambda row: None,
        "prodEnabled": lambda row: True,
    },
    "WebhookDelivery": {
        **_PLACED,
        **_CREATED,
        "id": lambda row: uuid_in(row.id),
        "eventType": lambda row: EVENT_WORDS[row.event_type],
        "eventId": _event_id,
        "payload": _payload,
        "webhookUrl": lambda row: row.url,
        "status": lambda row: DELIVERY_WORDS[row.status],
        "httpStatus": lambda row: row.status_code,
        "responseBody": lambda row: None,
        "errorMessage": lambda row: row.error,
        "attemptCount": lambda row: row.attempts,
        "lastAttemptedAt": lambda row: moment(row.attempted_at),
    },
}

STORE = Relation(STORES, lambda row: row.store_id, "id", lambda row, reading: "Store", ("store",))
_PRICES = Relation(PRICES, lambda row: row.id, "product_id", lambda row, reading: "CurrencyPrice", ("prices",), many=True)
RELATIONS: Mapping[str, tuple[Relation, ...]] = {
    "OnetimeProduct": (_PRICES, STORE),
    "SubscriptionProduct": (_PRICES, STORE),
    "OnetimeProductVersion": (_PRICES,),
    "SubscriptionProductVersion": (_PRICES,),
    "SubscriptionProductGroup": (
        Relation(PRODUCTS, lambda row: row.id, "group_id", plan_on_sale, ("products", "productIds"), many=True),
    ),
    "Store": (Relation(ENDPOINTS, lambda row: row.id, "store_id", lambda row, reading: "StoreWebhook", ("storeWebhooks",), many=True),),
}  # fmt: skip
