"""Plan-change sessions: a link to the page where a buyer reviews and confirms another plan. Nothing is changed or charged here.

A merchant's link is a portal session, which signs the buyer in, once, within five minutes. A customer's leads to the same page, which
asks him to sign in: a token that five minutes of use were meant for opens no session.
"""

from typing import Any

from portico.api.waffo import reach
from portico.api.waffo.action import Call
from portico.api.waffo.actions.orders import subscription_of
from portico.api.waffo.ids import session_id
from portico.domain.catalog import Product
from portico.domain.money import format_amount
from portico.domain.proration import PlanChange
from portico.domain.scope import BuyerScope
from portico.domain.subscription import Subscription
from portico.i18n.negotiate import lookup
from portico.services import plan_change, portal_address, portal_session, waffo_token, waffo_words
from portico.services.portal_session import Wanted, WhichBuyer
from portico.storage import product as products
from portico.storage import product_group as groups
from portico.storage import store as stores

_NOT_THEIRS = "Subscription order does not belong to this credential"
# Documented, and of no use here; each with what is done instead.
_WITHOUT_EFFECT = {
    "withTrial": "A change of plan has no trial.",
    "priceSnapshot": "The plan costs what the product costs.",
    "expiresInSeconds": "The link is good for five minutes, once.",
    "darkMode": "The page follows the buyer's device.",
    "metadata": "A change of plan is made to the order there is, which keeps its own.",
    "orderMerchantExternalId": "A change of plan is made to the order there is, which keeps its own.",
    "includePaymentMethods": "The subscription's own card is charged.",
    "excludePaymentMethods": "The subscription's own card is charged.",
    "buyerEmail": "The origin subscription's buyer is the one.",
    "billingDetail": "The origin subscription's are used.",
}


def create_session(call: Call) -> dict[str, Any]:
    if call.asker.role == "visitor":
        raise call.trouble(403, "A plan change needs an API key or a session token")
    if call.get("changeAmount") is not None and call.get("changeCreditAmount") is not None:
        raise call.trouble(400, "changeAmount and changeCreditAmount are mutually exclusive")
    scope, found = subscription_of(call, "originOrderId", not_theirs=_NOT_THEIRS)
    where, target = reach.product(call, call.get("productId"))
    if where.store_id != scope.store_id:
        raise call.trouble(404, "Product not found")
    _hold(call, scope, found, target)
    quantity = min(max(found.quantity, target.quantity_min), target.quantity_max)
    change = plan_change.review(call.runtime, scope, found.id, target.id, quantity).change
    _warn(call, change)
    return _link(call, scope, found, target)


def _hold(call: Call, scope: BuyerScope, found: Subscription, target: Product) -> None:
    """What has to be true of a target. A merchant may go to any plan of the group, a customer only where the group says that he may."""
    if call.get("currency") != found.currency:
        raise call.trouble(400, f"currency must be {found.currency}, the currency of the origin subscription")
    if target.kind != "subscription" or target.id == found.product_id:
        raise call.trouble(400, "productId must be a subscription product other than the current one")
    with call.runtime.database.read() as connection:
        own = products.get(connection, scope, found.product_id)
        group = None if own.group_id is None else groups.get(connection, scope, own.group_id)
    if group is None or target.group_id != group.id:
        status, hint = (400, "Put both products into one group.") if call.is_merchant else (403, "")
        raise call.trouble(status, "Target plan is not in the same product group as the current plan", hint)
    if not call.is_merchant and not group.self_service:
        raise call.trouble(403, "Self-service plan change is not enabled for this product group")


def _warn(call: Call, change: PlanChange) -> None:
    timing = "immediate" if change.timing == "now" else "next_period"
    if call.get("changeTiming") not in (None, timing):
        call.warn(f"changeTiming {call.get('changeTiming')} was not applied", f"This change takes effect as {timing}.")
    for name in ("changeAmount", "changeCreditAmount"):
        if call.get(name) is not None:
            price = format_amount(change.total_minor, change.currency)
            call.warn(f"{name} was not applied", f"The buyer is asked for the prorated difference: {price} {change.currency} now.")
    for name, instead in _WITHOUT_EFFECT.items():
        if call.get(name) is not None:
            call.warn(f"{name} was not applied", instead)


def _link(call: Call, scope: BuyerScope, found: Subscription, target: Product) -> dict[str, Any]:
    runtime = call.runtime
    with runtime.database.read() as connection:
        store = stores.get(connection, scope.store_id)
    locale = None if call.get("language") is None else lookup(call.get("language"))
    if call.is_merchant:
        wanted = Wanted(
            flow="subscription_change", subscription_id=found.id, product_id=target.id, return_url=call.get("successUrl"), locale=locale
        )
        made = portal_session.create(runtime, store, scope.environment, WhichBuyer(id=scope.buyer_id), wanted, actor=call.asker.actor)
        address = portal_session.address(runtime, store.slug, scope.environment, made.id)
        return {"sessionId": session_id(made.id), "checkoutUrl": address, "expiresAt": waffo_words.moment(made.expires_at)}
    if call.get("successUrl") is not None:
        call.warn("successUrl was not applied", "A link made with an API key leads back to it.")
    path = f"/subscriptions/{found.id}/change?product={target.id}"
    return {
        "sessionId": session_id(runtime.new_id("PSN")),
        "checkoutUrl": portal_address.page(runtime, store.slug, scope.environment, path),
        "expiresAt": waffo_words.moment(call.now + waffo_token.LIFETIME),
    }
