"""Customer tokens of the Waffo surface: a merchant's server vouches for one of its users, for five minutes, in one store.

A token says for itself who made it, for whom, where and until when; nothing is kept of it, and it opens nothing but the actions that
say so.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from portico.domain.buyer import canonical_email
from portico.domain.errors import Invalid, Refused
from portico.domain.scope import ENVIRONMENTS, BuyerScope, Environment, StoreScope
from portico.services.late import Late
from portico.services.runtime import Runtime
from portico.services.secrets import keyed
from portico.storage import buyer as buyers

if TYPE_CHECKING:
    from portico.services import jwt
else:
    jwt = Late("portico.services.jwt")

LIFETIME = timedelta(minutes=5)
LONGEST_IDENTITY = 254  # characters: as long as an e-mail address may be
_LONGEST = 2048


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom a merchant vouches for: `identity` is its own id of the user, or an e-mail address."""

    scope: StoreScope
    identity: str
    expires_at: datetime


def issue(runtime: Runtime, scope: StoreScope, identity: str) -> tuple[str, datetime]:
    """A token for a user of the merchant's, and until when it is good."""
    now = runtime.clock().replace(microsecond=0)
    expires_at = now + LIFETIME
    claims = {
        "iss": runtime.origin, "sub": identity, "store": scope.store_id, "env": scope.environment,
        "iat": int(now.timestamp()), "exp": int(expires_at.timestamp()),
    }  # fmt: skip
    return jwt.make(_key(runtime), claims), expires_at


def read(runtime: Runtime, text: str) -> Vouched:
    """Whom a token is for. Raises Refused: "token_invalid" when it is none of ours, "token_expired" when its time is over."""
    claims = jwt.read(_key(runtime), text) if len(text) <= _LONGEST else None
    if claims is None:
        raise Refused("token_invalid")
    store_id, identity, until = claims.get("store"), claims.get("sub"), claims.get("exp")
    environment: Environment | None = next((known for known in ENVIRONMENTS if known == claims.get("env")), None)
    if claims.get("iss") != runtime.origin or environment is None or type(until) is not int:
        raise Refused("token_invalid")
    if not isinstance(store_id, str) or not isinstance(identity, str):
        raise Refused("token_invalid")
    expires_at = datetime.fromtimestamp(until, UTC)
    if runtime.clock() >= expires_at:
        raise Refused("token_expired")
    return Vouched(StoreScope(store_id, environment), identity, expires_at)


def buyer_of(runtime: Runtime, scope: StoreScope, identity: str) -> BuyerScope | None:
    """The buyer whom a merchant means: by its own id of him, or else, where that is an e-mail address, by that."""
    with runtime.database.read() as connection:
        found = buyers.by_external_id(connection, scope, identity)
        if found is None and "@" in identity:
            with suppress(Invalid):
                found = buyers.by_email(connection, scope, canonical_email(identity))
    return None if found is None else BuyerScope(scope.store_id, scope.environment, found.id)


def _key(runtime: Runtime) -> bytes:
    return keyed(runtime.secret, "customer token")
