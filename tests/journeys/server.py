"""A running portal for the browser: a real server on a loopback port, real background work, mails as files, a clock that steps."""

import email
import email.policy
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import uvicorn

from portico.jobs.handlers import HANDLERS
from portico.jobs.worker import Worker
from portico.sandbox.application import Beside, Sandbox
from portico.server import create_app
from portico.services.runtime import Runtime

CODE = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\b")
LINK = re.compile(r"https?://\S+#t=\S+")


@dataclass
class Mailbox:
    """The mails that landed, in the order sent."""

    folder: Path

    def all(self) -> list[EmailMessage]:
        files = sorted(self.folder.glob("*.eml"))
        return [email.message_from_bytes(f.read_bytes(), policy=email.policy.default) for f in files]  # type: ignore[misc]

    def wait(self, count: int, *, seconds: float = 10) -> list[EmailMessage]:
        """The mails, once at least `count` are there."""
        until = time.monotonic() + seconds
        while len(found := self.all()) < count:
            assert time.monotonic() < until, f"{len(found)} of {count} mails after {seconds} s"
            time.sleep(0.02)
        return found

    @staticmethod
    def text(message: EmailMessage) -> str:
        part = message.get_body(("plain",))
        assert part is not None
        return part.get_content()

    @classmethod
    def code(cls, message: EmailMessage) -> str:
        found = CODE.search(cls.text(message))
        assert found, cls.text(message)
        return found.group()

    @classmethod
    def link(cls, message: EmailMessage) -> str:
        found = LINK.search(cls.text(message))
        assert found, cls.text(message)
        return found.group()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(runtime: Runtime, port: int) -> Iterator[None]:
    """`runtime` behind uvicorn on 127.0.0.1:port, with its worker running, until the block ends."""
    worker = Worker(runtime, HANDLERS)
    with answering(create_app(runtime), port):
        worker.start()
        try:
            yield
        finally:
            worker.stop()


def serving_beside(runtime: Runtime, sandbox: Sandbox, port: int) -> AbstractContextManager[None]:
    """The same with the payment provider below a path of its own, as in the demo; background work is the test's."""
    return answering(Beside(create_app(runtime), sandbox), port)


@contextmanager
def answering(application: Any, port: int) -> Iterator[None]:
    """An ASGI application behind uvicorn on 127.0.0.1:port until the block ends."""
    config = uvicorn.Config(application, host="127.0.0.1", port=port, log_level="error", lifespan="on", server_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        until = time.monotonic() + 15
        while not server.started:
            assert thread.is_alive(), "the server ended"
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        thread.join(10)
