"""A checkout goes one way, each step once; a link into the portal opens once; a new subscription begins its history."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from portico.domain.billing_detail import BillingDetail
from portico.domain.errors import Conflict
from portico.domain.scope import BuyerScope, StoreScope
from portico.storage import (
    api_key,
    checkout,
    merchant_key,
    order,
    portal_session,
    session,
    subscription,
    subscription_of_store,
    tables,
)
from portico.storage.database import Database
from portico.storage.merchant_key import MerchantKey
from tests.factories import Factory
from tests.storage import api_rows
from tests.storage.api_rows import ApiRows

MINUTE = timedelta(minutes=1)
TOKEN = b"\5" * 32


@pytest.fixture
def buyer(factory: Factory) -> BuyerScope:
    return factory.buyer()


@pytest.fixture
def rows(database: Database, factory: Factory, buyer: BuyerScope) -> ApiRows:
    product = factory.product(buyer)
    waiting = factory.order(buyer, product_id=product, status="pending")
    with database.transaction() as tx:
        return api_rows.kept(tx, buyer, factory, waiting, product)


def _place(tx: sa.Connection, buyer: BuyerScope, checkout_id: str, order_id: str, now: object) -> bool:
    given = {"email": "a@example.com", "billing_detail": BillingDetail(country="DE"), "locale": None, "trial_days": 0}
    return checkout.place(tx, buyer, checkout_id, order_id=order_id, **given, now=now, until=now)  # type: ignore[arg-type]


def test_a_checkout_goes_one_way(database: Database, factory: Factory, buyer: BuyerScope, rows: ApiRows) -> None:
    with database.transaction() as tx:
        offered = checkout.get(tx, buyer, rows.open)
        assert (offered.status, offered.metadata, offered.billing_detail) == ("open", {"cart": "7"}, None)
        placed = checkout.get(tx, buyer, rows.placed)
        assert (placed.status, placed.order_id, placed.buyer_id) == ("placed", rows.order, buyer.buyer_id)
        assert placed.billing_detail == BillingDetail(country="DE", name="Ada Lovelace")
        assert placed.expires_at == factory.now + timedelta(hours=1), "it waits for the card as long as it was told to"
        assert not _place(tx, buyer, rows.open, rows.order, offered.expires_at), "its time is over"
        assert checkout.complete(tx, buyer, rows.order, factory.now) == rows.placed
        assert checkout.complete(tx, buyer, rows.order, factory.now) is None
        assert not checkout.expire(tx, buyer, rows.placed)
        assert not _place(tx, buyer, rows.placed, rows.order, factory.now)
        assert checkout.expire(tx, buyer, rows.open)
        assert not checkout.expire(tx, buyer, rows.open)
        assert [each.status for each in checkout.page(tx, buyer).items].count("completed") == 1


def test_a_checkout_for_one_buyer_is_nobody_else_s(database: Database, factory: Factory, buyer: BuyerScope) -> None:
    product = factory.product(buyer)
    other = factory.buyer(StoreScope(buyer.store_id, buyer.environment))
    of_other, of_buyer = (factory.order(who, product_id=product, status="pending") for who in (other, buyer))
    with database.transaction() as tx:
        checkout.create(tx, buyer, api_rows.offer(product, "CHK_1", factory.now, buyer_id=buyer.buyer_id, buyer_named=True))
        assert not _place(tx, other, "CHK_1", of_other, factory.now)
        assert _place(tx, buyer, "CHK_1", of_buyer, factory.now)


def test_what_is_over_is_found_and_what_is_in_time_is_not(database: Database, factory: Factory, rows: ApiRows) -> None:
    over = factory.now + 45 * MINUTE
    with database.transaction() as tx:
        assert checkout.due(tx, over - timedelta(microseconds=1), 9) == []
        assert [found.id for _, found in checkout.due(tx, over, 9)] == [rows.open]
        assert [found.id for _, found in checkout.due(tx, over + 15 * MINUTE, 9)] == [rows.open, rows.placed]
        assert [found.id for _, found in checkout.due(tx, over + 15 * MINUTE, 1)] == [rows.open]


def test_the_time_of_all_that_goes_on_can_be_cut_short(database: Database, factory: Factory, buyer: BuyerScope, rows: ApiRows) -> None:
    with database.transaction() as tx:
        checkout.cut_short(tx, replace(buyer, environment="test" if buyer.environment == "prod" else "prod"), factory.now)
        assert checkout.due(tx, factory.now, 9) == []
        checkout.cut_short(tx, buyer, factory.now)
        assert {found.id for _, found in checkout.due(tx, factory.now, 9)} == {rows.open, rows.placed}


def test_a_trial_that_began_was_had(database: Database, factory: Factory, buyer: BuyerScope) -> None:
    plan, other = (factory.product(buyer, kind="subscription") for _ in range(2))
    with database.transaction() as tx:
        assert not checkout.trial_had(tx, buyer, [plan])
    factory.subscription(buyer, product_id=plan, status="closed", ended_at=factory.now, trial_end=factory.now)
    factory.subscription(buyer, product_id=other)
    with database.transaction() as tx:
        assert not checkout.trial_had(tx, buyer, [plan, other]), "one never began, the other had none"
    factory.subscription(buyer, product_id=plan, status="expired", ended_at=factory.now, trial_end=factory.now)
    with database.transaction() as tx:
        assert checkout.trial_had(tx, buyer, [other, plan])
        assert not checkout.trial_had(tx, buyer, [])


def test_an_order_that_waits_is_called_off_once(database: Database, factory: Factory, buyer: BuyerScope) -> None:
    made = factory.order(buyer, status="pending")
    with database.transaction() as tx:
        kept = order.get(tx, buyer, made)
        noted = replace(kept, id="ORD_2", external_id="cart-7", product_version=3, checkout_id="CHK_9", metadata={"cart": "7"})
        order.create(tx, buyer, noted)
        assert order.get(tx, buyer, "ORD_2") == noted
        assert order.cancel_pending(tx, buyer, made)
        assert not order.cancel_pending(tx, buyer, made)
        assert not order.set_status(tx, buyer, made, "completed", expected="pending")
    with pytest.raises(Conflict), database.transaction() as tx:
        order.create(tx, buyer, replace(noted, id="ORD_3"))


def test_a_new_subscription_begins_its_history(database: Database, factory: Factory, buyer: BuyerScope) -> None:
    like_id = factory.subscription(buyer, trial_end=factory.now)
    order_id = factory.order(buyer, kind="subscription", status="pending")
    with database.transaction() as tx:
        like = subscription.get(tx, buyer, like_id)
        new = replace(like, id="SUB_9", external_id=None, order_id=order_id, status="pending", version=1)
        subscription_of_store.create(tx, buyer, new, actor="key:KEY_1")
        assert subscription.get(tx, buyer, "SUB_9") == new
        (first,) = subscription.history(tx, buyer, "SUB_9")
        assert (first.from_status, first.to_status, first.cause, first.actor) == (None, "pending", "ordered", "key:KEY_1")
    with pytest.raises(Conflict), database.transaction() as tx:
        subscription_of_store.create(tx, buyer, replace(new, id="SUB_8"))


def test_a_link_opens_once_and_the_session_knows_by_which(database: Database, factory: Factory, buyer: BuyerScope) -> None:
    now, link = factory.now, api_rows.link(buyer, "PSN_1", factory.now)
    with database.transaction() as tx:
        portal_session.create(tx, buyer, link, TOKEN)
        assert portal_session.by_token_hash(tx, buyer, TOKEN) == link
        assert portal_session.redeem(tx, buyer, TOKEN, link.expires_at) is None, "five minutes are over"
        assert portal_session.redeem(tx, buyer, TOKEN, now) == replace(link, used_at=now)
        assert portal_session.redeem(tx, buyer, TOKEN, now) is None
        opened = {"return_url": link.return_url, "flow": link.flow, "portal_session_id": link.id}
        session.create(tx, buyer, token_hash=TOKEN, now=now, expires_at=now + 30 * MINUTE, **opened)  # type: ignore[arg-type]
        found = session.find(tx, TOKEN)
        assert found is not None
        assert (found.return_url, found.flow, found.portal_session_id) == (link.return_url, "overview", "PSN_1")
    with pytest.raises(sa.exc.IntegrityError, match="lifetime"), database.transaction() as tx:
        portal_session.create(tx, buyer, replace(link, id="PSN_2", expires_at=now + 5 * MINUTE + timedelta(microseconds=1)), b"\6" * 32)


def test_a_key_s_use_is_noted_once_a_minute(database: Database, factory: Factory, buyer: BuyerScope) -> None:
    now = factory.now
    with database.transaction() as tx:
        merchant_id = str(tx.execute(sa.select(tables.merchant.c.id)).scalar())
        api_key.create(tx, buyer, "KEY_1", name="server", prefix="sk", key_hash=TOKEN, now=now)
        signed = MerchantKey("KEY_2", merchant_id, "test", "server", "PEM", TOKEN, now, None, None)
        merchant_key.create(tx, signed)
        for touch, key_id in ((api_key.touch, "KEY_1"), (merchant_key.touch, "KEY_2")):
            used = [touch(tx, key_id, now + late) for late in (0 * MINUTE, MINUTE, MINUTE + timedelta(microseconds=1))]
            assert used == [True, False, True]
        assert merchant_key.revoke(tx, merchant_id, "KEY_2", now)
        assert not merchant_key.revoke(tx, merchant_id, "KEY_2", now)
        assert merchant_key.of_merchant(tx, merchant_id) == ()
        assert [key.id for key in merchant_key.every_of_merchant(tx, merchant_id)] == ["KEY_2"]
    with pytest.raises(Conflict), database.transaction() as tx:
        merchant_key.create(tx, replace(signed, id="KEY_3"))  # a revoked one does not come back under another name
