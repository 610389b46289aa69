"""Order at a checkout: "Order and pay" is the click that binds, and leads to the payment provider's page for a card.

Order and subscription are there before the provider is asked for anything, and wait. Who orders again with the same details goes on
with the same order; with others it is replaced, unless it is being charged at that very moment.

Who types an e-mail address is a stranger until he has signed in. His order is the address's, as an answer to a letter is; but nothing
of that buyer is shown to him or changed by him, no card of the buyer's is used, and a known address looks like an unknown one.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from portico.domain import billing_detail
from portico.domain.billing_detail import BillingDetail
from portico.domain.buyer import Buyer, canonical_email
from portico.domain.calendar import period_bounds
from portico.domain.catalog import Product
from portico.domain.checkout import CheckoutSession
from portico.domain.errors import Conflict, FieldError, Invalid, Refused
from portico.domain.order import Order
from portico.domain.scope import BuyerScope, Environment, StoreScope
from portico.domain.subscription import Subscription
from portico.gateways.port import CardSetup
from portico.i18n.languages import is_language
from portico.services import billing_detail as profile
from portico.services import (
    card_visit,
    charging,
    checkout_address,
    checkout_end,
    checkout_limits,
    checkout_offer,
    checkout_payment,
    checkout_sold,
    marks,
    store_time,
    tax_id_check,
)
from portico.services.buyer import keep as keep_buyer
from portico.services.checkout import NOT_ASKED
from portico.services.checkout_offer import Offer
from portico.services.checkout_payment import Purchase
from portico.services.checkout_sold import Sold
from portico.services.locked import Locked
from portico.services.runtime import Runtime
from portico.storage import audit, gateway_customer, order_of_store, subscription_of_store
from portico.storage import buyer as buyers
from portico.storage import card_setup as setups
from portico.storage import checkout as checkouts
from portico.storage import order as orders
from portico.storage import product as products
from portico.storage import subscription as subscriptions
from portico.storage.store import StoreRow

TO_PAY = timedelta(minutes=60)  # an order that was placed in time has this long to be paid for
_TRIES = 5


class NotAsShown(Conflict):
    """The price, the tax or the trial is another one than the buyer was shown: nothing is ordered, and he is shown it anew."""

    code = "checkout_moved"


@dataclass(frozen=True, slots=True)
class Placed:
    """`url` is the provider's page for the card, None where there is nothing to pay and all is done."""

    url: str | None


@dataclass(frozen=True, slots=True)
class _Visitor:
    """Who orders. `known`: the store's server named him, or he is signed in; `is_here`: he is signed in."""

    scope: BuyerScope
    email: str
    known: bool
    is_here: bool


@dataclass(frozen=True, slots=True)
class _Here:
    """A checkout in hand: locked, and what it sold before it."""

    tx: sa.Connection
    runtime: Runtime
    store: StoreRow
    scope: StoreScope
    session: CheckoutSession
    product: Product
    sold: Sold | None
    now: datetime
    actor: str


def place(
    runtime: Runtime,
    store: StoreRow,
    environment: Environment,
    checkout_id: str,
    *,
    email: str,
    detail_raw: Mapping[str, str],
    visitor: BuyerScope | None = None,
    language: str = "en",
    total_minor: int | None = None,
    trial_days: int | None = None,
    external_id: str | None = None,
    actor: str = "buyer",
) -> Placed:
    """Orders what a checkout offers, for the buyer it names, else who is signed in (`visitor`), else whose `email` that is.

    `detail_raw` is the form of billing details; `total_minor` and `trial_days` are what the buyer was shown. `external_id` is what the
    merchant calls the buyer, where his own program says so: where a request of the merchant's server names the address, too, one who is
    known by it is who orders, and one who is new is called so.

    Raises NotFound; Invalid with all that is wrong; NotAsShown; Refused: "checkout_over", "payment_open" while it is being charged,
    "too_many_charges" after twenty visits to the card page within a day, "no_gateway", "external_id_taken" where another order has the
    merchant's id by now; and gateways.port.Unanswered where the provider has no page for us: it is ordered then, and ordering again
    asks again.
    """
    scope = StoreScope(store.id, environment)
    with runtime.database.read() as connection:
        session = checkouts.get(connection, scope, checkout_id)
    if session.status == "completed":
        return Placed(None)
    address, detail = _typed(session, visitor, email, detail_raw, language)
    shown = total_minor, trial_days
    for _ in range(_TRIES):
        try:
            with runtime.database.transaction() as tx:
                here = _in_hand(tx, runtime, store, scope, checkout_id, actor=actor)
                if here is None:
                    continue
                who = _who(here, address, visitor, detail, language, external_id)
                asked = _order(here, who, detail, language, shown)
                marks.here("checkout_placing")
            break
        except NotAsShown:
            raise
        except Conflict:  # somebody else wrote the same address, or the same id, at this very moment
            continue
    else:
        raise Refused("payment_open", "it is being ordered from, again and again")
    marks.here("checkout_placed")
    _keep_profile(runtime, who, detail_raw, detail)
    return Placed(None if asked is None else card_visit.page(runtime, who.scope, asked))


