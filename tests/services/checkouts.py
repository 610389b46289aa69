"""A shop with a checkout open, and somebody in front of it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from portico.domain.checkout import CheckoutSession
from portico.domain.order import Order
from portico.domain.scope import BuyerScope
from portico.sandbox import cards
from portico.services import checkout, checkout_card, checkout_order, checkout_state
from portico.services.checkout import Asked
from portico.services.checkout_order import Placed
from portico.services.checkout_state import State
from portico.storage import checkout as checkouts
from portico.storage import order_of_store, owner, tables
from portico.storage import store as stores
from tests.services.drive import work
from tests.services.shop import Shop

GRACE = "grace@example.com"
IN_GERMANY = {"country": "DE", "name": "Grace Hopper"}


@dataclass(frozen=True, slots=True)
class Counter:
    """The shop's counter: `book` is sold once, `course` by the month with two weeks for free, `gift` costs nothing."""

    shop: Shop
    book: str
    course: str
    gift: str

    @property
    def row(self) -> stores.StoreRow:
        with self.shop.runtime.database.read() as connection:
            return stores.get(connection, self.shop.store.store_id)

    def open(self, product: str = "", **asked: Any) -> CheckoutSession:
        named = {"product": product or self.book, "currency": "EUR", **asked}
        return checkout.create(self.shop.runtime, self.row, "prod", Asked(**named))

    def place(self, session: CheckoutSession, email: str = GRACE, **given: Any) -> Placed:
        given = {"detail_raw": IN_GERMANY, **given}
        return checkout_order.place(self.shop.runtime, self.row, "prod", session.id, email=email, **given)

    def give_card(self, session: CheckoutSession, number: str = cards.SUCCESS) -> State:
        """Gives a card on the newest page that the buyer was sent to, and comes back."""
        self.shop.gateway.use_card_page(self.visits(session)[-1].reference, number)
        return self.back(session)

    def buy(self, session: CheckoutSession, email: str = GRACE, *, number: str = cards.SUCCESS, **given: Any) -> State:
        self.place(session, email, **given)
        return self.give_card(session, number)

    def back(self, session: CheckoutSession) -> State:
        return checkout_card.returned(self.shop.runtime, self.row, "prod", session.id)

    def state(self, session: CheckoutSession) -> State:
        with self.shop.runtime.database.read() as connection:
            return checkout_state.read(connection, self.shop.store, session.id)

    def offered(self, checkout_id: str) -> CheckoutSession:
        with self.shop.runtime.database.read() as connection:
            return checkouts.get(connection, self.shop.store, checkout_id)

    def look(self, session: CheckoutSession, visitor: BuyerScope | None = None) -> checkout.Shown:
        return checkout.look(self.shop.runtime, self.row, "prod", session.id, visitor=visitor)

    def visits(self, session: CheckoutSession) -> list[Any]:
        table = tables.card_setup
        with self.shop.runtime.database.read() as connection:
            found = sa.select(table).where(table.c.checkout_id == session.id).order_by(table.c.created_at, table.c.id)
            return list(connection.execute(found))

    def order(self, order_id: str | None) -> Order:
        with self.shop.runtime.database.read() as connection:
            return order_of_store.get(connection, self.shop.store, order_id or "")

    def orders(self) -> list[Any]:
        """The rows of orders that came by a checkout, oldest first."""
        table = tables.order
        with self.shop.runtime.database.read() as connection:
            return list(connection.execute(sa.select(table).where(table.c.checkout_id.is_not(None)).order_by(table.c.id)))

    def owner(self, order_id: str | None) -> BuyerScope:
        with self.shop.runtime.database.read() as connection:
            return owner.buyer_of(connection, self.shop.store, "ORD", order_id or "")

    def events(self) -> list[str]:
        table = tables.event
        with self.shop.runtime.database.read() as connection:
            return list(connection.execute(sa.select(table.c.type).order_by(table.c.id)).scalars())

    def captured(self) -> list[int]:
        """What the bank took, capture by capture."""
        return [capture.amount_minor for capture in self.shop.gateway.bank.captures()]

    def settle_down(self) -> None:
        """Everybody who works for the shop works until there is nothing left to do."""
        self.shop.gateway.faults.clear()
        for _ in range(4):
            work(self.shop, minutes=61)
        self.shop.is_sound()


def counter_of(shop: Shop) -> Counter:
    """The shop with three more products."""
    made = shop.clock() - timedelta(days=1)
    book = shop.factory.product(shop.store, name="Atlas Book", prices={"EUR": 2000}, quantity_max=5, created_at=made)
    course = shop.factory.product(
        shop.store, kind="subscription", name="Atlas Course", interval="month", prices={"EUR": 1000}, trial_days=14, created_at=made
    )
    gift = shop.factory.product(shop.store, name="Atlas Sampler", prices={"EUR": 0}, created_at=made)
    return Counter(shop, book, course, gift)
