"""Money given back: claimed under the payment's lock, so that refunds together never exceed what was taken; ended once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portico.domain.errors import NotFound
from portico.domain.order import settled_status
from portico.domain.payment import Payment, Refund, RefundPurpose
from portico.domain.scope import BuyerScope
from portico.storage import store
from portico.storage.columns import word
from portico.storage.payment_row import PAYMENT, REFUND, payment_of
from portico.storage.rows import changed, first, many
from portico.storage.scoped import buyer_values, of_buyer
from portico.storage.store import StoreRow
from portico.storage.tables import document, job, order, payment, payment_attempt
from portico.storage.tables import refund as table
from portico.storage.tables import store as store_table


@dataclass(frozen=True, slots=True)
class KeyedRefund:
    """A refund found by the key that a provider knows it by, whose it is, the payment it is of (without details), and the
    provider's id of the charge that is given back. `correction` is what one of purpose "tax" was started with."""

    key: str
    scope: BuyerScope
    store: StoreRow
    payment: Payment
    refund: Refund
    charge_reference: str | None
    correction: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class TaxUnderWay:
    """A refund of tax that has not ended, whose it is, and of which payment."""

    scope: BuyerScope
    payment_id: str
    currency: str
    refund: Refund


_KEY: sa.BindParameter[Any] = sa.bindparam("p_key")
_LOCK_PAYMENT = sa.select(payment.c.id).where(of_buyer(payment), payment.c.id == sa.bindparam("p_payment_id")).with_for_update()
_VALUES = ("id", "amount_minor", "reason", "key", "reference", "ticket_id", "purpose", "correction", "at_provider", "created_at")


def _start_statement(insert: Any) -> Any:
    values = {name: sa.bindparam(f"p_{name}", type_=table.c[name].type) for name in _VALUES}
    of_payment = (payment.c.id, payment.c.store_id, payment.c.environment, payment.c.buyer_id, payment.c.currency)
    claimed = sa.select(sa.func.coalesce(sa.func.sum(table.c.amount_minor), 0)).where(
        table.c.payment_id == payment.c.id, table.c.status != "failed"
    )
    own = sa.select(*of_payment, sa.literal("pending"), *values.values()).where(
        of_buyer(payment),
        payment.c.id == sa.bindparam("p_payment_id"),
        payment.c.status == "succeeded",
        payment.c.total_minor - claimed.scalar_subquery() >= values["amount_minor"],
    )
    names = ["payment_id", "store_id", "environment", "buyer_id", "currency", "status", *values]
    return insert(table).from_select(names, own).on_conflict_do_nothing().returning(table.c.id)


