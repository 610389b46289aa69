"""Where a buyer is sent back to: an address of the merchant's whose origin is on the store's list, read in exactly one way.

Parsers disagree about odd addresses ("https://good.example@evil.example", "https:\\\\evil.example", "https://evil.example%00.good.example"):
what one takes for a path another takes for a host. So an address is taken apart by one strict expression, and whatever it does not
describe is refused, before its origin is compared as a whole. (OWASP ASVS 5.0 3.7.2; WHATWG URL.)
"""

import re
from collections.abc import Iterable

from portico.domain.errors import FieldError, Invalid
from portico.domain.scope import Environment
from portico.storage.store import StoreRow

LONGEST = 1000  # characters
EXAMPLE = "https://shop.example/account"
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ORIGIN = rf"(?P<scheme>https?)://(?P<host>{_LABEL}(?:\.{_LABEL})*)(?::(?P<port>[1-9][0-9]{{0,4}}))?"
_PATH = r"(?:[A-Za-z0-9._~!$&()*+,;=:@/-]|%[0-9A-Fa-f]{2})*"  # RFC 3986 pchar and "/", less the apostrophe
_TEXT = r"(?:[A-Za-z0-9._~!$&()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*"
_URL = re.compile(rf"(?i:{_ORIGIN})(?P<path>/{_PATH})?(?P<query>\?{_TEXT})?(?P<fragment>#{_TEXT})?", re.ASCII)  # else U+017F is an "s", too
_ONLY_ORIGIN = re.compile(rf"(?i:{_ORIGIN})/?", re.ASCII)
_PORTS = {"https": "443", "http": "80"}
_LOOPBACK = frozenset({"localhost", "127.0.0.1"})


def check(store: StoreRow, environment: Environment, url: str) -> str:
    """The address as it will be used: scheme and host in lower case, the scheme's own port left out, a path at least "/".

    Raises Invalid on the field return_url: "return_url_format" for what is no such address (https, a host name in ASCII, no user,
    no backslash, at most 1000 characters), and "return_url_not_allowed" when its origin is not on the store's list. In the test
    environment http://localhost and http://127.0.0.1 are good at any port, so that a program can be tried before it is deployed.
    """
    parts = _URL.fullmatch(url) if len(url) <= LONGEST else None
    if parts is None:
        raise Invalid([FieldError("return_url", "return_url_format", EXAMPLE)])
    origin = _written(parts)
    if origin not in (store.return_origins or ()) and not (environment == "test" and _is_this_machine(parts)):
        raise Invalid([FieldError("return_url", "return_url_not_allowed", EXAMPLE)])
    return origin + (parts["path"] or "/") + (parts["query"] or "") + (parts["fragment"] or "")


def origin(text: str) -> str:
    """An origin for the store's list, in the one form it is kept and compared in. Raises Invalid on the field return_origins:
    "return_origin_format" unless it is https, a host name, and a port at most."""
    parts = _ONLY_ORIGIN.fullmatch(text)
    if parts is None or parts["scheme"].lower() != "https":
        raise Invalid([FieldError("return_origins", "return_origin_format", "https://shop.example")])
    return _written(parts)


def origins(texts: Iterable[str]) -> list[str]:
    """A list of them, each once, in the order given."""
    return list(dict.fromkeys(origin(text) for text in texts))


def with_result(url: str, **results: str) -> str:
    """A checked address with these added to its query; what it has stays as it is. Values are ids and words of ours."""
    address, hash_mark, fragment = url.partition("#")
    added = "&".join(f"{name}={value}" for name, value in results.items())
    return f"{address}{'&' if '?' in address else '?'}{added}{hash_mark}{fragment}"


def _written(parts: re.Match[str]) -> str:
    scheme, host, port = parts["scheme"].lower(), parts["host"].lower(), parts["port"]
    return f"{scheme}://{host}" + (f":{port}" if port and port != _PORTS[scheme] else "")


def _is_this_machine(parts: re.Match[str]) -> bool:
    return parts["scheme"].lower() == "http" and parts["host"].lower() in _LOOPBACK
