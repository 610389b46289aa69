"""Canceling in the portal: until when, why (who likes), done; and back again."""

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from portico.domain.cancellation import DEFAULT_REASONS
from portico.services.runtime import Runtime
from portico.storage import tables
from tests.bank import BankGateway
from tests.web.browser import Answer, Browser
from tests.web.conftest import BASE, Plan, Shop


def cancel(ada: Browser, plan: Plan, **fields: str) -> Answer:
    return ada.submit(ada.get(plan.url + "/cancel"), f"/subscriptions/{plan.subscription}/cancel", **fields)


def kept(runtime: Runtime) -> list[tuple[str | None, str]]:
    with runtime.database.read() as tx:
        rows = tx.execute(sa.select(tables.cancellation.c.reason_code, tables.cancellation.c.comment)).all()
    return [(row.reason_code, row.comment) for row in rows]


def test_the_page_says_until_when_and_asks_why_without_insisting(ada: Browser, plan: Plan) -> None:
    page = ada.get(plan.url + "/cancel")
    assert page.status == 200
    assert "You can use it until Mar 27, 2026, as you’ve paid for. After that it ends and nothing more is charged." in page.words
    assert page.text.count('type="radio"') == len(DEFAULT_REASONS)
    assert "required" not in page.text.partition("<form class=")[2].partition("</form>")[0]


def test_it_is_two_taps_from_the_overview(ada: Browser, plan: Plan) -> None:
    assert f'href="{plan.url}"' in ada.get(BASE).text
    assert f'href="{plan.url}/cancel"' in ada.get(plan.url).text


def test_canceling_needs_no_reason_and_can_be_taken_back(ada: Browser, plan: Plan, runtime: Runtime) -> None:
    page = ada.follow(cancel(ada, plan))
    assert "You’ve canceled." in page.words
    assert "Ends on Mar 27, 2026. You keep access until then." in page.words
    assert kept(runtime) == [(None, "")]
    back = ada.follow(ada.submit(page, f"/subscriptions/{plan.subscription}/resume"))
    assert "Good to have you back." in back.words
    assert "Ends on" not in back.words
    assert "Next charge €11.90" in back.words


def test_a_reason_and_a_comment_are_kept(ada: Browser, plan: Plan, runtime: Runtime) -> None:
    cancel(ada, plan, reason="unused", comment="I moved to the sea.\nNo stars there.")
    assert kept(runtime) == [("unused", "I moved to the sea.\nNo stars there.")]


def test_the_reasons_stand_in_another_order_each_time_and_other_is_last(ada: Browser, plan: Plan) -> None:
    pages = [ada.get(plan.url + "/cancel").text for _ in range(6)]
    codes = [tuple(re.findall(r'name="reason" value="(\w+)"', page)) for page in pages]
    assert len(set(codes)) > 1
    assert {one[-1] for one in codes} == {"other"}
    assert {frozenset(one) for one in codes} == {frozenset(DEFAULT_REASONS)}


def test_a_stores_own_reasons_are_in_the_buyers_language(ada: Browser, plan: Plan, shop: Shop, runtime: Runtime) -> None:
    own = [{"code": "cloudy", "label": {"en": "Too cloudy here", "de": "Zu bewölkt hier"}}]
    with runtime.database.transaction() as tx:
        tx.execute(sa.update(tables.store).where(tables.store.c.id == shop.store.store_id).values(cancel_reasons=own))
    assert "Too cloudy here" in ada.get(plan.url + "/cancel").words
    ada.language = "de"
    page = ada.get(plan.url + "/cancel")
    assert "Zu bewölkt hier" in page.words
    assert "too_expensive" not in page.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"comment": "x" * 501}, "This is too long. Please use at most 500 characters."),
        ({"comment": "4242 4242 4242 4242"}, "This looks like a card number."),
        ({"reason": "no such reason"}, "Please choose one from the list."),
    ],
)
def test_what_cannot_be_kept_is_said_and_what_was_typed_stays(
    ada: Browser, plan: Plan, runtime: Runtime, fields: dict[str, str], said: str
) -> None:
    page = cancel(ada, plan, **{"comment": "typed", **fields})
    assert page.status == 422
    assert said in page.words
    assert fields.get("comment", "typed") in page.text
    assert kept(runtime) == []


def test_canceling_twice_is_canceling_once(ada: Browser, plan: Plan, runtime: Runtime) -> None:
    page = ada.get(plan.url + "/cancel")
    for _ in range(2):
        answer = ada.submit(page, f"/subscriptions/{plan.subscription}/cancel", reason="unused")
        assert answer.header("location") == plan.url
    assert len(kept(runtime)) == 1
    assert ada.get(plan.url + "/cancel").header("location") == plan.url


def test_a_page_from_before_something_changed_is_refused_with_a_way_back(ada: Browser, plan: Plan, runtime: Runtime) -> None:
    old = ada.get(plan.url + "/cancel")
    review = ada.get(plan.review("Large"))
    ada.submit(review, f"/subscriptions/{plan.subscription}/change")
    answer = ada.submit(old, f"/subscriptions/{plan.subscription}/cancel")
    assert answer.status == 409
    assert "This changed in the meantime" in answer.words
    assert f'href="{plan.url}/cancel"' in answer.text
    assert kept(runtime) == []


def test_an_aged_form_comes_back_with_what_was_typed(ada: Browser, plan: Plan, runtime: Runtime) -> None:
    form = ada.get(plan.url + "/cancel").form(f"/subscriptions/{plan.subscription}/cancel")
    page = ada.post(plan.url + "/cancel", {**form, "csrf": "old", "comment": "typed", "reason": "unused"})
    assert page.status == 403
    assert "Nothing was changed yet." in page.words
    assert "typed" in page.text
    assert page.text.count("checked") == 1
    assert kept(runtime) == []


def test_a_trial_ends_when_it_would_have_ended(ada: Browser, subscribe: Callable[..., Plan], factory) -> None:  # type: ignore[no-untyped-def]
    trial = subscribe(status="trialing", trial_end=factory.now.replace(day=20))
    assert "You can use it until Mar 20, 2026, when the free trial ends. Nothing is charged." in ada.get(trial.url + "/cancel").words


def test_what_is_not_paid_for_ends_at_once(ada: Browser, subscribe: Callable[..., Plan], gateway: BankGateway) -> None:
    overdue = subscribe(status="past_due")
    assert "It ends right away, and nothing more is charged." in ada.get(overdue.url + "/cancel").words
    page = ada.follow(cancel(ada, overdue))
    assert "You’ve canceled, and it has ended." in page.words
    assert "Manage your subscription" not in page.words
    assert gateway.calls == []
