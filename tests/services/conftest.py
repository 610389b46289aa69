"""A store with one buyer, somebody at its sign-in page, and the mailbox."""

from pathlib import Path

import pytest

from portico.domain.scope import BuyerScope, StoreScope
from portico.services.runtime import Runtime
from tests.factories import Factory
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
