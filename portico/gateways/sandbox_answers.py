"""The sandbox's answers and events in the words of the port. One that does not have its shape says nothing: ValueError."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from portico.domain.payment import PaymentMethod
from portico.gateways.port import (
    CardPage,
    CardSetupResult,
    CardSetupStatus,
    ChargeResult,
    ChargeStatus,
    DisputeResult,
    DisputeState,
    GatewayEvent,
    RefundResult,
    RefundState,
    SavedCard,
)

# The bank's reasons in our own few words; one that is not here is a plain decline.
_FAILURES = {
    "card_declined": "card_declined",
    "insufficient_funds": "insufficient_funds",
    "expired_card": "expired_card",
    "lost_card": "lost_or_stolen",
    "authentication_required": "authentication_required",
    "no_such_card": "no_payment_method",
}
Shape = TypeVar("Shape")


@dataclass(frozen=True, slots=True)
class _Card:
    id: str
    customer: str
    brand: str
    last4: str
    expiry_month: int
    expiry_year: int


@dataclass(frozen=True, slots=True)
class _Charge:
    id: str
    key: str
    status: ChargeStatus
    amount_minor: int
    currency: str
    refusal: str | None = None
    action_url: str | None = None
    card: _Card | None = None


@dataclass(frozen=True, slots=True)
class _Refund:
    """`key` is empty where somebody made it at the bank itself; `charge_key` is that of the charge, if there is one."""

    id: str
    key: str
    status: RefundState
    amount_minor: int
    currency: str
    charge_key: str = ""


@dataclass(frozen=True, slots=True)
class _Dispute:
    id: str
    charge_key: str
    status: DisputeState
    amount_minor: int
    currency: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Setup:
    id: str
    status: CardSetupStatus
    url: str
    card: _Card | None = None


@dataclass(frozen=True, slots=True)
class _Event:
    id: str
    type: str
    created: datetime
    data: dict[str, Any]


def charge_result(answer: object) -> ChargeResult:
    charge = _as(_Charge, answer)
    return ChargeResult(
        key=charge.key,
        status=charge.status,
        reference=charge.id,
        amount_minor=charge.amount_minor,
        currency=charge.currency,
        failure_code=_FAILURES.get(charge.refusal or "", "card_declined") if charge.status == "failed" else None,
        action_url=charge.action_url,
        method=charge.card and _method(charge.card),
    )


def refund_result(answer: object) -> RefundResult:
    refund = _as(_Refund, answer)
    return RefundResult(refund.key, refund.status, refund.id, refund.amount_minor, refund.currency)


def refund_results(answer: object) -> list[RefundResult]:
    return [refund_result(one) for one in _as(list[object], answer)]


def dispute_result(answer: object) -> DisputeResult:
    dispute = _as(_Dispute, answer)
    return DisputeResult(dispute.id, dispute.charge_key, dispute.status, dispute.amount_minor, dispute.currency, dispute.reason)


def card_page(answer: object) -> CardPage:
    setup = _as(_Setup, answer)
    return CardPage(setup.id, setup.url)


def card_setup_result(answer: object) -> CardSetupResult:
    setup = _as(_Setup, answer)
    return CardSetupResult(setup.id, setup.status, setup.card and _saved(setup.card))


def saved_card(answer: object) -> SavedCard:
    return _saved(_as(_Card, answer))


def gateway_event(body: bytes) -> GatewayEvent:
    """The event of a webhook whose signature is right already."""
    event = msgspec.json.decode(body, type=_Event)
    kind = event.type.partition(".")[0]
    if event.created.tzinfo is None:
        raise ValueError("an event without a time zone")
    refund = _as(_Refund, event.data) if kind == "refund" else None
    return GatewayEvent(
        event.id,
        event.created,
        charge=charge_result(event.data) if kind == "charge" else None,
        refund=refund_result(event.data) if refund is not None and refund.key else None,
        given_back=refund.charge_key or None if refund is not None and not refund.key else None,
        card_setup=card_setup_result(event.data) if kind == "card_setup" else None,
        dispute=dispute_result(event.data) if kind == "dispute" else None,
    )


def _as(shape: type[Shape], answer: object) -> Shape:
    return msgspec.convert(answer, type=shape)


def _saved(card: _Card) -> SavedCard:
    return SavedCard(card.customer, card.id, _method(card))


def _method(card: _Card) -> PaymentMethod:
    return PaymentMethod(card.brand, card.last4, card.expiry_month, card.expiry_year)
