"""The mails about money and plans in a real browser: nothing is cut off on the narrowest phone, in light or dark, whatever is in them."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from portico.services import notice_content
from portico.services.notice_text import Content
from tests.services.notice_cases import CASES, kind_of
from tests.services.test_notice_texts import html, write

LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmütze" * 3


@pytest.fixture
def phone(chrome: Browser) -> Iterator[Page]:
    page = chrome.new_page(viewport={"width": 320, "height": 640})
    yield page
    page.close()


def hostile(case: str) -> Content:
    """The mail with names that no line can hold."""
    about = CASES[case]
    lines = tuple(replace(line, description=LONG) for line in about.payment.lines) if about.payment else ()
    told = {**about.told, "plan": LONG, "from_plan": f"{LONG}!"}
    order = about.order and replace(about.order, product_name=LONG)
    payment = about.payment and replace(about.payment, lines=lines)
    return notice_content.write(kind_of(case), replace(about, told=told, order=order, payment=payment), language="en", zone="Europe/Berlin")


def overflow(page: Page, source: str) -> int:
    """How many pixels stick out to the side."""
    page.set_content(source)
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize("tag", ["de", "ar", "ja", "th"])
def test_every_mail_fits_the_narrowest_phone(phone: Page, tag: str) -> None:
    assert not [case for case in CASES if overflow(phone, html(write(case, tag), tag)) > 0]


def test_no_name_is_too_long(phone: Page) -> None:
    cases = ("plan_changed", "cancellation_scheduled", "payment_received.purchase", "refund_made", "pause_scheduled")
    assert not [case for case in cases if overflow(phone, html(hostile(case))) > 0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("case", ["plan_changed", "refund_rejected"])
def test_axe_finds_nothing(phone: Page, scheme: str, case: str) -> None:
    phone.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    phone.set_content(html(write(case)))
    found = Axe().run(phone, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    assert found.response["violations"] == [], found.generate_report()
