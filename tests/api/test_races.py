"""Programs that ask for the same at the same moment: it happens once, on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from portico.services.runtime import Runtime
from tests.api import plans
from tests.api.conftest import Program
from tests.api.plans import Desk
from tests.bank import BankGateway
from tests.conftest import SteppingClock
from tests.factories import Factory
from tests.services.test_cancellation import overdue


@pytest.fixture
def desk(runtime: Runtime, factory: Factory, gateway: BankGateway, clock: SteppingClock, program: Callable[..., Program]) -> Desk:
    return plans.open_desk(runtime, factory, gateway, clock, program)


def test_eight_equal_requests_have_one_effect(desk: Desk) -> None:
    subscription_id = desk.shop.subscribe("starter")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: desk.do(subscription_id, "cancel"), range(8)))
    assert sorted(answer.status for answer in answers) == [200] + [409] * 7
    assert {answer.json["code"] for answer in answers if answer.status == 409} == {"already_canceling"}
    desk.shop.is_sound()


def test_eight_programs_upgrade_at_once_and_one_charge_is_made(desk: Desk) -> None:
    subscription_id = desk.shop.subscribe("starter")
    desk.shop.clock.advance(days=15)
    with ThreadPoolExecutor(8) as pool:
        asked = list(pool.map(lambda _: desk.do(subscription_id, "change", {"product_id": desk.shop.plans["pro"]}), range(8)))
    assert sorted(answer.status for answer in asked) == [200] + [409] * 7
    assert desk.shop.taken() == 1190 + 595
    desk.shop.is_sound()


def test_eight_tries_at_once_charge_what_is_owed_once(desk: Desk) -> None:
    subscription_id, _ = overdue(desk.shop)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: desk.do(subscription_id, "pay"), range(8)))
    assert sorted(answer.status for answer in answers) == [200] + [409] * 7
    assert desk.shop.taken() == 1190
    desk.shop.is_sound()


def test_eight_equal_requests_with_one_key_get_one_answer(desk: Desk) -> None:
    subscription_id = desk.shop.subscribe("starter")
    desk.shop.clock.advance(days=15)
    wish = {"product_id": desk.shop.plans["pro"]}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: desk.do(subscription_id, "change", wish, key="upgrade"), range(8)))
    assert len({answer.body for answer in answers if answer.status == 200}) == 1
    assert {answer.json["code"] for answer in answers if answer.status != 200} <= {"idempotency_in_flight"}
    assert desk.shop.taken() == 1190 + 595
