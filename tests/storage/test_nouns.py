"""What goes into a noun's module comes out of it, alike on both databases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from portico.domain.billing_detail import BillingDetail
from portico.domain.buyer import Buyer
from portico.domain.errors import NotFound, Refused
from portico.domain.invoice import Seller
from portico.domain.scope import BuyerScope, StoreScope
from portico.domain.subscription import ScheduledChange
from portico.storage import api_key, audit, buyer, document, numbering, product, rate_limit, session, store, subscription, tables
from portico.storage.database import Database, count_statements
from portico.storage.page import Cursor
from portico.storage.store import StoreRow
from tests.factories import Factory

HALF_AN_HOUR = timedelta(minutes=30)


def test_a_store_comes_back_as_it_was_created(database: Database, now: datetime) -> None:
    row = StoreRow(
        "STO_1", "MER_1", "acme", "Acme", "pt-BR", "America/Sao_Paulo", "help@acme.example", "#123456", Seller("Ação Ltda", country="BR")
    )
    with database.transaction() as tx:
        store.create_merchant(tx, "MER_1", "Acme", now)
        store.create(tx, row, now)
    with database.read() as tx:
        assert store.by_slug(tx, "acme") == store.get(tx, "STO_1") == row
        assert store.every(tx) == (row,)
        assert store.by_slug(tx, "ACME") is None
        with pytest.raises(NotFound):
            store.get(tx, "STO_2")
    with database.transaction() as tx, pytest.raises(Refused) as refused:
        store.create(tx, row, now)
    assert refused.value.code == "slug_taken"


def test_a_store_says_what_people_see_and_where_they_may_be_sent(database: Database, factory: Factory) -> None:
    scope = factory.store()
    with database.transaction() as tx:
        before = store.get(tx, scope.store_id)
        assert before.return_origins == ()
        store.update(tx, replace(before, name="Acme 2", locale="de", slug="left-alone"))
        store.set_return_origins(tx, scope.store_id, ["https://acme.example"])
        after = store.get(tx, scope.store_id)
        assert after == replace(before, name="Acme 2", locale="de", return_origins=("https://acme.example",))
        assert store.of_merchant(tx, before.merchant_id) == (after,)
        store.set_return_origins(tx, scope.store_id, [])
        assert store.get(tx, scope.store_id).return_origins == ()
        for change in (lambda: store.update(tx, replace(before, id="STO_2")), lambda: store.set_return_origins(tx, "STO_2", [])):
            with pytest.raises(NotFound):
                change()


def test_an_api_key_opens_its_environment_until_it_is_revoked(database: Database, factory: Factory) -> None:
    scope = factory.store(environment="prod")
    with database.transaction() as tx:
        api_key.create(tx, scope, "KEY_1", name="server", prefix="pk_live_ab", key_hash=bytes(32), now=factory.now)
        found = api_key.by_hash(tx, bytes(32))
        assert found is not None
        assert found[0] == scope
        assert found[2] == store.get(tx, scope.store_id)
        assert api_key.list(tx, scope) == (found[1],)
        assert api_key.revoke(tx, scope, "KEY_1", factory.now)
        assert not api_key.revoke(tx, scope, "KEY_1", factory.now)
        assert api_key.by_hash(tx, bytes(32)) is None
        assert [key.revoked_at for key in api_key.list(tx, scope)] == [factory.now]


def test_a_buyer_is_found_by_the_very_bytes_of_the_address(database: Database, factory: Factory) -> None:
    scope = factory.store()
    made = Buyer("BUY_1", "k@example.com", "user-7", "Kim", None, factory.now)
    with database.transaction() as tx:
        buyer.create(tx, scope, made, BillingDetail(country="FR", city="Nîmes"))
    with database.read() as tx:
        assert buyer.by_email(tx, scope, "k@example.com") == made
        for other in ("K@example.com", "\u212a@example.com", "k@example.com ", "k+x@example.com"):
            assert buyer.by_email(tx, scope, other) is None


def test_a_buyers_language_and_billing_detail_are_kept(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    detail = BillingDetail(country="DE", name="Zoë Ω", is_business=True, business_name="Ω GmbH", tax_id="DE136695976", postal_code="10117")
    with database.transaction() as tx:
        buyer.set_locale(tx, owner, "ja")
        _, version = buyer.billing_detail(tx, owner)
        assert buyer.save_billing_detail(tx, owner, detail, version)
        assert not buyer.save_billing_detail(tx, owner, BillingDetail(), version)
    with database.read() as tx:
        assert buyer.get(tx, owner).locale == "ja"
        assert buyer.billing_detail(tx, owner) == (detail, version + 1)


def test_products_carry_their_prices(database: Database, factory: Factory) -> None:
    scope = factory.store()
    group = {"id": "GRP_1", "store_id": scope.store_id, "environment": "test", "external_id": "plans", "name": "Plans"}
    with database.transaction() as tx:
        tx.execute(tables.product_group.insert(), group | {"created_at": factory.now})
    plan = factory.product(scope, kind="subscription", interval="year", group_id="GRP_1", prices={"EUR": 29000, "JPY": 45000})
    factory.product(scope, active=False)
    bare = factory.product(scope, prices={})
    with database.read() as tx:
        found = product.get(tx, scope, plan)
        assert (found.interval, found.prices, found.active) == ("year", {"EUR": 29000, "JPY": 45000}, True)
        assert product.with_group(tx, scope, found.id) == (found, (found,))
        assert {item.id for item in product.active(tx, scope)} == {plan, bare}
        assert product.get(tx, scope, bare).prices == {}


def test_subscriptions_that_run_come_first(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    made = {
        status: factory.subscription(owner, status=status, created_at=factory.now + timedelta(days=n))
        for n, status in enumerate(("past_due", "active", "pending", "canceled", "expired"))
    }
    with database.read() as tx:
        listed = subscription.list(tx, owner)
    assert [item.id for item in listed] == [made[status] for status in ("active", "past_due", "pending", "expired", "canceled")]


def test_a_scheduled_plan_change_names_the_plan(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    other = factory.product(owner, kind="subscription", name="Atlas Team")
    subscription_id = factory.subscription(owner, change_kind="change_plan", change_at=factory.now, change_product_id=other)
    with database.read() as tx:
        found = subscription.get(tx, owner, subscription_id)
    assert found.scheduled_change == ScheduledChange("change_plan", factory.now, other, "Atlas Team", 2900)
    assert (found.method.brand, found.method.expiry_year) == ("visa", 2029)


def test_a_transition_moves_subscription_order_and_history(database: Database, factory: Factory) -> None:
    owner, later = factory.buyer(), factory.now + timedelta(days=1)
    subscription_id = factory.subscription(owner)
    with database.transaction() as tx, count_statements(database) as seen:
        moved = subscription.transition(tx, owner, subscription_id, "cancel", cause="too_expensive", actor="buyer", now=factory.now)
    assert (moved, seen.count) == ("canceling", 4)
    with database.transaction() as tx:
        subscription.transition(tx, owner, subscription_id, "end", cause="period_over", actor="worker", now=later)
        found = subscription.get(tx, owner, subscription_id)
        assert (found.status, found.ended_at) == ("canceled", later)
        assert tx.execute(sa.select(tables.order.c.status)).scalar_one() == "canceled"
        lines = subscription.history(tx, owner, subscription_id)
    assert [(line.sequence, line.from_status, line.to_status, line.cause, line.actor) for line in lines] == [
        (1, None, "active", "created", "import"),
        (2, "active", "canceling", "too_expensive", "buyer"),
        (3, "canceling", "canceled", "period_over", "worker"),
    ]


def test_a_transition_that_is_not_in_the_table_changes_nothing(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    subscription_id = factory.subscription(owner)
    with pytest.raises(Refused) as refused, database.transaction() as tx:
        subscription.transition(tx, owner, subscription_id, "resume", cause="x", actor="x", now=factory.now)
    assert refused.value.code == "subscription_transition"
    with database.read() as tx:
        assert len(subscription.history(tx, owner, subscription_id)) == 1


def test_documents_page_like_orders(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    payments = [factory.payment(owner, factory.order(owner)) for _ in range(3)]
    invoices = [factory.document(owner, payment_id, issued_at=factory.now + timedelta(days=n)) for n, payment_id in enumerate(payments)]
    receipt = factory.document(owner, payments[0], kind="receipt", issued_at=factory.now - timedelta(days=1))
    with database.read() as tx, count_statements(database) as seen:
        first = document.page(tx, owner, limit=3)
        assert [item.id for item in first.items] == invoices[::-1]
        assert [item.id for item in document.page(tx, owner, limit=3, cursor=Cursor.decode(first.next or "")).items] == [receipt]
        assert [item.id for item in document.page(tx, owner, kind="receipt").items] == [receipt]
        assert [item.id for item in document.for_order(tx, owner, first.items[2].order_id)] == [invoices[0], receipt]
        assert [item.id for item in document.newest_for_order(tx, owner, first.items[2].order_id, limit=1)] == [invoices[0]]
        assert [item.id for item in document.of_payment(tx, owner, payments[0])] == [invoices[0], receipt]
    assert seen.count == 6


def test_a_document_comes_back_with_the_content_it_was_issued_with(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    document_id = factory.document(owner, factory.payment(owner, factory.order(owner)))
    with database.read() as tx:
        found = document.get(tx, owner, document_id)
        assert document.get_any(tx, document_id) == (owner, found)
        with pytest.raises(NotFound):
            document.get_any(tx, "INV_0000000000000000000000")
    assert found.content is not None
    assert (found.content.number, found.content.total_minor, found.content.seller.city) == (found.number, 3451, "Hamburg")


def test_one_document_of_a_kind_for_a_payment(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    payment_id = factory.payment(owner, factory.order(owner))
    factory.document(owner, payment_id)
    with pytest.raises(sa.exc.IntegrityError):
        factory.document(owner, payment_id)


def test_the_file_made_first_is_kept(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    document_id = factory.document(owner, factory.payment(owner, factory.order(owner)))
    pdf = ("de", "application/pdf")
    with database.transaction() as tx:
        assert document.file(tx, owner, document_id, *pdf) is None
        assert document.keep_file(tx, owner, document_id, *pdf, body=b"first", now=factory.now) == b"first"
        assert document.keep_file(tx, owner, document_id, *pdf, body=b"second", now=factory.now) == b"first"
        assert document.keep_file(tx, owner, document_id, "ja", "application/pdf", body=b"ja", now=factory.now) == b"ja"
        assert document.file(tx, owner, document_id, *pdf) == b"first"


def test_numbers_count_apart_by_store_environment_and_series(database: Database, factory: Factory) -> None:
    here = factory.store()
    prod, elsewhere = StoreScope(here.store_id, "prod"), factory.store()
    with database.transaction() as tx:
        assert [numbering.next_number(tx, here, "INV-2026") for _ in range(3)] == [1, 2, 3]
        assert numbering.reserve(tx, here, {"REC-2026": 2, "INV-2026": 10}) == {"REC-2026": 1, "INV-2026": 4}
        assert numbering.next_number(tx, here, "INV-2026") == 14
        assert [numbering.next_number(tx, *other) for other in ((prod, "INV-2026"), (elsewhere, "INV-2026"), (here, "REC-2026"))] == [
            1,
            1,
            3,
        ]
        with pytest.raises(ValueError, match="at least one"):
            numbering.reserve(tx, here, {"INV-2026": 0})


def test_a_session_brings_its_buyer_and_store_in_one_statement(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    with database.transaction() as tx:
        session.create(tx, owner, token_hash=bytes(32), now=factory.now, expires_at=factory.now + HALF_AN_HOUR)
    with database.read() as tx:
        with count_statements(database) as seen:
            found = session.find(tx, bytes(32))
        assert found is not None
        assert (seen.count, found.scope, found.ended_at) == (1, owner, None)
        assert (found.buyer, found.store) == (buyer.get(tx, owner), store.get(tx, owner.store_id))
        assert session.find(tx, bytes(31) + b"\1") is None
    with database.transaction() as tx:
        assert session.end(tx, bytes(32), factory.now)
        assert not session.end(tx, bytes(32), factory.now)
        ended = session.find(tx, bytes(32))
        assert ended is not None
        assert ended.ended_at == factory.now


def test_no_session_can_be_kept_that_lives_longer_than_half_an_hour(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    with database.transaction() as tx, pytest.raises(sa.exc.IntegrityError):
        session.create(tx, owner, token_hash=bytes(32), now=factory.now, expires_at=factory.now + HALF_AN_HOUR + timedelta(microseconds=1))


def test_signing_out_everywhere_ends_every_session_of_the_buyer_alone(database: Database, factory: Factory) -> None:
    owner, other = factory.buyer(), factory.buyer()
    with database.transaction() as tx:
        for n, whose in enumerate((owner, owner, other)):
            session.create(tx, whose, token_hash=bytes([n]) * 32, now=factory.now, expires_at=factory.now + HALF_AN_HOUR)
        assert session.end_all_for_buyer(tx, owner, factory.now) == 2
        survivor = session.find(tx, bytes([2]) * 32)
    assert survivor is not None
    assert survivor.ended_at is None


def test_limits_slide(database: Database) -> None:
    start, key, window = datetime(2026, 1, 1, tzinfo=UTC), bytes(32), 900
    with database.transaction() as tx:
        assert [rate_limit.hit(tx, key, start, window) for _ in range(3)] == [1, 2, 3]
        assert rate_limit.hit(tx, b"\1" * 32, start, window) == 1
        turn = start + timedelta(seconds=900)
        assert rate_limit.count(tx, key, turn - timedelta(seconds=1), window) == 3
        assert rate_limit.count(tx, key, turn, window) == 3  # nobody starts afresh at the turn of a window
        assert rate_limit.count(tx, key, turn + timedelta(seconds=450), window) == 2  # half of 3, rounded up
        assert rate_limit.hit(tx, key, turn + timedelta(seconds=450), window) == 3
        assert rate_limit.count(tx, key, turn + timedelta(seconds=900), window) == 1
        rate_limit.take_back(tx, key, turn, window)
        rate_limit.take_back(tx, key, turn, window)
        assert rate_limit.count(tx, key, turn + timedelta(seconds=900), window) == 0


def test_the_audit_trail_says_who_did_what(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    with database.transaction() as tx:
        audit.record(tx, owner, actor="buyer", action="sign_in", subject="LNK_1", now=factory.now)
        audit.record(
            tx, StoreScope(owner.store_id, owner.environment), actor="operator", action="key_created", subject="KEY_1", now=factory.now
        )
        rows = [tuple(row) for row in tx.execute(sa.select(tables.audit.c["buyer_id", "actor", "action", "subject", "at"]))]
    assert rows == [(owner.buyer_id, "buyer", "sign_in", "LNK_1", factory.now), (None, "operator", "key_created", "KEY_1", factory.now)]


def test_a_row_cannot_point_across_buyers_or_environments(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    order_id = factory.order(owner)
    stranger = factory.buyer(StoreScope(owner.store_id, owner.environment))
    elsewhere = BuyerScope(owner.store_id, "prod", owner.buyer_id)
    for wrong in (stranger, elsewhere):
        with pytest.raises(sa.exc.IntegrityError):
            factory.payment(wrong, order_id)
