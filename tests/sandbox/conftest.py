"""A sandbox of this process behind a real server, on the clock and the bank of the test."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn

from portico.gateways import sandbox_answers
from portico.gateways.port import SavedCard
from portico.gateways.sandbox import SandboxGateway
from portico.sandbox import answers, cards
from portico.sandbox.application import Sandbox, application
from portico.sandbox.bank import Bank
from portico.sandbox.webhooks import Target
from tests.gateways import sandbox_process
from tests.gateways.sandbox_process import Receiver, free_port

API_KEY = "the key of the tests"
WEBHOOK_SECRET = "the webhook secret of the tests"


@dataclass
class Served:
    """A sandbox that answers at `url`, the way of the portal to it, and a browser without a screen."""

    url: str
    bank: Bank
    gateway: SandboxGateway
    browser: httpx2.Client

    def card(self, number: str = cards.SUCCESS) -> SavedCard:
        """A saved card, without the page."""
        return sandbox_answers.saved_card(answers.of_card(self.bank.save_card("anna@example.com", number)))

    def ask(self, method: str, path: str, **request: Any) -> httpx2.Response:
        return self.browser.request(method, self.url + path, headers={"authorization": f"Bearer {API_KEY}"}, **request)


Serve = Callable[..., AbstractContextManager[Served]]


@contextmanager
def served(bank: Bank, targets: tuple[Target, ...] = (), file: Path | None = None) -> Iterator[Served]:
    url = f"http://127.0.0.1:{free_port()}"
    sandbox = application(bank, base_url=url, api_key=API_KEY, webhooks=targets, webhook_secret=WEBHOOK_SECRET, webhook_file=file)
    with ExitStack() as stack:
        stack.enter_context(listening(sandbox, url))
        gateway = SandboxGateway(url, API_KEY, WEBHOOK_SECRET, account="test")
        stack.callback(gateway.close)
        browser = stack.enter_context(httpx2.Client(trust_env=False))
        yield Served(url, bank, gateway, browser)


@contextmanager
def listening(application: Sandbox | Any, url: str) -> Iterator[None]:
    """An ASGI application behind uvicorn, in a thread, until the block ends."""
    port = int(url.rpartition(":")[2].partition("/")[0])
    server = uvicorn.Server(uvicorn.Config(application, port=port, log_level="error", lifespan="on", timeout_graceful_shutdown=3))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        until = time.monotonic() + 15
        while not server.started:
            assert thread.is_alive(), "the server ended"
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        thread.join(15)
        assert not thread.is_alive()


@pytest.fixture
def sandbox(bank: Bank) -> Iterator[Served]:
    with served(bank) as sandbox:
        yield sandbox


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with sandbox_process.receiving() as receiver:
        yield receiver
