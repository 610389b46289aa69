"""Tells the portal what happened: signed, at least once, with patience. What was not yet taken is remembered across restarts."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import msgspec
import structlog

from portico.gateways.sandbox import SIGNATURE_HEADER
from portico.gateways.webhook_signature import check_secret, sign
from portico.sandbox import answers
from portico.sandbox.bank import Bank
from portico.sandbox.cards import BY_NUMBER, Delivery
from portico.sandbox.deliveries import Deliveries
from portico.sandbox.records import Entry

LATE_SECONDS = 15
GIVE_UP_AFTER = timedelta(days=3)
_PAUSES_SECONDS = (1, 2, 4, 8, 15, 30, 60)  # the last one again and again
_TIMEOUT_SECONDS = 10
_STOP_SECONDS = 2
_AT_ONCE = 8
_GONE = 410

Result = TypeVar("Result")
RunInThread = Callable[..., Awaitable[Any]]
log = structlog.get_logger("portico.sandbox")


@dataclass(frozen=True, slots=True)
class Target:
    """An address that webhooks go to: those of one account, or of all when `account` is None."""

    url: str
    account: str | None = None


@dataclass(slots=True)
class _Sending:
    """One webhook on its way to one address. `tried` is set after the first try, whatever came of it; `resting` is it between two."""

    entry: Entry
    target: Target
    body: bytes
    wait_seconds: float
    resting: bool = True
    tried: asyncio.Event = field(default_factory=asyncio.Event)


class Webhooks:
    """Follows the bank's ledger and sends what it tells. All of it happens on one event loop; files are written by `in_thread`."""

    def __init__(
        self, bank: Bank, targets: Sequence[Target], *, secret: str, base_url: str, file: Path | None, in_thread: RunInThread
    ) -> None:
        self._bank = bank
        self._targets = targets
        self._secret = check_secret(secret) if targets else b""
        self._base_url = base_url
        self._in_thread = in_thread
        self._deliveries = Deliveries(file)
        self._seen = 0
        self._reading = asyncio.Lock()
        self._open = asyncio.Semaphore(_AT_ONCE)
        self._tasks: dict[asyncio.Task[None], _Sending] = {}
        self._client: httpx2.AsyncClient | None = None

    async def start(self) -> None:
        """Goes on with what a last run has left unsent. A new address hears only of what happens from now on."""
        if not self._targets:
            return
        self._client = httpx2.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=False, follow_redirects=False)
        entries: list[Entry] = await self._in_thread(self._bank.ledger)
        self._seen = len(entries)
        for target in self._targets:
            waiting = await self._in_thread(self._deliveries.waiting, target.url, len(entries))
            for entry in entries:
                if entry.sequence in waiting:
                    self._send(entry, target, "once")

    async def stop(self) -> None:
        """Ends what rests, and lets what is under way come to its end, so that it need not be told again."""
        for task in [task for task, sending in self._tasks.items() if sending.resting]:
            task.cancel()
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=_STOP_SECONDS)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    async def follow(self) -> None:
        """Sends what the ledger has got since the last call."""
        if not self._targets:
            return
        async with self._reading:
            for entry in await self._in_thread(self._bank.ledger, after=self._seen):
                self._seen = entry.sequence
                for target in self._targets:
                    self._send(entry, target, _delivery(entry))

    async def tried(self, subject: str, *, within_seconds: float) -> None:
        """Waits until each webhook about this charge has been tried once, or the time is over."""
        about = [sending for sending in self._tasks.values() if sending.entry.charge is not None and sending.entry.charge.id == subject]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*(sending.tried.wait() for sending in about)), within_seconds)

    def _send(self, entry: Entry, target: Target, delivery: Delivery) -> None:
        event = answers.of_event(entry, self._base_url)
        if event is None or target.account not in (None, _account(entry)):
            return
        body = msgspec.json.encode(event)
        for _ in range(2 if delivery == "twice" else 1):
            sending = _Sending(entry, target, body, LATE_SECONDS if delivery == "late" else 0)
            task = asyncio.create_task(self._deliver(sending))
            self._tasks[task] = sending
            task.add_done_callback(lambda task: self._tasks.pop(task, None))

    async def _deliver(self, sending: _Sending) -> None:
        await _rest(sending, sending.wait_seconds)
        tries = 0
        while not await self._try(sending):
            if self._bank.clock() - sending.entry.at > GIVE_UP_AFTER:
                log.error("webhook given up", url=sending.target.url, sequence=sending.entry.sequence)
                break
            await _rest(sending, _PAUSES_SECONDS[min(tries, len(_PAUSES_SECONDS) - 1)])
            tries += 1
        await self._in_thread(self._deliveries.done, sending.target.url, sending.entry.sequence)

    async def _try(self, sending: _Sending) -> bool:
        """Whether nothing more is to be done about it."""
        assert self._client is not None  # noqa: S101 (nothing is sent before `start`)
        signature = sign(self._secret, sending.body, self._bank.clock())
        headers = {"content-type": "application/json", SIGNATURE_HEADER: signature}
        try:
            async with self._open:
                response = await self._client.post(sending.target.url, content=sending.body, headers=headers)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            log.info("webhook not taken", url=sending.target.url, sequence=sending.entry.sequence, error=type(error).__name__)
            return False
        finally:
            sending.tried.set()
        if not response.is_success:
            log.info("webhook not taken", url=sending.target.url, sequence=sending.entry.sequence, status=response.status_code)
        return response.is_success or response.status_code == _GONE


async def _rest(sending: _Sending, seconds: float) -> None:
    sending.resting = True
    await asyncio.sleep(seconds)
    sending.resting = False


def _delivery(entry: Entry) -> Delivery:
    card = entry.charge.card if entry.charge is not None else None
    return BY_NUMBER[card.number].delivery if card is not None else "once"


def _account(entry: Entry) -> str:
    for record in (entry.charge, entry.refund, entry.setup):
        if record is not None:
            return record.request.account
    return entry.dispute.charge.request.account if entry.dispute is not None else ""
