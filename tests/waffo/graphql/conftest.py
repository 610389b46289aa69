"""Two merchants' stores with a bit of everything, and a way to ask about them without HTTP."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portico.api.waffo.asker import Asker
from portico.api.waffo.envelope import Trouble
from portico.api.waffo.graphql.answer import answer
from portico.domain.scope import BuyerScope, StoreScope
from portico.services.runtime import Runtime
from portico.storage import tables
from portico.storage.database import Database, count_statements
from tests.conftest import DIALECTS, NOW
from tests.factories import Factory


@pytest.fixture(params=DIALECTS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """Both databases: what is asked for is chosen by SQL."""
    open_fresh = request.getfixturevalue(f"{request.param}_databases")
    with open_fresh(True) as fresh:
        yield fresh


@pytest.fixture
def now() -> datetime:
    return NOW


@dataclass(frozen=True)
class Shop:
    """`ids` has one of everything by name; all of it is Ada's but `other_*`, which are Bob's in the same store."""

    runtime: Runtime
    factory: Factory
    store: StoreScope
    merchant: Asker
    ada: BuyerScope
    bob: BuyerScope
    ids: dict[str, str]

    def of(self, buyer: BuyerScope | None) -> Asker:
        """A customer of the store."""
        return Asker("customer", self.merchant.merchant_id, self.store.environment, self.store, buyer, "somebody")

    @property
    def visitor(self) -> Asker:
        return Asker("visitor", self.merchant.merchant_id, self.store.environment, self.store)

    def respond(self, query: str, *, asker: Asker | None = None, variables: dict[str, Any] | None = None, **more: Any) -> tuple[int, Any]:
        """Status and envelope, as the door would send them."""
        body = {"query": query, **({} if variables is None else {"variables": variables}), **more}
        try:
            response = answer(self.runtime, asker or self.merchant, body)
        except Trouble as trouble:
            return trouble.status, {"data": None, "errors": [notice.wire for notice in trouble.notices]}
        return response.status, json.loads(response.whole)

    def ask(self, query: str, *, asker: Asker | None = None, **variables: Any) -> Any:
        """The data of a query that has nothing wrong."""
        status, envelope = self.respond(query, asker=asker, variables=variables)
        assert (status, envelope.get("errors")) == (200, None), envelope
        return envelope["data"]

    def statements(self, query: str, *, asker: Asker | None = None, **variables: Any) -> int:
        self.ask(query, asker=asker, **variables)
        with count_statements(self.runtime.database) as seen:
            self.ask(query, asker=asker, **variables)
        return seen.count


def open_shop(runtime: Runtime, factory: Factory) -> Shop:
    store = factory.store()
    ada = factory.buyer(store, external_id="user-1", email="ada@example.com")
    bob = factory.buyer(store, email="bob@example.com")
    day = timedelta(days=1)
    group = factory.group(store, name="Plans", description="All of them", shared_trial=True, self_service=False)
    atlas = factory.product(store, name="Atlas", description="A book", metadata={"shelf": "3"})
    gone = factory.product(store, name="Gone", active=False)
    plans = factory.plans(store, {"Starter": 1000, "Pro": 2500}, group_id=group, trial_days=14)
    order = factory.order(ada, product_id=atlas, external_id="ORDER-1", metadata={"ref": "x"}, created_at=NOW - 3 * day)
    payment = factory.payment(ada, order, refunded_minor=1000, created_at=NOW - 3 * day)
    ticket = factory.ticket(ada, payment, external_id="REF-1", metadata={"case": "7"}, status="rejected", note="too late", version=2)
    refund = factory.refund(ada, payment, ticket_id=ticket)
    trial = factory.subscription(ada, product_id=plans["Starter"], status="trialing", trial_end=NOW + 14 * day, created_at=NOW)
    leaving = factory.subscription(ada, product_id=plans["Pro"], status="canceling", change_kind="cancel", change_at=NOW + 31 * day)
    factory.cancellation(ada, leaving, requested_at=NOW - day)
    paid = factory.period_payment(ada, leaving, documents=False)
    failed = factory.payment(ada, order, status="failed", attempts=("failed", "failed"), created_at=NOW - day)
    other_order = factory.order(bob, product_id=atlas, status="pending", created_at=NOW - 2 * day)
    other_payment = factory.payment(bob, other_order, status="unknown", attempts=("unknown",), succeeded_at=None)
    other_ticket = factory.ticket(bob, other_payment, reason="changed my mind")
    with runtime.database.read() as tx:
        merchant_id = tx.execute(sa.select(tables.store.c.merchant_id).where(tables.store.c.id == store.store_id)).scalar_one()
        carriers = dict(tx.execute(sa.select(tables.subscription.c.id, tables.subscription.c.order_id)).all())
    ids = {
        "store": store.store_id, "merchant": merchant_id, "group": group, "atlas": atlas, "gone": gone, "starter": plans["Starter"],
        "pro": plans["Pro"], "order": order, "payment": payment, "ticket": ticket, "refund": refund, "trial": carriers[trial],
        "leaving": carriers[leaving], "paid": paid, "failed": failed, "other_order": other_order, "other_payment": other_payment,
        "other_ticket": other_ticket,
    }  # fmt: skip
    return Shop(runtime, factory, store, Asker("merchant", merchant_id, "test"), ada, bob, ids)


@pytest.fixture
def shop(runtime: Runtime, factory: Factory) -> Shop:
    return open_shop(runtime, factory)
