"""Products: what a store sells, with its prices."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from portico.api.call import Call
from portico.api.changes import sent
from portico.api.fields import Amount, Currency, ExternalId, GroupId, Metadata, ProductId, Quantity, SignedAmount
from portico.api.operation import Operation
from portico.api.paging import Listed, Paged, listed
from portico.domain import catalog
from portico.domain.catalog import Interval, ProductKind
from portico.domain.money import format_amount
from portico.domain.product_rules import (
    LONGEST_DESCRIPTION,
    LONGEST_NAME,
    MOST_PAUSE_PERIODS,
    MOST_TRIAL_DAYS,
)
from portico.services import catalog as catalog_service
from portico.storage import product as products

Name = Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME, examples=["Atlas Pro"])]
Description = Annotated[str, Meta(max_length=LONGEST_DESCRIPTION, examples=["Maps for the whole team"])]
TaxCategory = Annotated[str, Meta(pattern="^[a-z0-9_]{1,40}$", description="Which rows of the store's tax table apply.", examples=["saas"])]
PausePeriods = Annotated[int, Meta(ge=0, le=MOST_PAUSE_PERIODS, description="For how many periods in a row a buyer may pause; 0: not.")]
TrialDays = Annotated[int, Meta(ge=0, le=MOST_TRIAL_DAYS, description="How many free days a subscription begins with.")]


class PriceInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tax-exclusive price."""

    currency: Currency
    amount: Amount


class Price(msgspec.Struct, frozen=True):
    """A tax-exclusive price."""

    currency: Currency
    amount: SignedAmount


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """Something sold once, or by the interval."""

    id: ProductId
    external_id: ExternalId
    name: Name
    description: Description
    kind: Annotated[ProductKind, Meta(examples=["subscription"])]
    interval: Annotated[Interval, Meta(examples=["month"])] | None
    group_id: GroupId | None
    tax_category: TaxCategory
    prices: list[Price]
    active: Annotated[bool, Meta(description="Whether it is on sale.", examples=[True])]
    quantity_min: Quantity
    quantity_max: Quantity
    pause_periods_max: PausePeriods
    trial_days: TrialDays
    version: Annotated[int, Meta(ge=1, description="Counts its changes.")]
    metadata: Metadata


class NewProduct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A product to be made."""

    name: Name
    kind: ProductKind
    prices: Annotated[list[PriceInput], Meta(min_length=1, max_length=200)]
    interval: Annotated[Interval, Meta(description="Of a subscription, and of nothing else.")] | None = None
    external_id: ExternalId | None = None
    description: Annotated[str, Meta(max_length=LONGEST_DESCRIPTION)] = ""
    group_id: GroupId | None = None
    tax_category: Annotated[str, Meta(pattern="^[a-z0-9_]{1,40}$")] = "standard"
    active: bool = True
    quantity_min: Quantity = 1
    quantity_max: Quantity = 1
    pause_periods_max: PausePeriods = 0
    trial_days: TrialDays = 0
    metadata: Metadata = {}


class ProductChanges(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is sent is changed. `prices` replace all there are; `group_id: null` takes it out of its group."""

    name: Name | UnsetType = UNSET
    prices: Annotated[list[PriceInput], Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    external_id: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    description: Annotated[str, Meta(max_length=LONGEST_DESCRIPTION)] | UnsetType = UNSET
    group_id: GroupId | UnsetType | None = UNSET
    tax_category: Annotated[str, Meta(pattern="^[a-z0-9_]{1,40}$")] | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    quantity_min: Quantity | UnsetType = UNSET
    quantity_max: Quantity | UnsetType = UNSET
    pause_periods_max: PausePeriods | UnsetType = UNSET
    trial_days: TrialDays | UnsetType = UNSET
    metadata: Metadata | UnsetType = UNSET


class ProductQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: ProductKind | None = None
    active: bool | None = None
    group_id: GroupId | None = None


def product_of(found: catalog.Product) -> Product:
    """A product as the API shows it."""
    return Product(
        id=found.id,
        external_id=found.external_id,
        name=found.name,
        description=found.description,
        kind=found.kind,
        interval=found.interval,
        group_id=found.group_id,
        tax_category=found.tax_category,
        prices=[Price(currency, format_amount(minor, currency)) for currency, minor in sorted(found.prices.items())],
        active=found.active,
        quantity_min=found.quantity_min,
        quantity_max=found.quantity_max,
        pause_periods_max=found.pause_periods_max,
        trial_days=found.trial_days,
        version=found.version,
        metadata=found.metadata,
    )


def list_products(call: Call) -> Listed[Product]:
    asked: ProductQuery = call.query
    chosen = {"kind": asked.kind, "active": asked.active, "group_id": asked.group_id}
    with call.runtime.database.read() as tx:
        return listed(products.page(tx, call.scope, asked.after, asked.limit, **chosen), product_of)  # pyright: ignore[reportArgumentType]


def get_product(call: Call) -> Product:
    with call.runtime.database.read() as tx:
        return product_of(products.get(tx, call.scope, call.id))


def create_product(call: Call) -> Product:
    body: NewProduct = call.body
    draft = catalog.Product(
        id="",
        external_id=body.external_id or "",
        name=body.name,
        description=body.description,
        kind=body.kind,
        interval=body.interval,
        group_id=body.group_id,
        tax_category=body.tax_category,
        prices={},
        active=body.active,
        quantity_min=body.quantity_min,
        quantity_max=body.quantity_max,
        pause_periods_max=body.pause_periods_max,
        trial_days=body.trial_days,
        metadata=body.metadata,
    )
    return product_of(catalog_service.create_product(call.runtime, call.scope, draft, _prices(body.prices), actor=call.actor))


def update_product(call: Call) -> Product:
    changes = sent(call.body)
    if "prices" in changes:
        changes["prices"] = _prices(changes["prices"])
    return product_of(catalog_service.update_product(call.runtime, call.scope, call.id, actor=call.actor, **changes))


def _prices(given: list[PriceInput]) -> list[tuple[str, str]]:
    return [(price.currency, price.amount) for price in given]


_WRONG = ("external_id_taken",)
OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/products",
        name="list_products",
        tag="Products",
        summary="List products",
        description="Everything the store sells or sold, newest first; by kind, by whether it is on sale, or of one group.",
        handler=list_products,
        answer=Listed[Product],
        query=ProductQuery,
        errors=("cursor_invalid",),
    ),
    Operation(
        method="POST",
        path="/v1/products",
        name="create_product",
        tag="Products",
        summary="Create a product",
        description="A product with a price in each currency it is sold in. Prices are tax-exclusive.",
        handler=create_product,
        answer=Product,
        body=NewProduct,
        status=201,
        errors=_WRONG,
        example={"name": "Atlas Pro", "kind": "subscription", "interval": "month", "prices": [{"currency": "EUR", "amount": "29.00"}]},
    ),
    Operation(
        method="GET",
        path="/v1/products/{id}",
        name="get_product",
        tag="Products",
        summary="Get a product",
        description="One product with its prices.",
        handler=get_product,
        answer=Product,
    ),
    Operation(
        method="PATCH",
        path="/v1/products/{id}",
        name="update_product",
        tag="Products",
        summary="Change a product",
        description="Whoever has bought keeps what he bought, at its price. Kind and interval cannot change: make another product.",
        handler=update_product,
        answer=Product,
        body=ProductChanges,
        errors=(*_WRONG, "conflict"),
        example={"name": "Atlas Pro"},
    ),
)
