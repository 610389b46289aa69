"""The semantic model of EN 16931-1, as far as Portico's documents need it: each field is a business term (BT) or a group (BG).

Amounts, quantities and rates are ready decimal strings, dates are dates; empty strings and None mean not given. The two syntaxes
(`cii`, `ubl`) write one of these each in its own way, so they cannot differ in what they say.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

TypeCode = Literal["380", "381"]  # invoice, credit note (UNTDID 1001)
SPECIFICATION = "urn:cen.eu:en16931:2017"  # BT-24: the standard itself, without the additions of any country or network
EMAIL = "EM"  # scheme of an electronic address that is an e-mail address (Electronic Address Scheme code list)
ONE = "C62"  # unit of measure: pieces (UN/ECE Recommendation 20)


@dataclass(frozen=True, slots=True)
class Words:
    """What is said in words, in the document's language. {plan} is a plan's name; `notes` are the sentences on the document."""

    reverse_charge: str = "Reverse charge: the customer accounts for the tax"
    exempt: str = "This supply is exempt from tax"
    outside_scope: str = "This supply is outside the scope of tax"
    unused_time: str = "Unused time on {plan}"
    test: str = "This is a test. It is not a valid document."
    notes: tuple[str, ...] = ()


ENGLISH = Words()


@dataclass(frozen=True, slots=True)
class Address:
    """BG-5 of the seller, BG-8 of the buyer."""

    line1: str
    line2: str
    city: str
    postal_code: str
    state: str
    country: str  # ISO 3166-1 alpha-2


@dataclass(frozen=True, slots=True)
class Party:
    """BG-4, the seller, or BG-7, the buyer."""

    name: str  # BT-27, BT-44
    address: Address
    email: str = ""  # BT-34, BT-49
    trading_name: str = ""  # BT-28, BT-45
    contact: str = ""  # BT-41, BT-56
    identifier: str = ""  # BT-29, BT-46
    registration: str = ""  # BT-30, BT-47
    vat_id: str = ""  # BT-31, BT-48: begins with a country's code
    tax_registration: str = ""  # BT-32: any other number at the tax office; the seller's alone


@dataclass(frozen=True, slots=True)
class Period:
    """First and last day, both included (BT-73 and BT-74, BT-134 and BT-135)."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Category:
    """Why tax is charged, or not: S, Z, E, AE or O (UNTDID 5305). `rate` is in percent, empty for O, which has none."""

    code: str  # BT-118, BT-151
    rate: str  # BT-119, BT-152


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """BG-25."""

    id: str  # BT-126
    name: str  # BT-153
    quantity: str  # BT-129: negative for what is given back, since a price never is (BR-27)
    price: str  # BT-146
    net: str  # BT-131
    category: Category
    period: Period | None = None  # BG-26


@dataclass(frozen=True, slots=True)
class Breakdown:
    """BG-23: one for each category and rate."""

    category: Category
    base: str  # BT-116
    tax: str  # BT-117
    reason: str = ""  # BT-120
    reason_code: str = ""  # BT-121 (VATEX)


@dataclass(frozen=True, slots=True)
class Card:
    """BG-18. `number` is its last four digits."""

    number: str  # BT-87
    network: str


@dataclass(frozen=True, slots=True)
class Preceding:
    """BG-3: the document that this one corrects or replaces."""

    number: str  # BT-25
    issued_on: date | None  # BT-26


@dataclass(frozen=True, slots=True)
class Terms:
    """One invoice or credit note."""

    number: str  # BT-1
    issued_on: date  # BT-2
    delivered_on: date  # BT-72
    type_code: TypeCode  # BT-3
    currency: str  # BT-5
    seller: Party
    buyer: Party
    lines: tuple[InvoiceLine, ...]
    breakdown: tuple[Breakdown, ...]
    net: str  # BT-106 and BT-109: there are no charges or discounts on the whole
    tax: str  # BT-110
    total: str  # BT-112
    due: str  # BT-115
    paid: str = ""  # BT-113
    tax_currency: str = ""  # BT-6
    tax_in_tax_currency: str = ""  # BT-111
    due_on: date | None = None  # BT-9
    buyer_reference: str = ""  # BT-10
    purchase_order: str = ""  # BT-13
    invoiced_object: str = ""  # BT-18
    cost_centre: str = ""  # BT-19
    notes: tuple[str, ...] = ()  # BT-22
    preceding: Preceding | None = None
    period: Period | None = None  # BG-14
    means: str = ""  # BT-81 (UNTDID 4461)
    card: Card | None = None
