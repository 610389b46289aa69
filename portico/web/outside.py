"""The few addresses that belong to no store: health, static files, webhooks of payment providers, reports of the content security
policy."""

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal

import msgspec
import structlog

from portico.domain.errors import NotFound
from portico.domain.scope import ENVIRONMENTS, Environment
from portico.gateways.port import Forged, Unanswered
from portico.http.asked import BODY_LIMIT_BYTES, Asked
from portico.http.metrics import CONTENT_TYPE
from portico.http.response import Response, text
from portico.http.security import is_loopback
from portico.services import webhook_in
from portico.storage.database import is_unavailable
from portico.web import view
from portico.web.problems import PROBLEMS
from portico.web.visit import Web

_REPORT_BYTES = 16 * 1024
_REPORT_TYPES = ("application/reports+json", "application/csp-report")
_FOR_EVER = "public, max-age=31536000, immutable"

log = structlog.get_logger("portico.web")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table below: anyone may ask, and nothing is read from cookies."""

    method: Literal["GET", "POST"]
    path: str
    handler: Callable[[Web, Asked], Response]
    body_limit_bytes: int = BODY_LIMIT_BYTES


def nothing(web: Web, asked: Asked) -> Response:
    """The bare origin: which stores live here is nobody's business."""
    return view.problem_outside(web, asked, PROBLEMS["not_found"])


def healthz(web: Web, asked: Asked) -> Response:
    """The process answers."""
    return text(200, "ok\n")


def readyz(web: Web, asked: Asked) -> Response:
    """The database answers, and its tables are those of this version; else 503."""
    try:
        ready = web.runtime.database.is_current()
    except Exception as error:  # whatever is wrong with the database, the answer is "not ready"
        log.warning("not_ready", error=type(error).__name__)
        return text(503, "database unreachable\n", ("retry-after", "5"))
    return text(200, "ready\n") if ready else text(503, "database not migrated\n", ("retry-after", "5"))


def metrics(web: Web, asked: Asked) -> Response:
    """Figures for monitoring, where the setting allows it and to this very machine alone. A request that a proxy passed on is
    none of this machine's, even where the proxy is: it says whom for, or by which name the portal was asked."""
    passed_on = any(asked.header(name) for name in ("x-forwarded-for", "forwarded", "x-real-ip", "via"))
    if not web.runtime.metrics or passed_on or not _is_loopback(asked.client) or not is_loopback(asked.header("host") or ""):
        return nothing(web, asked)
    return Response(200, web.metrics.text(web.runtime.database, web.runtime.clock()), CONTENT_TYPE)


def asset(web: Web, asked: Asked) -> Response:
    """A static file. Under its own hash it may be kept for ever; under another (a page of the version before is still open)
    the current file is given and nobody may keep it."""
    found = web.assets.get(asked.ids["name"].lstrip("/"))
    if found is None:
        return nothing(web, asked)
    packed = found.gzipped is not None and "gzip" in (asked.header("accept-encoding") or "")
    headers = [("cache-control", _FOR_EVER if asked.ids["digest"] == found.digest else "no-store"), ("vary", "Accept-Encoding")]
    if packed:
        headers.append(("content-encoding", "gzip"))
    return Response(200, found.gzipped if packed and found.gzipped else found.body, found.media_type, headers=tuple(headers))


def robots(web: Web, asked: Asked) -> Response:
    return text(200, "User-agent: *\nDisallow: /\n")


def csp_report(web: Web, asked: Asked) -> Response:
    """A browser says that a page broke the content security policy: always a fault of ours, so it is logged."""
    media_type = (asked.header("content-type") or "").partition(";")[0].strip().lower()
    if media_type not in _REPORT_TYPES:
        return text(415, "unsupported media type\n")
    if len(asked.body) > _REPORT_BYTES:
        return text(413, "too large\n")
    try:
        reports = msgspec.json.decode(asked.body)
    except (msgspec.DecodeError, RecursionError):  # the second: brackets within brackets, by the thousand
        return text(400, "not JSON\n")
    log.warning("csp_report", reports=msgspec.json.encode(reports).decode()[:2000])
    return Response(204)


def webhook(web: Web, asked: Asked) -> Response:
    """A payment provider tells something: its signature says that it is the provider, and nothing else does.

    200 says that it arrived, whether it was news or not, 503 that it is to come again. Whoever is no provider learns nothing but
    that he is none.
    """
    environment: Environment | None = next((known for known in ENVIRONMENTS if known == asked.ids["environment"]), None)
    try:
        if environment is None:
            raise NotFound
        webhook_in.receive(web.runtime, environment, asked.ids["gateway"], asked.body, _by_name(asked))
    except NotFound:
        return text(404, "not found\n")
    except Forged as error:
        log.warning("webhook_forged", environment=environment, gateway=asked.ids["gateway"], why=str(error))
        return text(400, "bad request\n")
    except Exception as error:
        # What it is about could not be looked up, or written down: a status that makes the provider send it again.
        if not isinstance(error, Unanswered) and not is_unavailable(error):
            raise
        log.warning("webhook_put_off", environment=environment, gateway=asked.ids["gateway"], error=type(error).__name__)
        return text(503, "try again later\n", ("retry-after", "60"))
    return text(200, "ok\n")


def _by_name(asked: Asked) -> dict[str, str]:
    names = {name.decode("latin-1") for name, _ in asked.headers}
    return {name: asked.header(name) or "" for name in names if name.isascii()}


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


ROUTES: tuple[Row, ...] = (
    Row("GET", "/", nothing),
    Row("GET", "/healthz", healthz),
    Row("GET", "/readyz", readyz),
    Row("GET", "/metrics", metrics),
    Row("GET", "/robots.txt", robots),
    Row("GET", "/static/{digest:str}/{name:path}", asset),
    Row("POST", "/csp-report", csp_report),
    Row("POST", "/webhooks/{gateway:str}/{environment:str}", webhook, webhook_in.BODY_LIMIT_BYTES),
)
