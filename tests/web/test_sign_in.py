"""Signing in at the portal: the form, the code, the link, the end of a session, and the way back to the page it began at."""

from collections.abc import Callable
from urllib.parse import quote

import sqlalchemy as sa
from litestar import Litestar

from portico.services.runtime import Runtime
from portico.storage import tables
from tests.conftest import SteppingClock
from tests.factories import Factory
from tests.web.browser import Answer, Browser
from tests.web.conftest import BASE, EMAIL, SESSION, SLUG, TEST_BASE, Mail, Shop

Deliver = Callable[[], Mail | None]


def ask(browser: Browser, email: str = EMAIL, path: str = "/sign-in", base: str = BASE) -> Answer:
    return browser.submit(browser.get(base + path), "/sign-in", email=email)


def count(runtime: Runtime, table: sa.Table) -> int:
    with runtime.database.read() as tx:
        return tx.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def test_a_buyer_signs_in_with_the_code(browser: Browser, shop: Shop, deliver: Deliver) -> None:
    asked = ask(browser)
    assert asked.header("location") == BASE + "/sign-in/code"
    page = browser.follow(asked)
    assert EMAIL in page.text
    assert 'autocomplete="one-time-code"' in page.text
    mail = deliver()
    assert mail is not None
    home = browser.follow(browser.submit(page, "/sign-in/code", code=mail.code.lower().replace("-", " ")))
    assert home.status == 200
    assert EMAIL in home.text
    assert set(browser.cookies) == {SESSION, "__Host-portico-known"}


def test_a_buyer_signs_in_with_the_link(browser: Browser, shop: Shop, deliver: Deliver) -> None:
    ask(browser)
    mail = deliver()
    assert mail is not None
    page = browser.get(BASE + "/sign-in/link")
    done = browser.submit(page, "/sign-in/link", token=mail.token)
    assert done.header("location") == BASE
    assert browser.follow(done).status == 200
    assert mail.token not in browser.cookies.values()


def test_the_link_in_another_browser_neither_signs_in_nor_burns(app: Litestar, browser: Browser, shop: Shop, deliver: Deliver) -> None:
    ask(browser)
    mail = deliver()
    assert mail is not None
    scanner = Browser(app)
    page = scanner.get(BASE + "/sign-in/link")
    for _ in range(3):
        refused = scanner.submit(page, "/sign-in/link", token=mail.token)
        assert refused.status == 403
        assert "works only in the browser that asked" in refused.text
    assert SESSION not in scanner.cookies
    assert scanner.get(BASE).status == 303
    assert browser.submit(browser.get(BASE + "/sign-in/link"), "/sign-in/link", token=mail.token).status == 303
    assert browser.get(BASE).status == 200


def test_the_code_of_another_browsers_request_is_refused(app: Litestar, browser: Browser, shop: Shop, deliver: Deliver) -> None:
    ask(browser)
    mail = deliver()
    assert mail is not None
    other = Browser(app)
    refused = other.submit(other.get(BASE + "/sign-in/code"), "/sign-in/code", code=mail.code)
    assert refused.status == 422
    assert SESSION not in other.cookies


def test_a_link_works_once(browser: Browser, shop: Shop, deliver: Deliver) -> None:
    ask(browser)
    mail = deliver()
    assert mail is not None
    page = browser.get(BASE + "/sign-in/link")
    assert browser.submit(page, "/sign-in/link", token=mail.token).status == 303
    again = browser.submit(browser.get(BASE + "/sign-in/link"), "/sign-in/link", token=mail.token)
    assert again.status == 410
    assert "Get a new link" in again.text


def test_reading_changes_nothing(browser: Browser, shop: Shop, runtime: Runtime, deliver: Deliver) -> None:
    ask(browser)
    mail = deliver()
    assert mail is not None
    before = _rows(runtime)
    with_secrets = (f"/sign-in/link?token={mail.token}", f"/sign-in/code?code={mail.code}")
    for path in ("/sign-in", "/sign-in/code", "/sign-in/link", "/session", *with_secrets):
        for method in ("GET", "HEAD"):
            assert browser.get(BASE + path, method=method).status == 200
    assert _rows(runtime) == before


