"""The web application: the route table behind both prefixes, the few addresses outside of it, and the frame around all."""

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
from litestar.response.base import ASGIResponse

from portico.domain.scope import ENVIRONMENTS, Environment
from portico.services.runtime import Runtime
from portico.web import door, outside, problems, static, view
from portico.web.asked import BODY_LIMIT_BYTES, Asked, client_address
from portico.web.cookies import Jar
from portico.web.envelope import ASKED_HEAD, Envelope
from portico.web.metrics import Metrics
from portico.web.portal.routes import ROUTES, is_page
from portico.web.response import Response
from portico.web.security import Site
from portico.web.streaming import StreamedResponse, close
from portico.web.visit import Row, Web

# Handlers are plain functions in threads. The default of cpu + 4 threads stops the site when as many are slow at once.
THREADS = 40
_PREFIXES: dict[Environment, str] = {"prod": "/{slug:str}/portal", "test": "/test/{slug:str}/portal"}

AnyRequest = Request[Any, Any, Any]
ErrorPage = litestar.Response[bytes]
log = structlog.get_logger("portico.web")


def create_app(runtime: Runtime) -> Litestar:
    """The ASGI application of one process. Raises ValueError for a plain-http origin beyond this machine."""
    pages = (origin for gateway in runtime.gateways.values() for origin in gateway.page_origins)
    site = Site(runtime.origin, form_targets=tuple(sorted(set(pages))))
    web = Web(runtime=runtime, site=site, jar=Jar(site.secure), assets=static.load(), metrics=Metrics(), is_page=is_page)

    def refused(request: AnyRequest, error: HTTPException) -> ErrorPage:
        allow = {name.lower(): value for name, value in (error.headers or {}).items()}.get("allow", "")
        return _error_page(view.problem_outside(web, _asked(web, request, b""), problems.of_status(error.status_code)), allow)

    def crashed(request: AnyRequest, error: Exception) -> ErrorPage:
        log.error("crash", exc_info=error)
        return _error_page(view.problem_outside(web, _asked(web, request, b""), problems.PROBLEMS["crash"]), "")

    app = Litestar(
        route_handlers=[*_portal_handlers(web), *_outside_handlers(web)],
        exception_handlers={HTTPException: refused, Exception: crashed},
        on_startup=[_widen_threads],
        openapi_config=None,
        logging_config=None,
        request_max_body_size=BODY_LIMIT_BYTES,
    )
    app.asgi_handler = Envelope(app.asgi_handler, web)
    return app


async def _widen_threads() -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="web"))


def _portal_handlers(web: Web) -> list[HTTPRouteHandler]:
    """Each address of the table once per environment. Rows whose addresses differ in a suffix alone ("{id}", "{id}.pdf") share
    a route, since the framework matches whole path segments."""
    routes: dict[tuple[str, str], list[Row]] = {}
    for row in ROUTES:
        routes.setdefault((row.method, _pattern(row.path)), []).append(row)
    return [
        _portal_handler(web, environment, method, _PREFIXES[environment] + path, rows)
        for environment in ENVIRONMENTS
        for (method, path), rows in routes.items()
    ]


def _portal_handler(web: Web, environment: Environment, method: str, path: str, rows: list[Row]) -> HTTPRouteHandler:
    suffixed = [row for row in rows if _suffix(row)]
    plain = next((row for row in rows if not _suffix(row)), rows[0])

    def choose(request: AnyRequest) -> tuple[Row, dict[str, str]]:
        ids = {key: str(value) for key, value in request.path_params.items()}
        for row in suffixed:
            if ids.get("id", "").endswith(_suffix(row)):
                return row, {**ids, "id": ids["id"].removesuffix(_suffix(row))}
        return plain, ids

    def answer(request: AnyRequest, body: bytes) -> Response:
        row, ids = choose(request)
        return door.answer(web, row, environment, _asked(web, request, body, ids))

    return _handler(web, path, method, answer)


def _outside_handlers(web: Web) -> list[HTTPRouteHandler]:
    return [_outside_handler(web, row) for row in outside.ROUTES]


def _outside_handler(web: Web, row: outside.Row) -> HTTPRouteHandler:
    def answer(request: AnyRequest, body: bytes) -> Response:
        ids = {key: str(value) for key, value in request.path_params.items()}
        return row.handler(web, _asked(web, request, body, ids))

    return _handler(web, row.path, row.method, answer, row.body_limit_bytes)


def _handler(
    web: Web, path: str, method: str, answer: Callable[[AnyRequest, bytes], Response], body_limit_bytes: int = BODY_LIMIT_BYTES
) -> HTTPRouteHandler:
    """The framework reads the body on the event loop; `answer` then runs in a thread. The framework's own switch for that wraps a
    function once more for every method added to its path, and so breaks the first of two."""

    async def get(request: AnyRequest) -> ASGIResponse:
        response = await sync_to_thread(answer, request, b"")
        return _to_asgi(web, response, only_headers=ASKED_HEAD in request.scope)

    async def post(request: AnyRequest, body: RawBody) -> ASGIResponse:
        return _to_asgi(web, await sync_to_thread(answer, request, bytes(body)))

    function = get if method == "GET" else post
    handler = HTTPRouteHandler(
        path, http_method=[HttpMethod(method)], name=f"{method} {path}", include_in_schema=False, request_max_body_size=body_limit_bytes
    )
    return handler(function)


def _pattern(path: str) -> str:
    """ "/invoices/{id}.pdf" as the framework's "/invoices/{id:str}", and "/orders/{id}/x" as "/orders/{id:str}/x"."""
    before, marker, after = path.partition("{id}")
    _, slash, rest = after.partition("/")
    return before + ("{id:str}" if marker else "") + slash + rest


def _suffix(row: Row) -> str:
    """What follows the id within its segment: ".pdf", or nothing."""
    return row.path.partition("{id}")[2].partition("/")[0]


def _asked(web: Web, request: AnyRequest, body: bytes, ids: dict[str, str] | None = None) -> Asked:
    headers = tuple(request.scope["headers"])
    forwarded = b", ".join(value for name, value in headers if name == b"x-forwarded-for").decode("latin-1")
    peer = request.client.host if request.client is not None else None
    return Asked(
        method=request.scope["method"],
        path=request.scope["path"],
        raw_query=request.scope["query_string"],
        headers=headers,
        body=body,
        client=client_address(peer, forwarded, web.runtime.trusted_proxies),
        ids=ids or {},
    )


def _to_asgi(web: Web, response: Response, *, only_headers: bool = False) -> ASGIResponse:
    headers = [*_headers(response), *(web.jar.header(cookie) for cookie in response.cookies)]
    if isinstance(response.body, bytes):
        return ASGIResponse(body=response.body, status_code=response.status, headers=headers)
    if only_headers:
        close(response.body)
        return StreamedResponse(iter(()), length=response.length, status_code=response.status, headers=headers)
    return StreamedResponse(response.body, length=response.length, status_code=response.status, headers=headers)


def _error_page(response: Response, allow: str) -> ErrorPage:
    headers = dict(_headers(response)) | ({"allow": allow} if allow else {})
    return ErrorPage(response.whole, status_code=response.status, headers=headers)


def _headers(response: Response) -> list[tuple[str, str]]:
    return [*response.headers, ("content-type", response.media_type)]
