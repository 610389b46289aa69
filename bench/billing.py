"""What a change of plan and a cancellation cost, and how many renewals a second, with a payment provider that says yes at once."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from bench.imports import SELLER
from bench.provider import YesGateway
from bench.report import line
from portico import logs
from portico.app import build
from portico.config import Settings
from portico.domain.scope import BuyerScope
from portico.jobs.worker import Worker
from portico.services import cancellation, importing, plan_change, store
from portico.services.importing import Refusal, Target
from portico.services.runtime import Runtime
from portico.storage import product, tables
from portico.storage.database import count_statements
from portico.storage.migrate import migrate
from tests import postgres

CHANGES, RENEWALS = 150, 2000
_SECRET = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Subscriber:
    scope: BuyerScope
    subscription_id: str


def runtime_on(url: str, mailbox: str = os.devnull) -> Runtime:
    """A runtime whose mails land in `mailbox`. Without one they stay in the job table, since no worker of it sends them."""
    settings = Settings(database_url=url, secret=_SECRET, mailer="file", mail_dir=Path(mailbox), log_level="error")  # type: ignore[arg-type]
    logs.configure(settings)
    return replace(build(settings), gateways={"prod": YesGateway()})


def changes() -> None:
    """CPU and statements of a change of plan that is charged at once, from its review to its documents, and of a cancellation."""
    with databases() as urls:
        for name, url in urls.items():
            runtime = runtime_on(url)
            people, plans = _sold(runtime, CHANGES, datetime.now(UTC) - timedelta(days=3))
            for what, act in _intents(runtime, plans).items():
                times, seen = _measured(runtime, people, act)
                told = f"{statistics.median(times):.1f} ms in the median, {times[0]:.1f} ms at best"
                line(f"{what}, {name}, CPU", f"{times[0]:.1f} ms", budget="8 ms", beside=told, kept=times[0] <= 8)
                line("  SQL statements", str(seen), budget="12", kept=seen <= 12)
            runtime.database.dispose()


def renewals() -> None:
    """Renewals that are all due at once: payment, charge, settlement, invoice and receipt of each."""
    with databases() as urls:
        for name, url in urls.items():
            for workers in (1,) if name == "SQLite" else (1, 2):
                _renew(name, url, workers)


def work(url: str) -> None:
    """A worker process: runs until nothing is due."""
    with tempfile.TemporaryDirectory() as mailbox:
        runtime = runtime_on(url, mailbox)
        worker = Worker(runtime)
        worker.start()
        print("working", flush=True)
        sys.stdin.readline()
        worker.stop()
        print(time.process_time(), flush=True)
        runtime.database.dispose()


@contextmanager
def databases() -> Iterator[dict[str, str]]:
    """A SQLite file and a PostgreSQL server for the occasion."""
    with tempfile.TemporaryDirectory() as folder, postgres.server() as postgresql:
        yield {"SQLite": f"sqlite:///{folder}/bench.db", "PostgreSQL": postgresql}


def _intents(runtime: Runtime, plans: dict[str, str]) -> dict[str, Callable[[Subscriber], None]]:
    sealed: dict[str, str] = {}

    def review(who: Subscriber) -> None:
        sealed[who.subscription_id] = plan_change.review(runtime, who.scope, who.subscription_id, plans["team"], 1).quote

    def confirm(who: Subscriber) -> None:
        confirmed = plan_change.confirm(runtime, who.scope, who.subscription_id, sealed[who.subscription_id])
        if confirmed.outcome is None or confirmed.outcome.status != "succeeded":
            raise RuntimeError(confirmed)

    def cancel(who: Subscriber) -> None:
        cancellation.cancel(runtime, who.scope, who.subscription_id, "too_expensive", "")

    return {"review of a change of plan": review, "change of plan, confirmed, charged, settled": confirm, "cancellation": cancel}


def _measured(runtime: Runtime, people: list[Subscriber], act: Callable[[Subscriber], None]) -> tuple[list[float], int]:
    """CPU milliseconds of this thread for each, sorted and without the first ones; the statements of one."""
    times: list[float] = []
    for who in people[:-1]:
        began = time.thread_time_ns()
        act(who)
        times.append((time.thread_time_ns() - began) / 1e6)
    with count_statements(runtime.database) as seen:
        act(people[-1])
    return sorted(times[10:]), seen.count


def _renew(name: str, url: str, workers: int) -> None:
    runtime = runtime_on(url)
    _sold(runtime, RENEWALS, datetime.now(UTC) - timedelta(days=32))
    command = [sys.executable, "-c", f"from bench.billing import work; work({url!r})"]
    began = time.perf_counter()
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(workers)]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
        began = min(began, time.perf_counter())
    began = time.perf_counter()
    while (left := _unpaid(runtime)) > 0:
        if time.perf_counter() - began > 300:
            raise RuntimeError(f"{left} renewals are left after five minutes")
        time.sleep(0.05)
    took = time.perf_counter() - began
    cpu = sum(float(process.communicate("\n")[0].split()[-1]) for process in processes)
    beside = f"{cpu * 1000 / RENEWALS:.1f} ms CPU each, {RENEWALS} in {took:.0f} s, mails included"
    line(f"renewals a second, {name}, {workers} worker{'s' * (workers > 1)}", f"{RENEWALS / took:.0f}", beside=beside)
    runtime.database.dispose()


def _unpaid(runtime: Runtime) -> int:
    renewed = sa.select(sa.func.count()).where(tables.subscription.c.period_index == 0, tables.subscription.c.status == "active")
    waiting = sa.select(sa.func.count()).where(tables.payment.c.status == "pending")
    with runtime.database.read() as connection:
        return (connection.execute(renewed).scalar() or 0) + (connection.execute(waiting).scalar() or 0)


def _sold(runtime: Runtime, count: int, anchor: datetime) -> tuple[list[Subscriber], dict[str, str]]:
    """So many monthly subscriptions since `anchor`, each of a buyer of its own, and the ids of the plans by the merchant's."""
    migrate(runtime.database)
    made = store.create(runtime, name="Bench", slug=f"bench-{runtime.random_bytes(4).hex()}", seller=SELLER)
    refused: list[Refusal] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sold.jsonl"
        path.write_text("".join(json.dumps(each) + "\n" for each in _lines(count, anchor)), encoding="utf-8")
        with path.open("rb") as file:
            importing.load(Target(runtime, made, "prod"), file, on_refusal=refused.append)
    if refused:
        raise RuntimeError(refused[:3])
    table = tables.subscription
    with runtime.database.read() as connection:
        rows = connection.execute(sa.select(table.c.buyer_id, table.c.id).where(table.c.store_id == made.id).order_by(table.c.id)).all()
        people = [Subscriber(BuyerScope(made.id, "prod", row.buyer_id), row.id) for row in rows]
        plans = {each.external_id: each.id for each in product.active(connection, people[0].scope)}
    return people, plans


