"""Signing in by e-mail: ask for a link, use the link or type the code, stay for thirty minutes, sign out.

How it works and why is told in docs/security.md. In one breath: asking does the same work whatever the address; a worker
mints link and code when the mail is sent; both work only in the browser that asked, once, for ten minutes; a refusal says
something particular only to somebody who holds the right link or code.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog

from portico.domain.buyer import Buyer, canonical_email
from portico.domain.errors import Refused
from portico.domain.portal_session import Flow
from portico.domain.scope import BuyerScope, Environment, StoreScope
from portico.domain.sign_in import CODE_TRIES, SESSION_SECONDS, normalise_code
from portico.services import secrets, sign_in_limits
from portico.services.runtime import Runtime
from portico.storage import audit, buyer, outbox, session, sign_in
from portico.storage.session import SessionRow
from portico.storage.sign_in import SignInRequest
from portico.storage.store import StoreRow

log = structlog.get_logger("portico.sign_in")

MAIL_JOB = "sign_in_mail"

_CODES_ARE_TRIED_FOR = timedelta(days=1)
_CODES_PER_BROWSER = 10
_CLOCK_SKEW = timedelta(seconds=60)
_RENEWED_WITHIN = timedelta(minutes=30)  # of a visit's end; later it is another visit


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A buyer is in. `session_token` goes into the session cookie and nowhere else; `known_browser` into a long-lived cookie,
    to be handed back to `request_link`; `return_path` is what `request_link` was given."""

    session_token: str
    expires_at: datetime
    buyer: Buyer
    return_path: str
    known_browser: str


def request_link(
    runtime: Runtime,
    store: StoreRow,
    environment: Environment,
    email_text: str,
    *,
    browser_token: str,
    language: str,
    network: str,
    known_browser: str = "",
    return_path: str = "",
) -> None:
    """Asks for a mail with a link and a code. Raises Invalid when the text is no e-mail address, and nothing else.

    A known address, an unknown one and one over its limits get the same statements and the same answer. `browser_token` is
    the binding cookie's value, `network` the client's IP address, `language` the page's, `known_browser` the cookie of an
    earlier sign-in, if any. `return_path` (at most 500 characters) comes back in SignedIn.
    """
    email = canonical_email(email_text)
    now = runtime.clock()
    scope = StoreScope(store.id, environment)
    email_hash = secrets.email_hash(runtime.secret, scope, email)
    visa = secrets.read_known_browser(runtime.secret, email_hash, known_browser, now)
    request_id = runtime.new_id("LNK")
    arguments = {"store_id": store.id, "environment": environment, "request_id": request_id, "email": email}
    with runtime.database.transaction() as tx:
        held = sign_in_limits.over_limit(tx, runtime.secret, scope, email_hash=email_hash, network=network, known_browser=visa, now=now)
        request = SignInRequest(
            id=request_id,
            email_hash=email_hash,
            browser_hash=secrets.hash_token(browser_token),
            language=language,
            return_path=return_path[:500],
            requested_at=now,
            held=held,
            known_browser=visa is not None,
        )
        sign_in.insert(tx, scope, request)
        outbox.add(tx, MAIL_JOB, arguments, now=now, lane="mail", key=request_id)
    # Logged, not audited: the trail is kept for ever, and anybody may ask as often as they like.
    log.info("sign_in_requested", request_id=request_id, held=held)


def redeem_link(
    runtime: Runtime, store: StoreRow, environment: Environment, token: str, *, browser_token: str, replaces: str = ""
) -> SignedIn:
    """Signs in with the token of a link. `replaces` is the session this browser had; it ends.

    Raises Refused: "link_unknown" (also for a link that a newer mail from the same request replaced), "link_used",
    "link_replaced", "link_expired", or "other_browser", which uses nothing up: the link still works where it was asked for.
    """
    with runtime.database.transaction() as tx:
        attempt = _Attempt(tx, runtime, StoreScope(store.id, environment), secrets.hash_token(browser_token), replaces, runtime.clock())
        outcome = _with_link(attempt, token)
    return _in_or_refused(outcome)


