"""`portico serve` and `portico worker`."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import Annotated

from cyclopts import Parameter

from portico.cli.console import note, open_runtime, settings
from portico.cli.serving import begin_work, listen, run, stopping_on_signals
from portico.jobs.handlers import HANDLERS
from portico.jobs.worker import Worker
from portico.server import create_app
from portico.services.runtime import Runtime


def serve(
    *,
    host: Annotated[str | None, Parameter(help="The address to listen on, instead of PORTICO_HOST.")] = None,
    port: Annotated[int | None, Parameter(help="The port to listen on, instead of PORTICO_PORT.")] = None,
    worker: Annotated[bool | None, Parameter(help="Whether the background work runs inside; without a word it does on SQLite.")] = None,
) -> None:
    """Serves the portal until SIGINT or SIGTERM."""
    loaded = settings(**{name: value for name, value in (("host", host), ("port", port)) if value is not None})
    with open_runtime(loaded) as runtime, listen(loaded.host, loaded.port) as listening:
        inside = runtime.database.dialect == "sqlite" if worker is None else worker
        note(f"Serving {runtime.origin} on {loaded.host}:{listening.getsockname()[1]}; Ctrl-C stops")
        with working(runtime, inside):
            run(create_app(runtime), listening)


def worker() -> None:
    """Does the background work until SIGINT or SIGTERM."""
    asked = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        asked.set()

    begin_work()
    with open_runtime() as runtime, stopping_on_signals(stop), working(runtime):
        note("Working; Ctrl-C stops")
        asked.wait()


@contextmanager
def working(runtime: Runtime, wanted: bool = True) -> Generator[None]:
    """Runs a worker beside the block; jobs under way are finished, or left to another worker, at its end."""
    if not wanted:
        yield
        return
    background = Worker(runtime, HANDLERS)
    background.start()
    try:
        yield
    finally:
        background.stop()
