"""Stripe: one PaymentIntent for one attempt, confirmed as it is made, with our key as its idempotency key and in its metadata.

Stripe forgets idempotency keys after a day and repeats even a 500 for that long, so what became of a key is looked up in the list
of the customer's PaymentIntents; lists are exact at once, Stripe's search lags behind. A PaymentIntent whose card was refused
could still succeed with another card: it is canceled before we call the attempt failed. A webhook is a nudge: what it is about
is looked up, so it may come late, twice, in any order and in any version of Stripe's API.
"""

import logging
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

import msgspec
import stripe
import structlog
from stripe import StripeObject
from stripe.params import CustomerCreateParams, PaymentIntentCreateParams
from stripe.params.checkout import SessionCreateParams

from portico.gateways import stripe_amounts, webhook_signature
from portico.gateways import stripe_answers as answers
from portico.gateways.port import (
    Capabilities,
    CardPage,
    CardSetup,
    CardSetupResult,
    Charge,
    ChargeResult,
    DisputeResult,
    Forged,
    GatewayEvent,
    RefundOrder,
    RefundResult,
    Unanswered,
)

log = structlog.get_logger("portico.gateways")

API_VERSION = "2026-10-28.endive"  # of every request; an endpoint for webhooks should be made with the same
SIGNATURE_HEADER = "stripe-signature"
EVENTS = (
    "payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.canceled", "payment_intent.processing",
    "payment_intent.requires_action", "refund.created", "refund.updated", "refund.failed", "charge.refund.updated",
    "charge.refunded", "charge.dispute.created", "charge.dispute.closed", "checkout.session.completed", "checkout.session.expired",
)  # fmt: skip
_CONNECT_SECONDS, _READ_SECONDS = 1, 8
_LONGEST_DESCRIPTION = 1000
_PAGE, _MOST_LISTED = 100, 1000  # a customer has had fewer PaymentIntents than that since any attempt still open

# The languages of Stripe's card page that are also ours, in its own words for them. Any other is left to the buyer's browser.
_PAGE_LANGUAGES = {
    **{tag: tag for tag in ("de", "en", "es", "fr", "id", "it", "ja", "ko", "ms", "pl", "pt-BR", "ru", "th", "tr", "vi")},
    "zh-Hans": "zh",
    "zh-Hant": "zh-TW",
}

# Refusals that are about our request, our account or the moment, not about the buyer's card: nothing was charged, and the same
# request will be good once the cause is gone. To fail the payment for it would dun a buyer for our mistake.
_NOT_ABOUT_THE_CARD = frozenset(
    ("account_invalid", "api_key_expired", "idempotency_key_in_use", "livemode_mismatch", "lock_timeout", "parameter_missing",
     "parameter_unknown", "payment_method_types_no_longer_supported", "platform_api_key_expired", "rate_limit",
     "secret_key_required", "testmode_charges_only", "tls_version_unsupported", "url_invalid")
)  # fmt: skip

# Stripe's client would otherwise send timings with every request and keep an id of this machine in the user's home.
stripe.enable_telemetry = False

# What Stripe's client raises when the answer is somebody else's: a proxy's, for instance.
_TRIPPED = (AttributeError, KeyError, TypeError, ValueError)

Shape = TypeVar("Shape")


