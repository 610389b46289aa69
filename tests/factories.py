"""Rows for tests, written straight into the tables. Every method takes any column by name and fills in the rest."""

import random
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from typing import Any

import sqlalchemy as sa

from portico.app import id_maker
from portico.domain import invoice
from portico.domain.calendar import period_bounds
from portico.domain.invoice import PAYMENT_KINDS, SERIES_PREFIX, Document, DocumentContent, DocumentKind, Seller
from portico.domain.money import round_half_up
from portico.domain.scope import BuyerScope, Environment, StoreScope
from portico.domain.tax import tax_on
from portico.storage import document, numbering, order, payment, subscription, tables
from portico.storage.database import Database

SELLER = {
    "legal_name": "Nordlicht Software GmbH",
    "line1": "Hafenstraße 7",
    "line2": "",
    "city": "Hamburg",
    "postal_code": "20457",
    "state": "",
    "country": "DE",
    "tax_id": "DE136695976",
    "registration": "HRB 12345",
    "email": "hello@nordlicht.example",
    "website": "nordlicht.example",
}
BILLING_DETAIL = {
    "country": "DE",
    "name": "Ada Lovelace",
    "is_business": False,
    "business_name": "",
    "tax_id": "",
    "line1": "Unter den Linden 1",
    "line2": "",
    "city": "Berlin",
    "state": "",
    "postal_code": "10117",
}
# How to reach the card at a provider, for subscriptions that Portico bills.
CARD = {"customer_reference": "cus_1", "method_reference": "pm_1"}
METHOD = {"method_brand": "visa", "method_last4": "4242", "method_expiry_month": 12, "method_expiry_year": 2029}


