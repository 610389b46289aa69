"""Checkout sessions, and orders placed from a shop's own page. With `originOrderId` a session is for changing a plan."""

from typing import Any

from portico.api.waffo import reach, wire
from portico.api.waffo.action import ANYONE, BOTH, NOT_MERCHANT, Action, Call
from portico.api.waffo.actions import plan_changes
from portico.api.waffo.fields import (
    BILLING_DETAIL,
    LONGEST_EXTERNAL_ID,
    PRICE_SNAPSHOT,
    amount,
    choice,
    currency,
    flag,
    identifier,
    list_of,
    need,
    notes,
    take,
    text,
    url,
    uuid_of,
    whole,
)
from portico.api.waffo.ids import session_id
from portico.domain.catalog import Product
from portico.domain.checkout import CheckoutSession
from portico.domain.errors import Refused
from portico.domain.money import parse_amount
from portico.domain.scope import StoreScope
from portico.i18n.negotiate import lookup
from portico.services import checkout, checkout_address, checkout_offer, checkout_order, waffo_token, waffo_words
from portico.services.checkout import Asked
from portico.storage import checkout as checkouts
from portico.storage import product as products
from portico.storage import store as stores
from portico.storage.store import StoreRow

_WEEK_SECONDS = 7 * 24 * 3600
# What only a merchant may say of a purchase; from anybody else it is dropped, and said to be.
_MERCHANT_ONLY = ("priceSnapshot", "orderMerchantExternalId", "expiresInSeconds", "metadata")
_METHODS = ("card", "applepay", "googlepay", "wechat")
_CHECKOUT = uuid_of("CHK", "cs_")


def create_session(call: Call) -> dict[str, Any]:
    if call.get("originOrderId") is not None:
        return plan_changes.create_session(call)
    for name in ("changeTiming", "changeAmount", "changeCreditAmount"):
        if call.get(name) is not None:
            call.warn(f"{name} was not applied", "It is for changing a plan: send originOrderId.")
    scope, product = reach.product(call, call.get("productId"))
    _warn_of_methods(call)
    made = checkout.create(call.runtime, _store(call, scope), scope.environment, _asked(call, product), actor=call.asker.actor)
    return _answer(call, scope, made)


def preview_trial(call: Call) -> dict[str, Any]:
    """Whether a trial would begin. Of a stranger nothing is looked up, so that nobody learns from it who has bought what."""
    scope, session = _session(call)
    if call.get("buyerIdentity") is not None and call.asker.role == "visitor":
        call.warn("buyerIdentity was not looked up", "Ask with the buyer's session token.")
    with call.runtime.database.read() as connection:
        product = products.get(connection, scope, session.product_id)
        days = checkout_offer.trial_of(connection, scope, session, product, call.asker.buyer)
    return {"isEligible": days > 0, "trialDays": days or None}


def create_order(call: Call, kind: str) -> dict[str, Any]:
    """The shop's own page was the checkout: what is ordered here binds, and the answer leads on to the page for the card."""
    scope, session = _session(call)
    if session.kind != kind:
        raise call.trouble(400, f"The checkout session is for a {'subscription' if session.kind == 'subscription' else 'one-time'} product")
    for name in ("buyerIp", "successUrl"):
        if call.get(name) is not None and call.get(name) != session.success_url:
            call.warn(f"{name} was not applied", "successUrl is the checkout session's." if name == "successUrl" else "")
    identity, store = call.asker.identity, _store(call, scope)
    is_email = "@" in identity
    email = (identity if is_email else None) or call.get("buyerEmail") or ""
    if not email and call.asker.buyer is None and session.email is None:
        raise call.trouble(400, "Missing required field: buyerEmail")
    placed = checkout_order.place(
        call.runtime, store, scope.environment, session.id,
        email=email or session.email or "", detail_raw=wire.billing_fields(call.get("billingDetail")), visitor=call.asker.buyer,
        external_id=None if is_email or not identity else identity, actor=call.asker.actor,
    )  # fmt: skip
    if identity and not is_email and waffo_token.buyer_of(call.runtime, scope, identity) is None:
        call.warn("buyerIdentity was not linked to the buyer", "Say buyerEmail in a create-session that is signed with your API key.")
    return {"checkoutUrl": placed.url or checkout_address.page(call.runtime, store.slug, scope.environment, session.id)}


