"""One visitor's connection. Uvicorn bounds neither what may come beside a request's body nor how long a request may take to come:
one connection could fill the memory, and a few thousand silent ones use up all that may be open. A proxy in front bounds both,
but nobody says that there is one."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

OVERHEAD_LIMIT_BYTES = 64 * 1024  # address, headers, framing, trailers; of headers the pages take 16 KiB and say so
REQUEST_SECONDS = 30  # from its first byte, or from the connection, to the last byte of a request


class Connection(HttpToolsProtocol):
    """Cuts off whoever sends too much or too slowly. What is within the bounds goes uvicorn's way."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._deadline: asyncio.TimerHandle | None = None  # of the request that is on its way; None when none is
        self._overhead_bytes = 0  # of that request, less those that came along with the end of another
        self._body_bytes = 0  # among the bytes just received

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect_nothing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._deadline is None:
            self._expect_request()
        on_its_way, self._body_bytes = self._deadline, 0
        super().data_received(data)
        if self._deadline is on_its_way and on_its_way is not None:
            self._overhead_bytes += len(data) - self._body_bytes
            if self._overhead_bytes > OVERHEAD_LIMIT_BYTES and not self.transport.is_closing():
                self._expect_nothing()
                self.send_400_response("Too much beside the body.")

    def on_message_begin(self) -> None:
        self._expect_request()
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._expect_nothing()
        super().on_message_complete()

    def _expect_request(self) -> None:
        self._expect_nothing()
        self._deadline = self.loop.call_later(REQUEST_SECONDS, self._cut)

    def _expect_nothing(self) -> None:
        self._overhead_bytes = 0
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _cut(self) -> None:
        self._deadline = None
        self.transport.abort()
