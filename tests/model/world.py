"""A small world to play in: two buyers, six plans, a faulty bank, a clock, a worker that may die. Every action may be taken at any
time; what is not possible must be refused and change nothing. After each step `must_hold` compares our books with the bank's."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from portico.app import id_maker
from portico.domain.errors import Conflict, Invalid, NotFound, Refused
from portico.domain.scope import BuyerScope
from portico.domain.tax import TaxPolicy
from portico.domain.tax_table import starting_set
from portico.domain.why_not import SUBSCRIPTION_ACTIONS, why_not
from portico.gateways.port import Unanswered
from portico.jobs.handlers import HANDLERS
from portico.jobs.worker import Worker
from portico.mail.transport import FileMailer
from portico.sandbox import cards
from portico.sandbox.bank import Bank
from portico.sandbox.records import BadRequest, CardRefused
from portico.services import (
    cancellation,
    card,
    check,
    checkout,
    checkout_card,
    checkout_end,
    checkout_order,
    correction,
    pause,
    paying,
    plan_change,
    refund,
    standing,
    webhook_in,
)
from portico.services.checkout import Asked
from portico.services.runtime import Runtime
from portico.storage import document as documents
from portico.storage import outbox, tables, tax_rate
from portico.storage import store as stores
from portico.storage.database import Database
from portico.storage.store import StoreRow
from tests.bank import BankGateway
from tests.conftest import SteppingClock
from tests.factories import Factory
from tests.services.shop import PLANS, START, opened

FAULTS = (
    "timeout_before", "timeout_after", "error_before", "error_after", "decline:insufficient_funds", "decline:card_declined",
    "requires_action", "processing", "find_timeout", "cancel_timeout", "setup_timeout", "refund_timeout_before",
    "refund_timeout_after", "refund_fails",
)  # fmt: skip
NUMBERS = (cards.SUCCESS, cards.CONFIRMS, cards.INSUFFICIENT_FUNDS, cards.DECLINES_CHARGES, cards.EXPIRES_SOON)
JUMPS = (timedelta(minutes=2), timedelta(minutes=61), timedelta(hours=25), timedelta(days=7), timedelta(days=40), timedelta(days=400))
DETAILS = (
    {"country": "DE", "name": "Ada Lovelace"},
    {"country": "AT", "name": "Ada Lovelace", "is_business": "1", "business_name": "Lovelace OG", "tax_id": "ATU13585627"},
    {"country": "FR", "name": "Ada Byron"},
)
_NO = (Refused, Conflict, NotFound, Invalid, Unanswered, BadRequest, CardRefused)


class World:
    """`trace` tells what was done and what came of it: the same actions give the same trace, in any process, on any database."""

    def __init__(self, database: Database, mailbox: Any, seed: int) -> None:
        self.clock = SteppingClock(START)
        chance = random.Random(seed)
        bank = Bank(None, self.clock, random.Random(seed + 1).randbytes)
        self.gateway = BankGateway(bank)
        self.runtime = Runtime(
            database=database, mailer=FileMailer(mailbox), clock=self.clock, random_bytes=chance.randbytes,
            new_id=id_maker(self.clock, random.Random(seed + 2).randbytes), secret=b"a secret of the tests, kept by nobody",
            origin="https://portal.test", mail_from="portal@portal.test", gateways={"test": self.gateway, "prod": self.gateway},
        )  # fmt: skip
        self.shop = opened(self.runtime, Factory(database, START), self.gateway, self.clock)
        self.runtime = self.shop.runtime
        with database.transaction() as tx:
            stores.set_tax_policy(tx, self.shop.store.store_id, TaxPolicy(refund_tax=True))
            tax_rate.replace(tx, self.shop.store.store_id, starting_set("DE"))
        self.plans = list(PLANS)
        self.bea = self.shop.factory.buyer(self.shop.store, email="bea@example.com", created_at=START)
        self.subscriptions: list[tuple[BuyerScope, str]] = [
            (self.shop.ada, self.shop.subscribe("starter")),
            (self.shop.ada, self.shop.subscribe("team", quantity=3)),
            (self.bea, self.shop.subscribe("yearly", buyer=self.bea)),
            (self.bea, self.shop.subscribe("pro", buyer=self.bea, status="trialing", trial_end=START + timedelta(days=14))),
        ]
        self.book = self.shop.factory.product(self.shop.store, name="Atlas Book", prices={"EUR": 1500})
        self.gift = self.shop.factory.product(self.shop.store, name="Atlas Sampler", prices={"EUR": 0})
        self.shop.set(tables.product, self.shop.plans["pro"], trial_days=14)
        self.checkouts: list[str] = []
        self.worker = Worker(self.runtime, HANDLERS)
        self.quotes: list[tuple[int, str]] = []
        self.delivered = 0
        self.trace: list[str] = []
        self.written = True  # since the rules of the data were last asked, which takes longer than any action
        sa.event.listen(database.engine, "before_cursor_execute", self._note)

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self.written = self.written or not statement.startswith(("SELECT", "BEGIN"))

    def close(self) -> None:
        """The database is another world's from now on."""
        sa.event.remove(self.runtime.database.engine, "before_cursor_execute", self._note)

    # What buyers do

    def review(self, which: int, plan: int, quantity: int) -> None:
        who, subscription_id = self.subscriptions[which]
        product_id = self.shop.plans[self.plans[plan]]

        def ask() -> Any:
            shown = plan_change.review(self.runtime, who, subscription_id, product_id, quantity)
            self.quotes.append((which, shown.quote))
            return shown.change.timing, shown.change.total_minor

        self._do(f"review {which} {plan} {quantity}", ask)

    def confirm(self, pick: int, which: int | None = None) -> None:
        """Confirms a quote that was shown, the newest for 0; `which` may be another subscription than it was for."""
        if not self.quotes:
            return
        own, sealed = self.quotes[-1 - pick % len(self.quotes)]
        who, subscription_id = self.subscriptions[own if which is None else which]
        self._do(f"confirm {pick} {which}", lambda: plan_change.confirm(self.runtime, who, subscription_id, sealed).outcome)

    def intent(self, name: str, which: int) -> None:
        who, subscription_id = self.subscriptions[which]
        intents: dict[str, Callable[[], Any]] = {
            "cancel": lambda: cancellation.cancel(self.runtime, who, subscription_id, "too_expensive", "It is too much"),
            "resume": lambda: cancellation.resume(self.runtime, who, subscription_id).status,
            "keep": lambda: plan_change.keep(self.runtime, who, subscription_id).status,
            "pause": lambda: pause.pause(self.runtime, who, subscription_id, 2).status,
            "cancel_pause": lambda: pause.cancel_pause(self.runtime, who, subscription_id).status,
            "unpause": lambda: pause.unpause_now(self.runtime, who, subscription_id).outcome,
            "pay": lambda: paying.pay(self.runtime, who, subscription_id).outcome,
        }
        self._do(f"{name} {which}", intents[name])

    def give_card(self, which: int, number: str) -> None:
        who, subscription_id = self.subscriptions[which]

        def visit() -> Any:
            card.update_page(self.runtime, who, subscription_id)
            with self.runtime.database.read() as connection:
                newest = sa.select(tables.card_setup).order_by(tables.card_setup.c.created_at.desc(), tables.card_setup.c.id.desc())
                row = connection.execute(newest).first()
            if row is None or row.reference is None:
                return None
            self.gateway.use_card_page(row.reference, number)
            return card.finish(self.runtime, who, row.id).status

        self._do(f"card {which} {number[-4:]}", visit)

    def shop_for(self, what: str, *, named: bool) -> None:
        """The store opens a checkout, for Bea whom it names or for whoever comes, and somebody orders; at the newest four anything may
        happen afterwards."""
        products = {"book": self.book, "plan": self.shop.plans["pro"], "gift": self.gift}
        asked = Asked(products[what], "EUR", buyer_id=self.bea.buyer_id if named else None)

        def order() -> Any:
            made = checkout.create(self.runtime, self._store(), "prod", asked)
            self.checkouts = [*self.checkouts[-3:], made.id]
            return self._order(made.id, "cyd@example.com")

        self._do(f"shop {what} {named}", order)

    def order_again(self, pick: int, email: str) -> None:
        if self.checkouts:
            checkout_id = self.checkouts[pick % len(self.checkouts)]
            self._do(f"order again {pick} {email}", lambda: self._order(checkout_id, email))

    def pay_for(self, pick: int, number: str) -> None:
        """A card is given on the newest page that a checkout led to, and the buyer comes back."""
        if not self.checkouts:
            return
        checkout_id = self.checkouts[pick % len(self.checkouts)]

        def give() -> Any:
            table = tables.card_setup
            newest = sa.select(table.c.reference).where(table.c.checkout_id == checkout_id, table.c.reference.is_not(None))
            with self.runtime.database.read() as connection:
                reference = connection.execute(newest.order_by(table.c.created_at.desc(), table.c.id.desc())).scalar()
            if reference is not None:
                self.gateway.use_card_page(reference, number)
            return checkout_card.returned(self.runtime, self._store(), "prod", checkout_id).status

        self._do(f"pay for {pick} {number[-4:]}", give)

    def take_back(self, pick: int) -> None:
        if self.checkouts:
            checkout_id = self.checkouts[pick % len(self.checkouts)]
            self._do(
                f"take back {pick}", lambda: checkout_end.expire(self.runtime, self._store(), "prod", checkout_id, actor="key:KEY_1").status
            )

    def _order(self, checkout_id: str, email: str) -> str:
        placed = checkout_order.place(
            self.runtime, self._store(), "prod", checkout_id, email=email, detail_raw={"country": "DE", "name": "Cyd Charisse"}
        )
        return "done" if placed.url is None else "to the card page"

    def _store(self) -> StoreRow:
        with self.runtime.database.read() as connection:
            return stores.get(connection, self.shop.store.store_id)

    def answer_bank(self, approved: bool) -> None:
        """The buyer is back at the bank's page of the newest charge that waits for him, and then at ours."""
        waiting = [entry.charge for entry in self.gateway.bank.ledger() if entry.charge is not None]
        newest = {charge.request.key: charge for charge in waiting}
        charges = [charge for charge in newest.values() if charge.status == "requires_action"]
        if not charges:
            return
        charge = charges[-1]
        self._do(f"3-D Secure {approved}", lambda: self.gateway.bank.confirm_charge(charge.id, approved=approved).status)
        for who in (self.shop.ada, self.bea):
            self._do("look", lambda who=who: paying.look(self.runtime, who, charge.request.key.rpartition("-")[0]).status)

    def ask_refund(self, which: int, percent: int) -> None:
        who, subscription_id = self.subscriptions[which]
        paid = [payment for payment in self.shop.payments(subscription_id, who) if payment.status == "succeeded"]
        if paid:
            minor = max(1, paid[-1].total_minor * percent // 100)
            amount = f"{minor // 100}.{minor % 100:02d}"
            self._do(f"refund {which} {amount}", lambda: refund.ask(self.runtime, who, paid[-1].id, amount, "Not used").status)

    def decide(self, approve: bool) -> None:
        for _, ticket in refund.waiting(self.runtime):
            if ticket.status == "pending":
                decide = refund.approve if approve else refund.reject
                self._do(f"decide {approve}", lambda ticket=ticket, decide=decide: decide(self.runtime, ticket.id) and None)

    def correct(self, which: int, details: int, keep: bool) -> None:
        """Has the newest invoice of a subscription made out to others: whoever shows a VAT id gets the tax back."""
        who, subscription_id = self.subscriptions[which]
        paid = [payment for payment in self.shop.payments(subscription_id, who) if payment.status == "succeeded"]

        def ask() -> Any:
            with self.runtime.database.read() as connection:
                newest = documents.newest_invoice(connection, who, paid[-1].id)
            form = DETAILS[details % len(DETAILS)]
            done = correction.correct(self.runtime, who, newest.id, form, keep=keep)
            return "tax goes back" if done.refund_id else "corrected"

        if paid:
            self._do(f"correct {which} {details} {keep}", ask)

    # What the world does

    def give_back_at_bank(self, which: int, percent: int) -> None:
        """The merchant gives back a part of the newest payment at the bank itself; webhooks may tell of it."""
        who, subscription_id = self.subscriptions[which]
        attempts = [attempt for payment in self.shop.payments(subscription_id, who) for attempt in payment.attempts]
        charged = [attempt.reference for attempt in attempts if attempt.status == "succeeded" and attempt.reference]
        if charged:
            bank, reference = self.gateway.bank, charged[-1]
            minor = max(1, bank.charge_by_id(reference).request.amount_minor * percent // 100)
            self._do(f"at the bank {which} {minor}", lambda: bank.give_back(reference, minor).status)

    def fault(self, name: str) -> None:
        self.gateway.faults.append(name)
        self.trace.append(f"fault {name}")

    def finish_processing(self) -> None:
        newest = {entry.charge.request.key: entry.charge for entry in self.gateway.bank.ledger() if entry.charge is not None}
        for key, charge in newest.items():
            if charge.status == "processing":
                self._do("processed", lambda key=key: self.gateway.bank.finish_charge(key).status)

    def webhooks(self, order: random.Random, copies: int) -> None:
        """The bank's webhooks since the last time, shuffled, each so many times."""
        news = self.gateway.webhooks(self.clock(), after=self.delivered) * copies
        self.delivered = len(self.gateway.bank.ledger())
        order.shuffle(news)
        for body, headers in news:
            self._do("webhook", lambda body=body, headers=headers: webhook_in.receive(self.runtime, "prod", "sandbox", body, headers))

    def pass_time(self, span: timedelta) -> None:
        self.clock.time += span
        self.trace.append(f"time {span}")

    def work(self) -> None:
        self._do("work", self.worker.run_until_idle)

    def restart(self) -> None:
        """A worker died with jobs in its hands; another takes over."""
        with self.runtime.database.transaction() as tx:
            outbox.claim(tx, "pay", limit=3, owner="the dead", now=self.clock(), lease_seconds=30)
        self.worker = Worker(self.runtime, HANDLERS)
        with self.runtime.database.transaction() as tx:
            outbox.release_all(tx, self.clock())
        self.trace.append("restart")

    def _do(self, name: str, action: Callable[[], Any]) -> None:
        try:
            told = action()
        except _NO as error:
            told = f"{type(error).__name__} {getattr(error, 'code', '')}"
        self.trace.append(f"{name}: {told}")

    # What must hold

    def must_hold(self) -> None:
        if self.written:
            broken = [finding for finding in check.run(self.runtime.database) if finding.severity == "error"]
            assert not broken, broken
            self.written = False
        with self.runtime.database.read() as connection:
            held = connection.execute(sa.select(tables.subscription.c.held_reason).where(tables.subscription.c.held_at.is_not(None))).all()
            attempts = {row.key: row for row in connection.execute(sa.select(tables.payment_attempt)) if row.key}
            amounts = {row.id: (row.total_minor, row.currency) for row in connection.execute(sa.select(tables.payment))}
        assert not held, held
        captures = {capture.key: capture for capture in self.gateway.bank.captures()}
        assert max(Counter(key.rpartition("-")[0] for key in captures).values()) == 1, "an intent is captured once"
        for key, capture in captures.items():
            attempt = attempts[key]
            assert attempt.status != "failed", f"{key} was captured and is shown as failed"
            assert amounts[attempt.payment_id] == (capture.amount_minor, capture.currency), f"{key}: charged is not what was intended"
        for key, attempt in attempts.items():
            assert attempt.status != "succeeded" or key in captures, f"{key} succeeded in our books alone"
        self._buttons_are_sound()

    def _buttons_are_sound(self) -> None:
        """No action is offered and refused for want of a rule: every reason has its code, and a final subscription allows nothing."""
        for who, subscription_id in self.subscriptions:
            with self.runtime.database.read() as connection:
                here = standing.look(connection, self.runtime, who, subscription_id)
            reasons = {action: why_not(action, here.standing, here.now) for action in SUBSCRIPTION_ACTIONS}
            if here.subscription.status in ("canceled", "expired", "closed"):
                assert set(reasons.values()) == {"over"}, reasons

    def settle_down(self) -> None:
        """The bank answers again and everybody works: then the books are equal to the last entry."""
        self.gateway.faults.clear()
        self.webhooks(random.Random(0), 1)
        for _ in range(6):
            self.finish_processing()
            self.clock.time += timedelta(minutes=61)
            self.work()
        self.must_hold()
        with self.runtime.database.read() as connection:
            left = sa.select(tables.payment_attempt.c.key).where(tables.payment_attempt.c.status.in_(("pending", "unknown")))
            assert connection.execute(left).scalars().all() == [], "nothing is left unknown"
            succeeded = sa.select(tables.payment_attempt.c.key).where(tables.payment_attempt.c.status == "succeeded")
            booked = set(connection.execute(succeeded).scalars())
            given = sa.select(sa.func.coalesce(sa.func.sum(tables.refund.c.amount_minor), 0)).where(tables.refund.c.status == "succeeded")
            given_back = connection.execute(given).scalar_one()
            assert connection.execute(sa.select(tables.refund).where(tables.refund.c.status == "pending")).all() == []
        bank = self.gateway.bank
        sent_back = [record for record in bank.refunds() if record.status == "succeeded"]
        surplus = {capture.key for capture in bank.captures()} - booked
        by_reference = {capture.reference: capture.key for capture in bank.captures()}
        returned = sum(record.request.amount_minor for record in sent_back if by_reference[record.request.charge] in surplus)
        assert sum(c.amount_minor for c in bank.captures() if c.key in surplus) == returned, "what nobody waited for is given back"
        assert sum(record.request.amount_minor for record in sent_back) - returned == given_back

    def state(self) -> list[str]:
        """All that the database and the bank know, in words, to compare two runs."""
        told = [f"{entry.sequence} {entry.type} {entry.at}" for entry in self.gateway.bank.ledger()]
        with self.runtime.database.read() as connection:
            for table in (
                tables.subscription, tables.payment, tables.payment_attempt, tables.refund, tables.document, tables.cancellation,
                tables.order, tables.checkout_session,
            ):  # fmt: skip
                columns = [column for column in table.c if column.name not in ("content_hash",)]
                rows = connection.execute(sa.select(*columns).order_by(*table.primary_key)).all()
                told += [f"{table.name} {tuple(row)}" for row in rows]
        return told


def play(world: World, seed: int, steps: int, *, watched: bool = True) -> None:
    """So many actions by chance, the same for the same seed. What must hold is looked at after each, where it is `watched`."""
    chance = random.Random(seed)
    for _ in range(steps):
        _act(world, chance)
        if watched:
            world.must_hold()


def _act(world: World, chance: random.Random) -> None:
    which, plan = chance.randrange(len(world.subscriptions)), chance.randrange(len(world.plans))
    name = chance.choice(("cancel", "resume", "keep", "pause", "cancel_pause", "unpause", "pay", "pay"))

    def change() -> None:
        world.review(which, plan, chance.choice((1, 1, 2, 7, 60)))
        world.confirm(0)

    actions: list[Callable[[], None]] = [
        change,
        lambda: world.review(which, plan, 1),
        lambda: world.confirm(chance.randrange(4), chance.choice((None, None, which))),
        lambda: world.intent(name, which),
        lambda: world.give_card(which, chance.choice(NUMBERS)),
        lambda: world.answer_bank(chance.random() < 0.7),
        lambda: world.ask_refund(which, chance.choice((100, 50, 3))),
        lambda: world.decide(chance.random() < 0.7),
        lambda: world.give_back_at_bank(which, chance.choice((100, 50, 3))),
        lambda: world.correct(which, chance.randrange(3), chance.random() < 0.3),
        lambda: world.shop_for(chance.choice(("book", "plan", "gift")), named=chance.random() < 0.5),
        lambda: world.order_again(chance.randrange(4), chance.choice(("cyd@example.com", "bea@example.com"))),
        lambda: world.pay_for(chance.randrange(4), chance.choice(NUMBERS)),
        lambda: world.pay_for(chance.randrange(4), chance.choice(NUMBERS)),
        lambda: world.take_back(chance.randrange(4)),
        lambda: world.fault(chance.choice(FAULTS)),
        lambda: world.webhooks(chance, chance.choice((1, 2, 3))),
        lambda: world.pass_time(chance.choice(JUMPS)),
        world.finish_processing,
        world.work,
        world.work,
        world.restart,
    ]
    chance.choice(actions)()
