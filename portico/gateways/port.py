"""The port to a payment provider: what Portico asks of one, and what it may answer.

Every request carries a key of ours, committed before the request leaves. A provider does what a key stands for at most once,
however often it is asked; what it did can be looked up by the key. Only its answer decides: no answer means unknown.
Amounts are minor units by ISO 4217; a provider's own ideas about decimals stay in its adapter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from portico.domain.errors import PorticoError
from portico.domain.payment import PaymentMethod

ChargeStatus = Literal["succeeded", "failed", "requires_action", "processing", "canceled"]
RefundState = Literal["pending", "succeeded", "failed"]
CardSetupStatus = Literal["open", "completed", "expired"]
DisputeState = Literal["open", "won", "lost"]  # won: the money stays with the merchant
MIN_WEBHOOK_SECRET_BYTES = 24
WEBHOOK_TOLERANCE_SECONDS = 300  # to both sides of now


class Unanswered(PorticoError):
    """No answer, or none that says what happened (time-out, cut, 5xx, 429, refused credentials): it may or may not have been done."""

    code = "gateway_unanswered"


class Forged(PorticoError):
    """A webhook that is not the provider's, or too old, or dated ahead."""

    code = "webhook_forged"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the provider can do beside charging a saved card."""

    refunds: bool = True
    partial_refunds: bool = True


@dataclass(frozen=True, slots=True)
class Charge:
    """Take `amount_minor` from a saved card once. `on_session`: the buyer is there and can be sent to the provider's page to
    confirm; it leads back to `return_url`. `metadata` comes back with every answer and webhook."""

    key: str
    amount_minor: int
    currency: str
    customer: str
    method: str
    description: str
    on_session: bool
    return_url: str
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class ChargeResult:
    """What became of a charge. `failure_code` is one of domain.payment.FAILURE_CODES when failed; `action_url` is the provider's
    page that the buyer must visit when it requires action; `reference` is the provider's own id."""

    key: str
    status: ChargeStatus
    reference: str
    amount_minor: int
    currency: str
    failure_code: str | None = None
    action_url: str | None = None
    method: PaymentMethod | None = None


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """Give back `amount_minor` of the charge with the provider's id `charge_reference`, once."""

    key: str
    charge_reference: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class RefundResult:
    """What became of a refund. `key` is empty where it is none of ours: somebody gave that back at the provider itself."""

    key: str
    status: RefundState
    reference: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class CardSetup:
    """Ask a buyer for a card on the provider's page. `customer` is the provider's id of the buyer if he has one already."""

    key: str
    customer: str | None
    email: str
    return_url: str
    cancel_url: str
    language: str


@dataclass(frozen=True, slots=True)
class CardPage:
    """Where to send the buyer, and the provider's id of the visit."""

    reference: str
    url: str


@dataclass(frozen=True, slots=True)
class SavedCard:
    """A card the provider keeps: its ids for the customer and the card, and what may be shown of it."""

    customer: str
    method: str
    card: PaymentMethod


@dataclass(frozen=True, slots=True)
class CardSetupResult:
    """`card` is there when completed."""

    reference: str
    status: CardSetupStatus
    card: SavedCard | None = None


@dataclass(frozen=True, slots=True)
class DisputeResult:
    """A buyer's bank wants the charge with our key `charge_key` back, or so much of it; `reason` is in the provider's words."""

    reference: str
    charge_key: str
    status: DisputeState
    amount_minor: int
    currency: str
    reason: str


@dataclass(frozen=True, slots=True)
class GatewayEvent:
    """A verified webhook: the provider's id of it, and at most one of what it may tell. With none it is of no interest to us.

    `given_back` is our key of a charge of which somebody gave money back at the provider itself: `refunds_of` tells how much.
    """

    id: str
    occurred_at: datetime
    charge: ChargeResult | None = None
    refund: RefundResult | None = None
    card_setup: CardSetupResult | None = None
    given_back: str | None = None
    dispute: DisputeResult | None = None


class PaymentGateway(Protocol):
    """A payment provider. Every call may raise Unanswered; none is made inside a database transaction."""

    @property
    def name(self) -> str:
        """ "stripe", "sandbox": a word for addresses and rows."""
        ...

    @property
    def page_origins(self) -> tuple[str, ...]:
        """Origins of the pages that buyers are sent to, for the content security policy."""
        ...

    @property
    def capabilities(self) -> Capabilities: ...

    def charge(self, charge: Charge) -> ChargeResult:
        """Charges, or tells what became of the charge with this key."""
        ...

    def find_charge(self, key: str, *, customer: str) -> ChargeResult | None:
        """What became of the charge with this key; None when the provider has never seen it."""
        ...

    def cancel_charge(self, key: str, *, customer: str) -> ChargeResult | None:
        """Gives up a charge that still waits for the buyer, and tells what became of it: it may have succeeded just before.
        None when the provider has never seen it."""
        ...

    def refund(self, order: RefundOrder) -> RefundResult: ...

    def find_refund(self, key: str, *, charge_reference: str) -> RefundResult | None: ...

    def refunds_of(self, charge_reference: str) -> Sequence[RefundResult]:
        """All refunds of a charge as they stand, whoever made them."""
        ...

    def save_card_page(self, setup: CardSetup) -> CardPage: ...

    def find_card_setup(self, reference: str) -> CardSetupResult: ...

    def parse_webhook(self, body: bytes, headers: Mapping[str, str], now: datetime) -> GatewayEvent:
        """The event in a raw body; header names are in lower case. Raises Forged."""
        ...
