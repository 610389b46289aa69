"""Rules that one query can tell, of all data: numbers, amounts, payments, sessions, jobs.

Those of documents are in `invariant_documents`, those of the subscription engine in `invariant_billing`, those of what the API adds
in `invariant_api`.
"""

from dataclasses import dataclass
from typing import Literal

from portico.domain.subscription import SUBSCRIPTION_STATUSES, is_final

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Check:
    """A rule by name, and the query for the rows that break it."""

    name: str
    query: str
    severity: Severity = "error"

    @property
    def needs_now(self) -> bool:
        """Whether the query has `:now`."""
        return ":now" in self.query


_A_WEEK = 7 * 86_400 * 1_000_000  # microseconds
_FINAL = ", ".join(f"'{status}'" for status in SUBSCRIPTION_STATUSES if is_final(status))

RULES: tuple[Check, ...] = (
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
        UNION ALL SELECT d.id, 'it is of no series, though it was issued here' FROM document d LEFT JOIN refund r ON r.id = d.refund_id
        WHERE d.series IS NULL AND (d.kind = 'receipt' OR d.corrects_id IS NOT NULL AND (r.id IS NULL OR r.key IS NOT NULL))
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
           OR (p.purpose = 'purchase') <> (p.subscription_id IS NULL) OR (p.purpose = 'period') <> (p.period_start IS NOT NULL)
           OR (p.purpose = 'change') <> (p.change IS NOT NULL) OR p.period_start >= p.period_end
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
        "a_tax_id_is_checked_within_a_week",
        f"""
        SELECT id, 'the register has not told in ' || unavailable || ' tries whether it knows it' FROM tax_id_check
        WHERE status = 'pending' AND :now - asked_at > {_A_WEEK}
        """,  # noqa: S608
        "warning",
    ),
    Check(
        "every_file_can_be_made",
        """
        SELECT substr(key, 17, 26), 'its file could not be made yet, tried ' || (attempt + 1) || ' times: ' || substr(key, 44)
        FROM job WHERE kind = 'render_document'
        """,
        "warning",
    ),
    Check(
        "no_job_is_parked",
        "SELECT CAST(id AS TEXT), kind || ' failed for good after ' || attempt || ' attempts' FROM job WHERE parked_at IS NOT NULL",
        "warning",
    ),
)
