"""Signing in by a mail's link or code, and out again. GET shows forms and changes nothing; every step is a POST."""

from portico.domain.buyer import canonical_email
from portico.domain.errors import Invalid, Refused
from portico.domain.sign_in import SESSION_SECONDS
from portico.http.cookies import Cookie, deleted
from portico.http.response import Response, json, see_other
from portico.i18n import words
from portico.i18n.catalog import N_, Message, catalog
from portico.services import sign_in
from portico.services.secrets import KNOWN_BROWSER_DAYS
from portico.services.sign_in import SignedIn
from portico.web import view
from portico.web.problems import PROBLEMS
from portico.web.visit import BROWSER_SECONDS, Visit, csrf_token

_FLASH_SECONDS = 60
_NEW_CODE = N_("This code no longer works. Please ask for a new one.")
_CODE_PROBLEMS = {
    "code_format": N_("Please type the 8 letters and digits of the code from the email."),
    "code_not_requested": N_("This browser has not asked for a code yet. Please enter your email address first."),
    "code_wrong": N_("This code does not fit. Please compare it with the newest email."),
    "code_tries_used": N_("That was one try too many for this code. Please ask for a new one."),
    "code_link_only": N_("Too many codes were tried for this address today. Please open the link in the email instead."),
    "code_used": _NEW_CODE,
    "code_replaced": N_("There is a newer email with another code. Please type that one."),
    "code_expired": _NEW_CODE,
}


def form(visit: Visit) -> Response:
    """The e-mail form. `?next=` is the page to come back to."""
    signed_out = visit.unsealed("flash").get("notice") == "signed_out"
    over = "session" in visit.cookies and visit.session is None
    notice = "signed_out" if signed_out else "expired" if over else ""
    email = visit.session.buyer.email if visit.session is not None else ""
    response = _form(visit, email, visit.query.get("next", "/"), notice=notice)
    return response.adding(deleted("flash")) if "flash" in visit.cookies else response


def ask(visit: Visit) -> Response:
    """Takes the address and has a mail sent if a buyer has it. The answer is the same either way, and over a limit too."""
    text, back = visit.form.get("email", ""), visit.return_path(visit.form.get("next", "/"))
    try:
        email = canonical_email(text)
    except Invalid as invalid:
        error = words.error_text(visit.language, invalid.errors[0].code, invalid.errors[0].example)
        if visit.asked.wants_json:
            return _json_error(visit, 422, error)
        return _form(visit, text, back, status=422, error=error)
    sign_in.request_link(
        visit.runtime,
        visit.store,
        visit.environment,
        email,
        browser_token=visit.browser,
        language=visit.language,
        network=visit.asked.client,
        known_browser=visit.cookies.get("known", ""),
        return_path=back,
    )
    cookies = (visit.browser_cookie(), visit.sealed_cookie("asked", {"email": email, "next": back}, BROWSER_SECONDS))
    if visit.asked.wants_json:
        return json(200, {"ok": True, "csrf": csrf_token(visit.runtime.secret, visit.browser)}, *cookies)
    return see_other(visit.url("/sign-in/code"), *cookies)


def form_again(visit: Visit) -> Response:
    """The form with what was typed and a fresh token, since the one sent was not made for this browser."""
    if visit.asked.wants_json:
        return view.problem_json(visit, PROBLEMS["form_stale"])
    error = _say(visit, PROBLEMS["form_stale"].text)
    return _form(visit, visit.form.get("email", ""), visit.form.get("next", "/"), status=403, error=error)


def code_form(visit: Visit) -> Response:
    """The page that follows the e-mail form, and the place for a mail read on another device."""
    asked = visit.unsealed("asked")
    return _code_form(visit, asked.get("email", ""), asked.get("next", "/"))


def redeem_code(visit: Visit) -> Response:
    typed = visit.form.get("code", "")
    try:
        signed_in = sign_in.redeem_code(
            visit.runtime,
            visit.store,
            visit.environment,
            typed,
            browser_token=visit.browser,
            replaces=visit.cookies.get("session", ""),
        )
    except Refused as refused:
        error = _say(visit, _CODE_PROBLEMS.get(refused.code, _NEW_CODE))
        if visit.asked.wants_json:
            return _json_error(visit, 422, error)
        return _code_form(visit, visit.form.get("email", ""), visit.form.get("next", "/"), status=422, typed=typed, error=error)
    return _welcome(visit, signed_in)


