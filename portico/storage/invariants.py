"""What must be true of the data at any time, each rule as one query that gives the rows that break it.

One query sees one moment, so the rules may be checked while Portico runs. A row is (subject, detail): the id that breaks the
rule, and what is wrong with it. Rules that need arithmetic of the domain are in `services.check`, which also reads the rows
for them from here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portico.domain.catalog import Interval
from portico.domain.document_line import DocumentLine, lines_from_json
from portico.domain.payment import PaymentStatus, PlanInEffect, change_from_json
from portico.domain.tax import TaxLine
from portico.storage.columns import Instant
from portico.storage.invariant_api import API_RULES
from portico.storage.invariant_billing import BILLING_RULES
from portico.storage.invariant_documents import DOCUMENT_RULES
from portico.storage.invariant_rules import RULES, Check, Severity
from portico.storage.payment_row import taxes_of
from portico.storage.rows import first, many
from portico.storage.tables import document, document_file, metadata, pack, pack_part, payment, subscription

MOST_FINDINGS = 100  # per rule; more would tell nothing new
_SLICE = 1000


@dataclass(frozen=True, slots=True)
class Finding:
    """A row that breaks a rule. A warning asks for a person's attention; an error must never happen."""

    check: str
    subject: str
    detail: str
    severity: Severity = "error"


CHECKS: tuple[Check, ...] = (*RULES, *DOCUMENT_RULES, *BILLING_RULES, *API_RULES)
REFERENCES = "no_reference_crosses_a_scope"


def names() -> tuple[str, ...]:
    """The rules of this module."""
    return (*(check.name for check in CHECKS), REFERENCES)


def run(tx: sa.Connection, now: datetime | None = None) -> list[Finding]:
    """The rows that break a rule, at most MOST_FINDINGS per rule. Rules about an age are asked only when the time is given."""
    found: list[Finding] = []
    for check, statement in _STATEMENTS:
        if now is not None or not check.needs_now:
            rows = many(tx, statement, {"now": now} if check.needs_now else None)
            found += [Finding(check.name, subject, detail, check.severity) for subject, detail in rows]
    for table, statement in _DANGLING:
        found += [Finding(REFERENCES, f"{table}: {row[0]}", "it refers to nothing within its scope") for row in many(tx, statement)]
    return found


def _statement(check: Check) -> sa.TextClause:
    statement = sa.text(f"SELECT * FROM ({check.query}) found LIMIT {MOST_FINDINGS}")  # noqa: S608
    return statement.bindparams(sa.bindparam("now", type_=Instant())) if check.needs_now else statement


_STATEMENTS = tuple((check, _statement(check)) for check in CHECKS)


def _dangling(constraint: sa.ForeignKeyConstraint) -> sa.Select[Any]:
    """Rows whose foreign key, which carries the scope, leads nowhere. The database refuses them; an edited file may hold them."""
    child, parent = constraint.table, constraint.referred_table.alias("parent")
    pairs = [(child.c[element.parent.name], parent.c[element.column.name]) for element in constraint.elements]
    joined = child.outerjoin(parent, sa.and_(*(own == referred for own, referred in pairs)))
    return (
        sa.select(next(iter(child.primary_key)))
        .select_from(joined)
        .where(*(own.is_not(None) for own, _ in pairs), pairs[-1][1].is_(None))
        .limit(MOST_FINDINGS)
    )


_DANGLING = tuple(
    (table.name, _dangling(constraint))
    for table in metadata.sorted_tables
    for constraint in sorted(table.foreign_key_constraints, key=lambda each: str(each.name))
)


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """What a document's row says beside its content, and the lines and taxes that were charged, where those were written down and it
    is no correction. `corrects` is the number of the invoice it corrects, `counterpart` that of the other half of the correction."""

    id: str
    kind: str
    number: str
    currency: str
    total_minor: int
    content: str
    content_hash: bytes
    corrects: str | None
    counterpart: str | None
    lines: tuple[DocumentLine, ...]
    taxes: tuple[TaxLine, ...]


@dataclass(frozen=True, slots=True)
class Period:
    """A period that is kept with a subscription (`index` is given) or with a payment, and the calendar it must lie on."""

    subject: str
    anchor: datetime
    interval: Interval
    index: int | None
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class ChangeOfPlan:
    """What was asked for with a payment, and what the subscription is now."""

    payment_id: str
    status: PaymentStatus
    asked: PlanInEffect
    product_id: str
    quantity: int
    unit_minor: int
    interval: Interval
    period_start: datetime


