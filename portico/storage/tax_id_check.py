"""What a register of tax ids was asked about a buyer's, and what it answered: kept as proof, also when the id is another by now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portico.domain.errors import NotFound
from portico.domain.scope import BuyerScope, StoreScope
from portico.storage.rows import changed, first, many, scalar
from portico.storage.scoped import buyer_values, in_store, of_buyer, store_values
from portico.storage.tables import buyer, document
from portico.storage.tables import tax_id_check as table


@dataclass(frozen=True, slots=True)
class TaxIdCheck:
    """A question about a tax id. One that is pending has had no answer so often as `unavailable` says; `consultation_number` is the
    register's own proof that it was asked, `name` and `address` whose the id is, where it tells."""

    id: str
    tax_id: str
    status: Literal["pending", "valid", "invalid"]
    asked_at: datetime
    answered_at: datetime | None
    consultation_number: str | None
    name: str | None
    address: str | None
    unavailable: int


_COLUMNS = tuple(
    table.c[name] for name in ("id", "tax_id", "status", "asked_at", "answered_at", "consultation_number", "name", "address", "unavailable")
)
_TAX_ID = table.c.tax_id == sa.bindparam("p_tax_id")
_NEWEST = sa.select(*_COLUMNS).where(of_buyer(table), _TAX_ID).order_by(table.c.asked_at.desc(), table.c.id.desc()).limit(1)
_LAST_ANSWER = (
    sa.select(table.c.status)
    .where(of_buyer(table), _TAX_ID, table.c.status != "pending")
    .order_by(table.c.asked_at.desc(), table.c.id.desc())
    .limit(1)
)
_LAST_ANSWER_HERE = (
    sa.select(table.c.status)
    .where(in_store(table), _TAX_ID, table.c.status != "pending")
    .order_by(table.c.asked_at.desc(), table.c.id.desc())
    .limit(1)
)
_DOUBTS = sa.select(
    _LAST_ANSWER.scalar_subquery(),
    sa.select(sa.func.count(table.c.tax_id.distinct())).where(of_buyer(table), table.c.status == "invalid").scalar_subquery(),
)
_ANY = sa.select(table.c.store_id, table.c.environment, table.c.buyer_id, *_COLUMNS).where(table.c.id == sa.bindparam("p_id"))
_OF_STORE = (
    sa.select(buyer.c.email, *_COLUMNS)
    .join_from(table, buyer, sa.and_(buyer.c.id == table.c.buyer_id, in_store(buyer)))
    .where(in_store(table))
    .order_by(table.c.asked_at.desc(), table.c.id.desc())
)
_IS_PENDING = sa.and_(of_buyer(table), table.c.id == sa.bindparam("p_id"), table.c.status == "pending")
_ANSWER = ("status", "answered_at", "consultation_number", "name", "address")
_ANSWERED = sa.update(table).where(_IS_PENDING).values({name: sa.bindparam(f"p_new_{name}", type_=table.c[name].type) for name in _ANSWER})
_IS_INVOICED = sa.exists().where(of_buyer(document), document.c.kind == "invoice", document.c.issued_at >= table.c.asked_at)
_WITHDRAW_OTHERS = sa.delete(table).where(
    of_buyer(table), table.c.status == "pending", table.c.tax_id != sa.bindparam("p_tax_id"), ~_IS_INVOICED
)
_NO_ANSWER = sa.update(table).where(_IS_PENDING).values(unavailable=table.c.unavailable + 1)


def _create_statement(insert: Any) -> Any:
    names = ("store_id", "environment", "buyer_id", "id", "tax_id", "asked_at")
    values = {name: sa.bindparam(f"p_{name}", type_=table.c[name].type) for name in names}
    return insert(table).values(**values, status="pending").on_conflict_do_nothing().returning(table.c.id)


_CREATE = {"sqlite": _create_statement(sqlite.insert), "postgresql": _create_statement(postgresql.insert)}