def code_form_again(visit: Visit) -> Response:
    if visit.asked.wants_json:
        return view.problem_json(visit, PROBLEMS["form_stale"])
    error = _say(visit, PROBLEMS["form_stale"].text)
    email, back = visit.form.get("email", ""), visit.form.get("next", "/")
    return _code_form(visit, email, back, status=403, typed=visit.form.get("code", ""), error=error)


def link_form(visit: Visit) -> Response:
    """The page a mail's link opens. The token is in the fragment, which is never sent; only a click posts it."""
    return _link_form(visit, visit.unsealed("asked").get("next", "/"))


def redeem_link(visit: Visit) -> Response:
    """Signs in the browser that asked. Any other is told to go back to that one, and the link stays good."""
    try:
        signed_in = sign_in.redeem_link(
            visit.runtime,
            visit.store,
            visit.environment,
            visit.form.get("token", ""),
            browser_token=visit.browser,
            replaces=visit.cookies.get("session", ""),
        )
    except Refused as refused:
        elsewhere = refused.code == "other_browser"
        return _link_form(
            visit,
            visit.form.get("next", "/"),
            status=403 if elsewhere else 410,
            problem="other_browser" if elsewhere else "expired",
        )
    return _welcome(visit, signed_in)


def link_form_again(visit: Visit) -> Response:
    """Without a token made for this browser, this is not the browser that asked."""
    return _link_form(visit, visit.form.get("next", "/"), status=403, problem="other_browser")


def session(visit: Visit) -> Response:
    """For the portal's script: how long this session lasts (0: nobody is signed in), whose it is, and a token for a form."""
    email = visit.session.buyer.email if visit.session is not None else ""
    return json(200, {"seconds_left": visit.seconds_left or 0, "email": email, "csrf": visit.csrf})


def sign_out(visit: Visit) -> Response:
    """Ends the session. What the browser keeps of the portal goes too, but not other cookies of the host's domain."""
    sign_in.sign_out(visit.runtime, visit.cookies["session"])
    flash = visit.sealed_cookie("flash", {"notice": "signed_out"}, _FLASH_SECONDS)
    gone = see_other(visit.url("/sign-in"), flash, *(deleted(name) for name in ("session", "browser", "asked")))
    return Response(gone.status, headers=(*gone.headers, ("clear-site-data", '"cache", "storage"')), cookies=gone.cookies)


def _welcome(visit: Visit, signed_in: SignedIn) -> Response:
    """Hands the browser its session, takes back what led to it, and returns to the page the visit began at."""
    cookies = (
        # No Max-Age: its end is kept on the server. While an open page renews itself, its forms still prove whose they are.
        Cookie("session", signed_in.session_token, None),
        Cookie("known", signed_in.known_browser, KNOWN_BROWSER_DAYS * 86_400),
        deleted("browser"),
        deleted("asked"),
    )
    if visit.asked.wants_json:
        csrf = csrf_token(visit.runtime.secret, signed_in.session_token)
        return json(200, {"ok": True, "seconds_left": SESSION_SECONDS, "email": signed_in.buyer.email, "csrf": csrf}, *cookies)
    return see_other(visit.url(visit.return_path(signed_in.return_path)), *cookies)


def _form(visit: Visit, email: str, back: str, *, status: int = 200, error: str = "", notice: str = "") -> Response:
    errors = {"email": error} if error else {}
    return view.page(visit, "sign_in.html", status_code=status, email=email, errors=errors, next=visit.return_path(back), notice=notice)


def _code_form(visit: Visit, email: str, back: str, *, status: int = 200, typed: str = "", error: str = "") -> Response:
    errors = {"code": error} if error else {}
    return view.page(visit, "code.html", status_code=status, email=email, errors=errors, typed=typed, next=visit.return_path(back))


def _link_form(visit: Visit, back: str, *, status: int = 200, problem: str = "") -> Response:
    return view.page(visit, "link.html", status_code=status, next=visit.return_path(back), problem=problem)


def _json_error(visit: Visit, status: int, text: str) -> Response:
    return json(status, {"ok": False, "error": text, "csrf": visit.csrf})


def _say(visit: Visit, message: Message) -> str:
    return catalog(visit.language).message(message)
