"""A buyer's year as he lives it: in a browser, over a portal and a payment provider that are really there; at the end every mail,
document, charge and event of it, and nothing else (see tests/years)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from portico.gateways.sandbox import SandboxGateway
from portico.sandbox import cards
from portico.sandbox.application import application
from portico.sandbox.bank import Bank
from portico.sandbox.webhooks import Target
from portico.services.runtime import Runtime
from tests.bank import BankGateway
from tests.conftest import SteppingClock
from tests.journeys.conftest import Portal
from tests.journeys.server import Mailbox, free_port, serving_beside
from tests.years.year import EMAIL, Year

API_KEY, WEBHOOK_SECRET = "the key of the tests", "the webhook secret of the tests"


@dataclass
class Life:
    """The year, and the portal that it is lived in. Between visits the test lets time pass and does the background work."""

    year: Year
    portal: Portal

    def visits(self) -> Page:
        """Signs in anew, since sessions last half an hour, and opens the subscription."""
        page = self.portal.visitor()
        self.portal.ask(page, EMAIL)
        self.year.worker.run_until_idle()
        page.locator("input[name=code]").fill(self.portal.mailbox.code(self.portal.mailbox.all()[-1]))
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        page.get_by_role("link", name="Subscriptions", exact=True).first.click()
        page.locator(f"main a[href$='/subscriptions/{self.year.subscription_id}']").first.click()
        expect(page.get_by_role("heading", name="Next charge")).to_be_visible()
        return page

    def leaves(self, page: Page) -> None:
        """The page is closed, and what was asked for is done."""
        page.context.close()
        self.portal.contexts.remove(page.context)
        self.year.worker.run_until_idle()


@pytest.fixture
def life(runtime: Runtime, clock: SteppingClock, bank: Bank, chrome: Browser, tmp_path: Path) -> Iterator[Life]:
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    provider = SandboxGateway(f"{origin}/sandbox", API_KEY, WEBHOOK_SECRET, account="prod")
    sandbox = application(
        bank, base_url=f"{origin}/sandbox", api_key=API_KEY, webhook_secret=WEBHOOK_SECRET,
        webhooks=[Target(f"{origin}/webhooks/sandbox/prod", "prod")],
    )  # fmt: skip
    served = replace(runtime, origin=origin, gateways={"prod": provider})
    portal = Portal(served, clock, Mailbox(tmp_path / "mailbox"), f"{origin}/lumen/portal", chrome)
    with serving_beside(served, sandbox, port):
        yield Life(Year(served, BankGateway(bank), clock, tmp_path / "mailbox"), portal)
        for context in portal.contexts:
            context.close()
    provider.close()
    assert not portal.complaints, "\n".join(sorted(set(portal.complaints)))


def says(page: Page, *sentences: str) -> None:
    for sentence in sentences:
        expect(page.locator("main")).to_contain_text(sentence)


def presses(page: Page, name: str) -> None:
    page.locator("main").get_by_role("button", name=name, exact=True).click()


def chooses(page: Page, plan: str) -> None:
    """From the subscription's page to the review of a plan."""
    page.get_by_role("link", name="Change plan").click()
    presses(page, f"Choose {plan}")
    expect(page.get_by_role("heading", name="Review your change")).to_be_visible()


def gives_a_card(page: Page, number: str) -> None:
    """On the provider's page, which leads back."""
    presses(page, "Update card")
    expect(page.get_by_role("heading", name="Choose a test card")).to_be_visible()
    page.locator(f"input[value='{number}']").check()
    page.get_by_role("button", name="Save this card").click()


def upgrades_at_the_third_try(page: Page) -> None:
    """The card has no money, another asks him to confirm, and he does."""
    chooses(page, "Business")
    says(page, "You switch to Business right away and pay €31.99 today.", "Unused time on Starter", "-€6.05", "€32.93", "€5.11")
    says(page, "€58.31 on Mar 31, 2026")
    presses(page, "Pay €31.99 and switch")
    says(page, "The payment of €31.99 didn’t go through", "There was not enough money on the card.", "You still have Starter.")
    gives_a_card(page, cards.CONFIRMS)
    says(page, "Your card is saved.", "Visa ending in 3184")
    chooses(page, "Business")
    presses(page, "Pay €31.99 and switch")
    expect(page.get_by_role("heading", name="Is this you?")).to_be_visible()
    expect(page.locator("main")).to_contain_text("31.99 EUR")
    page.get_by_role("button", name="Approve").click()
    says(page, "You’re on Business now", "You paid €31.99.")


def recovers(page: Page) -> None:
    """The renewal wanted him to confirm it, while he was away; another card, and it is paid before his eyes."""
    says(page, "Your payment of €58.31 didn’t go through", "Last try on Apr 7, 2026. If it fails too, your subscription ends.")
    gives_a_card(page, "5555555555554444")
    says(page, "Thank you, €58.31 is paid")
    page.get_by_role("link", name="Business", exact=True).first.click()
    says(page, "Active", "Mastercard ending in 4444", "On Apr 30, 2026")


def cancels(page: Page, reason: str, comment: str = "") -> None:
    page.get_by_role("link", name="Cancel subscription").click()
    page.get_by_label(reason).check()
    page.get_by_label("Anything else we should know?").fill(comment)
    presses(page, "Cancel subscription")
    says(page, "You’ve canceled. We’re emailing you the confirmation.")


