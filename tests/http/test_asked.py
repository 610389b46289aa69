"""Queries and forms are parsed strictly, and the client's address only as far as proxies can be trusted."""

from ipaddress import ip_network

import pytest

from portico.domain.errors import Refused
from portico.http.asked import Asked, client_address, parse_pairs

PROXIES = (ip_network("10.0.0.0/8"), ip_network("2001:db8:1::/48"))


def test_fields_are_decoded() -> None:
    assert parse_pairs(b"name=J%C3%BCrgen+M&empty=&line=a%0D%0Ab", "bad") == {"name": "Jürgen M", "empty": "", "line": "a\r\nb"}
    assert parse_pairs(b"", "bad") == {}
    assert parse_pairs(b"a=1&&b=2", "bad") == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    "raw",
    [
        b"name=%FF",
        b"name=\xff\xfe",
        b"name=%ED%A0%80",
        b"name=%C0%AF",
        b"name=%zz",
        b"name=%",
        b"name=%4",
        b"a=1&a=2",
        b"a&a",
        b"name=a%00b",
        b"name=%1B",
        b"na%00me=a",
        b"&".join(b"f%d=1" % n for n in range(65)),
    ],
)
def test_what_has_two_meanings_or_none_is_refused(raw: bytes) -> None:
    with pytest.raises(Refused, match="bad"):
        parse_pairs(raw, "bad")


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "multipart/form-data; boundary=x", "application/json", "application/x-www-form-urlencoded; charset=utf-16"],
)
def test_a_form_is_urlencoded_or_refused(content_type: str) -> None:
    asked = Asked("POST", "/", b"", ((b"content-type", content_type.encode()),), b"a=1", "")
    with pytest.raises(Refused, match="form_type"):
        asked.form()


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "Application/X-WWW-Form-Urlencoded; charset=UTF-8"])
def test_a_form_may_name_its_charset(content_type: str) -> None:
    assert Asked("POST", "/", b"", ((b"content-type", content_type.encode()),), b"a=1", "").form() == {"a": "1"}


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),  # a stranger's word about himself
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),  # the left part is what the client wrote
        ("10.0.0.1", "198.51.100.1, 10.0.0.9", "198.51.100.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "nonsense", "nonsense"),
        ("2001:db8:1::5", "2001:db8:2::1", "2001:db8:2::1"),
        (None, "198.51.100.1", ""),
    ],
)
def test_forwarded_addresses_count_only_from_trusted_proxies(peer: str | None, forwarded: str, client: str) -> None:
    assert client_address(peer, forwarded, PROXIES) == client


def test_without_trusted_proxies_the_peer_counts() -> None:
    assert client_address("10.0.0.1", "198.51.100.1", ()) == "10.0.0.1"
