"""Somebody buys in a real browser, from the shop to the payment provider's pages and back, as a stranger on a narrow phone."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from portico.domain.scope import StoreScope
from portico.domain.tax import TaxPolicy
from portico.domain.tax_table import starting_set
from portico.gateways.sandbox import SandboxGateway
from portico.sandbox import cards
from portico.sandbox.application import application
from portico.sandbox.bank import Bank
from portico.services import checkout, checkout_address
from portico.services.runtime import Runtime
from portico.storage import store as stores
from portico.storage import tax_rate
from tests.conftest import SteppingClock
from tests.factories import Factory
from tests.journeys.conftest import Portal
from tests.journeys.server import Mailbox, free_port, serving_beside

API_KEY, WEBHOOK_SECRET = "the key of the tests", "the webhook secret of the tests"
THANKS = "https://shop.example/thanks"


@pytest.fixture(params=["sqlite"])
def database(request: pytest.FixtureRequest, sqlite_databases: object) -> object:
    with sqlite_databases(True) as database:  # type: ignore[operator]
        yield database


@pytest.fixture
def shop(runtime: Runtime, clock: SteppingClock, bank: Bank, chrome: Browser, factory: Factory, tmp_path: Path) -> Iterator[Portal]:
    """A store with taxes and return addresses, and a payment provider that is really there; `url` is its portal's."""
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    provider = SandboxGateway(f"{origin}/sandbox", API_KEY, WEBHOOK_SECRET, account="prod")
    sandbox = application(bank, base_url=f"{origin}/sandbox", api_key=API_KEY, webhook_secret=WEBHOOK_SECRET, webhooks=[])
    served = replace(runtime, origin=origin, gateways={"prod": provider})
    store = factory.store(slug="lumen", environment="prod", name="Lumen")
    with runtime.database.transaction() as tx:
        stores.set_return_origins(tx, store.store_id, ["https://shop.example"])
        stores.set_tax_policy(tx, store.store_id, TaxPolicy())
        tax_rate.replace(tx, store.store_id, starting_set("DE"))
    portal = Portal(served, clock, Mailbox(tmp_path / "mailbox"), f"{origin}/lumen/portal", chrome)
    with serving_beside(served, sandbox, port):
        yield portal
        for context in portal.contexts:
            context.close()
    provider.close()
    assert not portal.complaints, "\n".join(sorted(set(portal.complaints)))


def offer(portal: Portal, factory: Factory, **asked: object) -> str:
    """The address that the shop's server got for a buyer."""
    with portal.runtime.database.read() as tx:
        row = stores.by_slug(tx, "lumen")
    assert row is not None
    monthly = {"kind": "subscription", "interval": "month"}
    product = factory.product(StoreScope(row.id, "prod"), name="Atlas Course", prices={"EUR": 1000}, **monthly)
    made = checkout.create(portal.runtime, row, "prod", checkout.Asked(product, "EUR", **asked))  # type: ignore[arg-type]
    return checkout_address.page(portal.runtime, "lumen", "prod", made.id)


def customer(portal: Portal, **options: object) -> Page:
    page = portal.visitor(viewport={"width": 320, "height": 700}, **options)
    page.context.route("https://shop.example/**", thanks)
    return page


def thanks(route: Route) -> None:
    route.fulfill(body="<!doctype html><title>Shop</title><h1>Thanks!</h1>", content_type="text/html")


def is_well_made(page: Page) -> None:
    """Nothing for axe to find, and nothing wider than a narrow phone."""
    assert [f"{v['id']} {[n['html'][:120] for n in v['nodes']][:3]}" for v in Axe().run(page).response["violations"]] == []
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 320


def gives_a_card(page: Page, number: str) -> None:
    expect(page.get_by_role("heading", name="Choose a test card")).to_be_visible()
    page.locator(f"input[value='{number}']").check()
    page.get_by_role("button", name="Save this card").click()


def fills_in(page: Page) -> None:
    """The fields follow the country, with or without script; what was typed stays."""
    page.get_by_label("Email address").fill("grace@example.com")
    page.get_by_label("Country or region").select_option("DE")
    if page.get_by_role("button", name="Update the fields").is_visible():
        page.get_by_role("button", name="Update the fields").click()
    page.get_by_label("Full name").fill("Grace Hopper")
    expect(page.get_by_label("Email address")).to_have_value("grace@example.com")


@pytest.mark.timeout(120)
def test_a_stranger_buys_at_the_third_card(shop: Portal, factory: Factory, bank: Bank) -> None:
    page = customer(shop)
    page.goto(offer(shop, factory, success_url=THANKS))
    is_well_made(page)
    page.get_by_role("button", name="Continue to the summary").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing has been ordered yet.")
    is_well_made(page)
    fills_in(page)
    page.get_by_role("button", name="Continue to the summary").click()
    expect(page.locator("main")).to_contain_text("It renews by itself for €11.90 per month")
    is_well_made(page)
    page.get_by_role("button", name="Order and pay").click()
    gives_a_card(page, cards.INSUFFICIENT_FUNDS)
    expect(page.get_by_role("alert")).to_contain_text("There was not enough money on the card.")
    page.get_by_role("button", name="Try another card").click()
    page.get_by_role("link", name="Go back without saving").click()
    page.get_by_role("button", name="Try another card").click()
    gives_a_card(page, cards.CONFIRMS)
    expect(page.get_by_role("heading", name="Your bank asks you to confirm the payment")).to_be_visible()
    is_well_made(page)
    page.get_by_role("link", name="Go to your bank").click()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading", name="Thank you for your order")).to_be_visible()
    assert [capture.amount_minor for capture in bank.captures()] == [1190]
    page.wait_for_url(f"{THANKS}?checkout_session=CHK_*&result=completed")
    page.go_back()
    expect(page.get_by_role("heading", name="Thank you for your order")).to_be_visible()


@pytest.mark.timeout(120)
def test_without_script_it_is_the_same(shop: Portal, factory: Factory, bank: Bank) -> None:
    page = customer(shop, java_script_enabled=False)
    page.goto(offer(shop, factory))
    fills_in(page)
    page.get_by_role("button", name="Continue to the summary").click()
    page.get_by_role("button", name="Change the details").click()
    page.get_by_label("Full name").fill("Grace B. Hopper")
    page.get_by_role("button", name="Continue to the summary").click()
    expect(page.locator("main")).to_contain_text("Grace B. Hopper")
    page.get_by_role("button", name="Order and pay").click()
    gives_a_card(page, cards.SUCCESS)
    expect(page.get_by_role("heading", name="Thank you for your order")).to_be_visible()
    assert [capture.amount_minor for capture in bank.captures()] == [1190]
