"""A checkout's pages, from the merchant's address to the thanks, against the bank's own ledger: what is shown at every step, who sees
what, and that nothing is charged that was not shown."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import pytest
from litestar import Litestar

from portico.domain.checkout import CheckoutSession
from portico.domain.scope import BuyerScope, StoreScope
from portico.domain.tax import TaxPolicy
from portico.domain.tax_table import starting_set
from portico.gateways.port import PaymentGateway
from portico.sandbox import cards
from portico.services import checkout, checkout_address, checkout_end, checkout_limits, waffo_token
from portico.services.checkout import Asked
from portico.services.runtime import Runtime
from portico.storage import buyer as buyers
from portico.storage import store as stores
from portico.storage import tax_rate
from tests.bank import BankGateway
from tests.conftest import SteppingClock
from tests.factories import Factory
from tests.web.browser import Answer, Browser
from tests.web.conftest import BASE, EMAIL, SLUG, TEST_BASE, Shop
from tests.web.test_security import snapshot

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
JSON = (b"accept", b"application/json")
GRACE = {"email": "grace@example.com", "country": "DE", "name": "Grace Hopper"}
THANKS = "https://shop.example/thanks?a=1"


@dataclass
class Till:
    """The shop's products, and what a buyer's browser does at a checkout: `book` 20.00 once, `course` 10.00 a month with 14 days for
    free, `gift` for nothing."""

    runtime: Runtime
    shop: Shop
    gateway: BankGateway
    book: str
    course: str
    gift: str

    @property
    def store(self) -> stores.StoreRow:
        with self.runtime.database.read() as tx:
            return stores.get(tx, self.shop.store.store_id)

    def open(self, product: str = "", actor: str = "merchant", **asked: Any) -> CheckoutSession:
        wish = Asked(product=product or self.book, currency="EUR", **asked)
        return checkout.create(self.runtime, self.store, "prod", wish, actor=actor)

    def look(self, browser: Browser, session: CheckoutSession, rest: str = "", *headers: tuple[bytes, bytes]) -> Answer:
        return browser.get(path(session) + rest, *headers)

    def review(self, browser: Browser, session: CheckoutSession, **typed: str) -> Answer:
        """Fills in the details and goes on to the summary."""
        return browser.submit(self.look(browser, session), f"/checkout/{session.id}", **(GRACE | typed))

    def order(self, browser: Browser, page: Answer, session: CheckoutSession, **fields: str) -> Answer:
        """Presses the button of a summary."""
        return browser.submit(page, f"/checkout/{session.id}/order", **fields)

    def pay(self, browser: Browser, session: CheckoutSession, number: str = cards.SUCCESS, **typed: str) -> Answer:
        """From the address to coming back from the provider's page."""
        return self.give_card(browser, session, self.order(browser, self.review(browser, session, **typed), session), number)

    def give_card(self, browser: Browser, session: CheckoutSession, ordered: Answer, number: str = cards.SUCCESS) -> Answer:
        url = ordered.header("location") or ""
        assert url.startswith("https://bank.test/"), (ordered.status, ordered.words)
        self.gateway.use_card_page(url.rpartition("/")[2], number)
        return self.look(browser, session, "/return")

    def captured(self) -> list[int]:
        return [capture.amount_minor for capture in self.gateway.bank.captures()]

    def with_table(self) -> None:
        """The store charges tax by its table from now on."""
        with self.runtime.database.transaction() as tx:
            stores.set_tax_policy(tx, self.shop.store.store_id, TaxPolicy())
            tax_rate.replace(tx, self.shop.store.store_id, starting_set("DE"))


def path(session: CheckoutSession) -> str:
    return checkout_address.page_path(SLUG, "prod", session.id)


@pytest.fixture
def till(runtime: Runtime, shop: Shop, factory: Factory, gateway: BankGateway) -> Till:
    with runtime.database.transaction() as tx:
        stores.set_return_origins(tx, shop.store.store_id, ["https://shop.example"])
    monthly = {"kind": "subscription", "interval": "month", "trial_days": 14}
    return Till(
        runtime,
        shop,
        gateway,
        book=factory.product(shop.store, name="Atlas Book", prices={"EUR": 2000}, quantity_max=5),
        course=factory.product(shop.store, name="Atlas Course", prices={"EUR": 1000}, **monthly),
        gift=factory.product(shop.store, name="Atlas Sampler", prices={"EUR": 0}),
    )


