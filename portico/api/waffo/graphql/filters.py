"""From a filter of a query to conditions on rows. Where the wire has other words than our columns, the words are compared here, and
the database is asked for the columns' own."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from graphql import GraphQLError

from portico.domain.event import EVENT_TYPES
from portico.domain.order import ONE_TIME_STATUSES
from portico.domain.payment import PAYMENT_STATUSES, TICKET_STATUSES
from portico.domain.subscription import SUBSCRIPTION_STATUSES
from portico.services import waffo_words
from portico.storage.graphql_rows import Condition, Operator

MOST_CHOICES = 100
_MOMENTS = frozenset({"created_at", "updated_at", "period_end", "attempted_at"})
_UNREADABLE = re.compile(r"[\x00\ud800-\udfff]")  # no database has room for them
_OPERATORS: dict[str, Operator] = {
    "eq": "eq", "ne": "ne", "in": "in", "contains": "contains", "startsWith": "starts_with", "endsWith": "ends_with",
    "gt": "gt", "gte": "gte", "lt": "lt", "lte": "lte",
}  # fmt: skip
_OF_WORDS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda said, value: said == value,
    "ne": lambda said, value: said != value,
    "in": lambda said, value: said in value,
    "contains": lambda said, value: value in said,
    "startsWith": lambda said, value: said.startswith(value),
    "endsWith": lambda said, value: said.endswith(value),
}

# What is said of what a column holds.
Words = Mapping[Any, str | bool]
ORDER_WORDS: Words = {status: waffo_words.order_status(status) for status in (*ONE_TIME_STATUSES, *SUBSCRIPTION_STATUSES)}
PAYMENT_WORDS: Words = {status: "pending" if status == "unknown" else status for status in PAYMENT_STATUSES}
GIVEN_BACK_WORDS: Words = {"none": "none", "pending": "pending", "succeeded": "refunded", "failed": "failed"}
TICKET_WORDS: Words = {status: "processing" if status == "approved" else status for status in TICKET_STATUSES}
EVENT_WORDS: Words = {ours: waffo_words.NAME_OF.get(ours, ours) for ours in EVENT_TYPES}
DELIVERY_WORDS: Words = {"pending": "pending", "succeeded": "success", "failed": "failed"}
ACTIVE_WORDS: Words = {True: "active", False: "inactive"}
PERIOD_WORDS: Words = dict(waffo_words.PERIOD_OF)
TEST_MODE_WORDS: Words = {"test": True, "prod": False}


@dataclass(frozen=True, slots=True)
class Filtered:
    """The source's field that a filter's field is about."""

    name: str
    words: Words | None = None


_TEST_MODE = Filtered("environment", TEST_MODE_WORDS)
_ORDER = {
    "id": Filtered("id"), "status": Filtered("status", ORDER_WORDS), "currency": Filtered("currency"),
    "buyerEmail": Filtered("buyer_email"), "merchantProvidedBuyerIdentity": Filtered("buyer_identity"),
    "orderMerchantExternalId": Filtered("external_id"), "productId": Filtered("product_id"), "totalAmount": Filtered("total_minor"),
    "testMode": _TEST_MODE, "createdAt": Filtered("created_at"),
}  # fmt: skip
_PRODUCT = {
    "id": Filtered("id"), "name": Filtered("name"), "description": Filtered("description"), "status": Filtered("active", ACTIVE_WORDS),
    "versionNumber": Filtered("version"), "hasProdVersion": Filtered("is_published", {True: True, False: False}), "testMode": _TEST_MODE,
    "createdAt": Filtered("created_at"),
}  # fmt: skip
FILTERS: dict[str, dict[str, Filtered]] = {
    "OrderFilter": _ORDER,
    "OnetimeOrderFilter": _ORDER,
    "SubscriptionOrderFilter": {
        **_ORDER, "billingPeriod": Filtered("interval", PERIOD_WORDS), "currentPeriodEnd": Filtered("period_end"),
    },
    "PaymentFilter": {
        "id": Filtered("id"), "orderId": Filtered("order_id"), "status": Filtered("status", PAYMENT_WORDS),
        "refundStatus": Filtered("refund_status", GIVEN_BACK_WORDS), "currency": Filtered("currency"),
        "buyerEmail": Filtered("buyer_email"), "orderMerchantExternalId": Filtered("order_external_id"),
        "totalAmount": Filtered("total_minor"), "testMode": _TEST_MODE,
        "createdAt": Filtered("created_at"),
    },
    "RefundFilter": {
        "id": Filtered("id"), "paymentId": Filtered("payment_id"), "status": Filtered("status"), "currency": Filtered("currency"),
        "orderMerchantExternalId": Filtered("order_external_id"), "refundTicketMerchantExternalId": Filtered("ticket_external_id"),
        "testMode": _TEST_MODE, "createdAt": Filtered("created_at"),
    },
    "RefundTicketFilter": {
        "id": Filtered("id"), "paymentId": Filtered("payment_id"), "subjectId": Filtered("payment_id"),
        "status": Filtered("status", TICKET_WORDS), "reason": Filtered("reason"), "buyerEmail": Filtered("buyer_email"),
        "refundTicketMerchantExternalId": Filtered("external_id"), "versionNumber": Filtered("version"), "testMode": _TEST_MODE,
        "createdAt": Filtered("created_at"), "updatedAt": Filtered("updated_at"),
    },
    "StoreFilter": {
        "id": Filtered("id"), "name": Filtered("name"), "slug": Filtered("slug"), "supportEmail": Filtered("support_email"),
        "status": Filtered("is_open", ACTIVE_WORDS), "prodEnabled": Filtered("is_open", {True: True, False: True}),
        "createdAt": Filtered("created_at"),
    },
    "OnetimeProductFilter": _PRODUCT,
    "SubscriptionProductFilter": {**_PRODUCT, "billingPeriod": Filtered("interval", PERIOD_WORDS)},
    "SubscriptionProductGroupFilter": {
        "name": Filtered("name"), "description": Filtered("description"), "environment": Filtered("environment"),
        "createdAt": Filtered("created_at"),
    },
    "WebhookDeliveryFilter": {
        "eventType": Filtered("event_type", EVENT_WORDS), "webhookUrl": Filtered("url"),
        "status": Filtered("status", DELIVERY_WORDS), "httpStatus": Filtered("status_code"), "attemptCount": Filtered("attempts"),
        "testMode": _TEST_MODE, "lastAttemptedAt": Filtered("attempted_at"), "createdAt": Filtered("created_at"),
    },
}  # fmt: skip


def conditions(filter_name: str, given: Mapping[str, Any] | None) -> list[Condition]:
    """All that a filter asks for. Raises GraphQLError for a value that nothing could be compared with."""
    found: list[Condition] = []
    for name, operators in (given or {}).items():
        filtered = FILTERS[filter_name][name]
        wanted = cast(dict[str, Any], operators or {})
        asked = {operator: readable(name, value) for operator, value in wanted.items() if value is not None}
        if filtered.words is not None and asked:
            found.append(Condition(filtered.name, "in", _meant(filtered.words, asked)))
        elif filtered.words is None:
            found += [
                Condition(filtered.name, _OPERATORS[operator], _value(filtered, operator, value)) for operator, value in asked.items()
            ]
    return found


def moment(value: Any) -> datetime:
    """A moment of a query: RFC 3339, or a day, in UTC where it says no more. Raises GraphQLError."""
    if isinstance(value, datetime):
        return value
    try:
        if not isinstance(value, str) or not 10 <= len(value) <= 40:
            raise ValueError
        read = datetime.fromisoformat(value)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise GraphQLError(f"Not a moment: {str(value)[:60]!r}; expected such as 2026-03-14T09:26:53Z") from None


def readable(name: str, value: Any) -> Any:
    """The same value. Raises GraphQLError for a text with characters that no column can hold, and for too many choices."""
    texts = cast(list[Any], value) if isinstance(value, list) else [value]
    if len(texts) > MOST_CHOICES:
        raise GraphQLError(f"{name}: at most {MOST_CHOICES} values")
    if any(isinstance(text, str) and _UNREADABLE.search(text) for text in texts):
        raise GraphQLError(f"{name}: not a text")
    return cast(Any, value)


def _value(filtered: Filtered, operator: str, value: Any) -> Any:
    """A variable that was declared as a text comes as one, also where a moment is meant."""
    if filtered.name in _MOMENTS:
        return moment(value)
    return tuple(value) if operator == "in" else value


def _meant(words: Words, asked: Mapping[str, Any]) -> tuple[Any, ...]:
    """What the column may hold."""
    return tuple(own for own, said in words.items() if all(_OF_WORDS[operator](said, value) for operator, value in asked.items()))
