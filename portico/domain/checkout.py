"""A checkout: one product on offer to one buyer, at a price that is kept, until it is bought or its time is over."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from portico.domain.billing_detail import BillingDetail
from portico.domain.catalog import ProductKind

CheckoutStatus = Literal["open", "placed", "completed", "expired"]
CHECKOUT_STATUSES: tuple[CheckoutStatus, ...] = ("open", "placed", "completed", "expired")
LIFETIME, LONGEST_LIFETIME = timedelta(minutes=45), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class CheckoutSession:
    """open -> placed (the buyer ordered; the order waits for its payment) -> completed, or expired; one that is placed may be placed
    anew while nothing is being charged. `id` is drawn at random: whoever knows it may buy.

    `unit_minor` is the net price per unit in `currency`, the product's own unless the merchant's server named another
    (`price_is_own` False). `trial_days` is what the buyer gets if he has had no trial yet; 0: none. `buyer_id` is set where
    the merchant's server named him (`buyer_named`: then the order is his, whoever pays), or the buyer ordered; `email` is what the
    merchant said or the buyer typed. `success_url` and `cancel_url` are on the store's list of origins. `theme` is None where the
    device decides.
    """

    id: str
    buyer_id: str | None
    email: str | None
    product_id: str
    product_name: str
    product_version: int
    kind: ProductKind
    quantity: int
    currency: str
    unit_minor: int
    price_is_own: bool
    trial_days: int
    billing_detail: BillingDetail | None
    locale: str | None
    theme: Literal["light", "dark"] | None
    success_url: str | None
    cancel_url: str | None
    order_external_id: str | None
    status: CheckoutStatus
    order_id: str | None
    created_at: datetime
    expires_at: datetime
    placed_at: datetime | None = None
    completed_at: datetime | None = None
    actor: str = "merchant"
    buyer_named: bool = False
    metadata: dict[str, str] = field(default_factory=dict[str, str])
