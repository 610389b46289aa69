"""portal.js in a real browser, against a server that answers as the portal does and notes what it was sent."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from jinja2 import FileSystemLoader
from playwright.sync_api import Browser, Page

import portico.web
from portico.i18n.templates import environment
from tests.web import enter_samples, plan_samples, samples

WEB = Path(portico.web.__file__).parent
LOADER = FileSystemLoader(WEB / "templates")
BASE = "/nordlicht/portal"
MEDIA = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'"
GOOD = "ABCD-2345"
OF_COUNTRY = {"DE": "billing_details", "US": "billing_details_wrong"}


@dataclass
class Portal:
    """The server's side: what it says of the session and of a payment, every page it gave, and every form it got, as (path below
    the portal, fields)."""

    seconds_left: int = 1800
    email: str = samples.EMAIL
    payment_state: str = "answer"
    signed_in: str = ""
    broken: int = 0  # how many looks at a merchant's link get no answer yet
    address: str = ""
    pages: list[str] = field(default_factory=list[str])
    posts: list[tuple[str, dict[str, str]]] = field(default_factory=list[tuple[str, dict[str, str]]])

    def answer(self, path: str, fields: dict[str, str]) -> tuple[int, Any]:
        """What a form gets: JSON for the renewal, a page for any other."""
        self.posts.append((path, fields))
        if path == "/enter/look":
            return self.look(fields["token"])
        if path in ("/enter", "/language"):
            return 200, page("enter_over")
        if path == "/billing-details":
            return 200, page(OF_COUNTRY.get(fields["country"], "billing_details_saved"))
        if path.endswith("/cancel"):
            return 200, page("subscription_leaving")
        if path == "/sign-in/code" and fields["code"] != GOOD:
            return 422, {"ok": False, "error": "This code does not fit.", "csrf": "after-wrong"}
        return 200, {"ok": True, "seconds_left": 1800, "csrf": "after-" + path.rpartition("/")[2]}

    def look(self, token: str) -> tuple[int, Any]:
        if self.broken:
            self.broken -= 1
            return 500, "<p>no JSON</p>"
        return (200, {"ok": True, "email": "a•••@example.com", "signed_in": self.signed_in}) if token == "good" else (410, {"ok": False})


def page(name: str) -> str:
    shown = samples.Page()
    template, frame, variables = {**samples.pages(shown), **plan_samples.pages(shown), **enter_samples.pages(shown)}[name]
    return environment("en", LOADER).get_template(template).render(page=frame, **variables)


class Handler(BaseHTTPRequestHandler):
    def __init__(self, portal: Portal, *args: Any) -> None:
        self.portal = portal
        super().__init__(*args)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class's name)
        pass

    def do_GET(self) -> None:
        path = Path(self.path.partition("?")[0])
        if path.suffix in MEDIA:
            self._send(200, (WEB / "static" / path.name).read_bytes(), MEDIA[path.suffix])
        elif path.name == "session":
            self._send(200, {"seconds_left": self.portal.seconds_left, "email": self.portal.email, "csrf": "fresh"})
        elif path.parent.name == "payments":
            self._send(200, {"state": self.portal.payment_state})
        elif path.name == "favicon.ico":  # asked for where an answer is no page of ours
            self._send(404, "")
        else:
            self.portal.pages.append(path.name)
            self._send(200, page(path.name))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self._send(*self.portal.answer(self.path.removeprefix(BASE), dict(parse_qsl(body, keep_blank_values=True))))

    def _send(self, status: int, body: Any, media: str = "text/html; charset=utf-8") -> None:
        if isinstance(body, dict):
            body, media = json.dumps(body), "application/json"
        self.send_response(status)
        self.send_header("content-type", media)
        self.send_header("content-security-policy", POLICY)
        self.end_headers()
        self.wfile.write(body if isinstance(body, bytes) else body.encode())


@pytest.fixture
def portal() -> Iterator[Portal]:
    made = Portal()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, made))
    made.address = f"http://127.0.0.1:{server.server_port}/"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def tab(chrome: Browser, portal: Portal) -> Iterator[Page]:
    """A tab whose clock stands under the test's control. Anything the policy refuses, or the script throws, fails the test."""
    context = chrome.new_context()
    opened = context.new_page()
    trouble: list[str] = []
    opened.on("pageerror", lambda error: trouble.append(str(error)))
    opened.on("console", lambda said: trouble.append(said.text) if "Content Security Policy" in said.text else None)
    opened.clock.install()
    yield opened
    context.close()
    assert trouble == []


def test_a_link_is_read_wiped_from_the_address_and_sent_only_by_a_click(tab: Page, portal: Portal) -> None:
    tab.goto(portal.address + "link#t=token-of-the-mail")
    button = tab.get_by_role("button", name="Sign in")
    button.wait_for()
    assert "#" not in tab.url
    assert portal.posts == []
    button.click()
    tab.wait_for_url("**/sign-in/link")
    assert portal.posts == [("/sign-in/link", {"csrf": "csrf-token", "next": "/", "token": "token-of-the-mail"})]


