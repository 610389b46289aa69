"""Money back by the API: given without being asked for, and asked for, granted and declined."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from portico.domain.tax import TaxPolicy
from portico.services import refund, store_refund
from portico.services.runtime import Runtime
from tests.api import plans
from tests.api.conftest import Program
from tests.api.plans import Desk
from tests.bank import BankGateway
from tests.conftest import SteppingClock
from tests.factories import Factory
from tests.services.corrections import VIENNA, adopt, correct
from tests.web.browser import Answer

SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def desk(runtime: Runtime, factory: Factory, gateway: BankGateway, clock: SteppingClock, program: Callable[..., Program]) -> Desk:
    return plans.open_desk(runtime, factory, gateway, clock, program)


@pytest.fixture
def paid(desk: Desk) -> str:
    """A payment of 11.90 EUR."""
    (payment,) = desk.shop.payments(desk.shop.subscribe("starter"))
    return payment.id


def give(desk: Desk, key: str | None = "a wish", query: str = "", **body: Any) -> Answer:
    return desk.api.post(f"/v1/refunds{query}", body, idempotency=key)


def work(desk: Desk) -> None:
    """What a worker does."""
    for job in desk.shop.jobs(refund.JOB):
        refund.execute(desk.shop.runtime, job["key"], first=job["first"])


def refusal(answer: Answer) -> str:
    assert answer.status == 409, answer.text
    return answer.json["code"]


# --- Given without having been asked


def test_a_key_gives_back_once_whatever_runs_twice(desk: Desk, paid: str) -> None:
    foreseen = give(desk, None, "?dry_run=true", payment_id=paid, amount="5.00").json
    assert foreseen == {"possible": True, "reason": None, "amount": "5.00", "left": "6.90", "currency": "EUR"}
    assert desk.api.get("/v1/refunds").json["data"] == []
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: give(desk, payment_id=paid, amount="5.00", reason="Bought twice"), range(8)))
    assert {answer.status for answer in answers} <= {201, 409}
    made = {answer.json["id"] for answer in answers if answer.status == 201}
    assert len(made) == 1
    again = give(desk, payment_id=paid, amount="5.00", reason="Bought twice")
    assert (again.status, again.json["id"], again.header("idempotent-replayed")) == (201, *made, "true")
    work(desk)
    assert desk.shop.taken() == 1190 - 500
    found = desk.api.get(f"/v1/refunds/{again.json['id']}").json
    assert (found["status"], found["amount"], found["payment_id"], found["reason"]) == ("succeeded", "5.00", paid, "Bought twice")
    assert "refund_made" in desk.shop.mails()
    desk.shop.is_sound()


@SQLITE
def test_the_row_itself_knows_the_key_should_the_answer_be_lost(desk: Desk, paid: str) -> None:
    """What an answer that was never kept leads to: the handler runs again with the same key."""
    wish = {"key": "a wish", "actor": "key:KEY_1"}
    first = store_refund.create(desk.shop.runtime, desk.shop.ada, paid, None, **wish)
    assert store_refund.create(desk.shop.runtime, desk.shop.ada, paid, None, **wish) == first
    work(desk)
    assert store_refund.create(desk.shop.runtime, desk.shop.ada, paid, 1190, **wish) == first
    assert desk.shop.taken() == 0


@SQLITE
def test_never_more_than_is_left_and_a_wrong_amount_is_a_wrong_field(desk: Desk, paid: str) -> None:
    for amount in ("11.91", "0.00", "1.234"):
        answer = give(desk, amount, payment_id=paid, amount=amount)
        assert (answer.status, [each["field"] for each in answer.json["errors"]]) == (422, ["amount"])
    assert give(desk, "card", payment_id=paid, reason="4242 4242 4242 4242").json["errors"][0]["code"] == "card_number"
    assert give(desk, "all", payment_id=paid).json["amount"] == "11.90"
    assert refusal(give(desk, "more", payment_id=paid)) == "already_refunded"
    assert give(desk, None, "?dry_run=true", payment_id=paid).json["reason"]["code"] == "already_refunded"
    assert give(desk, None, payment_id=paid).json["code"] == "idempotency_key_required"


@SQLITE
def test_a_payment_of_somebody_else_is_none(desk: Desk) -> None:
    shop = desk.shop
    elsewhere = shop.factory.buyer(shop.factory.store())
    foreign = shop.factory.payment(elsewhere, shop.factory.order(elsewhere), keyed=True)
    answers = [give(desk, each, payment_id=each) for each in (foreign, "PAY_0000000000000000000000")]
    assert [(answer.status, answer.json["errors"][0]["field"]) for answer in answers] == [(422, "payment_id")] * 2
    assert answers[0].json["errors"] == answers[1].json["errors"]


@SQLITE
def test_while_the_buyers_request_waits_it_is_the_way(desk: Desk, paid: str) -> None:
    refund.ask(desk.shop.runtime, desk.shop.ada, paid, "5.00", "Not what I wanted")
    assert refusal(give(desk, payment_id=paid, amount="5.00")) == "refund_ticket_open"


@SQLITE
def test_tax_on_its_way_back_comes_first(desk: Desk, paid: str) -> None:
    adopt(desk.shop, TaxPolicy(refund_tax=True))
    (payment,) = desk.shop.payments(desk.shop.subscribe("starter"))
    correct(desk.shop, payment, VIENNA)
    assert refusal(give(desk, payment_id=payment.id, amount="1.00")) == "correction_under_way"


# --- Asked for


def ticket(desk: Desk, payment_id: str, **body: Any) -> dict[str, Any]:
    answer = desk.api.post("/v1/refund-tickets", {"payment_id": payment_id, "reason": "I bought it twice.", **body})
    assert answer.status == 201, answer.text
    return answer.json


@SQLITE
def test_a_request_is_made_for_a_buyer_and_granted_once(desk: Desk, paid: str) -> None:
    assert desk.api.post("/v1/refund-tickets?dry_run=true", {"payment_id": paid, "reason": "Twice"}).json["amount"] == "11.90"
    asked = ticket(desk, paid, amount="5.00", external_id="case-7", metadata={"agent": "Bo"})
    assert (asked["status"], asked["amount"], asked["buyer_id"], asked["metadata"]) == (
        "pending", "5.00", desk.shop.ada.buyer_id, {"agent": "Bo"},
    )  # fmt: skip
    assert refusal(desk.api.post("/v1/refund-tickets", {"payment_id": paid, "reason": "Again"})) == "refund_ticket_open"
    assert [each["id"] for each in desk.api.get("/v1/refund-tickets?status=pending").json["data"]] == [asked["id"]]
    path = f"/v1/refund-tickets/{asked['id']}/approve"
    assert desk.api.post(f"{path}?dry_run=true", {}).json["amount"] == "5.00"
    granted = desk.api.post(path, {"note": "Of course."}, idempotency="yes").json
    assert (granted["status"], granted["note"]) == ("approved", "Of course.")
    assert refusal(desk.api.post(path, {}, idempotency="again")) == "refund_ticket_decided"
    assert desk.api.post(f"{path}?dry_run=true", {}).json["reason"]["code"] == "refund_ticket_decided"
    work(desk)
    assert desk.shop.taken() == 1190 - 500
    assert desk.api.get(f"/v1/refund-tickets/{asked['id']}").json["status"] == "succeeded"
    assert desk.api.get(f"/v1/refunds/{granted['refund_id']}").json["refund_ticket_id"] == asked["id"]
    desk.shop.is_sound()


@SQLITE
def test_declined_it_may_be_made_again(desk: Desk, paid: str) -> None:
    asked = ticket(desk, paid)
    path = f"/v1/refund-tickets/{asked['id']}"
    assert refusal(desk.api.post(f"{path}/resubmit", {"reason": "Please"})) == "refund_ticket_not_declined"
    assert desk.api.post(f"{path}/reject?dry_run=true", {}).json["possible"] is True
    assert desk.api.post(f"{path}/reject", {"note": "Too late"}).json["status"] == "rejected"
    assert refusal(desk.api.post(f"{path}/reject", {})) == "refund_ticket_decided"
    assert desk.api.post(f"{path}/resubmit?dry_run=true", {"reason": "Please", "amount": "3.00"}).json["amount"] == "3.00"
    again = desk.api.post(f"{path}/resubmit", {"reason": "Please", "amount": "3.00"}).json
    assert (again["id"], again["version"], again["status"], again["amount"], again["note"]) == (asked["id"], 2, "pending", "3.00", "")


@SQLITE
def test_all_that_is_wrong_with_a_request_is_said(desk: Desk, paid: str) -> None:
    answer = desk.api.post("/v1/refund-tickets", {"payment_id": paid, "amount": "99.00", "reason": " "})
    assert answer.status == 422
    assert {(each["field"], each["code"]) for each in answer.json["errors"]} == {("amount", "refund_amount"), ("reason", "required")}
