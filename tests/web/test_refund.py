"""Asking for money back: one request at a time, its state in sight, and once more after it was declined."""

import pytest

from portico.services import refund
from portico.services.runtime import Runtime
from portico.storage import refund_ticket
from tests.bank import BankGateway
from tests.factories import Factory
from tests.web.browser import Answer, Browser
from tests.web.conftest import BASE, Plan, Shop


def ask(ada: Browser, plan: Plan, **fields: str) -> Answer:
    page = ada.get(f"{BASE}/payments/{plan.payment}/refund")
    return ada.submit(page, f"/payments/{plan.payment}/refund", **fields)


def the_ticket(runtime: Runtime, shop: Shop) -> str:
    with runtime.database.read() as tx:
        (ticket,) = refund_ticket.list(tx, shop.buyer)
    return ticket.id


def order_page(ada: Browser, plan: Plan) -> Answer:
    return ada.get(ada.get(plan.url).text.partition('<dd><a href="')[2].partition('"')[0])


def test_a_request_is_sent_seen_and_decided(ada: Browser, plan: Plan, shop: Shop, runtime: Runtime) -> None:
    assert f'href="{BASE}/payments/{plan.payment}/refund"' in order_page(ada, plan).text
    page = ada.follow(ask(ada, plan, reason="I could not sign in.\nAll month."))
    assert "We’ve got your request." in page.words
    assert "Your request Being looked at" in page.words
    assert "€11.90" in page.words
    assert "I could not sign in. All month." in page.words
    assert "Send the request" not in page.words
    assert "€11.90 Being looked at" in order_page(ada, plan).words
    refund.reject(runtime, the_ticket(runtime, shop), note="You did sign in, on March 3.")
    declined = ada.get(f"{BASE}/payments/{plan.payment}/refund")
    assert "Declined" in declined.words
    assert "You did sign in, on March 3." in declined.words
    again = ada.follow(ask(ada, plan, amount="5,00", reason="That was my colleague."))
    assert "Your request Being looked at" in again.words
    assert "€5.00" in again.words
    assert the_ticket(runtime, shop)  # the same request, once more


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"amount": "lots"}, "This isn’t an amount. It looks like 11.90."),
        ({"amount": ""}, "This isn’t an amount."),
        ({"amount": "11.91"}, "Please give an amount up to what you can still get back."),
        ({"amount": "-1"}, "Please give an amount up to what you can still get back."),
        ({"reason": ""}, "Please fill this in."),
        ({"reason": "4242 4242 4242 4242"}, "This looks like a card number."),
        ({"reason": "x" * 501}, "Please use at most 500 characters."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(
    ada: Browser, plan: Plan, runtime: Runtime, shop: Shop, fields: dict[str, str], said: str
) -> None:
    page = ask(ada, plan, **{"reason": "typed", **fields})
    assert page.status == 422
    assert said in page.words
    assert (fields.get("amount") or fields.get("reason") or "typed") in page.text
    with runtime.database.read() as tx:
        assert refund_ticket.list(tx, shop.buyer) == ()


def test_asking_twice_is_asking_once(ada: Browser, plan: Plan, runtime: Runtime, shop: Shop) -> None:
    page = ada.get(f"{BASE}/payments/{plan.payment}/refund")
    first, second = (ada.submit(page, f"/payments/{plan.payment}/refund", reason="Please.") for _ in range(2))
    assert (first.status, second.status) == (303, 409)
    assert "You’ve asked for this payment already." in second.words
    assert the_ticket(runtime, shop)


def test_what_was_paid_elsewhere_is_given_back_elsewhere(ada: Browser, shop: Shop, factory: Factory) -> None:
    order = factory.order(shop.buyer)
    payment = factory.payment(shop.buyer, order)
    assert "Ask for a refund" not in ada.get(f"{BASE}/orders/{order}").words
    page = ada.get(f"{BASE}/payments/{payment}/refund")
    assert "This is billed outside of this portal" in page.words
    assert "Send the request" not in page.words


def test_a_credit_note_is_found_where_invoices_are(ada: Browser, plan: Plan, gateway: BankGateway) -> None:
    assert "No documents of this kind" in ada.get(f"{BASE}/invoices?kind=credit_note").words
    assert ada.get(f"{BASE}/invoices?kind=nonsense").status == 400
