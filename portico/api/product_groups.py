"""Product groups: the plans that a buyer may switch between."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from portico.api.call import Call
from portico.api.changes import sent
from portico.api.fields import ExternalId, GroupId, ProductId
from portico.api.operation import Operation
from portico.api.paging import Listed, Paged, listed
from portico.domain import catalog
from portico.domain.product_rules import LONGEST_DESCRIPTION, LONGEST_NAME
from portico.services import catalog as catalog_service
from portico.storage import product_group as groups

GroupName = Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME, examples=["Atlas plans"])]
ProductIds = Annotated[list[ProductId], Meta(max_length=200, description="Subscription products; each is in one group at most.")]


class ProductGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Plans that belong together."""

    id: GroupId
    external_id: ExternalId
    name: GroupName
    description: str
    self_service: Annotated[bool, Meta(description="Whether buyers may switch by themselves.")]
    shared_trial: Annotated[bool, Meta(description="Whether who had the trial of one plan has had that of all.")]
    product_ids: ProductIds


class NewProductGroup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group to be made."""

    name: GroupName
    external_id: ExternalId | None = None
    description: Annotated[str, Meta(max_length=LONGEST_DESCRIPTION)] = ""
    self_service: bool = True
    shared_trial: bool = False
    product_ids: ProductIds = []


class ProductGroupChanges(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is sent is changed. `product_ids` replace those there are."""

    name: GroupName | UnsetType = UNSET
    external_id: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    description: Annotated[str, Meta(max_length=LONGEST_DESCRIPTION)] | UnsetType = UNSET
    self_service: bool | UnsetType = UNSET
    shared_trial: bool | UnsetType = UNSET
    product_ids: ProductIds | UnsetType = UNSET


def list_product_groups(call: Call) -> Listed[ProductGroup]:
    asked: Paged = call.query
    with call.runtime.database.read() as tx:
        page = groups.page(tx, call.scope, asked.after, asked.limit)
        members = groups.product_ids(tx, call.scope, [group.id for group in page.items])
    return listed(page, lambda group: _group_of(group, members[group.id]))


def get_product_group(call: Call) -> ProductGroup:
    return _read(call, call.id)


def create_product_group(call: Call) -> ProductGroup:
    body: NewProductGroup = call.body
    draft = catalog.ProductGroup(
        id="",
        external_id=body.external_id or "",
        name=body.name,
        description=body.description,
        self_service=body.self_service,
        shared_trial=body.shared_trial,
    )
    made = catalog_service.create_group(call.runtime, call.scope, draft, product_ids=body.product_ids, actor=call.actor)
    return _read(call, made.id)


def update_product_group(call: Call) -> ProductGroup:
    catalog_service.update_group(call.runtime, call.scope, call.id, actor=call.actor, **sent(call.body))
    return _read(call, call.id)


def delete_product_group(call: Call) -> None:
    catalog_service.delete_group(call.runtime, call.scope, call.id, actor=call.actor)


def _read(call: Call, group_id: str) -> ProductGroup:
    with call.runtime.database.read() as tx:
        group = groups.get(tx, call.scope, group_id)
        return _group_of(group, groups.product_ids(tx, call.scope, [group_id])[group_id])


def _group_of(group: catalog.ProductGroup, product_ids: tuple[str, ...]) -> ProductGroup:
    return ProductGroup(
        id=group.id,
        external_id=group.external_id,
        name=group.name,
        description=group.description,
        self_service=group.self_service,
        shared_trial=group.shared_trial,
        product_ids=list(product_ids),
    )


_WRONG = ("external_id_taken",)
OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/product-groups",
        name="list_product_groups",
        tag="Product groups",
        summary="List product groups",
        description="All groups with the ids of their products, newest first.",
        handler=list_product_groups,
        answer=Listed[ProductGroup],
        query=Paged,
        errors=("cursor_invalid",),
    ),
    Operation(
        method="POST",
        path="/v1/product-groups",
        name="create_product_group",
        tag="Product groups",
        summary="Create a product group",
        description="A group of plans, with or without its products.",
        handler=create_product_group,
        answer=ProductGroup,
        body=NewProductGroup,
        status=201,
        errors=_WRONG,
    ),
    Operation(
        method="GET",
        path="/v1/product-groups/{id}",
        name="get_product_group",
        tag="Product groups",
        summary="Get a product group",
        description="One group with the ids of its products.",
        handler=get_product_group,
        answer=ProductGroup,
    ),
    Operation(
        method="PATCH",
        path="/v1/product-groups/{id}",
        name="update_product_group",
        tag="Product groups",
        summary="Change a product group",
        description="Its name, its rules, and which products are in it.",
        handler=update_product_group,
        answer=ProductGroup,
        body=ProductGroupChanges,
        errors=_WRONG,
    ),
    Operation(
        method="DELETE",
        path="/v1/product-groups/{id}",
        name="delete_product_group",
        tag="Product groups",
        summary="Delete a product group",
        description="Only one without products.",
        handler=delete_product_group,
        answer=None,
        status=204,
        errors=("group_not_empty",),
    ),
)
