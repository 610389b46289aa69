"""Packs: all documents of some days in one file, made in the background and kept in pieces until it expires.

Whoever makes a pack adds its parts in order, in as many transactions as he likes. One who was given up, and goes on while another
has begun again, finds his next part refused.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portico.domain.errors import Conflict, NotFound
from portico.domain.scope import BuyerScope
from portico.storage.columns import word
from portico.storage.rows import changed, first, many, scalar
from portico.storage.scoped import also_of_buyer, buyer_values, of_buyer
from portico.storage.tables import pack as table
from portico.storage.tables import pack_part


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack of the documents from `first_day` to `last_day`, both included: `done` of `total` documents are in it so far. One that
    is ready has its file's size and SHA-256."""

    id: str
    first_day: date
    last_day: date
    status: Literal["pending", "ready", "failed"]
    total: int
    done: int
    size_bytes: int | None
    sha256: bytes | None
    created_at: datetime
    ready_at: datetime | None
    expires_at: datetime


_NAMES = ("id", "first_day", "last_day", "status", "total", "done", "size_bytes", "sha256", "created_at", "ready_at", "expires_at")
_COLUMNS = tuple(table.c[name] for name in _NAMES)
_ID: sa.BindParameter[Any] = sa.bindparam("p_id")
_SELECT = sa.select(*_COLUMNS).where(of_buyer(table))
_GET = _SELECT.where(table.c.id == _ID)
_PENDING = _SELECT.where(table.c.status == word("pending"))
_NEWEST = _SELECT.order_by(table.c.created_at.desc(), table.c.id.desc()).limit(sa.bindparam("p_limit"))
_ANY = sa.select(table.c.store_id, table.c.environment, table.c.buyer_id, *_COLUMNS).where(table.c.id == _ID)
_MADE_SINCE = (
    sa.select(sa.func.count())
    .select_from(table)
    .where(of_buyer(table), table.c.created_at >= sa.bindparam("p_since", type_=table.c.created_at.type))
)
_IS_PENDING = sa.and_(table.c.id == _ID, table.c.status == "pending")
_PROGRESS = sa.update(table).where(_IS_PENDING).values(done=sa.bindparam("p_done"))
_BEGIN_AGAIN = (
    sa.update(table).where(_IS_PENDING).values(done=0, total=sa.func.coalesce(sa.bindparam("p_total", type_=sa.Integer()), table.c.total))
)
_FAILED = sa.update(table).where(_IS_PENDING).values(status="failed")
_DROP_PARTS = sa.delete(pack_part).where(pack_part.c.pack_id == _ID)
_length = sa.select(sa.func.coalesce(sa.func.sum(sa.func.length(pack_part.c.body)), 0)).where(pack_part.c.pack_id == table.c.id)
_READY = (
    sa.update(table)
    .where(_IS_PENDING, _length.scalar_subquery() == sa.bindparam("p_size"))
    .values(
        status="ready",
        done=table.c.total,
        size_bytes=sa.bindparam("p_size"),
        sha256=sa.bindparam("p_sha256"),
        ready_at=sa.bindparam("p_ready_at", type_=table.c.ready_at.type),
        expires_at=sa.bindparam("p_expires_at", type_=table.c.expires_at.type),
    )
)
_LENGTHS = (
    sa.select(sa.func.length(pack_part.c.body))
    .select_from(pack_part.join(table, table.c.id == pack_part.c.pack_id))
    .where(pack_part.c.pack_id == _ID, table.c.status == "ready", also_of_buyer(table))
    .order_by(pack_part.c.sequence)
)
_PART = (
    sa.select(pack_part.c.body)
    .select_from(pack_part.join(table, table.c.id == pack_part.c.pack_id))
    .where(pack_part.c.pack_id == _ID, pack_part.c.sequence == sa.bindparam("p_sequence"), table.c.status == "ready", also_of_buyer(table))
)


def _create_statement(insert: Any) -> Any:
    names = ("store_id", "environment", "buyer_id", *_NAMES)
    values = {name: sa.bindparam(f"p_{name}", type_=table.c[name].type) for name in names}
    return insert(table).values(values).on_conflict_do_nothing().returning(table.c.id)


def _add_part_statement(insert: Any) -> Any:
    """Adds a part that follows the last one."""
    values = {name: sa.bindparam(f"p_{name}", type_=pack_part.c[name].type) for name in ("sequence", "body")}
    last = sa.select(sa.func.coalesce(sa.func.max(pack_part.c.sequence), 0)).where(pack_part.c.pack_id == table.c.id)
    own = sa.select(table.c.id, *values.values()).where(_IS_PENDING, last.scalar_subquery() + 1 == values["sequence"])
    return insert(pack_part).from_select(["pack_id", *values], own).on_conflict_do_nothing().returning(pack_part.c.sequence)