_START = {"sqlite": _start_statement(sqlite.insert), "postgresql": _start_statement(postgresql.insert)}
_charged = payment_attempt.alias("charged")
_BY_KEY = (
    sa.select(
        table.c.store_id,
        table.c.environment,
        table.c.buyer_id,
        _charged.c.reference,
        table.c.correction,
        *store.COLUMNS,
        *PAYMENT,
        *REFUND,
    )
    .select_from(
        table.join(payment, payment.c.id == table.c.payment_id)
        .join(store_table, store_table.c.id == table.c.store_id)
        .outerjoin(_charged, sa.and_(_charged.c.payment_id == payment.c.id, _charged.c.status == "succeeded"))
    )
    .where(table.c.key == _KEY)
)
_CHARGE_KEY = sa.select(payment_attempt.c.key).where(
    payment_attempt.c.payment_id == sa.bindparam("p_id"),
    payment_attempt.c.status == word("succeeded"),
    payment_attempt.c.key.is_not(None),
)
_IS_OPEN = sa.and_(table.c.key == _KEY, table.c.status == "pending")
_reference = sa.func.coalesce(sa.bindparam("p_reference", type_=table.c.reference.type), table.c.reference)
_NOTE = sa.update(table).where(_IS_OPEN).values(reference=_reference)
_SETTLE = (
    sa.update(table)
    .where(_IS_OPEN)
    .values(status=sa.bindparam("p_status"), reference=_reference)
    .returning(table.c.payment_id, table.c.amount_minor)
)
_GIVE_BACK = (
    sa.update(payment)
    .where(payment.c.id == sa.bindparam("p_id"))
    .values(refunded_minor=payment.c.refunded_minor + sa.bindparam("p_amount_minor"))
    .returning(payment.c.refunded_minor, payment.c.order_id)
)
_ANSWER = (
    sa.update(table)
    .where(table.c.id == sa.bindparam("p_id"), table.c.at_provider, table.c.ticket_id.is_(None))
    .values(ticket_id=sa.bindparam("p_ticket_id"))
)
_OF_ORDER = (
    sa.select(order.c.total_minor, sa.func.sum(payment.c.refunded_minor))
    .select_from(order.join(payment, payment.c.order_id == order.c.id))
    .where(order.c.id == sa.bindparam("p_id"), order.c.kind == "one_time")
    .group_by(order.c.total_minor)
)
_SET_ORDER = sa.update(order).where(order.c.id == sa.bindparam("p_id")).values(status=sa.bindparam("p_status"))
_TAXES_UNDER_WAY = (
    sa.select(table.c.store_id, table.c.environment, table.c.buyer_id, table.c.payment_id, table.c.currency, *REFUND)
    .where(table.c.status == word("pending"), table.c.key.is_not(None), table.c.purpose == word("tax"))
    .order_by(table.c.created_at, table.c.id)
)
_invoice, _note = document.alias("invoice"), document.alias("note")
# Money that an import brought as given back, of a sale that has its invoice from here, and no credit note.
_UNCREDITED = (
    sa.select(table.c.store_id, table.c.environment, table.c.buyer_id, table.c.payment_id)
    .select_from(
        table.join(
            _invoice,
            sa.and_(_invoice.c.payment_id == table.c.payment_id, _invoice.c.kind == "invoice", _invoice.c.corrects_id.is_(None)),
        ).outerjoin(_note, _note.c.refund_id == table.c.id)
    )
    .where(table.c.key.is_(None), table.c.status == "succeeded", _invoice.c.series.is_not(None), _note.c.id.is_(None))
    .group_by(table.c.store_id, table.c.environment, table.c.buyer_id, table.c.payment_id)
    .order_by(sa.func.min(table.c.created_at), table.c.payment_id)
)
_JOBLESS = (
    sa.select(table.c.key)
    .where(
        table.c.status == word("pending"),
        table.c.key.is_not(None),
        ~sa.exists().where(job.c.key == sa.bindparam("p_prefix", type_=sa.String()).concat(table.c.key)),
    )
    .order_by(table.c.created_at)
    .limit(sa.bindparam("p_limit"))
)


def start(
    tx: sa.Connection,
    scope: BuyerScope,
    refund_id: str,
    *,
    payment_id: str,
    amount_minor: int,
    reason: str,
    key: str,
    now: datetime,
    ticket_id: str | None = None,
    purpose: RefundPurpose = "money",
    correction: dict[str, Any] | None = None,
    at_provider: bool = False,
) -> bool:
    """Keeps a new refund of a payment, pending, and the payment locked. False, and nothing is written, when less is left of it (those
    under way count), it has not succeeded, is not the buyer's, or the key was used.

    One of purpose "tax" says with `correction` which invoice is corrected once it has succeeded, and how: {"document_id", ...}. One that
    was made `at_provider` has the provider's id as its key.
    """
    reference = key if at_provider else None
    values = (refund_id, amount_minor, reason, key, reference, ticket_id, purpose, correction, at_provider, now)
    here = {**buyer_values(scope), "p_payment_id": payment_id}
    tx.execute(_LOCK_PAYMENT, here)
    row = first(tx, _START[tx.dialect.name], here | {f"p_{name}": value for name, value in zip(_VALUES, values, strict=True)})
    return row is not None


