"""The page behind a link of the merchant's server: who holds it is asked whether to go on as its buyer. GET shows nothing of anybody;
the token is in the fragment, which only portal.js can read, and only a click uses it up."""

from portico.domain.errors import Refused
from portico.http.cookies import Cookie, deleted
from portico.http.response import Response, json, see_other
from portico.i18n.catalog import catalog
from portico.services import portal_session
from portico.web import view
from portico.web.portal.language import ONE_YEAR_SECONDS
from portico.web.problems import PROBLEMS
from portico.web.visit import Visit

FIELDS = frozenset({"token", "instead"})
LOOK_FIELDS = frozenset({"token"})


def form(visit: Visit) -> Response:
    """The page as it is for everybody. What it says is up to portal.js, which asks `look`; without it there is the sign-in by e-mail."""
    return _show(visit)


def look(visit: Visit) -> Response:
    """For the portal's script: whose link it is, as far as may be shown, and who else is signed in here. Nothing is used up."""
    try:
        email = portal_session.look(visit.runtime, visit.store, visit.environment, visit.form.get("token", ""))
    except Refused:
        return json(410, {"ok": False})
    return json(200, {"ok": True, "email": email.masked, "signed_in": _somebody_else(visit, email.address)})


def enter(visit: Visit) -> Response:
    """Opens the session. Where somebody else is signed in, he is asked first."""
    token = visit.form.get("token", "")
    try:
        email = portal_session.look(visit.runtime, visit.store, visit.environment, token)
        other = _somebody_else(visit, email.address)
        if other and "instead" not in visit.form:
            return _show(visit, status=409, token=token, email=email.masked, signed_in=other)
        entered = portal_session.enter(visit.runtime, visit.store, visit.environment, token, replaces=visit.cookies.get("session", ""))
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
        email = portal_session.look(visit.runtime, visit.store, visit.environment, token)
    except Refused:
        return _show(visit, status=410, problem="over")
    other, stale = _somebody_else(visit, email.address), catalog(visit.language).message(PROBLEMS["form_stale"].text)
    return _show(visit, status=403, token=token, email=email.masked, signed_in=other, error=stale)


def _somebody_else(visit: Visit, email: str) -> str:
    """The address of who is signed in, unless it is the link's own; empty when nobody is."""
    return visit.session.buyer.email if visit.session is not None and visit.session.buyer.email != email else ""


def _show(
    visit: Visit, *, status: int = 200, token: str = "", email: str = "", signed_in: str = "", problem: str = "", error: str = ""
) -> Response:
    variables = {"token": token, "email": email, "signed_in": signed_in, "problem": problem, "error": error}
    return view.lobby(visit, "enter.html", status_code=status, **variables)
