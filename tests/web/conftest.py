"""A portal with two stores in two environments, and browsers to visit it with."""

import email
import email.policy
import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from litestar import Litestar

from portico.domain.scope import BuyerScope, StoreScope
from portico.sandbox import cards
from portico.server import create_app
from portico.services import document as documents
from portico.services import secrets, sign_in_mail
from portico.services.runtime import Runtime
from portico.storage import order as orders
from portico.storage import outbox, session
from tests.bank import BankGateway
from tests.factories import Factory
from tests.web.browser import Browser

SLUG = "nordlicht"
BASE = f"/{SLUG}/portal"
TEST_BASE = f"/test/{SLUG}/portal"
EMAIL = "ada@example.com"
SESSION = "__Host-portico-session"

_tokens = itertools.count(1)
_CODE = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\b")
_TOKEN = re.compile(r"/sign-in/link#t=([A-Za-z0-9_-]+)")


@dataclass(frozen=True)
class Shop:
    """The store "nordlicht", its production scope and the buyer ada@example.com in it."""

    store: StoreScope
    buyer: BuyerScope


@pytest.fixture
def shop(factory: Factory) -> Shop:
    store = factory.store(slug=SLUG, environment="prod")
    return Shop(store, factory.buyer(store, email=EMAIL))


class Present:
    """The runtime of the test that runs, to an application that is there for all of them."""

    runtime: Runtime

    def __getattr__(self, name: str) -> Any:
        return getattr(self.runtime, name)


@pytest.fixture(scope="session")
def applications() -> dict[object, tuple[Present, Litestar]]:
    """One application for each kind of runtime: to register a hundred addresses takes longer than most tests take to use them."""
    return {}


@pytest.fixture
def app(runtime: Runtime, applications: dict[object, tuple[Present, Litestar]]) -> Litestar:
    kind = (runtime.origin, tuple(gateway.page_origins for gateway in runtime.gateways.values()))  # what `create_app` itself reads
    if kind not in applications:
        present = Present()
        present.runtime = runtime
        applications[kind] = present, create_app(cast(Runtime, present))
    present, app = applications[kind]
    present.runtime = runtime
    return app


@pytest.fixture
def browser(app: Litestar) -> Browser:
    return Browser(app)


@pytest.fixture
def sign_in(runtime: Runtime, app: Litestar) -> Callable[[BuyerScope], Browser]:
    """A browser in which this buyer has just signed in."""

    def signed_in(buyer: BuyerScope) -> Browser:
        token = f"session-{next(_tokens)}"
        now = runtime.clock()
        with runtime.database.transaction() as tx:
            session.create(tx, buyer, token_hash=secrets.hash_token(token), now=now, expires_at=now + timedelta(seconds=1800))
        return Browser(app, cookies={SESSION: token})

    return signed_in


@pytest.fixture
def ada(shop: Shop, sign_in: Callable[[BuyerScope], Browser]) -> Browser:
    """A browser in which the shop's buyer has just signed in."""
    return sign_in(shop.buyer)


@dataclass(frozen=True)
class Mail:
    """A sign-in mail as it landed."""

    code: str
    token: str


@pytest.fixture
def deliver(runtime: Runtime, tmp_path: Path) -> Callable[[], Mail | None]:
    """Does the worker's work: sends what was asked for, and tells what the newest mail says; None when none was sent."""
    mailbox = tmp_path / "mailbox"

    def sent() -> Mail | None:
        before = set(mailbox.glob("*.eml"))
        with runtime.database.transaction() as tx:
            for job in outbox.claim(tx, "mail", limit=100, owner="test", now=runtime.clock(), lease_seconds=60):
                jobs.append(job)
        while jobs:
            job = jobs.pop(0)
            sign_in_mail.send(runtime, **job.arguments)
            with runtime.database.transaction() as tx:
                outbox.finish(tx, job)
        fresh = sorted(set(mailbox.glob("*.eml")) - before)
        if not fresh:
            return None
        message = email.message_from_bytes(fresh[-1].read_bytes(), policy=email.policy.default)
        text = message.get_body(("plain",)).get_content()
        return Mail(code=_CODE.search(text)[0], token=_TOKEN.search(text)[1])

    jobs: list[outbox.Job] = []
    return sent


@dataclass(frozen=True)
class History:
    """What a buyer owns, by id."""

    order: str
    subscription: str
    document: str


@pytest.fixture
def history(runtime: Runtime, factory: Factory) -> Callable[..., History]:
    """Gives a buyer a paid order with its documents, and a subscription."""

    def made(buyer: BuyerScope, **columns: object) -> History:
        order = factory.order(buyer, **columns)
        factory.payment(buyer, order, attempts=("failed", "succeeded"))
        with runtime.database.transaction() as tx:
            found = orders.get(tx, buyer, order)
            issued = documents.issue_for_payment(tx, runtime, buyer, found.payments[0], now=runtime.clock())
        return History(order, factory.subscription(buyer), issued[0])

    return made


@dataclass(frozen=True)
class Plan:
    """A buyer's subscription to "Small", 10.00 EUR a month, 15 of 28 days into a period that was paid by a card of the bank's. Its
    group has "Large" (50.00) and "Tiny" (4.00) too, and "Yearly" (300.00 a year)."""

    subscription: str
    payment: str
    others: dict[str, str]

    @property
    def url(self) -> str:
        return f"{BASE}/subscriptions/{self.subscription}"

    def review(self, name: str, quantity: int = 1) -> str:
        return f"{self.url}/change/review?plan={self.others[name]}&quantity={quantity}"


@pytest.fixture
def subscribe(shop: Shop, factory: Factory, gateway: BankGateway) -> Callable[..., Plan]:
    """Gives the shop's buyer such a subscription. `columns` are its own; `number` is the test card's; `paid` is how the payment of
    its period stands; `offered` are columns of the plans."""

    def subscribed(
        *, number: str = cards.SUCCESS, paid: str = "succeeded", offered: Mapping[str, Any] | None = None, **columns: Any
    ) -> Plan:
        card = gateway.save_card(EMAIL, number)
        group = factory.group(shop.store)
        common = {"group_id": group, "quantity_max": 5, "pause_periods_max": 3, **(offered or {})}
        others = factory.plans(shop.store, {"Small": 1000, "Large": 5000, "Tiny": 400}, **common)
        others |= factory.plans(shop.store, {"Yearly": 30000}, interval="year", **common)
        billed = {"managed": True, "customer_reference": card.customer, "method_reference": card.method, **columns}
        anchored = {"anchor": factory.now - timedelta(days=15), **billed}
        subscription = factory.subscription(shop.buyer, product_id=others["Small"], **anchored)
        return Plan(subscription, factory.period_payment(shop.buyer, subscription, status=paid), others)

    return subscribed


@pytest.fixture
def plan(subscribe: Callable[..., Plan]) -> Plan:
    return subscribe()
