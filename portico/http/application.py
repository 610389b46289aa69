"""The framework's seam: the parts of the site become one ASGI application, with one frame around all of it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import litestar
import structlog
from litestar import Litestar, Request
from litestar.concurrency import sync_to_thread
from litestar.enums import HttpMethod
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.params import RawBody
from litestar.plugins import PluginProtocol
from litestar.response.base import ASGIResponse

from portico.http.asked import BODY_LIMIT_BYTES, Asked, Network, client_address
from portico.http.envelope import ASKED_HEAD, Envelope
from portico.http.metrics import Metrics
from portico.http.part import Part, Route, part_of
from portico.http.response import Response
from portico.http.security import Site
from portico.http.streaming import StreamedResponse, close

# Handlers are plain functions in threads. The default of cpu + 4 threads stops the site when as many are slow at once.
THREADS = 40
_CODES = {400: "query_invalid", 403: "form_cross_site", 404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "form_type"}

AnyRequest = Request[Any, Any, Any]
ErrorAnswer = litestar.Response[bytes]
Proxies = Callable[[], tuple[Network, ...]]
log = structlog.get_logger("portico.http")


def build(parts: tuple[Part, ...], site: Site, metrics: Metrics, trusted_proxies: Proxies) -> Litestar:
    """The ASGI application of one process. The last part has no prefixes: whatever is none of the others' is its own."""

    def refused(request: AnyRequest, error: HTTPException) -> ErrorAnswer:
        allow = {name.lower(): value for name, value in (error.headers or {}).items()}.get("allow", "")
        asked = _asked(request, b"", trusted_proxies)
        return _error_answer(part_of(parts, asked.path).refuse(asked, error.status_code, _CODES.get(error.status_code, "crash")), allow)

    def crashed(request: AnyRequest, error: Exception) -> ErrorAnswer:
        log.error("crash", exc_info=error)
        asked = _asked(request, b"", trusted_proxies)
        return _error_answer(part_of(parts, asked.path).refuse(asked, 500, "crash"), "")

    app = _Bare(
        route_handlers=[_handler(part, route, trusted_proxies) for part in parts for route in part.routes],
        exception_handlers={HTTPException: refused, Exception: crashed},
        on_startup=[_widen_threads],
        openapi_config=None,
        logging_config=None,
        request_max_body_size=BODY_LIMIT_BYTES,
    )
    app.asgi_handler = Envelope(app.asgi_handler, parts, site, metrics)
    return app


class _Bare(Litestar):
    """Without the plugins that read parameters and write schemas for us: no handler of ours has any, and they load all of Pydantic's first
    version."""

    @staticmethod
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        return plugins


async def _widen_threads() -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="web"))


def _handler(part: Part, route: Route, proxies: Proxies) -> HTTPRouteHandler:
    """The framework reads the body on the event loop; the answer is then made in a thread. The framework's own switch for that wraps a
    function once more for every method added to its path, and so breaks the first of two."""

    async def get(request: AnyRequest) -> ASGIResponse:
        response = await sync_to_thread(route.answer, _asked(request, b"", proxies))
        return _to_asgi(part, response, only_headers=ASKED_HEAD in request.scope)

    async def post(request: AnyRequest, body: RawBody) -> ASGIResponse:
        return _to_asgi(part, await sync_to_thread(route.answer, _asked(request, bytes(body), proxies)))

    handler = HTTPRouteHandler(
        route.path,
        http_method=[HttpMethod(route.method)],
        name=f"{route.method} {route.path}",
        include_in_schema=False,
        request_max_body_size=route.body_limit_bytes,
        status_code=200,
    )
    return handler(get if route.method == "GET" else post)


def _asked(request: AnyRequest, body: bytes, proxies: Proxies) -> Asked:
    headers = tuple(request.scope["headers"])
    forwarded = b", ".join(value for name, value in headers if name == b"x-forwarded-for").decode("latin-1")
    peer = request.client.host if request.client is not None else None
    return Asked(
        method=request.scope["method"],
        path=request.scope["path"],
        raw_query=request.scope["query_string"],
        headers=headers,
        body=body,
        client=client_address(peer, forwarded, proxies()),
        ids={key: str(value) for key, value in request.path_params.items()},
    )


def _to_asgi(part: Part, response: Response, *, only_headers: bool = False) -> ASGIResponse:
    headers = _headers(response)
    if part.cookie_header is not None:
        headers += [part.cookie_header(cookie) for cookie in response.cookies]
    if isinstance(response.body, bytes):
        return ASGIResponse(body=response.body, status_code=response.status, headers=headers)
    if only_headers:
        close(response.body)
        return StreamedResponse(iter(()), length=response.length, status_code=response.status, headers=headers)
    return StreamedResponse(response.body, length=response.length, status_code=response.status, headers=headers)


def _error_answer(response: Response, allow: str) -> ErrorAnswer:
    headers = dict(_headers(response)) | ({"allow": allow} if allow else {})
    return ErrorAnswer(response.whole, status_code=response.status, headers=headers)


def _headers(response: Response) -> list[tuple[str, str]]:
    return [*response.headers, ("content-type", response.media_type)]
