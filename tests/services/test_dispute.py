"""A payment that a buyer's bank disputes is marked, told of once, and not given back a second time."""

import random

import pytest
import sqlalchemy as sa

from portico.domain.errors import Refused
from portico.services import check, refund, store_refund
from portico.storage import payment as payments
from portico.storage import tables
from tests.services.drive import deliver
from tests.services.shop import Shop


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_a_disputed_payment_is_not_given_back_here(shop: Shop, outcome: str) -> None:
    (paid,) = shop.payments(shop.subscribe("starter"))
    ticket = refund.ask(shop.runtime, shop.ada, paid.id, "1.00", "x")
    bank, since = shop.gateway.bank, len(shop.gateway.bank.ledger())
    bank.dispute(paid.attempts[-1].reference or "")
    for body, headers in shop.gateway.webhooks(shop.clock(), after=since) * 2:
        deliver(shop, body, headers)
    with pytest.raises(Refused) as refused:
        refund.approve(shop.runtime, ticket.id)
    assert refused.value.code == "payment_disputed"
    refund.reject(shop.runtime, ticket.id)
    assert refund.why_not(shop.runtime, shop.ada, paid.id) == "payment_disputed"
    with pytest.raises(Refused):
        store_refund.create(shop.runtime, shop.ada, paid.id, None, key="1", actor="docs")
    assert [finding.check for finding in check.run(shop.runtime.database)] == ["no_payment_is_disputed"]
    bank.dispute(paid.attempts[-1].reference or "", outcome=outcome)  # type: ignore[arg-type]
    news = shop.gateway.webhooks(shop.clock(), after=since) * 3
    random.Random(1).shuffle(news)
    for body, headers in news:
        deliver(shop, body, headers)
    assert refund.why_not(shop.runtime, shop.ada, paid.id) == (None if outcome == "won" else "payment_disputed")
    assert told(shop) == [("payment.disputed", None), ("payment.dispute_closed", outcome)]
    shop.is_sound()


def test_the_end_of_a_dispute_may_be_told_first(shop: Shop) -> None:
    (paid,) = shop.payments(shop.subscribe("starter"))
    since = len(shop.gateway.bank.ledger())
    for outcome in ("open", "lost"):
        shop.gateway.bank.dispute(paid.attempts[-1].reference or "", outcome=outcome)  # type: ignore[arg-type]
    for body, headers in reversed(shop.gateway.webhooks(shop.clock(), after=since)):
        deliver(shop, body, headers)
    assert told(shop) == [("payment.disputed", None), ("payment.dispute_closed", "lost")]
    with shop.runtime.database.read() as connection:
        assert payments.get(connection, shop.ada, paid.id).disputed_at == shop.clock()


def told(shop: Shop) -> list[tuple[str, str | None]]:
    event = tables.event
    with shop.runtime.database.read() as connection:
        rows = connection.execute(sa.select(event).where(event.c.type.like("payment.disput%")).order_by(event.c.id)).all()
    return [(row.type, row.data.get("outcome")) for row in rows]
