"""Give another card. It is typed on the payment provider's page and never here; what we keep is what may be shown of it.

A visit to that page is a row with a key of its own, committed before the provider is asked. How it ended is the provider's word
alone, never what a browser that comes back says. Whoever asks first (the buyer who comes back, the provider's webhook, the job that
looks from time to time) has the card saved, once. It is then charged for every subscription of the buyer's that the old one was
charged for, and those that are past due are tried again at once.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portico.domain.errors import NotFound, Refused
from portico.domain.payment import PaymentMethod
from portico.domain.reminder import remind_at
from portico.domain.scope import BuyerScope
from portico.domain.subscription import Subscription
from portico.gateways.port import CardSetup, CardSetupResult, SavedCard
from portico.i18n.languages import is_language
from portico.services import card_visit, charging, checkout_card, event, notice, standing, store_time
from portico.services.charging import Begun, Outcome
from portico.services.portal_address import base_path, card_return_path
from portico.services.runtime import Runtime
from portico.storage import audit, gateway_customer, outbox
from portico.storage import buyer as buyers
from portico.storage import card_setup as setups
from portico.storage import payment as payments
from portico.storage import store as stores
from portico.storage import subscription as subscriptions


@dataclass(frozen=True, slots=True)
class Finished:
    """How a visit to the provider's page ended, or that it has not yet: `status` is open, completed or expired. `card` is the one
    saved. `outcome` is how the overdue payment of the subscription went, when the new card was charged for it at once."""

    subscription_id: str
    status: str
    card: PaymentMethod | None = None
    payment_id: str | None = None
    outcome: Outcome | None = None


def update_page(runtime: Runtime, scope: BuyerScope, subscription_id: str, *, language: str = "") -> str:
    """The address of the provider's page on which the buyer gives a card for a subscription; it leads back to
    `card_return_path`. `language` is the page's, else the buyer's.

    Raises NotFound, Refused with the code of the reason why it is not possible, and gateways.port.Unanswered.
    """
    with runtime.database.transaction() as tx:
        here = standing.look(tx, runtime, scope, subscription_id)
        here.hold("update_card")
        if setups.count_since(tx, scope, subscription_id, here.now - charging.PER) >= card_visit.MOST_VISITS:
            raise Refused("too_many_charges", f"{card_visit.MOST_VISITS} visits to the card page for {subscription_id} within a day")
        buyer = buyers.get(tx, scope)
        gateway = card_visit.gateway_of(runtime, scope)
        customer = here.subscription.customer_reference or gateway_customer.get(tx, scope, gateway.name)
        setup_id = card_visit.begin(tx, runtime, scope, subscription_id=subscription_id, now=here.now)
    base = runtime.origin + base_path(here.store.slug, scope.environment)
    asked = CardSetup(
        key=setup_id,
        customer=customer,
        email=buyer.email,
        return_url=base + card_return_path(setup_id),
        cancel_url=f"{base}/subscriptions/{subscription_id}",
        language=next(filter(is_language, (language, buyer.locale or "", here.store.locale)), "en"),
    )
    return card_visit.page(runtime, scope, asked)


def finish(runtime: Runtime, scope: BuyerScope, setup_id: str) -> Finished:
    """Asks the provider how a visit to its page ended and, if a card was given, has it charged from now on; overdue payments at
    once. Any number of calls do it once. Raises NotFound, also for another buyer's visit, and gateways.port.Unanswered."""
    with runtime.database.read() as connection:
        visit = setups.get(connection, scope, setup_id)
        store = stores.get(connection, scope.store_id)
    subscription_id = visit.subscription_id
    if subscription_id is None:
        raise NotFound  # of a checkout, which has pages of its own
    if visit.status == "open" and visit.reference is not None:
        result = card_visit.gateway_of(runtime, scope).find_card_setup(visit.reference)
        now = store_time.now(runtime, store, scope.environment)
        begun: dict[str, Begun] = {}
        with runtime.database.transaction() as tx:
            if result.status == "completed" and result.card is not None:
                begun = _save(tx, runtime, scope, setup_id, subscription_id, saved=result.card, now=now)
            elif result.status == "expired":
                setups.end(tx, scope, setup_id, status="expired", now=now)
        outcomes = {charged_id: charging.charge_now(runtime, store, attempt) for charged_id, attempt in begun.items()}
        paid, outcome = begun.get(subscription_id), outcomes.get(subscription_id)
        return _finished(runtime, scope, setup_id, subscription_id, begun=paid, outcome=outcome)
    return _finished(runtime, scope, setup_id, subscription_id)


