"""The address that payment providers write to: nothing but a signature opens it, and it tells nobody anything."""

from dataclasses import replace

import msgspec
import pytest
import sqlalchemy as sa

from portico.domain.calendar import period_bounds
from portico.domain.scope import BuyerScope
from portico.gateways.port import Charge, Unanswered
from portico.server import create_app
from portico.services import renewal
from portico.services.runtime import Runtime
from portico.storage import subscription as subscriptions
from portico.storage import tables
from tests.bank import SIGNATURE_HEADER, BankGateway
from tests.factories import Factory
from tests.web.browser import Answer, Browser
from tests.web.conftest import SESSION, Shop

PATH = "/webhooks/sandbox/prod"


def send(browser: Browser, body: bytes, headers: dict[str, str], path: str = PATH) -> Answer:
    """As a provider's server sends it: neither a form nor a browser."""
    extra = [(name.encode(), value.encode()) for name, value in headers.items()]
    return browser.post(path, body, *extra, origin=None, site=None, content_type=b"application/json")


@pytest.fixture
def captured(runtime: Runtime, factory: Factory, gateway: BankGateway, shop: Shop) -> tuple[bytes, dict[str, str]]:
    """The webhook about a renewal that the bank has taken the money for; our side has not heard of it yet."""
    buyer, card = shop.buyer, gateway.save_card("ada@example.com")
    columns = {"managed": True, "customer_reference": card.customer, "method_reference": card.method}
    start, _ = period_bounds(runtime.clock(), "month", -1)
    subscription_id = factory.subscription(buyer, anchor=start, **columns)
    with runtime.database.transaction() as tx:
        found = subscriptions.get(tx, buyer, subscription_id)
        subscriptions.change(tx, buyer, subscription_id, expected_version=1, due_at=found.period_end)
    renewal.sweep(runtime)
    key, amount_minor = payment_of(runtime, buyer)
    gateway.charge(Charge(key, amount_minor, "EUR", card.customer, card.method, "", False, ""))
    return gateway.webhooks(runtime.clock())[-1]


def payment_of(runtime: Runtime, buyer: BuyerScope) -> tuple[str, int]:
    table = tables.payment
    with runtime.database.read() as connection:
        row = connection.execute(sa.select(table.c.id, table.c.total_minor).where(table.c.buyer_id == buyer.buyer_id)).one()
    return f"{row.id}-1", row.total_minor


def status_of(runtime: Runtime, buyer: BuyerScope) -> str:
    with runtime.database.read() as connection:
        return connection.execute(sa.select(tables.payment.c.status).where(tables.payment.c.buyer_id == buyer.buyer_id)).scalar_one()


def test_what_is_genuine_is_taken_in_once(browser: Browser, captured, runtime: Runtime, shop: Shop) -> None:  # type: ignore[no-untyped-def]
    answers = [send(browser, *captured) for _ in range(3)]
    assert {(answer.status, answer.text) for answer in answers} == {(200, "ok\n")}
    assert status_of(runtime, shop.buyer) == "succeeded"
    with runtime.database.read() as connection:
        assert len(connection.execute(sa.select(tables.document.c.id)).all()) == 2


def test_what_is_unknown_is_taken_in_too(browser: Browser, gateway: BankGateway, runtime: Runtime) -> None:
    """Else the provider would repeat it for days, and we would never see it."""
    card = gateway.save_card("ada@example.com")
    gateway.charge(Charge("PAY_unknown-1", 100, "EUR", card.customer, card.method, "", False, ""))
    assert send(browser, *gateway.webhooks(runtime.clock())[-1]).status == 200


