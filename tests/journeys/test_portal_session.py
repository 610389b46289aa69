"""A customer of a shop that has its own pages: into the portal by the shop's link and back, in a real browser, whose security policy and
history decide what works."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from litestar.types import ASGIApp, Receive, Scope, Send
from playwright.sync_api import Browser, Route, expect

from portico.server import create_app
from portico.services import portal_session
from portico.services.portal_session import Wanted, WhichBuyer
from portico.services.runtime import Runtime
from portico.storage import store as stores
from tests.factories import Factory
from tests.journeys.server import answering, free_port

SHOP = "https://shop.example/account?tab=plan"
EMAIL = "ada@example.com"


@pytest.fixture(params=["sqlite"])
def database(request: pytest.FixtureRequest, sqlite_databases: object) -> object:
    with sqlite_databases(True) as database:  # type: ignore[operator]
        yield database


class Noting:
    """An application, and all that a server in front of it could write down of every request: line, headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app, self.seen = app, list[str]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.seen.append(repr((scope["method"], scope["path"], scope["query_string"], scope["headers"])))
        await self._app(scope, receive, send)


class Visit:
    """A served store, a buyer with a subscription, and a tab; the shop's own page is made up."""

    def __init__(self, runtime: Runtime, factory: Factory, browser: Browser, **options: Any) -> None:
        self.runtime, self.noting = runtime, Noting(create_app(runtime))
        scope = factory.store(slug="nordlicht", environment="prod", name="Nordlicht")
        self.buyer = factory.buyer(scope, email=EMAIL)
        self.subscription = factory.subscription(self.buyer, managed=True, product_name="Small")
        with runtime.database.transaction() as tx:
            stores.set_return_origins(tx, scope.store_id, ["https://shop.example"])
            self.store = stores.get(tx, scope.store_id)
        self.context = browser.new_context(locale="en-GB", **options)
        self.tab, self.trouble = self.context.new_page(), list[str]()
        self.tab.on("console", lambda said: self.trouble.append(said.text) if said.type == "error" else None)
        self.context.route("https://shop.example/**", self._shop)

    def _shop(self, route: Route) -> None:
        route.fulfill(body="<!doctype html><title>Shop</title><h1>Your account</h1>", content_type="text/html")

    def link(self, **wanted: Any) -> str:
        made = portal_session.create(self.runtime, self.store, "prod", WhichBuyer(email=EMAIL), Wanted(**wanted), actor="key:test")
        return portal_session.address(self.runtime, "nordlicht", "prod", made.id)


@pytest.fixture
def visit(runtime: Runtime, factory: Factory, chrome: Browser) -> Iterator[Visit]:
    port = free_port()
    made = Visit(replace(runtime, origin=f"http://127.0.0.1:{port}"), factory, chrome)
    with answering(made.noting, port):
        yield made
        made.context.close()


def test_from_the_shop_to_a_cancellation_and_back(visit: Visit, capfd: pytest.CaptureFixture[str]) -> None:
    url, tab = visit.link(flow="subscription_cancel", subscription_id=visit.subscription, return_url=SHOP), visit.tab
    token = url.partition("#t=")[2]
    tab.goto("https://shop.example/account")
    tab.evaluate("(url) => { location.href = url; }", url)
    tab.get_by_role("button", name="Continue as a•••@example.com").click()
    expect(tab.get_by_role("heading", name="Cancel Small")).to_be_visible()
    expect(tab.get_by_role("link", name="Back to Nordlicht")).to_have_attribute("href", SHOP)
    tab.get_by_role("button", name="Cancel subscription").click()
    tab.wait_for_url("https://shop.example/**")
    assert tab.url.startswith(f"{SHOP}&portal_session=PSN_")
    assert tab.url.endswith("&result=canceled")
    tab.go_back()
    tab.wait_for_load_state()
    assert tab.url.startswith(visit.runtime.origin)
    assert token not in "".join(visit.noting.seen)
    assert token not in "".join(capfd.readouterr())
    assert visit.trouble == []


def test_leaving_without_doing_it_leads_back_without_a_result(visit: Visit) -> None:
    visit.tab.goto(visit.link(flow="subscription_cancel", subscription_id=visit.subscription, return_url=SHOP))
    visit.tab.get_by_role("button", name="Continue as").click()
    visit.tab.get_by_role("link", name="Keep my plan").click()
    visit.tab.get_by_role("link", name="Back to Nordlicht").click()
    visit.tab.wait_for_url("https://shop.example/**")
    assert visit.tab.url == SHOP
    assert visit.trouble == []


def test_another_language_is_chosen_without_losing_the_link(visit: Visit) -> None:
    visit.tab.goto(visit.link())
    visit.tab.get_by_role("button", name="Continue as").wait_for()
    visit.tab.get_by_role("button", name="Language").click()
    visit.tab.get_by_role("button", name="Deutsch").click()
    expect(visit.tab.locator("html")).to_have_attribute("lang", "de")
    visit.tab.locator("form[data-part=ready] button").click()
    expect(visit.tab.locator("body.portal")).to_be_visible()


def test_without_javascript_the_page_explains_and_offers_the_sign_in(runtime: Runtime, factory: Factory, chrome: Browser) -> None:
    port = free_port()
    visit = Visit(replace(runtime, origin=f"http://127.0.0.1:{port}"), factory, chrome, java_script_enabled=False)
    with answering(visit.noting, port):
        visit.tab.goto(visit.link())
        expect(visit.tab.get_by_text("runs no JavaScript")).to_be_visible()
        visit.tab.get_by_label("Email address").fill(EMAIL)
        visit.tab.get_by_role("button", name="Send me the email").click()
        expect(visit.tab.locator("input[name=code]")).to_be_visible()
        visit.context.close()


def test_a_way_back_without_javascript_works_too(runtime: Runtime, factory: Factory, chrome: Browser) -> None:
    """The visit was opened by a browser that runs it; only what follows is looked at here."""
    port = free_port()
    visit = Visit(replace(runtime, origin=f"http://127.0.0.1:{port}"), factory, chrome, java_script_enabled=False)
    with answering(visit.noting, port):
        token = visit.link(flow="billing_details", return_url=SHOP).partition("#t=")[2]
        entered = portal_session.enter(visit.runtime, visit.store, "prod", token)
        cookie = {"name": "portico-session", "value": entered.session_token, "url": visit.runtime.origin}
        visit.context.add_cookies([cookie])  # type: ignore[list-item]
        visit.tab.goto(f"{visit.runtime.origin}/nordlicht/portal/billing-details")
        visit.tab.get_by_role("button", name="Save").click()
        visit.tab.wait_for_url("https://shop.example/**")
        assert visit.tab.url.endswith("&result=updated")
        visit.context.close()
