"""A merchant's file comes in whole, once, line by line accounted for."""

import io
import json
from typing import Any

import pytest
import sqlalchemy as sa

from portico.domain.scope import BuyerScope, Environment
from portico.services import check, importing
from portico.services.importing import Refusal, Target
from portico.services.runtime import Runtime
from portico.storage import buyer, document, order, subscription, tables
from portico.storage.store import StoreRow
from tests.services import import_lines as lines
from tests.services.import_lines import EVERYTHING, new_store, take


@pytest.fixture
def store(runtime: Runtime) -> StoreRow:
    return new_store(runtime)


def _count(runtime: Runtime, table: sa.Table) -> int:
    with runtime.database.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def _dump(runtime: Runtime) -> dict[str, list[Any]]:
    """Every row of every table an import writes, without our own ids."""
    kept = (
        tables.product_group, tables.product, tables.price, tables.buyer, tables.order, tables.subscription, tables.payment,
        tables.payment_attempt, tables.refund, tables.document, tables.number_counter,
    )  # fmt: skip
    ours = {
        "id", "store_id", "buyer_id", "product_id", "group_id", "order_id", "subscription_id", "payment_id", "refund_id", "corrects_id",
        "content", "content_hash",
    }  # fmt: skip
    with runtime.database.read() as connection:
        return {
            table.name: sorted(repr(row) for row in connection.execute(sa.select(*(c for c in table.c if c.name not in ours))))
            for table in kept
        }


def _ada(runtime: Runtime, store: StoreRow, environment: Environment = "prod") -> BuyerScope:
    with runtime.database.read() as connection:
        found = connection.execute(
            sa.select(tables.buyer.c.id).where(tables.buyer.c.store_id == store.id, tables.buyer.c.environment == environment)
        ).scalar_one()
    return BuyerScope(store.id, environment, found)


def test_everything_comes_in(runtime: Runtime, store: StoreRow) -> None:
    report, refused = take(runtime, store, EVERYTHING)
    assert not refused
    assert report.total("new") == len(EVERYTHING)
    assert check.run(runtime.database) == []
    ada = _ada(runtime, store)
    with runtime.database.read() as connection:
        who = buyer.get(connection, ada)
        assert (who.email, who.external_id, who.locale, who.created_at.isoformat()) == (
            "ada@example.com",
            "u1",
            "de",
            "2025-12-01T07:00:00+00:00",
        )
        assert buyer.billing_detail(connection, ada)[0].city == "Berlin"
        carrier, bought = (order.get(connection, ada, listed.id) for listed in reversed(order.page(connection, ada).items))
        assert (bought.status, bought.tax_rate, bought.tax_reason, bought.total_minor) == ("partially_refunded", "19", "standard", 3451)
        assert (bought.billing_detail.name, bought.billing_detail.po_number) == ("Ada Lovelace", "PO-4711")
        assert bought.billing_detail.cost_centre == "Kst. 12"
        assert carrier.status == "active"
        payment = bought.payments[0]
        assert [(a.status, a.failure_code) for a in payment.attempts] == [("failed", "insufficient_funds"), ("succeeded", None)]
        assert payment.attempts[1].method is not None
        assert payment.attempts[1].method.last4 == "5454"
        assert payment.succeeded_at == payment.attempts[1].attempted_at
        assert (payment.refunded_minor, payment.refunds[0].reason) == (451, "Arrived late")
        runs = subscription.list(connection, ada)[0]
        assert (runs.period_index, runs.period_start.isoformat(), runs.period_end.isoformat()) == (1, lines.SECOND, lines.THIRD)
        renewal = order.get(connection, ada, carrier.id).payments[0]
        assert (renewal.subscription_id, renewal.period_start) == (runs.id, runs.period_start)


