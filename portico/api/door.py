"""The door of every operation: who asks, in which version, how often, and for what? Then the handler, then the answer."""

import re
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import structlog

from portico.api import decoding, idempotency, problem
from portico.api.call import Call
from portico.api.context import Api
from portico.api.dry_run import DryRun, Reason
from portico.api.field_problem import FieldProblem, Unacceptable
from portico.api.limits import Allowance
from portico.api.operation import Operation
from portico.domain.errors import Conflict, NotFound, PorticoError, Refused
from portico.domain.ids import has_shape
from portico.domain.scope import StoreScope
from portico.http.asked import Asked
from portico.http.response import JSON, Response
from portico.services import api_key, network
from portico.storage.api_key import ApiKey
from portico.storage.database import is_unavailable
from portico.storage.store import StoreRow

VERSION = "2026-11-22"
_BEARER = re.compile(r"Bearer +(sk_(?:test|prod)_[A-Za-z0-9_-]{43})", re.IGNORECASE)
_NO_FIELDS = msgspec.defstruct("Nothing", [], forbid_unknown_fields=True)
_DRY_RUN = {"true": True, "false": False}

log = structlog.get_logger("portico.api")


class Limited(PorticoError):
    """Somebody asks more often than may be."""

    code = "rate_limited"

    def __init__(self, allowance: Allowance) -> None:
        super().__init__("too many requests")
        self.headers = (*allowance.headers, ("retry-after", str(max(1, allowance.reset_seconds))))


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose key it is, and how many requests it has left."""

    scope: StoreScope
    key: ApiKey
    store: StoreRow
    allowance: Allowance


def answer(api: Api, operation: Operation, asked: Asked) -> Response:
    """The answer to one request. Whatever goes wrong becomes a problem."""
    request_id = new_request_id(api)
    with structlog.contextvars.bound_contextvars(request_id=request_id):
        response = _answer(api, operation, asked, request_id)
    return replace(response, headers=(*frame(request_id), *response.headers))


def refuse(api: Api, asked: Asked, status: int, code: str) -> Response:
    """The answer to a request that no operation sees."""
    request_id = new_request_id(api)
    found = problem.PROBLEMS.get(code) or problem.of_status(status)
    return problem.response(api.runtime.origin, found, request_id, headers=frame(request_id))


def new_request_id(api: Api) -> str:
    """What a request is called in its answer and in the log."""
    return f"req_{api.runtime.random_bytes(12).hex()}"


def frame(request_id: str) -> tuple[tuple[str, str], ...]:
    """The headers of every answer."""
    return (("request-id", request_id), ("portico-version", VERSION))


def _answer(api: Api, operation: Operation, asked: Asked, request_id: str) -> Response:
    try:
        caller = _admit(api, asked)
    except Exception as error:
        return _refused(api, operation, error, request_id)
    try:
        response = _serve(api, operation, asked, caller, request_id)
    except Exception as error:
        response = _refused(api, operation, error, request_id)
    return replace(response, headers=(*caller.allowance.headers, *response.headers))


def _admit(api: Api, asked: Asked) -> Caller:
    """Who asks, unless too often. A valid key is let in however many wrong ones come from its network: else whoever shares the
    address could lock it out."""
    runtime, now = api.runtime, api.runtime.clock()
    given = _BEARER.fullmatch(asked.header("authorization") or "")
    found = api_key.authenticate(runtime, given[1]) if given else None
    if found is None:
        allowance = api.limits.take(f"network {network.of(asked.client)}", runtime.api_failures_per_minute, now)
        raise Refused("api_key_invalid") if allowance.ok else Limited(allowance)
    allowance = api.limits.take(found.key.id, runtime.api_requests_per_minute, now)
    if not allowance.ok:
        raise Limited(allowance)
    return Caller(found.scope, found.key, found.store, allowance)


def _serve(api: Api, operation: Operation, asked: Asked, caller: Caller, request_id: str) -> Response:
    """Reads the request strictly, all of it, before anything is done."""
    if asked.header("portico-version") not in (None, VERSION):
        raise Refused("version_unknown")
    fields = _query_fields(asked)
    if not all(has_shape(each) for each in asked.ids.values()):
        raise NotFound
    dry_run = _read_dry_run(fields) if operation.action else False
    call = Call(
        runtime=api.runtime,
        store=caller.store,
        scope=caller.scope,
        key=caller.key,
        ids=asked.ids,
        query=decoding.query(fields, operation.query or _NO_FIELDS),
        body=decoding.body(asked, operation.body or _NO_FIELDS) if operation.writes else None,
        dry_run=dry_run,
        request_id=request_id,
        now=api.runtime.clock(),
        idempotency_key=idempotency.key_of(operation, asked, dry_run=dry_run),
        accept=asked.header("accept") or "",
    )
    response = idempotency.answered_once(call, operation, asked, lambda: _carried_out(api, operation, call))
    return operation.completes(call, response) if operation.completes is not None and response.status < 300 else response


def _carried_out(api: Api, operation: Operation, call: Call) -> Response:
    """What the handler answers, or the problem it met."""
    try:
        return _as_response(operation, _handled(operation, call))
    except Exception as error:
        return _refused(api, operation, error, call.request_id)


def _handled(operation: Operation, call: Call) -> Any:
    """What the handler gives. In a dry run what stands against an action is the answer, not a problem."""
    if not call.dry_run:
        return operation.handler(call)
    try:
        return operation.handler(call)
    except (Conflict, Refused) as refused:
        why = problem.of_code(refused.code)
        if why.status != 409:
            raise
        return DryRun(possible=False, reason=Reason(why.code, why.detail))


def _query_fields(asked: Asked) -> dict[str, str]:
    """The query's fields. Raises Refused("query_invalid") also for one without a name, which a browser's form may have."""
    if any(piece.startswith(b"=") for piece in asked.raw_query.split(b"&")):
        raise Refused("query_invalid")
    return asked.query()


def _read_dry_run(fields: dict[str, str]) -> bool:
    given = fields.pop("dry_run", "false")
    if given not in _DRY_RUN:
        raise Unacceptable([FieldProblem("dry_run", "value", "One of: true, false.", "true")])
    return _DRY_RUN[given]


def _as_response(operation: Operation, given: Any) -> Response:
    if isinstance(given, Response):
        return given
    if given is None:
        return Response(204, media_type=JSON)
    status = 200 if isinstance(given, DryRun) else operation.status
    return Response(status, msgspec.json.encode(given), JSON)


def _refused(api: Api, operation: Operation, error: Exception, request_id: str) -> Response:
    where: dict[str, Any] = {"method": operation.method, "route": operation.path}
    if not isinstance(error, PorticoError):
        log.error("crash", exc_info=error, **where)
        code = "unavailable" if is_unavailable(error) else "crash"
        return problem.response(api.runtime.origin, problem.PROBLEMS[code], request_id)
    found, errors = problem.of_error(error)
    log.info("refused", code=found.code, status=found.status, **where)
    headers: tuple[tuple[str, str], ...] = error.headers if isinstance(error, Limited) else ()
    if found.status == 401:
        headers = (("www-authenticate", "Bearer"),)
    if found.status in (429, 503) and not headers:
        headers = (("retry-after", "60"),)
    return problem.response(api.runtime.origin, found, request_id, errors, headers)
