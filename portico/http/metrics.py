"""Figures for monitoring, in Prometheus' text format: how many requests, how they ended, how much background
work waits, and what must not stay as it is: charges of unknown outcome, subscriptions that are overdue or held."""

from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, generate_latest

from portico.storage import figures, outbox, webhook_failing
from portico.storage.database import Database

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The figures of one process. Labels hold addresses of the route table, never what a visitor typed."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "portico_requests", "Requests answered, by address and status.", ("method", "route", "status"), registry=self._registry
        )
        self._waiting = Gauge("portico_jobs_waiting", "Jobs that wait or run, by lane.", ("lane",), registry=self._registry)
        self._overdue = Gauge(
            "portico_jobs_overdue_seconds", "How long the longest-waiting job has been due, by lane.", ("lane",), registry=self._registry
        )
        self._parked = Gauge("portico_jobs_parked", "Jobs that were given up and wait for a person.", registry=self._registry)
        self._unknown = Gauge(
            "portico_charges_unknown",
            "Charges whose outcome the payment provider has not told yet.",
            ("environment",),
            registry=self._registry,
        )
        self._due = Gauge(
            "portico_subscriptions_due_seconds", "How long the longest-due subscription has been due.", registry=self._registry
        )
        self._held = Gauge(
            "portico_subscriptions_held", "Subscriptions that could not be worked on and wait for a person.", registry=self._registry
        )
        self._failing = Gauge(
            "portico_webhook_endpoints_failing", "Endpoints that have taken nothing for half an hour or more.", registry=self._registry
        )
        ProcessCollector(registry=self._registry)

    def count(self, method: str, route: str, status: int) -> None:
        """Notes one answered request; `route` is the pattern of its address, empty when there is none."""
        self._requests.labels(method, route or "none", str(status)).inc()

    def text(self, database: Database, now: datetime) -> bytes:
        """All figures as of now; those of background work are read from the database."""
        with database.read() as tx:
            lanes, parked, failing = outbox.waiting(tx), outbox.parked(tx), webhook_failing.endpoints(tx, now)
            unknown, held, due_at = figures.charges_unknown(tx), figures.subscriptions_held(tx), figures.longest_due(tx)
        self._waiting.clear()
        self._overdue.clear()
        for lane in lanes:
            self._waiting.labels(lane.lane).set(lane.waiting)
            self._overdue.labels(lane.lane).set(max(0, (now - lane.oldest_due_at).total_seconds()))
        self._parked.set(len(parked))
        self._failing.set(len(failing))
        for environment, count in unknown.items():
            self._unknown.labels(environment).set(count)
        self._held.set(held)
        self._due.set(0 if due_at is None else max(0, (now - due_at).total_seconds()))
        return generate_latest(self._registry)
