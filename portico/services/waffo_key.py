"""Keys with which a merchant's server signs requests on the Waffo surface. We hold the public part alone."""

from hashlib import sha256
from typing import TYPE_CHECKING

from portico.domain.errors import Conflict, NotFound, Refused
from portico.domain.scope import StoreScope
from portico.services.late import Late
from portico.services.runtime import Runtime
from portico.storage import audit, merchant_key
from portico.storage import store as stores
from portico.storage.merchant_key import MerchantKey

if TYPE_CHECKING:
    from portico.services import rsa
else:
    rsa = Late("portico.services.rsa")

MOST = 10  # live ones of a merchant: every signature is tried against all of them


def add(runtime: Runtime, scope: StoreScope, public_key: str, *, name: str = "", actor: str = "operator") -> MerchantKey:
    """Registers a key for the merchant of a store: good in this environment of all of its stores. `public_key` may be a PEM (SPKI or
    PKCS#1) or bare base64.

    Raises Refused: "public_key_format", "public_key_known" when the merchant has, or had, this key, "too_many_keys" beyond MOST.
    """
    pem = rsa.readable(public_key)
    now = runtime.clock()
    with runtime.database.transaction() as tx:
        merchant_id = stores.get(tx, scope.store_id).merchant_id
        if len(merchant_key.of_merchant(tx, merchant_id)) >= MOST:
            raise Refused("too_many_keys", f"the merchant has {MOST} keys already; revoke one first")
        key = MerchantKey(runtime.new_id("KEY"), merchant_id, scope.environment, name, pem, sha256(rsa.der(pem)).digest(), now, None, None)
        try:
            merchant_key.create(tx, key)
        except Conflict:
            raise Refused("public_key_known", "the merchant has, or had, this key already; make a new one") from None
        audit.record(tx, scope, actor=actor, action="waffo_key.added", subject=key.id, now=now)
    return key


def every(runtime: Runtime, store_id: str) -> tuple[MerchantKey, ...]:
    """All keys of the merchant of a store, revoked ones too, oldest first."""
    with runtime.database.read() as connection:
        return merchant_key.every_of_merchant(connection, stores.get(connection, store_id).merchant_id)


def revoke(runtime: Runtime, store_id: str, key_id: str, *, actor: str = "operator") -> None:
    """Ends a key for ever. Raises NotFound when the merchant has no such live key."""
    now = runtime.clock()
    with runtime.database.transaction() as tx:
        merchant_id = stores.get(tx, store_id).merchant_id
        found = next((key for key in merchant_key.of_merchant(tx, merchant_id) if key.id == key_id), None)
        if found is None or not merchant_key.revoke(tx, merchant_id, key_id, now):
            raise NotFound(f"there is no live key {key_id!r} of this merchant")
        audit.record(tx, StoreScope(store_id, found.environment), actor=actor, action="waffo_key.revoked", subject=key_id, now=now)