_INSERTS = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_CREATE = {dialect: _create_statement(insert) for dialect, insert in _INSERTS.items()}
_ADD_PART = {dialect: _add_part_statement(insert) for dialect, insert in _INSERTS.items()}


def create(tx: sa.Connection, scope: BuyerScope, pack: Pack) -> bool:
    """Keeps a new pack. False, and nothing is written, when one of the buyer's is still being made."""
    days = {"p_first_day": pack.first_day.isoformat(), "p_last_day": pack.last_day.isoformat()}
    values = {f"p_{name}": getattr(pack, name) for name in _NAMES} | days
    return first(tx, _CREATE[tx.dialect.name], {**values, **buyer_values(scope)}) is not None


def get(tx: sa.Connection, scope: BuyerScope, pack_id: str) -> Pack:
    """The pack. Raises NotFound."""
    row = first(tx, _GET, {**buyer_values(scope), "p_id": pack_id})
    if row is None:
        raise NotFound
    return _of_row(row)


def get_any(tx: sa.Connection, pack_id: str) -> tuple[BuyerScope, Pack]:
    """The pack whosoever it is, and whose: for operators and background work, never for a visitor. Raises NotFound."""
    row = first(tx, _ANY, {"p_id": pack_id})
    if row is None:
        raise NotFound
    return BuyerScope(*row[:3]), _of_row(row[3:])


def pending(tx: sa.Connection, scope: BuyerScope) -> Pack | None:
    """The pack that is being made for the buyer, if there is one."""
    row = first(tx, _PENDING, buyer_values(scope))
    return None if row is None else _of_row(row)


def newest(tx: sa.Connection, scope: BuyerScope, limit: int) -> tuple[Pack, ...]:
    """The buyer's packs, newest first."""
    return tuple(_of_row(row) for row in many(tx, _NEWEST, {**buyer_values(scope), "p_limit": limit}))


def made_since(tx: sa.Connection, scope: BuyerScope, since: datetime) -> int:
    """How many packs the buyer has asked for since a moment."""
    return scalar(tx, _MADE_SINCE, {**buyer_values(scope), "p_since": since})


def progress(tx: sa.Connection, pack_id: str, done: int) -> None:
    """Notes how many documents are in a pack that is being made."""
    tx.execute(_PROGRESS, {"p_id": pack_id, "p_done": done})


def add_part(tx: sa.Connection, pack_id: str, sequence: int, body: bytes) -> None:
    """Keeps a piece of the file; the first is 1. Raises Conflict, and nothing is written, when the pack is not being made any more, or
    this is not the piece that comes next: somebody else has begun again."""
    if first(tx, _ADD_PART[tx.dialect.name], {"p_id": pack_id, "p_sequence": sequence, "p_body": body}) is None:
        raise Conflict("the pack is made by somebody else")


def begin_again(tx: sa.Connection, pack_id: str, *, total: int | None = None) -> bool:
    """Drops what there is of a pack that is being made, to make it from the start, of `total` documents where that has changed. False,
    and nothing is written, when it is not being made."""
    if changed(tx, _BEGIN_AGAIN, {"p_id": pack_id, "p_total": total}) != 1:
        return False
    tx.execute(_DROP_PARTS, {"p_id": pack_id})
    return True


def ready(tx: sa.Connection, pack_id: str, size_bytes: int, sha256: bytes, *, now: datetime, expires_at: datetime) -> None:
    """The file is whole. Raises Conflict when the pack is not being made any more, or its parts are not that long together."""
    values = {"p_size": size_bytes, "p_sha256": sha256, "p_ready_at": now, "p_expires_at": expires_at}
    if changed(tx, _READY, {"p_id": pack_id, **values}) != 1:
        raise Conflict("the pack is made by somebody else")


def failed(tx: sa.Connection, pack_id: str) -> None:
    """A pack that is being made cannot be made; its parts go. Nothing happens to one that is ready."""
    if changed(tx, _FAILED, {"p_id": pack_id}) == 1:
        tx.execute(_DROP_PARTS, {"p_id": pack_id})


def part(tx: sa.Connection, scope: BuyerScope, pack_id: str, sequence: int) -> bytes | None:
    """A piece of the file of a pack that is ready; None after the last, or when the pack is not the buyer's."""
    return scalar(tx, _PART, {**buyer_values(scope), "p_id": pack_id, "p_sequence": sequence})


def part_lengths(tx: sa.Connection, scope: BuyerScope, pack_id: str) -> tuple[int, ...]:
    """How many bytes each piece has, in order, without reading them."""
    return tuple(row[0] for row in many(tx, _LENGTHS, {**buyer_values(scope), "p_id": pack_id}))


def _of_row(row: Any) -> Pack:
    pack_id, first_day, last_day, *rest = row
    return Pack(pack_id, date.fromisoformat(first_day), date.fromisoformat(last_day), *rest)
