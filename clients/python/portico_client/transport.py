"""One request and its answer, over the standard library. What may have been lost on the way is sent again, as the same request."""

import http.client
import json
import ssl
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import quote, urlencode, urlsplit

from portico_client.errors import Problem, Unreachable

VERSION = "2026-11-22"
_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
_LARGEST_BYTES = 64 * 1024 * 1024


class _Unset(Enum):
    UNSET = "UNSET"


UNSET: Final = _Unset.UNSET
Unset: TypeAlias = Literal[_Unset.UNSET]  # what is left out, where None would be null


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a request without an answer is sent, and how long is waited before each further time: twice as long as before."""

    tries: int = 3
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class File:
    """An answer that is no JSON."""

    body: bytes
    media_type: str


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The API never redirects; a key is not carried to wherever something in between would have it."""

    def redirect_request(self, req: Any, fp: Any, code: Any, msg: Any, headers: Any, newurl: Any) -> None:
        return None


class Transport:
    """The way to one server with one key."""

    def __init__(self, base_url: str, api_key: str, *, timeout_seconds: float = 30.0, retries: Retries | None = None) -> None:
        """`base_url` is "https://portal.example.com", without "/v1". Plain http is taken for this machine alone."""
        self._base, self._timeout, self._retries = base_url.rstrip("/"), timeout_seconds, retries or Retries()
        address = urlsplit(self._base)
        if address.scheme != "https" and (address.scheme != "http" or address.hostname not in _THIS_MACHINE):
            raise ValueError(f"{base_url}: a secret key is sent over https only")
        self._headers = {"Authorization": f"Bearer {api_key}", "Portico-Version": VERSION, "Accept": "application/json"}
        https = urllib.request.HTTPSHandler(context=ssl.create_default_context())
        self._opener = urllib.request.build_opener(_NoRedirect(), https)

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """The answer's JSON, None for an empty one, a File for anything else. Fields that are UNSET are left out of query and body.

        A write without a key gets one of its own, so that it is done once however often it is sent. Raises Problem, Unreachable.
        """
        fields = {name: _as_query(value) for name, value in (query or {}).items() if value is not UNSET and value is not None}
        url = f"{self._base}{path}{'?' + urlencode(fields) if fields else ''}"
        headers, sent = dict(self._headers), None
        if method != "GET":
            idempotency_key = idempotency_key or str(uuid.uuid4())
            headers["Idempotency-Key"] = idempotency_key
        if body is not None:
            sent = json.dumps({name: value for name, value in body.items() if value is not UNSET}).encode()
            headers["Content-Type"] = "application/json"
        waits = self._waits()
        while True:
            request = urllib.request.Request(url, data=sent, headers=headers, method=method)
            try:
                with self._opener.open(request, timeout=self._timeout) as answer:
                    return _read(answer)
            except urllib.error.HTTPError as error:
                problem = _problem(error)
                wait = next(waits, None) if _passes(problem) else None
                if wait is None:
                    raise problem from None
                wait = max(wait, _asked_to_wait(error))
            except (OSError, http.client.HTTPException) as error:  # URLError and timeouts are OSErrors
                wait = next(waits, None)
                if wait is None:
                    raise Unreachable(idempotency_key, error) from error
            time.sleep(min(wait, self._retries.longest_wait_seconds))

    def pages(self, path: str, query: Mapping[str, Any]) -> Iterator[Any]:
        """Everything in a list, page after page."""
        cursor: str | None = None
        while True:
            page = self.send("GET", path, query={**query, "cursor": cursor})
            yield from page["data"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def _waits(self) -> Iterator[float]:
        for again in range(self._retries.tries - 1):
            yield self._retries.first_wait_seconds * 2**again


def segment(text: str) -> str:
    """An id as a part of a path."""
    return quote(text, safe="")


def _as_query(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _passes(problem: Problem) -> bool:
    """Whether asking again may help: something was wrong on the server's side, too much was asked, or the same is being answered."""
    return problem.status >= 500 or problem.status == 429 or problem.code == "idempotency_in_flight"


def _asked_to_wait(error: urllib.error.HTTPError) -> float:
    seconds = error.headers.get("Retry-After", "")
    return float(seconds) if seconds.isdecimal() else 0.0


def _problem(error: urllib.error.HTTPError) -> Problem:
    try:
        said: Any = json.loads(error.read(_LARGEST_BYTES))
    except (ValueError, OSError, http.client.HTTPException):
        said = None
    return Problem(error.code, said if isinstance(said, dict) else {})  # pyright: ignore[reportUnknownArgumentType]


def _read(answer: Any) -> Any:
    body: bytes = answer.read(_LARGEST_BYTES)
    media_type = answer.headers.get_content_type()
    if not body:
        return None
    return json.loads(body) if media_type == "application/json" else File(body, media_type)
