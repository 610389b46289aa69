"""The table of actions: POST /v1/actions/{service}/{verb-noun}, each for some of the three kinds of credential."""

from portico.api.waffo.action import Action
from portico.api.waffo.actions import auth, orders, refund_tickets

_MODULES = (auth, orders, refund_tickets)
ACTIONS: dict[str, Action] = {action.name: action for module in _MODULES for action in module.ACTIONS}
