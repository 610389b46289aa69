"""Which action a subscription allows now, and if not, why. One table of rules for buttons and for what the buttons do."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from portico.domain.catalog import Product
from portico.domain.payment import Payment
from portico.domain.subscription import Subscription, current_end, is_final

Action = Literal[
    "change_plan", "change_quantity", "cancel", "resume", "keep_plan", "pause", "cancel_pause", "unpause", "update_card", "pay",
]  # fmt: skip
SUBSCRIPTION_ACTIONS: tuple[Action, ...] = (
    "change_plan", "change_quantity", "cancel", "resume", "keep_plan", "pause", "cancel_pause", "unpause", "update_card", "pay",
)  # fmt: skip

Reason = Literal[
    "over",  # the subscription has ended
    "billed_elsewhere",  # imported without a card that Portico may charge: it is changed where it is billed
    "held",  # something went wrong with it that a person has to look at first
    "no_gateway",  # no payment provider is configured
    "payment_open",  # a payment is being confirmed; what happens next depends on its outcome
    "renewing",  # the period is over, and the next one is about to be billed
    "not_started",  # the first payment is not captured yet
    "in_trial",
    "past_due_pay_first",
    "canceling_resume_first",
    "already_canceling",
    "not_canceling",
    "paused_resume_first",
    "not_paused",
    "pause_scheduled",  # give up the pause first
    "plan_change_scheduled",  # keep the present plan first
    "nothing_scheduled",
    "no_other_plan",
    "not_offered",  # the plan has one quantity only, or cannot be paused
    "nothing_to_pay",
    "no_card",  # there is none to charge: give one first
]
WHY_NOT_CODES: tuple[Reason, ...] = (
    "over", "billed_elsewhere", "held", "no_gateway", "payment_open", "renewing", "not_started", "in_trial",
    "past_due_pay_first", "canceling_resume_first", "already_canceling", "not_canceling", "paused_resume_first", "not_paused",
    "pause_scheduled", "plan_change_scheduled", "nothing_scheduled", "no_other_plan", "not_offered", "nothing_to_pay", "no_card",
)  # fmt: skip

# What may lead to a charge, and so needs a provider, and a subscription that is in order.
_CHARGES: frozenset[Action] = frozenset({"change_plan", "change_quantity", "unpause", "pay"})


@dataclass(frozen=True, slots=True)
class Standing:
    """What the answer depends on. `product` is the subscription's own; `group_size` how many plans the buyer may choose from, the
    present one included. `open_payment` is the one under way, or that of the current period if it failed."""

    subscription: Subscription
    product: Product
    group_size: int
    open_payment: Payment | None
    has_gateway: bool

    @property
    def is_confirming(self) -> bool:
        """Whether a payment is under way."""
        return self.open_payment is not None and self.open_payment.status in ("pending", "unknown")

    @property
    def scheduled(self) -> str | None:
        """The kind of the change that waits for its moment."""
        change = self.subscription.scheduled_change
        return None if change is None else change.kind


def why_not(action: Action, standing: Standing, now: datetime) -> Reason | None:
    """Why the action is not possible at `now`, or None when it is."""
    subscription = standing.subscription
    if is_final(subscription.status):
        return "over"
    if not subscription.managed:
        return "billed_elsewhere"
    if action in _CHARGES and subscription.held_at is not None:
        return "held"
    if (action in _CHARGES or action == "update_card") and not standing.has_gateway:
        return "no_gateway"
    if standing.is_confirming and not _is_free_to(action, standing):
        return "payment_open"
    return _RULES[action](standing, now)


def _is_free_to(action: Action, standing: Standing) -> bool:
    """What is possible while a payment is being confirmed: another card, and to leave while it is a renewal that the provider is
    silent about. Nobody is kept for want of an answer; what it tells later is settled for one who has left."""
    renewal = standing.open_payment is not None and standing.open_payment.purpose == "period"
    return action == "update_card" or (action == "cancel" and standing.subscription.status == "active" and renewal)


def _unsettled(standing: Standing, now: datetime) -> Reason | None:
    """What stands against anything that starts from a running, paid period (or trial)."""
    subscription = standing.subscription
    match subscription.status:
        case "pending":
            return "not_started"
        case "past_due":
            return "past_due_pay_first"
        case "paused":
            return "paused_resume_first"
        case "canceling":
            return "canceling_resume_first"
        case _:
            return "renewing" if current_end(subscription) <= now else None


def _change(standing: Standing, now: datetime) -> Reason | None:
    reason = _unsettled(standing, now)
    return "pause_scheduled" if reason is None and standing.scheduled == "pause" else reason


def _change_plan(standing: Standing, now: datetime) -> Reason | None:
    reason = _change(standing, now)
    return "no_other_plan" if reason is None and standing.group_size < 2 else reason


def _change_quantity(standing: Standing, now: datetime) -> Reason | None:
    reason = _change(standing, now)
    return "not_offered" if reason is None and standing.product.quantity_max <= standing.product.quantity_min else reason


def _cancel(standing: Standing, now: datetime) -> Reason | None:
    return "already_canceling" if standing.subscription.status == "canceling" else None


def _resume(standing: Standing, now: datetime) -> Reason | None:
    change = standing.subscription.scheduled_change
    if standing.subscription.status != "canceling":
        return "not_canceling"
    if change is not None and change.at <= now:
        return "over"
    return "past_due_pay_first" if standing.open_payment is not None else None


def _keep_plan(standing: Standing, now: datetime) -> Reason | None:
    if standing.scheduled != "change_plan":
        return "canceling_resume_first" if standing.scheduled == "cancel" else "nothing_scheduled"
    return _unsettled(standing, now)


def _pause(standing: Standing, now: datetime) -> Reason | None:
    reason = "in_trial" if standing.subscription.status == "trialing" else _change(standing, now)
    if reason is None and standing.product.pause_periods_max < 1:
        return "not_offered"
    return "plan_change_scheduled" if reason is None and standing.scheduled == "change_plan" else reason


def _cancel_pause(standing: Standing, now: datetime) -> Reason | None:
    if standing.scheduled != "pause":
        return "paused_resume_first" if standing.subscription.status == "paused" else "nothing_scheduled"
    return _unsettled(standing, now)


def _unpause(standing: Standing, now: datetime) -> Reason | None:
    subscription = standing.subscription
    if subscription.status != "paused":
        return "not_paused"
    return "renewing" if subscription.resumes_at is not None and subscription.resumes_at <= now else None


def _update_card(standing: Standing, now: datetime) -> Reason | None:
    return None


def _pay(standing: Standing, now: datetime) -> Reason | None:
    payment = standing.open_payment
    if payment is None or payment.status != "failed" or standing.subscription.status != "past_due":
        return "nothing_to_pay"
    return "no_card" if standing.subscription.method_reference is None else None


_RULES: dict[Action, Callable[[Standing, datetime], Reason | None]] = {
    "change_plan": _change_plan,
    "change_quantity": _change_quantity,
    "cancel": _cancel,
    "resume": _resume,
    "keep_plan": _keep_plan,
    "pause": _pause,
    "cancel_pause": _cancel_pause,
    "unpause": _unpause,
    "update_card": _update_card,
    "pay": _pay,
}
