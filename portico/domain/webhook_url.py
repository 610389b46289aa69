"""Where a webhook may go: an address that a stranger typed must never lead into the network that Portico stands in.

Two rules, and both must hold each time something is sent. The address names a host in the public naming system, on https and its
own port, with nothing else about it; and every IP address which that name has at that moment is one that the whole internet can reach.
Networks: the IANA registries of special-purpose addresses (RFC 6890), and addresses behind which providers keep their machines' secrets.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from portico.domain.errors import Refused

LONGEST_URL = 2000
HTTPS_PORT = 443
_VISIBLE = re.compile(r"[!#-;=?-\[\]_a-z~]+\Z")  # RFC 3986's characters; no space, no backslash, nothing beyond ASCII
_HOST = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?\Z")
_PORT = re.compile(r"[1-9][0-9]{0,4}\Z")
_NOT_PUBLIC = frozenset({"localhost", "local", "localdomain", "internal", "intranet", "lan", "home", "corp", "private", "arpa", "onion"})
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "[::1]"})

_SPECIAL = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
    )
)  # fmt: skip
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")  # an IPv4 address, reached from a network that has none
_ISATAP = 0x00005EFE  # the middle of an IPv6 address that ends in an IPv4 address


@dataclass(frozen=True, slots=True)
class Target:
    """An address taken apart: `host` as it goes into the certificate's check and the Host header (an IPv6 address in brackets),
    `path` with its query. `is_loopback`: this very machine, over plain http, which only a setting allows."""

    host: str
    port: int
    path: str
    is_loopback: bool = False


def parse(url: str, *, loopback: bool = False) -> Target:
    """The target of an address as it was typed; `loopback` also allows http to this machine. Says nothing yet about where the name
    leads. Raises Refused("url_not_allowed")."""
    if len(url) > LONGEST_URL or not url.isascii() or not _VISIBLE.match(url.lower()):
        raise Refused("url_not_allowed", "it has characters that an address cannot have, or too many")
    scheme, is_hierarchical, _ = url.partition("://")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise Refused("url_not_allowed", "it is no address") from None
    if not is_hierarchical or "@" in parts.netloc or "#" in url:
        raise Refused("url_not_allowed", "it must be scheme, host and path, without user and fragment")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host, port = _split(parts.netloc.lower())
    if scheme.lower() == "http" and loopback and host in _THIS_MACHINE:
        return Target(host, port or 80, path, is_loopback=True)
    if scheme.lower() != "https" or port not in (None, HTTPS_PORT):
        raise Refused("url_not_allowed", "it must begin with https:// and use no other port")
    if not _HOST.match(host) or host.rpartition(".")[2] in _NOT_PUBLIC:
        raise Refused("url_not_allowed", "its host must be a public name, such as shop.example.com")
    return Target(host, HTTPS_PORT, path)


def is_global(address: str) -> bool:
    """Whether an IP address, as a resolver writes it, is one host of the public internet. One that wraps another (v4-mapped, 6to4,
    Teredo) is none; behind NAT64, the one within counts."""
    try:
        found = ip_address(address)
    except ValueError:  # also one with a zone's name that is none
        return False
    if isinstance(found, IPv4Address):
        return not any(found in network for network in _SPECIAL if network.version == 4)
    if found.scope_id is not None:
        return False
    if found in _NAT64:
        return is_global(str(_last_four(found)))
    if found not in _GLOBAL_UNICAST or any(found in network for network in _SPECIAL if network.version == 6):
        return False
    return (int(found) >> 32) & 0xFDFFFFFF != _ISATAP or is_global(str(_last_four(found)))


def is_this_machine(address: str) -> bool:
    """Whether an IP address is a loopback address."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _split(netloc: str) -> tuple[str, int | None]:
    """Host and port as they stand, brackets included. Raises Refused("url_not_allowed")."""
    host, colon, port = netloc.rpartition(":") if not netloc.endswith("]") else (netloc, "", "")
    if not colon:
        return netloc, None
    if not _PORT.match(port):
        raise Refused("url_not_allowed", "its port is none")
    return host, int(port)


def _last_four(address: IPv6Address) -> IPv4Address:
    return IPv4Address(int(address) & 0xFFFF_FFFF)
