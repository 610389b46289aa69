"""Changing plan or quantity: shown, confirmed, charged, in effect."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest

from portico.domain.errors import Conflict, NotFound, Refused
from portico.domain.proration import PlanChange
from portico.domain.scope import BuyerScope
from portico.domain.subscription import ScheduledChange
from portico.services import charging, paying, plan_change, renewal
from portico.services.charging import Outcome
from portico.services.plan_change import Confirmed
from portico.services.quote import Stale
from portico.storage import payment as payments
from portico.storage import tables
from portico.storage.database import count_statements
from tests.services.shop import START, Shop

APRIL_ENDS = START + timedelta(days=30)
PAID = 1190  # April of the starter plan, tax included


def to(shop: Shop, subscription_id: str, plan: str, quantity: int = 1) -> Confirmed:
    """Reviews and confirms."""
    review = plan_change.review(shop.runtime, shop.ada, subscription_id, shop.plans[plan], quantity)
    return plan_change.confirm(shop.runtime, shop.ada, subscription_id, review.quote)


def why(call: Callable[[], object]) -> str:
    """The code of the refusal a call meets."""
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.code


def stale(shop: Shop, subscription_id: str, sealed: str) -> str:
    """Why a quote is not taken; nothing may have come of it."""
    before, taken = shop.read(subscription_id), shop.taken()
    with pytest.raises(Stale) as moved:
        plan_change.confirm(shop.runtime, shop.ada, subscription_id, sealed)
    assert isinstance(moved.value, Conflict)
    assert (shop.read(subscription_id), shop.taken(), len(shop.payments(subscription_id))) == (before, taken, 1)
    return moved.value.code


# --- An upgrade


def test_an_upgrade_is_charged_and_in_effect_at_once(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    now = shop.clock.advance(days=15)
    review = plan_change.review(shop.runtime, shop.ada, subscription_id, shop.plans["pro"], 1)
    assert (review.change.timing, review.change.net_minor, review.change.tax_minor, review.change.total_minor) == ("now", 500, 95, 595)
    done = plan_change.confirm(shop.runtime, shop.ada, subscription_id, review.quote)
    assert done.outcome == Outcome("succeeded")
    assert done.change == review.change
    found = shop.read(subscription_id)
    assert (found.product_id, found.product_name, found.unit_minor) == (shop.plans["pro"], "pro", 2000)
    assert (found.period_start, found.period_end, found.due_at) == (START, APRIL_ENDS, APRIL_ENDS)
    paid = shop.payments(subscription_id)[-1]
    assert (paid.id, paid.purpose, paid.status, paid.total_minor) == (done.payment_id, "change", "succeeded", 595)
    assert [(line.description, line.net_minor, line.period_start, line.period_end) for line in paid.lines] == [
        ("starter", -500, now, APRIL_ENDS), ("pro", 1000, now, APRIL_ENDS),
    ]  # fmt: skip
    assert shop.documents(subscription_id) == ["INV-2026-000001", "REC-2026-000001", "INV-2026-000002", "REC-2026-000002"]
    assert shop.taken() == PAID + 595
    assert shop.mails() == ["plan_changed"]
    assert shop.jobs("charge") == []
    shop.is_sound()


def test_a_dearer_interval_begins_a_new_period(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    now = shop.clock.advance(days=15)
    done = to(shop, subscription_id, "yearly")
    assert done.change.net_minor == 30000 - 500
    found = shop.read(subscription_id)
    assert (found.interval, found.anchor, found.period_index, found.period_start) == ("year", now, 0, now)
    assert found.due_at == found.period_end == now.replace(year=now.year + 1)
    shop.is_sound()


def test_two_upgrades_at_one_instant_cost_what_one_does(shop: Shop) -> None:
    by_way, straight = shop.subscribe("starter"), shop.subscribe("starter")
    shop.clock.advance(days=10)
    totals = [to(shop, by_way, plan).change.net_minor for plan in ("pro", "yearly")]
    assert sum(totals) == to(shop, straight, "yearly").change.net_minor
    shop.is_sound()


def test_another_quantity_is_a_change_as_any(shop: Shop) -> None:
    subscription_id = shop.subscribe("team", quantity=2)
    shop.clock.advance(days=15)
    more = to(shop, subscription_id, "team", 6)
    assert (more.change.timing, more.change.net_minor, shop.read(subscription_id).quantity) == ("now", 1000, 6)
    fewer = to(shop, subscription_id, "team", 1)
    assert (fewer.change.timing, fewer.change.total_minor, shop.read(subscription_id).quantity) == ("period_end", 0, 6)
    assert [why(lambda n=n: to(shop, subscription_id, "team", n)) for n in (0, 51, -1, 6)] == [*["quantity_range"] * 3, "same_plan"]
    shop.is_sound()


def test_in_the_last_instant_an_upgrade_is_free_and_at_once(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    shop.clock.time = APRIL_ENDS - timedelta(milliseconds=1)
    done = to(shop, subscription_id, "pro")
    assert (done.change.timing, done.change.total_minor, done.payment_id, done.outcome) == ("now", 0, None, None)
    assert shop.read(subscription_id).product_name == "pro"
    assert shop.taken() == PAID
    assert shop.mails() == ["plan_changed"]
    shop.is_sound()


def test_in_a_trial_a_change_costs_nothing_and_the_trial_ends_when_it_would_have(shop: Shop) -> None:
    ends = START + timedelta(days=14)
    subscription_id = shop.subscribe("starter", status="trialing", trial_end=ends)
    shop.clock.advance(days=3)
    done = to(shop, subscription_id, "pro")
    assert (done.change.timing, done.outcome) == ("now", None)
    found = shop.read(subscription_id)
    assert (found.product_name, found.status, found.trial_end, found.due_at) == ("pro", "trialing", ends, ends)
    assert shop.taken() == 0


def test_what_was_given_back_is_not_credited_again(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    (paid,) = shop.payments(subscription_id)
    shop.clock.advance(days=15)
    shop.factory.refund(shop.ada, paid.id, amount_minor=PAID)
    shop.set(tables.payment, paid.id, refunded_minor=PAID)
    assert plan_change.review(shop.runtime, shop.ada, subscription_id, shop.plans["pro"], 1).change.net_minor == 1000


# --- When the card says no, or nothing


def test_declined_the_old_plan_stays_and_another_card_may_be_tried(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    shop.clock.advance(days=15)
    shop.gateway.faults.append("decline:insufficient_funds")
    done = to(shop, subscription_id, "pro")
    assert done.outcome == Outcome("failed", "insufficient_funds")
    found = shop.read(subscription_id)
    assert (found.product_name, found.status, found.unit_minor, found.due_at) == ("starter", "active", 1000, APRIL_ENDS)
    assert shop.mails() == ["plan_change_failed"]
    assert shop.taken() == PAID
    shop.is_sound()
    card = shop.gateway.save_card("ada@example.com", customer=found.customer_reference)
    shop.set(tables.subscription, subscription_id, method_reference=card.method)
    assert to(shop, subscription_id, "pro").outcome == Outcome("succeeded")
    assert shop.taken() == PAID + 595
    shop.is_sound()


def test_without_a_card_nothing_is_asked_for(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter", method_reference=None)
    shop.gateway.calls.clear()
    assert to(shop, subscription_id, "pro").outcome == Outcome("failed", "no_payment_method")
    assert shop.gateway.calls == []
    assert shop.read(subscription_id).product_name == "starter"
    shop.is_sound()


def test_a_bank_that_asks_the_buyer_changes_nothing_until_he_has_answered(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    shop.gateway.faults.append("requires_action")
    done = to(shop, subscription_id, "pro")
    assert done.outcome is not None
    assert done.payment_id is not None
    assert done.outcome.status == "requires_action"
    assert (done.outcome.action_url or "").startswith("https://bank.test/")
    found = shop.read(subscription_id)
    assert (found.product_name, found.due_at) == ("starter", None)
    assert why(lambda: to(shop, subscription_id, "twin")) == "payment_open"
    assert paying.look(shop.runtime, shop.ada, done.payment_id).status == "pending"
    shop.gateway.bank.confirm_charge(charge_of(shop, done.payment_id), approved=True)
    assert paying.look(shop.runtime, shop.ada, done.payment_id).status == "succeeded"
    assert shop.read(subscription_id).product_name == "pro"
    shop.is_sound()


def test_a_buyer_who_never_comes_back_loses_nothing(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    shop.gateway.faults.append("requires_action")
    done = to(shop, subscription_id, "pro")
    (job,) = shop.jobs("charge")
    shop.clock.advance(minutes=59)
    assert charging.charge(shop.runtime, job["key"]).status == "requires_action"
    shop.clock.advance(minutes=1)
    assert charging.charge(shop.runtime, job["key"]).status == "failed"
    assert shop.payments(subscription_id)[-1].attempts[-1].failure_code == "authentication_required"
    assert done.payment_id is not None
    assert shop.gateway.bank.charge_by_id(charge_of(shop, done.payment_id)).status == "canceled"
    found = shop.read(subscription_id)
    assert (found.product_name, found.due_at, shop.taken()) == ("starter", APRIL_ENDS, PAID)
    shop.is_sound()


@pytest.mark.parametrize("fault", ["timeout_before", "error_before", "timeout_after", "error_after"])
def test_an_answer_that_is_lost_is_neither_yes_nor_no(shop: Shop, fault: str) -> None:
    subscription_id = shop.subscribe("starter")
    shop.clock.advance(days=15)
    shop.gateway.faults.append(fault)
    done = to(shop, subscription_id, "pro")
    assert done.outcome == Outcome("unknown")
    assert shop.payments(subscription_id)[-1].status == "unknown"
    assert (shop.read(subscription_id).product_name, shop.read(subscription_id).due_at) == ("starter", None)
    assert why(lambda: to(shop, subscription_id, "pro")) == "payment_open"
    (job,) = shop.jobs("charge")
    assert charging.charge(shop.runtime, job["key"]) == Outcome("succeeded")
    assert shop.read(subscription_id).product_name == "pro"
    assert shop.taken() == PAID + 595
    shop.is_sound()


# --- A downgrade


def test_a_downgrade_waits_for_the_end_of_the_period_and_costs_nothing(shop: Shop) -> None:
    subscription_id = shop.subscribe("pro")
    shop.clock.advance(days=15)
    before = shop.read(subscription_id)
    done = to(shop, subscription_id, "starter")
    assert (done.change.timing, done.change.at, done.change.total_minor, done.outcome) == ("period_end", APRIL_ENDS, 0, None)
    found = shop.read(subscription_id)
    assert found.scheduled_change == ScheduledChange("change_plan", APRIL_ENDS, shop.plans["starter"], "starter", 1000, 1)
    assert (found.product_name, found.due_at, found.version) == ("pro", APRIL_ENDS, before.version + 1)
    assert shop.mails() == ["plan_change_scheduled"]
    assert len(shop.payments(subscription_id)) == 1
    shop.is_sound()


def test_a_downgrade_is_in_effect_at_the_end_of_the_period_and_not_before(shop: Shop) -> None:
    subscription_id = shop.subscribe("pro")
    to(shop, subscription_id, "team", 3)
    shop.set_price("team", 9900)
    shop.clock.time = APRIL_ENDS - timedelta(seconds=1)
    renewal.sweep(shop.runtime)
    assert shop.read(subscription_id).product_name == "pro"
    shop.clock.time = APRIL_ENDS
    renewal.sweep(shop.runtime)
    found, owed = shop.read(subscription_id), shop.payments(subscription_id)[-1]
    assert (found.product_name, found.quantity, found.unit_minor, found.scheduled_change) == ("team", 3, 500, None)
    assert (owed.period_start, owed.net_minor) == (APRIL_ENDS, 1500), "at the price that was shown"
    shop.is_sound()


def test_the_current_plan_can_be_kept(shop: Shop) -> None:
    subscription_id = shop.subscribe("pro")
    before = shop.read(subscription_id)
    to(shop, subscription_id, "starter")
    for _ in range(2):
        kept = plan_change.keep(shop.runtime, shop.ada, subscription_id)
        assert kept == shop.read(subscription_id)
        assert (kept.scheduled_change, kept.product_name, kept.due_at) == (None, "pro", before.due_at)
        assert shop.read(subscription_id).scheduled_change is None
    assert shop.mails() == ["plan_change_scheduled", "subscription_resumed"]
    shop.is_sound()


def test_a_newer_downgrade_replaces_the_one_before(shop: Shop) -> None:
    subscription_id = shop.subscribe("pro")
    to(shop, subscription_id, "starter")
    assert why(lambda: to(shop, subscription_id, "starter")) == "already_scheduled"
    to(shop, subscription_id, "team", 2)
    change = shop.read(subscription_id).scheduled_change
    assert change is not None
    assert (change.product_name, change.quantity, change.unit_minor) == ("team", 2, 500)


def test_an_upgrade_takes_the_place_of_a_downgrade_that_was_planned(shop: Shop) -> None:
    subscription_id = shop.subscribe("pro")
    shop.clock.advance(days=15)
    to(shop, subscription_id, "starter")
    shop.gateway.faults.append("decline:card_declined")
    to(shop, subscription_id, "yearly")
    assert shop.read(subscription_id).scheduled_change is not None, "a declined one takes nothing's place"
    to(shop, subscription_id, "yearly")
    assert shop.read(subscription_id).scheduled_change is None
    shop.is_sound()


def test_the_same_price_waits_too(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    assert to(shop, subscription_id, "twin").change.timing == "period_end"


# --- What was shown is what is charged


@pytest.mark.parametrize(("seconds", "code"), [(-1, "quote_expired"), (0, ""), (599, ""), (600, "quote_expired"), (86400, "quote_expired")])
def test_a_quote_is_good_for_ten_minutes(shop: Shop, seconds: int, code: str) -> None:
    subscription_id = shop.subscribe("starter")
    shop.clock.advance(days=10)
    review = plan_change.review(shop.runtime, shop.ada, subscription_id, shop.plans["pro"], 1)
    shop.clock.advance(seconds=seconds)
    if code:
        assert stale(shop, subscription_id, review.quote) == code
    else:
        done = plan_change.confirm(shop.runtime, shop.ada, subscription_id, review.quote)
        assert done.change == review.change, "also in the tenth minute it is the amount that was shown"
        assert shop.payments(subscription_id)[-1].total_minor == review.change.total_minor


def _refunded(shop: Shop, subscription_id: str) -> None:
    (paid,) = shop.payments(subscription_id)
    shop.factory.refund(shop.ada, paid.id, amount_minor=PAID, status="pending")


def _rolled(shop: Shop, subscription_id: str) -> None:
    """The next period began meanwhile, which moves the version; here it has just ended and nobody has noticed."""
    shop.clock.time = APRIL_ENDS


MOVES: dict[str, Callable[[Shop, str], object]] = {
    "another price": lambda shop, _: shop.set_price("pro", 2001),
    "no price in this currency": lambda shop, _: shop.set_price("pro", None),
    "withdrawn": lambda shop, _: shop.set(tables.product, shop.plans["pro"], active=False),
    "renamed": lambda shop, _: shop.set(tables.product, shop.plans["pro"], name="Pro 2"),
    "another group": lambda shop, _: shop.set(tables.product, shop.plans["pro"], group_id=None),
    "another quantity": lambda shop, _: shop.set(tables.product, shop.plans["pro"], quantity_min=2, quantity_max=3),
    "another interval": lambda shop, _: shop.set(tables.product, shop.plans["pro"], interval="quarter"),
    "another tax": lambda shop, subscription_id: shop.set(tables.subscription, subscription_id, tax_rate="20"),
    "another version": lambda shop, subscription_id: shop.set(tables.subscription, subscription_id, version=7),
    "money given back": _refunded,
    "another period": _rolled,
}


@pytest.mark.parametrize("move", MOVES)
def test_whatever_moved_since_it_was_shown_stops_it(shop: Shop, move: str) -> None:
    subscription_id = shop.subscribe("starter")
    shop.clock.time = APRIL_ENDS - timedelta(minutes=5) if move == "another period" else START + timedelta(days=15)
    review = plan_change.review(shop.runtime, shop.ada, subscription_id, shop.plans["pro"], 1)
    MOVES[move](shop, subscription_id)
    assert stale(shop, subscription_id, review.quote) == "quote_moved"


def test_a_quote_is_for_one_buyer_one_subscription_and_one_use(shop: Shop) -> None:
    mine, other = shop.subscribe("starter"), shop.subscribe("starter")
    eve = shop.factory.buyer(shop.store)
    hers = shop.subscribe("starter", buyer=eve)
    review = plan_change.review(shop.runtime, shop.ada, mine, shop.plans["pro"], 1)
    assert stale(shop, other, review.quote) == "quote_unreadable"
    with pytest.raises(Stale) as moved:
        plan_change.confirm(shop.runtime, eve, hers, review.quote)
    assert moved.value.code == "quote_unreadable"
    plan_change.confirm(shop.runtime, shop.ada, mine, review.quote)
    with pytest.raises(Stale) as used:
        plan_change.confirm(shop.runtime, shop.ada, mine, review.quote)
    assert used.value.code == "quote_moved"
    assert len(shop.payments(mine)) == 2


def test_whoever_owns_no_such_subscription_is_told_there_is_none(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    review = plan_change.review(shop.runtime, shop.ada, subscription_id, shop.plans["pro"], 1)
    eve, nobody = shop.factory.buyer(shop.store), shop.runtime.new_id("SUB")
    calls: list[Callable[[BuyerScope, str], object]] = [
        lambda who, what: plan_change.offers(shop.runtime, who, what),
        lambda who, what: plan_change.review(shop.runtime, who, what, shop.plans["pro"], 1),
        lambda who, what: plan_change.confirm(shop.runtime, who, what, review.quote),
        lambda who, what: plan_change.keep(shop.runtime, who, what),
    ]
    for who, what in ((eve, subscription_id), (shop.ada, nobody), (replace(shop.ada, environment="test"), subscription_id)):
        for call in calls:
            with pytest.raises(NotFound):
                call(who, what)
    assert shop.taken() == PAID


def test_a_plan_that_is_not_offered_cannot_be_had(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    outside = shop.factory.product(shop.store, kind="subscription")
    elsewhere = shop.factory.product(shop.factory.store(), kind="subscription")
    review = lambda product_id: plan_change.review(shop.runtime, shop.ada, subscription_id, product_id, 1)  # noqa: E731
    assert why(lambda: review(outside)) == "plan_outside_group"
    for unknown in (elsewhere, shop.runtime.new_id("PROD"), "", "PROD_'; --"):
        with pytest.raises(NotFound):
            review(unknown)


# --- Who comes at once


@pytest.mark.parametrize("many", [2, 50])
def test_of_many_that_confirm_at_once_one_wins(shop: Shop, many: int) -> None:
    subscription_id = shop.subscribe("starter")
    shop.clock.advance(days=15)
    review = plan_change.review(shop.runtime, shop.ada, subscription_id, shop.plans["pro"], 1)
    together = Barrier(many)

    def confirm(_: int) -> str:
        together.wait(30)
        try:
            plan_change.confirm(shop.runtime, shop.ada, subscription_id, review.quote)
        except Conflict:
            return "conflict"
        return "won"

    with ThreadPoolExecutor(many) as pool:
        results = list(pool.map(confirm, range(many)))
    assert sorted(results) == ["conflict"] * (many - 1) + ["won"]
    assert shop.taken() == PAID + 595
    assert [payment.status for payment in shop.payments(subscription_id)] == ["succeeded", "succeeded"]
    shop.is_sound()


def test_no_more_is_charged_than_three_times_a_day(shop: Shop) -> None:
    subscription_id = shop.subscribe("team")
    shop.clock.advance(hours=1)
    for quantity in (2, 3):
        assert to(shop, subscription_id, "team", quantity).outcome == Outcome("succeeded")
    assert why(lambda: to(shop, subscription_id, "team", 4)) == "too_many_charges"
    assert shop.read(subscription_id).quantity == 3
    shop.clock.advance(hours=24)
    assert to(shop, subscription_id, "team", 4).outcome == Outcome("succeeded")


# --- What is offered


def test_every_plan_is_shown_with_what_it_would_mean(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    shop.clock.advance(days=15)
    offers = plan_change.offers(shop.runtime, shop.ada, subscription_id)
    assert offers.why_not is None
    shown = {plan.name: change if isinstance(change, str) else change.timing for plan, change in offers.plans}
    assert shown == {
        "starter": "same_plan", "pro": "now", "twin": "period_end", "team": "period_end", "yearly": "now", "cheap-yearly": "period_end",
    }  # fmt: skip
    for plan, change in offers.plans:
        if isinstance(change, PlanChange):
            assert plan_change.review(shop.runtime, shop.ada, subscription_id, plan.id, change.quantity).change == change


def test_a_plan_that_is_no_longer_sold_is_still_shown_to_whom_has_it(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    shop.set(tables.product, shop.plans["starter"], active=False)
    plans = [plan.name for plan, _ in plan_change.offers(shop.runtime, shop.ada, subscription_id).plans]
    assert plans == ["starter", "pro", "twin", "team", "yearly", "cheap-yearly"]


def test_as_many_as_the_other_plan_allows(shop: Shop) -> None:
    subscription_id = shop.subscribe("team", quantity=5)
    offers = plan_change.offers(shop.runtime, shop.ada, subscription_id)
    assert {change.quantity for plan, change in offers.plans if isinstance(change, PlanChange)} == {1}


def test_what_is_billed_elsewhere_is_only_shown(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter", managed=False, due_at=None)
    assert plan_change.offers(shop.runtime, shop.ada, subscription_id).why_not == "billed_elsewhere"
    assert why(lambda: to(shop, subscription_id, "pro")) == "billed_elsewhere"


def test_looking_changes_nothing(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    with count_statements(shop.runtime.database) as seen:
        plan_change.offers(shop.runtime, shop.ada, subscription_id)
        plan_change.review(shop.runtime, shop.ada, subscription_id, shop.plans["pro"], 1)
    assert all(statement.startswith("SELECT") for statement in seen.statements)


def test_a_downgrade_takes_few_statements(shop: Shop) -> None:
    subscription_id = shop.subscribe("pro")
    review = plan_change.review(shop.runtime, shop.ada, subscription_id, shop.plans["starter"], 1)
    with count_statements(shop.runtime.database) as seen:
        plan_change.confirm(shop.runtime, shop.ada, subscription_id, review.quote)
    assert seen.count <= 8


def test_a_charge_is_asked_for_as_it_was_committed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key stands for one request: whoever asks again reads the rows."""
    subscription_id = shop.subscribe("starter")
    shop.clock.advance(days=10, microseconds=7)
    began = list[charging.Begun]()
    monkeypatch.setattr(charging, "charge_now", lambda _runtime, _store, begun: began.append(begun) or Outcome("unknown"))
    to(shop, subscription_id, "pro")
    with shop.runtime.database.read() as connection:
        asked = payments.attempt_by_key(connection, began[0].key)
    assert (asked.scope, asked.payment, asked.attempt) == (began[0].scope, began[0].payment, began[0].attempt)


def test_an_upgrade_is_two_short_transactions(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    review = plan_change.review(shop.runtime, shop.ada, subscription_id, shop.plans["pro"], 1)
    with count_statements(shop.runtime.database) as seen:
        plan_change.confirm(shop.runtime, shop.ada, subscription_id, review.quote)
    assert seen.count <= 19, seen.statements  # nine to commit to it, ten to settle it with two documents and what is told of it


def charge_of(shop: Shop, payment_id: str) -> str:
    """The bank's id of the newest charge for a payment."""
    return next(charge.id for charge in [shop.gateway.bank.find_charge(f"{payment_id}-1")] if charge)
