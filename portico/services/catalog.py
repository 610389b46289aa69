"""What a store sells, as its programs set it up: products with their prices, and groups of plans to switch between.

Whoever has bought keeps what he bought: a subscription has its price, an order its name, and neither follows a later change.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from portico.domain.catalog import Product, ProductGroup
from portico.domain.errors import Conflict, FieldError, Invalid, NotFound, Refused
from portico.domain.product_rules import group_errors, product_errors, read_prices
from portico.domain.scope import StoreScope
from portico.services.runtime import Runtime
from portico.storage import audit
from portico.storage import product as products
from portico.storage import product_group as groups

Prices = Sequence[tuple[str, str]]  # currency, and a decimal text


def create_product(runtime: Runtime, scope: StoreScope, draft: Product, prices: Prices, *, actor: str) -> Product:
    """A new product. `draft.id` is not looked at, and an empty `external_id` becomes the id.

    Raises Invalid with every wrong field, Refused("external_id_taken").
    """
    product_id, now = runtime.new_id("PROD"), runtime.clock()
    draft = replace(draft, id=product_id, external_id=draft.external_id or product_id, name=draft.name.strip(), version=1)
    with runtime.database.transaction() as tx:
        product = _checked(tx, scope, draft, prices)
        products.create(tx, scope, product, now)
        audit.record(tx, scope, actor=actor, action="product.created", subject=product_id, now=now)
    return product


def update_product(
    runtime: Runtime, scope: StoreScope, product_id: str, *, prices: Prices | None = None, actor: str, **changes: Any
) -> Product:
    """The product with these fields changed; its kind and its interval stay. `prices` replace all that there are.

    Raises NotFound, Invalid with every wrong field, Refused("external_id_taken").
    """
    now = runtime.clock()
    with runtime.database.transaction() as tx:
        before = products.get(tx, scope, product_id)
        after = replace(before, **changes)
        product = _checked(tx, scope, after, prices)
        if product == before:
            return before
        version = products.update(tx, scope, product)
        audit.record(tx, scope, actor=actor, action="product.updated", subject=product_id, now=now)
    return replace(product, version=version)


def create_group(runtime: Runtime, scope: StoreScope, draft: ProductGroup, *, product_ids: Sequence[str] = (), actor: str) -> ProductGroup:
    """A new group. `draft.id` is not looked at, and an empty `external_id` becomes the id; see `update_group` for the rest."""
    group_id, now = runtime.new_id("GRP"), runtime.clock()
    group = replace(draft, id=group_id, external_id=draft.external_id or group_id, name=draft.name.strip())
    with runtime.database.transaction() as tx:
        _check_group(tx, scope, group, product_ids)
        groups.create(tx, scope, group, now)
        groups.set_products(tx, scope, group_id, product_ids)
        audit.record(tx, scope, actor=actor, action="product_group.created", subject=group_id, now=now)
    return group


def update_group(
    runtime: Runtime, scope: StoreScope, group_id: str, *, product_ids: Sequence[str] | None = None, actor: str, **changes: Any
) -> ProductGroup:
    """The group with these fields changed. `product_ids` are all that it has from now on; one that was in another group leaves that.

    Raises NotFound, Invalid with every wrong field, Refused("external_id_taken").
    """
    now = runtime.clock()
    with runtime.database.transaction() as tx:
        group = replace(groups.get(tx, scope, group_id), **changes)
        _check_group(tx, scope, group, product_ids or ())
        groups.update(tx, scope, group)
        if product_ids is not None:
            groups.set_products(tx, scope, group_id, product_ids)
        audit.record(tx, scope, actor=actor, action="product_group.updated", subject=group_id, now=now)
    return group


def delete_group(runtime: Runtime, scope: StoreScope, group_id: str, *, actor: str) -> None:
    """Ends a group that has no products. Raises NotFound, Refused("group_not_empty")."""
    now = runtime.clock()
    with runtime.database.transaction() as tx:
        try:
            groups.delete(tx, scope, group_id)
        except Conflict:
            raise Refused("group_not_empty") from None
        audit.record(tx, scope, actor=actor, action="product_group.deleted", subject=group_id, now=now)


def _checked(tx: sa.Connection, scope: StoreScope, draft: Product, prices: Prices | None) -> Product:
    """The product with its prices, if all of it holds to the rules."""
    errors = product_errors(draft)
    if prices is not None:
        draft = replace(draft, prices=read_prices(prices, errors))
    if draft.group_id is not None and not _has_group(tx, scope, draft.group_id):
        errors.append(FieldError("group_id", "not_found"))
    if errors:
        raise Invalid(errors)
    taken = products.by_external_id(tx, scope, draft.external_id)
    if taken is not None and taken.id != draft.id:
        raise Refused("external_id_taken")
    return draft


def _check_group(tx: sa.Connection, scope: StoreScope, group: ProductGroup, product_ids: Sequence[str]) -> None:
    errors = group_errors(group)
    for place, product_id in enumerate(product_ids):
        code = _why_not_in_group(tx, scope, product_id)
        errors += [FieldError(f"product_ids/{place}", code)] if code is not None else []
    if errors:
        raise Invalid(errors)
    taken = groups.by_external_id(tx, scope, group.external_id)
    if taken is not None and taken.id != group.id:
        raise Refused("external_id_taken")


def _has_group(tx: sa.Connection, scope: StoreScope, group_id: str) -> bool:
    try:
        groups.get(tx, scope, group_id)
    except NotFound:
        return False
    return True


def _why_not_in_group(tx: sa.Connection, scope: StoreScope, product_id: str) -> str | None:
    try:
        product = products.get(tx, scope, product_id)
    except NotFound:
        return "not_found"
    return None if product.kind == "subscription" else "only_subscriptions"
