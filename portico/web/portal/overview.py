"""The first page after signing in: what comes next, what runs, what came last."""

from portico.domain.subscription import next_charge
from portico.storage import document, order, subscription
from portico.web import view
from portico.web.response import Response
from portico.web.visit import Visit

_LATEST = 3
_OVER = frozenset({"canceled", "expired", "closed"})


def overview(visit: Visit) -> Response:
    with visit.runtime.database.read() as tx:
        subscriptions = subscription.list(tx, visit.buyer_scope)
        orders = order.page(tx, visit.buyer_scope, limit=_LATEST).items
        invoices = document.page(tx, visit.buyer_scope, kind="invoice", limit=_LATEST).items
    items = [(one, next_charge(one)) for one in subscriptions if one.status not in _OVER]
    return view.page(visit, "overview.html", items=items, orders=orders, invoices=invoices)
