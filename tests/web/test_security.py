"""Headers on every answer, the one host we are, forms that come from our own pages, and cookies of one meaning."""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network

import pytest
import sqlalchemy as sa
from litestar import Litestar

from portico.http.security import Site
from portico.server import create_app
from portico.services.runtime import Runtime
from portico.storage import tables
from tests.web.browser import Answer, Browser
from tests.web.conftest import BASE, EMAIL, SESSION, TEST_BASE, History, Shop

JSON = (b"accept", b"application/json")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self' https://bank.test; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; report-to csp"
)


def snapshot(runtime: Runtime) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with runtime.database.read() as tx:
        return {table.name: [tuple(row) for row in tx.execute(sa.select(table))] for table in tables.metadata.sorted_tables}


def every_kind_of_answer(browser: Browser, ada: Browser, owned: History) -> dict[str, Answer]:
    big = (b"x-big", b"a" * 9000)
    return {
        "page": ada.get(BASE),
        "head": ada.get(BASE, method="HEAD"),
        "pdf": ada.get(f"{BASE}/invoices/{owned.document}.pdf"),
        "redirect": browser.get(BASE),
        "json": browser.get(BASE + "/session"),
        "not found": ada.get(BASE + "/orders/ORD_none"),
        "no such store": browser.get("/nobody/portal"),
        "no route": browser.get("/.git/config"),
        "root": browser.get("/"),
        "post to a page": browser.post(BASE + "/orders", {}),
        "get of a form": browser.get(BASE + "/sign-out"),
        "options": browser.get(BASE, method="OPTIONS"),
        "trace": browser.get(BASE, method="TRACE"),
        "delete": browser.get(BASE, method="DELETE"),
        "cross-site": browser.post(BASE + "/sign-in", {"email": EMAIL}, origin=b"https://evil.example", site=b"cross-site"),
        "bad form": browser.post(BASE + "/sign-in", b"a=%FF"),
        "too large": browser.post(BASE + "/sign-in", b"a" * 70_000),
        "wrong host": browser.get(BASE, (b"host", b"evil.example")),
        "headers too large": browser.get(BASE, big),
        "bad cookie": browser.get(BASE, (b"cookie", b"__Host-portico-session=a; __Host-portico-session=b")),
        "static": browser.get(browser.get(BASE + "/sign-in").text.partition('rel="stylesheet" href="')[2].partition('"')[0]),
        "no such static": browser.get("/static/0000/none.css"),
        "health": browser.get("/healthz"),
        "ready": browser.get("/readyz"),
        "robots": browser.get("/robots.txt"),
        "csp report": browser.post("/csp-report", b"[]", content_type=b"application/reports+json"),
    }


STATUSES = {
    "page": 200,
    "head": 200,
    "pdf": 200,
    "redirect": 303,
    "json": 200,
    "not found": 404,
    "no such store": 404,
    "no route": 404,
    "root": 404,
    "post to a page": 405,
    "get of a form": 405,
    "options": 405,
    "trace": 405,
    "delete": 405,
    "cross-site": 403,
    "bad form": 400,
    "too large": 413,
    "wrong host": 421,
    "headers too large": 431,
    "bad cookie": 400,
    "static": 200,
    "no such static": 404,
    "health": 200,
    "ready": 200,
    "robots": 200,
    "csp report": 204,
}


