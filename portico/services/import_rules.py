"""What a line of an import must hold to, and the rows it becomes. Every rule checks all before it touches the batch, so a
line is taken whole or not at all. A rule that is broken raises Refused with a stable code and a sentence for the merchant.

Labels (names, descriptions, prices for future sales) follow the newest line. Money and history never change: a line that
says otherwise is refused. What a buyer edits in the portal (language, billing details) is taken from the first line only.
"""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Any

import msgspec

from portico.domain.billing_detail import BillingDetail
from portico.domain.errors import Refused
from portico.domain.money import parse_amount
from portico.domain.tax import UNTAXED_REASONS, parse_rate
from portico.i18n.negotiate import lookup
from portico.services import import_format as f
from portico.services.import_batch import Batch, Outcome, email_of
from portico.storage import import_rows as r

_BEFORE, _AFTER = datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_CLOCKS_DIFFER = timedelta(days=1)
_FIELD_OF_COLUMN = {"buyer_id": "buyer", "product_id": "product", "order_id": "order", "payment_id": "payment"}


def product_group(batch: Batch, line: f.ProductGroupLine) -> Outcome:
    stored = batch.find(r.ProductGroupRow, line.id)
    if stored is None:
        scope, group_id = batch.scope, batch.new_id("GRP")
        return batch.add(r.ProductGroupRow(group_id, scope.store_id, scope.environment, line.id, line.name, batch.now))
    return batch.revise(stored, name=line.name)


def product(batch: Batch, line: f.ProductLine) -> Outcome:
    if (line.kind == "subscription") != (line.interval is not None):
        raise Refused("interval", "a subscription product has an interval, a one-time product has none")
    group = batch.need(r.ProductGroupRow, line.group) if line.group is not None else None
    prices = {currency: parse_amount(amount, currency) for currency, amount in line.prices.items()}
    stored = batch.find(r.ProductRow, line.id)
    labels: dict[str, Any] = {
        "name": line.name,
        "description": line.description or "",
        "group_id": group.id if group else None,
        "tax_category": line.tax_category or "standard",
        "active": line.active is not False,
        "metadata": line.metadata or None,
        **_offer(line),
    }
    if stored is None:
        row = r.ProductRow(
            id=batch.new_id("PROD"), store_id=batch.scope.store_id, environment=batch.scope.environment, external_id=line.id,
            kind=line.kind, interval=line.interval, created_at=batch.now, **labels,
        )  # fmt: skip
        batch.prices[row.id] = batch.repriced[row.id] = prices
        return batch.add(row)
    same(stored, kind=line.kind, interval=line.interval)
    outcome = batch.revise(stored, **labels)
    if batch.prices.get(stored.id) == prices:
        return outcome
    batch.prices[stored.id] = batch.repriced[stored.id] = prices
    batch.touch(stored.id)
    return "changed"


def _offer(line: f.ProductLine) -> dict[str, int]:
    """How many of a plan may be bought, for how many periods it may pause, and how many days of it are free: one, and none, and none,
    unless the line says otherwise."""
    least = line.quantity_min or 1
    most = line.quantity_max or least
    if most < least:
        raise Refused("quantity", "quantity_max is less than quantity_min")
    if line.kind == "one_time" and (line.quantity_min or line.quantity_max or line.pause_periods_max or line.trial_days):
        raise Refused("quantity", "quantity_min, quantity_max, pause_periods_max and trial_days are for subscriptions")
    pause, trial = line.pause_periods_max or 0, line.trial_days or 0
    return {"quantity_min": least, "quantity_max": most, "pause_periods_max": pause, "trial_days": trial}


def buyer(batch: Batch, line: f.BuyerLine) -> Outcome:
    email = email_of(line.email)
    created_at = moment(batch, line.created_at) if line.created_at else batch.now
    detail = billing_detail(line.billing_detail)
    stored = batch.find(r.BuyerRow, line.id)
    if stored is not None:
        same(stored, email=email)
        return batch.revise(stored, name=stored.name if line.name is None else line.name)
    taken = batch.buyers_by_email.get(email)
    if taken is not None:
        raise Refused("email_taken", f"the e-mail address belongs to buyer {taken.external_id!r}")
    return batch.add(
        r.BuyerRow(
            id=batch.new_id("BUY"), store_id=batch.scope.store_id, environment=batch.scope.environment, external_id=line.id, email=email,
            name=line.name or "", locale=lookup(line.locale) if line.locale else None, billing_detail=detail, created_at=created_at,
        )
    )  # fmt: skip


