"""Bodies that come in pieces: whole through the portal's own frame, and given up when a client goes away or a piece fails."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from portico.http.response import Response
from portico.server import create_app
from portico.services.runtime import Runtime
from portico.web import outside
from tests.journeys.server import answering
from tests.mail.smtp import free_port
from tests.web.browser import Browser

PIECE = b"x" * 100_000
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # none of it is about the database


@dataclass
class Source:
    """A generator of `count` pieces that knows how far it came. `fails_at` is the piece that cannot be read."""

    count: int
    fails_at: int = -1
    given: int = 0
    closed: threading.Event = field(default_factory=threading.Event)

    def pieces(self) -> Iterator[bytes]:
        try:
            for n in range(self.count):
                if n == self.fails_at:
                    raise ValueError("cannot be read")
                self.given += 1
                yield PIECE
        finally:
            self.closed.set()


def streaming(monkeypatch: pytest.MonkeyPatch, source: Source, length: int | None) -> None:
    """Adds the address /stream to the portal."""
    row = outside.Row("GET", "/stream", lambda _web, _asked: Response(200, source.pieces(), "application/zip", length=length))
    monkeypatch.setattr(outside, "ROUTES", (*outside.ROUTES, row))


@pytest.mark.parametrize("length", [300_000, None])
def test_a_stream_is_an_answer_like_any_other(monkeypatch: pytest.MonkeyPatch, runtime: Runtime, length: int | None) -> None:
    source = Source(3)
    streaming(monkeypatch, source, length)
    browser = Browser(create_app(runtime))
    answer = browser.get("/stream")
    assert (answer.status, answer.body) == (200, 3 * PIECE)
    assert answer.header("content-type") == "application/zip"
    assert answer.header("content-length") == (str(length) if length else None)
    plain = browser.get("/healthz")
    varying = {"content-type", "content-length"}
    assert {h for h in answer.headers if h[0] not in varying} == {h for h in plain.headers if h[0] not in varying}
    assert source.closed.is_set()


def test_a_head_reads_no_piece(monkeypatch: pytest.MonkeyPatch, runtime: Runtime) -> None:
    source = Source(3)
    streaming(monkeypatch, source, 300_000)
    head = Browser(create_app(runtime)).get("/stream", method="HEAD")
    assert (head.status, head.body, head.header("content-length"), source.given) == (200, b"", "300000", 0)


@contextmanager
def asked(runtime: Runtime, port: int) -> Iterator[http.client.HTTPResponse]:
    """The answer of a real server, its body not read yet."""
    with answering(create_app(runtime), port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/stream", headers={"Host": "portal.test"})
        try:
            yield connection.getresponse()
        finally:
            connection.close()


def test_when_the_client_goes_away_nothing_more_is_read_and_all_is_given_back(monkeypatch: pytest.MonkeyPatch, runtime: Runtime) -> None:
    source = Source(1_000)
    streaming(monkeypatch, source, 1_000 * len(PIECE))
    with asked(runtime, free_port()) as answer:
        assert answer.read(10) == PIECE[:10]
    assert source.closed.wait(10)
    assert source.given < 200, "a client that reads nothing was sent everything"


def test_a_piece_that_cannot_be_read_cuts_the_connection(monkeypatch: pytest.MonkeyPatch, runtime: Runtime) -> None:
    source = Source(5, fails_at=2)
    streaming(monkeypatch, source, 500_000)
    with asked(runtime, free_port()) as answer, pytest.raises(http.client.IncompleteRead):
        answer.read()
    assert source.closed.is_set()
