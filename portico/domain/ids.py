"""Public ids: a prefix, an underscore, and 22 base62 characters that hold a UUIDv7, so ids of one kind sort by time of making."""

import re
from typing import Literal
from uuid import UUID

Prefix = Literal[
    "MER", "STO", "PROD", "GRP", "BUY", "ORD", "SUB", "PAY", "REF", "TKT", "INV", "KEY", "LNK", "SET", "CAN", "PCK", "TIC",
    "PSN", "CHK", "EVT", "WHE", "WHD", "DSP",
]  # fmt: skip

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]  # two digits at a time: half the divisions
_PAIR_BASE, _HALF_WIDTH = 62 * 62, 11  # 62**22 > 2**128
_SHAPE = re.compile(r"[A-Z]{2,5}_[0-9A-Za-z]{22}\Z")


def encode(prefix: Prefix, uuid: UUID) -> str:
    """The public id of a UUID. ASCII order of the ids is the order of the UUIDs."""
    number, pairs = uuid.int, [""] * _HALF_WIDTH
    for place in range(_HALF_WIDTH - 1, -1, -1):
        number, pair = divmod(number, _PAIR_BASE)
        pairs[place] = _PAIRS[pair]
    return f"{prefix}_{''.join(pairs)}"


def is_id(prefix: Prefix, text: str) -> bool:
    """Whether `text` has the shape of an id of this kind. Says nothing about whether it exists."""
    return text.startswith(prefix + "_") and has_shape(text)


def has_shape(text: str) -> bool:
    """Whether `text` looks like an id, of whatever kind."""
    return _SHAPE.match(text) is not None


def decode(public_id: str) -> UUID:
    """The UUID within an id; the other way round of `encode`. Raises ValueError for what has not the shape of one."""
    if not has_shape(public_id):
        raise ValueError("not an id")
    number = 0
    for digit in public_id.rpartition("_")[2]:
        number = number * len(_ALPHABET) + _ALPHABET.index(digit)
    return UUID(int=number)
