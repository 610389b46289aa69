"""Subscriptions by the API: read, and everything that a buyer may do in the portal, once and with a dry run."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from portico.api.subscriptions import NAMES
from portico.domain.why_not import SUBSCRIPTION_ACTIONS
from portico.services import pause, paying, renewal
from portico.services.runtime import Runtime
from portico.storage import subscription as subscriptions
from tests.api import plans
from tests.api.conftest import Program
from tests.api.plans import Desk
from tests.bank import BankGateway
from tests.conftest import SteppingClock
from tests.factories import Factory
from tests.services.shop import START
from tests.services.test_cancellation import overdue
from tests.web.browser import Answer

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
HALF = timedelta(days=15)
MAY, JUNE = "2026-05-01T00:00:00Z", "2026-06-01T00:00:00Z"


@pytest.fixture
def desk(runtime: Runtime, factory: Factory, gateway: BankGateway, clock: SteppingClock, program: Callable[..., Program]) -> Desk:
    return plans.open_desk(runtime, factory, gateway, clock, program)


def refusal(answer: Answer) -> str:
    assert answer.status == 409, answer.text
    assert answer.header("content-type") == "application/problem+json"
    return answer.json["code"]


def why(previewed: dict[str, Any]) -> str:
    assert previewed["possible"] is False
    assert previewed["reason"]["message"]
    return previewed["reason"]["code"]


# --- Reading


def test_one_tells_what_is_planned_what_it_costs_next_and_what_may_be_done(desk: Desk) -> None:
    subscription_id = desk.shop.subscribe("starter")
    found = desk.read(subscription_id)
    assert (found["status"], found["unit_amount"], found["currency"], found["interval"]) == ("active", "10.00", "EUR", "month")
    assert (found["billed_by"], found["scheduled_change"]) == ("portico", None)
    assert found["next_charge"] == {"at": MAY, "net": "10.00", "tax": "1.90", "total": "11.90", "currency": "EUR"}
    assert (found["buyer_id"], found["method"]["last4"]) == (desk.shop.ada.buyer_id, "4242")
    assert set(found["actions"]) == set(NAMES.values())
    assert set(NAMES) == set(SUBSCRIPTION_ACTIONS)
    assert found["actions"]["cancel"] == {"possible": True, "reason": None}
    assert found["actions"]["resume"]["reason"]["code"] == "not_canceling"


def test_the_list_is_newest_first_and_can_be_narrowed(desk: Desk) -> None:
    first, second = desk.shop.subscribe("starter"), desk.shop.subscribe("pro", created_at=START + timedelta(seconds=1))
    desk.do(first, "cancel")
    listed = desk.api.get("/v1/subscriptions").json
    assert ([each["id"] for each in listed["data"]], listed["has_more"]) == ([second, first], False)
    assert [each["id"] for each in desk.api.get("/v1/subscriptions?status=canceling").json["data"]] == [first]
    page = desk.api.get("/v1/subscriptions?limit=1").json
    assert [each["id"] for each in desk.api.get(f"/v1/subscriptions?limit=1&cursor={page['next_cursor']}").json["data"]] == [first]


# --- Cancel, resume


def test_cancel_and_resume_with_their_dry_runs(desk: Desk) -> None:
    subscription_id = desk.shop.subscribe("starter")
    foreseen = desk.try_out(subscription_id, "cancel", {"reason": "unused"})
    assert (foreseen["possible"], foreseen["effective_at"], foreseen["status"], foreseen["next_charge"]) == (True, MAY, "canceling", None)
    assert desk.read(subscription_id)["status"] == "active"
    done = desk.do(subscription_id, "cancel", {"reason": "unused", "comment": " Too much\x0a"}).json
    assert (done["result"], done["effective_at"], done["payment"]) == ("scheduled", MAY, None)
    left = done["subscription"]["cancellation"]
    assert (left["reason"], left["comment"], done["subscription"]["scheduled_change"]["kind"]) == ("unused", "Too much", "cancel")
    assert refusal(desk.do(subscription_id, "cancel")) == why(desk.try_out(subscription_id, "cancel")) == "already_canceling"
    back = desk.try_out(subscription_id, "resume")
    assert (back["status"], back["next_charge"]["total"]) == ("active", "11.90")
    resumed = desk.do(subscription_id, "resume").json
    assert (resumed["result"], resumed["subscription"]["status"], resumed["subscription"]["cancellation"]) == ("done", "active", None)
    assert refusal(desk.do(subscription_id, "resume")) == why(desk.try_out(subscription_id, "resume")) == "not_canceling"
    desk.shop.is_sound()


def test_history_names_the_key(desk: Desk) -> None:
    subscription_id = desk.shop.subscribe("starter")
    desk.do(subscription_id, "cancel")
    with desk.shop.runtime.database.read() as tx:
        assert subscriptions.history(tx, desk.shop.ada, subscription_id)[-1].actor.startswith("key:KEY_")


def test_what_is_wrong_with_a_reason_is_said_field_by_field(desk: Desk) -> None:
    subscription_id = desk.shop.subscribe("starter")
    wrong = {"reason": "moved", "comment": "4242 4242 4242 4242"}
    for path in ("cancel", "cancel?dry_run=true"):
        answer = desk.api.post(f"/v1/subscriptions/{subscription_id}/{path}", wrong)
        assert answer.status == 422
        assert {(each["field"], each["code"]) for each in answer.json["errors"]} == {
            ("reason", "reason_not_offered"), ("comment", "card_number"),
        }  # fmt: skip
        assert "too_expensive, missing_features" in answer.text
    unclear = desk.api.post(f"/v1/subscriptions/{subscription_id}/cancel?dry_run=yes", {})
    assert (unclear.status, unclear.json["errors"]) == (
        422, [{"field": "dry_run", "code": "value", "detail": "One of: true, false.", "example": "true"}],
    )  # fmt: skip
    assert desk.read(subscription_id)["status"] == "active"


# --- Change of plan


def test_an_upgrade_is_charged_once_as_quoted(desk: Desk) -> None:
    subscription_id = desk.shop.subscribe("starter")
    desk.shop.clock.advance(days=15)
    wish = {"product_id": desk.shop.plans["pro"]}
    foreseen = desk.try_out(subscription_id, "change", wish)
    assert (foreseen["timing"], foreseen["charge"]["total"], foreseen["next_charge"]["total"]) == ("now", "5.95", "23.80")
    assert [(line["kind"], line["net"]) for line in foreseen["lines"]] == [("credit", "-5.00"), ("charge", "10.00")]
    assert desk.shop.taken() == 1190
    wish["quote"] = foreseen["quote"]
    answers = [desk.do(subscription_id, "change", wish, key="upgrade") for _ in range(2)]
    assert (answers[0].status, answers[0].body) == (200, answers[1].body)
    assert answers[1].header("idempotent-replayed") == "true"
    done = answers[0].json
    assert (done["result"], done["payment"]["status"], done["subscription"]["product_name"]) == ("done", "succeeded", "pro")
    assert desk.shop.taken() == 1190 + 595
    assert refusal(desk.do(subscription_id, "change", wish)) == "quote_moved"
    assert desk.shop.taken() == 1190 + 595
    desk.shop.is_sound()


def test_a_downgrade_waits_and_can_be_taken_back(desk: Desk) -> None:
    subscription_id = desk.shop.subscribe("pro")
    wish = {"product_id": desk.shop.plans["starter"]}
    assert desk.try_out(subscription_id, "change", wish)["charge"] is None
    planned = desk.do(subscription_id, "change", wish).json
    assert (planned["result"], planned["effective_at"]) == ("scheduled", MAY)
    assert planned["subscription"]["scheduled_change"]["unit_amount"] == "10.00"
    assert planned["subscription"]["next_charge"]["total"] == "11.90"
    assert why(desk.try_out(subscription_id, "change", wish)) == "already_scheduled"
    assert desk.try_out(subscription_id, "keep")["next_charge"]["total"] == "23.80"
    assert desk.do(subscription_id, "keep").json["subscription"]["scheduled_change"] is None
    assert refusal(desk.do(subscription_id, "keep")) == why(desk.try_out(subscription_id, "keep")) == "nothing_scheduled"


def test_a_declined_card_changes_nothing_and_says_so(desk: Desk) -> None:
    subscription_id = desk.shop.subscribe("starter")
    desk.shop.clock.advance(days=15)
    desk.shop.gateway.faults.append("decline:insufficient_funds")
    done = desk.do(subscription_id, "change", {"product_id": desk.shop.plans["pro"]}).json
    assert (done["result"], done["payment"]["failure_code"], done["effective_at"]) == ("failed", "insufficient_funds", None)
    assert (done["subscription"]["product_name"], desk.shop.taken()) == ("starter", 1190)


def test_while_the_provider_is_silent_nothing_is_known_and_nothing_else_can_be_done(desk: Desk) -> None:
    subscription_id = desk.shop.subscribe("starter")
    desk.shop.clock.advance(days=15)
    desk.shop.gateway.faults.append("timeout_after")
    wish = {"product_id": desk.shop.plans["pro"]}
    done = desk.do(subscription_id, "change", wish).json
    assert (done["result"], done["payment"]["status"], done["subscription"]["product_name"]) == ("processing", "processing", "starter")
    assert refusal(desk.do(subscription_id, "change", wish)) == why(desk.try_out(subscription_id, "change", wish)) == "payment_open"
    paying.look(desk.shop.runtime, desk.shop.ada, done["payment"]["id"])
    assert desk.read(subscription_id)["product_name"] == "pro"
    assert desk.shop.taken() == 1190 + 595


@pytest.mark.parametrize(("on_session", "result"), [(True, "requires_action"), (False, "failed")])
def test_a_bank_that_asks_its_customer_is_answered_by_one_who_is_there(desk: Desk, on_session: bool, result: str) -> None:
    subscription_id = desk.shop.subscribe("starter")
    desk.shop.clock.advance(days=15)
    desk.shop.gateway.faults.append("requires_action")
    done = desk.do(subscription_id, "change", {"product_id": desk.shop.plans["pro"], "on_session": on_session}).json
    assert (done["result"], done["subscription"]["product_name"]) == (result, "starter")
    assert bool(done["payment"]["action_url"]) == on_session
    open_payment = done["subscription"]["open_payment"]
    assert (open_payment and open_payment["action_url"]) == done["payment"]["action_url"]
    assert desk.shop.taken() == 1190


def test_a_quote_that_is_not_what_was_sent_with_it_charges_nothing(desk: Desk) -> None:
    subscription_id = desk.shop.subscribe("starter")
    pro, yearly = desk.shop.plans["pro"], desk.shop.plans["yearly"]
    sealed = desk.try_out(subscription_id, "change", {"product_id": pro})["quote"]
    for body in (
        {"product_id": yearly, "quote": sealed},
        {"product_id": pro, "quantity": 2, "quote": sealed},
        {"product_id": pro, "quote": "x"},
    ):
        assert refusal(desk.do(subscription_id, "change", body)) == "quote_unreadable"
    desk.shop.clock.advance(minutes=10)
    assert refusal(desk.do(subscription_id, "change", {"product_id": pro, "quote": sealed})) == "quote_expired"
    desk.shop.set_price("pro", 2100)
    sealed = desk.try_out(subscription_id, "change", {"product_id": pro})["quote"]
    desk.shop.set_price("pro", 2200)
    assert refusal(desk.do(subscription_id, "change", {"product_id": pro, "quote": sealed})) == "quote_moved"
    assert desk.shop.taken() == 1190


def test_a_product_that_is_not_there_is_a_wrong_field_and_one_outside_the_group_a_reason(desk: Desk) -> None:
    subscription_id = desk.shop.subscribe("starter")
    foreign = desk.shop.factory.product(desk.shop.factory.store(), kind="subscription")
    answers = [desk.do(subscription_id, "change", {"product_id": each}) for each in (foreign, "PROD_0000000000000000000000")]
    assert [answer.status for answer in answers] == [422, 422]
    assert answers[0].json["errors"] == answers[1].json["errors"]
    outside = desk.shop.factory.product(desk.shop.store, kind="subscription")
    assert refusal(desk.do(subscription_id, "change", {"product_id": outside})) == "plan_outside_group"
    assert why(desk.try_out(desk.shop.subscribe("team"), "change", {"product_id": desk.shop.plans["team"]})) == "same_plan"


# --- Pause


def test_a_pause_is_planned_called_off_and_ended_early(desk: Desk) -> None:
    subscription_id = desk.shop.subscribe("starter")
    foreseen = desk.try_out(subscription_id, "pause", {"periods": 1})
    assert (foreseen["effective_at"], foreseen["next_charge"]["at"]) == (MAY, JUNE)
    assert why(desk.try_out(subscription_id, "pause", {"periods": 4})) == "pause_periods"
    assert desk.do(subscription_id, "pause", {"periods": 1}).json["subscription"]["resumes_at"] == JUNE
    assert desk.try_out(subscription_id, "cancel-pause")["next_charge"]["at"] == MAY
    assert desk.do(subscription_id, "cancel-pause").json["subscription"]["resumes_at"] is None
    assert refusal(desk.do(subscription_id, "cancel-pause")) == why(desk.try_out(subscription_id, "cancel-pause")) == "nothing_scheduled"
    pause.pause(desk.shop.runtime, desk.shop.ada, subscription_id, 1)
    desk.shop.clock.time = START + timedelta(days=30)
    renewal.sweep(desk.shop.runtime)
    desk.shop.clock.advance(days=5)
    foreseen = desk.try_out(subscription_id, "unpause")
    assert (foreseen["charge"]["total"], foreseen["effective_at"], foreseen["next_charge"]["at"]) == (
        "11.90", "2026-05-06T00:00:00Z", "2026-06-06T00:00:00Z",
    )  # fmt: skip
    assert desk.api.post(f"/v1/subscriptions/{subscription_id}/unpause", {}).json["code"] == "idempotency_key_required"
    done = [desk.do(subscription_id, "unpause", key="go on").json for _ in range(2)]
    assert done[0] == done[1]
    assert (done[0]["result"], done[0]["effective_at"], done[0]["subscription"]["status"]) == ("done", "2026-05-06T00:00:00Z", "active")
    assert desk.shop.taken() == 2 * 1190
    desk.shop.is_sound()


# --- Pay


def test_a_try_before_its_time_is_no_step_of_the_ladder(desk: Desk) -> None:
    subscription_id, _ = overdue(desk.shop)
    before = desk.shop.read(subscription_id)
    assert desk.read(subscription_id)["open_payment"]["failure_code"] == "card_declined"
    assert desk.try_out(subscription_id, "pay")["charge"]["total"] == "11.90"
    desk.shop.clock.advance(hours=2)
    desk.shop.gateway.faults.append("decline:card_declined")
    declined = desk.do(subscription_id, "pay").json
    assert (declined["result"], declined["payment"]["failure_code"]) == ("failed", "card_declined")
    after = desk.shop.read(subscription_id)
    assert (after.status, after.retry_step, after.due_at) == ("past_due", before.retry_step, before.due_at)
    paid = desk.do(subscription_id, "pay").json
    assert (paid["result"], paid["subscription"]["status"], paid["subscription"]["open_payment"]) == ("done", "active", None)
    assert refusal(desk.do(subscription_id, "pay")) == why(desk.try_out(subscription_id, "pay")) == "nothing_to_pay"
    assert desk.shop.taken() == 1190
    desk.shop.is_sound()
