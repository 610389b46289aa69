"""Runs an ASGI application in this process until it is asked to stop."""

import gc
import signal
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import uvicorn

from portico.domain.errors import PorticoError

try:
    from portico.cli.connection import Connection
except ImportError:  # Windows has no httptools; uvicorn's other parser bounds what it keeps, though not how long it waits
    Connection = "auto"

_GRACE_SECONDS = 10
_AT_WORK = (700, 10, 10)  # Python's own: what a request leaves is gone while it is still in the processor's cache (3 % of a page)
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _Server(uvicorn.Server):
    """Uvicorn raises the signal again after a clean stop, which would end the process before the worker has stopped."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        with stopping_on_signals(self.handle_exit):
            yield


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any free one. Raises PorticoError when the port is taken or the address is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except (OSError, OverflowError) as error:
        # Of "Address already in use (while attempting to bind on address ...)" the first half says it all.
        reason = (error.strerror or str(error)).partition(" (")[0] if isinstance(error, OSError) else "there is no such port"
        raise PorticoError(f"cannot listen on {host}:{port}: {reason.lower()}; choose another with --port") from error


def run(application: Any, listening: socket.socket) -> None:
    """Answers requests until SIGINT or SIGTERM; requests under way are finished first."""
    config = uvicorn.Config(
        application,
        http=Connection,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # whom to believe is a setting of ours
        lifespan="on",
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    begin_work()
    _Server(config).run(sockets=[listening])


def begin_work() -> None:
    """For a process that stays: what is loaded by now stays too, and what comes is collected as Python does by itself."""
    gc.freeze()
    gc.set_threshold(*_AT_WORK)


@contextmanager
def stopping_on_signals(stop: Callable[[int, FrameType | None], None]) -> Generator[None]:
    """Calls `stop(signal, frame)` on SIGINT and SIGTERM while the block runs."""
    before = {number: signal.signal(number, stop) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
