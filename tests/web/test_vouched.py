"""Customer tokens that a merchant's program adds to an address: who enters by one, how often, and who is nobody yet."""

from collections.abc import Callable

import pytest

from portico.domain.scope import StoreScope
from portico.services import waffo_token
from portico.services.runtime import Runtime
from tests.conftest import SteppingClock
from tests.web.browser import Answer, Browser
from tests.web.conftest import BASE, EMAIL, SESSION, TEST_BASE, Shop
from tests.web.test_enter import JSON

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
NEXT = "/subscriptions"


@pytest.fixture
def token(runtime: Runtime, shop: Shop) -> Callable[..., str]:
    def issued(identity: str = EMAIL, environment: str = "prod") -> str:
        return waffo_token.issue(runtime, StoreScope(shop.store.store_id, environment), identity)[0]  # type: ignore[arg-type]

    return issued


def look(browser: Browser, text: str, base: str = BASE) -> Answer:
    form = browser.get(f"{base}/enter?next={NEXT}").form("/enter")
    return browser.post(base + "/enter/look", {"csrf": form["csrf"], "token": text, "next": form["next"]}, JSON)


def assert_over(answer: Answer, base: str) -> None:
    """Nothing is told of anybody, and the browser goes on to the page that the token was added to, which is as good without it."""
    assert (answer.status, answer.json) == (200, {"ok": True, "next": base + NEXT})


def test_a_token_lets_its_buyer_in_once_and_leads_to_the_page_it_was_on(browser: Browser, token: Callable[..., str]) -> None:
    text = token()
    assert look(browser, text).json["email"] == "a•••@example.com"
    answer = browser.submit(browser.get(f"{BASE}/enter?next={NEXT}"), "/enter", token=text)
    assert (answer.status, answer.header("location")) == (303, BASE + NEXT)
    assert browser.get(BASE + NEXT).status == 200
    assert_over(look(browser, text), BASE)
    assert browser.submit(browser.get(BASE + "/enter"), "/enter", token=text).status == 410


@pytest.mark.parametrize("text", ["https://evil.example", "//evil.example", "/enter", "/../../x"])
def test_it_leads_to_pages_of_the_portal_alone(browser: Browser, token: Callable[..., str], text: str) -> None:
    form = browser.get(BASE + "/enter").form("/enter")
    answer = browser.post(BASE + "/enter", {"csrf": form["csrf"], "token": token(), "next": text})
    assert (answer.status, answer.header("location")) in {(303, BASE), (303, BASE + "/enter")}


def test_another_store_environment_or_time_gets_nothing(browser: Browser, token: Callable[..., str], clock: SteppingClock) -> None:
    good = token()
    assert_over(look(browser, good, TEST_BASE), TEST_BASE)
    head, body, signature = good.split(".")
    assert_over(look(browser, f"{head}.{body}.{signature[::-1]}"), BASE)
    clock.advance(seconds=301)
    assert_over(look(browser, good), BASE)
    assert browser.submit(browser.get(BASE + "/enter"), "/enter", token=good).status == 410
    assert "portico-vouched" not in str(browser.cookies)


def test_somebody_new_is_remembered_for_his_first_order(browser: Browser, token: Callable[..., str]) -> None:
    answer = look(browser, token("user-77"))
    assert (answer.status, answer.json) == (200, {"ok": True, "next": BASE + NEXT})
    assert "portico-vouched" in str(browser.cookies)
    assert SESSION not in browser.cookies
