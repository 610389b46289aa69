"""Kinds of fields that many operations share: what they must look like, and an example of each."""

from datetime import datetime
from typing import Annotated

import msgspec

from portico.domain.ids import Prefix
from portico.domain.product_rules import MOST_QUANTITY
from portico.services import return_url

_TAIL = "01kJd7rWvTq3YbX5mZ8cNa"


def _id(prefix: Prefix) -> msgspec.Meta:
    return msgspec.Meta(pattern=f"^{prefix}_[0-9A-Za-z]{{22}}$", examples=[f"{prefix}_{_TAIL}"])


StoreId = Annotated[str, _id("STO")]
BuyerId = Annotated[str, _id("BUY")]
ProductId = Annotated[str, _id("PROD")]
GroupId = Annotated[str, _id("GRP")]
CheckoutId = Annotated[str, _id("CHK")]
OrderId = Annotated[str, _id("ORD")]
SubscriptionId = Annotated[str, _id("SUB")]
CancellationId = Annotated[str, _id("CAN")]
PaymentId = Annotated[str, _id("PAY")]
RefundId = Annotated[str, _id("REF")]
TicketId = Annotated[str, _id("TKT")]
DocumentId = Annotated[str, _id("INV")]
PortalSessionId = Annotated[str, _id("PSN")]
EventId = Annotated[str, _id("EVT")]
EndpointId = Annotated[str, _id("WHE")]
DeliveryId = Annotated[str, _id("WHD")]

Amount = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(0|[1-9][0-9]{0,14})(\.[0-9]{1,3})?$",
        description="A decimal text with at most the currency's decimals.",
        examples=["29.00"],
    ),
]
SignedAmount = Annotated[str, msgspec.Meta(description="A decimal text with all of the currency's decimals.", examples=["29.00"])]
Currency = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$", description="A currency of ISO 4217.", examples=["EUR"])]
Email = Annotated[str, msgspec.Meta(max_length=320, examples=["ada@example.com"])]
ExternalId = Annotated[
    str, msgspec.Meta(min_length=1, max_length=200, description="Your own id for it, unique of its kind.", examples=["user-42"])
]
Moment = Annotated[datetime, msgspec.Meta(tz=True, description="RFC 3339, in UTC.", examples=["2026-11-22T09:30:00Z"])]
Locale = Annotated[str, msgspec.Meta(max_length=35, description="A language tag (BCP 47).", examples=["de"])]
Quantity = Annotated[int, msgspec.Meta(ge=1, le=MOST_QUANTITY, examples=[1])]
ReturnUrl = Annotated[
    str,
    msgspec.Meta(
        max_length=return_url.LONGEST,
        description="Its origin is on the store's list (`portico store return-origins`).",
        examples=[return_url.EXAMPLE],
    ),
]
Metadata = Annotated[
    dict[
        Annotated[str, msgspec.Meta(min_length=1, max_length=40)],
        Annotated[str, msgspec.Meta(max_length=500)],
    ],
    msgspec.Meta(max_length=20, description="Texts of your own, by name.", examples=[{"campaign": "autumn"}]),
]
