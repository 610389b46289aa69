"""The import file: JSON Lines, one object a line, told apart by "type". These types are the format.

`portico/import.schema.json` is made from them (`python -m portico.services.import_format`), so a merchant's own checks and
ours cannot drift apart. An optional field may be left out or be null. Amounts are decimal strings in the currency's own
digits, moments are ISO 8601 with an offset. What a shape cannot say (references, calendars, sums) is in `import_rules`.
"""

import json
import sys
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from portico.domain.catalog import Interval, ProductKind
from portico.domain.errors import Refused
from portico.domain.payment import RefundStatus
from portico.domain.subscription import SubscriptionStatus
from portico.domain.tax import TaxReason

MAX_LINE_BYTES = 64 * 1024

# "$" alone lets a last line break pass in Python, though not in JSON Schema's dialect; both read "$(?!\n)" alike.
_NO_CONTROL = r"^[^\u0000-\u001f\u007f]*$(?!\n)"
_AMOUNT = r"^(0|[1-9][0-9]{0,14})(\.[0-9]{1,4})?$(?!\n)"
_RATE = r"^(0|[1-9][0-9]?|100)(\.[0-9]{1,4})?$(?!\n)"
_CURRENCY = r"^[A-Z]{3}$(?!\n)"
_COUNTRY = r"^[A-Z]{2}$(?!\n)"
_LANGUAGE = r"^[A-Za-z0-9-]+$(?!\n)"
_LAST4 = r"^[0-9]{4}$(?!\n)"
_BRAND = r"^[A-Za-z0-9 ._-]{1,20}$(?!\n)"
_WORD = r"^[a-z0-9_]{1,40}$(?!\n)"
_NO_CONTROL_BUT_LINES = r"^[^\u0000-\u0008\u000b-\u001f\u007f]*$(?!\n)"
# Without what cannot be seen: controls, spaces at either end, spaces of odd widths, marks of direction and of nothing at all.
_UNSEEN = r"\u0000-\u001f\u007f-\u00a0\u00ad\u061c\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff"
_PRINTED = rf"^[^ {_UNSEEN}]([^{_UNSEEN}]*[^ {_UNSEEN}])?$(?!\n)"

OwnId = Annotated[str, Meta(min_length=1, max_length=200, pattern=_NO_CONTROL, description="Your own id; lines refer to each other by it.")]
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=_NO_CONTROL)]
Text = Annotated[str, Meta(max_length=200, pattern=_NO_CONTROL)]
BuyersReference = Annotated[str, Meta(max_length=60, pattern=_NO_CONTROL)]
LongText = Annotated[str, Meta(max_length=2000, pattern=_NO_CONTROL_BUT_LINES)]
Email = Annotated[str, Meta(min_length=3, max_length=254)]
Amount = Annotated[
    str,
    Meta(pattern=_AMOUNT, description='A decimal string in the currency\'s own digits: "29.00", JPY "4500".'),
]
Rate = Annotated[str, Meta(pattern=_RATE, description='A tax rate in percent: "19", "8.875", "0".')]
Currency = Annotated[str, Meta(pattern=_CURRENCY, description="ISO 4217.")]
Country = Annotated[str, Meta(pattern=_COUNTRY, description="ISO 3166-1 alpha-2.")]
Moment = Annotated[datetime, Meta(tz=True, description="ISO 8601 with an offset, such as 2026-03-01T09:30:00Z.")]
InvoiceNumber = Annotated[
    str,
    Meta(
        min_length=1, max_length=40, pattern=_PRINTED,
        description="The number of the invoice that this sale has already, issued elsewhere. It is kept, and Portico gives none.",
    ),
]  # fmt: skip
CreditNoteNumber = Annotated[
    str,
    Meta(
        min_length=1, max_length=40, pattern=_PRINTED,
        description="The number of the credit note that this refund has already, issued elsewhere. It is kept, and Portico gives none.",
    ),
]  # fmt: skip
Metadata = Annotated[
    dict[
        Annotated[str, Meta(min_length=1, max_length=40, pattern=_NO_CONTROL)],
        Annotated[str, Meta(max_length=500, pattern=_NO_CONTROL_BUT_LINES)],
    ],
    Meta(max_length=20, description="Notes of your own, text to text. No buyer sees them."),
]
Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Language = Annotated[str, Meta(min_length=2, max_length=35, pattern=_LANGUAGE, description='A language tag, such as "de" or "pt-BR".')]
Reference = Annotated[str, Meta(min_length=1, max_length=200, pattern=_PRINTED, description="An id of the payment provider's.")]
FailureCode = Literal[
    "insufficient_funds", "card_declined", "expired_card", "incorrect_details", "authentication_required",
    "limit_exceeded", "lost_or_stolen", "processing_error", "no_payment_method",
]  # fmt: skip


