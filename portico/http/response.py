"""What a handler gives back."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import msgspec

from portico.http.cookies import Cookie

HTML = "text/html; charset=utf-8"
JSON = "application/json"
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Response:
    """Status, body and the headers of this answer alone; `security.Site.headers` are added to every one.

    What is too large to hold comes in pieces, of `length` bytes together if that is known. A generator is closed in the end, also
    when the client goes away before; whether the thing is there, and whose, has to be clear before its first piece.
    """

    status: int
    body: bytes | Iterator[bytes] = b""
    media_type: str = HTML
    headers: tuple[tuple[str, str], ...] = ()
    cookies: tuple[Cookie, ...] = ()
    length: int | None = None

    @property
    def whole(self) -> bytes:
        """The body of an answer that is no stream: a page, a problem."""
        if not isinstance(self.body, bytes):
            raise TypeError("this body comes in pieces")
        return self.body

    def adding(self, *cookies: Cookie) -> "Response":
        """The same with these cookies set unless the handler set one of that name itself."""
        taken = {cookie.name for cookie in self.cookies}
        fresh = tuple(cookie for cookie in cookies if cookie.name not in taken)
        return replace(self, cookies=(*self.cookies, *fresh)) if fresh else self


def see_other(location: str, *cookies: Cookie) -> Response:
    """303: the browser fetches `location` with GET, so that reloading never repeats a form."""
    return Response(303, headers=(("location", location),), cookies=cookies)


def json(status: int, value: object, *cookies: Cookie) -> Response:
    return Response(status, msgspec.json.encode(value), JSON, cookies=cookies)


def text(status: int, words: str, *headers: tuple[str, str]) -> Response:
    return Response(status, words.encode(), TEXT, headers=headers)
