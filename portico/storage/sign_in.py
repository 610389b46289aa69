"""Requests to sign in: one row per request, whether the address is known or not, and only hashes of what was mailed."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

import sqlalchemy as sa

from portico.domain.scope import StoreScope
from portico.storage.scoped import in_store, store_values
from portico.storage.tables import sign_in_request as table


@dataclass(frozen=True, slots=True)
class SignInRequest:
    """`email_hash`, `browser_hash`, `token_hash` and `code_hash` are 32 bytes. `minted_at` is when link and code were made.

    `held`: the request came over a limit; it looks like any other, but nothing is minted and no mail is sent.
    `known_browser`: it came from a browser that has signed in to this address before.
    `buyer_id` is None until minted, and stays None when the address has no buyer.
    """

    id: str
    email_hash: bytes
    browser_hash: bytes
    language: str
    return_path: str
    requested_at: datetime
    held: bool
    known_browser: bool
    buyer_id: str | None = None
    token_hash: bytes | None = None
    code_hash: bytes | None = None
    minted_at: datetime | None = None
    expires_at: datetime | None = None
    tries: int = 0
    used_at: datetime | None = None
    voided_at: datetime | None = None


_COLUMNS = [table.c[f.name] for f in fields(SignInRequest)]
_IN_STORE = in_store(table)
_OPEN = table.c.used_at.is_(None) & table.c.voided_at.is_(None) & ~table.c.held
_INSERT = sa.insert(table)
_LOCK_OPEN = (
    sa.select(*_COLUMNS)
    .where(_IN_STORE, table.c.email_hash == sa.bindparam("p_email_hash"), _OPEN)
    .order_by(table.c.id)  # one order for all, so that two transactions never wait for each other
    .with_for_update()
)
_BY_TOKEN_HASH = sa.select(*_COLUMNS).where(_IN_STORE, table.c.token_hash == sa.bindparam("p_token_hash"))
_BY_BROWSER = (
    sa.select(*_COLUMNS)
    .where(_IN_STORE, table.c.browser_hash == sa.bindparam("p_browser_hash"), table.c.requested_at > sa.bindparam("p_since"))
    .order_by(table.c.requested_at.desc(), table.c.id.desc())
    .limit(sa.bindparam("p_limit"))
)
_MINT = (
    sa.update(table)
    .where(_IN_STORE, table.c.id == sa.bindparam("p_id"), _OPEN)
    .values(
        buyer_id=sa.bindparam("p_buyer_id"),
        token_hash=sa.bindparam("p_token_hash"),
        code_hash=sa.bindparam("p_code_hash"),
        minted_at=sa.bindparam("p_now"),
        expires_at=sa.bindparam("p_expires_at"),
    )
)
_COUNT_TRY = (
    sa.update(table)
    .where(_IN_STORE, table.c.id.in_(sa.bindparam("p_ids", expanding=True)), table.c.tries < sa.bindparam("p_allowed"))
    .values(tries=table.c.tries + 1)
    .returning(table.c.id)
)
_REDEEM = (
    sa.update(table)
    .where(
        _IN_STORE,
        table.c.id == sa.bindparam("p_id"),
        table.c.browser_hash == sa.bindparam("p_browser_hash"),
        table.c.buyer_id.is_not(None),
        _OPEN,
        table.c.expires_at > sa.bindparam("p_now"),
    )
    .values(used_at=sa.bindparam("p_now"))
    .returning(table.c.buyer_id)
)
_VOID = (
    sa.update(table).where(_IN_STORE, table.c.id.in_(sa.bindparam("p_ids", expanding=True)), _OPEN).values(voided_at=sa.bindparam("p_now"))
)
_VOID_OPEN = (
    sa.update(table).where(_IN_STORE, table.c.email_hash == sa.bindparam("p_email_hash"), _OPEN).values(voided_at=sa.bindparam("p_now"))
)


def insert(tx: sa.Connection, scope: StoreScope, request: SignInRequest) -> None:
    """Keeps a new request."""
    values = {f.name: getattr(request, f.name) for f in fields(SignInRequest)}
    tx.execute(_INSERT, {**values, "store_id": scope.store_id, "environment": scope.environment})


def lock_open(tx: sa.Connection, scope: StoreScope, email_hash: bytes) -> list[SignInRequest]:
    """The requests of an address that are neither used, voided nor held back, expired or not; locked until the transaction ends."""
    return _all(tx.execute(_LOCK_OPEN, {**store_values(scope), "p_email_hash": email_hash}))


def by_token_hash(tx: sa.Connection, scope: StoreScope, token_hash: bytes) -> SignInRequest | None:
    """The request whose latest link holds this token."""
    return _first(tx.execute(_BY_TOKEN_HASH, {**store_values(scope), "p_token_hash": token_hash}))


def by_browser(tx: sa.Connection, scope: StoreScope, browser_hash: bytes, since: datetime, limit: int) -> list[SignInRequest]:
    """The last `limit` requests this browser made after `since`, newest first."""
    return _all(tx.execute(_BY_BROWSER, {**store_values(scope), "p_browser_hash": browser_hash, "p_since": since, "p_limit": limit}))


def mint(
    tx: sa.Connection,
    scope: StoreScope,
    request_id: str,
    *,
    buyer_id: str | None,
    token_hash: bytes,
    code_hash: bytes,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Puts the hashes of a new link and code on a request; those it had before are thereby void."""
    given = {"p_buyer_id": buyer_id, "p_token_hash": token_hash, "p_code_hash": code_hash, "p_now": now, "p_expires_at": expires_at}
    tx.execute(_MINT, {**store_values(scope), "p_id": request_id, **given})


def count_try(tx: sa.Connection, scope: StoreScope, request_ids: Sequence[str], allowed: int) -> set[str]:
    """Counts one typed code against these requests; gives those that had fewer than `allowed` before."""
    return set(tx.execute(_COUNT_TRY, {**store_values(scope), "p_ids": list(request_ids), "p_allowed": allowed}).scalars())


def redeem(tx: sa.Connection, scope: StoreScope, request_id: str, browser_hash: bytes, now: datetime) -> str | None:
    """Uses a request up and gives its buyer's id; None if it is used, void, expired, unminted, another browser's or nobody's.

    One statement decides, so of any number at once exactly one gets the id.
    """
    return tx.execute(_REDEEM, {**store_values(scope), "p_id": request_id, "p_browser_hash": browser_hash, "p_now": now}).scalar()


def void(tx: sa.Connection, scope: StoreScope, request_ids: Sequence[str], now: datetime) -> None:
    """Ends these requests unless they are over already."""
    tx.execute(_VOID, {**store_values(scope), "p_ids": list(request_ids), "p_now": now})


def void_open(tx: sa.Connection, scope: StoreScope, email_hash: bytes, now: datetime) -> None:
    """Ends every request of an address that is still open, mailed or not."""
    tx.execute(_VOID_OPEN, {**store_values(scope), "p_email_hash": email_hash, "p_now": now})


def _first(result: sa.CursorResult[tuple[object, ...]]) -> SignInRequest | None:
    row = result.first()
    return None if row is None else SignInRequest(*row)  # type: ignore[arg-type]  # columns are the fields, in order


def _all(result: sa.CursorResult[tuple[object, ...]]) -> list[SignInRequest]:
    return [SignInRequest(*row) for row in result]  # type: ignore[arg-type]
