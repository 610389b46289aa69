"""Products and groups: a change counts, who comes second is told so, and nothing is taken out of a group in silence."""

from dataclasses import replace

import pytest

from portico.domain.catalog import Product, ProductGroup
from portico.domain.errors import Conflict, NotFound
from portico.domain.scope import StoreScope
from portico.storage import product, product_group
from portico.storage.database import Database
from tests.factories import Factory

PRO = Product(
    "PROD_1", "pro", "Pro", "For teams", "subscription", "month", None, "saas", {"EUR": 2900, "JPY": 4500}, True, 1, 50, 3, 14, 1,
    {"tier": "2"},
)  # fmt: skip
PLANS = ProductGroup("GRP_1", "plans", "Plans", "Choose one", self_service=False, shared_trial=True)


@pytest.fixture
def scope(database: Database, factory: Factory) -> StoreScope:
    store = factory.store()
    with database.transaction() as tx:
        product.create(tx, store, PRO, factory.now)
        product_group.create(tx, store, PLANS, factory.now)
    return store


def test_a_product_comes_back_as_it_was_kept(database: Database, scope: StoreScope) -> None:
    with database.read() as tx:
        assert product.get(tx, scope, PRO.id) == PRO == product.by_external_id(tx, scope, "pro")
        assert product.page(tx, scope).items == (PRO,)
        assert product.page(tx, scope, kind="one_time").items == product.page(tx, scope, active=False).items == ()
        assert product.by_external_id(tx, scope, "PRO") is None


def test_an_update_counts_and_the_second_of_two_is_told(database: Database, scope: StoreScope) -> None:
    options = {"quantity_min": 2, "quantity_max": 50, "pause_periods_max": 3}
    dearer = replace(PRO, name="Pro 2", prices={"EUR": 3100}, metadata={}, trial_days=0, **options)
    with database.transaction() as tx:
        assert product.update(tx, scope, dearer) == 2
        assert product.get(tx, scope, PRO.id) == replace(dearer, version=2)
    with pytest.raises(Conflict, match="moved"), database.transaction() as tx:
        product.update(tx, scope, replace(PRO, name="late"))
    with pytest.raises(NotFound), database.transaction() as tx:
        product.update(tx, scope, replace(PRO, id="PROD_2"))
    with database.read() as tx:
        assert product.get(tx, scope, PRO.id).name == "Pro 2"


def test_names_of_the_merchant_s_are_used_once(database: Database, factory: Factory, scope: StoreScope) -> None:
    with pytest.raises(Conflict), database.transaction() as tx:
        product.create(tx, scope, replace(PRO, id="PROD_2"), factory.now)
    with pytest.raises(Conflict), database.transaction() as tx:
        product_group.create(tx, scope, replace(PLANS, id="GRP_2"), factory.now)
    with pytest.raises(Conflict), database.transaction() as tx:
        product.update(tx, scope, replace(PRO, group_id="GRP_9"))  # there is no such group


def test_a_group_has_the_products_it_is_given(database: Database, factory: Factory, scope: StoreScope) -> None:
    team = factory.product(scope, kind="subscription", interval="month")
    with database.transaction() as tx:
        product_group.set_products(tx, scope, PLANS.id, [PRO.id, team])
        assert set(product_group.product_ids(tx, scope, [PLANS.id])[PLANS.id]) == {PRO.id, team}
        product_group.set_products(tx, scope, PLANS.id, [team])
        product_group.set_products(tx, scope, PLANS.id, [team])
        assert product_group.product_ids(tx, scope, [PLANS.id]) == {PLANS.id: (team,)}
        assert product.get(tx, scope, PRO.id) == replace(PRO, version=3), "joining and leaving are changes"
        assert product.get(tx, scope, team).version == 2, "staying is none"
        with pytest.raises(NotFound):
            product_group.set_products(tx, scope, PLANS.id, [team, "PROD_9"])


def test_a_group_goes_when_it_is_empty(database: Database, scope: StoreScope) -> None:
    with database.transaction() as tx:
        assert product_group.get(tx, scope, PLANS.id) == PLANS == product_group.by_external_id(tx, scope, "plans")
        product_group.update(tx, scope, replace(PLANS, name="All plans", self_service=True))
        assert product_group.page(tx, scope).items == (replace(PLANS, name="All plans", self_service=True),)
        product_group.set_products(tx, scope, PLANS.id, [PRO.id])
        with pytest.raises(Conflict, match="products"):
            product_group.delete(tx, scope, PLANS.id)
        product_group.set_products(tx, scope, PLANS.id, [])
        product_group.delete(tx, scope, PLANS.id)
        with pytest.raises(NotFound):
            product_group.delete(tx, scope, PLANS.id)
