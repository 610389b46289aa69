"""A stand-in for VIES: a real server on this machine, with the bad days of the real one on order."""

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# What VIES answers, status and body, when it does not say anything of an id.
DOWN: dict[str, tuple[int, Any]] = {
    **{
        code: (status, {"actionSucceed": False, "errorWrappers": [{"error": code}]})
        for code, status in {
            "MS_UNAVAILABLE": 500, "SERVICE_UNAVAILABLE": 500, "TIMEOUT": 500, "SERVER_BUSY": 500, "MS_MAX_CONCURRENT_REQ": 200,
            "GLOBAL_MAX_CONCURRENT_REQ": 400, "VAT_BLOCKED": 400, "IP_BLOCKED": 403,
        }.items()
    },
    "as userError": (200, {"valid": False, "userError": "MS_UNAVAILABLE"}),
    "no reason": (200, {"actionSucceed": False, "valid": True}),
}  # fmt: skip


class StandIn:
    """Knows the ids in `registered` ({"DE136695976": (name, address)}). Faults are used up by questions in order: a key of DOWN, (status,
    body) for an answer of one's own, or one of "cut", "half", "reset", "silent", "drip", "slow head", "redirect"."""

    def __init__(self) -> None:
        self.url = ""
        self.registered: dict[str, tuple[str, str]] = {}
        self.requesters: set[str] = set()
        self.questions: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.faults: list[str | tuple[int, Any]] = []
        self.over = threading.Event()

    def answer(self, asked: dict[str, str]) -> tuple[int, Any]:
        asked_by = asked.get("requesterMemberStateCode", "") + asked.get("requesterNumber", "")
        if asked_by and asked_by not in self.requesters:
            return 400, {"actionSucceed": False, "errorWrappers": [{"error": "INVALID_REQUESTER_INFO"}]}
        known = self.registered.get(asked["countryCode"] + asked["vatNumber"])
        name, address = known or ("---", "---")
        return 200, {
            "countryCode": asked["countryCode"], "vatNumber": asked["vatNumber"], "requestDate": "2026-03-14T09:26:53.589Z",
            "valid": known is not None, "requestIdentifier": f"WAPIAAAA{len(self.questions):08}" if asked_by else "",
            "name": name, "address": address, "traderName": "---", "traderNameMatch": "NOT_PROCESSED",
        }  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    def do_POST(self) -> None:
        stand_in = self.server.stand_in
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        stand_in.questions.append(asked)
        stand_in.paths.append(self.path)
        fault = stand_in.faults.pop(0) if stand_in.faults else None
        if isinstance(fault, str) and fault in _FAULTS:
            _FAULTS[fault](self)
        elif isinstance(fault, str):
            self.send(*DOWN[fault])
        else:
            self.send(*(fault or stand_in.answer(asked)))

    def send(self, status: int, body: Any) -> None:
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the library's name)
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    stand_in: StandIn

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked has hung up: that is what some tests are about."""


def _half(handler: _Handler) -> None:
    handler.send_response(200)
    handler.send_header("content-length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"valid": true')


def _reset(handler: _Handler) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def _drip(handler: _Handler) -> None:
    """A byte now and then, each well within the time that the server may be silent."""
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.stand_in.over.wait(0.02):
        handler.wfile.write(b" ")


def _slow_head(handler: _Handler) -> None:
    """The same before the body."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nx-a: ")
    for _ in range(150):
        if handler.server.stand_in.over.wait(0.02):
            return
        handler.wfile.write(b"a")


def _redirect(handler: _Handler) -> None:
    handler.send_response(307)
    handler.send_header("location", f"{handler.server.stand_in.url}/elsewhere")
    handler.send_header("content-length", "0")
    handler.end_headers()


_FAULTS: dict[str, Callable[[_Handler], object]] = {
    "cut": lambda handler: None,
    "half": _half,
    "reset": _reset,
    "silent": lambda handler: handler.server.stand_in.over.wait(10),
    "drip": _drip,
    "slow head": _slow_head,
    "redirect": _redirect,
}


@contextmanager
def stand_in() -> Iterator[StandIn]:
    """A stand-in that listens at its `url` meanwhile."""
    register = StandIn()
    server = _Server(("127.0.0.1", 0), _Handler)
    server.stand_in = register
    register.url = f"http://127.0.0.1:{server.server_port}/vies/rest-api"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield register
    register.over.set()
    server.shutdown()
    thread.join()
    server.server_close()
