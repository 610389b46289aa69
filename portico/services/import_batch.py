"""What one transaction of an import knows, and what it will write.

`load` reads everything a batch of lines refers to in a handful of statements; the rules (`import_rules`, `import_payment_rules`)
then work in memory, line by line; `write` puts the new and changed rows down in the order the foreign keys ask for.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, TypeVar, cast

import sqlalchemy as sa

from portico.domain.buyer import canonical_email
from portico.domain.errors import Invalid, Refused
from portico.domain.ids import Prefix
from portico.domain.order import settled_status
from portico.domain.scope import StoreScope
from portico.services import import_format as f
from portico.storage import import_rows as r
from portico.storage import importing as rows

Outcome = Literal["new", "changed", "unchanged"]
Kind = TypeVar("Kind", bound=tuple[Any, ...])

WORDS: dict[type[Any], str] = {
    r.ProductGroupRow: "product group",
    r.ProductRow: "product",
    r.BuyerRow: "buyer",
    r.OrderRow: "order",
    r.SubscriptionRow: "subscription",
    r.PaymentRow: "payment",
    r.RefundRow: "refund",
}
# What a later line may move; everything else of a stored row stays as it is.
CHANGEABLE: dict[type[Any], tuple[str, ...]] = {
    r.ProductGroupRow: ("name",),
    r.ProductRow: (
        "name", "description", "group_id", "tax_category", "active", "quantity_min", "quantity_max", "pause_periods_max",
        "trial_days", "metadata",
    ),
    r.BuyerRow: ("name",),
    r.OrderRow: ("status",),
    r.SubscriptionRow: (
        "product_id", "product_name", "status", "interval", "quantity", "unit_minor", "tax_rate", "tax_reason", "anchor", "period_index",
        "period_start", "period_end", "trial_end", "change_kind", "change_at", "change_product_id", "method_brand", "method_last4",
        "method_expiry_month", "method_expiry_year", "ended_at",
        "change_unit_minor", "resumes_at", "managed", "customer_reference", "method_reference", "due_at", "remind_at", "retry_step",
        "failing_since",
    ),
    r.PaymentRow: (
        "refunded_minor", "status", "succeeded_at", "method_brand", "method_last4", "method_expiry_month", "method_expiry_year",
    ),
    r.RefundRow: ("status", "reason"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment that has succeeded in this batch and gets its documents, with the tax it was charged with, and the number of
    the invoice that it has had already."""

    payment_id: str
    tax_rate: str
    tax_reason: str
    invoice_number: str | None


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A refund that has succeeded in this batch and gets its credit note: of a payment of which `before_minor` was given back earlier.
    `number` is that of the credit note that it has had already."""

    refund_id: str
    payment_id: str
    amount_minor: int
    before_minor: int
    at: datetime
    number: str | None


@dataclass(slots=True)
class Batch:
    """Rows by the merchant's id (`known`) and by ours (`by_id`), and the new and changed ones among them by kind."""

    scope: StoreScope
    now: datetime
    new_id: Callable[[Prefix], str]
    retry_days: tuple[int, ...]
    known: dict[type[Any], dict[str, Any]] = field(default_factory=lambda: {kind: {} for kind in WORDS})
    by_id: dict[str, Any] = field(default_factory=dict[str, Any])
    buyers_by_email: dict[str, r.BuyerRow] = field(default_factory=dict[str, r.BuyerRow])
    subscriptions_by_order: dict[str, r.SubscriptionRow] = field(default_factory=dict[str, r.SubscriptionRow])
    prices: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])
    given_back: dict[str, int] = field(default_factory=dict[str, int])
    attempts: dict[str, int] = field(default_factory=dict[str, int])
    periods: dict[str, dict[datetime, tuple[datetime, str | None]]] = field(
        default_factory=dict[str, dict[datetime, tuple[datetime, str | None]]]
    )
    events: dict[str, tuple[int, str]] = field(default_factory=dict[str, tuple[int, str]])
    invoice_numbers: dict[str, str] = field(default_factory=dict[str, str])  # of payments that were invoiced elsewhere
    credit_note_numbers: dict[str, str] = field(default_factory=dict[str, str])  # of refunds that were credited elsewhere
    holders: dict[str, str | None] = field(default_factory=dict[str, str | None])  # number -> the merchant's id of the payment
    new: dict[type[Any], dict[str, Any]] = field(default_factory=lambda: {kind: {} for kind in WORDS})
    changed: dict[type[Any], dict[str, Any]] = field(default_factory=lambda: {kind: {} for kind in WORDS})
    repriced: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])
    new_attempts: list[r.AttemptRow] = field(default_factory=list[r.AttemptRow])
    new_events: list[r.SubscriptionEventRow] = field(default_factory=list[r.SubscriptionEventRow])
    refunded_orders: set[str] = field(default_factory=set[str])
    paid: list[Paid] = field(default_factory=list[Paid])
    refunded: list[GivenBack] = field(default_factory=list[GivenBack])

    def find(self, kind: type[Kind], own_id: str) -> Kind | None:
        """The row by the merchant's id: stored, or made by an earlier line."""
        return self.known[kind].get(own_id)

    def need(self, kind: type[Kind], own_id: str) -> Kind:
        """Like `find`, for a row that a line refers to. Raises Refused("unknown_reference")."""
        row = self.known[kind].get(own_id)
        if row is None:
            raise Refused("unknown_reference", f"there is no {WORDS[kind]} {own_id!r}, neither stored nor on an earlier line")
        return row

    def add(self, row: Any) -> Outcome:
        """A row that this batch will insert."""
        self.new[type(row)][row.id] = row
        self.remember(row)
        return "new"

    def revise(self, row: Any, **values: object) -> Outcome:
        """Changes a row that is stored, or that an earlier line has made."""
        revised = row._replace(**values)
        if revised == row:
            return "unchanged"
        kind = cast("type[Any]", type(row))
        (self.new if row.id in self.new[kind] else self.changed)[kind][row.id] = revised
        self.remember(revised)
        return "changed"

    def touch(self, row_id: str) -> None:
        """Has a stored row written again, as it is: what hangs on it changes, and it counts its changes."""
        row = self.by_id[row_id]
        kind = cast("type[Any]", type(row))
        if row_id not in self.new[kind]:
            self.changed[kind].setdefault(row_id, row)

    def remember(self, row: Any) -> None:
        """Makes a row findable."""
        self.by_id[row.id] = row
        if row.external_id is not None:
            self.known[type(row)][row.external_id] = row
        if isinstance(row, r.BuyerRow):
            self.buyers_by_email[row.email] = row
        elif isinstance(row, r.SubscriptionRow):
            self.subscriptions_by_order[row.order_id] = row


