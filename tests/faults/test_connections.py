"""Visitors who send too much or never end: they lose their connection, and the others notice nothing."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from portico.cli import connection, serving
from portico.server import create_app
from portico.services.runtime import Runtime

HEAD = b"GET /healthz HTTP/1.1\r\nHost: portal.test\r\n"
FORM = b"POST /csp-report HTTP/1.1\r\nHost: portal.test\r\nContent-Type: application/csp-report\r\n"


@pytest.fixture
def address(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    """A portal that waits half a second for a request instead of half a minute."""
    monkeypatch.setattr(connection, "REQUEST_SECONDS", 0.5)
    monkeypatch.setattr(serving._Server, "capture_signals", serving.uvicorn.Server.capture_signals)  # of the main thread only
    servers: list[serving.uvicorn.Server] = []
    monkeypatch.setattr(serving._Server, "run", lambda server, sockets: (servers.append(server), super(type(server), server).run(sockets)))
    with serving.listen("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=serving.run, args=(create_app(runtime), listening), daemon=True)
        thread.start()
        yield listening.getsockname()
        servers[0].should_exit = True
        thread.join(20)


def _answers(address: tuple[str, int]) -> bool:
    with socket.create_connection(address, timeout=5) as client:
        client.sendall(HEAD + b"Connection: close\r\n\r\n")
        return client.recv(15) == b"HTTP/1.1 200 OK"


def _is_cut(client: socket.socket) -> bool:
    """Whether the server closes within five seconds, whatever it says before."""
    client.settimeout(5)
    try:
        while client.recv(65536):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


@pytest.mark.parametrize(
    ("opening", "more"),
    [
        (HEAD + b"X: ", b"a" * 8192),
        (HEAD, b"a: b\r\n" * 1000),
        (b"GET /", b"a" * 8192),
        (FORM + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"a: b\r\n" * 1000),
        (FORM + b"Transfer-Encoding: chunked\r\n\r\n1;", b"a" * 8192),
    ],
    ids=["a header", "headers", "an address", "trailers", "a chunk's extension"],
)
def test_whatever_never_ends_is_cut_off_soon(address: tuple[str, int], opening: bytes, more: bytes) -> None:
    with socket.create_connection(address, timeout=5) as client:
        sent = 0
        try:
            client.sendall(opening)
            while sent < 8_000_000:
                client.sendall(more)
                sent += len(more)
        except ConnectionError:
            pass
        assert sent < 8_000_000, "all of it was taken"
    assert _answers(address)


@pytest.mark.parametrize(
    "sent",
    [b"", HEAD, FORM + b"Content-Length: 10\r\n\r\n{", FORM + b"Content-Length: 99999999\r\n\r\n{"],
    ids=["nothing", "half a head", "half a body", "a body too large"],
)
def test_who_keeps_a_connection_waiting_loses_it(address: tuple[str, int], sent: bytes) -> None:
    with socket.create_connection(address, timeout=5) as client:
        client.sendall(sent)
        assert _is_cut(client)
    assert _answers(address)


def test_a_blank_line_does_not_keep_a_connection_for_ever(address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=5) as client:
        client.sendall(HEAD + b"\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
        client.sendall(b"\r\n")  # stops uvicorn's own clock, and begins no request
        assert _is_cut(client)


def test_a_connection_may_be_used_again_and_for_longer_than_one_request_may_take(address: tuple[str, int]) -> None:
    body = b'{"csp-report": {}}'
    with socket.create_connection(address, timeout=5) as client:
        for pause in (0, 0.4, 0.4):
            time.sleep(pause)
            client.sendall(FORM + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            assert client.recv(65536).startswith(b"HTTP/1.1 204")
            client.sendall(FORM + b"Content-Length: 60000\r\n\r\n" + b" " * 60000)
            assert client.recv(65536).startswith(b"HTTP/1.1 413")


def test_a_body_within_the_limit_may_come_in_small_chunks(address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=5) as client:
        client.sendall(FORM + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 2 + b"2\r\n{}\r\n0\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 204")
