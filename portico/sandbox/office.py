"""What the API and the pages stand on: the bank, asked in a thread of its own since it waits for the disk, the webhooks that
follow what it does, and the mishaps on order."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from portico.sandbox.bank import Bank
from portico.sandbox.cards import BY_NUMBER, TestCard
from portico.sandbox.faults import Faults
from portico.sandbox.webhooks import Target, Webhooks
from portico.sandbox.wire import Request

_HANG_SECONDS = 20  # longer than any client waits

Given = ParamSpec("Given")
Result = TypeVar("Result")


class Office:
    """One bank that is open to the public at `base_url`. Everything but the bank itself belongs to one event loop."""

    def __init__(
        self, bank: Bank, *, base_url: str, webhooks: Sequence[Target], webhook_secret: str, webhook_file: Path | None, faults: Faults
    ) -> None:
        self.bank = bank
        self.base_url = base_url
        self.faults = faults
        self.went_missing: set[str] = set()  # keys whose first answer did
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sandbox")
        self.webhooks = Webhooks(bank, webhooks, secret=webhook_secret, base_url=base_url, file=webhook_file, in_thread=self.ask)
        self._closing = asyncio.Event()

    async def open(self) -> None:
        await self.webhooks.start()

    async def close(self) -> None:
        self._closing.set()
        await self.webhooks.stop()
        self._thread.shutdown()

    async def ask(self, question: Callable[Given, Result], *args: Given.args, **named: Given.kwargs) -> Result:
        """An answer of the bank, or whatever else waits for the disk."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(question, *args, **named))

    async def tell(self, order: Callable[Given, Result], *args: Given.args, **named: Given.kwargs) -> Result:
        """The same for what may change something: the webhooks about it are on their way when this returns."""
        done = await self.ask(order, *args, **named)
        await self.webhooks.follow()
        return done

    async def test_card(self, card_id: str) -> TestCard | None:
        """What a saved card behaves like."""
        card = await self.ask(self.bank.card, card_id)
        return card and BY_NUMBER[card.number]

    async def never_answer(self, request: Request) -> None:
        """Lets the client wait until it hangs up."""
        waits = [asyncio.ensure_future(request.gone()), asyncio.ensure_future(self._closing.wait())]
        await asyncio.wait(waits, timeout=_HANG_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
