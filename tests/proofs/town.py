"""A town of buyers for the proofs: one store in its test environment, six plans, and subscriptions whose trials end soon. Every card
is one of the bank's test cards, and every cent that is ever taken is taken by the code under proof."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path

import sqlalchemy as sa

from portico.app import system_clock, system_random
from portico.domain.scope import BuyerScope, StoreScope
from portico.domain.tax import TaxPolicy
from portico.domain.tax_table import starting_set
from portico.sandbox import cards
from portico.sandbox.bank import Bank
from portico.storage import store as stores
from portico.storage import tables, tax_rate
from portico.storage.database import Database
from tests.factories import Factory
from tests.services.shop import PLANS

# Every way of losing an answer or a webhook is somebody's card; most people's work.
NUMBERS = (
    cards.SUCCESS, cards.WEBHOOK_TWICE, cards.TIMEOUT_AFTER, cards.CONFIRMS, cards.SUCCESS, cards.ERROR_AFTER, cards.INSUFFICIENT_FUNDS,
    cards.SUCCESS, cards.WEBHOOK_LATE, cards.TIMEOUT_BEFORE, cards.CONFIRMS, cards.WEBHOOK_FIRST,
)  # fmt: skip
_STARTING_PLANS = ("starter", "pro", "team", "starter", "yearly")


@dataclass(frozen=True, slots=True)
class Town:
    """Where everybody lives: whose subscription is whose. `book` is sold once; a plan that is bought by a checkout has a trial."""

    store: StoreScope
    slug: str
    plans: dict[str, str]
    book: str
    homes: tuple[tuple[BuyerScope, str], ...]


def settle(database: Database, ledger_file: Path, homes: int) -> Town:
    """Makes the store and so many subscriptions of a third as many buyers; their cards are lines of the bank's ledger, which must
    not be open."""
    now = system_clock()
    factory = Factory(database, now)
    store = factory.store(slug="proof-town", created_at=now)
    plans = _plans(factory, store)
    with database.transaction() as tx:
        stores.set_tax_policy(tx, store.store_id, TaxPolicy(refund_tax=True))
        tax_rate.replace(tx, store.store_id, starting_set("DE"))
    bank = Bank(ledger_file, system_clock, system_random)
    made: list[tuple[BuyerScope, str]] = []
    for place, (number, plan) in enumerate(islice(zip(cycle(NUMBERS), cycle(_STARTING_PLANS), strict=False), homes)):
        if place % 3 == 0:
            buyer = factory.buyer(store, email=f"buyer{place}@example.com", created_at=now)
        card = bank.save_card(f"buyer{place}@example.com", number)
        trial_end = now + timedelta(minutes=1 + 3 * 24 * 60 * place // homes)
        subscription_id = factory.subscription(
            buyer, product_id=plans[plan], status="trialing", trial_end=trial_end, due_at=trial_end, managed=True, anchor=now,
            customer_reference=card.customer, method_reference=card.id, method_last4=card.last4, created_at=now,
        )  # fmt: skip
        made.append((buyer, subscription_id))
    bank.close()
    return Town(store, "proof-town", plans, factory.product(store, name="Atlas Book", prices={"EUR": 1500}), tuple(made))


def _plans(factory: Factory, store: StoreScope) -> dict[str, str]:
    group = factory.group(store, name="Plans")
    return {
        name: factory.product(
            store, kind="subscription", name=name, external_id=name, interval=interval, group_id=group, prices={"EUR": price},
            quantity_min=1, quantity_max=most, pause_periods_max=pause, trial_days=14,
        )
        for name, (price, interval, most, pause) in PLANS.items()
    }  # fmt: skip


def pass_waiting(database: Database) -> None:
    """As if time had passed: whatever waits for its next try may run now."""
    job = tables.job
    waiting = sa.update(job).where(job.c.owner.is_(None), job.c.parked_at.is_(None), job.c.kind != "housekeeping")
    with database.transaction() as tx:
        tx.execute(waiting.values(due_at=system_clock()))
