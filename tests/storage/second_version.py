"""A database as the second version of Portico left it, filled: with what the first had, and what the subscription engine adds."""

from typing import Any

import sqlalchemy as sa

from portico.storage import tables
from portico.storage.database import Database
from tests.factories import Factory
from tests.storage import first_version

SECOND = "0002"


def fill(database: Database, factory: Factory) -> None:
    """Rows of every kind that the second version had, in a database of today, written as that version wrote them."""
    first_version.fill(database, factory)
    buyer = factory.buyer()
    plans = factory.plans(buyer, {"Starter": 1000, "Pro": 2900})
    active = factory.subscription(buyer, product_id=plans["Starter"], managed=True, remind_at=factory.now)
    factory.period_payment(buyer, active)
    leaving = factory.subscription(buyer, product_id=plans["Pro"])
    factory.cancellation(buyer, leaving, withdrawn_at=factory.now)
    factory.card_setup(buyer, active)
    _credited(factory, buyer)
    event = {"environment": "test", "gateway": "stripe", "event_id": "evt_1", "received_at": factory.now}
    customer = {"store_id": buyer.store_id, "environment": "test", "buyer_id": buyer.buyer_id, "gateway": "stripe", "reference": "cus_1"}
    with database.transaction() as tx:
        tx.execute(tables.webhook_event.insert(), event | {"subject": "PAY_1-1", "outcome": "waiting"})
        tx.execute(tables.gateway_customer.insert(), customer)


def make(second: Database, today: Database) -> None:
    """Makes the second version's tables in an empty database, and copies into them what `today` holds of their columns."""
    first_version.make(second, today, SECOND)


def _credited(factory: Factory, buyer: Any) -> None:
    """A payment of which a part was given back on request; its credit note did not say yet which invoice it corrects."""
    paid = factory.payment(buyer, factory.order(buyer, status="partially_refunded"), keyed=True, refunded_minor=1000)
    for kind in ("invoice", "receipt"):
        factory.document(buyer, paid, kind=kind)
    ticket = factory.ticket(buyer, paid, status="succeeded")
    refund = factory.refund(buyer, paid, key="REF-1", reference="re_1", ticket_id=ticket)
    factory.credit_note(buyer, paid, refund)
    lines = [{"description": "Atlas", "quantity": 1, "unit_minor": 2900, "net_minor": 2900, "tax_rate": "19", "kind": "plain"}]
    with factory.database.transaction() as tx:
        tx.execute(sa.update(tables.payment).where(tables.payment.c.id == paid).values(lines=lines))
