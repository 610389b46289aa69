"""The sandbox's API: what the adapter in `gateways/sandbox.py` asks, and what a test of the portal may turn and read.

Every answer is {"result": ...} with status 200; anything else is {"error": code}. What was never seen is a result too: null.
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TypeVar

import msgspec

from portico.domain.errors import NotFound, PorticoError
from portico.gateways.sandbox import ACCOUNT_HEADER
from portico.sandbox import answers
from portico.sandbox.faults import Faults, Mishap
from portico.sandbox.office import Office
from portico.sandbox.records import (
    BadRequest,
    CardRefused,
    ChargeRequest,
    DisputeState,
    KeyReused,
    RefundRequest,
    RefundState,
    SetupRequest,
)
from portico.sandbox.wire import Request, Response

_WAIT_FOR_FIRST_WEBHOOK_SECONDS = 3  # less than the adapter waits for the answer
_STATUS: dict[type[PorticoError], int] = {KeyReused: 409, BadRequest: 400, CardRefused: 400, NotFound: 404}
Handler = Callable[[Office, Request], Awaitable[object]]
Shape = TypeVar("Shape")


class Lost(Exception):
    """The answer goes missing in this way."""

    def __init__(self, mishap: Mishap) -> None:
        super().__init__(mishap)
        self.mishap: Mishap = mishap


class _ByKey(msgspec.Struct, forbid_unknown_fields=True):
    key: str


class _MoneyBack(msgspec.Struct, forbid_unknown_fields=True):
    """Of a charge: all that is left of it without an amount. Or how a refund ends, by its id."""

    charge: str = ""
    refund: str = ""
    amount_minor: int | None = None
    status: RefundState = "succeeded"


class _Disputed(msgspec.Struct, forbid_unknown_fields=True):
    charge: str
    reason: str = "fraudulent"
    status: DisputeState = "open"


class _CardChange(msgspec.Struct, forbid_unknown_fields=True):
    method: str
    number: str


async def _charge(office: Office, request: Request) -> object:
    """A charge by its key. The first answer about a key may go missing, if that is what the card is for."""
    asked = replace(_read(request, ChargeRequest), account=_account(request))
    card = await office.test_card(asked.method)
    is_first = await office.ask(office.bank.find_charge, asked.key) is None
    fault = card.fault if card is not None and is_first and asked.key not in office.went_missing else None
    if fault is not None:
        office.went_missing.add(asked.key)
    if fault == "timeout_before":
        raise Lost(fault)
    made = await office.tell(office.bank.charge, asked)
    if card is not None and card.delivery == "first" and is_first:
        await office.webhooks.tried(made.id, within_seconds=_WAIT_FOR_FIRST_WEBHOOK_SECONDS)
    if fault is not None:
        raise Lost(fault)
    return answers.of_charge(made, office.base_url)


async def _find_charge(office: Office, request: Request) -> object:
    found = await office.ask(office.bank.find_charge, _asked(request, "key"))
    return found and answers.of_charge(found, office.base_url)


async def _cancel_charge(office: Office, request: Request) -> object:
    found = await office.tell(office.bank.cancel_charge, _read(request, _ByKey).key)
    return found and answers.of_charge(found, office.base_url)


async def _refund(office: Office, request: Request) -> object:
    asked = replace(_read(request, RefundRequest), account=_account(request))
    if not asked.key:
        raise BadRequest("a refund by the API has a key")
    return answers.of_refund(await office.tell(office.bank.refund, asked))


async def _find_refund(office: Office, request: Request) -> object:
    """The refund with a key, or all of a charge."""
    if "charge" in request.query:
        return [answers.of_refund(one) for one in await office.ask(office.bank.refunds_of, _asked(request, "charge"))]
    found = await office.ask(office.bank.find_refund, _asked(request, "key"))
    return found and answers.of_refund(found)


async def _open_card_setup(office: Office, request: Request) -> object:
    asked = replace(_read(request, SetupRequest), account=_account(request))
    return answers.of_setup(await office.tell(office.bank.open_setup, asked), office.base_url)


async def _find_card_setup(office: Office, request: Request) -> object:
    try:
        found = await office.tell(office.bank.setup, _asked(request, "id"))
    except NotFound:
        return None
    return answers.of_setup(found, office.base_url)


async def _read_ledger(office: Office, request: Request) -> object:
    """The books: all captures and refunds, and with ?after=N the lines of the ledger behind line N."""
    captures = await office.ask(office.bank.captures)
    refunds = await office.ask(office.bank.refunds)
    books = {"captures": [answers.of_capture(one) for one in captures], "refunds": [answers.of_refund(one) for one in refunds]}
    after = request.query.get("after", "")
    if after.isdecimal():
        books["entries"] = msgspec.to_builtins(await office.ask(office.bank.ledger, after=int(after)))
    return books


async def _set_faults(office: Office, request: Request) -> object:
    """From now on answers go missing by these chances; {} ends it."""
    office.faults = _read(request, Faults)
    return msgspec.to_builtins(office.faults)


async def _change_card(office: Office, request: Request) -> object:
    """From now on a saved card behaves like another test card."""
    asked = _read(request, _CardChange)
    return answers.of_card(await office.tell(office.bank.change_card, asked.method, asked.number))


async def _give_back(office: Office, request: Request) -> object:
    """What the merchant does at the bank itself."""
    asked = _read(request, _MoneyBack)
    if asked.refund:
        return answers.of_refund(await office.tell(office.bank.end_refund, asked.refund, asked.status))
    return answers.of_refund(await office.tell(office.bank.give_back, asked.charge, asked.amount_minor, outcome=asked.status))


async def _dispute(office: Office, request: Request) -> object:
    """What a buyer does at his own bank, and how it ends."""
    asked = _read(request, _Disputed)
    return answers.of_dispute(await office.tell(office.bank.dispute, asked.charge, asked.reason, outcome=asked.status))


_ROUTES: Mapping[tuple[str, str], Handler] = {
    ("POST", "/v1/charges"): _charge,
    ("GET", "/v1/charges"): _find_charge,
    ("POST", "/v1/charges/cancel"): _cancel_charge,
    ("POST", "/v1/refunds"): _refund,
    ("GET", "/v1/refunds"): _find_refund,
    ("POST", "/v1/card-setups"): _open_card_setup,
    ("GET", "/v1/card-setups"): _find_card_setup,
    ("GET", "/v1/ledger"): _read_ledger,
    ("POST", "/control/faults"): _set_faults,
    ("POST", "/control/cards"): _change_card,
    ("POST", "/control/refunds"): _give_back,
    ("POST", "/control/disputes"): _dispute,
}
_NEVER_LOST: tuple[Handler, ...] = (_read_ledger, _set_faults, _change_card, _give_back, _dispute)


def is_api(path: str) -> bool:
    return path.startswith(("/v1/", "/control/"))


async def answer(office: Office, request: Request, api_key: bytes) -> Response:
    """The answer to one call, or what is left of it."""
    if not hmac.compare_digest(request.headers.get("authorization", "").encode(), b"Bearer " + api_key):
        return _failure(401, "api_key")
    handler = _ROUTES.get((request.method, request.path))
    if handler is None:
        return _failure(404, "no_such_call")
    mishap: Mishap = ""
    if handler not in _NEVER_LOST:
        await asyncio.sleep(office.faults.seconds(office.bank.random_bytes))
        mishap = office.faults.draw(office.bank.random_bytes)
    try:
        if mishap.endswith("_before"):
            raise Lost(mishap)
        response = _success(await handler(office, request))
        if mishap:
            raise Lost(mishap)
    except Lost as lost:
        return await _lose(office, request, lost.mishap)
    except PorticoError as error:
        return _failure(_STATUS.get(type(error), 500), error.code)
    return response


async def _lose(office: Office, request: Request, mishap: Mishap) -> Response:
    if mishap.startswith("timeout"):
        await office.never_answer(request)
    if mishap == "cut_after":
        return Response(200, b'{"result": ', {"content-type": "application/json"}, cut=True)
    return _failure({"busy_before": 429, "error_before": 503}.get(mishap, 500), mishap)


def _success(result: object) -> Response:
    return Response(200, msgspec.json.encode({"result": result}), {"content-type": "application/json"})


def _failure(status: int, code: str) -> Response:
    return Response(status, msgspec.json.encode({"error": code}), {"content-type": "application/json"})


def _read(request: Request, shape: type[Shape]) -> Shape:
    """The body in this shape. Raises BadRequest."""
    try:
        return msgspec.json.decode(request.body, type=shape)
    except msgspec.DecodeError as error:
        raise BadRequest(str(error)) from error


def _asked(request: Request, name: str) -> str:
    return request.query.get(name, "")


def _account(request: Request) -> str:
    return request.headers.get(ACCOUNT_HEADER, "")
