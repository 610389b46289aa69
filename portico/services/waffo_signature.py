"""What proves that a webhook of the Waffo format is ours: one RSA key for each environment of a store, made when it is first needed."""

import base64
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from portico.domain.scope import StoreScope
from portico.services.late import Late
from portico.services.runtime import Runtime
from portico.services.secrets import keyed
from portico.storage import signing_key

if TYPE_CHECKING:
    from portico.services import rsa
else:
    rsa = Late("portico.services.rsa")

HEADER = "X-Waffo-Signature"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def header(runtime: Runtime, scope: StoreScope, body: bytes, at: datetime) -> str:
    """The value of X-Waffo-Signature for a body that is sent `at`: "t=<milliseconds>,v1=<base64 of the signature of t.body>".

    Every attempt is signed anew: receivers take nothing that was signed more than 45 minutes ago, and an attempt may come days later.
    """
    private_der, _ = _pair(runtime, scope)
    elapsed = at - _EPOCH
    stamp = str((elapsed.days * 86_400 + elapsed.seconds) * 1000 + elapsed.microseconds // 1000)
    signature = rsa.sign(private_der, stamp.encode() + b"." + body)
    return f"t={stamp},v1={base64.b64encode(signature).decode()}"


def public_key(runtime: Runtime, scope: StoreScope) -> str:
    """The key that receivers check signatures with, as PEM."""
    return _pair(runtime, scope)[1]


def _pair(runtime: Runtime, scope: StoreScope) -> tuple[bytes, str]:
    with runtime.database.read() as connection:
        kept = signing_key.get(connection, scope)
    if kept is None:
        kept = _made(runtime, scope)
    return rsa.unseal(_sealed_with(runtime), kept.private_key, _about(scope)), kept.public_key


def _made(runtime: Runtime, scope: StoreScope) -> signing_key.SigningKey:
    """A new key; the one of another process that was quicker, if there is one."""
    private_der, public_pem = rsa.new_pair()
    sealed = rsa.seal(_sealed_with(runtime), runtime.random_bytes(rsa.NONCE_BYTES), private_der, _about(scope))
    with runtime.database.transaction() as tx:
        signing_key.put(tx, scope, private_key=sealed, public_key=public_pem, now=runtime.clock())
        kept = signing_key.get(tx, scope)
    if kept is None:
        raise LookupError("the key that was just put is not there")
    return kept


def _sealed_with(runtime: Runtime) -> bytes:
    return keyed(runtime.secret, "signing keys")


def _about(scope: StoreScope) -> bytes:
    return f"{scope.store_id} {scope.environment}".encode()
