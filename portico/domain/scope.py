"""Who is asking: every query for a buyer's data takes one of these first."""

from dataclasses import dataclass
from typing import Literal

Environment = Literal["test", "prod"]
ENVIRONMENTS: tuple[Environment, ...] = ("test", "prod")


@dataclass(frozen=True, slots=True)
class StoreScope:
    """One environment of one store. The data of the two environments never mix."""

    store_id: str
    environment: Environment


@dataclass(frozen=True, slots=True)
class BuyerScope(StoreScope):
    """One buyer within one environment of one store."""

    buyer_id: str
