"""Reading what somebody else's server sends, however slowly and however much of it."""

import time

import httpx2


def read_until(response: httpx2.Response, until: float, *, largest_bytes: int) -> bytes:
    """The whole body, if it is there by `until` (`time.monotonic`) and no larger; else httpx2.ReadTimeout. The time-out of a client
    counts from one byte to the next; this one counts all of them."""
    body = bytearray()
    for part in response.iter_raw():
        body += part
        if time.monotonic() > until or len(body) > largest_bytes:
            raise httpx2.ReadTimeout("the answer is too long, or takes too long")
    return bytes(body)
