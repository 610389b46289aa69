"""What a handler is given: who calls, what is asked for, and the runtime to answer with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portico.domain.scope import StoreScope
from portico.services.runtime import Runtime
from portico.storage.api_key import ApiKey
from portico.storage.store import StoreRow


@dataclass(frozen=True, slots=True)
class Call:
    """One request that has passed the door.

    `store` and `scope` are the key's; nothing in a request can name another. `ids` are those of the path, in the shape of an id.
    `body` and `query` are of the operation's types. `now` is the real time. `actor` is whom history names: "key:KEY_…".
    `idempotency_key` is what the client sent, or None; `accept` which kind of answer it wants, as it was sent.
    """

    runtime: Runtime
    store: StoreRow
    scope: StoreScope
    key: ApiKey
    ids: Mapping[str, str]
    query: Any
    body: Any
    dry_run: bool
    request_id: str
    now: datetime
    idempotency_key: str | None = None
    accept: str = ""

    @property
    def id(self) -> str:
        """The path's `{id}`."""
        return self.ids["id"]

    @property
    def actor(self) -> str:
        return f"key:{self.key.id}"
