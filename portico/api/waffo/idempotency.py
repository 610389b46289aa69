"""X-Idempotency-Key: the first success under a key is what every later request under it gets, for a day.

The key alone says what is meant, whatever else the requests are; what failed leaves it free. A customer's and a visitor's keys are
apart from everybody else's: else a guessed key would show one buyer what another got. Answers hold tokens and links, so they are kept
sealed: a copy of the database opens nothing.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from portico.api.waffo.credentials import Proven
from portico.api.waffo.envelope import trouble
from portico.domain.scope import StoreScope
from portico.http.asked import Asked
from portico.http.response import JSON, Response
from portico.services import rsa
from portico.services.runtime import Runtime
from portico.services.secrets import keyed
from portico.storage import idempotency as keys
from portico.storage import store as stores
from portico.storage.idempotency import Claim

_KEY = re.compile(r"[A-Za-z0-9_-]{1,256}")
_KEPT = timedelta(hours=24)
_ANYTHING = sha256(b"the key alone is the identity").digest()


@dataclass(frozen=True, slots=True)
class Held:
    """A key that is ours until the request is answered."""

    runtime: Runtime
    scope: StoreScope
    claim: Claim

    def keep(self, response: Response) -> None:
        with self.runtime.database.transaction() as tx:
            now = self.runtime.clock()
            keys.finish(tx, self.scope, self.claim, status=response.status, headers={}, body=self._sealed(response.whole), now=now)

    def _sealed(self, body: bytes) -> bytes:
        nonce = self.runtime.random_bytes(rsa.NONCE_BYTES)
        return rsa.seal(_sealed_with(self.runtime), nonce, body, _about(self.scope, self.claim))

    def free(self) -> None:
        with self.runtime.database.transaction() as tx:
            keys.free(tx, self.scope, self.claim)


def key_of(asked: Asked) -> str | None:
    """The key of a request, if it has one. Raises Trouble(400)."""
    key = asked.header("x-idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        raise trouble(400, "Invalid X-Idempotency-Key", "gateway", "At most 256 letters, digits, hyphens and underscores.")
    return key


def hold(runtime: Runtime, proven: Proven, key: str, asked: Asked) -> Held | Response:
    """Takes a key for this request, or gives what the first one got. Raises Trouble(409) while that is being answered."""
    scope, credential = _owner(runtime, proven, asked)
    claim = Claim("waffo", key, runtime.clock(), credential)
    with runtime.database.transaction() as tx:
        keys.forget(tx, scope, claim, before=claim.claimed_at - _KEPT)
        begun = keys.begin(tx, scope, claim, request_hash=_ANYTHING, keeps_for_ever=False)
    if begun.stored is not None:
        body = rsa.unseal(_sealed_with(runtime), begun.stored.body, _about(scope, claim))
        return Response(begun.stored.status, body, JSON, headers=(("idempotent-replayed", "true"),))
    if begun.outcome not in ("new", "taken_over"):
        raise trouble(409, "A request with this idempotency key is being answered", "gateway")
    return Held(runtime, scope, claim)


def _owner(runtime: Runtime, proven: Proven, asked: Asked) -> tuple[StoreScope, str]:
    """Whose keys these are. A merchant's are kept with its oldest store."""
    asker = proven.asker
    if asker.scope is None:
        with runtime.database.read() as connection:
            oldest = stores.of_merchant(connection, asker.merchant_id)[0]
        return StoreScope(oldest.id, asker.environment), asker.merchant_id
    whose = asker.identity.encode() if asker.role == "customer" else asked.path.encode() + asked.body
    return asker.scope, f"{asker.role[0]}{sha256(whose).hexdigest()[:50]}"


def _sealed_with(runtime: Runtime) -> bytes:
    return keyed(runtime.secret, "waffo answers")


def _about(scope: StoreScope, claim: Claim) -> bytes:
    """What an answer is bound to: the row that it is kept in."""
    return "\n".join((scope.store_id, scope.environment, claim.credential, claim.key)).encode()
