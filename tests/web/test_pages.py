"""Every page of the portal for a buyer with a history: what it shows, in which language, and at what cost."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from html import escape

import pytest

from portico.documents import render as renderer
from portico.domain.scope import BuyerScope
from portico.i18n.languages import LANGUAGES
from portico.services.document_print import print_data
from portico.services.runtime import Runtime
from portico.storage import buyer, document
from portico.storage.database import count_statements
from tests.factories import Factory
from tests.web.browser import Browser
from tests.web.conftest import BASE, EMAIL, TEST_BASE, History, Shop

MakeHistory = Callable[..., History]


@pytest.fixture
def owned(history: MakeHistory, shop: Shop) -> History:
    return history(shop.buyer)


def test_the_overview_greets_a_new_buyer(ada: Browser) -> None:
    page = ada.get(BASE)
    assert page.status == 200
    assert EMAIL in page.text
    assert "No orders yet" in page.text


def test_the_overview_shows_what_comes_next_and_what_came_last(ada: Browser, owned: History) -> None:
    page = ada.get(BASE)
    for link in (f"/orders/{owned.order}", f"/subscriptions/{owned.subscription}", f"/invoices/{owned.document}"):
        assert f'href="{BASE}{link}"' in page.text
    assert "€34.51" in page.text
    assert "Apr 14, 2026" in page.text


def test_orders_are_listed_with_their_payment(ada: Browser, owned: History) -> None:
    page = ada.get(BASE + "/orders")
    assert page.status == 200
    assert f'href="{BASE}/orders/{owned.order}"' in page.text
    assert "€34.51" in page.text
    assert "4242" in page.text


def test_an_invoice_numbered_elsewhere_is_found_under_that_number(ada: Browser, shop: Shop, factory: Factory) -> None:
    number = "RE <2025>/0815"
    order_id = factory.order(shop.buyer)
    invoice = factory.document(shop.buyer, factory.payment(shop.buyer, order_id), elsewhere=number)
    for path in ("/invoices", f"/invoices/{invoice}", f"/orders/{order_id}"):
        assert escape(number) in ada.get(BASE + path).text
    file = ada.get(f"{BASE}/invoices/{invoice}.pdf")
    assert (file.status, file.header("content-disposition")) == (200, 'attachment; filename="RE-2025-0815.pdf"')


def test_an_order_shows_its_payments_attempts_and_documents(ada: Browser, owned: History) -> None:
    page = ada.get(f"{BASE}/orders/{owned.order}")
    assert page.status == 200
    assert "Your bank declined the card" in page.text
    assert f'href="{BASE}/invoices/{owned.document}"' in page.text


def test_orders_are_filtered_by_status(ada: Browser, shop: Shop, factory: Factory) -> None:
    paid, open_ = factory.order(shop.buyer), factory.order(shop.buyer, status="pending")
    page = ada.get(BASE + "/orders?status=pending")
    assert open_ in page.text
    assert paid not in page.text
    assert paid in ada.get(BASE + "/orders?status=").text
    assert "No orders with this status" in ada.get(BASE + "/orders?status=refunded").text


def test_orders_are_paged_newest_first_and_the_filter_stays(ada: Browser, shop: Shop, factory: Factory) -> None:
    ids = [factory.order(shop.buyer, created_at=factory.now - timedelta(hours=n)) for n in range(60)]
    seen, url = [], BASE + "/orders?status=completed"
    while url:
        page = ada.get(url)
        assert page.status == 200
        seen.append([order for order in ids if order in page.text])
        url = page.text.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
        assert not url or "status=completed" in url
    assert [len(part) for part in seen] == [25, 25, 10]
    assert [order for part in seen for order in part] == ids
    assert "Back to the newest" in page.text


def test_the_orders_page_costs_two_statements_however_much_it_shows(ada: Browser, shop: Shop, factory: Factory, runtime: Runtime) -> None:
    for number in range(30):
        factory.payment(shop.buyer, factory.order(shop.buyer, created_at=factory.now - timedelta(hours=number)))
    with count_statements(runtime.database) as counted:
        assert ada.get(BASE + "/orders").status == 200
    assert counted.count == 2, counted.statements  # who asks, and the orders; the design allows three


def test_subscriptions_show_the_next_charge(ada: Browser, owned: History) -> None:
    assert f'href="{BASE}/subscriptions/{owned.subscription}"' in ada.get(BASE + "/subscriptions").text
    page = ada.get(f"{BASE}/subscriptions/{owned.subscription}")
    assert page.status == 200
    assert "€34.51" in page.text
    assert "Apr 14, 2026" in page.text


def test_a_subscription_shows_its_newest_documents_and_the_way_to_all(ada: Browser, shop: Shop, factory: Factory) -> None:
    order_id = factory.order(shop.buyer, kind="subscription")
    subscription_id = factory.subscription(shop.buyer, order_id=order_id)
    days = [factory.now + timedelta(days=n) for n in range(8)]
    issued = [factory.document(shop.buyer, factory.payment(shop.buyer, order_id), issued_at=day) for day in days]
    page = ada.get(f"{BASE}/subscriptions/{subscription_id}").text
    shown = [document_id for document_id in issued if f'href="{BASE}/invoices/{document_id}"' in page]
    assert shown == issued[2:]
    assert f'href="{BASE}/invoices"' in page.partition("documents-title")[2]


def test_invoices_are_listed_and_filtered(ada: Browser, owned: History) -> None:
    page = ada.get(BASE + "/invoices")
    assert page.text.count("INV-2026-000001") >= 1
    assert page.text.count("REC-2026-000001") >= 1
    assert page.text.index("INV-2026-000001") < page.text.index("REC-2026-000001")  # issued together; the invoice is what people want
    only = ada.get(BASE + "/invoices?kind=receipt")
    assert "INV-2026-000001" not in only.text
    none = ada.get(BASE + "/invoices?kind=credit_note").words
    assert ("No documents of this kind" in none, "No invoices yet" in none) == (True, False)


def test_an_invoice_is_a_page_and_a_pdf(ada: Browser, owned: History) -> None:
    page = ada.get(f"{BASE}/invoices/{owned.document}")
    assert page.status == 200
    assert "Nordlicht Software GmbH" in page.text
    pdf = ada.get(f"{BASE}/invoices/{owned.document}.pdf")
    assert (pdf.status, pdf.header("content-type")) == (200, "application/pdf")
    assert pdf.body.startswith(b"%PDF-1.")
    assert pdf.header("content-disposition") == 'attachment; filename="INV-2026-000001.pdf"'
    assert pdf.header("cache-control") == "no-store"
    assert ada.get(f"{BASE}/invoices/{owned.document}.pdf").body == pdf.body


def test_an_invoice_page_says_what_its_pdf_says(ada: Browser, owned: History, runtime: Runtime) -> None:
    page = ada.get(f"{BASE}/invoices/{owned.document}")
    with runtime.database.read() as tx:
        content = document.get_any(tx, owned.document)[1].content
    assert content is not None
    paper = print_data(content, "en")
    facts = (*paper.facts, *paper.payment, *paper.seller.facts, *paper.buyer.facts)
    words = [paper.headline, *(text for fact in facts for text in (fact.label, fact.value)), *paper.notes]
    words += [text for total in paper.totals for text in (total.label, total.value)]
    assert len(words) > 15
    for text in words:
        assert escape(text) in page.text, text


def test_an_invoice_offers_its_files_and_says_why_its_tax_is_what_it_is(ada: Browser, owned: History) -> None:
    page = ada.get(f"{BASE}/invoices/{owned.document}")
    receipt = page.text.rpartition(f'class="row-link" href="{BASE}/invoices/')[2].partition('"')[0]
    assert f'href="{BASE}/invoices/{receipt}.pdf"' in page.text.partition('class="paper"')[0]
    assert "The usual rate." in page.words
    assert "Seller’s tax ID DE136695976 Your tax ID Not given" in page.words
    for query, name, root in (("", "cii", b"CrossIndustryInvoice"), ("?format=ubl", "ubl", b"Invoice")):
        assert f'href="{BASE}/invoices/{owned.document}.xml{query}"' in page.text
        file = ada.get(f"{BASE}/invoices/{owned.document}.xml{query}")
        assert (file.status, file.header("content-type")) == (200, "application/xml")
        assert file.header("content-disposition") == f'attachment; filename="INV-2026-000001-{name}.xml"'
        assert root in file.body
    assert ada.get(f"{BASE}/invoices/{owned.document}.xml?format=edi").status == 400
    none = ada.get(f"{BASE}/invoices/{receipt}.xml")
    assert (none.status, "There is no e-invoice for this document" in none.words) == (404, True)
    assert f'href="{BASE}/invoices/{receipt}"' in none.text
    assert "E-invoice" not in ada.get(f"{BASE}/invoices/{receipt}").words


def test_what_the_pages_of_documents_cost(ada: Browser, owned: History, runtime: Runtime) -> None:
    limits = {f"/invoices/{owned.document}": 8, f"/invoices/{owned.document}/correct": 7, "/invoices": 3, "/invoices/pack": 3}
    spent: dict[str, int] = {}
    for path in limits:
        with count_statements(runtime.database) as counted:
            assert ada.get(BASE + path).status == 200
        spent[path] = counted.count
    assert {path: count for path, count in spent.items() if count > limits[path]} == {}


def test_an_invoice_without_an_e_invoice_says_why(ada: Browser, shop: Shop, history: MakeHistory) -> None:
    nowhere = history(shop.buyer, billing_detail={"name": "Ada"})
    page = ada.get(f"{BASE}/invoices/{nowhere.document}")
    assert "An e-invoice needs your country. Please add it to the billing details of this invoice." in page.words
    assert f"{nowhere.document}.xml" not in page.text


def test_a_copy_is_sent_to_the_buyer_or_to_the_copy_addresses(ada: Browser, owned: History, shop: Shop, runtime: Runtime) -> None:
    path = f"/invoices/{owned.document}"
    page = ada.get(BASE + path)
    assert f"Send to {EMAIL}" in page.words
    assert "Add copy addresses to your billing details" in page.words
    sent = ada.follow(ada.submit(page, path + "/send", to="own"))
    assert "The copy is on its way." in sent.words
    refused = ada.submit(page, path + "/send", to="copies")
    assert (refused.status, "There are no copy addresses yet." in refused.words) == (409, True)
    with runtime.database.transaction() as tx:
        detail, version = buyer.billing_detail(tx, shop.buyer)
        assert buyer.save_billing_detail(tx, shop.buyer, replace(detail, copy_emails=("books@example.com",)), version)
    page = ada.get(BASE + path)
    assert "books@example.com" in page.words
    assert ada.submit(page, path + "/send", to="copies").status == 303
    assert ada.submit(page, path + "/send", to="all").status == 400


def test_a_file_that_is_not_ready_yet_can_be_asked_for_again(ada: Browser, owned: History, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> bytes:
        raise RuntimeError("no such font")

    monkeypatch.setattr(renderer, "render", broken)
    url = f"{BASE}/invoices/{owned.document}.pdf?lang=de"
    page = ada.get(url)
    assert (page.status, page.header("retry-after")) == (503, "30")
    assert "We’re working on it. Please try again in a few minutes." in page.words
    assert f'<a class="button primary" href="{url}">Try again</a>' in page.text
    assert ada.get(f"{BASE}/invoices/{owned.document}").status == 200


def test_an_invoice_is_shown_with_the_receipt_of_its_payment_alone(ada: Browser, shop: Shop, history: MakeHistory) -> None:
    owned = history(shop.buyer)
    history(shop.buyer)
    page = ada.get(f"{BASE}/invoices/{owned.document}").text
    assert [number in page for number in ("REC-2026-000001", "INV-2026-000002", "REC-2026-000002")] == [True, False, False]
    assert f'href="{BASE}/orders/{owned.order}"' in page


def test_the_overview_shows_the_latest_invoices_without_their_receipts(ada: Browser, owned: History) -> None:
    page = ada.get(BASE).text
    assert "INV-2026-000001" in page
    assert "REC-2026-000001" not in page


def test_an_invoice_can_be_had_in_another_language(ada: Browser, owned: History) -> None:
    pdf = ada.get(f"{BASE}/invoices/{owned.document}.pdf?lang=de")
    assert pdf.header("content-disposition") == 'attachment; filename="INV-2026-000001-de.pdf"'
    unknown = ada.get(f"{BASE}/invoices/{owned.document}.pdf?lang=xx")
    assert unknown.status == 400
    assert "Language not available" in unknown.text


@pytest.mark.parametrize("tag", [language.tag for language in LANGUAGES])
def test_every_page_speaks_every_language(app, sign_in, shop: Shop, owned: History, tag: str) -> None:  # type: ignore[no-untyped-def]
    browser = sign_in(shop.buyer)
    browser.language = tag
    paths = [
        "",
        "/orders",
        f"/orders/{owned.order}",
        "/subscriptions",
        f"/subscriptions/{owned.subscription}",
        "/invoices",
        f"/invoices/{owned.document}",
        "/billing-details",
        "/sign-in",
        "/sign-in/code",
        "/sign-in/link",
        "/orders/ORD_none",
    ]
    for path in paths:
        page = browser.get(BASE + path)
        assert page.status == (404 if path.endswith("none") else 200), path
        assert f'<html lang="{tag}"' in page.text
        assert page.header("content-language") == tag
        assert page.header("vary") == "Accept-Language, Cookie"


def test_hostile_text_is_shown_literally(ada: Browser, shop: Shop, history: MakeHistory) -> None:
    attack = "<script>alert(1)</script>{{7*7}}{email}\"'%(x)s"
    owned = history(shop.buyer, product_name=attack)
    for path in ("", "/orders", f"/orders/{owned.order}", f"/invoices/{owned.document}"):
        page = ada.get(BASE + path)
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}{email}" in page.text


def test_the_test_environment_has_its_own_portal(sign_in: Callable[[BuyerScope], Browser], shop: Shop, factory: Factory) -> None:
    tester = factory.buyer(type(shop.store)(shop.store.store_id, "test"), email=EMAIL)
    page = sign_in(tester).get(TEST_BASE)
    assert page.status == 200
    assert "nothing here is real" in page.text
    assert f'href="{TEST_BASE}/orders"' in page.text


# Languages


def test_a_chosen_language_stays_with_browser_and_buyer(ada: Browser, shop: Shop, sign_in: Callable[[BuyerScope], Browser]) -> None:
    page = ada.get(BASE + "/orders?status=completed")
    chosen = ada.submit(page, "/language", language="de")
    assert chosen.header("location") == BASE + "/orders?status=completed"
    assert ada.follow(chosen).header("content-language") == "de"
    elsewhere = sign_in(shop.buyer)
    elsewhere.language = "fr"
    assert elsewhere.get(BASE).header("content-language") == "de"


def test_a_stranger_chooses_for_the_browser_alone(browser: Browser, shop: Shop) -> None:
    page = browser.get(BASE + "/sign-in")
    assert browser.follow(browser.submit(page, "/language", language="ar")).header("content-language") == "ar"
    assert '<html lang="ar" dir="rtl"' in browser.get(BASE + "/sign-in").text


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        ("de-AT,de;q=0.9", "de"),
        ("xx", "en"),
        ("", "en"),
        ("pt", "pt-BR"),
        ("\x00;q=x,,;", "en"),
        ("zh-TW", "zh-Hant"),
    ],
)
def test_the_browsers_language_is_the_first_guess(browser: Browser, shop: Shop, header: str, tag: str) -> None:
    browser.language = header
    assert browser.get(BASE + "/sign-in").header("content-language") == tag


def test_without_a_wish_the_stores_own_language_is_spoken(browser: Browser, factory: Factory) -> None:
    factory.store(slug="boutique", locale="fr")
    browser.language = ""
    assert browser.get("/boutique/portal/sign-in").header("content-language") == "fr"


@pytest.mark.parametrize("tag", ["", "xx", "EN", "de ", "../de", "de\x00"])
def test_a_language_we_do_not_speak_cannot_be_chosen(ada: Browser, shop: Shop, tag: str) -> None:
    page = ada.get(BASE)
    answer = ada.submit(page, "/language", language=tag)
    assert answer.status == 400
    assert ada.get(BASE).header("content-language") == "en"
