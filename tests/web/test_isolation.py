"""Isolation: whoever asks for what belongs to another buyer, store or environment gets what a random id gets, byte for byte, and
changes nothing. The walk is over the route table itself: an address that is not in the matrix below fails the suite."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from portico.domain.scope import BuyerScope
from portico.services import checkout, plan_change, portal_session
from portico.services.portal_session import Wanted, WhichBuyer
from portico.services.runtime import Runtime
from portico.storage import card_setup
from portico.storage import pack as packs
from portico.storage import store as stores
from portico.storage.pack import Pack
from portico.storage.page import Cursor
from portico.web import outside
from portico.web.portal.routes import ROUTES
from portico.web.visit import Row
from tests.bank import BankGateway
from tests.factories import BILLING_DETAIL, SELLER, Factory
from tests.web.browser import Answer, Browser
from tests.web.conftest import BASE, TEST_BASE, History, Shop
from tests.web.test_security import snapshot

RANDOM = "0" * 22
CANARY = "CANARY"  # in every text a foreign buyer owns; must never be seen

# For every address of the table: how a foreign id could be smuggled in. An entry is (path, form) with {order}, {subscription},
# {payment}, {card}, {pack}, {plan}, {document}, {cursor} and {buyer} to be filled with the victim's ids, and with random ones for
# comparison.
MATRIX: dict[tuple[str, str], list[tuple[str, dict[str, str]]]] = {
    ("GET", ""): [("", {}), ("?buyer_id={buyer}", {})],
    ("GET", "/orders"): [("/orders", {}), ("/orders?buyer_id={buyer}", {}), ("/orders?after={cursor}", {})],
    ("GET", "/orders/{id}"): [
        ("/orders/{order}", {}),
        ("/orders/{subscription}", {}),
        ("/orders/{buyer}", {}),
        ("/orders/{order}?buyer_id={buyer}", {}),
    ],
    ("GET", "/subscriptions"): [("/subscriptions", {}), ("/subscriptions?buyer_id={buyer}", {})],
    ("GET", "/subscriptions/{id}"): [("/subscriptions/{subscription}", {}), ("/subscriptions/{order}", {})],
    ("GET", "/subscriptions/{id}/change"): [("/subscriptions/{subscription}/change", {}), ("/subscriptions/{payment}/change", {})],
    ("GET", "/subscriptions/{id}/change/review"): [
        ("/subscriptions/{subscription}/change/review?plan={plan}&quantity=1", {}),
        ("/subscriptions/{subscription}/change/review?plan={order}", {}),
    ],
    ("POST", "/subscriptions/{id}/change"): [
        ("/subscriptions/{subscription}/change", {"quote": "{quote}", "plan": "{plan}", "quantity": "1"}),
        ("/subscriptions/{subscription}/change", {"quote": "", "plan": "{plan}", "quantity": "1"}),
    ],
    ("POST", "/subscriptions/{id}/keep"): [("/subscriptions/{subscription}/keep", {})],
    ("GET", "/subscriptions/{id}/cancel"): [("/subscriptions/{subscription}/cancel", {})],
    ("POST", "/subscriptions/{id}/cancel"): [
        ("/subscriptions/{subscription}/cancel", {"version": "1", "reason": "unused", "comment": "x"}),
        ("/subscriptions/{subscription}/cancel", {"version": "1", "reason": "no such reason"}),
    ],
    ("POST", "/subscriptions/{id}/resume"): [("/subscriptions/{subscription}/resume", {})],
    ("GET", "/subscriptions/{id}/pause"): [("/subscriptions/{subscription}/pause", {})],
    ("POST", "/subscriptions/{id}/pause"): [("/subscriptions/{subscription}/pause", {"version": "1", "periods": "1"})],
    ("POST", "/subscriptions/{id}/pause/undo"): [("/subscriptions/{subscription}/pause/undo", {})],
    ("GET", "/subscriptions/{id}/continue"): [("/subscriptions/{subscription}/continue", {})],
    ("POST", "/subscriptions/{id}/continue"): [("/subscriptions/{subscription}/continue", {"version": "1"})],
    ("POST", "/subscriptions/{id}/card"): [("/subscriptions/{subscription}/card", {})],
    ("GET", "/cards/{id}"): [("/cards/{card}", {}), ("/cards/{subscription}", {})],
    ("POST", "/subscriptions/{id}/pay"): [("/subscriptions/{subscription}/pay", {}), ("/subscriptions/{payment}/pay", {})],
    ("GET", "/payments/{id}"): [("/payments/{payment}", {}), ("/payments/{order}", {})],
    ("POST", "/payments/{id}/pay"): [("/payments/{payment}/pay", {}), ("/payments/{subscription}/pay", {})],
    ("GET", "/payments/{id}/confirm"): [("/payments/{payment}/confirm", {})],
    ("GET", "/payments/{id}/refund"): [("/payments/{payment}/refund", {})],
    ("POST", "/payments/{id}/refund"): [("/payments/{payment}/refund", {"amount": "1.00", "reason": "x"})],
    ("GET", "/invoices"): [("/invoices", {}), ("/invoices?after={cursor}", {})],
    ("GET", "/invoices/{id}"): [("/invoices/{document}", {}), ("/invoices/{order}", {}), ("/invoices/INV-2026-000001", {})],
    ("GET", "/invoices/{id}.pdf"): [
        ("/invoices/{document}.pdf", {}),
        ("/invoices/{document}.pdf?lang=de", {}),
        ("/invoices/INV-2026-000001.pdf", {}),
    ],
    ("GET", "/invoices/pack"): [("/invoices/pack", {}), ("/invoices/pack?buyer_id={buyer}", {})],
    ("POST", "/invoices/pack"): [("/invoices/pack", {"period": "2026", "buyer_id": "{buyer}"})],
    ("GET", "/invoices/pack/{id}"): [("/invoices/pack/{pack}", {}), ("/invoices/pack/{document}", {})],
    ("GET", "/invoices/pack/{id}.zip"): [("/invoices/pack/{pack}.zip", {}), ("/invoices/pack/{document}.zip", {})],
    ("GET", "/invoices/{id}.xml"): [
        ("/invoices/{document}.xml", {}),
        ("/invoices/{document}.xml?format=ubl", {}),
        ("/invoices/{order}.xml", {}),
    ],
    ("GET", "/invoices/{id}/correct"): [("/invoices/{document}/correct", {}), ("/invoices/{payment}/correct", {})],
    ("POST", "/invoices/{id}/correct"): [
        ("/invoices/{document}/correct", {"country": "DE", "name": "x", "step": "review"}),
        ("/invoices/{document}/correct", {"country": "AT", "update_fields": "1"}),
        ("/invoices/{document}/correct", {"sealed": "x", "step": "confirm", "keep": "yes"}),
    ],
    ("POST", "/invoices/{id}/send"): [
        ("/invoices/{document}/send", {"to": "own"}),
        ("/invoices/{document}/send", {"to": "copies"}),
        ("/invoices/{order}/send", {"to": "own"}),
    ],
    ("GET", "/billing-details"): [("/billing-details", {}), ("/billing-details?buyer_id={buyer}", {})],
    ("POST", "/billing-details"): [("/billing-details", {"buyer_id": "{buyer}", "version": "1", "country": "DE"})],
    ("POST", "/language"): [
        ("/language", {"language": "de", "buyer_id": "{buyer}"}),
        ("/language", {"language": "xx", "next": "/orders/{order}"}),
    ],
    ("GET", "/enter"): [("/enter", {}), ("/enter?t={buyer}", {})],
    ("POST", "/enter"): [("/enter", {"token": "{link}", "instead": "yes"}), ("/enter", {"token": "{link}", "buyer_id": "{buyer}"})],
    ("POST", "/enter/look"): [("/enter/look", {"token": "{link}"}), ("/enter/look", {"token": "{buyer}"})],
    ("GET", "/return"): [("/return", {}), ("/return?result=canceled&portal_session={link}", {})],
    ("GET", "/subscriptions/{id}/card"): [("/subscriptions/{subscription}/card", {}), ("/subscriptions/{payment}/card", {})],
    ("POST", "/sign-out"): [("/sign-out", {"buyer_id": "{buyer}"})],
    ("GET", "/checkout/{id}"): [("/checkout/{checkout}", {}), ("/checkout/{order}", {}), ("/checkout/{checkout}?buyer_id={buyer}", {})],
    ("POST", "/checkout/{id}"): [
        ("/checkout/{checkout}", {"email": "x@example.com", "country": "DE"}),
        ("/checkout/{checkout}", {"country": "US", "update_fields": "1"}),
    ],
    ("GET", "/checkout/{id}/order"): [("/checkout/{checkout}/order", {})],
    ("POST", "/checkout/{id}/order"): [
        ("/checkout/{checkout}/order", {"email": "x@example.com", "country": "DE", "total_minor": "100", "trial_days": "0"}),
        ("/checkout/{order}/order", {"email": "x@example.com", "country": "DE"}),
    ],
    ("GET", "/checkout/{id}/return"): [("/checkout/{checkout}/return", {}), ("/checkout/{card}/return", {})],
    ("GET", "/session"): [("/session", {}), ("/session?buyer_id={buyer}", {})],
    ("GET", "/sign-in"): [("/sign-in", {}), ("/sign-in?next=/orders/{order}", {})],
    ("POST", "/sign-in"): [("/sign-in", {"email": "x", "buyer_id": "{buyer}"})],
    ("GET", "/sign-in/code"): [("/sign-in/code", {})],
    ("POST", "/sign-in/code"): [("/sign-in/code", {"code": "AAAA-AAAA", "buyer_id": "{buyer}"})],
    ("GET", "/sign-in/link"): [("/sign-in/link", {}), ("/sign-in/link?t={buyer}", {})],
    ("POST", "/sign-in/link"): [("/sign-in/link", {"token": "x", "buyer_id": "{buyer}"})],
}
# The addresses that belong to no store read nothing of anybody's.
OUTSIDE = {
    ("GET", "/"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/robots.txt"),
    ("GET", "/static/{digest:str}/{name:path}"),
    ("POST", "/csp-report"),
    ("POST", "/webhooks/{gateway:str}/{environment:str}"),
}


@dataclass(frozen=True)
class Victim:
    """Somebody whose data must not be seen, and where. `more` are the ids of what the history lacks."""

    name: str
    scope: BuyerScope
    owned: History
    more: dict[str, str]

    def fill(self, text: str) -> str:
        ids = {"buyer": self.scope.buyer_id, "order": self.owned.order, "document": self.owned.document, "cursor": "", **self.more}
        return _fill(text, ids)


def _fill(text: str, ids: dict[str, str]) -> str:
    for name, value in ids.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def random_ids(text: str) -> str:
    prefixes = {"order": "ORD", "subscription": "SUB", "document": "INV", "payment": "PAY", "card": "SET", "plan": "PROD", "buyer": "BUY"}
    prefixes |= {"pack": "PCK", "link": "PSN", "checkout": "CHK"}
    return _fill(text, {"cursor": "", "quote": "", **{name: f"{prefix}_{RANDOM}" for name, prefix in prefixes.items()}})


def with_a_plan(runtime: Runtime, factory: Factory, scope: BuyerScope, **columns: object) -> dict[str, str]:
    """Ids of a subscription that can be changed, paused, canceled and asked back for, of what it could be changed to, of its
    payment, of a visit to the card page, and the sealed price of that change."""
    plans = factory.plans(scope, {"Small": 1000, "Large": 5000}, pause_periods_max=3)
    subscription = factory.subscription(scope, product_id=plans["Small"], managed=True, **columns)
    payment, card = factory.period_payment(scope, subscription), runtime.new_id("SET")
    with runtime.database.transaction() as tx:
        card_setup.create(tx, scope, card, subscription_id=subscription, key=card, now=factory.now)
    quote = plan_change.review(runtime, scope, subscription, plans["Large"], 1).quote
    return {"subscription": subscription, "payment": payment, "card": card, "plan": plans["Large"], "quote": quote}


def with_a_link(runtime: Runtime, scope: BuyerScope) -> dict[str, str]:
    """The id of a link into the portal that is still good."""
    with runtime.database.read() as tx:
        store = stores.get(tx, scope.store_id)
    which = WhichBuyer(id=scope.buyer_id)
    return {"link": portal_session.create(runtime, store, scope.environment, which, Wanted(), actor="key:test").id}


def with_a_checkout(runtime: Runtime, factory: Factory, scope: BuyerScope) -> dict[str, str]:
    """The id of a checkout that waits for this buyer."""
    with runtime.database.read() as tx:
        store = stores.get(tx, scope.store_id)
    asked = checkout.Asked(factory.product(scope, name=f"{CANARY} book", prices={"EUR": 100}), "EUR", buyer_id=scope.buyer_id)
    return {"checkout": checkout.create(runtime, store, scope.environment, asked).id}


def with_a_pack(runtime: Runtime, factory: Factory, scope: BuyerScope) -> dict[str, str]:
    """The id of a pack that is ready."""
    pack_id, now, body = runtime.new_id("PCK"), factory.now, f"{CANARY} pack".encode()
    with runtime.database.transaction() as tx:
        days = (now.date(), now.date())
        packs.create(tx, scope, Pack(pack_id, *days, "pending", 1, 0, None, None, now, None, now + timedelta(days=1)))
        packs.add_part(tx, pack_id, 1, body)
        packs.ready(tx, pack_id, len(body), b"", now=now, expires_at=now + timedelta(days=1))
    return {"pack": pack_id}


@pytest.fixture
def victims(factory: Factory, shop: Shop, history: Callable[..., History], runtime: Runtime) -> list[Victim]:
    """Another buyer of the store, the same e-mail in the other environment, and the same e-mail in another store."""
    marked = {"product_name": f"{CANARY} product", "billing_detail": {**BILLING_DETAIL, "name": f"{CANARY} name", "city": CANARY}}
    detail = {"name": f"{CANARY} buyer", "billing_detail": marked["billing_detail"]}
    other_store = factory.store(slug="canary", environment="prod", name=f"{CANARY} store", seller={**SELLER, "legal_name": CANARY})
    twin_of_test = type(shop.store)(shop.store.store_id, "test")
    scopes = {
        "another buyer": factory.buyer(shop.store, email="canary@example.com", **detail),
        "the other environment": factory.buyer(twin_of_test, email="ada@example.com", **detail),
        "another store": factory.buyer(other_store, email="ada@example.com", **detail),
    }
    return [
        Victim(
            name,
            scope,
            history(scope, **marked),
            with_a_plan(runtime, factory, scope, product_name=f"{CANARY} plan")
            | with_a_pack(runtime, factory, scope)
            # Whoever knows the address of a checkout of this store may open it, so that the other buyer's is one from elsewhere, too.
            | with_a_checkout(runtime, factory, scopes["another store"] if name == "another buyer" else scope)
            | with_a_link(runtime, scope),
        )
        for name, scope in scopes.items()
    ]


def attacks(row_method: str, row_path: str) -> Iterator[tuple[str, dict[str, str]]]:
    yield from MATRIX[row_method, row_path]


def send(browser: Browser, method: str, path: str, form: dict[str, str], csrf: str) -> Answer:
    return browser.get(BASE + path) if method == "GET" else browser.post(BASE + path, {"csrf": csrf, **form})


def test_every_address_is_in_the_matrix() -> None:
    assert {(row.method, row.path) for row in ROUTES} == set(MATRIX)
    assert {(row.method, row.path) for row in outside.ROUTES} == OUTSIDE


def test_every_address_of_the_application_is_in_a_table(app) -> None:  # type: ignore[no-untyped-def]
    """What the framework routes is what the tables say, in both environments, and nothing besides; the API has its own matrix."""
    pages = [route for route in app.routes if not any(part.has(route.path) for part in app.asgi_handler._parts[:-1])]
    served = {(method, route.path) for route in pages for method in route.methods if method != "OPTIONS"}
    expected = set(OUTSIDE)
    for row in ROUTES:
        path = re.sub(r"\{id\}(\.[a-z]+)?", "{id:str}", row.path)
        expected |= {(row.method, prefix + path) for prefix in ("/{slug:str}/portal", "/test/{slug:str}/portal")}
    assert served == expected


def test_only_signing_in_the_language_and_checkouts_are_for_anyone() -> None:
    """Whoever knows a checkout's address may buy; see test_checkout.py for what he learns."""
    open_to_all = {row.path for row in ROUTES if row.who == "anyone"}
    signing_in = {"/sign-in", "/sign-in/code", "/sign-in/link", "/session", "/language", "/enter", "/enter/look"}
    assert open_to_all == signing_in | {"/checkout/{id}", "/checkout/{id}/order", "/checkout/{id}/return"}


