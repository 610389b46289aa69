"""Isolation: whoever asks for what belongs to another buyer, store or environment gets what a random id gets, byte for byte, and
changes nothing. The walk is over the route table itself: an address that is not in the matrix below fails the suite."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from portico.domain.scope import BuyerScope
from portico.services.runtime import Runtime
from portico.storage.page import Cursor
from portico.web import outside
from portico.web.portal.routes import ROUTES
from tests.factories import BILLING_DETAIL, SELLER, Factory
from tests.web.browser import Answer, Browser
from tests.web.conftest import BASE, TEST_BASE, History, Shop
from tests.web.test_security import snapshot

RANDOM = "0" * 22
CANARY = "CANARY"  # in every text a foreign buyer owns; must never be seen

# For every address of the table: how a foreign id could be smuggled in. An entry is (path, form) with {order}, {subscription},
# {document}, {cursor} and {buyer} to be filled with the victim's ids, and with random ones for comparison.
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
    ("GET", "/invoices"): [("/invoices", {}), ("/invoices?after={cursor}", {})],
    ("GET", "/invoices/{id}"): [("/invoices/{document}", {}), ("/invoices/{order}", {}), ("/invoices/INV-2026-000001", {})],
    ("GET", "/invoices/{id}.pdf"): [
        ("/invoices/{document}.pdf", {}),
        ("/invoices/{document}.pdf?lang=de", {}),
        ("/invoices/INV-2026-000001.pdf", {}),
    ],
    ("GET", "/billing-details"): [("/billing-details", {}), ("/billing-details?buyer_id={buyer}", {})],
    ("POST", "/billing-details"): [("/billing-details", {"buyer_id": "{buyer}", "version": "1", "country": "DE"})],
    ("POST", "/language"): [
        ("/language", {"language": "de", "buyer_id": "{buyer}"}),
        ("/language", {"language": "xx", "next": "/orders/{order}"}),
    ],
    ("POST", "/sign-out"): [("/sign-out", {"buyer_id": "{buyer}"})],
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
}


@dataclass(frozen=True)
class Victim:
    """Somebody whose data must not be seen, and where."""

    name: str
    scope: BuyerScope
    owned: History

    def fill(self, text: str) -> str:
        return _fill(text, self.owned.order, self.owned.subscription, self.owned.document, self.scope.buyer_id, "")


def _fill(text: str, order: str, subscription: str, document: str, buyer: str, cursor: str) -> str:
    parts = {"{order}": order, "{subscription}": subscription, "{document}": document, "{buyer}": buyer, "{cursor}": cursor}
    for name, value in parts.items():
        text = text.replace(name, value)
    return text


def random_ids(text: str) -> str:
    return _fill(text, "ORD_" + RANDOM, "SUB_" + RANDOM, "INV_" + RANDOM, "BUY_" + RANDOM, "")


@pytest.fixture
def victims(factory: Factory, shop: Shop, history: Callable[..., History]) -> list[Victim]:
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
    return [Victim(name, scope, history(scope, **marked)) for name, scope in scopes.items()]


def attacks(row_method: str, row_path: str) -> Iterator[tuple[str, dict[str, str]]]:
    yield from MATRIX[row_method, row_path]


def send(browser: Browser, method: str, path: str, form: dict[str, str], csrf: str) -> Answer:
    return browser.get(BASE + path) if method == "GET" else browser.post(BASE + path, {"csrf": csrf, **form})


def test_every_address_is_in_the_matrix() -> None:
    assert {(row.method, row.path) for row in ROUTES} == set(MATRIX)
    assert {(row.method, row.path) for row in outside.ROUTES} == OUTSIDE


def test_every_address_of_the_application_is_in_a_table(app) -> None:  # type: ignore[no-untyped-def]
    """What the framework routes is what the tables say, in both environments, and nothing besides."""
    served = {(method, route.path) for route in app.routes for method in route.methods if method != "OPTIONS"}
    shape = {"{id}.pdf": "{id:str}", "{id}": "{id:str}"}
    expected = set(OUTSIDE)
    for row in ROUTES:
        path = row.path
        for suffix, pattern in shape.items():
            path = path.replace(suffix, pattern) if path.endswith(suffix) else path
        expected |= {(row.method, prefix + path) for prefix in ("/{slug:str}/portal", "/test/{slug:str}/portal")}
    assert served == expected


def test_only_signing_in_and_the_language_are_for_anyone() -> None:
    open_to_all = {row.path for row in ROUTES if row.who == "anyone"}
    assert open_to_all == {"/sign-in", "/sign-in/code", "/sign-in/link", "/session", "/language"}


@pytest.mark.parametrize("row", ROUTES, ids=lambda row: f"{row.method} {row.path or '/'}")
def test_foreign_ids_are_random_ids(row, ada: Browser, shop: Shop, victims: list[Victim], runtime: Runtime) -> None:  # type: ignore[no-untyped-def]
    csrf = ada.get(BASE).form("/language")["csrf"]
    before = snapshot(runtime)
    for path, form in attacks(row.method, row.path):
        for victim in victims:
            foreign = send(ada, row.method, victim.fill(path), {k: victim.fill(v) for k, v in form.items()}, csrf)
            random = send(ada, row.method, random_ids(path), {k: random_ids(v) for k, v in form.items()}, csrf)
            assert foreign.status == random.status, (victim.name, path)
            assert CANARY not in foreign.text, (victim.name, path)
            if "{" in row.path:
                assert foreign.status == 404, (victim.name, path)
            if "next=" not in path:  # the one thing echoed: where the visitor himself asked to go
                assert foreign.body.replace(victim.scope.buyer_id.encode(), b"BUY_" + RANDOM.encode()) == random.body, (victim.name, path)
                assert foreign.headers == random.headers, (victim.name, path)
    assert snapshot(runtime) == before


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
        assert browser.get(f"{base}/subscriptions/{victim.owned.subscription}").status == 200
        assert browser.get(f"{base}/invoices/{victim.owned.document}.pdf").status == 200


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
