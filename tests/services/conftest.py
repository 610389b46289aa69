"""A store with one buyer, somebody at its sign-in page, and the mailbox; and a shop with plans."""

from collections.abc import Callable
from pathlib import Path

import pytest

from portico.domain.payment import Payment
from portico.domain.scope import BuyerScope, StoreScope
from portico.sandbox.bank import Bank
from portico.services.runtime import Runtime
from tests.bank import BankGateway
from tests.conftest import SteppingClock
from tests.factories import Factory
from tests.services import shop as shops
from tests.services.visits import Mailbox, Visitor, visitor

ADA = "ada@example.com"


@pytest.fixture
def scope(factory: Factory) -> StoreScope:
    return factory.store(slug="nordlicht", environment="prod")


@pytest.fixture
def ada(factory: Factory, scope: StoreScope) -> BuyerScope:
    return factory.buyer(scope, email=ADA)


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path / "mailbox")


@pytest.fixture
def guest(runtime: Runtime, scope: StoreScope, ada: BuyerScope) -> Visitor:
    """Somebody in a browser that has never signed in."""
    return visitor(runtime, scope)


@pytest.fixture
def gateway(clock: SteppingClock, random_bytes: Callable[[int], bytes]) -> BankGateway:
    """A payment provider in this process, without a file for its ledger."""
    return BankGateway(Bank(None, clock, random_bytes))


@pytest.fixture
def shop(runtime: Runtime, factory: Factory, gateway: BankGateway, clock: SteppingClock) -> shops.Shop:
    """Plans in a group and a buyer with a card; see tests/services/shop.py."""
    return shops.opened(runtime, factory, gateway, clock)


@pytest.fixture
def paid(shop: shops.Shop) -> Payment:
    """What the shop's buyer paid for a month three days ago: 10.00 and 1.90 of tax."""
    (payment,) = shop.payments(shop.subscribe("starter"))
    shop.clock.advance(days=3)
    return payment
