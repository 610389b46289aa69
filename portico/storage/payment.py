"""Payments with their attempts and refunds. A payment is read together with its order; see `order`.

Everything that ends something is one guarded UPDATE: who comes second changes nothing and is told so. What a provider is asked
for has a row with a key, committed before it is asked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portico.domain.document_line import lines_to_json
from portico.domain.errors import Conflict, NotFound
from portico.domain.payment import AttemptStatus, Payment, PaymentAttempt, PaymentMethod, Refund, change_to_json
from portico.domain.scope import BuyerScope, StoreScope
from portico.storage import store
from portico.storage.columns import word
from portico.storage.payment_row import (
    ATTEMPT,
    ATTEMPT_NAMES,
    HEAD,
    METHOD,
    NAMES,
    PAYMENT,
    REFUND,
    attempt_of,
    detailed,
    method_values,
    payment_of,
)
from portico.storage.rows import changed, first, many
from portico.storage.scoped import also_of_buyer, buyer_values, in_store, of_buyer, store_values
from portico.storage.store import StoreRow
from portico.storage.tables import job, payment_attempt, refund, subscription
from portico.storage.tables import payment as table
from portico.storage.tables import store as store_table


@dataclass(frozen=True, slots=True)
class KeyedAttempt:
    """An attempt found by the key that a provider knows it by, whose it is, and the payment it is of (without details)."""

    key: str
    scope: BuyerScope
    store: StoreRow
    payment: Payment
    attempt: PaymentAttempt


_IDS: sa.BindParameter[Any] = sa.bindparam("p_ids", expanding=True)
_ID: sa.BindParameter[Any] = sa.bindparam("p_id")
_KEY: sa.BindParameter[Any] = sa.bindparam("p_key")
_STATUS: sa.BindParameter[Any] = sa.bindparam("p_status")
_SUBSCRIPTION_ID: sa.BindParameter[Any] = sa.bindparam("p_subscription_id")
_ITSELF = sa.and_(of_buyer(table), table.c.id == _ID)
_NOT_OVER = table.c.status.in_(("pending", "unknown", "failed"))

_OF_ORDERS = (
    sa.select(*PAYMENT)
    .where(table.c.order_id.in_(_IDS), also_of_buyer(table))
    .order_by(table.c.order_id, table.c.created_at.desc(), table.c.id.desc())
)
_GET = sa.select(*PAYMENT).where(_ITSELF)
_LOCK = _GET.with_for_update()
_ATTEMPTS = (
    sa.select(payment_attempt.c.payment_id, *ATTEMPT)
    .select_from(payment_attempt.join(table, table.c.id == payment_attempt.c.payment_id))
    .where(payment_attempt.c.payment_id.in_(_IDS), also_of_buyer(table))
    .order_by(payment_attempt.c.payment_id, payment_attempt.c.sequence)
)
_REFUNDS = (
    sa.select(refund.c.payment_id, *REFUND)
    .where(refund.c.payment_id.in_(_IDS), also_of_buyer(refund))
    .order_by(refund.c.payment_id, refund.c.created_at, refund.c.id)
)
_BY_KEY = (
    sa.select(table.c.store_id, table.c.environment, table.c.buyer_id, *store.COLUMNS, *PAYMENT, *ATTEMPT)
    .select_from(
        payment_attempt.join(table, table.c.id == payment_attempt.c.payment_id).join(store_table, store_table.c.id == table.c.store_id)
    )
    .where(payment_attempt.c.key == _KEY)
)
_IN_FULL_PERIOD = sa.and_(table.c.purpose == "period", table.c.period_start == subscription.c.period_start)
_SINCE_IT_BEGAN = sa.and_(table.c.purpose == "change", table.c.succeeded_at >= subscription.c.period_start)
_IS_PAID = sa.and_(table.c.status == "succeeded", sa.or_(_IN_FULL_PERIOD, _SINCE_IT_BEGAN))
_IS_OWED = sa.and_(
    table.c.status == "failed",
    table.c.purpose == "period",
    subscription.c.status == "past_due",
    table.c.period_start == subscription.c.period_start,
)
# Of what is open the attempts are wanted, of what is paid the refunds: never both, or one would be there as often as the other.
_OF_SUBSCRIPTION_NOW = (
    sa.select(*PAYMENT, *ATTEMPT, *REFUND, subscription.c.period_start.label("began"))
    .select_from(
        table.join(subscription, subscription.c.id == table.c.subscription_id)
        .outerjoin(payment_attempt, sa.and_(payment_attempt.c.payment_id == table.c.id, table.c.status != "succeeded"))
        .outerjoin(refund, sa.and_(refund.c.payment_id == table.c.id, table.c.status == "succeeded"))
    )
    .where(
        table.c.subscription_id == _SUBSCRIPTION_ID,
        also_of_buyer(table),
        sa.or_(table.c.status.in_(("pending", "unknown")), _IS_OWED, _IS_PAID),
    )
    .order_by(table.c.created_at, table.c.id, payment_attempt.c.sequence, refund.c.created_at, refund.c.id)
)
_OPEN = sa.and_(payment_attempt.c.status.in_((word("pending"), word("unknown"))), payment_attempt.c.key.is_not(None))
_JOBLESS = (
    sa.select(payment_attempt.c.key)
    .where(_OPEN, ~sa.exists().where(job.c.key == sa.bindparam("p_prefix", type_=sa.String()).concat(payment_attempt.c.key)))
    .order_by(payment_attempt.c.attempted_at)
    .limit(sa.bindparam("p_limit"))
)
_OPEN_IN = (
    sa.select(*ATTEMPT)
    .select_from(payment_attempt.join(table, table.c.id == payment_attempt.c.payment_id))
    .where(_OPEN, in_store(table))
    .order_by(payment_attempt.c.attempted_at, payment_attempt.c.key)
)

_INSERTED = (*NAMES, "store_id", "environment", "buyer_id")


def _start_statement(insert: Any) -> Any:
    values = {name: sa.bindparam(f"p_{name}", type_=table.c[name].type) for name in _INSERTED}
    return insert(table).values(**values).on_conflict_do_nothing().returning(table.c.id)


_TRIED = ("status", "failure_code", "method_brand", "method_last4", "attempted_at", "key", "on_session", *ATTEMPT_NAMES[-2:])


def _try_statement(insert: Any) -> Any:
    values = {name: sa.bindparam(f"p_{name}", type_=payment_attempt.c[name].type) for name in _TRIED}
    before = sa.select(sa.func.coalesce(sa.func.max(payment_attempt.c.sequence), 0)).where(payment_attempt.c.payment_id == table.c.id)
    own = sa.select(table.c.id, before.scalar_subquery() + 1, *values.values()).where(_ITSELF, _NOT_OVER)
    statement = insert(payment_attempt).from_select(["payment_id", "sequence", *values], own)
    return statement.on_conflict_do_nothing().returning(payment_attempt.c.sequence)


_INSERTS = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_START = {dialect: _start_statement(insert) for dialect, insert in _INSERTS.items()}
_TRY = {dialect: _try_statement(insert) for dialect, insert in _INSERTS.items()}


def _kept(name: str, of: sa.Table) -> Any:
    """The column's new value, or the one it has."""
    return sa.func.coalesce(sa.bindparam(f"p_{name}", type_=of.c[name].type), of.c[name])


