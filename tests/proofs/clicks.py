"""The same form sent many times at once: every request is held back by its last byte, and then all of them are let go."""

import socket
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import httpx2

from portico.domain.scope import BuyerScope
from portico.http.cookies import Jar
from portico.services import secrets
from portico.services.runtime import Runtime
from portico.storage import session
from tests.web.browser import Answer

_WAIT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser in which a buyer has signed in, at a portal that is served at `base` ("http://127.0.0.1:8000/store/portal")."""

    base: str
    cookie: str

    def form(self, page: str, action: str) -> dict[str, str]:
        """The fields, as they are filled in, of the form of a page that posts to a path with this end."""
        got = httpx2.get(self.base + page, headers={"cookie": self.cookie}, trust_env=False, timeout=_WAIT_SECONDS)
        assert got.status_code == 200, (page, got.status_code, got.headers.get("location"))
        return Answer(200, (), got.content, page).form(action)

    def click(self, path: str, fields: Mapping[str, str], times: int) -> Counter[int]:
        """Sends a form so many times at once; how often each status was the answer."""
        headers = {
            "Cookie": self.cookie, "Origin": "null", "Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded",
        }  # fmt: skip
        return send_at_once(self.base + path, urlencode(fields).encode(), headers, times)


def send_at_once(url: str, body: bytes, headers: Mapping[str, str], times: int) -> Counter[int]:
    """Posts a body so many times: all of it but the last byte, and then, on every connection, that. The statuses that came back."""
    parts = urlsplit(url)
    lines = [f"POST {parts.path} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    request = "\r\n".join([*lines, "", ""]).encode() + body
    with ExitStack() as stack:
        address = parts.hostname or "", parts.port or 80
        connections = [stack.enter_context(socket.create_connection(address, timeout=_WAIT_SECONDS)) for _ in range(times)]
        for connection in connections:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(request[:-1])
        for connection in connections:
            connection.sendall(request[-1:])
        return Counter(_status(connection) for connection in connections)


def sign_in(runtime: Runtime, base: str, who: BuyerScope) -> Browser:
    token, now = secrets.new_token(runtime.random_bytes), runtime.clock()
    with runtime.database.transaction() as tx:
        session.create(tx, who, token_hash=secrets.hash_token(token), now=now, expires_at=now + timedelta(minutes=30))
    return Browser(base, f"{Jar(secure=False).name('session')}={token}")


def _status(connection: socket.socket) -> int:
    """The status of the answer, read to its end."""
    answer = b""
    while part := connection.recv(65536):
        answer += part
    return int(answer[9:12])
