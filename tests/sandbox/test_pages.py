"""The hosted pages: in plain HTTP, and in a real browser."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from portico.gateways.port import CardPage, ChargeResult
from portico.sandbox import cards
from portico.sandbox.bank import SETUP_LIVES
from portico.sandbox.records import ChargeRequest
from tests.conftest import SteppingClock
from tests.gateways.conformance import charge_of, setup_of
from tests.gateways.sandbox_process import Receiver
from tests.sandbox.conftest import Served

DONE, BACK = "https://portal.test/done", "https://portal.test/back"


@pytest.fixture
def page_of_card(sandbox: Served) -> CardPage:
    return sandbox.gateway.save_card_page(setup_of())


@pytest.fixture
def waiting(sandbox: Served) -> ChargeResult:
    """A charge that waits for its buyer."""
    card = sandbox.bank.save_card("anna@example.com", cards.CONFIRMS)
    asked = ChargeRequest("PAY_1-1", 2900, "EUR", card.customer, card.id, "Team & <b>Co</b>", on_session=True, return_url=DONE)
    sandbox.bank.charge(asked)
    found = sandbox.gateway.find_charge("PAY_1-1", customer=card.customer)
    assert found is not None
    return found


def test_every_page_says_that_it_is_a_test_and_loads_nothing_foreign(
    sandbox: Served, page_of_card: CardPage, waiting: ChargeResult
) -> None:
    for url in (page_of_card.url, waiting.action_url, sandbox.url, sandbox.url + "/nothing"):
        assert url is not None
        answer = sandbox.browser.get(url)
        assert "Play money only" in answer.text
        assert "(test)</title>" in answer.text
        assert "<script" not in answer.text
        assert " style=" not in answer.text
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; form-action 'self'")
        assert policy.endswith("; base-uri 'none'; frame-ancestors 'none'")
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in answer.headers


def test_the_card_page_lists_every_test_card_and_where_it_leads(sandbox: Served, page_of_card: CardPage) -> None:
    answer = sandbox.browser.get(page_of_card.url)
    assert re.findall(r'name="card" value="(\d+)"', answer.text) == [card.number for card in sorted(cards.CARDS, key=_group)]
    assert f'href="{BACK}"' in answer.text
    assert "form-action 'self' https://portal.test;" in answer.headers["content-security-policy"]


def test_a_chosen_card_is_saved_and_leads_back(sandbox: Served, page_of_card: CardPage) -> None:
    answer = sandbox.browser.post(page_of_card.url, data={"card": cards.INSUFFICIENT_FUNDS, "number": ""})
    assert (answer.status_code, answer.headers["location"]) == (303, DONE)
    assert sandbox.bank.setup(page_of_card.reference).status == "completed"


@pytest.mark.parametrize("typed", ["5555 5555 5555 4444", "5555-5555-5555-4444", " 5555555555554444\t"])
def test_a_typed_number_goes_before_a_chosen_one(sandbox: Served, page_of_card: CardPage, typed: str) -> None:
    sandbox.browser.post(page_of_card.url, data={"card": cards.SUCCESS, "number": typed})
    card = sandbox.bank.setup(page_of_card.reference).card
    assert card is not None
    assert (card.brand, card.last4) == ("mastercard", "4444")


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"number": "4111 1111 1111 1111"}, "none of the test cards"),
        ({"card": "4111111111111111"}, "none of the test cards"),
        ({"number": "<script>"}, "none of the test cards"),
        ({}, "Choose one of the test cards"),
        ({"card": cards.DECLINED}, "was declined"),
        ({"card": cards.EXPIRED}, "has expired"),
        ({"card": cards.LOST}, "reported lost"),
    ],
)
def test_a_card_that_cannot_be_saved_leaves_the_page_open(
    sandbox: Served, page_of_card: CardPage, form: dict[str, str], words: str
) -> None:
    answer = sandbox.browser.post(page_of_card.url, data=form)
    assert answer.status_code == 422
    assert words in answer.text
    assert "4111" not in answer.text
    assert sandbox.browser.post(page_of_card.url, data={"card": cards.SUCCESS}).status_code == 303


def test_a_visit_that_is_over_leads_on(sandbox: Served, page_of_card: CardPage) -> None:
    sandbox.browser.post(page_of_card.url, data={"card": cards.SUCCESS})
    for answer in (sandbox.browser.get(page_of_card.url), sandbox.browser.post(page_of_card.url, data={"card": cards.CONFIRMS})):
        assert answer.status_code == 410
        assert "The card is saved" in answer.text
        assert f'href="{DONE}"' in answer.text


def test_a_visit_of_yesterday_leads_back(sandbox: Served, page_of_card: CardPage, clock: SteppingClock) -> None:
    clock.time += SETUP_LIVES
    for answer in (sandbox.browser.get(page_of_card.url), sandbox.browser.post(page_of_card.url, data={"card": cards.SUCCESS})):
        assert answer.status_code == 410
        assert "has expired" in answer.text
        assert f'href="{BACK}"' in answer.text
    assert sandbox.gateway.find_card_setup(page_of_card.reference).status == "expired"


@pytest.mark.parametrize(("decision", "status"), [("approve", "succeeded"), ("decline", "failed")])
def test_a_decision_counts_once(sandbox: Served, waiting: ChargeResult, decision: str, status: str) -> None:
    assert waiting.action_url is not None
    page = sandbox.browser.get(waiting.action_url)
    assert "29.00 EUR" in page.text
    assert "Team &amp; &lt;b&gt;Co&lt;/b&gt;" in page.text
    for chosen in (decision, "approve", "decline"):
        answer = sandbox.browser.post(waiting.action_url, data={"decision": chosen})
        assert (answer.status_code, answer.headers["location"]) == (303, DONE)
    assert sandbox.bank.charge_by_id(waiting.reference).status == status
    over = sandbox.browser.get(waiting.action_url)
    assert (over.status_code, "is settled" in over.text) == (410, True)


@pytest.mark.parametrize("form", [{}, {"decision": "perhaps"}])
def test_no_decision_is_none(sandbox: Served, waiting: ChargeResult, form: dict[str, str]) -> None:
    assert waiting.action_url is not None
    assert sandbox.browser.post(waiting.action_url, data=form).status_code == 200
    assert sandbox.bank.charge_by_id(waiting.reference).status == "requires_action"


@pytest.mark.parametrize(
    ("amount_minor", "currency", "shown"), [(4500, "JPY", "4500 JPY"), (12_345, "KWD", "12.345 KWD"), (1, "EUR", "0.01 EUR")]
)
def test_amounts_are_shown_with_their_decimals(sandbox: Served, amount_minor: int, currency: str, shown: str) -> None:
    card = sandbox.bank.save_card("anna@example.com", cards.CONFIRMS)
    charge = sandbox.bank.charge(ChargeRequest("PAY_1-1", amount_minor, currency, card.customer, card.id, on_session=True, return_url=DONE))
    assert shown in sandbox.browser.get(f"{sandbox.url}/confirm/{charge.id}").text


@pytest.mark.parametrize(
    "path", ["/card/setup_of_nobody", "/confirm/ch_of_nobody", "/card", "/card/", "/nothing", "/../etc/passwd", "/confirm/%00"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "DELETE"])
def test_elsewhere_there_is_nothing(sandbox: Served, path: str, method: str) -> None:
    answer = sandbox.browser.request(method, sandbox.url + path)
    assert answer.status_code == 404
    assert ("There is nothing here" in answer.text) is (method != "HEAD")


def test_a_form_that_is_far_too_large_is_not_read(sandbox: Served, page_of_card: CardPage) -> None:
    assert sandbox.browser.post(page_of_card.url, content=b"x" * 70_000).status_code == 413


@pytest.fixture(params=["light", "dark"])
def screen(request: pytest.FixtureRequest, chrome: Browser) -> Iterator[Page]:
    context = chrome.new_context(viewport={"width": 320, "height": 700}, color_scheme=request.param)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: None if "responded with a status" in message.text else complaints.append(message.text))
    yield page
    context.close()
    assert complaints == []


def test_a_buyer_saves_a_card_and_confirms_a_payment_in_a_browser(sandbox: Served, screen: Page, receiver: Receiver) -> None:
    portal = receiver.url.removesuffix("/webhooks")  # another origin, where a redirect after a form must be allowed to lead
    screen.route(f"{portal}/**", lambda route: route.fulfill(body="the portal"))
    setup = replace(setup_of(), return_url=f"{portal}/done", cancel_url=f"{portal}/back")
    page = sandbox.gateway.save_card_page(setup)
    screen.goto(page.url)
    assert Axe().run(screen).response["violations"] == []
    assert screen.evaluate("document.documentElement.scrollWidth") <= 320
    screen.get_by_role("link", name="Go back").click()
    assert screen.url == f"{portal}/back"

    screen.goto(page.url)
    screen.get_by_label("Is declined when it is saved").check()
    screen.get_by_role("button", name="Save this card").click()
    expect(screen.get_by_role("alert")).to_contain_text("declined")
    assert Axe().run(screen).response["violations"] == []
    screen.get_by_label("Asks the buyer to confirm").check()
    screen.get_by_role("button", name="Save this card").click()
    screen.wait_for_url(f"{portal}/done")

    saved = sandbox.gateway.find_card_setup(page.reference).card
    assert saved is not None
    charge = sandbox.gateway.charge(replace(charge_of(saved), return_url=f"{portal}/paid"))
    assert charge.action_url is not None
    screen.goto(charge.action_url)
    assert Axe().run(screen).response["violations"] == []
    assert screen.evaluate("document.documentElement.scrollWidth") <= 320
    screen.get_by_role("button", name="Approve").click()
    screen.wait_for_url(f"{portal}/paid")
    assert sandbox.bank.charge_by_id(charge.reference).status == "succeeded"
    screen.goto(charge.action_url)
    assert Axe().run(screen).response["violations"] == []


def _group(card: cards.TestCard) -> int:
    return 1 if card.refusal else 2 if card.fault else 3 if card.delivery != "once" else 0
