"""Money back: asked for, decided, given once, with its credit note."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from portico.domain.errors import Conflict, Invalid, NotFound, Refused
from portico.domain.payment import Payment
from portico.gateways.port import Charge, RefundResult
from portico.jobs.worker import Worker
from portico.services import document, document_file, refund, refund_asking
from portico.storage import document as documents
from portico.storage import order as orders
from portico.storage import payment as payments
from portico.storage import refund as refunds
from portico.storage import refund_ticket as tickets
from portico.storage import tables
from tests.documents.pdf_text import text_of
from tests.services.shop import START, Shop

PAID = 1190


def given_back(shop: Shop, payment: Payment, amount: str) -> str:
    """Asked for, granted and done; the refund's id."""
    ticket = refund.ask(shop.runtime, shop.ada, payment.id, amount, "Bought by mistake")
    refund_id = refund.approve(shop.runtime, ticket.id)
    assert refund.execute(shop.runtime, refund_id) == "succeeded"
    return refund_id


def again(shop: Shop, payment: Payment) -> Payment:
    with shop.runtime.database.read() as connection:
        return payments.get(connection, shop.ada, payment.id)


def ticket_of(shop: Shop, ticket_id: str):  # type: ignore[no-untyped-def]
    with shop.runtime.database.read() as connection:
        return tickets.get(connection, shop.ada, ticket_id)


def credit_notes(shop: Shop) -> list[documents.Document]:
    with shop.runtime.database.read() as connection:
        found = documents.page(connection, shop.ada, kind="credit_note").items
        return [documents.get(connection, shop.ada, one.id) for one in reversed(found)]


# --- Asking


def test_a_request_waits_for_a_person(shop: Shop, paid: Payment) -> None:
    ticket = refund.ask(shop.runtime, shop.ada, paid.id, " 5.00 ", "  It did not\x00 work\r\nfor me ")
    assert (ticket.status, ticket.version, ticket.amount_minor, ticket.currency) == ("pending", 1, 500, "EUR")
    assert (ticket.reason, ticket.payment_id, ticket.created_at) == ("It did not work\nfor me", paid.id, shop.clock())
    assert refund.waiting(shop.runtime) == ((shop.ada, ticket),)
    assert shop.mails() == ["refund_requested"]
    assert again(shop, paid) == paid
    shop.is_sound()


@pytest.mark.parametrize(
    ("amount", "minor"), [("11.90", 1190), ("0.01", 1), ("5", 500), ("5.5", 550), ("5,5", 550), ("5,50", 550), ("１１.９０", 1190)]
)
def test_an_amount_is_read_as_people_write_it(shop: Shop, paid: Payment, amount: str, minor: int) -> None:
    assert refund.ask(shop.runtime, shop.ada, paid.id, amount, "x").amount_minor == minor


@pytest.mark.parametrize(
    ("amount", "reason", "errors"),
    [
        ("0", "x", [("amount", "refund_amount")]),
        ("-5", "x", [("amount", "refund_amount")]),
        ("11.91", "x", [("amount", "refund_amount")]),
        ("99999999999999999999", "x", [("amount", "amount_format")]),
        ("5.001", "x", [("amount", "amount_format")]),
        ("1,000", "x", [("amount", "amount_format")]),
        ("five", "", [("amount", "amount_format"), ("reason", "required")]),
        ("", " ", [("amount", "amount_format"), ("reason", "required")]),
        ("5", "x" * 501, [("reason", "too_long")]),
        ("5", "4242-4242-4242-4242", [("reason", "card_number")]),
        ("12", "", [("amount", "refund_amount"), ("reason", "required")]),
    ],
)
def test_everything_that_is_wrong_is_said_at_once(
    shop: Shop, paid: Payment, amount: str, reason: str, errors: list[tuple[str, str]]
) -> None:
    with pytest.raises(Invalid) as invalid:
        refund.ask(shop.runtime, shop.ada, paid.id, amount, reason)
    assert [(error.field, error.code) for error in invalid.value.errors] == errors
    assert refund.waiting(shop.runtime) == ()


