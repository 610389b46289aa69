"""Groups of plans that a buyer may switch between. Both of their rules are off until they are switched on."""

from dataclasses import replace
from typing import Any

from portico.api.waffo import published, reach, wire
from portico.api.waffo.action import MERCHANT, Action, Call
from portico.api.waffo.fields import flag, identifier, list_of, need, take, text, uuid_of, within
from portico.domain.catalog import ProductGroup
from portico.domain.scope import StoreScope
from portico.services import catalog
from portico.storage import product as products
from portico.storage import product_group as groups

_RULES = within(take("sharedTrial", flag), take("selfServicePlanChange", flag))
_OURS = {"sharedTrial": "shared_trial", "selfServicePlanChange": "self_service"}
_ID = need("id", uuid_of("GRP"))
_PRODUCTS = take("productIds", list_of(identifier("PROD"), longest=100))


def create(call: Call) -> dict[str, Any]:
    scope = reach.scope_of(call, call.get("storeId"))
    members = _members(call, scope)
    off = ProductGroup("", "", call.get("name"), call.get("description") or "", self_service=False, shared_trial=False)
    draft = replace(off, **_rules(call))
    return _answer(call, scope, catalog.create_group(call.runtime, scope, draft, product_ids=members or (), actor=call.asker.actor))


def update(call: Call) -> dict[str, Any]:
    """The products that are given replace all there are; of the rules only those change that are given."""
    scope, before = _group(call)
    members = _members(call, scope)
    changes: dict[str, Any] = {**_rules(call), **{name: call.get(name) for name in ("name", "description") if call.get(name) is not None}}
    after = catalog.update_group(call.runtime, scope, before.id, product_ids=members, actor=call.asker.actor, **changes)
    return _answer(call, scope, after)


def delete(call: Call) -> dict[str, Any]:
    """For ever; its products stay, in no group."""
    scope, found = _group(call)
    answer = _answer(call, scope, found)
    catalog.update_group(call.runtime, scope, found.id, product_ids=(), actor=call.asker.actor)
    catalog.delete_group(call.runtime, scope, found.id, actor=call.asker.actor)
    return answer


def publish(call: Call) -> dict[str, Any]:
    """Any number of times: prod is then as test is."""
    scope, group_id = published.original(call, "GRP", call.get("id"))
    with call.runtime.database.read() as connection:
        found = groups.get(connection, scope, group_id)
    if scope.environment == "prod":
        return _answer(call, scope, found)
    return _answer(call, StoreScope(scope.store_id, "prod"), published.publish_group(call, scope, found))


def _group(call: Call) -> tuple[StoreScope, ProductGroup]:
    scope, group_id = reach.place(call, "GRP", call.get("id"))
    with call.runtime.database.read() as connection:
        return scope, groups.get(connection, scope, group_id)


def _rules(call: Call) -> dict[str, bool]:
    given: dict[str, bool] = call.get("rules") or {}
    return {_OURS[name]: value for name, value in given.items()}


def _members(call: Call, scope: StoreScope) -> list[str] | None:
    """The products' own ids. Raises Trouble for one that is not of this store, or is sold once."""
    if call.get("productIds") is None:
        return None
    members: list[str] = []
    for product_id in call.get("productIds"):
        where, found = reach.product(call, product_id)
        if where != scope:
            raise call.trouble(404, "Product not found")
        if found.kind != "subscription":
            raise call.trouble(400, f"{product_id} is a one-time product: a group has subscription products")
        members.append(found.id)
    return members


def _answer(call: Call, scope: StoreScope, group: ProductGroup) -> dict[str, Any]:
    with call.runtime.database.read() as connection:
        own_ids = groups.product_ids(connection, scope, [group.id])[group.id]
        members = [products.get(connection, scope, own_id) for own_id in own_ids]
    shown = [wire.public_id("PROD", each.id, each.external_id) for each in members]
    return {"group": wire.group(group, shown, scope.store_id, scope.environment)}


ACTIONS = (
    Action(
        "subscription-product-group/create-group",
        "product",
        MERCHANT,
        create,
        (
            need("storeId", identifier("STO")),
            need("name", text(64)),
            take("description", text(2000, empty=True)),
            take("rules", _RULES),
            _PRODUCTS,
        ),
    ),
    Action(
        "subscription-product-group/update-group",
        "product",
        MERCHANT,
        update,
        (_ID, take("name", text(64)), take("description", text(2000, empty=True)), take("rules", _RULES), _PRODUCTS),
    ),
    Action("subscription-product-group/delete-group", "product", MERCHANT, delete, (_ID,)),
    Action("subscription-product-group/publish-group", "product", MERCHANT, publish, (_ID,)),
)