class StripeGateway:
    """The port over Stripe's API. `webhook_secrets` are those of the endpoint: two while one replaces the other, each of 24 bytes
    at least, else ValueError. `api_base` is another address than Stripe's, for tests."""

    name = "stripe"
    page_origins = ("https://checkout.stripe.com", "https://hooks.stripe.com")
    capabilities = Capabilities()

    def __init__(self, secret_key: str, webhook_secrets: Sequence[str], *, api_base: str | None = None) -> None:
        if not webhook_secrets:
            raise ValueError("Stripe's webhooks need the secret they are signed with")
        self._webhook_secrets = [webhook_signature.check_secret(secret) for secret in webhook_secrets]
        client = stripe.StripeClient(
            secret_key,
            stripe_version=API_VERSION,
            max_network_retries=0,  # what is tried again, and when, is decided where it is written down
            http_client=stripe.RequestsClient(timeout=(_CONNECT_SECONDS, _READ_SECONDS)),
            base_addresses={"api": api_base or stripe.DEFAULT_API_BASE},
        )
        self._intents, self._refunds = client.v1.payment_intents, client.v1.refunds
        self._customers, self._sessions = client.v1.customers, client.v1.checkout.sessions

    def charge(self, charge: Charge) -> ChargeResult:
        try:
            amount = stripe_amounts.to_stripe(charge.amount_minor, charge.currency)
        except stripe_amounts.NotChargeable as error:
            log.error("stripe_amount_refused", key=charge.key, reason=str(error))
            return _failed(charge, "processing_error")
        try:
            with _answered("charge", refusals=True):
                made = self._intents.create(_intent_params(charge, amount), {"idempotency_key": charge.key})
                intent = _read(answers.Intent, made)
        except (stripe.CardError, stripe.InvalidRequestError) as error:
            with _answered("charge"):
                refusal = answers.refusal(error.json_body, declined=isinstance(error, stripe.CardError))
            if not refusal.declined:
                log.error("stripe_charge_refused", key=charge.key, code=error.code, param=error.param, request=error.request_id)
            return self._give_up(refusal.intent, refusal.failure_code) if refusal.intent else _failed(charge, refusal.failure_code)
        # A repeated answer is as old as the first one: the buyer may have been to the bank's page since.
        return self._result(self._intent(intent.id) if _is_repeated(made) else intent)

    def find_charge(self, key: str, *, customer: str) -> ChargeResult | None:
        intent = self._find_intent(key, customer)
        return None if intent is None or intent.untouched else self._result(intent)

    def cancel_charge(self, key: str, *, customer: str) -> ChargeResult | None:
        intent = self._find_intent(key, customer)
        if intent is None:
            return None
        if intent.status == "requires_action" or intent.untouched:
            return self._give_up(intent, None)
        return self._result(intent)

    def refund(self, order: RefundOrder) -> RefundResult:
        failed = RefundResult(order.key, "failed", "", order.amount_minor, order.currency)
        try:
            amount = stripe_amounts.to_stripe(order.amount_minor, order.currency)
        except stripe_amounts.NotChargeable as error:
            log.error("stripe_amount_refused", key=order.key, reason=str(error))
            return failed
        try:
            with _answered("refund", refusals=True):
                made = self._refunds.create(
                    {"payment_intent": order.charge_reference, "amount": amount, "metadata": {answers.KEY: order.key}},
                    {"idempotency_key": order.key},
                )
                refund = _read(answers.Refund, made)
                return self._refund(refund.id) if _is_repeated(made) else answers.refund_result(refund)
        except (stripe.CardError, stripe.InvalidRequestError) as error:
            # "Already refunded" may speak of this very refund, made longer ago than Stripe remembers keys.
            found = self.find_refund(order.key, charge_reference=order.charge_reference)
            log.error("stripe_refund_refused", key=order.key, code=error.code, found=found is not None, request=error.request_id)
            return found or failed

    def find_refund(self, key: str, *, charge_reference: str) -> RefundResult | None:
        return next((refund for refund in self.refunds_of(charge_reference) if refund.key == key), None)

    def refunds_of(self, charge_reference: str) -> Sequence[RefundResult]:
        with _answered("refunds_of"):
            listed = self._refunds.list({"payment_intent": charge_reference, "limit": _PAGE}).auto_paging_iter()
            return [answers.refund_result(_read(answers.Refund, one)) for one in _bounded(listed)]
        return ()

    def save_card_page(self, setup: CardSetup) -> CardPage:
        customer = setup.customer or self._create_customer(setup)
        page = self._card_page(setup, customer, setup.key)
        # A customer deleted at Stripe, or of an account that the merchant has left: the buyer gives a card all the same.
        page = page or self._card_page(setup, self._create_customer(setup), f"{setup.key}-new")
        if page is None:
            raise Unanswered("save_card_page: the customer made for it is not there")
        return page

    def find_card_setup(self, reference: str) -> CardSetupResult:
        with _answered("find_card_setup"):
            found = self._sessions.retrieve(reference, {"expand": ["setup_intent.payment_method"]})
            return answers.card_setup_result(_read(answers.CheckoutSession, found))
        return CardSetupResult(reference, "expired")

    def parse_webhook(self, body: bytes, headers: Mapping[str, str], now: datetime) -> GatewayEvent:
        """Looks up what the event is about, so it may raise Unanswered: Stripe then sends it again."""
        self._verify(body, headers.get(SIGNATURE_HEADER), now)
        try:
            event = msgspec.json.decode(body, type=answers.Event)
        except msgspec.DecodeError:
            raise Forged("not an event of Stripe's API v1") from None
        told = GatewayEvent(event.id, datetime.fromtimestamp(event.created, UTC))
        return self._looked_up(told, event.data.object, body) if event.type in EVENTS else told

    def _looked_up(self, told: GatewayEvent, subject: answers.Subject, body: bytes) -> GatewayEvent:
        """What the event is about, as it is now."""
        match subject.object:
            case "dispute":
                return replace(told, dispute=self._dispute(body, self._charge_key(subject.payment_intent)))
            case "refund" if subject.is_ours:
                return replace(told, refund=self._refund(subject.id))
            case "refund" | "charge":
                return replace(told, given_back=self._charge_key(subject.payment_intent))
            case "payment_intent" if subject.is_ours:
                return replace(told, charge=self._result(self._intent(subject.id)))
            case "checkout.session" if subject.is_ours:
                return replace(told, card_setup=self.find_card_setup(subject.id))
            case _:
                return told

    def _verify(self, body: bytes, header: str | None, now: datetime) -> None:
        for secret in self._webhook_secrets[:-1]:
            with suppress(Forged):
                return webhook_signature.verify(secret, body, header, now)
        return webhook_signature.verify(self._webhook_secrets[-1], body, header, now)

    def _find_intent(self, key: str, customer: str) -> answers.Intent | None:
        with _answered("find_charge"):
            listed = self._intents.list({"customer": customer, "limit": _PAGE}).auto_paging_iter()
            for intent in (_read(answers.Intent, one) for one in _bounded(listed)):
                if intent.key == key:
                    return self._intent(intent.id)
        return None

    def _intent(self, reference: str) -> answers.Intent:
        with _answered("retrieve"):
            return _read(answers.Intent, self._intents.retrieve(reference, {"expand": ["latest_charge"]}))
        raise Unanswered(f"{reference} is not there")

    def _charge_key(self, intent: str | None) -> str | None:
        """Our key of a PaymentIntent; None for the shop's, and for what was charged without one."""
        if intent is not None:
            with _answered("retrieve"):
                return _read(answers.Intent, self._intents.retrieve(intent)).key
        return None

    def _dispute(self, body: bytes, charge_key: str | None) -> DisputeResult | None:
        if charge_key is not None:
            with _answered("dispute"):
                return answers.dispute_result(msgspec.json.decode(body, type=answers.DisputeEvent).data.object, charge_key)
        return None

    def _refund(self, reference: str) -> RefundResult:
        with _answered("retrieve"):
            return answers.refund_result(_read(answers.Refund, self._refunds.retrieve(reference)))
        raise Unanswered(f"{reference} is not there")

    def _result(self, intent: answers.Intent) -> ChargeResult:
        if intent.refused:
            return self._give_up(intent, answers.failure_code(intent))
        with _answered("charge"):
            return answers.charge_result(intent)

    def _give_up(self, intent: answers.Intent, failure_code: str | None) -> ChargeResult:
        """Cancels it, so that it is over. Money that was taken in the meantime is taken."""
        with _answered("cancel"):
            try:
                intent = _read(answers.Intent, self._intents.cancel(intent.id, {"cancellation_reason": "abandoned"}))
            except stripe.InvalidRequestError:
                intent = self._intent(intent.id)
            if intent.status not in ("canceled", "succeeded", "processing"):
                raise Unanswered(f"{intent.id} cannot be canceled and is {intent.status}")
            return answers.charge_result(intent, failure_code)

    def _create_customer(self, setup: CardSetup) -> str:
        with _answered("create_customer"):
            params: CustomerCreateParams = {"email": setup.email, "metadata": {answers.KEY: setup.key}}
            return self._customers.create(params, {"idempotency_key": f"{setup.key}-customer"}).id
        raise Unanswered("create_customer: something is not there")

    def _card_page(self, setup: CardSetup, customer: str, idempotency_key: str) -> CardPage | None:
        """None when the customer is not there."""
        params: SessionCreateParams = {
            "mode": "setup",
            "customer": customer,
            "allowed_payment_method_types": ["card"],
            "success_url": setup.return_url,
            "cancel_url": setup.cancel_url,
            "locale": _PAGE_LANGUAGES.get(setup.language, "auto"),
            "metadata": {answers.KEY: setup.key},
            "setup_intent_data": {"metadata": {answers.KEY: setup.key}},
        }
        with _answered("save_card_page"):
            session = _read(answers.CheckoutSession, self._sessions.create(params, {"idempotency_key": idempotency_key}))
            if session.url is None:
                raise Unanswered(f"{session.id} has no page")
            return CardPage(session.id, session.url)
        return None


