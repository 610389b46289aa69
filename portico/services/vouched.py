"""Entering with a customer token: the merchant's program has added "#token=…" to an address of ours, and so says who its user is.

A token opens actions for five minutes, any number of times. For a visit it is good once, as a link of the portal's is: whoever finds the
address later enters nothing. A user who has bought nothing yet is nobody here; what the merchant calls him is kept for his first order.
"""

from dataclasses import dataclass

from portico.domain.buyer import masked_email
from portico.domain.errors import Refused
from portico.domain.scope import BuyerScope, Environment, StoreScope
from portico.services import waffo_token
from portico.services.portal_session import Entered, Whose
from portico.services.runtime import Runtime
from portico.services.secrets import keyed
from portico.services.sign_in import end_session, open_session
from portico.storage import audit, rate_limit
from portico.storage import buyer as buyers
from portico.storage.store import StoreRow

_REMEMBERED_SECONDS = 3_600  # longer than a token lives


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody without an order: `identity` is what the merchant calls him."""

    identity: str


def is_token(text: str) -> bool:
    """Whether a text has the shape of a customer token, and is no link of the portal's."""
    return text.count(".") == 2


def look(runtime: Runtime, store: StoreRow, environment: Environment, token: str) -> Whose | Newcomer:
    """Whom a token is for. Uses nothing up. Raises Refused("portal_session_over") for one that is used, too old, or of another store."""
    identity, found = _read(runtime, store, environment, token)
    with runtime.database.read() as tx:
        if rate_limit.count(tx, _uses(runtime, token), runtime.clock(), _REMEMBERED_SECONDS):
            raise Refused("portal_session_over")
        if found is None:
            return Newcomer(identity)
        email = buyers.get(tx, found).email
    return Whose(email, masked_email(email))


def enter(runtime: Runtime, store: StoreRow, environment: Environment, token: str, *, path: str, replaces: str = "") -> Entered:
    """Uses the token up and opens a session, for `path`. `replaces` is the session this browser had. Raises as `look` does."""
    _, found = _read(runtime, store, environment, token)
    if found is None:
        raise Refused("portal_session_over")
    now = runtime.clock()
    with runtime.database.transaction() as tx:
        if rate_limit.hit(tx, _uses(runtime, token), now, _REMEMBERED_SECONDS, stop_at=2) > 1:
            raise Refused("portal_session_over")
        if replaces:
            end_session(tx, replaces, now, "session_replaced")
        session_token, expires_at = open_session(tx, runtime, found, now)
        audit.record(tx, found, actor="buyer", action="customer_token.entered", subject=found.buyer_id, now=now)
    return Entered(session_token, expires_at, path, None)


def _read(runtime: Runtime, store: StoreRow, environment: Environment, token: str) -> tuple[str, BuyerScope | None]:
    scope = StoreScope(store.id, environment)
    try:
        vouched = waffo_token.read(runtime, token)
    except Refused:
        raise Refused("portal_session_over") from None
    if vouched.scope != scope:
        raise Refused("portal_session_over")
    return vouched.identity, waffo_token.buyer_of(runtime, scope, vouched.identity)


def _uses(runtime: Runtime, token: str) -> bytes:
    return keyed(runtime.secret, "customer token entered", token)
