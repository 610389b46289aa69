"""Changes of plan over a change of tax: old time is credited at the rate it was paid with, new time is charged at today's."""

from dataclasses import replace
from datetime import datetime
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from portico.domain.money import round_half_up
from portico.domain.payment import Refund
from portico.domain.proration import credited_as, plan_change
from portico.domain.subscription import NextCharge, Subscription, taxed_as
from portico.domain.tax import Taxation, TaxLine, parse_rate
from tests.domain.samples import BUSINESS, BUSINESS_YEARLY, END, MANAGED, PAYMENT, START, STARTER
from tests.domain.test_proration import change

GERMAN, FRENCH, AUSTRIAN = Taxation("19", "standard", "DE"), Taxation("20", "standard", "FR"), Taxation("20", "standard", "AT")
REVERSED, OUTSIDE = Taxation("0", "reverse_charge", "AT"), Taxation("0", "outside_scope")
ONE = taxed_as(replace(MANAGED, quantity=1), GERMAN)
PAID = replace(PAYMENT, net_minor=2900, tax_minor=551, total_minor=3451, taxes=(TaxLine("19", "standard", 2900, 551, "DE"),))


def moved(taxation: Taxation) -> Subscription:
    """The subscription after its buyer's billing details changed, in a period that was paid with German tax."""
    return taxed_as(ONE, taxation)


def test_a_credit_is_taxed_as_what_it_gives_back() -> None:
    made = change(moved(FRENCH), BUSINESS, credited=GERMAN)
    assert [(line.kind, line.net_minor, line.tax_rate) for line in made.lines] == [("credit", -1450, "19"), ("charge", 2450, "20")]
    assert made.taxes == (TaxLine("20", "standard", 2450, 490, "FR"), TaxLine("19", "standard", -1450, -276, "DE"))
    assert (made.net_minor, made.tax_minor, made.total_minor) == (1000, 214, 1214)
    assert made.next_charge == NextCharge(END, 4900, 980, 5880, "EUR")
    assert made.taxation is None, "the subscription is taxed as before"


def test_one_rate_is_rounded_once() -> None:
    one = change(ONE, BUSINESS, credited=GERMAN)
    assert one.taxes == (TaxLine("19", "standard", 1000, 190, "DE"),)
    assert change(ONE, BUSINESS).taxes == one.taxes
    both_french = change(moved(FRENCH), BUSINESS, credited=AUSTRIAN)
    assert both_french.taxes == (TaxLine("20", "standard", 1000, 200, "FR"),), "where the rate is the same, the new plan's place counts"
    assert change(ONE, STARTER, credited=FRENCH).taxes == (), "nothing is charged today"


def test_another_category_of_product_is_taxed_otherwise_from_then_on() -> None:
    reduced = Taxation("7", "reduced", "DE")
    made = change(ONE, BUSINESS_YEARLY, taxed=reduced, credited=GERMAN)
    assert made.taxes == (TaxLine("7", "reduced", 49000, 3430, "DE"), TaxLine("19", "standard", -1450, -276, "DE"))
    assert (made.taxation, made.in_effect.taxation) == (reduced, reduced)
    assert (made.next_charge.tax_minor, made.next_charge.net_minor) == (3430, 49000)
    waits = change(ONE, STARTER, taxed=reduced)
    assert (waits.timing, waits.next_charge.tax_minor) == ("period_end", 63)


def test_more_tax_to_give_back_than_to_pay_waits_for_the_end_of_the_period() -> None:
    """A business that has shown its id: the paid time had tax on it, the new one has not."""
    dearer = replace(BUSINESS, prices={"EUR": 3000})
    waits = change(moved(REVERSED), dearer, credited=GERMAN)
    assert (waits.timing, waits.direction, waits.total_minor, waits.taxes) == ("period_end", "upgrade", 0, ())
    at_once = change(moved(REVERSED), BUSINESS, credited=GERMAN)
    assert (at_once.net_minor, at_once.tax_minor, at_once.total_minor) == (1000, -276, 724)


def test_how_the_paid_time_was_taxed() -> None:
    elsewhere = replace(PAID, taxes=())
    assert credited_as(moved(FRENCH), []) == FRENCH, "it was paid elsewhere"
    assert credited_as(moved(FRENCH), [PAID]) == GERMAN
    upgrade = replace(PAID, id="PAY_2", taxes=(TaxLine("20", "standard", 2450, 490, "FR"), TaxLine("19", "standard", -1450, -276, "DE")))
    assert credited_as(moved(REVERSED), [PAID, upgrade]) == FRENCH, "the newest payment took the rest of the period"
    assert credited_as(moved(REVERSED), [PAID, replace(upgrade, status="failed")]) == GERMAN
    assert credited_as(moved(FRENCH), [elsewhere], else_rate="19") == Taxation("19", "standard")
    assert credited_as(moved(FRENCH), [elsewhere], else_rate="7") == FRENCH, "that is not what its tax comes to"
    untaxed = replace(elsewhere, tax_minor=0, total_minor=2900)
    assert credited_as(moved(FRENCH), [untaxed], else_rate="0") == OUTSIDE
    given_back = Refund("REF_1", 551, "succeeded", "", START, purpose="tax")
    assert credited_as(moved(REVERSED), [replace(PAID, refunds=(given_back,))]) == REVERSED
    assert credited_as(moved(FRENCH), [replace(PAID, refunds=(given_back,))]).rate == "0"
    assert credited_as(moved(FRENCH), [replace(PAID, refunds=(replace(given_back, status="failed"),))]) == GERMAN


rates = st.sampled_from(["0", "5", "7.7", "19", "20", "25.5", "27"])


@given(rates, rates, st.integers(0, 10**6), st.integers(1, 10**6), st.datetimes(datetime(2026, 3, 1), datetime(2026, 3, 31)))  # noqa: DTZ001
def test_the_taxes_of_the_rates_are_all_of_the_tax(old: str, new: str, price: int, more: int, moment: datetime) -> None:
    subscription = taxed_as(replace(ONE, unit_minor=price), Taxation(new, "standard" if new != "0" else "exempt"))
    credited = Taxation(old, "standard" if old != "0" else "exempt")
    target, now = replace(BUSINESS, prices={"EUR": price + more}), moment.replace(tzinfo=START.tzinfo)
    made = plan_change(subscription, target, 1, now=now, group_id="GRP_1", credited=credited)
    assert made.total_minor >= 0
    assert (sum(tax.base_minor for tax in made.taxes), sum(tax.tax_minor for tax in made.taxes)) == (made.net_minor, made.tax_minor)
    for tax in made.taxes:
        assert tax.base_minor == sum(line.net_minor for line in made.lines if line.tax_rate == tax.rate)
        assert tax.tax_minor == round_half_up(Fraction(tax.base_minor) * parse_rate(tax.rate))
    assert len({tax.rate for tax in made.taxes}) == len(made.taxes)
