"""Opening the portal from the merchant's own pages: his server asks for a link, the buyer follows it, and is in.

The link works once and for five minutes, and nothing binds it to a browser: whoever holds it may use it, so its page says whom it is
for, and only a click enters. The token stands behind the # and so reaches no server but in the body of that click; kept is its hash. It
is derived from the installation's secret and the link's id rather than drawn, so that an answer that is kept for a repeated request
need not hold it: `address` makes the same link again. (docs/decisions/0018-portal-sessions.md)
"""

import base64
from contextlib import suppress
from dataclasses import astuple, dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from portico.domain.buyer import Buyer, canonical_email, masked_email
from portico.domain.errors import FieldError, Invalid, NotFound, Refused
from portico.domain.ids import is_id
from portico.domain.portal_session import LIFETIME, SUBJECT_OF, Flow, PortalSession
from portico.domain.scope import BuyerScope, Environment, StoreScope
from portico.i18n.languages import is_language
from portico.services import return_url as return_urls
from portico.services.portal_address import base_path
from portico.services.runtime import Runtime
from portico.services.secrets import hash_token, keyed
from portico.services.sign_in import end_session, open_session
from portico.storage import audit, document, portal_session, product, subscription
from portico.storage import buyer as buyers
from portico.storage.store import StoreRow

LINKS_PER_HOUR = 60  # for one buyer
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class WhichBuyer:
    """A buyer by exactly one of these."""

    id: str | None = None
    email: str | None = None
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a link is to be for: a flow, the subscription or document that it is about, and the plan to change to."""

    flow: Flow = "overview"
    subscription_id: str | None = None
    document_id: str | None = None
    product_id: str | None = None
    return_url: str | None = None
    locale: str | None = None

    @property
    def subject_id(self) -> str | None:
        return self.subscription_id or self.document_id


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose a link is: the whole address is for comparing, `masked` for showing to whoever holds the link."""

    address: str
    masked: str


@dataclass(frozen=True, slots=True)
class Entered:
    """A buyer is in. `session_token` goes into the session cookie and nowhere else; `path` is the page of the flow below the portal's
    base; `locale` the language that the merchant's page is in, if it said so."""

    session_token: str
    expires_at: datetime
    path: str
    locale: str | None


def create(runtime: Runtime, store: StoreRow, environment: Environment, which: WhichBuyer, wanted: Wanted, *, actor: str) -> PortalSession:
    """A new link; `address` is its URL.

    Raises Invalid (more or fewer than one way to name the buyer; a flow without what it is about, or with what it is not; a return URL
    that is not on the store's list; no such language; a plan of another group), Refused("buyer_not_found"), NotFound for a
    subscription, document or product that is not there or another buyer's, and Refused("too_many_portal_sessions") over 60 an hour.
    """
    wanted = _checked(store, environment, which, wanted)
    scope, now = StoreScope(store.id, environment), runtime.clock()
    with runtime.database.transaction() as tx:
        whole = BuyerScope(store.id, environment, _find(tx, scope, which).id)
        _hold_subject(tx, whole, wanted)
        buyers.lock(tx, whole)
        if portal_session.made_since(tx, whole, now - _HOUR) >= LINKS_PER_HOUR:
            raise Refused("too_many_portal_sessions", f"{LINKS_PER_HOUR} links within an hour")
        made = PortalSession(
            id=runtime.new_id("PSN"),
            buyer_id=whole.buyer_id,
            flow=wanted.flow,
            subject_id=wanted.subject_id,
            product_id=wanted.product_id,
            return_url=wanted.return_url,
            locale=wanted.locale,
            created_at=now,
            expires_at=now + LIFETIME,
            used_at=None,
        )
        portal_session.create(tx, whole, made, hash_token(_token(runtime, made.id)))
        audit.record(tx, whole, actor=actor, action="portal_session.created", subject=made.id, now=now)
    return made


def address(runtime: Runtime, slug: str, environment: Environment, session_id: str) -> str:
    """The link itself. The token is in the fragment, which browsers send to nobody: no log, proxy or Referer has it."""
    return f"{runtime.origin}{base_path(slug, environment)}/enter#t={_token(runtime, session_id)}"


def portal_url(runtime: Runtime, slug: str, environment: Environment, found: PortalSession) -> str:
    """The address of the flow's page without a token, good for ever and in mails: who is signed out comes to it by the sign-in."""
    path = _path(found)
    return f"{runtime.origin}{base_path(slug, environment)}{path if path != '/' else ''}"


def look(runtime: Runtime, store: StoreRow, environment: Environment, token: str) -> Whose:
    """Whose a link is. Uses nothing up. Raises Refused("portal_session_over") for one that is used, too old, or none of this store."""
    scope = StoreScope(store.id, environment)
    with runtime.database.read() as tx:
        found = portal_session.by_token_hash(tx, scope, hash_token(token))
        if found is None or found.used_at is not None or runtime.clock() >= found.expires_at:
            raise Refused("portal_session_over")
        owner = buyers.get(tx, BuyerScope(store.id, environment, found.buyer_id))
    return Whose(owner.email, masked_email(owner.email))


