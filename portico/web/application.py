"""The pages for people as a part of the site: the route table behind both prefixes, and the few addresses outside of it."""

from collections.abc import Mapping

from portico.domain.scope import ENVIRONMENTS, Environment
from portico.http.asked import Asked
from portico.http.cookies import Jar
from portico.http.metrics import Metrics
from portico.http.part import Part, Route
from portico.http.response import Response
from portico.http.security import Site
from portico.services.runtime import Runtime
from portico.web import door, outside, problems, view
from portico.web.portal.routes import ROUTES, is_page
from portico.web.static import Asset
from portico.web.visit import Row, Web

_PREFIXES: dict[Environment, str] = {"prod": "/{slug:str}/portal", "test": "/test/{slug:str}/portal"}


def pages(runtime: Runtime, site: Site, metrics: Metrics, assets: Mapping[str, Asset]) -> Part:
    """Everything that is not the API's. `assets` are the static files by name."""
    web = Web(runtime=runtime, site=site, jar=Jar(site.secure), assets=assets, metrics=metrics, is_page=is_page)

    def refuse(asked: Asked, status: int, code: str) -> Response:
        return view.problem_outside(web, asked, problems.PROBLEMS.get(code) or problems.of_status(status))

    return Part(
        name="pages",
        prefixes=(),
        methods=frozenset({"GET", "POST"}),
        routes=(*_portal_routes(web), *_outside_routes(web)),
        refuse=refuse,
        cookie_header=web.jar.header,
    )


def _portal_routes(web: Web) -> list[Route]:
    """Each address of the table once per environment. Rows whose addresses differ in a suffix alone ("{id}", "{id}.pdf") share
    a route, since the framework matches whole path segments."""
    routes: dict[tuple[str, str], list[Row]] = {}
    for row in ROUTES:
        routes.setdefault((row.method, _pattern(row.path)), []).append(row)
    return [
        _portal_route(web, environment, _PREFIXES[environment] + path, rows)
        for environment in ENVIRONMENTS
        for (_, path), rows in routes.items()
    ]


def _portal_route(web: Web, environment: Environment, path: str, rows: list[Row]) -> Route:
    suffixed = [row for row in rows if _suffix(row)]
    plain = next((row for row in rows if not _suffix(row)), rows[0])

    def answer(asked: Asked) -> Response:
        for row in suffixed:
            if asked.ids.get("id", "").endswith(_suffix(row)):
                return door.answer(web, row, environment, asked.with_id(asked.ids["id"].removesuffix(_suffix(row))))
        return door.answer(web, plain, environment, asked)

    return Route(plain.method, path, answer)


def _outside_routes(web: Web) -> list[Route]:
    def route(row: outside.Row) -> Route:
        return Route(row.method, row.path, lambda asked: row.handler(web, asked), row.body_limit_bytes)

    return [route(row) for row in outside.ROUTES]


def _pattern(path: str) -> str:
    """ "/invoices/{id}.pdf" as the framework's "/invoices/{id:str}", and "/orders/{id}/x" as "/orders/{id:str}/x"."""
    before, marker, after = path.partition("{id}")
    _, slash, rest = after.partition("/")
    return before + ("{id:str}" if marker else "") + slash + rest


def _suffix(row: Row) -> str:
    """What follows the id within its segment: ".pdf", or nothing."""
    return row.path.partition("{id}")[2].partition("/")[0]
