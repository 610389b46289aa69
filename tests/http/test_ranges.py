"""A download that broke off goes on where it stopped, and never mixes two files."""

from collections.abc import Iterator
from hashlib import sha256

import pytest

from portico.http import ranges
from portico.http.asked import Asked

FILE = b"abcdefghij"
HASH = sha256(FILE).digest()
TAG = f'"{HASH.hex()}"'


def pieces(skip_bytes: int) -> Iterator[bytes]:
    rest = FILE[skip_bytes:]
    return (rest[at : at + 4] for at in range(0, len(rest), 4))


def answer(**headers: str) -> tuple[int, bytes, dict[str, str]]:
    sent = tuple((name.replace("_", "-").encode(), value.encode()) for name, value in headers.items())
    asked = Asked("GET", "/", b"", sent, b"", "")
    given = ranges.answer(asked, pieces, "application/zip", length=len(FILE), sha256=HASH)
    body = b"".join(given.body) if isinstance(given.body, Iterator) else given.body
    assert given.length in (None, len(body))
    return given.status, body, dict(given.headers)


@pytest.mark.parametrize(
    ("wanted", "body", "told"),
    [
        ("bytes=0-0", b"a", "0-0"),
        ("bytes=3-4", b"de", "3-4"),
        ("bytes=4-7", b"efgh", "4-7"),
        ("bytes=5-", b"fghij", "5-9"),
        ("bytes=9-99", b"j", "9-9"),
        ("bytes=-3", b"hij", "7-9"),
        ("bytes=-99", FILE, "0-9"),
    ],
)
def test_a_part_is_given(wanted: str, body: bytes, told: str) -> None:
    status, given, headers = answer(range=wanted, if_range=TAG)
    assert (status, given, headers["content-range"], headers["etag"]) == (206, body, f"bytes {told}/10", TAG)


@pytest.mark.parametrize("wanted", ["", "bytes=", "bytes=-", "bytes=4-3", "bytes=0-1,3-4", "lines=1-2", "bytes=x-", "bytes=0-" + "9" * 40])
def test_what_is_no_range_gets_the_whole_file(wanted: str) -> None:
    assert answer(range=wanted) == (200, FILE, {"accept-ranges": "bytes", "etag": TAG})


def test_who_has_the_beginning_of_another_file_gets_all_of_this_one() -> None:
    assert answer(range="bytes=5-", if_range='"other"')[:2] == (200, FILE)


@pytest.mark.parametrize("wanted", ["bytes=10-", "bytes=10-12", "bytes=-0"])
def test_what_lies_beyond_the_end_is_refused(wanted: str) -> None:
    assert answer(range=wanted) == (416, b"", {"content-range": "bytes */10"})
