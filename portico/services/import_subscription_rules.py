"""What a subscription's line must hold to: the calendar, the states, and what may be scheduled.

As long as only imports have moved a subscription, the newest line is right about its state: the shop is where it is
managed. Once Portico bills it, or Portico or the buyer has moved it, later lines leave it alone.
"""

from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from portico.domain.calendar import period_at, period_bounds
from portico.domain.catalog import Interval
from portico.domain.errors import Refused
from portico.domain.money import parse_amount
from portico.domain.payment import PaymentMethod
from portico.domain.reminder import remind_at
from portico.domain.subscription import ScheduledChange, Subscription, is_final
from portico.services import import_format as f
from portico.services.import_batch import CHANGEABLE, Batch, Outcome
from portico.services.import_rules import card, instant, moment, same, taxed
from portico.storage import import_rows as r

ACTOR, CAUSE = "import", "imported"
_AS_STORED = tuple(field.name for field in fields(Subscription) if field.name in r.SubscriptionRow._fields)


def subscription(batch: Batch, line: f.SubscriptionLine) -> Outcome:
    order = batch.need(r.OrderRow, line.order)
    plan = batch.need(r.ProductRow, line.product) if line.product else _product(batch, order.product_id)
    if order.kind != "subscription" or plan.kind != "subscription":
        raise Refused("interval", "only the order of a subscription product carries a subscription")
    row = _row(batch, line, order, plan)
    stored = batch.find(r.SubscriptionRow, line.id)
    carried = batch.subscriptions_by_order.get(order.id)
    if carried is not None and carried.external_id != line.id:
        raise Refused("order_taken", f"order {line.order!r} carries the subscription {carried.external_id!r}")
    if stored is None:
        row = row._replace(id=batch.new_id("SUB"))
        batch.add(row)
        _note_move(batch, row.id, None, row.status)
        batch.revise(order, status=row.status)
        return "new"
    same(stored, order_id=row.order_id, created_at=row.created_at)
    return _move(batch, stored, row)


def on_calendar(row: r.SubscriptionRow, start: datetime, end: datetime) -> bool:
    """Whether a period is one of the subscription's. Before the anchor, in the days of an older plan, anything may have been."""
    interval: Any = row.interval
    return start < row.anchor or (start, end) == period_bounds(row.anchor, interval, period_at(row.anchor, interval, start))


def _move(batch: Batch, stored: r.SubscriptionRow, row: r.SubscriptionRow) -> Outcome:
    _, actor = batch.events.get(stored.id, (0, ACTOR))
    values = {name: getattr(row, name) for name in CHANGEABLE[r.SubscriptionRow]}
    if stored.managed or actor != ACTOR or all(getattr(stored, name) == value for name, value in values.items()):
        return "unchanged"
    if is_final(stored.status) and stored.status != row.status:  # type: ignore[arg-type]
        raise Refused("subscription_over", f"already stored as {stored.status}; what is over does not come back")
    if row.anchor == stored.anchor and row.period_start < stored.period_start:
        raise Refused("period_backwards", "a later period is already stored")
    if not all(on_calendar(row, start, end) for start, (end, _) in batch.periods.get(stored.id, {}).items()):
        raise Refused("period", "periods that are already paid do not lie on this calendar")
    if row.status != stored.status:
        _note_move(batch, stored.id, stored.status, row.status)
        batch.revise(batch.by_id[stored.order_id], status=row.status)
    return batch.revise(stored, **values)


def _note_move(batch: Batch, subscription_id: str, before: str | None, after: str) -> None:
    sequence = batch.events.get(subscription_id, (0, ACTOR))[0] + 1
    batch.events[subscription_id] = (sequence, ACTOR)
    batch.new_events.append(r.SubscriptionEventRow(subscription_id, sequence, before, after, CAUSE, ACTOR, batch.now))


def _row(batch: Batch, line: f.SubscriptionLine, order: r.OrderRow, plan: r.ProductRow) -> r.SubscriptionRow:
    anchor, created_at = instant(line.anchor), moment(batch, line.created_at)
    index = _period_index(line, plan.interval)  # type: ignore[arg-type]
    start, end = _period(anchor, plan.interval, index)  # type: ignore[arg-type]
    quantity, unit_minor = line.quantity or order.quantity, parse_amount(line.unit_price, order.currency)
    reason = line.tax_reason or (order.tax_reason if line.tax_rate in (None, order.tax_rate) else None)
    rate, reason = taxed(line.tax_rate or order.tax_rate, reason, 0, 0)
    row = r.SubscriptionRow(
        id="", store_id=order.store_id, environment=order.environment, buyer_id=order.buyer_id, external_id=line.id, order_id=order.id,
        product_id=plan.id, product_name=plan.name, status=line.status, interval=plan.interval or "", quantity=quantity,
        currency=order.currency, unit_minor=unit_minor, tax_rate=rate, tax_reason=reason, anchor=anchor, period_index=index,
        period_start=start, period_end=end, trial_end=_trial_end(line), ended_at=_ended_at(batch, line), created_at=created_at,
        resumes_at=_resumes_at(line, end), **_change(batch, line, order.currency, end), **card(line.card),
    )  # fmt: skip
    return row._replace(**_billing(batch, line, row))


def _product(batch: Batch, product_id: str) -> r.ProductRow:
    return batch.by_id[product_id]


