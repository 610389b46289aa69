"""The page behind a link of the merchant's server: who holds it is asked whether to go on as its buyer. GET shows nothing of anybody;
the token is in the fragment, which only portal.js can read, and only a click uses it up. A customer token that the merchant's program
has added to another page's address ("#token=…") comes here the same way, and leads back to that page, `next`."""

from portico.domain.errors import Refused
from portico.http.cookies import Cookie, deleted
from portico.http.response import Response, json, see_other
from portico.i18n.catalog import catalog
from portico.services import portal_session, vouched
from portico.services.portal_session import Entered, Whose
from portico.services.vouched import Newcomer
from portico.web import view
from portico.web.portal.language import ONE_YEAR_SECONDS
from portico.web.problems import PROBLEMS
from portico.web.visit import Visit

FIELDS = frozenset({"token", "instead", "next"})
LOOK_FIELDS = frozenset({"token", "next"})
_KNOWN_FOR_SECONDS = 3600  # longer than a checkout is usually open


def form(visit: Visit) -> Response:
    """The page as it is for everybody. What it says is up to portal.js, which asks `look`; without it there is the sign-in by e-mail."""
    return _show(visit)


def look(visit: Visit) -> Response:
    """For the portal's script: whose link it is, as far as may be shown, and who else is signed in here. Nothing is used up."""
    try:
        email = _whose(visit, visit.form.get("token", ""))
    except Refused:
        if vouched.is_token(visit.form.get("token", "")):  # the page it was added to is as good without it: a checkout outlives its token
            return json(200, {"ok": True, "next": visit.url(_next(visit))})
        return json(410, {"ok": False})
    if isinstance(email, Newcomer):
        cookie = visit.sealed_cookie("vouched", {"identity": email.identity, "page": _next(visit)}, _KNOWN_FOR_SECONDS)
        return json(200, {"ok": True, "next": visit.url(_next(visit))}, cookie)
    return json(200, {"ok": True, "email": email.masked, "signed_in": _somebody_else(visit, email.address)})


def enter(visit: Visit) -> Response:
    """Opens the session. Where somebody else is signed in, he is asked first."""
    token = visit.form.get("token", "")
    try:
        email = _known(visit, token)
        other = _somebody_else(visit, email.address)
        if other and "instead" not in visit.form:
            return _show(visit, status=409, token=token, email=email.masked, signed_in=other)
        entered = _enter(visit, token)
    except Refused:
        return _show(visit, status=410, problem="over")
    cookies = [Cookie("session", entered.session_token, None), deleted("browser"), deleted("asked"), deleted("flash")]
    if entered.locale is not None:
        cookies.append(Cookie("language", entered.locale, ONE_YEAR_SECONDS))
    return see_other(visit.url(entered.path), *cookies)


def enter_again(visit: Visit) -> Response:
    """The form's token was not made for this browser: nothing is used up, and one more click does it."""
    token = visit.form.get("token", "")
    try:
        email = _known(visit, token)
    except Refused:
        return _show(visit, status=410, problem="over")
    other, stale = _somebody_else(visit, email.address), catalog(visit.language).message(PROBLEMS["form_stale"].text)
    return _show(visit, status=403, token=token, email=email.masked, signed_in=other, error=stale)


def _whose(visit: Visit, token: str) -> Whose | Newcomer:
    service = vouched if vouched.is_token(token) else portal_session
    return service.look(visit.runtime, visit.store, visit.environment, token)


def _known(visit: Visit, token: str) -> Whose:
    """Whose a link is. Raises Refused also for somebody who is no buyer yet: there is nothing to sign in to."""
    email = _whose(visit, token)
    if isinstance(email, Newcomer):
        raise Refused("portal_session_over")
    return email


def _enter(visit: Visit, token: str) -> Entered:
    replaces = visit.cookies.get("session", "")
    if vouched.is_token(token):
        return vouched.enter(visit.runtime, visit.store, visit.environment, token, path=_next(visit), replaces=replaces)
    return portal_session.enter(visit.runtime, visit.store, visit.environment, token, replaces=replaces)


def _next(visit: Visit) -> str:
    """The page of this portal that a customer token was added to; the start where there is none."""
    return visit.return_path(visit.form.get("next", "") or visit.query.get("next", ""))


def _somebody_else(visit: Visit, email: str) -> str:
    """The address of who is signed in, unless it is the link's own; empty when nobody is."""
    return visit.session.buyer.email if visit.session is not None and visit.session.buyer.email != email else ""


def _show(
    visit: Visit, *, status: int = 200, token: str = "", email: str = "", signed_in: str = "", problem: str = "", error: str = ""
) -> Response:
    variables = {"token": token, "email": email, "signed_in": signed_in, "problem": problem, "error": error, "next": _next(visit)}
    return view.lobby(visit, "enter.html", status_code=status, **variables)
