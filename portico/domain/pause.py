"""A pause: whole periods that are neither used nor paid, cut out of the same calendar."""

from datetime import datetime

from portico.domain.calendar import period_bounds
from portico.domain.catalog import Product
from portico.domain.subscription import Subscription

MOST_PERIODS = 3


def lengths(product: Product) -> range:
    """For how many periods a subscription of this product may be paused: 1 to 3, or as many as the product allows, or none."""
    return range(1, min(MOST_PERIODS, product.pause_periods_max) + 1)


def resumes_at(subscription: Subscription, periods: int) -> datetime:
    """The start of the first period after the pause, when `periods` are left out after the current one."""
    return period_bounds(subscription.anchor, subscription.interval, subscription.period_index + 1 + periods)[0]