def test_each_succeeded_payment_gets_an_invoice_and_a_receipt_dated_when_it_succeeded(runtime: Runtime, store: StoreRow) -> None:
    last_year = lines.ORDER | {"id": "o0", "created_at": "2025-12-30T12:00:00Z"}
    paid_last_year = {k: v for k, v in lines.PAYMENT.items() if k != "attempts"} | {
        "id": "p0", "order": "o0", "created_at": "2025-12-30T12:00:00Z", "succeeded_at": "2025-12-31T22:59:59Z",
    }  # fmt: skip
    first_of_year = {**paid_last_year, "id": "p00", "succeeded_at": "2025-12-31T23:00:00Z"}  # 1 January in the store's zone
    _, refused = take(runtime, store, [*EVERYTHING, last_year, paid_last_year, first_of_year])
    assert not refused
    with runtime.database.read() as connection:
        documents = document.page(connection, _ada(runtime, store)).items
    numbers = {d.number for d in documents}
    assert numbers == {
        "INV-2025-000001", "REC-2025-000001", "INV-2026-000001", "REC-2026-000001", "INV-2026-000002", "REC-2026-000002",
        "INV-2026-000003", "REC-2026-000003", "CN-2026-000001",
    }  # fmt: skip
    assert {d.issued_at.isoformat() for d in documents if d.number.endswith("2025-000001")} == {"2025-12-31T22:59:59+00:00"}
    assert {d.language for d in documents} == {"de"}


def test_the_same_file_again_changes_nothing(runtime: Runtime, store: StoreRow) -> None:
    take(runtime, store, EVERYTHING)
    before = _dump(runtime)
    report, refused = take(runtime, store, EVERYTHING)
    assert not refused
    assert report.total("unchanged") == len(EVERYTHING)
    assert _dump(runtime) == before
    with runtime.database.read() as connection:
        noted = connection.execute(sa.select(tables.audit.c.action, tables.audit.c.subject)).all()
    assert [tuple(note) for note in noted] == [("import", "10 new, 0 changed, 0 refused")], "what changes nothing leaves no trace"


def test_the_same_lines_twice_in_one_file_count_once(runtime: Runtime, store: StoreRow) -> None:
    report, refused = take(runtime, store, [*EVERYTHING, *EVERYTHING])
    assert not refused
    assert (report.total("new"), report.total("unchanged")) == (len(EVERYTHING), len(EVERYTHING))


def test_batches_of_any_size_give_the_same(runtime: Runtime, store: StoreRow, monkeypatch: pytest.MonkeyPatch) -> None:
    take(runtime, store, EVERYTHING)
    whole = _dump(runtime)
    monkeypatch.setattr(importing, "LINES_AT_ONCE", 1)
    _, refused = take(runtime, new_store(runtime, "another"), EVERYTHING)
    assert not refused
    twice = {name: sorted([*rows, *rows]) for name, rows in whole.items()}
    assert _dump(runtime) == twice


def test_the_two_environments_do_not_meet(runtime: Runtime, store: StoreRow) -> None:
    take(runtime, store, EVERYTHING, environment="prod")
    report, refused = take(runtime, store, [lines.ORDER], environment="test")
    assert (report.refused, refused[0].code) == (1, "unknown_reference")
    report, refused = take(runtime, store, EVERYTHING, environment="test")
    assert not refused
    with runtime.database.read() as connection:
        numbers = [d.number for d in document.page(connection, _ada(runtime, store, "test")).items]
    assert "TEST-INV-2026-000001" in numbers


CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a group's name": (lines.GROUP, {"name": "Our plans"}),
    "a product's labels": (lines.ITEM, {"name": "Atlas 2", "description": "", "active": False, "tax_category": "books"}),
    "a product's prices": (lines.ITEM, {"prices": {"EUR": "31.00", "USD": "35.00"}}),
    "a product's group": (lines.PLAN, {"group": None}),
    "a buyer's name": (lines.BUYER, {"name": "Ada King"}),
    "a subscription's state": (lines.SUBSCRIPTION, {"status": "past_due"}),
    "a subscription's period": (lines.SUBSCRIPTION, {"period_index": None, "period_start": lines.THIRD}),
    "a subscription's end": (lines.SUBSCRIPTION, {"status": "canceled", "ended_at": lines.SECOND}),
    "a subscription's card": (lines.SUBSCRIPTION, {"card": {"brand": "amex", "last4": "0005"}}),
    "a refund's reason": (lines.REFUND, {"reason": "Arrived very late"}),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_line_changes(what: str, runtime: Runtime, store: StoreRow) -> None:
    line, change = CHANGES[what]
    take(runtime, store, EVERYTHING)
    report, refused = take(runtime, store, [line | change])
    assert not refused
    assert report.total("changed") == 1
    report, _ = take(runtime, store, [line | change])
    assert report.total("unchanged") == 1


