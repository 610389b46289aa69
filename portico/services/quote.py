"""What a buyer was shown before saying yes, sealed, so that nothing else is charged than what was seen.

A quote travels through the browser. It is signed, not secret, and bound to its buyer. What it holds decides nothing: whoever
confirms works the change out anew at the quote's instant, and both must be equal in everything that was shown.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from portico.domain.errors import Conflict
from portico.domain.proration import PlanChange
from portico.domain.scope import BuyerScope
from portico.services.secrets import keyed

LIFETIME = timedelta(minutes=10)
_LONGEST = 2000  # characters; one of ours has some 500
_PURPOSE = "plan change quote"

StaleCode = Literal["quote_unreadable", "quote_expired", "quote_moved"]


class Stale(Conflict):
    """The quote can no longer be taken; nothing was changed or charged, and the buyer is shown what holds now.

    `code` says why: "quote_unreadable" (not ours, another buyer's, or another subscription's), "quote_expired" (older than ten
    minutes), "quote_moved" (something is not what it was: the price, the plan, the tax, the period, the subscription).
    """

    def __init__(self, code: StaleCode) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Quote:
    """A change of plan as it was shown at `at`, in the store's time. `shown` is the SHA-256 of all of it, the two next to it
    say which subscription, and of which version, it was worked out for. Amounts are minor units of `currency`."""

    subscription_id: str
    version: int
    product_id: str
    quantity: int
    at: datetime
    timing: Literal["now", "period_end"]
    net_minor: int
    tax_minor: int
    total_minor: int
    currency: str
    shown: str


def seal(secret: bytes, scope: BuyerScope, subscription_id: str, version: int, change: PlanChange, *, at: datetime) -> str:
    """The quote for a change that was worked out at `at`, fit for a form's field."""
    quote = Quote(
        subscription_id=subscription_id,
        version=version,
        product_id=change.product_id,
        quantity=change.quantity,
        at=at,
        timing=change.timing,
        net_minor=change.net_minor,
        tax_minor=change.tax_minor,
        total_minor=change.total_minor,
        currency=change.currency,
        shown=_digest(change),
    )
    payload = msgspec.json.encode(quote)
    return f"{_text(payload)}.{_text(_signature(secret, scope, payload))}"


def unseal(secret: bytes, scope: BuyerScope, subscription_id: str, sealed: str, *, now: datetime) -> Quote:
    """The quote back, if it was made for this buyer and subscription less than ten minutes before `now`. Raises Stale."""
    payload, _, signature = sealed.partition(".")
    raw = _bytes(payload)
    if len(sealed) > _LONGEST or not hmac.compare_digest(_signature(secret, scope, raw), _bytes(signature)):
        raise Stale("quote_unreadable")
    try:
        quote = msgspec.json.decode(raw, type=Quote)
    except msgspec.MsgspecError:  # sealed by another version of the program
        raise Stale("quote_unreadable") from None
    if quote.subscription_id != subscription_id:
        raise Stale("quote_unreadable")
    if not quote.at <= now < quote.at + LIFETIME:
        raise Stale("quote_expired")
    return quote


def hold(quote: Quote, version: int, change: PlanChange) -> None:
    """Makes sure that the change worked out now is the one that was shown, for a subscription that has not moved. Raises Stale."""
    if (version, _digest(change)) != (quote.version, quote.shown):
        raise Stale("quote_moved")


def _digest(change: PlanChange) -> str:
    return hashlib.sha256(msgspec.json.encode(change, order="sorted")).hexdigest()


def _signature(secret: bytes, scope: BuyerScope, payload: bytes) -> bytes:
    return keyed(secret, _PURPOSE, scope.store_id, scope.environment, scope.buyer_id, payload)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""