def _lines(count: int, anchor: datetime) -> Iterator[dict[str, object]]:
    yield {"type": "product_group", "id": "plans", "name": "Plans"}
    for name, price in (("starter", "9.00"), ("team", "29.00")):
        plan = {"type": "product", "id": name, "name": name.title(), "kind": "subscription", "interval": "month"}
        yield {**plan, "group": "plans", "prices": {"EUR": price}}
    detail = {"country": "DE", "name": "Ada Lovelace", "line1": "Unter den Linden 1", "city": "Berlin", "postal_code": "10117"}
    amounts = {"currency": "EUR", "net": "9.00", "tax": "1.71", "total": "10.71"}
    at = anchor.isoformat()
    for n in range(count):
        yield {"type": "buyer", "id": f"b{n}", "email": f"b{n}@example.com", "name": "Ada Lovelace", "billing_detail": detail}
        yield {"type": "order", "id": f"o{n}", "buyer": f"b{n}", "product": "starter", "tax_rate": "19", "created_at": at, **amounts}
        card = {"saved_card": {"customer": f"cus_{n}", "method": f"pm_{n}"}, "card": {"brand": "visa", "last4": "4242"}}
        period = {"unit_price": "9.00", "anchor": at, "period_index": 0, "created_at": at}
        yield {"type": "subscription", "id": f"s{n}", "order": f"o{n}", "status": "active", **period, **card}
