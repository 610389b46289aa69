"""A body that goes out piece by piece: the next piece is fetched when the network has taken the one before."""

import asyncio
import contextlib
from collections.abc import Iterable, Iterator

from litestar.concurrency import sync_to_thread
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Send


class StreamedResponse(ASGIResponse):
    """Sends what an iterator gives. Each piece is fetched in a thread, which is free again while a slow client takes it.

    When the client goes away nothing more is fetched, and a generator is closed, so that it gives back what it holds. Should it
    fail on the way the exception goes on to the server, which cuts the connection: with a `length` the client then knows that
    it has not got all of it. (The framework's own streaming takes a ValueError for the end, and leaves generators open.)
    """

    _should_set_content_length = False

    def __init__(self, pieces: Iterator[bytes], *, length: int | None, status_code: int, headers: Iterable[tuple[str, str]]) -> None:
        sized = [("content-length", str(length))] if length is not None else []
        super().__init__(status_code=status_code, headers=[*headers, *sized])
        self._pieces = pieces

    async def send_body(self, send: Send, receive: Receive) -> None:
        gone = asyncio.create_task(_until_gone(receive))
        try:
            while not gone.done() and (piece := await sync_to_thread(next, self._pieces, None)) is not None:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            if not gone.done():
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()
            await sync_to_thread(close, self._pieces)


def close(pieces: Iterator[bytes]) -> None:
    """Lets a generator give back what it holds; another kind of iterator holds nothing."""
    with contextlib.suppress(ValueError):  # still at work, since the server stops: it ends with its last piece
        getattr(pieces, "close", lambda: None)()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