def by_key(tx: sa.Connection, key: str) -> KeyedRefund:
    """The refund that a provider knows by this key: for background work and webhooks, never for a visitor. Raises NotFound."""
    row = first(tx, _BY_KEY, {"p_key": key})
    if row is None:
        raise NotFound
    of_store, of_payment = 5 + len(store.COLUMNS), 5 + len(store.COLUMNS) + len(PAYMENT)
    scope, refund = BuyerScope(*row[:3]), Refund(*row[of_payment:])
    return KeyedRefund(key, scope, store.of_row(row[5:of_store]), payment_of(row[of_store:of_payment]), refund, row[3], row[4])


def charge_key_any(tx: sa.Connection, payment_id: str) -> str:
    """The key of the charge that paid for a payment of any store: for operators. Raises NotFound, too, where it was none of ours."""
    row = first(tx, _CHARGE_KEY, {"p_id": payment_id})
    if row is None:
        raise NotFound
    return row[0]


def note(tx: sa.Connection, key: str, reference: str) -> bool:
    """Notes the provider's id of a refund that is under way. False: it has ended."""
    return changed(tx, _NOTE, {"p_key": key, "p_reference": reference or None}) == 1


def answer(tx: sa.Connection, refund_id: str, ticket_id: str) -> None:
    """A refund that somebody made at the provider turns out to be what a request asked for."""
    tx.execute(_ANSWER, {"p_id": refund_id, "p_ticket_id": ticket_id})


def settle(tx: sa.Connection, key: str, status: Literal["succeeded", "failed"], *, reference: str | None = None) -> int | None:
    """Ends a refund that is under way. One that succeeded counts in its payment, and a one-time order's status follows.

    How much had been given back of the payment before, in minor units; None, and nothing is written, when the refund has ended
    already. Lock order: the subscription, if there is one, is the caller's to lock before.
    """
    row = first(tx, _SETTLE, {"p_key": key, "p_status": status, "p_reference": reference or None})
    if row is None:
        return None
    given_back = {"p_id": row.payment_id, "p_amount_minor": row.amount_minor if status == "succeeded" else 0}
    refunded_minor, order_id = first(tx, _GIVE_BACK, given_back)
    if status == "succeeded":
        _settle_order(tx, order_id)
    return refunded_minor - given_back["p_amount_minor"]


def taxes_under_way_any(tx: sa.Connection) -> tuple[TaxUnderWay, ...]:
    """Every refund of tax of any store that is under way, oldest first: for operators, never for a visitor."""
    return tuple(TaxUnderWay(BuyerScope(*row[:3]), row[3], row[4], Refund(*row[5:])) for row in many(tx, _TAXES_UNDER_WAY))


def uncredited_any(tx: sa.Connection) -> tuple[tuple[BuyerScope, str], ...]:
    """Payments of any store with an imported refund that should have a credit note from here and has none: whose they are, and their
    ids, the first refund first. For operators, never for a visitor."""
    return tuple((BuyerScope(*row[:3]), row[3]) for row in many(tx, _UNCREDITED))


def pending_without_job(tx: sa.Connection, job_prefix: str, limit: int) -> list[str]:
    """Keys of refunds of any store that are under way, oldest first, for which there is no job: its key would be `job_prefix` and
    theirs."""
    return [row[0] for row in many(tx, _JOBLESS, {"p_prefix": job_prefix, "p_limit": limit})]


def _settle_order(tx: sa.Connection, order_id: str) -> None:
    row = first(tx, _OF_ORDER, {"p_id": order_id})
    if row is not None:
        total_minor, refunded_minor = row
        tx.execute(_SET_ORDER, {"p_id": order_id, "p_status": settled_status(total_minor, min(int(refunded_minor), total_minor))})
