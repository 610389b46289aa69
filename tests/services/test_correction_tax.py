"""Corrections of what tax was charged, or none: when it goes back, and when an invoice without it may not be changed."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from portico.domain.errors import Invalid, Refused
from portico.domain.invoice import TaxReturned, content_of
from portico.domain.payment import Payment
from portico.domain.tax import TaxPolicy, TaxRule
from portico.domain.tax_table import starting_set
from portico.gateways.vat_register import VatAnswer
from portico.jobs.worker import Worker
from portico.services import billing_detail, correction, document, einvoice, notice, plan_change, refund
from portico.storage import order as orders
from portico.storage import payment as payments
from portico.storage import tables, tax_rate
from tests.services.corrections import BERLIN, REFUNDS_TAX, VIENNA, adopt, correct, made, newest, of_payment, refusal, register, tax_refund
from tests.services.shop import START, Shop
from tests.services.test_refund import again, given_back


def test_undue_tax_goes_back_and_is_documented_when_it_did(shop: Shop, paid: Payment) -> None:
    adopt(shop, REFUNDS_TAX)
    shown = correction.preview(shop.runtime, shop.ada, newest(shop, paid).id, VIENNA)
    assert (shown.tax, shown.amount_minor, shown.refund_minor) == ("refund", 1190, 190)
    refund_id = tax_refund(shop, paid)
    assert len(of_payment(shop, paid)) == 2
    assert [(given.refund.id, given.refund.amount_minor) for given in refund.taxes_under_way(shop.runtime)] == [(refund_id, 190)]
    assert refusal(shop, newest(shop, paid)) == "correction_under_way"
    assert refund.why_not(shop.runtime, shop.ada, paid.id) == "correction_under_way"
    Worker(shop.runtime, threads={"pay": 1}).run_until_idle()
    note, new = [content_of(each) for each in of_payment(shop, paid)[2:]]
    assert (note.total_minor, note.tax_minor, new.total_minor, new.tax_minor) == (1190, 190, 1000, 0)
    assert [(tax.rate, tax.reason, tax.country) for tax in new.taxes] == [("0", "reverse_charge", "AT")]
    assert (new.billing_detail.tax_id, new.counterpart, note.counterpart) == ("ATU13585627", note.number, new.number)
    assert note.tax_returned == new.tax_returned == TaxReturned(190, shop.clock(), paid.method)
    said = "€1.90 of tax was refunded on Apr 4, 2026 to Visa ending in 4242."
    assert all(said in written(content).decode() for content in (note, new) for written in (einvoice.cii, einvoice.ubl))
    assert (shop.taken(), again(shop, paid).refunded_minor) == (1000, 190)
    assert refund.taxes_under_way(shop.runtime) == ()
    with shop.runtime.database.read() as connection:
        assert orders.get(connection, shop.ada, paid.order_id).billing_detail.tax_id == "ATU13585627"
    (told,) = [job for job in shop.jobs(notice.JOB) if job["kind"] == "invoice_corrected"]
    assert told["facts"]["refund_id"] == refund_id
    given_back(shop, paid, "4.00")
    correct(shop, paid, {**VIENNA, "po_number": "4711"})
    given_back(shop, paid, "6.00")
    later = [content_of(each) for each in of_payment(shop, paid)[4:]]
    assert {content.tax_minor for content in later} == {0}, "there is no tax left to give back"
    assert [content.kind for content in later if content.tax_returned] == ["invoice"], "it went back once, and counts for what holds"
    shop.is_sound()


def test_nothing_changes_when_the_bank_says_no(shop: Shop, paid: Payment) -> None:
    adopt(shop, REFUNDS_TAX)
    shop.gateway.faults.append("refund_fails")
    refund_id = tax_refund(shop, paid)
    assert refund.execute(shop.runtime, refund_id) == "failed"
    assert len(of_payment(shop, paid)) == 2
    assert shop.mails() == ["refund_failed"]
    assert shop.taken() == 1190
    assert refund.execute(shop.runtime, tax_refund(shop, paid)) == "succeeded", "it can be tried again"
    shop.is_sound()


def test_after_a_refund_the_rest_of_the_tax_goes_back(shop: Shop, paid: Payment) -> None:
    adopt(shop, REFUNDS_TAX)
    given_back(shop, paid, "5.00")
    ticket = refund.ask(shop.runtime, shop.ada, paid.id, "1.00", "x")
    assert refund.execute(shop.runtime, tax_refund(shop, paid)) == "succeeded"
    assert again(shop, paid).refunded_minor == 500 + 110
    assert content_of(newest(shop, paid)).total_minor == 580
    assert refund.execute(shop.runtime, refund.approve(shop.runtime, ticket.id)) == "succeeded"
    shop.is_sound()


def test_one_refund_at_a_time(shop: Shop, paid: Payment) -> None:
    adopt(shop, REFUNDS_TAX)
    first = refund.ask(shop.runtime, shop.ada, paid.id, "1.00", "x")
    refund_id = refund.approve(shop.runtime, first.id)
    with pytest.raises(Refused) as refused:
        correct(shop, paid, VIENNA)
    assert refused.value.code == "refund_under_way"
    assert refund.execute(shop.runtime, refund_id) == "succeeded"
    second = refund.ask(shop.runtime, shop.ada, paid.id, "1.00", "x")
    tax_refund(shop, paid)
    with pytest.raises(Refused) as refused:
        refund.approve(shop.runtime, second.id)
    assert refused.value.code == "correction_under_way"


@pytest.mark.parametrize(
    ("policy", "form", "tax"),
    [
        (TaxPolicy(), VIENNA, "next_charge"),
        (REFUNDS_TAX, {**VIENNA, "tax_id": ""}, "same"),  # who shows no id buys as a consumer, wherever he says he is
        (REFUNDS_TAX, {"country": "US", "state": "NY", "postal_code": "10001", "name": "Ada"}, "same"),
        (REFUNDS_TAX, {**VIENNA, "country": "US", "state": "NY", "postal_code": "10001", "tax_id": "12-3456789"}, "same"),
        (REFUNDS_TAX, {**BERLIN, "is_business": "1", "business_name": "Byron", "tax_id": "DE136695976"}, "same"),
        (TaxPolicy(refund_tax=True, check_vat_ids=True), VIENNA, "next_charge"),
    ],
)
def test_tax_stays_unless_an_id_shows_that_it_was_not_due(
    shop: Shop, paid: Payment, policy: TaxPolicy, form: dict[str, str], tax: str
) -> None:
    adopt(shop, policy)
    assert correction.preview(shop.runtime, shop.ada, newest(shop, paid).id, form).tax == tax
    note, new = made(shop, correct(shop, paid, form))
    assert (note.tax_minor, new.tax_minor, shop.taken()) == (190, 190, 1190)
    shop.is_sound()


def test_where_ids_are_looked_up_the_register_decides(shop: Shop, paid: Payment) -> None:
    """Also later: the details are on the invoice by then, and the tax may still go back."""
    adopt(shop, TaxPolicy(refund_tax=True, check_vat_ids=True))
    correct(shop, paid, VIENNA)
    register(shop, "ATU13585627", "valid")
    shown = correction.preview(shop.runtime, shop.ada, newest(shop, paid).id, VIENNA)
    assert (shown.differing, shown.tax) == ((), "refund")
    assert refund.execute(shop.runtime, tax_refund(shop, paid)) == "succeeded"
    assert content_of(newest(shop, paid)).tax_minor == 0
    shop.is_sound()


class Register:
    """VIES, which knows every id."""

    def ask(self, vat_id: str, *, asked_by: str = "") -> VatAnswer:
        return VatAnswer(is_valid=True, consultation_number="W1", name="", address="")


@pytest.mark.parametrize("keep", [False, True])
def test_an_id_that_the_tax_waits_for_is_asked_about(shop: Shop, paid: Payment, keep: bool) -> None:
    """Also one that stays on the invoice alone; and the buyer is told what to do once it is found."""
    adopt(shop, TaxPolicy(refund_tax=True, check_vat_ids=True))
    asking = replace(shop.runtime, vat_register=Register())
    shown = correction.preview(asking, shop.ada, newest(shop, paid).id, VIENNA)
    assert (shown.tax, shown.waits_for_register) == ("next_charge", True)
    correction.correct(asking, shop.ada, newest(shop, paid).id, VIENNA, keep=keep, shown=shown)
    Worker(asking).run_until_idle()
    again = correction.preview(asking, shop.ada, newest(shop, paid).id, VIENNA)
    assert (again.tax, again.waits_for_register) == ("refund", False)
    shop.is_sound()


def test_a_foreign_id_that_nobody_can_look_up_gives_no_tax_back(shop: Shop, paid: Payment) -> None:
    """Else check digits and the name of another country would do where an id of the Union must have been found."""
    adopt(shop, TaxPolicy(refund_tax=True, check_vat_ids=True))
    with shop.runtime.database.transaction() as tx:
        tax_rate.replace(tx, shop.store.store_id, (*starting_set("DE"), TaxRule("GB", START.date(), "20")))
    british = {"country": "GB", "name": "Ada", "is_business": "1", "business_name": "Byron Ltd", "tax_id": "GB980780684"}
    american = {**british, "country": "US", "state": "NY", "postal_code": "10001", "tax_id": "91-1144442"}
    for form in (british, american):
        for _step in range(2):  # the second finds the country on the invoice, where the first has put it
            assert correction.preview(shop.runtime, shop.ada, newest(shop, paid).id, form).refund_minor == 0
            if form["tax_id"] != content_of(newest(shop, paid)).billing_detail.tax_id:
                correct(shop, paid, form)


def test_what_was_taken_off_for_an_id_cannot_be_made_out_to_a_consumer_again(shop: Shop, paid: Payment) -> None:
    adopt(shop, TaxPolicy(refund_tax=True, check_vat_ids=True))
    register(shop, VIENNA["tax_id"], "valid")
    assert refund.execute(shop.runtime, tax_refund(shop, paid)) == "succeeded"
    register(shop, "ATU10223006", "invalid")
    for form, wrong in (
        (BERLIN, ("tax_id", "required")),
        ({**VIENNA, "tax_id": ""}, ("tax_id", "required")),
        ({**VIENNA, "tax_id": "ATU10223006"}, ("tax_id", "tax_is_due")),  # not known to the register
        ({**BERLIN, "is_business": "1", "business_name": "Byron", "tax_id": "DE136695976"}, ("tax_id", "tax_is_due")),  # at home
    ):
        with pytest.raises(Invalid) as invalid:
            correct(shop, paid, form)
        assert [(error.field, error.code) for error in invalid.value.errors] == [wrong]
    note, new = made(shop, correct(shop, paid, {**VIENNA, "business_name": "Byron & Co OG"}))
    assert (note.tax_minor, new.tax_minor, new.billing_detail.business_name) == (0, 0, "Byron & Co OG")
    american = {"country": "US", "state": "NY", "postal_code": "10001", "name": "Ada"}
    business = {**american, "is_business": "1", "business_name": "Byron Inc", "tax_id": "91-1144442"}
    assert made(shop, correct(shop, paid, business))[1].taxes[0].reason == "outside_scope"
    with pytest.raises(Invalid) as invalid:
        correct(shop, paid, american)  # nor by way of a country that wants no id
    assert [(error.field, error.code) for error in invalid.value.errors] == [("tax_id", "required")]
    shop.is_sound()


def test_a_change_of_plan_without_tax_beside_a_credit_with_it_stays_a_businesss(shop: Shop, paid: Payment) -> None:
    adopt(shop, TaxPolicy())
    subscription = str(paid.subscription_id)
    billing_detail.save(shop.runtime, shop.ada, VIENNA, billing_detail.read(shop.runtime, shop.ada)[1])
    plan_change.confirm(
        shop.runtime, shop.ada, subscription, plan_change.review(shop.runtime, shop.ada, subscription, shop.plans["pro"], 1).quote
    )
    Worker(shop.runtime).run_until_idle()
    changed = next(payment for payment in shop.payments(subscription) if payment.id != paid.id)
    assert [(tax.rate, tax.base_minor) for tax in content_of(newest(shop, changed)).taxes] == [("0", 1800), ("19", -900)]
    with pytest.raises(Invalid) as invalid:
        correct(shop, changed, BERLIN)
    assert [(error.field, error.code) for error in invalid.value.errors] == [("tax_id", "required")]
    correct(shop, changed, {**VIENNA, "po_number": "4711"})
    adopt(shop, REFUNDS_TAX)
    assert correction.preview(shop.runtime, shop.ada, newest(shop, paid).id, VIENNA).tax == "next_charge", "the credit gave it back"
    shop.is_sound()


def test_tax_that_a_change_of_plan_credited_goes_back_after_that_of_the_change(shop: Shop, paid: Payment) -> None:
    """The other way round a consumer had the tax of what was credited twice: from the change, and with somebody's id from the first."""
    adopt(shop, REFUNDS_TAX)
    subscription = str(paid.subscription_id)
    shown = plan_change.review(shop.runtime, shop.ada, subscription, shop.plans["yearly"], 1)
    changed_id = plan_change.confirm(shop.runtime, shop.ada, subscription, shown.quote).payment_id
    assert correction.preview(shop.runtime, shop.ada, newest(shop, paid).id, VIENNA).tax == "next_charge"
    for payment in (again(shop, payment) for payment in reversed(shop.payments(subscription))):
        correct(shop, payment, VIENNA)
        Worker(shop.runtime).run_until_idle()
    assert changed_id == shop.payments(subscription)[-1].id
    assert [payment.total_minor - payment.refunded_minor for payment in shop.payments(subscription)] == [1000, 29100]
    shop.is_sound()


