"""What a mail is about: the facts written down when it happened, and the rows that have not changed since."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from portico.domain.cancellation import Cancellation
from portico.domain.catalog import Product
from portico.domain.document_line import counted
from portico.domain.invoice import Document
from portico.domain.order import Order
from portico.domain.payment import Payment, PaymentMethod, Refund, RefundTicket
from portico.domain.scope import BuyerScope
from portico.domain.subscription import Subscription
from portico.services.notice import Fact
from portico.storage import cancellation, document, order, payment, product, refund_ticket, subscription


@dataclass(frozen=True, slots=True)
class Matter:
    """`told` are the facts of then. The rest is read now: `payment` with its `order` and its `documents`, the `ticket` or `refund`
    of it, the `planned_product` of a scheduled change; and `subscription` as it is today."""

    told: Mapping[str, Fact]
    subscription: Subscription | None = None
    payment: Payment | None = None
    order: Order | None = None
    documents: tuple[Document, ...] = ()
    ticket: RefundTicket | None = None
    refund: Refund | None = None
    cancellation: Cancellation | None = None
    planned_product: Product | None = None

    @property
    def at(self) -> datetime:
        """When it happened, in the store's time."""
        return self.moment("at")

    @property
    def plan(self) -> str:
        """The plan it is about, with its quantity, as it was then."""
        return counted(self.text("plan"), self.number("quantity"))

    @property
    def paid_for(self) -> str:
        """What the payment was for, as its invoice says it: the plan may be another by now."""
        named = [line for line in self.paid.lines if line.kind != "credit"]
        if named:
            return counted(named[0].description, named[0].quantity)
        return counted(self.bought.product_name, self.bought.quantity)

    @property
    def old_plan(self) -> str:
        """The plan before a change, with its quantity; empty when nobody told."""
        if self.text("from_plan"):
            return counted(self.text("from_plan"), self.number("from_quantity") if self.has("from_quantity") else 1)
        of_unused_time = (line.description for line in self.payment.lines if line.kind == "credit") if self.payment else ()
        return next(iter(of_unused_time), "")

    @property
    def planned(self) -> str:
        """The plan that a scheduled change leads to; empty without one."""
        if self.text("change_kind") != "change_plan":  # a cancellation keeps what was scheduled before it
            return ""
        return counted(self.text("change_plan"), self.number("change_quantity" if self.has("change_quantity") else "quantity"))

    @property
    def interval_then(self) -> str:
        """How often the plan of the next charge is billed."""
        return (self.planned_product.interval if self.planned_product else None) or self.text("interval")

    @property
    def paid(self) -> Payment:
        """The payment. Raises ValueError without one."""
        if self.payment is None:
            raise ValueError("nobody told which payment")
        return self.payment

    @property
    def bought(self) -> Order:
        """The order, of the payment if it is about one. Raises ValueError without one."""
        if self.order is None:
            raise ValueError("nobody told which order")
        return self.order

    @property
    def left(self) -> Cancellation:
        """The cancellation. Raises ValueError without one."""
        if self.cancellation is None:
            raise ValueError("nobody told which cancellation")
        return self.cancellation

    @property
    def asked(self) -> RefundTicket:
        """The refund ticket. Raises ValueError without one."""
        if self.ticket is None:
            raise ValueError("nobody told which request")
        return self.ticket

    @property
    def given_back(self) -> Refund:
        """The refund. Raises ValueError without one."""
        if self.refund is None:
            raise ValueError("nobody told which refund")
        return self.refund

    @property
    def document(self) -> Document:
        """The document it is about. Raises ValueError without one."""
        found = next((each for each in self.documents if each.id == self.text("document_id")), None)
        if found is None:
            raise ValueError("nobody told which document")
        return found

    @property
    def card(self) -> PaymentMethod | None:
        """The card of the subscription then."""
        if not self.told.get("card_brand"):
            return None
        month, year = self.told.get("card_month"), self.told.get("card_year")
        numbers = (month, year) if isinstance(month, int) and isinstance(year, int) else (None, None)
        return PaymentMethod(self.text("card_brand"), self.text("card_last4"), *numbers)

    def text(self, name: str) -> str:
        """The fact as text; empty where there is none."""
        fact = self.told.get(name)
        return fact if isinstance(fact, str) else ""

    def number(self, name: str) -> int:
        """The fact as a whole number. Raises ValueError where there is none."""
        fact = self.told.get(name)
        if not isinstance(fact, int):
            raise ValueError(f"nobody told {name}")
        return fact

    def has(self, name: str) -> bool:
        return self.told.get(name) is not None

    def moment(self, name: str) -> datetime:
        """The fact as a moment. Raises ValueError where there is none."""
        return datetime.fromisoformat(self.text(name))


def gather(tx: sa.Connection, scope: BuyerScope, told: Mapping[str, Fact]) -> Matter:
    """Reads the rows that the ids among the facts name. Raises NotFound for one that is not the buyer's."""
    ids = {name: fact for name, fact in told.items() if name.endswith("_id") and isinstance(fact, str)}
    asked = refund_ticket.get(tx, scope, ids["ticket_id"]) if "ticket_id" in ids else None
    left = cancellation.get(tx, scope, ids["cancellation_id"]) if "cancellation_id" in ids else None
    payment_id = ids.get("payment_id") or (asked.payment_id if asked else None)
    paid = payment.get(tx, scope, payment_id) if payment_id else None
    order_id = paid.order_id if paid else ids.get("order_id")
    bought = order.with_buyer(tx, scope, order_id)[0] if order_id else None
    given_back = next((r for r in paid.refunds if r.id == ids.get("refund_id")), None) if paid else None
    if asked is None and given_back and given_back.ticket_id:
        asked = refund_ticket.get(tx, scope, given_back.ticket_id)
    return Matter(
        told=told,
        subscription=subscription.get(tx, scope, ids["subscription_id"]) if "subscription_id" in ids else None,
        payment=paid,
        order=bought,
        documents=document.of_payment(tx, scope, paid.id) if paid else (),
        ticket=asked,
        refund=given_back,
        cancellation=left,
        planned_product=product.get(tx, scope, ids["change_product_id"]) if told.get("change_kind") == "change_plan" else None,
    )