def test_the_full_set_of_headers_is_on_every_answer(browser: Browser, ada: Browser, shop: Shop, history: Callable[..., History]) -> None:
    answers = every_kind_of_answer(browser, ada, history(shop.buyer))
    assert {name: answer.status for name, answer in answers.items()} == STATUSES
    for name, answer in answers.items():
        assert answer.header("content-security-policy") == POLICY, name
        assert answer.header("strict-transport-security") == "max-age=31536000; includeSubDomains", name
        assert answer.header("x-content-type-options") == "nosniff", name
        assert answer.header("referrer-policy") == "no-referrer", name
        assert answer.header("cross-origin-opener-policy") == "same-origin", name
        assert answer.header("cross-origin-resource-policy") == "same-origin", name
        assert "camera=()" in (answer.header("permissions-policy") or ""), name
        assert answer.header("reporting-endpoints") == 'csp="/csp-report"', name
        assert answer.header("access-control-allow-origin") is None, name
        assert answer.header("cache-control") == ("public, max-age=31536000, immutable" if name == "static" else "no-store"), name
        assert (answer.header("content-type") or "").count("charset") <= 1, name
        if answer.body and (answer.header("content-type") or "").startswith("text/html"):
            assert "<style" not in answer.text, name
            assert " style=" not in answer.text, name
            assert "http" not in answer.text.replace("http://www.w3.org/2000/svg", ""), f"{name} names another origin"


def test_a_head_is_a_get_without_its_body(ada: Browser, shop: Shop) -> None:
    get, head = ada.get(BASE), ada.get(BASE, method="HEAD")
    assert head.body == b""
    assert head.header("content-length") == str(len(get.body))


def test_a_method_that_does_not_exist_is_told_which_do(browser: Browser, shop: Shop) -> None:
    for path, takes in (("/orders", "GET, HEAD"), ("/sign-in", "GET, HEAD, POST"), ("/sign-out", "POST")):
        for method in ("DELETE", "OPTIONS", "PROPFIND"):
            answer = browser.get(BASE + path, method=method)
            assert (answer.status, answer.header("allow")) == (405, takes), (method, path)
    assert browser.post(BASE + "/orders", {}).header("allow") == "GET, HEAD"


def test_errors_are_said_in_the_visitors_language(browser: Browser, shop: Shop) -> None:
    browser.language = "de"
    refused = browser.get("/nowhere"), browser.get(BASE, method="PUT"), browser.get(BASE, (b"host", b"evil.example"))
    for answer in (*refused, browser.get(BASE + "/orders?%FF")):
        assert answer.header("content-language") == "de"
        assert '<html lang="de"' in answer.text


# Hosts and forwarded headers (A12)


OTHER_HOSTS = [
    b"evil.example",
    b"portal.test.evil.example",
    b"portal.test@evil.example",
    b"portal.test:8443",
    b"portal.test/",
    b" ",
    b"127.0.0.1",
    b"xportal.test",
    b"\xff",
]


def test_another_host_is_refused(browser: Browser, shop: Shop) -> None:
    for host in OTHER_HOSTS:
        answer = browser.get(BASE + "/sign-in", (b"host", host))
        assert answer.status == 421, host
        assert not answer.every("set-cookie")


def test_our_host_is_known_in_every_spelling(browser: Browser, shop: Shop) -> None:
    for host in (b"portal.test", b"PORTAL.test", b"portal.test:443"):
        assert browser.get(BASE + "/sign-in", (b"host", host)).status == 200


def test_two_hosts_are_refused(browser: Browser, shop: Shop) -> None:
    assert browser.get(BASE + "/sign-in", (b"host", b"portal.test"), (b"host", b"evil.example")).status == 421


def test_probes_may_ask_by_address(browser: Browser) -> None:
    assert browser.get("/healthz", (b"host", b"10.1.2.3:8000")).status == 200
    assert browser.get("/readyz", (b"host", b"10.1.2.3:8000")).status == 200


FORWARDED = [
    (b"x-forwarded-host", b"evil.example"),
    (b"x-forwarded-proto", b"http"),
    (b"forwarded", b"host=evil.example;proto=http"),
    (b"x-forwarded-server", b"evil.example"),
    (b"x-original-url", b"/evil"),
    (b"x-rewrite-url", b"/evil"),
    (b"x-forwarded-prefix", b"/evil"),
    (b"x-host", b"evil.example"),
    (b"x-http-method-override", b"DELETE"),
    (b"x-forwarded-for", b"127.0.0.1"),
    (b"referer", b"https://evil.example/"),
]


