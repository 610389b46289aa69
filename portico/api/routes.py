"""The table that is the API: every operation there is, by what it is about. The reference lists them in this order."""

from portico.api import (
    buyers,
    cancellations,
    checkout_sessions,
    documents,
    events,
    orders,
    payments,
    portal_configuration,
    portal_sessions,
    product_groups,
    products,
    refund_tickets,
    refunds,
    subscription_actions,
    subscriptions,
    webhook_operations,
)
from portico.api.operation import Operation

OPERATIONS: tuple[Operation, ...] = (
    *portal_sessions.OPERATIONS,
    *portal_configuration.OPERATIONS,
    *buyers.OPERATIONS,
    *products.OPERATIONS,
    *product_groups.OPERATIONS,
    *checkout_sessions.OPERATIONS,
    *orders.OPERATIONS,
    *subscriptions.OPERATIONS,
    *subscription_actions.OPERATIONS,
    *cancellations.OPERATIONS,
    *payments.OPERATIONS,
    *refunds.OPERATIONS,
    *refund_tickets.OPERATIONS,
    *documents.OPERATIONS,
    *events.OPERATIONS,
    *webhook_operations.OPERATIONS,
)
