"""Who asks: one of three kinds of credential, each with headers of its own.

merchant: X-Merchant-Id, X-Timestamp (seconds) and X-Signature, by RSA over "METHOD\\nPATH\\nTIMESTAMP\\nbase64(SHA-256 of the body)";
the key says the environment. customer: `Authorization: Bearer <JWT>` with X-Environment. visitor: X-Store-Slug with X-Environment.

Whatever is wrong with a credential that is complete has the same answer, so that nobody learns which merchants and stores there are.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from portico.api.waffo.asker import Asker
from portico.api.waffo.envelope import Trouble, trouble
from portico.domain.errors import Refused
from portico.domain.ids import is_id
from portico.domain.scope import ENVIRONMENTS, Environment, StoreScope
from portico.http.asked import Asked
from portico.services import rsa, waffo_token
from portico.services.runtime import Runtime
from portico.storage import merchant_key
from portico.storage import store as stores
from portico.storage.store import StoreRow

_TIMESTAMP = re.compile(r"[0-9]{9,11}")
_LONGEST_SIGNATURE = 1400  # base64 of 8192 bits
_FAILED = "Authentication failed"


@dataclass(frozen=True, slots=True)
class Proven:
    """Who asks, and with what: the store of a customer or visitor; a merchant's key, when that was last noted to be in use, its
    signature and when that was made."""

    asker: Asker
    store: StoreRow | None = None
    key_id: str = ""
    key_noted_at: datetime | None = None
    signature: bytes = b""
    signed_at: datetime | None = None


def prove(runtime: Runtime, asked: Asked) -> Proven:
    """Who asks. Raises Trouble: 400 when the headers of a credential are not complete, 401 when it opens nothing."""
    signed = [asked.header(name) for name in ("x-merchant-id", "x-timestamp", "x-signature")]
    bearer, slug = asked.header("authorization"), asked.header("x-store-slug")
    if sum((any(signed), bearer is not None, slug is not None)) > 1:
        raise trouble(400, "More than one kind of credential", "gateway", "Send the headers of one kind alone.")
    if any(signed):
        return _signed(runtime, asked, *(value or "" for value in signed))
    if bearer is not None:
        return _customer(runtime, bearer, _environment(asked, "Incomplete JWT authentication headers"))
    if slug is not None:
        return _visitor(runtime, slug, _environment(asked, "Incomplete store slug headers"))
    raise trouble(401, "Missing authentication", "gateway")


def _signed(runtime: Runtime, asked: Asked, merchant_id: str, stamp: str, signature_text: str) -> Proven:
    if not (merchant_id and stamp and signature_text):
        raise trouble(400, "Incomplete API key authentication headers", "gateway")
    signature = _decoded(signature_text)
    if not is_id("MER", merchant_id) or not _TIMESTAMP.fullmatch(stamp) or not signature:
        raise _failed()
    with runtime.database.read() as connection:
        keys = merchant_key.of_merchant(connection, merchant_id)
    body_hash = base64.b64encode(sha256(asked.body).digest()).decode()
    message = f"{asked.method}\n{asked.path}\n{stamp}\n{body_hash}".encode()
    key = next((key for key in keys if rsa.is_signed(key.public_key, signature, message)), None)
    if key is None:
        raise _failed()
    now, signed_at = runtime.clock(), datetime.fromtimestamp(int(stamp), tz=runtime.clock().tzinfo)
    if not -timedelta(seconds=runtime.waffo_past_seconds) <= signed_at - now <= timedelta(seconds=runtime.waffo_future_seconds):
        raise trouble(401, _FAILED, "gateway", f"X-Timestamp is out of the window; it is {int(now.timestamp())} here.")
    asker = Asker("merchant", merchant_id, key.environment, actor=f"key:{key.id}")
    return Proven(asker, key_id=key.id, key_noted_at=key.last_used_at, signature=signature, signed_at=signed_at)


def _customer(runtime: Runtime, bearer: str, environment: Environment) -> Proven:
    scheme, _, token = bearer.partition(" ")
    if scheme.lower() != "bearer":
        raise _failed()
    try:
        vouched = waffo_token.read(runtime, token.strip())
    except Refused as refused:
        raise trouble(401, "Token has expired", "user") if refused.code == "token_expired" else _failed() from None
    if vouched.scope.environment != environment:
        raise _failed()
    with runtime.database.read() as connection:
        row = stores.get(connection, vouched.scope.store_id)  # which we said ourselves
    buyer = waffo_token.buyer_of(runtime, vouched.scope, vouched.identity)
    asker = Asker("customer", row.merchant_id, environment, vouched.scope, buyer, vouched.identity, actor="buyer")
    return Proven(asker, row)


def _visitor(runtime: Runtime, slug: str, environment: Environment) -> Proven:
    with runtime.database.read() as connection:
        row = stores.by_slug(connection, slug) if len(slug) <= 63 else None
    if row is None or row.deleted_at is not None:
        raise _failed()
    return Proven(Asker("visitor", row.merchant_id, environment, StoreScope(row.id, environment), actor="visitor"), row)


def _environment(asked: Asked, incomplete: str) -> Environment:
    said = asked.header("x-environment")
    if not said:
        raise trouble(400, incomplete, "gateway", "X-Environment is test or prod.")
    environment: Environment | None = next((known for known in ENVIRONMENTS if known == said), None)
    if environment is None:
        raise trouble(400, "Invalid X-Environment", "gateway", "X-Environment is test or prod.")
    return environment


def _decoded(signature: str) -> bytes:
    try:
        return base64.b64decode(signature, validate=True) if len(signature) <= _LONGEST_SIGNATURE else b""
    except (binascii.Error, ValueError):
        return b""


def _failed() -> Trouble:
    return trouble(401, _FAILED, "gateway")