def test_from_the_address_to_the_thanks(till: Till, browser: Browser) -> None:
    till.with_table()
    session = till.open(quantity=2, success_url=THANKS)
    page = till.look(browser, session)
    assert "2 × Atlas Book" in page.words
    assert "€40.00" in page.words
    assert page.header("cache-control") == "no-store"
    review = till.review(browser, session)
    for words in ("€40.00", "Tax (19%) €7.60", "To pay today €47.60", "Grace Hopper", "Germany", "grace@example.com", "Order and pay"):
        assert words in review.words
    done = till.give_card(browser, session, till.order(browser, review, session))
    assert "Thank you for your order" in done.words
    assert till.captured() == [4760]
    assert done.header("refresh") == f"4; url={THANKS}&checkout_session={session.id}&result=completed"
    again = till.look(browser, session)
    assert "Thank you for your order" in again.words
    assert again.header("refresh") is None, "who comes back to the page later stays there"
    assert THANKS.partition("?")[0] in again.text
    assert till.look(browser, session, "/return", JSON).json == {"state": "completed"}


def test_without_a_way_back_the_thanks_are_the_end(till: Till, browser: Browser) -> None:
    done = till.pay(browser, till.open())
    assert (done.header("refresh"), "Back to" in done.words, "See your orders" in done.words) == (None, False, True)


def test_a_store_without_a_table_says_nothing_of_tax(till: Till, browser: Browser) -> None:
    session = till.open()
    review = till.review(browser, session)
    assert "tax" not in (till.look(browser, session).words + review.words).lower().replace("taxi", "")
    assert "To pay today €20.00" in review.words


def test_a_business_abroad_is_told_why_it_pays_no_tax(till: Till, browser: Browser) -> None:
    till.with_table()
    business = {"country": "AT", "is_business": "yes", "business_name": "Hopper OG", "tax_id": "ATU13585627"}
    review = till.review(browser, till.open(), **business)
    assert "Tax (0%) Reverse charge: the customer accounts for the tax" in review.words
    assert "Hopper OG" in review.words
    assert "ATU13585627" in review.words


def test_a_subscription_says_that_it_renews_and_a_trial_when_it_is_charged(till: Till, browser: Browser) -> None:
    till.with_table()
    page = till.review(browser, till.open(till.course, trial=False))
    assert "It renews by itself for €11.90 per month, until you cancel." in page.words
    session = till.open(till.course)
    assert "14 days free, then €10.00 per month." in till.look(browser, session).words
    page = till.review(browser, session)
    assert "Your trial is free for 14 days. After that we charge €11.90 per month, until you cancel." in page.words
    assert "To pay today €0.00" in page.words
    done = till.give_card(browser, session, till.order(browser, page, session))
    assert ("Thank you" in done.words, till.captured()) == (True, [])


def test_what_costs_nothing_needs_no_card(till: Till, browser: Browser) -> None:
    session = till.open(till.gift)
    page = till.review(browser, session)
    assert "Order for free" in page.words
    assert "card" not in page.words
    ordered = till.order(browser, page, session)
    assert "Thank you" in browser.follow(ordered).words
    assert till.order(browser, page, session).header("location") == path(session) + "/return", "a second press"


def test_the_form_says_all_that_is_wrong_and_keeps_what_was_typed(till: Till, browser: Browser) -> None:
    session, hostile = till.open(), '"><script>alert(1)</script>'
    page = till.review(browser, session, email="nobody", country="US", name=hostile, city="A & B")
    assert page.status == 422
    assert page.words.count("Email address: ") == 1
    form = page.form(f"/checkout/{session.id}")
    assert (form["email"], form["name"], form["city"], form["state"]) == ("nobody", hostile, "A & B", "")
    assert "<script>alert" not in page.text
    assert page.text.count('aria-invalid="true"') == 3  # the e-mail, the state, the ZIP code
    page = browser.submit(page, f"/checkout/{session.id}", email="Grace@Example.com", state="CA", postal_code="94016", line1="1 Main St")
    assert (page.status, page.form("/order")["name"], "<script>alert" in page.text) == (200, hostile, False)
    assert page.form("/order")["email"] == "grace@example.com"
    assert "edit" in page.form(f"/checkout/{session.id}")
    again = browser.submit(page, f"/checkout/{session.id}")
    assert again.form(f"/checkout/{session.id}")["name"] == hostile
    fields = browser.submit(again, f"/checkout/{session.id}", country="CA", update_fields="1")
    assert ("Ontario" in fields.words, fields.status) == (True, 200)
    assert "po_number" not in fields.text
    assert browser.submit(fields, f"/checkout/{session.id}", po_number="1").status == 400


