"""A shop with plans in a group, a bank, and a buyer whose subscription is paid for: what tests of the subscription's buttons start
from. The period is a month of 30 days, and the clock stands at its beginning."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from portico.domain.calendar import period_bounds
from portico.domain.payment import Payment
from portico.domain.scope import BuyerScope, StoreScope
from portico.domain.subscription import Subscription
from portico.domain.tax import tax_on
from portico.gateways.port import Charge, SavedCard
from portico.services import check, document
from portico.services.runtime import Runtime
from portico.storage import document as documents
from portico.storage import payment as payments
from portico.storage import subscription as subscriptions
from portico.storage import tables
from tests.bank import BankGateway
from tests.conftest import SteppingClock
from tests.factories import Factory

START = datetime(2026, 4, 1, tzinfo=UTC)
# External id: price in EUR, interval, largest quantity, longest pause.
PLANS: dict[str, tuple[int, str, int, int]] = {
    "starter": (1000, "month", 1, 3),
    "pro": (2000, "month", 1, 3),
    "twin": (1000, "month", 1, 0),
    "team": (500, "month", 50, 0),
    "yearly": (30000, "year", 1, 0),
    "cheap-yearly": (6000, "year", 1, 0),
}


@dataclass(frozen=True, slots=True)
class Shop:
    runtime: Runtime
    factory: Factory
    gateway: BankGateway
    clock: SteppingClock
    store: StoreScope
    group: str
    plans: dict[str, str]
    ada: BuyerScope

    def subscribe(self, plan: str = "starter", *, number: str = "", buyer: BuyerScope | None = None, **columns: Any) -> str:
        """A subscription in its first period, paid by the card with this number (any that succeeds); its id."""
        who = buyer or self.ada
        unit, interval, *_ = PLANS[plan]
        status, quantity = columns.get("status", "active"), columns.get("quantity", 1)
        card = columns.pop("card", None) or (self.gateway.save_card("ada@example.com", number) if number else self.card())
        start, end = period_bounds(columns.pop("anchor", START), interval, 0)  # type: ignore[arg-type]
        subscription_id = self.factory.subscription(
            who,
            **{
                "product_id": self.plans[plan], "product_name": plan, "interval": interval, "unit_minor": unit, "quantity": quantity,
                "anchor": start, "managed": True, "due_at": columns.get("trial_end") or end,
                "customer_reference": card.customer if card else None, "method_reference": card.method if card else None,
                "created_at": start,
            } | columns,
        )  # fmt: skip
        if status in ("active", "canceling") and unit:
            self.paid(who, subscription_id, unit * quantity, start, end, card)
        return subscription_id

    def card(self) -> SavedCard:
        return self.gateway.save_card("ada@example.com")

    def paid(self, who: BuyerScope, subscription_id: str, net: int, start: datetime, end: datetime, card: SavedCard) -> str:
        """A period that was charged at the bank, with its rows and documents; the payment's id."""
        found, payment_id = self.read(subscription_id, who), self.runtime.new_id("PAY")
        total = net + tax_on(net, "19")
        asked = Charge(f"{payment_id}-1", total, "EUR", card.customer, card.method, "", False, "https://portal.test/", {})
        charged = self.gateway.charge(asked)
        self.factory.payment(
            who, found.order_id, attempts=(), id=payment_id, subscription_id=subscription_id, period_start=start, period_end=end,
            net_minor=net, tax_minor=total - net, total_minor=total, created_at=start, succeeded_at=start,
        )  # fmt: skip
        attempt = {"payment_id": payment_id, "sequence": 1, "status": "succeeded", "key": asked.key, "reference": charged.reference}
        with self.runtime.database.transaction() as tx:
            tx.execute(
                sa.insert(tables.payment_attempt), {**attempt, "attempted_at": start, "method_brand": "visa", "method_last4": "4242"}
            )
            document.issue_for_payment(tx, self.runtime, who, payments.get(tx, who, payment_id), now=start)
        return payment_id

    def read(self, subscription_id: str, who: BuyerScope | None = None) -> Subscription:
        with self.runtime.database.read() as connection:
            return subscriptions.get(connection, who or self.ada, subscription_id)

    def payments(self, subscription_id: str, who: BuyerScope | None = None) -> list[Payment]:
        """Its payments with attempts and refunds, oldest first."""
        who = who or self.ada
        with self.runtime.database.read() as connection:
            order_id = subscriptions.get(connection, who, subscription_id).order_id
            found = payments.with_details(connection, who, payments.of_orders(connection, who, [order_id]).get(order_id, ()))
        return sorted(found, key=lambda payment: (payment.created_at, payment.id))

    def documents(self, subscription_id: str) -> list[str]:
        """The numbers of its documents, oldest first."""
        with self.runtime.database.read() as connection:
            order_id = subscriptions.get(connection, self.ada, subscription_id).order_id
            return [found.number for found in reversed(documents.for_order(connection, self.ada, order_id))]

    def jobs(self, kind: str | None = None) -> list[dict[str, Any]]:
        """The arguments of the jobs that wait, oldest first."""
        table = tables.job
        with self.runtime.database.read() as connection:
            rows = connection.execute(sa.select(table.c.kind, table.c.arguments).order_by(table.c.id)).all()
        return [arguments for its_kind, arguments in rows if kind in (None, its_kind)]

    def mails(self) -> list[str]:
        """The kinds of the mails that wait to be sent."""
        return [arguments["kind"] for arguments in self.jobs("notice_mail")]

    def set(self, table: sa.Table, row_id: str, **columns: Any) -> None:
        with self.runtime.database.transaction() as tx:
            tx.execute(sa.update(table).where(table.c.id == row_id).values(**columns))

    def set_price(self, plan: str, amount_minor: int | None) -> None:
        """Another price in EUR, or none."""
        table = tables.price
        one = table.c.product_id == self.plans[plan]
        with self.runtime.database.transaction() as tx:
            tx.execute(
                sa.delete(table).where(one) if amount_minor is None else sa.update(table).where(one).values(amount_minor=amount_minor)
            )

    def taken(self) -> int:
        """What the bank took less what it gave back, minor units."""
        bank = self.gateway.bank
        given_back = sum(refund.request.amount_minor for refund in bank.refunds() if refund.status == "succeeded")
        return sum(capture.amount_minor for capture in bank.captures()) - given_back

    def is_sound(self) -> None:
        """Nothing that must be true is false."""
        broken = [finding for finding in check.run(self.runtime.database) if finding.severity == "error"]
        assert not broken, broken


def opened(runtime: Runtime, factory: Factory, gateway: BankGateway, clock: SteppingClock) -> Shop:
    clock.time = START
    store = factory.store(slug="nordlicht-plans", environment="prod", created_at=START)
    group = factory.new_id("GRP")
    with runtime.database.transaction() as tx:
        row = {"id": group, "store_id": store.store_id, "environment": "prod", "external_id": "plans", "name": "Plans"}
        tx.execute(sa.insert(tables.product_group), row | {"created_at": START})
    plans: dict[str, str] = {}
    for step, (name, (price, interval, most, pause)) in enumerate(PLANS.items()):
        plans[name] = factory.product(
            store, kind="subscription", name=name, external_id=name, interval=interval, group_id=group, prices={"EUR": price},
            quantity_min=1, quantity_max=most, pause_periods_max=pause, created_at=START - timedelta(days=100 - step),
        )  # fmt: skip
    ada = factory.buyer(store, email="ada@example.com", created_at=START)
    with_bank = replace(runtime, gateways={"prod": gateway, "test": gateway})
    return Shop(with_bank, factory, gateway, clock, store, group, plans, ada)
