"""Public ids: a prefix, an underscore, and 22 base62 characters that hold a UUIDv7, so ids of one kind sort by time of making."""

import re
from typing import Literal
from uuid import UUID

Prefix = Literal["MER", "STO", "PROD", "GRP", "BUY", "ORD", "SUB", "PAY", "REF", "TKT", "INV", "KEY", "LNK"]

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_WIDTH = 22  # 62**22 > 2**128
_SHAPE = re.compile(r"[A-Z]{2,5}_[0-9A-Za-z]{22}\Z")


def encode(prefix: Prefix, uuid: UUID) -> str:
    """The public id of a UUID. ASCII order of the ids is the order of the UUIDs."""
    number, digits = uuid.int, bytearray(_WIDTH)
    for place in range(_WIDTH - 1, -1, -1):
        number, digit = divmod(number, 62)
        digits[place] = ord(_ALPHABET[digit])
    return f"{prefix}_{digits.decode('ascii')}"


def is_id(prefix: Prefix, text: str) -> bool:
    """Whether `text` has the shape of an id of this kind. Says nothing about whether it exists."""
    return text.startswith(prefix + "_") and _SHAPE.match(text) is not None
