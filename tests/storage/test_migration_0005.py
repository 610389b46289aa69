"""A filled database of the fourth version becomes one of today: nothing is lost, and every refund is one that Portico made."""

from collections.abc import Iterator
from datetime import datetime

import pytest
import sqlalchemy as sa

from portico.services import check
from portico.storage import migrate, tables
from portico.storage.database import Database
from tests.conftest import DIALECTS
from tests.factories import Factory
from tests.storage import first_version, third_version


@pytest.fixture(params=DIALECTS)
def fourth(request: pytest.FixtureRequest, now: datetime) -> Iterator[Database]:
    """A database of the fourth version with what the third had, of either kind."""
    open_fresh = request.getfixturevalue(f"{request.param}_databases")
    with open_fresh(True) as today, open_fresh(False) as database:
        third_version.fill(today, Factory(today, now))
        first_version.make(database, today, "0004")
        yield database


def test_what_was_given_back_is_as_it_was(fourth: Database, now: datetime) -> None:
    columns = first_version.columns_of(fourth)
    before = first_version.contents(fourth, columns)
    assert before["refund"]
    migrate.migrate(fourth)
    assert fourth.is_current()
    assert first_version.contents(fourth, columns) == before
    assert [finding for finding in check.run(fourth, now) if finding.severity == "error"] == []
    with fourth.read() as tx:
        assert set(tx.execute(sa.select(tables.refund.c.at_provider)).scalars()) == {False}
        assert set(tx.execute(sa.select(tables.payment.c.disputed_at)).scalars()) == {None}
    with pytest.raises(sa.exc.IntegrityError, match="ck_refund_at_provider"), fourth.transaction() as tx:
        tx.execute(sa.update(tables.refund).values(at_provider=True, reference="another"))
