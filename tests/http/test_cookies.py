"""Cookies come from the raw header: exactly ours, exactly once, or the request is refused."""

import pytest

from portico.domain.errors import Refused
from portico.http.cookies import Cookie, Jar, deleted

HTTPS, LOOPBACK = Jar(secure=True), Jar(secure=False)


def read(jar: Jar, *headers: bytes) -> dict[str, str]:
    return jar.read([(b"cookie", header) for header in headers])


def test_ours_are_found_among_others() -> None:
    assert read(HTTPS, b"theme=dark; __Host-portico-session=abc-_.~9; _ga=GA1.2; x") == {"session": "abc-_.~9"}


def test_several_headers_are_one() -> None:
    assert read(HTTPS, b"__Host-portico-session=abc", b"__Host-portico-language=de") == {"session": "abc", "language": "de"}


def test_without_a_header_there_are_none() -> None:
    assert HTTPS.read([(b"host", b"portal.test")]) == {}


@pytest.mark.parametrize(
    "header",
    [
        b"__Host-portico-session=a; __Host-portico-session=b",
        b"__Host-portico-session=a; __Host-portico-session=a",
        b"\xa0__Host-portico-session=evil",
        b"\x85__Host-portico-session=evil",
        b"\x1c__Host-portico-session=evil",
        b"__Host-portico-session\xa0=evil",
        b"__Host-portico-session =evil",
        b"__host-portico-session=evil",
        b"__HOST-PORTICO-SESSION=evil",
        b"__Host-portico_session=evil",
        b"__Secure-portico-session=evil",
        b"=__Host-portico-session=evil",
        b"__Host-portico-session",
        b"__Host-portico-session=",
        b'__Host-portico-session="quoted"',
        b"__Host-portico-session=a b",
        b"__Host-portico-session=a,__Host-portico-session",
        b"__Host-portico-session=\xc3\xa9",
        b"__Host-portico-session=" + b"a" * 2049,
        b"__Host-portico-browser=a; __Host-portico-browser=b",
        b"theme=dark;__Host-portico-session=a;\x0b__Host-portico-session=b",
    ],
)
def test_look_alikes_are_refused(header: bytes) -> None:
    with pytest.raises(Refused, match="cookie_invalid"):
        read(HTTPS, header)


def test_a_duplicate_in_a_second_header_is_refused() -> None:
    with pytest.raises(Refused, match="cookie_invalid"):
        read(HTTPS, b"__Host-portico-session=a", b"__Host-portico-session=b")


def test_the_prefix_is_asked_for_on_https_and_a_leftover_of_plain_http_is_not_read() -> None:
    assert read(HTTPS, b"portico-session=abc") == {}


def test_on_plain_http_a_name_with_the_prefix_is_a_look_alike() -> None:
    assert read(LOOPBACK, b"portico-session=abc") == {"session": "abc"}
    with pytest.raises(Refused, match="cookie_invalid"):
        read(LOOPBACK, b"__Host-portico-session=abc")


def test_what_is_set() -> None:
    name, line = HTTPS.header(Cookie("session", "abc", None))
    assert (name, line) == ("set-cookie", "__Host-portico-session=abc; Path=/; HttpOnly; SameSite=Lax; Secure")
    assert HTTPS.header(deleted("browser"))[1] == "__Host-portico-browser=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"
    assert LOOPBACK.header(Cookie("language", "de", 60))[1] == "portico-language=de; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"