def test_a_sale_to_abroad_cannot_be_brought_home_without_its_tax(shop: Shop) -> None:
    adopt(shop, TaxPolicy())
    american = {"country": "US", "state": "NY", "postal_code": "10001", "name": "Ada"}
    billing_detail.save(shop.runtime, shop.ada, american, billing_detail.read(shop.runtime, shop.ada)[1])
    shop.clock.advance(days=31)
    subscription = shop.subscribe("starter", anchor=START)
    Worker(shop.runtime).run_until_idle()
    renewed = shop.payments(subscription)[-1]
    assert renewed.tax_minor == 0
    with pytest.raises(Invalid) as invalid:
        correct(shop, renewed, BERLIN)
    assert [(error.field, error.code) for error in invalid.value.errors] == [("country", "tax_is_due")]
    correct(shop, renewed, {**american, "name": "Ada Byron"})
    lyon = {**VIENNA, "country": "FR", "tax_id": "FR40303265045"}
    told = [made(shop, correct(shop, renewed, form)) for form in (VIENNA, lyon, {**lyon, "po_number": "4711"})]
    assert [(note.taxes[0].reason, note.taxes[0].country, new.taxes[0].reason, new.taxes[0].country) for note, new in told] == [
        ("outside_scope", "", "reverse_charge", "AT"), ("reverse_charge", "AT", "reverse_charge", "FR"),
        ("reverse_charge", "FR", "reverse_charge", "FR"),
    ], "who owes the tax must be said, and where"  # fmt: skip
    given_back(shop, renewed, "4.00")
    assert content_of(of_payment(shop, renewed)[-1]).taxes[0].country == "FR"
    shop.is_sound()


