"""Links into the portal: for whom, for what, how many, and once."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portico.domain.errors import Invalid, NotFound, Refused
from portico.domain.portal_session import PortalSession
from portico.domain.scope import BuyerScope, StoreScope
from portico.services import portal_session
from portico.services.portal_session import Wanted, WhichBuyer
from portico.services.runtime import Runtime
from portico.storage import store as stores
from portico.storage import tables
from portico.storage.store import StoreRow
from tests.conftest import SteppingClock
from tests.factories import Factory

EMAIL = "ada@example.com"


@pytest.fixture
def scope(factory: Factory) -> StoreScope:
    return factory.store(slug="nordlicht", environment="prod")


@pytest.fixture
def ada(factory: Factory, scope: StoreScope) -> BuyerScope:
    return factory.buyer(scope, email=EMAIL, external_id="u-1")


@pytest.fixture
def store(runtime: Runtime, scope: StoreScope, ada: BuyerScope) -> StoreRow:
    with runtime.database.read() as tx:
        return replace(stores.get(tx, scope.store_id), return_origins=("https://shop.example",))


def make(runtime: Runtime, store: StoreRow, which: WhichBuyer | None = None, **wanted: Any) -> PortalSession:
    return portal_session.create(runtime, store, "prod", which or WhichBuyer(email=EMAIL), Wanted(**wanted), actor="key:KEY_1")


def token_of(runtime: Runtime, made: PortalSession) -> str:
    return portal_session.address(runtime, "nordlicht", "prod", made.id).partition("#t=")[2]


def test_a_hundred_at_once_let_one_in(runtime: Runtime, store: StoreRow) -> None:
    token, outcomes, start = token_of(runtime, make(runtime, store)), list[str](), threading.Barrier(100)

    def attempt() -> None:
        start.wait()
        try:
            portal_session.enter(runtime, store, "prod", token)
            outcomes.append("in")
        except Refused as refused:
            outcomes.append(refused.code)

    threads = [threading.Thread(target=attempt) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["in", *["portal_session_over"] * 99]
    with runtime.database.read() as tx:
        assert tx.execute(sa.select(sa.func.count()).select_from(tables.session)).scalar_one() == 1


def test_sixty_links_an_hour_and_no_more(runtime: Runtime, store: StoreRow, clock: SteppingClock, factory: Factory) -> None:
    for _ in range(portal_session.LINKS_PER_HOUR):
        make(runtime, store)
    with pytest.raises(Refused, match="60 links"):
        make(runtime, store)
    factory.buyer(StoreScope(store.id, "prod"), email="bob@example.com")
    make(runtime, store, WhichBuyer(email="bob@example.com"))
    clock.time += timedelta(hours=1)
    make(runtime, store)


def test_a_buyer_goes_by_each_of_his_names(runtime: Runtime, store: StoreRow, ada: BuyerScope) -> None:
    for which in (WhichBuyer(email="ADA@Example.com"), WhichBuyer(id=ada.buyer_id), WhichBuyer(external_id="u-1")):
        assert make(runtime, store, which).buyer_id == ada.buyer_id


def test_who_is_not_there_is_told_alike(runtime: Runtime, store: StoreRow, factory: Factory) -> None:
    other = factory.buyer(factory.store(slug="other", environment="prod"), email="eve@example.com", external_id="u-9")
    twin = factory.buyer(StoreScope(store.id, "test"), email="eve@example.com", external_id="u-9")
    strangers = [WhichBuyer(id=other.buyer_id), WhichBuyer(id=twin.buyer_id), WhichBuyer(id="BUY_" + "0" * 22), WhichBuyer(id="u-1")]
    for which in (*strangers, WhichBuyer(email="eve@example.com"), WhichBuyer(external_id="u-9")):
        with pytest.raises(Refused) as refused:
            make(runtime, store, which)
        assert refused.value.code == "buyer_not_found", which


def test_all_that_is_wrong_with_a_wish_is_told_at_once(runtime: Runtime, store: StoreRow) -> None:
    wrong = Wanted("subscription_cancel", document_id="INV_1", product_id="PROD_1", return_url="https://evil.example/", locale="xx")
    with pytest.raises(Invalid) as refused:
        portal_session.create(runtime, store, "prod", WhichBuyer(), wanted=wrong, actor="key:KEY_1")
    assert {(error.field, error.code) for error in refused.value.errors} == {
        ("buyer", "exactly_one_of"), ("subscription_id", "required"), ("document_id", "not_of_this_flow"),
        ("product_id", "not_of_this_flow"), ("return_url", "return_url_not_allowed"), ("locale", "language_unknown"),
    }  # fmt: skip
    with pytest.raises(Invalid, match="buyer/email: email_format"):
        make(runtime, store, WhichBuyer(email="ada"))
    with pytest.raises(Invalid, match="exactly_one_of"):
        make(runtime, store, WhichBuyer(email=EMAIL, external_id="u-1"))


def test_a_link_is_about_what_is_its_buyers_own(runtime: Runtime, store: StoreRow, ada: BuyerScope, factory: Factory) -> None:
    prod = StoreScope(store.id, "prod")
    plans = factory.plans(prod, {"Small": 1000, "Large": 5000})
    lonely = factory.product(prod)
    mine = factory.subscription(ada, product_id=plans["Small"])
    theirs = factory.subscription(factory.buyer(prod, email="bob@example.com"), product_id=plans["Small"])
    for wanted in (
        {"flow": "subscription_cancel", "subscription_id": theirs},
        {"flow": "subscription_cancel", "subscription_id": "SUB_" + "0" * 22},
        {"flow": "subscription_change", "subscription_id": mine, "product_id": "PROD_" + "0" * 22},
        {"flow": "invoice", "document_id": "INV_" + "0" * 22},
    ):
        with pytest.raises(NotFound):
            make(runtime, store, **wanted)
    with pytest.raises(Invalid, match="product_id: plan_not_in_group"):
        make(runtime, store, flow="subscription_change", subscription_id=mine, product_id=lonely)
    made = make(runtime, store, flow="subscription_change", subscription_id=mine, product_id=plans["Large"])
    assert (made.subject_id, made.product_id) == (mine, plans["Large"])
    with runtime.database.read() as tx:
        assert tx.execute(sa.select(sa.func.count()).select_from(tables.portal_session)).scalar_one() == 1


def test_the_address_for_mails_says_nothing_of_the_buyer(runtime: Runtime, store: StoreRow, ada: BuyerScope, factory: Factory) -> None:
    mine = factory.subscription(ada)
    made = make(runtime, store, flow="subscription_cancel", subscription_id=mine)
    assert portal_session.portal_url(runtime, "nordlicht", "prod", made) == (
        f"https://portal.test/nordlicht/portal/subscriptions/{mine}/cancel"
    )
    assert portal_session.portal_url(runtime, "nordlicht", "test", make(runtime, store)) == "https://portal.test/test/nordlicht/portal"


def test_who_made_and_who_entered_is_on_record(runtime: Runtime, store: StoreRow, ada: BuyerScope) -> None:
    made = make(runtime, store, return_url="https://Shop.example/done")
    entered = portal_session.enter(runtime, store, "prod", token_of(runtime, made))
    with runtime.database.read() as tx:
        lines = tx.execute(sa.select(tables.audit.c.actor, tables.audit.c.action, tables.audit.c.subject, tables.audit.c.buyer_id)).all()
        row = tx.execute(sa.select(tables.session)).mappings().one()
    assert [tuple(line) for line in lines] == [
        ("key:KEY_1", "portal_session.created", made.id, ada.buyer_id),
        ("buyer", "portal_session.entered", made.id, ada.buyer_id),
    ]
    assert (row["return_url"], row["flow"], row["portal_session_id"]) == ("https://shop.example/done", "overview", made.id)
    assert row["expires_at"] == entered.expires_at == runtime.clock() + timedelta(minutes=30)
