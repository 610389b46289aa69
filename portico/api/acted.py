"""What an action on a subscription answers: what became of it, or in a dry run what would."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from portico.api.dry_run import DryRun
from portico.api.fields import Moment, PaymentId, ProductId, Quantity, SignedAmount
from portico.api.subscriptions import Charge, SubscriptionDetail, charge_of
from portico.domain.money import format_amount
from portico.domain.proration import Direction, Timing
from portico.domain.subscription import SubscriptionStatus
from portico.services.charging import Outcome
from portico.services.dry_run import Foreseen, ForeseenChange

Result = Literal["done", "scheduled", "processing", "requires_action", "failed"]
_RESULTS: dict[str, Result] = {
    "succeeded": "done", "failed": "failed", "requires_action": "requires_action", "processing": "processing", "unknown": "processing",
}  # fmt: skip


class Charged(msgspec.Struct, frozen=True, kw_only=True):
    """The payment that was tried, and how that went."""

    id: PaymentId
    status: Literal["succeeded", "failed", "requires_action", "processing"]
    failure_code: Annotated[str, Meta(examples=["card_declined"])] | None
    action_url: Annotated[str, Meta(description="Where the buyer confirms it with his bank.")] | None


class Acted(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an action, and the subscription as it is now."""

    result: Result
    effective_at: Annotated[datetime, Meta(tz=True, description="When it takes effect, or did.")] | None
    payment: Charged | None
    subscription: SubscriptionDetail


class ActionPreview(DryRun, frozen=True, kw_only=True):
    """What an action would do. What the payment provider would say to a charge nobody knows before."""

    effective_at: Moment | None = None
    status: Annotated[SubscriptionStatus, Meta(description="Of the subscription, once it is asked for.")] | None = None
    charge: Annotated[Charge, Meta(description="What would be charged at once; null: nothing.")] | None = None
    next_charge: Annotated[Charge, Meta(description="The next regular charge after it; null: none will come.")] | None = None


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A position of what would be charged at once: a credit for time that is paid, or the price of the new plan."""

    kind: Annotated[str, Meta(examples=["charge"])]
    description: str
    net: SignedAmount
    period_start: Moment | None
    period_end: Moment | None


class ChangePreview(ActionPreview, frozen=True, kw_only=True):
    """What a change of plan would do, to the cent."""

    timing: Timing | None = None
    direction: Direction | None = None
    product_id: ProductId | None = None
    product_name: str | None = None
    quantity: Quantity | None = None
    unit_amount: SignedAmount | None = None
    lines: list[Line] | None = None
    quote: Annotated[str, Meta(description="Send it with the change, and nothing else is charged than this.")] | None = None
    quote_expires_at: Moment | None = None


def acted(shown: SubscriptionDetail, at: datetime, payment_id: str | None, outcome: Outcome | None) -> Acted:
    """What became of an action that may cost something. It takes effect `at`, if it does."""
    if payment_id is None or outcome is None:
        return Acted(result="done", effective_at=at, payment=None, subscription=shown)
    status = "processing" if outcome.status == "unknown" else outcome.status
    charged = Charged(id=payment_id, status=status, failure_code=outcome.failure_code, action_url=outcome.action_url)
    done = outcome.status == "succeeded"
    return Acted(result=_RESULTS[outcome.status], effective_at=at if done else None, payment=charged, subscription=shown)


def preview(foreseen: Foreseen) -> ActionPreview:
    """A dry run of an action."""
    return ActionPreview(
        possible=True,
        effective_at=foreseen.at,
        status=foreseen.status,
        charge=charge_of(foreseen.charge),
        next_charge=charge_of(foreseen.next_charge),
    )


def change_preview(foreseen: ForeseenChange) -> ChangePreview:
    """A dry run of a change of plan."""
    it = foreseen.change
    return ChangePreview(
        **msgspec.structs.asdict(preview(foreseen.foreseen)),
        timing=it.timing,
        direction=it.direction,
        product_id=it.product_id,
        product_name=it.product_name,
        quantity=it.quantity,
        unit_amount=format_amount(it.unit_minor, it.currency),
        lines=[
            Line(
                kind=line.kind,
                description=line.description,
                net=format_amount(line.net_minor, it.currency),
                period_start=line.period_start,
                period_end=line.period_end,
            )
            for line in it.lines
        ],
        quote=foreseen.quote,
        quote_expires_at=foreseen.quote_expires_at,
    )
