from datetime import datetime

import pytest

from portico.domain.subscription import ScheduledChange, next_charge
from portico.storage import subscription
from portico.storage.database import Database
from tests.factories import Factory


@pytest.mark.parametrize(("prices", "amount"), [({"EUR": 900, "USD": 1000, "JPY": 1500}, 900), ({"USD": 1000}, None)])
def test_a_scheduled_change_carries_the_price_in_the_subscriptions_currency(
    database: Database, factory: Factory, now: datetime, prices: dict[str, int], amount: int | None
) -> None:
    buyer = factory.buyer()
    planned = factory.product(buyer, kind="subscription", interval="month", name="Solo", prices=prices)
    one = factory.subscription(buyer, quantity=2, change_kind="change_plan", change_at=now, change_product_id=planned)
    other = factory.subscription(buyer)

    with database.read() as connection:
        found = subscription.get(connection, buyer, one)
        assert {each.id for each in subscription.list(connection, buyer)} == {one, other}
        assert len(subscription.list(connection, buyer)) == 2

    assert found.scheduled_change == ScheduledChange("change_plan", now, planned, "Solo", amount)
    charge = next_charge(found)
    assert (charge.net_minor if charge else None) == (1800 if amount else None)
