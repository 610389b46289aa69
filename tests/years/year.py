"""A buyer's year, told in order: a shop brings in what was bought, days pass, people click, cards die. What anybody ever saw of it is
compared with what is written in the test, line by line (see `seen`).

    year.begins("Starter", on="2026-01-01")
    year.until("2026-03-16")
    year.changes_to("Team")
    year.ends("2027-01-01", \"\"\"...\"\"\")
"""

import io
import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from portico.domain.calendar import period_bounds
from portico.domain.invoice import Seller
from portico.domain.money import format_amount, parse_amount
from portico.domain.payment import Payment
from portico.domain.scope import BuyerScope, Environment
from portico.domain.subscription import Subscription
from portico.domain.tax import tax_on
from portico.gateways.port import Charge, SavedCard
from portico.jobs.worker import Worker
from portico.sandbox import cards
from portico.services import cancellation, card, importing, pause, paying, plan_change, refund, test_clock
from portico.services.charging import Outcome
from portico.services.importing import Refusal, Target
from portico.services.runtime import Runtime
from portico.services.store import create
from portico.storage import payment as payments
from portico.storage import subscription as subscriptions
from portico.storage import tables
from tests.bank import BankGateway
from tests.conftest import SteppingClock
from tests.years import seen

EMAIL = "ada@example.com"
BERLIN = ZoneInfo("Europe/Berlin")
MORNING, NOON = time(8, tzinfo=BERLIN), time(12, tzinfo=BERLIN)
# Name: interval, price by currency, largest quantity, longest pause.
PLANS: dict[str, tuple[str, dict[str, str], int, int]] = {
    "Free": ("month", {"EUR": "0.00"}, 1, 0),
    "Starter": ("month", {"EUR": "9.00", "JPY": "1300", "KWD": "2.750"}, 1, 3),
    "Team": ("month", {"EUR": "29.00", "JPY": "4200", "KWD": "9.250"}, 50, 3),
    "Business": ("month", {"EUR": "49.00", "JPY": "7200", "KWD": "15.500"}, 1, 0),
    "Business yearly": ("year", {"EUR": "490.00", "JPY": "72000", "KWD": "155.000"}, 1, 0),
}
_SELLER = Seller(
    legal_name="Lumen Notes GmbH", line1="Torstraße 1", city="Berlin", postal_code="10119", country="DE", tax_id="DE136695976",
    email="billing@lumen.example",
)  # fmt: skip
_DETAIL = {"country": "DE", "name": "Ada Beispiel", "line1": "Hauptstraße 5", "city": "Hamburg", "postal_code": "20459"}


