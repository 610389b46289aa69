"""Tax what is sold by a store's own table, for stores that have one in use; all others tax as their sales were brought in.

The tax of a subscription's row is that of its next charge. It is worked out anew when the buyer's billing details change, when the
store changes its table, and whenever a period is billed; each payment keeps its own, which is what documents print. Where the table says
nothing, what the subscription had stays, and `portico check` warns.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from portico.domain import place_of_supply
from portico.domain.billing_detail import BillingDetail
from portico.domain.ids import is_id
from portico.domain.invoice import Seller
from portico.domain.scope import BuyerScope, StoreScope
from portico.domain.subscription import Subscription, next_charge, taxed_as
from portico.domain.tax import Taxation, TaxPolicy, TaxRule
from portico.services import store_time
from portico.services.runtime import Runtime
from portico.storage import order as orders
from portico.storage import product as products
from portico.storage import store as stores
from portico.storage import subscription as subscriptions
from portico.storage import tax_id_check, tax_rate, taxed
from portico.storage.store import StoreRow
from portico.storage.taxed import Taxed

MOST_REFUSED = 2  # ids of one buyer that the register did not know: typing mistakes


@dataclass(frozen=True, slots=True)
class Terms:
    """All that decides how what a buyer buys is taxed. `order_rate` is what was said when he ordered."""

    seller: Seller
    time_zone: str
    policy: TaxPolicy
    rules: tuple[TaxRule, ...]
    detail: BillingDetail
    vat_id_refused: bool = False
    order_rate: str | None = None

    def of(self, category: str, on: date) -> Taxation | None:
        """The tax of a category of products on a day; None where the table says nothing."""
        return place_of_supply.taxation(
            seller=self.seller,
            buyer=self.detail,
            category=category,
            rules=self.rules,
            policy=self.policy,
            on=on,
            vat_id_refused=self.vat_id_refused,
        )

    def at(self, category: str, moment: datetime) -> Taxation | None:
        """The same at a moment, on the day that it is for the store."""
        return self.of(category, moment.astimezone(ZoneInfo(self.time_zone)).date())

    def taxed(self, subscription: Subscription, category: str, moment: datetime) -> Subscription:
        """The subscription with the tax of a moment; what it had where the table says nothing."""
        decided = self.at(category, moment)
        return subscription if decided is None else taxed_as(subscription, decided)

    def taxed_next(self, subscription: Subscription, category: str, now: datetime) -> Subscription:
        """The subscription with the tax of the day of its next charge, or of today when there is none or it is late."""
        charge = next_charge(subscription)
        return self.taxed(subscription, category, now if charge is None else max(now, charge.at))


def of_sale(  # noqa: PLR0917  # it is a sale that these six say
    tx: sa.Connection, store: StoreRow, scope: BuyerScope, detail: BillingDetail, product_id_or_category: str, on: date
) -> Taxation | None:
    """How a sale to a buyer with these billing details is taxed on a day. None when the store has no table in use, or it says nothing.
    Raises NotFound for a product that is not the store's."""
    terms = of_detail(tx, store, scope, detail)
    if terms is None:
        return None
    category = product_id_or_category
    if is_id("PROD", category):
        category = products.get(tx, scope, category).tax_category
    return terms.of(category, on)


def of_detail(
    tx: sa.Connection, store: StoreRow, scope: BuyerScope, detail: BillingDetail, *, order_rate: str | None = None
) -> Terms | None:
    """What decides the tax of sales to a buyer with these billing details; None when the store has no table in use."""
    if store.tax_policy is None:
        return None
    refused = _is_refused(tx, scope, detail, store.tax_policy)
    return Terms(store.seller, store.time_zone, store.tax_policy, tax_rate.of_store(tx, store.id), detail, refused, order_rate)


def is_refused_here(tx: sa.Connection, store: StoreRow, scope: StoreScope, detail: BillingDetail) -> bool:
    """Whether the register does not know the VAT id of somebody of whom nothing else is known, as it told of any of the store's buyers.
    What an id is worth is no secret of theirs; else a made-up one would be believed of each new address again."""
    policy = store.tax_policy
    is_looked_up = policy is not None and policy.check_vat_ids and detail.is_business and bool(detail.tax_id)
    return is_looked_up and tax_id_check.is_refused_here(tx, scope, detail.tax_id)


