"""A merchant's program with its key, speaking to the API part of the application over ASGI."""

import asyncio
import json as js
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from litestar import Litestar
from sqlalchemy import event

from portico.api import application as api_application
from portico.api.context import Api
from portico.domain.scope import BuyerScope, StoreScope
from portico.http import application
from portico.http.metrics import Metrics
from portico.http.security import Site
from portico.services import api_key
from portico.services.runtime import Runtime
from portico.storage.database import Database
from tests.factories import Factory
from tests.web.browser import Answer, ask
from tests.web.conftest import Present

SLUG = "nordlicht"
EMAIL = "ada@example.com"
HOST = b"portal.test"


@dataclass(frozen=True)
class Shop:
    """The store "nordlicht", the scope of its test environment, the buyer ada@example.com there, and a key for it."""

    store: StoreScope
    buyer: BuyerScope
    key: str
    key_id: str


@pytest.fixture
def shop(runtime: Runtime, factory: Factory) -> Shop:
    store = factory.store(slug=SLUG, environment="test")
    key = api_key.create(runtime, store, name="shop")
    return Shop(store, factory.buyer(store, email=EMAIL, external_id="user-1"), key.text, key.id)


@pytest.fixture(scope="session")
def api_context() -> tuple[Api, Litestar]:
    """One application for all tests: to register all addresses takes longer than most tests take to use them."""
    present = cast(Runtime, Present())
    site = Site("https://portal.test")
    context = Api(present, site)
    parts = (api_application.part(context, {name: f"/static/x/{name}" for name in ("portal.css", "reference.css", "favicon.svg")}),)
    return context, application.build(parts, site, Metrics(), lambda: ())


@dataclass
class Program:
    """A client of the API. Each method gives the Answer: `status`, `json`, `header(name)`, `body`.

    `key=None` sends none; `lend` gives the application another runtime; `headers` are added as
    they are. Every body is sent as JSON unless it is bytes already.
    """

    app: Litestar
    key: str | None
    lend: Callable[[Runtime], None]
    client: str = "203.0.113.7"
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **options: Any) -> Answer:
        return self.send("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> Answer:
        return self.send("POST", path, json, **options)

    def put(self, path: str, json: Any = None, **options: Any) -> Answer:
        return self.send("PUT", path, json, **options)

    def patch(self, path: str, json: Any = None, **options: Any) -> Answer:
        return self.send("PATCH", path, json, **options)

    def delete(self, path: str, **options: Any) -> Answer:
        return self.send("DELETE", path, **options)

    def send(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        key: str | None = "own",
        idempotency: str | None = None,
        headers: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Answer:
        body = b"" if json is None else json if isinstance(json, bytes) else js.dumps(json).encode()
        sent = {"host": HOST.decode(), **self.headers}
        bearer = self.key if key == "own" else key
        if bearer is not None:
            sent["authorization"] = f"Bearer {bearer}"
        if body:
            sent |= {"content-type": content_type, "content-length": str(len(body))}
        if idempotency is not None:
            sent["idempotency-key"] = idempotency
        sent |= headers or {}
        pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in sent.items()]
        return asyncio.run(ask(self.app, method, path, body, pairs, self.client))


@pytest.fixture
def program(runtime: Runtime, api_context: tuple[Api, Litestar]) -> Callable[..., Program]:
    """A program with any key."""
    context, app = api_context

    def lend(lent: Runtime) -> None:
        cast(Present, context.runtime).runtime = lent

    lend(runtime)
    context.limits.clear()
    return lambda key, **options: Program(app, key, lend, **options)


@pytest.fixture
def api(shop: Shop, program: Callable[..., Program]) -> Program:
    """The program of the shop: its key is for the test environment."""
    return program(shop.key)


@pytest.fixture
def counted(database: Database) -> Callable[[], AbstractContextManager[list[str]]]:
    """Collects the statements that are sent to the database meanwhile."""

    @contextmanager
    def collecting() -> Iterator[list[str]]:
        seen: list[str] = []

        def see(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            seen.append(statement)

        for engine in database.engines:
            event.listen(engine, "before_cursor_execute", see)
        try:
            yield seen
        finally:
            for engine in database.engines:
                event.remove(engine, "before_cursor_execute", see)

    return collecting
