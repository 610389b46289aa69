"""A shop whose server speaks Waffo's own client to a real, running Portico: plans, a buyer with a card, and a key of RSA."""

import base64
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, cast
from uuid import UUID

import pytest

from portico.domain.ids import Prefix, encode
from portico.server import create_app
from portico.services import rsa, waffo_key
from portico.services.runtime import Runtime
from portico.storage import store as stores
from portico.storage import subscription as subscriptions
from tests.bank import BankGateway
from tests.conftest import SteppingClock
from tests.factories import Factory
from tests.journeys.server import answering, free_port
from tests.services import shop as shops
from tests.waffo import sdk as clients
from tests.waffo.sdk import Sdk
from tests.web.conftest import Present

SLUG = "nordlicht-plans"


@pytest.fixture(params=["sqlite"])
def database(request: pytest.FixtureRequest) -> Iterator[Any]:
    """SQLite alone: what is different on PostgreSQL is below this surface, and tested there."""
    open_fresh = request.getfixturevalue(f"{request.param}_databases")
    with open_fresh(True) as fresh:
        yield fresh


@pytest.fixture
def now() -> datetime:
    """The machine's own time: the clients sign with it."""
    return datetime.now(UTC)


class RunningClock(SteppingClock):
    """One that goes on by itself, as the clients' does, and may be put ahead."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self.began = time.monotonic()

    def __call__(self) -> datetime:
        return self.time + timedelta(seconds=time.monotonic() - self.began)


@pytest.fixture
def clock(now: datetime) -> SteppingClock:
    return RunningClock(now)


@pytest.fixture(scope="session")
def key_pair() -> tuple[bytes, str]:
    return rsa.new_pair()


@pytest.fixture(scope="session")
def other_pair() -> tuple[bytes, str]:
    """A key that nobody knows."""
    return rsa.new_pair()


class Server:
    """One server for all tests, which answers for the runtime of the one that runs: to start one takes longer than most tests take."""

    def __init__(self) -> None:
        self.port, self.present, self.running = free_port(), Present(), ExitStack()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.started = False

    def serve(self, runtime: Runtime) -> None:
        self.present.runtime = runtime
        if not self.started:
            self.running.enter_context(answering(create_app(cast(Runtime, self.present)), self.port))
            self.started = True


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    made = Server()
    with made.running:
        yield made


@dataclass(frozen=True)
class Waffo:
    """The shop, the origin it asks, and its key; `private_key` is what its server signs with."""

    shop: shops.Shop
    origin: str
    merchant_id: str
    private_der: bytes
    private_key: str
    key_id: str

    @property
    def runtime(self) -> Runtime:
        return self.shop.runtime

    @property
    def store_id(self) -> str:
        return self.shop.store.store_id

    @property
    def config(self) -> dict[str, Any]:
        """What the client is made with."""
        return {"merchantId": self.merchant_id, "privateKey": self.private_key, "baseUrl": self.origin, "environment": "prod"}

    def subscribe(self, plan: str = "starter", **columns: Any) -> str:
        """The id of the order of a subscription of Ada's that began three days ago."""
        began = (self.runtime.clock() - timedelta(days=3)).replace(microsecond=0)
        subscription_id = self.shop.subscribe(plan, anchor=began, **columns)
        with self.runtime.database.read() as connection:
            return subscriptions.get(connection, self.shop.ada, subscription_id).order_id

    def subscription(self, order_id: str) -> Any:
        with self.runtime.database.read() as connection:
            return next(each for each in subscriptions.list(connection, self.shop.ada) if each.order_id == order_id)

    def set_self_service(self, allowed: bool) -> None:
        """Whether buyers may change plans within the group by themselves."""
        self.shop.set(shops.tables.product_group, self.shop.group, self_service=allowed)

    def headers(self, path: str, body: bytes, *, stamp: int | None = None, key: bytes | None = None) -> dict[str, str]:
        """A signature as the clients make it."""
        at = str(int(time.time()) if stamp is None else stamp)
        message = f"POST\n{path}\n{at}\n{base64.b64encode(sha256(body).digest()).decode()}".encode()
        signature = base64.b64encode(rsa.sign(key or self.private_der, message)).decode()
        return {"X-Merchant-Id": self.merchant_id, "X-Timestamp": at, "X-Signature": signature}

    def post(self, action: str, body: Any, headers: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
        """A request without a client, signed unless it has headers of its own: status and envelope."""
        path = f"/v1/actions/{action}"
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", **(self.headers(path, raw) if headers is None else headers)}
        asked = urllib.request.Request(self.origin + path, data=raw, headers=sent, method="POST")
        try:
            with urllib.request.urlopen(asked, timeout=20) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())


@pytest.fixture
def waffo(
    runtime: Runtime, factory: Factory, gateway: BankGateway, clock: SteppingClock, key_pair: tuple[bytes, str], server: Server
) -> Waffo:
    start = clock.time
    unlimited = replace(runtime, origin=server.origin, api_failures_per_minute=100_000, api_requests_per_minute=100_000)
    shop = shops.opened(unlimited, factory, gateway, clock)
    clock.time = start
    with shop.runtime.database.transaction() as tx:
        merchant_id = stores.get(tx, shop.store.store_id).merchant_id
        stores.set_return_origins(tx, shop.store.store_id, ["https://shop.example"])
    server.serve(shop.runtime)
    key = waffo_key.add(shop.runtime, shop.store, key_pair[1], name="shop")
    shop.set(shops.tables.buyer, shop.ada.buyer_id, external_id="user-1")
    return Waffo(shop, server.origin, merchant_id, key_pair[0], rsa.as_pem(key_pair[0]), key.id)


@pytest.fixture(scope="session", params=list(clients.VERSIONS))
def process(request: pytest.FixtureRequest) -> Iterator[Sdk]:
    with clients.running(request.param) as running:
        yield running


@pytest.fixture
def sdk(process: Sdk, waffo: Waffo) -> Sdk:
    """Each version of the client, with the shop's key."""
    process.config = waffo.config
    return process


def our_id(prefix: Prefix, uuid: str) -> str:
    """The id that goes by a UUID on the wire."""
    return encode(prefix, UUID(uuid))
