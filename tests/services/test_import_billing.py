"""Handing a subscription's billing over to Portico by an import, and what plans offer."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portico.services.runtime import Runtime
from portico.storage import tables
from portico.storage.database import Database
from tests.conftest import SteppingClock
from tests.services.import_lines import ANCHOR, BUYER, CARRIER, EVERYTHING, GROUP, PLAN, RENEWAL, SUBSCRIPTION, new_store, take

SAVED = {"customer": "cus_1", "method": "pm_1"}


def _row(database: Database) -> Any:
    with database.read() as connection:
        return connection.execute(sa.select(tables.subscription)).one()


def test_a_subscription_without_a_saved_card_is_billed_elsewhere(runtime: Runtime, database: Database) -> None:
    assert take(runtime, new_store(runtime), EVERYTHING)[1] == []
    row = _row(database)
    assert (row.managed, row.due_at, row.method_reference) == (False, None, None)


def test_with_one_it_is_due_at_the_end_of_its_period(runtime: Runtime, database: Database) -> None:
    lines = [*EVERYTHING[:6], SUBSCRIPTION | {"saved_card": SAVED}]
    assert take(runtime, new_store(runtime), lines)[1] == []
    row = _row(database)
    assert (row.managed, row.due_at, row.customer_reference, row.method_reference) == (True, row.period_end, "cus_1", "pm_1")


def test_it_may_be_handed_over_later_and_is_ours_from_then_on(runtime: Runtime, database: Database) -> None:
    store = new_store(runtime)
    take(runtime, store, EVERYTHING)
    handed_over = SUBSCRIPTION | {"saved_card": SAVED}
    assert take(runtime, store, [handed_over])[0].total("changed") == 1
    assert take(runtime, store, [handed_over | {"unit_price": "35.00"}])[0].total("unchanged") == 1, "Portico knows better now"
    assert (_row(database).managed, _row(database).unit_minor) == (True, 2900)


@pytest.mark.parametrize(
    ("fields", "due"),
    [
        ({"status": "trialing", "trial_end": "2026-03-20T10:00:00+00:00"}, "trial_end"),
        ({"status": "canceling"}, "period_end"),
        ({"status": "paused", "resumes_at": "2026-05-31T10:00:00+00:00"}, "resumes_at"),
        ({"status": "pending"}, None),
        ({"status": "canceled", "ended_at": "2026-03-01T10:00:00+00:00"}, None),
    ],
)
def test_what_is_due_depends_on_the_state(fields: dict[str, Any], due: str | None, runtime: Runtime, database: Database) -> None:
    lines = [GROUP, PLAN, BUYER, CARRIER, SUBSCRIPTION | {"saved_card": SAVED} | fields]
    assert take(runtime, new_store(runtime), lines)[1] == []
    row = _row(database)
    assert row.due_at == (None if due is None else getattr(row, due))
    assert row.managed is (fields["status"] != "canceled")


def test_the_buyer_is_reminded_of_the_first_charge_too(runtime: Runtime, database: Database) -> None:
    yearly = PLAN | {"interval": "year"}
    ending = SUBSCRIPTION | {"saved_card": SAVED, "period_index": 0}
    assert take(runtime, new_store(runtime), [GROUP, yearly, BUYER, CARRIER, ending])[1] == []
    row = _row(database)
    assert row.remind_at == row.period_end - timedelta(days=7)


def test_a_trial_that_is_handed_over_is_announced_to_end(runtime: Runtime, database: Database) -> None:
    store, trial = new_store(runtime), SUBSCRIPTION | {"status": "trialing", "trial_end": "2026-03-20T10:00:00+00:00"}
    assert take(runtime, store, [GROUP, PLAN, BUYER, CARRIER, trial])[1] == []
    assert _row(database).remind_at is None
    take(runtime, store, [trial | {"saved_card": SAVED}])
    row = _row(database)
    assert row.remind_at == row.trial_end - timedelta(days=3)


@pytest.mark.parametrize(("days", "step", "due_days"), [(0, 0, 1), (2, 1, 3), (6, 3, 7), (30, 3, 31)])
def test_one_past_due_goes_on_where_its_ladder_stands(
    days: int, step: int, due_days: int, runtime: Runtime, database: Database, clock: SteppingClock
) -> None:
    failed = RENEWAL | {"status": "failed", "succeeded_at": None}
    clock.time = clock.time.replace(month=2, day=28, hour=10, minute=0, second=0, microsecond=0) + timedelta(days=days)
    lines = [GROUP, PLAN, BUYER, CARRIER, SUBSCRIPTION | {"status": "past_due", "saved_card": SAVED}, failed]
    assert take(runtime, new_store(runtime), lines)[1] == []
    row = _row(database)
    assert (row.failing_since, row.retry_step, row.due_at) == (row.period_start, step, row.period_start + timedelta(days=due_days))


def test_a_planned_change_keeps_the_price_of_the_day(runtime: Runtime, database: Database) -> None:
    store, other = new_store(runtime), PLAN | {"id": "solo", "prices": {"EUR": "9.00"}}
    change = {"kind": "change_plan", "at": "2026-03-31T10:00:00Z", "product": "solo"}
    assert take(runtime, store, [GROUP, PLAN, other, BUYER, CARRIER, SUBSCRIPTION | {"scheduled_change": change}])[1] == []
    assert _row(database).change_unit_minor == 900


def test_a_charge_is_kept_for_refunds(runtime: Runtime, database: Database) -> None:
    assert take(runtime, new_store(runtime), [*EVERYTHING[:8], RENEWAL | {"charge": "pi_7"}])[1] == []
    with database.read() as connection:
        kept = connection.execute(sa.select(tables.payment_attempt.c.reference).order_by(tables.payment_attempt.c.attempted_at)).scalars()
        assert list(kept) == [None, None, "pi_7"]


def test_plans_say_how_many_and_how_long(runtime: Runtime, database: Database) -> None:
    store = new_store(runtime)
    offer = {"quantity_min": 2, "quantity_max": 50, "pause_periods_max": 3, "trial_days": 14, "metadata": {"tier": "1"}}
    take(runtime, store, [GROUP, PLAN | offer])
    with database.read() as connection:
        product = connection.execute(sa.select(tables.product)).one()
    assert (product.quantity_min, product.quantity_max, product.pause_periods_max) == (2, 50, 3)
    assert (product.trial_days, product.metadata, product.version) == (14, {"tier": "1"}, 1)


def test_a_product_counts_its_changes(runtime: Runtime, database: Database) -> None:
    store = new_store(runtime)
    versions: list[int] = []
    renamed, dearer = PLAN | {"name": "Pro 2"}, PLAN | {"name": "Pro 2", "prices": {"EUR": "31.00"}}
    for line in (PLAN, PLAN, renamed, dearer, dearer, dearer | {"metadata": {"tier": "1"}}):
        take(runtime, store, [GROUP, line])
        with database.read() as connection:
            versions.append(connection.execute(sa.select(tables.product.c.version)).scalar_one())
    assert versions == [1, 1, 2, 3, 3, 4], "a price of its own is a change, and the same line again is none"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (PLAN | {"quantity_min": 5, "quantity_max": 2}, "quantity"),
        ({"type": "product", "id": "a", "name": "A", "kind": "one_time", "prices": {"EUR": "1.00"}, "pause_periods_max": 1}, "quantity"),
        (PLAN | {"pause_periods_max": 4}, "malformed"),
        (PLAN | {"trial_days": 731}, "malformed"),
        (PLAN | {"metadata": {"tier": 1}}, "malformed"),
        (SUBSCRIPTION | {"status": "paused"}, "resumes_at"),
        (SUBSCRIPTION | {"resumes_at": "2026-06-01T00:00:00Z"}, "resumes_at"),
        (SUBSCRIPTION | {"status": "paused", "resumes_at": ANCHOR}, "resumes_at"),
        (SUBSCRIPTION | {"saved_card": {"customer": "cus_1"}}, "malformed"),
        (RENEWAL | {"status": "failed", "succeeded_at": None, "charge": "pi_1"}, "charge"),
    ],
)
def test_what_cannot_be_is_refused(line: dict[str, Any], code: str, runtime: Runtime) -> None:
    store = new_store(runtime)
    take(runtime, store, EVERYTHING[:7] if line["type"] == "payment" else EVERYTHING[:6])
    assert [refusal.code for refusal in take(runtime, store, [line])[1]] == [code]