def test_whoever_is_not_the_provider_learns_nothing(browser: Browser, captured, runtime: Runtime, shop: Shop) -> None:  # type: ignore[no-untyped-def]
    body, headers = captured
    signature = headers[SIGNATURE_HEADER]
    forged = [
        (body + b" ", headers), (b"", headers), (body, {}), (body, {SIGNATURE_HEADER: signature[:-1] + "x"}),
        (body, {SIGNATURE_HEADER: "t=1,v1=0"}), (body, {SIGNATURE_HEADER: "é"}), (body, {"stripe-signature": signature}),
        (b"{" * 5000, headers), (b"\xff\xfe", headers),
    ]  # fmt: skip
    answers = [send(browser, *each) for each in forged]
    assert {(answer.status, answer.text) for answer in answers} == {(400, "bad request\n")}
    assert status_of(runtime, shop.buyer) == "pending"


@pytest.mark.parametrize("path", ["/webhooks/stripe/prod", "/webhooks/sandbox/live", "/webhooks/SANDBOX/prod", "/webhooks/%20/prod"])
def test_another_address_is_nobodys(browser: Browser, captured, path: str) -> None:  # type: ignore[no-untyped-def]
    answer = send(browser, *captured, path)
    assert (answer.status, answer.text) == (404, "not found\n")


def test_an_environment_without_a_provider_has_no_address(runtime: Runtime, gateway: BankGateway, captured) -> None:  # type: ignore[no-untyped-def]
    browser = Browser(create_app(replace(runtime, gateways={"test": gateway})))
    assert send(browser, *captured).status == 404


def test_a_body_may_be_256_kb_and_no_more(browser: Browser, gateway: BankGateway) -> None:
    most = b" " * (256 * 1024)
    assert send(browser, most, {SIGNATURE_HEADER: "t=1,v1=0"}).status == 400
    assert send(browser, most + b" ", {SIGNATURE_HEADER: "t=1,v1=0"}).status == 413


def test_no_cookie_is_read_or_set(app, captured, runtime: Runtime, shop: Shop) -> None:  # type: ignore[no-untyped-def]
    browser = Browser(app, cookies={SESSION: "anything"})
    answer = send(browser, *captured)
    assert answer.status == 200
    assert answer.every("set-cookie") == []
    assert answer.header("cache-control") == "no-store"


def test_it_is_no_page(browser: Browser) -> None:
    assert browser.get(PATH).status == 405


def test_what_could_not_be_written_down_is_sent_again(app, captured, runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    def away() -> None:
        raise sa.exc.OperationalError("INSERT", {}, ConnectionError("gone"))

    monkeypatch.setattr(runtime.database, "transaction", away)
    answer = send(Browser(app), *captured)
    assert (answer.status, answer.text, answer.header("retry-after")) == (503, "try again later\n", "60")
    monkeypatch.undo()
    assert send(Browser(app), *captured).status == 200


def test_what_the_provider_could_not_be_asked_about_is_sent_again(browser: Browser, captured, gateway: BankGateway) -> None:  # type: ignore[no-untyped-def]
    """Some adapters look up what a webhook is about before they believe it."""

    def silent(*_: object) -> None:
        raise Unanswered("timeout")

    parse, gateway.parse_webhook = gateway.parse_webhook, silent  # type: ignore[method-assign,assignment]
    assert send(browser, *captured).status == 503
    gateway.parse_webhook = parse  # type: ignore[method-assign]
    assert send(browser, *captured).status == 200


def test_a_fault_of_ours_is_none_of_the_providers(app, captured, gateway: BankGateway) -> None:  # type: ignore[no-untyped-def]
    def broken(*_: object) -> None:
        raise ZeroDivisionError("ada@example.com")

    gateway.parse_webhook = broken  # type: ignore[method-assign,assignment]
    answer = send(Browser(app), *captured)
    assert answer.status == 500
    assert "ada@example.com" not in answer.text


def test_a_body_is_taken_as_it_came(browser: Browser, captured, runtime: Runtime) -> None:  # type: ignore[no-untyped-def]
    """The signature is over the bytes: the same JSON written otherwise is another body."""
    body, headers = captured
    rewritten = msgspec.json.format(body, indent=2)
    assert send(browser, rewritten, headers).status == 400
