"""A webhook acts only when it is the provider's, and once, however often and in whatever order it comes."""

import threading
from dataclasses import replace

import pytest
import sqlalchemy as sa

from portico.domain.errors import NotFound
from portico.gateways.port import Forged
from portico.jobs.worker import Worker
from portico.services import card, charging, check, refund, webhook_in
from portico.storage import outbox, tables
from tests.bank import SIGNATURE_HEADER
from tests.services.drive import begun, deliver, renew, state, told, work
from tests.services.shop import Shop


def events(shop: Shop) -> list[tuple[str, str]]:
    table = tables.webhook_event
    with shop.runtime.database.read() as connection:
        return [tuple(row) for row in connection.execute(sa.select(table.c.subject, table.c.outcome).order_by(table.c.received_at))]


def charged(shop: Shop) -> tuple[str, str]:
    """A renewal the bank has taken the money for, whose answer was lost: subscription and key."""
    subscription_id = renew(shop)
    key = begun(shop, subscription_id)
    shop.gateway.faults.append("timeout_after")
    charging.charge(shop.runtime, key, first=True)
    return subscription_id, key


def test_a_hundred_deliveries_at_once_have_one_effect(shop: Shop) -> None:
    subscription_id, key = charged(shop)
    body, headers = told(shop, key, "succeeded")
    ready = threading.Barrier(20)

    def deliver_five() -> None:
        ready.wait(20)
        for _ in range(5):
            deliver(shop, body, headers)

    threads = [threading.Thread(target=deliver_five) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert events(shop) == [(key, "applied")]
    assert state(shop, key) == ("succeeded", "succeeded", None)
    assert len(shop.documents(subscription_id)) == 4
    assert shop.mails().count("payment_received") == 1
    shop.is_sound()


def test_the_job_of_a_charge_that_a_webhook_settled_ends_by_itself(shop: Shop) -> None:
    _, key = charged(shop)
    deliver(shop, *told(shop, key, "succeeded"))
    work(shop, minutes=3)
    assert shop.jobs(charging.JOB) == []
    assert [call for call, _ in shop.gateway.calls if call == "find_charge"] == []


@pytest.mark.parametrize("seconds", [-301, 301])
def test_what_is_too_old_or_dated_ahead_is_forged(shop: Shop, seconds: int) -> None:
    _, key = charged(shop)
    body, headers = told(shop, key, "succeeded")
    shop.clock.advance(seconds=-seconds)
    with pytest.raises(Forged):
        deliver(shop, body, headers)
    assert (events(shop), state(shop, key)[0]) == ([], "unknown")


def test_no_changed_byte_gets_through(shop: Shop) -> None:
    _, key = charged(shop)
    body, headers = told(shop, key, "succeeded")
    signature = headers[SIGNATURE_HEADER]
    forgeries = [(body[:n] + bytes([body[n] ^ 1]) + body[n + 1 :], headers) for n in range(0, len(body), 7)]
    forgeries += [(body, {SIGNATURE_HEADER: signature[:n] + "x" + signature[n + 1 :]}) for n in range(len(signature))]
    forgeries += [(body, {}), (body, {SIGNATURE_HEADER: ""}), (b"", headers), (body + b" ", headers)]
    for forged in forgeries:
        with pytest.raises(Forged):
            deliver(shop, *forged)
    assert (events(shop), state(shop, key)[0]) == ([], "unknown")


@pytest.mark.parametrize(("environment", "name"), [("prod", "stripe"), ("prod", ""), ("test", "sandbox")])
def test_a_provider_that_an_environment_does_not_have_is_not_found(shop: Shop, environment, name: str) -> None:  # type: ignore[no-untyped-def]
    only_prod = replace(shop.runtime, gateways={"prod": shop.gateway})
    with pytest.raises(NotFound):
        webhook_in.receive(only_prod, environment, name, b"", {})


def test_a_charge_of_the_other_environment_is_left_alone(shop: Shop) -> None:
    _, key = charged(shop)
    body, headers = told(shop, key, "succeeded")
    webhook_in.receive(shop.runtime, "test", "sandbox", body, headers)
    assert (events(shop), state(shop, key)[0]) == ([(key, "ignored")], "unknown")
    deliver(shop, body, headers)
    assert state(shop, key)[0] == "succeeded"


def test_another_amount_than_was_asked_for_settles_nothing(shop: Shop) -> None:
    _, key = charged(shop)
    with shop.runtime.database.transaction() as tx:
        tx.execute(
            sa.update(tables.payment).where(tables.payment.c.status == "unknown").values(net_minor=999, tax_minor=190, total_minor=1189)
        )
    deliver(shop, *told(shop, key, "succeeded"))
    assert state(shop, key)[0] == "unknown"


def test_an_event_of_no_interest_leaves_no_trace(shop: Shop) -> None:
    entry = shop.gateway.bank.ledger()[0] if shop.gateway.bank.ledger() else None
    shop.gateway.parse_webhook = lambda *_: webhook_in.GatewayEvent("evt_1", shop.clock())  # type: ignore[method-assign]
    deliver(shop, b"", {})
    assert (events(shop), entry) == ([], None)


def test_what_is_told_of_something_unknown_waits_and_is_parked_in_the_end(shop: Shop) -> None:
    _, key = charged(shop)
    body, headers = told(shop, key, "succeeded")
    attempt = tables.payment_attempt
    with shop.runtime.database.transaction() as tx:  # as after a backup from before the charge was put back
        tx.execute(sa.update(attempt).where(attempt.c.key == key).values(key="PAY_elsewhere-1"))
    deliver(shop, body, headers)
    assert events(shop) == [(key, "waiting")]
    worker = Worker(shop.runtime)
    for _ in range(25):
        shop.clock.advance(hours=2)
        worker.run_until_idle()
    with shop.runtime.database.read() as connection:
        (parked,) = [job for job in outbox.parked(connection) if job.kind == webhook_in.JOB]
    assert key in parked.error
    assert "no_job_is_parked" in [finding.check for finding in check.run(shop.runtime.database)]


def test_what_waits_is_taken_in_when_its_subject_comes(shop: Shop) -> None:
    _, key = charged(shop)
    body, headers = told(shop, key, "succeeded")
    attempt = tables.payment_attempt
    with shop.runtime.database.transaction() as tx:
        tx.execute(sa.update(attempt).where(attempt.c.key == key).values(key="PAY_elsewhere-1"))
    deliver(shop, body, headers)
    with shop.runtime.database.transaction() as tx:
        tx.execute(sa.update(attempt).where(attempt.c.key == "PAY_elsewhere-1").values(key=key))
    work(shop, minutes=3)
    assert events(shop) == [(key, "applied")]
    assert shop.jobs(webhook_in.JOB) == []
    assert state(shop, key)[0] == "succeeded"


def test_a_card_page_that_was_used_is_looked_at_at_once(shop: Shop) -> None:
    subscription_id = shop.subscribe()
    before = shop.read(subscription_id).method_reference
    card.update_page(shop.runtime, shop.ada, subscription_id)
    (entry,) = [entry for entry in shop.gateway.bank.ledger() if entry.setup]
    assert entry.setup is not None
    shop.gateway.use_card_page(entry.setup.id)
    (used,) = [entry for entry in shop.gateway.bank.ledger() if entry.setup and entry.setup.status == "completed"]
    deliver(shop, *shop.gateway.webhook(used, shop.clock()))
    work(shop)
    assert shop.read(subscription_id).method_reference != before
    assert events(shop) == [(entry.setup.id, "applied")]


def test_a_refund_that_took_its_time_is_settled_by_its_webhook(shop: Shop) -> None:
    subscription_id = shop.subscribe()
    payment_id = shop.payments(subscription_id)[0].id
    shop.gateway.faults.append("refund_pending")
    ticket = refund.ask(shop.runtime, shop.ada, payment_id, "5.00", "changed my mind")
    key = refund.approve(shop.runtime, ticket.id)
    work(shop)
    assert shop.payments(subscription_id)[0].refunded_minor == 0
    shop.gateway.bank.end_refund(shop.gateway.bank.refunds()[-1].id, "succeeded")
    entry = shop.gateway.bank.ledger()[-1]
    for _ in range(2):
        deliver(shop, *shop.gateway.webhook(entry, shop.clock()))
    assert shop.payments(subscription_id)[0].refunded_minor == 500
    assert events(shop) == [(key, "applied")]
    assert len(shop.documents(subscription_id)) == 3
    shop.is_sound()


def test_the_webhook_about_a_surplus_is_known(shop: Shop) -> None:
    _, key = charged(shop)
    deliver(shop, *told(shop, key, "failed"))
    work(shop, days=1)
    deliver(shop, *told(shop, key, "succeeded"))
    work(shop)
    entry = shop.gateway.bank.ledger()[-1]
    assert entry.type == "refund.succeeded"
    deliver(shop, *shop.gateway.webhook(entry, shop.clock()))
    assert events(shop)[-1] == (f"{key}-surplus", "applied")