_IS_OPEN = payment_attempt.c.status.in_(("pending", "unknown"))
_LATE_NEWS = sa.and_(payment_attempt.c.status == "failed", sa.bindparam("p_status", type_=sa.String()).in_(("succeeded", "canceled")))
_SETTLE_ATTEMPT = (
    sa.update(payment_attempt)
    .where(payment_attempt.c.key == _KEY, sa.or_(_IS_OPEN, _LATE_NEWS))
    .values(
        status=_STATUS,
        failure_code=sa.bindparam("p_failure_code"),
        action_url=None,
        **{name: _kept(name, payment_attempt) for name in ("reference", "method_brand", "method_last4")},
    )
)
_LOCK_ITS_SUBSCRIPTION = (
    sa.select(subscription.c.id)
    .select_from(
        payment_attempt.join(table, table.c.id == payment_attempt.c.payment_id).join(
            subscription, subscription.c.id == table.c.subscription_id
        )
    )
    .where(payment_attempt.c.key == _KEY)
    .with_for_update(of=subscription)
)
_NOTE_OPEN = (
    sa.update(payment_attempt)
    .where(payment_attempt.c.key == _KEY, _IS_OPEN)
    .values(status=_STATUS, action_url=sa.bindparam("p_action_url"), reference=_kept("reference", payment_attempt))
    .returning(payment_attempt.c.payment_id)
)
_NOTE_PAYMENT = sa.update(table).where(table.c.id == _ID, table.c.status.in_(("pending", "unknown"))).values(status=_STATUS)
_SET_STATUS = sa.update(table).where(_ITSELF, _NOT_OVER).values(status=_STATUS)
_SET_PERIOD = (
    sa.update(table)
    .where(_ITSELF, table.c.purpose == "period")
    .values({name: sa.bindparam(f"p_{name}", type_=table.c[name].type) for name in ("period_start", "period_end", "lines")})
)
_SUCCEED = (
    sa.update(table)
    .where(_ITSELF, _NOT_OVER)
    .values(
        status="succeeded",
        succeeded_at=sa.bindparam("p_succeeded_at", type_=table.c.succeeded_at.type),
        **{name: _kept(name, table) for name in METHOD},
    )
)