def documents(tx: sa.Connection) -> Iterator[StoredDocument]:
    """Every document with its content."""
    names = ("id", "kind", "number", "currency", "total_minor", "content", "content_hash")
    corrected, other = document.alias("corrected"), document.alias("other")
    # By both columns of its index: by less of it SQLite would rather go through all that have no refund.
    kind_of_other = sa.case((document.c.kind == "invoice", "credit_note"), else_="invoice")
    is_other = (
        other.c.corrects_id == document.c.corrects_id,
        other.c.corrects_id.is_not(None),
        other.c.kind == kind_of_other,
        other.c.refund_id.is_(None),
    )
    statement = sa.select(
        *(document.c[name] for name in names), corrected.c.number, other.c.number, payment.c.lines, payment.c.taxes
    ).select_from(
        document.outerjoin(payment, sa.and_(payment.c.id == document.c.payment_id, document.c.corrects_id.is_(None)))
        .outerjoin(corrected, corrected.c.id == document.c.corrects_id)
        .outerjoin(other, sa.and_(*is_other, document.c.refund_id.is_(None)))
    )
    for *row, lines, taxes in _by_slices(tx, statement, document.c.id):
        yield StoredDocument(*row, lines=lines_from_json(lines), taxes=taxes_of(taxes))


def files(tx: sa.Connection) -> Iterator[tuple[str, bytes, bytes]]:
    """Every file's document, hash and body."""
    own = sa.select(document_file.c.document_id, document_file.c.sha256, document_file.c.body)
    of_document = own.where(document_file.c.document_id == sa.bindparam("p_id"))
    for row in _by_slices(tx, sa.select(document_file.c.document_id).distinct(), document_file.c.document_id):
        yield from many(tx, of_document, {"p_id": row[0]})


def packs(tx: sa.Connection) -> Iterator[tuple[str, bytes, Iterator[bytes]]]:
    """Every pack that is whole, the hash of its file, and the file piece by piece. Of one that has expired some pieces may be gone."""
    length = sa.select(sa.func.sum(sa.func.length(pack_part.c.body))).where(pack_part.c.pack_id == pack.c.id).scalar_subquery()
    whole = sa.select(pack.c.id, pack.c.sha256).where(pack.c.status == "ready", length == pack.c.size_bytes)
    own = sa.select(pack_part.c.sequence, pack_part.c.body).order_by(pack_part.c.sequence).limit(1)
    for pack_id, digest in _by_slices(tx, whole, pack.c.id):
        of_pack = own.where(pack_part.c.pack_id == pack_id)
        yield pack_id, digest, _pieces(tx, of_pack.where(pack_part.c.sequence > sa.bindparam("p_after")))


def _pieces(tx: sa.Connection, following: sa.Select[Any, Any]) -> Iterator[bytes]:
    after = 0
    while row := first(tx, following, {"p_after": after}):
        after, body = row
        yield body


def periods(tx: sa.Connection) -> Iterator[Period]:
    """The current period of every subscription, and every period that a payment paid since the anchor. Where a change of plan has
    begun a calendar of its own at the very start of a period, what was paid for that start before lies on the older one."""
    switch = payment.alias("switch")
    begun_anew = sa.exists().where(
        switch.c.subscription_id == subscription.c.id, switch.c.purpose == "change", switch.c.succeeded_at >= subscription.c.anchor
    )
    calendar = (subscription.c.anchor, subscription.c.interval)
    current = sa.select(subscription.c.id, *calendar, *(subscription.c[name] for name in ("period_index", "period_start", "period_end")))
    paid = (
        sa.select(payment.c.id, *calendar, sa.null(), payment.c.period_start, payment.c.period_end)
        .select_from(payment.join(subscription, subscription.c.id == payment.c.subscription_id))
        .where(
            payment.c.period_start >= subscription.c.anchor,
            sa.or_(payment.c.period_start > subscription.c.anchor, ~begun_anew),
        )
    )
    for statement, key in ((current, subscription.c.id), (paid, payment.c.id)):
        yield from (Period(*row) for row in _by_slices(tx, statement, key))


def plan_changes(tx: sa.Connection) -> Iterator[ChangeOfPlan]:
    """The newest payment for a change of each subscription that has one."""
    newer = payment.alias("newer")
    is_newest = ~sa.exists().where(
        newer.c.subscription_id == payment.c.subscription_id,
        newer.c.purpose == "change",
        sa.tuple_(newer.c.created_at, newer.c.id) > sa.tuple_(payment.c.created_at, payment.c.id),
    )
    plan = (subscription.c[name] for name in ("product_id", "quantity", "unit_minor", "interval", "period_start"))
    statement = (
        sa.select(payment.c.id, payment.c.status, payment.c.change, *plan)
        .select_from(payment.join(subscription, subscription.c.id == payment.c.subscription_id))
        .where(payment.c.purpose == "change", payment.c.change.is_not(None), is_newest)
    )
    for payment_id, status, change, *plan_now in _by_slices(tx, statement, payment.c.id):
        asked = change_from_json(change)
        if asked is not None:
            yield ChangeOfPlan(payment_id, status, asked, *plan_now)


def _by_slices(tx: sa.Connection, statement: Any, key: sa.Column[Any]) -> Iterator[Any]:
    """The rows in the order of `key`, which is their first column, without holding all of them in memory."""
    statement = statement.where(key > sa.bindparam("p_after")).order_by(key).limit(_SLICE)
    after = ""
    while rows := many(tx, statement, {"p_after": after}):
        yield from rows
        after = rows[-1][0]
