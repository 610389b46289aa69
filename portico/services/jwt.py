"""JSON web tokens with one algorithm and no other. Loads `joserfc`: import it only where one is made or read."""

from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

_ALGORITHM = "HS256"


def make(key: bytes, claims: dict[str, Any]) -> str:
    """The claims, signed."""
    return jwt.encode({"alg": _ALGORITHM, "typ": "JWT"}, claims, OctKey.import_key(key), algorithms=[_ALGORITHM])


def read(key: bytes, text: str) -> dict[str, Any] | None:
    """The claims of a token that was signed with this key by this algorithm; None for anything else. What they say (until when, for
    whom) is the caller's to judge."""
    try:
        return jwt.decode(text, OctKey.import_key(key), algorithms=[_ALGORITHM]).claims
    except (JoseError, ValueError, TypeError):
        return None
