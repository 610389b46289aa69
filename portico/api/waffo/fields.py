"""Readers of fields: JSON in, what handlers want out, or Wrong with the message that clients show."""

import re
from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

import msgspec

from portico.api.waffo.action import Field, Reader, Wrong
from portico.domain.ids import Prefix, encode, is_id
from portico.domain.product_rules import LONGEST_METADATA_NAME, LONGEST_METADATA_VALUE, MOST_METADATA, is_metadata
from portico.domain.typed import holds_control

LONGEST_EXTERNAL_ID = 128
_AMOUNT = re.compile(r"\d{1,15}(\.\d{1,4})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SHOWN = 60  # characters of what was sent, in a message


def need(name: str, read: Reader) -> Field:
    return Field(name, read, required=True)


def take(name: str, read: Reader, *, null: bool = False) -> Field:
    return Field(name, read, null=null)


def text(longest: int, *, empty: bool = False) -> Reader:
    """A text without control characters, space around it taken away."""

    def read(name: str, value: Any) -> str:
        if not isinstance(value, str) or holds_control(value):
            raise Wrong(f"Invalid {name}: expected a string")
        stripped = value.strip()
        if not stripped and not empty:
            raise Wrong(f"{name} cannot be empty")
        if len(stripped) > longest:
            raise Wrong(f"{name} must not exceed {longest} characters")
        return stripped

    return read


def identifier(*prefixes: Prefix) -> Reader:
    """One of our ids, whole."""

    def read(name: str, value: Any) -> str:
        if not isinstance(value, str) or not any(is_id(prefix, value) for prefix in prefixes):
            shown = value if isinstance(value, str) else type(value).__name__
            raise Wrong(f'Expected format: {prefixes[0]}_xxx, got "{shown[:_SHOWN]}"')
        return value

    return read


def uuid_of(prefix: Prefix, before: str = "") -> Reader:
    """A UUID on the wire, one of our ids within; `before` is what stands in front of it."""

    def read(name: str, value: Any) -> str:
        if isinstance(value, str) and value.startswith(before) and _UUID.fullmatch(value.removeprefix(before).lower()):
            return encode(prefix, UUID(value.removeprefix(before)))
        shown = value if isinstance(value, str) else type(value).__name__
        raise Wrong(f'Expected format: {before}<uuid>, got "{shown[:_SHOWN]}"')

    return read


def list_of(read_one: Reader, *, longest: int = 100) -> Reader:
    def read(name: str, value: Any) -> list[Any]:
        if not isinstance(value, list) or len(cast(list[Any], value)) > longest:
            raise Wrong(f"Invalid {name}: expected a list of at most {longest}")
        return [read_one(name, each) for each in cast(list[Any], value)]

    return read


def choice(*words: str) -> Reader:
    def read(name: str, value: Any) -> str:
        if value not in words or not isinstance(value, str):
            raise Wrong(f"Invalid {name}: expected one of {', '.join(words)}")
        return value

    return read


def flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise Wrong(f"Invalid {name}: expected true or false")
    return value


def whole(least: int, most: int) -> Reader:
    def read(name: str, value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise Wrong(f"Invalid {name}: expected a whole number from {least} to {most}")
        return value

    return read


def currency(name: str, value: Any) -> str:
    if not isinstance(value, str) or not _CURRENCY.fullmatch(value):
        raise Wrong(f"Invalid {name}: expected an ISO 4217 code such as USD")
    return value


def country(name: str, value: Any) -> str:
    if not isinstance(value, str) or not _COUNTRY.fullmatch(value):
        raise Wrong(f"Invalid {name}: expected an ISO 3166-1 alpha-2 code such as US")
    return value


def amount(name: str, value: Any) -> str:
    """A decimal text; how many decimals its currency has is for the handler to say."""
    if not isinstance(value, str) or not _AMOUNT.fullmatch(value):
        raise Wrong(f'Invalid {name}: expected a decimal string such as "29.00"')
    return value


def notes(name: str, value: Any) -> dict[str, str]:
    """A merchant's own notes, as orders and products keep them: text to text. Anything else is kept as the JSON that it was."""
    mapping = anything(name, value)
    kept = {key: each if isinstance(each, str) else msgspec.json.encode(each).decode() for key, each in mapping.items()}
    if not is_metadata(kept) or any(holds_control(key + each) for key, each in kept.items()):
        raise Wrong(
            f"Invalid {name}: at most {MOST_METADATA} entries, with names of up to {LONGEST_METADATA_NAME} characters and values of up to "
            f"{LONGEST_METADATA_VALUE}"
        )
    return kept


def anything(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Wrong(f"Invalid {name}: expected an object")
    return cast(dict[str, Any], value)


def url(name: str, value: Any) -> str:
    """Whether it may be used is for a service to say; here it only must look like one."""
    read = text(2000)(name, value)
    if not read.startswith(("https://", "http://")) or any(c.isspace() for c in read):
        raise Wrong(f"Invalid {name}: expected an https URL")
    return read


def within(*inner: Field) -> Reader:
    """An object with fields of its own; the others stay as they are, in `"..."`'s place nothing is lost."""

    def read(name: str, value: Any) -> dict[str, Any]:
        given = anything(name, value)
        found: dict[str, Any] = {}
        for each in inner:
            path = f"{name}.{each.name}"
            if given.get(each.name) is None:
                if each.required:
                    raise Wrong(f"Missing required field: {path}")
                continue
            found[each.name] = each.read(path, given[each.name])
        return found

    return read


def mapping_of(read_key: Callable[[str, Any], str], read_one: Reader, *, longest: int) -> Reader:
    def read(name: str, value: Any) -> dict[str, Any]:
        given = anything(name, value)
        if not 1 <= len(given) <= longest:
            raise Wrong(f"Invalid {name}: expected 1 to {longest} entries")
        return {read_key(name, key): read_one(f"{name}.{key}", each) for key, each in given.items()}

    return read


BILLING_DETAIL = within(
    need("country", country),
    take("isBusiness", flag),
    take("postcode", text(20)),
    take("postalCode", text(20)),
    take("state", text(40)),
    take("businessName", text(200)),
    take("taxId", text(40)),
    # What documents print besides, and Waffo doesn't know.
    take("name", text(200)),
    take("line1", text(200)),
    take("line2", text(200)),
    take("city", text(100)),
)
REQUESTED_AMOUNT = within(need("amount", amount), need("currency", currency))
PRICE_SNAPSHOT = within(need("amount", amount), take("taxCategory", text(40)))
