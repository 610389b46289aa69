"""Small values that travel through the browser and must come back as they went: tokens and signed cookies.

Every purpose has its own key, derived from the installation's secret, so that a value made for one can never pass for another.
"""

import base64
import hmac

import msgspec

from portico.services.secrets import keyed


def token(secret: bytes, purpose: str, binding: str) -> str:
    """43 characters that prove a form was made for `binding` (a cookie's value)."""
    return _base64(_mac(secret, purpose, binding.encode()))


def is_token(secret: bytes, purpose: str, binding: str, given: str) -> bool:
    """Whether `given` is that token, compared in constant time."""
    return hmac.compare_digest(token(secret, purpose, binding).encode(), given.encode())


def seal(secret: bytes, purpose: str, values: dict[str, str]) -> str:
    """`values` as a signed text fit for a cookie. Signed, not secret: put nothing in it that its owner may not read."""
    payload = msgspec.json.encode(values, order="sorted")
    return f"{_base64(payload)}.{_base64(_mac(secret, purpose, payload))}"


def unseal(secret: bytes, purpose: str, sealed: str) -> dict[str, str]:
    """What was sealed; an empty dict when it was not sealed by us for this purpose."""
    payload, _, signature = sealed.partition(".")
    try:
        raw = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        if not hmac.compare_digest(_base64(_mac(secret, purpose, raw)).encode(), signature.encode()):
            return {}
        return msgspec.json.decode(raw, type=dict[str, str])
    except (ValueError, msgspec.MsgspecError):
        return {}


def _mac(secret: bytes, purpose: str, message: bytes) -> bytes:
    return keyed(secret, f"web {purpose}", message)


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
