"""The Python client: every operation of the API is a method of it, and what is lost on the way is sent again as the same request."""

import inspect
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from portico.api.openapi import document
from portico.api.routes import OPERATIONS
from tests.clients.conftest import CLIENT, Served
from tests.factories import Factory
from tools import make_client

from portico_client import File, Portico, Problem, Retries, Unreachable  # isort: skip  (conftest puts it on the path)


def test_its_files_are_what_the_openapi_document_says() -> None:
    for name, text in make_client.files().items():
        assert (CLIENT / "portico_client" / name).read_text() == text, f"{name} is out of date: run python tools/make_client.py"


def test_every_operation_is_a_method_with_its_fields() -> None:
    described = document(OPERATIONS, "https://portal.example.com")
    for path, by_verb in described["paths"].items():
        for verb, operation in by_verb.items():
            method = getattr(Portico, operation["operationId"], None)
            assert method is not None, f"{verb} {path} has no method"
            fields = {each["name"] for each in operation["parameters"] if each["in"] != "header"}
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "")
            fields |= set(described["components"]["schemas"].get(body.rpartition("/")[2], {}).get("properties", {}))
            taken = {name.rstrip("_") for name in inspect.signature(method).parameters} - {"self", "idempotency_key"}
            assert taken == fields, operation["operationId"]
            assert ("idempotency_key" in inspect.signature(method).parameters) == (verb != "get")


@pytest.fixture
def portico(served: Served) -> Portico:
    return Portico(served.url, served.key, retries=Retries(tries=1))


def test_it_speaks_to_a_server(portico: Portico, served: Served, factory: Factory) -> None:
    made = portico.create_portal_session(buyer={"external_id": "u-1"}, return_url="https://shop.example/account", idempotency_key="k-1")
    assert made["buyer_id"] == served.buyer.buyer_id
    assert (
        portico.create_portal_session(buyer={"external_id": "u-1"}, return_url="https://shop.example/account", idempotency_key="k-1")
        == made
    )
    for number in range(5):
        factory.buyer(type(served.buyer)(served.buyer.store_id, "test", ""), email=f"buyer-{number}@example.com")
    assert len(portico.list_buyers(limit=2)["data"]) == 2
    assert len({buyer["id"] for buyer in portico.all_buyers(limit=2)}) == 6
    assert portico.update_buyer(served.buyer.buyer_id, external_id=None)["external_id"] is None
    assert portico.get_buyer(served.buyer.buyer_id)["email"] == "ada@example.com"


def test_a_problem_says_what_to_do(portico: Portico) -> None:
    with pytest.raises(Problem) as refused:
        portico.create_portal_session(buyer={"email": "nobody@example.com"})
    assert (refused.value.status, refused.value.code) == (404, "buyer_not_found")
    assert refused.value.request_id in str(refused.value)
    with pytest.raises(Problem, match="return_url: Its origin is not on the store's list") as wrong:
        portico.create_portal_session(buyer={"email": "ada@example.com"}, return_url="https://evil.example/", locale="xx")
    assert {(error.field, error.code) for error in wrong.value.errors} == {
        ("return_url", "return_url_not_allowed"),
        ("locale", "language_unknown"),
    }
    with pytest.raises(Problem) as foreign:
        portico.get_buyer("../products")
    assert foreign.value.code == "not_found"
    with pytest.raises(Problem) as nobody:
        Portico(portico._base, "sk_test_" + "x" * 43).list_buyers()
    assert nobody.value.code == "api_key_invalid"


@dataclass
class Flaky:
    """A server that answers as it is told to, one after the other, and notes what it was asked: (method, path, key, body)."""

    answers: list[tuple[int, bytes, str] | None]
    url: str = ""
    asked: list[tuple[str, str, str | None, bytes]] = field(default_factory=list)


@pytest.fixture
def flaky() -> Iterator[Flaky]:
    made = Flaky([])

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            made.asked.append((self.command, self.path, self.headers.get("idempotency-key"), body))
            planned = made.answers.pop(0)
            if planned is None:  # the line is cut
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, said, media_type = planned
            self.send_response(status)
            self.send_header("content-type", media_type)
            self.send_header("content-length", str(len(said)))
            self.send_header("location", "https://evil.example/")
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = answer

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


def quick(url: str) -> Portico:
    return Portico(url, "sk_test_x", retries=Retries(tries=3, first_wait_seconds=0), timeout_seconds=5)


def test_what_was_lost_is_sent_again_as_the_same_request(flaky: Flaky) -> None:
    flaky.answers = [None, (503, b"<html>", "text/html"), (201, b'{"id": "PSN_1"}', "application/json")]
    assert quick(flaky.url).create_portal_session(buyer={"email": "ada@example.com"}) == {"id": "PSN_1"}
    assert len(flaky.asked) == 3
    assert len(set(flaky.asked)) == 1
    assert flaky.asked[0][2]


def test_it_gives_up_and_says_with_which_key_to_go_on(flaky: Flaky) -> None:
    flaky.answers = [None, None, None]
    with pytest.raises(Unreachable) as gone:
        quick(flaky.url).create_portal_session(buyer={"email": "ada@example.com"}, idempotency_key="mine")
    assert gone.value.idempotency_key == "mine"
    flaky.answers = [(500, b'{"code": "crash"}', "application/problem+json")] * 3
    with pytest.raises(Problem, match="crash"):
        quick(flaky.url).list_buyers()


def test_a_refusal_is_not_sent_again_and_no_redirect_followed(flaky: Flaky) -> None:
    for status in (302, 409, 422):
        flaky.asked.clear()
        flaky.answers = [(status, b'{"code": "x"}', "application/problem+json")]
        with pytest.raises(Problem):
            quick(flaky.url).list_buyers(email="ada@example.com")
        assert [asked[:2] for asked in flaky.asked] == [("GET", "/v1/buyers?email=ada%40example.com")]


def test_what_is_no_json_is_a_file(flaky: Flaky) -> None:
    flaky.answers = [(200, b"%PDF", "application/pdf"), (204, b"", "application/json")]
    assert quick(flaky.url).get_document_pdf("INV_1", language="de") == File(b"%PDF", "application/pdf")
    assert flaky.asked[0][1] == "/v1/documents/INV_1/pdf?language=de"
    assert quick(flaky.url).sign_out_buyer("BUY_1") is None


def test_a_key_is_sent_over_https_alone() -> None:
    for url in ("http://portal.example.com", "portal.example.com", "http://127.0.0.1.evil.example"):
        with pytest.raises(ValueError, match="https only"):
            Portico(url, "sk_test_x")
