"""Changing plan and quantity: the pages say what will be charged, and exactly that is."""

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from portico.domain.tax import TaxPolicy
from portico.domain.tax_table import starting_set
from portico.services import billing_detail, store_tax
from portico.services.runtime import Runtime
from portico.storage import store as stores
from portico.storage import tables
from portico.storage.database import count_statements
from tests.bank import BankGateway
from tests.conftest import SteppingClock
from tests.web.browser import Answer, Browser
from tests.web.conftest import BASE, Plan, Shop
from tests.web.test_security import snapshot

CHANGE = "/change"


def confirm(ada: Browser, plan: Plan, review: Answer) -> Answer:
    return ada.submit(review, f"/subscriptions/{plan.subscription}/change")


def taken(gateway: BankGateway) -> list[int]:
    return [capture.amount_minor for capture in gateway.bank.captures()]


def set_price(runtime: Runtime, product_id: str, minor: int) -> None:
    with runtime.database.transaction() as tx:
        tx.execute(sa.update(tables.price).where(tables.price.c.product_id == product_id).values(amount_minor=minor))


def test_the_plans_say_what_each_would_mean(ada: Browser, plan: Plan) -> None:
    page = ada.get(plan.url + CHANGE)
    assert page.status == 200
    text = page.words
    assert "Your plan" in text
    assert "€22.10 today, then €59.50 per month from Mar 27, 2026." in text
    assert "€4.76 per month from Mar 27, 2026, and nothing to pay today." in text


def test_an_upgrade_charges_what_the_review_and_the_button_say(ada: Browser, plan: Plan, gateway: BankGateway) -> None:
    review = ada.get(plan.review("Large"))
    text = review.words
    assert "You switch to Large right away and pay €22.10 today. From Mar 27, 2026 on it’s €59.50 per month." in text
    for line in ("Unused time on Small", "-€4.64", "€23.21", "€3.53", "To pay today €22.10", "Visa ending in 4242", "Europe/Berlin"):
        assert line in text
    assert "Pay €22.10 and switch" in text
    done = confirm(ada, plan, review)
    assert taken(gateway) == [2210]
    outcome = ada.follow(done)
    assert "You’re on Large now" in outcome.words
    assert re.findall(r"(Invoice|Receipt) [A-Z]+-2026-0000\d\d", outcome.words) == ["Invoice", "Receipt"]
    assert "Large" in ada.get(plan.url).words
    assert "€59.50" in ada.get(plan.url).words


def test_a_buyer_who_moved_sees_which_tax_is_given_back_and_which_is_charged(
    ada: Browser, plan: Plan, gateway: BankGateway, runtime: Runtime, shop: Shop
) -> None:
    with runtime.database.read() as connection:
        store_tax.decide(runtime, stores.get(connection, shop.store.store_id), policy=TaxPolicy(), rules=starting_set("DE"))
    stale = ada.get(plan.review("Large"))
    _, version = billing_detail.read(runtime, shop.buyer)
    billing_detail.save(runtime, shop.buyer, {"country": "FR", "name": "Ada Byron"}, version)
    review = confirm(ada, plan, stale)
    assert taken(gateway) == [], "what was shown before holds no longer"
    review = ada.get(plan.review("Large"))
    assert "Tax (20%) €4.64 Tax (19%) -€0.88 To pay today €22.33" in review.words
    confirm(ada, plan, review)
    assert taken(gateway) == [2233]


def test_a_quantity_is_part_of_the_change(ada: Browser, plan: Plan, gateway: BankGateway) -> None:
    review = ada.get(plan.review("Small", 3))
    assert "You switch to 3 × Small right away" in review.words
    confirm(ada, plan, review)
    assert taken(gateway) == [1106]
    assert "Quantity 3" in ada.get(plan.url).words


def test_a_downgrade_costs_nothing_waits_and_can_be_taken_back(ada: Browser, plan: Plan, gateway: BankGateway) -> None:
    review = ada.get(plan.review("Tiny"))
    assert "You keep Small until Mar 27, 2026 and pay nothing today. Then you switch to Tiny for €4.76 per month." in review.words
    assert "Switch on Mar 27, 2026" in review.words
    page = ada.follow(confirm(ada, plan, review))
    assert "We’ve noted the change" in page.words
    assert "Switches to Tiny on Mar 27, 2026." in page.words
    kept = ada.follow(ada.submit(page, f"/subscriptions/{plan.subscription}/keep"))
    assert "You keep your current plan" in kept.words
    assert "Switches to" not in kept.words
    assert "You keep your current plan" not in ada.get(plan.url).words  # said once
    assert taken(gateway) == []


