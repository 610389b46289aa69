"""Why buyers leave, by the API: one by one and added up, as JSON and for spreadsheets."""

import csv
import io
from collections.abc import Callable

import pytest

from portico.services import cancellation
from portico.services.cancellation_report import LIST_COLUMNS, SUMMARY_COLUMNS
from portico.services.runtime import Runtime
from tests.api import plans
from tests.api.conftest import Program
from tests.api.plans import Desk
from tests.bank import BankGateway
from tests.conftest import SteppingClock
from tests.factories import Factory
from tests.web.browser import Answer

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
APRIL = "since=2026-04-01T00:00:00Z&until=2026-05-01T00:00:00Z"


@pytest.fixture
def desk(runtime: Runtime, factory: Factory, gateway: BankGateway, clock: SteppingClock, program: Callable[..., Program]) -> Desk:
    """Two who left: one who said why, by the API, and one who did not, in the portal, and came back."""
    found = plans.open_desk(runtime, factory, gateway, clock, program)
    shop = found.shop
    found.do(shop.subscribe("yearly"), "cancel", {"reason": "unused", "comment": "=1+1"})
    shop.clock.advance(hours=1)
    second = shop.subscribe("starter")
    cancellation.cancel(shop.runtime, shop.ada, second, None, "")
    cancellation.resume(shop.runtime, shop.ada, second)
    return found


def table(answer: Answer) -> list[dict[str, str]]:
    assert answer.status == 200, answer.text
    assert answer.header("content-type") == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"))))


def test_the_list_tells_why_and_can_be_narrowed(desk: Desk) -> None:
    newest, oldest = desk.api.get("/v1/cancellations").json["data"]
    assert (oldest["reason"], oldest["comment"], oldest["amount"], oldest["per_month"]) == ("unused", "=1+1", "300.00", "25.00")
    assert (oldest["product_name"], oldest["withdrawn_at"]) == ("yearly", None)
    assert oldest["actor"].startswith("key:KEY_")
    assert (newest["reason"], newest["actor"], newest["withdrawn_at"]) == (None, "buyer", "2026-04-01T01:00:00Z")
    assert desk.api.get(f"/v1/cancellations/{oldest['id']}").json == oldest
    for query, expected in (
        ("reason=unused", [oldest]),
        ("reason=", [newest]),
        (f"subscription_id={newest['subscription_id']}", [newest]),
        (f"product_id={desk.shop.plans['yearly']}", [oldest]),
        ("since=2026-04-01T00:30:00Z", [newest]),
        ("until=2026-04-01T00:30:00Z", [oldest]),
        ("limit=1", [newest]),
    ):
        assert desk.api.get(f"/v1/cancellations?{query}").json["data"] == expected, query


def test_the_summary_as_json(desk: Desk) -> None:
    found = desk.api.get(f"/v1/cancellations/summary?by=month&{APRIL}").json
    (april,) = found["data"]
    assert april == {**found["total"], "key": "2026-04", "name": "2026-04"}
    assert (april["requested"], april["saved"], april["lost"]) == (2, 1, 1)
    assert april["money"] == [
        {"currency": "EUR", "requested": 2, "saved": 1, "lost": 1, "lost_per_month": "25.00", "saved_per_month": "10.00"}
    ]
    assert [line["key"] for line in desk.api.get(f"/v1/cancellations/summary?{APRIL}").json["data"]] == ["unused", ""]
    backwards = desk.api.get("/v1/cancellations/summary?since=2026-05-01T00:00:00Z&until=2026-04-01T00:00:00Z")
    assert (backwards.status, backwards.json["errors"][0]["code"]) == (422, "until_before_since")


@pytest.mark.parametrize("until", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00"])
def test_the_ends_of_the_calendar_are_moments_like_others(desk: Desk, until: str) -> None:
    answer = desk.api.get(f"/v1/cancellations/summary?by=month&until={until}")
    assert (answer.status, answer.json["data"]) == (200, []), answer.text


def test_both_as_tables_by_their_name_or_by_what_is_accepted(desk: Desk) -> None:
    accepting = {"accept": "text/csv"}
    rows = table(desk.api.get("/v1/cancellations.csv?reason=unused"))
    assert rows == table(desk.api.get("/v1/cancellations?reason=unused", headers=accepting))
    assert (tuple(rows[0]), rows[0]["comment"], rows[0]["per_month"]) == (LIST_COLUMNS, "'=1+1", "25.00")
    sums = table(desk.api.get(f"/v1/cancellations/summary.csv?by=product&{APRIL}"))
    assert sums == table(desk.api.get(f"/v1/cancellations/summary?by=product&{APRIL}", headers=accepting))
    assert tuple(sums[0]) == SUMMARY_COLUMNS
    assert [(row["name"], row["lost"], row["lost_per_month"], row["saved_per_month"]) for row in sums] == [
        ("yearly", "1", "25.00", "0.00"), ("starter", "0", "0.00", "10.00"),
    ]  # fmt: skip
    both = {"accept": "application/json, text/csv"}
    assert desk.api.get("/v1/cancellations", headers=both).header("content-type") == "application/json"


def test_nobody_elses_are_seen(desk: Desk, program: Callable[..., Program], factory: Factory) -> None:
    elsewhere = factory.buyer(factory.store())
    foreign = factory.cancellation(elsewhere, factory.subscription(elsewhere))
    assert desk.api.get(f"/v1/cancellations/{foreign}").status == 404
    assert len(desk.api.get("/v1/cancellations").json["data"]) == 2
