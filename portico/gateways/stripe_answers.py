"""What Stripe answers, in the words of the port: the few fields we read, what they mean, and its codes in our own few words.

Answers and webhooks carry the same objects and go through the same reading. One without its shape raises msgspec.ValidationError.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from portico.domain.payment import PaymentMethod
from portico.gateways import stripe_amounts
from portico.gateways.port import (
    CardSetupResult,
    ChargeResult,
    ChargeStatus,
    DisputeResult,
    DisputeState,
    RefundResult,
    RefundState,
    SavedCard,
)

KEY = "portico_key"  # under this name our key is in the metadata of everything we make at Stripe

# Stripe's decline codes and error codes; one that is not here is a plain decline. Stripe asks not to tell a buyer that a card is
# suspected of fraud, so that is a plain decline as well.
_FAILURES = {
    "insufficient_funds": "insufficient_funds",
    "expired_card": "expired_card",
    "lost_card": "lost_or_stolen",
    "stolen_card": "lost_or_stolen",
    "pickup_card": "lost_or_stolen",
    "card_velocity_exceeded": "limit_exceeded",
    "withdrawal_count_limit_exceeded": "limit_exceeded",
    "invalid_amount": "limit_exceeded",  # the issuer does not allow this much
    "authentication_required": "authentication_required",
    "authentication_not_handled": "authentication_required",
    "mobile_device_authentication_required": "authentication_required",
    "payment_intent_authentication_failure": "authentication_required",
    "incorrect_number": "incorrect_details",
    "invalid_number": "incorrect_details",
    "incorrect_cvc": "incorrect_details",
    "invalid_cvc": "incorrect_details",
    "incorrect_zip": "incorrect_details",
    "incorrect_address": "incorrect_details",
    "invalid_account": "incorrect_details",
    "invalid_expiry_month": "incorrect_details",
    "invalid_expiry_year": "incorrect_details",
    "new_account_information_available": "incorrect_details",
    "processing_error": "processing_error",
    "issuer_not_available": "processing_error",
    "try_again_later": "processing_error",
    "reenter_transaction": "processing_error",
    "duplicate_transaction": "processing_error",
    "payment_method_not_available": "processing_error",
    "payment_method_provider_timeout": "processing_error",
    "payment_intent_payment_attempt_expired": "processing_error",
}
_CHARGES: dict[str, ChargeStatus] = {"succeeded": "succeeded", "canceled": "canceled", "requires_action": "requires_action"}
# An inquiry that came to nothing is as good as won.
_DISPUTES: dict[str, DisputeState] = {"won": "won", "warning_closed": "won", "prevented": "won", "lost": "lost"}
_REFUNDS: dict[str, RefundState] = {"succeeded": "succeeded", "failed": "failed", "canceled": "failed"}


class _Card(msgspec.Struct):
    """What may be shown of a card. A wallet's may lack some of it, which is no reason to doubt a charge."""

    brand: str | None = None
    last4: str | None = None
    exp_month: int | None = None
    exp_year: int | None = None


class _MethodDetails(msgspec.Struct):
    card: _Card | None = None


class _Refusal(msgspec.Struct):
    code: str | None = None
    decline_code: str | None = None


class _Outcome(msgspec.Struct):
    reason: str | None = None


class Charge(msgspec.Struct):
    """One try at the card."""

    id: str
    status: str
    failure_code: str | None = None
    outcome: _Outcome | None = None
    payment_method_details: _MethodDetails | None = None


class _Redirect(msgspec.Struct):
    url: str | None = None


class _NextAction(msgspec.Struct):
    redirect_to_url: _Redirect | None = None


class Intent(msgspec.Struct):
    """A PaymentIntent: at most one charge of it ever succeeds. `latest_charge` is there whole when it was asked for."""

    id: str
    object: Literal["payment_intent"]
    status: str
    amount: int
    currency: str
    metadata: dict[str, str] | None = None
    last_payment_error: _Refusal | None = None
    latest_charge: Charge | str | None = None
    next_action: _NextAction | None = None

    @property
    def key(self) -> str | None:
        return (self.metadata or {}).get(KEY)

    @property
    def action_url(self) -> str | None:
        """The page that the buyer must visit."""
        redirect = self.next_action and self.next_action.redirect_to_url
        return redirect.url if redirect else None

    @property
    def untouched(self) -> bool:
        """No charge was tried: the request that made it has not got that far, or never did."""
        waiting = self.status in ("requires_confirmation", "requires_payment_method")
        return waiting and self.last_payment_error is None and self.latest_charge is None

    @property
    def refused(self) -> bool:
        """The card was refused, or wants a confirmation that nobody can give. Another card could still make it succeed."""
        if self.status == "requires_action":
            return self.action_url is None
        return self.status in ("requires_payment_method", "requires_confirmation") and not self.untouched


class Refund(msgspec.Struct):
    id: str
    object: Literal["refund"]
    amount: int
    currency: str
    status: str | None = None
    metadata: dict[str, str] | None = None

    @property
    def key(self) -> str | None:
        return (self.metadata or {}).get(KEY)


class _Method(msgspec.Struct):
    id: str
    card: _Card | None = None


class _SetupIntent(msgspec.Struct):
    status: str
    payment_method: _Method | str | None = None


