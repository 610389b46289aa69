"""Issued documents and the files made of them. Rows are only ever added; the database refuses everything else."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portico.domain import invoice
from portico.domain.errors import NotFound
from portico.domain.invoice import TEMPLATE_VERSION, Document, DocumentKind
from portico.domain.scope import BuyerScope, StoreScope
from portico.storage import bulk
from portico.storage.page import PAGE_SIZE, Cursor, Page, newest_first, oldest_first, position
from portico.storage.rows import first, many, scalar
from portico.storage.scoped import also_in_store, also_of_buyer, buyer_values, of_buyer, store_values
from portico.storage.tables import document as table
from portico.storage.tables import document_file


@dataclass(frozen=True, slots=True)
class Issue:
    """A document on its way into the database: whose it is, its content included, and its place in its series. One that was
    numbered elsewhere has neither series nor sequence."""

    scope: BuyerScope
    document: Document
    series: str | None
    sequence: int | None


_NAMES = ("id", "kind", "number", "order_id", "payment_id", "issued_at", "language", "currency", "total_minor")
COLUMNS = (*(table.c[name] for name in _NAMES), table.c.refund_id, table.c.corrects_id)
_SELECT = sa.select(*COLUMNS).where(of_buyer(table))
_WITH_KIND = _SELECT.where(table.c.kind == sa.bindparam("p_kind"))
_PAGES = {
    (filtered, after): newest_first(_WITH_KIND if filtered else _SELECT, table.c.issued_at, table.c.id, after_cursor=after)
    for filtered in (False, True)
    for after in (False, True)
}
_CONTENTS = sa.select(table.c.store_id, table.c.environment, table.c.buyer_id, *COLUMNS, table.c.content)
_WHOLE = _CONTENTS.where(table.c.id == sa.bindparam("p_id"))
_GET = _WHOLE.where(of_buyer(table))
_successor = table.alias("successor")
_IS_REPLACED = sa.exists().where(_successor.c.corrects_id == table.c.id, _successor.c.kind == "invoice", _successor.c.refund_id.is_(None))
_NEWEST_INVOICE = _CONTENTS.where(
    table.c.payment_id == sa.bindparam("p_payment_id"), table.c.kind == "invoice", also_of_buyer(table), ~_IS_REPLACED
)
_NEWEST_INVOICES = _CONTENTS.where(
    table.c.payment_id.in_(sa.bindparam("p_payment_ids", expanding=True)), table.c.kind == "invoice", also_in_store(table), ~_IS_REPLACED
)
_FOR_ORDER = (
    sa.select(*COLUMNS)
    .where(table.c.order_id == sa.bindparam("p_order_id"), also_of_buyer(table))
    .order_by(table.c.issued_at.desc(), table.c.id.desc())
)
_NEWEST_FOR_ORDER = _FOR_ORDER.limit(sa.bindparam("p_limit"))
_OF_PAYMENT = (
    sa.select(*COLUMNS)
    .where(table.c.payment_id == sa.bindparam("p_payment_id"), also_of_buyer(table))
    .order_by(table.c.issued_at.desc(), table.c.id.desc())
)
_start, _end = (sa.bindparam(name, type_=table.c.issued_at.type) for name in ("p_start", "p_end"))
_BETWEEN = (of_buyer(table), table.c.issued_at >= _start, table.c.issued_at < _end)
_COUNT_BETWEEN = sa.select(sa.func.count()).select_from(table).where(*_BETWEEN)
_READ_BETWEEN = {
    after: oldest_first(_CONTENTS.where(*_BETWEEN), table.c.issued_at, table.c.id, after_cursor=after) for after in (False, True)
}
_CORRECTIONS_SINCE = (
    sa.select(sa.func.count())
    .select_from(table)
    .where(
        of_buyer(table),
        table.c.issued_at >= sa.bindparam("p_since", type_=table.c.issued_at.type),
        table.c.kind == "invoice",
        table.c.corrects_id.is_not(None),
    )
)
_ISSUED = sa.select(table.c.issued_at).where(of_buyer(table))
# Two looks into the index, where a MIN and a MAX at once would walk all of it.
_SPAN = sa.select(
    _ISSUED.order_by(table.c.issued_at).limit(1).scalar_subquery(), _ISSUED.order_by(table.c.issued_at.desc()).limit(1).scalar_subquery()
)
_REPLACED = sa.select(table.c.corrects_id).where(
    table.c.corrects_id.in_(sa.bindparam("p_ids", expanding=True)),
    table.c.kind == "invoice",
    table.c.refund_id.is_(None),
    also_of_buyer(table),
)
_INSERT = sa.insert(table)
_THIS_FILE = sa.and_(
    document_file.c.document_id == sa.bindparam("p_id"),
    document_file.c.language == sa.bindparam("p_language"),
    document_file.c.media_type == sa.bindparam("p_media_type"),
)
_FILE = (
    sa.select(document_file.c.body)
    .select_from(document_file.join(table, table.c.id == document_file.c.document_id))
    .where(_THIS_FILE, also_of_buyer(table))
)
_FILE_COLUMNS = ("language", "media_type", "sha256", "body", "created_at")


def _keep_statement(insert: Any) -> Any:
    values = [sa.bindparam(f"p_{name}", type_=document_file.c[name].type) for name in _FILE_COLUMNS]
    own = sa.select(table.c.id, *values).where(of_buyer(table), table.c.id == sa.bindparam("p_id"))
    return insert(document_file).from_select(["document_id", *_FILE_COLUMNS], own).on_conflict_do_nothing()


_KEEP_FILE = {"sqlite": _keep_statement(sqlite.insert), "postgresql": _keep_statement(postgresql.insert)}


def page(
    tx: sa.Connection, scope: BuyerScope, *, kind: DocumentKind | None = None, cursor: Cursor | None = None, limit: int = PAGE_SIZE
) -> Page[Document]:
    """A page of documents, newest first, without their contents: one statement."""
    values = {**buyer_values(scope), **position(cursor, limit), **({} if kind is None else {"p_kind": kind})}
    rows = many(tx, _PAGES[kind is not None, cursor is not None], values)
    documents = tuple(listed(row) for row in rows[:limit])
    return Page(documents, Cursor(documents[-1].issued_at, documents[-1].id).encode() if len(rows) > limit else None)


def get(tx: sa.Connection, scope: BuyerScope, document_id: str) -> Document:
    """The document with its content. Raises NotFound."""
    row = first(tx, _GET, {**buyer_values(scope), "p_id": document_id})
    if row is None:
        raise NotFound
    return _whole(row)[1]


def get_any(tx: sa.Connection, document_id: str) -> tuple[BuyerScope, Document]:
    """The document whosoever it is, and whose: for operators and background work, never for a visitor. Raises NotFound."""
    row = first(tx, _WHOLE, {"p_id": document_id})
    if row is None:
        raise NotFound
    return _whole(row)


def newest_invoice(tx: sa.Connection, scope: BuyerScope, payment_id: str) -> Document:
    """The invoice of a payment that holds, with its content: the one that no other replaces. Raises NotFound."""
    row = first(tx, _NEWEST_INVOICE, {**buyer_values(scope), "p_payment_id": payment_id})
    if row is None:
        raise NotFound
    return _whole(row)[1]


def newest_invoices(tx: sa.Connection, scope: StoreScope, payment_ids: Sequence[str]) -> dict[str, Document]:
    """The same of many payments of a store, by their ids."""
    if not payment_ids:
        return {}
    found = (_whole(row)[1] for row in many(tx, _NEWEST_INVOICES, {**store_values(scope), "p_payment_ids": list(payment_ids)}))
    return {invoiced.payment_id or "": invoiced for invoiced in found}


def for_order(tx: sa.Connection, scope: BuyerScope, order_id: str) -> tuple[Document, ...]:
    """The documents of one order, newest first, without their contents."""
    return tuple(listed(row) for row in many(tx, _FOR_ORDER, {**buyer_values(scope), "p_order_id": order_id}))


def newest_for_order(tx: sa.Connection, scope: BuyerScope, order_id: str, *, limit: int) -> tuple[Document, ...]:
    """The newest of them: a subscription goes on for years."""
    return tuple(listed(row) for row in many(tx, _NEWEST_FOR_ORDER, {**buyer_values(scope), "p_order_id": order_id, "p_limit": limit}))


def of_payment(tx: sa.Connection, scope: BuyerScope, payment_id: str) -> tuple[Document, ...]:
    """The documents of one payment, newest first, without their contents; `corrects_id` says which replaces or corrects which."""
    return tuple(listed(row) for row in many(tx, _OF_PAYMENT, {**buyer_values(scope), "p_payment_id": payment_id}))


def count_between(tx: sa.Connection, scope: BuyerScope, start: datetime, end: datetime) -> int:
    """How many documents were issued from `start` until just before `end`."""
    return scalar(tx, _COUNT_BETWEEN, {**buyer_values(scope), "p_start": start, "p_end": end})


def between(
    tx: sa.Connection, scope: BuyerScope, start: datetime, end: datetime, after: Cursor | None = None, *, limit: int = PAGE_SIZE
) -> tuple[Document, ...]:
    """Documents issued from `start` until just before `end`, oldest first, with their contents; at most `limit`, the next ones
    after `Cursor(issued_at, id)` of the last."""
    values = {**buyer_values(scope), "p_start": start, "p_end": end, "p_limit": limit}
    if after is not None:
        values |= {"p_moment": after.created_at, "p_id": after.id}
    return tuple(_whole(row)[1] for row in many(tx, _READ_BETWEEN[after is not None], values))


def corrections_since(tx: sa.Connection, scope: BuyerScope, since: datetime) -> int:
    """How many invoices of a buyer were replaced by another since a moment."""
    return scalar(tx, _CORRECTIONS_SINCE, {**buyer_values(scope), "p_since": since})


def span(tx: sa.Connection, scope: BuyerScope) -> tuple[datetime, datetime] | None:
    """When the first and the last document were issued; None when there is none."""
    first_at, last_at = first(tx, _SPAN, buyer_values(scope))
    return None if first_at is None else (first_at, last_at)


def replaced(tx: sa.Connection, scope: BuyerScope, document_ids: Sequence[str]) -> frozenset[str]:
    """Those of the invoices that another replaces."""
    return frozenset(row[0] for row in many(tx, _REPLACED, {**buyer_values(scope), "p_ids": list(document_ids)}))


def insert(tx: sa.Connection, issues: Sequence[Issue]) -> None:
    """Issues documents: their contents are fixed from here on. A second invoice of a payment that replaces none, a second receipt,
    and a second document that replaces or cancels the same invoice break a constraint."""
    if issues:
        tx.execute(_INSERT, [_row(issue) for issue in issues])


def insert_many(tx: sa.Connection, issues: Sequence[Issue]) -> None:
    """The same for an import's thousands. Raises Conflict where `insert` breaks a constraint."""
    rows = [_row(issue) for issue in issues]
    if rows:
        bulk.insert(tx, table, tuple(rows[0]), [tuple(row.values()) for row in rows])


