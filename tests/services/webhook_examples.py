"""Makes every event there is happen once, in a shop, and gives them as they are told: what docs/webhooks.md shows.

Ids differ from run to run of the code, so they are written as those of the documentation.
"""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec

from portico.domain.event import EventType
from portico.gateways.port import DisputeResult
from portico.sandbox import cards
from portico.services import (
    billing_detail,
    buyer,
    cancellation,
    card,
    checkout_end,
    dispute,
    event,
    order,
    pause,
    paying,
    plan_change,
    refund,
    webhook_out,
)
from portico.storage import event as events
from portico.storage import payment as payments
from tests.services.checkouts import Counter, counter_of
from tests.services.drive import work
from tests.services.shop import Shop

URL = "https://hooks.example/portico"
_ID = re.compile(r"\b([A-Z]{3,4})_[0-9A-Za-z]{22}\b")


def examples(shop: Shop) -> dict[EventType, dict[str, Any]]:
    """The first event of each type, as programs get it."""
    for happens in (_buyers, _sales, _changes, _pauses, _ends, _disputes, _refunds):
        happens(shop)
        work(shop)
    webhook_out.test(shop.runtime, shop.store, webhook_out.create(shop.runtime, shop.store, url=URL, actor="docs").id, waits=True)
    found: dict[EventType, dict[str, Any]] = {}
    cursor = None
    with shop.runtime.database.read() as connection:
        while True:
            page = events.page(connection, shop.store, cursor, 100)
            for happened in page.items:  # newest first
                found[happened.type] = as_documented(event.as_told(shop.store, happened))
            if page.next is None:
                return found
            cursor = events.Cursor.decode(page.next)


def as_documented(told: dict[str, Any]) -> dict[str, Any]:
    """With ids of the documentation in the place of its own, and a moment without its fractions."""
    seen: dict[str, str] = {}

    def write(found: re.Match[str]) -> str:
        others = sum(other.startswith(found[1]) for other in seen)
        return seen.setdefault(found[0], f"{found[1]}_01kJd7rWvTq3YbX5mZ8cN{chr(ord('a') + others)}")

    return msgspec.json.decode(_ID.sub(write, msgspec.json.encode(told).decode()))


def _buyers(shop: Shop) -> None:
    made = buyer.create(shop.runtime, shop.store, email="grace@example.com", actor="docs")
    whose = replace(shop.ada, buyer_id=made.id)
    buyer.update(shop.runtime, whose, name="Grace Hopper", actor="docs")
    billing_detail.save(shop.runtime, shop.ada, {"country": "DE", "name": "Ada"}, 1)


def _sales(shop: Shop) -> None:
    counter: Counter = counter_of(shop)
    counter.buy(counter.open())
    counter.buy(counter.open(product=counter.course), "linus@example.com")
    session = counter.open()
    counter.place(session, "alan@example.com")
    order_id = counter.state(session).session.order_id or ""
    order.cancel(shop.runtime, counter.owner(order_id), order_id, actor="docs")
    session = counter.open(product=counter.course)
    counter.place(session, "barbara@example.com")
    checkout_end.expire(shop.runtime, counter.row, "prod", session.id, actor="docs")
    work(shop, days=15)  # the trial of the course is over, and it is paid for


def _changes(shop: Shop) -> None:
    for failing in (False, True):
        subscription_id = shop.subscribe("starter", anchor=shop.clock(), created_at=shop.clock())
        shop.gateway.faults += ["decline:card_declined"] * failing
        _change(shop, subscription_id, "pro")
    _change(shop, shop.subscribe("pro", anchor=shop.clock(), created_at=shop.clock()), "starter")
    waiting = shop.subscribe("pro", anchor=shop.clock(), created_at=shop.clock())
    _change(shop, waiting, "starter")
    plan_change.keep(shop.runtime, shop.ada, waiting)
    reference = card.update_page(shop.runtime, shop.ada, waiting).rpartition("/")[2]
    shop.gateway.use_card_page(reference, cards.SUCCESS)
    work(shop, minutes=2)


def _change(shop: Shop, subscription_id: str, plan: str) -> None:
    review = plan_change.review(shop.runtime, shop.ada, subscription_id, shop.plans[plan], 1)
    plan_change.confirm(shop.runtime, shop.ada, subscription_id, review.quote)


def _pauses(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter", anchor=shop.clock(), created_at=shop.clock())
    pause.pause(shop.runtime, shop.ada, subscription_id, 1)
    pause.cancel_pause(shop.runtime, shop.ada, subscription_id)
    pause.pause(shop.runtime, shop.ada, subscription_id, 1)
    shop.clock.time = shop.read(subscription_id).period_end
    work(shop)
    pause.unpause_now(shop.runtime, shop.ada, subscription_id)


def _ends(shop: Shop) -> None:
    leaving = shop.subscribe("starter", anchor=shop.clock(), created_at=shop.clock())
    cancellation.cancel(shop.runtime, shop.ada, leaving, "too_expensive", "Ten a month would be fine.")
    cancellation.resume(shop.runtime, shop.ada, leaving)
    cancellation.cancel(shop.runtime, shop.ada, leaving, None, "")
    now = shop.clock()
    shop.subscribe("starter", status="trialing", trial_end=now, anchor=now, created_at=now, method_reference=None, customer_reference=None)
    shop.clock.time = shop.read(leaving).period_end
    work(shop)
    now = shop.clock.advance(seconds=7)  # so that nothing else is due at the same moment
    failing = shop.subscribe("starter", anchor=now, created_at=now)
    shop.clock.time = shop.read(failing).period_end - timedelta(seconds=1)
    work(shop)
    shop.clock.advance(seconds=1)
    shop.gateway.faults.append("decline:insufficient_funds")
    work(shop)
    paying.pay(shop.runtime, shop.ada, failing)


def _disputes(shop: Shop) -> None:
    paid = shop.payments(shop.subscribe("starter", anchor=shop.clock(), created_at=shop.clock()))[-1]
    with shop.runtime.database.transaction() as tx:
        asked = payments.attempt_by_key(tx, paid.attempts[-1].key or "")
        for status in ("open", "lost"):
            result = DisputeResult("dp_1PgafmB7WZ01zgkW6dKueIc5", asked.key, status, paid.total_minor, paid.currency, "fraudulent")
            dispute.told(tx, shop.runtime, asked, result)


def _refunds(shop: Shop) -> None:
    subscription_id = shop.subscribe("starter", anchor=shop.clock(), created_at=shop.clock())
    paid = shop.payments(subscription_id)[-1]
    for amount, fails in (("1.00", False), ("2.00", True)):
        ticket = refund.ask(shop.runtime, shop.ada, paid.id, amount, "I bought it twice.")
        refund_id = refund.approve(shop.runtime, ticket.id)
        shop.gateway.faults += ["refund_fails"] * fails
        refund.execute(shop.runtime, refund_id)
    refund.reject(shop.runtime, refund.ask(shop.runtime, shop.ada, paid.id, "3.00", "I bought it twice.").id)