def test_what_stands_against_it_is_said(shop: Shop, paid: Payment) -> None:
    elsewhere = shop.factory.payment(shop.ada, shop.factory.order(shop.ada))
    failed = shop.factory.payment(shop.ada, shop.factory.order(shop.ada), status="failed", attempts=("failed",))
    refund.ask(shop.runtime, shop.ada, paid.id, "1", "x")
    for payment_id, code in ((elsewhere, "billed_elsewhere"), (failed, "payment_not_succeeded"), (paid.id, "refund_ticket_open")):
        assert refund.why_not(shop.runtime, shop.ada, payment_id) == code
        with pytest.raises(Refused) as refused:
            refund.ask(shop.runtime, shop.ada, payment_id, "1", "x")
        assert refused.value.code == code


def test_only_its_buyer_can(shop: Shop, paid: Payment) -> None:
    ticket = refund.ask(shop.runtime, shop.ada, paid.id, "1", "x")
    refund.reject(shop.runtime, ticket.id)
    eve = shop.factory.buyer(shop.store)
    for who in (eve, replace(shop.ada, environment="test")):
        with pytest.raises(NotFound):
            refund.ask(shop.runtime, who, paid.id, "1", "x")
        with pytest.raises(NotFound):
            refund.why_not(shop.runtime, who, paid.id)
        with pytest.raises(NotFound):
            refund.resubmit(shop.runtime, who, ticket.id, "1", "x")
    assert ticket_of(shop, ticket.id).status == "rejected"


def test_of_many_requests_at_once_one_is_kept(shop: Shop, paid: Payment) -> None:
    together = Barrier(12)

    def ask(_: int) -> str:
        together.wait(30)
        try:
            return refund.ask(shop.runtime, shop.ada, paid.id, "10", "x").status
        except Refused as refused:
            return refused.code

    with ThreadPoolExecutor(12) as pool:
        assert sorted(pool.map(ask, range(12))) == ["pending", *["refund_ticket_open"] * 11]


# --- Deciding


def test_declined_it_may_be_asked_for_again(shop: Shop, paid: Payment) -> None:
    ticket = refund.ask(shop.runtime, shop.ada, paid.id, "11.90", "All of it")
    with pytest.raises(Conflict):
        refund.resubmit(shop.runtime, shop.ada, ticket.id, "5", "Half of it")
    shop.clock.advance(hours=1)
    refund.reject(shop.runtime, ticket.id, note=" Sorry, no. ")
    declined = ticket_of(shop, ticket.id)
    assert (declined.status, declined.note, declined.decided_at) == ("rejected", "Sorry, no.", shop.clock())
    second = refund.resubmit(shop.runtime, shop.ada, ticket.id, "5", "Half of it")
    assert (second.id, second.version, second.status, second.amount_minor, second.note) == (ticket.id, 2, "pending", 500, "")
    assert shop.mails() == ["refund_requested", "refund_rejected", "refund_requested"]
    with pytest.raises(Conflict):
        refund.resubmit(shop.runtime, shop.ada, ticket.id, "5", "Half of it")
    shop.is_sound()


def test_who_decides_second_changes_nothing(shop: Shop, paid: Payment) -> None:
    ticket = refund.ask(shop.runtime, shop.ada, paid.id, "5", "x")
    refund.approve(shop.runtime, ticket.id, note="Fine")
    for decide in (refund.approve, refund.reject):
        with pytest.raises(Conflict):
            decide(shop.runtime, ticket.id)
    assert (ticket_of(shop, ticket.id).status, ticket_of(shop, ticket.id).note) == ("approved", "Fine")
    assert len(shop.jobs(refund.JOB)) == 1
    for decide in (refund.approve, refund.reject):
        with pytest.raises(NotFound):
            decide(shop.runtime, shop.runtime.new_id("TKT"))
    with pytest.raises(Invalid):
        refund.reject(shop.runtime, ticket.id, note="Your card 4242 4242 4242 4242")


def test_no_more_is_granted_than_is_left(shop: Shop, paid: Payment) -> None:
    ticket = refund.ask(shop.runtime, shop.ada, paid.id, "10", "x")
    shop.factory.refund(shop.ada, paid.id, amount_minor=500, status="pending")
    with pytest.raises(Refused) as refused:
        refund.approve(shop.runtime, ticket.id)
    assert refused.value.code == "refund_amount"
    assert ticket_of(shop, ticket.id).status == "pending", "nothing was decided"
    assert shop.jobs(refund.JOB) == []


def test_without_a_provider_nothing_is_granted(shop: Shop, paid: Payment) -> None:
    ticket = refund.ask(shop.runtime, shop.ada, paid.id, "10", "x")
    with pytest.raises(Refused) as refused:
        refund.approve(replace(shop.runtime, gateways={}), ticket.id)
    assert refused.value.code == "no_gateway"