@lru_cache(20_000)
def email_of(text: str) -> str:
    """The canonical address. Raises Refused("email_format")."""
    try:
        return canonical_email(text)
    except Invalid as error:
        raise Refused("email_format", "the e-mail address is not one that mail can be sent to, such as name@example.com") from error


def load(
    tx: sa.Connection,
    scope: StoreScope,
    lines: Iterable[f.Line],
    *,
    now: datetime,
    new_id: Callable[[Prefix], str],
    retry_days: tuple[int, ...],
) -> Batch:
    """A batch that knows every stored row its lines are about or refer to."""
    batch = Batch(scope, now, new_id, retry_days)
    wanted = _references(lines)

    def fetch(kind: type[Any], by: str, values: Iterable[str]) -> None:
        for row in rows.find(tx, scope, kind, by, values):
            batch.remember(row)

    def rows_of(kind: type[Any]) -> list[Any]:
        return [row for row in batch.by_id.values() if isinstance(row, kind)]

    for kind in (r.ProductGroupRow, r.ProductRow, r.BuyerRow, r.OrderRow, r.SubscriptionRow, r.PaymentRow, r.RefundRow):
        fetch(kind, "external_id", wanted[kind])
    fetch(r.BuyerRow, "email", wanted["email"])
    fetch(r.OrderRow, "id", (payment.order_id for payment in rows_of(r.PaymentRow)))
    orders = rows_of(r.OrderRow)
    fetch(r.SubscriptionRow, "order_id", (order.id for order in orders if order.kind == "subscription"))
    fetch(r.BuyerRow, "id", (order.buyer_id for order in orders))
    fetch(r.ProductRow, "id", (order.product_id for order in orders))
    subscriptions, payments = [s.id for s in rows_of(r.SubscriptionRow)], [p.id for p in rows_of(r.PaymentRow)]
    batch.prices = rows.prices(tx, (product.id for product in rows_of(r.ProductRow)))
    batch.given_back = rows.given_back(tx, payments)
    batch.attempts = rows.attempt_counts(tx, (p.id for p in rows_of(r.PaymentRow) if p.status == "pending"))
    batch.invoice_numbers = rows.numbered_elsewhere(tx, (p.id for p in rows_of(r.PaymentRow) if p.status == "succeeded"))
    batch.credit_note_numbers = rows.credited_elsewhere(tx, (refund.id for refund in rows_of(r.RefundRow) if refund.status == "succeeded"))
    batch.holders = rows.holders(tx, scope, wanted["number"])
    batch.periods = rows.paid_periods(tx, subscriptions)
    batch.events = rows.last_events(tx, subscriptions)
    return batch


