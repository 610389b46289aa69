"""The rows of an import: one type per table, its fields are the columns. `TABLES` names the table of each.

A subscription whose rows do not say that it is managed is billed elsewhere: it is shown, and never due.
"""

from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from portico.storage import tables as t


class ProductGroupRow(NamedTuple):
    id: str
    store_id: str
    environment: str
    external_id: str
    name: str
    created_at: datetime


class ProductRow(NamedTuple):
    id: str
    store_id: str
    environment: str
    external_id: str
    name: str
    description: str
    kind: str
    interval: str | None
    group_id: str | None
    tax_category: str
    active: bool
    created_at: datetime
    quantity_min: int = 1
    quantity_max: int = 1
    pause_periods_max: int = 0
    trial_days: int = 0
    metadata: dict[str, str] | None = None


class PriceRow(NamedTuple):
    product_id: str
    currency: str
    amount_minor: int


class BuyerRow(NamedTuple):
    id: str
    store_id: str
    environment: str
    external_id: str | None
    email: str
    name: str
    locale: str | None
    billing_detail: dict[str, Any]
    created_at: datetime


class OrderRow(NamedTuple):
    id: str
    store_id: str
    environment: str
    buyer_id: str
    external_id: str | None
    kind: str
    product_id: str
    product_name: str
    quantity: int
    currency: str
    net_minor: int
    tax_minor: int
    total_minor: int
    tax_rate: str
    tax_reason: str
    status: str
    billing_detail: dict[str, Any]
    created_at: datetime


class SubscriptionRow(NamedTuple):
    id: str
    store_id: str
    environment: str
    buyer_id: str
    external_id: str | None
    order_id: str
    product_id: str
    product_name: str
    status: str
    interval: str
    quantity: int
    currency: str
    unit_minor: int
    tax_rate: str
    tax_reason: str
    anchor: datetime
    period_index: int
    period_start: datetime
    period_end: datetime
    trial_end: datetime | None
    change_kind: str | None
    change_at: datetime | None
    change_product_id: str | None
    method_brand: str | None
    method_last4: str | None
    method_expiry_month: int | None
    method_expiry_year: int | None
    created_at: datetime
    ended_at: datetime | None
    change_quantity: int | None = None
    change_unit_minor: int | None = None
    resumes_at: datetime | None = None
    managed: bool = False
    customer_reference: str | None = None
    method_reference: str | None = None
    due_at: datetime | None = None
    remind_at: datetime | None = None
    retry_step: int = 0
    failing_since: datetime | None = None


class SubscriptionEventRow(NamedTuple):
    subscription_id: str
    sequence: int
    from_status: str | None
    to_status: str
    cause: str
    actor: str
    at: datetime


class PaymentRow(NamedTuple):
    id: str
    store_id: str
    environment: str
    buyer_id: str
    external_id: str | None
    order_id: str
    subscription_id: str | None
    period_start: datetime | None
    period_end: datetime | None
    currency: str
    net_minor: int
    tax_minor: int
    total_minor: int
    refunded_minor: int
    status: str
    method_brand: str | None
    method_last4: str | None
    method_expiry_month: int | None
    method_expiry_year: int | None
    created_at: datetime
    succeeded_at: datetime | None
    purpose: str = "purchase"


class AttemptRow(NamedTuple):
    payment_id: str
    sequence: int
    status: str
    failure_code: str | None
    method_brand: str | None
    method_last4: str | None
    attempted_at: datetime
    reference: str | None = None


class RefundRow(NamedTuple):
    id: str
    store_id: str
    environment: str
    buyer_id: str
    external_id: str | None
    payment_id: str
    currency: str
    amount_minor: int
    status: str
    reason: str
    created_at: datetime


Row = (
    ProductGroupRow
    | ProductRow
    | PriceRow
    | BuyerRow
    | OrderRow
    | SubscriptionRow
    | SubscriptionEventRow
    | PaymentRow
    | AttemptRow
    | RefundRow
)

TABLES: dict[type[Any], sa.Table] = {
    ProductGroupRow: t.product_group,
    ProductRow: t.product,
    PriceRow: t.price,
    BuyerRow: t.buyer,
    OrderRow: t.order,
    SubscriptionRow: t.subscription,
    SubscriptionEventRow: t.subscription_event,
    PaymentRow: t.payment,
    AttemptRow: t.payment_attempt,
    RefundRow: t.refund,
}
