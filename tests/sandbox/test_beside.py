"""Beside another application: one server, one event loop, and neither ever waits for the other."""

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import httpx2
import pytest

from portico.gateways.port import ChargeResult
from portico.gateways.sandbox import SandboxGateway
from portico.sandbox import cards
from portico.sandbox.application import Beside, Sandbox, application
from portico.sandbox.bank import Bank
from portico.sandbox.webhooks import Target
from portico.sandbox.wire import Receive, Scope, Send
from tests.gateways.conformance import charge_of, setup_of
from tests.gateways.sandbox_process import free_port
from tests.sandbox.conftest import API_KEY, WEBHOOK_SECRET, listening


class Portal:
    """An application whose threads call the sandbox and which is called by it. `log` says in which order."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.gateway: SandboxGateway
        self.threads = ThreadPoolExecutor(2)
        self.card = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for step in ("startup", "shutdown"):
                await receive()
                self.log.append(step)
                await send({"type": f"lifespan.{step}.complete"})
            return
        body = b""
        while (message := await receive()).get("more_body") or message.get("body"):
            body += message["body"]
            if not message["more_body"]:
                break
        answer = await asyncio.get_running_loop().run_in_executor(self.threads, self.do, scope["path"], body)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(answer)).encode())]})
        await send({"type": "http.response.body", "body": answer})

    def do(self, path: str, body: bytes) -> bytes:
        if path == "/webhooks":
            self.log.append(json.loads(body)["type"])
        elif path == "/pay":
            result: ChargeResult = self.gateway.charge(charge_of(json.loads(body, object_hook=_Saved)))  # type: ignore[arg-type]
            self.log.append(f"answered {result.status}")
        return path.encode()


class _Saved:
    def __init__(self, fields: dict[str, Any]) -> None:
        self.customer, self.method = fields["customer"], fields["method"]


@pytest.fixture
def url() -> str:
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture
def sandbox(bank: Bank, url: str) -> Sandbox:
    return application(
        bank, base_url=f"{url}/sandbox", api_key=API_KEY, webhooks=[Target(f"{url}/webhooks")], webhook_secret=WEBHOOK_SECRET
    )


@pytest.fixture
def portal(url: str, sandbox: Sandbox) -> Iterator[Portal]:
    portal = Portal()
    with closing(SandboxGateway(f"{url}/sandbox", API_KEY, WEBHOOK_SECRET)) as portal.gateway, listening(Beside(portal, sandbox), url):
        yield portal
    portal.threads.shutdown()
    assert portal.log[0] == "startup"
    assert portal.log[-1] == "shutdown"


def test_the_portals_threads_pay_and_are_told_on_the_same_server(portal: Portal, bank: Bank, url: str) -> None:
    card = bank.save_card("anna@example.com", cards.WEBHOOK_FIRST)
    with httpx2.Client(trust_env=False) as browser:
        browser.post(f"{url}/pay", json={"customer": card.customer, "method": card.id})
    assert portal.log[1:] == ["charge.succeeded", "answered succeeded"]


def test_each_path_has_its_application(portal: Portal, url: str) -> None:
    with httpx2.Client(trust_env=False) as browser:
        assert "The sandbox" in browser.get(f"{url}/sandbox").text
        assert "The sandbox" in browser.get(f"{url}/sandbox/").text
        assert browser.get(f"{url}/sandbox/sandbox.css").headers["content-type"].startswith("text/css")
        assert browser.get(f"{url}/sandbox/nothing").status_code == 404
        for path in ("/", "/sandboxes", "/lumen/sandbox", "/v1/ledger"):
            assert browser.get(url + path).text == path


def test_pages_and_addresses_are_below_the_path(portal: Portal, url: str) -> None:
    page = portal.gateway.save_card_page(setup_of())
    assert page.url.startswith(f"{url}/sandbox/card/")
    assert portal.gateway.page_origins == (url,)
    with httpx2.Client(trust_env=False) as browser:
        assert 'href="/sandbox/sandbox.css"' in browser.get(page.url).text
        assert browser.post(page.url, data={"card": cards.SUCCESS}).status_code == 303


def test_the_sandbox_needs_a_path_of_its_own(bank: Bank, url: str) -> None:
    with pytest.raises(ValueError, match="path of its own"):
        Beside(Portal(), application(bank, base_url=url, api_key=API_KEY))


def test_the_sandbox_needs_a_key_and_a_secret_for_its_webhooks(bank: Bank, url: str) -> None:
    with pytest.raises(ValueError, match="api key"):
        application(bank, base_url=url, api_key="")
    with pytest.raises(ValueError, match="24 bytes"):
        application(bank, base_url=url, api_key=API_KEY, webhooks=[Target(url)], webhook_secret="short")
