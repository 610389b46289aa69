"""What a change of plan costs, and when it takes effect: the single source for what is shown and for what is charged.

Dearer per unit of time is an upgrade: at once, for the difference. Cheaper or equal waits for the end of the period, and costs
nothing today. All ratios are exact; each amount is rounded once. docs/subscriptions.md tells the rules with worked examples.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Literal

from portico.domain.calendar import period_at, period_bounds
from portico.domain.catalog import Interval, Product
from portico.domain.document_line import DocumentLine, counted
from portico.domain.errors import Refused
from portico.domain.money import LARGEST_MINOR, round_half_up
from portico.domain.payment import Payment, PlanInEffect, net_taken_back_minor
from portico.domain.subscription import NextCharge, Subscription, charge_of, current_end, taxed_as
from portico.domain.tax import Taxation, TaxLine, parse_rate, tax_line, tax_on

Timing = Literal["now", "period_end"]
Direction = Literal["upgrade", "downgrade", "same"]

# How many of an interval make a year, to compare prices: a mean Gregorian year has 365.2425 days.
_IN_A_YEAR: dict[Interval, Fraction] = {
    "week": Fraction(3_652_425, 70_000), "month": Fraction(12), "quarter": Fraction(4), "year": Fraction(1),
}  # fmt: skip
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class PlanChange:
    """A change of plan or quantity as it would be at one instant: when, to what, for how much. Minor units of `currency`.

    `unit_minor` is net per unit and interval. `lines` and the amounts are today's: none and 0 when nothing is charged. The
    period is the one that the subscription is in once the change took effect, at `at`; `new_period` says that it begins with a
    change made now. `next_charge` is the first regular one after today's. `taxes` are today's by rate, that of the new plan first;
    `taxation` is how the new plan is taxed where that is not how the subscription is.
    """

    timing: Timing
    direction: Direction
    at: datetime
    product_id: str
    product_name: str
    interval: Interval
    quantity: int
    unit_minor: int
    currency: str
    lines: tuple[DocumentLine, ...]
    taxes: tuple[TaxLine, ...]
    net_minor: int
    tax_minor: int
    total_minor: int
    anchor: datetime
    period_index: int
    period_start: datetime
    period_end: datetime
    new_period: bool
    next_charge: NextCharge
    taxation: Taxation | None = None

    @property
    def in_effect(self) -> PlanInEffect:
        """What the subscription is once the change took effect, to be kept with the payment that it waits for."""
        return PlanInEffect(
            product_id=self.product_id,
            product_name=self.product_name,
            interval=self.interval,
            quantity=self.quantity,
            unit_minor=self.unit_minor,
            anchor=self.anchor,
            period_index=self.period_index,
            period_start=self.period_start,
            period_end=self.period_end,
            new_period=self.new_period,
            taxation=self.taxation,
        )


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is asked for, priced in the subscription's currency."""

    product_id: str
    name: str
    interval: Interval
    quantity: int
    unit_minor: int

    @property
    def net_minor(self) -> int:
        return self.unit_minor * self.quantity


@dataclass(frozen=True, slots=True)
class _Calendar:
    """The anchor, and the period of it that a subscription is in."""

    anchor: datetime
    index: int
    period_start: datetime
    period_end: datetime


def plan_change(
    subscription: Subscription,
    target: Product,
    quantity: int,
    *,
    now: datetime,
    group_id: str | None,
    credit_limit_minor: int | None = None,
    taxed: Taxation | None = None,
    credited: Taxation | None = None,
) -> PlanChange:
    """What it means to go to `quantity` of `target` at `now`.

    `group_id` is that of the subscription's own product: plans change within their group. Another quantity of the same product
    keeps the subscription's own price and interval, whatever they are in the catalogue by now. The credit for unused time is at
    most `credit_limit_minor` (see `credit_limit`). `taxed` is how the new plan is taxed, and `credited` how the time was that is
    paid for (see `credited_as`); both default to how the subscription is.

    Raises Refused: "same_plan", "plan_outside_group", "plan_inactive", "plan_not_in_currency", "quantity_range",
    "amount_range" beyond 64 bits, "already_scheduled", and "renewing" when the period is over and the next is not billed yet.
    """
    before = subscription.taxation
    subscription = taxed_as(subscription, taxed or before)
    wanted = _wanted(subscription, target, quantity, group_id)
    if now >= current_end(subscription):
        raise Refused("renewing", "the period is over; its renewal comes first")
    change = _worked_out(subscription, wanted, now, credit_limit_minor, credited or before)
    return change if subscription.taxation == before else replace(change, taxation=subscription.taxation)


