"""A process under measurement: started, asked, and its processor time and memory read from /proc."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Process:
    """A child that serves HTTP on 127.0.0.1:`port`."""

    child: subprocess.Popen[bytes]
    port: int
    started_at: float

    def cpu_seconds(self) -> float:
        """Processor time used so far by all threads there are, to the nanosecond."""
        threads = Path(f"/proc/{self.child.pid}/task").iterdir()
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9

    def resident_megabytes(self) -> float:
        for line in Path(f"/proc/{self.child.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("no VmRSS")


class Keepalive:
    """One HTTP/1.1 connection that asks for the same thing again and again: cheap, so that the server is what is measured."""

    def __init__(self, port: int, path: str, cookie: str = "") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.request = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept-Language: en\r\n"
            + (f"Cookie: {cookie}\r\n" if cookie else "")
            + "\r\n"
        ).encode()

    def ask(self) -> tuple[int, bytes]:
        self.socket.sendall(self.request)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, body = data.partition(b"\r\n\r\n")
        length = next((int(h.split(b":")[1]) for h in head.split(b"\r\n") if h.lower().startswith(b"content-length:")), 0)
        while len(body) < length:
            body += self._more()
        return int(head.split(b" ", 2)[1]), body

    def _more(self) -> bytes:
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("closed by the server")
        return data


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(
    arguments: list[str], port: int, *, path: str, environment: dict[str, str] | None = None, limit_seconds: float = 60
) -> Iterator[Process]:
    """`python ARGUMENTS`, from the first 200 on `path` until the end of the block. Modules are compiled once, as where it is installed."""
    started_at = time.monotonic()
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    child = subprocess.Popen([sys.executable, *arguments], env={**inherited, **(environment or {})}, stdout=subprocess.DEVNULL)
    try:
        while True:
            try:
                if Keepalive(port, path).ask()[0] in (200, 303):
                    break
            except OSError:
                pass
            if child.poll() is not None or time.monotonic() - started_at > limit_seconds:
                raise RuntimeError(f"{arguments} did not answer")
            time.sleep(0.005)
        yield Process(child, port, started_at)
    finally:
        child.terminate()
        child.wait(20)


def cpu_milliseconds(process: Process, ask: Keepalive, count: int) -> float:
    """Processor milliseconds of the server for one request, over `count` of them. Every answer must be 200."""
    before = process.cpu_seconds()
    for _ in range(count):
        status, _body = ask.ask()
        if status != 200:
            raise RuntimeError(f"status {status}")
    return (process.cpu_seconds() - before) * 1000 / count
