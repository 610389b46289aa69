"""Rules of the subscription engine that one query can tell: what is due, what waits for a payment provider.

A query with `:now` (microseconds since 1970) is about the age of something. What happened in the test environment is dated by its
store's time, which may run ahead.
"""

from portico.storage.invariant_rules import Check

_LIVE = "'trialing', 'active', 'past_due', 'canceling', 'paused'"
_OPEN = "status IN ('pending', 'unknown')"
_TEN_MINUTES, _A_DAY = 600_000_000, 86_400_000_000
_MOST_CHARGES_A_DAY = 3

BILLING_RULES: tuple[Check, ...] = (
    Check(
        "what_waits_for_a_payment_is_not_due",
        f"""
        SELECT s.id, 'it is due, although the payment ' || p.id || ' is ' || p.status
        FROM subscription s JOIN payment p ON p.subscription_id = s.id AND p.{_OPEN} WHERE s.due_at IS NOT NULL
        """,  # noqa: S608
    ),
    Check(
        "what_portico_bills_goes_on",
        f"""
        SELECT s.id, 'it is ' || s.status || ', and nothing will ever happen to it' FROM subscription s
        WHERE s.managed AND s.status IN ({_LIVE}) AND s.due_at IS NULL AND s.held_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM payment p WHERE p.subscription_id = s.id AND p.{_OPEN})
        UNION ALL SELECT id, 'it is ' || status || ', and still due' FROM subscription
        WHERE status NOT IN ({_LIVE}, 'pending') AND (due_at IS NOT NULL OR remind_at IS NOT NULL)
        """,  # noqa: S608
    ),
    Check(
        "what_is_past_due_is_owed",
        """
        SELECT s.id, 'it is past due, but no payment of its period has failed or is under way' FROM subscription s
        WHERE s.managed AND s.status = 'past_due' AND s.failing_since IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM payment p WHERE p.subscription_id = s.id AND p.period_start = s.period_start
              AND p.status IN ('failed', 'pending', 'unknown')
        )
        UNION ALL SELECT id, 'it is ' || status || ', but on the ladder of retries' FROM subscription
        WHERE failing_since IS NOT NULL AND status IN ('pending', 'trialing', 'active', 'paused')
        """,
    ),
    Check(
        "an_attempt_and_its_payment_agree",
        f"""
        SELECT p.id, 'an attempt is ' || a.status || ', the payment ' || p.status
        FROM payment_attempt a JOIN payment p ON p.id = a.payment_id
        WHERE a.key IS NOT NULL AND a.{_OPEN} AND p.status <> a.status
        UNION ALL SELECT p.id, 'it is ' || p.status || ', but no attempt is under way' FROM payment p
        WHERE p.{_OPEN} AND EXISTS (SELECT 1 FROM payment_attempt a WHERE a.payment_id = p.id AND a.key IS NOT NULL)
          AND NOT EXISTS (SELECT 1 FROM payment_attempt a WHERE a.payment_id = p.id AND a.key IS NOT NULL AND a.{_OPEN})
        """,  # noqa: S608
    ),
    Check(
        "what_is_asked_of_a_provider_has_its_job",
        f"""
        SELECT a.payment_id, 'the attempt ' || a.key || ' is ' || a.status || ', and no job sees to it' FROM payment_attempt a
        WHERE a.key IS NOT NULL AND a.{_OPEN} AND NOT EXISTS (SELECT 1 FROM job j WHERE j.key = 'charge:' || a.key)
        UNION ALL SELECT r.id, 'the refund ' || r.key || ' is pending, and no job sees to it' FROM refund r
        WHERE r.key IS NOT NULL AND r.status = 'pending' AND NOT EXISTS (SELECT 1 FROM job j WHERE j.key = 'refund:' || r.key)
        """,  # noqa: S608
    ),
    Check(
        "nothing_is_charged_too_often",
        f"""
        SELECT p.subscription_id, 'charged ' || count(*) || ' times within a day' FROM payment p
        JOIN payment_attempt a ON a.payment_id = p.id AND a.status = 'succeeded' AND a.key IS NOT NULL
        JOIN payment before ON before.subscription_id = p.subscription_id
            AND before.succeeded_at <= p.succeeded_at AND before.succeeded_at > p.succeeded_at - {_A_DAY}
        JOIN payment_attempt b ON b.payment_id = before.id AND b.status = 'succeeded' AND b.key IS NOT NULL
        GROUP BY p.id, p.subscription_id HAVING count(*) > {_MOST_CHARGES_A_DAY}
        """,  # noqa: S608
    ),
    Check(
        "a_request_is_as_its_refund",
        """
        SELECT t.id, 'it is ' || t.status || ', its refund ' || coalesce(r.status, 'missing') FROM refund_ticket t
        LEFT JOIN refund r ON r.ticket_id = t.id
        WHERE coalesce(r.status, '') <> CASE t.status WHEN 'approved' THEN 'pending' WHEN 'succeeded' THEN 'succeeded'
            WHEN 'failed' THEN 'failed' ELSE '' END
           OR (r.amount_minor <> t.amount_minor AND NOT r.at_provider) OR r.payment_id <> t.payment_id
        """,
    ),
    Check(
        "a_cancellation_stands_while_it_is_canceled",
        """
        SELECT s.id, 'it is canceling, but no cancellation stands for that moment' FROM subscription s
        JOIN subscription_event e ON e.subscription_id = s.id AND e.to_status = 'canceling' AND e.sequence = (
            SELECT max(last.sequence) FROM subscription_event last WHERE last.subscription_id = s.id
        )
        WHERE s.status = 'canceling' AND e.actor <> 'import' AND e.cause <> 'created' AND NOT EXISTS (
            SELECT 1 FROM cancellation c WHERE c.subscription_id = s.id AND c.withdrawn_at IS NULL AND c.effective_at = s.change_at
        )
        UNION ALL SELECT c.id, 'it stands, but the subscription is ' || s.status
        FROM cancellation c JOIN subscription s ON s.id = c.subscription_id
        WHERE c.withdrawn_at IS NULL AND s.status NOT IN ('canceling', 'canceled')
        """,
    ),
    Check(
        "no_charge_is_unknown_for_long",
        f"""
        SELECT p.id, 'the provider has not told for more than ten minutes what became of ' || a.key
        FROM payment_attempt a JOIN payment p ON p.id = a.payment_id JOIN store t ON t.id = p.store_id
        WHERE a.status = 'unknown' AND a.key IS NOT NULL
          AND :now + CASE WHEN p.environment = 'test' THEN t.test_offset ELSE 0 END - a.attempted_at > {_TEN_MINUTES}
        """,  # noqa: S608
        "warning",
    ),
    Check(
        "no_payment_is_disputed",
        "SELECT payment_id, 'the buyer''s bank disputes it: ' || reason || ', ' || reference FROM dispute WHERE status = 'open'",
        "warning",
    ),
    Check(
        "no_subscription_is_held",
        "SELECT id, 'it waits for a person: ' || held_reason FROM subscription WHERE held_at IS NOT NULL",
        "warning",
    ),
)
