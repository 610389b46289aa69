"""Links of the merchant's server: who is let in, who is asked first, where he goes and how he comes back."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
import sqlalchemy as sa
from litestar import Litestar

from portico.domain.scope import BuyerScope
from portico.sandbox import cards
from portico.services import portal_session
from portico.services.portal_session import Wanted, WhichBuyer
from portico.services.runtime import Runtime
from portico.storage import store as stores
from portico.storage import tables
from tests.conftest import SteppingClock
from tests.factories import Factory
from tests.web.browser import Answer, Browser
from tests.web.conftest import BASE, EMAIL, SESSION, SLUG, TEST_BASE, History, Plan, Shop
from tests.web.test_security import snapshot

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
JSON = (b"accept", b"application/json")
SHOP_URL = "https://shop.example/account?tab=plan"


@dataclass
class Door:
    """The merchant's server, and what a buyer's browser does with its links."""

    runtime: Runtime
    shop: Shop

    def link(self, email: str = EMAIL, **wanted: Any) -> str:
        """The token of a new link."""
        with self.runtime.database.read() as tx:
            store = stores.get(tx, self.shop.store.store_id)
        made = portal_session.create(self.runtime, store, "prod", WhichBuyer(email=email), Wanted(**wanted), actor="key:test")
        url = portal_session.address(self.runtime, SLUG, "prod", made.id)
        assert url.startswith(f"https://portal.test{BASE}/enter#t=")
        return url.partition("#t=")[2]

    def enter(self, browser: Browser, token: str, base: str = BASE, **fields: str) -> Answer:
        return browser.submit(browser.get(base + "/enter"), "/enter", token=token, **fields)

    def look(self, browser: Browser, token: str) -> Answer:
        form = browser.get(BASE + "/enter").form("/enter")
        return browser.post(BASE + "/enter/look", {"csrf": form["csrf"], "token": token}, JSON)


@pytest.fixture
def door(runtime: Runtime, shop: Shop) -> Door:
    with runtime.database.transaction() as tx:
        stores.set_return_origins(tx, shop.store.store_id, ["https://shop.example"])
    return Door(runtime, shop)


def test_a_link_lets_its_buyer_in_once(browser: Browser, door: Door, app: Litestar) -> None:
    token = door.link()
    assert door.look(browser, token).json == {"ok": True, "email": "a•••@example.com", "signed_in": ""}
    entered = door.enter(browser, token)
    assert entered.header("location") == BASE
    assert EMAIL in browser.follow(entered).text
    assert set(browser.cookies) == {SESSION}
    again = door.enter(Browser(app), token)
    assert again.status == 410
    assert "This link no longer works" in again.words


def test_the_page_is_the_same_for_everybody_and_changes_nothing(browser: Browser, ada: Browser, door: Door, runtime: Runtime) -> None:
    token = door.link()
    before = snapshot(runtime)
    for path in ("/enter", f"/enter?t={token}"):
        for method in ("GET", "HEAD"):
            assert ada.get(BASE + path, method=method).status == 200
    page, signed_in = browser.get(BASE + "/enter"), ada.get(BASE + "/enter")
    assert EMAIL not in signed_in.text
    assert page.text.replace(page.form("/enter")["csrf"], "") == signed_in.text.replace(signed_in.form("/enter")["csrf"], "")
    assert "runs no JavaScript" in page.words
    assert door.look(browser, token).status == 200
    assert snapshot(runtime) == before


def test_used_expired_foreign_and_unknown_links_are_one_answer(
    browser: Browser, door: Door, clock: SteppingClock, runtime: Runtime, factory: Factory, app: Litestar
) -> None:
    twin = factory.store(slug="twin", environment="prod")
    factory.buyer(twin, email=EMAIL)
    foreign = replace(door, shop=replace(door.shop, store=twin)).link()
    used = door.link()
    door.enter(Browser(app), used)
    old = door.link()
    clock.advance(seconds=300)
    fresh = door.link()
    page = browser.get(BASE + "/enter")
    csrf = page.form("/enter")["csrf"]
    before = snapshot(runtime)
    tokens = {"used": used, "old": old, "foreign": foreign, "unknown": "A" * 43, "none": "", "odd": "x\n<b>"}
    answers = {name: browser.post(BASE + "/enter", {"csrf": csrf, "token": token}) for name, token in tokens.items()}
    looks = {name: browser.post(BASE + "/enter/look", {"csrf": csrf, "token": token}, JSON) for name, token in tokens.items()}
    assert {(answer.status, answer.body, answer.headers) for answer in answers.values()} == {
        (410, answers["unknown"].body, answers["unknown"].headers)
    }
    assert {(look.status, look.body) for look in looks.values()} == {(410, b'{"ok":false}')}
    assert door.enter(browser, fresh, base=TEST_BASE).status == 410  # of the other environment
    assert snapshot(runtime) == before
    assert door.enter(browser, fresh).status == 303


def test_the_end_of_five_minutes_is_the_end(browser: Browser, door: Door, clock: SteppingClock) -> None:
    token = door.link()
    clock.advance(seconds=299)
    assert door.look(browser, token).status == 200
    clock.advance(seconds=1)
    assert door.look(browser, token).status == 410
    assert door.enter(browser, token).status == 410


def test_somebody_else_who_is_signed_in_is_asked_and_not_swapped(
    door: Door, shop: Shop, factory: Factory, sign_in: Callable[[BuyerScope], Browser], runtime: Runtime
) -> None:
    bob = sign_in(factory.buyer(shop.store, email="bob@example.com"))
    old, token = bob.cookies[SESSION], door.link()
    assert door.look(bob, token).json == {"ok": True, "email": "a•••@example.com", "signed_in": "bob@example.com"}
    asked = door.enter(bob, token)
    assert asked.status == 409
    assert "You’re signed in here as bob@example.com" in asked.words
    assert "Continue as a•••@example.com" in asked.words
    assert EMAIL not in asked.text
    assert bob.cookies[SESSION] == old
    assert "bob@example.com" in bob.get(BASE).text
    entered = bob.submit(asked, "/enter", instead="yes")
    assert entered.status == 303
    assert EMAIL in bob.get(BASE).text
    assert Browser(bob.app, cookies={SESSION: old}).get(BASE).status == 303  # his visit is over
    assert _ended(runtime) == 1


def test_the_same_buyer_is_not_asked_and_has_one_session(ada: Browser, door: Door, runtime: Runtime) -> None:
    token = door.link()
    assert door.look(ada, token).json["signed_in"] == ""
    assert door.enter(ada, token).status == 303
    assert _ended(runtime) == 1
    assert ada.get(BASE).status == 200


def _ended(runtime: Runtime) -> int:
    with runtime.database.read() as tx:
        return tx.execute(sa.select(sa.func.count()).where(tables.session.c.ended_at.is_not(None))).scalar_one()


def test_a_click_from_elsewhere_enters_nobody(browser: Browser, door: Door, app: Litestar) -> None:
    token = door.link()
    form = browser.get(BASE + "/enter").form("/enter")
    assert browser.post(BASE + "/enter", {**form, "token": token}, origin=b"https://evil.example", site=b"cross-site").status == 403
    stale = browser.post(BASE + "/enter", {"csrf": "x", "token": token})
    assert (stale.status, stale.form("/enter")["token"]) == (403, token)
    stranger = Browser(app).post(BASE + "/enter", {**form, "token": token})  # the form of another browser
    assert stranger.status == 403
    assert SESSION not in browser.cookies
    assert browser.submit(stale, "/enter").status == 303


def test_the_locale_of_the_link_is_the_language(browser: Browser, door: Door) -> None:
    home = browser.follow(door.enter(browser, door.link(locale="de")))
    assert 'lang="de"' in home.text
    assert browser.cookies["__Host-portico-language"] == "de"


def test_no_token_reaches_the_database_or_a_page_after_it(browser: Browser, door: Door, runtime: Runtime) -> None:
    token = door.link(return_url=SHOP_URL)
    rows = repr(snapshot(runtime))
    assert token not in rows
    home = browser.follow(door.enter(browser, token))
    assert token not in home.text
    assert token not in repr(snapshot(runtime))
    assert token not in browser.cookies.values()


# Where each flow begins, and what its own action gives the merchant's page to know.


def test_every_flow_opens_its_page(browser: Browser, door: Door, plan: Plan, shop: Shop, history: Callable[..., History]) -> None:
    document, subscription = history(shop.buyer).document, plan.subscription
    larger = plan.others["Large"]
    pages: list[tuple[dict[str, str], str, str]] = [
        ({}, "", "Overview"),
        ({"flow": "subscription_cancel", "subscription_id": subscription}, f"/subscriptions/{subscription}/cancel", "Cancel Small"),
        ({"flow": "subscription_change", "subscription_id": subscription}, f"/subscriptions/{subscription}/change", "Large"),
        (
            {"flow": "subscription_change", "subscription_id": subscription, "product_id": larger},
            f"/subscriptions/{subscription}/change?product={larger}",
            "To pay today",
        ),
        ({"flow": "payment_method", "subscription_id": subscription}, f"/subscriptions/{subscription}/card", "Go to the card page"),
        ({"flow": "billing_details"}, "/billing-details", "Billing details"),
        ({"flow": "invoice", "document_id": document}, f"/invoices/{document}", "Invoice"),
    ]
    for wanted, path, words in pages:
        entered = door.enter(browser, door.link(**wanted))
        assert entered.header("location") == BASE + path
        page = browser.follow(entered)
        page = browser.follow(page) if page.status == 303 else page
        assert (page.status, words in page.words) == (200, True), wanted
        assert "Back to" not in page.words.replace("Back to the", "")


def _return_of(browser: Browser, answer: Answer) -> str:
    """Where the page on the way back leads."""
    assert answer.header("location") == BASE + "/return"
    page = browser.follow(answer)
    assert page.status == 200
    refresh = page.header("refresh") or ""
    url = refresh.removeprefix("0; url=")
    assert f'href="{url.replace("&", "&amp;")}"' in page.text
    assert browser.get(BASE + "/return").header("location") == BASE  # once: going back does not bounce
    return url


def test_a_cancellation_leads_back_with_its_result(browser: Browser, door: Door, plan: Plan, runtime: Runtime) -> None:
    page = browser.follow(
        door.enter(browser, door.link(flow="subscription_cancel", subscription_id=plan.subscription, return_url=SHOP_URL))
    )
    assert f'href="{SHOP_URL}"' in page.text
    assert "Back to" in page.words
    done = browser.submit(page, f"/subscriptions/{plan.subscription}/cancel")
    with runtime.database.read() as tx:
        made = tx.execute(sa.select(tables.portal_session.c.id)).scalar_one()
    assert _return_of(browser, done) == f"{SHOP_URL}&portal_session={made}&result=canceled"


def test_what_he_was_not_sent_for_stays_here(browser: Browser, door: Door, plan: Plan, subscribe: Callable[..., Plan]) -> None:
    other = subscribe(number=cards.SUCCESS)
    browser.follow(door.enter(browser, door.link(flow="subscription_cancel", subscription_id=plan.subscription, return_url=SHOP_URL)))
    page = browser.get(f"{other.url}/cancel")
    done = browser.submit(page, f"/subscriptions/{other.subscription}/cancel")
    assert done.header("location") == other.url
    assert "You’ve canceled" in browser.follow(done).words
    details = browser.get(BASE + "/billing-details")
    assert browser.submit(details, "/billing-details").header("location") == BASE + "/billing-details"


def test_without_a_return_url_our_own_page_confirms(browser: Browser, door: Door, plan: Plan) -> None:
    page = browser.follow(door.enter(browser, door.link(flow="subscription_cancel", subscription_id=plan.subscription)))
    done = browser.submit(page, f"/subscriptions/{plan.subscription}/cancel")
    assert done.header("location") == plan.url
    assert browser.get(BASE + "/return").header("location") == BASE


def test_billing_details_and_plans_lead_back(browser: Browser, door: Door, plan: Plan) -> None:
    page = browser.follow(door.enter(browser, door.link(flow="billing_details", return_url="https://shop.example/#/me")))
    url = _return_of(browser, browser.submit(page, "/billing-details"))
    assert url.startswith("https://shop.example/?portal_session=PSN_")
    assert url.endswith("&result=updated#/me")
    for name, result in (("Tiny", "scheduled"), ("Large", "changed")):
        wanted = {"flow": "subscription_change", "subscription_id": plan.subscription, "product_id": plan.others[name]}
        review = browser.follow(browser.follow(door.enter(browser, door.link(**wanted, return_url=SHOP_URL))))
        done = browser.submit(review, f"/subscriptions/{plan.subscription}/change")
        assert _return_of(browser, done).endswith(f"&result={result}"), name
        if name == "Tiny":
            kept = browser.submit(browser.get(plan.url), f"/subscriptions/{plan.subscription}/keep")
            assert kept.header("location") == plan.url


def test_a_visit_renewed_by_a_code_is_still_that_visit(
    browser: Browser, door: Door, plan: Plan, deliver: Callable[[], Any], clock: SteppingClock
) -> None:
    browser.follow(door.enter(browser, door.link(flow="billing_details", return_url=SHOP_URL)))
    clock.advance(minutes=29)
    code_page = browser.follow(browser.submit(browser.get(BASE + "/sign-in"), "/sign-in", email=EMAIL))
    browser.submit(code_page, "/sign-in/code", code=deliver().code)
    clock.advance(minutes=5)
    page = browser.get(BASE + "/billing-details")
    assert f'href="{SHOP_URL}"' in page.text
    assert "result=updated" in _return_of(browser, browser.submit(page, "/billing-details"))


def test_a_group_that_is_not_for_self_service_is_changed_by_the_stores_link_alone(
    browser: Browser, ada: Browser, door: Door, plan: Plan, runtime: Runtime
) -> None:
    with runtime.database.transaction() as tx:
        tx.execute(sa.update(tables.product_group).values(self_service=False))
    assert "There is no other plan to switch to." in ada.get(plan.url).words
    assert "Large" not in ada.get(f"{plan.url}/change").words  # the quantity alone
    assert ada.get(plan.review("Large")).status == 409
    assert ada.get(plan.review("Small", 2)).status == 200
    wanted = {"flow": "subscription_change", "subscription_id": plan.subscription, "product_id": plan.others["Large"]}
    review = browser.follow(browser.follow(door.enter(browser, door.link(**wanted))))
    assert "To pay today" in review.words
    assert browser.get(plan.review("Tiny")).status == 409
    form = review.form(f"/subscriptions/{plan.subscription}/change")
    done = browser.post(f"{plan.url}/change", form)
    assert "/payments/" in (done.header("location") or "")
    any_plan = browser.follow(door.enter(browser, door.link(flow="subscription_change", subscription_id=plan.subscription)))
    assert "Tiny" in any_plan.words
