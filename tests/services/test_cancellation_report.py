"""Why buyers leave, added up: held against what was reckoned by hand."""

import csv
import io
from datetime import UTC, datetime

import pytest

from portico.domain.scope import BuyerScope
from portico.services import cancellation, cancellation_report
from portico.services.cancellation_report import By, Line, Money
from tests.factories import Factory
from tests.services.shop import Shop

NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
LAST_OF_OCTOBER = datetime(2026, 10, 31, 23, 59, 59, 999999, tzinfo=UTC)


def left(factory: Factory, buyer: BuyerScope, product_id: str, net_minor: int, **columns: object) -> None:
    """A subscription that is given up in November, if nothing else is said."""
    in_currency = {"currency": columns.get("currency", "EUR"), "interval": columns.get("interval", "month")}
    subscription_id = factory.subscription(buyer, product_id=product_id, unit_minor=net_minor, **in_currency)
    factory.cancellation(buyer, subscription_id, **{"requested_at": NOVEMBER, "net_minor": net_minor, **columns})


@pytest.fixture
def november(factory: Factory) -> tuple[BuyerScope, dict[str, str]]:
    """Seven that were asked for: 10.00 and 5.00 a month, 99.99 a year, 7.00 a week, 1000 yen a month, one that was taken back, and one of
    another month. And one of another buyer's store."""
    store = factory.store()
    ada = factory.buyer(store)
    plans = factory.plans(store, {"Starter": 1000, "Pro": 2000})
    starter, pro = plans["Starter"], plans["Pro"]
    left(factory, ada, starter, 1000, reason_code="unused")
    left(factory, ada, starter, 500, reason_code="unused", requested_at=LAST_OF_OCTOBER)
    left(factory, ada, pro, 9999, reason_code="too_expensive", interval="year")
    left(factory, ada, pro, 700, reason_code=None, interval="week")
    left(factory, ada, pro, 1000, reason_code="unused", currency="JPY")
    left(factory, ada, pro, 2000, reason_code="too_expensive", withdrawn_at=NOVEMBER)
    left(factory, ada, pro, 4000, reason_code="unused", requested_at=datetime(2025, 11, 30, tzinfo=UTC))
    elsewhere = factory.buyer(factory.store())
    left(factory, elsewhere, factory.product(elsewhere, kind="subscription"), 1000)
    return ada, plans


def report(shop: Shop, scope: BuyerScope, by: By) -> dict[str, Line]:
    made = cancellation_report.make(shop.runtime, scope, by, until=datetime(2026, 12, 1, tzinfo=UTC))
    assert made.since == datetime(2025, 12, 1, tzinfo=UTC)
    return {line.key: line for line in (*made.lines, made.total)} | {"total": made.total}


def test_by_reason(shop: Shop, november: tuple[BuyerScope, dict[str, str]]) -> None:
    found = report(shop, november[0], "reason")
    assert found["unused"].money == (Money("EUR", 2, 0, 1500, 0), Money("JPY", 1, 0, 1000, 0))
    assert (found["unused"].name, found["unused"].requested, found["unused"].lost) == ("I don’t use it enough", 3, 3)
    # 99.99 a year is 8.3325 a month, and 7.00 a week 7.00 x 52.1775 / 12 = 30.436875.
    assert found["too_expensive"].money == (Money("EUR", 2, 1, 833, 2000),)
    assert found["total"].money == (Money("EUR", 5, 1, 1500 + 833 + 3044, 2000), Money("JPY", 1, 0, 1000, 0))
    made = cancellation_report.make(shop.runtime, november[0], "reason", until=datetime(2026, 12, 1, tzinfo=UTC))
    assert [line.key for line in made.lines] == ["unused", "", "too_expensive"]
    assert made.lines[1].money == (Money("EUR", 1, 0, 3044, 0),)
    assert made.lines[1].name == cancellation_report.NO_REASON


def test_by_product_and_month(shop: Shop, november: tuple[BuyerScope, dict[str, str]]) -> None:
    ada, plans = november
    by_product = report(shop, ada, "product")
    assert (by_product[plans["Starter"]].name, by_product[plans["Starter"]].money) == ("Starter", (Money("EUR", 2, 0, 1500, 0),))
    assert by_product[plans["Pro"]].money == (Money("EUR", 3, 1, 833 + 3044, 2000), Money("JPY", 1, 0, 1000, 0))
    by_month = report(shop, ada, "month")
    assert by_month["2026-10"].money == (Money("EUR", 1, 0, 500, 0),)
    assert by_month["2026-11"].money == (Money("EUR", 4, 1, 1000 + 833 + 3044, 2000), Money("JPY", 1, 0, 1000, 0))
    assert by_product["total"].money == by_month["total"].money


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_of_reasons_that_cost_as_many_subscriptions_the_dearer_comes_first(shop: Shop, factory: Factory) -> None:
    ada = factory.buyer(factory.store())
    plan = factory.product(ada, kind="subscription")
    for reason, net_minor in (("switched_service", 2900), ("too_expensive", 7900), ("unused", 900)):
        left(factory, ada, plan, net_minor, reason_code=reason)
    made = cancellation_report.make(shop.runtime, ada, "reason", until=datetime(2026, 12, 1, tzinfo=UTC))
    assert [line.key for line in made.lines] == ["too_expensive", "switched_service", "unused"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_cancellation_counts_when_it_is_asked_for_and_is_saved_when_it_is_taken_back(shop: Shop) -> None:
    subscription_id = shop.subscribe("yearly")
    cancellation.cancel(shop.runtime, shop.ada, subscription_id, "unused", "")
    assert cancellation_report.make(shop.runtime, shop.store, "reason").total.money == (Money("EUR", 1, 0, 2500, 0),)
    cancellation.resume(shop.runtime, shop.ada, subscription_id)
    assert cancellation_report.make(shop.runtime, shop.store, "reason").total.money == (Money("EUR", 1, 1, 0, 2500),)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_nothing_that_somebody_typed_is_a_formula_in_a_spreadsheet(shop: Shop) -> None:
    for comment in ("=1+1", 'a;=HYPERLINK("https://evil.example")', "@SUM(A1)", 'two\nlines, "quoted"'):
        cancellation.cancel(shop.runtime, shop.ada, shop.subscribe("starter"), "other", comment)
    table = b"".join(cancellation_report.list_csv(shop.runtime, shop.store)).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["comment"] for row in reversed(rows)] == [
        "'=1+1", "a;'=HYPERLINK(\"https://evil.example\")", "'@SUM(A1)", 'two\nlines, "quoted"',
    ]  # fmt: skip
    assert {row["per_month"] for row in rows} == {"10.00"}