class CheckoutSession(msgspec.Struct):
    """A visit to Stripe's card page. `setup_intent` is there whole when it was asked for."""

    id: str
    object: Literal["checkout.session"]
    mode: str
    status: str | None = None
    customer: str | None = None
    url: str | None = None
    metadata: dict[str, str] | None = None
    setup_intent: _SetupIntent | str | None = None

    @property
    def key(self) -> str | None:
        return (self.metadata or {}).get(KEY)


class Subject(msgspec.Struct):
    """What an event is about, as far as it is needed to look it up."""

    object: str
    id: str = ""
    mode: str | None = None
    payment_intent: str | None = None
    metadata: dict[str, str] | None = None

    @property
    def is_ours(self) -> bool:
        """We made it. The same account may have a shop that sells by itself."""
        return self.id != "" and KEY in (self.metadata or {}) and self.mode in (None, "setup")


class Dispute(msgspec.Struct):
    """As its own event holds it: a dispute is read from there, so that a key needs no right to read others."""

    id: str
    amount: int
    currency: str
    reason: str
    status: str


class _DisputeData(msgspec.Struct):
    object: Dispute


class DisputeEvent(msgspec.Struct):
    data: _DisputeData


class _EventData(msgspec.Struct):
    object: Subject


class Event(msgspec.Struct):
    """A webhook's body."""

    id: str
    object: Literal["event"]
    type: str
    created: Annotated[int, msgspec.Meta(ge=0, lt=2**34)]  # a moment that a calendar has
    data: _EventData


class _Error(msgspec.Struct):
    type: Literal["card_error", "invalid_request_error"]
    code: str | None = None
    decline_code: str | None = None
    param: str | None = None
    payment_intent: Intent | None = None


class _ErrorAnswer(msgspec.Struct):
    error: _Error


@dataclass(frozen=True, slots=True)
class Refusal:
    """A clear no, and the PaymentIntent that was made on the way to it."""

    declined: bool
    failure_code: str
    intent: Intent | None


def refusal(body: object, *, declined: bool) -> Refusal:
    """What the body of an answer that is no success says. `declined`: by the card's issuer, else the request is at fault."""
    error = msgspec.convert(body, type=_ErrorAnswer).error
    if declined:
        failure = _in_our_words(error.decline_code, error.code)
    else:
        about_the_card = error.param in ("customer", "payment_method") or (error.code or "").startswith("payment_method_")
        failure = "incorrect_details" if about_the_card else "processing_error"
    return Refusal(declined, failure, error.payment_intent)


def charge_result(intent: Intent, refusal: str | None = None) -> ChargeResult:
    """What became of it. `refusal` is why it failed, where that is known better than the PaymentIntent says."""
    amount_minor, currency = stripe_amounts.from_stripe(intent.amount, intent.currency)
    status: ChargeStatus = _CHARGES.get(intent.status, "processing")
    failure = (refusal or failure_code(intent)) if status == "canceled" else None
    return ChargeResult(
        key=intent.key or "",
        status="failed" if failure else status,
        reference=intent.id,
        amount_minor=amount_minor,
        currency=currency,
        failure_code=failure,
        action_url=intent.action_url if status == "requires_action" else None,
        method=_charged_card(intent),
    )


def failure_code(intent: Intent) -> str | None:
    """Why the card was refused, one of FAILURE_CODES; None if it was not."""
    if intent.last_payment_error is not None:
        return _in_our_words(intent.last_payment_error.decline_code, intent.last_payment_error.code)
    if intent.status == "requires_action":
        return "authentication_required"
    charge = intent.latest_charge
    if isinstance(charge, Charge) and charge.status == "failed":
        return _in_our_words(charge.outcome.reason if charge.outcome else None, charge.failure_code)
    return None


def refund_result(refund: Refund) -> RefundResult:
    amount_minor, currency = stripe_amounts.from_stripe(refund.amount, refund.currency)
    return RefundResult(refund.key or "", _REFUNDS.get(refund.status or "", "pending"), refund.id, amount_minor, currency)


def dispute_result(dispute: Dispute, charge_key: str) -> DisputeResult:
    amount_minor, currency = stripe_amounts.from_stripe(dispute.amount, dispute.currency)
    return DisputeResult(dispute.id, charge_key, _DISPUTES.get(dispute.status, "open"), amount_minor, currency, dispute.reason)


def card_setup_result(session: CheckoutSession) -> CardSetupResult:
    """Completed only with a card in hand: Stripe may still be working on a visit that is over for the buyer."""
    if session.status == "expired":
        return CardSetupResult(session.id, "expired")
    intent = session.setup_intent
    method = intent.payment_method if isinstance(intent, _SetupIntent) and intent.status == "succeeded" else None
    if session.status != "complete" or session.customer is None or not isinstance(method, _Method) or method.card is None:
        return CardSetupResult(session.id, "open")
    return CardSetupResult(session.id, "completed", SavedCard(session.customer, method.id, _shown(method.card)))


def _charged_card(intent: Intent) -> PaymentMethod | None:
    charge = intent.latest_charge
    details = charge.payment_method_details if isinstance(charge, Charge) else None
    return _shown(details.card) if details and details.card else None


def _shown(card: _Card) -> PaymentMethod:
    return PaymentMethod(card.brand or "unknown", card.last4 or "", card.exp_month, card.exp_year)


def _in_our_words(*codes: str | None) -> str:
    """The first code that says more than that the card was declined."""
    return next((_FAILURES[code] for code in codes if code in _FAILURES), "card_declined")
