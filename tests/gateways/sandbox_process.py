"""A real `portico sandbox` on the loopback, and somebody who takes its webhooks."""

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2

from portico.gateways.sandbox import SandboxGateway

_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
_WAIT_SECONDS = 20


@dataclass
class Process:
    """A sandbox that runs. `ask` is its API as an outsider calls it."""

    url: str
    data: Path
    popen: subprocess.Popen[str]
    browser: httpx2.Client

    @property
    def api_key(self) -> str:
        return (self.data / "api-key").read_text(encoding="utf-8")

    @property
    def webhook_secret(self) -> str:
        return (self.data / "webhook-secret").read_text(encoding="utf-8")

    def gateway(self, **more: Any) -> SandboxGateway:
        return SandboxGateway(self.url, self.api_key, self.webhook_secret, **more)

    def ask(self, method: str, path: str, **json: Any) -> Any:
        """The "result" of a call with the api key."""
        headers = {"authorization": f"Bearer {self.api_key}"}
        response = self.browser.request(method, self.url + path, headers=headers, json=json if method == "POST" else None)
        assert response.status_code == 200, response.text
        return response.json()["result"]

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait(10)


@contextmanager
def running(data: Path, *options: str) -> Generator[Process]:
    """`portico sandbox` until the block ends."""
    command = [sys.executable, "-m", "portico", "sandbox", "--data", str(data), "--port", "0", *options]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PORTICO_")} | {"COLUMNS": "400"}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment) as popen:
        assert popen.stderr is not None
        try:
            said = popen.stderr.readline()
            match = _ADDRESS.search(said)
            assert match, said + popen.stderr.read()
            threading.Thread(target=popen.stderr.read, daemon=True).start()  # so that it never waits for us to read
            with httpx2.Client(trust_env=False) as browser:
                yield Process(match.group(), data, popen, browser)
        finally:
            popen.terminate()
            popen.wait(_WAIT_SECONDS)


@dataclass
class Receiver:
    """Takes webhooks. `statuses` are given one by one before 200 is; 0 is no answer at all."""

    url: str = ""
    received: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)
    ending: threading.Event = field(default_factory=threading.Event)

    def wait(self, until: Callable[[Sequence[tuple[bytes, dict[str, str]]]], bool]) -> list[tuple[bytes, dict[str, str]]]:
        """What has come in, once it is enough."""
        with self.arrived:
            enough = self.arrived.wait_for(lambda: until(self.received), _WAIT_SECONDS)
            assert enough, f"{len(self.received)} webhooks came: {self.received}"
            return list(self.received)


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            with receiver.arrived:
                status = receiver.statuses.pop(0) if receiver.statuses else 200
                receiver.paths.append(self.path)
                receiver.received.append((body, {name.lower(): value for name, value in self.headers.items()}))
                receiver.arrived.notify_all()
            if not status:
                receiver.ending.wait(_WAIT_SECONDS)
                return
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/webhooks"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.ending.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + _WAIT_SECONDS
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)
