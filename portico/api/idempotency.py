"""Idempotency-Key: a write that is sent twice is done once, and answered twice with the same bytes, also after a restart.

A request whose process died is done again when it comes again, two minutes later at the earliest. So whatever moves money must be
idempotent by its own rows as well: a refund by its key, a change of plan by its sealed quote.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

from portico.api.call import Call
from portico.api.operation import Operation
from portico.domain.errors import Refused
from portico.http.asked import Asked
from portico.http.response import Response
from portico.storage import idempotency as keys
from portico.storage.idempotency import Claim, Stored

_KEY = re.compile(r"[\x20-\x7e]{1,255}")
_KEPT_HEADERS = frozenset({"location", "content-disposition"})
_NOT_KEPT = frozenset({401, 429})


def key_of(operation: Operation, asked: Asked, *, dry_run: bool) -> str | None:
    """The key of a request; None for what changes nothing. Raises Refused("idempotency_key_invalid" | "idempotency_key_required")."""
    given = asked.header("idempotency-key")
    if not operation.writes:
        return None
    if given is not None and not _KEY.fullmatch(given):
        raise Refused("idempotency_key_invalid")
    if given is None and operation.money and not dry_run:
        raise Refused("idempotency_key_required")
    return None if dry_run else given


def answered_once(call: Call, operation: Operation, asked: Asked, answer: Callable[[], Response]) -> Response:
    """What `answer` gives, or what it gave when the same request came before under its key. `answer` lets no exception out; a
    failure of ours, or a request that was too many, frees the key.

    Raises Refused("idempotency_key_reused" | "idempotency_in_flight").
    """
    if call.idempotency_key is None:
        return answer()
    database, scope = call.runtime.database, call.scope
    claim = Claim("native", call.idempotency_key, call.now)
    with database.transaction() as tx:
        begun = keys.begin(tx, scope, claim, request_hash=_hash_of(asked), keeps_for_ever=operation.money)
    if begun.stored is not None:
        return _again(begun.stored)
    if begun.outcome in ("reused", "in_flight"):
        raise Refused("idempotency_key_reused" if begun.outcome == "reused" else "idempotency_in_flight")
    response = answer()
    with database.transaction() as tx:
        if response.status >= 500 or response.status in _NOT_KEPT:
            keys.free(tx, scope, claim)
        else:
            kept = {name: value for name, value in response.headers if name in _KEPT_HEADERS} | {"content-type": response.media_type}
            keys.finish(tx, scope, claim, status=response.status, headers=kept, body=response.whole, now=call.runtime.clock())
    return response


def _again(stored: Stored) -> Response:
    headers = tuple((name, value) for name, value in stored.headers.items() if name != "content-type")
    whole = Response(stored.status, stored.body, stored.headers["content-type"], headers=headers)
    return replace(whole, headers=(*whole.headers, ("idempotent-replayed", "true")))


def _hash_of(asked: Asked) -> bytes:
    """What makes a request this one: method, path, query and body, byte by byte."""
    parts = (asked.method.encode(), asked.path.encode(), asked.raw_query, asked.body)
    return sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()
