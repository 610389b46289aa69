"""Subscriptions: what runs, what it costs next and when, and what can be done about it."""

from collections.abc import Mapping

from portico.domain.subscription import is_final, next_charge
from portico.domain.why_not import Action
from portico.http.response import Response
from portico.services import self_service, standing
from portico.services.standing import Situation
from portico.storage import document, subscription
from portico.web import view
from portico.web.portal import done
from portico.web.portal.balance import Balance, balance_of
from portico.web.portal.chain import invoice_first, replaced_among
from portico.web.visit import Visit

_NEWEST_DOCUMENTS = 6


def subscriptions(visit: Visit) -> Response:
    """All subscriptions, those that run first."""
    with visit.runtime.database.read() as tx:
        found = subscription.list(tx, visit.buyer_scope)
    return view.page(visit, "subscriptions.html", items=[(one, next_charge(one)) for one in found])


def one_subscription(visit: Visit) -> Response:
    subscription_id = visit.id("SUB")
    with visit.runtime.database.read() as tx:
        here = standing.look(tx, visit.runtime, visit.buyer_scope, subscription_id, store=visit.store)
        documents = document.newest_for_order(tx, visit.buyer_scope, here.subscription.order_id, limit=_NEWEST_DOCUMENTS)
        choice = self_service.of(tx, visit.signed_in, subscription_id, here.product)
    why = dict(here.whys())
    if why["change_plan"] is None and not any(choice.has(plan.id) for plan in here.plans if plan.id != here.product.id):
        why["change_plan"] = "no_other_plan"
    actions = _actions(here, why)
    reasons = {reason for _, reason in actions}
    return done.page(
        visit,
        "subscription.html",
        subscription=here.subscription,
        next_charge=next_charge(here.subscription),
        documents=invoice_first(documents),
        replaced=replaced_among(documents),
        why=why,
        actions=actions,
        reason_for_all=reasons.pop() if len(reasons) == 1 else None,
        balance=_balance(visit, here),
    )


def _actions(here: Situation, why: Mapping[Action, str | None]) -> list[tuple[Action, str | None]]:
    """What a buyer may look for here, each with the reason why it is not possible now. What the plan never offers is left out,
    and so is everything once it is over."""
    if is_final(here.subscription.status):
        return []
    offered: dict[Action, bool] = {
        "change_plan": True,
        "change_quantity": here.product.quantity_max > here.product.quantity_min,
        "pause": here.product.pause_periods_max > 0,
        "cancel": True,
    }
    return [(action, why[action]) for action, is_offered in offered.items() if is_offered]


def _balance(visit: Visit, here: Situation) -> Balance | None:
    """The payment that the buyer should know of: one under way, or one that is owed."""
    owed = here.standing.open_payment
    if owed is None or not here.subscription.managed:
        return None
    return balance_of(owed, here.subscription, visit.runtime.retry_days)