def create(tx: sa.Connection, scope: BuyerScope, check_id: str, tax_id: str, now: datetime) -> bool:
    """Keeps a new question. False, and nothing is written, when one about the same id has no answer yet."""
    values = {**buyer_values(scope), "p_id": check_id, "p_tax_id": tax_id, "p_asked_at": now}
    return first(tx, _CREATE[tx.dialect.name], values) is not None


def newest(tx: sa.Connection, scope: BuyerScope, tax_id: str) -> TaxIdCheck | None:
    """The last question about one of the buyer's tax ids, if there was one."""
    row = first(tx, _NEWEST, {**buyer_values(scope), "p_tax_id": tax_id})
    return None if row is None else TaxIdCheck(*row)


def is_refused(tx: sa.Connection, scope: BuyerScope, tax_id: str) -> bool:
    """Whether the register's last answer about one of the buyer's tax ids was that it does not know it. A newer question without an
    answer changes nothing."""
    row = first(tx, _LAST_ANSWER, {**buyer_values(scope), "p_tax_id": tax_id})
    return row is not None and row.status == "invalid"


def is_refused_here(tx: sa.Connection, scope: StoreScope, tax_id: str) -> bool:
    """Whether the register's last answer about a tax id was that it does not know it, whosoever of the store's buyers showed it."""
    return scalar(tx, _LAST_ANSWER_HERE, {**store_values(scope), "p_tax_id": tax_id}) == "invalid"


def is_doubted(tx: sa.Connection, scope: BuyerScope, tax_id: str, *, most_refused: int) -> bool:
    """Whether one of the buyer's tax ids was refused; or has had no answer yet, after more than `most_refused` others were."""
    last, refused = first(tx, _DOUBTS, {**buyer_values(scope), "p_tax_id": tax_id})
    return last == "invalid" or (last is None and refused > most_refused)


def is_confirmed(tx: sa.Connection, scope: BuyerScope, tax_id: str) -> bool:
    """Whether the register's last answer about one of the buyer's tax ids was that it knows it."""
    row = first(tx, _LAST_ANSWER, {**buyer_values(scope), "p_tax_id": tax_id})
    return row is not None and row.status == "valid"


def get_any(tx: sa.Connection, check_id: str) -> tuple[BuyerScope, TaxIdCheck]:
    """The question whosoever it is about, and whose: for background work, never for a visitor. Raises NotFound."""
    row = first(tx, _ANY, {"p_id": check_id})
    if row is None:
        raise NotFound
    return BuyerScope(*row[:3]), TaxIdCheck(*row[3:])


def of_store(tx: sa.Connection, scope: StoreScope) -> tuple[tuple[str, TaxIdCheck], ...]:
    """Every question about a tax id of the store's buyers, newest first, each after the buyer's e-mail."""
    return tuple((row[0], TaxIdCheck(*row[1:])) for row in many(tx, _OF_STORE, store_values(scope)))


def answered(
    tx: sa.Connection,
    scope: BuyerScope,
    check_id: str,
    status: Literal["valid", "invalid"],
    *,
    now: datetime,
    consultation_number: str | None = None,
    name: str | None = None,
    address: str | None = None,
) -> bool:
    """Keeps the register's answer. False, and nothing is written, when there is one already, or it is not the buyer's."""
    answer = (status, now, consultation_number, name, address)
    values = {f"p_new_{column}": value for column, value in zip(_ANSWER, answer, strict=True)}
    return changed(tx, _ANSWERED, {**buyer_values(scope), "p_id": check_id, **values}) == 1


def no_answer(tx: sa.Connection, scope: BuyerScope, check_id: str) -> None:
    """Counts a try that had no answer: the register, or the state whose id it is, was not there."""
    tx.execute(_NO_ANSWER, {**buyer_values(scope), "p_id": check_id})


def withdraw_others(tx: sa.Connection, scope: BuyerScope, tax_id: str) -> int:
    """Deletes the buyer's questions without an answer about any other id than this one: nobody needs it any more. How many. Those since
    which an invoice was issued stay, for the id may be on it."""
    return changed(tx, _WITHDRAW_OTHERS, {**buyer_values(scope), "p_tax_id": tax_id})
