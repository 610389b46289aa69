"""Every page, in every scheme and direction: accessible, narrow enough, complete. What a page looks like does not depend on
the database, so one is enough."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from portico.i18n.languages import LANGUAGES
from tests.journeys.conftest import Portal, first_link

PATHS = ("", "/orders", "/subscriptions", "/invoices", "/billing-details")


@pytest.fixture(params=["sqlite"])
def database(request: pytest.FixtureRequest, sqlite_databases: object) -> object:
    with sqlite_databases(True) as database:  # type: ignore[operator]
        yield database


def addresses(portal: Portal, page: Page) -> list[str]:
    """Every page of a buyer who has one of everything, and the pages of somebody who is not signed in yet."""
    found = [portal.url + path for path in PATHS]
    for path, pattern in (
        ("/orders?status=past_due", "/orders/ORD_"),
        ("/subscriptions", "/subscriptions/SUB_"),
        ("/invoices", "/invoices/INV_"),
    ):
        page.goto(portal.url + path)
        found.append(portal.runtime.origin + first_link(page, pattern))
    return [
        *found,
        portal.url + "/orders/ORD_0000000000000000000000",
        portal.url + "/sign-in",
        portal.url + "/sign-in/code",
        portal.url + "/sign-in/link",
    ]


def speak(page: Page, portal: Portal, language: str) -> None:
    page.goto(portal.url + "/billing-details")
    with page.expect_navigation():
        page.locator(f"form[action$='/language'] button[value='{language}']").dispatch_event("click")
    assert page.locator("html").get_attribute("lang") == language


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("language", "scheme"),
    [
        ("en", "light"),
        ("ar", "dark"),
        pytest.param("en", "dark", marks=pytest.mark.prove),
        pytest.param("ar", "light", marks=pytest.mark.prove),
    ],
)
def test_axe_finds_nothing(portal: Portal, scheme: str, language: str) -> None:
    page = portal.visitor(color_scheme=scheme, viewport={"width": 390, "height": 844})
    portal.sign_in(page)
    speak(page, portal, language)
    violations: list[str] = []
    for address in addresses(portal, page):
        page.goto(address)
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        violations += [f"{address}: {v['id']} {[n['html'][:120] for n in v['nodes']][:3]}" for v in found]
    assert violations == []


@pytest.mark.timeout(300)
def test_nothing_is_wider_than_320_pixels_in_any_language(portal: Portal) -> None:
    page = portal.visitor(viewport={"width": 320, "height": 700})
    portal.sign_in(page)
    pages = addresses(portal, page)
    wide: list[str] = []
    for language in LANGUAGES:
        speak(page, portal, language.tag)
        for address in pages:
            page.goto(address)
            width = page.evaluate("document.scrollingElement.scrollWidth")
            if width > 320:
                wide.append(f"{language.tag} {address.removeprefix(portal.url)}: {width}")
    assert wide == []


def test_the_keyboard_is_enough(portal: Portal) -> None:
    """From the top of the page: skip link first, then every control, each with a visible focus."""
    page = portal.visitor()
    portal.sign_in(page)
    page.goto(portal.url + "/orders")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.tagName + (document.activeElement.getAttribute('href') || '')"))
    links = {f"A{link.get_attribute('href')}" for link in page.locator("main a").all()}
    assert links <= reached


def test_the_mail_is_in_the_buyers_language_and_the_link_page_too(portal: Portal) -> None:
    page = portal.visitor(locale="de-DE")
    page.goto(portal.url + "/sign-in")
    assert page.locator("html").get_attribute("lang") == "de"
    page.locator("input[name=email]").fill("cleo@example.com")
    page.locator("form[action$='/sign-in'] button").click()
    mail = portal.mailbox.wait(1)[0]
    assert mail["Content-Language"] == "de"