def test_headers_of_proxies_change_nothing(browser: Browser, shop: Shop) -> None:
    plain = browser.get(BASE + "/sign-in")
    plain = browser.get(BASE + "/sign-in")  # now with the cookie that the first one set
    for header in FORWARDED:
        assert browser.get(BASE + "/sign-in", header).body == plain.body, header
        assert browser.get(BASE, header).header("location") == BASE + "/sign-in", header


def test_only_trusted_proxies_say_who_asks(runtime: Runtime, shop: Shop) -> None:
    """Twenty mails an hour from one network: counted for the proxy's clients, each for itself."""
    app = create_app(replace(runtime, trusted_proxies=(ip_network("10.0.0.0/8"),)))
    behind = Browser(app, client="10.0.0.1")
    for number in range(21):
        form = behind.get(BASE + "/sign-in").form("/sign-in")
        behind.post(BASE + "/sign-in", {**form, "email": f"a{number}@example.com"}, (b"x-forwarded-for", b"198.51.100.1"))
    form = behind.get(BASE + "/sign-in").form("/sign-in")
    behind.post(BASE + "/sign-in", {**form, "email": EMAIL}, (b"x-forwarded-for", b"198.51.100.2"))
    with runtime.database.read() as tx:
        held = tx.execute(sa.select(tables.sign_in_request.c.held).order_by(tables.sign_in_request.c.id)).scalars().all()
    assert held == [False] * 20 + [True, False]


# Forms (A13)


ELSEWHERE = [
    (b"https://evil.example", b"cross-site"),
    (b"https://evil.example", None),
    (b"https://evil.example", b"same-origin"),
    (b"null", b"cross-site"),
    (b"null", None),
    (b"null", b"same-site"),
    (b"null", b"none"),
    (b"https://portal.test", b"cross-site"),
    (b"http://portal.test", None),
    (b"https://portal.test:8443", None),
    (b"https://portal.test.evil.example", None),
    (None, b"cross-site"),
    (None, b"same-site"),
    (None, b"none"),
    (b"https://sub.portal.test", b"same-site"),
    (b"", b"same-site"),
]


def test_a_form_from_elsewhere_is_refused_and_changes_nothing(ada: Browser, browser: Browser, shop: Shop, runtime: Runtime) -> None:
    forms = [
        (ada, "/billing-details", ada.get(BASE + "/billing-details").form("/billing-details") | {"city": "Elsewhere"}),
        (ada, "/language", ada.get(BASE).form("/language") | {"language": "de"}),
        (ada, "/sign-out", ada.get(BASE).form("/sign-out")),
        (browser, "/sign-in", browser.get(BASE + "/sign-in").form("/sign-in") | {"email": EMAIL}),
    ]
    before = snapshot(runtime)
    for origin, site in ELSEWHERE:
        for visitor, path, form in forms:
            answer = visitor.post(BASE + path, form, origin=origin, site=site)
            assert answer.status == 403, (origin, site, path)
            assert "did not come from our page" in answer.text
    assert snapshot(runtime) == before


@pytest.mark.parametrize(
    ("origin", "site"),
    [
        (b"null", b"same-origin"),
        (b"https://portal.test", b"same-origin"),
        (b"https://portal.test", None),
        (None, b"same-origin"),
        (None, None),
    ],
)
def test_a_form_of_our_own_passes(ada: Browser, shop: Shop, origin: bytes | None, site: bytes | None) -> None:
    form = ada.get(BASE).form("/language") | {"language": "de"}
    assert ada.post(BASE + "/language", form, origin=origin, site=site).status == 303


