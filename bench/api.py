"""What a merchant's server asks: a link into the portal, and a page of orders by the API and by GraphQL, each beside the floor and in
stores with few and with many orders."""

import base64
import json
import statistics
import time
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from itertools import cycle

from litestar.testing import TestClient

from bench.pages import portal
from bench.process import Keepalive, Process, cpu_milliseconds, free_port, running
from bench.report import line
from bench.world import World, world
from portico.domain.billing_detail import BillingDetail
from portico.domain.buyer import Buyer
from portico.domain.scope import StoreScope
from portico.server import create_app
from portico.services import api_key, rsa, waffo_key
from portico.storage import buyer as buyers
from portico.storage import store as stores
from portico.storage.database import count_statements

ROUNDS, REQUESTS = 15, 20
FEW, MANY = 25, 10_000
BUYERS = 40  # of whom each may be given 60 links within an hour
ORDERS = "/v1/orders?limit=25"
QUERY = """{ onetimeOrders(limit: 25) { id status currency buyerEmail createdAt priceSnapshot { subtotal taxAmount total }
    product { id name } payments { id status snapshotDisplayAmount snapshotDisplayCurrency cardInfo { brand last4 } createdAt } } }"""


@dataclass(frozen=True)
class Asked:
    """One request, as its bytes are made of it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""

    def raw(self, port: int) -> bytes:
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: 127.0.0.1:{port}", *(f"{k}: {v}" for k, v in self.headers.items())]
        length = [f"Content-Length: {len(self.body)}"] if self.body else []
        return "\r\n".join([*lines, *length, "", ""]).encode() + self.body


class Client(Keepalive):
    """One connection that sends these requests in turn. 201 is an answer like 200."""

    def __init__(self, port: int, asked: list[Asked]) -> None:
        super().__init__(port, "/")
        self._turns = cycle([each.raw(port) for each in asked])

    def ask(self) -> tuple[int, bytes]:
        self.request = next(self._turns)
        status, body = super().ask()
        return 200 if status == 201 else status, body


@dataclass(frozen=True)
class Keys:
    """What opens a world's store: by the API, and by the Waffo surface for a body."""

    scope: StoreScope
    merchant_id: str
    api_key: str
    rsa_key: bytes

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.api_key}", "Content-Type": "application/json"}

    def signed(self, path: str, body: bytes) -> dict[str, str]:
        stamp = str(int(time.time()))
        message = f"POST\n{path}\n{stamp}\n{base64.b64encode(sha256(body).digest()).decode()}".encode()
        signature = base64.b64encode(rsa.sign(self.rsa_key, message)).decode()
        return {"X-Merchant-Id": self.merchant_id, "X-Timestamp": stamp, "X-Signature": signature, "Content-Type": "application/json"}


def api() -> None:
    """The three requests, in a store with few orders and in one with many, all in turn with the floor."""
    with world(FEW) as few, world(MANY) as many, ExitStack() as stack:
        small, large = stack.enter_context(portal(few)), stack.enter_context(portal(many))
        floor_port = free_port()
        floor = stack.enter_context(running(["-m", "bench.floor", str(few.database_file), str(floor_port)], floor_port, path="/"))
        measured: list[tuple[Process, Keepalive]] = [(floor, Keepalive(floor_port, "/", f"portico-session={few.tokens[FEW]}"))]
        requests = [_requests(made, _keys(made)) for made in (few, many)]
        for name in requests[0]:
            measured += [(process, Client(process.port, asked[name])) for process, asked in zip((small, large), requests, strict=True)]
        floor_cost, *costs = _in_turn(measured)
        line("floor: asyncio, sqlite3, f-strings, CPU at best", f"{floor_cost[0]:.2f} ms", beside="25 orders with payments, as a page")
        for name, own, grown in zip(requests[0], costs[::2], costs[1::2], strict=True):
            statements = [_statements(made, asked[name]) for made, asked in zip((few, many), requests, strict=True)]
            ratios = f"{own[0] / floor_cost[0]:.1f} x the floor; {statistics.median(own):.2f} ms in the median; {statements[0]} statements"
            line(f"{name}, CPU at best", f"{own[0]:.2f} ms", beside=ratios)
            growth = f"{statistics.median(grown) / statistics.median(own):.2f} x of that with {FEW}; {statements[1]} statements"
            line(f"  the same in a store with {MANY:,} orders", f"{grown[0]:.2f} ms", beside=growth)


def _in_turn(measured: list[tuple[Process, Keepalive]]) -> list[list[float]]:
    """CPU milliseconds of a request to each, sorted, from short rounds in turn."""
    for pair in measured:
        cpu_milliseconds(*pair, REQUESTS)
    rounds = [[cpu_milliseconds(*pair, REQUESTS) for pair in measured] for _ in range(ROUNDS)]
    return [sorted(costs) for costs in zip(*rounds, strict=True)]


def _requests(made: World, keys: Keys) -> dict[str, list[Asked]]:
    query = json.dumps({"query": QUERY}).encode()
    links = [json.dumps({"buyer": {"email": f"link{n}@example.com"}}).encode() for n in range(BUYERS)]
    return {
        "portal session by the API": [Asked("POST", "/v1/portal-sessions", keys.bearer, body) for body in links],
        "25 orders with payments by the API": [Asked("GET", ORDERS, keys.bearer)],
        "25 orders with payments by GraphQL": [Asked("POST", "/v1/graphql", keys.signed("/v1/graphql", query), query)],
    }


def _keys(made: World) -> Keys:
    """Keys of the world's store, and buyers to make links for."""
    runtime = made.runtime
    with runtime.database.transaction() as tx:
        store = stores.by_slug(tx, "bench")
        if store is None:
            raise RuntimeError("the world has no store")
        scope = StoreScope(store.id, "prod")
        for n in range(BUYERS):
            row = Buyer(runtime.new_id("BUY"), f"link{n}@example.com", None, "", None, runtime.clock())
            buyers.create(tx, scope, row, BillingDetail(country="DE"))
    private, public = rsa.new_pair()
    waffo_key.add(runtime, scope, public, name="bench")
    return Keys(scope, store.merchant_id, api_key.create(runtime, scope, name="bench").text, private)


def _statements(made: World, asked: list[Asked]) -> int:
    """The statements of a request, counted in this process; the first of a process may read more."""
    with TestClient(create_app(made.runtime), base_url=made.runtime.origin) as client:
        for each in asked[:1]:
            client.request(each.method, each.path, headers=each.headers, content=each.body)
        with count_statements(made.runtime.database) as seen:
            answer = client.request(asked[-1].method, asked[-1].path, headers=asked[-1].headers, content=asked[-1].body)
    if answer.status_code not in (200, 201):
        raise RuntimeError(f"status {answer.status_code}: {answer.text}")
    return seen.count
