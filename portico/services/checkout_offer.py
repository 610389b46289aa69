"""What a checkout offers to whom: the price with its tax, and the trial."""

from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from portico.domain.billing_detail import BillingDetail
from portico.domain.catalog import Interval, Product
from portico.domain.checkout import CheckoutSession
from portico.domain.errors import FieldError, Invalid
from portico.domain.order import Order
from portico.domain.scope import BuyerScope, StoreScope
from portico.domain.tax import Taxation, TaxLine, tax_line
from portico.services import taxation
from portico.storage import checkout as checkouts
from portico.storage import product as products
from portico.storage import product_group as groups
from portico.storage.store import StoreRow

# A store without a table says nothing of tax, and so charges none: what it sells here is outside of every scope it has told us of.
UNTAXED = Taxation("0", "outside_scope")
_NOBODY = ""  # a stranger's VAT id has no history


@dataclass(frozen=True, slots=True)
class Offer:
    """Amounts are minor units of `currency`, per `interval` where there is one; `net_minor + tax_minor = total_minor`. With
    `trial_days` nothing is charged before they are over."""

    currency: str
    unit_minor: int
    quantity: int
    interval: Interval | None
    tax: TaxLine
    trial_days: int

    @property
    def net_minor(self) -> int:
        return self.tax.base_minor

    @property
    def tax_minor(self) -> int:
        return self.tax.tax_minor

    @property
    def total_minor(self) -> int:
        return self.tax.base_minor + self.tax.tax_minor

    @property
    def due_now_minor(self) -> int:
        """What is charged today."""
        return 0 if self.trial_days else self.total_minor

    @property
    def taxation(self) -> Taxation:
        return Taxation(self.tax.rate, self.tax.reason, self.tax.country, self.tax.note)


def work_out(  # noqa: PLR0917
    tx: sa.Connection,
    store: StoreRow,
    scope: StoreScope,
    session: CheckoutSession,
    product: Product,
    detail: BillingDetail,
    *,
    known: BuyerScope | None,
    now: datetime,
) -> Offer:
    """What is offered to somebody with these billing details, at `now` of the store's time. `known` is the buyer where it is certain
    who he is; of everybody else nothing is looked up, so that a page tells no stranger about a buyer.

    Raises Invalid on `country` where the store's table has no tax for it: what tax is due has to be known before anything is sold.
    """
    asking = known or BuyerScope(scope.store_id, scope.environment, _NOBODY)
    decided: Taxation | None = UNTAXED
    terms = taxation.of_detail(tx, store, asking, detail)
    if terms is not None:
        if known is None and taxation.is_refused_here(tx, store, scope, detail):
            terms = replace(terms, vat_id_refused=True)
        decided = terms.at(product.tax_category, now)
    if decided is None:
        raise Invalid([FieldError("country", "country_not_served", country=detail.country)])
    trial_days = trial_of(tx, scope, session, product, known)
    return Offer(
        session.currency,
        session.unit_minor,
        session.quantity,
        product.interval,
        tax_line(session.unit_minor * session.quantity, decided),
        trial_days,
    )


def taxation_of(tx: sa.Connection, store: StoreRow, scope: BuyerScope, order: Order) -> Taxation:
    """How something that was bought once is taxed: as its order says, which keeps rate and reason, and where that is what the table
    says still, with its country and note."""
    terms = taxation.of_detail(tx, store, scope, order.billing_detail)
    decided = None if terms is None else terms.at(products.get(tx, scope, order.product_id).tax_category, order.created_at)
    said = Taxation(order.tax_rate, order.tax_reason)
    return decided if decided is not None and (decided.rate, decided.reason) == (said.rate, said.reason) else said


def trial_of(tx: sa.Connection, scope: StoreScope, session: CheckoutSession, product: Product, known: BuyerScope | None) -> int:
    """The days of the trial: none for a buyer who has had one of the product, or of its group where a trial is shared. What costs
    nothing needs none."""
    if session.trial_days == 0 or session.unit_minor == 0 or known is None:
        return session.trial_days if session.unit_minor else 0
    return 0 if checkouts.trial_had(tx, known, sharing_a_trial(tx, scope, product)) else session.trial_days


def sharing_a_trial(tx: sa.Connection, scope: StoreScope, product: Product) -> tuple[str, ...]:
    """The products whose trial is the product's own."""
    if product.group_id is None or not groups.get(tx, scope, product.group_id).shared_trial:
        return (product.id,)
    return groups.product_ids(tx, scope, [product.group_id])[product.group_id]