def file(tx: sa.Connection, scope: BuyerScope, document_id: str, language: str, media_type: str) -> bytes | None:
    """The file kept for a document in a language; None if none was made yet, or the document is not the buyer's."""
    return scalar(tx, _FILE, {**buyer_values(scope), "p_id": document_id, "p_language": language, "p_media_type": media_type})


def keep_file(
    tx: sa.Connection, scope: BuyerScope, document_id: str, language: str, media_type: str, *, body: bytes, now: datetime
) -> bytes:
    """Keeps a file unless one was kept before, and gives the one that is kept: the first one made is served ever after.

    Raises NotFound when the document is not the buyer's.
    """
    values = {"p_language": language, "p_media_type": media_type, "p_sha256": hashlib.sha256(body).digest(), "p_body": body}
    tx.execute(_KEEP_FILE[tx.dialect.name], {**buyer_values(scope), "p_id": document_id, **values, "p_created_at": now})
    kept = file(tx, scope, document_id, language, media_type)
    if kept is None:
        raise NotFound
    return kept


def _row(issue: Issue) -> dict[str, Any]:
    scope, document = issue.scope, issue.document
    if document.content is None:
        raise ValueError("a document is issued with its content")
    content = invoice.to_json(document.content)
    return {
        **{name: getattr(document, name) for name in _NAMES},
        "refund_id": document.refund_id,
        "corrects_id": document.corrects_id,
        "store_id": scope.store_id,
        "environment": scope.environment,
        "buyer_id": scope.buyer_id,
        "series": issue.series,
        "sequence": issue.sequence,
        "template_version": TEMPLATE_VERSION,
        "content": content.decode(),
        "content_hash": hashlib.sha256(content).digest(),
    }


def listed(row: Any) -> Document:
    """A row of COLUMNS as a Document without its content."""
    *columns, refund_id, corrects_id = row
    return Document(*columns, refund_id=refund_id, corrects_id=corrects_id)


def _whole(row: Any) -> tuple[BuyerScope, Document]:
    store_id, environment, buyer_id, *columns, refund_id, corrects_id, content = row
    document = Document(*columns, content=invoice.from_json(content), refund_id=refund_id, corrects_id=corrects_id)
    return BuyerScope(store_id, environment, buyer_id), document