def get(tx: sa.Connection, scope: BuyerScope, payment_id: str) -> Payment:
    """The payment with its attempts and refunds. Raises NotFound."""
    row = first(tx, _GET, {**buyer_values(scope), "p_id": payment_id})
    if row is None:
        raise NotFound
    return with_details(tx, scope, [payment_of(row)])[0]


def lock(tx: sa.Connection, scope: BuyerScope, payment_id: str) -> Payment:
    """The payment without details, which nobody else changes until the transaction ends. Raises NotFound."""
    row = first(tx, _LOCK, {**buyer_values(scope), "p_id": payment_id})
    if row is None:
        raise NotFound
    return payment_of(row)


def of_orders(tx: sa.Connection, scope: BuyerScope, order_ids: Sequence[str]) -> dict[str, tuple[Payment, ...]]:
    """The payments of these orders by order id, newest first, in one statement; without attempts and refunds."""
    if not order_ids:
        return {}
    found: dict[str, list[Payment]] = {}
    for row in many(tx, _OF_ORDERS, {**buyer_values(scope), "p_ids": order_ids}):
        payment = payment_of(row)
        found.setdefault(payment.order_id, []).append(payment)
    return {order_id: tuple(payments) for order_id, payments in found.items()}


def with_details(tx: sa.Connection, scope: BuyerScope, payments: Iterable[Payment]) -> tuple[Payment, ...]:
    """The same payments with their attempts and refunds, oldest first, in two statements."""
    payments = tuple(payments)
    if not payments:
        return ()
    values = {**buyer_values(scope), "p_ids": [payment.id for payment in payments]}
    return detailed(payments, many(tx, _ATTEMPTS, values), many(tx, _REFUNDS, values))