class Year:
    """One shop, one buyer, one subscription. Days are those of Berlin, where the shop is. What was bought was bought at eight in the
    morning, and what is done is done at noon, where no other moment is given.

    The clock is the runtime's and stops at every moment at which something is due; in the environment `test` it is the store's own,
    moved by `test_clock.advance`.
    """

    def __init__(self, runtime: Runtime, gateway: BankGateway, clock: SteppingClock, mailbox: Path) -> None:
        self.runtime, self.gateway, self.clock, self.mailbox = runtime, gateway, clock, mailbox
        self.environment: Environment = "prod"
        self.worker = Worker(runtime)

    # How it begins: the merchant's shop sold a plan, and hands the subscription over

    def begins(
        self, plan: str, *, on: str, quantity: int = 1, currency: str = "EUR", tax: tuple[str, str] = ("19", "standard"),
        trial_days: int = 0, number: str = cards.SUCCESS, expiry: tuple[int, int] = (12, 2035), has_card: bool = True,
        detail: dict[str, Any] | None = None, environment: Environment = "prod",
    ) -> None:  # fmt: skip
        """The first period is paid at the bank by a card with this number, or else there is a trial."""
        self.environment = environment
        self.clock.time = start = moment(on, MORNING)
        self.store = create(
            self.runtime, name="Lumen Notes", slug="lumen", seller=_SELLER, locale="en", time_zone="Europe/Berlin",
            support_email="help@lumen.example",
        )  # fmt: skip
        self.card = self.gateway.save_card(EMAIL, number, expiry=expiry)
        rate, reason = tax
        unit = PLANS[plan][1][currency]
        net_minor = parse_amount(unit, currency) * quantity
        tax_minor = tax_on(net_minor, rate)
        amounts = {"net": net_minor, "tax": tax_minor, "total": net_minor + tax_minor}
        sums = {"currency": currency, **{name: format_amount(minor, currency) for name, minor in amounts.items()}}
        at = {"created_at": start.isoformat()}
        trial = (
            {"status": "trialing", "trial_end": (start + timedelta(days=trial_days)).isoformat()} if trial_days else {"status": "active"}
        )
        self._take(
            {"type": "product_group", "id": "plans", "name": "Plans"},
            *[_product(name) for name in PLANS],
            {"type": "buyer", "id": "ada", "email": EMAIL, "name": "Ada Beispiel", "billing_detail": detail or _DETAIL, **at},
            {
                "type": "order", "id": "o", "buyer": "ada", "product": plan, "quantity": quantity, "tax_rate": rate, "tax_reason": reason,
                **sums, **at,
            },
            {
                "type": "subscription", "id": "s", "order": "o", "unit_price": unit, "anchor": start.isoformat(), "period_index": 0,
                "card": shown(self.card), "saved_card": {"customer": self.card.customer, "method": self.card.method}, **trial, **at,
            },
            *([] if trial_days else [self._first_payment(plan, start, net_minor + tax_minor, sums)]),
        )  # fmt: skip
        with self.runtime.database.read() as connection:
            buyer_id, self.subscription_id = connection.execute(sa.select(tables.subscription.c.buyer_id, tables.subscription.c.id)).one()
        self.scope = BuyerScope(self.store.id, environment, buyer_id)
        if not has_card:
            self._set(customer_reference=None, method_reference=None, method_brand=None, method_last4=None, method_expiry_month=None,
                      method_expiry_year=None)  # fmt: skip

    def _first_payment(self, plan: str, start: datetime, total_minor: int, sums: dict[str, str]) -> dict[str, Any]:
        end = period_bounds(start, PLANS[plan][0], 0)[1]  # type: ignore[arg-type]
        charged = self.gateway.charge(
            Charge("shop-1", total_minor, sums["currency"], self.card.customer, self.card.method, plan, False, "https://shop.test/", {})
        )
        return {
            "type": "payment", "id": "p", "order": "o", "status": "succeeded", "created_at": start.isoformat(),
            "succeeded_at": start.isoformat(), "period_start": start.isoformat(), "period_end": end.isoformat(),
            "card": shown(self.card), "charge": charged.reference, **sums,
        }  # fmt: skip

    def _take(self, *lines: dict[str, Any]) -> None:
        refused: list[Refusal] = []
        file = io.BytesIO("".join(json.dumps(line) + "\n" for line in lines).encode())
        importing.load(Target(self.runtime, self.store, self.environment), file, on_refusal=refused.append)
        assert not refused, refused

    def _set(self, **columns: Any) -> None:
        with self.runtime.database.transaction() as tx:
            tx.execute(sa.update(tables.subscription).values(**columns))

    # Time

    def until(self, day: str, *, pace: timedelta = timedelta(0)) -> None:
        """Plays everything that falls due until then, each at its moment; with a `pace` the program looks no more often than that."""
        to = moment(day)
        assert to >= self.now, "time only goes on"
        if self.environment == "test":
            test_clock.advance(self.runtime, self.scope, to, work=self.worker.run_until_idle)
            return
        self.worker.run_until_idle()
        while (following := self._next_moment()) is not None and following <= to:
            self.clock.time = min(to, max(following, self.clock.time + pace))
            self.worker.run_until_idle()
        self.clock.time = to
        self.worker.run_until_idle()

    def is_switched_off_until(self, day: str) -> None:
        """The program does not run until then, and then it does."""
        self.clock.time = moment(day)
        self.worker.run_until_idle()

    @property
    def now(self) -> datetime:
        if self.environment == "prod":
            return self.clock.time
        with self.runtime.database.read() as connection:
            offset = connection.execute(sa.select(tables.store.c.test_offset)).scalar_one()
        return self.clock.time + offset

    def _next_moment(self) -> datetime | None:
        """When anything is due next: a job, a subscription or a reminder."""
        job, row = tables.job, tables.subscription
        with self.runtime.database.read() as connection:
            due = [
                connection.execute(sa.select(sa.func.min(column)).where(column > self.clock.time)).scalar_one()
                for column in (job.c.due_at, row.c.due_at, row.c.remind_at)
            ]
        return min((when for when in due if when is not None), default=None)

    # What the buyer does

    def changes_to(self, plan: str, quantity: int = 1) -> plan_change.Confirmed:
        """Looks at what it costs, and confirms."""
        product_id = self._product_id(plan)
        shown_to_buyer = plan_change.review(self.runtime, self.scope, self.subscription_id, product_id, quantity)
        confirmed = plan_change.confirm(self.runtime, self.scope, self.subscription_id, shown_to_buyer.quote)
        assert confirmed.change == shown_to_buyer.change, "what was shown is what was done"
        self.worker.run_until_idle()
        return confirmed

    def keeps_the_plan(self) -> None:
        plan_change.keep(self.runtime, self.scope, self.subscription_id)
        self.worker.run_until_idle()

    def cancels(self, reason: str | None = None, comment: str = "") -> None:
        cancellation.cancel(self.runtime, self.scope, self.subscription_id, reason, comment)
        self.worker.run_until_idle()

    def resumes(self) -> None:
        cancellation.resume(self.runtime, self.scope, self.subscription_id)
        self.worker.run_until_idle()

    def pauses(self, periods: int) -> None:
        pause.pause(self.runtime, self.scope, self.subscription_id, periods)
        self.worker.run_until_idle()

    def calls_the_pause_off(self) -> None:
        pause.cancel_pause(self.runtime, self.scope, self.subscription_id)
        self.worker.run_until_idle()

    def goes_on_early(self) -> None:
        pause.unpause_now(self.runtime, self.scope, self.subscription_id)
        self.worker.run_until_idle()

    def gives_a_card(self, number: str = cards.SUCCESS) -> Outcome | None:
        """On the provider's page, and back; how the overdue payment went, if there was one."""
        card.update_page(self.runtime, self.scope, self.subscription_id)
        with self.runtime.database.read() as connection:
            newest = sa.select(tables.card_setup).order_by(tables.card_setup.c.created_at.desc(), tables.card_setup.c.id.desc())
            visit = connection.execute(newest).first()
        assert visit is not None
        self.gateway.use_card_page(visit.reference, number)
        outcome = card.finish(self.runtime, self.scope, visit.id).outcome
        self.worker.run_until_idle()
        return outcome

    def pays(self) -> Outcome:
        outcome = paying.pay(self.runtime, self.scope, self.subscription_id).outcome
        self.worker.run_until_idle()
        return outcome

    def answers_the_bank(self, *, approved: bool) -> None:
        """Confirms the newest charge that asks for it (or says no), and comes back to our page."""
        asking = [entry.charge for entry in self.gateway.bank.ledger() if entry.charge and entry.charge.status == "requires_action"]
        self.gateway.bank.confirm_charge(asking[-1].id, approved=approved)
        paying.look(self.runtime, self.scope, asking[-1].request.key.rpartition("-")[0])
        self.worker.run_until_idle()

    def asks_back(self, amount: str, reason: str, *, of: int = -1) -> str:
        """Asks for money back of the payment at this place; the ticket."""
        ticket = refund.ask(self.runtime, self.scope, self.payments()[of].id, amount, reason)
        self.worker.run_until_idle()
        return ticket.id

    def asks_again(self, ticket_id: str, amount: str, reason: str) -> None:
        refund.resubmit(self.runtime, self.scope, ticket_id, amount, reason)
        self.worker.run_until_idle()

    # What the shop and the bank do

    def approves(self, ticket_id: str, note: str = "") -> None:
        refund.approve(self.runtime, ticket_id, note=note)
        self.worker.run_until_idle()

    def declines(self, ticket_id: str, note: str = "") -> None:
        refund.reject(self.runtime, ticket_id, note=note)
        self.worker.run_until_idle()

    def card_turns_into(self, number: str) -> None:
        """From now on the card on file behaves like another test card."""
        method = self.subscription().method_reference
        assert method is not None
        self.gateway.bank.change_card(method, number)

    def bank_is_down(self) -> None:
        self.gateway.faults.append("unreachable")

    def bank_is_back(self) -> None:
        self.gateway.faults.clear()

    # What there is

    def subscription(self) -> Subscription:
        with self.runtime.database.read() as connection:
            return subscriptions.get(connection, self.scope, self.subscription_id)

    def payments(self) -> list[Payment]:
        """Those of the subscription, oldest first."""
        with self.runtime.database.read() as connection:
            order_id = subscriptions.get(connection, self.scope, self.subscription_id).order_id
            found = payments.with_details(connection, self.scope, payments.of_orders(connection, self.scope, [order_id]).get(order_id, ()))
        return sorted(found, key=lambda payment: (payment.created_at, payment.id))

    def _product_id(self, name: str) -> str:
        with self.runtime.database.read() as connection:
            return connection.execute(sa.select(tables.product.c.id).where(tables.product.c.name == name)).scalar_one()

    # How it ends

    def ends(self, day: str, told: str) -> None:
        """Nothing but what is `told` was seen by anybody, and the books are in order. See `seen.expand` for the language."""
        self.until(day)
        assert seen.lines(self) == seen.expand(told)
        seen.books_are_in_order(self)


def moment(day: str, hour: time = NOON) -> datetime:
    """ "2026-01-31" is that day in Berlin at this hour, "2026-01-31T23:30Z" that very moment. In UTC."""
    found = datetime.fromisoformat(day) if "T" in day else datetime.combine(date.fromisoformat(day), hour)
    return found.astimezone(UTC)


def shown(saved: SavedCard) -> dict[str, Any]:
    """What may be shown of a card, as the import takes it."""
    method = saved.card
    return {"brand": method.brand, "last4": method.last4, "expiry_month": method.expiry_month, "expiry_year": method.expiry_year}


def _product(name: str) -> dict[str, Any]:
    interval, prices, most, pauses = PLANS[name]
    return {
        "type": "product", "id": name, "name": name, "kind": "subscription", "interval": interval, "group": "plans", "prices": prices,
        "quantity_max": most, "pause_periods_max": pauses,
    }  # fmt: skip
