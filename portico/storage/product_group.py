"""The plans a buyer may switch between, as groups of products."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portico.domain.catalog import ProductGroup
from portico.domain.errors import Conflict, NotFound
from portico.domain.scope import StoreScope
from portico.storage import bulk, listing
from portico.storage.listing import Listing
from portico.storage.page import PAGE_SIZE, Cursor, Page
from portico.storage.rows import changed, first, many
from portico.storage.scoped import in_store, store_values
from portico.storage.tables import product
from portico.storage.tables import product_group as table

_NAMES = ("id", "external_id", "name", "description", "self_service", "shared_trial")
_COLUMNS = tuple(table.c[name] for name in _NAMES)
_ID: sa.BindParameter[Any] = sa.bindparam("p_id")
_IDS: sa.BindParameter[Any] = sa.bindparam("p_ids", expanding=True)
_ITSELF = sa.and_(in_store(table), table.c.id == _ID)
_INSERT = sa.insert(table)
_GET = sa.select(*_COLUMNS).where(_ITSELF)
_BY_EXTERNAL_ID = sa.select(*_COLUMNS).where(in_store(table), table.c.external_id == sa.bindparam("p_external_id"))
_LISTING = Listing(sa.select(*_COLUMNS), table, {})
_UPDATE = sa.update(table).where(_ITSELF).values({name: sa.bindparam(f"p_{name}") for name in _NAMES[1:]})
_DELETE = sa.delete(table).where(_ITSELF, ~sa.exists().where(product.c.group_id == table.c.id))
_PRODUCTS = (
    sa.select(product.c.group_id, product.c.id)
    .where(in_store(product), product.c.group_id.in_(_IDS))
    .order_by(product.c.created_at, product.c.id)
)
_LEAVE = (
    sa.update(product)
    .where(in_store(product), product.c.group_id == _ID, product.c.id.not_in(_IDS))
    .values(group_id=None, version=product.c.version + 1)
)
_JOIN = (
    sa.update(product)
    .where(in_store(product), product.c.id.in_(_IDS), product.c.group_id.is_distinct_from(_ID))
    .values(group_id=_ID, version=product.c.version + 1)
)
_COUNT = sa.select(sa.func.count()).select_from(product).where(in_store(product), product.c.id.in_(_IDS))


def create(tx: sa.Connection, scope: StoreScope, group: ProductGroup, now: datetime) -> None:
    """Keeps a new group, which has no products yet. Raises Conflict when the store has one with its external id."""
    row = {name: getattr(group, name) for name in _NAMES} | {"created_at": now}
    with bulk.refusals(tx):
        tx.execute(_INSERT, {**row, "store_id": scope.store_id, "environment": scope.environment})


def get(tx: sa.Connection, scope: StoreScope, group_id: str) -> ProductGroup:
    """The group. Raises NotFound."""
    row = first(tx, _GET, {**store_values(scope), "p_id": group_id})
    if row is None:
        raise NotFound
    return ProductGroup(*row)


def by_external_id(tx: sa.Connection, scope: StoreScope, external_id: str) -> ProductGroup | None:
    """The group that the merchant calls so."""
    row = first(tx, _BY_EXTERNAL_ID, {**store_values(scope), "p_external_id": external_id})
    return None if row is None else ProductGroup(*row)


def page(tx: sa.Connection, scope: StoreScope, cursor: Cursor | None = None, limit: int = PAGE_SIZE) -> Page[ProductGroup]:
    """Groups, newest first."""
    rows, following = listing.page(tx, _LISTING, scope, cursor, limit)
    return Page(tuple(ProductGroup(*row[: len(_NAMES)]) for row in rows), following)


def product_ids(tx: sa.Connection, scope: StoreScope, group_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The products of each of these groups, on sale or not, oldest first: in one statement."""
    found: dict[str, list[str]] = {group_id: [] for group_id in group_ids}
    for group_id, product_id in many(tx, _PRODUCTS, {**store_values(scope), "p_ids": list(group_ids)}) if group_ids else ():
        found[group_id].append(product_id)
    return {group_id: tuple(ids) for group_id, ids in found.items()}


def update(tx: sa.Connection, scope: StoreScope, group: ProductGroup) -> None:
    """Replaces all of a group but its products. Raises NotFound, and Conflict when its external id is another's."""
    values = {f"p_{name}": getattr(group, name) for name in _NAMES}
    with bulk.refusals(tx):
        if changed(tx, _UPDATE, {**store_values(scope), **values}) != 1:
            raise NotFound


def set_products(tx: sa.Connection, scope: StoreScope, group_id: str, product_ids: Sequence[str]) -> None:
    """Makes these, and only these, the products of a group; one that was in another group leaves that. Raises NotFound when the
    group, or one of the products, is not the store's."""
    get(tx, scope, group_id)
    here = {**store_values(scope), "p_id": group_id, "p_ids": sorted(set(product_ids))}
    if tx.execute(_COUNT, here).scalar() != len(here["p_ids"]):
        raise NotFound
    tx.execute(_LEAVE, here)
    tx.execute(_JOIN, here)


def delete(tx: sa.Connection, scope: StoreScope, group_id: str) -> None:
    """Removes a group that has no products. Raises NotFound, and Conflict when it has some."""
    if changed(tx, _DELETE, {**store_values(scope), "p_id": group_id}) != 1:
        get(tx, scope, group_id)
        raise Conflict("the group has products")