# --- Giving it back


def test_what_is_granted_is_given_back_with_a_credit_note(shop: Shop, paid: Payment) -> None:
    ticket = refund.ask(shop.runtime, shop.ada, paid.id, "5.00", "x")
    refund_id = refund.approve(shop.runtime, ticket.id)
    assert again(shop, paid).refunded_minor == 0
    shop.clock.advance(minutes=1)
    Worker(shop.runtime, threads={"pay": 1}).run_until_idle()
    found = again(shop, paid)
    assert (found.refunded_minor, [(one.id, one.status, one.amount_minor) for one in found.refunds]) == (
        500,
        [(refund_id, "succeeded", 500)],
    )
    assert found.refunds[0].reference == shop.gateway.bank.refunds()[0].id
    assert ticket_of(shop, ticket.id).status == "succeeded"
    (note,) = credit_notes(shop)
    assert (note.number, note.payment_id, note.refund_id, note.total_minor) == ("CN-2026-000001", paid.id, refund_id, 500)
    assert note.content is not None
    assert (note.content.refers_to, note.content.net_minor, note.content.tax_minor) == ("INV-2026-000001", 420, 80)
    assert note.content.paid_at == note.issued_at == shop.clock()
    assert shop.taken() == PAID - 500
    assert shop.mails() == ["refund_requested", "refund_made"]
    text = text_of(document_file.pdf(shop.runtime, shop.ada, note.id)[0])
    assert "Credit note" in text
    assert "INV-2026-000001" in text
    shop.is_sound()


def test_parts_sum_to_the_whole_and_so_does_their_tax(shop: Shop, paid: Payment) -> None:
    for amount in ("3.33", "3.33", "5.24"):
        given_back(shop, paid, amount)
    found = again(shop, paid)
    assert (found.refunded_minor, shop.taken()) == (PAID, 0)
    contents = [note.content for note in credit_notes(shop) if note.content]
    assert [content.number for content in contents] == [f"CN-2026-{n:06d}" for n in (1, 2, 3)]
    assert (sum(content.net_minor for content in contents), sum(content.tax_minor for content in contents)) == (1000, 190)
    assert refund.why_not(shop.runtime, shop.ada, paid.id) == "already_refunded"
    shop.is_sound()


def test_a_purchase_is_as_settled_as_what_was_given_back_of_it(shop: Shop) -> None:
    order_id = shop.factory.order(shop.ada, created_at=START)
    payment_id = bought(shop, order_id)
    for amount, status in (("10.00", "partially_refunded"), ("24.51", "refunded")):
        ticket = refund.ask(shop.runtime, shop.ada, payment_id, amount, "x")
        assert refund.execute(shop.runtime, refund.approve(shop.runtime, ticket.id)) == "succeeded"
        with shop.runtime.database.read() as connection:
            assert orders.get(connection, shop.ada, order_id).status == status
    shop.is_sound()


def bought(shop: Shop, order_id: str) -> str:
    """A purchase that was charged at the bank; the payment's id."""
    card, payment_id = shop.card(), shop.runtime.new_id("PAY")
    charged = shop.gateway.charge(Charge(f"{payment_id}-1", 3451, "EUR", card.customer, card.method, "", False, "https://portal.test/", {}))
    shop.factory.payment(shop.ada, order_id, id=payment_id, created_at=START, succeeded_at=START)
    with shop.runtime.database.transaction() as tx:
        tx.execute(
            tables.payment_attempt.update()
            .where(tables.payment_attempt.c.payment_id == payment_id)
            .values(reference=charged.reference, key=charged.key)
        )
        document.issue_for_payment(tx, shop.runtime, shop.ada, payments.get(tx, shop.ada, payment_id), now=START)
    return payment_id


@pytest.mark.parametrize("fault", ["refund_timeout_before", "refund_timeout_after", "unreachable"])
def test_an_answer_that_is_lost_is_asked_for_until_it_comes(shop: Shop, paid: Payment, fault: str) -> None:
    ticket = refund.ask(shop.runtime, shop.ada, paid.id, "5", "x")
    refund_id = refund.approve(shop.runtime, ticket.id)
    shop.gateway.faults.append(fault)
    assert refund.execute(shop.runtime, refund_id, first=True) == "pending"
    assert (ticket_of(shop, ticket.id).status, again(shop, paid).refunded_minor, credit_notes(shop)) == ("approved", 0, [])
    shop.gateway.faults.clear()
    shop.gateway.calls.clear()
    assert refund.execute(shop.runtime, refund_id) == "succeeded"
    assert shop.gateway.calls[0] == ("find_refund", refund_id), "whoever is not the first to ask looks first"
    assert shop.taken() == PAID - 500
    assert len(credit_notes(shop)) == 1
    shop.is_sound()


