"""The jobs of the lane `pay`, run by a worker with its threads."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from portico.app import id_maker
from portico.domain.calendar import period_bounds
from portico.domain.scope import BuyerScope
from portico.jobs.worker import Worker
from portico.services import check
from portico.services.runtime import Runtime
from portico.storage import outbox, tables
from portico.storage import subscription as subscriptions
from tests.bank import BankGateway
from tests.factories import Factory

SUBSCRIPTIONS = 30


def due_subscriptions(runtime: Runtime, factory: Factory, gateway: BankGateway, count: int) -> BuyerScope:
    buyer, card = factory.buyer(), gateway.save_card("ada@example.com")
    start, _ = period_bounds(factory.now, "month", -1)
    columns = {"managed": True, "customer_reference": card.customer, "method_reference": card.method, "anchor": start}
    for _ in range(count):
        subscription_id = factory.subscription(buyer, **columns)
        with runtime.database.transaction() as tx:
            found = subscriptions.get(tx, buyer, subscription_id)
            subscriptions.change(tx, buyer, subscription_id, expected_version=1, due_at=found.period_end)
    return buyer


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline, "it was not done in time"
        time.sleep(0.02)


def statuses(runtime: Runtime, buyer: BuyerScope) -> list[str]:
    with runtime.database.read() as connection:
        return list(connection.execute(sa.select(tables.payment.c.status).where(tables.payment.c.buyer_id == buyer.buyer_id)).scalars())


def test_a_worker_bills_what_is_due_while_answers_are_lost(runtime: Runtime, factory: Factory, gateway: BankGateway, random_bytes) -> None:
    """Real threads and a clock that runs: every fault at once, and each period is captured once."""
    began = time.monotonic()

    def clock():  # type: ignore[no-untyped-def]
        return factory.now + timedelta(seconds=(time.monotonic() - began) * 20)  # twenty times as fast as ours

    running = replace(runtime, clock=clock, new_id=id_maker(clock, random_bytes))
    buyer = due_subscriptions(runtime, factory, gateway, SUBSCRIPTIONS)
    gateway.faults += ["timeout_before", "timeout_after", "error_after", "error_before"] * 4
    worker = Worker(running)
    worker.start()
    try:
        until(lambda: statuses(running, buyer) == ["succeeded"] * SUBSCRIPTIONS)
    finally:
        worker.stop()
    captured = [capture.key for capture in gateway.bank.captures()]
    assert len(captured) == len(set(captured)) == SUBSCRIPTIONS
    with runtime.database.read() as connection:
        assert outbox.parked(connection) == []
        assert [lane for lane in outbox.waiting(connection) if lane.lane == "pay"] == []
    assert [finding for finding in check.run(runtime.database) if finding.severity == "error" and "fits" not in finding.check] == []


def test_a_job_of_a_charge_that_is_settled_ends(runtime: Runtime, factory: Factory, gateway: BankGateway) -> None:
    buyer = due_subscriptions(runtime, factory, gateway, 1)
    Worker(runtime).run_until_idle()
    (key,) = [capture.key for capture in gateway.bank.captures()]
    with runtime.database.transaction() as tx:
        outbox.add(tx, "charge", {"key": key, "first": True}, now=runtime.clock(), lane="pay")
    assert Worker(runtime, threads={"pay": 1}).run_until_idle() == 1
    assert [subject for call, subject in gateway.calls if call != "charge"] == []
    assert statuses(runtime, buyer) == ["succeeded"]


def test_what_the_provider_will_not_give_back_is_parked_at_once(runtime: Runtime, gateway: BankGateway) -> None:
    arguments = {"environment": "prod", "key": "PAY_1-1-surplus", "charge_reference": "ch_none", "amount_minor": 100, "currency": "EUR"}
    with runtime.database.transaction() as tx:
        outbox.add(tx, "return_surplus", arguments, now=runtime.clock(), lane="pay")
    Worker(runtime).run_until_idle()
    with runtime.database.read() as connection:
        (parked,) = outbox.parked(connection)
    assert "does not give PAY_1-1-surplus back" in parked.error
