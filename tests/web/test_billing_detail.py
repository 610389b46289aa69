"""The billing form: its fields follow the country without script, all errors come at once, and nobody's change is lost."""

from collections.abc import Callable
from typing import Literal

import pytest

from portico.domain.billing_detail import BillingDetail
from portico.domain.errors import Conflict, Invalid
from portico.domain.scope import BuyerScope
from portico.domain.tax import TaxPolicy
from portico.services import billing_detail
from portico.services.runtime import Runtime
from portico.storage import store as stores
from portico.storage import tax_id_check as checks
from tests.factories import Factory
from tests.web.browser import Browser
from tests.web.conftest import BASE, EMAIL, Shop

PATH = BASE + "/billing-details"
AMERICAN = {
    "country": "US",
    "name": "Grace Hopper",
    "is_business": "",
    "business_name": "",
    "tax_id": "",
    "line1": "1 Navy Way",
    "line2": "",
    "city": "Arlington",
    "state": "VA",
    "postal_code": "22201",
}


def test_the_form_shows_what_is_saved(ada: Browser, shop: Shop) -> None:
    page = ada.get(PATH)
    form = page.form("/billing-details")
    assert (form["country"], form["city"], form["postal_code"], form["version"]) == ("DE", "Berlin", "10117", "1")
    assert "state" not in form
    assert "Saved." not in page.text


def test_what_is_typed_is_saved_and_said_once(ada: Browser, shop: Shop, runtime: Runtime) -> None:
    saved = ada.submit(ada.get(PATH), "/billing-details", city="Potsdam", postal_code="14467")
    assert saved.header("location") == PATH
    page = ada.follow(saved)
    assert "Saved." in page.text
    assert page.form("/billing-details")["city"] == "Potsdam"
    assert page.form("/billing-details")["version"] == "2"
    assert "Saved." not in ada.get(PATH).text
    assert billing_detail.read(runtime, shop.buyer)[0].city == "Potsdam"


def test_another_country_brings_its_own_fields_and_keeps_what_was_typed(ada: Browser, shop: Shop, runtime: Runtime) -> None:
    page = ada.submit(ada.get(PATH), "/billing-details", country="US", city="Arlington", update_fields="1")
    assert page.status == 200
    form = page.form("/billing-details")
    assert (form["country"], form["city"], form["state"], form["postal_code"]) == ("US", "Arlington", "", "10117")
    assert '<option value="VA">Virginia</option>' in page.text
    german = ada.submit(page, "/billing-details", city="Reston", language="de")
    assert ('<html lang="de"' in german.text, german.form("/billing-details")["city"]) == (True, "Reston")
    assert billing_detail.read(runtime, shop.buyer)[0].city == "Berlin"
    assert "ZIP" in page.text
    assert 'id="state-error"' not in page.text
    assert billing_detail.read(runtime, shop.buyer) == (billing_detail.read(runtime, shop.buyer)[0], 1)
    assert ada.submit(page, "/billing-details", state="VA", postal_code="22201").status == 303


def test_all_errors_are_said_at_once_beside_their_fields(ada: Browser, shop: Shop, runtime: Runtime) -> None:
    page = ada.submit(ada.get(PATH), "/billing-details", country="US", update_fields="1")
    answer = ada.submit(page, "/billing-details", name="N" * 130, is_business="yes", state="", city="Arlington", postal_code="123")
    assert answer.status == 422
    for field in ("name", "business_name", "state", "postal_code"):
        assert f'id="{field}-error"' in answer.text, field
    form = answer.form("/billing-details")
    assert (form["name"], form["is_business"], form["postal_code"], form["city"]) == ("N" * 130, "yes", "123", "Arlington")
    assert billing_detail.read(runtime, shop.buyer)[1] == 1


def test_an_error_in_a_field_the_form_lacks_is_still_said(ada: Browser, shop: Shop) -> None:
    answer = ada.submit(ada.get(PATH), "/billing-details", state="x" * 90)
    assert answer.status == 422
    assert 'role="alert"' in answer.text


