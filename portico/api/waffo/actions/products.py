"""Products of both kinds. They are made in the environment of the key; `publish` takes a copy of a test product to prod, where it goes by
the same id."""

from collections.abc import Callable
from typing import Any

from portico.api.waffo import published, reach, wire
from portico.api.waffo.action import MERCHANT, Action, Call, Field, Wrong
from portico.api.waffo.fields import (
    amount,
    anything,
    choice,
    currency,
    identifier,
    list_of,
    mapping_of,
    need,
    notes,
    take,
    text,
    url,
    within,
)
from portico.domain.catalog import Product, ProductKind
from portico.domain.scope import StoreScope
from portico.services import catalog, waffo_words

_CATEGORIES = ("digital_goods", "saas", "software", "ebook", "online_course", "consulting", "professional_service")
_PRICE = within(need("amount", amount), need("taxCategory", choice(*_CATEGORIES)), take("trialAmount", amount))
_NAME, _ID = text(64), need("id", identifier("PROD"))
_SERVICES: dict[ProductKind, str] = {"one_time": "onetime-product", "subscription": "subscription-product"}


def _prices(name: str, value: Any) -> dict[str, dict[str, str]]:
    """Prices by currency. All have one tax category, for that is the product's."""
    prices = mapping_of(currency, _PRICE, longest=50)(name, value)
    if len({price["taxCategory"] for price in prices.values()}) > 1:
        raise Wrong(f"Invalid {name}: taxCategory must be the same in every currency")
    if any("trialAmount" in price for price in prices.values()):
        raise Wrong(f"Invalid {name}: trialAmount is not supported; a trial (metadata.trialDays) is free")
    return prices


def _metadata(name: str, value: Any) -> tuple[dict[str, str], int]:
    """The merchant's own notes, and how many days the trial has."""
    given = dict(anything(name, value))
    days = given.pop("trialDays", 0)
    if isinstance(days, str) and days.isascii() and days.isdigit():
        days = int(days[:5])
    if type(days) is not int or not 0 <= days <= 730:
        raise Wrong(f"Invalid {name}.trialDays: expected a whole number from 0 to 730")
    return notes(name, given), days


def _maker(kind: ProductKind) -> Callable[[Call], dict[str, Any]]:
    def create(call: Call) -> dict[str, Any]:
        scope = reach.scope_of(call, call.get("storeId"))
        prices = call.get("prices")
        noted: tuple[dict[str, str], int] = call.get("metadata") or ({}, 0)
        draft = Product(
            id="", external_id="", name=call.get("name"), description=call.get("description") or "", kind=kind,
            interval=waffo_words.BILLING_PERIODS[call.get("billingPeriod")] if kind == "subscription" else None, group_id=None,
            tax_category=next(iter(prices.values()))["taxCategory"], prices={}, trial_days=noted[1], metadata=noted[0],
        )  # fmt: skip
        _warn(call)
        return _answer(scope, catalog.create_product(call.runtime, scope, draft, _pairs(prices), actor=call.asker.actor))

    return create


def _updater(kind: ProductKind) -> Callable[[Call], dict[str, Any]]:
    def update(call: Call) -> dict[str, Any]:
        scope, before = _product(call, kind)
        period = call.get("billingPeriod")
        if period is not None and waffo_words.BILLING_PERIODS[period] != before.interval:
            hint = "Orders and subscriptions of a product count on it: create another product."
            raise call.trouble(400, "billingPeriod of a product cannot be changed", hint)
        changes: dict[str, Any] = {name: call.get(name) for name in ("name",) if call.get(name) is not None}
        if "description" in call.fields:
            changes["description"] = call.get("description") or ""
        prices = call.get("prices")
        if prices is not None:
            changes["tax_category"] = next(iter(prices.values()))["taxCategory"]
        if call.get("metadata") is not None:
            changes["metadata"], changes["trial_days"] = call.get("metadata")
        _warn(call)
        pairs = None if prices is None else _pairs(prices)
        return _answer(scope, catalog.update_product(call.runtime, scope, before.id, prices=pairs, actor=call.asker.actor, **changes))

    return update


def _publisher(kind: ProductKind) -> Callable[[Call], dict[str, Any]]:
    def publish(call: Call) -> dict[str, Any]:
        """Any number of times: prod is then as test is."""
        scope, original = published.original(call, "PROD", call.get("id"))
        product = published.read_product(call, scope, original)
        _hold_kind(call, product, kind)
        if scope.environment == "prod":
            return _answer(scope, product)
        return _answer(StoreScope(scope.store_id, "prod"), published.publish_product(call, scope, product))

    return publish


def _switcher(kind: ProductKind) -> Callable[[Call], dict[str, Any]]:
    def update_status(call: Call) -> dict[str, Any]:
        scope, before = _product(call, kind)
        active = call.get("status") == "active"
        return _answer(scope, catalog.update_product(call.runtime, scope, before.id, actor=call.asker.actor, active=active))

    return update_status


def _product(call: Call, kind: ProductKind) -> tuple[StoreScope, Product]:
    scope, found = reach.product(call, call.get("id"))
    _hold_kind(call, found, kind)
    return scope, found


def _hold_kind(call: Call, found: Product, kind: ProductKind) -> None:
    if found.kind != kind:
        raise call.trouble(404, "Product not found")


def _pairs(prices: dict[str, dict[str, str]]) -> list[tuple[str, str]]:
    return [(each, price["amount"]) for each, price in prices.items()]


def _warn(call: Call) -> None:
    if call.get("media"):
        call.warn("media was not kept", "Portico's pages show a product by its name and description.")
    if call.get("successUrl"):
        call.warn("successUrl was not kept", "Give it to each checkout: create-session takes successUrl.")


def _answer(scope: StoreScope, product: Product) -> dict[str, Any]:
    return {"product": wire.product(product, scope.store_id)}


def _actions(kind: ProductKind) -> tuple[Action, ...]:
    service = _SERVICES[kind]
    period = choice(*waffo_words.BILLING_PERIODS)
    shared: tuple[Field, ...] = (
        take("description", text(2000, empty=True), null=True),
        take("media", list_of(anything, longest=20)),
        take("successUrl", url, null=True),
        take("metadata", _metadata),
    )
    of_create = (need("storeId", identifier("STO")), need("name", _NAME), need("prices", _prices), *shared)
    of_update = (_ID, take("name", _NAME), take("prices", _prices), *shared)
    if kind == "subscription":
        of_create, of_update = (*of_create, need("billingPeriod", period)), (*of_update, take("billingPeriod", period))
    return (
        Action(f"{service}/create-product", "product", MERCHANT, _maker(kind), of_create),
        Action(f"{service}/update-product", "product", MERCHANT, _updater(kind), of_update),
        Action(f"{service}/publish-product", "product", MERCHANT, _publisher(kind), (_ID,)),
        Action(f"{service}/update-status", "product", MERCHANT, _switcher(kind), (_ID, need("status", choice("active", "inactive")))),
    )


ACTIONS = (*_actions("one_time"), *_actions("subscription"))
