"""The API as a part of the site: a route for each operation of the table, and the pages that describe it."""

import functools
from collections.abc import Mapping

import msgspec

from portico.api import door, openapi, reference
from portico.api.context import Api
from portico.api.operation import Operation
from portico.api.problem import REFERENCE_PATH
from portico.api.routes import OPERATIONS
from portico.http.asked import Asked
from portico.http.part import Part, Route
from portico.http.response import HTML, JSON, Response
from portico.http.security import Site
from portico.services.runtime import Runtime

PREFIXES = ("/v1", "/openapi.json")
Assets = Mapping[str, str]  # the addresses of stylesheets and pictures, by their names


def api(runtime: Runtime, site: Site, assets: Assets) -> Part:
    """Everything below /v1 that is not the Waffo surface's."""
    return part(Api(runtime, site), assets)


def part(context: Api, assets: Assets) -> Part:
    """The routes of the table, with this context."""

    def refuse(asked: Asked, status: int, code: str) -> Response:
        return door.refuse(context, asked, status, code)

    return Part(
        name="api",
        prefixes=PREFIXES,
        methods=frozenset({"GET", "POST", "PATCH", "DELETE"}),
        routes=(*(_route(context, operation) for operation in OPERATIONS), *_described(context, assets)),
        refuse=refuse,
    )


def _route(context: Api, operation: Operation) -> Route:
    return Route(operation.method, operation.route_path, lambda asked: door.answer(context, operation, asked))


def _described(context: Api, assets: Assets) -> tuple[Route, ...]:
    """What the API says about itself, to anyone. Made when it is first asked for: most processes never are."""

    @functools.cache
    def document(origin: str) -> bytes:
        return msgspec.json.encode(openapi.document(OPERATIONS, origin))

    @functools.cache
    def page(origin: str) -> bytes:
        return reference.page(OPERATIONS, origin, assets)

    return (
        Route("GET", "/openapi.json", lambda asked: _open(context, document(context.runtime.origin), JSON)),
        Route("GET", REFERENCE_PATH, lambda asked: _open(context, page(context.runtime.origin), HTML)),
    )


def _open(context: Api, body: bytes, media_type: str) -> Response:
    return Response(200, body, media_type, headers=(*door.frame(door.new_request_id(context)), ("cache-control", "public, max-age=300")))