def test_a_business_needs_its_name_and_a_right_tax_id(ada: Browser, shop: Shop, runtime: Runtime) -> None:
    page = ada.get(PATH)
    wrong = ada.submit(page, "/billing-details", is_business="yes", business_name="Ada GmbH", tax_id="DE136695977")
    assert wrong.status == 422
    assert 'id="tax_id-error"' in wrong.text
    assert ada.submit(wrong, "/billing-details", tax_id="de 136 695 976").status == 303
    detail = billing_detail.read(runtime, shop.buyer)[0]
    assert (detail.business_name, detail.tax_id) == ("Ada GmbH", "DE136695976")


def test_an_id_of_another_country_says_which_and_saves_nothing(ada: Browser, shop: Shop, runtime: Runtime) -> None:
    typed = {"is_business": "yes", "business_name": "Ada GmbH", "tax_id": "FR40303265045", "city": "Potsdam", "po_number": "4711"}
    wrong = ada.submit(ada.get(PATH), "/billing-details", **typed)
    assert wrong.status == 422
    assert "another country (France)" in wrong.words
    assert "Here it looks like DE136695976" in wrong.words
    detail, version = billing_detail.read(runtime, shop.buyer)
    assert (detail.city, detail.po_number, version) == ("Berlin", "", 1)


def test_references_and_copies_are_kept(ada: Browser, shop: Shop, runtime: Runtime) -> None:
    page = ada.get(PATH)
    assert '<details class="more">' in page.text
    wrong = ada.submit(page, "/billing-details", copy_emails="books@example.com\r\nada@", po_number="PO 4711")
    assert "“ada@” isn’t a complete email address" in wrong.words
    assert '<details class="more" open>' in wrong.text
    assert wrong.form("/billing-details")["copy_emails"].split() == ["books@example.com", "ada@"]
    typed = f"Books@Example.com, {EMAIL}\r\nanna@example.com\r\n"
    page = ada.follow(ada.submit(wrong, "/billing-details", copy_emails=typed))
    detail, version = billing_detail.read(runtime, shop.buyer)
    assert (detail.po_number, detail.copy_emails) == ("PO 4711", ("books@example.com", "anna@example.com"))
    assert page.form("/billing-details")["copy_emails"].split() == list(detail.copy_emails)
    moved = ada.submit(page, "/billing-details", version=str(version - 1), copy_emails="anna@example.com")
    assert "Saved in the meantime: books@example.com, anna@example.com" in moved.words
    assert 'id="po_number-error"' not in moved.text


@pytest.mark.parametrize(
    ("status", "number", "says"),
    [
        ("pending", None, "is being checked with VIES"),
        ("valid", "WAPI1", "Confirmed by VIES, the EU’s VAT register, on Mar 14, 2026 (consultation number WAPI1)."),
        ("valid", None, "Confirmed by VIES, the EU’s VAT register, on Mar 14, 2026."),
        ("invalid", "WAPI1", "doesn’t know this tax ID. Please check it."),
    ],
)
def test_the_register_s_word_stands_beside_the_id(
    ada: Browser, shop: Shop, runtime: Runtime, status: Literal["pending", "valid", "invalid"], number: str | None, says: str
) -> None:
    saved = ada.submit(ada.get(PATH), "/billing-details", is_business="yes", business_name="Ada GmbH", tax_id="DE136695976")
    with runtime.database.transaction() as tx:
        checks.create(tx, shop.buyer, "TIC_1", "DE136695976", runtime.clock())
        if status != "pending":
            checks.answered(tx, shop.buyer, "TIC_1", status, now=runtime.clock(), consultation_number=number)
    assert "VIES" not in ada.follow(saved).words  # the store does not want it
    with runtime.database.transaction() as tx:
        stores.set_tax_policy(tx, shop.buyer.store_id, TaxPolicy(check_vat_ids=True))
    page = ada.get(PATH)
    assert says in page.words
    assert "VIES" not in ada.submit(page, "/billing-details", country="AT", update_fields="1").words


def test_two_tabs_never_overwrite_each_other_unseen(ada: Browser, shop: Shop, runtime: Runtime) -> None:
    first, second = ada.get(PATH), ada.get(PATH)
    assert ada.submit(first, "/billing-details", city="Potsdam", postal_code="14467").status == 303
    moved = ada.submit(second, "/billing-details", city="Hamburg")
    assert moved.status == 409
    assert "Saved in the meantime: Potsdam" in moved.text
    assert moved.form("/billing-details")["city"] == "Hamburg"
    assert billing_detail.read(runtime, shop.buyer)[0].city == "Potsdam"
    assert ada.submit(moved, "/billing-details").status == 303
    assert billing_detail.read(runtime, shop.buyer)[0].city == "Hamburg"