def test_a_declined_card_leaves_the_old_plan_and_says_why(ada: Browser, plan: Plan, gateway: BankGateway) -> None:
    gateway.faults.append("decline:insufficient_funds")
    page = ada.follow(confirm(ada, plan, ada.get(plan.review("Large"))))
    text = page.words
    assert "didn’t go through" in text
    assert "There was not enough money on the card." in text
    assert "You still have Small. Nothing has changed." in text
    again = page.text.partition('class="button primary" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert confirm(ada, plan, ada.get(again)).status == 303
    assert taken(gateway) == [2210]


def test_a_bank_that_asks_is_visited_and_the_change_waits_for_it(ada: Browser, plan: Plan, gateway: BankGateway) -> None:
    gateway.faults.append("requires_action")
    sent = confirm(ada, plan, ada.get(plan.review("Large")))
    bank_page = sent.header("location") or ""
    assert (sent.status, bank_page.startswith("https://bank.test/")) == (303, True)
    overview, subscription = ada.get(BASE), ada.get(plan.url)
    assert "A payment for Small is being confirmed." in overview.words
    assert "Your bank asks you to confirm a payment of €22.10" in subscription.words
    here = subscription.text.partition("/payments/")[2].partition("/confirm")[0]
    assert ada.get(f"{BASE}/payments/{here}/confirm").header("location") == bank_page
    assert "Small" in ada.get(f"{BASE}/payments/{here}").words
    gateway.bank.confirm_charge(gateway.bank.find_charge(f"{here}-1").id, approved=True)  # type: ignore[union-attr]
    back = ada.get(f"{BASE}/payments/{here}")
    assert "You’re on Large now" in back.words
    assert ada.get(f"{BASE}/payments/{here}/confirm").header("location") == f"{BASE}/payments/{here}"


def test_no_answer_is_not_a_failure(ada: Browser, plan: Plan, gateway: BankGateway) -> None:
    gateway.faults += ["timeout_after", "find_timeout", "find_timeout"]
    page = ada.follow(confirm(ada, plan, ada.get(plan.review("Large"))))
    assert "Your payment of €22.10 is being confirmed" in page.words
    assert "Please don’t pay a second time." in page.words
    assert 'data-poll="' in page.text
    assert ada.get(page.path, (b"accept", b"application/json")).json == {"state": "answer"}
    assert ada.get(page.path, (b"accept", b"application/json")).json == {"state": "succeeded"}
    assert "You’re on Large now" in ada.get(page.path).words
    assert taken(gateway) == [2210]


def test_a_price_that_moved_is_shown_anew_and_not_charged(ada: Browser, plan: Plan, gateway: BankGateway, runtime: Runtime) -> None:
    review = ada.get(plan.review("Large"))
    set_price(runtime, plan.others["Large"], 6000)
    moved = confirm(ada, plan, review)
    assert moved.status == 409
    assert "Something changed since you saw the price. Nothing was changed or charged. This is what it would be now:" in moved.words
    assert "Pay €27.63 and switch" in moved.words
    assert taken(gateway) == []
    assert ada.follow(confirm(ada, plan, moved)).status == 200
    assert taken(gateway) == [2763]


def test_a_price_holds_for_ten_minutes(ada: Browser, plan: Plan, gateway: BankGateway, clock: SteppingClock) -> None:
    review = ada.get(plan.review("Large"))
    clock.advance(minutes=10)
    late = confirm(ada, plan, review)
    assert late.status == 409
    assert "The price was shown more than 10 minutes ago." in late.words
    assert taken(gateway) == []


def test_pressing_twice_charges_once(ada: Browser, plan: Plan, gateway: BankGateway) -> None:
    review = ada.get(plan.review("Large"))
    first, second = confirm(ada, plan, review), confirm(ada, plan, review)
    assert (first.status, second.status) == (303, 409)
    assert "You have exactly this already." in second.words
    assert f'href="{plan.url}"' in second.text
    assert taken(gateway) == [2210]


def test_a_second_tab_finds_a_change_under_way(ada: Browser, plan: Plan, gateway: BankGateway) -> None:
    one, other = ada.get(plan.review("Large")), ada.get(plan.review("Yearly"))
    gateway.faults.append("processing")
    confirm(ada, plan, one)
    late = confirm(ada, plan, other)
    assert late.status == 409
    assert "A payment is being confirmed." in late.words
    assert len(gateway.bank.captures()) == 0


@pytest.mark.parametrize(
    ("quantity", "status", "said"),
    [
        ("6", 409, "This plan isn’t available in that quantity."),
        ("0", 409, "This plan isn’t available in that quantity."),
        ("-1", 400, "The address is damaged."),
        ("1.5", 400, "The address is damaged."),
        ("9999999999", 400, "The address is damaged."),
        ("", 400, "The address is damaged."),
    ],
)
def test_a_quantity_that_is_not_offered_is_said_beside_the_plans(ada: Browser, plan: Plan, quantity: str, status: int, said: str) -> None:
    page = ada.get(f"{plan.url}/change/review?plan={plan.others['Large']}&quantity={quantity}")
    assert page.status == status
    assert said in page.words
    assert status == 400 or "Choose Large" in page.words


def test_where_nothing_can_be_changed_the_subscription_says_why(
    ada: Browser, shop: Shop, subscribe: Callable[..., Plan], runtime: Runtime
) -> None:
    elsewhere = subscribe(managed=False)
    assert ada.get(elsewhere.url + CHANGE).header("location") == elsewhere.url
    assert "This is billed outside of this portal" in ada.get(elsewhere.url).words
    before = snapshot(runtime)
    csrf = ada.get(BASE).form("/language")["csrf"]
    answer = ada.post(elsewhere.url + CHANGE, {"csrf": csrf, "quote": "x", "plan": elsewhere.others["Large"], "quantity": "1"})
    assert answer.status == 409
    assert "This is billed outside of this portal" in answer.words
    assert snapshot(runtime) == before


def test_looking_changes_nothing(ada: Browser, plan: Plan, runtime: Runtime) -> None:
    before = snapshot(runtime)
    for path in ("", "/change", "/cancel", "/pause", "/continue"):
        ada.get(plan.url + path)
    ada.get(plan.review("Large"))
    assert snapshot(runtime) == before


def test_what_the_pages_cost(ada: Browser, plan: Plan, runtime: Runtime) -> None:
    limits = {plan.url: 6, plan.url + "/cancel": 5, plan.url + "/pause": 6, plan.url + "/change": 7, plan.review("Large"): 7}
    spent: dict[str, int] = {}
    for url in limits:
        with count_statements(runtime.database) as counted:
            assert ada.get(url).status == 200
        spent[url] = counted.count
    assert {url: count for url, count in spent.items() if count > limits[url]} == {}
