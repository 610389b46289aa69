"""Addresses that a stranger may type, and the networks that he must not reach by them. `tests/gateways/test_guarded_http.py` sends to
every one of these and counts connections."""

import pytest

from portico.domain.errors import Refused
from portico.domain.webhook_url import is_global, parse
from tests.domain.ssrf import ALLOWED_URLS, GLOBAL, NOT_GLOBAL, REFUSED_URLS


def test_there_are_enough_of_them() -> None:
    assert len(set(REFUSED_URLS)) + len(set(NOT_GLOBAL)) >= 70


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_an_address_that_is_no_public_https_name_is_refused(url: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(url)
    assert refused.value.code == "url_not_allowed"


@pytest.mark.parametrize(("url", "host", "path"), ALLOWED_URLS)
def test_a_public_https_name_is_taken_apart(url: str, host: str, path: str) -> None:
    found = parse(url)
    assert (found.host, found.port, found.path, found.is_loopback) == (host, 443, path, False)


@pytest.mark.parametrize("address", NOT_GLOBAL)
def test_an_address_of_a_network_of_its_own_is_not_global(address: str) -> None:
    assert not is_global(address)


@pytest.mark.parametrize("address", GLOBAL)
def test_a_host_of_the_internet_is_global(address: str) -> None:
    assert is_global(address)


def test_this_machine_is_reached_over_http_only_where_a_setting_allows_it() -> None:
    found = parse("http://127.0.0.1:9000/hook", loopback=True)
    assert (found.host, found.port, found.is_loopback) == ("127.0.0.1", 9000, True)
    assert parse("http://[::1]:9000/hook", loopback=True).host == "[::1]"
    for url in ("http://127.0.0.1:9000/hook", "http://localhost/"):
        with pytest.raises(Refused):
            parse(url)
    for url in ("http://shop.example/", "http://10.0.0.1/", "http://127.0.0.2/", "https://127.0.0.1/", "http://localhost.example:80/"):
        with pytest.raises(Refused):
            parse(url, loopback=True)
