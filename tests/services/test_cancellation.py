"""Cancelling: at the end of what is paid for, in three steps, and back until then."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest

from portico.domain.cancellation import DEFAULT_REASONS
from portico.domain.errors import Conflict, Invalid, NotFound, Refused
from portico.domain.subscription import ScheduledChange
from portico.services import cancellation, charging, plan_change, renewal
from portico.services.pause import pause
from portico.storage import cancellation as cancellations
from portico.storage import payment as payments
from portico.storage import store as stores
from portico.storage import subscription as subscriptions
from portico.storage import tables
from portico.storage.database import count_statements
from tests.services.shop import START, Shop

APRIL_ENDS = START + timedelta(days=30)
TRIAL_ENDS = START + timedelta(days=14)


def cancel(shop: Shop, subscription_id: str, reason: str | None = None, comment: str = "") -> datetime:
    return cancellation.cancel(shop.runtime, shop.ada, subscription_id, reason, comment)


def history(shop: Shop, subscription_id: str) -> list[str]:
    with shop.runtime.database.read() as connection:
        return [step.to_status for step in subscriptions.history(connection, shop.ada, subscription_id)]


def standing(shop: Shop, subscription_id: str):  # type: ignore[no-untyped-def]
    with shop.runtime.database.read() as connection:
        return cancellations.standing(connection, shop.ada, subscription_id)


def test_it_ends_with_the_period_that_is_paid_for(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    now = shop.clock.advance(days=10)
    assert cancel(shop, subscription_id, "too_expensive", "  Too much\r\nfor me\x07 ") == APRIL_ENDS
    found = shop.read(subscription_id)
    assert (found.status, found.due_at, found.ended_at) == ("canceling", APRIL_ENDS, None)
    assert found.scheduled_change == ScheduledChange("cancel", APRIL_ENDS)
    kept = standing(shop, subscription_id)
    assert (kept.reason_code, kept.comment, kept.requested_at, kept.effective_at) == ("too_expensive", "Too much\nfor me", now, APRIL_ENDS)
    assert (kept.actor, kept.product_id, kept.net_minor, kept.currency) == ("buyer", shop.plans["starter"], 1000, "EUR")
    assert shop.mails() == ["cancellation_scheduled"]
    shop.is_sound()


def test_nobody_has_to_say_why(shop: Shop) -> None:
    for reason in (None, ""):
        subscription_id = shop.subscribe("starter")
        assert cancel(shop, subscription_id, reason) == APRIL_ENDS
        assert standing(shop, subscription_id).reason_code is None


def test_a_trial_ends_when_it_would_have(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter", status="trialing", trial_end=TRIAL_ENDS)
    assert cancel(shop, subscription_id) == TRIAL_ENDS
    assert (shop.read(subscription_id).status, shop.read(subscription_id).due_at) == ("canceling", TRIAL_ENDS)
    resumed = cancellation.resume(shop.runtime, shop.ada, subscription_id)
    assert (resumed.status, resumed.due_at, shop.read(subscription_id).status) == ("trialing", TRIAL_ENDS, "trialing")
    shop.is_sound()


def test_what_never_began_ends_at_once(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter", status="pending", due_at=None)
    now = shop.clock.advance(hours=1)
    assert cancel(shop, subscription_id) == now
    found = shop.read(subscription_id)
    assert (found.status, found.ended_at, found.due_at) == ("canceled", now, None)
    assert shop.mails() == ["subscription_ended"]
    shop.is_sound()


def test_what_is_overdue_ends_at_once_and_is_owed_no_more(shop: Shop) -> None:
    subscription_id, payment_id = overdue(shop)
    now = shop.clock.advance(hours=1)
    assert cancel(shop, subscription_id, "unused") == now
    found = shop.read(subscription_id)
    assert (found.status, found.ended_at, found.due_at, found.scheduled_change) == ("canceled", now, None, None)
    with shop.runtime.database.read() as connection:
        assert payments.get(connection, shop.ada, payment_id).status == "canceled"
    assert history(shop, subscription_id)[-2:] == ["canceling", "canceled"]
    with pytest.raises(Refused) as refused:
        cancellation.resume(shop.runtime, shop.ada, subscription_id)
    assert refused.value.code == "over"
    shop.is_sound()


def test_what_is_paused_ends_at_once(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter", status="paused", resumes_at=APRIL_ENDS + timedelta(days=31))
    now = shop.clock.advance(days=1)
    assert cancel(shop, subscription_id) == now
    assert shop.read(subscription_id).status == "canceled"
    shop.is_sound()


@pytest.mark.parametrize("again", ["at once", "when it is over"])
def test_a_second_time_changes_nothing_and_tells_the_same(shop: Shop, again: str) -> None:
    subscription_id = shop.subscribe("starter", status="active" if again == "at once" else "pending")
    first = cancel(shop, subscription_id, "unused", "first")
    before = shop.read(subscription_id)
    shop.clock.advance(minutes=1)
    assert cancel(shop, subscription_id, "other", "second") == first
    assert shop.read(subscription_id) == before
    assert standing(shop, subscription_id).comment == "first"
    assert len(shop.mails()) == 1


def test_imported_as_canceling_it_is_canceled_already(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter", status="canceling", change_kind="cancel", change_at=APRIL_ENDS)
    assert cancel(shop, subscription_id) == APRIL_ENDS
    assert cancellation.resume(shop.runtime, shop.ada, subscription_id).status == "active"
    shop.is_sound()


@pytest.mark.parametrize(("left", "possible"), [(timedelta(seconds=1), True), (timedelta(0), False), (-timedelta(seconds=1), False)])
def test_it_can_be_taken_back_until_the_end_and_not_after(shop: Shop, left: timedelta, possible: bool) -> None:
    subscription_id = shop.subscribe("starter")
    before = shop.read(subscription_id)
    cancel(shop, subscription_id)
    shop.clock.time = APRIL_ENDS - left
    if not possible:
        with pytest.raises(Refused) as refused:
            cancellation.resume(shop.runtime, shop.ada, subscription_id)
        assert refused.value.code == "over"
        assert shop.read(subscription_id).status == "canceling"
        return
    resumed = cancellation.resume(shop.runtime, shop.ada, subscription_id)
    found = shop.read(subscription_id)
    assert resumed == found
    assert (found.status, found.scheduled_change, found.due_at) == ("active", None, before.due_at)
    assert standing(shop, subscription_id) is None
    assert shop.mails() == ["cancellation_scheduled", "subscription_resumed"]
    assert cancellation.resume(shop.runtime, shop.ada, subscription_id).status == "active", "a second press does no harm"
    assert len(shop.mails()) == 2
    shop.is_sound()


@pytest.mark.parametrize("left", [timedelta(seconds=1), timedelta(0), -timedelta(seconds=1)])
def test_it_can_be_canceled_until_the_next_period_is_billed(shop: Shop, left: timedelta) -> None:
    subscription_id = shop.subscribe("starter")
    shop.clock.time = APRIL_ENDS - left
    assert cancel(shop, subscription_id) == APRIL_ENDS
    assert shop.read(subscription_id).due_at == APRIL_ENDS
    shop.clock.time = max(shop.clock.time, APRIL_ENDS)
    renewal.sweep(shop.runtime)
    assert (shop.read(subscription_id).status, shop.taken()) == ("canceled", 1190), "nothing is charged at the end or after it"
    assert cancel(shop, subscription_id) == APRIL_ENDS, "also when it is over, a second time tells the same"
    shop.is_sound()


def test_until_the_end_it_is_used(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    cancel(shop, subscription_id)
    shop.clock.time = APRIL_ENDS - timedelta(seconds=1)
    renewal.sweep(shop.runtime)
    assert shop.read(subscription_id).status == "canceling"


def test_taking_it_back_restores_the_change_that_was_planned(shop: Shop) -> None:
    subscription_id = shop.subscribe("pro")
    review = plan_change.review(shop.runtime, shop.ada, subscription_id, shop.plans["team"], 3)
    plan_change.confirm(shop.runtime, shop.ada, subscription_id, review.quote)
    planned = shop.read(subscription_id).scheduled_change
    assert planned is not None
    cancel(shop, subscription_id)
    resumed = cancellation.resume(shop.runtime, shop.ada, subscription_id)
    assert resumed == shop.read(subscription_id)
    assert resumed.scheduled_change == planned
    shop.is_sound()


def test_taking_it_back_restores_the_pause_that_was_planned(shop: Shop) -> None:
    subscription_id = shop.subscribe("pro")
    planned = pause(shop.runtime, shop.ada, subscription_id, 2)
    cancel(shop, subscription_id)
    cancellation.resume(shop.runtime, shop.ada, subscription_id)
    found = shop.read(subscription_id)
    assert (found.scheduled_change, found.resumes_at) == (planned.scheduled_change, planned.resumes_at)
    shop.is_sound()


def test_it_may_be_canceled_and_taken_back_again_and_again(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    for _ in range(3):
        cancel(shop, subscription_id)
        cancellation.resume(shop.runtime, shop.ada, subscription_id)
    assert history(shop, subscription_id) == ["active", *["canceling", "active"] * 3]
    shop.is_sound()


@pytest.mark.parametrize(
    ("reason", "comment", "fields"),
    [
        ("not_on_the_list", "", [("reason", "reason_not_offered")]),
        (None, "x" * 501, [("comment", "too_long")]),
        (None, "my card is 4242 4242 4242 4242", [("comment", "card_number")]),
        ("'; DROP TABLE", "x" * 501, [("reason", "reason_not_offered"), ("comment", "too_long")]),
    ],
)
def test_what_cannot_be_kept_is_said_and_nothing_is_canceled(
    shop: Shop, reason: str | None, comment: str, fields: list[tuple[str, str]]
) -> None:
    subscription_id = shop.subscribe("starter")
    with pytest.raises(Invalid) as invalid:
        cancel(shop, subscription_id, reason, comment)
    assert [(error.field, error.code) for error in invalid.value.errors] == fields
    assert shop.read(subscription_id).status == "active"


def test_a_page_that_is_out_of_date_is_not_acted_on(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    version = shop.read(subscription_id).version
    shop.set(tables.subscription, subscription_id, version=version + 1)
    with pytest.raises(Conflict):
        cancellation.cancel(shop.runtime, shop.ada, subscription_id, None, "", version=version)
    assert cancellation.cancel(shop.runtime, shop.ada, subscription_id, None, "", version=version + 1) == APRIL_ENDS


def test_only_its_buyer_can(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    for who, what in ((shop.factory.buyer(shop.store), subscription_id), (shop.ada, shop.runtime.new_id("SUB"))):
        with pytest.raises(NotFound):
            cancellation.cancel(shop.runtime, who, what, None, "")
        with pytest.raises(NotFound):
            cancellation.resume(shop.runtime, who, what)
    assert shop.read(subscription_id).status == "active"


@pytest.mark.parametrize("many", [2, 20])
def test_of_many_at_once_one_cancels(shop: Shop, many: int) -> None:
    subscription_id, together = shop.subscribe("starter"), Barrier(many)

    def press(_: int) -> datetime:
        together.wait(30)
        return cancel(shop, subscription_id, "unused")

    with ThreadPoolExecutor(many) as pool:
        assert set(pool.map(press, range(many))) == {APRIL_ENDS}
    assert history(shop, subscription_id) == ["active", "canceling"]
    assert shop.mails() == ["cancellation_scheduled"]
    shop.is_sound()


def test_cancelling_and_upgrading_at_once_is_one_or_the_other(shop: Shop) -> None:
    for _ in range(4):
        subscription_id = shop.subscribe("starter")
        review, together = plan_change.review(shop.runtime, shop.ada, subscription_id, shop.plans["pro"], 1), Barrier(2)

        def upgrade(sealed: str = review.quote, about: str = subscription_id, start: Barrier = together) -> str:
            start.wait(30)
            try:
                plan_change.confirm(shop.runtime, shop.ada, about, sealed)
            except Conflict:
                return "too late"
            return "upgraded"

        def leave(about: str = subscription_id, start: Barrier = together) -> str:
            start.wait(30)
            try:
                cancel(shop, about)
            except Refused as refused:
                return refused.code
            return "canceled"

        with ThreadPoolExecutor(2) as pool:
            upgraded, left = (work.result() for work in (pool.submit(upgrade), pool.submit(leave)))
        found = shop.read(subscription_id)
        assert (upgraded, left) in {("too late", "canceled"), ("upgraded", "payment_open"), ("upgraded", "canceled")}
        assert (found.product_name == "pro") == (upgraded == "upgraded")
        assert (found.status == "canceling") == (left == "canceled")
    shop.is_sound()


@pytest.mark.parametrize("lost", ["timeout_before", "timeout_after"])
def test_a_silent_provider_keeps_nobody(shop: Shop, lost: str) -> None:
    """The renewal is being confirmed, and the buyer leaves: captured, it is the last one."""
    subscription_id = shop.subscribe("starter")
    shop.clock.time = APRIL_ENDS
    renewal.sweep(shop.runtime)
    (job,) = shop.jobs("charge")
    shop.gateway.faults.append(lost)
    assert charging.charge(shop.runtime, job["key"]).status == "unknown"
    ends = cancel(shop, subscription_id)
    found = shop.read(subscription_id)
    assert (ends, found.status, found.due_at) == (found.period_end, "canceling", None), "its payment is still open"
    assert charging.charge(shop.runtime, job["key"]).status == "succeeded"
    assert (shop.read(subscription_id).status, shop.read(subscription_id).due_at) == ("canceling", ends)
    shop.clock.time = ends
    assert renewal.sweep(shop.runtime) == 1
    assert (shop.read(subscription_id).status, len(shop.gateway.bank.captures())) == ("canceled", 2)
    shop.is_sound()


def test_who_leaves_while_his_renewal_is_confirmed_owes_nothing_if_it_fails(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    shop.clock.time = APRIL_ENDS
    renewal.sweep(shop.runtime)
    (job,) = shop.jobs("charge")
    shop.gateway.faults.append("timeout_before")
    assert charging.charge(shop.runtime, job["key"]).status == "unknown"
    cancel(shop, subscription_id)
    shop.gateway.faults.append("decline:insufficient_funds")
    assert charging.charge(shop.runtime, job["key"]).status == "failed"
    found = shop.read(subscription_id)
    assert (found.status, found.due_at, shop.payments(subscription_id)[-1].status) == ("canceled", None, "canceled")
    assert shop.mails() == ["payment_uncertain", "cancellation_scheduled", "subscription_ended"]
    assert history(shop, subscription_id) == ["active", "canceling", "canceled"]
    shop.is_sound()


def test_a_cancellation_takes_few_statements(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter")
    with count_statements(shop.runtime.database) as seen:
        cancel(shop, subscription_id, "unused")
    assert seen.count <= 11


# --- Reasons


def test_reasons_come_in_an_order_by_chance_and_other_comes_last(shop: Shop) -> None:
    with shop.runtime.database.read() as connection:
        store = stores.get(connection, shop.store.store_id)
    orders = {tuple(reason.code for reason in cancellation.reasons(store, shop.runtime.random_bytes)) for _ in range(20)}
    assert len(orders) > 10
    assert all(order[-1] == "other" and set(order) == set(DEFAULT_REASONS) for order in orders)
    (reason,) = [one for one in cancellation.reasons(store, shop.runtime.random_bytes) if one.code == "too_expensive"]
    assert reason.words("en") == "It’s too expensive"


def test_a_store_has_reasons_of_its_own(shop: Shop) -> None:
    own = [{"code": "moved", "label": {"en": "I moved away", "de": "Ich bin weggezogen"}}, {"code": "other", "label": {"fr": "Autre"}}]
    shop.set(tables.store, shop.store.store_id, cancel_reasons=own)
    with shop.runtime.database.read() as connection:
        store = stores.get(connection, shop.store.store_id)
    offered = {reason.code: reason for reason in cancellation.reasons(store, shop.runtime.random_bytes)}
    assert [offered["moved"].words(language) for language in ("de", "en", "ja")] == ["Ich bin weggezogen", "I moved away", "I moved away"]
    assert offered["other"].words("de") == "Autre"
    subscription_id = shop.subscribe("starter")
    with pytest.raises(Invalid):
        cancel(shop, subscription_id, "too_expensive")
    cancel(shop, subscription_id, "moved")
    assert standing(shop, subscription_id).reason_code == "moved"


def overdue(shop: Shop) -> tuple[str, str]:
    """A subscription whose second period could not be paid; its id and that payment's."""
    may = (APRIL_ENDS, APRIL_ENDS + timedelta(days=31))
    shop.clock.time = APRIL_ENDS + timedelta(hours=1)
    subscription_id = shop.subscribe(
        "starter", status="past_due", period_index=1, period_start=may[0], period_end=may[1], failing_since=shop.clock.time,
        due_at=shop.clock.time + timedelta(days=1),
    )  # fmt: skip
    payment_id = shop.factory.payment(
        shop.ada, shop.read(subscription_id).order_id, attempts=("failed",), subscription_id=subscription_id, status="failed",
        period_start=may[0], period_end=may[1], net_minor=1000, tax_minor=190, total_minor=1190, created_at=may[0],
    )  # fmt: skip
    return subscription_id, payment_id