def _asked(call: Call, product: Product) -> Asked:
    """The wish as our checkout takes it."""
    given = dict(call.fields)
    if not call.is_merchant:
        for name in _MERCHANT_ONLY:
            if given.pop(name, None) is not None:
                call.warn(f"{name} was ignored", "Only requests signed with an API key may send it.")
    snapshot = given.get("priceSnapshot")
    if snapshot is not None and snapshot.get("taxCategory") not in (None, product.tax_category):
        call.warn("priceSnapshot.taxCategory was not applied", f"The product is taxed as {product.tax_category}.")
    if given.get("withTrial") and not product.trial_days:
        call.warn("withTrial was not applied", "The product has no trial: set metadata.trialDays.")
    detail, buyer, dark = given.get("billingDetail"), call.asker.buyer, given.get("darkMode")
    identity = call.asker.identity
    return Asked(
        product=product.id,
        currency=call.get("currency"),
        price_minor=None if snapshot is None else _minor(call, snapshot["amount"]),
        trial=given.get("withTrial") is not False,
        buyer_id=None if buyer is None else buyer.buyer_id,
        email=given.get("buyerEmail") or (identity if buyer is None and "@" in identity else None),
        billing_detail=None if detail is None else wire.billing_fields(detail),
        locale=_locale(call),
        theme=None if dark is None else "dark" if dark else "light",
        success_url=given.get("successUrl"),
        order_external_id=given.get("orderMerchantExternalId"),
        lifetime_seconds=given.get("expiresInSeconds"),
        metadata=given.get("metadata"),
    )


def _minor(call: Call, text_: str) -> int:
    try:
        return parse_amount(text_, call.get("currency"))
    except Refused:
        raise call.trouble(400, f"Invalid priceSnapshot.amount: {text_} is no amount in {call.get('currency')}") from None


def _locale(call: Call) -> str | None:
    """A cashier's language as one of ours."""
    language = call.get("language")
    found = None if language is None else lookup(language)
    if language is not None and found is None:
        call.warn(f"language {language} was not applied", "The page speaks the buyer's own language.")
    return found


def _warn_of_methods(call: Call) -> None:
    """Our page takes cards, and what the provider's page for cards offers with them."""
    include, exclude = call.get("includePaymentMethods"), call.get("excludePaymentMethods")
    if include is not None and exclude is not None:
        raise call.trouble(400, "includePaymentMethods and excludePaymentMethods are mutually exclusive")
    if (include is not None and "card" not in include) or "card" in (exclude or ()):
        raise call.trouble(400, "Payment by card is the only method there is")
    if include is not None and include != ["card"]:
        call.warn("includePaymentMethods was applied to card alone", "Which wallets a card page offers is set at the payment provider.")


def _session(call: Call) -> tuple[StoreScope, CheckoutSession]:
    scope, own_id = reach.place(call, "CHK", call.get("checkoutSessionId"))
    with call.runtime.database.read() as connection:
        return scope, checkouts.get(connection, scope, own_id)


def _store(call: Call, scope: StoreScope) -> StoreRow:
    if call.store is not None:
        return call.store
    with call.runtime.database.read() as connection:
        return stores.get(connection, scope.store_id)


def _answer(call: Call, scope: StoreScope, made: CheckoutSession) -> dict[str, Any]:
    return {
        "sessionId": session_id(made.id),
        "checkoutUrl": checkout_address.page(call.runtime, _store(call, scope).slug, scope.environment, made.id),
        "expiresAt": waffo_words.moment(made.expires_at),
    }


_PLACING = (
    need("checkoutSessionId", _CHECKOUT),
    need("billingDetail", BILLING_DETAIL),
    take("buyerEmail", text(254)),
    take("buyerIp", text(45)),
    take("successUrl", url),
)
ACTIONS = (
    Action(
        "checkout/create-session",
        "order",
        ANYONE,
        create_session,
        (
            need("productId", identifier("PROD")),
            need("currency", currency),
            take("priceSnapshot", PRICE_SNAPSHOT),
            take("withTrial", flag),
            take("buyerEmail", text(254)),
            take("billingDetail", BILLING_DETAIL),
            take("successUrl", url),
            take("expiresInSeconds", whole(1, _WEEK_SECONDS)),
            take("darkMode", flag),
            take("metadata", notes),
            take("orderMerchantExternalId", text(LONGEST_EXTERNAL_ID)),
            take("language", text(35)),
            take("includePaymentMethods", list_of(choice(*_METHODS))),
            take("excludePaymentMethods", list_of(choice(*_METHODS))),
            take("originOrderId", identifier("ORD")),
            take("changeTiming", choice("immediate", "next_period")),
            take("changeAmount", amount),
            take("changeCreditAmount", amount),
        ),
    ),
    Action(
        "checkout/preview-trial",
        "order",
        NOT_MERCHANT,
        preview_trial,
        (need("checkoutSessionId", _CHECKOUT), take("buyerIdentity", text(254))),
        writes=False,
    ),
    Action("onetime-order/create-order", "order", BOTH, lambda call: create_order(call, "one_time"), _PLACING),
    Action("subscription-order/create-order", "order", BOTH, lambda call: create_order(call, "subscription"), _PLACING),
)
