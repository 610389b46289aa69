"""A shop with plans in a group and a bank (tests/services/shop.py), and a program with its key."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from portico.services import api_key
from portico.services.runtime import Runtime
from tests.api.conftest import Program
from tests.bank import BankGateway
from tests.conftest import SteppingClock
from tests.factories import Factory
from tests.services import shop as shops
from tests.services.shop import Shop
from tests.web.browser import Answer


@dataclass
class Desk:
    """Where the store's program works from: `do` is an action on a subscription, with a key of its own for each that is not given."""

    shop: Shop
    api: Program
    _keys: Any = field(default_factory=count)

    def do(self, subscription_id: str, action: str, body: dict[str, Any] | None = None, *, key: str | None = None) -> Answer:
        return self.api.post(f"/v1/subscriptions/{subscription_id}/{action}", body or {}, idempotency=key or f"key-{next(self._keys)}")

    def try_out(self, subscription_id: str, action: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """The answer of a dry run."""
        answer = self.api.post(f"/v1/subscriptions/{subscription_id}/{action}?dry_run=true", body or {})
        assert answer.status == 200, answer.text
        return answer.json

    def read(self, subscription_id: str) -> dict[str, Any]:
        answer = self.api.get(f"/v1/subscriptions/{subscription_id}")
        assert answer.status == 200, answer.text
        return answer.json


def open_desk(runtime: Runtime, factory: Factory, gateway: BankGateway, clock: SteppingClock, program: Callable[..., Program]) -> Desk:
    shop = shops.opened(runtime, factory, gateway, clock)
    return Desk(shop, program(api_key.create(shop.runtime, shop.store, name="shop").text))