def test_a_customer_token_is_taken_from_the_sign_in_page_to_where_it_is_read(tab: Page, portal: Portal) -> None:
    with tab.expect_request("**/enter?next=**") as asked:
        tab.goto(portal.address + "sign_in#token=aaa.bbb.ccc", wait_until="commit")
    assert asked.value.url.endswith("/enter?next=/")


def test_a_link_without_a_token_asks_for_the_code(tab: Page, portal: Portal) -> None:
    tab.goto(portal.address + "link")
    assert tab.get_by_role("link", name="Type the code").is_visible()
    assert not tab.get_by_role("button", name="Sign in").is_visible()


@pytest.mark.parametrize("fragment", ["#t=good", "#token=good", "#t=good#token=eyJ.x.y", "#token=eyJ.x.y&t=good"])
def test_a_merchants_link_is_read_wiped_shown_and_used_by_a_click(tab: Page, portal: Portal, fragment: str) -> None:
    tab.goto(portal.address + "enter" + fragment)
    button = tab.get_by_role("button", name="Continue as a•••@example.com")
    button.wait_for()
    assert "#" not in tab.url
    assert "good" not in tab.evaluate("JSON.stringify([history.state, location.href, {...localStorage}, {...sessionStorage}])")
    assert not tab.get_by_label("Email address").is_visible()
    assert not tab.get_by_text("signed in here as").is_visible()
    button.click()
    tab.wait_for_url("**/portal/enter")
    looked, entered = portal.posts
    assert looked == ("/enter/look", {"csrf": "csrf-token", "next": "/", "token": "good"})
    assert entered == ("/enter", {"csrf": "csrf-token", "next": "/", "token": "good"})


def test_a_token_that_no_page_reads_does_not_stay_in_the_address(tab: Page, portal: Portal) -> None:
    tab.goto(portal.address + "orders#token=eyJ.x.y")
    tab.get_by_role("heading", name="Orders").wait_for()
    assert "#" not in tab.url
    tab.goto(portal.address + "subscriptions#quantity")
    assert tab.url.endswith("#quantity")


def test_somebody_else_is_asked_before_a_merchants_link_is_used(tab: Page, portal: Portal) -> None:
    portal.signed_in = "bob@example.com"
    tab.goto(portal.address + "enter#t=good")
    tab.get_by_text("You’re signed in here as bob@example.com.").wait_for()
    tab.get_by_role("button", name="Continue as a•••@example.com").click()
    tab.wait_for_url("**/portal/enter")
    assert portal.posts[1][1]["instead"] == "yes"


@pytest.mark.parametrize("fragment", ["#t=bad", "", "#t=", "#x=good", "#"])
def test_a_merchants_link_that_is_none_offers_the_sign_in(tab: Page, portal: Portal, fragment: str) -> None:
    tab.goto(portal.address + "enter" + fragment)
    tab.get_by_text("This link no longer works").wait_for()
    assert tab.get_by_label("Email address").is_visible()
    assert not tab.get_by_text("JavaScript").is_visible()
    assert not tab.get_by_role("button", name="Continue").is_visible()


def test_a_merchants_link_that_could_not_be_looked_up_can_be_tried_again(tab: Page, portal: Portal) -> None:
    portal.broken = 1
    tab.goto(portal.address + "enter#t=good")
    tab.get_by_role("button", name="Try again").click()
    tab.get_by_role("button", name="Continue as").wait_for()


def test_another_language_keeps_a_merchants_link(tab: Page, portal: Portal) -> None:
    tab.goto(portal.address + "enter#t=good")
    tab.get_by_role("button", name="Continue as").wait_for()
    assert {form.get_attribute("action") for form in tab.locator("form[action*='/language']").all()} == {
        tab.url.replace("/enter", f"{BASE}/language") + "#t=good"
    }


def test_another_country_brings_its_fields_and_keeps_what_was_typed(tab: Page, portal: Portal) -> None:
    tab.goto(portal.address + "billing_details")
    tab.fill("#line1", "Marunouchi 1-1")
    tab.fill("#city", "Köln")  # no Japanese address has one
    tab.select_option("#country", "JP")
    tab.get_by_label("Prefecture").wait_for()
    assert portal.posts[0][1]["update_fields"] == "1"
    assert tab.input_value("#line1") == "Marunouchi 1-1"
    assert tab.url == portal.address + "billing_details"
    tab.select_option("#state", label="Hokkaido")
    tab.select_option("#country", "US")
    tab.get_by_label("City").wait_for()
    assert (tab.input_value("#city"), tab.input_value("#state")) == ("Köln", "")
    tab.select_option("#country", "JP")
    tab.get_by_label("Prefecture").wait_for()
    assert tab.locator("#state option:checked").inner_text() == "Hokkaido"


