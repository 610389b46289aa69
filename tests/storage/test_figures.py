"""The figures to watch, and the indexes that make them cheap."""

from datetime import timedelta

import sqlalchemy as sa

from portico.storage import figures, tables
from portico.storage.database import Database, count_statements
from tests.factories import Factory


def test_an_idle_installation_has_nothing_to_watch(database: Database) -> None:
    with database.read() as tx:
        assert figures.charges_unknown(tx) == {"test": 0, "prod": 0}
        assert (figures.subscriptions_held(tx), figures.longest_due(tx)) == (0, None)


def test_what_needs_eyes_is_counted(database: Database, factory: Factory) -> None:
    buyer = factory.buyer()
    due = [factory.subscription(buyer, managed=True, due_at=factory.now + timedelta(days=n)) for n in (3, 1, 2)]
    factory.subscription(buyer, held_at=factory.now, held_reason="ZeroDivisionError")
    payments = [factory.payment(buyer, factory.order(buyer), attempts=("unknown",), status="unknown") for _ in range(3)]
    attempt = tables.payment_attempt
    with database.transaction() as tx:
        for payment_id in payments[:2]:  # the third was imported: nobody will ever tell
            tx.execute(sa.update(attempt).where(attempt.c.payment_id == payment_id).values(key=f"{payment_id}-1"))
    with database.read() as tx:
        assert figures.charges_unknown(tx) == {"test": 2, "prod": 0}
        assert figures.subscriptions_held(tx) == 1
        assert figures.longest_due(tx) == factory.now + timedelta(days=1)
    assert len(due) == 3


def test_each_figure_is_read_from_an_index(database: Database) -> None:
    with count_statements(database) as count, database.read() as tx:
        figures.charges_unknown(tx)
        figures.subscriptions_held(tx)
        figures.longest_due(tx)
    assert count.count == 3
    if database.dialect == "sqlite":
        with database.read() as tx:
            plans = [str(tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", (1,) * text.count("?")).all()) for text in count.statements]
        assert ["ix_payment_attempt_open" in plans[0], "ix_subscription_held" in plans[1], "ix_subscription_due" in plans[2]] == [True] * 3
