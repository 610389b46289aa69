"""What somebody would try at a checkout who means it ill."""

from datetime import timedelta
from functools import partial

import pytest

from portico.domain.billing_detail import BillingDetail
from portico.domain.errors import Invalid, Refused
from portico.domain.tax import TaxPolicy
from portico.domain.tax_table import starting_set
from portico.services import billing_detail as profile
from portico.services import checkout, checkout_order, waffo_store
from portico.services.checkout_limits import FREE_ORDERS_PER_DAY_PER_ADDRESS
from portico.storage import store as stores
from portico.storage import tax_id_check as checks
from portico.storage import tax_rate
from tests.services.checkouts import Counter, counter_of
from tests.services.shop import Shop

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def counter(shop: Shop) -> Counter:
    return counter_of(shop)


def test_a_store_that_ended_sells_nothing_that_it_had_offered(counter: Counter) -> None:
    session, waiting = counter.open(), counter.open()
    counter.place(waiting)
    waffo_store.delete(counter.shop.runtime, counter.row, actor="key:KEY_1")
    with pytest.raises(Refused, match="checkout_over"):
        counter.place(session)
    counter.settle_down()
    assert counter.give_card(waiting).status == "expired", "nor what was ordered, and waits for a card"
    assert counter.captured() == []
    with pytest.raises(Invalid):
        counter.open()


def test_what_a_checkout_does_not_ask_for_stays_as_a_buyer_has_it(counter: Counter) -> None:
    ada, runtime = counter.shop.ada, counter.shop.runtime
    with runtime.database.transaction() as tx:
        _, version = profile.read(runtime, ada)
        own = BillingDetail(country="DE", name="Ada", po_number="PO-7", copy_emails=("books@example.com",))
        profile.keep(tx, runtime, ada, own, version)
    session = counter.open(billing_detail={"country": "DE", "name": "Ada L."})
    shown = counter.look(session, ada)
    assert (shown.detail.name, shown.detail.po_number, shown.detail.copy_emails) == ("Ada L.", "PO-7", ("books@example.com",))


def test_nobody_is_bombed_with_gifts(counter: Counter) -> None:
    for _ in range(FREE_ORDERS_PER_DAY_PER_ADDRESS):
        counter.place(counter.open(counter.gift), "victim@example.com")
    with pytest.raises(Refused, match="cost nothing"):
        counter.place(counter.open(counter.gift), "victim@example.com")
    assert counter.shop.mails() == ["order_confirmed"] * FREE_ORDERS_PER_DAY_PER_ADDRESS
    assert counter.place(counter.open(counter.gift, email="victim@example.com"), "else@example.com").url is None
    assert counter.place(counter.open(counter.gift), visitor=counter.shop.ada).url is None, "who is signed in asks for himself"


def test_a_vat_id_that_the_register_refused_is_believed_of_no_stranger(counter: Counter) -> None:
    shop, made_up = counter.shop, "FR40303265045"
    with shop.runtime.database.transaction() as tx:
        stores.set_tax_policy(tx, shop.store.store_id, TaxPolicy(check_vat_ids=True))
        tax_rate.replace(tx, shop.store.store_id, starting_set("DE"))
    detail = {"country": "FR", "is_business": "yes", "business_name": "Exemple", "tax_id": made_up}
    session = counter.open()
    offered = partial(checkout.offer, shop.runtime, counter.row, "prod", session.id, detail)
    counter.place(session, detail_raw=detail)
    assert offered().tax_minor == 0, "an id counts until the register has answered"
    other = shop.factory.buyer(shop.store, email="else@example.com")
    with shop.runtime.database.transaction() as tx:
        checks.create(tx, other, "TIC_1", made_up, shop.clock())
        checks.answered(tx, other, "TIC_1", "invalid", now=shop.clock())
    assert offered().tax_minor == 400, "whoever it was that showed it"
    with pytest.raises(checkout_order.NotAsShown):
        counter.place(session, detail_raw=detail, total_minor=2000)
    with shop.runtime.database.transaction() as tx:
        checks.create(tx, shop.ada, "TIC_2", made_up, shop.clock() + timedelta(days=1))
        checks.answered(tx, shop.ada, "TIC_2", "valid", now=shop.clock())
    assert offered().tax_minor == 0, "until it is known"
