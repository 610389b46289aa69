"""Bad input: every malformed id, cursor, field, query and body gets the right status, a clear page, and changes nothing."""

from collections.abc import Callable

import pytest

from portico.services.runtime import Runtime
from portico.storage.page import Cursor
from tests.factories import Factory
from tests.web.browser import Browser
from tests.web.conftest import BASE, EMAIL, History, Shop
from tests.web.test_security import snapshot

BAD_IDS = [
    "x",
    "ORD_",
    "ORD_short",
    "ORD_" + "0" * 21,
    "ORD_" + "0" * 23,
    "ord_" + "0" * 22,
    "ORD-" + "0" * 22,
    "ORD_" + "0" * 21 + "%00",
    "ORD_" + "0" * 21 + "é",
    "ORD_" + "0" * 22 + "%0A",
    "%2e%2e",
    "..%2f..%2fetc%2fpasswd",
    "1",
    "-1",
    "'%20OR%201=1--",
    "%FF",
    "a" * 3000,
    "ORD_" + "0" * 22 + ".pdf",
    "null",
    "[]",
    "$ne",
]


BAD_CURSORS = [
    "x",
    "====",
    "MTIz",
    "é",
    "a" * 500,
    "%00",
    "eyJhIjoxfQ",
    "LTEuT1JEXzA",
    "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OS5PUkRfMA",
]
BAD_QUERIES = [
    "status=unknown",
    "status=completed&status=pending",
    "status=%FF",
    "status=%zz",
    "status=%00",
    "a=1&a=1",
    "%FF=1",
    "status=completed%0A",
]


@pytest.mark.parametrize(("section", "prefix"), [("orders", "ORD"), ("subscriptions", "SUB"), ("invoices", "INV")])
def test_a_malformed_id_is_the_same_as_an_unknown_one(ada: Browser, shop: Shop, section: str, prefix: str) -> None:
    unknown = ada.get(f"{BASE}/{section}/{prefix}_" + "0" * 22)
    assert unknown.status == 404
    for given in BAD_IDS:
        malformed = ada.get(f"{BASE}/{section}/{given}")
        assert malformed.status == 404, given
        if "%2f" not in given:  # a path with more segments is no page of the portal
            assert malformed.body == unknown.body, given


@pytest.mark.parametrize("section", ["orders", "invoices"])
def test_a_malformed_cursor_is_said_to_be_one(ada: Browser, shop: Shop, section: str) -> None:
    for cursor in BAD_CURSORS:
        answer = ada.get(f"{BASE}/{section}?after={cursor}")
        assert answer.status == 400, cursor
        assert "<h1>" in answer.text


def test_a_cursor_of_somebody_else_shows_nothing_of_theirs(ada: Browser, shop: Shop, factory: Factory) -> None:
    eve = factory.buyer(shop.store, email="eve@example.com")
    order = factory.order(eve, product_name="Eve's own")
    page = ada.get(f"{BASE}/orders?after={Cursor(factory.now, order).encode()}")
    assert page.status == 200
    assert "Eve's own" not in page.text


def test_a_damaged_query_is_refused(ada: Browser, shop: Shop) -> None:
    for query in BAD_QUERIES:
        assert ada.get(f"{BASE}/orders?{query}").status == 400, query


def test_what_trackers_add_to_addresses_does_no_harm(ada: Browser, shop: Shop) -> None:
    assert ada.get(f"{BASE}/orders?utm_source=newsletter&fbclid=abc").status == 200


def test_an_unknown_kind_of_document_is_refused(ada: Browser, shop: Shop) -> None:
    for kind in ("credit", "INVOICE", "invoice%20"):
        assert ada.get(f"{BASE}/invoices?kind={kind}").status == 400, kind


