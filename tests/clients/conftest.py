"""A served shop for clients to speak to: its address and a key of its test environment."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from portico.domain.scope import BuyerScope
from portico.server import create_app
from portico.services import api_key
from portico.services.runtime import Runtime
from portico.storage import store as stores
from tests.factories import Factory
from tests.journeys.server import answering, free_port

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "clients" / "python"
sys.path.insert(0, str(CLIENT))


@dataclass(frozen=True)
class Served:
    """Where it is, the key, the runtime behind it, and the buyer ada@example.com."""

    url: str
    key: str
    runtime: Runtime
    buyer: BuyerScope


@pytest.fixture(params=["sqlite"])
def database(request: pytest.FixtureRequest, sqlite_databases: object) -> object:
    with sqlite_databases(True) as database:  # type: ignore[operator]
        yield database


@pytest.fixture
def served(runtime: Runtime, factory: Factory) -> Iterator[Served]:
    port = free_port()
    here = replace(runtime, origin=f"http://127.0.0.1:{port}")
    store = factory.store(slug="nordlicht", environment="test")
    with here.database.transaction() as tx:
        stores.set_return_origins(tx, store.store_id, ["https://shop.example"])
    key = api_key.create(here, store, name="client")
    with answering(create_app(here), port):
        yield Served(here.origin, key.text, here, factory.buyer(store, email="ada@example.com", external_id="u-1"))
