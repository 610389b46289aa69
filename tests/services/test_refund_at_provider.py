"""Money that somebody gave back at the payment provider itself is in our books, too: once, with its credit note."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from portico.domain.errors import Refused
from portico.domain.payment import Payment
from portico.gateways.port import RefundOrder
from portico.jobs.worker import Worker
from portico.services import lost_jobs, refund, refund_at_provider
from portico.storage import tables
from tests.services.corrections import REFUNDS_TAX, adopt, tax_refund
from tests.services.drive import begun, deliver, renew, state, work
from tests.services.shop import Shop
from tests.services.test_refund import PAID, again, credit_notes, given_back, ticket_of


def key_of(payment: Payment) -> str:
    return payment.attempts[-1].key or ""


def at_bank(shop: Shop, payment: Payment, amount_minor: int | None = None, **outcome: str) -> str:
    """What a person does in the provider's dashboard; the provider's id of it."""
    return shop.gateway.bank.give_back(payment.attempts[-1].reference or "", amount_minor, **outcome).id  # type: ignore[arg-type]


def news(shop: Shop, copies: int = 1) -> None:
    """The webhooks about all refunds, the newest first."""
    for entry in reversed(shop.gateway.bank.ledger()):
        if entry.refund is not None:
            for _ in range(copies):
                deliver(shop, *shop.gateway.webhook(entry, shop.clock()))


def look(shop: Shop, payment: Payment) -> str:
    return refund_at_provider.look(shop.runtime, key_of(payment))


def amounts(shop: Shop, payment: Payment) -> list[tuple[int, str, bool]]:
    return [(one.amount_minor, one.status, one.at_provider) for one in again(shop, payment).refunds]


def test_it_becomes_a_refund_like_any_other(shop: Shop, paid: Payment) -> None:
    given_back(shop, paid, "1.00")
    references = [at_bank(shop, paid, 500), at_bank(shop, paid)]
    news(shop, copies=3)
    assert [job["key"] for job in shop.jobs(refund_at_provider.JOB)] == [key_of(paid)] * 2
    assert {look(shop, paid) for _ in range(3)} == {"done"}
    assert shop.mails().count("refund_made") == 3
    work(shop, seconds=5)
    assert amounts(shop, paid) == [(100, "succeeded", False), (500, "succeeded", True), (590, "succeeded", True)]
    assert [one.key for one in again(shop, paid).refunds][1:] == references == [one.reference for one in again(shop, paid).refunds][1:]
    assert [content.content.total_minor for content in credit_notes(shop) if content.content] == [100, 500, 590]
    with shop.runtime.database.read() as connection:
        told = connection.execute(tables.event.select().where(tables.event.c.type == "refund.succeeded")).all()
    assert len(told) == 3
    assert shop.jobs(refund_at_provider.JOB) == []
    assert (shop.taken(), refund.why_not(shop.runtime, shop.ada, paid.id)) == (0, "already_refunded")
    shop.is_sound()


def test_many_looks_at_once_take_it_in_once(shop: Shop, paid: Payment) -> None:
    at_bank(shop, paid, 500)
    ticket = refund.ask(shop.runtime, shop.ada, paid.id, "7.00", "x")
    together = Barrier(8)

    def one(n: int) -> str:
        together.wait(30)
        try:
            return refund.approve(shop.runtime, ticket.id) if n == 0 else look(shop, paid)
        except Refused as refused:
            return refused.code

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(one, range(8), timeout=60))
    Worker(shop.runtime).run_until_idle()
    work(shop, minutes=5)
    assert look(shop, paid) == "done"
    assert set(outcomes[1:]) <= {"done", "waits"}
    assert [one for one in amounts(shop, paid) if one != (700, "failed", False)] == [(500, "succeeded", True)], "the provider did the first"
    assert (shop.taken(), len(credit_notes(shop))) == (PAID - 500, 1)
    shop.is_sound()


def test_one_that_takes_its_time_is_known_at_once_and_never_asked_for(shop: Shop, paid: Payment) -> None:
    reference = at_bank(shop, paid, 500, outcome="pending")
    news(shop)
    work(shop, seconds=5)
    assert amounts(shop, paid) == [(500, "pending", True)]
    assert credit_notes(shop) == []
    shop.is_sound()
    with shop.runtime.database.transaction() as tx:
        tx.execute(tables.job.delete())
    assert lost_jobs.restore(shop.runtime) == 1
    work(shop, minutes=1)
    shop.gateway.bank.end_refund(reference, "succeeded")
    work(shop, hours=2)
    assert amounts(shop, paid) == [(500, "succeeded", True)]
    assert "refund" not in [call for call, _ in shop.gateway.calls]
    shop.gateway.bank.end_refund(reference, "failed")
    news(shop)
    work(shop, seconds=5)
    assert amounts(shop, paid) == [(500, "succeeded", True)], "what came back is for a person"
    shop.is_sound()


def test_one_that_fails_leaves_the_money_where_it_is(shop: Shop, paid: Payment) -> None:
    at_bank(shop, paid, 300, outcome="failed")
    reference = at_bank(shop, paid, 500, outcome="pending")
    assert look(shop, paid) == "done"
    shop.gateway.bank.end_refund(reference, "failed")
    assert look(shop, paid) == "done"
    assert (amounts(shop, paid), again(shop, paid).refunded_minor, credit_notes(shop)) == ([(500, "failed", True)], 0, [])
    shop.is_sound()


@pytest.mark.parametrize(
    ("asked", "given_minor", "status"), [("5.00", 500, "succeeded"), ("5.00", 1190, "succeeded"), ("5.00", 700, "pending")]
)
def test_a_request_is_answered_by_what_it_asked_for_or_by_all_there_is(
    shop: Shop, paid: Payment, asked: str, given_minor: int, status: str
) -> None:
    ticket = refund.ask(shop.runtime, shop.ada, paid.id, asked, "x")
    at_bank(shop, paid, given_minor)
    assert look(shop, paid) == "done"
    assert ticket_of(shop, ticket.id).status == status
    assert [one.ticket_id for one in again(shop, paid).refunds] == [ticket.id if status == "succeeded" else None]
    shop.is_sound()


def test_the_news_of_a_charge_that_nobody_knows_of_yet_wait_for_it(shop: Shop) -> None:
    """The answer to the charge was lost, and it was given back before anybody asked again."""
    key = begun(shop, renew(shop))
    shop.gateway.faults += ["timeout_after"]
    work(shop, seconds=1)
    assert state(shop, key)[0] == "unknown"
    shop.gateway.bank.give_back(shop.gateway.bank.captures()[-1].reference, 200)
    news(shop)
    work(shop, minutes=5)
    assert state(shop, key)[0] == "succeeded"
    work(shop, minutes=5)
    with shop.runtime.database.read() as connection:
        assert [row.amount_minor for row in connection.execute(tables.refund.select())] == [200]
    shop.is_sound()


def test_tax_that_is_on_its_way_back_comes_first(shop: Shop, paid: Payment) -> None:
    adopt(shop, REFUNDS_TAX)
    refund_id = tax_refund(shop, paid)
    shop.gateway.faults.append("refund_timeout_after")
    assert refund.execute(shop.runtime, refund_id, first=True) == "pending"
    at_bank(shop, paid, 400)
    assert look(shop, paid) == "waits"
    assert refund.execute(shop.runtime, refund_id) == "succeeded"
    assert look(shop, paid) == "done"
    assert amounts(shop, paid) == [(190, "succeeded", False), (400, "succeeded", True)]
    assert credit_notes(shop)[-1].content.tax_minor == 0  # type: ignore[union-attr]
    shop.is_sound()


@pytest.mark.parametrize("key", ["", "REF_since_the_backup"])
def test_tax_is_not_given_back_of_what_is_gone_already(shop: Shop, paid: Payment, key: str) -> None:
    """Somebody gave back a part, tax included, of which we do not know yet: the whole tax would be too much. So it is with what was
    asked for here, after the backup was made that the books come from."""
    adopt(shop, REFUNDS_TAX)
    if key:
        shop.gateway.refund(RefundOrder(key, paid.attempts[-1].reference or "", 595, "EUR"))
    else:
        at_bank(shop, paid, 595)
    assert refund.execute(shop.runtime, tax_refund(shop, paid), first=True) == "failed"
    assert look(shop, paid) == "done"
    assert refund.execute(shop.runtime, tax_refund(shop, paid), first=True) == "succeeded"
    assert sorted(amounts(shop, paid)) == [(95, "succeeded", False), (190, "failed", False), (595, "succeeded", True)]
    assert shop.taken() == PAID - 595 - 95
    shop.is_sound()


def test_what_cannot_be_changes_nothing_and_is_for_a_person(shop: Shop, paid: Payment) -> None:
    """The books hold less to be left than the provider gave back: it had come back, say."""
    given_back(shop, paid, "11.00")
    kept = shop.gateway.bank.refunds()[-1]
    shop.gateway.bank.end_refund(kept.id, "failed")
    at_bank(shop, paid, 500)
    news(shop)
    work(shop, seconds=5)
    work(shop, minutes=5)
    assert amounts(shop, paid) == [(1100, "succeeded", False)]
    with shop.runtime.database.read() as connection:
        (job,) = connection.execute(tables.job.select().where(tables.job.c.kind == refund_at_provider.JOB)).all()
    assert job.parked_at is not None