BAD_FORMS = [
    (b"csrf={csrf}&language=de&next=/&language=fr", b"application/x-www-form-urlencoded", 400),
    (b"csrf={csrf}&csrf={csrf}&language=de", b"application/x-www-form-urlencoded", 400),
    (b"csrf={csrf}&language=de&store_id=STO_1", b"application/x-www-form-urlencoded", 400),
    (b"csrf={csrf}&language=%FF", b"application/x-www-form-urlencoded", 400),
    (b"csrf={csrf}&language=\xff", b"application/x-www-form-urlencoded", 400),
    (b"csrf={csrf}&language=d%00e", b"application/x-www-form-urlencoded", 400),
    (b"csrf={csrf}&language=%zz", b"application/x-www-form-urlencoded", 400),
    (b"csrf={csrf}&language=xx", b"application/x-www-form-urlencoded", 400),
    (b"csrf={csrf}", b"application/x-www-form-urlencoded", 400),
    (b'{"csrf":"{csrf}","language":"de"}', b"application/json", 415),
    (b"csrf={csrf}&language=de", b"text/plain", 415),
    (b"csrf={csrf}&language=de", b"application/x-www-form-urlencoded; charset=utf-16", 415),
    (b"--x\r\nContent-Disposition: form-data; name=language\r\n\r\nde\r\n--x--", b"multipart/form-data; boundary=x", 415),
    (b"csrf={csrf}&language=de&next=" + b"a" * 66_000, b"application/x-www-form-urlencoded", 413),
    (b"", b"application/x-www-form-urlencoded", 403),
]


def test_a_malformed_form_is_refused_and_changes_nothing(ada: Browser, shop: Shop, runtime: Runtime) -> None:
    csrf = ada.get(BASE).form("/language")["csrf"].encode()
    before = snapshot(runtime)
    for body, content_type, status in BAD_FORMS:
        answer = ada.post(BASE + "/language", body.replace(b"{csrf}", csrf), content_type=content_type)
        assert answer.status == status, body[:80]
        assert "<h1>" in answer.text
    assert snapshot(runtime) == before


def test_a_body_without_an_announced_length_is_cut_off_too(ada: Browser, shop: Shop) -> None:
    answer = ada.post(BASE + "/language", b"a" * 70_000, (b"content-length", b""))
    assert answer.status == 413


def test_only_listed_fields_are_taken(ada: Browser, shop: Shop, runtime: Runtime) -> None:
    csrf = ada.get(BASE).form("/language")["csrf"]
    before = snapshot(runtime)
    for path in ("/sign-in", "/sign-in/code", "/sign-in/link", "/language", "/billing-details", "/sign-out"):
        for field in ("buyer_id", "store_id", "environment", "email_hash", "expires_at", "is_admin", "__proto__", "id"):
            assert ada.post(BASE + path, {"csrf": csrf, field: "x"}).status == 400, (path, field)
    assert snapshot(runtime) == before


def test_headers_beyond_eight_kilobytes_are_refused(browser: Browser, shop: Shop) -> None:
    assert browser.get(BASE + "/sign-in", (b"x-a", b"a" * 8000)).status == 200
    assert browser.get(BASE + "/sign-in", (b"x-a", b"a" * 8190)).status == 431
    assert browser.get(BASE + "/sign-in", *[(b"x-%d" % n, b"a" * 4000) for n in range(5)]).status == 431


def test_a_path_with_doubled_or_trailing_slashes_is_the_same_page(ada: Browser, shop: Shop) -> None:
    assert ada.get(BASE + "/orders/").status == 200
    assert ada.get(BASE + "//orders").status == 200


def test_a_crash_is_a_page_without_a_word_of_the_cause(ada: Browser, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr("portico.storage.order.page", crash)
    answer = ada.get(BASE + "/orders")
    assert answer.status == 500
    assert "hunter2" not in answer.text
    assert "went wrong on our side" in answer.text


def test_without_its_database_the_portal_says_so(runtime: Runtime, browser: Browser, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime.database.dispose()
    monkeypatch.setattr(runtime.database, "_reader", _Unreachable())
    answer = browser.get(BASE + "/sign-in")
    assert answer.status == 503
    assert answer.header("retry-after") == "30"
    assert browser.get("/healthz").status == 200
    assert browser.get("/readyz").status == 503


class _Unreachable:
    def connect(self) -> None:
        import sqlalchemy as sa

        raise sa.exc.OperationalError("SELECT 1", {}, Exception("connection refused"))


def test_documents_are_refused_in_languages_that_do_not_exist(ada: Browser, shop: Shop, history: Callable[..., History]) -> None:
    owned = history(shop.buyer)
    for tag in ("xx", "EN", "de-DE", "%00", "../de", "de,fr"):
        assert ada.get(f"{BASE}/invoices/{owned.document}.pdf?lang={tag}").status == 400
    assert ada.get(f"{BASE}/invoices/{owned.document}.pdf?lang=").status == 200


def test_the_address_of_a_form_can_be_visited_without_harm(ada: Browser, shop: Shop) -> None:
    assert ada.get(BASE + "/sign-out").status == 405
    assert ada.get(BASE + "/language").status == 405
    assert EMAIL in ada.get(BASE).text
