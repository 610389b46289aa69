"""What a buyer can do, in a real browser, on both databases."""

import re
from datetime import timedelta

from playwright.sync_api import Page, expect

from tests.journeys import year
from tests.journeys.conftest import Portal, first_link


def test_a_buyer_signs_in_by_the_link_and_finds_everything(portal: Portal) -> None:
    page = portal.visitor()
    portal.ask(page)
    page.goto(portal.mailbox.link(portal.mailbox.wait(1)[0]))
    assert "#" not in page.url, "the token leaves the address bar"
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    expect(page.locator("main")).to_contain_text("€34.51")
    expect(page.locator("main")).to_contain_text("Apr 1, 2026")
    see_orders(portal, page)
    see_documents(portal, page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_contain_text("You’re signed out")
    page.goto(portal.url + "/orders")
    expect(page.get_by_label("Email address")).to_be_visible()


def see_orders(portal: Portal, page: Page) -> None:
    page.get_by_role("link", name="Orders", exact=True).first.click()
    expect(page.get_by_role("heading", name="Orders")).to_be_visible()
    assert page.locator("tbody tr").count() == 25
    page.get_by_role("link", name="Show older ones").click()
    assert page.locator("tbody tr").count() == 33 - 25
    page.get_by_label("Status").select_option("past_due")
    page.get_by_role("button", name="Filter").click()
    assert page.locator("tbody tr").count() == 1
    page.locator("tbody a").first.click()
    expect(page.locator("main")).to_contain_text("Visa")
    expect(page.locator("main")).to_contain_text("4242")
    attempts = page.locator("[data-status=failed]")
    assert attempts.count() >= 2
    expect(page.locator("main")).to_contain_text("not enough money", ignore_case=True)


def see_documents(portal: Portal, page: Page) -> None:
    page.get_by_role("link", name="Invoices", exact=True).first.click()
    expect(page.get_by_role("heading", name="Invoices")).to_be_visible()
    page.goto(portal.runtime.origin + first_link(page, r"/invoices/INV_[0-9A-Za-z]{22}$"))
    expect(page.locator("main")).to_contain_text("Lumen Notes GmbH")
    with page.expect_download() as download:
        page.locator("a[href$='.pdf'], a[href*='.pdf']").first.click()
    assert re.fullmatch(r"(INV|REC)-202[56]-\d{6}\.pdf", download.value.suggested_filename)
    with open(download.value.path(), "rb") as file:
        assert file.read(5) == b"%PDF-"
    page.get_by_role("link", name="Subscriptions", exact=True).first.click()
    page.goto(portal.runtime.origin + first_link(page, r"/subscriptions/SUB_"))
    expect(page.locator("main")).to_contain_text("Team")


def test_the_code_works_where_the_link_cannot(portal: Portal) -> None:
    """The mail is read on another device: its link signs nobody in there and stays good, and the code works at home."""
    home, phone = portal.visitor(), portal.visitor()
    portal.ask(home)
    mail = portal.mailbox.wait(1)[0]
    phone.goto(portal.mailbox.link(mail))
    phone.get_by_role("button", name="Sign in").click()
    expect(phone.get_by_role("heading")).to_contain_text("Carry on where you started")
    phone.goto(portal.url)
    expect(phone.get_by_label("Email address")).to_be_visible()
    home.locator("input[name=code]").fill(portal.mailbox.code(mail).lower().replace("-", " "))
    home.get_by_role("button", name="Sign in").click()
    expect(home.get_by_role("heading", name="Overview")).to_be_visible()


def test_a_scanner_that_clicks_everything_takes_nothing(portal: Portal) -> None:
    page, scanner = portal.visitor(), portal.visitor(complain=False)
    portal.ask(page)
    link = portal.mailbox.link(portal.mailbox.wait(1)[0])
    for _ in range(3):
        scanner.goto(link)
        for index in range(scanner.locator("main button, main a").count()):
            scanner.goto(link)
            target = scanner.locator("main button, main a").nth(index)
            if target.is_visible():
                target.click()
        assert scanner.locator("body.portal").count() == 0
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def test_after_thirty_minutes_any_page_asks_again_and_comes_back(portal: Portal) -> None:
    page = portal.visitor()
    portal.sign_in(page)
    portal.clock.advance(seconds=1799)
    page.goto(portal.url + "/orders?status=past_due")
    expect(page.get_by_role("heading", name="Orders")).to_be_visible()
    portal.clock.advance(seconds=1)
    page.goto(portal.url + "/orders?status=past_due")
    expect(page.get_by_role("status")).to_contain_text("30 minutes")
    page.get_by_label("Email address").fill(year.EMAIL)
    page.get_by_role("button", name="Send me the email").click()
    page.locator("input[name=code]").fill(portal.mailbox.code(portal.mailbox.wait(2)[-1]))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Orders")).to_be_visible()
    assert page.url.endswith("/orders?status=past_due")


def test_at_28_minutes_the_page_warns_and_typed_text_survives_the_renewal(portal: Portal) -> None:
    page = portal.visitor()
    page.clock.install(time=portal.clock() + timedelta(0))
    portal.sign_in(page)
    page.goto(portal.url + "/billing-details")
    page.locator("input[name=line1]").fill("Neuer Weg 7")
    portal.clock.advance(minutes=27)
    page.clock.fast_forward("27:00")
    expect(page.locator("dialog#renew")).not_to_be_visible()
    portal.clock.advance(seconds=65)
    page.clock.fast_forward("01:05")
    dialog = page.locator("dialog#renew")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Send me a code").click()
    code = portal.mailbox.code(portal.mailbox.wait(2)[-1])
    dialog.locator("input[name=code]").fill(code)
    dialog.get_by_role("button", name="Stay signed in").click()
    expect(dialog).not_to_be_visible()
    expect(page.locator("input[name=line1]")).to_have_value("Neuer Weg 7")
    portal.clock.advance(minutes=20)  # the first session is long over; the form posts with the new one's token
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").first).to_contain_text("Saved")
    expect(page.locator("input[name=line1]")).to_have_value("Neuer Weg 7")


def test_billing_details_show_every_error_and_keep_what_was_typed(portal: Portal) -> None:
    page = portal.visitor()
    portal.sign_in(page)
    page.goto(portal.url + "/billing-details")
    page.locator("input[name=postal_code]").fill("ABC")
    page.locator("input[name=tax_id]").fill("DE000000000")
    page.locator("input[name=line1]").fill("Neuer Weg 7")
    page.get_by_role("button", name="Save").click()
    assert page.locator("[aria-invalid=true]").count() == 2
    expect(page.locator("input[name=line1]")).to_have_value("Neuer Weg 7")
    page.reload()
    page.goto(portal.url + "/billing-details")
    expect(page.locator("input[name=line1]")).to_have_value("Hauptstraße 5")


def test_everything_works_without_javascript(portal: Portal) -> None:
    page = portal.visitor(java_script_enabled=False)
    portal.sign_in(page)
    for path, heading in (
        ("/orders", "Orders"), ("/subscriptions", "Subscriptions"), ("/invoices", "Invoices"), ("/billing-details", "Billing details"),
    ):  # fmt: skip
        page.goto(portal.url + path)
        expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
    page.locator("select[name=country]").select_option("US")
    page.locator("button[name=update_fields]").click()
    expect(page.locator("select[name=state]")).to_be_visible()
    page.locator("select[name=state]").select_option("CA")
    page.locator("input[name=city]").fill("San Francisco")
    page.locator("input[name=postal_code]").fill("94103")
    page.locator("input[name=tax_id]").fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").first).to_contain_text("Saved")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Email address")).to_be_visible()


def test_an_unknown_address_looks_the_same_and_gets_no_mail(portal: Portal) -> None:
    known, unknown = portal.visitor(), portal.visitor()
    portal.ask(known, year.EMAIL)
    portal.ask(unknown, "nil@example.com")
    assert known.locator("main").inner_text().replace(year.EMAIL, "X") == unknown.locator("main").inner_text().replace(
        "nil@example.com", "X"
    )
    mails = portal.mailbox.wait(1)
    portal.ask(known, "bea@example.com")
    assert len(portal.mailbox.wait(2)) == 2, mails
    assert {str(m["To"]) for m in portal.mailbox.all()} == {year.EMAIL, "bea@example.com"}