def _typed(
    session: CheckoutSession, visitor: BuyerScope | None, email: str, raw: Mapping[str, str], language: str
) -> tuple[str, BillingDetail]:
    """The address that counts, empty where it is known who orders, and the details. Raises Invalid with every error of both."""
    errors: list[FieldError] = []
    address, detail = "", BillingDetail()
    if visitor is None and not session.buyer_named:
        try:
            address = canonical_email(email)
        except Invalid as wrong:
            errors += wrong.errors
    try:
        detail = billing_detail.validate(raw, own_email=address, language=language)
    except Invalid as wrong:
        errors += wrong.errors
    if errors:
        raise Invalid(errors)
    return address, detail


def _in_hand(tx: sa.Connection, runtime: Runtime, store: StoreRow, scope: StoreScope, checkout_id: str, *, actor: str) -> _Here | None:
    """The checkout with its locks; None when somebody else ordered in between, and one must look again."""
    seen = checkouts.get(tx, scope, checkout_id)
    sold = checkout_sold.lock_of(tx, scope, seen)
    session = checkouts.lock(tx, scope, checkout_id)
    if session.order_id != seen.order_id:
        return None
    if session.status not in ("open", "placed") or session.expires_at <= runtime.clock():
        raise Refused("payment_open" if session.status == "completed" else "checkout_over")
    if sold is not None and sold.is_being_charged:
        raise Refused("payment_open")
    now = store_time.now(runtime, store, scope.environment)
    return _Here(tx, runtime, store, scope, session, products.get(tx, scope, session.product_id), sold, now, actor)


def _who(  # noqa: PLR0917
    here: _Here, address: str, visitor: BuyerScope | None, detail: BillingDetail, language: str, external_id: str | None
) -> _Visitor:
    """The buyer whose order it is; one who is new is made."""
    tx, scope, session = here.tx, here.scope, here.session
    if session.buyer_named and session.buyer_id is not None:
        named = BuyerScope(scope.store_id, scope.environment, session.buyer_id)
        return _Visitor(named, buyers.get(tx, named).email, known=True, is_here=visitor == named)
    if visitor is not None:
        return _Visitor(visitor, buyers.get(tx, visitor).email, known=True, is_here=True)
    called = external_id if _is_vouched_for(session, address) else None
    found = None if called is None else buyers.by_external_id(tx, scope, called)
    found = found or buyers.by_email(tx, scope, address)
    if found is None:
        locale = language if is_language(language) else None
        found = Buyer(here.runtime.new_id("BUY"), address, called, detail.name, locale, here.now)
        keep_buyer(tx, here.runtime, scope, found, detail, at=here.now, actor=here.actor)
    return _Visitor(BuyerScope(scope.store_id, scope.environment, found.id), found.email, known=False, is_here=False)


def _is_vouched_for(session: CheckoutSession, address: str) -> bool:
    """Whether it is the merchant's server that says whose address this is. Whoever is signed in to a shop can type another's: were he
    known by it from then on, he would see what its owner buys later."""
    return session.actor.startswith("key:") and session.placed_at is None and session.email == address


def _order(here: _Here, who: _Visitor, detail: BillingDetail, language: str, shown: tuple[int | None, int | None]) -> CardSetup | None:
    """Has the order wait, and begins the visit to the card page; None where there is nothing to pay, and all is done."""
    tx, runtime, session = here.tx, here.runtime, here.session
    known = who.scope if who.known else None
    offer = checkout_offer.work_out(tx, here.store, here.scope, session, here.product, detail, known=known, now=here.now)
    if shown[0] not in (None, offer.total_minor) or shown[1] not in (None, offer.trial_days):
        raise NotAsShown("it is not what was shown")
    sold = _sold(here, who, detail, offer)
    is_free = offer.total_minor == 0
    if is_free and not who.known:
        checkout_limits.hold_free(tx, runtime, here.scope, who.email)
    if not is_free:
        if here.scope.environment not in runtime.gateways:
            raise Refused("no_gateway")
        if setups.count_of_checkout_since(tx, here.scope, session.id, here.now - charging.PER) >= card_visit.MOST_VISITS:
            raise Refused("too_many_charges", f"{card_visit.MOST_VISITS} visits to the card page for {session.id} within a day")
    real = runtime.clock()
    if not checkouts.place(
        tx, who.scope, session.id, email=who.email, billing_detail=detail, order_id=sold.order.id, trial_days=offer.trial_days,
        locale=language, now=real, until=real + TO_PAY,
    ):  # fmt: skip
        raise Refused("checkout_over")
    audit.record(tx, who.scope, actor=here.actor, action="checkout.placed", subject=session.id, now=real)
    if is_free:
        _hand_over(here, sold)
        return None
    return _visit(here, who, language)