def test_a_price_that_moved_is_shown_anew_and_nothing_is_ordered(till: Till, browser: Browser) -> None:
    session = till.open()
    page = till.review(browser, session)
    till.with_table()
    moved = till.order(browser, page, session)
    assert (moved.status, "This offer changed" in moved.words, "€23.80" in moved.words) == (409, True, True)
    assert till.look(browser, session).form(f"/checkout/{session.id}")["email"] == ""
    assert "Thank you" in till.give_card(browser, session, till.order(browser, moved, session)).words
    assert till.captured() == [2380]


def test_a_gift_is_not_sent_to_one_address_without_end(till: Till, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkout_limits, "FREE_ORDERS_PER_DAY_PER_ADDRESS", 1)
    sessions = [till.open(till.gift) for _ in range(2)]
    answers = [till.order(browser, till.review(browser, session), session) for session in sessions]
    assert [answer.status for answer in answers] == [303, 429]
    assert "too often" in answers[1].words


def test_numbers_of_the_form_are_our_own(till: Till, browser: Browser) -> None:
    session = till.open()
    page = till.review(browser, session)
    for text in ("", "-1", "2000.0", "٢", "9" * 19):
        assert till.order(browser, page, session, total_minor=text).status == 400


def test_a_declined_card_is_said_and_another_one_buys(till: Till, browser: Browser) -> None:
    session = till.open()
    declined = browser.follow(till.pay(browser, session, cards.INSUFFICIENT_FUNDS))
    assert "There was not enough money on the card." in declined.words
    assert "Nothing was charged." in declined.words
    ordered = till.order(browser, declined, session)
    assert "Try another card" in declined.words
    assert "Thank you" in till.give_card(browser, session, ordered).words
    assert till.captured() == [2000]


def test_who_comes_back_without_a_card_is_told_that_nothing_happened(till: Till, browser: Browser) -> None:
    session = till.open()
    till.order(browser, till.review(browser, session), session)
    page = browser.follow(till.look(browser, session, "/return"))
    assert "You haven’t given a card yet, so nothing was charged." in page.words
    assert "Grace Hopper" in page.words
    assert "Thank you" in till.give_card(browser, session, till.order(browser, page, session)).words


def test_the_bank_that_asks_is_linked_and_one_that_is_silent_is_waited_for(till: Till, browser: Browser) -> None:
    asked = till.open()
    page = till.pay(browser, asked, cards.CONFIRMS)
    assert "Your bank asks you to confirm the payment" in page.words
    assert 'href="https://bank.test/' in page.text
    assert browser.follow(till.look(browser, asked)).words == page.words
    silent = till.open()
    till.gateway.faults.extend(["timeout_after", "find_timeout", "find_timeout", "find_timeout"])
    page = till.pay(browser, silent)
    assert "Your payment is being confirmed" in page.words
    assert f'data-poll="{path(silent)}/return"' in page.text
    assert page.header("refresh") is None
    assert browser.post(path(silent) + "/order", {}).header("location") == path(silent) + "/return"
    till.gateway.faults.clear()
    assert till.look(browser, silent, "/return", JSON).json == {"state": "completed"}


