"""The orders page beside a floor, its growth with a buyer's history, and how fast and heavy a server starts."""

import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from litestar.testing import TestClient

from bench.process import Keepalive, Process, cpu_milliseconds, free_port, running
from bench.report import line
from bench.world import World, world
from portico.i18n.languages import LANGUAGES
from portico.storage.database import count_statements
from portico.web.application import create_app

ROUNDS, REQUESTS = 5, 300
PATH = "/bench/portal/orders"


@contextmanager
def portal(made: World) -> Iterator[Process]:
    """`portico serve` on the world's database."""
    port = free_port()
    environment = {**made.environment, "PORTICO_ORIGIN": f"http://127.0.0.1:{port}"}
    arguments = [str(Path(sys.executable).with_name("portico")), "serve", "--port", str(port), "--no-worker"]
    with running(arguments, port, path="/readyz", environment=environment) as process:
        yield process


def _median(process: Process, ask: Keepalive) -> float:
    cpu_milliseconds(process, ask, 50)  # warm: templates compiled, statements cached
    return statistics.median(cpu_milliseconds(process, ask, REQUESTS) for _ in range(ROUNDS))


def page() -> None:
    """CPU of one orders page with 25 orders and their payments, in turn with the floor."""
    with world(25) as made, ExitStack() as stack:
        served = stack.enter_context(portal(made))
        floor_port = free_port()
        floor = stack.enter_context(running(["-m", "bench.floor", str(made.database_file), str(floor_port)], floor_port, path="/"))
        cookie = f"portico-session={made.tokens[25]}"
        ours, least = Keepalive(served.port, PATH, cookie), Keepalive(floor_port, "/", cookie)
        bytes_ours, bytes_least = len(ours.ask()[1]), len(least.ask()[1])
        pairs = [(cpu_milliseconds(served, ours, REQUESTS), cpu_milliseconds(floor, least, REQUESTS)) for _ in range(ROUNDS + 1)][1:]
        cost, floor_cost = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
        line("orders page, 25 orders with payments, CPU", f"{cost:.2f} ms", budget="1.3 ms", beside=f"{bytes_ours // 1024} kB", kept=cost <= 1.3)
        line("  floor: asyncio, sqlite3, f-strings", f"{floor_cost:.2f} ms", beside=f"{bytes_least // 1024} kB; ratio {cost / floor_cost:.1f}")
        statements = _statements(made)
        line("  SQL statements", str(statements), budget="3", kept=statements <= 3)


def _statements(made: World) -> int:
    """The statements of the same page, counted in this process by a request to the whole application."""
    with TestClient(create_app(made.runtime), base_url=made.runtime.origin) as client:
        cookies = {"portico-session": made.tokens[25]}
        client.get(PATH, cookies=cookies)  # the first one of a process may read more
        with count_statements(made.runtime.database) as seen:
            answer = client.get(PATH, cookies=cookies)
    if answer.status_code != 200:
        raise RuntimeError(f"status {answer.status_code}")
    return seen.count


def growth() -> None:
    """The same page for buyers with ten and with many more orders: flat, because pages go by key."""
    sizes = (10, 1_000, 20_000)
    with world(*sizes) as made, portal(made) as served:
        costs = {size: _median(served, Keepalive(served.port, PATH, f"portico-session={made.tokens[size]}")) for size in sizes}
    for size in sizes[1:]:
        line(f"orders page of a buyer with {size:,} orders", f"{costs[size]:.2f} ms", beside=f"{costs[size] / costs[10]:.2f} of the one with 10 orders, which has 10 rows")


def start() -> None:
    """From the command to the first 200, and the memory of a server before and after it has worked."""
    with world(25) as made:
        times: list[float] = []
        for _ in range(3):
            with portal(made) as served:
                times.append(time.monotonic() - served.started_at)
        took = statistics.median(times)
        line("start to the first 200", f"{took:.2f} s", budget="1.5 s", kept=took <= 1.5)
        with portal(made) as served:
            ask = Keepalive(served.port, PATH, f"portico-session={made.tokens[25]}")
            for _ in range(200):
                ask.ask()
            used = served.resident_megabytes()
            line("memory after 200 pages", f"{used:.0f} MB", budget="130 MB", kept=used <= 130)
            used = _after_documents(made, served)
            line("memory after documents in all languages", f"{used:.0f} MB", budget="200 MB", kept=used <= 200)


def _after_documents(made: World, served: Process) -> float:
    cookie = f"portico-session={made.tokens[25]}"
    body = Keepalive(served.port, "/bench/portal/invoices", cookie).ask()[1].decode()
    ids = sorted({part.split(".pdf")[0] for part in body.split("/invoices/")[1:] if part.startswith("INV_") and ".pdf" in part[:31]})
    for language in LANGUAGES:
        for document in ids[:10]:
            Keepalive(served.port, f"/bench/portal/invoices/{document}.pdf?lang={language.tag}", cookie).ask()
    return served.resident_megabytes()

