"""The API as a part of the site: a route for each operation of the table, and the pages that describe it."""

from portico.api import door
from portico.api.context import Api
from portico.api.operation import Operation
from portico.api.routes import OPERATIONS
from portico.http.asked import Asked
from portico.http.part import Part, Route
from portico.http.response import Response
from portico.http.security import Site
from portico.services.runtime import Runtime

PREFIXES = ("/v1", "/openapi.json")


def api(runtime: Runtime, site: Site) -> Part:
    """Everything below /v1 that is not the Waffo surface's."""
    return part(Api(runtime, site))


def part(context: Api) -> Part:
    """The routes of the table, with this context."""

    def refuse(asked: Asked, status: int, code: str) -> Response:
        return door.refuse(context, asked, status, code)

    return Part(
        name="api",
        prefixes=PREFIXES,
        methods=frozenset({"GET", "POST", "PATCH", "DELETE"}),
        routes=tuple(_route(context, operation) for operation in OPERATIONS),
        refuse=refuse,
    )


def _route(context: Api, operation: Operation) -> Route:
    return Route(operation.method, operation.route_path, lambda asked: door.answer(context, operation, asked))
