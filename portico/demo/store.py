"""Lumen Notes: what the invented store sells, and who sells it."""

from typing import Any

from portico.domain.catalog import Interval
from portico.domain.invoice import Seller
from portico.domain.money import format_amount
from portico.domain.tax import TaxPolicy

NAME, SLUG, LOCALE, TIME_ZONE = "Lumen Notes", "lumen-notes", "en", "Europe/Berlin"
SUPPORT_EMAIL, ACCENT_COLOR = "help@lumen-notes.example", "#5b4fd6"
RETURN_ORIGINS = ("https://shop.example",)  # where the examples of docs/ lead back to
SELLER = Seller(
    legal_name="Lumen Notes GmbH",
    line1="Lichtenberger Straße 41",
    city="Berlin",
    postal_code="10243",
    country="DE",
    tax_id="DE136695976",
    registration="Amtsgericht Charlottenburg, HRB 198204 B",
    email="billing@lumen-notes.example",
    website="lumen-notes.example",
)
TAX_POLICY = TaxPolicy()

# Net prices in minor units. A year costs ten months.
_MONTHLY: dict[str, tuple[str, dict[str, int]]] = {
    "starter": ("Starter", {"EUR": 900, "USD": 1000, "JPY": 1400}),
    "team": ("Team", {"EUR": 2900, "USD": 3200, "JPY": 4500}),
    "business": ("Business", {"EUR": 7900, "USD": 8900, "JPY": 12800}),
}
_MOST = {"starter": 1, "team": 50, "business": 500}  # people a plan may be bought for
_DESCRIPTIONS = {
    "starter": "Notes, search and sync for one person.",
    "team": "Shared notebooks, comments and roles.",
    "business": "Single sign-on, audit log and a signed data agreement.",
}
_ONE_TIME: dict[str, tuple[str, str, dict[str, int]]] = {
    "templates": ("Template pack", "120 ready-made pages for projects, recipes and journals.", {"EUR": 1900, "USD": 2100, "JPY": 3000}),
    "onboarding": ("Onboarding session", "Ninety minutes with one of us, recorded.", {"EUR": 19000, "USD": 21000, "JPY": 30000}),
    "notebook": ("Paper notebook", "A5, dotted, with a code that scans it in.", {"EUR": 1490, "USD": 1650, "JPY": 2400}),
}


def plan_id(plan: str, interval: Interval) -> str:
    """The merchant's id of a plan billed by the month or the year."""
    return f"{plan}-{interval}"


def price(product: str, currency: str) -> int:
    """The net price of a product in minor units, by its id."""
    if product in _ONE_TIME:
        return _ONE_TIME[product][2][currency]
    plan, _, interval = product.partition("-")
    return _MONTHLY[plan][1][currency] * (10 if interval == "year" else 1)


def lines() -> list[dict[str, Any]]:
    """The catalogue: one group of six plans, and what is sold once."""
    catalogue: list[dict[str, Any]] = [{"type": "product_group", "id": "plans", "name": "Plans"}]
    intervals: tuple[tuple[Interval, str], ...] = (("month", "monthly"), ("year", "yearly"))
    for plan, (name, prices) in _MONTHLY.items():
        for interval, word in intervals:
            product = {"type": "product", "id": plan_id(plan, interval), "name": f"{name} {word}", "kind": "subscription"}
            sold = {currency: price(plan_id(plan, interval), currency) for currency in prices}
            described = {"interval": interval, "group": "plans", "description": _DESCRIPTIONS[plan], "tax_category": "saas"}
            allowed = {"quantity_max": _MOST[plan], "pause_periods_max": 3 if interval == "month" else 1}
            catalogue.append({**product, **described, **allowed, "prices": _wire(sold)})
    for product_id, (name, description, prices) in _ONE_TIME.items():
        product = {"type": "product", "id": product_id, "name": name, "kind": "one_time", "description": description}
        catalogue.append({**product, "prices": _wire(prices)})
    return catalogue


def _wire(prices: dict[str, int]) -> dict[str, str]:
    return {currency: format_amount(minor, currency) for currency, minor in prices.items()}
