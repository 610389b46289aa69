"""Products: what a store sells, with its prices."""

import msgspec

from portico.api.call import Call
from portico.api.operation import Operation
from portico.api.paging import Listed, whole
from portico.domain import catalog
from portico.domain.catalog import Interval, ProductKind
from portico.domain.money import format_amount
from portico.storage import product as products


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tax-exclusive price."""

    currency: str
    amount: str


class Product(msgspec.Struct, frozen=True):
    """Something sold once, or by the interval."""

    id: str
    external_id: str
    name: str
    description: str
    kind: ProductKind
    interval: Interval | None
    prices: list[Price]


def product_of(found: catalog.Product) -> Product:
    """A product as the API shows it."""
    prices = [Price(currency, format_amount(minor, currency)) for currency, minor in sorted(found.prices.items())]
    return Product(found.id, found.external_id, found.name, found.description, found.kind, found.interval, prices)


def list_products(call: Call) -> Listed[Product]:
    with call.runtime.database.read() as tx:
        return whole([product_of(each) for each in products.active(tx, call.scope)])


OPERATIONS = (
    Operation(
        "GET",
        "/v1/products",
        "list_products",
        "Products",
        "List products",
        "All products of the store, newest first.",
        list_products,
        Listed[Product],
    ),
)
