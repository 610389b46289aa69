"""Pausing in the portal, calling it off, and going on before its end."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.bank import BankGateway
from tests.factories import Factory
from tests.web.browser import Browser
from tests.web.conftest import Plan


def test_a_pause_says_until_when_and_what_comes_then(ada: Browser, plan: Plan) -> None:
    page = ada.get(plan.url + "/pause")
    assert "You can use it until Mar 27, 2026, as you’ve paid for. Then it rests: no access and no charge." in page.words
    for day in ("Until Apr 27, 2026", "Until May 27, 2026", "Until Jun 27, 2026"):
        assert day in page.words
    assert "On that day it continues by itself, and €11.90 is charged to Visa ending in 4242." in page.words


def test_a_pause_is_planned_and_called_off(ada: Browser, plan: Plan, gateway: BankGateway) -> None:
    here = f"/subscriptions/{plan.subscription}/pause"
    page = ada.follow(ada.submit(ada.get(plan.url + "/pause"), here, periods="2"))
    assert "We’ve noted the pause." in page.words
    assert "Pauses on Mar 27, 2026 and continues on May 27, 2026." in page.words
    assert "On May 27, 2026" in page.words  # the next charge
    off = ada.follow(ada.submit(page, here + "/undo"))
    assert "It goes on without a pause." in off.words
    assert "Pauses on" not in off.words
    assert gateway.calls == []


@pytest.mark.parametrize("periods", ["0", "4", "x", "", "11", "²"])
def test_only_what_is_offered_can_be_chosen(ada: Browser, plan: Plan, periods: str) -> None:
    answer = ada.submit(ada.get(plan.url + "/pause"), f"/subscriptions/{plan.subscription}/pause", periods=periods)
    assert answer.status in (400, 409)
    assert f'href="{plan.url}"' in answer.text
    assert "Pauses on" not in ada.get(plan.url).words


def test_a_plan_that_cannot_be_paused_does_not_speak_of_it(ada: Browser, subscribe: Callable[..., Plan]) -> None:
    plan = subscribe(offered={"pause_periods_max": 0})
    assert "Take a break" not in ada.get(plan.url).words
    assert ada.get(plan.url + "/pause").header("location") == plan.url


def test_going_on_says_what_is_charged_and_charges_that(
    ada: Browser, subscribe: Callable[..., Plan], factory: Factory, gateway: BankGateway
) -> None:
    resumes = factory.now + timedelta(days=40)
    paused = subscribe(status="paused", resumes_at=resumes, due_at=resumes)
    assert "Paused until Apr 23, 2026. Nothing is charged before then." in ada.get(paused.url).words
    page = ada.get(paused.url + "/continue")
    assert "The pause ends right away. You pay €11.90 today, and the same again on Apr 14, 2026." in page.words
    outcome = ada.follow(ada.submit(page, f"/subscriptions/{paused.subscription}/continue"))
    assert "Thank you, €11.90 is paid" in outcome.words
    assert [capture.amount_minor for capture in gateway.bank.captures()] == [1190]
    assert ada.get(paused.url + "/continue").header("location") == paused.url
