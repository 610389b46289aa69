"""The table of actions: POST /v1/actions/{service}/{verb-noun}, each for some of the three kinds of credential."""

from portico.api.waffo.action import Action
from portico.api.waffo.actions import auth, checkout, extensions, orders, product_groups, products, refund_tickets, stores, webhooks

_MODULES = (auth, checkout, extensions, orders, refund_tickets, stores, products, product_groups, webhooks)
ACTIONS: dict[str, Action] = {action.name: action for module in _MODULES for action in module.ACTIONS}
