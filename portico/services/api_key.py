"""Keys with which a merchant's server speaks to Portico. The key itself is shown once, when it is made; only its hash is kept."""

from dataclasses import dataclass, field

from portico.domain.errors import NotFound
from portico.domain.scope import StoreScope
from portico.services.runtime import Runtime
from portico.services.secrets import hash_token, new_token
from portico.storage import api_key, audit
from portico.storage.api_key import ApiKey
from portico.storage.store import StoreRow

_SHOWN_CHARS = 6  # of the random ones; the column holds 20


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made: `text` is the whole key and is never to be seen again, so it is kept out of `repr`."""

    id: str
    prefix: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Authenticated:
    """Whose key was given: the store, and which of its environments."""

    scope: StoreScope
    key: ApiKey
    store: StoreRow


def authenticate(runtime: Runtime, text: str) -> Authenticated | None:
    """Whose key this is; None for one that never was, or is revoked. `text` begins with "sk_test_" or "sk_prod_". When it was last
    used is noted once a minute: a write per request would cost more than most requests."""
    with runtime.database.read() as connection:
        found = api_key.by_hash(connection, hash_token(text))
    if found is None:
        return None
    who, now = Authenticated(*found), runtime.clock()
    if who.key.last_used_at is None or now - who.key.last_used_at > api_key.NOTED_EVERY:
        with runtime.database.transaction() as tx:
            api_key.touch(tx, who.key.id, now)
    return who


def create(runtime: Runtime, scope: StoreScope, *, name: str, actor: str = "operator") -> NewKey:
    """A new key for one environment of a store: "sk_test_" or "sk_prod_" and 43 random characters (256 bits)."""
    text = f"sk_{scope.environment}_{new_token(runtime.random_bytes)}"
    key = NewKey(runtime.new_id("KEY"), text[: len("sk_test_") + _SHOWN_CHARS], text)
    now = runtime.clock()
    with runtime.database.transaction() as tx:
        api_key.create(tx, scope, key.id, name=name, prefix=key.prefix, key_hash=hash_token(text), now=now)
        audit.record(tx, scope, actor=actor, action="create_key", subject=key.id, now=now)
    return key


def every(runtime: Runtime, scope: StoreScope) -> tuple[ApiKey, ...]:
    """All keys of one environment of a store, revoked ones too, oldest first."""
    with runtime.database.read() as connection:
        return api_key.list(connection, scope)


def revoke(runtime: Runtime, scope: StoreScope, key_id: str, *, actor: str = "operator") -> None:
    """Ends a key for ever. Raises NotFound when there is no such live key."""
    now = runtime.clock()
    with runtime.database.transaction() as tx:
        if not api_key.revoke(tx, scope, key_id, now):
            raise NotFound
        audit.record(tx, scope, actor=actor, action="revoke_key", subject=key_id, now=now)
