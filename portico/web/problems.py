"""Errors as people see them: each code's status, title and sentence. English here; the catalogues hold the other languages."""

from dataclasses import dataclass

from portico.domain.errors import Conflict, Invalid, NotFound, PorticoError, Refused
from portico.i18n.catalog import N_, Message
from portico.i18n.why_not_words import WHY_NOT


@dataclass(frozen=True, slots=True)
class Problem:
    """What an error page says. `code` is stable and goes into logs. One that passes by itself has a button that asks the same
    `again`."""

    code: str
    status: int
    title: Message
    text: Message
    again: bool = False


def _table(*problems: Problem) -> dict[str, Problem]:
    return {problem.code: problem for problem in problems}


_AGAIN = N_("Please go back, reload the page and try again.")
_UNREADABLE = N_("This request could not be read")
_NOT_NOW = N_("This isn’t possible right now")

PROBLEMS = _table(
    Problem("not_found", 404, N_("Page not found"), N_("There is nothing at this address, or it is not yours to see.")),
    Problem("method_not_allowed", 405, N_("This does not work here"), N_("This address does not take requests of that kind.")),
    Problem("gateway_unanswered", 503, N_("The payment provider didn’t answer"), N_("Nothing was charged. Please try again in a minute.")),
    Problem("no_einvoice", 404, N_("There is no e-invoice for this document"), N_("Its page says why. The PDF is complete without it.")),
    Problem(
        "document_not_ready",
        503,
        N_("This file isn’t ready yet"),
        N_("We’re working on it. Please try again in a few minutes."),
        again=True,
    ),
    Problem("conflict", 409, N_("This changed in the meantime"), N_("Please check the current values and try again.")),
    Problem("invalid", 422, N_("Please check what you entered"), _AGAIN),
    Problem("cookie_invalid", 400, _UNREADABLE, N_("Your browser sent a damaged cookie. We removed it: please sign in again.")),
    Problem("query_invalid", 400, _UNREADABLE, N_("The address is damaged. Please use the links on the page instead.")),
    Problem("cursor_invalid", 400, _UNREADABLE, N_("This page of the list does not exist. Please start again from the first page.")),
    Problem("filter_unknown", 400, _UNREADABLE, N_("There is no such filter. Please choose one from the list.")),
    Problem("language_unknown", 400, N_("Language not available"), N_("Please choose one of the languages offered.")),
    Problem("form_type", 415, _UNREADABLE, _AGAIN),
    Problem("form_invalid", 400, _UNREADABLE, _AGAIN),
    Problem("form_cross_site", 403, N_("This did not come from our page"), N_("Nothing was changed. Please use the form in the portal.")),
    Problem("form_stale", 403, N_("This page was open too long"), N_("Nothing was changed yet. Please send the form once more.")),
    Problem("session_over", 401, N_("Please sign in again"), N_("Your session has ended. Nothing was changed.")),
    Problem("too_large", 413, N_("This is too much at once"), N_("What you sent is too large. Nothing was changed.")),
    Problem("host_unknown", 421, N_("Wrong address"), N_("This portal lives at another address.")),
    Problem("headers_too_large", 431, _UNREADABLE, N_("Your browser sent too much along. Please clear the cookies of this site.")),
    Problem("crash", 500, N_("Something went wrong on our side"), N_("Nothing was lost. Please try again in a moment.")),
    Problem("unavailable", 503, N_("We will be right back"), N_("The portal cannot be reached right now. Please try again in a minute.")),
)

_BY_STATUS = {
    400: "query_invalid",
    403: "form_cross_site",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "form_type",
}


def of_error(error: PorticoError) -> Problem:
    """The page for an error a handler let through. What a rule stands against is a 409 that says why; a Refused of an unknown
    code is a 400 with a general text."""
    match error:
        case NotFound():
            return PROBLEMS["not_found"]
        case Conflict():
            return PROBLEMS["conflict"]
        case Invalid():
            return PROBLEMS["invalid"]
        case Refused() if error.code in WHY_NOT:
            return Problem(error.code, 409, _NOT_NOW, WHY_NOT[error.code])
        case Refused():
            return PROBLEMS.get(error.code, PROBLEMS["form_invalid"])
        case _:
            return PROBLEMS.get(error.code, PROBLEMS["crash"])


def of_status(status: int) -> Problem:
    """The page for a refusal of the framework: no such route, wrong method, body too large."""
    return PROBLEMS[_BY_STATUS.get(status, "crash" if status >= 500 else "query_invalid")]