def test_a_form_without_its_own_token_is_refused_and_changes_nothing(
    ada: Browser, browser: Browser, shop: Shop, runtime: Runtime, sign_in: Callable[..., Browser], factory
) -> None:  # type: ignore[no-untyped-def]
    eve = sign_in(factory.buyer(shop.store, email="eve@example.com"))
    of_others = [eve.get(BASE).form("/language")["csrf"], browser.get(BASE + "/sign-in").form("/sign-in")["csrf"]]
    tokens = ["", "x", "é", *of_others, ada.cookies[SESSION]]
    details = ada.get(BASE + "/billing-details").form("/billing-details")
    before = snapshot(runtime)
    for token in tokens:
        assert ada.post(BASE + "/billing-details", details | {"csrf": token, "city": "Elsewhere"}).status == 403
        assert ada.post(BASE + "/language", {"csrf": token, "language": "de", "next": "/"}).status == 403
        assert ada.post(BASE + "/sign-out", {"csrf": token}).status == 403
    assert ada.post(BASE + "/sign-out", {}).status == 403
    for path, form in (("/sign-in", {"email": EMAIL}), ("/sign-in/code", {"code": "AAAA-AAAA"}), ("/sign-in/link", {"token": "x"})):
        assert browser.post(BASE + path, {**form, "csrf": "wrong"}).status == 403
    assert snapshot(runtime) == before


def test_an_aged_sign_in_form_comes_back_with_what_was_typed_and_a_fresh_token(browser: Browser, shop: Shop) -> None:
    page = browser.get(BASE + "/sign-in")
    browser.cookies.clear()
    again = browser.submit(page, "/sign-in", email=EMAIL)
    assert again.status == 403
    assert again.form("/sign-in")["email"] == EMAIL
    assert browser.submit(again, "/sign-in").status == 303


# Cookies (A14): the vectors themselves are in test_cookies.py


@pytest.mark.parametrize("line", ["{0}={1}; {0}={1}", "\u00a0{0}={1}", "{0}={1}; \u0085{0}=evil", "={0}={1}", "{0} ={1}", '{0}="{1}"'])
def test_a_doubtful_session_cookie_is_refused_and_removed(ada: Browser, shop: Shop, line: str) -> None:
    header = line.format(SESSION, ada.cookies[SESSION]).encode("latin-1")
    answer = ada.get(BASE, (b"cookie", header))
    assert answer.status == 400
    assert "damaged cookie" in answer.text
    assert EMAIL not in answer.text
    assert any(cookie.startswith(SESSION + "=; ") and "Max-Age=0" in cookie for cookie in answer.every("set-cookie"))


# The demo: plain http on this machine


@pytest.fixture
def demo(runtime: Runtime) -> Litestar:
    return create_app(replace(runtime, origin="http://127.0.0.1:8000"))


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "localhost:9000", "[::1]:8000"])
def test_on_this_machine_plain_http_works_under_every_loopback_name(demo: Litestar, shop: Shop, host: str) -> None:
    browser = Browser(demo, origin=f"http://{host}")
    page = browser.get(BASE + "/sign-in")
    assert page.header("strict-transport-security") is None
    form = {**page.form("/sign-in"), "email": EMAIL}
    assert browser.post(BASE + "/sign-in", form, origin=f"http://{host}".encode(), site=None).status == 303
    assert set(browser.cookies) == {"portico-browser", "portico-asked"}


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:8000",
        "127.0.0.1.evil.example:8000",
        "localhost.evil.example",
        "127.0.0.2:8000",
        "[::2]:8000",
    ],
)
def test_a_name_that_resolves_to_this_machine_is_still_another(demo: Litestar, shop: Shop, host: str) -> None:
    assert Browser(demo, origin=f"http://{host}").get(BASE + "/sign-in").status == 421


@pytest.mark.parametrize("origin", ["http://portal.test", "http://192.168.1.5:8000", "http://127.0.0.1.evil.example"])
def test_plain_http_beyond_this_machine_is_refused_at_start(origin: str) -> None:
    with pytest.raises(ValueError, match="only for this machine"):
        Site(origin)


def test_an_open_portal_of_another_environment_shares_nothing(ada: Browser, shop: Shop) -> None:
    assert EMAIL not in ada.get(TEST_BASE + "/sign-in").text
