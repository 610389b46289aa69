"""Cancel an order, take that back, and see what a change of plan would cost."""

from typing import Any

from portico.api.waffo import reach, wire
from portico.api.waffo.action import BOTH, Action, Call
from portico.api.waffo.fields import identifier, need, take, text, whole
from portico.domain.errors import Refused
from portico.domain.money import format_amount
from portico.domain.scope import BuyerScope
from portico.domain.subscription import Subscription
from portico.services import cancellation, plan_change, waffo_words
from portico.services import order as orders
from portico.storage import subscription as subscriptions

_ORDER = need("orderId", identifier("ORD"))
_UNPAID = "Subscription with an unpaid balance cannot be reactivated"


def cancel_subscription(call: Call) -> dict[str, Any]:
    """What is paid for is used to its end (canceling); what never began ends at once (canceled). One that is past due ends at once too,
    and is answered as Waffo answers: canceling, with no way back."""
    scope, found = subscription_of(call)
    if found.status in ("canceling", "canceled", "expired", "closed"):
        raise call.trouble(400, f"Subscription cannot be canceled, current status: {waffo_words.order_status(found.status)}")
    cancellation.cancel(call.runtime, scope, found.id, call.get("reason"), call.get("comment") or "", actor=call.asker.actor)
    after = _read(call, scope, found.id)
    answered = "canceling" if found.status == "past_due" else waffo_words.order_status(after.status)
    return {"orderId": found.order_id, "status": answered, "currentPeriodEnd": waffo_words.moment(after.period_end)}


def reactivate(call: Call) -> dict[str, Any]:
    """Two refusals that clients tell apart: it is not being canceled, or something was unpaid when it was."""
    scope, found = subscription_of(call)
    if _left_unpaid(call, scope, found):
        raise call.trouble(400, _UNPAID)
    if found.status != "canceling":
        raise call.trouble(400, f"Subscription cannot be reactivated, current status: {waffo_words.order_status(found.status)}")
    try:
        after = cancellation.resume(call.runtime, scope, found.id, actor=call.asker.actor)
    except Refused as refused:
        if refused.code == "past_due_pay_first":
            raise call.trouble(400, _UNPAID) from None
        raise
    return {"orderId": found.order_id, "status": waffo_words.order_status(after.status)}


def cancel_onetime(call: Call) -> dict[str, Any]:
    """Only while it is not paid."""
    scope, found = reach.order(call, call.get("orderId"))
    if found.kind != "one_time":
        raise call.trouble(400, "Order is a subscription order: cancel the subscription")
    if found.status != "pending":
        raise call.trouble(400, f"Order cannot be canceled, current status: {waffo_words.order_status(found.status)}")
    orders.cancel(call.runtime, scope, found.id, actor=call.asker.actor)
    return {"orderId": found.id, "status": "canceled"}


def change_product(call: Call) -> dict[str, Any]:
    """As it always was: a plan is changed through a plan-change session."""
    raise call.trouble(501, "Not implemented", "Create a plan-change session: checkout/create-session with originOrderId.")


def preview_change(call: Call) -> dict[str, Any]:
    """What a change of plan would cost if it were confirmed now."""
    scope, found = subscription_of(call)
    target = reach.product(call, call.get("productId"))[1]
    review = plan_change.review(call.runtime, scope, found.id, target.id, call.get("quantity") or found.quantity)
    change = review.change
    return {
        "orderId": found.order_id,
        "productId": wire.public_id("PROD", target.id, target.external_id),
        "changeTiming": "immediate" if change.timing == "now" else "next_period",
        "effectiveAt": waffo_words.moment(change.at),
        "currency": change.currency,
        "subtotal": format_amount(change.net_minor, change.currency),
        "taxAmount": format_amount(change.tax_minor, change.currency),
        "total": format_amount(change.total_minor, change.currency),
    }


def subscription_of(call: Call, name: str = "orderId", *, not_theirs: str = reach.NOT_THEIRS) -> tuple[BuyerScope, Subscription]:
    """The subscription of the order that a field names. Raises Trouble, as `reach.order` does, and 400 for a one-time order."""
    scope, found = reach.order(call, call.get(name), not_theirs=not_theirs)
    if found.subscription_id is None:
        raise call.trouble(400, "Order is not a subscription order")
    return scope, _read(call, scope, found.subscription_id)


def _read(call: Call, scope: BuyerScope, subscription_id: str) -> Subscription:
    with call.runtime.database.read() as connection:
        return subscriptions.get(connection, scope, subscription_id)


def _left_unpaid(call: Call, scope: BuyerScope, found: Subscription) -> bool:
    """Whether it was canceled while something was unpaid: that is never taken back."""
    if found.status not in ("canceling", "canceled"):
        return False
    with call.runtime.database.read() as connection:
        history = subscriptions.history(connection, scope, found.id)
    return any(step.from_status == "past_due" and step.cause == "canceled" for step in history)


ACTIONS = (
    Action(
        "subscription-order/cancel-order",
        "order",
        BOTH,
        cancel_subscription,
        (_ORDER, take("reason", text(40)), take("comment", text(500, empty=True))),
    ),
    Action("subscription-order/reactivate-order", "order", BOTH, reactivate, (_ORDER,)),
    Action("onetime-order/cancel-order", "order", BOTH, cancel_onetime, (_ORDER,)),
    Action(
        "subscription-order/change-product",
        "order",
        BOTH,
        change_product,
        (_ORDER, take("targetProductId", identifier("PROD"))),
        writes=False,
    ),
    Action(
        "subscription-order/preview-change",
        "order",
        BOTH,
        preview_change,
        (_ORDER, need("productId", identifier("PROD")), take("quantity", whole(1, 1_000_000))),
        writes=False,
    ),
)
