"""Changing plan or quantity: the plans, a review to the cent, and the change itself. Nothing is charged that was not shown."""

from portico.domain.errors import NotFound, Refused
from portico.domain.ids import is_id
from portico.domain.proration import PlanChange
from portico.domain.subscription import Subscription
from portico.domain.why_not import why_not
from portico.http.response import Response, see_other
from portico.i18n import words
from portico.services import plan_change, self_service
from portico.services.quote import Stale
from portico.storage import product as products
from portico.storage import subscription
from portico.web import view
from portico.web.portal import done, payment
from portico.web.visit import Visit

FIELDS = frozenset({"quote", "plan", "quantity"})
_LONGEST_QUANTITY = 9  # digits


def plans(visit: Visit) -> Response:
    """The plans of the group, each with what it would mean, or the review of the one that `?product=` names. Where nothing can be
    changed, the subscription's page says why."""
    product_id = visit.query.get("product", "")
    return _to_review(visit, product_id) if product_id else _plans(visit)


def review(visit: Visit) -> Response:
    """What `?plan=&quantity=` would cost now, line by line."""
    try:
        return _review(visit, visit.query.get("plan", ""), _number(visit.query.get("quantity", "1"), "query_invalid"))
    except Refused as refused:
        if refused.code == "query_invalid":
            raise
        return _plans(visit, problem=refused.code)


def confirm(visit: Visit) -> Response:
    """Makes the change that was shown; when anything moved since, nothing is changed, and the review is shown as it is now."""
    subscription_id, quantity = visit.id("SUB"), _number(visit.form.get("quantity", ""), "form_invalid")
    try:
        confirmed = plan_change.confirm(visit.runtime, visit.buyer_scope, subscription_id, visit.form.get("quote", ""))
    except Stale as stale:
        return _review(visit, visit.form.get("plan", ""), quantity, moved=stale.code)
    if confirmed.payment_id is not None:
        return payment.after_charge(visit, confirmed.payment_id, confirmed.outcome, done="plan_paid", about=subscription_id)
    said = "plan_change_scheduled" if confirmed.change.timing == "period_end" else "plan_changed"
    return done.go(visit, f"/subscriptions/{subscription_id}", said, about=subscription_id)


def keep(visit: Visit) -> Response:
    """Takes a change back that waits for the end of the period."""
    subscription_id = visit.id("SUB")
    plan_change.keep(visit.runtime, visit.buyer_scope, subscription_id)
    return done.go(visit, f"/subscriptions/{subscription_id}", "plan_kept")


def _plans(visit: Visit, *, problem: str = "") -> Response:
    subscription_id = visit.id("SUB")
    found = plan_change.offers(visit.runtime, visit.buyer_scope, subscription_id)
    with visit.runtime.database.read() as tx:
        choice = self_service.of(tx, visit.signed_in, subscription_id, found.standing.product)
    own = found.subscription.product_id
    offered = [(plan, offer) for plan, offer in found.plans if plan.id == own or choice.has(plan.id)]
    quantity_only = found.why_not is not None or len(offered) < 2
    if quantity_only and why_not("change_quantity", found.standing, found.now) is not None:
        return see_other(visit.url(f"/subscriptions/{subscription_id}"))
    return view.page(
        visit,
        "plan_change.html",
        status_code=409 if problem else 200,
        subscription=found.subscription,
        offers=[(plan, *_split(offer)) for plan, offer in offered],
        problem=words.why_not(visit.language, problem) if problem else "",
        quantity_only=quantity_only,
    )


def _to_review(visit: Visit, product_id: str) -> Response:
    """303 to what going to a plan would cost, with as many as there are now."""
    subscription_id = visit.id("SUB")
    if not is_id("PROD", product_id):
        raise NotFound
    with visit.runtime.database.read() as tx:
        found = subscription.get(tx, visit.buyer_scope, subscription_id)
    return see_other(visit.url(f"/subscriptions/{subscription_id}/change/review?plan={product_id}&quantity={found.quantity}"))


def _split(offer: PlanChange | str) -> tuple[PlanChange | None, str | None]:
    """What going to a plan means, and the code of why it cannot be: one of the two."""
    return (None, offer) if isinstance(offer, str) else (offer, None)


def _review(visit: Visit, product_id: str, quantity: int, *, moved: str = "") -> Response:
    if not is_id("PROD", product_id):
        raise NotFound
    found = plan_change.review(visit.runtime, visit.buyer_scope, visit.id("SUB"), product_id, quantity)
    if product_id != found.subscription.product_id:
        _hold_choice(visit, found.subscription, product_id)
    return view.page(
        visit,
        "plan_review.html",
        status_code=409 if moved else 200,
        subscription=found.subscription,
        change=found.change,
        quote=found.quote,
        moved=words.why_not(visit.language, moved) if moved else "",
        now=found.now,
    )


def _hold_choice(visit: Visit, found: Subscription, product_id: str) -> None:
    """Raises Refused("no_other_plan") for a plan that is not the buyer's to choose. Without the review there is no quote to confirm."""
    with visit.runtime.database.read() as tx:
        own = products.get(tx, visit.scope, found.product_id)
        if not self_service.of(tx, visit.signed_in, found.id, own).has(product_id):
            raise Refused("no_other_plan")


def _number(text: str, code: str) -> int:
    """A quantity as it was typed. Raises Refused(code) unless it is a whole number."""
    typed = text.strip()
    if not typed.isdecimal() or len(typed) > _LONGEST_QUANTITY:
        raise Refused(code)
    return int(typed)