def _rows(runtime: Runtime) -> dict[str, list[tuple[object, ...]]]:
    with runtime.database.read() as tx:
        return {t.name: [tuple(row) for row in tx.execute(sa.select(t))] for t in tables.metadata.sorted_tables}


def test_what_is_no_address_is_said_beside_the_field(browser: Browser, shop: Shop, runtime: Runtime) -> None:
    long = "a" * 300 + "@example.com"
    for email in ("", "ada", "ada@", "@example.com", "ada@example", long, "ada@exa\u200bmple.com", '"ada"@example.com'):
        answer = ask(browser, email)
        assert answer.status == 422, email
        assert 'id="email-error"' in answer.text
    assert count(runtime, tables.sign_in_request) == 0


def test_a_header_cannot_be_smuggled_into_an_address(browser: Browser, shop: Shop, runtime: Runtime) -> None:
    assert ask(browser, f"{EMAIL}\r\nBcc: eve@example.com").status == 422
    assert count(runtime, tables.sign_in_request) == 0


def test_known_unknown_and_throttled_addresses_get_the_same_answer(app: Litestar, shop: Shop) -> None:
    answers = []
    for email in (EMAIL, "nobody@example.com", *[EMAIL] * 4):
        visitor = Browser(app)
        answers.append((visitor, ask(visitor, email)))
    shapes = {(a.status, a.body, tuple(name for name, _ in a.headers)) for _, a in answers}
    assert len(shapes) == 1
    known, unknown = (sorted((name, len(value)) for name, value in v.cookies.items() if "asked" not in name) for v, _ in answers[:2])
    assert known == unknown
    pages = [visitor.follow(answer) for visitor, answer in answers]
    texts = {page.text.replace("nobody@example.com", EMAIL).replace(page.form("/sign-in/code")["csrf"], "") for page in pages}
    assert len(texts) == 1


def test_an_unknown_address_gets_no_mail(browser: Browser, shop: Shop, deliver: Deliver) -> None:
    assert ask(browser, "nobody@example.com").status == 303
    assert deliver() is None


def test_a_buyer_of_the_other_environment_is_a_stranger(browser: Browser, shop: Shop, deliver: Deliver) -> None:
    assert ask(browser, base=TEST_BASE).status == 303
    assert deliver() is None


def test_a_wrong_code_is_said_beside_the_field_and_stays_there(browser: Browser, shop: Shop, deliver: Deliver) -> None:
    page = browser.follow(ask(browser))
    deliver()
    answer = browser.submit(page, "/sign-in/code", code="ZZZZ-0000")
    assert answer.status == 422
    assert 'value="ZZZZ-0000"' in answer.text
    assert "does not fit" in answer.text
    assert browser.submit(page, "/sign-in/code", code="").status == 422


def test_after_five_wrong_codes_the_right_one_is_refused_too(browser: Browser, shop: Shop, deliver: Deliver) -> None:
    page = browser.follow(ask(browser))
    mail = deliver()
    assert mail is not None
    for _ in range(5):
        assert browser.submit(page, "/sign-in/code", code="ZZZZ-0000").status == 422
    answer = browser.submit(page, "/sign-in/code", code=mail.code)
    assert answer.status == 422
    assert "one try too many" in answer.text


def test_a_session_ends_at_thirty_minutes(browser: Browser, shop: Shop, clock: SteppingClock, ada: Browser) -> None:
    clock.advance(seconds=1799, microseconds=999_999)
    assert ada.get(BASE + "/orders").status == 200
    clock.advance(microseconds=1)
    over = ada.get(BASE + "/orders")
    assert over.status == 303
    assert over.header("location") == BASE + "/sign-in?next=/orders"
    clock.advance(minutes=-10)
    assert ada.get(BASE + "/orders").status == 303, "a session once refused stays refused when the clock is set back"


