"""Orders: the list, filtered and paged, and one order with its payments."""

from portico.domain.billing_detail import address_lines
from portico.domain.errors import Refused
from portico.domain.order import ONE_TIME_STATUSES
from portico.domain.payment import RefundTicket
from portico.domain.subscription import SUBSCRIPTION_STATUSES
from portico.http.response import Response
from portico.storage import document, order, refund_ticket, subscription
from portico.web import view
from portico.web.portal import refund
from portico.web.portal.chain import invoice_first, replaced_among
from portico.web.portal.paging import cursor_of, links
from portico.web.visit import Visit

STATUSES = tuple(dict.fromkeys((*ONE_TIME_STATUSES, *SUBSCRIPTION_STATUSES)))


def orders(visit: Visit) -> Response:
    """All orders, newest first; `?status=` keeps one status, `?after=` starts behind a cursor."""
    status = visit.query.get("status", "")
    if status and status not in STATUSES:
        raise Refused("filter_unknown")
    with visit.runtime.database.read() as tx:
        page = order.page(tx, visit.buyer_scope, status=status or None, cursor=cursor_of(visit))
    to = links(visit, "/orders", page.next, status=status)
    return view.page(
        visit,
        "orders.html",
        orders=page.items,
        statuses=STATUSES,
        status=status,
        first_url=to.first,
        next_cursor_url=to.following,
    )


def one_order(visit: Visit) -> Response:
    order_id = visit.id("ORD")
    with visit.runtime.database.read() as tx:
        found = order.get(tx, visit.buyer_scope, order_id)
        documents = document.for_order(tx, visit.buyer_scope, order_id)
        plan = subscription.get(tx, visit.buyer_scope, found.subscription_id) if found.subscription_id else None
        asked = refund_ticket.list(tx, visit.buyer_scope)
    tickets: dict[str, list[RefundTicket]] = {}
    for ticket in reversed(asked):
        tickets.setdefault(ticket.payment_id, []).append(ticket)
    return view.page(
        visit,
        "order.html",
        order=found,
        documents=invoice_first(documents),
        replaced=replaced_among(documents),
        subscription=plan,
        address_lines=address_lines(found.billing_detail, language=visit.language),
        tickets=tickets,
        refundable={paid.id for paid in found.payments if refund.why_not(visit, paid, tickets.get(paid.id, ())) is None},
    )