class Factory:
    """Ids are the same in every run. The amounts of an order default to 29.00 EUR net and 19 % tax."""

    def __init__(self, database: Database, now: datetime) -> None:
        self.database, self.now = database, now
        self.new_id = id_maker(lambda: now, random.Random(7).randbytes)
        self._made = 0

    def store(self, **columns: Any) -> StoreScope:
        """A merchant with a store; the scope of its `test` environment (`prod` is `environment="prod"`)."""
        environment: Environment = columns.pop("environment", "test")
        merchant = {"id": self.new_id("MER"), "name": "Nordlicht", "created_at": self.now}
        store = {
            "id": self.new_id("STO"),
            "merchant_id": merchant["id"],
            "slug": f"nordlicht-{self._next()}",
            "name": "Nordlicht",
            "locale": "en",
            "time_zone": "Europe/Berlin",
            "support_email": "help@nordlicht.example",
            "accent_color": "#2457d6",
            "seller": SELLER,
            "created_at": self.now,
        } | columns
        self._insert(tables.merchant, merchant)
        self._insert(tables.store, store)
        return StoreScope(store["id"], environment)

    def buyer(self, store: StoreScope | None = None, **columns: Any) -> BuyerScope:
        """A buyer of `store` (a new one if none is given)."""
        store = store or self.store()
        row = (
            self._scope(store)
            | {
                "id": self.new_id("BUY"),
                "email": f"buyer{self._next()}@example.com",
                "external_id": None,
                "name": "Ada Lovelace",
                "locale": None,
                "billing_detail": BILLING_DETAIL,
                "billing_version": 1,
                "created_at": self.now,
            }
            | columns
        )
        self._insert(tables.buyer, row)
        return BuyerScope(store.store_id, store.environment, row["id"])

    def product(self, store: StoreScope, *, prices: dict[str, int] | None = None, **columns: Any) -> str:
        """A one-time product, or a subscription one when `kind="subscription"`; its id."""
        recurring = columns.get("kind") == "subscription"
        row = (
            self._scope(store)
            | {
                "id": self.new_id("PROD"),
                "external_id": f"product-{self._next()}",
                "name": "Atlas",
                "description": "",
                "kind": "one_time",
                "interval": "month" if recurring else None,
                "group_id": None,
                "tax_category": "saas",
                "active": True,
                "created_at": self.now,
            }
            | columns
        )
        self._insert(tables.product, row)
        for currency, amount_minor in ({"EUR": 2900} if prices is None else prices).items():
            self._insert(tables.price, {"product_id": row["id"], "currency": currency, "amount_minor": amount_minor})
        return row["id"]

    def group(self, store: StoreScope, **columns: Any) -> str:
        """A product group; its id."""
        named = {"id": self.new_id("GRP"), "external_id": f"group-{self._next()}", "name": "Plans", "created_at": self.now}
        row = self._scope(store) | named | columns
        self._insert(tables.product_group, row)
        return row["id"]

    def plans(self, store: StoreScope, prices: dict[str, int], *, currency: str = "EUR", **columns: Any) -> dict[str, str]:
        """Monthly plans of one group (a new one if no `group_id` is given) that buyers may switch between: {"Starter": 1000} is a
        plan at 10.00 a month. Their ids by name."""
        group_id = columns.pop("group_id", None) or self.group(store)
        common = {"kind": "subscription", "group_id": group_id, **columns}
        return {name: self.product(store, name=name, prices={currency: minor}, **common) for name, minor in prices.items()}

    def order(self, buyer: BuyerScope, **columns: Any) -> str:
        """A completed one-time order without a payment; its id."""
        kind = columns.get("kind", "one_time")
        product_id = columns.pop("product_id", None) or self.product(buyer, kind=kind)
        row = (
            self._scope(buyer)
            | {
                "id": self.new_id("ORD"),
                "buyer_id": buyer.buyer_id,
                "external_id": None,
                "kind": kind,
                "product_id": product_id,
                "product_name": "Atlas",
                "quantity": 1,
                "currency": "EUR",
                "net_minor": 2900,
                "tax_minor": 551,
                "total_minor": 3451,
                "tax_rate": "19",
                "tax_reason": "standard",
                "status": "completed",
                "billing_detail": BILLING_DETAIL,
                "created_at": self.now,
            }
            | columns
        )
        self._insert(tables.order, row)
        return row["id"]

    def subscription(self, buyer: BuyerScope, **columns: Any) -> str:
        """An active monthly subscription in its first period, with its order and its first history row; its id.

        Its name, interval and price are those of `product_id` if one is given, else 29.00 EUR a month. With `managed=True` Portico
        bills it: from the card CARD (none with `method_reference=None`), next when its period or its trial ends, if nothing else
        is given as `due_at`. Without payments; see `period_payment`.
        """
        status, product_id = columns.get("status", "active"), columns.pop("product_id", None)
        name, interval, unit_minor = self._plan(product_id, columns.get("currency", "EUR"))
        interval, unit_minor = columns.get("interval", interval), columns.get("unit_minor", unit_minor)
        product_id = product_id or self.product(buyer, kind="subscription", interval=interval)
        amounts = self._amounts(unit_minor * columns.get("quantity", 1), columns.get("tax_rate", "19"))
        carrier = {"product_id": product_id, "product_name": name, "status": status, "currency": columns.get("currency", "EUR"), **amounts}
        order_id = columns.pop("order_id", None) or self.order(buyer, kind="subscription", **carrier)
        anchor, index = columns.get("anchor", self.now), columns.get("period_index", 0)
        start, end = period_bounds(anchor, interval, index)
        row = (
            self._scope(buyer)
            | METHOD
            | self._billing(columns, columns.get("period_end", end))
            | {
                "id": self.new_id("SUB"),
                "buyer_id": buyer.buyer_id,
                "external_id": None,
                "order_id": order_id,
                "product_id": product_id,
                "product_name": name,
                "status": status,
                "interval": interval,
                "quantity": 1,
                "currency": "EUR",
                "unit_minor": unit_minor,
                "tax_rate": "19",
                "tax_reason": "standard",
                "anchor": anchor,
                "period_index": index,
                "period_start": start,
                "period_end": end,
                "trial_end": None,
                "change_kind": None,
                "change_at": None,
                "change_product_id": None,
                "created_at": self.now,
                "ended_at": None,
            }
            | columns
        )
        self._insert(tables.subscription, row)
        history = {"from_status": None, "to_status": status, "cause": "created", "actor": "import", "at": self.now}
        self._insert(tables.subscription_event, {"subscription_id": row["id"], "sequence": 1, **history})
        return row["id"]

    def period_payment(self, buyer: BuyerScope, subscription_id: str, *, documents: bool = True, **columns: Any) -> str:
        """The payment for a subscription's current period, at its price, by its card, with keys; its id. Succeeded, with its
        documents, unless a `status` is given."""
        with self.database.read() as tx:
            found = subscription.get(tx, buyer, subscription_id)
        of_period = {"period_start": found.period_start, "period_end": found.period_end, "currency": found.currency}
        amounts = self._amounts(found.unit_minor * found.quantity, found.tax_rate)
        status = columns.get("status", "succeeded")
        attempts = columns.pop("attempts", () if status == "canceled" else (status,))
        row = {"subscription_id": subscription_id, **of_period, **amounts, **columns}
        payment_id = self.payment(buyer, found.order_id, attempts=attempts, keyed=True, **row)
        if status == "succeeded" and documents:
            for kind in PAYMENT_KINDS:
                self.document(buyer, payment_id, kind=kind)
        return payment_id

    def payment(
        self, buyer: BuyerScope, order_id: str, *, attempts: tuple[str, ...] = ("succeeded",), keyed: bool = False, **columns: Any
    ) -> str:
        """A succeeded payment with one attempt; its id. `attempts` lists their statuses in order; `keyed`: they are our own, with a
        key ("PAY_...-1"), which pending ones always are, the card CARD, and a reference of the provider's once it has answered."""
        status = columns.get("status", "succeeded")
        row = (
            self._scope(buyer)
            | METHOD
            | {
                "id": self.new_id("PAY"),
                "buyer_id": buyer.buyer_id,
                "external_id": None,
                "purpose": _purpose(columns),
                "order_id": order_id,
                "subscription_id": None,
                "period_start": None,
                "period_end": None,
                "currency": "EUR",
                "net_minor": 2900,
                "tax_minor": 551,
                "total_minor": 3451,
                "refunded_minor": 0,
                "status": status,
                "created_at": self.now,
                "succeeded_at": self.now if status == "succeeded" else None,
            }
            | columns
        )
        self._insert(tables.payment, row)
        for sequence, outcome in enumerate(attempts, 1):
            failure = "card_declined" if outcome == "failed" else None
            tried = {"status": outcome, "failure_code": failure, "method_brand": "visa", "method_last4": "4242", "attempted_at": self.now}
            if keyed or outcome == "pending":
                key, answered = f"{row['id']}-{sequence}", outcome in ("succeeded", "failed", "canceled")
                tried |= {"key": key, "reference": f"ch_{key}" if answered else None, **CARD}
            self._insert(tables.payment_attempt, {"payment_id": row["id"], "sequence": sequence, **tried})
        return row["id"]

    def refund(self, buyer: BuyerScope, payment_id: str, **columns: Any) -> str:
        """A refund row; its id. The payment's and the order's own columns are left as they are."""
        row = (
            self._scope(buyer)
            | {
                "id": self.new_id("REF"),
                "buyer_id": buyer.buyer_id,
                "external_id": None,
                "payment_id": payment_id,
                "currency": "EUR",
                "amount_minor": 1000,
                "status": "succeeded",
                "reason": "requested",
                "created_at": self.now,
            }
            | columns
        )
        self._insert(tables.refund, row)
        return row["id"]

    def ticket(self, buyer: BuyerScope, payment_id: str, **columns: Any) -> str:
        """A buyer's request for 10.00 EUR of a payment, which waits for a decision; its id."""
        status = columns.get("status", "pending")
        row = (
            self._scope(buyer)
            | {
                "id": self.new_id("TKT"),
                "buyer_id": buyer.buyer_id,
                "payment_id": payment_id,
                "version": 1,
                "amount_minor": 1000,
                "currency": "EUR",
                "reason": "bought twice",
                "status": status,
                "note": "",
                "created_at": self.now,
                "updated_at": self.now,
                "decided_at": None if status == "pending" else self.now,
            }
            | columns
        )
        self._insert(tables.refund_ticket, row)
        return row["id"]

    def cancellation(self, buyer: BuyerScope, subscription_id: str, **columns: Any) -> str:
        """Why a subscription was canceled, effective at the end of its period; its id. The subscription is left as it is."""
        with self.database.read() as tx:
            found = subscription.get(tx, buyer, subscription_id)
        row = (
            self._scope(buyer)
            | {
                "id": self.new_id("CAN"),
                "buyer_id": buyer.buyer_id,
                "subscription_id": subscription_id,
                "reason_code": "too_expensive",
                "comment": "",
                "requested_at": self.now,
                "effective_at": found.period_end,
                "withdrawn_at": None,
                "actor": "buyer",
                "product_id": found.product_id,
                "interval": found.interval,
                "quantity": found.quantity,
                "net_minor": found.unit_minor * found.quantity,
                "currency": found.currency,
            }
            | columns
        )
        self._insert(tables.cancellation, row)
        return row["id"]

    def card_setup(self, buyer: BuyerScope, subscription_id: str | None, **columns: Any) -> str:
        """A visit to the provider's page for another card, still open; its id."""
        setup_id = columns.pop("id", None) or self.new_id("SET")
        row = (
            self._scope(buyer)
            | {
                "id": setup_id,
                "buyer_id": buyer.buyer_id,
                "subscription_id": subscription_id,
                "key": setup_id,
                "reference": f"cs_{setup_id}",
                "status": "open",
                "created_at": self.now,
                "completed_at": None,
            }
            | columns
        )
        self._insert(tables.card_setup, row)
        return setup_id

    def document(
        self,
        buyer: BuyerScope,
        payment_id: str,
        *,
        kind: DocumentKind = "invoice",
        issued_at: datetime | None = None,
        elsewhere: str | None = None,
    ) -> str:
        """An issued document for a payment, numbered from its series' counter or with the number it got `elsewhere`; its id."""
        issued_at = issued_at or self.now
        with self.database.transaction() as tx:
            paid = payment.get(tx, buyer, payment_id)
            bought = order.get(tx, buyer, paid.order_id)
            if elsewhere is None:
                series = f"{SERIES_PREFIX[kind]}-{issued_at.year}"
                sequence = numbering.next_number(tx, buyer, series)
                number = invoice.number(SERIES_PREFIX[kind], issued_at.year, sequence, buyer.environment == "test")
            else:
                series, sequence, number = None, None, elsewhere
            content = invoice.content_for_payment(
                kind,
                number=number,
                issued_at=issued_at,
                language="en",
                time_zone="Europe/Berlin",
                test=buyer.environment == "test",
                seller=Seller(**SELLER),
                buyer_email="ada@example.com",
                order=bought,
                payment=paid,
                tax_rate=bought.tax_rate,
                tax_reason=bought.tax_reason,
            )
            document_id = self.new_id("INV")
            issued = Document(document_id, kind, number, bought.id, payment_id, issued_at, "en", paid.currency, paid.total_minor, content)
            document.insert(tx, [document.Issue(buyer, issued, series, sequence)])
        return document_id

    def credit_note(
        self, buyer: BuyerScope, payment_id: str, refund_id: str, *, before_minor: int = 0, issued_at: datetime | None = None
    ) -> str:
        """The credit note for a refund of a payment that has its invoice, of which `before_minor` was given back earlier; its id."""
        issued_at = issued_at or self.now
        with self.database.transaction() as tx:
            paid, corrected = payment.get(tx, buyer, payment_id), document.newest_invoice(tx, buyer, payment_id)
            refund = next(refund for refund in paid.refunds if refund.id == refund_id)
            assert corrected.content
            series, document_id = f"CN-{issued_at.year}", self.new_id("INV")
            sequence = numbering.next_number(tx, buyer, series)
            content = invoice.content_for_refund(
                corrected.content,
                paid,
                number=invoice.number("CN", issued_at.year, sequence, buyer.environment == "test"),
                issued_at=issued_at,
                amount_minor=refund.amount_minor,
                before_minor=before_minor,
                refunded_at=issued_at,
            )
            issued = Document(
                document_id, "credit_note", content.number, paid.order_id, payment_id, issued_at, "en", paid.currency, refund.amount_minor,
                content, refund_id, corrected.id,
            )  # fmt: skip
            document.insert(tx, [document.Issue(buyer, issued, series, sequence)])
        return document_id

    def correction(
        self, buyer: BuyerScope, payment_id: str, *, untaxed_minor: int = 0, issued_at: datetime | None = None
    ) -> tuple[str, str]:
        """Corrects the invoice of a payment that holds, over what was kept of it: the ids of the credit note and the new invoice. With
        `untaxed_minor`, so much tax was given back, and the new one has none left."""
        issued_at = issued_at or self.now
        with self.database.transaction() as tx:
            paid, old = payment.get(tx, buyer, payment_id), document.newest_invoice(tx, buyer, payment_id)
            kept_minor = paid.total_minor - paid.refunded_minor
            shared = {"CN": kept_minor + untaxed_minor, "INV": kept_minor}
            series = {prefix: f"{prefix}-{issued_at.year}" for prefix in shared}
            places = {prefix: numbering.next_number(tx, buyer, name) for prefix, name in series.items()}
            numbers = {
                prefix: invoice.number(prefix, issued_at.year, place, buyer.environment == "test") for prefix, place in places.items()
            }
            made: dict[str, str] = {}
            for prefix, kind, counterpart in (("CN", "credit_note", "INV"), ("INV", "invoice", "CN")):
                content = _over(invoice.content_of(old), shared[prefix], untaxed=kind == "invoice" and untaxed_minor > 0)
                content = replace(
                    content, kind=kind, number=numbers[prefix], issued_at=issued_at, refers_to=old.number, refers_to_at=old.issued_at,
                    counterpart=numbers[counterpart],
                )  # fmt: skip
                made[prefix] = self.new_id("INV")
                issued = replace(
                    old, id=made[prefix], kind=kind, number=numbers[prefix], issued_at=issued_at, total_minor=shared[prefix],
                    content=content, corrects_id=old.id,
                )  # fmt: skip
                document.insert(tx, [document.Issue(buyer, issued, series[prefix], places[prefix])])
        return made["CN"], made["INV"]

    def _plan(self, product_id: str | None, currency: str) -> tuple[str, Any, int]:
        """Name, interval and price of a product."""
        if product_id is None:
            return "Atlas", "month", 2900
        named = sa.select(tables.product.c.name, tables.product.c.interval).where(tables.product.c.id == product_id)
        costs = sa.select(tables.price.c.amount_minor).where(tables.price.c.product_id == product_id, tables.price.c.currency == currency)
        with self.database.read() as tx:
            name, interval = tx.execute(named).one()
            return name, interval or "month", tx.execute(costs).scalar() or 2900

    def _billing(self, subscription: dict[str, Any], period_end: datetime) -> dict[str, Any]:
        """The columns of a subscription that Portico bills; none of one that is billed elsewhere."""
        if not subscription.get("managed"):
            return {}
        goes_on = subscription.get("status", "active") in ("trialing", "active", "canceling")
        return CARD | {"due_at": (subscription.get("trial_end") or period_end) if goes_on else None}

    def _amounts(self, net_minor: int, rate: str) -> dict[str, int]:
        tax_minor = tax_on(net_minor, rate)
        return {"net_minor": net_minor, "tax_minor": tax_minor, "total_minor": net_minor + tax_minor}

    def _scope(self, scope: StoreScope) -> dict[str, Any]:
        return {"store_id": scope.store_id, "environment": scope.environment}

    def _insert(self, table: sa.Table, row: dict[str, Any]) -> None:
        with self.database.transaction() as tx:
            tx.execute(table.insert(), row)

    def _next(self) -> int:
        self._made += 1
        return self._made


def _over(content: DocumentContent, total_minor: int, *, untaxed: bool) -> DocumentContent:
    """The same document over another total, as one position of its first line."""
    if total_minor == content.total_minor and not untaxed:
        return content
    share = 0 if untaxed else round_half_up(Fraction(content.tax_minor * total_minor, content.total_minor))
    net_minor, rate = total_minor - share, "0" if untaxed else content.taxes[0].rate
    line = replace(content.lines[0], quantity=1, unit_minor=net_minor, net_minor=net_minor, tax_rate=rate)
    tax = replace(content.taxes[0], rate=rate, base_minor=net_minor, tax_minor=share)
    if untaxed:
        tax = replace(tax, reason="reverse_charge")
    sums = {"net_minor": net_minor, "tax_minor": share, "total_minor": total_minor, "paid_minor": total_minor}
    return replace(content, lines=(line,), taxes=(tax,), **sums)


def _purpose(payment: dict[str, Any]) -> str:
    if payment.get("subscription_id") is None:
        return "purchase"
    return "change" if payment.get("period_start") is None else "period"