def test_no_request_prolongs_a_session(ada: Browser, shop: Shop, clock: SteppingClock) -> None:
    for _ in range(29):
        clock.advance(minutes=1)
        assert ada.get(BASE).status == 200
    clock.advance(minutes=1)
    assert ada.get(BASE).status == 303


def test_after_signing_in_the_same_page_comes_back(
    ada: Browser, shop: Shop, clock: SteppingClock, deliver: Deliver, factory: Factory
) -> None:
    order = factory.order(shop.buyer)
    clock.advance(minutes=30)
    form = ada.follow(ada.get(f"{BASE}/orders/{order}?x=1"))
    assert "ended after 30 minutes" in form.text
    page = ada.follow(ada.submit(form, "/sign-in", email=EMAIL))
    mail = deliver()
    assert mail is not None
    back = ada.submit(page, "/sign-in/code", code=mail.code)
    assert back.header("location") == f"{BASE}/orders/{order}?x=1"
    assert ada.follow(back).status == 200


def test_a_form_sent_after_the_end_changes_nothing_and_leads_back_to_its_page(
    ada: Browser, shop: Shop, clock: SteppingClock, runtime: Runtime
) -> None:
    page = ada.get(BASE + "/billing-details")
    clock.advance(minutes=30)
    ada.get(BASE)  # ends the session for good
    before = _rows(runtime)
    answer = ada.submit(page, "/billing-details", city="Elsewhere")
    assert answer.header("location") == BASE + "/sign-in?next=/billing-details"
    assert _rows(runtime) == before


def test_a_session_is_of_one_store_and_environment(app: Litestar, ada: Browser, shop: Shop, factory: Factory) -> None:
    factory.store(slug="other")
    assert ada.get(BASE).status == 200
    assert ada.get(TEST_BASE).status == 303
    assert ada.get("/other/portal").status == 303


def test_signing_out_ends_the_session_and_clears_the_browser(ada: Browser, shop: Shop) -> None:
    token = ada.cookies[SESSION]
    page = ada.get(BASE)
    answer = ada.submit(page, "/sign-out")
    assert answer.header("location") == BASE + "/sign-in"
    assert answer.header("clear-site-data") == '"cache", "storage"'
    assert "See you soon" in ada.follow(answer).text
    assert SESSION not in ada.cookies
    ada.cookies[SESSION] = token
    assert ada.get(BASE).status == 303


def test_signing_in_again_ends_the_former_session(ada: Browser, shop: Shop, deliver: Deliver, app: Litestar) -> None:
    former = ada.cookies[SESSION]
    page = ada.follow(ask(ada))
    mail = deliver()
    assert mail is not None
    ada.submit(page, "/sign-in/code", code=mail.code)
    assert ada.cookies[SESSION] != former
    assert Browser(app, cookies={SESSION: former}).get(BASE).status == 303


BAD_RETURNS = [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/orders@evil.example",
    "/../../evil",
    "/orders/../../x",
    "javascript:alert(1)",
    "/orders\r\nSet-Cookie: a=b",
    "/orders#t=1",
    "/orders?next=https://evil.example",
    "/sign-out",
    "/session",
    "/unknown",
    f"{BASE}/orders",
    "/orders/%2e%2e/x",
    "/orders//x",
    " /orders",
    "/orders/" + "a" * 300,
    "/orders?" + "a" * 400,
    "",
    "é",
]


def test_return_paths_stay_within_the_portal(
    ada: Browser, app: Litestar, shop: Shop, deliver: Deliver, clock: SteppingClock, factory: Factory
) -> None:
    """Whatever a link or a form says, the way back is a page of this portal; what is no such page becomes its start."""
    csrf = ada.get(BASE).form("/language")["csrf"]
    for number, given in enumerate(BAD_RETURNS):
        chosen = ada.post(BASE + "/language", {"csrf": csrf, "language": "en", "next": given})
        assert (chosen.status, chosen.header("location")) in {(303, BASE), (400, None)}, given
        browser, email = Browser(app), f"return{number}@example.com"
        form = browser.get(f"{BASE}/sign-in?next={quote(given)}")
        if form.status == 400:  # control characters are not even read
            continue
        assert form.form("/sign-in")["next"] == "/", given
        factory.buyer(shop.store, email=email)
        page = browser.follow(browser.submit(form, "/sign-in", email=email, next=given))
        mail = deliver()
        assert mail is not None
        assert browser.submit(page, "/sign-in/code", code=mail.code, next=given).header("location") == BASE, given
        clock.advance(minutes=10)  # a network may ask for 20 mails an hour


