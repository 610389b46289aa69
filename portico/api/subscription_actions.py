"""What a store's program may do with a subscription: all that its buyer may do in the portal. Each has a dry run."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from portico.api.acted import Acted, ActionPreview, ChangePreview, acted, change_preview, preview
from portico.api.call import Call
from portico.api.fields import ProductId, Quantity
from portico.api.operation import Operation
from portico.api.subscriptions import detail
from portico.domain.errors import FieldError, Invalid, NotFound
from portico.domain.scope import BuyerScope
from portico.services import cancellation, dry_run, pause, paying, plan_change, quote, store_time
from portico.services.dry_run import Foreseen, ForeseenChange
from portico.storage import owner
from portico.storage import subscription as subscriptions

_EITHER = (
    "`result` says what became of it: `done`; `failed` when the card was declined, and nothing is changed; `processing` while the payment "
    "provider has not told yet (an event will); `requires_action` when the buyer has to confirm the charge with his bank at `action_url`, "
    "which is asked for with `on_session` alone."
)

OnSession = Annotated[
    bool,
    Meta(description="The buyer is there, and can be sent to his bank to confirm the charge. Without it a charge that needs that fails."),
]


class Charging(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    on_session: OnSession = False


class CancelInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why, if that is known."""

    reason: Annotated[str, Meta(max_length=40, description="A code of the store's list of reasons.", examples=["too_expensive"])] | None = (
        None
    )
    comment: Annotated[str, Meta(max_length=2000, description="Up to 500 characters, without a card number.")] = ""


class PauseInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how many whole periods."""

    periods: Annotated[int, Meta(ge=1, le=12, examples=[1])]


class ChangeInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """To what. With the `quote` of a dry run, exactly what that said is charged, or nothing."""

    product_id: ProductId
    quantity: Annotated[Quantity, Meta(description="As many as now, if left out.")] | None = None
    quote: Annotated[str, Meta(max_length=2000)] | None = None
    on_session: OnSession = False


def cancel(call: Call) -> Acted | ActionPreview:
    body: CancelInput = call.body
    whose = _buyer(call)
    if call.dry_run:
        return preview(dry_run.cancel(call.runtime, whose, call.id, body.reason, body.comment))
    at = cancellation.cancel(call.runtime, whose, call.id, body.reason, body.comment, actor=call.actor, once=True)
    shown = detail(call, whose)
    return Acted(result="scheduled" if shown.status == "canceling" else "done", effective_at=at, payment=None, subscription=shown)


def resume(call: Call) -> Acted | ActionPreview:
    return _simple(call, dry_run.resume, lambda whose: cancellation.resume(call.runtime, whose, call.id, actor=call.actor, once=True))


def keep(call: Call) -> Acted | ActionPreview:
    return _simple(call, dry_run.keep, lambda whose: plan_change.keep(call.runtime, whose, call.id, actor=call.actor, once=True))


def cancel_pause(call: Call) -> Acted | ActionPreview:
    return _simple(call, dry_run.cancel_pause, lambda whose: pause.cancel_pause(call.runtime, whose, call.id, actor=call.actor, once=True))


def plan_pause(call: Call) -> Acted | ActionPreview:
    body: PauseInput = call.body
    whose = _buyer(call)
    if call.dry_run:
        return preview(dry_run.pause(call.runtime, whose, call.id, body.periods))
    planned = pause.pause(call.runtime, whose, call.id, body.periods, actor=call.actor).scheduled_change
    return Acted(result="scheduled", effective_at=planned and planned.at, payment=None, subscription=detail(call, whose))


def unpause(call: Call) -> Acted | ActionPreview:
    body: Charging = call.body
    whose = _buyer(call)
    if call.dry_run:
        return preview(dry_run.unpause(call.runtime, whose, call.id))
    unpaused = pause.unpause_now(call.runtime, whose, call.id, actor=call.actor, on_session=body.on_session)
    return acted(detail(call, whose), unpaused.subscription.period_start, unpaused.payment_id, unpaused.outcome)


def pay(call: Call) -> Acted | ActionPreview:
    body: Charging = call.body
    whose = _buyer(call)
    if call.dry_run:
        return preview(dry_run.pay(call.runtime, whose, call.id))
    paid = paying.pay(call.runtime, whose, call.id, actor=call.actor, on_session=body.on_session)
    return acted(detail(call, whose), _now(call), paid.payment_id, paid.outcome)


def change(call: Call) -> Acted | ChangePreview:
    body: ChangeInput = call.body
    whose = _buyer(call)
    if call.dry_run or body.quote is None:
        foreseen = _foreseen(call, whose, body)
        if call.dry_run:
            return change_preview(foreseen)
        sealed = foreseen.quote
    else:
        sealed = _fitting(call, whose, body, body.quote)
    made = plan_change.confirm(call.runtime, whose, call.id, sealed, actor=call.actor, on_session=body.on_session)
    if made.change.timing == "period_end":
        return Acted(result="scheduled", effective_at=made.change.at, payment=None, subscription=detail(call, whose))
    return acted(detail(call, whose), made.change.at, made.payment_id, made.outcome)


def _foreseen(call: Call, whose: BuyerScope, body: ChangeInput) -> ForeseenChange:
    quantity = body.quantity
    if quantity is None:
        with call.runtime.database.read() as tx:
            quantity = subscriptions.get(tx, whose, call.id).quantity
    try:
        return dry_run.change(call.runtime, whose, call.id, body.product_id, quantity)
    except NotFound:  # the subscription is there: it is the product
        raise Invalid([FieldError("product_id", "not_found")]) from None


def _fitting(call: Call, whose: BuyerScope, body: ChangeInput, sealed: str) -> str:
    """The quote that was sent, if it is about what was sent with it: a program that means something else must not be charged."""
    shown = quote.unseal(call.runtime.secret, whose, call.id, sealed, now=_now(call))
    if (shown.product_id, shown.quantity) != (body.product_id, body.quantity or shown.quantity):
        raise quote.Stale("quote_unreadable")
    return sealed


def _simple(call: Call, foresee: Callable[..., Foreseen], do: Callable[[BuyerScope], object]) -> Acted | ActionPreview:
    """An action that takes effect at once and costs nothing."""
    whose = _buyer(call)
    if call.dry_run:
        return preview(foresee(call.runtime, whose, call.id))
    do(whose)
    return Acted(result="done", effective_at=_now(call), payment=None, subscription=detail(call, whose))


def _buyer(call: Call) -> BuyerScope:
    with call.runtime.database.read() as tx:
        return owner.buyer_of(tx, call.scope, "SUB", call.id)


def _now(call: Call) -> datetime:
    return store_time.now(call.runtime, call.store, call.scope.environment)


_HERE = ("over", "billed_elsewhere", "payment_open")
_RUNNING = ("renewing", "not_started", "past_due_pay_first", "canceling_resume_first", "paused_resume_first")
_MONEY = ("held", "no_gateway", "too_many_charges", "conflict")


def _action(
    path: str,
    summary: str,
    description: str,
    handler: Callable[[Call], Any],
    *,
    errors: tuple[str, ...],
    body: Any = None,
    money: bool = False,
    foresees: Any = ActionPreview,
) -> Operation:
    """An action is the last part of its path."""
    return Operation(
        method="POST",
        path=f"/v1/subscriptions/{{id}}/{path}",
        name="cancel_pause" if path == "cancel-pause" else f"{path}_subscription",
        tag="Subscriptions",
        summary=summary,
        description=description,
        handler=handler,
        answer=Acted,
        body=body,
        money=money,
        action=True,
        errors=(*_HERE, *errors),
        preview=foresees,
    )


OPERATIONS = (
    _action(
        "cancel",
        "Cancel a subscription",
        "Ends it with the time that is paid for, or the trial; until then it can be resumed. One that is not paid for ends at once, and "
        "what was owed for it is owed no more. The reason and the comment are kept for `GET /v1/cancellations`.",
        cancel,
        errors=("already_canceling", "conflict"),
        body=CancelInput,
    ),
    _action(
        "resume",
        "Resume a canceled subscription",
        "Takes a cancellation back before it is effective. Everything is as it was before, a change or a pause that was planned too.",
        resume,
        errors=("not_canceling", "past_due_pay_first"),
    ),
    _action(
        "change",
        "Change plan or quantity",
        "Dearer per unit of time is charged at once, for the difference, and takes effect when the charge is captured. Cheaper or as dear "
        "waits for the end of the period and costs nothing today. A dry run answers the amounts with a `quote`, which holds for 10 "
        f"minutes. {_EITHER}",
        change,
        errors=(
            *_RUNNING,
            *_MONEY,
            "pause_scheduled",
            "no_other_plan",
            "not_offered",
            "same_plan",
            "already_scheduled",
            "plan_outside_group",
            "plan_inactive",
            "plan_not_in_currency",
            "quantity_range",
            "amount_range",
            "quote_expired",
            "quote_moved",
            "quote_unreadable",
        ),
        body=ChangeInput,
        money=True,
        foresees=ChangePreview,
    ),
    _action(
        "keep",
        "Take a planned change back",
        "Keeps the present plan: the change that waits for the end of the period will not happen.",
        keep,
        errors=(*_RUNNING, "nothing_scheduled", "conflict"),
    ),
    _action(
        "pause",
        "Pause a subscription",
        "Leaves out so many whole periods after the present one, without access and without charges. What follows is charged on the same "
        "calendar.",
        plan_pause,
        errors=(*_RUNNING, "in_trial", "not_offered", "pause_periods", "pause_scheduled", "plan_change_scheduled", "conflict"),
        body=PauseInput,
    ),
    _action(
        "cancel-pause",
        "Call a planned pause off",
        "Until the pause begins it can be called off; afterwards see `unpause`.",
        cancel_pause,
        errors=(*_RUNNING, "nothing_scheduled", "conflict"),
    ),
    _action(
        "unpause",
        "End a pause now",
        f"A new period begins at once and is charged. {_EITHER} The subscription is past due then.",
        unpause,
        errors=(*_MONEY, "not_paused", "renewing"),
        body=Charging,
        money=True,
    ),
    _action(
        "pay",
        "Try the overdue payment again",
        f"Charges the card on file for the payment that failed. {_EITHER} A try by hand is no step of the ladder of retries.",
        pay,
        errors=(*_MONEY, "nothing_to_pay", "no_card"),
        body=Charging,
        money=True,
    ),
)
