"""What must be true of the data at any time, each rule as one query that gives the rows that break it.

One query sees one moment, so the rules may be checked while Portico runs. A row is (subject, detail): the id that breaks the
rule, and what is wrong with it. Rules that need arithmetic of the domain are in `services.check`, which also reads the rows
for them from here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from portico.domain.catalog import Interval
from portico.domain.subscription import SUBSCRIPTION_STATUSES, is_final
from portico.storage.rows import many
from portico.storage.tables import document, document_file, metadata, payment, subscription

MOST_FINDINGS = 100  # per rule; more would tell nothing new
_SLICE = 1000

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A row that breaks a rule. A warning asks for a person's attention; an error must never happen."""

    check: str
    subject: str
    detail: str
    severity: Severity = "error"


@dataclass(frozen=True, slots=True)
class Check:
    """A rule by name, and the query for the rows that break it."""

    name: str
    query: str
    severity: Severity = "error"


_FINAL = ", ".join(f"'{status}'" for status in SUBSCRIPTION_STATUSES if is_final(status))

CHECKS: tuple[Check, ...] = (
    Check(
        "document_numbers_have_no_gap",
        """
        SELECT c.store_id || ' ' || c.environment || ' ' || c.series,
               'counted to ' || c.last || ', but there are ' || coalesce(d.documents, 0) || ' documents up to ' || coalesce(d.highest, 0)
        FROM number_counter c LEFT JOIN (
            SELECT store_id, environment, series, count(DISTINCT sequence) AS documents, min(sequence) AS lowest, max(sequence) AS highest
            FROM document WHERE series IS NOT NULL GROUP BY store_id, environment, series
        ) d ON d.store_id = c.store_id AND d.environment = c.environment AND d.series = c.series
        WHERE coalesce(d.documents, 0) <> c.last OR coalesce(d.highest, 0) <> c.last OR d.lowest <> 1
        """,
    ),
    Check(
        "document_numbers_are_counted",
        """
        SELECT d.id, 'the series ' || d.series || ' has no counter' FROM document d
        WHERE d.series IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM number_counter c WHERE c.store_id = d.store_id AND c.environment = d.environment AND c.series = d.series
        )
        UNION ALL SELECT id, 'it is of no series, though no invoice' FROM document WHERE series IS NULL AND kind <> 'invoice'
        """,
    ),
    Check(
        "amounts_add_up",
        """
        SELECT id, 'net and tax are not the total' FROM orders WHERE net_minor + tax_minor <> total_minor
        UNION ALL SELECT id, 'net and tax are not the total' FROM payment WHERE net_minor + tax_minor <> total_minor
        """,
    ),
    Check(
        "refunds_are_what_was_given_back",
        """
        SELECT p.id, 'given back ' || p.refunded_minor || ', but its refunds sum to ' || coalesce(r.succeeded, 0)
        FROM payment p LEFT JOIN (
            SELECT payment_id, sum(CASE WHEN status = 'succeeded' THEN amount_minor ELSE 0 END) AS succeeded,
                   sum(CASE WHEN status <> 'failed' THEN amount_minor ELSE 0 END) AS claimed
            FROM refund GROUP BY payment_id
        ) r ON r.payment_id = p.id
        WHERE p.refunded_minor <> coalesce(r.succeeded, 0) OR coalesce(r.claimed, 0) > p.total_minor OR p.refunded_minor > p.total_minor
        """,
    ),
    Check(
        "refunds_are_in_the_payments_currency",
        """
        SELECT r.id, 'a refund in ' || r.currency || ' of a payment in ' || p.currency || ' that ' || p.status
        FROM refund r JOIN payment p ON p.id = r.payment_id WHERE r.currency <> p.currency OR p.status <> 'succeeded'
        """,
    ),
    Check(
        "a_payment_succeeds_once",
        """
        SELECT p.id, 'it is ' || p.status || ' with ' || coalesce(a.successes, 0) || ' attempts that succeeded'
        FROM payment p LEFT JOIN (
            SELECT payment_id, count(*) AS successes FROM payment_attempt WHERE status = 'succeeded' GROUP BY payment_id
        ) a ON a.payment_id = p.id
        WHERE coalesce(a.successes, 0) <> CASE WHEN p.status = 'succeeded' THEN 1 ELSE 0 END
        """,
    ),
    Check(
        "a_payment_fits_its_order",
        """
        SELECT p.id, 'it differs from its order or subscription'
        FROM payment p JOIN orders o ON o.id = p.order_id LEFT JOIN subscription s ON s.id = p.subscription_id
        WHERE p.currency <> o.currency OR (o.kind = 'subscription') <> (p.subscription_id IS NOT NULL) OR s.order_id <> p.order_id
           OR (p.subscription_id IS NULL) <> (p.period_start IS NULL) OR p.period_start >= p.period_end
        """,
    ),
    Check(
        "what_is_paid_has_its_documents",
        """
        SELECT p.id, p.status || ', with ' || coalesce(d.kinds, 0) || ' of 2 kinds of documents'
        FROM payment p LEFT JOIN (
            SELECT payment_id, count(DISTINCT kind) AS kinds FROM document WHERE payment_id IS NOT NULL GROUP BY payment_id
        ) d ON d.payment_id = p.id
        WHERE coalesce(d.kinds, 0) <> CASE WHEN p.status = 'succeeded' THEN 2 ELSE 0 END
        """,
    ),
    Check(
        "a_document_fits_its_payment",
        """
        SELECT d.id, 'it says ' || d.total_minor || ' ' || d.currency || ', the payment ' || p.total_minor || ' ' || p.currency
        FROM document d JOIN payment p ON p.id = d.payment_id
        WHERE d.total_minor <> p.total_minor OR d.currency <> p.currency OR d.order_id <> p.order_id
        """,
    ),
    Check(
        "a_subscription_and_its_order_agree",
        """
        SELECT s.id, 'it is ' || s.status || ', its order ' || o.kind || ' and ' || o.status
        FROM subscription s JOIN orders o ON o.id = s.order_id
        WHERE s.status <> o.status OR o.kind <> 'subscription' OR s.currency <> o.currency
        """,
    ),
    Check(
        "history_leads_to_the_status",
        """
        SELECT s.id, 'it is ' || s.status || ', its history ends at ' || coalesce(e.to_status, 'nothing')
        FROM subscription s LEFT JOIN subscription_event e ON e.subscription_id = s.id AND e.sequence = (
            SELECT max(last.sequence) FROM subscription_event last WHERE last.subscription_id = s.id
        )
        WHERE e.to_status IS NULL OR e.to_status <> s.status
        UNION ALL
        SELECT subscription_id, 'its history breaks at line ' || sequence FROM (
            SELECT subscription_id, sequence, from_status, row_number() OVER story AS line, lag(to_status) OVER story AS before
            FROM subscription_event WINDOW story AS (PARTITION BY subscription_id ORDER BY sequence)
        ) told
        WHERE sequence <> line OR coalesce(from_status, '') <> coalesce(before, '')
        """,
    ),
    Check(
        "what_is_over_has_an_end",
        f"""
        SELECT id, 'it is ' || status || CASE WHEN ended_at IS NULL THEN ' without an end' ELSE ' with an end' END
        FROM subscription WHERE (status IN ({_FINAL})) <> (ended_at IS NOT NULL)
        """,  # noqa: S608
    ),
    Check(
        "what_is_canceling_knows_when",
        """
        SELECT id, 'it is ' || status || ', scheduled: ' || coalesce(change_kind, 'nothing')
        FROM subscription WHERE (status = 'canceling') <> (coalesce(change_kind, '') = 'cancel')
        """,
    ),
    Check(
        "an_order_is_as_settled_as_its_payments",
        """
        SELECT o.id, 'it is ' || o.status || ', paid by ' || coalesce(p.succeeded, 0) || ' payments, given back ' || coalesce(p.refunded, 0)
        FROM orders o LEFT JOIN (
            SELECT order_id, sum(CASE WHEN status = 'succeeded' THEN 1 ELSE 0 END) AS succeeded, sum(refunded_minor) AS refunded
            FROM payment GROUP BY order_id
        ) p ON p.order_id = o.id
        WHERE o.kind = 'one_time' AND (
            (o.status IN ('pending', 'canceled') AND coalesce(p.succeeded, 0) > 0)
            OR (o.status = 'completed' AND coalesce(p.refunded, 0) > 0)
            OR (o.status = 'partially_refunded' AND (coalesce(p.refunded, 0) <= 0 OR p.refunded >= o.total_minor))
            OR (o.status = 'refunded' AND coalesce(p.refunded, 0) < o.total_minor)
        )
        """,
    ),
    Check(
        "no_session_outlives_half_an_hour",
        "SELECT buyer_id, 'it may live longer than 30 minutes' FROM session WHERE expires_at - created_at > 1800000000",
    ),
    Check(
        "a_link_signs_in_once",
        """
        SELECT subject, 'it signed in ' || count(*) || ' times' FROM audit WHERE action = 'signed_in' GROUP BY subject HAVING count(*) > 1
        UNION ALL
        SELECT id, 'used without being mailed, or after its time' FROM sign_in_request
        WHERE used_at IS NOT NULL AND (minted_at IS NULL OR buyer_id IS NULL OR used_at >= expires_at)
        """,
    ),
    Check(
        "no_job_is_parked",
        "SELECT CAST(id AS TEXT), kind || ' failed for good after ' || attempt || ' attempts' FROM job WHERE parked_at IS NOT NULL",
        "warning",
    ),
)
REFERENCES = "no_reference_crosses_a_scope"


