"""The way out to addresses that somebody else typed. `guarded_http` is the one that goes there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a post: the status, or why there is none, in our own words (one of ERRORS). Never what was answered."""

    status_code: int | None
    error: str | None
    duration_ms: int


ERRORS: Mapping[str, str] = {
    "address_not_allowed": "the address leads to a place that is not open to the public, or is not https",
    "name_not_found": "the host's name has no address",
    "connection_failed": "no connection could be made",
    "certificate_invalid": "the host's certificate is not valid for its name",
    "tls_failed": "the encrypted connection could not be made",
    "connection_lost": "the connection ended without an answer",
    "not_http": "what came was not an answer in HTTP",
    "timeout": "there was no answer within ten seconds",
}


class HttpOut(Protocol):
    """Posts to addresses that somebody else typed."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Sends `body`, and tells what became of it. Raises nothing for whatever the other side does."""
        ...
