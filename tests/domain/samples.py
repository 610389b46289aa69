"""A subscription, a plan and a payment in good order, to be changed where a test needs another."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from portico.domain.catalog import Product
from portico.domain.payment import Payment, PaymentAttempt, PaymentMethod
from portico.domain.subscription import ScheduledChange, Subscription

START = datetime(2026, 3, 1, tzinfo=UTC)
END = datetime(2026, 4, 1, tzinfo=UTC)
CARD = PaymentMethod("visa", "4242", 12, 2030)
ACTIVE = Subscription(
    id="SUB_1",
    external_id=None,
    order_id="ORD_1",
    product_id="PROD_1",
    product_name="Team",
    status="active",
    interval="month",
    quantity=3,
    currency="EUR",
    unit_minor=2900,
    tax_rate="19",
    tax_reason="standard",
    anchor=START,
    period_index=0,
    period_start=START,
    period_end=END,
    trial_end=None,
    scheduled_change=None,
    method=None,
    created_at=START,
    ended_at=None,
)
MANAGED = replace(ACTIVE, managed=True, customer_reference="cus_1", method_reference="pm_1", method=CARD)
TEAM = Product(
    id="PROD_1",
    external_id="team",
    name="Team",
    description="",
    kind="subscription",
    interval="month",
    group_id="GRP_1",
    tax_category="standard",
    prices={"EUR": 2900},
    quantity_min=1,
    quantity_max=1000,
    pause_periods_max=3,
)
BUSINESS = replace(TEAM, id="PROD_2", external_id="business", name="Business", prices={"EUR": 4900})
STARTER = replace(TEAM, id="PROD_3", external_id="starter", name="Starter", prices={"EUR": 900})
BUSINESS_YEARLY = replace(BUSINESS, id="PROD_4", external_id="business-year", interval="year", prices={"EUR": 49000})
PAYMENT = Payment(
    id="PAY_1",
    external_id=None,
    order_id="ORD_1",
    subscription_id="SUB_1",
    period_start=START,
    period_end=END,
    currency="EUR",
    net_minor=8700,
    tax_minor=1653,
    total_minor=10353,
    refunded_minor=0,
    status="succeeded",
    method=CARD,
    created_at=START,
    succeeded_at=START,
    attempts=(PaymentAttempt(1, "succeeded", None, CARD, START, key="PAY_1-1", reference="ch_1"),),
    purpose="period",
)


def scheduled(subscription: Subscription, kind: Any, **more: Any) -> Subscription:
    """The subscription with a change waiting for the end of its period."""
    return replace(subscription, scheduled_change=ScheduledChange(kind, subscription.period_end, **more))
