"""A way into the portal that the merchant's server opens: who, to do what, and where to after it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

Flow = Literal["overview", "subscription_cancel", "subscription_change", "payment_method", "billing_details", "invoice"]
FLOWS: tuple[Flow, ...] = get_args(Flow)
# What each flow is about, by the prefix of its id; a payment method belongs to a subscription, an invoice page to a document.
SUBJECT_OF: dict[Flow, str | None] = {
    "overview": None,
    "subscription_cancel": "SUB",
    "subscription_change": "SUB",
    "payment_method": "SUB",
    "billing_details": None,
    "invoice": "INV",
}
LIFETIME = timedelta(minutes=5)  # of the link; the session that it opens lasts 30 minutes


@dataclass(frozen=True, slots=True)
class PortalSession:
    """A one-time link into the portal. `subject_id` is the subscription or document of its flow, `product_id` the plan to change to,
    if the merchant says which. `return_url` is on the store's list of origins."""

    id: str
    buyer_id: str
    flow: Flow
    subject_id: str | None
    product_id: str | None
    return_url: str | None
    locale: str | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