def test_a_provider_without_an_answer_has_charged_nothing(till: Till, browser: Browser) -> None:
    session = till.open()
    gateways = cast("dict[str, PaymentGateway]", till.runtime.gateways)
    gateway = gateways.pop("prod")  # nor has one that is not set up any more
    page = till.order(browser, till.review(browser, session), session)
    assert (page.status, "Please write to the address below. " in page.words, "help@" in page.words) == (409, True, True)
    assert page.form("/order")["name"] == "Grace Hopper"
    gateways["prod"] = gateway
    till.gateway.faults.append("setup_timeout")
    page = till.order(browser, till.review(browser, session), session)
    assert (page.status, "The payment provider didn’t answer." in page.words) == (503, True)
    assert "Thank you" in till.give_card(browser, session, till.order(browser, page, session)).words
    other = till.open()
    till.order(browser, till.review(browser, other), other)
    till.gateway.faults.append("setup_timeout")
    assert "being confirmed" in till.look(browser, other, "/return").words


def test_a_trial_is_had_once_and_a_stranger_learns_of_it_with_his_card(till: Till, browser: Browser, ada: Browser) -> None:
    first = till.open(till.course)
    assert "Thank you" in till.pay(ada, first).words
    assert "free" not in till.look(ada, till.open(till.course)).words, "who is signed in is shown at once"
    session = till.open(till.course)
    stranger = till.review(browser, session, email=EMAIL)
    assert "Your trial is free for 14 days." in stranger.words
    page = browser.follow(till.give_card(browser, session, till.order(browser, stranger, session)))
    assert "You’ve had this trial already, so it begins with a payment. Nothing was charged." in page.words
    assert "To pay today €10.00" in page.words
    assert till.captured() == []
    assert "Thank you" in till.give_card(browser, session, till.order(browser, page, session)).words
    assert till.captured() == [1000]


def test_a_checkout_that_is_over_says_so_and_sells_nothing(till: Till, browser: Browser, clock: SteppingClock) -> None:
    session = till.open(cancel_url="https://shop.example/cart")
    page = till.review(browser, session)
    clock.advance(minutes=45)
    before_the_sweep = [till.look(browser, session), browser.follow(till.order(browser, page, session))]
    checkout_end.sweep(till.runtime)
    for answer in (*before_the_sweep, till.look(browser, session), browser.follow(till.order(browser, page, session))):
        assert "This checkout is over" in answer.words
        assert 'href="https://shop.example/cart"' in answer.text
    assert till.captured() == []


def test_of_two_checkouts_for_one_order_of_the_merchant_s_the_slower_is_over(till: Till, browser: Browser) -> None:
    fast, slow = till.open(order_external_id="A-1"), till.open(order_external_id="A-1")
    page = till.review(browser, slow)
    assert "Thank you" in till.pay(browser, fast).words
    over = till.order(browser, page, slow)
    assert (over.status, "This checkout is over" in over.words, till.captured()) == (409, True, [2000])


def test_a_known_address_looks_like_an_unknown_one(till: Till, app: Litestar) -> None:
    pages = []
    for address in (EMAIL, "zoe@example.com"):
        session, browser = till.open(), Browser(app, cookies={"__Host-portico-browser": "same"})
        review = till.review(browser, session, email=address)
        ordered = till.order(browser, review, session)
        back = browser.follow(till.look(browser, session, "/return"))
        neutral = [answer.text.replace(session.id, "ID").replace(address, "EMAIL") for answer in (review, back)]
        pages.append([*neutral, ordered.status, [key for key, _ in ordered.headers]])
    assert pages[0] == pages[1]


def test_who_is_named_by_the_server_is_masked_and_nobody_can_type_another(till: Till, browser: Browser, ada: Browser) -> None:
    session = till.open(buyer_id=till.shop.buyer.buyer_id)
    page = till.look(browser, session)
    assert "a•••@example.com" in page.words
    assert EMAIL not in page.text
    assert 'name="email"' not in page.text
    review = till.review(browser, session, email="evil@example.com")
    assert "evil@" not in review.text
    assert EMAIL not in review.text
    assert EMAIL in till.look(ada, session).words
    assert "Thank you" in till.give_card(browser, session, till.order(browser, review, session)).words
    with till.runtime.database.read() as tx:
        done = checkout.checkouts.get(tx, till.shop.store, session.id)
    assert (done.buyer_id, done.email) == (till.shop.buyer.buyer_id, EMAIL)


