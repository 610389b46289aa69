"""Subscriptions: what runs, what it costs next and when."""

from portico.domain.subscription import next_charge
from portico.storage import document, order, subscription
from portico.web import view
from portico.web.response import Response
from portico.web.visit import Visit


def subscriptions(visit: Visit) -> Response:
    """All subscriptions, those that run first."""
    with visit.runtime.database.read() as tx:
        found = subscription.list(tx, visit.buyer_scope)
    return view.page(visit, "subscriptions.html", items=[(one, next_charge(one)) for one in found])


def one_subscription(visit: Visit) -> Response:
    subscription_id = visit.id("SUB")
    with visit.runtime.database.read() as tx:
        found = subscription.get(tx, visit.buyer_scope, subscription_id)
        its_order = order.get(tx, visit.buyer_scope, found.order_id)
        documents = document.for_order(tx, visit.buyer_scope, found.order_id)
    return view.page(
        visit,
        "subscription.html",
        subscription=found,
        next_charge=next_charge(found),
        order=its_order,
        documents=documents,
    )
