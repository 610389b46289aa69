"""The door of every portal page: who asks, for which store, in which language, and may they? Then the handler, then the answer."""

import re
from dataclasses import replace
from urllib.parse import quote

import structlog

from portico.domain.errors import NotFound, PorticoError, Refused
from portico.domain.scope import Environment
from portico.http.asked import Asked
from portico.http.cookies import deleted
from portico.http.response import Response, see_other
from portico.http.security import CSRF_FIELD
from portico.i18n import negotiate
from portico.services import sign_in
from portico.services.portal_address import base_path
from portico.services.secrets import new_token
from portico.storage import store as stores
from portico.storage.database import is_unavailable
from portico.web import problems, seal, view
from portico.web.visit import Row, Visit, Web

_SLUG = re.compile(r"[a-z0-9-]{1,63}\Z")

log = structlog.get_logger("portico.web")


def answer(web: Web, row: Row, environment: Environment, asked: Asked) -> Response:
    """The answer to one request. Whatever goes wrong becomes a page in the visitor's language."""
    visit: Visit | None = None
    try:
        cookies = web.jar.read(asked.headers)
        visit = _open(web, environment, asked, cookies)
        response = _serve(visit, row)
    except PorticoError as error:
        problem = problems.of_error(error)
        log.info("refused", code=problem.code, status=problem.status, method=row.method, route=row.path)
        response = view.problem(visit, problem, _back(visit, row, problem)) if visit else view.problem_outside(web, asked, problem)
        if problem.code == "cookie_invalid":
            response = response.adding(*(deleted(name) for name in ("session", "browser")))
    except Exception as error:  # the visitor gets a page, the log the traceback
        log.exception("crash", method=row.method, route=row.path)
        code = "unavailable" if is_unavailable(error) else "crash"
        response = view.problem_outside(web, asked, problems.PROBLEMS[code])
    if visit is not None and visit.session is None and "browser" not in visit.cookies:
        response = response.adding(visit.browser_cookie())  # what the forms of this page are bound to
    return response


def _open(web: Web, environment: Environment, asked: Asked, cookies: dict[str, str]) -> Visit:
    """Finds store and session: one statement for a buyer who is signed in. Raises NotFound for an unknown store."""
    runtime, slug = web.runtime, asked.ids["slug"]
    if not _SLUG.match(slug):
        raise NotFound
    session = sign_in.authenticate(runtime, cookies["session"]) if "session" in cookies else None
    if session is not None and (session.store.slug, session.environment) != (slug, environment):
        session = None
    if session is not None:
        store = session.store
    else:
        with runtime.database.read() as tx:
            store = stores.by_slug(tx, slug)
        if store is None:
            raise NotFound
    chosen = cookies.get("language") or (session.buyer.locale if session is not None else None)
    return Visit(
        web=web,
        asked=asked,
        store=store,
        environment=environment,
        base=base_path(slug, environment),
        language=negotiate.choose(asked.header("accept-language"), chosen, store.locale),
        now=runtime.clock(),
        cookies=cookies,
        browser=cookies.get("browser") or new_token(runtime.random_bytes),
        session=session,
    )


def _serve(visit: Visit, row: Row) -> Response:
    """Deny by default: the origin first, then who asks, then what is sent; the handler sees only what has passed."""
    asked = visit.asked
    if row.method == "POST":
        visit.web.site.check_same_origin(asked)
    asked.query()  # one that cannot be read is refused, whether the page looks at it or not
    if row.who == "buyer" and visit.session is None:
        return _to_sign_in(visit, row)
    if row.method == "POST":
        form = asked.form()
        given = form.pop(CSRF_FIELD, "")
        if not form.keys() <= row.fields:
            raise Refused("form_invalid")
        visit = replace(visit, form=form)
        if not _is_own_form(visit, given):
            if row.stale is None:
                raise Refused("form_stale")
            log.info("refused", code="form_stale", status=403, method=row.method, route=row.path)
            return row.stale(visit)
    return row.handler(visit)


def _is_own_form(visit: Visit, given: str) -> bool:
    """Whether the token was made for one of the two cookies this request carries. The session's counts even when the session
    is over, since a page that was left open may still ask for a new code; what needs a buyer never gets this far then."""
    bindings = [visit.cookies[name] for name in ("session", "browser") if name in visit.cookies]
    return any(seal.is_token(visit.runtime.secret, "form", binding, given) for binding in bindings)


def _page_of(visit: Visit, row: Row) -> str:
    """The page a form is on, below the base; "/" for a row that does not say."""
    return visit.return_path(row.returns_to.format(**visit.asked.ids)) if row.returns_to else "/"


def _back(visit: Visit, row: Row, problem: problems.Problem) -> str:
    """Where a problem's page leads: to the page of the form that met it, unless that is what was not found."""
    return "/" if problem.code == "not_found" else _page_of(visit, row)


def _to_sign_in(visit: Visit, row: Row) -> Response:
    """303 to the sign-in form, which leads back to the page asked for (or, for a form, to the page the form is on)."""
    if visit.asked.wants_json:
        return view.problem(visit, problems.PROBLEMS["session_over"])
    back = _page_of(visit, row) if row.returns_to else visit.here
    return see_other(visit.url("/sign-in") + (f"?next={quote(back, safe='/')}" if back != "/" else ""))
