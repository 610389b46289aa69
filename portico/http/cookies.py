"""Cookies, read from the raw header and written in one shape.

Frameworks fold duplicates (last one wins) and strip odd bytes around names, so that "\\xa0__Host-portico-session=x" becomes
the session cookie. Here a name of ours must stand in the header exactly once and byte for byte; anything that only looks
like one refuses the whole request (security reference 0.8; OWASP ASVS 5.0 3.3.1-3.3.4).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from portico.domain.errors import Refused

_OURS = ("session", "browser", "asked", "known", "flash", "language", "vouched")
_VALUE = re.compile(r"[A-Za-z0-9._~-]{1,2048}\Z")
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie to set. `max_age_seconds` 0 deletes it; None keeps it until the browser closes."""

    name: str
    value: str
    max_age_seconds: int | None


@dataclass(frozen=True, slots=True)
class Jar:
    """The names of our cookies on one origin.

    On https they carry the `__Host-` prefix, which makes browsers insist on Secure, Path=/ and no Domain. Browsers refuse that
    prefix on plain http, which is only ever served to the loopback interface (the demo), so there it is left out.
    """

    secure: bool

    def name(self, purpose: str) -> str:
        """The full name of the cookie for `purpose`, one of session, browser, asked, known, flash, language, vouched."""
        return _name(self.secure, purpose)

    def read(self, headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
        """Our cookies by purpose. Raises Refused("cookie_invalid") when one comes twice, padded, nameless or malformed."""
        exact = _EXACT[self.secure]
        found: dict[str, str] = {}
        for piece in _pieces(headers):
            name, equals, value = piece.partition("=")
            if not name or not equals:
                if _folded(value.partition("=")[0]) in _ALIKE or _folded(name) in _ALIKE:
                    raise Refused("cookie_invalid")
                continue
            purpose = exact.get(name)
            if purpose is None:
                if _folded(name) in _ALIKE and not (self.secure and name in _EXACT[False]):
                    raise Refused("cookie_invalid")
                continue
            if purpose in found or not _VALUE.match(value):
                raise Refused("cookie_invalid")
            found[purpose] = value
        return found

    def header(self, cookie: Cookie) -> tuple[str, str]:
        """The Set-Cookie header. Every cookie of ours is HttpOnly, SameSite=Lax, Path=/ and has no Domain."""
        age = "" if cookie.max_age_seconds is None else f"; Max-Age={cookie.max_age_seconds}"
        secure = "; Secure" if self.secure else ""
        return "set-cookie", f"{self.name(cookie.name)}={cookie.value}; Path=/{age}; HttpOnly; SameSite=Lax{secure}"


def deleted(name: str) -> Cookie:
    """The cookie that makes a browser forget `name`."""
    return Cookie(name, "", 0)


def _pieces(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[str]:
    for name, value in headers:
        if name == b"cookie":
            yield from (piece.strip(" \t") for piece in value.decode("latin-1").split(";"))


def _folded(name: str) -> str:
    """A name with everything dropped that a lenient parser might drop, to find look-alikes."""
    return _NOT_IN_NAMES.sub("", name.lower())


def _name(secure: bool, purpose: str) -> str:
    return f"{'__Host-' if secure else ''}portico-{purpose}"


# Our cookies by their full names, on https and on plain http. What the same host set when it was served over plain http is a
# harmless leftover on https: ignored, and never read.
_EXACT = {secure: {_name(secure, purpose): purpose for purpose in _OURS} for secure in (True, False)}
_ALIKE = {_folded(f"{prefix}portico-{purpose}") for purpose in _OURS for prefix in ("", "__Host-", "__Secure-")}
