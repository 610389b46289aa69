"""Writes down purchases as lines of an import: an order, its subscription, what was paid for each period, what was given back."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from portico.demo.cards import Wallet
from portico.demo.people import Person
from portico.demo.store import price
from portico.domain.calendar import period_at, period_bounds
from portico.domain.catalog import Interval
from portico.domain.money import format_amount
from portico.domain.tax import tax_on

_CAPTURE = timedelta(seconds=9)
_SECOND_TRY = timedelta(days=2)
_EVERY_SO_MANY_RENEWALS = 6  # one does not go through at once


@dataclass(slots=True)
class History:
    """Lines by type, and the counters that make the merchant's own ids. `now` is the moment everything is told from; whose card
    is in the `wallet` is billed by Portico from then on."""

    now: datetime
    wallet: Wallet = field(default_factory=dict[str, dict[str, Any]])
    orders: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    subscriptions: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    payments: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    refunds: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def ago(self, days: int, hour: int = 10, minute: int = 0) -> datetime:
        """A moment on the day so many days ago."""
        return (self.now - timedelta(days=days)).replace(hour=hour, minute=minute, second=0, microsecond=0)

    def buys(self, person: Person, product: str, at: datetime, *, status: str = "completed", quantity: int = 1) -> str:
        """A one-time order without a payment; its id."""
        return self._order(person, product, at, quantity, status=status)

    def pays(self, person: Person, order: str, *, minutes: int = 0) -> str:
        """The order's whole amount, at once; the payment's id."""
        line = next(line for line in self.orders if line["id"] == order)
        at = datetime.fromisoformat(line["created_at"]) + timedelta(minutes=minutes)
        return self._payment(line, at, status="succeeded", succeeded_at=_iso(at + _CAPTURE), card=person.card)

    def fails(self, person: Person, order: str, *failures: tuple[int, str], period: tuple[datetime, datetime] | None = None) -> str:
        """A payment that did not go through: (hours after the order or the period's start, why) of each try."""
        line = next(line for line in self.orders if line["id"] == order)
        at = period[0] if period else datetime.fromisoformat(line["created_at"])
        tries = [{"status": "failed", "at": _iso(at + timedelta(hours=hours)), "failure_code": why} for hours, why in failures]
        paid = {} if period is None else {"period_start": _iso(period[0]), "period_end": _iso(period[1])}
        return self._payment(line, at, status="failed", card=person.card, attempts=tries, **paid)

    def gives_back(self, payment: str, *, days: int, minor: int | None = None, reason: str) -> None:
        """A refund so many days after the payment; the whole of it unless `minor` says how much."""
        line = next(line for line in self.payments if line["id"] == payment)
        amount = line["total"] if minor is None else format_amount(minor, line["currency"])
        at = min(datetime.fromisoformat(line["succeeded_at"]) + timedelta(days=days), self.now)
        refund = {"type": "refund", "id": f"refund-{len(self.refunds) + 1}", "payment": payment, "currency": line["currency"]}
        self.refunds.append({**refund, "amount": amount, "status": "succeeded", "reason": reason, "created_at": _iso(at)})

    def subscribes(
        self, person: Person, plan: str, anchor: datetime, *, quantity: int = 1, status: str = "active", periods: int | None = None,
        paid: int | None = None, **more: Any,
    ) -> str:  # fmt: skip
        """A subscription that is in period number `periods` (by default: in the one that is running), of which the first `paid`
        ones (by default: all) were paid; the order's id. `more` are further fields of the line."""
        interval: Interval = "year" if plan.endswith("-year") else "month"
        index = period_at(anchor, interval, self.now) if periods is None else periods
        order = self._order(person, plan, anchor, quantity)
        subscription = {"type": "subscription", "id": f"sub-{len(self.subscriptions) + 1}", "order": order, "status": status}
        subscription |= {"unit_price": format_amount(price(plan, person.currency), person.currency), "anchor": _iso(anchor)}
        subscription |= {"period_index": index, "created_at": _iso(anchor)} | ({"card": person.card} if person.card else {})
        if "ended_at" not in more:
            subscription |= self.wallet.get(person.id, {})
        self.subscriptions.append({**subscription, **{k: _iso(v) if isinstance(v, datetime) else v for k, v in more.items()}})
        for n in range(index + 1 if paid is None else paid):
            self._pay_period(person, order, period_bounds(anchor, interval, n), n)
        return order

    def lines(self) -> list[dict[str, Any]]:
        """Everything, in an order in which no line refers to a later one, and payments as time went by, as invoices are numbered."""
        by_time = sorted(self.payments, key=lambda line: line.get("succeeded_at") or line["created_at"])
        given_back = sorted(self.refunds, key=lambda line: line["created_at"])  # as credit notes are
        return [*self.orders, *self.subscriptions, *by_time, *given_back]

    def _pay_period(self, person: Person, order: str, period: tuple[datetime, datetime], n: int) -> None:
        line = next(line for line in self.orders if line["id"] == order)
        start, at = period[0], period[0] + _CAPTURE
        tries = [{"status": "succeeded", "at": _iso(at)}]
        if n % _EVERY_SO_MANY_RENEWALS == _EVERY_SO_MANY_RENEWALS - 1 and at + _SECOND_TRY < self.now:
            tries = [{"status": "failed", "at": _iso(at), "failure_code": "insufficient_funds"}]
            at += _SECOND_TRY
            tries.append({"status": "succeeded", "at": _iso(at)})
        paid = {"period_start": _iso(start), "period_end": _iso(period[1]), "succeeded_at": _iso(at), "attempts": tries}
        self._payment(line, start, status="succeeded", card=person.card, **paid)

    def _order(self, person: Person, product: str, at: datetime, quantity: int, **more: Any) -> str:
        net_minor = price(product, person.currency) * quantity
        tax_minor = tax_on(net_minor, person.rate)
        amounts = {"net": net_minor, "tax": tax_minor, "total": net_minor + tax_minor}
        order: dict[str, Any] = {
            "type": "order",
            "id": f"order-{len(self.orders) + 1}",
            "buyer": person.id,
            "product": product,
            "quantity": quantity,
        }
        order |= {"currency": person.currency, **{name: format_amount(minor, person.currency) for name, minor in amounts.items()}}
        self.orders.append({**order, "tax_rate": person.rate, "tax_reason": person.reason, "created_at": _iso(at), **more})
        return order["id"]

    def _payment(self, order: dict[str, Any], at: datetime, **more: Any) -> str:
        payment = {"type": "payment", "id": f"payment-{len(self.payments) + 1}", "order": order["id"], "created_at": _iso(at)}
        payment |= {name: order[name] for name in ("currency", "net", "tax", "total")}
        self.payments.append({**payment, **{name: value for name, value in more.items() if value}})
        return payment["id"]


def _iso(moment: datetime) -> str:
    return moment.isoformat()
