"""The door of every action: who asks, how often, for what, and for the first time? Then the handler, then the envelope."""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, cast

import msgspec
import structlog

from portico.api.limits import Limits
from portico.api.waffo import idempotency, said
from portico.api.waffo.action import Action, Call, lacking, read_fields
from portico.api.waffo.credentials import Proven, prove
from portico.api.waffo.envelope import Layer, Notice, Trouble, failure, success, trouble
from portico.domain.errors import PorticoError
from portico.http.asked import Asked
from portico.http.response import Response
from portico.services import network
from portico.services.runtime import Runtime
from portico.storage import merchant_key, rate_limit
from portico.storage.database import is_unavailable

# How long after it was signed the very same request may come again.
_TWIN_SECONDS = 10

log = structlog.get_logger("portico.api.waffo")


@dataclass(frozen=True, slots=True)
class Door:
    """What every request passes. One per process; `limits` counts the requests this process has answered."""

    runtime: Runtime
    limits: Limits

    def admit(self, asked: Asked) -> Proven:
        """Who asks, unless too often. Raises Trouble.

        A credential that holds is let in however many wrong ones come from its network: else whoever shares the address could lock a
        shop out."""
        now = self.runtime.clock()
        try:
            proven = prove(self.runtime, asked)
        except Trouble:
            self._take(f"network {network.of(asked.client)}", self.runtime.api_failures_per_minute)
            raise
        asker = proven.asker
        who = asker.merchant_id if asker.role == "merchant" else f"{asker.scope} {asker.identity or network.of(asked.client)}"
        self._take(f"{asker.role} {asker.environment} {who}", self.runtime.api_requests_per_minute)
        noted_at = proven.key_noted_at
        if proven.key_id and (noted_at is None or now - noted_at > merchant_key.NOTED_EVERY):  # a write costs more than most requests
            with self.runtime.database.transaction() as tx:
                merchant_key.touch(tx, proven.key_id, now)
        return proven

    def _take(self, who: str, limit: int) -> None:
        allowance = self.limits.take(who, limit, self.runtime.clock())
        if not allowance.ok:
            wait = (("retry-after", str(max(1, allowance.reset_seconds))),)
            raise Trouble(429, Notice("Too many requests", "gateway"), headers=(*allowance.headers, *wait))

    def answer(self, action: Action, asked: Asked) -> Response:
        """The answer to one request. Whatever goes wrong becomes an envelope."""
        try:
            return self._answer(action, self.admit(asked), asked)
        except Exception as error:
            return refused(error, action.layer, action.name)

    def _answer(self, action: Action, proven: Proven, asked: Asked) -> Response:
        if proven.asker.role not in action.roles:
            raise trouble(403 if action.name == "checkout/create-session" else 400, lacking(action), "gateway")
        warnings: list[Notice] = []
        fields = read_fields(action, read_body(asked), warnings)
        if action.writes and proven.signature:
            self._spend(action, proven)
        call = Call(self.runtime, proven.asker, action.layer, fields, self.runtime.clock(), proven.store, warnings)
        key = idempotency.key_of(asked)
        if key is None or not action.writes:
            return success(action.handler(call), call.warnings)
        held = idempotency.hold(self.runtime, proven, key, asked)
        if isinstance(held, Response):
            return held
        try:
            response = success(action.handler(call), call.warnings)
        except BaseException:
            held.free()
            raise
        held.keep(response)
        return response

    def _spend(self, action: Action, proven: Proven) -> None:
        """A signature is good for one request: who has overheard one can do nothing with it. It is remembered for longer than it is
        good."""
        now, runtime = self.runtime.clock(), self.runtime
        window = runtime.waffo_past_seconds + runtime.waffo_future_seconds + 1
        key = sha256(b"portico waffo signature" + window.to_bytes(4, "big") + proven.signature).digest()
        with runtime.database.transaction() as tx:
            seen = rate_limit.hit(tx, key, now, window, stop_at=2)
        is_twin = not action.once and proven.signed_at is not None and now - proven.signed_at < timedelta(seconds=_TWIN_SECONDS)
        if seen > 1 and not is_twin:
            raise trouble(409, "This very request was answered before", "gateway", "Sign it anew, with the time of now.")


def read_body(asked: Asked) -> dict[str, Any]:
    """The body's object. Raises Trouble(400)."""
    try:
        decoded = msgspec.json.decode(asked.body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # the last: brackets within brackets, by the thousand
        decoded = None
    if not isinstance(decoded, dict):
        raise trouble(400, "The request body must be a JSON object", "gateway")
    return cast(dict[str, Any], decoded)


def refused(error: Exception, layer: Layer, where: str) -> Response:
    """The envelope for whatever went wrong."""
    if isinstance(error, Trouble):
        log.info("refused", action=where, status=error.status, said=str(error))
        return failure(error.status, error.notices, error.headers)
    if isinstance(error, PorticoError):
        status, notices = said.of_error(error, layer)
        log.info("refused", action=where, status=status, code=error.code)
        return failure(status, notices)
    if is_unavailable(error):
        log.warning("unavailable", action=where, error=type(error).__name__)
        return failure(503, (Notice("Temporarily unavailable", "gateway"),), (("retry-after", "5"),))
    log.error("crash", action=where, exc_info=error)
    return failure(500, (Notice("Something went wrong on our side", "gateway"),))
