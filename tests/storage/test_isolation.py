"""Whatever is asked of storage for somebody else's scope: nothing is found and nothing changes.

Every public function that takes a scope is in the matrix below, or among those that only ever write new rows of their own
scope; a function that is in neither fails the suite.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portico import storage
from portico.domain.billing_detail import BillingDetail
from portico.domain.errors import Conflict, NotFound
from portico.domain.scope import BuyerScope, StoreScope
from portico.storage import (
    api_key,
    buyer,
    cancellation,
    card_setup,
    charge_bound,
    dispute,
    document,
    gateway_customer,
    importing,
    order,
    pack,
    payment,
    product,
    refund,
    refund_ticket,
    session,
    sign_in,
    subscription,
    tables,
    tax_id_check,
    taxed,
)  # fmt: skip
from portico.storage.database import Database
from portico.storage.import_rows import OrderRow
from tests.factories import Factory
from tests.storage import api_rows, isolation_api
from tests.storage.api_rows import ApiRows

TOKEN, BROWSER, EMAIL = b"\1" * 32, b"\2" * 32, b"\3" * 32


@dataclass(frozen=True)
class Own:
    """One buyer with one of everything. `subscription` is due, `waiting` waits for the payment `open`."""

    scope: BuyerScope
    product: str
    order: str
    subscription: str
    waiting: str
    payment: str
    open: str
    document: str
    request: str
    ticket: str
    rejected: str
    cancellation: str
    setup: str
    now: Any
    refund: str
    trial_product: str
    api: ApiRows


def _details(tx: sa.Connection, scope: BuyerScope, own: Own) -> Any:
    bare = payment.get(tx, own.scope, own.payment)
    (found,) = payment.with_details(tx, scope, [bare])
    return found.attempts or found.refunds


Ask = Callable[[sa.Connection, Any, Own], Any]

OF_BUYER: dict[str, Ask] = {
    "buyer.get": lambda tx, scope, own: buyer.get(tx, scope),
    "buyer.lock": lambda tx, scope, own: buyer.lock(tx, scope),
    "buyer.set_locale": lambda tx, scope, own: buyer.set_locale(tx, scope, "ja"),
    "buyer.billing_detail": lambda tx, scope, own: buyer.billing_detail(tx, scope),
    "buyer.save_billing_detail": lambda tx, scope, own: buyer.save_billing_detail(tx, scope, BillingDetail(city="X"), 1),
    "order.page": lambda tx, scope, own: order.page(tx, scope).items,
    "order.with_buyer": lambda tx, scope, own: order.with_buyer(tx, scope, own.order),
    "order.set_billing_detail": lambda tx, scope, own: order.set_billing_detail(tx, scope, own.order, BillingDetail(city="X")),
    "order.get": lambda tx, scope, own: order.get(tx, scope, own.order),
    "payment.get": lambda tx, scope, own: payment.get(tx, scope, own.payment),
    "payment.of_orders": lambda tx, scope, own: payment.of_orders(tx, scope, [own.order]),
    "payment.with_details": _details,
    "payment.lock": lambda tx, scope, own: payment.lock(tx, scope, own.payment),
    "payment.of_subscription_now": lambda tx, scope, own: [
        each for of in (own.waiting, own.subscription) for each in payment.of_subscription_now(tx, scope, of) if each
    ],
    "charge_bound.count_since": lambda tx, scope, own: all(
        charge_bound.count_since(tx, scope, own.subscription, own.now - timedelta(days=1))
    ),
    "payment.add_attempt": lambda tx, scope, own: payment.add_attempt(
        tx, scope, own.open, key="K", customer_reference=None, method_reference=None, method=None, on_session=False, now=own.now
    ),
    "payment.set_status": lambda tx, scope, own: payment.set_status(tx, scope, own.open, "failed"),
    "payment.cancel": lambda tx, scope, own: payment.cancel(tx, scope, own.open),
    "payment.succeed": lambda tx, scope, own: payment.succeed(tx, scope, own.open, method=None, now=own.now),
    "refund.start": lambda tx, scope, own: refund.start(
        tx, scope, "REF_9", payment_id=own.payment, amount_minor=1, reason="", key="K", now=own.now
    ),
    "refund_ticket.get": lambda tx, scope, own: refund_ticket.get(tx, scope, own.ticket),
    "refund_ticket.list": lambda tx, scope, own: refund_ticket.list(tx, scope),
    "refund_ticket.of_payment": lambda tx, scope, own: refund_ticket.of_payment(tx, scope, own.payment),
    "refund_ticket.decide": lambda tx, scope, own: refund_ticket.decide(tx, scope, own.ticket, "rejected", now=own.now),
    "refund_ticket.resubmit": lambda tx, scope, own: refund_ticket.resubmit(
        tx, scope, own.rejected, expected_version=1, amount_minor=1, reason="", now=own.now
    ),
    "cancellation.get": lambda tx, scope, own: cancellation.get(tx, scope, own.cancellation),
    "cancellation.standing": lambda tx, scope, own: cancellation.standing(tx, scope, own.subscription),
    "cancellation.withdraw": lambda tx, scope, own: cancellation.withdraw(tx, scope, own.subscription, own.now),
    "card_setup.get": lambda tx, scope, own: card_setup.get(tx, scope, own.setup),
    "card_setup.count_since": lambda tx, scope, own: card_setup.count_since(tx, scope, own.waiting, own.now - timedelta(days=1)),
    "card_setup.set_reference": lambda tx, scope, own: card_setup.set_reference(tx, scope, own.setup, "cs_9"),
    "card_setup.end": lambda tx, scope, own: card_setup.end(tx, scope, own.setup, status="expired", now=own.now),
    "dispute.end": lambda tx, scope, own: dispute.end(tx, scope, own.payment, reference="dp_1", status="won", now=own.now),
    "gateway_customer.get": lambda tx, scope, own: gateway_customer.get(tx, scope, "sandbox"),
    "subscription.list": lambda tx, scope, own: subscription.list(tx, scope),
    "subscription.get": lambda tx, scope, own: subscription.get(tx, scope, own.subscription),
    "subscription.history": lambda tx, scope, own: subscription.history(tx, scope, own.subscription),
    "subscription.transition": lambda tx, scope, own: subscription.transition(
        tx, scope, own.subscription, "cancel", cause="x", actor="x", now=own.now
    ),
    "subscription.lock": lambda tx, scope, own: subscription.lock(tx, scope, own.subscription),
    "subscription.get_with_store": lambda tx, scope, own: subscription.get_with_store(tx, scope, own.subscription),
    "subscription.lock_with_store": lambda tx, scope, own: subscription.lock_with_store(tx, scope, own.subscription),
    "taxed.of_buyer_locked": lambda tx, scope, own: taxed.of_buyer_locked(tx, scope),
    "subscription.lock_using_card": lambda tx, scope, own: subscription.lock_using_card(tx, scope, "cus_1", "pm_1"),
    "subscription.change": lambda tx, scope, own: subscription.change(tx, scope, own.subscription, expected_version=1, due_at=None),
    "subscription.hold": lambda tx, scope, own: subscription.hold(tx, scope, own.subscription, reason="x", now=own.now),
    "document.page": lambda tx, scope, own: document.page(tx, scope).items,
    "document.get": lambda tx, scope, own: document.get(tx, scope, own.document),
    "document.newest_invoice": lambda tx, scope, own: document.newest_invoice(tx, scope, own.payment),
    "document.for_order": lambda tx, scope, own: document.for_order(tx, scope, own.order),
    "document.newest_for_order": lambda tx, scope, own: document.newest_for_order(tx, scope, own.order, limit=9),
    "document.of_payment": lambda tx, scope, own: document.of_payment(tx, scope, own.payment),
    "document.count_between": lambda tx, scope, own: document.count_between(tx, scope, own.now, own.now + timedelta(days=1)),
    "document.between": lambda tx, scope, own: document.between(tx, scope, own.now, own.now + timedelta(days=1)),
    "document.span": lambda tx, scope, own: document.span(tx, scope),
    "document.replaced": lambda tx, scope, own: document.replaced(tx, scope, [own.document]),
    "document.corrections_since": lambda tx, scope, own: document.corrections_since(tx, scope, own.now),
    "document.file": lambda tx, scope, own: document.file(tx, scope, own.document, "en", "application/pdf"),
    "document.keep_file": lambda tx, scope, own: document.keep_file(
        tx, scope, own.document, "de", "application/pdf", body=b"x", now=own.now
    ),
    "tax_id_check.newest": lambda tx, scope, own: tax_id_check.newest(tx, scope, "ATU1"),
    "tax_id_check.is_refused": lambda tx, scope, own: tax_id_check.is_refused(tx, scope, "ATU2"),
    "tax_id_check.is_doubted": lambda tx, scope, own: tax_id_check.is_doubted(tx, scope, "ATU2", most_refused=9),
    "tax_id_check.is_confirmed": lambda tx, scope, own: tax_id_check.is_confirmed(tx, scope, "ATU3"),
    "tax_id_check.answered": lambda tx, scope, own: tax_id_check.answered(tx, scope, "TIC_1", "valid", now=own.now),
    "tax_id_check.withdraw_others": lambda tx, scope, own: tax_id_check.withdraw_others(tx, scope, "ATU2"),
    "tax_id_check.no_answer": lambda tx, scope, own: tax_id_check.no_answer(tx, scope, "TIC_1"),
    "pack.get": lambda tx, scope, own: pack.get(tx, scope, "PCK_1"),
    "pack.pending": lambda tx, scope, own: pack.pending(tx, scope),
    "pack.newest": lambda tx, scope, own: pack.newest(tx, scope, 9),
    "pack.made_since": lambda tx, scope, own: pack.made_since(tx, scope, own.now),
    "pack.part": lambda tx, scope, own: pack.part(tx, scope, "PCK_0", 1),
    "pack.part_lengths": lambda tx, scope, own: pack.part_lengths(tx, scope, "PCK_0"),
    "session.end_all_for_buyer": lambda tx, scope, own: session.end_all_for_buyer(tx, scope, own.now),
    **isolation_api.OF_BUYER,
}
OF_STORE: dict[str, Ask] = {
    "api_key.list": lambda tx, scope, own: api_key.list(tx, scope),
    "tax_id_check.is_refused_here": lambda tx, scope, own: tax_id_check.is_refused_here(tx, scope, "ATU2"),
    "tax_id_check.of_store": lambda tx, scope, own: tax_id_check.of_store(tx, scope),
    "api_key.revoke": lambda tx, scope, own: api_key.revoke(tx, scope, "KEY_1", own.now),
    "buyer.by_email": lambda tx, scope, own: buyer.by_email(tx, scope, "own@example.com"),
    "product.get": lambda tx, scope, own: product.get(tx, scope, own.product),
    "product.active": lambda tx, scope, own: product.active(tx, scope),
    "payment.open_attempts_in": lambda tx, scope, own: payment.open_attempts_in(tx, scope),
    "subscription.due_in": lambda tx, scope, own: subscription.due_in(tx, scope, now=own.now + timedelta(days=99), limit=9),
    "subscription.next_due_in": lambda tx, scope, own: subscription.next_due_in(tx, scope),
    "subscription.reminders_due_in": lambda tx, scope, own: subscription.reminders_due_in(tx, scope, now=own.now, limit=9),
    "subscription.next_reminder_in": lambda tx, scope, own: subscription.next_reminder_in(tx, scope),
    "product.with_group": lambda tx, scope, own: product.with_group(tx, scope, own.product),
    "importing.find": lambda tx, scope, own: importing.find(tx, scope, OrderRow, "id", [own.order]),
    "importing.holders": lambda tx, scope, own: importing.holders(tx, scope, [document.get(tx, own.scope, own.document).number]),
    "sign_in.lock_open": lambda tx, scope, own: sign_in.lock_open(tx, scope, EMAIL),
    "sign_in.by_token_hash": lambda tx, scope, own: sign_in.by_token_hash(tx, scope, TOKEN),
    "sign_in.by_browser": lambda tx, scope, own: sign_in.by_browser(tx, scope, BROWSER, own.now - timedelta(days=1), 9),
    "sign_in.mint": lambda tx, scope, own: sign_in.mint(
        tx, scope, own.request, buyer_id=own.scope.buyer_id, token_hash=EMAIL, code_hash=EMAIL, now=own.now, expires_at=own.now
    ),
    "sign_in.count_try": lambda tx, scope, own: sign_in.count_try(tx, scope, [own.request], 5),
    "sign_in.redeem": lambda tx, scope, own: sign_in.redeem(tx, scope, own.request, BROWSER, own.now),
    "sign_in.void": lambda tx, scope, own: sign_in.void(tx, scope, [own.request], own.now),
    "sign_in.void_open": lambda tx, scope, own: sign_in.void_open(tx, scope, EMAIL, own.now),
    **isolation_api.OF_STORE,
}
# These write new rows whose scope is the one given; the database's foreign keys hold them to it.
NEW_ROWS = {
    "api_key.create", "audit.record", "buyer.create", "numbering.next_number", "numbering.reserve", "session.create", "sign_in.insert",
    "scoped.store_values", "scoped.buyer_values", "payment.start", "refund_ticket.create", "cancellation.create", "card_setup.create",
    "gateway_customer.put", "dispute.begin", "tax_id_check.create", "pack.create", *isolation_api.NEW_ROWS,
}  # fmt: skip


@pytest.fixture
def own(database: Database, factory: Factory) -> Own:
    now = factory.now
    owner = factory.buyer(email="own@example.com", external_id="own")
    factory.group(owner, id="GRP_1", external_id="g")
    factory.group(owner, id="GRP_2")
    product_id = factory.product(owner, group_id="GRP_1", external_id="own-product")
    order_id = factory.order(owner, product_id=product_id, external_id="own-order")
    payment_id = factory.payment(owner, order_id, refunded_minor=1000)
    refund_id = factory.refund(owner, payment_id)
    document_id = factory.document(owner, payment_id)
    factory.correction(owner, payment_id)
    trial_product = factory.product(owner, kind="subscription")
    subscription_id = factory.subscription(
        owner, managed=True, remind_at=now, external_id="own-subscription", product_id=trial_product, trial_end=now
    )
    factory.period_payment(owner, subscription_id)
    waiting_id = factory.subscription(owner, managed=True, due_at=None, method_reference="pm_2")
    open_id = factory.period_payment(owner, waiting_id, status="pending", attempts=("failed",))
    factory.payment(owner, factory.order(owner), status="pending", attempts=("pending",))
    request = sign_in.SignInRequest("LNK_1", EMAIL, BROWSER, "en", "", now, held=False, known_browser=False)
    rejected_id = factory.ticket(owner, factory.payment(owner, factory.order(owner)), status="rejected")
    with database.transaction() as tx:
        document.keep_file(tx, owner, document_id, "en", "application/pdf", body=b"pdf", now=now)
        api_key.create(tx, owner, "KEY_1", name="k", prefix="k", key_hash=TOKEN, now=now)
        session.create(tx, owner, token_hash=TOKEN, now=now, expires_at=now + timedelta(minutes=30))
        sign_in.insert(tx, owner, request)
        hashes = {"token_hash": TOKEN, "code_hash": TOKEN}
        sign_in.mint(tx, owner, request.id, buyer_id=owner.buyer_id, **hashes, now=now, expires_at=now + timedelta(minutes=10))
        gateway_customer.put(tx, owner, "sandbox", "cus_1")
        dispute.begin(tx, owner, dispute.NewDispute("DSP_1", payment_id, "dp_1", 100, "EUR", "fraudulent", now))
        tax_id_check.create(tx, owner, "TIC_1", "ATU1", now + timedelta(seconds=1))  # after the last invoice
        tax_id_check.create(tx, owner, "TIC_2", "ATU2", now)
        tax_id_check.answered(tx, owner, "TIC_2", "invalid", now=now)
        tax_id_check.create(tx, owner, "TIC_3", "ATU3", now)
        tax_id_check.answered(tx, owner, "TIC_3", "valid", now=now)
        asked = pack.Pack("PCK_0", now.date(), now.date(), "pending", 1, 0, None, None, now, None, now + timedelta(days=7))
        pack.create(tx, owner, asked)
        pack.add_part(tx, "PCK_0", 1, b"zip")
        pack.ready(tx, "PCK_0", 3, TOKEN, now=now, expires_at=asked.expires_at)
        pack.create(tx, owner, replace(asked, id="PCK_1"))
    waiting_order = factory.order(owner, product_id=product_id, status="pending")
    with database.transaction() as tx:
        rows = api_rows.kept(tx, owner, factory, waiting_order, product_id)
    factory.card_setup(owner, None, checkout_id=rows.placed)
    return Own(
        scope=owner, product=product_id, order=order_id, subscription=subscription_id, waiting=waiting_id, payment=payment_id, open=open_id,
        document=document_id, request=request.id, ticket=factory.ticket(owner, payment_id), rejected=rejected_id,
        cancellation=factory.cancellation(owner, subscription_id), setup=factory.card_setup(owner, waiting_id, reference=None), now=now,
        refund=refund_id, trial_product=trial_product, api=rows,
    )  # fmt: skip


_OF_THE_BUYER_HIMSELF = {"buyer.get", "buyer.lock", "buyer.set_locale", "buyer.billing_detail", "buyer.save_billing_detail", "buyer.update"}


def test_the_owner_finds_everything(database: Database, own: Own) -> None:
    """Otherwise the matrix would prove nothing."""
    writes_nothing_back = {
        "sign_in.mint", "sign_in.void", "sign_in.void_open", "buyer.set_locale", "order.set_billing_detail", "subscription.hold",
        "product.set_options", "tax_id_check.no_answer", *isolation_api.TELLS_NOTHING,
    }  # fmt: skip
    for name, ask in {**OF_BUYER, **OF_STORE}.items():
        if name in writes_nothing_back:
            continue
        with pytest.raises(_RolledBack), database.transaction() as tx:
            _ask_and_roll_back(tx, ask, own, name)


def test_a_stranger_finds_nothing_and_changes_nothing(database: Database, factory: Factory, own: Own) -> None:
    before = _everything(database)
    here, other_store = own.scope, factory.store()
    neighbour = factory.buyer(StoreScope(here.store_id, here.environment))
    for strange in (
        neighbour,
        BuyerScope(here.store_id, "prod", here.buyer_id),
        BuyerScope(other_store.store_id, here.environment, here.buyer_id),
        BuyerScope("", here.environment, here.buyer_id),
        BuyerScope(here.store_id, here.environment, ""),
    ):
        for name, ask in OF_BUYER.items():
            if strange == neighbour and name in _OF_THE_BUYER_HIMSELF:
                continue  # these take no id: a neighbour finds himself
            _finds_nothing(database, ask, strange, own, name)
    for foreign in (StoreScope(here.store_id, "prod"), StoreScope(other_store.store_id, here.environment)):
        for name, ask in OF_STORE.items():
            _finds_nothing(database, ask, foreign, own, name)
    after = _everything(database)
    assert {name: rows for name, rows in after.items() if name not in {"store", "merchant", "buyer"}} == {
        name: rows for name, rows in before.items() if name not in {"store", "merchant", "buyer"}
    }
    assert set(before["buyer"]) <= set(after["buyer"])


def test_every_function_that_takes_a_scope_is_in_the_matrix() -> None:
    found: set[str] = set()
    for module in pkgutil.iter_modules(storage.__path__):
        loaded = importlib.import_module(f"portico.storage.{module.name}")
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            if function.__module__ == loaded.__name__ and not name.startswith("_") and "scope" in inspect.signature(function).parameters:
                found.add(f"{module.name}.{name}")
    assert found - NEW_ROWS == {*OF_BUYER, *OF_STORE}


class _RolledBack(Exception):
    pass


def _ask_and_roll_back(tx: sa.Connection, ask: Ask, own: Own, name: str) -> None:
    assert ask(tx, own.scope, own), name
    raise _RolledBack


def _finds_nothing(database: Database, ask: Ask, scope: StoreScope, own: Own, name: str) -> None:
    try:
        with database.transaction() as tx:
            assert not ask(tx, scope, own), f"{name} as {scope}"
    except (NotFound, Conflict, sa.exc.IntegrityError):
        pass  # the last is a foreign key, which carries the scope


def _everything(database: Database) -> dict[str, list[Any]]:
    with database.read() as tx:
        return {name: [tuple(map(str, row)) for row in tx.execute(sa.select(table))] for name, table in tables.metadata.tables.items()}
