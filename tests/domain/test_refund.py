from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.domain.errors import FieldError, Invalid
from portico.domain.payment import (
    Payment,
    PaymentAttempt,
    Refund,
    RefundStatus,
    RefundTicket,
    TicketStatus,
    net_taken_back_minor,
    refundable_minor,
    split_refund,
)
from portico.domain.refund import charge_reference, check, refund_why_not
from portico.domain.tax import tax_on
from tests.domain.samples import CARD, PAYMENT, START

DAY = timedelta(days=1)
NOW = START + 3 * DAY


def refund(amount_minor: int, status: RefundStatus = "succeeded") -> Refund:
    return Refund("REF_1", amount_minor, status, "", START)


def ticket(status: TicketStatus) -> RefundTicket:
    return RefundTicket("TKT_1", "PAY_1", 1, 100, "EUR", "", status, "", START, START, None)


def paid(net_minor: int, rate: str) -> Payment:
    tax_minor = tax_on(net_minor, rate)
    return replace(PAYMENT, net_minor=net_minor, tax_minor=tax_minor, total_minor=net_minor + tax_minor)


def test_what_can_still_be_given_back() -> None:
    assert refundable_minor(PAYMENT) == 10353
    assert refundable_minor(replace(PAYMENT, refunds=(refund(1000), refund(353, "pending"), refund(5000, "failed")))) == 9000
    assert refundable_minor(replace(PAYMENT, refunded_minor=1000)) == 9353  # read without its refunds
    assert refundable_minor(replace(PAYMENT, refunded_minor=1000, refunds=(refund(1000), refund(353, "pending")))) == 9000
    assert refundable_minor(replace(PAYMENT, status="failed")) == 0


def test_a_refund_is_net_and_tax() -> None:
    assert split_refund(PAYMENT, 10353) == (8700, 1653)
    assert split_refund(PAYMENT, 5000) == (4202, 798)
    assert split_refund(PAYMENT, 5353, before_minor=5000) == (4498, 855)
    assert net_taken_back_minor(replace(PAYMENT, refunds=(refund(5000),))) == 4202
    free = replace(PAYMENT, net_minor=0, tax_minor=0, total_minor=0)
    assert split_refund(free, 0) == (0, 0)
    assert net_taken_back_minor(free) == 0


@pytest.mark.parametrize(("amount", "before"), [(10354, 0), (1, 10353), (-1, 5), (1, -1)])
def test_no_more_than_everything_is_given_back(amount: int, before: int) -> None:
    with pytest.raises(ValueError, match="between nothing"):
        split_refund(PAYMENT, amount, before_minor=before)


@given(st.integers(1, 10**9), st.sampled_from(["0", "0.000001", "7", "8.875", "19", "25.5", "100"]), st.data())
def test_refunds_of_all_give_back_the_charge_of_all(net_minor: int, rate: str, data: st.DataObject) -> None:
    """In any number of parts: net, tax and total, to the minor unit, and never less than nothing in between."""
    payment = paid(net_minor, rate)
    cuts = data.draw(st.lists(st.integers(0, payment.total_minor), max_size=6))
    edges = [0, *sorted(cuts), payment.total_minor]
    parts = [split_refund(payment, end - start, before_minor=start) for start, end in pairwise(edges)]
    assert (sum(net for net, _ in parts), sum(tax for _, tax in parts)) == (payment.net_minor, payment.tax_minor)
    assert all(net >= 0 and tax >= 0 for net, tax in parts)


@given(st.integers(1, 40), st.sampled_from(["0", "7", "19", "100"]))
def test_cent_by_cent_too(net_minor: int, rate: str) -> None:
    payment = paid(net_minor, rate)
    parts = [split_refund(payment, 1, before_minor=before) for before in range(payment.total_minor)]
    assert sum(tax for _, tax in parts) == payment.tax_minor
    assert {*parts} <= {(1, 0), (0, 1)}


def test_why_a_refund_cannot_be_asked_for() -> None:
    assert refund_why_not(PAYMENT, [], NOW) is None
    assert refund_why_not(PAYMENT, [ticket("rejected"), ticket("failed"), ticket("succeeded")], NOW) is None
    assert refund_why_not(replace(PAYMENT, status="pending", succeeded_at=None), [], NOW) == "payment_not_succeeded"
    elsewhere = PaymentAttempt(1, "succeeded", None, CARD, START)
    assert refund_why_not(replace(PAYMENT, attempts=(elsewhere,)), [], NOW) == "billed_elsewhere"
    assert refund_why_not(replace(PAYMENT, attempts=()), [], NOW) == "billed_elsewhere"
    for status in ("pending", "approved"):
        assert refund_why_not(PAYMENT, [ticket("rejected"), ticket(status)], NOW) == "refund_ticket_open"
    assert refund_why_not(replace(PAYMENT, refunds=(refund(10353, "pending"),)), [], NOW) == "already_refunded"
    assert refund_why_not(replace(PAYMENT, disputed_at=NOW), [], NOW) == "payment_disputed"
    assert refund_why_not(PAYMENT, [], START + 14 * DAY, days=14) is None
    assert refund_why_not(PAYMENT, [], START + 14 * DAY + timedelta(seconds=1), days=14) == "refund_too_late"


def test_the_charge_that_is_given_back_is_the_one_that_succeeded() -> None:
    failed = PaymentAttempt(1, "failed", "card_declined", CARD, START, key="PAY_1-1", reference="ch_0")
    done = PaymentAttempt(2, "succeeded", None, CARD, START, key="PAY_1-2", reference="ch_1")
    assert charge_reference(replace(PAYMENT, attempts=(failed, done))) == "ch_1"
    assert charge_reference(replace(PAYMENT, attempts=(failed,))) is None


def test_what_is_wrong_with_a_request() -> None:
    assert check(PAYMENT, 10353, " It broke. ") == "It broke."
    for amount in (0, -1, 10354):
        with pytest.raises(Invalid) as invalid:
            check(PAYMENT, amount, " ")
        assert invalid.value.errors == [FieldError("amount", "refund_amount"), FieldError("reason", "required")]
    with pytest.raises(Invalid) as invalid:
        check(PAYMENT, 1, "to 4242 4242 4242 4242 please")
    assert invalid.value.errors == [FieldError("reason", "card_number")]
