"""What a store sells: products and their prices."""

from dataclasses import dataclass
from typing import Literal

ProductKind = Literal["one_time", "subscription"]
Interval = Literal["week", "month", "quarter", "year"]
INTERVALS: tuple[Interval, ...] = ("week", "month", "quarter", "year")


@dataclass(frozen=True, slots=True)
class Product:
    """Something sold once, or by the interval. Prices are tax-exclusive; `prices` maps currency -> minor units."""

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
