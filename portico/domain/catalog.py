"""What a store sells: products and their prices."""

from dataclasses import dataclass, field
from typing import Literal

ProductKind = Literal["one_time", "subscription"]
Interval = Literal["week", "month", "quarter", "year"]
INTERVALS: tuple[Interval, ...] = ("week", "month", "quarter", "year")


@dataclass(frozen=True, slots=True)
class Product:
    """Something sold once, or by the interval. Prices are tax-exclusive; `prices` maps currency -> minor units.

    A buyer may choose a quantity from `quantity_min` to `quantity_max`, and pause a subscription for up to
    `pause_periods_max` periods in a row; 0 means that it is not offered. A subscription begins with `trial_days` free days; 0: none.
    `version` counts its changes; an order keeps the one it was placed at. `metadata` is the merchant's own, text to text.
    """

    id: str
    external_id: str
    name: str
    description: str
    kind: ProductKind
    interval: Interval | None
    group_id: str | None
    tax_category: str
    prices: dict[str, int]
    active: bool = True
    quantity_min: int = 1
    quantity_max: int = 1
    pause_periods_max: int = 0
    trial_days: int = 0
    version: int = 1
    metadata: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class ProductGroup:
    """The plans a buyer may switch between: by himself where `self_service`, else only by the store's hand. With `shared_trial` a
    buyer who had the trial of one of them has had that of all."""

    id: str
    external_id: str
    name: str
    description: str = ""
    self_service: bool = True
    shared_trial: bool = False
