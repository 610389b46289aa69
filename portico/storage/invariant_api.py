"""Rules of what the API adds that one query can tell: events and their deliveries, checkouts, links and requests."""

from portico.storage.invariant_rules import Check

_AN_HOUR, _A_DAY = 3_600_000_000, 86_400_000_000

API_RULES: tuple[Check, ...] = (
    Check(
        "every_delivery_has_its_event",
        """
        SELECT d.id, 'it is of the type ' || d.event_type || ', its event ' || coalesce(e.type, 'is not there')
        FROM webhook_delivery d
        LEFT JOIN event e ON e.id = d.event_id AND e.store_id = d.store_id AND e.environment = d.environment
        WHERE e.type IS NULL OR e.type <> d.event_type
        """,
    ),
    Check(
        "a_delivery_on_its_way_has_its_job",
        """
        SELECT d.id, 'it is pending after ' || d.attempts || ' attempts, and no job makes the next' FROM webhook_delivery d
        WHERE d.status = 'pending'
          AND NOT EXISTS (SELECT 1 FROM job j WHERE j.key = 'webhook_delivery:' || d.id || ':' || d.attempts)
        """,
    ),
    Check(
        "a_completed_checkout_has_its_order",
        """
        SELECT c.id, 'it is completed, its order ' || coalesce(o.status, 'is not there')
        FROM checkout_session c LEFT JOIN orders o ON o.id = c.order_id AND o.checkout_id = c.id
        WHERE c.status = 'completed' AND (o.status IS NULL OR o.status IN ('pending', 'closed'))
        UNION ALL
        SELECT o.id, 'its checkout ' || o.checkout_id || ' is ' || c.status || ', and it ' || o.status
        FROM orders o JOIN checkout_session c ON c.id = o.checkout_id
        WHERE o.status NOT IN ('pending', 'closed', 'canceled') AND (c.status <> 'completed' OR c.order_id <> o.id)
        """,
    ),
    Check(
        "a_checkout_waits_with_its_order",
        """
        SELECT c.id, 'it waits to be paid for, its order is ' || coalesce(o.status, 'not there')
        FROM checkout_session c LEFT JOIN orders o ON o.id = c.order_id AND o.checkout_id = c.id
        WHERE c.status = 'placed' AND coalesce(o.status, '') <> 'pending'
        UNION ALL
        SELECT o.id, 'it waits to be paid for, its checkout ' || c.id || ' is ' || c.status
        FROM orders o JOIN checkout_session c ON c.id = o.checkout_id
        WHERE o.status = 'pending' AND (c.status NOT IN ('placed', 'completed') OR c.order_id <> o.id)
        """,
    ),
    Check(
        "a_portal_link_opens_in_time",
        "SELECT id, 'used after its time' FROM portal_session WHERE used_at IS NOT NULL AND used_at >= expires_at",
    ),
    Check(
        "no_event_waits_for_long",
        f"SELECT id, type || ' was not passed on for an hour' FROM event WHERE dispatched_at IS NULL AND :now - created_at > {_AN_HOUR}",  # noqa: S608
        "warning",
    ),
    Check(
        "no_request_is_unfinished_for_long",
        f"""
        SELECT store_id || ' ' || environment || ' ' || surface || ' ' || key, 'the request with this key never ended' FROM idempotency_key
        WHERE finished_at IS NULL AND :now - started_at > {_A_DAY}
        """,  # noqa: S608
        "warning",
    ),
)