def _worked_out(subscription: Subscription, wanted: _Plan, now: datetime, credit_limit_minor: int | None, credited: Taxation) -> PlanChange:
    direction = _direction(subscription, wanted)
    if subscription.status == "trialing":
        return _in_trial(subscription, wanted, direction, now)
    if direction == "upgrade":
        charged = _now(subscription, wanted, now, credit_limit_minor, credited)
        # A credit larger than the new price, or with more tax on it, would be money owed to the buyer: better that the paid time is
        # used up.
        comes_to_nothing = wanted.interval == subscription.interval and charged.net_minor == charged.total_minor == 0
        if charged.total_minor > 0 or comes_to_nothing:
            return charged
    change = subscription.scheduled_change
    kept = (wanted.product_id, wanted.quantity)
    if change is not None and change.kind == "change_plan" and kept == (change.product_id, change.quantity or subscription.quantity):
        raise Refused("already_scheduled", "this change is waiting already")
    return _at_period_end(subscription, wanted, direction)


def credit_limit(subscription: Subscription, payments: Iterable[Payment]) -> int | None:
    """How much of the current period's price was kept, net: what was paid for it less what was given back, never below 0.

    A change that began the period brought a credit with it: money paid for an earlier period and moved to this one, so it
    counts too. `payments` are the subscription's, with their refunds. None, no limit, when none of them is for this period:
    it was paid elsewhere.
    """
    start, kept_minor = subscription.period_start, 0
    of_period = [p for p in payments if start in (p.period_start, p.change.period_start if p.change else None)]
    for payment in of_period:
        if payment.status == "succeeded":
            moved = sum(-line.net_minor for line in payment.lines if line.kind == "credit")
            kept_minor += payment.net_minor + (moved if payment.change and payment.change.new_period else 0)
            kept_minor -= net_taken_back_minor(payment)
    return max(0, kept_minor) if of_period else None


def credited_as(subscription: Subscription, payments: Iterable[Payment], *, else_rate: str | None = None) -> Taxation:
    """How the time was taxed that the subscription is in: as its newest payment says, or else the subscription.

    `payments` are those for the period, oldest first, with their refunds. One from before payments said how they were taxed was at
    the rate of its lines, and one that was brought in at `else_rate`, if that is what its tax comes to. Tax that was given back, since it
    was never due, is not given back again.
    """
    now_is = subscription.taxation
    newest = next((payment for payment in reversed(tuple(payments)) if payment.status == "succeeded"), None)
    if newest is None:
        return now_is
    if any(refund.purpose == "tax" and refund.status != "failed" for refund in newest.refunds):
        return now_is if parse_rate(now_is.rate) == 0 else Taxation("0", "reverse_charge")
    if newest.taxes:
        charged = newest.taxes[0]
        return Taxation(charged.rate, charged.reason, charged.country, charged.note)
    rate = next((line.tax_rate for line in newest.lines if line.kind != "credit"), else_rate)
    if rate in (None, now_is.rate) or newest.tax_minor != tax_on(newest.net_minor, rate):
        return now_is
    return Taxation(rate, "standard" if parse_rate(rate) else "outside_scope")


def monthly_minor(net_minor: int, interval: Interval) -> int:
    """What an amount per interval makes per month, to compare and to add up: a twelfth of a year's."""
    return round_half_up(_yearly(net_minor, interval) / 12)


def _yearly(net_minor: int, interval: Interval) -> Fraction:
    return net_minor * _IN_A_YEAR[interval]


def _wanted(subscription: Subscription, target: Product, quantity: int, group_id: str | None) -> _Plan:
    same = target.id == subscription.product_id
    if same and quantity == subscription.quantity:
        raise Refused("same_plan", "nothing would change")
    if not same and (target.kind != "subscription" or target.group_id is None or target.group_id != group_id):
        raise Refused("plan_outside_group", "plans change within their group")
    if not same and not target.active:
        raise Refused("plan_inactive", "no longer on sale")
    if not target.quantity_min <= quantity <= target.quantity_max:
        raise Refused("quantity_range", f"from {target.quantity_min} to {target.quantity_max}")
    interval = subscription.interval if same else target.interval
    unit_minor = subscription.unit_minor if same else target.prices.get(subscription.currency)
    if unit_minor is None or interval is None:
        raise Refused("plan_not_in_currency", f"no price in {subscription.currency}")
    wanted = _Plan(target.id, subscription.product_name if same else target.name, interval, quantity, unit_minor)
    if wanted.net_minor + tax_on(wanted.net_minor, subscription.tax_rate) > LARGEST_MINOR:
        raise Refused("amount_range", "amount beyond 64 bits")
    return wanted


def _direction(subscription: Subscription, wanted: _Plan) -> Direction:
    old = _yearly(subscription.unit_minor * subscription.quantity, subscription.interval)
    new = _yearly(wanted.net_minor, wanted.interval)
    if new == old:
        return "same"
    return "upgrade" if new > old else "downgrade"