def _sold(here: _Here, who: _Visitor, detail: BillingDetail, offer: Offer) -> Sold:
    """The order that waits: the one from before if it is for the same, else a new one in its place."""
    before = here.sold
    if before is not None and before.is_pending and _is_same(before, who, detail, offer):
        return before
    if before is not None:
        checkout_end.give_up(here.tx, here.runtime, here.store, before, actor=here.actor, cause="ordered_anew")
    external_id = here.session.order_external_id
    if external_id is not None and order_of_store.by_external_id(here.tx, here.scope, external_id) is not None:
        raise Refused("external_id_taken", f"there is another order with the id {external_id}")
    tax_id_check.ask_also(here.tx, here.runtime, here.store, who.scope, detail)
    order = _new_order(here, who, detail, offer)
    orders.create(here.tx, who.scope, order)
    if offer.interval is None:
        return Sold(who.scope, order, None)
    subscription = _new_subscription(here, order, offer)
    subscription_of_store.create(here.tx, who.scope, subscription, actor=here.actor)
    return Sold(who.scope, order, subscriptions.get(here.tx, who.scope, subscription.id))


def _is_same(before: Sold, who: _Visitor, detail: BillingDetail, offer: Offer) -> bool:
    """Whether what was ordered before is what is ordered now."""
    order, tax = before.order, offer.taxation
    amounts = (order.net_minor, order.tax_minor, order.tax_rate, order.tax_reason)
    return (before.scope, order.billing_detail) == (who.scope, detail) and amounts == (
        offer.net_minor,
        offer.tax_minor,
        tax.rate,
        tax.reason,
    )


def _new_order(here: _Here, who: _Visitor, detail: BillingDetail, offer: Offer) -> Order:
    session = here.session
    return Order(
        id=here.runtime.new_id("ORD"),
        external_id=session.order_external_id,
        buyer_id=who.scope.buyer_id,
        kind=session.kind,
        product_id=session.product_id,
        product_name=session.product_name,
        quantity=session.quantity,
        currency=session.currency,
        net_minor=offer.net_minor,
        tax_minor=offer.tax_minor,
        total_minor=offer.total_minor,
        status="pending",
        created_at=here.now,
        subscription_id=None,
        billing_detail=detail,
        tax_rate=offer.taxation.rate,
        tax_reason=offer.taxation.reason,
        product_version=session.product_version,
        checkout_id=session.id,
        metadata=session.metadata,
    )


def _new_subscription(here: _Here, order: Order, offer: Offer) -> Subscription:
    """One that waits. Its calendar begins anew with its first payment, or its trial."""
    if offer.interval is None:
        raise ValueError(f"{order.product_id} is not sold by the interval")
    start, end = period_bounds(here.now, offer.interval, 0)
    return Subscription(
        id=here.runtime.new_id("SUB"),
        external_id=None,
        order_id=order.id,
        product_id=order.product_id,
        product_name=order.product_name,
        status="pending",
        interval=offer.interval,
        quantity=order.quantity,
        currency=order.currency,
        unit_minor=offer.unit_minor,
        tax_rate=offer.taxation.rate,
        tax_reason=offer.taxation.reason,
        anchor=here.now,
        period_index=0,
        period_start=start,
        period_end=end,
        trial_end=None,
        scheduled_change=None,
        method=None,
        created_at=here.now,
        ended_at=None,
        managed=True,
        tax_country=offer.taxation.country,
        tax_note=offer.taxation.note,
    )


def _hand_over(here: _Here, sold: Sold) -> None:
    """There is nothing to pay."""
    if sold.subscription is None:
        checkout_payment.purchased(Purchase(here.tx, here.runtime, sold.scope, sold.order, here.now), None)
    else:
        checkout_payment.activate(Locked(here.tx, here.runtime, sold.scope, sold.subscription, here.now, actor=here.actor), None)


def _visit(here: _Here, who: _Visitor, language: str) -> CardSetup:
    """The visit to the provider's page. A stranger is nobody's customer there: a page for a buyer might show what he has."""
    gateway = card_visit.gateway_of(here.runtime, who.scope)
    setup_id = card_visit.begin(here.tx, here.runtime, who.scope, checkout_id=here.session.id, now=here.now)
    place = here.store.slug, here.scope.environment, here.session.id
    return CardSetup(
        key=setup_id,
        customer=gateway_customer.get(here.tx, who.scope, gateway.name) if who.is_here else None,
        email=who.email,
        return_url=checkout_address.back(here.runtime, *place),
        cancel_url=checkout_address.page(here.runtime, *place),
        language=next(filter(is_language, (language, here.store.locale)), "en"),
    )


def _keep_profile(runtime: Runtime, who: _Visitor, raw: Mapping[str, str], detail: BillingDetail) -> None:
    """What a buyer who is signed in ordered with are his billing details from now on, but for what the form did not ask; one whom the
    store named keeps those he has."""
    if not who.known:
        return
    own, version = profile.read(runtime, who.scope)
    kept = replace(detail, **{name: getattr(own, name) for name in NOT_ASKED if not raw.get(name)})
    if kept == own or not (who.is_here or not own.country):
        return
    with suppress(Conflict, Refused), runtime.database.transaction() as tx:  # he saved others meanwhile, or too many today
        profile.keep(tx, runtime, who.scope, kept, version)