def test_foreign_ids_are_random_ids(ada: Browser, shop: Shop, victims: list[Victim], runtime: Runtime, subtests: pytest.Subtests) -> None:
    """Every address in one world: that nothing is changed is asserted for each, so none can help or hinder the next."""
    csrf = ada.get(BASE).form("/language")["csrf"]
    before = snapshot(runtime)
    for row in ROUTES:
        with subtests.test(f"{row.method} {row.path or '/'}"):
            _is_closed(row, replace(ada, cookies=dict(ada.cookies)), csrf, victims)
            assert snapshot(runtime) == before


def _is_closed(row: Row, visitor: Browser, csrf: str, victims: list[Victim]) -> None:
    for path, form in attacks(row.method, row.path):
        for victim in victims:
            foreign = send(visitor, row.method, victim.fill(path), {k: victim.fill(v) for k, v in form.items()}, csrf)
            random = send(visitor, row.method, random_ids(path), {k: random_ids(v) for k, v in form.items()}, csrf)
            assert foreign.status == random.status, (victim.name, path)
            assert CANARY not in foreign.text, (victim.name, path)
            if "{" in row.path:
                assert foreign.status == 404, (victim.name, path)
            if "next=" not in path:  # the one thing echoed: where the visitor himself asked to go
                assert foreign.body.replace(victim.scope.buyer_id.encode(), b"BUY_" + RANDOM.encode()) == random.body, (victim.name, path)
                assert foreign.headers == random.headers, (victim.name, path)


