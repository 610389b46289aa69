"""A store's tax table, its rates of exchange and its decisions; what a register says of tax ids."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from portico.domain.errors import Conflict, NotFound
from portico.domain.tax import TaxPolicy, TaxRule
from portico.storage import exchange_rate, store, tax_id_check, tax_rate
from portico.storage.database import Database
from portico.storage.tax_id_check import TaxIdCheck
from tests.conftest import NOW
from tests.factories import Factory

NEW_YEAR = date(2026, 1, 1)
RULES = (
    TaxRule("AT", NEW_YEAR, "20"),
    TaxRule("DE", date(2020, 7, 1), "16"),
    TaxRule("DE", date(2021, 1, 1), "19"),
    TaxRule("DE", date(2021, 1, 1), "7", category="ebook", reason="reduced"),
    TaxRule("DE", NEW_YEAR, "0", state="DE-HL", reason="exempt", note="§ 1 UStG"),
)


def test_a_store_has_a_table_of_its_own(database: Database, factory: Factory) -> None:
    here, elsewhere = factory.store().store_id, factory.store().store_id
    with database.transaction() as tx:
        assert tax_rate.of_store(tx, here) == ()
        tax_rate.replace(tx, here, RULES[::-1])
        tax_rate.replace(tx, elsewhere, RULES[:1])
        assert sorted(tax_rate.of_store(tx, here), key=repr) == sorted(RULES, key=repr)
        tax_rate.replace(tx, here, RULES[2:3])
        assert tax_rate.of_store(tx, here) == RULES[2:3]
        tax_rate.replace(tx, here, ())
        assert tax_rate.of_store(tx, here) == ()
        assert tax_rate.of_store(tx, elsewhere) == RULES[:1], "another store's is its own"


@pytest.mark.parametrize("twice", [(RULES[0], replace(RULES[0], rate="21")), (replace(RULES[0], reason="odd"),)])  # type: ignore[arg-type]
def test_a_table_that_contradicts_itself_changes_nothing(database: Database, factory: Factory, twice: tuple[TaxRule, ...]) -> None:
    here = factory.store().store_id
    with database.transaction() as tx:
        tax_rate.replace(tx, here, RULES)
    with pytest.raises(Conflict), database.transaction() as tx:
        tax_rate.replace(tx, here, twice)
    with database.read() as tx:
        assert len(tax_rate.of_store(tx, here)) == len(RULES)


def test_the_rate_of_exchange_is_that_of_the_day_or_the_last_before(database: Database, factory: Factory) -> None:
    here, elsewhere = factory.store().store_id, factory.store().store_id
    friday, monday = date(2026, 3, 13), date(2026, 3, 16)
    with database.transaction() as tx:
        exchange_rate.replace(tx, here, [("USD", "EUR", friday, "0.9"), ("USD", "EUR", monday, "0.912345"), ("EUR", "USD", friday, "1.1")])

        def newest(on: date, source: str = "USD", target: str = "EUR") -> tuple[str, date] | None:
            return exchange_rate.newest(tx, here, source, target, on)

        assert newest(friday - timedelta(days=1)) is None
        assert newest(friday) == newest(monday - timedelta(days=1)) == ("0.9", friday)
        assert newest(monday) == newest(date(2030, 1, 1)) == ("0.912345", monday)
        assert newest(monday, "EUR", "USD") == ("1.1", friday)
        assert newest(monday, "GBP") is None
        assert exchange_rate.newest(tx, elsewhere, "USD", "EUR", monday) is None
        exchange_rate.replace(tx, here, [("GBP", "EUR", friday, "1.2")])
        assert newest(monday) is None
        with pytest.raises(Conflict):
            exchange_rate.replace(tx, here, [("GBP", "EUR", friday, "1.2"), ("GBP", "EUR", friday, "1.3")])


def test_a_store_decides_about_tax(database: Database, factory: Factory) -> None:
    here = factory.store().store_id
    with database.transaction() as tx:
        assert store.get(tx, here).tax_policy is None
        policy = TaxPolicy(eu_consumers="home", refund_tax=True)
        store.set_tax_policy(tx, here, policy)
        assert store.get(tx, here).tax_policy == policy
        store.set_tax_policy(tx, here, None)
        assert store.get(tx, here).tax_policy is None
        with pytest.raises(NotFound):
            store.set_tax_policy(tx, "STO_0", policy)


def test_a_tax_id_is_asked_about_until_there_is_an_answer(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    with database.transaction() as tx:
        assert tax_id_check.newest(tx, owner, "ATU1") is None
        assert tax_id_check.create(tx, owner, "TIC_1", "ATU1", NOW)
        assert not tax_id_check.create(tx, owner, "TIC_2", "ATU1", NOW), "it is being asked"
        assert tax_id_check.create(tx, owner, "TIC_3", "ATU2", NOW), "another id is another question"
        tax_id_check.no_answer(tx, owner, "TIC_1")
        tax_id_check.no_answer(tx, owner, "TIC_1")
        asked = TaxIdCheck("TIC_1", "ATU1", "pending", NOW, None, None, None, None, 2)
        assert tax_id_check.get_any(tx, "TIC_1") == (owner, asked)
        later = NOW + timedelta(hours=1)
        told = {"consultation_number": "WAPI1", "name": "Wörter GmbH", "address": "Wien"}
        assert tax_id_check.answered(tx, owner, "TIC_1", "valid", now=later, **told)
        assert not tax_id_check.answered(tx, owner, "TIC_1", "invalid", now=later), "the first answer is kept"
        tax_id_check.no_answer(tx, owner, "TIC_1")
        assert tax_id_check.newest(tx, owner, "ATU1") == replace(asked, status="valid", answered_at=later, **told)
        assert tax_id_check.create(tx, owner, "TIC_4", "ATU1", later), "a year later it may be another"
        assert (found := tax_id_check.newest(tx, owner, "ATU1")) is not None
        assert (found.id, found.status) == ("TIC_4", "pending")
        with pytest.raises(NotFound):
            tax_id_check.get_any(tx, "TIC_9")