def order(batch: Batch, line: f.OrderLine) -> Outcome:
    owner, bought = batch.need(r.BuyerRow, line.buyer), batch.need(r.ProductRow, line.product)
    net_minor, tax_minor, total_minor = amounts(line)
    rate, reason = taxed(line.tax_rate, line.tax_reason, net_minor, tax_minor)
    created_at = moment(batch, line.created_at)
    if bought.kind == "one_time" and line.status is None:
        raise Refused("status", "a one-time order needs a status")
    if bought.kind == "subscription" and line.status is not None:
        raise Refused("status", "the order of a subscription has no status of its own; the subscription has")
    detail = owner.billing_detail if line.billing_detail is None else billing_detail(line.billing_detail)
    row = r.OrderRow(
        id="", store_id=batch.scope.store_id, environment=batch.scope.environment, buyer_id=owner.id, external_id=line.id,
        kind=bought.kind, product_id=bought.id, product_name=line.product_name or bought.name, quantity=line.quantity or 1,
        currency=line.currency, net_minor=net_minor, tax_minor=tax_minor, total_minor=total_minor, tax_rate=rate, tax_reason=reason,
        status=line.status or "pending", billing_detail=detail, created_at=created_at,
    )  # fmt: skip
    stored = batch.find(r.OrderRow, line.id)
    if stored is None:
        return batch.add(row._replace(id=batch.new_id("ORD")))
    fixed = (
        "buyer_id",
        "product_id",
        "quantity",
        "currency",
        "net_minor",
        "tax_minor",
        "total_minor",
        "tax_rate",
        "tax_reason",
        "created_at",
    )
    same(stored, **{name: getattr(row, name) for name in fixed})
    if line.status is None or line.status == "pending":
        return "unchanged"  # an older line than what is stored
    if stored.status == "pending":
        return batch.revise(stored, status=line.status)
    if (stored.status == "canceled") != (line.status == "canceled"):
        raise Refused("differs", f"already stored with another status: {stored.status}")
    return "unchanged"


def same(stored: Any, **facts: object) -> None:
    """Money and history never change. Raises Refused("differs") that names every field that would."""
    differing = [name for name, value in facts.items() if getattr(stored, name) != value]
    if differing:
        words = ", ".join(_FIELD_OF_COLUMN.get(name, name.removesuffix("_minor")) for name in differing)
        raise Refused("differs", f"already stored with another {words}")


def amounts(line: f.OrderLine | f.PaymentLine) -> tuple[int, int, int]:
    """Net, tax and total in minor units. Raises Refused("total") when they do not add up."""
    net_minor, tax_minor, total_minor = (parse_amount(text, line.currency) for text in (line.net, line.tax, line.total))
    if net_minor + tax_minor != total_minor:
        raise Refused("total", "net and tax do not add up to the total")
    return net_minor, tax_minor, total_minor


def taxed(rate: str, reason: str | None, net_minor: int, tax_minor: int) -> tuple[str, str]:
    """The rate in its shortest form and why it applies. A document must be able to say how the tax came about, so the tax may
    be less than one minor unit away from net x rate (EN 16931 BR-CO-17), and nothing is taxed at 0 without a reason."""
    rate, ratio = _ratio(rate)
    if abs(net_minor * ratio.numerator - tax_minor * ratio.denominator) >= ratio.denominator:
        raise Refused("tax", f"the tax is not {rate} % of the net amount")
    if reason is None and not ratio:
        raise Refused("tax_reason", f"a rate of 0 needs a reason: {', '.join(UNTAXED_REASONS)}")
    if ratio and reason in UNTAXED_REASONS:
        raise Refused("tax_reason", f"the reason {reason} goes with a rate of 0")
    return rate, reason or "standard"


@lru_cache(1000)
def _ratio(rate: str) -> tuple[str, Fraction]:
    return (rate.rstrip("0").rstrip(".") if "." in rate else rate), parse_rate(rate)


def moment(batch: Batch, value: datetime) -> datetime:
    """A moment of the past, in UTC. Raises Refused("time") for what lies ahead (a day is allowed for clocks that differ)."""
    at = instant(value)
    if at > batch.now + _CLOCKS_DIFFER:
        raise Refused("time", f"{value.isoformat()} lies in the future")
    return at


def instant(value: datetime) -> datetime:
    """A moment between 1970 and 2200, in UTC. Raises Refused("time")."""
    try:
        at = value.astimezone(UTC)
    except OverflowError:
        at = _BEFORE
    if not _BEFORE < at < _AFTER:
        raise Refused("time", f"{value.isoformat()} is not between 1970 and 2200")
    return at


def billing_detail(part: f.BillingDetailPart | None) -> dict[str, Any]:
    """The stored form; empty strings for what is not given."""
    given = {} if part is None else {k: v for k, v in msgspec.structs.asdict(part).items() if v is not None}
    return msgspec.to_builtins(BillingDetail(**given))


def card(part: f.CardPart | None) -> dict[str, Any]:
    """The columns of a card."""
    return {
        "method_brand": part.brand if part else None,
        "method_last4": part.last4 if part else None,
        "method_expiry_month": part.expiry_month if part else None,
        "method_expiry_year": part.expiry_year if part else None,
    }