def test_a_moved_subscription_leaves_a_trace_and_moves_its_order(runtime: Runtime, store: StoreRow) -> None:
    take(runtime, store, EVERYTHING)
    take(runtime, store, [lines.SUBSCRIPTION | {"status": "canceled", "ended_at": lines.SECOND}])
    ada = _ada(runtime, store)
    with runtime.database.read() as connection:
        ended = subscription.list(connection, ada)[0]
        assert order.get(connection, ada, ended.order_id).status == "canceled"
        moves = connection.execute(
            sa.select(tables.subscription_event.c["from_status"], tables.subscription_event.c["to_status"]).order_by("sequence")
        ).all()
    assert [tuple(move) for move in moves] == [(None, "active"), ("active", "canceled")]


def test_what_the_buyer_has_changed_in_the_portal_is_left_alone(runtime: Runtime, store: StoreRow) -> None:
    take(runtime, store, EVERYTHING)
    ada = _ada(runtime, store)
    with runtime.database.transaction() as tx:
        buyer.set_locale(tx, ada, "ja")
        event = tx.execute(sa.select(tables.subscription_event)).mappings().one()
        tx.execute(tables.subscription_event.insert(), {**event, "sequence": 2, "from_status": "active", "actor": "buyer"})
    report, refused = take(runtime, store, [lines.BUYER | {"billing_detail": None}, lines.SUBSCRIPTION | {"status": "past_due"}])
    assert not refused
    assert report.total("unchanged") == 2
    with runtime.database.read() as connection:
        assert buyer.get(connection, ada).locale == "ja"
        assert subscription.list(connection, ada)[0].status == "active"


def test_pending_things_can_be_finished_by_a_later_file(runtime: Runtime, store: StoreRow) -> None:
    failed = {"status": "failed", "at": "2026-02-01T11:00:05Z", "failure_code": "insufficient_funds"}
    pending = lines.PAYMENT | {"status": "pending", "attempts": [failed]}
    take(runtime, store, [lines.ITEM, lines.BUYER, lines.ORDER | {"status": "pending"}, pending])
    assert _count(runtime, tables.document) == 0
    report, refused = take(runtime, store, [lines.ORDER, lines.PAYMENT, lines.REFUND | {"status": "pending"}])
    assert not refused
    assert (report.total("changed"), report.total("new")) == (2, 1)
    assert _count(runtime, tables.document) == 2
    assert _count(runtime, tables.payment_attempt) == 2
    report, refused = take(runtime, store, [lines.REFUND])
    assert not refused
    assert report.total("changed") == 1
    with runtime.database.read() as connection:
        assert order.page(connection, _ada(runtime, store)).items[0].status == "partially_refunded"
    report, _ = take(runtime, store, [lines.ORDER | {"status": "pending"}, pending, lines.REFUND | {"status": "pending"}])
    assert report.total("unchanged") == 3, "an older line moves nothing back"


def test_a_file_is_read_as_people_write_files(runtime: Runtime, store: StoreRow) -> None:
    """A byte order mark, Windows line ends, empty lines, a line far too long, and no newline at the end."""
    good = json.dumps(lines.GROUP).encode()
    file = io.BytesIO(b"\xef\xbb\xbf" + good + b"\r\n\r\n  \n" + b'{"x":"' + b"y" * 300_000 + b'"}\n' + good)
    refused: list[Refusal] = []
    done: list[int] = []
    report = importing.load(Target(runtime, store, "prod"), file, on_refusal=refused.append, on_progress=done.append)
    assert [(r.line, r.code) for r in refused] == [(4, "malformed")]
    assert (report.total("new"), report.total("unchanged"), report.refused) == (1, 1, 1)
    assert done[-1] > 0


def test_a_store_that_moves_meanwhile_costs_one_line_not_the_batch(
    runtime: Runtime, store: StoreRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another writer stores the same order between our look and our write: the constraint refuses, and only that line is lost."""
    take(runtime, store, EVERYTHING)
    find = importing.import_batch.rows.find

    def blind(tx: Any, scope: Any, kind: Any, by: str, values: Any) -> Any:
        found = find(tx, scope, kind, by, values)
        return [row for row in found if getattr(row, "external_id", None) != "atlas" or by != "external_id"]

    monkeypatch.setattr(importing.import_batch.rows, "find", blind)
    report, refused = take(runtime, store, [lines.ITEM, lines.GROUP, lines.BUYER | {"name": "Ada King"}])
    assert [(r.line, r.code) for r in refused] == [(1, "conflict")]
    assert (report.total("unchanged"), report.total("changed")) == (1, 1)