def test_what_was_brought_in_without_tax_stays_so_for_its_own_reason(shop: Shop) -> None:
    adopt(shop, TaxPolicy())
    order_id = shop.factory.order(shop.ada, created_at=START, tax_rate="0", tax_reason="exempt", tax_minor=0, total_minor=2900)
    payment_id = shop.factory.payment(shop.ada, order_id, created_at=START, succeeded_at=START, tax_minor=0, total_minor=2900)
    with shop.runtime.database.transaction() as tx:
        bought = payments.get(tx, shop.ada, payment_id)
        document.issue_for_payment(tx, shop.runtime, shop.ada, bought, now=START)
    assert made(shop, correct(shop, bought, VIENNA))[1].taxes[0].reason == "exempt"


def test_money_that_was_taken_elsewhere_stays(shop: Shop, paid: Payment) -> None:
    adopt(shop, REFUNDS_TAX)
    with shop.runtime.database.transaction() as tx:
        tx.execute(sa.update(tables.payment_attempt).values(reference=None))
    assert correction.preview(shop.runtime, shop.ada, newest(shop, paid).id, VIENNA).tax == "next_charge"
    without = replace(shop.runtime, gateways={})
    assert correction.preview(without, shop.ada, newest(shop, paid).id, VIENNA).tax == "next_charge"


@pytest.mark.parametrize(("days", "tax"), [(0, "refund"), (2, "same")])
def test_the_tax_is_that_of_the_day_of_the_sale(shop: Shop, paid: Payment, days: int, tax: str) -> None:
    """A rule of later says nothing about it."""
    adopt(shop, REFUNDS_TAX)
    exempt = TaxRule("DE", (START + timedelta(days=days)).date(), "0", reason="exempt")
    with shop.runtime.database.transaction() as tx:
        tax_rate.replace(tx, shop.store.store_id, (*starting_set("DE"), exempt))
    form = {**BERLIN, "is_business": "1", "business_name": "Byron", "tax_id": "DE136695976"}
    assert correction.preview(shop.runtime, shop.ada, newest(shop, paid).id, form).tax == tax
