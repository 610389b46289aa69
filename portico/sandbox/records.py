"""What the bank knows, as plain records, and the lines of its ledger. A record is never edited: the ledger gets a newer one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import msgspec

from portico.domain.errors import PorticoError

ChargeState = Literal["succeeded", "failed", "requires_action", "processing", "canceled"]
RefundState = Literal["pending", "succeeded", "failed"]
DisputeState = Literal["open", "won", "lost"]
SetupState = Literal["open", "completed", "expired"]


class KeyReused(PorticoError):
    """The key stands for another request already. Nothing was done."""

    code = "key_reused"


class BadRequest(PorticoError):
    """The request makes no sense to a bank. Nothing was done."""

    code = "bad_request"


class CardRefused(PorticoError):
    """The card cannot be saved; the text is the bank's code of why. The page stays open for another card."""

    code = "card_refused"


@dataclass(frozen=True, slots=True)
class Customer:
    id: str
    email: str


@dataclass(frozen=True, slots=True)
class Card:
    """A saved card. `number` is that of the test card it behaves like; there are no other numbers here."""

    id: str
    customer: str
    number: str
    brand: str
    last4: str
    expiry_month: int
    expiry_year: int


@dataclass(frozen=True, slots=True)
class SetupRequest:
    """`account` is whose side of the bank it is: webhooks about it go to that account's addresses."""

    key: str
    email: str
    return_url: str
    cancel_url: str
    language: str = "en"
    customer: str | None = None
    account: str = ""


@dataclass(frozen=True, slots=True)
class Setup:
    """A visit to the card page."""

    id: str
    request: SetupRequest
    status: SetupState
    expires_at: datetime
    card: Card | None = None


@dataclass(frozen=True, slots=True)
class ChargeRequest:
    """What a key stands for, word for word: the same key with anything else in it is refused."""

    key: str
    amount_minor: int
    currency: str
    customer: str
    method: str
    description: str = ""
    on_session: bool = False
    return_url: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    account: str = ""


@dataclass(frozen=True, slots=True)
class ChargeRecord:
    """A charge as it stands. Money was taken exactly when `status` is succeeded."""

    id: str
    request: ChargeRequest
    status: ChargeState
    created_at: datetime
    refusal: str | None = None
    card: Card | None = None


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """`key` is empty where nobody asked by the API: it was made at the bank itself."""

    key: str
    charge: str
    amount_minor: int
    currency: str
    account: str = ""


@dataclass(frozen=True, slots=True)
class RefundRecord:
    id: str
    request: RefundRequest
    status: RefundState
    created_at: datetime
    charge_key: str = ""


@dataclass(frozen=True, slots=True)
class DisputeRecord:
    """A buyer tells his own bank that a charge was wrong. Nothing is moved here: it is a piece of news."""

    id: str
    charge: ChargeRecord
    status: DisputeState
    reason: str


Record = Customer | Card | Setup | ChargeRecord | RefundRecord | DisputeRecord


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the ledger: what happened, when, and the record as it is since. Exactly one of the six is there. `type` is
    customer.created, card.saved, card.changed, or card_setup., charge., refund. or dispute. with the new status."""

    sequence: int
    at: datetime
    type: str
    customer: Customer | None = None
    card: Card | None = None
    setup: Setup | None = None
    charge: ChargeRecord | None = None
    refund: RefundRecord | None = None
    dispute: DisputeRecord | None = None


@dataclass(frozen=True, slots=True)
class Capture:
    """Money the bank took, by its own books: the yardstick for anybody else's."""

    key: str
    reference: str
    amount_minor: int
    currency: str
    customer: str
    method: str
    captured_at: datetime
    refunded_minor: int
    metadata: Mapping[str, str]
