"""What a request asks, parsed strictly: one meaning or a refusal, never a guess."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network, IPv6Network, ip_address
from urllib.parse import quote, unquote_to_bytes

from portico.domain.errors import Refused

BODY_LIMIT_BYTES = 64 * 1024
FORM_TYPE = "application/x-www-form-urlencoded"
_FIELDS_LIMIT = 64
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
# Line breaks and tabs are the only control characters a person can type into a form.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Network = IPv4Network | IPv6Network
Headers = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Asked:
    """The facts of one request. `path` is decoded and has no query; `ids` are the path's parameters; `client` is the address
    of the machine that asks, as far as it can be believed."""

    method: str
    path: str
    raw_query: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    client: str
    ids: Mapping[str, str] = field(default_factory=dict[str, str])

    def header(self, name: str) -> str | None:
        """The value of a header, lower-case name; several are joined as RFC 9110 5.3 says. None when absent."""
        wanted = name.encode("ascii")
        values = [value.decode("latin-1") for key, value in self.headers if key == wanted]
        return ", ".join(values) if values else None

    @property
    def address(self) -> str:
        """Path and query, to ask the same once more."""
        return quote(self.path) + (f"?{self.raw_query.decode('latin-1')}" if self.raw_query else "")

    @property
    def wants_json(self) -> bool:
        """Whether the portal's script asks: it names application/json alone."""
        return self.header("accept") == "application/json"

    def with_id(self, text: str) -> "Asked":
        """The same with another id in its path."""
        return replace(self, ids={**self.ids, "id": text})

    def query(self) -> dict[str, str]:
        """The fields of the query. Raises Refused("query_invalid")."""
        return parse_pairs(self.raw_query, "query_invalid")

    def form(self) -> dict[str, str]:
        """The fields of the body. Raises Refused("form_type" | "form_invalid")."""
        media_type, _, parameters = (self.header("content-type") or "").partition(";")
        charset = parameters.strip().lower().removeprefix("charset=").strip('"')
        if media_type.strip().lower() != FORM_TYPE or charset not in ("", "utf-8"):
            raise Refused("form_type")
        return parse_pairs(self.body, "form_invalid")


def parse_pairs(raw: bytes, code: str) -> dict[str, str]:
    """Fields of an application/x-www-form-urlencoded text. Raises Refused(code) on a bad escape, bytes that are not UTF-8,
    control characters, a field given twice, or more than 64 fields."""
    fields: dict[str, str] = {}
    pieces = raw.split(b"&") if raw else []
    if len(pieces) > _FIELDS_LIMIT:
        raise Refused(code)
    for piece in pieces:
        name, _, value = piece.partition(b"=")
        key, text = _decode(name, code), _decode(value, code)
        if key in fields:
            raise Refused(code)
        if key:
            fields[key] = text
    return fields


def client_address(peer: str | None, forwarded_for: str, trusted: tuple[Network, ...]) -> str:
    """Who asks. X-Forwarded-For is read from the right, and only as far as trusted proxies wrote it; empty when unknown."""
    hops = [hop.strip() for hop in forwarded_for.split(",")] if forwarded_for else []
    address = peer or ""
    while hops and _is_within(address, trusted):
        address = hops.pop()
    return address


def _is_within(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        ip = ip_address(address.strip("[]"))
    except ValueError:
        return False
    return any(ip.version == network.version and ip in network for network in networks)


def _decode(raw: bytes, code: str) -> str:
    if _BAD_ESCAPE.search(raw):
        raise Refused(code)
    try:
        text = unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(code) from None
    if _CONTROL.search(text):
        raise Refused(code)
    return text