def look_again(runtime: Runtime, scope: BuyerScope, setup_id: str) -> str:
    """`finish`, for the job that looks from time to time; the visit's status then. One whose page the provider never told us the
    address of has not been seen by anybody, and is over."""
    with runtime.database.read() as connection:
        visit = setups.get(connection, scope, setup_id)
        store = stores.get(connection, scope.store_id)
    if visit.reference is not None:
        return finish(runtime, scope, setup_id).status if visit.checkout_id is None else checkout_card.finish(runtime, scope, visit)
    with runtime.database.transaction() as tx:
        setups.end(tx, scope, setup_id, status="expired", now=store_time.now(runtime, store, scope.environment))
    return "expired"


def told(tx: sa.Connection, runtime: Runtime, result: CardSetupResult) -> bool:
    """Takes in that the provider says a visit is over: it is looked at at once. False when we know of no such visit."""
    known = setups.by_reference(tx, result.reference)
    if known is None:
        return False
    scope, visit = known
    if visit.status == "open":
        arguments = {"store_id": scope.store_id, "environment": scope.environment, "buyer_id": scope.buyer_id, "setup_id": visit.id}
        outbox.add(
            tx, card_visit.JOB, {**arguments, "looks": None}, now=runtime.clock(), lane="pay", key=f"{card_visit.JOB}:{visit.id}:told"
        )
    return True


def _save(
    tx: sa.Connection, runtime: Runtime, scope: BuyerScope, setup_id: str, subscription_id: str, *, saved: SavedCard, now: datetime
) -> dict[str, Begun]:
    """Keeps the card, and commits us to charging what is overdue: each subscription's new attempt, by its id."""
    locked = _charged_alike(tx, scope, subscription_id)
    if not setups.end(tx, scope, setup_id, status="completed", now=now):
        return {}  # somebody else was faster
    gateway_customer.put(tx, scope, card_visit.gateway_of(runtime, scope).name, saved.customer)
    begun: dict[str, Begun] = {}
    for found in locked:
        paid_by = replace(found, customer_reference=saved.customer, method_reference=saved.method, method=saved.card)
        columns: dict[str, Any] = {
            "customer_reference": saved.customer, "method_reference": saved.method, "method_brand": saved.card.brand,
            "method_last4": saved.card.last4, "method_expiry_month": saved.card.expiry_month,
            "method_expiry_year": saved.card.expiry_year, "remind_at": remind_at(paid_by, now=now),
        }  # fmt: skip
        attempt = _recover(tx, runtime, scope, paid_by, now)
        if attempt is not None:
            begun[found.id], columns["due_at"] = attempt, None
        subscriptions.change(tx, scope, found.id, expected_version=found.version, **columns)
        event.record(tx, runtime, scope, "payment_method.updated", found.id, at=now, **event.of_subscription(paid_by))
        if found.id == subscription_id:
            notice.add(tx, runtime, scope, "card_updated", found.id, now=now, **notice.of_subscription(paid_by))
    audit.record(tx, scope, actor="buyer", action="card.updated", subject=subscription_id, now=runtime.clock())
    return begun


def _charged_alike(tx: sa.Connection, scope: BuyerScope, subscription_id: str) -> tuple[Subscription, ...]:
    """The subscription and the buyer's others that the same card is charged for, locked in one order whichever it is asked for."""
    found = subscriptions.get(tx, scope, subscription_id)
    if found.customer_reference is None or found.method_reference is None:
        return (subscriptions.lock(tx, scope, subscription_id),)
    alike = subscriptions.lock_using_card(tx, scope, found.customer_reference, found.method_reference)
    if any(one.id == subscription_id for one in alike):
        return alike
    return (subscriptions.lock(tx, scope, subscription_id),)  # it got another card meanwhile, or is over


def _recover(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, paid_by: Subscription, now: datetime) -> Begun | None:
    """Another try at an overdue payment with the new card; None where there is nothing to try, or no more may be charged today."""
    if paid_by.status != "past_due":
        return None
    owed, _ = payments.of_subscription_now(tx, scope, paid_by.id)
    if owed is None or owed.status != "failed":
        return None
    try:
        delay = charging.IN_REQUEST_DELAY_SECONDS
        return charging.begin(tx, runtime, scope, owed, paid_by, on_session=True, now=now, delay_seconds=delay)
    except Refused:  # too_many_charges: the ladder goes on
        return None


def _finished(
    runtime: Runtime, scope: BuyerScope, setup_id: str, subscription_id: str, *, begun: Begun | None = None, outcome: Outcome | None = None
) -> Finished:
    with runtime.database.read() as connection:
        visit = setups.get(connection, scope, setup_id)
        card = subscriptions.get(connection, scope, subscription_id).method if visit.status == "completed" else None
    return Finished(subscription_id, visit.status, card, None if begun is None else begun.payment.id, outcome)