def _in_trial(subscription: Subscription, wanted: _Plan, direction: Direction, now: datetime) -> PlanChange:
    """At once and for nothing; the trial ends when it would have ended."""
    s = subscription
    calendar = _Calendar(s.anchor, s.period_index, s.period_start, s.period_end)
    if wanted.interval != s.interval:  # counted on from the same anchor
        calendar = _calendar(s.anchor, wanted.interval, max(0, period_at(s.anchor, wanted.interval, now)))
    first = charge_of(s, wanted.net_minor, current_end(s))
    return _change(s, wanted, calendar, direction=direction, timing="now", at=now, next_charge=first)


def _now(subscription: Subscription, wanted: _Plan, now: datetime, credit_limit_minor: int | None, credited: Taxation) -> PlanChange:
    s, unused = subscription, _unused(subscription, now)
    credit_minor = round_half_up(s.unit_minor * s.quantity * unused)
    if credit_limit_minor is not None:
        credit_minor = min(credit_minor, credit_limit_minor)
    old = counted(s.product_name, s.quantity)
    credit = DocumentLine(old, 1, -credit_minor, -credit_minor, credited.rate, now, s.period_end, "credit")
    if wanted.interval == s.interval:
        calendar = _Calendar(s.anchor, s.period_index, s.period_start, s.period_end)
        # Not a multiple of a unit's price: one position.
        named, quantity, unit_minor = counted(wanted.name, wanted.quantity), 1, round_half_up(wanted.net_minor * unused)
    else:
        calendar = _calendar(now, wanted.interval, 0)
        named, quantity, unit_minor = wanted.name, wanted.quantity, wanted.unit_minor
    charge = DocumentLine(named, quantity, unit_minor, quantity * unit_minor, s.tax_rate, now, calendar.period_end, "charge")
    regular = charge_of(s, wanted.net_minor, calendar.period_end)
    lines = (credit, charge) if credit_minor else (charge,)
    taxes = _by_rate(lines, (s.taxation, credited))
    return _change(s, wanted, calendar, direction="upgrade", timing="now", at=now, next_charge=regular, lines=lines, taxes=taxes)


def _by_rate(lines: Iterable[DocumentLine], taxations: Iterable[Taxation]) -> tuple[TaxLine, ...]:
    """The tax of each rate on what its lines come to, rounded once; where two are taxed at one rate, the first tells why."""
    bases = Counter[str]()
    for line in lines:
        bases[line.tax_rate] += line.net_minor
    told = {taxation.rate: taxation for taxation in reversed(tuple(taxations))}
    return tuple(tax_line(bases[rate], told[rate]) for rate in reversed(told) if rate in bases)


def _unused(subscription: Subscription, now: datetime) -> Fraction:
    """The part of the current period that lies ahead, by the microsecond, from 0 to 1."""
    left = subscription.period_end - max(now, subscription.period_start)
    return Fraction(left // _INSTANT, (subscription.period_end - subscription.period_start) // _INSTANT)


def _at_period_end(subscription: Subscription, wanted: _Plan, direction: Direction) -> PlanChange:
    s = subscription
    goes_on = wanted.interval == s.interval
    calendar = _calendar(s.anchor, s.interval, s.period_index + 1) if goes_on else _calendar(s.period_end, wanted.interval, 0)
    first = charge_of(s, wanted.net_minor, s.period_end)
    return _change(s, wanted, calendar, direction=direction, timing="period_end", at=s.period_end, next_charge=first)


def _calendar(anchor: datetime, interval: Interval, index: int) -> _Calendar:
    return _Calendar(anchor, index, *period_bounds(anchor, interval, index))


def _change(
    subscription: Subscription,
    wanted: _Plan,
    calendar: _Calendar,
    *,
    direction: Direction,
    timing: Timing,
    at: datetime,
    next_charge: NextCharge,
    lines: tuple[DocumentLine, ...] = (),
    taxes: tuple[TaxLine, ...] = (),
) -> PlanChange:
    net_minor = sum(line.net_minor for line in lines)
    tax_minor = sum(tax.tax_minor for tax in taxes)
    return PlanChange(
        timing=timing,
        direction=direction,
        at=at,
        product_id=wanted.product_id,
        product_name=wanted.name,
        interval=wanted.interval,
        quantity=wanted.quantity,
        unit_minor=wanted.unit_minor,
        currency=subscription.currency,
        lines=lines,
        taxes=taxes,
        net_minor=net_minor,
        tax_minor=tax_minor,
        total_minor=net_minor + tax_minor,
        anchor=calendar.anchor,
        period_index=calendar.index,
        period_start=calendar.period_start,
        period_end=calendar.period_end,
        new_period=bool(lines) and wanted.interval != subscription.interval,
        next_charge=next_charge,
    )
