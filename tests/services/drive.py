"""Drives the engine in tests: time passes, what is due is done, and both sides' books are looked at."""

from dataclasses import replace
from typing import get_args

import msgspec
import sqlalchemy as sa

from portico.gateways.port import ChargeStatus
from portico.jobs.worker import Worker
from portico.services import charging, renewal, webhook_in
from portico.storage import payment as payments
from portico.storage import tables
from tests.services.shop import Shop

STATUSES: tuple[ChargeStatus, ...] = get_args(ChargeStatus)


def work(shop: Shop, **passing: int) -> None:
    """Lets time pass and does all that is due then."""
    shop.clock.advance(**passing)
    Worker(shop.runtime).run_until_idle()


def renew(shop: Shop, plan: str = "starter", **columns: object) -> str:
    """A subscription whose period has just ended; its id."""
    subscription_id = shop.subscribe(plan, **columns)
    shop.clock.time = shop.read(subscription_id).period_end
    return subscription_id


def begun(shop: Shop, subscription_id: str, *, on_session: bool = False) -> str:
    """The key of an attempt at the next period, committed and not asked for. `on_session`: as if the buyer had begun it."""
    renewal.sweep(shop.runtime)
    (payment,) = [payment for payment in shop.payments(subscription_id) if payment.status == "pending"]
    key = payment.attempts[-1].key or ""
    if on_session:
        attempt, job = tables.payment_attempt, tables.job
        with shop.runtime.database.transaction() as tx:
            tx.execute(sa.update(attempt).where(attempt.c.key == key).values(on_session=True))
            tx.execute(sa.delete(job).where(job.c.key == charging.JOB_PREFIX + key))
            charging.add_job(tx, shop.runtime, key, delay_seconds=60)
    return key


def state(shop: Shop, key: str) -> tuple[str, str, str | None]:
    """What our books say: the payment's status, the attempt's, and why it failed."""
    with shop.runtime.database.read() as connection:
        asked = payments.attempt_by_key(connection, key)
    return asked.payment.status, asked.attempt.status, asked.attempt.failure_code


def calls(shop: Shop, key: str) -> list[str]:
    """What the bank was asked about a key."""
    return [call for call, subject in shop.gateway.calls if subject == key]


def captures(shop: Shop, key: str) -> int:
    """How often the bank took the money of a key, by its own ledger."""
    return [capture.key for capture in shop.gateway.bank.captures()].count(key)


def deliver(shop: Shop, body: bytes, headers: dict[str, str]) -> None:
    webhook_in.receive(shop.runtime, "prod", "sandbox", body, headers)


def told(shop: Shop, key: str, status: ChargeStatus) -> tuple[bytes, dict[str, str]]:
    """A genuine webhook that says this of a charge, whatever has become of it since."""
    entry = next(entry for entry in reversed(shop.gateway.bank.ledger()) if entry.charge and entry.charge.request.key == key)
    assert entry.charge is not None
    charge = replace(entry.charge, status=status, refusal="card_declined" if status == "failed" else None)
    said = msgspec.structs.replace(entry, sequence=10_000 + STATUSES.index(status), type=f"charge.{status}", charge=charge)
    return shop.gateway.webhook(said, shop.clock())
