"""What localstripe lacks of Stripe, put in front of it, and Stripe's bad days on order.

As Stripe does and localstripe does not:
- a POST with an Idempotency-Key is done once; its answer is kept, whatever it was, and repeated with `Idempotent-Replayed: true`;
  with other parameters it is an idempotency_error, and a 409 while the first one is under way;
- PaymentIntents are listed by customer, newest first; a missing object is `resource_missing` and says which parameter it was;
- `allowed_payment_method_types`, `description`, `return_url` and `cancellation_reason` are known; with a return_url the buyer is
  sent to a page for 3-D Secure, and without one, off session, such a card is declined;
- a card works for the customer that saved it, and no more is given back than was taken;
- a decline is a card_error with a decline_code (always "insufficient_funds") and its PaymentIntent; a PaymentIntent that is
  canceled forgets its last error; a charge tells the card it was made to;
- Checkout has sessions in setup mode;
- there is a webhook for every effect (`events`), a refund's too.

`faults` is used up by the requests that change something, in order: "cut_before", "timeout_before", "500_before", "cut_after",
"timeout_after", "500_after", "429", "401", "403", "409", "garbage". "before" means nothing was done, "after" means it was. A fault
that begins with "GET " is for a request that only reads.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.gateways.localstripe import LocalStripe

Answer = tuple[int, dict[str, str], Any]
_UNKNOWN_THERE = ("allowed_payment_method_types[0]", "description", "return_url", "cancellation_reason", "expand[0]")
_CODES = {"429": "rate_limit", "401": "api_key_expired", "403": None, "409": "lock_timeout"}
_EVENTS = {
    "succeeded": "payment_intent.succeeded",
    "requires_action": "payment_intent.requires_action",
    "requires_payment_method": "payment_intent.payment_failed",
    "canceled": "payment_intent.canceled",
    "processing": "payment_intent.processing",
}


class StripeFront:
    def __init__(self, behind: LocalStripe) -> None:
        self.behind = behind
        self.url = ""
        self.faults: list[str] = []
        self.requests: list[tuple[str, str, dict[str, str]]] = []  # method, path and parameters of what the adapter sent
        self.headers: list[dict[str, str]] = []
        self.events: list[dict[str, Any]] = []
        self.over = threading.Event()  # who waits for an answer that never comes waits for this
        self._kept: dict[str, tuple[Any, Answer | None]] = {}
        self._return_urls: dict[str, str] = {}
        self._sessions: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()
        self._numbers = count(1)

    def use_card_page(self, reference: str, number: str = "4242424242424242") -> None:
        """What the buyer does on the card page."""
        session = self._sessions[reference]
        method = self.behind.card(session["customer"], number)
        intent = self.behind.ask("POST", f"setup_intents/{session['setup_intent']}/confirm", payment_method=method)
        assert intent["status"] == "succeeded"
        session.update(status="complete", url=None)
        self._tell("checkout.session.completed", session)

    def let_expire(self, reference: str) -> None:
        self._sessions[reference].update(status="expired", url=None)
        self._tell("checkout.session.expired", self._sessions[reference])

    def give_back(self, intent: str, amount: int) -> None:
        """What the merchant does in the dashboard: a refund without metadata."""
        refund = self.behind.ask("POST", "refunds", payment_intent=intent, amount=str(amount))
        self._tell("refund.created", refund)

    def forget_keys(self) -> None:
        """A day has gone by."""
        self._kept.clear()

    def answer(self, method: str, path: str, params: dict[str, str], key: str | None) -> Answer | None:
        """None: the connection is cut."""
        self.requests.append((method, path, params))
        fault = self._next_fault(method)
        if fault is not None and not fault.endswith("_after"):
            return self._bad_day(fault)
        answer = self._once(key, path, params) if method == "POST" and key else self._done(method, path, params)
        return answer if fault is None else self._bad_day(fault)

    def _next_fault(self, method: str) -> str | None:
        if self.faults and self.faults[0].startswith("GET ") == (method == "GET"):
            return self.faults.pop(0).removeprefix("GET ")
        return None

    def _bad_day(self, fault: str) -> Answer | None:
        if fault.startswith("500"):
            return 500, {}, {"error": {"type": "api_error", "message": "on order"}}
        if fault in _CODES:
            return int(fault), {}, {"error": {"type": "invalid_request_error", "code": _CODES[fault], "message": "on order"}}
        if fault == "garbage":
            return 200, {}, {"object": "surprise"}
        if fault.startswith("timeout"):
            self.over.wait(30)
        return None

    def _once(self, key: str, path: str, params: dict[str, str]) -> Answer:
        request = (path, params)
        with self._lock:
            known, kept = self._kept.setdefault(key, (request, None))
        if known != request:
            return 400, {}, {"error": {"type": "idempotency_error", "message": f"{key} was used for something else"}}
        if kept is not None:
            return kept[0], {**kept[1], "Idempotent-Replayed": "true"}, kept[2]
        if known is not request:
            return 409, {}, {"error": {"type": "idempotency_error", "code": "idempotency_key_in_use", "message": "in progress"}}
        answer = self._done("POST", path, params)
        self._kept[key] = (request, json.loads(json.dumps(answer)))
        return answer

    def _done(self, method: str, path: str, params: dict[str, str]) -> Answer:
        if path.startswith("checkout/sessions"):
            return self._checkout(method, path.rpartition("/")[2], params)
        if (method, path) == ("GET", "payment_intents"):
            return self._listed(params)
        if (method, path) == ("POST", "refunds"):
            return self._refund(params)
        if method == "POST" and path == "payment_intents" and (refusal := self._not_this_card(params)):
            return refusal
        answer = self.behind.request(method, path, {name: value for name, value in params.items() if name not in _UNKNOWN_THERE})
        if answer.status_code == 404 or (path == "refunds" and answer.status_code == 400):
            return _missing("payment_intent" if "payment_intent" in params else "intent")
        return self._as_stripe(method, path, params, answer.status_code, answer.json())

    def _as_stripe(self, method: str, path: str, params: dict[str, str], status: int, answer: Any) -> Answer:
        if status == 402:
            intent = next(i for i in self.behind.intents() if (i["latest_charge"] or {}).get("id") == answer["error"]["charge"])
            answer["error"].update(type="card_error", decline_code="insufficient_funds", payment_intent=self._complete(intent))
            self._tell(_EVENTS[intent["status"]], intent)
        if answer.get("object") == "payment_intent":
            if path == "payment_intents":
                self._return_urls[answer["id"]] = params.get("return_url", "")
                if params.get("off_session") == "true" and answer["status"] == "requires_action":
                    return self._needs_the_buyer(answer)
            self._complete(answer)
            if method == "POST" and status == 200:
                self._tell(_EVENTS[answer["status"]], answer)
        return status, {}, answer

    def _tell(self, kind: str, subject: Any) -> None:
        event = {"object": "event", "type": kind, "created": 1_773_480_413, "livemode": False, "data": {"object": dict(subject)}}
        self.events.append({"id": f"evt_{next(self._numbers)}", **event})

    def _not_this_card(self, params: dict[str, str]) -> Answer | None:
        if self.behind.request("GET", f"customers/{params['customer']}", {}).status_code == 404:
            return _missing("customer")
        method = self.behind.request("GET", f"payment_methods/{params['payment_method']}", {})
        if method.status_code != 200:
            return _missing("payment_method")
        if method.json()["customer"] != params["customer"]:
            return 400, {}, {"error": {"type": "invalid_request_error", "message": "does not belong to the customer"}}
        return None

    def _needs_the_buyer(self, intent: dict[str, Any]) -> Answer:
        self.behind.answer_the_bank(intent["id"], confirm=False)
        error = {"type": "card_error", "code": "authentication_required", "decline_code": "authentication_required"}
        intent = self.behind.ask("GET", f"payment_intents/{intent['id']}") | {"last_payment_error": error}
        return 402, {}, {"error": {**error, "message": "on session only", "payment_intent": intent}}

    def _complete(self, intent: dict[str, Any]) -> dict[str, Any]:
        if intent["next_action"] and self._return_urls.get(intent["id"]):
            intent["next_action"] = {"type": "redirect_to_url", "redirect_to_url": {"url": f"https://hooks.stripe.com/{intent['id']}"}}
        if charge := intent["latest_charge"]:
            card = self.behind.ask("GET", f"payment_methods/{charge['payment_method']}")["card"]
            charge["payment_method_details"] = {"type": "card", "card": card}
            if charge["status"] == "failed":
                charge["outcome"] = {"reason": "insufficient_funds"}
                intent["last_payment_error"]["decline_code"] = "insufficient_funds"
        if intent["status"] == "canceled":
            intent["last_payment_error"] = None
        return intent

    def _listed(self, params: dict[str, str]) -> Answer:
        if self.behind.request("GET", f"customers/{params['customer']}", {}).status_code == 404:
            return _missing("customer")
        found = [intent for intent in reversed(self.behind.intents()) if intent["customer"] == params["customer"]]
        start = [intent["id"] for intent in found].index(params["starting_after"]) + 1 if "starting_after" in params else 0
        page = [
            intent | {"latest_charge": (intent["latest_charge"] or {}).get("id")} for intent in found[start : start + int(params["limit"])]
        ]
        more = start + len(page) < len(found)
        return 200, {}, {"object": "list", "url": "/v1/payment_intents", "has_more": more, "data": page}

    def _refund(self, params: dict[str, str]) -> Answer:
        with self._lock:
            intent = self.behind.request("GET", f"payment_intents/{params['payment_intent']}", {})
            if intent.status_code != 200:
                return _missing("payment_intent")
            charge = intent.json()["latest_charge"] or {"amount_refunded": 0}
            if charge["amount_refunded"] + int(params["amount"]) > intent.json()["amount"]:
                return 400, {}, {"error": {"type": "invalid_request_error", "message": "more than is left"}}
            answer = self.behind.request("POST", "refunds", params)
        if answer.status_code == 200:
            self._tell("refund.created", answer.json())
        return answer.status_code, {}, answer.json()

    def _checkout(self, method: str, reference: str, params: dict[str, str]) -> Answer:
        if method == "GET":
            return self._session(reference)
        assert params["mode"] == "setup"
        if self.behind.request("GET", f"customers/{params['customer']}", {}).status_code == 404:
            return _missing("customer")
        intent = self.behind.ask("POST", "setup_intents", customer=params["customer"])["id"]
        reference = f"cs_test_{intent}"
        self._sessions[reference] = {
            "id": reference,
            "object": "checkout.session",
            "mode": "setup",
            "status": "open",
            "customer": params["customer"],
            "url": f"https://checkout.stripe.com/c/pay/{reference}",
            "metadata": {"portico_key": params["metadata[portico_key]"]},
            "setup_intent": intent,
        }
        return 200, {}, self._sessions[reference]

    def _session(self, reference: str) -> Answer:
        if reference not in self._sessions:
            return _missing("session")
        session = self._sessions[reference]
        intent = self.behind.ask("GET", f"setup_intents/{session['setup_intent']}")
        if intent["payment_method"]:
            intent["payment_method"] = self.behind.ask("GET", f"payment_methods/{intent['payment_method']}")
        return 200, {}, session | {"setup_intent": intent}


def _missing(param: str) -> Answer:
    return 404, {}, {"error": {"type": "invalid_request_error", "code": "resource_missing", "param": param, "message": "not there"}}


@contextmanager
def standing_before(behind: LocalStripe) -> Iterator[StripeFront]:
    front = StripeFront(behind)

    def answer(method: str, path: str, params: dict[str, str], headers: dict[str, str]) -> tuple[int, dict[str, str], bytes] | None:
        front.headers.append(headers)
        given = front.answer(method, path.removeprefix("/v1/"), params, headers.get("idempotency-key"))
        return given and (given[0], given[1], json.dumps(given[2]).encode())

    with serving(answer) as front.url:
        yield front
        front.over.set()


@contextmanager
def serving(answer: Callable[[str, str, dict[str, str], dict[str, str]], tuple[int, dict[str, str], bytes] | None]) -> Iterator[str]:
    """The address of a server that gives these answers to (method, path, parameters, headers); None cuts the connection."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve("GET", urlsplit(self.path).query)

        def do_POST(self) -> None:
            self._serve("POST", self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())

        def _serve(self, method: str, form: str) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            given = answer(method, urlsplit(self.path).path, dict(parse_qsl(form, keep_blank_values=True)), headers)
            if given is None:
                self.close_connection = True
                return
            status, more, body = given
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **more}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing: the tests say what they saw."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
