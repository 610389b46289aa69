"""The little of HTTP that the sandbox speaks, straight on ASGI, so that it runs by itself and below a path of another server."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_LIMIT_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """`path` begins below the sandbox's own address. Of repeated headers and fields the last one counts."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    receive: Receive

    def form(self) -> Mapping[str, str]:
        """The fields of a form; what is none has none."""
        return _fields(self.body)

    async def gone(self) -> None:
        """Waits until the client has hung up."""
        while (await self.receive())["type"] != "http.disconnect":
            pass


@dataclass(frozen=True, slots=True)
class Response:
    """`cut`: the connection ends in the middle of it."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    cut: bool = False


class TooLarge(Exception):
    """The body is over BODY_LIMIT_BYTES."""


async def read(scope: Scope, receive: Receive, path: str) -> Request:
    """Raises TooLarge."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > BODY_LIMIT_BYTES:
            raise TooLarge
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            break
    return Request(
        method=scope["method"],
        path=path,
        query=_fields(scope["query_string"]),
        headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
        body=bytes(body),
        receive=receive,
    )


def _fields(raw: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=20))
    except ValueError:
        return {}


async def send_response(send: Send, response: Response, *, head: bool = False) -> None:
    length = len(response.body) + (1 if response.cut else 0)  # a byte that never comes: the server then cuts the connection
    headers = [(b"content-length", str(length).encode())]
    headers += [(name.encode(), value.encode()) for name, value in response.headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else response.body, "more_body": response.cut})
