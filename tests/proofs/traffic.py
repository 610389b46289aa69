"""Buyers who click. Each request is written down before it is sent and again when it was answered; it calls the function that the
page would call, with the arguments that the form would hold."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
import sqlalchemy as sa

from portico.domain.errors import PorticoError
from portico.domain.scope import BuyerScope
from portico.domain.subscription import Subscription
from portico.sandbox import cards
from portico.services import (
    cancellation,
    card,
    checkout,
    checkout_card,
    checkout_order,
    correction,
    pause,
    paying,
    plan_change,
    refund,
    store_time,
    test_clock,
)
from portico.services.checkout import Asked
from portico.services.runtime import Runtime
from portico.storage import store as stores
from portico.storage import subscription as subscriptions
from portico.storage import tables
from portico.storage.database import is_unavailable
from portico.storage.store import StoreRow
from tests.proofs.journal import Facts, Journal, unanswered
from tests.proofs.town import NUMBERS, Town

_MOST_WAITING = 25  # jobs: the clock stands until the worker has caught up
_OVER = ("canceled", "expired", "closed")
# What is done, by where the subscription stands, each as often as it stands here.
_WISHES: dict[str, tuple[str, ...]] = {
    "trialing": ("change", "change", "change", "cancel", "card", "clock", "buy"),
    "active": ("change",) * 9
    + ("buy", "buy")
    + ("cancel", "pause", "keep", "card", "cancel_pause", "correct")
    + ("refund",) * 4
    + ("clock",) * 3,
    "canceling": ("resume", "resume", "resume", "refund", "clock"),
    "past_due": ("pay", "pay", "pay", "card", "card", "card", "clock", "cancel"),
    "paused": ("unpause", "unpause", "clock", "card"),
}
# Whom a correction makes an invoice out to: a consumer, or a business abroad, whose tax goes back.
_DETAILS = (
    {"country": "DE", "name": "Ada Lovelace"},
    {"country": "AT", "name": "Ada Lovelace", "is_business": "1", "business_name": "Lovelace OG", "tax_id": "ATU13585627"},
)
_IN_NEED = ("past_due", "paused", "canceling")


@dataclass
class Traffic:
    """Some of the town's buyers. `wishes` are done first, whatever the subscriptions' states would suggest."""

    runtime: Runtime
    town: Town
    homes: tuple[tuple[BuyerScope, str], ...]
    bank_url: str
    journal: Journal
    chance: random.Random
    wishes: list[str]

    def __post_init__(self) -> None:
        self.bank = httpx2.Client(base_url=self.bank_url, trust_env=False, timeout=5)

    def run(self, *, until: threading.Event) -> None:
        """Clicks until then, or until the process dies."""
        begun = unanswered(self.journal.file)
        if begun is not None:
            self.request(begun)
        while not until.is_set():
            self.step()
            time.sleep(self.chance.uniform(0, 0.02))

    def step(self) -> None:
        """One request, if one comes to mind."""
        request = self._answered_by_the_bank() or self._wished()
        if request is not None:
            self.request(request)

    def request(self, asked: Facts) -> None:
        """Sends a request until it is answered. A database that is away is no answer: the page says "try again"."""
        self.journal.ask(asked)
        while True:
            try:
                told = self._perform(asked)
                break
            except (PorticoError, httpx2.HTTPError) as error:
                told = {"refused": getattr(error, "code", type(error).__name__)}
                break
            except Exception as error:
                if not is_unavailable(error):
                    self.journal.tell({"crashed": repr(error)})
                    raise
                time.sleep(0.2)
        self.journal.tell(told)

    # What comes to mind

    def _wished(self) -> Facts | None:
        try:
            who, subscription_id = self._somebody()
            with self.runtime.database.read() as connection:
                found = subscriptions.get(connection, who, subscription_id)
            if found.status in _OVER and not self.wishes:
                return None
            wish = self.wishes.pop(0) if self.wishes else self.chance.choice(_WISHES.get(found.status, ("clock",)))
            think: Callable[[BuyerScope, Subscription], Facts | None] = getattr(self, f"_think_of_{wish}", self._think_of_it)
            request = think(who, found)
        except PorticoError:  # not possible: the button is not there
            return None
        except Exception as error:
            if not is_unavailable(error):
                raise
            return None
        if request is None:
            return None
        return {"op": wish, "buyer": who.buyer_id, "subscription": subscription_id, **request}

    def _somebody(self) -> tuple[BuyerScope, str]:
        """Whoever; now and then one with whom something is the matter."""
        if self.chance.random() < 0.3:
            table = tables.subscription.c
            with self.runtime.database.read() as connection:
                in_need = set(connection.execute(sa.select(table.id).where(table.status.in_(_IN_NEED))).scalars())
            if mine := [home for home in self.homes if home[1] in in_need]:
                return self.chance.choice(mine)
        return self.chance.choice(self.homes)

    def _think_of_it(self, who: BuyerScope, found: Subscription) -> Facts | None:
        return {}

    def _think_of_change(self, who: BuyerScope, found: Subscription) -> Facts | None:
        plan = self.chance.choice(tuple(self.town.plans))
        quantity = self.chance.choice((1, 2, 5, 9)) if plan == "team" else 1
        shown = plan_change.review(self.runtime, who, found.id, self.town.plans[plan], quantity)
        return {"quote": shown.quote}

    def _think_of_card(self, who: BuyerScope, found: Subscription) -> Facts | None:
        # Mostly one that works, so that the town does not die out.
        return {"number": self.chance.choice((*NUMBERS, cards.SUCCESS, cards.SUCCESS, cards.SUCCESS, cards.WEBHOOK_TWICE))}

    def _think_of_refund(self, who: BuyerScope, found: Subscription) -> Facts | None:
        ticket = tables.refund_ticket
        paid = tables.payment
        with self.runtime.database.read() as connection:
            waiting = connection.execute(sa.select(ticket.c.id).where(ticket.c.status == "pending").limit(1)).scalar()
            if waiting is not None:
                return {"ticket": waiting}
            mine = sa.select(paid.c.id, paid.c.total_minor).where(paid.c.subscription_id == found.id, paid.c.status == "succeeded")
            rows = connection.execute(mine.where(paid.c.refunded_minor < paid.c.total_minor)).all()
        if not rows:
            return None
        payment_id, total = self.chance.choice(rows)
        minor = max(1, total * self.chance.choice((10, 30, 100)) // 100)
        return {"payment": payment_id, "amount": f"{minor // 100}.{minor % 100:02d}"}

    def _think_of_correct(self, who: BuyerScope, found: Subscription) -> Facts | None:
        """Of anybody's newest invoices one; as many are corrected again as there are."""
        old, new = tables.document, tables.document.alias()
        replaced = sa.exists().where(new.c.corrects_id == old.c.id, new.c.kind == "invoice")
        with self.runtime.database.read() as connection:
            rows = connection.execute(sa.select(old.c.id, old.c.buyer_id).where(old.c.kind == "invoice", ~replaced)).all()
        if not rows:
            return None
        document_id, buyer_id = self.chance.choice(rows)
        return {"document": document_id, "buyer": buyer_id, "details": self.chance.randrange(len(_DETAILS))}

    def _think_of_buy(self, who: BuyerScope, found: Subscription) -> Facts | None:
        """The merchant's server opens a checkout for the buyer, who may have had the trial; a stranger pays for it, or he himself."""
        product_id = self.chance.choice((self.town.book, self.town.plans["starter"], self.town.plans["pro"]))
        own = self.chance.random() < 0.5
        asked = Asked(product_id, "EUR", trial=self.chance.random() < 0.5, buyer_id=who.buyer_id if own else None)
        session = checkout.create(self.runtime, self._store(), "test", asked)
        number = self.chance.choice((*NUMBERS, cards.SUCCESS, cards.WEBHOOK_TWICE))
        return {"checkout": session.id, "number": number, "email": f"{who.buyer_id.lower()[-8:]}@example.com"}

    def _think_of_clock(self, who: BuyerScope, found: Subscription) -> Facts | None:
        with self.runtime.database.read() as connection:
            job = tables.job.c
            waiting = sa.select(sa.func.count()).where(job.lane == "pay", job.parked_at.is_(None), job.due_at <= self.runtime.clock())
            if connection.execute(waiting).scalar_one() > _MOST_WAITING:
                return None
            store = stores.get(connection, self.town.store.store_id)
        jump = timedelta(hours=self.chance.choice((1, 3, 6, 12, 24)))
        plays = self.chance.random() < 0.1
        return {"offset": (store.test_offset + jump) // timedelta(microseconds=1), "plays": plays}

    def _answered_by_the_bank(self) -> Facts | None:
        """A charge that waits for the buyer's word at his bank: he gives it, sooner or later."""
        if self.chance.random() > 0.3:
            return None
        attempt = tables.payment_attempt
        try:
            with self.runtime.database.read() as connection:
                waiting = connection.execute(
                    sa.select(attempt.c.payment_id, attempt.c.action_url, tables.payment.c.buyer_id, tables.payment.c.subscription_id)
                    .join(tables.payment, tables.payment.c.id == attempt.c.payment_id)
                    .where(attempt.c.status == "pending", attempt.c.action_url.is_not(None))
                ).all()
        except Exception as error:
            if not is_unavailable(error):
                raise
            return None
        own = {subscription_id for _, subscription_id in self.homes}
        mine = [row for row in waiting if row.subscription_id in own]
        if not mine:
            return None
        row = self.chance.choice(mine)
        decision = "approve" if self.chance.random() < 0.8 else "decline"
        return {"op": "answer_bank", "buyer": row.buyer_id, "payment": row.payment_id, "url": row.action_url, "decision": decision}

    # What the pages do

    def _perform(self, asked: Facts) -> Facts:
        who = BuyerScope(self.town.store.store_id, "test", asked["buyer"])
        return _PERFORMED[asked["op"]](self, who, asked)

    def _change(self, who: BuyerScope, asked: Facts) -> Facts:
        done = plan_change.confirm(self.runtime, who, asked["subscription"], asked["quote"])
        return {"payment": done.payment_id, "outcome": done.outcome and done.outcome.status}

    def _cancel(self, who: BuyerScope, asked: Facts) -> Facts:
        return {"effective_at": cancellation.cancel(self.runtime, who, asked["subscription"], "too_expensive", "").isoformat()}

    def _resume(self, who: BuyerScope, asked: Facts) -> Facts:
        return {"status": cancellation.resume(self.runtime, who, asked["subscription"]).status}

    def _keep(self, who: BuyerScope, asked: Facts) -> Facts:
        return {"status": plan_change.keep(self.runtime, who, asked["subscription"]).status}

    def _pause(self, who: BuyerScope, asked: Facts) -> Facts:
        return {"status": pause.pause(self.runtime, who, asked["subscription"], 1).status}

    def _cancel_pause(self, who: BuyerScope, asked: Facts) -> Facts:
        return {"status": pause.cancel_pause(self.runtime, who, asked["subscription"]).status}

    def _unpause(self, who: BuyerScope, asked: Facts) -> Facts:
        done = pause.unpause_now(self.runtime, who, asked["subscription"])
        return {"payment": done.payment_id, "outcome": done.outcome and done.outcome.status}

    def _pay(self, who: BuyerScope, asked: Facts) -> Facts:
        done = paying.pay(self.runtime, who, asked["subscription"])
        return {"payment": done.payment_id, "outcome": done.outcome.status}

    def _card(self, who: BuyerScope, asked: Facts) -> Facts:
        url = card.update_page(self.runtime, who, asked["subscription"])
        page = self.bank.post(url, data={"number": asked["number"]})
        setup_id = page.headers.get("location", "").rpartition("/")[2]
        if not setup_id:
            return {"refused": "card_page"}
        done = card.finish(self.runtime, who, setup_id)
        return {"setup": setup_id, "status": done.status, "payment": done.payment_id, "outcome": done.outcome and done.outcome.status}

    def _buy(self, who: BuyerScope, asked: Facts) -> Facts:
        """Sent again after a kill it is the same checkout: what is ordered, or paid for, is so already."""
        store, at = self._store(), asked["checkout"]
        placed = checkout_order.place(
            self.runtime, store, "test", at, email=asked["email"], detail_raw={"country": "DE", "name": "Ada Lovelace"}
        )
        if placed.url is not None:
            self.bank.post(placed.url, data={"number": asked["number"]})
        state = checkout_card.returned(self.runtime, store, "test", at)
        return {"checkout": at, "stands": state.status, "order": state.session.order_id}

    def _store(self) -> StoreRow:
        with self.runtime.database.read() as connection:
            return stores.get(connection, self.town.store.store_id)

    def _refund(self, who: BuyerScope, asked: Facts) -> Facts:
        if "ticket" in asked:
            return {"refund": refund.approve(self.runtime, asked["ticket"])}
        return {"ticket": refund.ask(self.runtime, who, asked["payment"], asked["amount"], "Not used").id}

    def _correct(self, who: BuyerScope, asked: Facts) -> Facts:
        done = correction.correct(self.runtime, who, asked["document"], _DETAILS[asked["details"]], keep=False)
        return {"document": done.invoice_id, "refund": done.refund_id}

    def _clock(self, who: BuyerScope, asked: Facts) -> Facts:
        offset = timedelta(microseconds=asked["offset"])
        if asked["plays"]:
            with self.runtime.database.read() as connection:
                now = store_time.now(self.runtime, stores.get(connection, self.town.store.store_id), "test")
            test_clock.advance(self.runtime, self.town.store, max(now, self.runtime.clock() + offset))
            return {}
        with self.runtime.database.transaction() as tx:
            stores.set_test_offset(tx, self.town.store.store_id, offset)
        return {}

    def _answer_bank(self, who: BuyerScope, asked: Facts) -> Facts:
        self.bank.post(asked["url"], data={"decision": asked["decision"]})
        return {"payment": asked["payment"], "status": paying.look(self.runtime, who, asked["payment"]).status}


_PERFORMED: dict[str, Callable[[Traffic, BuyerScope, Facts], Any]] = {
    "change": Traffic._change,
    "cancel": Traffic._cancel,
    "resume": Traffic._resume,
    "keep": Traffic._keep,
    "pause": Traffic._pause,
    "cancel_pause": Traffic._cancel_pause,
    "unpause": Traffic._unpause,
    "pay": Traffic._pay,
    "card": Traffic._card,
    "buy": Traffic._buy,
    "refund": Traffic._refund,
    "correct": Traffic._correct,
    "clock": Traffic._clock,
    "answer_bank": Traffic._answer_bank,
}
