"""Nothing that a stranger types makes a connection to a place that is not the internet's, and nobody out there can hold us up."""

import socket
import time
from collections.abc import Sequence

import pytest

from portico.gateways import guarded_http
from portico.gateways.guarded_http import GuardedHttp
from portico.gateways.http_out import ERRORS
from tests.domain.ssrf import GLOBAL, NOT_GLOBAL, REFUSED_URLS
from tests.gateways.listener import OK, Listener, certificate, drips, listening, says

PUBLIC = "93.184.216.34"
HOOK = "https://hooks.example/portico?shop=1"


class Outside:
    """A world in which every name has `addresses`, and every address and port is the listener's. Remembers what was asked for."""

    def __init__(self, listener: Listener, *addresses: Sequence[str]) -> None:
        self.listener, self.answers = listener, list(addresses)
        self.looked_up: list[str] = []
        self.reached: list[tuple[str, int]] = []

    def look_up(self, host: str, port: int) -> Sequence[str]:
        self.looked_up.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def connect(self, address: str, port: int, timeout_seconds: float) -> socket.socket:
        self.reached.append((address, port))
        return guarded_http.connect("127.0.0.1", self.listener.port, timeout_seconds)

    def http(self, **given) -> GuardedHttp:
        return GuardedHttp(look_up=self.look_up, connect=self.connect, **given)


def test_an_address_that_is_refused_is_not_even_looked_up() -> None:
    with listening(says(OK)) as listener:
        outside = Outside(listener, [PUBLIC])
        for url in REFUSED_URLS:
            assert outside.http().post(url, b"{}", {}).error == "address_not_allowed", url
        assert (outside.looked_up, outside.reached, listener.connections) == ([], [], 0)


def test_a_name_that_leads_inside_is_not_connected_to_whatever_else_it_leads_to() -> None:
    with listening(says(OK)) as listener:
        for address in NOT_GLOBAL:
            for addresses in ([address], [PUBLIC, address], [*GLOBAL, address]):
                outside = Outside(listener, addresses)
                assert outside.http().post(HOOK, b"{}", {}).error == "address_not_allowed", addresses
                assert outside.reached == []
        assert listener.connections == 0


def test_a_name_that_leads_inside_the_second_time_it_is_asked_for_reaches_nothing_there() -> None:
    """DNS rebinding, against a server that really listens on this machine."""
    server, trusted = certificate("hooks.example")
    with listening(says(OK), tls=server) as inside:
        outside = Outside(inside, [PUBLIC], ["127.0.0.1"])
        asked = list[tuple[str, int]]()

        def connect(address: str, port: int, timeout_seconds: float) -> socket.socket:
            asked.append((address, port))
            return guarded_http.connect(address, inside.port, timeout_seconds) if address == "127.0.0.1" else _nobody()

        http = GuardedHttp(look_up=outside.look_up, connect=connect, authorities=trusted)
        assert http.post(HOOK, b"{}", {}).error == "connection_failed"
        assert outside.looked_up == ["hooks.example"], "a second look between check and connection could tell something else"
        assert http.post(HOOK, b"{}", {}).error == "address_not_allowed"
        assert asked == [(PUBLIC, 443)]
        assert inside.connections == 0


def test_the_address_that_was_checked_is_the_one_that_is_reached_by_the_names_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    server, trusted = certificate("hooks.example")
    with listening(says(OK), tls=server) as listener:
        outside = Outside(listener, ["2606:4700:4700::1111", PUBLIC])
        answer = outside.http(authorities=trusted).post(HOOK, b'{"a":1}', {"content-type": "application/json", "webhook-id": "EVT_1"})
    assert (answer.status_code, answer.error) == (204, None)
    assert outside.reached == [("2606:4700:4700::1111", 443)]
    assert listener.names == ["hooks.example"]
    head, _, body = listener.requests[0].partition(b"\r\n\r\n")
    first, *headers = head.decode().split("\r\n")
    assert first == "POST /portico?shop=1 HTTP/1.1"
    assert {"host: hooks.example", "content-type: application/json", "webhook-id: EVT_1", "content-length: 7"} <= set(headers)
    assert body == b'{"a":1}'


def test_another_certificate_is_not_trusted() -> None:
    server, _ = certificate("hooks.example")
    _, trusted = certificate("hooks.example")
    other_name, trusted_for_another = certificate("other.example")
    for context, authorities in ((server, trusted), (other_name, trusted_for_another), (server, None)):
        with listening(says(OK), tls=context) as listener:
            answer = Outside(listener, [PUBLIC]).http(authorities=authorities).post(HOOK, b"{}", {})
            assert (answer.status_code, answer.error, listener.requests) == (None, "certificate_invalid", [])


def test_this_machine_is_reached_only_where_the_setting_allows_it() -> None:
    with listening(says(OK)) as listener:
        assert GuardedHttp().post(listener.url, b"{}", {}).error == "address_not_allowed"
        assert listener.connections == 0
        assert GuardedHttp(loopback=True).post(listener.url, b"{}", {}).status_code == 204
        assert b"host: 127.0.0.1:" in listener.requests[0]
        outside = Outside(listener, [PUBLIC])
        assert outside.http(loopback=True).post("http://localhost/", b"{}", {}).error == "address_not_allowed"
        assert outside.reached == []


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\nsecret", 200, None),
        (b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n\r\n", 302, None),
        (b"HTTP/1.1 410 Gone\r\n\r\n", 410, None),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 No\r\n\r\n", 500, None),
        (b"SSH-2.0-OpenSSH\r\n", None, "not_http"),
        (b"HTTP/1.1 99999 No\r\n\r\n", None, "not_http"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 60_000 + b"\r\nZ: " + b"y" * 60_000, None, "not_http"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", None, "not_http"),
        (b"", None, "connection_lost"),
    ],
)
def test_of_what_is_answered_nothing_but_the_status_is_told(answer: bytes, status: int | None, error: str | None) -> None:
    with listening(says(answer)) as listener:
        found = GuardedHttp(loopback=True).post(listener.url, b"{}", {})
        assert (found.status_code, found.error, listener.connections) == (status, error, 1)
        assert error is None or error in ERRORS


def test_nobody_takes_longer_than_the_whole_time() -> None:
    """However the time is spent: on the name, on a connection nobody accepts, on an answer that comes byte by byte, on reading us."""
    slow = "an answer that would take eight seconds, byte by byte, with each byte in time"
    with listening(drips(b"HTTP/1.1 200 OK\r\nX: " + slow.encode(), every_seconds=0.1)) as listener:
        began = time.monotonic()
        found = GuardedHttp(loopback=True, whole_seconds=0.2).post(listener.url, b"{}", {})
        assert (found.status_code, found.error) == (None, "timeout")
        hanging = GuardedHttp(whole_seconds=0.2, look_up=lambda host, port: time.sleep(5) or [])
        assert hanging.post(HOOK, b"{}", {}).error == "timeout"
        silent = Outside(listener, [PUBLIC]).http(whole_seconds=0.2, authorities=certificate("hooks.example")[1])
        assert silent.post(HOOK, b"{}", {}).error in ("timeout", "tls_failed")
        assert time.monotonic() - began < 4


def test_what_is_not_there_is_told_in_words_of_our_own() -> None:
    with listening(says(OK)) as listener:
        assert Outside(listener, []).http().post(HOOK, b"{}", {}).error == "name_not_found"
    assert GuardedHttp(loopback=True).post(listener.url, b"{}", {}).error == "connection_failed"


def _nobody() -> socket.socket:
    raise ConnectionRefusedError
