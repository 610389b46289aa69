"""What is sold in prod as a copy of what was made in test. The copy's external id is the id of the original: by it shops know both."""

from dataclasses import replace

from portico.api.waffo.action import Call
from portico.api.waffo.reach import NAMES
from portico.domain.catalog import Product, ProductGroup
from portico.domain.errors import NotFound
from portico.domain.ids import Prefix
from portico.domain.money import format_amount
from portico.domain.scope import StoreScope
from portico.services import catalog
from portico.storage import merchant_scope, product_group
from portico.storage import product as products


def original(call: Call, prefix: Prefix, thing_id: str) -> tuple[StoreScope, str]:
    """What is to be published: the one of test, or that of prod where it was made there. Raises Trouble(404)."""
    with call.runtime.database.read() as connection:
        for environment in ("test", "prod"):
            try:
                return merchant_scope.place_of(connection, call.asker.merchant_id, environment, prefix, thing_id)
            except NotFound:
                continue
    raise call.trouble(404, f"{NAMES[prefix]} not found")


def read_product(call: Call, scope: StoreScope, product_id: str) -> Product:
    with call.runtime.database.read() as connection:
        return products.get(connection, scope, product_id)


def publish_product(call: Call, scope: StoreScope, made: Product) -> Product:
    """The product in prod, as it is in test now; the group that it is in there stays."""
    prod = StoreScope(scope.store_id, "prod")
    prices = [(currency, format_amount(minor, currency)) for currency, minor in made.prices.items()]
    with call.runtime.database.read() as connection:
        copy = products.by_external_id(connection, prod, made.id)
    if copy is None:
        draft = replace(made, external_id=made.id, group_id=None)
        return catalog.create_product(call.runtime, prod, draft, prices, actor=call.asker.actor)
    return catalog.update_product(
        call.runtime, prod, copy.id, prices=prices, actor=call.asker.actor,
        name=made.name, description=made.description, tax_category=made.tax_category, active=made.active,
        quantity_min=made.quantity_min, quantity_max=made.quantity_max, pause_periods_max=made.pause_periods_max,
        trial_days=made.trial_days, metadata=made.metadata,
    )  # fmt: skip


def publish_group(call: Call, scope: StoreScope, made: ProductGroup) -> ProductGroup:
    """The group in prod, as it is in test now, with those of its products that are published; the others are warned of."""
    prod, runtime, actor = StoreScope(scope.store_id, "prod"), call.runtime, call.asker.actor
    with runtime.database.read() as connection:
        members = product_group.product_ids(connection, scope, [made.id])[made.id]
        copies = {member: products.by_external_id(connection, prod, member) for member in members}
        copy = product_group.by_external_id(connection, prod, made.id)
    for member in [member for member, each in copies.items() if each is None]:
        call.warn(f"{member} is not published and was left out", "Publish the product, then the group again.")
    own_ids = [each.id for each in copies.values() if each is not None]
    if copy is None:
        return catalog.create_group(runtime, prod, replace(made, external_id=made.id), product_ids=own_ids, actor=actor)
    return catalog.update_group(
        runtime, prod, copy.id, product_ids=own_ids, actor=actor,
        name=made.name, description=made.description, self_service=made.self_service, shared_trial=made.shared_trial,
    )  # fmt: skip
