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
from portico.server import create_app
from portico.storage.database import count_statements

ROUNDS, REQUESTS = 25, 60
PATH = "/bench/portal/orders"


@contextmanager
def portal(made: World) -> Iterator[Process]:
    """`portico serve` on the world's database."""
    port = free_port()
    environment = {**made.environment, "PORTICO_ORIGIN": f"http://127.0.0.1:{port}"}
    arguments = [str(Path(sys.executable).with_name("portico")), "serve", "--port", str(port), "--no-worker"]
    with running(arguments, port, path="/readyz", environment=environment) as process:
        yield process


def _costs(*asked: tuple[Process, Keepalive]) -> list[list[float]]:
    """CPU milliseconds of a request to each, sorted, from short rounds in turn: a busy moment of the machine meets them all."""
    for pair in asked:
        cpu_milliseconds(*pair, 50)  # warm: templates compiled, statements cached
    rounds = [[cpu_milliseconds(*pair, REQUESTS) for pair in asked] for _ in range(ROUNDS)]
    return [sorted(costs) for costs in zip(*rounds, strict=True)]


def page() -> None:
    """CPU of one orders page with 25 orders and their payments, in turn with the floor."""
    with world(25) as made, ExitStack() as stack:
        served = stack.enter_context(portal(made))
        floor_port = free_port()
        floor = stack.enter_context(running(["-m", "bench.floor", str(made.database_file), str(floor_port)], floor_port, path="/"))
        cookie = f"portico-session={made.tokens[25]}"
        ours, least = Keepalive(served.port, PATH, cookie), Keepalive(floor_port, "/", cookie)
        bytes_ours, bytes_least = len(ours.ask()[1]), len(least.ask()[1])
        cost, least_cost = _costs((served, ours), (floor, least))
        ratios = f"ratio {cost[0] / least_cost[0]:.1f} at best, {statistics.median(cost) / statistics.median(least_cost):.1f} in the median"
        told = f"{bytes_ours // 1024} kB; median {statistics.median(cost):.2f} ms"
        line("orders page, 25 orders with payments, CPU at best", f"{cost[0]:.2f} ms", budget="1.3 ms", beside=told, kept=cost[0] <= 1.3)
        line("  floor: asyncio, sqlite3, f-strings", f"{least_cost[0]:.2f} ms", beside=f"{bytes_least // 1024} kB; {ratios}")
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
    """The same page, always of 25 rows, for buyers with just these orders and with many more: flat, because pages go by key."""
    sizes = (25, 1_000, 100_000)
    with world(*sizes) as made, portal(made) as served:
        costs = _costs(*((served, Keepalive(served.port, PATH, f"portico-session={made.tokens[size]}")) for size in sizes))
    for size, cost in list(zip(sizes, costs, strict=True))[1:]:
        beside = f"{statistics.median(cost) / statistics.median(costs[0]):.2f} of the one with {sizes[0]}"
        line(f"orders page of a buyer with {size:,} orders", f"{statistics.median(cost):.2f} ms", beside=beside)


def start() -> None:
    """From the command to the first 200, and the memory of a server before and after it has worked."""
    with world(25) as made:
        times: list[tuple[float, float]] = []
        for _ in range(5):
            with portal(made) as served:
                times.append((time.monotonic() - served.started_at, served.cpu_seconds()))
        took, used = min(times)
        line("start to the first 200, at best", f"{took:.2f} s", budget="1.5 s", beside=f"{used:.2f} s CPU", kept=took <= 1.5)
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
        for document in ids[:3]:  # a buyer can have 60 made in an hour
            Keepalive(served.port, f"/bench/portal/invoices/{document}.pdf?lang={language.tag}", cookie).ask()
    return served.resident_megabytes()
