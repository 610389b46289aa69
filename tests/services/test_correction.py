"""Correcting whom issued invoices are made out to."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from portico.domain.correction import MOST_CORRECTIONS
from portico.domain.errors import Conflict, Invalid, NotFound, Refused
from portico.domain.invoice import Document, content_of
from portico.domain.payment import Payment
from portico.domain.tax import TaxPolicy
from portico.services import billing_detail, correction, refund
from portico.storage import order as orders
from portico.storage import payment as payments
from tests.services.corrections import BERLIN, VIENNA, adopt, correct, made, newest, of_payment, refusal
from tests.services.shop import START, Shop
from tests.services.test_refund import given_back


def test_an_invoice_is_cancelled_and_replaced_in_one_go(shop: Shop, paid: Payment) -> None:
    old = newest(shop, paid)
    shown = correction.preview(shop.runtime, shop.ada, old.id, BERLIN)
    assert (shown.original, shown.amount_minor, shown.tax, shown.refund_minor) == (old, 1190, "same", 0)
    assert shown.differing == ("name", "line1", "postal_code")
    note, new = made(shop, correct(shop, paid, BERLIN, shown=shown))
    assert [each.number for each in of_payment(shop, paid)] == ["INV-2026-000001", "REC-2026-000001", "CN-2026-000001", "INV-2026-000002"]
    assert (note.refers_to, note.counterpart, note.refers_to_at) == (old.number, new.number, old.issued_at)
    assert (new.refers_to, new.counterpart, new.billing_detail.line1) == (old.number, note.number, "Ring 1")
    assert (new.lines, new.taxes, new.total_minor, new.paid_at) == (content_of(old).lines, content_of(old).taxes, 1190, paid.succeeded_at)
    assert new.issued_at == shop.clock()
    with shop.runtime.database.read() as connection:
        assert orders.get(connection, shop.ada, paid.order_id).billing_detail == new.billing_detail
    assert billing_detail.read(shop.runtime, shop.ada)[0].name == "Ada Lovelace", "the profile is another matter"
    assert shop.mails() == ["invoice_corrected"]
    assert shop.taken() == 1190
    shop.is_sound()


def test_with_the_profile_goes_everything_that_hangs_on_it(shop: Shop, paid: Payment) -> None:
    adopt(shop, TaxPolicy())
    own = {**BERLIN, "name": "Somebody", "copy_emails": "books@example.com"}
    billing_detail.save(shop.runtime, shop.ada, own, billing_detail.read(shop.runtime, shop.ada)[1])
    correct(shop, paid, VIENNA, keep=True)
    kept, _ = billing_detail.read(shop.runtime, shop.ada)
    assert (kept.tax_id, kept.copy_emails) == ("ATU13585627", ("books@example.com",))
    assert shop.read(str(paid.subscription_id)).tax_reason == "reverse_charge", "the next charge is taxed by it"
    assert content_of(newest(shop, paid)).billing_detail.copy_emails == ()
    copied = shop.jobs("document_mail")
    assert [len(job["document_ids"]) for job in copied] == [2], "whoever gets copies gets both"
    shop.is_sound()


def test_any_number_of_times_with_refunds_in_between(shop: Shop, paid: Payment) -> None:
    for line, amount in (("Ring 1", "3.33"), ("Ring 2", "0.01"), ("Ring 3", "5.00")):
        correct(shop, paid, {**BERLIN, "line1": line})
        given_back(shop, paid, amount)
    last = made(shop, correct(shop, paid, {**BERLIN, "line1": "Ring 4"}))[1]
    assert (last.total_minor, last.net_minor, last.tax_minor) == (356, 299, 57)
    given_back(shop, paid, "3.56")
    contents = [content_of(each) for each in of_payment(shop, paid) if each.kind != "receipt"]
    for name in ("net_minor", "tax_minor", "total_minor"):
        assert sum(getattr(one, name) * (1 if one.kind == "invoice" else -1) for one in contents) == 0
    refunded = [content.refers_to for content in contents if content.kind == "credit_note" and not content.counterpart]
    assert refunded == ["INV-2026-000002", "INV-2026-000003", "INV-2026-000004", "INV-2026-000005"], "each corrects what held then"
    assert refusal(shop, newest(shop, paid)) == "nothing_left"
    shop.is_sound()


def test_what_stands_against_it_is_said(shop: Shop, paid: Payment) -> None:
    first, receipt = of_payment(shop, paid)
    assert refusal(shop, first) is None
    assert refusal(shop, receipt) == "not_an_invoice"
    with pytest.raises(Invalid) as invalid:
        correction.preview(shop.runtime, shop.ada, first.id, {**VIENNA, "tax_id": "ATU1", "business_name": ""})
    assert {error.field for error in invalid.value.errors} == {"tax_id", "business_name"}
    correct(shop, paid, BERLIN)
    assert refusal(shop, first) == "corrected_already"
    with pytest.raises(Refused) as refused:
        correct(shop, paid, BERLIN)
    assert refused.value.code == "nothing_to_correct"
    assert len(of_payment(shop, paid)) == 4
    eve = shop.factory.buyer(shop.store)
    for who in (eve, replace(shop.ada, environment="test")):
        with pytest.raises(NotFound):
            correction.preview(shop.runtime, who, newest(shop, paid).id, VIENNA)
        with pytest.raises(NotFound):
            correction.correct(shop.runtime, who, newest(shop, paid).id, VIENNA, keep=True)


def test_so_many_a_day_and_no_more(shop: Shop, paid: Payment, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_CORRECTIONS == 20
    monkeypatch.setattr("portico.domain.correction.MOST_CORRECTIONS", 2)
    correct(shop, paid, {**BERLIN, "line1": "Ring 2"})
    correct(shop, paid, {**BERLIN, "line1": "Ring 3"})
    assert refusal(shop, newest(shop, paid)) == "correction_limit"
    shop.clock.advance(days=1, seconds=1)
    assert refusal(shop, newest(shop, paid)) is None


def test_what_moved_since_it_was_shown_is_a_conflict(shop: Shop, paid: Payment) -> None:
    old = newest(shop, paid)
    shown = correction.preview(shop.runtime, shop.ada, old.id, BERLIN)
    given_back(shop, paid, "1.00")
    with pytest.raises(Conflict):
        correct(shop, paid, BERLIN, keep=True, shown=shown)
    assert billing_detail.read(shop.runtime, shop.ada)[0].line1 != "Ring 1", "nothing is kept of it"
    shown = correction.preview(shop.runtime, shop.ada, old.id, BERLIN)
    correct(shop, paid, BERLIN, shown=shown)
    with pytest.raises(Conflict):
        correction.correct(shop.runtime, shop.ada, old.id, BERLIN, keep=False, shown=shown)
    shop.is_sound()


def test_of_two_at_once_one_wins_and_a_refund_finds_what_holds(shop: Shop, paid: Payment) -> None:
    old, together = newest(shop, paid), Barrier(4)
    ticket = refund.ask(shop.runtime, shop.ada, paid.id, "5.00", "x")
    refund_id = refund.approve(shop.runtime, ticket.id)

    def one(n: int) -> str:
        together.wait(30)
        if n == 3:
            return refund.execute(shop.runtime, refund_id)
        try:
            correction.correct(shop.runtime, shop.ada, old.id, {**BERLIN, "line1": f"Ring {n}"}, keep=n == 0)
        except (Conflict, Refused) as refused:
            return refused.code
        return "corrected"

    with ThreadPoolExecutor(4) as pool:
        results = sorted(pool.map(one, range(4)))
    assert results.count("succeeded") == 1
    assert results.count("corrected") <= 1
    assert set(results) <= {"succeeded", "corrected", "conflict", "corrected_already"}
    assert len([each for each in of_payment(shop, paid) if each.kind == "invoice"]) == 1 + results.count("corrected")
    shop.is_sound()


def test_of_many_at_once_no_more_are_made_than_in_a_row(shop: Shop, paid: Payment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portico.domain.correction.MOST_CORRECTIONS", 2)
    every = [newest(shop, each) for each in (paid, *(shop.payments(shop.subscribe("starter"))[0] for _ in range(5)))]
    together = Barrier(len(every))

    def one(old: Document) -> str:
        shown = correction.preview(shop.runtime, shop.ada, old.id, BERLIN)
        together.wait(30)
        try:
            correction.correct(shop.runtime, shop.ada, old.id, BERLIN, keep=False, shown=shown)
        except Conflict:
            return "conflict"
        return "corrected"

    with ThreadPoolExecutor(len(every)) as pool:
        assert sorted(pool.map(one, every)) == ["conflict"] * 4 + ["corrected"] * 2
    shop.is_sound()


def test_what_was_invoiced_elsewhere_is_corrected_here(shop: Shop) -> None:
    payment_id = shop.factory.payment(shop.ada, shop.factory.order(shop.ada), created_at=START, succeeded_at=START)
    shop.factory.document(shop.ada, payment_id, elsewhere="RE 2019/4")
    with shop.runtime.database.read() as connection:
        bought = payments.get(connection, shop.ada, payment_id)
    note, new = made(shop, correct(shop, bought, VIENNA))
    assert (note.refers_to, new.number) == ("RE 2019/4", "INV-2026-000001")