def test_who_is_signed_in_buys_for_himself_with_his_own_details(till: Till, ada: Browser, browser: Browser) -> None:
    ada.submit(ada.get(f"{BASE}/billing-details"), "/billing-details", country="DE", name="Ada", po_number="PO-1")
    session = till.open()
    page = till.look(ada, session)
    assert EMAIL in page.words
    assert "Sign in" not in page.words
    details = page.form(f"/checkout/{session.id}")
    done = till.pay(ada, session, name="Ada King", country=details["country"])
    assert "Thank you" in done.words
    kept = ada.get(f"{BASE}/billing-details").form("/billing-details")
    assert (kept["name"], kept["po_number"]) == ("Ada King", "PO-1"), "what a checkout does not ask for stays"
    link = f"{BASE}/sign-in?next=/checkout/{session.id}"
    other = till.open()
    assert link.replace(session.id, other.id) in till.look(browser, other).text
    assert browser.get(link).form("/sign-in")["next"] == f"/checkout/{session.id}"


def test_of_double_clicks_one_order_is_made(till: Till, browser: Browser) -> None:
    session = till.open()
    page = till.review(browser, session)
    ordered = [till.order(browser, page, session) for _ in range(2)]
    till.give_card(browser, session, ordered[0])
    till.give_card(browser, session, ordered[1], cards.SUCCESS)
    assert till.captured() == [2000]
    assert till.order(browser, page, session).header("location") == path(session) + "/return"


def test_a_token_that_aged_orders_nothing_and_keeps_what_was_typed(till: Till, browser: Browser, ada: Browser) -> None:
    session = till.open()
    page = till.review(browser, session)
    before = snapshot(till.runtime)
    stale = till.order(browser, page, session, csrf="x")
    assert (stale.status, "open too long" in stale.words or "send the form once more" in stale.words) == (403, True)
    assert stale.form("/order")["name"] == "Grace Hopper"
    typed = browser.submit(till.look(browser, session), f"/checkout/{session.id}", csrf="", **GRACE)
    assert (typed.status, typed.form(f"/checkout/{session.id}")["name"]) == (403, "Grace Hopper")
    assert browser.post(path(session) + "/order", page.form("/order"), site=b"cross-site").status == 403
    assert snapshot(till.runtime) == before
    assert till.order(browser, stale, session).status == 303


def test_the_page_speaks_and_looks_as_the_server_asked_unless_the_buyer_chose(till: Till, browser: Browser) -> None:
    session = till.open(locale="de", theme="dark")
    page = till.look(browser, session)
    assert '<html lang="de"' in page.text
    assert 'data-theme="dark"' in page.text
    chosen = browser.submit(page, "/language", language="fr")
    assert chosen.header("location") == path(session)
    assert '<html lang="fr"' in browser.follow(chosen).text
    review = till.review(browser, session)
    stale = till.order(browser, review, session, csrf="x")
    assert browser.follow(browser.submit(stale, "/language", language="ja")).text.count('<html lang="ja"') == 1


def test_a_choice_of_language_keeps_what_was_typed(till: Till, browser: Browser) -> None:
    session = till.open()
    review = till.review(browser, session, name="Grace Hopper")
    assert 'name="language" value="fr" form="review"' in review.text
    form = {**review.form(f"/checkout/{session.id}"), "language": "fr"}
    typed = browser.post(path(session), form)
    assert (typed.status, '<html lang="fr"' in typed.text, typed.form(f"/checkout/{session.id}")["name"]) == (200, True, "Grace Hopper")
    chosen = browser.post(path(session), {**form, "step": "review"})
    assert (chosen.status, '<html lang="fr"' in chosen.text, "Grace Hopper" in chosen.words) == (200, True, True)
    assert till.order(browser, chosen, session).status == 303
    assert browser.post(path(session), {**form, "language": "xx"}).status == 400