def of_order(tx: sa.Connection, store: StoreRow, scope: BuyerScope, order_id: str) -> Terms | None:
    """The same for what is charged under an order: by the details that its documents are made out to. Raises NotFound."""
    if store.tax_policy is None:
        return None
    ordered, _, own = orders.with_buyer(tx, scope, order_id)
    return of_detail(tx, store, scope, billed_to(own, ordered.billing_detail), order_rate=ordered.tax_rate)


def billed_to(own: BillingDetail, ordered_for: BillingDetail) -> BillingDetail:
    """Whom the documents of a subscription are made out to: the buyer's details of today where they say enough, which is who, and in
    which country; else those of the order."""
    return own if own.country and (own.name or own.business_name) else ordered_for


def refreshed(tx: sa.Connection, store: StoreRow, scope: BuyerScope, subscription: Subscription, *, now: datetime) -> Subscription:
    """The subscription as its next charge is taxed by what is known now; nothing is written. The same for a store without a table."""
    terms = of_order(tx, store, scope, subscription.order_id)
    if terms is None:
        return subscription
    return terms.taxed_next(subscription, products.get(tx, scope, subscription.product_id).tax_category, now)


def refresh(tx: sa.Connection, runtime: Runtime, store: StoreRow, scope: BuyerScope, detail: BillingDetail) -> None:
    """Taxes the next charge of each of a buyer's subscriptions by billing details that are saved in this transaction. One whose tax
    is another than before has a new version: what was shown of it holds no longer."""
    if store.tax_policy is None:
        return
    now, rules = store_time.now(runtime, store, scope.environment), tax_rate.of_store(tx, store.id)
    for found in taxed.of_buyer_locked(tx, scope):
        _write(tx, found, _terms_of(tx, store, store.tax_policy, rules, found, own=detail), now)


def refresh_store(runtime: Runtime, store_id: str) -> int:
    """The same for all subscriptions of a store, after it changed its table or its policy, some at a time; how many are taxed
    otherwise. One that somebody is working on is left out: it is taxed anew when it is billed."""
    with runtime.database.read() as connection:
        store = stores.get(connection, store_id)
        rules = tax_rate.of_store(connection, store_id) if store.tax_policy is not None else ()
    changed, after = 0, ""
    while store.tax_policy is not None:
        with runtime.database.transaction() as tx:
            found = taxed.slice_of_store(tx, store_id, after, lock=True)
            for one in found:
                now = store_time.now(runtime, store, one.scope.environment)
                changed += _write(tx, one, _terms_of(tx, store, store.tax_policy, rules, one, own=one.own), now)
        if not found:
            break
        after = found[-1].subscription.id
    return changed


def undecided(tx: sa.Connection, now: datetime) -> Iterator[tuple[str, str]]:
    """Subscriptions of stores with a table in use of which it doesn't say how they are taxed, each with where the buyer is."""
    for store in stores.every(tx):
        if store.tax_policy is None:
            continue
        rules = tax_rate.of_store(tx, store.id)
        for found in taxed.of_store(tx, store.id):
            terms = _terms_of(tx, store, store.tax_policy, rules, found, own=found.own)
            if terms.at(found.category, now + store.test_offset if found.scope.environment == "test" else now) is None:
                yield found.subscription.id, " ".join(filter(None, (terms.detail.country, terms.detail.state)))


def _terms_of(
    tx: sa.Connection, store: StoreRow, policy: TaxPolicy, rules: tuple[TaxRule, ...], found: Taxed, *, own: BillingDetail
) -> Terms:
    detail = billed_to(own, found.ordered_for)
    return Terms(store.seller, store.time_zone, policy, rules, detail, _is_refused(tx, found.scope, detail, policy))


def _write(tx: sa.Connection, found: Taxed, terms: Terms, now: datetime) -> bool:
    was = found.subscription
    will_be = terms.taxed_next(was, found.category, now).taxation
    if will_be == was.taxation:
        return False
    subscriptions.change(
        tx, found.scope, was.id, expected_version=was.version, tax_rate=will_be.rate, tax_reason=will_be.reason,
        tax_country=will_be.country, tax_note=will_be.note,
    )  # fmt: skip
    return True


def _is_refused(tx: sa.Connection, scope: BuyerScope, detail: BillingDetail, policy: TaxPolicy) -> bool:
    """Whether the register's last answer is that there is no such VAT id. Who has shown some that it doesn't know is believed no more
    before it has answered: else a new one for every charge would never be taxed."""
    if not policy.check_vat_ids or not detail.is_business or not detail.tax_id:
        return False
    return tax_id_check.is_doubted(tx, scope, detail.tax_id, most_refused=MOST_REFUSED)
