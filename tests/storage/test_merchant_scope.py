"""From an id to its place: within the stores of one merchant and one environment, and nowhere else."""

import pytest

from portico.domain.errors import NotFound
from portico.domain.ids import Prefix
from portico.domain.scope import BuyerScope, Environment, StoreScope
from portico.storage import merchant_scope
from portico.storage import store as stores
from portico.storage.database import Database
from tests.factories import Factory


def test_what_is_a_merchants_is_found_for_him_alone(database: Database, factory: Factory) -> None:
    store, other = factory.store(environment="prod"), factory.store(environment="prod")
    ada = factory.buyer(store)
    original = factory.product(StoreScope(store.store_id, "test"))
    ids: dict[Prefix, str] = {"PROD": factory.product(store, external_id=original), "GRP": factory.group(store), "ORD": factory.order(ada)}
    with database.read() as connection:
        mine, theirs = (stores.get(connection, each.store_id).merchant_id for each in (store, other))

        def found(merchant_id: str, environment: Environment, prefix: Prefix, thing: str) -> BuyerScope | tuple[StoreScope, str]:
            of = merchant_scope.buyer_of if prefix == "ORD" else merchant_scope.place_of
            return of(connection, merchant_id, environment, prefix, thing)

        assert found(mine, "prod", "ORD", ids["ORD"]) == ada
        assert found(mine, "prod", "PROD", ids["PROD"]) == (store, ids["PROD"])
        assert found(mine, "prod", "PROD", original) == (store, ids["PROD"]), "a copy goes by the id of its original"
        assert found(mine, "test", "PROD", original) == (StoreScope(store.store_id, "test"), original)
        for prefix, thing in ids.items():
            for merchant_id, environment in ((theirs, "prod"), (mine, "test")):
                with pytest.raises(NotFound):
                    found(merchant_id, environment, prefix, thing)  # type: ignore[arg-type]