def test_a_refund_that_takes_its_time_is_waited_for(shop: Shop, paid: Payment) -> None:
    ticket = refund.ask(shop.runtime, shop.ada, paid.id, "5", "x")
    refund_id = refund.approve(shop.runtime, ticket.id)
    shop.gateway.faults.append("refund_pending")
    assert refund.execute(shop.runtime, refund_id) == "pending"
    assert again(shop, paid).refunds[0].reference is not None
    shop.gateway.bank.end_refund(shop.gateway.bank.refunds()[-1].id, "succeeded")
    assert refund.execute(shop.runtime, refund_id) == "succeeded"
    assert ticket_of(shop, ticket.id).status == "succeeded"


def test_a_refund_that_the_provider_refuses_is_told_to_everybody(shop: Shop, paid: Payment) -> None:
    ticket = refund.ask(shop.runtime, shop.ada, paid.id, "5", "x")
    refund_id = refund.approve(shop.runtime, ticket.id)
    shop.gateway.faults.append("refund_fails")
    assert refund.execute(shop.runtime, refund_id) == "failed"
    assert (ticket_of(shop, ticket.id).status, again(shop, paid).refunded_minor, credit_notes(shop)) == ("failed", 0, [])
    assert shop.mails() == ["refund_requested", "refund_failed"]
    assert refund.execute(shop.runtime, refund_id) == "failed"
    assert shop.mails().count("refund_failed") == 1
    given_back(shop, paid, "11.90")
    assert shop.taken() == 0
    shop.is_sound()


def test_news_that_come_twice_or_at_once_have_one_effect(shop: Shop, paid: Payment) -> None:
    ticket = refund.ask(shop.runtime, shop.ada, paid.id, "5", "x")
    refund_id, together = refund.approve(shop.runtime, ticket.id), Barrier(8)

    def execute(_: int) -> str:
        together.wait(30)
        return refund.execute(shop.runtime, refund_id)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(execute, range(8))) == {"succeeded"}
    assert again(shop, paid).refunded_minor == 500
    assert len(credit_notes(shop)) == 1
    assert shop.taken() == PAID - 500
    assert shop.mails().count("refund_made") == 1
    shop.is_sound()


def test_an_answer_about_another_amount_settles_nothing(shop: Shop, paid: Payment) -> None:
    ticket = refund.ask(shop.runtime, shop.ada, paid.id, "5", "x")
    refund_id = refund.approve(shop.runtime, ticket.id)
    with shop.runtime.database.read() as connection:
        asked = refunds.by_key(connection, refund_id)
    right = RefundResult(refund_id, "succeeded", "re_1", 500, "EUR")
    assert refund_asking.fits(asked, right)
    for wrong in ({"amount_minor": 501}, {"currency": "USD"}, {"key": "REF_x"}):
        assert not refund_asking.fits(asked, replace(right, **wrong))


def test_fifty_at_once_never_give_back_more_than_was_taken(shop: Shop, paid: Payment) -> None:
    """M6: refunds under way and done never exceed what was captured, whoever grants them."""
    many, together = 50, Barrier(50)

    def grant(n: int) -> bool:
        together.wait(30)
        refund_id = f"REF_{n:022d}"
        with shop.runtime.database.transaction() as tx:
            if not refunds.start(
                tx, shop.ada, refund_id, payment_id=paid.id, amount_minor=100, reason="x", key=refund_id, now=shop.clock()
            ):
                return False
        return refund.execute(shop.runtime, refund_id) == "succeeded"

    with ThreadPoolExecutor(many) as pool:
        granted = sum(pool.map(grant, range(many)))
    assert granted == PAID // 100
    found = again(shop, paid)
    assert found.refunded_minor == granted * 100 <= found.total_minor
    assert shop.taken() == PAID - granted * 100
    assert [note.number for note in credit_notes(shop)] == [f"CN-2026-{n:06d}" for n in range(1, granted + 1)]
    shop.is_sound()