def test_a_plan_of_another_store_or_environment_is_a_random_plan(
    ada: Browser, shop: Shop, victims: list[Victim], factory: Factory, runtime: Runtime
) -> None:
    own = with_a_plan(runtime, factory, shop.buyer)
    random = ada.get(f"{BASE}/subscriptions/{own['subscription']}/change/review?plan=PROD_{RANDOM}")
    assert random.status == 404
    for victim in victims:
        foreign = ada.get(f"{BASE}/subscriptions/{own['subscription']}/change/review?plan={victim.more['plan']}")
        assert (foreign.status, CANARY in foreign.text) == (409 if victim.name == "another buyer" else 404, False)  # plans are the store's
        assert victim.name == "another buyer" or foreign.body == random.body


def test_a_quote_is_good_for_its_own_buyer_and_subscription_alone(
    ada: Browser, shop: Shop, victims: list[Victim], factory: Factory, runtime: Runtime, gateway: BankGateway
) -> None:
    own = with_a_plan(runtime, factory, shop.buyer)
    page = ada.get(f"{BASE}/subscriptions/{own['subscription']}/change/review?plan={own['plan']}&quantity=1")
    before = snapshot(runtime)
    for victim in victims:
        answer = ada.submit(page, f"/subscriptions/{own['subscription']}/change", quote=victim.more["quote"])
        assert (answer.status, "This price couldn’t be read." in answer.text) == (409, True)
    assert snapshot(runtime) == before
    assert gateway.bank.captures() == []


