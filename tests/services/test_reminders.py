"""Buyers are told what is coming: once, in time, and only if it comes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portico.domain.reminder import remind_at
from portico.domain.scope import BuyerScope
from portico.services import reminders
from portico.services.runtime import Runtime
from portico.storage import store, subscription, tables
from tests.conftest import SteppingClock
from tests.factories import Factory
from tests.services.visits import Mailbox, deliver

MANAGED = {"managed": True, "customer_reference": "cus_1", "method_reference": "pm_1"}
YEARLY = {"interval": "year", "unit_minor": 49000, "product_name": "Atlas Pro", **MANAGED}


def planned(factory: Factory, buyer: BuyerScope, now: datetime, **columns: Any) -> str:
    """A subscription whose reminder is planned by the rule of the domain, and whose charge nobody comes for; its id."""
    subscription_id = factory.subscription(buyer, **{**MANAGED, "due_at": None, **columns})
    with factory.database.transaction() as tx:
        found = subscription.get(tx, buyer, subscription_id)
        moment = remind_at(found, now=now)
        assert moment is not None
        subscription.change(tx, buyer, subscription_id, expected_version=found.version, remind_at=moment)
    return subscription_id


def moment_of(runtime: Runtime, buyer: BuyerScope, subscription_id: str) -> datetime | None:
    with runtime.database.read() as connection:
        return subscription.get(connection, buyer, subscription_id).remind_at


def subjects(runtime: Runtime, mailbox: Mailbox) -> list[str]:
    deliver(runtime)
    return [mail.message["Subject"] for mail in mailbox.mails()]


def test_a_rare_charge_is_told_a_week_before_and_once(
    runtime: Runtime, factory: Factory, ada: BuyerScope, clock: SteppingClock, mailbox: Mailbox
) -> None:
    yearly = planned(factory, ada, clock(), **YEARLY)
    due = clock() + timedelta(days=365 - 7)
    clock.advance(days=365 - 7, seconds=-1)
    assert reminders.sweep(runtime) == 0
    clock.advance(seconds=1)
    assert moment_of(runtime, ada, yearly) == due == clock()
    assert reminders.sweep(runtime) == 1
    assert moment_of(runtime, ada, yearly) is None
    assert reminders.sweep(runtime) == 0
    assert subjects(runtime, mailbox) == ["Atlas Pro renews on Mar 14, 2027 for €583.10"]


def test_the_end_of_a_trial_is_told_three_days_before(
    runtime: Runtime, factory: Factory, ada: BuyerScope, clock: SteppingClock, mailbox: Mailbox
) -> None:
    planned(factory, ada, clock(), status="trialing", trial_end=clock() + timedelta(days=14))
    clock.advance(days=11)
    assert reminders.sweep(runtime) == 1
    assert subjects(runtime, mailbox) == ["Your trial of Atlas ends on Mar 28, 2026"]


def test_a_card_that_will_have_expired_is_told(
    runtime: Runtime, factory: Factory, ada: BuyerScope, clock: SteppingClock, mailbox: Mailbox
) -> None:
    planned(factory, ada, clock(), method_expiry_month=3, method_expiry_year=2026)
    clock.advance(days=24)
    assert reminders.sweep(runtime) == 1
    assert subjects(runtime, mailbox) == ["Your card has expired: Visa ending in 4242"]
    assert "valid until 03/2026. The next payment is due on Apr 14, 2026" in mailbox.last().text


def test_the_end_of_a_pause_is_told(runtime: Runtime, factory: Factory, ada: BuyerScope, clock: SteppingClock, mailbox: Mailbox) -> None:
    planned(factory, ada, clock(), status="paused", resumes_at=clock() + timedelta(days=61))
    clock.advance(days=54)
    assert reminders.sweep(runtime) == 1
    assert subjects(runtime, mailbox) == ["Atlas continues on May 14, 2026 for €34.51"]


@pytest.mark.parametrize(
    "meanwhile",
    [
        {"status": "canceling", "change_kind": "cancel", "change_at": datetime.fromisoformat("2027-03-14T09:26:53Z")},
        {"managed": False},
        {"unit_minor": 0},
        {"held_at": datetime.fromisoformat("2027-03-01T00:00:00Z"), "held_reason": "test", "due_at": None},
    ],
)
def test_nobody_is_told_of_a_charge_that_will_not_come(
    runtime: Runtime, factory: Factory, ada: BuyerScope, clock: SteppingClock, mailbox: Mailbox, meanwhile: dict[str, Any]
) -> None:
    yearly = planned(factory, ada, clock(), **YEARLY)
    with factory.database.transaction() as tx:
        tx.execute(sa.update(tables.subscription).values(**meanwhile))
    clock.advance(days=359)
    reminders.sweep(runtime)
    assert moment_of(runtime, ada, yearly) is None
    assert subjects(runtime, mailbox) == []


def test_after_a_long_standstill_nobody_is_told_of_what_is_past(
    runtime: Runtime, factory: Factory, ada: BuyerScope, clock: SteppingClock, mailbox: Mailbox
) -> None:
    planned(factory, ada, clock(), **YEARLY)
    clock.advance(days=366)
    assert reminders.sweep(runtime) == 1
    assert subjects(runtime, mailbox) == []


def test_many_sweepers_tell_each_buyer_once(
    runtime: Runtime, factory: Factory, ada: BuyerScope, clock: SteppingClock, mailbox: Mailbox
) -> None:
    for _ in range(12):
        planned(factory, ada, clock(), **YEARLY)
    clock.advance(days=360)
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: reminders.sweep(runtime, limit=3), range(8)))
    while seen := reminders.sweep(runtime, limit=3):
        done.append(seen)
    assert sum(done) == 12
    assert len(subjects(runtime, mailbox)) == 12
    assert len({mail.message["Message-ID"] for mail in mailbox.mails()}) == 12


def test_a_store_whose_time_runs_ahead_reminds_by_its_own(
    runtime: Runtime, factory: Factory, clock: SteppingClock, mailbox: Mailbox
) -> None:
    scope = factory.store(environment="test")
    ada, bob = factory.buyer(scope), factory.buyer(factory.store(environment="prod"))
    planned(factory, ada, clock(), **YEARLY)
    planned(factory, bob, clock(), **YEARLY)
    with factory.database.transaction() as tx:
        store.set_test_offset(tx, scope.store_id, timedelta(days=360))
    assert reminders.sweep(runtime) == 1
    assert subjects(runtime, mailbox) == ["Atlas Pro renews on Mar 14, 2027 for €583.10"]
    with factory.database.transaction() as tx:
        store.set_test_offset(tx, scope.store_id, timedelta(days=800))
    clock.advance(days=360)
    assert reminders.sweep(runtime) == 1
    assert len(subjects(runtime, mailbox)) == 2


def test_one_that_cannot_be_told_holds_up_nobody(
    runtime: Runtime, factory: Factory, ada: BuyerScope, clock: SteppingClock, mailbox: Mailbox
) -> None:
    broken = planned(factory, ada, clock(), **YEARLY)
    planned(factory, ada, clock(), **YEARLY)
    with factory.database.transaction() as tx:
        tx.execute(sa.update(tables.subscription).where(tables.subscription.c.id == broken).values(tax_rate="a lot"))
    clock.advance(days=360)
    assert reminders.sweep(runtime) == 2
    assert reminders.sweep(runtime) == 0
    assert len(subjects(runtime, mailbox)) == 1
