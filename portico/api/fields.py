"""Kinds of fields that many operations share: what they must look like, and an example of each."""

from datetime import datetime
from typing import Annotated

import msgspec

_TAIL = "01kJd7rWvTq3YbX5mZ8cNa"

BuyerId = Annotated[str, msgspec.Meta(pattern="^BUY_[0-9A-Za-z]{22}$", examples=[f"BUY_{_TAIL}"])]
ProductId = Annotated[str, msgspec.Meta(pattern="^PROD_[0-9A-Za-z]{22}$", examples=[f"PROD_{_TAIL}"])]
GroupId = Annotated[str, msgspec.Meta(pattern="^GRP_[0-9A-Za-z]{22}$", examples=[f"GRP_{_TAIL}"])]
OrderId = Annotated[str, msgspec.Meta(pattern="^ORD_[0-9A-Za-z]{22}$", examples=[f"ORD_{_TAIL}"])]
SubscriptionId = Annotated[str, msgspec.Meta(pattern="^SUB_[0-9A-Za-z]{22}$", examples=[f"SUB_{_TAIL}"])]
PaymentId = Annotated[str, msgspec.Meta(pattern="^PAY_[0-9A-Za-z]{22}$", examples=[f"PAY_{_TAIL}"])]
RefundId = Annotated[str, msgspec.Meta(pattern="^REF_[0-9A-Za-z]{22}$", examples=[f"REF_{_TAIL}"])]
TicketId = Annotated[str, msgspec.Meta(pattern="^TKT_[0-9A-Za-z]{22}$", examples=[f"TKT_{_TAIL}"])]
DocumentId = Annotated[str, msgspec.Meta(pattern="^INV_[0-9A-Za-z]{22}$", examples=[f"INV_{_TAIL}"])]

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
Metadata = Annotated[
    dict[
        Annotated[str, msgspec.Meta(min_length=1, max_length=40)],
        Annotated[str, msgspec.Meta(max_length=500)],
    ],
    msgspec.Meta(max_length=20, description="Texts of your own, by name.", examples=[{"campaign": "autumn"}]),
]