def of_subscription_now(tx: sa.Connection, scope: BuyerScope, subscription_id: str) -> tuple[Payment | None, tuple[Payment, ...]]:
    """What is open and what is paid of a subscription now, in one statement.

    First the payment that it waits for, or else the one that a past-due one owes, with its attempts; None when there is neither: of a
    change of plan that was refused nothing is owed. Then what was paid for its current period, each with its refunds, oldest first: the
    period itself, and changes of plan within it.
    """
    rows = many(tx, _OF_SUBSCRIPTION_NOW, {**buyer_values(scope), "p_subscription_id": subscription_id})
    attempts_at, refunds_at = len(PAYMENT), len(PAYMENT) + len(ATTEMPT)
    payments: dict[str, Payment] = {}
    attempts: dict[str, list[PaymentAttempt]] = {}
    refunds: dict[str, list[Refund]] = {}
    for row in rows:
        payments.setdefault(row[0], payment_of(row))
        if row[attempts_at] is not None:
            attempts.setdefault(row[0], []).append(attempt_of(row[attempts_at:refunds_at]))
        if row[refunds_at] is not None:
            refunds.setdefault(row[0], []).append(Refund(*row[refunds_at:-1]))
    found = [replace(one, attempts=tuple(attempts.get(one.id, ())), refunds=tuple(refunds.get(one.id, ()))) for one in payments.values()]
    unpaid = sorted((one for one in reversed(found) if one.status != "succeeded"), key=lambda one: one.status == "failed")
    paid = (one for one in found if one.status == "succeeded" and (one.change is None or one.change.period_start == rows[0].began))
    return (unpaid[0] if unpaid else None), tuple(paid)


def start(tx: sa.Connection, scope: BuyerScope, payment: Payment) -> bool:
    """Keeps a new payment. False, and nothing is written, when the period has one already, or another change of plan is open:
    this is where a period is billed once, whatever runs twice."""
    columns = {name: getattr(payment, name) for name in (*HEAD, "created_at", "succeeded_at", "purpose", "disputed_at")}
    kept = {"lines": lines_to_json(payment.lines), "change": change_to_json(payment.change), "taxes": payment.taxes or None}
    whose = {"store_id": scope.store_id, "environment": scope.environment, "buyer_id": scope.buyer_id}
    values = {**columns, **method_values(payment.method), **kept, **whose}
    return first(tx, _START[tx.dialect.name], {f"p_{name}": value for name, value in values.items()}) is not None


def add_attempt(
    tx: sa.Connection,
    scope: BuyerScope,
    payment_id: str,
    *,
    key: str,
    customer_reference: str | None,
    method_reference: str | None,
    method: PaymentMethod | None,
    on_session: bool,
    now: datetime,
    status: AttemptStatus = "pending",
    failure_code: str | None = None,
) -> int:
    """Keeps a new attempt at a payment; its number, counted from 1.

    Raises Conflict, and nothing is written, when another attempt is under way, the key was used, the payment has succeeded or
    was canceled, or is not the buyer's.
    """
    values = {
        "status": status, "failure_code": failure_code, "attempted_at": now, "key": key, "on_session": on_session,
        "customer_reference": customer_reference, "method_reference": method_reference,
        "method_brand": method.brand if method else None, "method_last4": method.last4 if method else None,
    }  # fmt: skip
    here = {**buyer_values(scope), "p_id": payment_id}
    row = first(tx, _TRY[tx.dialect.name], here | {f"p_{name}": value for name, value in values.items()})
    if row is None:
        raise Conflict("no attempt can be made at this payment now")
    return row[0]


def attempt_by_key(tx: sa.Connection, key: str) -> KeyedAttempt:
    """The attempt that a provider knows by this key: for background work and webhooks, never for a visitor. Raises NotFound."""
    row = first(tx, _BY_KEY, {"p_key": key})
    if row is None:
        raise NotFound
    of_store, of_payment = 3 + len(store.COLUMNS), 3 + len(store.COLUMNS) + len(PAYMENT)
    scope, attempt = BuyerScope(*row[:3]), attempt_of(row[of_payment:])
    return KeyedAttempt(key, scope, store.of_row(row[3:of_store]), payment_of(row[of_store:of_payment]), attempt)