def plans_a_downgrade(page: Page) -> None:
    chooses(page, "Starter")
    says(page, "You keep Business until Jun 30, 2026 and pay nothing today. Then you switch to Starter for €10.71 per month.")
    presses(page, "Switch on Jun 30, 2026")
    says(page, "Done. We’ve noted the change, and nothing was charged.")


# What a browser sees does not depend on the database; that the year is the same on both is told without one, in tests/years.
@pytest.mark.timeout(240)
@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.prove)], indirect=True)
def test_a_year_in_the_browser(life: Life) -> None:
    year = life.year
    year.begins("Starter", on="2026-01-31")

    def on(day: str, *does: Callable[[Page], None]) -> None:
        year.until(day)
        page = life.visits()
        for act in does:
            act(page)
        life.leaves(page)

    year.until("2026-03-09")
    year.card_turns_into(cards.INSUFFICIENT_FUNDS)
    on("2026-03-10", upgrades_at_the_third_try)
    on("2026-04-02", recovers)
    on("2026-05-10", lambda page: cancels(page, "It’s too expensive", "It is a lot of money"))
    on("2026-05-12", lambda page: presses(page, "Resume"), lambda page: says(page, "Good to have you back."))
    on("2026-06-10", plans_a_downgrade)
    on("2026-06-11", lambda page: presses(page, "Keep my current plan"), lambda page: says(page, "Done. You keep your current plan."))
    on("2026-06-12", plans_a_downgrade)
    on("2026-08-05", lambda page: says(page, "Starter", "€10.71"), lambda page: cancels(page, "I don’t use it enough"))
    on("2026-09-01", lambda page: says(page, "This plan doesn’t renew."))
    year.ends(
        "2027-01-31",
        """
        2026-01-31 bank        10.71 EUR succeeded
        2026-01-31 event       nothing -> active: imported by the shop
        2026-01-31 invoice     INV-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-01-31 receipt     REC-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-02-28 renewed     9.00 + 1.71 = 10.71 EUR, No. 2, "€10.71 for Starter"
        2026-03-10 bank        31.99 EUR failed (insufficient_funds)
        2026-03-10 bank        31.99 EUR requires_action
        2026-03-10 bank        31.99 EUR succeeded
        2026-03-10 invoice     INV-2026-000003: 26.88 + 5.11 = 31.99 EUR
        2026-03-10 receipt     REC-2026-000003: 26.88 + 5.11 = 31.99 EUR
        2026-03-10 mail        Sign in to Lumen Notes
        2026-03-10 mail        Your change to Business didn’t go through
        2026-03-10 mail        New card for Starter: Visa ending in 3184
        2026-03-10 mail        Your plan is now Business
        2026-03-31 bank        58.31 EUR failed (authentication_required)
        2026-03-31 event       active -> past_due: payment_failed by itself
        2026-03-31 mail        Payment failed: €58.31 for Business
        2026-04-01 bank        58.31 EUR failed (authentication_required)
        2026-04-01 mail        Payment failed: €58.31 for Business
        2026-04-02 bank        58.31 EUR succeeded
        2026-04-02 event       past_due -> active: payment_captured by itself
        2026-04-02 invoice     INV-2026-000004: 49.00 + 9.31 = 58.31 EUR
        2026-04-02 receipt     REC-2026-000004: 49.00 + 9.31 = 58.31 EUR
        2026-04-02 mail        Sign in to Lumen Notes
        2026-04-02 mail        New card for Business: Mastercard ending in 4444
        2026-04-02 mail        Payment received: €58.31 for Business
        2026-04-30 renewed     49.00 + 9.31 = 58.31 EUR, No. 5, "€58.31 for Business"
        2026-05-10 event       active -> canceling: canceled by the buyer
        2026-05-10 mail        Sign in to Lumen Notes
        2026-05-10 mail        Canceled: Business ends on May 31, 2026
        2026-05-12 event       canceling -> active: resumed by the buyer
        2026-05-12 mail        Sign in to Lumen Notes
        2026-05-12 mail        Your subscription to Business goes on
        2026-05-31 renewed     49.00 + 9.31 = 58.31 EUR, No. 6, "€58.31 for Business"
        2026-06-10 mail        Sign in to Lumen Notes
        2026-06-10 mail        Your plan changes to Starter on Jun 30, 2026
        2026-06-11 mail        Sign in to Lumen Notes
        2026-06-11 mail        Your subscription to Business goes on
        2026-06-12 mail        Sign in to Lumen Notes
        2026-06-12 mail        Your plan changes to Starter on Jun 30, 2026
        2026-06-30 bank        10.71 EUR succeeded
        2026-06-30 invoice     INV-2026-000007: 9.00 + 1.71 = 10.71 EUR
        2026-06-30 receipt     REC-2026-000007: 9.00 + 1.71 = 10.71 EUR
        2026-06-30 mail        Your plan is now Starter
        2026-06-30 mail        Payment received: €10.71 for Starter
        2026-07-31 renewed     9.00 + 1.71 = 10.71 EUR, No. 8, "€10.71 for Starter"
        2026-08-05 event       active -> canceling: canceled by the buyer
        2026-08-05 mail        Sign in to Lumen Notes
        2026-08-05 mail        Canceled: Starter ends on Aug 31, 2026
        2026-08-31 event       canceling -> canceled: canceled by itself
        2026-08-31 mail        Your subscription to Starter has ended
        2026-09-01 mail        Sign in to Lumen Notes
        """,
    )
