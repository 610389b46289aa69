"""The outermost frame: refuses what no route should see, and puts the security headers on every answer, whoever made it."""

from collections.abc import Iterable
from typing import cast

import structlog
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from portico.http.asked import Asked
from portico.http.metrics import Metrics
from portico.http.part import Part, part_of
from portico.http.security import Site, headers_too_large

ASKED_HEAD = "portico.asked_head"  # in the scope of a GET that was a HEAD: nobody need make a body for it
_COUNTED = frozenset({"GET", "HEAD", "POST", "PATCH", "DELETE"})
_REFUSALS = {"host_unknown": 421, "headers_too_large": 431}
_NO_ROUTES = "PUT"  # no address takes it: the router says so, and what the address does take (it would answer an OPTIONS itself)
_FOR_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})  # load balancers and monitoring ask by address, not by name

log = structlog.get_logger("portico.http")


class Envelope:
    """An ASGI application around another."""

    def __init__(self, app: ASGIApp, parts: tuple[Part, ...], site: Site, metrics: Metrics) -> None:
        self._app = app
        self._parts = parts
        self._site = site
        self._metrics = metrics
        self._headers = list(site.headers())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000, "reason": None})
            return
        part = part_of(self._parts, scope["path"])
        head = scope["method"] == "HEAD"
        instead: dict[str, object] = {}
        if head:
            instead = {"method": "GET", ASKED_HEAD: True}  # the same answer, less its body
        elif scope["method"] not in part.methods:
            instead = {"method": _NO_ROUTES}
        # In a scope of our own, since the server counts the body by the method in its own.
        within = cast(HTTPScope, {**scope, **instead}) if instead else scope
        method = str(scope["method"]) if scope["method"] in _COUNTED else "other"

        async def outgoing(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message["headers"], *self._headers]
                if not any(name == b"cache-control" for name, _ in headers):
                    headers.append((b"cache-control", b"no-store"))  # what may be kept says so itself
                message["headers"] = [(name, _allowed(value) if name == b"allow" else value) for name, value in headers]
                self._metrics.count(method, within.get("path_template", ""), message["status"])
            elif message["type"] == "http.response.body" and head:
                message["body"] = b""
            await send(message)

        code = self._refusal(scope)
        if code is not None:
            log.info("refused", code=code, status=_REFUSALS[code])
            await self._refuse(scope, outgoing, part, code)
            return
        await self._app(within, receive, outgoing)

    def _refusal(self, scope: HTTPScope) -> str | None:
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if scope["path"] not in _FOR_PROBES and (len(hosts) != 1 or not self._site.is_ours(hosts[0])):
            return "host_unknown"
        if headers_too_large(list(scope["headers"])):
            return "headers_too_large"
        return None

    async def _refuse(self, scope: HTTPScope, send: Send, part: Part, code: str) -> None:
        asked = Asked(scope["method"], scope["path"], b"", _only(scope["headers"], b"accept", b"accept-language"), b"", "")
        response = part.refuse(asked, _REFUSALS[code], code)
        headers = [(name.encode(), value.encode()) for name, value in response.headers]
        headers += [(b"content-type", response.media_type.encode()), (b"content-length", str(len(response.whole)).encode())]
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.whole, "more_body": False})


def _allowed(methods: bytes) -> bytes:
    """What the router says that an address takes, without the OPTIONS it would answer itself, and with the HEAD of every GET."""
    names = {name.strip() for name in methods.split(b",")} - {b"OPTIONS"}
    return b", ".join(sorted(names | ({b"HEAD"} if b"GET" in names else set[bytes]())))


def _only(headers: Iterable[tuple[bytes, bytes]], *names: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """Only these headers, and of each no more than a reasonable browser sends."""
    return tuple((name, value[:1000]) for name, value in headers if name in names)