def settle_attempt(
    tx: sa.Connection,
    key: str,
    *,
    status: Literal["succeeded", "failed", "canceled"],
    failure_code: str | None = None,
    reference: str | None = None,
    method: PaymentMethod | None = None,
) -> bool:
    """Ends an attempt that is open. False, and nothing is written, when it has ended already.

    One that failed may still turn out to have succeeded (or, where that money is given back, to be canceled): the provider knows.
    """
    shown = {"p_method_brand": method.brand if method else None, "p_method_last4": method.last4 if method else None}
    values = {"p_key": key, "p_status": status, "p_failure_code": failure_code, "p_reference": reference or None, **shown}
    return changed(tx, _SETTLE_ATTEMPT, values) == 1


def note_open(tx: sa.Connection, key: str, *, reference: str | None, action_url: str | None) -> bool:
    """Notes what the provider says of an attempt that is still under way; `action_url` is where the buyer must go. False: it has
    ended. The caller holds the lock of the subscription it is for."""
    return _note(tx, key, "pending", reference, action_url)


def mark_unknown(tx: sa.Connection, key: str) -> bool:
    """Nobody knows what became of an attempt, and so of its payment, until the provider has told. False: it has ended.

    Locks the subscription it is for, as whoever settles does first.
    """
    tx.execute(_LOCK_ITS_SUBSCRIPTION, {"p_key": key})
    return _note(tx, key, "unknown", None, None)


def set_status(tx: sa.Connection, scope: BuyerScope, payment_id: str, status: Literal["pending", "failed", "unknown"]) -> bool:
    """Moves a payment that neither succeeded nor was canceled. False, and nothing is written, when it did or was."""
    return changed(tx, _SET_STATUS, {**buyer_values(scope), "p_id": payment_id, "p_status": status}) == 1


def cancel(tx: sa.Connection, scope: BuyerScope, payment_id: str) -> bool:
    """Gives up a payment. False, and nothing is written, when it has succeeded or was canceled."""
    return changed(tx, _SET_STATUS, {**buyer_values(scope), "p_id": payment_id, "p_status": "canceled"}) == 1


def succeed(tx: sa.Connection, scope: BuyerScope, payment_id: str, *, method: PaymentMethod | None, now: datetime) -> bool:
    """A payment was captured, from `method` where that is known. False, and nothing is written, when it had succeeded before or
    was canceled."""
    shown = {f"p_{name}": value for name, value in method_values(method).items()}
    return changed(tx, _SUCCEED, {**buyer_values(scope), "p_id": payment_id, "p_succeeded_at": now, **shown}) == 1


def set_period(tx: sa.Connection, scope: BuyerScope, payment: Payment) -> None:
    """The first period of a subscription begins with its capture: keeps the payment's period and lines, which say so."""
    period = {"p_period_start": payment.period_start, "p_period_end": payment.period_end, "p_lines": lines_to_json(payment.lines)}
    tx.execute(_SET_PERIOD, {**buyer_values(scope), "p_id": payment.id, **period})


def open_without_job(tx: sa.Connection, job_prefix: str, limit: int) -> list[str]:
    """Keys of open attempts of any store, oldest first, for which there is no job: its key would be `job_prefix` and theirs."""
    return [row[0] for row in many(tx, _JOBLESS, {"p_prefix": job_prefix, "p_limit": limit})]


def open_attempts_in(tx: sa.Connection, scope: StoreScope) -> tuple[PaymentAttempt, ...]:
    """The attempts of one environment of a store that are under way, oldest first."""
    return tuple(attempt_of(row) for row in many(tx, _OPEN_IN, store_values(scope)))


def _note(tx: sa.Connection, key: str, status: AttemptStatus, reference: str | None, action_url: str | None) -> bool:
    row = first(tx, _NOTE_OPEN, {"p_key": key, "p_status": status, "p_reference": reference or None, "p_action_url": action_url})
    if row is None:
        return False
    tx.execute(_NOTE_PAYMENT, {"p_id": row[0], "p_status": status})
    return True
