"""Orders: a one-time purchase, or the order that carries a subscription."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from portico.domain.billing_detail import BillingDetail
from portico.domain.catalog import ProductKind
from portico.domain.payment import Payment, PaymentMethod, PaymentStatus
from portico.domain.tax import TaxReason

OneTimeStatus = Literal["pending", "completed", "canceled", "partially_refunded", "refunded"]
ONE_TIME_STATUSES: tuple[OneTimeStatus, ...] = ("pending", "completed", "canceled", "partially_refunded", "refunded")


@dataclass(frozen=True, slots=True)
class Order:
    """One purchase. `status` is a OneTimeStatus, or for a subscription order the subscription's own status (kept equal by
    `storage.subscription.transition`, checked by `portico check`). Amounts are minor units of `currency`; `net_minor +
    tax_minor = total_minor`. `product_name` is the name at purchase, `product_version` the product's version then; `metadata` the
    merchant's own, from the checkout session `checkout_id` if it came by one."""

    id: str
    external_id: str | None
    buyer_id: str
    kind: ProductKind
    product_id: str
    product_name: str
    quantity: int
    currency: str
    net_minor: int
    tax_minor: int
    total_minor: int
    status: str
    created_at: datetime
    subscription_id: str | None
    billing_detail: BillingDetail
    payments: tuple[Payment, ...] = ()
    tax_rate: str = "0"
    tax_reason: TaxReason = "standard"
    product_version: int = 1
    checkout_id: str | None = None
    metadata: dict[str, str] = field(default_factory=dict[str, str])


class ListedOrder(NamedTuple):
    """An order as a list shows it: its amount, and how its newest payment went and what it was paid with, if there is one. A tuple,
    since a page has many: it is made in a quarter of the time that a frozen dataclass takes."""

    id: str
    product_name: str
    status: str
    currency: str
    total_minor: int
    created_at: datetime
    payment_status: PaymentStatus | None
    payment_method: PaymentMethod | None


def settled_status(total_minor: int, refunded_minor: int) -> OneTimeStatus:
    """The status of a one-time order that is paid, by how much of it was given back. ValueError beyond the total."""
    if not 0 <= refunded_minor <= total_minor:
        raise ValueError("a refund lies between nothing and the total")
    if refunded_minor == 0:
        return "completed"
    return "refunded" if refunded_minor == total_minor else "partially_refunded"
