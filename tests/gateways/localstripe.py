"""A real localstripe process on the loopback. It is GPL: it runs by itself and nothing here imports it.

It listens on every address of the machine, and writes its objects to a file of a fixed name. The few lines below, in its own
process, put the first right and send the second nowhere.
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx2

_START = """
import builtins, ctypes, os, runpy, socket, sys

if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 15)  # ends with the test run, however that ends

class Loopback(socket.socket):
    def __init__(self, family=-1, *rest, **more):
        super().__init__(socket.AF_INET if family == socket.AF_INET6 else family, *rest, **more)
    def bind(self, address):
        super().bind(("127.0.0.1" if address[0] == "::" else address[0], *address[1:]))

def open_elsewhere(file, *rest, open=open, **more):
    return open(os.devnull if str(file).endswith("localstripe.pickle") else file, *rest, **more)

socket.socket, builtins.open = Loopback, open_elsewhere
sys.argv = ["localstripe", "--port", "0", "--from-scratch"]
runpy.run_module("localstripe", run_name="__main__")
"""


class LocalStripe:
    """What a shop, or a buyer in its browser, would have done at Stripe by other ways than ours."""

    def __init__(self, url: str, browser: httpx2.Client) -> None:
        self.url = url
        self._browser = browser

    def request(self, method: str, path: str, data: Mapping[str, Any]) -> httpx2.Response:
        where = {"params": data} if method == "GET" else {"data": data}
        return self._browser.request(method, f"{self.url}/v1/{path}", headers={"authorization": "Bearer sk_test_1"}, **where)

    def ask(self, method: str, path: str, **data: Any) -> Any:
        """The answer's JSON, whatever its status."""
        return self.request(method, path, data).json()

    def forget(self) -> None:
        """Every object; it looks through all of them for each, and grows slow."""
        self._browser.delete(f"{self.url}/_config/data").raise_for_status()

    def customer(self, email: str = "anna@example.com") -> str:
        return self.ask("POST", "customers", email=email)["id"]

    def card(self, customer: str, number: str = "4242424242424242") -> str:
        """A card saved with the customer. Raises KeyError when localstripe declines to save it."""
        card = {"card[number]": number, "card[exp_month]": "12", "card[exp_year]": "2030", "card[cvc]": "123"}
        method = self.ask("POST", "payment_methods", type="card", **card)["id"]
        return self.ask("POST", f"payment_methods/{method}/attach", customer=customer)["id"]

    def answer_the_bank(self, intent: str, *, confirm: bool) -> None:
        """What the buyer does on the page of 3-D Secure."""
        secret = self.ask("GET", f"payment_intents/{intent}")["client_secret"]
        self.ask("POST", f"payment_intents/{intent}/_authenticate", client_secret=secret, success=str(confirm).lower())

    def intents(self) -> list[Any]:
        """All of them, the oldest first."""
        return self.ask("GET", "payment_intents", limit="1000000")["data"]

    def send_webhooks_to(self, url: str, secret: str) -> None:
        self._browser.post(f"{self.url}/_config/webhooks/portico", json={"url": url, "secret": secret}).raise_for_status()


@contextmanager
def running() -> Iterator[LocalStripe]:
    """A fresh one, gone after the block."""
    process = subprocess.Popen(
        [sys.executable, "-Iu", "-c", _START], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if match := re.search(r"http://127\.0\.0\.1:\d+", line):
                with httpx2.Client(trust_env=False, timeout=20) as browser:
                    yield LocalStripe(match.group(), browser)
                return
        raise RuntimeError("localstripe did not start")
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()
