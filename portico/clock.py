"""The clock port: the only place that asks the machine for the time, for randomness and for new ids."""

import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from portico.domain.ids import Prefix, encode

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TAIL_BITS = 74  # a UUIDv7 is 48 bits of milliseconds, 6 fixed bits and 74 free ones


def system_clock() -> datetime:
    """The time now, aware, in UTC."""
    return datetime.now(UTC)


def system_random(count: int) -> bytes:
    """`count` bytes from the operating system's generator."""
    return os.urandom(count)


def id_maker(clock: Callable[[], datetime], random_bytes: Callable[[int], bytes]) -> Callable[[Prefix], str]:
    """A function that makes public ids holding UUIDv7 (RFC 9562 section 5.7).

    Ids of one maker only ever grow: within a millisecond, or while the clock is set back, the random tail of the last id
    is raised by a random step (RFC 9562 section 6.2, method 2), so that an id still cannot be guessed from its neighbour.
    """
    lock = threading.Lock()
    last_ms, tail = -1, 0

    def new_id(prefix: Prefix) -> str:
        nonlocal last_ms, tail
        elapsed = clock() - _EPOCH
        ms = (elapsed.days * 86_400 + elapsed.seconds) * 1000 + elapsed.microseconds // 1000
        with lock:
            if ms > last_ms:
                last_ms, tail = ms, int.from_bytes(random_bytes(10), "big") >> (80 - _TAIL_BITS + 1)  # the top bit stays free to count into
            else:
                tail += 1 + int.from_bytes(random_bytes(4), "big")
                if tail >> _TAIL_BITS:
                    last_ms, tail = last_ms + 1, tail & ((1 << _TAIL_BITS) - 1)
            stamp, low = last_ms, tail
        return encode(prefix, UUID(int=stamp << 80 | 0x7 << 76 | (low >> 62) << 64 | 0b10 << 62 | low & ((1 << 62) - 1)))

    return new_id
