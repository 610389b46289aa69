"""What a subscription says may be done, what a dry run says, and what is done are one: in every state, for every action."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from portico.services import cancellation, pause, plan_change
from portico.services.runtime import Runtime
from tests.api import plans
from tests.api.conftest import Program
from tests.api.plans import Desk
from tests.bank import BankGateway
from tests.conftest import SteppingClock
from tests.factories import Factory
from tests.services.shop import START, Shop
from tests.services.test_cancellation import overdue
from tests.services.test_pause import paused
from tests.web.test_security import snapshot

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
# Each action by what a subscription calls it, with its path; another quantity goes by the path of a change, too.
ACTIONS = ("change", "cancel", "resume", "keep", "pause", "cancel_pause", "unpause", "pay")


def canceling(shop: Shop) -> str:
    subscription_id = shop.subscribe("starter")
    cancellation.cancel(shop.runtime, shop.ada, subscription_id, None, "")
    return subscription_id


def leaving_after_a_change(shop: Shop) -> str:
    subscription_id = downgrading(shop)
    cancellation.cancel(shop.runtime, shop.ada, subscription_id, None, "")
    return subscription_id


def downgrading(shop: Shop) -> str:
    subscription_id = shop.subscribe("pro")
    review = plan_change.review(shop.runtime, shop.ada, subscription_id, shop.plans["twin"], 1)
    plan_change.confirm(shop.runtime, shop.ada, subscription_id, review.quote)
    return subscription_id


def pausing(shop: Shop) -> str:
    subscription_id = shop.subscribe("starter")
    pause.pause(shop.runtime, shop.ada, subscription_id, 2)
    return subscription_id


def in_trial(shop: Shop) -> str:
    return shop.subscribe("starter", status="trialing", trial_end=START + timedelta(days=14))


STATES: dict[str, Callable[[Shop], str]] = {
    "active": lambda shop: shop.subscribe("starter"),
    "in trial": in_trial,
    "past due": lambda shop: overdue(shop)[0],
    "canceling": canceling,
    "canceling, with a change before": leaving_after_a_change,
    "change planned": downgrading,
    "pause planned": pausing,
    "paused": paused,
    "pending": lambda shop: shop.subscribe("starter", status="pending", due_at=None),
    "over": lambda shop: shop.subscribe("starter", status="canceled", ended_at=START, due_at=None),
    "billed elsewhere": lambda shop: shop.subscribe("starter", managed=False, due_at=None),
}


@pytest.fixture
def desk(runtime: Runtime, factory: Factory, gateway: BankGateway, clock: SteppingClock, program: Callable[..., Program]) -> Desk:
    return plans.open_desk(runtime, factory, gateway, clock, program)


@pytest.mark.parametrize("state", STATES)
def test_all_three_agree(desk: Desk, state: str) -> None:
    for action in ACTIONS:
        desk.shop.clock.time = START
        agree(desk, STATES[state](desk.shop), action)
    desk.shop.is_sound()


def agree(desk: Desk, subscription_id: str, action: str) -> None:
    plan = "starter" if desk.shop.read(subscription_id).product_id == desk.shop.plans["pro"] else "pro"
    body: dict[str, Any] = {"change": {"product_id": desk.shop.plans[plan]}, "pause": {"periods": 1}}.get(action, {})
    path = action.replace("_", "-")
    told, before = desk.read(subscription_id)["actions"][action], snapshot(desk.shop.runtime)
    foreseen = desk.try_out(subscription_id, path, body)
    assert snapshot(desk.shop.runtime) == before, action
    assert (told["possible"], told["reason"]) == (foreseen["possible"], foreseen["reason"]), action
    done = desk.do(subscription_id, path, body)
    if not told["possible"]:
        assert (done.status, done.json["code"], done.json["detail"]) == (409, told["reason"]["code"], told["reason"]["message"]), action
        return
    assert done.status == 200, done.text
    after = done.json["subscription"]
    assert (after["status"], after["next_charge"]) == (foreseen["status"], foreseen["next_charge"]), action
    assert (done.json["payment"] is None) == (foreseen["charge"] is None), action
