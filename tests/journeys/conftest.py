"""The portal in a real browser."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from portico.services import check
from portico.services.importing import Target
from portico.services.runtime import Runtime
from tests.conftest import SteppingClock
from tests.journeys import year
from tests.journeys.server import Mailbox, free_port, serving


@dataclass
class Portal:
    """A served store with a year of data, its mailbox, and the clock of its server."""

    runtime: Runtime
    clock: SteppingClock
    mailbox: Mailbox
    url: str
    browser: Browser
    complaints: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def visitor(self, *, complain: bool = True, **options: object) -> Page:
        """A fresh browser profile on a page of its own. What it logs as an error or a policy violation fails the test."""
        context = self.browser.new_context(**{"locale": "en-GB", **options})  # type: ignore[arg-type]
        context.set_default_timeout(10_000)
        self.contexts.append(context)
        page = context.new_page()
        if complain:
            page.on("console", self._listen)
            page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        return page

    def _listen(self, message: ConsoleMessage) -> None:
        # A 4xx page of ours is logged by Chromium as a failed resource: that is the test's own doing.
        if message.type in {"error", "warning"} and "the server responded with a status of" not in message.text:
            self.complaints.append(f"{message.type}: {message.text}")

    def ask(self, page: Page, email: str = year.EMAIL, path: str = "/sign-in") -> None:
        """From `path` through the e-mail form to the page that takes the code."""
        page.goto(self.url + path)
        page.get_by_label("Email address").fill(email)
        page.get_by_role("button", name="Send me the email").click()
        expect(page.locator("input[name=code]")).to_be_visible()

    def sign_in(self, page: Page, email: str = year.EMAIL, path: str = "/sign-in") -> None:
        """Signs in with the code of the mail that comes."""
        seen = len(self.mailbox.all())
        self.ask(page, email, path)
        page.locator("input[name=code]").fill(self.mailbox.code(self.mailbox.wait(seen + 1)[-1]))
        page.locator("form[action$='/sign-in/code'] button").first.click()
        expect(page.locator("body.portal")).to_be_visible()


@pytest.fixture
def now() -> object:
    return year.NOW


@pytest.fixture
def portal(runtime: Runtime, clock: SteppingClock, chrome: Browser, tmp_path: Path) -> Iterator[Portal]:
    port = free_port()
    served = replace(runtime, origin=f"http://127.0.0.1:{port}")
    store = year.make_store(served)
    year.import_lines(Target(served, store, "prod"), year.lines(), tmp_path)
    with serving(served, port):
        portal = Portal(served, clock, Mailbox(tmp_path / "mailbox"), f"{served.origin}/lumen/portal", chrome)
        yield portal
        for context in portal.contexts:
            context.close()
    complaints = sorted(set(portal.complaints))
    assert not complaints, "\n".join(complaints)
    assert [finding for finding in check.run(served.database) if finding.severity != "warning"] == []


PathTo = Callable[[str], str]


def first_link(page: Page, pattern: str) -> str:
    """The address of the first link whose target matches."""
    for link in page.get_by_role("link").all():
        target = link.get_attribute("href") or ""
        if re.search(pattern, target):
            return target
    raise AssertionError(f"no link to {pattern} on {page.url}")
