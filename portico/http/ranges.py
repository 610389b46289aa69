"""Part of a large file, so that a download that broke off goes on where it stopped (RFC 9110 section 14).

One range of bytes is understood. Several at once, other units and what cannot be read get the whole file, as the standard allows.
"""

import re
from collections.abc import Callable, Iterator

from portico.http.asked import Asked
from portico.http.response import Response

_BYTES = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


def answer(
    asked: Asked, pieces: Callable[[int], Iterator[bytes]], media_type: str, *headers: tuple[str, str], length: int, sha256: bytes
) -> Response:
    """A file of `length` bytes, or the part of it that is asked for; `pieces` gives it in pieces from a byte on. Its hash is the tag by
    which a client tells that it is still the same file; one that has the beginning of another (`If-Range`) gets all of this one."""
    tag = f'"{sha256.hex()}"'
    headers = (*headers, ("accept-ranges", "bytes"), ("etag", tag))
    part = _asked_for(asked.header("range") or "", length) if asked.header("if-range") in (None, tag) else None
    if part is None:
        return Response(200, pieces(0), media_type, headers, length=length)
    if not part:
        return Response(416, media_type=media_type, headers=(("content-range", f"bytes */{length}"),))
    headers = (*headers, ("content-range", f"bytes {part.start}-{part.stop - 1}/{length}"))
    return Response(206, _first(pieces(part.start), len(part)), media_type, headers, length=len(part))


def _asked_for(text: str, length: int) -> range | None:
    """The bytes that a Range header names: None for all of them, an empty range for none that there are."""
    first, last = found.groups() if (found := _BYTES.fullmatch(text)) else ("", "")
    if not first:
        return range(max(length - int(last), 0), length) if last else None
    stop = int(last) + 1 if last else length
    return range(int(first), min(stop, length)) if stop > int(first) or not last else None


def _first(pieces: Iterator[bytes], left: int) -> Iterator[bytes]:
    """As many bytes as are `left`, at least one."""
    for piece in pieces:
        yield piece[:left]
        left -= len(piece)
        if left <= 0:
            return
