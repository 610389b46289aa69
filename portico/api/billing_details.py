"""Billing details: whom the next documents are made out to. A part of what operations on buyers and orders take and answer."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from portico.api.changes import sent
from portico.api.fields import Email
from portico.domain.billing_detail import BillingDetail as Stored
from portico.domain.copy_emails import MOST, written

Country = Annotated[str, Meta(max_length=2, description="ISO 3166-1 alpha-2.", examples=["DE"])]
Text = Annotated[str, Meta(max_length=200)]


class BillingDetail(msgspec.Struct, frozen=True, kw_only=True):
    """What documents print about the buyer. Empty texts mean not given."""

    country: Annotated[str, Meta(description="ISO 3166-1 alpha-2.", examples=["DE"])]
    name: Annotated[str, Meta(examples=["Ada Lovelace"])]
    is_business: Annotated[bool, Meta(examples=[True])]
    business_name: Annotated[str, Meta(examples=["Analytical Engines GmbH"])]
    tax_id: Annotated[str, Meta(examples=["DE136695976"])]
    line1: Annotated[str, Meta(examples=["Unter den Linden 1"])]
    line2: Annotated[str, Meta(examples=[""])]
    city: Annotated[str, Meta(examples=["Berlin"])]
    state: Annotated[str, Meta(description="The code that the country's addresses use.", examples=[""])]
    postal_code: Annotated[str, Meta(examples=["10117"])]
    po_number: Annotated[str, Meta(description="The buyer's own order number.", examples=["4500017"])]
    cost_centre: Annotated[str, Meta(examples=[""])]
    copy_emails: Annotated[list[str], Meta(description="Who else gets the documents.", examples=[["books@example.com"]])]


class BillingDetailInput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is sent is changed; the whole is then checked by the rules of its country, with every error at once."""

    country: Country | UnsetType = UNSET
    name: Text | UnsetType = UNSET
    is_business: bool | UnsetType = UNSET
    business_name: Text | UnsetType = UNSET
    tax_id: Text | UnsetType = UNSET
    line1: Text | UnsetType = UNSET
    line2: Text | UnsetType = UNSET
    city: Text | UnsetType = UNSET
    state: Text | UnsetType = UNSET
    postal_code: Text | UnsetType = UNSET
    po_number: Text | UnsetType = UNSET
    cost_centre: Text | UnsetType = UNSET
    copy_emails: Annotated[list[Email], Meta(max_length=MOST)] | UnsetType = UNSET


def shown(stored: Stored) -> BillingDetail:
    """Details as the API shows them."""
    values: dict[str, Any] = {name: getattr(stored, name) for name in BillingDetail.__struct_fields__}
    values["copy_emails"] = list(stored.copy_emails)
    return BillingDetail(**values)


def as_form(given: BillingDetailInput, before: Stored | None = None) -> dict[str, str]:
    """What the portal's form would hold: the details there are, with what is sent put over them."""
    values: dict[str, Any] = {} if before is None else {name: getattr(before, name) for name in BillingDetail.__struct_fields__}
    values |= sent(given)
    return {name: _typed(value) for name, value in values.items()}


def _typed(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else ""
    return written(tuple(value)) if isinstance(value, list | tuple) else value  # pyright: ignore[reportUnknownArgumentType]
