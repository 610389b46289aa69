"""Errors as programs get them (RFC 9457): a stable code, its status, and what to do about it. In English only."""

from dataclasses import dataclass

import msgspec

from portico.api.field_problem import FieldProblem, Unacceptable, of_field
from portico.api.refusals import REFUSALS
from portico.domain.errors import Conflict, Invalid, NotFound, PorticoError, Refused
from portico.http.response import Response
from portico.i18n.why_not_words import WHY_NOT

PROBLEM_JSON = "application/problem+json"
REFERENCE_PATH = "/v1/reference"


@dataclass(frozen=True, slots=True)
class Problem:
    """What an answer that is no success says. `code` is stable: programs tell problems apart by it."""

    code: str
    status: int
    title: str
    detail: str


def _table(*problems: Problem) -> dict[str, Problem]:
    return {problem.code: problem for problem in problems}


_NOT_NOW = "This is not possible right now"
_UNREADABLE = "The request could not be read"

PROBLEMS = _table(
    Problem("body_invalid", 400, _UNREADABLE, "The body is not JSON in UTF-8, names a field twice, or is nested too deeply."),
    Problem("query_invalid", 400, _UNREADABLE, "The query is damaged, or names a field twice."),
    Problem("cursor_invalid", 400, _UNREADABLE, "There is no such cursor: take `next_cursor` of the page before as it is."),
    Problem("version_unknown", 400, "Unknown version", "Portico-Version names a version that this server does not speak."),
    Problem(
        "idempotency_key_required",
        400,
        "Idempotency-Key is missing",
        "This operation moves money: send an Idempotency-Key, so that asking twice does not do it twice.",
    ),
    Problem("idempotency_key_invalid", 400, "Unusable Idempotency-Key", "It has 1 to 255 printable ASCII characters."),
    Problem(
        "api_key_invalid",
        401,
        "No valid API key",
        "Send a live key as `Authorization: Bearer sk_…`. It may be missing, wrong, or revoked.",
    ),
    Problem("not_found", 404, "Not found", "There is nothing here, or it belongs to another store or environment than the key."),
    Problem(
        "buyer_not_found",
        404,
        "No such buyer",
        "No buyer of this store and environment has this id, email or external_id. Make him first: POST /v1/buyers. A sk_test_ key finds "
        "buyers of the test environment, a sk_prod_ key those of production.",
    ),
    Problem("no_einvoice", 404, "There is no e-invoice for this document", "Its PDF is complete without one."),
    Problem("method_not_allowed", 405, "Method not allowed", "This path does not take requests of this method."),
    Problem("conflict", 409, "It changed in the meantime", "Read it again, and decide on what it is now."),
    Problem("idempotency_in_flight", 409, "Still being answered", "A request with this Idempotency-Key is under way. Ask again shortly."),
    Problem("email_taken", 409, _NOT_NOW, "Another buyer has this e-mail address."),
    Problem("external_id_taken", 409, _NOT_NOW, "Another one has this `external_id`."),
    Problem("group_not_empty", 409, _NOT_NOW, "The group still has products. Take them out first."),
    Problem("too_large", 413, "Too large", "A body has at most 64 kB."),
    Problem("content_type", 415, "Unsupported media type", "Send the body as application/json in UTF-8."),
    Problem("host_unknown", 421, "Wrong host", "This server answers for another name."),
    Problem("invalid", 422, "Some fields are wrong", "`errors` lists each of them."),
    Problem(
        "idempotency_key_reused", 422, "Idempotency-Key reused", "This key came with another request before. Use a new one for each write."
    ),
    Problem("language_unknown", 422, "Language not available", "Use one of the languages of the reference."),
    Problem(
        "too_many_portal_sessions",
        429,
        "Too many links for this buyer",
        "A buyer gets 60 links an hour. Make one when he clicks, not when a page with the button is shown.",
    ),
    Problem("rate_limited", 429, "Too many requests", "Wait for the seconds that Retry-After names."),
    Problem("headers_too_large", 431, "Headers too large", "One header has at most 8 KiB, and all of them together 16 KiB."),
    Problem("crash", 500, "Something went wrong on our side", "It is in our log under this request_id. Asking again is safe."),
    Problem("gateway_unanswered", 503, "The payment provider did not answer", "Nothing was charged. Ask again in a minute."),
    Problem("document_not_ready", 503, "This file is not ready yet", "It is being made. Ask again in a few minutes."),
    Problem("unavailable", 503, "Unavailable", "The database cannot be reached right now. Ask again in a minute."),
    *(Problem(code, 409, _NOT_NOW, detail) for code, detail in REFUSALS.items()),
)
# What every operation may answer besides its own.
ALWAYS = ("api_key_invalid", "version_unknown", "query_invalid", "rate_limited", "crash", "unavailable")

_BY_STATUS = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "content_type"}
_GENERAL = "A rule stands against it; `code` says which."


class ProblemAnswer(msgspec.Struct, omit_defaults=True, frozen=True, rename={"fields": "errors"}):
    """A problem as it is sent, as application/problem+json."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    fields: tuple[FieldProblem, ...] = ()


def of_code(code: str) -> Problem:
    """The problem of a code. What stands against an action is a 409 that says why in the words that people get, too."""
    if code in PROBLEMS:
        return PROBLEMS[code]
    return Problem(code, 409, _NOT_NOW, WHY_NOT[code].text if code in WHY_NOT else _GENERAL)


def of_error(error: PorticoError) -> tuple[Problem, tuple[FieldProblem, ...]]:
    """The problem for an error that a handler let through, and its fields, if it is about some."""
    match error:
        case Unacceptable():
            return PROBLEMS["invalid"], error.errors
        case Invalid():
            return PROBLEMS["invalid"], tuple(of_field(each) for each in error.errors)
        case NotFound():
            return PROBLEMS["not_found"], ()
        case Conflict() | Refused():
            return of_code(error.code), ()
        case _:
            return PROBLEMS.get(error.code, PROBLEMS["crash"]), ()


def of_status(status: int) -> Problem:
    """The problem for a refusal of the framework: no such route, wrong method, body too large."""
    return PROBLEMS[_BY_STATUS.get(status, "crash" if status >= 500 else "query_invalid")]


def response(
    origin: str,
    problem: Problem,
    request_id: str,
    errors: tuple[FieldProblem, ...] = (),
    headers: tuple[tuple[str, str], ...] = (),
) -> Response:
    """A problem as an answer. Its type leads to the code's place in the reference."""
    sent = ProblemAnswer(
        type=f"{origin}{REFERENCE_PATH}#{problem.code}",
        title=problem.title,
        status=problem.status,
        code=problem.code,
        detail=problem.detail,
        request_id=request_id,
        fields=errors,
    )
    return Response(problem.status, msgspec.json.encode(sent), PROBLEM_JSON, headers=headers)