def test_a_page_to_return_to_survives(browser: Browser, shop: Shop, deliver: Deliver) -> None:
    form = browser.get(f"{BASE}/sign-in?next=/orders%3Fstatus%3Dactive")
    page = browser.follow(browser.submit(form, "/sign-in", email=EMAIL))
    mail = deliver()
    assert mail is not None
    assert browser.submit(page, "/sign-in/code", code=mail.code).header("location") == BASE + "/orders?status=active"


JSON = (b"accept", b"application/json")


def test_an_open_page_is_renewed_without_leaving_it(ada: Browser, shop: Shop, clock: SteppingClock, deliver: Deliver) -> None:
    """What portal.js does at 28:00, and that it still works when the code is typed after the session has ended."""
    page = ada.get(BASE + "/billing-details")
    clock.advance(minutes=28)
    assert ada.get(BASE + "/session").json["seconds_left"] == 120
    csrf = page.form("/billing-details")["csrf"]
    asked = ada.post(BASE + "/sign-in", {"csrf": csrf, "email": EMAIL, "next": "/billing-details"}, JSON)
    assert asked.status == 200
    mail = deliver()
    assert mail is not None
    clock.advance(minutes=3)
    gone = ada.get(BASE + "/session").json
    assert (gone["seconds_left"], gone["email"]) == (0, "")
    wrong = ada.post(BASE + "/sign-in/code", {"csrf": asked.json["csrf"], "code": "ZZZZ-0000"}, JSON)
    assert wrong.status == 422
    assert "does not fit" in wrong.json["error"]
    done = ada.post(BASE + "/sign-in/code", {"csrf": wrong.json["csrf"], "code": mail.code}, JSON)
    assert done.status == 200
    assert (done.json["seconds_left"], done.json["email"]) == (1800, EMAIL)
    saved = ada.submit(page, "/billing-details", csrf=done.json["csrf"], city="Potsdam")
    assert saved.status == 303
    assert 'value="Potsdam"' in ada.follow(saved).text


def test_the_script_gets_errors_as_json(browser: Browser, shop: Shop) -> None:
    csrf = browser.get(BASE + "/session").json["csrf"]
    assert browser.post(BASE + "/sign-in", {"csrf": csrf, "email": "nonsense"}, JSON).status == 422
    stale = browser.post(BASE + "/sign-in", {"csrf": "wrong", "email": EMAIL}, JSON)
    assert stale.status == 403
    assert browser.post(BASE + "/sign-in", {"csrf": stale.json["csrf"], "email": EMAIL}, JSON).status == 200
    over = browser.get(BASE + "/orders", JSON)
    assert (over.status, over.json["ok"]) == (401, False)


def test_nobody_is_signed_in_by_a_cookie_from_before(browser: Browser, shop: Shop, deliver: Deliver) -> None:
    """Session fixation: no value that existed before signing in becomes a session."""
    browser.get(BASE + "/sign-in")
    before = set(browser.cookies.values())
    page = browser.follow(ask(browser))
    mail = deliver()
    assert mail is not None
    before |= set(browser.cookies.values())
    browser.submit(page, "/sign-in/code", code=mail.code)
    assert browser.cookies[SESSION] not in before


def test_the_portal_of_an_unknown_store_does_not_exist(browser: Browser, shop: Shop) -> None:
    for slug in ("nobody", "test", "static", SLUG.upper(), "%00", "a" * 300, "..", "é"):
        assert browser.get(f"/{slug}/portal/sign-in").status == 404
    assert browser.get("/portal/sign-in").status == 404
