"""Whom a document is made out to. The buyer's profile prefills it; each order keeps its own copy."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BillingDetail:
    """`country` is ISO 3166-1 alpha-2; `state` the code the country's address rules use; empty strings mean not given."""

    country: str = ""
    name: str = ""
    is_business: bool = False
    business_name: str = ""
    tax_id: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