def _intent_params(charge: Charge, amount: int) -> PaymentIntentCreateParams:
    """No empty text is sent: Stripe takes one for an attempt to remove something."""
    params: PaymentIntentCreateParams = {
        "amount": amount,
        "currency": charge.currency.lower(),
        "customer": charge.customer,
        "payment_method": charge.method,
        "allowed_payment_method_types": ["card"],
        "confirm": True,
        "metadata": {name: value for name, value in {**charge.metadata, answers.KEY: charge.key}.items() if value},
        "expand": ["latest_charge"],
    }
    if charge.description:
        params["description"] = charge.description[:_LONGEST_DESCRIPTION]
    if charge.on_session:
        params["return_url"] = charge.return_url
    else:
        params["off_session"] = True
    return params


def _failed(charge: Charge, failure_code: str) -> ChargeResult:
    """Nothing was made at Stripe that could be charged."""
    return ChargeResult(charge.key, "failed", "", charge.amount_minor, charge.currency, failure_code)


def _read(shape: type[Shape], answer: StripeObject) -> Shape:
    return msgspec.convert(answer.to_dict(), type=shape)


def _is_repeated(answer: StripeObject) -> bool:
    """Stripe gave the answer it had kept for the idempotency key."""
    response = answer.last_response
    return response is not None and response.headers.get("idempotent-replayed") == "true"


