"""Signed webhooks as our providers send them: a header "t=UNIX SECONDS,v1=HEX", the HMAC-SHA256 of "t.body" with a shared secret.

The body is checked as the bytes it came in. Several v1 are there while a secret is being replaced; one right one is enough.
"""

import hmac
import re
from datetime import datetime
from hashlib import sha256

from portico.gateways.port import MIN_WEBHOOK_SECRET_BYTES, WEBHOOK_TOLERANCE_SECONDS, Forged

_TIMESTAMP = re.compile(r"[1-9][0-9]{0,11}")
_SIGNATURE = re.compile(r"[0-9a-f]{64}")
_LONGEST_HEADER = 2000


def check_secret(secret: str) -> bytes:
    """The secret as bytes. Raises ValueError when it is too short to keep anybody out."""
    raw = secret.encode()
    if len(raw) < MIN_WEBHOOK_SECRET_BYTES:
        raise ValueError(f"a webhook secret needs at least {MIN_WEBHOOK_SECRET_BYTES} bytes")
    return raw


def sign(secret: bytes, body: bytes, now: datetime) -> str:
    """The header's value."""
    timestamp = str(int(now.timestamp()))
    return f"t={timestamp},v1={_signature(secret, timestamp, body)}"


def verify(secret: bytes, body: bytes, header: str | None, now: datetime) -> None:
    """Raises Forged unless the body was signed with the secret within the last, or next, 300 seconds."""
    timestamp, signatures = _read(header)
    wanted = _signature(secret, timestamp, body)
    if not any(hmac.compare_digest(wanted, signature) for signature in signatures):
        raise Forged("no signature of ours")
    if abs(int(timestamp) - int(now.timestamp())) > WEBHOOK_TOLERANCE_SECONDS:
        raise Forged("too old, or dated ahead")


def _read(header: str | None) -> tuple[str, list[str]]:
    if not header or len(header) > _LONGEST_HEADER:
        raise Forged("no signature")
    pairs = [part.strip().partition("=") for part in header.split(",")]
    timestamps = [value for name, _, value in pairs if name == "t"]
    signatures = [value for name, _, value in pairs if name == "v1" and _SIGNATURE.fullmatch(value)]
    if len(timestamps) != 1 or not _TIMESTAMP.fullmatch(timestamps[0]) or not signatures:
        raise Forged("the signature has no shape")
    return timestamps[0], signatures


def _signature(secret: bytes, timestamp: str, body: bytes) -> str:
    return hmac.digest(secret, timestamp.encode() + b"." + body, sha256).hex()
