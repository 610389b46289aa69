"""What can happen to a subscription: its states, and the one table of moves between them."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from portico.domain.catalog import Interval
from portico.domain.errors import Refused
from portico.domain.payment import PaymentMethod
from portico.domain.tax import Taxation, TaxReason, tax_on

SubscriptionStatus = Literal["pending", "trialing", "active", "past_due", "paused", "canceling", "canceled", "expired", "closed"]
SUBSCRIPTION_STATUSES: tuple[SubscriptionStatus, ...] = (
    "pending", "trialing", "active", "past_due", "paused", "canceling", "canceled", "expired", "closed",
)  # fmt: skip

SubscriptionEvent = Literal[
    "start_trial", "activate", "payment_failed", "recover", "pause", "unpause", "cancel", "resume", "resume_trial",
    "end", "expire", "close",
]  # fmt: skip
SUBSCRIPTION_EVENTS: tuple[SubscriptionEvent, ...] = (
    "start_trial",  # the trial begins
    "activate",  # the first payment is captured, with or without a trial before it
    "payment_failed",  # a renewal could not be charged
    "recover",  # a retry could
    "pause",  # the paid period is over and the next ones are skipped, as the buyer asked
    "unpause",  # the skipped periods are over, or the buyer wants it back before
    "cancel",  # the buyer or the store cancels; access stays until the paid time is over
    "resume",  # ... and takes it back before then
    "resume_trial",  # ... while the trial still runs
    "end",  # the paid time of a canceled one is over, the retries are used up, or the store ends it at once
    "expire",  # it ran to its last period, or the trial ended without a first payment
    "close",  # it was never paid for
)

# The one table of moves. What is not in it does not happen.
TRANSITIONS: dict[tuple[SubscriptionStatus, SubscriptionEvent], SubscriptionStatus] = {
    ("pending", "start_trial"): "trialing",
    ("pending", "activate"): "active",
    ("pending", "cancel"): "canceled",
    ("pending", "close"): "closed",
    ("trialing", "activate"): "active",
    ("trialing", "payment_failed"): "past_due",
    ("trialing", "cancel"): "canceling",
    ("trialing", "end"): "canceled",
    ("trialing", "expire"): "expired",
    ("active", "payment_failed"): "past_due",
    ("active", "cancel"): "canceling",
    ("active", "end"): "canceled",
    ("active", "expire"): "expired",
    ("past_due", "recover"): "active",
    ("past_due", "cancel"): "canceling",
    ("past_due", "end"): "canceled",
    ("active", "pause"): "paused",
    ("paused", "unpause"): "active",
    ("paused", "cancel"): "canceled",
    ("paused", "end"): "canceled",
    ("canceling", "resume"): "active",
    ("canceling", "resume_trial"): "trialing",
    ("canceling", "end"): "canceled",
}


@dataclass(frozen=True, slots=True)
class ScheduledChange:
    """The one change waiting for its moment: a cancellation, a pause, or a switch to `quantity` of `product_id` at `unit_minor`
    net per unit. That is the price the buyer was shown, or else the product's own in the subscription's currency (None if it
    has none); without a `quantity` the subscription's stays.

    A cancellation keeps the switch that was scheduled before it, so that taking it back restores everything.
    """

    kind: Literal["cancel", "change_plan", "pause"]
    at: datetime
    product_id: str | None = None
    product_name: str | None = None
    unit_minor: int | None = None
    quantity: int | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """`unit_minor` is the net price per unit and interval; period n runs from anchor + n intervals (see `calendar`). `tax_rate`,
    `tax_reason`, `tax_country` and `tax_note` say how the next charge will be taxed (see `tax.Taxation`).

    A `managed` one is billed by Portico, from the card `method_reference` of the provider's customer `customer_reference`; any
    other is only shown. `version` counts its changes. `due_at` is when something happens to it next, None while a payment is
    open. `failing_since` and `retry_step` say where on the ladder of retries a past_due one is; `resumes_at` when a pause, also
    one that is only scheduled, will be over. One that could not be worked on is held, and says why.
    """

    id: str
    external_id: str | None
    order_id: str
    product_id: str
    product_name: str
    status: SubscriptionStatus
    interval: Interval
    quantity: int
    currency: str
    unit_minor: int
    tax_rate: str
    tax_reason: TaxReason
    anchor: datetime
    period_index: int
    period_start: datetime
    period_end: datetime
    trial_end: datetime | None
    scheduled_change: ScheduledChange | None
    method: PaymentMethod | None
    created_at: datetime
    ended_at: datetime | None
    managed: bool = False
    customer_reference: str | None = None
    method_reference: str | None = None
    version: int = 1
    due_at: datetime | None = None
    remind_at: datetime | None = None
    retry_step: int = 0
    failing_since: datetime | None = None
    resumes_at: datetime | None = None
    held_at: datetime | None = None
    held_reason: str | None = None
    tax_country: str = ""
    tax_note: str = ""

    @property
    def taxation(self) -> Taxation:
        """How the next charge will be taxed."""
        return Taxation(self.tax_rate, self.tax_reason, self.tax_country, self.tax_note)


@dataclass(frozen=True, slots=True)
class NextCharge:
    """What will be charged next, and when. Minor units of `currency`; `net_minor + tax_minor = total_minor`."""

    at: datetime
    net_minor: int
    tax_minor: int
    total_minor: int
    currency: str


def apply(status: SubscriptionStatus, event: SubscriptionEvent) -> SubscriptionStatus:
    """The state after `event`. Raises Refused("subscription_transition") when the table has no such move."""
    try:
        return TRANSITIONS[status, event]
    except KeyError:
        raise Refused("subscription_transition", f"{event} does not happen to a subscription that is {status}") from None


def can(status: SubscriptionStatus, event: SubscriptionEvent) -> bool:
    """Whether `event` may happen in this state, e.g. to decide whether to offer it."""
    return (status, event) in TRANSITIONS


def is_final(status: SubscriptionStatus) -> bool:
    """Whether nothing can happen any more."""
    return not any(state == status for state, _ in TRANSITIONS)


def next_charge(subscription: Subscription, *, planned_unit_minor: int | None = None) -> NextCharge | None:
    """The next charge: price x quantity plus tax, at the end of the period, of the trial or of the pause. None when no more will
    come.

    A plan change scheduled until then is charged at `planned_unit_minor`, or else the change's own price. Where neither is
    known the answer is None too: no amount is better than the old plan's, which will not be charged.
    """
    if subscription.status not in ("trialing", "active", "past_due", "paused"):
        return None
    at = subscription.resumes_at if subscription.status == "paused" else current_end(subscription)
    unit_minor, quantity, change = subscription.unit_minor, subscription.quantity, subscription.scheduled_change
    if at is not None and change is not None and change.at <= at:
        if change.kind == "cancel":
            return None
        if change.kind == "pause":
            at = subscription.resumes_at
        else:
            planned = change.unit_minor if planned_unit_minor is None else planned_unit_minor
            if planned is None:
                return None
            unit_minor, quantity = planned, change.quantity or quantity
    return None if at is None else charge_of(subscription, unit_minor * quantity, at)


def charge_of(subscription: Subscription, net_minor: int, at: datetime) -> NextCharge:
    """A charge of `net_minor` with the subscription's tax."""
    tax_minor = tax_on(net_minor, subscription.tax_rate)
    return NextCharge(at, net_minor, tax_minor, net_minor + tax_minor, subscription.currency)


def taxed_as(subscription: Subscription, taxation: Taxation) -> Subscription:
    """The subscription with its next charge taxed so."""
    t = taxation
    return replace(subscription, tax_rate=t.rate, tax_reason=t.reason, tax_country=t.country, tax_note=t.note)


def current_end(subscription: Subscription) -> datetime:
    """When the time that is paid for, or the trial, is over: nothing changes today's access before."""
    return subscription.trial_end if subscription.status == "trialing" and subscription.trial_end else subscription.period_end


def mermaid() -> str:
    """The table as a Mermaid state diagram, for the documentation."""
    moves = [f"    {source} --> {target}: {event}" for (source, event), target in TRANSITIONS.items()]
    ends = [f"    {status} --> [*]" for status in SUBSCRIPTION_STATUSES if is_final(status)]
    return "\n".join(["stateDiagram-v2", "    [*] --> pending", *moves, *ends]) + "\n"
