"""Pausing: whole periods left out of the same calendar, and back before their end."""

from datetime import UTC, datetime, timedelta

import pytest

from portico.domain.errors import Conflict, NotFound, Refused
from portico.domain.subscription import ScheduledChange
from portico.services import pause, plan_change, renewal
from portico.services.charging import Outcome
from tests.services.shop import START, Shop

MAY, JUNE, JULY, AUGUST = (datetime(2026, month, 1, tzinfo=UTC) for month in (5, 6, 7, 8))


def refusal(call) -> str:  # type: ignore[no-untyped-def]
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.code


def paused(shop: Shop, periods: int = 1, **columns: object) -> str:
    """A subscription that is paused since the first of May."""
    subscription_id = shop.subscribe("starter", **columns)
    pause.pause(shop.runtime, shop.ada, subscription_id, periods)
    shop.clock.time = MAY
    renewal.sweep(shop.runtime)
    assert shop.read(subscription_id).status == "paused"
    return subscription_id


def test_whole_periods_are_offered_as_many_as_the_product_allows(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    offered = pause.options(shop.runtime, shop.ada, subscription_id)
    assert (offered.why_not, offered.now) == (None, START)
    assert [(choice.periods, choice.pauses_at, choice.resumes_at) for choice in offered.choices] == [
        (1, MAY, JUNE), (2, MAY, JULY), (3, MAY, AUGUST),
    ]  # fmt: skip
    assert {choice.charge.total_minor for choice in offered.choices} == {1190}
    assert offered.choices[0].charge.at == JUNE
    other = pause.options(shop.runtime, shop.ada, shop.subscribe("team"))
    assert (other.choices, other.why_not) == ((), "not_offered")


def test_a_pause_waits_for_the_end_of_the_period_and_costs_nothing(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    shop.clock.advance(days=10)
    planned = pause.pause(shop.runtime, shop.ada, subscription_id, 2)
    found = shop.read(subscription_id)
    assert planned == found
    assert found.scheduled_change == ScheduledChange("pause", MAY)
    assert (found.status, found.resumes_at, found.due_at) == ("active", JULY, MAY)
    assert shop.mails() == ["pause_scheduled"]
    shop.clock.time = MAY
    renewal.sweep(shop.runtime)
    found = shop.read(subscription_id)
    assert (found.status, found.due_at, found.scheduled_change) == ("paused", JULY, None)
    assert shop.taken() == 1190
    shop.is_sound()


def test_it_can_be_called_off_until_then(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    before = shop.read(subscription_id)
    pause.pause(shop.runtime, shop.ada, subscription_id, 1)
    for _ in range(2):
        assert pause.cancel_pause(shop.runtime, shop.ada, subscription_id) == shop.read(subscription_id)
    found = shop.read(subscription_id)
    assert (found.status, found.scheduled_change, found.resumes_at, found.due_at) == ("active", None, None, before.due_at)
    assert shop.mails() == ["pause_scheduled", "subscription_resumed"]
    shop.is_sound()


@pytest.mark.parametrize("periods", [0, -1, 4, 1000])
def test_no_other_length_can_be_had(shop: Shop, periods: int) -> None:
    subscription_id = shop.subscribe("starter")
    assert refusal(lambda: pause.pause(shop.runtime, shop.ada, subscription_id, periods)) == "pause_periods"
    assert shop.read(subscription_id).scheduled_change is None


def test_what_stands_against_it_is_said(shop: Shop) -> None:
    trial = shop.subscribe("starter", status="trialing", trial_end=START + timedelta(days=14))
    changing = shop.subscribe("pro")
    review = plan_change.review(shop.runtime, shop.ada, changing, shop.plans["starter"], 1)
    plan_change.confirm(shop.runtime, shop.ada, changing, review.quote)
    twice = shop.subscribe("starter")
    pause.pause(shop.runtime, shop.ada, twice, 1)
    for subscription_id, code in ((trial, "in_trial"), (changing, "plan_change_scheduled"), (twice, "pause_scheduled")):
        assert refusal(lambda about=subscription_id: pause.pause(shop.runtime, shop.ada, about, 1)) == code
        assert pause.options(shop.runtime, shop.ada, subscription_id).why_not == code
    assert refusal(lambda: pause.unpause_now(shop.runtime, shop.ada, twice)) == "not_paused"


def test_continuing_before_the_end_begins_a_new_period_and_is_charged_at_once(shop: Shop) -> None:
    subscription_id = paused(shop, 2)
    now = shop.clock.advance(days=9)
    shown = pause.review_unpause(shop.runtime, shop.ada, subscription_id)
    assert (shown.charge.total_minor, shown.charge.at, shown.period_end, shown.why_not) == (
        1190,
        now,
        datetime(2026, 6, 10, tzinfo=UTC),
        None,
    )
    done = pause.unpause_now(shop.runtime, shop.ada, subscription_id, version=shown.subscription.version)
    assert done.outcome == Outcome("succeeded")
    found = shop.read(subscription_id)
    assert found == done.subscription
    assert (found.status, found.anchor, found.period_start, found.period_end, found.resumes_at) == (
        "active",
        now,
        now,
        shown.period_end,
        None,
    )
    assert found.due_at == shown.period_end
    assert [payment.id for payment in shop.payments(subscription_id)][-1] == done.payment_id
    assert shop.taken() == 2 * 1190
    shop.is_sound()


def test_declined_it_is_overdue_and_goes_the_way_of_any_renewal(shop: Shop) -> None:
    subscription_id = paused(shop)
    shop.gateway.faults.append("decline:card_declined")
    done = pause.unpause_now(shop.runtime, shop.ada, subscription_id)
    assert done.outcome == Outcome("failed", "card_declined")
    assert shop.read(subscription_id).status == "past_due"
    shop.is_sound()


def test_pressed_twice_it_is_charged_once(shop: Shop) -> None:
    subscription_id = paused(shop)
    version = shop.read(subscription_id).version
    pause.unpause_now(shop.runtime, shop.ada, subscription_id, version=version)
    with pytest.raises(Conflict):
        pause.unpause_now(shop.runtime, shop.ada, subscription_id, version=version)
    assert refusal(lambda: pause.unpause_now(shop.runtime, shop.ada, subscription_id)) == "not_paused"
    assert shop.taken() == 2 * 1190


def test_a_page_that_is_out_of_date_is_not_acted_on(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    with pytest.raises(Conflict):
        pause.pause(shop.runtime, shop.ada, subscription_id, 1, version=shop.read(subscription_id).version - 1)
    assert shop.read(subscription_id).scheduled_change is None


def test_only_its_buyer_can(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    eve = shop.factory.buyer(shop.store)
    for call in (pause.options, pause.cancel_pause, pause.review_unpause, pause.unpause_now):
        with pytest.raises(NotFound):
            call(shop.runtime, eve, subscription_id)
    with pytest.raises(NotFound):
        pause.pause(shop.runtime, eve, subscription_id, 1)