def write(tx: sa.Connection, batch: Batch) -> None:
    """Inserts and updates all the batch has made. Raises Conflict when a constraint refuses."""
    for kind in (r.ProductGroupRow, r.ProductRow):
        _put(tx, batch, kind)
    rows.drop_prices(tx, list(batch.repriced))
    new_prices = [r.PriceRow(product, currency, minor) for product, by in batch.repriced.items() for currency, minor in by.items()]
    rows.insert_many(tx, r.PriceRow, new_prices)
    for kind in (r.BuyerRow, r.OrderRow, r.SubscriptionRow):
        _put(tx, batch, kind)
    rows.insert_many(tx, r.SubscriptionEventRow, batch.new_events)
    _put(tx, batch, r.PaymentRow)
    rows.insert_many(tx, r.AttemptRow, batch.new_attempts)
    _put(tx, batch, r.RefundRow)
    _settle(tx, batch)


def _put(tx: sa.Connection, batch: Batch, kind: type[Any]) -> None:
    rows.insert_many(tx, kind, list(batch.new[kind].values()))
    rows.update_many(tx, kind, CHANGEABLE[kind], list(batch.changed[kind].values()))


def _settle(tx: sa.Connection, batch: Batch) -> None:
    """A one-time order's status follows what was given back of it."""
    settled: list[r.OrderRow] = []
    for order_id, refunded_minor in rows.refunded_by_order(tx, batch.refunded_orders).items():
        order = cast("r.OrderRow", batch.by_id[order_id])
        settled.append(order._replace(status=settled_status(order.total_minor, min(refunded_minor, order.total_minor))))
    rows.update_many(tx, r.OrderRow, ("status",), settled)


def _references(lines: Iterable[f.Line]) -> dict[Any, set[str]]:
    """The merchant's ids by kind, the e-mail addresses and the numbers of documents that a batch needs to look up."""
    wanted: dict[Any, set[str]] = {kind: set() for kind in (*WORDS, "email", "number")}
    for line in lines:
        match line:
            case f.ProductGroupLine():
                wanted[r.ProductGroupRow].add(line.id)
            case f.ProductLine():
                wanted[r.ProductRow].add(line.id)
                wanted[r.ProductGroupRow].update(filter(None, [line.group]))
            case f.BuyerLine():
                wanted[r.BuyerRow].add(line.id)
                wanted["email"].update(_email_or_none(line))
            case f.OrderLine():
                wanted[r.OrderRow].add(line.id)
                wanted[r.BuyerRow].add(line.buyer)
                wanted[r.ProductRow].add(line.product)
            case f.SubscriptionLine():
                wanted[r.SubscriptionRow].add(line.id)
                wanted[r.OrderRow].add(line.order)
                change = line.scheduled_change
                wanted[r.ProductRow].update(filter(None, [line.product, change.product if change else None]))
            case f.PaymentLine():
                wanted[r.PaymentRow].add(line.id)
                wanted[r.OrderRow].add(line.order)
                wanted["number"].update(filter(None, [line.invoice_number]))
            case f.RefundLine():
                wanted[r.RefundRow].add(line.id)
                wanted[r.PaymentRow].add(line.payment)
                wanted["number"].update(filter(None, [line.credit_note_number]))
    return wanted


def _email_or_none(line: f.BuyerLine) -> list[str]:
    try:
        return [email_of(line.email)]
    except Refused:
        return []  # the line itself will be refused, with its reason
