"""The table that is the API: every operation there is, by what it is about. The reference lists them in this order."""

from portico.api import (
    buyers,
    documents,
    orders,
    payments,
    portal_sessions,
    product_groups,
    products,
    refund_tickets,
    refunds,
    subscription_actions,
    subscriptions,
)
from portico.api.operation import Operation

OPERATIONS: tuple[Operation, ...] = (
    *portal_sessions.OPERATIONS,
    *buyers.OPERATIONS,
    *products.OPERATIONS,
    *product_groups.OPERATIONS,
    *orders.OPERATIONS,
    *subscriptions.OPERATIONS,
    *subscription_actions.OPERATIONS,
    *payments.OPERATIONS,
    *refunds.OPERATIONS,
    *refund_tickets.OPERATIONS,
    *documents.OPERATIONS,
)
