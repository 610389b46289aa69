"""Pages: the frame every template gets, and the error pages."""

import functools
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader

from portico.domain.scope import Environment
from portico.domain.sign_in import SESSION_SECONDS, WARN_SECONDS
from portico.http.asked import Asked
from portico.http.response import Response, json
from portico.i18n import negotiate
from portico.i18n.catalog import N_, Message, catalog
from portico.i18n.languages import LANGUAGES, Language, by_tag
from portico.i18n.templates import environment
from portico.storage.store import StoreRow
from portico.web.accent import accent_name
from portico.web.problems import Problem
from portico.web.visit import Visit, Web

_TEMPLATES = FileSystemLoader(Path(__file__).parent / "templates")
_accent = functools.lru_cache(maxsize=1024)(accent_name)
_BACK = N_("Back to where you were")
_TO_OVERVIEW = N_("Back to the overview")
_TO_SIGN_IN = N_("Sign in")
_AGAIN = N_("Try again")


@dataclass(frozen=True, slots=True)
class PageContext:
    """What layout.html needs. Outside of a portal (no such store, a host that is not ours) there is no `store` and no `base`."""

    web: Web
    language: str
    path: str
    base: str = ""
    store: StoreRow | None = None
    environment: Environment | None = None
    test_clock: datetime | None = None  # the store's time where it is not the real one
    buyer_email: str | None = None
    return_url: str = ""  # where a buyer whom the merchant's server sent came from, if it said so
    csrf: str = ""
    seconds_left: int | None = None
    warn_at_seconds: int = SESSION_SECONDS - WARN_SECONDS
    languages: tuple[Language, ...] = LANGUAGES

    @property
    def dir(self) -> str:
        """ "ltr" or "rtl"."""
        return by_tag(self.language).direction

    @property
    def accent(self) -> str:
        """The palette of the stylesheet nearest to the store's colour."""
        return _accent(self.store.accent_color if self.store is not None else "")

    def asset(self, name: str) -> str:
        return self.web.asset(name)


def page(visit: Visit, template: str, *, status_code: int = 200, **variables: Any) -> Response:
    """A page of the portal in the visitor's language; `variables` are the template's."""
    return _render(_frame(visit, visit.here), template, status_code, variables)


def lobby(visit: Visit, template: str, *, status_code: int = 200, **variables: Any) -> Response:
    """A page that shows nothing of who is signed in, and is the same for everybody. Its forms are bound to the browser."""
    page_of_nobody = page(replace(visit, session=None), template, status_code=status_code, **variables)
    return page_of_nobody.adding(visit.browser_cookie())


def problem(visit: Visit, found: Problem, back: str = "/") -> Response:
    """An error page within a portal, which leads on to the page `back`. It says nothing of what was asked for, so that a foreign
    id and a random one look alike."""
    if visit.asked.wants_json:
        return problem_json(visit, found)
    signed_in = visit.session is not None
    to_page = (visit.url(back), _BACK if back != "/" else _TO_OVERVIEW)
    if found.again and visit.asked.method == "GET":
        to_page = (visit.asked.address, _AGAIN)
    return _error(_frame(visit, "/"), found, *(to_page if signed_in else (visit.url("/sign-in"), _TO_SIGN_IN)))


def problem_outside(web: Web, asked: Asked, found: Problem) -> Response:
    """An error page where there is no portal to show it in."""
    language = negotiate.choose(asked.header("accept-language"))
    if asked.wants_json:
        return json(found.status, {"ok": False, "error": catalog(language).message(found.text)})
    return _error(PageContext(web, language, "/"), found, "", None)


def problem_json(visit: Visit, found: Problem) -> Response:
    """The same for the portal's script, with a token for the next try."""
    return json(found.status, {"ok": False, "error": catalog(visit.language).message(found.text), "csrf": visit.csrf})


def _frame(visit: Visit, path: str) -> PageContext:
    return PageContext(
        web=visit.web,
        language=visit.language,
        path=path,
        base=visit.base,
        store=visit.store,
        environment=visit.environment,
        test_clock=visit.store_now if visit.environment == "test" and visit.store.test_offset else None,
        buyer_email=visit.session.buyer.email if visit.session is not None else None,
        return_url=(visit.session.return_url or "") if visit.session is not None else "",
        csrf=visit.csrf,
        seconds_left=visit.seconds_left,
    )


def _error(frame: PageContext, found: Problem, action_url: str, action: Message | None) -> Response:
    words = catalog(frame.language)
    variables = {
        "status": found.status,
        "title": words.message(found.title),
        "text": words.message(found.text),
        "action_url": action_url,
        "action_text": words.message(action) if action is not None else "",
    }
    response = _render(frame, "error.html", found.status, variables)
    return replace(response, headers=(*response.headers, ("retry-after", "30"))) if found.status == 503 else response


def _render(frame: PageContext, template: str, status_code: int, variables: dict[str, Any]) -> Response:
    body = environment(frame.language, _TEMPLATES).get_template(template).render(page=frame, **variables)
    headers = (("content-language", frame.language), ("vary", "Accept-Language, Cookie"))
    return Response(status_code, body.encode(), headers=headers)
