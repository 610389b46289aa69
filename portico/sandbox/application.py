"""The sandbox as one ASGI application: a process of its own, or mounted below a path of another server's.

Nothing in here waits for a disk or for the portal on the event loop, so that portal and sandbox may share one: the portal's
threads call the API, and the webhooks call the portal, over the loopback.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog

from portico.sandbox import api, pages
from portico.sandbox.bank import Bank
from portico.sandbox.faults import Faults
from portico.sandbox.office import Office
from portico.sandbox.webhooks import Target
from portico.sandbox.wire import Receive, Response, Scope, Send, TooLarge, read, send_response

_ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
log = structlog.get_logger("portico.sandbox")


class Sandbox:
    """An ASGI application. Alone it follows the server's lifespan; whoever mounts it calls `start` and `stop`."""

    def __init__(self, office: Office, api_key: str) -> None:
        self.office = office
        self._api_key = api_key.encode()
        self._prefix = urlsplit(office.base_url).path

    async def start(self) -> None:
        await self.office.open()

    async def stop(self) -> None:
        await self.office.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _follow(self, receive, send)
        elif scope["type"] == "http":
            response = await self._answer(scope, receive)
            await send_response(send, response, head=scope["method"] == "HEAD")
        else:
            await send({"type": "websocket.close", "code": 1000, "reason": None})

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        try:
            request = await read(scope, receive, scope["path"].removeprefix(self._prefix))
        except TooLarge:
            return Response(413)
        try:
            if api.is_api(request.path):
                response = await api.answer(self.office, request, self._api_key)
            else:
                response = await pages.answer(self.office, request)
        except Exception:
            log.exception("crash")
            response = Response(500)
        return Response(response.status, response.body, _ALWAYS | dict(response.headers), response.cut)


def application(
    bank: Bank,
    *,
    base_url: str,
    api_key: str,
    webhooks: Sequence[Target] = (),
    webhook_secret: str = "",
    webhook_file: Path | None = None,
    faults: Faults | None = None,
) -> Sandbox:
    """The sandbox that keeps the books of `bank`. `base_url` is its address for buyers and for the adapter, with the path it is
    mounted below, if any: "http://127.0.0.1:8000/sandbox". `webhook_file` remembers which webhooks were taken.

    Raises ValueError for a webhook secret of less than 24 bytes, if there is an address to send to, or without an api key.
    """
    if not api_key:
        raise ValueError("the sandbox needs an api key")
    office = Office(
        bank,
        base_url=base_url.rstrip("/"),
        webhooks=webhooks,
        webhook_secret=webhook_secret,
        webhook_file=webhook_file,
        faults=faults or Faults(),
    )
    return Sandbox(office, api_key)


class Beside:
    """Another ASGI application with the sandbox below its own path, one lifespan for both."""

    def __init__(self, other: Any, sandbox: Sandbox) -> None:
        self._other = other
        self._sandbox = sandbox
        self._prefix = urlsplit(sandbox.office.base_url).path
        if not self._prefix:
            raise ValueError("beside another application the sandbox needs a path of its own")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        elif scope["type"] == "http" and (scope["path"] + "/").startswith(self._prefix + "/"):
            await self._sandbox(scope, receive, send)
        else:
            await self._other(scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Any) -> None:
            """The sandbox starts before, and stops before, the other application says that it has."""
            if message["type"] == "lifespan.startup.complete":
                await self._sandbox.start()
            elif message["type"].startswith("lifespan.shutdown"):
                await self._sandbox.stop()
            await send(message)

        await self._other(scope, receive, sending)


async def _follow(sandbox: Sandbox, receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await sandbox.start()
            await send({"type": "lifespan.startup.complete"})
        else:
            await sandbox.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return