def names() -> tuple[str, ...]:
    """The rules of this module."""
    return (*(check.name for check in CHECKS), REFERENCES)


def run(tx: sa.Connection) -> list[Finding]:
    """The rows that break a rule, at most MOST_FINDINGS per rule."""
    found = [
        Finding(check.name, subject, detail, check.severity) for check, statement in _STATEMENTS for subject, detail in many(tx, statement)
    ]
    for table, statement in _DANGLING:
        found += [Finding(REFERENCES, f"{table}: {row[0]}", "it refers to nothing within its scope") for row in many(tx, statement)]
    return found


_STATEMENTS = tuple((check, sa.text(f"SELECT * FROM ({check.query}) found LIMIT {MOST_FINDINGS}")) for check in CHECKS)  # noqa: S608


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
    """What a document's row says beside its content."""

    id: str
    kind: str
    number: str
    currency: str
    total_minor: int
    content: str
    content_hash: bytes


@dataclass(frozen=True, slots=True)
class Period:
    """A period that is kept with a subscription (`index` is given) or with a payment, and the calendar it must lie on."""

    subject: str
    anchor: datetime
    interval: Interval
    index: int | None
    start: datetime
    end: datetime


def documents(tx: sa.Connection) -> Iterator[StoredDocument]:
    """Every document with its content."""
    names = ("id", "kind", "number", "currency", "total_minor", "content", "content_hash")
    return (StoredDocument(*row) for row in _by_slices(tx, sa.select(*(document.c[name] for name in names)), document.c.id))


