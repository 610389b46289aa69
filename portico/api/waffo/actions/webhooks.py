"""Where a store's programs are told what happened, in Waffo's format. A test key reaches test endpoints alone."""

from typing import Any

from portico.api.waffo import reach
from portico.api.waffo.action import MERCHANT, Action, Call, Wrong
from portico.api.waffo.fields import choice, flag, identifier, list_of, need, take, text, uuid_of
from portico.domain.errors import NotFound
from portico.domain.event import EventType
from portico.domain.ids import decode
from portico.domain.scope import Environment, StoreScope
from portico.domain.webhook import Endpoint
from portico.services import waffo_words, webhook_out
from portico.storage import merchant_scope, webhook_endpoint

_CHANNELS = ("http", "feishu", "discord", "telegram", "slack")


def _events(name: str, value: Any) -> tuple[EventType, ...]:
    """Waffo's events as ours."""
    names = list_of(choice(*waffo_words.EVENTS))(name, value)
    if not names:
        raise Wrong(f"{name} cannot be empty")
    return tuple(ours for each in dict.fromkeys(names) for ours in waffo_words.EVENTS[each])


def add(call: Call) -> dict[str, Any]:
    if call.get("channel") != "http":
        raise call.trouble(400, "Only the channel http is supported", "Point it at a program that passes the event on.")
    environment: Environment = "test" if call.get("testMode") else "prod"
    if environment == "prod" and call.asker.environment == "test":
        raise call.trouble(403, "A test API key cannot add a webhook of prod", "Sign with a prod key, or send testMode: true.")
    scope = StoreScope(reach.store_of(call, call.get("storeId")).id, environment)
    _warn(call)
    made = webhook_out.create(
        call.runtime, scope, url=call.get("url"), event_types=call.get("events"), format="waffo", actor=call.asker.actor
    )
    return _answer(scope, made)


def update(call: Call) -> dict[str, Any]:
    scope, found = _endpoint(call)
    _warn(call)
    changes: webhook_out.Changes = {}
    if call.get("url") is not None:
        changes["url"] = call.get("url")
    if call.get("events") is not None:
        changes["event_types"] = call.get("events")
    return _answer(scope, webhook_out.update(call.runtime, scope, found.id, actor=call.asker.actor, **changes))


def remove(call: Call) -> dict[str, Any]:
    scope, found = _endpoint(call)
    webhook_out.delete(call.runtime, scope, found.id, actor=call.asker.actor)
    return _answer(scope, found)


def _endpoint(call: Call) -> tuple[StoreScope, Endpoint]:
    """Raises Trouble(404), also for an endpoint of prod that a test key asks for."""
    reached: tuple[Environment, ...] = ("prod", "test") if call.asker.environment == "prod" else ("test",)
    with call.runtime.database.read() as connection:
        for environment in reached:
            try:
                scope, own_id = merchant_scope.place_of(connection, call.asker.merchant_id, environment, "WHE", call.get("id"))
            except NotFound:
                continue
            return scope, webhook_endpoint.get(connection, scope, own_id)
    raise call.trouble(404, "Webhook not found")


def _warn(call: Call) -> None:
    if call.get("secret"):
        call.warn("secret was not kept", "Webhooks are signed with the store's RSA key: `portico waffo webhook-key` prints it.")


def _answer(scope: StoreScope, endpoint: Endpoint) -> dict[str, Any]:
    made = waffo_words.moment(endpoint.created_at)
    names = dict.fromkeys(waffo_words.NAME_OF[ours] for ours in endpoint.event_types if ours in waffo_words.NAME_OF)
    wire = {
        "id": str(decode(endpoint.id)), "storeId": scope.store_id, "channel": "http", "url": endpoint.url,
        "events": list(names or waffo_words.EVENTS), "testMode": scope.environment == "test", "secret": None,
        "createdAt": made, "updatedAt": made,
    }  # fmt: skip
    return {"webhook": wire}


_ID, _EVENTS, _URL = need("id", uuid_of("WHE")), need("events", _events), text(2000)
ACTIONS = (
    Action(
        "store/add-webhook",
        "store",
        MERCHANT,
        add,
        (
            need("storeId", identifier("STO")),
            need("channel", choice(*_CHANNELS)),
            need("url", _URL),
            _EVENTS,
            need("testMode", flag),
            take("secret", text(500), null=True),
        ),
    ),
    Action(
        "store/update-webhook",
        "store",
        MERCHANT,
        update,
        (_ID, take("url", _URL), take("events", _events), take("secret", text(500), null=True)),
    ),
    Action("store/remove-webhook", "store", MERCHANT, remove, (_ID,)),
)
