"""The card for what was ordered at a checkout is given: its trial begins, or it is charged at once.

Like every visit to the provider's card page it ends once, whoever asks first how it did: the buyer who comes back, the provider's
webhook, or the job that looks from time to time, so that a browser that never comes back loses nothing. The card and the attempt at the
payment are one commit; what is charged is asked for after that, and by the attempt's own job if nobody lives to do it.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog

from portico.domain.document_line import DocumentLine
from portico.domain.payment import Payment
from portico.domain.scope import BuyerScope, Environment, StoreScope
from portico.domain.tax import TaxLine
from portico.gateways.port import SavedCard
from portico.services import (
    card_visit,
    charging,
    checkout_end,
    checkout_offer,
    checkout_payment,
    checkout_sold,
    checkout_state,
    marks,
    store_time,
)
from portico.services.charging import Begun, PaidBy
from portico.services.checkout_sold import Sold
from portico.services.checkout_state import State
from portico.services.locked import Locked
from portico.services.runtime import Runtime
from portico.storage import audit, gateway_customer
from portico.storage import buyer as buyers
from portico.storage import card_setup as setups
from portico.storage import checkout as checkouts
from portico.storage import product as products
from portico.storage import store as stores
from portico.storage import subscription as subscriptions
from portico.storage.card_setup import CardSetupRow
from portico.storage.store import StoreRow

log = structlog.get_logger("portico.checkout")


def returned(runtime: Runtime, store: StoreRow, environment: Environment, checkout_id: str) -> State:
    """The buyer is back, or waits: asks the provider about what is open, and tells how things stand then. Any number of calls, at any
    time, charge once. Raises NotFound, and gateways.port.Unanswered where the provider doesn't say whether a card was given."""
    scope = StoreScope(store.id, environment)
    with runtime.database.read() as connection:
        checkouts.get(connection, scope, checkout_id)
        visits = setups.open_of_checkout(connection, scope, checkout_id)
    for owner, visit in visits:
        finish(runtime, owner, visit)
    with runtime.database.read() as connection:
        now_is = checkout_state.read(connection, scope, checkout_id)
    if now_is.attempt_key is not None and not now_is.is_over:
        charging.charge(runtime, now_is.attempt_key)
        with runtime.database.read() as connection:
            now_is = checkout_state.read(connection, scope, checkout_id)
    return now_is


def finish(runtime: Runtime, scope: BuyerScope, visit: CardSetupRow) -> str:
    """Asks the provider how a visit ended and, if a card was given, uses it for what it was given for. The visit's status then.
    Raises gateways.port.Unanswered."""
    if visit.status != "open" or visit.reference is None or visit.checkout_id is None:
        return visit.status
    result = card_visit.gateway_of(runtime, scope).find_card_setup(visit.reference)
    if result.status == "open":
        return "open"
    begun: Begun | None = None
    with runtime.database.transaction() as tx:
        store = stores.get(tx, scope.store_id)
        now = store_time.now(runtime, store, scope.environment)
        if result.status == "completed" and result.card is not None:
            begun = _use(tx, runtime, store, scope, visit.id, visit.checkout_id, result.card, now)
        else:
            setups.end(tx, scope, visit.id, status="expired", now=now)
        marks.here("card_giving")
    if begun is not None:
        charging.charge_now(runtime, store, begun)
    return result.status


def _use(  # noqa: PLR0917
    tx: sa.Connection,
    runtime: Runtime,
    store: StoreRow,
    scope: BuyerScope,
    setup_id: str,
    checkout_id: str,
    card: SavedCard,
    now: datetime,
) -> Begun | None:
    """Begins what the card was given for; the attempt at its payment, if there is one to make now. A card that comes when the order is
    paid for, being charged, ordered otherwise or over is not used."""
    session = checkouts.get(tx, scope, checkout_id)
    if session.trial_days:
        buyers.lock(tx, scope)  # of two checkouts at once, one begins the trial
    sold = checkout_sold.lock_of(tx, scope, session) if session.buyer_id == scope.buyer_id else None
    session = checkouts.lock(tx, scope, checkout_id)
    if not setups.end(tx, scope, setup_id, status="completed", now=now):
        return None  # somebody else was faster
    if sold is None or session.status != "placed" or session.order_id != sold.order.id or not sold.is_pending:
        log.info("card_not_needed", checkout=checkout_id)
        return None
    gateway = card_visit.gateway_of(runtime, scope).name
    if gateway_customer.get(tx, scope, gateway) is None:  # a stranger never changes who a buyer is to the provider
        gateway_customer.put(tx, scope, gateway, card.customer)
    audit.record(tx, scope, actor="buyer", action="checkout.card_given", subject=checkout_id, now=runtime.clock())
    if sold.subscription is not None and session.trial_days and session.unit_minor:
        product = products.get(tx, scope, session.product_id)
        days = checkout_offer.trial_of(tx, scope, session, product, scope)
        if days:
            checkout_payment.start_trial(_with_card(tx, runtime, sold, card, now), days)
        else:  # he has had it, which no stranger is told before he has given a card: nothing is charged that was not shown
            checkout_end.give_up(tx, runtime, store, sold, actor="worker", cause="trial_had")
            checkouts.reopen(tx, scope, checkout_id)
        return None
    payment = sold.payment or _new_payment(tx, runtime, store, sold, now)
    begun = charging.begin_first(tx, runtime, scope, payment, PaidBy(card.customer, card.method, card.card), now=now)
    if begun is not None and sold.subscription is not None:
        _with_card(tx, runtime, sold, card, now)
    return begun


def _with_card(tx: sa.Connection, runtime: Runtime, sold: Sold, card: SavedCard, now: datetime) -> Locked:
    """The subscription that waits, with the card that it is charged from."""
    if sold.subscription is None:
        raise ValueError(f"{sold.order.id} carries no subscription")
    columns: dict[str, Any] = {
        "customer_reference": card.customer, "method_reference": card.method, "method_brand": card.card.brand,
        "method_last4": card.card.last4, "method_expiry_month": card.card.expiry_month, "method_expiry_year": card.card.expiry_year,
    }  # fmt: skip
    found = sold.subscription
    version = subscriptions.change(tx, sold.scope, found.id, expected_version=found.version, **columns)
    paid_by = replace(found, customer_reference=card.customer, method_reference=card.method, method=card.card, version=version)
    return Locked(tx, runtime, sold.scope, paid_by, now, actor="buyer")


def _new_payment(tx: sa.Connection, runtime: Runtime, store: StoreRow, sold: Sold, now: datetime) -> Payment:
    """The intent to take what the order comes to; for a subscription, the price of its first period."""
    order, found = sold.order, sold.subscription
    period = (found.period_start, found.period_end) if found else (None, None)
    tax = found.taxation if found else checkout_offer.taxation_of(tx, store, sold.scope, order)
    unit_minor = order.net_minor // order.quantity
    return Payment(
        id=runtime.new_id("PAY"),
        external_id=None,
        order_id=order.id,
        subscription_id=found.id if found else None,
        period_start=period[0],
        period_end=period[1],
        currency=order.currency,
        net_minor=order.net_minor,
        tax_minor=order.tax_minor,
        total_minor=order.total_minor,
        refunded_minor=0,
        status="pending",
        method=None,
        created_at=now,
        succeeded_at=None,
        purpose="period" if found else "purchase",
        lines=(DocumentLine(order.product_name, order.quantity, unit_minor, order.net_minor, order.tax_rate, *period),),
        taxes=(TaxLine(order.tax_rate, order.tax_reason, order.net_minor, order.tax_minor, tax.country, tax.note),),
    )
