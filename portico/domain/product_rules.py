"""What a product, and a group of plans, must hold to. Checked as a whole, so that all that is wrong is told at once."""

import re
from collections.abc import Mapping, Sequence

from portico.domain.catalog import INTERVALS, Product, ProductGroup
from portico.domain.errors import FieldError, Refused
from portico.domain.money import currencies, parse_amount

LONGEST_NAME, LONGEST_DESCRIPTION, LONGEST_EXTERNAL_ID = 200, 2000, 200
LARGEST_PRICE_MINOR = 10**12  # ten thousand million euros: what a quantity and a tax rate may still multiply within 64 bits
MOST_QUANTITY = 1_000_000
MOST_TRIAL_DAYS = 730
MOST_PAUSE_PERIODS = 3
MOST_METADATA, LONGEST_METADATA_NAME, LONGEST_METADATA_VALUE = 20, 40, 500
_CATEGORY = re.compile(r"[a-z0-9_]{1,40}")


def read_prices(given: Sequence[tuple[str, str]], errors: list[FieldError]) -> dict[str, int]:
    """Prices as a program sends them, pairs of currency and decimal text, in minor units; what is wrong goes to `errors`."""
    prices: dict[str, int] = {}
    if not given:
        errors.append(FieldError("prices", "price_missing"))
    for place, (currency, amount) in enumerate(given):
        if currency not in currencies():
            errors.append(FieldError(f"prices/{place}/currency", "currency_unknown", "EUR"))
            continue
        if currency in prices:
            errors.append(FieldError(f"prices/{place}/currency", "currency_twice"))
        try:
            prices[currency] = parse_amount(amount, currency)
        except Refused as refused:
            errors.append(FieldError(f"prices/{place}/amount", refused.code, "29.00" if refused.code == "amount_format" else ""))
            continue
        if not 0 <= prices[currency] <= LARGEST_PRICE_MINOR:
            errors.append(FieldError(f"prices/{place}/amount", "amount_range"))
    return prices


def product_errors(product: Product) -> list[FieldError]:
    """Everything that is wrong with a product but its prices; empty when it is right."""
    recurring = product.kind == "subscription"
    checks = {
        ("name", "name_format"): is_name(product.name),
        ("description", "description_format"): len(product.description) <= LONGEST_DESCRIPTION,
        ("external_id", "external_id_format"): is_external_id(product.external_id),
        ("interval", "interval"): recurring == (product.interval is not None) and product.interval in (None, *INTERVALS),
        ("tax_category", "tax_category_unknown"): _CATEGORY.fullmatch(product.tax_category) is not None,
        ("quantity_max", "quantity_range"): 1 <= product.quantity_min <= product.quantity_max <= MOST_QUANTITY,
        ("trial_days", "number_range"): 0 <= product.trial_days <= MOST_TRIAL_DAYS,
        ("pause_periods_max", "number_range"): 0 <= product.pause_periods_max <= MOST_PAUSE_PERIODS,
        ("metadata", "metadata_format"): is_metadata(product.metadata),
    }
    if not recurring:
        checks |= {
            ("trial_days", "only_subscriptions"): product.trial_days == 0,
            ("pause_periods_max", "only_subscriptions"): product.pause_periods_max == 0,
            ("group_id", "only_subscriptions"): product.group_id is None,
        }
    return [FieldError(field, code) for (field, code), holds in checks.items() if not holds]


def group_errors(group: ProductGroup) -> list[FieldError]:
    """Everything that is wrong with a group; empty when it is right."""
    checks = {
        ("name", "name_format"): is_name(group.name),
        ("description", "description_format"): len(group.description) <= LONGEST_DESCRIPTION,
        ("external_id", "external_id_format"): is_external_id(group.external_id),
    }
    return [FieldError(field, code) for (field, code), holds in checks.items() if not holds]


def is_name(text: str) -> bool:
    """Whether people can read it: something, and in one line."""
    return len(text.strip()) > 0 and len(text) <= LONGEST_NAME and text.isprintable()


def is_external_id(text: str) -> bool:
    """Whether a merchant may call something so."""
    return 0 < len(text) <= LONGEST_EXTERNAL_ID and text.isprintable() and text == text.strip()


def is_metadata(metadata: Mapping[str, str]) -> bool:
    """Whether it is few and short texts."""
    return len(metadata) <= MOST_METADATA and all(
        0 < len(name) <= LONGEST_METADATA_NAME and len(value) <= LONGEST_METADATA_VALUE for name, value in metadata.items()
    )