def enter(runtime: Runtime, store: StoreRow, environment: Environment, token: str, *, replaces: str = "") -> Entered:
    """Uses the link up and opens a session. `replaces` is the session this browser had; it ends, whoever's it is.

    Raises Refused("portal_session_over") as `look` does: of any number who try at once, one is let in.
    """
    scope, now = StoreScope(store.id, environment), runtime.clock()
    with runtime.database.transaction() as tx:
        found = portal_session.redeem(tx, scope, hash_token(token), now)
        if found is None:
            raise Refused("portal_session_over")
        whole = BuyerScope(store.id, environment, found.buyer_id)
        if replaces:
            end_session(tx, replaces, now, "session_replaced")
        session_token, expires_at = open_session(
            tx, runtime, whole, now, return_url=found.return_url, flow=found.flow, portal_session_id=found.id
        )
        audit.record(tx, whole, actor="buyer", action="portal_session.entered", subject=found.id, now=now)
    return Entered(session_token, expires_at, _path(found), found.locale)


def is_about(runtime: Runtime, scope: BuyerScope, session_id: str, subject_id: str) -> bool:
    """Whether a link was for doing something with this subscription or document, or with nothing in particular."""
    with runtime.database.read() as tx:
        found = portal_session.get(tx, scope, session_id)
    return found.subject_id is None or found.subject_id == subject_id


def _token(runtime: Runtime, session_id: str) -> str:
    raw = keyed(runtime.secret, "portal session", session_id)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _path(found: PortalSession) -> str:
    """The page of a link's flow, below the portal's base."""
    subscription = f"/subscriptions/{found.subject_id}"
    product = f"?product={found.product_id}" if found.product_id is not None else ""
    paths: dict[Flow, str] = {
        "overview": "/",
        "subscription_cancel": f"{subscription}/cancel",
        "subscription_change": f"{subscription}/change{product}",
        "payment_method": f"{subscription}/card",
        "billing_details": "/billing-details",
        "invoice": f"/invoices/{found.subject_id}",
    }
    return paths[found.flow]


def _checked(store: StoreRow, environment: Environment, which: WhichBuyer, wanted: Wanted) -> Wanted:
    """The wish with its return URL as it will be used. Raises Invalid with everything that is wrong with it."""
    errors = [FieldError("buyer", "exactly_one_of")] if len([one for one in astuple(which) if one is not None]) != 1 else []
    subjects = (("SUB", "subscription_id", wanted.subscription_id), ("INV", "document_id", wanted.document_id))
    for prefix, name, given in subjects:
        if (SUBJECT_OF[wanted.flow] == prefix) != (given is not None):
            errors.append(FieldError(name, "required" if given is None else "not_of_this_flow"))
    if wanted.product_id is not None and wanted.flow != "subscription_change":
        errors.append(FieldError("product_id", "not_of_this_flow"))
    if wanted.locale is not None and not is_language(wanted.locale):
        errors.append(FieldError("locale", "language_unknown", "en"))
    checked_url = None
    try:
        checked_url = return_urls.check(store, environment, wanted.return_url) if wanted.return_url is not None else None
    except Invalid as invalid:
        errors += invalid.errors
    if errors:
        raise Invalid(errors)
    return replace(wanted, return_url=checked_url)


def _find(tx: sa.Connection, scope: StoreScope, which: WhichBuyer) -> Buyer:
    """Raises Refused("buyer_not_found"), also for what no buyer could be called."""
    found = None
    if which.email is not None:
        try:
            found = buyers.by_email(tx, scope, canonical_email(which.email))
        except Invalid:
            raise Invalid([FieldError("buyer/email", "email_format", "name@example.com")]) from None
    elif which.external_id is not None:
        found = buyers.by_external_id(tx, scope, which.external_id)
    elif which.id is not None and is_id("BUY", which.id):
        with suppress(NotFound):
            found = buyers.get(tx, BuyerScope(scope.store_id, scope.environment, which.id))
    if found is None:
        raise Refused("buyer_not_found")
    return found


def _hold_subject(tx: sa.Connection, scope: BuyerScope, wanted: Wanted) -> None:
    """Raises NotFound unless what the link is about is the buyer's, and Invalid unless its plan is one he may switch to."""
    if wanted.document_id is not None:
        document.get(tx, scope, wanted.document_id)
    if wanted.subscription_id is None:
        return
    found = subscription.get(tx, scope, wanted.subscription_id)
    if wanted.product_id is None:
        return
    target, own = product.get(tx, scope, wanted.product_id), product.get(tx, scope, found.product_id)
    if target.group_id is None or target.group_id != own.group_id or not target.active:
        raise Invalid([FieldError("product_id", "plan_not_in_group")])
