"""Tokens, codes and what is kept of them: only hashes. Each purpose has its own key, derived from the installation's secret.

Tokens have 256 random bits, so a plain SHA-256 is all they need. Codes and addresses could be guessed from their hash; those
are keyed (HMAC), so that a copy of the database alone gives neither away.
"""

import base64
import binascii
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from portico.domain.scope import StoreScope

KNOWN_BROWSER_DAYS = 180
_TOKEN_BYTES = 32


def new_token(random_bytes: Callable[[int], bytes]) -> str:
    """256 random bits as 43 characters that fit into a cookie or a URL fragment."""
    return _text(random_bytes(_TOKEN_BYTES))


def hash_token(token: str) -> bytes:
    """What is kept of a token: 32 bytes. Any text may be given, also one that never was a token."""
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


def keyed(secret: bytes, purpose: str, *parts: str | bytes) -> bytes:
    """32 bytes that only the holder of `secret` can make from these parts for this purpose."""
    key = hmac.digest(secret, f"portico {purpose}".encode(), sha256)
    raw = [part.encode() if isinstance(part, str) else part for part in parts]
    message = b"".join(len(part).to_bytes(4, "big") + part for part in raw)  # so that ("ab", "c") is not ("a", "bc")
    return hmac.digest(key, message, sha256)


def email_hash(secret: bytes, scope: StoreScope, email: str) -> bytes:
    """What stands for a canonical address in sign-in requests and limits; the same address in two stores is two strangers."""
    return keyed(secret, "sign-in address", scope.store_id, scope.environment, email)


def code_hash(secret: bytes, request_id: str, code: str) -> bytes:
    """What is kept of the eight characters of a code."""
    return keyed(secret, "sign-in code", request_id, code)


def is_code(secret: bytes, request_id: str, code: str, kept: bytes | None) -> bool:
    """Whether the code is the one kept, compared in constant time; False when none is kept."""
    return hmac.compare_digest(code_hash(secret, request_id, code), kept or bytes(32))


@dataclass(frozen=True, slots=True)
class KnownBrowser:
    """A browser that signed in to an address before, told from others by its random `id`."""

    id: bytes


def new_known_browser(secret: bytes, random_bytes: Callable[[int], bytes], address: bytes, now: datetime) -> str:
    """A signed value for the browser that has just signed in to the address of this `email_hash`. It opens nothing: it only
    gives that browser limits of its own, so that a stranger cannot use up a buyer's mails."""
    until = int((now + timedelta(days=KNOWN_BROWSER_DAYS)).timestamp())
    payload = until.to_bytes(5, "big") + random_bytes(16)
    return _text(payload + keyed(secret, "known browser", address, payload))


def read_known_browser(secret: bytes, address: bytes, value: str, now: datetime) -> KnownBrowser | None:
    """The browser a value was made for, if it was made by us, for this address, and is not too old."""
    raw = _bytes(value)
    payload, signature = raw[:21], raw[21:]
    if not hmac.compare_digest(keyed(secret, "known browser", address, payload), signature):
        return None
    until = datetime.fromtimestamp(int.from_bytes(payload[:5], "big"), UTC)
    return KnownBrowser(payload[5:]) if now < until else None


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) if len(text) < 200 else b""
    except (binascii.Error, ValueError):
        return b""