def test_at_28_minutes_a_visit_is_renewed_by_a_code_without_losing_what_was_typed(tab: Page, portal: Portal) -> None:
    tab.goto(portal.address + "billing_details")
    tab.fill("#name", "Half a na")
    portal.seconds_left = 121
    tab.clock.run_for(1679_000)
    assert not tab.locator("#renew").is_visible()
    portal.seconds_left = 119
    tab.clock.run_for(2_000)
    tab.get_by_text("You’ll be signed out soon").wait_for()
    tab.get_by_role("button", name="Send me a code").click()
    code = tab.get_by_label("Code from the email")
    code.fill("wrong")
    tab.get_by_role("button", name="Stay signed in").click()
    tab.get_by_text("This code does not fit.").wait_for()
    code.fill(GOOD)
    tab.get_by_role("button", name="Stay signed in").click()
    tab.get_by_text("signed in for another 30 minutes").wait_for()
    assert not tab.locator("#renew").is_visible()
    assert tab.input_value("#name") == "Half a na"
    assert {field.input_value() for field in tab.locator("input[name=csrf]").all()} == {"after-code"}
    assert [path for path, _ in portal.posts] == ["/sign-in", "/sign-in/code", "/sign-in/code"]
    assert portal.posts[0][1]["csrf"] == "fresh"


def test_after_the_end_a_filled_form_is_held_back_until_the_visit_is_renewed(tab: Page, portal: Portal) -> None:
    tab.goto(portal.address + "billing_details")
    portal.seconds_left, portal.email = 0, ""
    tab.clock.fast_forward(3600_000)  # the machine slept
    tab.get_by_text("You’ve been signed out").wait_for()
    tab.get_by_role("button", name="Not now").click()
    tab.get_by_role("button", name="Save").click()
    tab.get_by_text("You’ve been signed out").wait_for()
    assert portal.posts == []


def test_a_visit_renewed_in_another_tab_is_not_disturbed(tab: Page, portal: Portal) -> None:
    tab.goto(portal.address + "billing_details")
    portal.seconds_left = 1700
    with tab.expect_response("**/session"):
        tab.clock.run_for(1681_000)
    tab.clock.run_for(1_000)
    assert not tab.locator("#renew").is_visible()
    assert tab.locator("main input[name=csrf]").input_value() == "fresh"


def test_somebody_else_signed_in_elsewhere_gets_no_hold_of_this_page(tab: Page, portal: Portal) -> None:
    tab.goto(portal.address + "billing_details")
    portal.seconds_left, portal.email = 1700, "bob@example.com"
    tab.clock.run_for(1681_000)
    tab.get_by_text("Someone else has signed in").wait_for()
    assert tab.locator("main input[name=csrf]").input_value() == "csrf-token"
    assert not tab.get_by_role("button", name="Send me a code").is_visible()


def test_a_second_press_is_not_sent_until_the_page_is_shown_again(tab: Page, portal: Portal) -> None:
    tab.goto(portal.address + "plan_review_upgrade")
    tab.evaluate(
        "addEventListener('submit', (event) => { window.sent = (window.sent || 0) + !event.defaultPrevented; event.preventDefault(); })"
    )
    button = tab.get_by_role("button", name="and switch")
    button.click()
    assert button.get_attribute("aria-busy") == "true"
    button.click()
    assert tab.evaluate("window.sent") == 1
    tab.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    button.click()
    assert tab.evaluate("window.sent") == 2


def test_a_form_held_back_by_the_end_of_the_visit_can_be_sent_after_it_is_renewed(tab: Page, portal: Portal) -> None:
    tab.goto(portal.address + "cancel")
    portal.seconds_left, portal.email = 0, ""
    tab.clock.fast_forward(3600_000)
    tab.get_by_text("You’ve been signed out").wait_for()
    tab.get_by_role("button", name="Not now").click()
    tab.get_by_role("button", name="Cancel subscription").click()
    tab.get_by_text("You’ve been signed out").wait_for()
    assert portal.posts == []
    tab.get_by_role("button", name="Not now").click()
    portal.seconds_left, portal.email = 1800, samples.EMAIL
    with tab.expect_navigation():
        tab.get_by_role("button", name="Cancel subscription").click()
    assert [path.rpartition("/")[2] for path, _ in portal.posts] == ["cancel"]


def test_a_comment_says_how_long_it_is(tab: Page, portal: Portal) -> None:
    tab.goto(portal.address + "cancel")
    assert tab.locator(".counter").text_content() == "0 / 500"
    tab.fill("#comment", "Too cloudy.")
    assert tab.locator(".counter").text_content() == "11 / 500"


def test_a_payment_that_waits_is_looked_for_and_shown_anew_when_it_ended(tab: Page, portal: Portal) -> None:
    tab.goto(portal.address + "payment_waiting")
    with tab.expect_response("**/payments/*"):
        tab.clock.run_for(2_100)
    assert portal.pages == ["payment_waiting"]
    portal.payment_state = "succeeded"
    with tab.expect_navigation():
        tab.clock.run_for(10_000)
    assert portal.pages == ["payment_waiting", "payment_waiting"]