def files(tx: sa.Connection) -> Iterator[tuple[str, bytes, bytes]]:
    """Every file's document, hash and body."""
    own = sa.select(document_file.c.document_id, document_file.c.sha256, document_file.c.body)
    for row in _by_slices(tx, sa.select(document.c.id), document.c.id):
        yield from many(tx, own.where(document_file.c.document_id == row[0]))


def periods(tx: sa.Connection) -> Iterator[Period]:
    """The current period of every subscription, and every period that a payment paid since the anchor."""
    calendar = (subscription.c.anchor, subscription.c.interval)
    current = sa.select(subscription.c.id, *calendar, *(subscription.c[name] for name in ("period_index", "period_start", "period_end")))
    paid = (
        sa.select(payment.c.id, *calendar, sa.null(), payment.c.period_start, payment.c.period_end)
        .select_from(payment.join(subscription, subscription.c.id == payment.c.subscription_id))
        .where(payment.c.period_start >= subscription.c.anchor)
    )
    for statement, key in ((current, subscription.c.id), (paid, payment.c.id)):
        yield from (Period(*row) for row in _by_slices(tx, statement, key))


def _by_slices(tx: sa.Connection, statement: Any, key: sa.Column[Any]) -> Iterator[Any]:
    """The rows in the order of `key`, which is their first column, without holding all of them in memory."""
    statement = statement.where(key > sa.bindparam("p_after")).order_by(key).limit(_SLICE)
    after = ""
    while rows := many(tx, statement, {"p_after": after}):
        yield from rows
        after = rows[-1][0]
