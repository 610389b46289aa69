"""A visit: everything a handler may know about one request, gathered and checked before the handler is called."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from portico.domain.buyer import Buyer
from portico.domain.errors import NotFound
from portico.domain.ids import Prefix, is_id
from portico.domain.scope import BuyerScope, Environment, StoreScope
from portico.http.asked import Asked
from portico.http.cookies import Cookie, Jar
from portico.http.metrics import Metrics
from portico.http.response import Response
from portico.http.security import Site
from portico.services import store_time
from portico.services.runtime import Runtime
from portico.storage.session import SessionRow
from portico.storage.store import StoreRow
from portico.web import seal, static
from portico.web.static import Asset

# Longer than a link lives (10 minutes from when its mail is sent), so that a slow mail server locks nobody out.
BROWSER_SECONDS = 3600
_SECOND = timedelta(seconds=1)
_RETURN_PATH = re.compile(r"/[A-Za-z0-9._/-]{0,120}(\?[A-Za-z0-9._~=&%+-]{0,300})?\Z")


@dataclass(frozen=True, slots=True)
class Web:
    """What all visits share. `is_page` tells whether a path below a portal's base is a page to return to after sign-in."""

    runtime: Runtime
    site: Site
    jar: Jar
    assets: Mapping[str, Asset]
    metrics: Metrics
    is_page: Callable[[str], bool]

    def asset(self, name: str) -> str:
        """The address of a static file; it changes with the file's content. KeyError when there is none."""
        return static.address(name, self.assets[name])


@dataclass(frozen=True, slots=True)
class Visit:
    """One request to one portal. `base` is "/acme/portal" or "/test/acme/portal". `now` is the real time, which sessions and forms
    live in; `store_now` the store's. `browser` binds a sign-in to the browser that asks for it; `session` is None unless it is
    alive and belongs to this store and environment."""

    web: Web
    asked: Asked
    store: StoreRow
    environment: Environment
    base: str
    language: str
    now: datetime
    cookies: Mapping[str, str]
    browser: str
    session: SessionRow | None
    form: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def runtime(self) -> Runtime:
        return self.web.runtime

    @property
    def store_now(self) -> datetime:
        """The time that subscriptions and payments live in: in the test environment a store's clock may run ahead."""
        return store_time.now(self.runtime, self.store, self.environment)

    @property
    def scope(self) -> StoreScope:
        return StoreScope(self.store.id, self.environment)

    @property
    def signed_in(self) -> SessionRow:
        """The session. Only rows of the route table that say "buyer" may ask."""
        if self.session is None:
            raise NotFound
        return self.session

    @property
    def buyer(self) -> Buyer:
        """The buyer signed in."""
        return self.signed_in.buyer

    @property
    def buyer_scope(self) -> BuyerScope:
        return BuyerScope(self.store.id, self.environment, self.buyer.id)

    @property
    def query(self) -> Mapping[str, str]:
        """The fields of the address; the door has made sure that they can be read."""
        return self.asked.query()

    @property
    def csrf(self) -> str:
        """The token for the forms of the page about to be shown."""
        binding = self.cookies["session"] if self.session is not None else self.browser
        return csrf_token(self.runtime.secret, binding)

    @property
    def seconds_left(self) -> int | None:
        """Whole seconds until the session ends; None when nobody is signed in."""
        return (self.session.expires_at - self.now) // _SECOND if self.session is not None else None

    @property
    def here(self) -> str:
        """This page below `base`, with its query: where a form of the layout returns to. "/" when it is no page of ours."""
        query = self.asked.raw_query.decode("latin-1")
        path = self.asked.path.removeprefix(self.base) or "/"
        return self.return_path(f"{path}?{query}" if query else path)

    def id(self, prefix: Prefix) -> str:
        """The id in the path. Raises NotFound when it has not the shape of one, exactly as when there is no such thing."""
        text = self.asked.ids["id"]
        if not is_id(prefix, text):
            raise NotFound
        return text

    def url(self, path: str) -> str:
        """The address of a page of this portal, `path` below the base ("/" is the overview)."""
        return self.base + (path if path != "/" else "")

    def return_path(self, text: str) -> str:
        """`text` when it is a page of this very portal, else "/". Addresses are only ever made by putting it behind `base`,
        so that no text leads to another site (or to another store)."""
        if not _RETURN_PATH.match(text) or "//" in text or "/." in text:
            return "/"
        return text if self.web.is_page(text.partition("?")[0]) else "/"

    def browser_cookie(self) -> Cookie:
        return Cookie("browser", self.browser, BROWSER_SECONDS)

    def sealed_cookie(self, name: str, values: dict[str, str], max_age_seconds: int) -> Cookie:
        """A signed cookie that only this portal (store and environment) takes back; see `unsealed`."""
        return Cookie(name, seal.seal(self.runtime.secret, f"{name} {self.base}", values), max_age_seconds)

    def unsealed(self, name: str) -> dict[str, str]:
        """What a signed cookie of this portal holds; empty when there is none or it is not ours."""
        return seal.unseal(self.runtime.secret, f"{name} {self.base}", self.cookies.get(name, ""))


Handler = Callable[[Visit], Response]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the route table.

    `path` is below the portal's base. `who` may ask; nobody else gets further than the sign-in page. `fields` are the form
    fields taken besides the token; any other refuses the form. `returns_to` is the page to come back to after signing in,
    where it is not the address itself. `stale` shows the form again, with what was typed, when its token has aged.
    """

    method: Literal["GET", "POST"]
    path: str
    handler: Handler
    who: Literal["anyone", "buyer"]
    fields: frozenset[str] = frozenset()
    returns_to: str = ""
    stale: Handler | None = None


def csrf_token(secret: bytes, binding: str) -> str:
    return seal.token(secret, "form", binding)
