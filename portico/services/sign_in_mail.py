"""Sends the mail that somebody asked for at the sign-in page. Run by a worker, never by the request."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from portico.domain.buyer import Buyer
from portico.domain.scope import Environment, StoreScope
from portico.domain.sign_in import CODE_BYTES, LINK_SECONDS, LIVE_LINKS, format_code, normalise_code
from portico.services import mail, portal_address, secrets
from portico.services.runtime import Runtime
from portico.storage import buyer, sign_in, store
from portico.storage.sign_in import SignInRequest
from portico.storage.store import StoreRow

_NOBODY = "nobody@localhost"


@dataclass(frozen=True, slots=True)
class _Minted:
    """A request with its fresh link and code in the clear. Lives in memory while the mail is sent, and nowhere else."""

    request: SignInRequest
    store: StoreRow
    owner: Buyer | None
    token: str
    code: str
    now: datetime


def send(runtime: Runtime, *, store_id: str, environment: Environment, request_id: str, email: str) -> None:
    """Mints link and code for a request and mails them to the address stored with the buyer. Raises MailFailure.

    Each call mints anew, which voids what an earlier call may have mailed. A request that was held back, used or voided gets
    nothing. An address without a buyer is treated alike up to the very sending, so that the machine's load tells nothing.
    """
    scope = StoreScope(store_id, environment)
    with runtime.database.transaction() as tx:
        minted = _mint(tx, runtime, scope, request_id, email)
    if minted is None:
        return
    owner = minted.owner
    message = mail.compose(
        runtime,
        minted.store,
        environment,
        "sign_in",
        language=(owner.locale if owner else None) or minted.request.language,
        recipient=owner.email if owner else _NOBODY,
        message_id=f"{request_id}.{minted.now:%Y%m%d%H%M%S%f}",  # another for each try, since each holds another code
        now=minted.now,
        link=portal_address.sign_in_link(runtime, minted.store.slug, environment, minted.token),
        code=minted.code,
        minutes=LINK_SECONDS // 60,
        requested_at=minted.request.requested_at,
    )
    if owner is not None:
        runtime.mailer.send(message)


def _mint(tx: sa.Connection, runtime: Runtime, scope: StoreScope, request_id: str, email: str) -> _Minted | None:
    now = runtime.clock()
    open_requests = sign_in.lock_open(tx, scope, secrets.email_hash(runtime.secret, scope, email))
    request = next((r for r in open_requests if r.id == request_id), None)
    if request is None:
        return None
    owner = buyer.by_email(tx, scope, email)
    token, code = secrets.new_token(runtime.random_bytes), format_code(runtime.random_bytes(CODE_BYTES))
    sign_in.mint(
        tx,
        scope,
        request_id,
        buyer_id=owner.id if owner else None,
        token_hash=secrets.hash_token(token),
        code_hash=secrets.code_hash(runtime.secret, request_id, normalise_code(code) or ""),
        now=now,
        expires_at=now + timedelta(seconds=LINK_SECONDS),
    )
    sign_in.void(tx, scope, _too_many([r for r in open_requests if r.id != request_id], now), now)
    return _Minted(request, store.get(tx, scope.store_id), owner, token, code, now)


def _too_many(others: list[SignInRequest], now: datetime) -> list[str]:
    """Which of an address's other links must go so that no more than LIVE_LINKS live. Those asked for from a browser the buyer
    has used before stay longest, so that a stranger who keeps asking does not void the buyer's own."""
    live = [r for r in others if r.expires_at is not None and r.expires_at > now]
    live.sort(key=lambda r: (r.known_browser, r.minted_at or now, r.id), reverse=True)
    return [r.id for r in live[LIVE_LINKS - 1 :]]