def test_foreign_random_and_odd_ids_are_one_answer(till: Till, browser: Browser, factory: Factory, runtime: Runtime) -> None:
    other = factory.store(slug="canary", environment="prod")
    with runtime.database.read() as tx:
        row = stores.get(tx, other.store_id)
    product = factory.product(other, prices={"EUR": 100})
    foreign = checkout.create(runtime, row, "prod", Asked(product=product, currency="EUR")).id
    own, random = till.open(), "CHK_" + "0" * 22
    csrf = till.look(browser, own).form("/language")["csrf"]
    before = snapshot(runtime)
    for rest in ("", "/return"):
        answers = [browser.get(f"{BASE}/checkout/{name}{rest}") for name in (foreign, random, "CHK_x")]
        answers += [browser.get(f"{TEST_BASE}/checkout/{random}{rest}"), browser.get(f"{TEST_BASE}/checkout/{own.id}{rest}")]
        assert {answer.status for answer in answers} == {404}
        assert len({answer.body for answer in answers[:3]}) == len({answer.body for answer in answers[3:]}) == 1
    for rest in ("", "/order"):
        answers = [browser.post(f"{BASE}/checkout/{name}{rest}", {"csrf": csrf, **GRACE}) for name in (foreign, random)]
        assert (answers[0].status, answers[0].body) == (404, answers[1].body)
    assert snapshot(runtime) == before


def test_who_orders_too_often_is_held_back_and_keeps_the_summary(till: Till, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkout_limits, "ORDERS_PER_HOUR_PER_NETWORK", 2)
    session = till.open()
    page = till.review(browser, session)
    assert [till.order(browser, page, session).status for _ in range(3)] == [303, 303, 429]
    held = till.order(browser, page, session)
    assert "too often" in held.words
    assert held.form("/order")["name"] == "Grace Hopper"
    elsewhere = Browser(browser.app, client="198.51.100.9", cookies=dict(browser.cookies))
    assert till.order(elsewhere, page, session).status == 303


def test_a_session_of_another_store_is_nobody_here(till: Till, sign_in: Callable[[BuyerScope], Browser], factory: Factory) -> None:
    stranger = sign_in(factory.buyer(factory.store(slug="canary", environment="prod"), email=EMAIL))
    page = till.look(stranger, till.open())
    assert 'name="email"' in page.text
    assert EMAIL not in page.text


@pytest.fixture
def vouch(till: Till, browser: Browser) -> Callable[[CheckoutSession, str], None]:
    """The merchant's program adds a customer token for an identity to a checkout's address, and the browser opens it."""

    def vouched(session: CheckoutSession, identity: str) -> None:
        token = waffo_token.issue(till.runtime, StoreScope(till.store.id, "prod"), identity)[0]
        form = browser.get(f"{BASE}/enter?next=/checkout/{session.id}").form("/enter")
        led = browser.post(f"{BASE}/enter/look", {"csrf": form["csrf"], "token": token, "next": form["next"]}, JSON)
        assert led.json == {"ok": True, "next": path(session)}

    return vouched


def external_id(till: Till, email: str = GRACE["email"]) -> str | None:
    with till.runtime.database.read() as tx:
        bought = buyers.by_email(tx, StoreScope(till.store.id, "prod"), email)
    assert bought is not None
    return bought.external_id


def test_a_new_buyer_is_who_the_merchants_server_says_he_is(till: Till, browser: Browser, vouch: Callable[..., None]) -> None:
    session = till.open(till.gift, email=GRACE["email"], actor="key:KEY")
    vouch(session, "user-77")
    till.order(browser, till.review(browser, session), session)
    assert external_id(till) == "user-77"


def test_an_identity_that_is_an_address_fills_it_in(till: Till, browser: Browser, vouch: Callable[..., None]) -> None:
    session = till.open(till.gift)
    vouch(session, "grace@example.com")
    assert till.look(browser, session).form(f"/checkout/{session.id}")["email"] == "grace@example.com"


@pytest.mark.parametrize("way", ["another is typed", "none was said", "not by the server", "another checkout", "ordered before"])
def test_nobody_gets_hold_of_an_address_that_he_types(till: Till, browser: Browser, vouch: Callable[..., None], way: str) -> None:
    said = None if way == "none was said" else "me@example.com" if way == "another is typed" else GRACE["email"]
    session = till.open(actor="visitor" if way == "not by the server" else "key:KEY", email=said)
    vouch(till.open() if way == "another checkout" else session, "user-666")
    page = till.look(browser, session)
    if way == "ordered before":
        till.order(browser, till.review(browser, session, email="other@example.com"), session)
        page = browser.submit(till.look(browser, session), f"/checkout/{session.id}")
    till.order(browser, browser.submit(page, f"/checkout/{session.id}", **GRACE), session)
    assert external_id(till) is None