class Part(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A piece of a line. Unknown fields are refused, so a slip of the pen never loses data in silence."""


class BillingDetailPart(Part, frozen=True):
    """Taken as given: what was printed on an old invoice is history and is not judged again."""

    country: Country
    name: Text | None = None
    is_business: bool | None = None
    business_name: Text | None = None
    tax_id: Text | None = None
    line1: Text | None = None
    line2: Text | None = None
    city: Text | None = None
    state: Text | None = None
    postal_code: Text | None = None
    po_number: BuyersReference | None = None
    cost_centre: BuyersReference | None = None


class CardPart(Part, frozen=True):
    """What may be shown of a card, never more."""

    brand: Annotated[str, Meta(pattern=_BRAND)]
    last4: Annotated[str, Meta(pattern=_LAST4)]
    expiry_month: Annotated[int, Meta(ge=1, le=12)] | None = None
    expiry_year: Annotated[int, Meta(ge=2000, le=2100)] | None = None


class AttemptPart(Part, frozen=True):
    """One try at a payment."""

    status: Literal["succeeded", "failed"]
    at: Moment
    failure_code: FailureCode | None = None
    card: CardPart | None = None


class SavedCardPart(Part, frozen=True):
    """The payment provider's ids of the customer and of the card it keeps. With them Portico bills the subscription from now on."""

    customer: Reference
    method: Reference


class ChangePart(Part, frozen=True):
    """The one change waiting for its moment; `product` only when the plan changes."""

    kind: Literal["cancel", "change_plan"]
    at: Moment
    product: OwnId | None = None


class _Line(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type"):
    id: OwnId


class ProductGroupLine(_Line, frozen=True, tag="product_group"):
    """The plans a buyer may switch between."""

    name: Name


class ProductLine(_Line, frozen=True, tag="product"):
    """Something sold once, or by the interval. Prices are without tax."""

    name: Name
    kind: ProductKind
    prices: Annotated[dict[Currency, Amount], Meta(min_length=1, max_length=200)]
    interval: Interval | None = None
    group: OwnId | None = None
    description: LongText | None = None
    tax_category: Annotated[str, Meta(pattern=_WORD)] | None = None
    active: bool | None = None
    quantity_min: Count | None = None
    quantity_max: Count | None = None
    pause_periods_max: Annotated[int, Meta(ge=0, le=3)] | None = None
    trial_days: Annotated[int, Meta(ge=0, le=730)] | None = None
    metadata: Metadata | None = None


class BuyerLine(_Line, frozen=True, tag="buyer"):
    """A person or business, signed in by e-mail. Whoever knows buyers by e-mail only uses the e-mail as the id."""

    email: Email
    name: Text | None = None
    locale: Language | None = None
    billing_detail: BillingDetailPart | None = None
    created_at: Moment | None = None


class OrderLine(_Line, frozen=True, tag="order"):
    """One purchase. The order of a subscription has no status of its own: it follows the subscription."""

    buyer: OwnId
    product: OwnId
    currency: Currency
    net: Amount
    tax: Amount
    total: Amount
    tax_rate: Rate
    created_at: Moment
    status: Literal["pending", "completed", "canceled"] | None = None
    tax_reason: TaxReason | None = None
    quantity: Count | None = None
    product_name: Name | None = None
    billing_detail: BillingDetailPart | None = None


class SubscriptionLine(_Line, frozen=True, tag="subscription"):
    """What an order carries. `unit_price` is without tax, per unit and interval. The current period is given by its number
    counted from the anchor (`period_index`, the first is 0) or by its first moment (`period_start`)."""

    order: OwnId
    status: SubscriptionStatus
    unit_price: Amount
    anchor: Moment
    created_at: Moment
    period_index: Annotated[int, Meta(ge=0, le=100_000)] | None = None
    period_start: Moment | None = None
    product: OwnId | None = None
    quantity: Count | None = None
    tax_rate: Rate | None = None
    tax_reason: TaxReason | None = None
    trial_end: Moment | None = None
    resumes_at: Moment | None = None
    scheduled_change: ChangePart | None = None
    card: CardPart | None = None
    saved_card: SavedCardPart | None = None
    ended_at: Moment | None = None


class PaymentLine(_Line, frozen=True, tag="payment"):
    """An intent to take an amount once, with its tries. For a subscription it pays one period."""

    order: OwnId
    status: Literal["pending", "succeeded", "failed", "canceled"]
    currency: Currency
    net: Amount
    tax: Amount
    total: Amount
    created_at: Moment
    tax_rate: Rate | None = None
    tax_reason: TaxReason | None = None
    succeeded_at: Moment | None = None
    period_start: Moment | None = None
    period_end: Moment | None = None
    card: CardPart | None = None
    attempts: Annotated[list[AttemptPart], Meta(max_length=50)] | None = None
    charge: Reference | None = None
    invoice_number: InvoiceNumber | None = None


class RefundLine(_Line, frozen=True, tag="refund"):
    """Money given back out of one payment."""

    payment: OwnId
    currency: Currency
    amount: Amount
    status: RefundStatus
    created_at: Moment
    reason: LongText | None = None
    credit_note_number: CreditNoteNumber | None = None


Line = ProductGroupLine | ProductLine | BuyerLine | OrderLine | SubscriptionLine | PaymentLine | RefundLine
KINDS: tuple[str, ...] = ("product_group", "product", "buyer", "order", "subscription", "payment", "refund")

_PATTERNS = {
    _NO_CONTROL: "text without control characters",
    _NO_CONTROL_BUT_LINES: "text without control characters",
    _AMOUNT: 'a decimal string such as "29.00"',
    _RATE: 'a percentage such as "19"',
    _CURRENCY: 'a currency code such as "EUR"',
    _COUNTRY: 'a country code such as "DE"',
    _LANGUAGE: 'a language tag such as "de"',
    _LAST4: "the last four digits of the card",
    _BRAND: 'a card brand such as "visa"',
    _PRINTED: "printable characters, no space at either end",
    _WORD: "a word of lower-case letters, digits and underscores",
}

_decoder = msgspec.json.Decoder(Line)


def decode(line: bytes) -> Line:
    """The line as one of the types above. Raises Refused("malformed") with a sentence a person can act on."""
    if len(line) > MAX_LINE_BYTES:
        raise Refused("malformed", f"the line has {len(line)} bytes, {MAX_LINE_BYTES} are allowed")
    try:
        return _decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Refused("malformed", _in_words(str(error))) from None
    except RecursionError:
        raise Refused("malformed", "the line has too many brackets within brackets") from None


def _in_words(error: str) -> str:
    """msgspec's message, with an example in place of a regular expression."""
    for pattern, words in _PATTERNS.items():
        error = error.replace(f"`str` matching regex {pattern!r}", words)
    return error.replace("`", "").replace("$.", "")


def schema() -> dict[str, Any]:
    """The format as JSON Schema, draft 2020-12."""
    made = msgspec.json.schema(Line)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "One line of a Portico import file",
        "description": 'JSON Lines: every line is one object, told apart by "type". Optional fields may be left out or be null.',
        **made,
    }


def schema_text() -> str:
    """The schema as the file that is shipped."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
