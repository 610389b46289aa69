"""Subscriptions: what runs, what it costs next and when, and what may be done with it now."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from portico.api import refusals
from portico.api.call import Call
from portico.api.dry_run import Reason
from portico.api.fields import (
    BuyerId,
    CancellationId,
    Currency,
    ExternalId,
    Moment,
    OrderId,
    PaymentId,
    ProductId,
    Quantity,
    SignedAmount,
    SubscriptionId,
)
from portico.api.operation import Operation
from portico.api.paging import Listed, Paged, listed
from portico.api.payments import PaymentMethod, method_of
from portico.domain import subscription as domain
from portico.domain.catalog import Interval
from portico.domain.money import format_amount
from portico.domain.payment import PaymentStatus
from portico.domain.scope import BuyerScope
from portico.domain.subscription import SubscriptionStatus, next_charge
from portico.domain.why_not import Action
from portico.services import standing
from portico.services.standing import Situation
from portico.storage import cancellation as cancellations
from portico.storage import owner, subscription_of_store

# What the API calls the actions of domain.why_not: as the paths that do them.
NAMES: dict[Action, str] = {
    "change_plan": "change", "change_quantity": "change_quantity", "cancel": "cancel", "resume": "resume", "keep_plan": "keep",
    "pause": "pause", "cancel_pause": "cancel_pause", "unpause": "unpause", "update_card": "update_card", "pay": "pay",
}  # fmt: skip


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """Money that will be taken, and when."""

    at: Moment
    net: SignedAmount
    tax: SignedAmount
    total: SignedAmount
    currency: Currency


class ScheduledChange(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for the end of the period. Product, quantity and price are those of a change of plan."""

    kind: Literal["cancel", "change_plan", "pause"]
    at: Moment
    product_id: ProductId | None
    product_name: str | None
    quantity: Quantity | None
    unit_amount: SignedAmount | None


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """One subscription. `unit_amount` is net, per unit and interval."""

    id: SubscriptionId
    external_id: ExternalId | None
    buyer_id: BuyerId
    order_id: OrderId
    product_id: ProductId
    product_name: Annotated[str, Meta(examples=["Atlas Pro"])]
    status: SubscriptionStatus
    quantity: Quantity
    unit_amount: SignedAmount
    currency: Currency
    interval: Interval
    period_start: Moment
    period_end: Moment
    trial_end: Moment | None
    scheduled_change: ScheduledChange | None
    resumes_at: Annotated[datetime, Meta(tz=True, description="When its pause ends.")] | None
    next_charge: Annotated[Charge, Meta(description="Null when none will come.")] | None
    method: PaymentMethod | None
    billed_by: Annotated[
        Literal["portico", "elsewhere"], Meta(description="One that was imported without a card to charge is billed elsewhere.")
    ]
    created_at: Moment
    ended_at: Moment | None


class StandingCancellation(msgspec.Struct, frozen=True, kw_only=True):
    """Why it is given up, and as from when."""

    id: CancellationId
    reason: Annotated[str, Meta(examples=["too_expensive"])] | None
    comment: str
    requested_at: Moment
    effective_at: Moment


class OpenPayment(msgspec.Struct, frozen=True, kw_only=True):
    """A payment that is under way, or overdue. At `action_url` the buyer confirms it with his bank, if that is what it waits for."""

    id: PaymentId
    status: PaymentStatus
    total: SignedAmount
    currency: Currency
    failure_code: Annotated[str, Meta(examples=["card_declined"])] | None
    action_url: str | None