def redeem_code(
    runtime: Runtime, store: StoreRow, environment: Environment, typed: str, *, browser_token: str, replaces: str = ""
) -> SignedIn:
    """Signs in with the code of a mail, typed in the browser that asked. `replaces` is the session this browser had; it ends.

    Raises Refused: "code_format" (not counted), "code_not_requested" (this browser never asked), "code_wrong",
    "code_tries_used" (five tries a code), "code_link_only" (twenty wrong codes a day for an address, from wherever), and to
    somebody who typed a right one "code_used", "code_replaced" or "code_expired".
    """
    code = normalise_code(typed)
    if code is None:
        raise Refused("code_format")
    with runtime.database.transaction() as tx:
        attempt = _Attempt(tx, runtime, StoreScope(store.id, environment), secrets.hash_token(browser_token), replaces, runtime.clock())
        outcome = _with_code(attempt, code)
    return _in_or_refused(outcome)


def authenticate(runtime: Runtime, session_token: str) -> SessionRow | None:
    """The live session of a cookie's value, with its buyer and store: one statement. Ends for good at 30:00.

    The caller compares the store and environment with those of the page. A session that is refused once stays refused, even
    if the clock is set back; one that seems to come from the future is refused too.
    """
    now = runtime.clock()
    token_hash = secrets.hash_token(session_token)
    with runtime.database.read() as connection:
        found = session.find(connection, token_hash)
    if found is None or found.ended_at is not None:
        return None
    if found.created_at - _CLOCK_SKEW <= now < found.expires_at:
        return found
    with runtime.database.transaction() as tx:
        session.end(tx, token_hash, now)
    return None


def sign_out(runtime: Runtime, session_token: str) -> None:
    """Ends this session, if it is one."""
    now = runtime.clock()
    with runtime.database.transaction() as tx:
        end_session(tx, session_token, now, "signed_out")


def sign_out_everywhere(runtime: Runtime, scope: BuyerScope, *, actor: str = "buyer") -> None:
    """Ends every session of a buyer, and every link and code that is still under way."""
    with runtime.database.transaction() as tx:
        end_every_session(tx, runtime, scope, buyer.get(tx, scope).email, actor=actor)


def end_every_session(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, email: str, *, actor: str) -> None:
    """The same in the transaction of what makes it necessary; `email` is the address that links were sent to."""
    now = runtime.clock()
    sign_in.void_open(tx, scope, secrets.email_hash(runtime.secret, scope, email), now)
    session.end_all_for_buyer(tx, scope, now)
    audit.record(tx, scope, actor=actor, action="signed_out_everywhere", subject=scope.buyer_id, now=now)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """Somebody holds out a link or a code. `replaces` is the token of the session this browser had, or empty."""

    tx: sa.Connection
    runtime: Runtime
    scope: StoreScope
    browser_hash: bytes
    replaces: str
    now: datetime

    def has_expired(self, request: SignInRequest) -> bool:
        return request.expires_at is None or self.now >= request.expires_at

    def note(self, action: str, request: SignInRequest) -> None:
        audit.record(self.tx, self.scope, actor="visitor", action=action, subject=request.id, now=self.now)


def _with_link(attempt: _Attempt, token: str) -> SignedIn | str:
    tx, scope, token_hash = attempt.tx, attempt.scope, secrets.hash_token(token)
    found = sign_in.by_token_hash(tx, scope, token_hash)
    if found is None:
        return "link_unknown"
    open_requests = sign_in.lock_open(tx, scope, found.email_hash)
    request = next((r for r in open_requests if r.token_hash == token_hash), None)
    if request is None:
        return "link_replaced" if found.voided_at is not None else "link_used"
    if not attempt.has_expired(request) and request.browser_hash != attempt.browser_hash:
        attempt.note("sign_in_other_browser", request)
        return "other_browser"
    return _sign_in(attempt, request) or "link_expired"


