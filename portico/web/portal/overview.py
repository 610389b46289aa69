"""The first page after signing in: what needs the buyer, what comes next, what runs, what came last."""

from portico.domain.subscription import Subscription, next_charge
from portico.http.response import Response
from portico.storage import document, order, subscription
from portico.web import view
from portico.web.portal.chain import replaced_among
from portico.web.visit import Visit

_LATEST = 3
_OVER = frozenset({"canceled", "expired", "closed"})
_NOT_BILLED = _OVER | {"pending"}


def overview(visit: Visit) -> Response:
    with visit.runtime.database.read() as tx:
        subscriptions = subscription.list(tx, visit.buyer_scope)
        orders = order.page(tx, visit.buyer_scope, limit=_LATEST).items
        invoices = document.page(tx, visit.buyer_scope, kind="invoice", limit=_LATEST).items
    items = [(one, next_charge(one)) for one in subscriptions if one.status not in _OVER]
    confirming = {one.id for one in subscriptions if _is_confirming(one)}
    replaced = replaced_among(invoices)
    return view.page(visit, "overview.html", items=items, confirming=confirming, orders=orders, invoices=invoices, replaced=replaced)


def _is_confirming(one: Subscription) -> bool:
    """Whether a payment of it is under way: nothing else can happen to it until then, so nothing is due (see `Subscription`)."""
    return one.managed and one.due_at is None and one.held_at is None and one.status not in _NOT_BILLED