def test_a_stale_token_keeps_what_was_typed(ada: Browser, shop: Shop, runtime: Runtime) -> None:
    answer = ada.submit(ada.get(PATH), "/billing-details", csrf="of another session", city="Potsdam")
    assert answer.status == 403
    assert answer.form("/billing-details")["city"] == "Potsdam"
    assert billing_detail.read(runtime, shop.buyer)[1] == 1
    assert ada.submit(answer, "/billing-details").status == 303


@pytest.mark.parametrize("version", ["", "x", "-1", "1.0", "٣", "9999999999", "1 "])
def test_a_damaged_version_is_refused(ada: Browser, shop: Shop, version: str) -> None:
    assert ada.submit(ada.get(PATH), "/billing-details", version=version, city="Potsdam").status == 400


@pytest.mark.parametrize("country", ["XX", "de", "D", "Germany", "<b>", "Ⅾ"])
def test_an_unknown_country_is_said_beside_the_field(ada: Browser, shop: Shop, country: str, runtime: Runtime) -> None:
    answer = ada.submit(ada.get(PATH), "/billing-details", country=country)
    if country == "de":
        assert answer.status == 303  # case is forgiven
        return
    assert answer.status == 422
    assert 'id="country-error"' in answer.text
    assert billing_detail.read(runtime, shop.buyer)[1] == 1


def test_no_more_than_the_billing_details_can_be_changed(ada: Browser, shop: Shop, runtime: Runtime, factory: Factory) -> None:
    for field in ("email", "locale", "buyer_id", "billing_version", "external_id"):
        assert ada.submit(ada.get(PATH), "/billing-details", **{field: "x"}).status == 400
    assert billing_detail.read(runtime, shop.buyer)[1] == 1


def test_the_form_of_a_buyer_without_details_asks_for_the_country(
    sign_in: Callable[[BuyerScope], Browser], shop: Shop, factory: Factory
) -> None:
    grace = factory.buyer(shop.store, email="grace@example.com", billing_detail={})
    browser = sign_in(grace)
    page = browser.get(PATH)
    assert page.form("/billing-details")["country"] == ""
    page = browser.submit(page, "/billing-details", country="US", update_fields="1")
    typed = {name: value for name, value in AMERICAN.items() if name in page.form("/billing-details")}
    assert browser.submit(page, "/billing-details", **typed).status == 303


# The use case itself


def test_saving_is_by_version(runtime: Runtime, shop: Shop) -> None:
    billing_detail.save(runtime, shop.buyer, AMERICAN, 1)
    expected = BillingDetail(country="US", name="Grace Hopper", line1="1 Navy Way", city="Arlington", state="VA", postal_code="22201")
    assert billing_detail.read(runtime, shop.buyer) == (expected, 2)
    with pytest.raises(Conflict):
        billing_detail.save(runtime, shop.buyer, AMERICAN, 1)
    with pytest.raises(Invalid):
        billing_detail.save(runtime, shop.buyer, {**AMERICAN, "state": ""}, 2)


def test_a_buyer_changes_them_so_often_a_day_and_saving_the_same_is_no_change(
    ada: Browser, shop: Shop, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(billing_detail, "SAVED_PER_DAY", 1)
    assert ada.submit(ada.get(PATH), "/billing-details", city="Potsdam").status == 303
    _, version = billing_detail.read(runtime, shop.buyer)
    assert ada.submit(ada.get(PATH), "/billing-details").status == 303
    refused = ada.submit(ada.get(PATH), "/billing-details", city="Hamburg")
    assert refused.status == 409
    assert "many times today already" in refused.words
    assert refused.form("/billing-details")["city"] == "Hamburg"
    assert billing_detail.read(runtime, shop.buyer)[1] == version
    billing_detail.save(runtime, shop.buyer, AMERICAN, version, actor="key:KEY_1")  # the merchant's own limits are others


def test_a_stranger_sees_no_form(browser: Browser, shop: Shop) -> None:
    answer = browser.get(PATH)
    assert answer.header("location") == BASE + "/sign-in?next=/billing-details"
    assert EMAIL not in answer.text