def test_a_foreign_cursor_moves_only_within_what_is_ones_own(ada: Browser, shop: Shop, victims: list[Victim], factory: Factory) -> None:
    for victim in victims:
        for section, row_id in (("orders", victim.owned.order), ("invoices", victim.owned.document)):
            page = ada.get(f"{BASE}/{section}?after={Cursor(factory.now, row_id).encode()}")
            assert page.status == 200
            assert CANARY not in page.text


def test_a_session_opens_no_other_portal(ada: Browser, shop: Shop, victims: list[Victim]) -> None:
    for base in (TEST_BASE, "/canary/portal", "/test/canary/portal"):
        for row in ROUTES:
            if row.who == "buyer" and row.method == "GET":
                answer = ada.get(base + random_ids(row.path.replace("{id}", "{order}")))
                assert answer.status == 303
                assert (answer.header("location") or "").startswith(base + "/sign-in")
                assert CANARY not in answer.text


def test_the_victims_themselves_do_see_their_data(sign_in: Callable[[BuyerScope], Browser], shop: Shop, victims: list[Victim]) -> None:
    """Without this, a portal that shows nothing to anybody would pass."""
    bases = {"another buyer": BASE, "the other environment": TEST_BASE, "another store": "/canary/portal"}
    for victim in victims:
        browser, base = sign_in(victim.scope), bases[victim.name]
        for path in (f"/orders/{victim.owned.order}", f"/invoices/{victim.owned.document}", "/billing-details", "/orders"):
            page = browser.get(base + path)
            assert page.status == 200
            assert CANARY in page.text, path
        for path in ("", "/change", "/change/review?plan={plan}&quantity=1", "/cancel", "/pause"):
            page = browser.get(base + victim.fill("/subscriptions/{subscription}" + path))
            assert page.status == 200
            assert CANARY in page.text, path
        assert browser.get(base + victim.fill("/payments/{payment}")).status == 200
        assert browser.get(base + victim.fill("/payments/{payment}/refund")).status == 200
        assert browser.get(f"{base}/invoices/{victim.owned.document}.pdf").status == 200
        assert "Download ZIP" in browser.get(base + victim.fill("/invoices/pack/{pack}")).text
        assert CANARY in browser.get(base + victim.fill("/invoices/pack/{pack}.zip")).text


def test_without_a_session_nothing_of_a_buyer_is_shown(browser: Browser, shop: Shop, victims: list[Victim], runtime: Runtime) -> None:
    before = snapshot(runtime)
    for row in ROUTES:
        if row.who != "buyer":
            continue
        for path, form in attacks(row.method, row.path):
            answer = send(browser, row.method, victims[0].fill(path), form, "")
            assert answer.status == 303
            assert answer.body == b""
    assert snapshot(runtime) == before