class Possibility(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an action is possible now, and if not, why."""

    possible: bool
    reason: Reason | None


class SubscriptionDetail(Subscription, frozen=True, kw_only=True):
    """One subscription with all that decides what may be done with it."""

    cancellation: StandingCancellation | None
    open_payment: OpenPayment | None
    actions: Annotated[
        dict[str, Possibility],
        Meta(description="By action: change, change_quantity, cancel, resume, keep, pause, cancel_pause, …"),
    ]


class SubscriptionQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    buyer_id: BuyerId | None = None
    status: SubscriptionStatus | None = None
    product_id: ProductId | None = None


def list_subscriptions(call: Call) -> Listed[Subscription]:
    asked: SubscriptionQuery = call.query
    with call.runtime.database.read() as tx:
        found = subscription_of_store.page(
            tx, call.scope, asked.after, asked.limit, buyer_id=asked.buyer_id, status=asked.status, product_id=asked.product_id
        )
    return listed(found, lambda item: _shown(*item))


def get_subscription(call: Call) -> SubscriptionDetail:
    with call.runtime.database.read() as tx:
        scope = owner.buyer_of(tx, call.scope, "SUB", call.id)
    return detail(call, scope)


def detail(call: Call, scope: BuyerScope) -> SubscriptionDetail:
    """The path's subscription, which is this buyer's, with all that decides what may be done with it. Raises NotFound."""
    with call.runtime.database.read() as tx:
        here = standing.look(tx, call.runtime, scope, call.id, store=call.store)
        left = cancellations.standing(tx, scope, call.id)
    return SubscriptionDetail(
        **msgspec.structs.asdict(_shown(scope, here.subscription)),
        cancellation=None
        if left is None
        else StandingCancellation(
            id=left.id, reason=left.reason_code, comment=left.comment, requested_at=left.requested_at, effective_at=left.effective_at
        ),
        open_payment=_open_payment(here),
        actions={NAMES[action]: _possibility(reason) for action, reason in here.whys().items()},
    )


def charge_of(charge: domain.NextCharge | None) -> Charge | None:
    """A charge as the API shows it."""
    if charge is None:
        return None
    net, tax, total = (format_amount(minor, charge.currency) for minor in (charge.net_minor, charge.tax_minor, charge.total_minor))
    return Charge(at=charge.at, net=net, tax=tax, total=total, currency=charge.currency)


def _shown(scope: BuyerScope, found: domain.Subscription) -> Subscription:
    return Subscription(
        id=found.id,
        external_id=found.external_id,
        buyer_id=scope.buyer_id,
        order_id=found.order_id,
        product_id=found.product_id,
        product_name=found.product_name,
        status=found.status,
        quantity=found.quantity,
        unit_amount=format_amount(found.unit_minor, found.currency),
        currency=found.currency,
        interval=found.interval,
        period_start=found.period_start,
        period_end=found.period_end,
        trial_end=found.trial_end,
        scheduled_change=_scheduled(found),
        resumes_at=found.resumes_at,
        next_charge=charge_of(next_charge(found)),
        method=method_of(found.method),
        billed_by="portico" if found.managed else "elsewhere",
        created_at=found.created_at,
        ended_at=found.ended_at,
    )


def _scheduled(found: domain.Subscription) -> ScheduledChange | None:
    """A cancellation keeps the switch that was planned before it, which is not what will happen."""
    change = found.scheduled_change
    if change is None:
        return None
    if change.kind != "change_plan":
        return ScheduledChange(kind=change.kind, at=change.at, product_id=None, product_name=None, quantity=None, unit_amount=None)
    return ScheduledChange(
        kind=change.kind,
        at=change.at,
        product_id=change.product_id,
        product_name=change.product_name,
        quantity=change.quantity or found.quantity,
        unit_amount=None if change.unit_minor is None else format_amount(change.unit_minor, found.currency),
    )


def _open_payment(here: Situation) -> OpenPayment | None:
    owed = here.standing.open_payment
    if owed is None:
        return None
    newest = owed.attempts[-1] if owed.attempts else None
    return OpenPayment(
        id=owed.id,
        status=owed.status,
        total=format_amount(owed.total_minor, owed.currency),
        currency=owed.currency,
        failure_code=newest.failure_code if newest and newest.status == "failed" else None,
        action_url=newest.action_url if newest and newest.status == "pending" else None,
    )


def _possibility(reason: str | None) -> Possibility:
    return Possibility(possible=reason is None, reason=None if reason is None else Reason(reason, refusals.REFUSALS[reason]))


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/subscriptions",
        name="list_subscriptions",
        tag="Subscriptions",
        summary="List subscriptions",
        description="The subscriptions of the store, newest first; of one buyer, in one state, or on one product if you say so.",
        handler=list_subscriptions,
        answer=Listed[Subscription],
        query=SubscriptionQuery,
        errors=("cursor_invalid",),
    ),
    Operation(
        method="GET",
        path="/v1/subscriptions/{id}",
        name="get_subscription",
        tag="Subscriptions",
        summary="Get a subscription",
        description="How it stands: the change that is planned, the next charge, a payment that is open, why it is given up, and each "
        "action with whether it is possible now, and why not.",
        handler=get_subscription,
        answer=SubscriptionDetail,
    ),
)
