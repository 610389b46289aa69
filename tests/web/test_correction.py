"""Correcting the billing details of an invoice: the review says all that happens, and exactly that is done."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa

from portico.domain.scope import BuyerScope
from portico.services import correction
from portico.services.correction import Corrected
from portico.services.runtime import Runtime
from portico.storage import buyer, tables
from tests.factories import Factory
from tests.web.browser import Answer, Browser
from tests.web.conftest import BASE, History, Shop
from tests.web.test_security import snapshot

VIENNA = {"country": "AT", "is_business": "yes", "business_name": "Byron OG", "tax_id": "ATU13585627"} | {
    "line1": "Ring 1", "line2": "", "city": "Wien", "postal_code": "1010", "po_number": "4711",
}  # fmt: skip


@pytest.fixture
def owned(history: Callable[..., History], shop: Shop) -> History:
    return history(shop.buyer)


def ask(ada: Browser, owned: History, **fields: str) -> Answer:
    """The review of a correction to Vienna, and other `fields`."""
    path = f"/invoices/{owned.document}/correct"
    form = ada.get(BASE + path)
    assert form.status == 200
    return ada.submit(form, path, **{"step": "review", **VIENNA, **fields})


def answer(ada: Browser, owned: History, review: Answer, step: str = "confirm", **fields: str) -> Answer:
    return ada.submit(review, f"/invoices/{owned.document}/correct", step=step, **fields)


def read(page: Answer) -> str:
    """The words of a page with links within its sentences."""
    return page.words.replace(" ,", ",").replace(" .", ".")


def test_a_correction_is_reviewed_issued_and_told_on_every_page(ada: Browser, owned: History, shop: Shop, runtime: Runtime) -> None:
    assert f'href="{BASE}/invoices/{owned.document}/correct"' in ada.get(f"{BASE}/invoices/{owned.document}").text
    before = snapshot(runtime)
    review = ask(ada, owned)
    assert review.status == 200
    for said in (
        "Country or region Before Germany Now Austria",
        "Tax ID Before nothing Now ATU13585627",
        "PO number Before nothing Now 4711",
        "A credit note over €34.51 cancels invoice INV-2026-000001.",
        "A new invoice over €34.51 with the right details replaces it.",
        "Nothing is charged or paid back: the amounts stay as they are.",
    ):
        assert said in review.words, said
    assert "Street address" in review.words
    assert "Full name" not in review.words.partition("What changes")[2].partition("What is issued")[0]  # it stays
    assert snapshot(runtime) == before  # nothing yet
    page = ada.follow(answer(ada, owned, review))
    for said in (
        "Done. This is your corrected invoice.",
        "Corrects INV-2026-000001, which credit note CN-2026-000001 cancels.",
        "Invoice INV-2026-000002",
        "Byron OG",
        "What was corrected",
        "Before Germany Now Austria",
    ):
        assert said in read(page), said
    assert "Done." not in ada.get(page.path).words  # said once
    old = ada.get(f"{BASE}/invoices/{owned.document}")
    assert "Replaced by INV-2026-000002. Credit note CN-2026-000001 cancels this one." in read(old)
    assert "This invoice has been replaced already." in old.words
    assert f'href="{page.path}"' in old.text
    assert '<bdi class="unbroken">INV-2026-000001</bdi>' in old.text  # half of a number is another one
    assert f"/invoices/{owned.document}/correct" not in old.text
    for path, marks in (("/invoices", (1, 2)), ("/invoices?kind=invoice", (1, 1)), (f"/orders/{owned.order}", (1, 2))):
        listed = ada.get(BASE + path).words
        assert (listed.count("Replaced"), listed.count("Correction")) == marks, path
    with runtime.database.read() as tx:
        assert buyer.billing_detail(tx, shop.buyer)[0].business_name == "Byron OG"


def test_the_details_are_for_this_invoice_alone_if_the_buyer_says_so(ada: Browser, owned: History, shop: Shop, runtime: Runtime) -> None:
    review = answer(ada, owned, ask(ada, owned), language="de")  # the same review, in German
    assert (review.status, '<html lang="de"' in review.text) == (200, True)
    fields = {name: value for name, value in review.form("/correct").items() if name != "keep"}
    assert ada.post(f"{BASE}/invoices/{owned.document}/correct", {**fields, "step": "confirm"}).status == 303
    with runtime.database.read() as tx:
        assert buyer.billing_detail(tx, shop.buyer)[0].business_name == ""


def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(ada: Browser, owned: History, runtime: Runtime) -> None:
    before = snapshot(runtime)
    wrong = ask(ada, owned, tax_id="ATU1", postal_code="x")
    assert wrong.status == 422
    assert wrong.form("/correct")["tax_id"] == "ATU1"
    assert 'href="#tax_id"' in wrong.text
    assert 'href="#postal_code"' in wrong.text
    path = f"/invoices/{owned.document}/correct"
    same = ada.submit(ada.get(BASE + path), path, step="review")
    assert (same.status, "These are the details on the invoice already." in same.words) == (422, True)
    other = ada.submit(same, path, country="US", update_fields="1")
    assert (other.status, "ZIP code" in other.words) == (200, True)
    again = answer(ada, owned, ask(ada, owned), step="edit")
    assert again.form("/correct")["business_name"] == "Byron OG"
    assert snapshot(runtime) == before


def test_nothing_else_is_written_than_what_was_shown(ada: Browser, owned: History, runtime: Runtime) -> None:
    before = snapshot(runtime)
    review = ask(ada, owned)
    sealed = review.form("/correct")["sealed"]
    for forged in ("", "x", sealed[:-2] + "AA", sealed.replace(".", "A.", 1)):
        assert "Review the correction" in answer(ada, owned, review, sealed=forged).words
    assert answer(ada, owned, review, country="FR", business_name="Mallory").status == 303
    page = ada.get(BASE + "/invoices?kind=invoice")
    newest = page.text.partition(f'class="row-link" href="{BASE}/invoices/')[2].partition('"')[0]
    shown = ada.get(f"{BASE}/invoices/{newest}").words
    assert ("Byron OG" in shown, "Mallory" in shown, "France" in shown) == (True, False, False)
    assert snapshot(runtime) != before


def test_what_moved_meanwhile_is_shown_anew_and_nothing_is_issued(ada: Browser, owned: History, runtime: Runtime) -> None:
    first, second = ask(ada, owned), ask(ada, owned, po_number="4712")
    with runtime.database.transaction() as tx:
        tx.execute(sa.update(tables.payment).where(tables.payment.c.order_id == owned.order).values(refunded_minor=1000))
    before = snapshot(runtime)
    moved = answer(ada, owned, first)
    assert moved.status == 409
    assert "Something changed since you saw this. Nothing was changed yet." in moved.words
    assert "A credit note over €24.51 cancels invoice INV-2026-000001." in moved.words
    assert snapshot(runtime) == before
    assert answer(ada, owned, moved).status == 303
    late = answer(ada, owned, second)
    assert (late.status, "This invoice has been replaced already." in late.words) == (409, True)


def test_what_one_buyer_was_shown_is_nothing_to_another(
    ada: Browser, owned: History, shop: Shop, factory: Factory, history: Callable[..., History], sign_in: Callable[[BuyerScope], Browser],
    runtime: Runtime,
) -> None:  # fmt: skip
    sealed = ask(ada, owned).form("/correct")["sealed"]
    other = factory.buyer(shop.store, email="grace@example.com")
    grace, hers, mine = sign_in(other), history(other), history(shop.buyer)
    before = snapshot(runtime)
    for browser, own in ((grace, hers), (ada, mine)):
        path = f"/invoices/{own.document}/correct"
        answered = browser.submit(browser.get(BASE + path), path, sealed=sealed, step="confirm")
        assert (answered.status, "Review the correction" in answered.words, "Byron OG" in answered.text) == (200, True, False)
    assert snapshot(runtime) == before


def test_a_form_that_is_too_old_keeps_what_was_typed_and_what_was_shown(ada: Browser, owned: History, runtime: Runtime) -> None:
    path, review = f"{BASE}/invoices/{owned.document}/correct", ask(ada, owned)
    before = snapshot(runtime)
    old = ada.post(path, {**review.form("/correct"), "csrf": "x", "step": "confirm"})
    assert (old.status, "This page was open too long" in old.words or "Please send the form once more." in old.words) == (403, True)
    assert old.form("/correct")["sealed"] == review.form("/correct")["sealed"]
    typed = ada.post(path, {**VIENNA, "csrf": "x"})
    assert (typed.status, typed.form("/correct")["business_name"]) == (403, "Byron OG")
    assert snapshot(runtime) == before


def test_tax_that_goes_back_is_said_before_and_after(ada: Browser, owned: History, monkeypatch: pytest.MonkeyPatch) -> None:
    preview = correction.preview
    monkeypatch.setattr(correction, "preview", lambda *args, **more: replace(preview(*args, **more), tax="refund", refund_minor=551))
    monkeypatch.setattr(correction, "correct", lambda *args, **more: Corrected(None, None, "REF_1"))
    review = ask(ada, owned)
    assert "€5.51 of tax goes back the way it was paid." in review.words
    assert "A new invoice over €29.00, without tax and with the right details, replaces it." in review.words
    assert "Get €5.51 back and correct" in review.words
    assert "The tax is on its way back to you." in ada.follow(answer(ada, owned, review)).words
    path = f"/invoices/{owned.document}/correct"
    unchanged = ada.submit(ada.get(BASE + path), path, step="review")  # of an id that was only confirmed later
    assert (unchanged.status, "Get €5.51 back" in unchanged.words, "What changes" in unchanged.words) == (200, True, False)


def test_only_an_invoice_has_a_way_to_correct_it(ada: Browser, owned: History) -> None:
    receipt = ada.get(f"{BASE}/invoices/{owned.document}").text.rpartition(f'class="row-link" href="{BASE}/invoices/')[2].partition('"')[0]
    page = f"{BASE}/invoices/{receipt}"
    assert "Edit billing details" not in ada.get(page).words
    assert ada.get(page + "/correct").header("location") == page