def _bounded(listed: Iterable[Shape]) -> Iterator[Shape]:
    """The newest ones. What lies further back is not known, which is not the same as not there."""
    for count, one in enumerate(listed):
        if count == _MOST_LISTED:
            raise Unanswered(f"not among the newest {_MOST_LISTED}")
        yield one


@contextmanager
def _answered(call: str, *, refusals: bool = False) -> Generator[None, None, None]:
    """Whatever does not say what was done becomes Unanswered. An object that is not at Stripe just ends the block. With `refusals`
    the two clear answers are let through instead: CardError, and an InvalidRequestError about what was asked."""
    try:
        yield
    except stripe.CardError as error:
        if not refusals:
            raise _unanswered(call, error) from None
        raise
    except stripe.InvalidRequestError as error:
        if refusals and error.code not in _NOT_ABOUT_THE_CARD:
            raise
        if refusals or error.code != "resource_missing":
            raise _unanswered(call, error) from None
    except (stripe.StripeError, msgspec.ValidationError, stripe_amounts.NotChargeable, *_TRIPPED) as error:
        raise _unanswered(call, error) from None


def _unanswered(call: str, error: Exception) -> Unanswered:
    """Without the cause: its text may hold the whole answer, and with it a client secret or an address."""
    if not isinstance(error, stripe.StripeError):
        log.error("stripe_not_understood", call=call, reason=str(error)[:200])
    else:
        # The network and a busy Stripe come and go; the rest waits for somebody to put it right.
        passing = isinstance(error, stripe.APIConnectionError | stripe.RateLimitError | stripe.APIError)
        level = logging.WARNING if passing else logging.ERROR
        facts = {"error": type(error).__name__, "status": error.http_status, "code": error.code, "request": error.request_id}
        log.log(level, "stripe_unanswered", call=call, **facts)
    return Unanswered(f"{call}: {type(error).__name__}")