def _period_index(line: f.SubscriptionLine, interval: Interval) -> int:
    """The current period's number, given as such or by its first moment, which must lie on the calendar of the anchor."""
    if (line.period_index is None) == (line.period_start is None):
        raise Refused("period", "give the current period by period_index or by period_start")
    if line.period_start is None:
        return line.period_index or 0
    start = instant(line.period_start)
    index = period_at(line.anchor, interval, start)
    before, after = period_bounds(line.anchor, interval, index)
    if start != before or index < 0:
        raise Refused(
            "period", f"periods counted from the anchor start at {before.isoformat()} and {after.isoformat()}, not at {start.isoformat()}"
        )
    return index


def _period(anchor: datetime, interval: Interval, index: int) -> tuple[datetime, datetime]:
    try:
        start, end = period_bounds(anchor, interval, index)
    except (ValueError, OverflowError) as error:  # there is no such year
        raise Refused("time", f"period {index} is too far from the anchor") from error
    return start, instant(end)


def _trial_end(line: f.SubscriptionLine) -> Any:
    if line.trial_end is None:
        if line.status == "trialing":
            raise Refused("trial", "a subscription in its trial needs trial_end")
        return None
    end = instant(line.trial_end)
    if end <= instant(line.anchor):
        raise Refused("trial", "the trial ends before the first period starts")
    return end


def _ended_at(batch: Batch, line: f.SubscriptionLine) -> Any:
    if is_final(line.status) != (line.ended_at is not None):
        raise Refused("ended_at", "a subscription that is over has ended_at, another has not")
    return moment(batch, line.ended_at) if line.ended_at else None


def _change(batch: Batch, line: f.SubscriptionLine, currency: str, period_end: Any) -> dict[str, Any]:
    """The columns of the scheduled change. One that is canceling ends with its period, unless another moment is given."""
    change = line.scheduled_change
    if change is None:
        at = period_end if line.status == "canceling" else None
        return {"change_kind": "cancel" if at else None, "change_at": at, "change_product_id": None, "change_unit_minor": None}
    if (change.kind == "cancel") != (line.status == "canceling"):
        raise Refused("scheduled_change", "a scheduled cancellation goes with the status canceling, and no other change does")
    if is_final(line.status):
        raise Refused("scheduled_change", "nothing is scheduled for a subscription that is over")
    if (change.kind == "change_plan") != (change.product is not None):
        raise Refused("scheduled_change", "a change of plan names the product, a cancellation does not")
    target = batch.need(r.ProductRow, change.product) if change.product else None
    if target is not None and (target.kind != "subscription" or currency not in batch.prices.get(target.id, {})):
        raise Refused("scheduled_change", f"product {target.external_id!r} is no plan with a price in {currency}")
    return {
        "change_kind": change.kind,
        "change_at": instant(change.at),
        "change_product_id": target.id if target else None,
        "change_unit_minor": batch.prices[target.id][currency] if target else None,
    }


def _billing(batch: Batch, line: f.SubscriptionLine, row: r.SubscriptionRow) -> dict[str, Any]:
    """With a card that the payment provider keeps, Portico bills the subscription from here on; what is due and when, and when the
    buyer is reminded of it.

    One that is past due has had its first failure when its period began. It goes on where the ladder of retries stands now;
    one that is at its end is tried once more in a day, so that an import never ends anything by itself."""
    if line.saved_card is None or is_final(line.status):
        return {}
    billed = {"managed": True, "customer_reference": line.saved_card.customer, "method_reference": line.saved_card.method}
    if line.status == "past_due":
        passed = sum(row.period_start + timedelta(days=days) <= batch.now for days in batch.retry_days)
        step = min(passed, len(batch.retry_days) - 1)
        due_at = row.period_start + timedelta(days=batch.retry_days[step])
        due_at = due_at if due_at > batch.now else batch.now + timedelta(days=1)
        return {**billed, "failing_since": row.period_start, "retry_step": step, "due_at": due_at}
    due_at = {"pending": None, "trialing": row.trial_end, "paused": row.resumes_at}.get(line.status, row.period_end)
    return {**billed, "due_at": due_at, "remind_at": remind_at(_as_it_will_be(row._replace(**billed)), now=batch.now)}


def _as_it_will_be(row: r.SubscriptionRow) -> Subscription:
    """The subscription that a row makes."""
    kind: Any = row.change_kind
    planned = ScheduledChange(kind, row.change_at or row.period_end, row.change_product_id, None, row.change_unit_minor) if kind else None
    card = (
        PaymentMethod(row.method_brand, row.method_last4 or "", row.method_expiry_month, row.method_expiry_year)
        if row.method_brand
        else None
    )
    stored: dict[str, Any] = {name: getattr(row, name) for name in _AS_STORED}
    return Subscription(**stored, scheduled_change=planned, method=card)


def _resumes_at(line: f.SubscriptionLine, period_end: datetime) -> Any:
    if (line.status == "paused") != (line.resumes_at is not None):
        raise Refused("resumes_at", "a subscription that is paused has resumes_at, another has not")
    at = instant(line.resumes_at) if line.resumes_at else None
    if at is not None and at <= period_end:
        raise Refused("resumes_at", "a pause begins at the end of the last period, and ends later")
    return at