def _with_code(attempt: _Attempt, code: str) -> SignedIn | str:
    """The codes that count are those of the address this browser asked for last. Each bears five tries, right or wrong."""
    tx, runtime, scope, now = attempt.tx, attempt.runtime, attempt.scope, attempt.now
    asked = sign_in.by_browser(tx, scope, attempt.browser_hash, since=now - _CODES_ARE_TRIED_FOR, limit=_CODES_PER_BROWSER)
    if not asked:
        return "code_not_requested"
    latest = asked[0]
    open_requests = {r.id: r for r in sign_in.lock_open(tx, scope, latest.email_hash)}
    candidates = [open_requests.get(r.id, r) for r in asked if r.email_hash == latest.email_hash]
    triable = sign_in.count_try(tx, scope, [r.id for r in candidates], CODE_TRIES)
    if latest.id not in triable:
        return "code_tries_used"
    if not sign_in_limits.may_try_code(tx, runtime.secret, latest.email_hash, now):
        attempt.note("sign_in_link_only", latest)
        return "code_link_only"
    request = next((r for r in candidates if r.id in triable and secrets.is_code(runtime.secret, r.id, code, r.code_hash)), None)
    if request is None:
        attempt.note("sign_in_code_wrong", latest)
        return "code_wrong"
    sign_in_limits.code_was_right(tx, runtime.secret, latest.email_hash, now)
    if request.id in open_requests:
        return _sign_in(attempt, request) or "code_expired"
    return "code_replaced" if request.voided_at is not None else "code_used"


def _sign_in(attempt: _Attempt, request: SignInRequest) -> SignedIn | None:
    """Uses the request up and opens a session. None if it has expired, or its buyer has another address by now."""
    tx, runtime, scope, now = attempt.tx, attempt.runtime, attempt.scope, attempt.now
    buyer_id = sign_in.redeem(tx, scope, request.id, attempt.browser_hash, now)
    if buyer_id is None:
        sign_in.void(tx, scope, [request.id], now)  # refused once is refused for ever, even if the clock is set back
        return None
    whole = BuyerScope(scope.store_id, scope.environment, buyer_id)
    owner = buyer.get(tx, whole)
    if secrets.email_hash(runtime.secret, scope, owner.email) != request.email_hash:
        return None
    sign_in.void_open(tx, scope, request.email_hash, now)
    replaced = end_session(tx, attempt.replaces, now, "session_replaced") if attempt.replaces else None
    token, expires_at = open_session(tx, runtime, whole, now, **_sent_from(replaced, whole, now))
    audit.record(tx, whole, actor="buyer", action="signed_in", subject=request.id, now=now)
    known_browser = secrets.new_known_browser(runtime.secret, runtime.random_bytes, request.email_hash, now)
    return SignedIn(token, expires_at, owner, request.return_path, known_browser)


def open_session(
    tx: sa.Connection,
    runtime: Runtime,
    scope: BuyerScope,
    now: datetime,
    *,
    return_url: str | None = None,
    flow: Flow | None = None,
    portal_session_id: str | None = None,
) -> tuple[str, datetime]:
    """Lets a buyer in: the session's token, which is kept nowhere but in the browser, and until when it is good. The rest says where
    the merchant's server had him come from."""
    token, expires_at = secrets.new_token(runtime.random_bytes), now + timedelta(seconds=SESSION_SECONDS)
    session.create(
        tx, scope, token_hash=secrets.hash_token(token), now=now, expires_at=expires_at, return_url=return_url, flow=flow,
        portal_session_id=portal_session_id,
    )  # fmt: skip
    return token, expires_at


def end_session(tx: sa.Connection, session_token: str, now: datetime, action: str) -> SessionRow | None:
    """Ends a session, if it is one, and tells which it was: alive until now, or over before."""
    token_hash = secrets.hash_token(session_token)
    found = session.find(tx, token_hash)
    if found is not None and session.end(tx, token_hash, now):
        audit.record(tx, found.scope, actor="buyer", action=action, subject=found.buyer.id, now=now)
    return found


def _sent_from(replaced: SessionRow | None, scope: BuyerScope, now: datetime) -> dict[str, Any]:
    """Where the merchant's server had the buyer come from, when a visit that it opened is renewed: it goes on being that visit."""
    if replaced is None or replaced.scope != scope or now >= replaced.expires_at + _RENEWED_WITHIN:
        return {}
    return {"return_url": replaced.return_url, "flow": replaced.flow, "portal_session_id": replaced.portal_session_id}


def _in_or_refused(outcome: SignedIn | str) -> SignedIn:
    """Called after the commit, so that what a refusal counted stays counted."""
    if isinstance(outcome, str):
        raise Refused(outcome)
    return outcome
