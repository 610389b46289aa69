"""VIES, the European Commission's VAT Information Exchange System, over its REST interface.

The Commission keeps no ids: it asks the state that issued one, and says so when that does not answer. Whatever goes wrong on the way
(no connection, a cut, a time-out, a state that is down or busy, an answer without its shape or about another id) is Unanswered,
since none of it says anything of the id. Interface: https://ec.europa.eu/taxation_customs/vies/#/technical-information
"""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Generator
from http import HTTPStatus
from typing import Any, cast

import httpx2
import structlog

from portico.domain.typed import compact
from portico.gateways.port import Unanswered
from portico.gateways.reading import read_until
from portico.gateways.vat_register import LONGEST_CONSULTATION_NUMBER, LONGEST_TEXT, VatAnswer

log = structlog.get_logger("portico.vies")

PATH = "/check-vat-number"
_CONNECT_SECONDS, _READ_SECONDS, _WHOLE_SECONDS = 3.0, 20.0, 25.0  # some states take a quarter of a minute
_LARGEST_ANSWER_BYTES = 64 * 1024
_SAYS_NOTHING = frozenset({"", "---"})  # how VIES writes what a state does not tell
_NO_SUCH_ID = "INVALID_INPUT"
_WHO_ASKS = "INVALID_REQUESTER_INFO"


class Vies:
    """The VatRegister at `base_url` (".../vies/rest-api"). `read_seconds` is how long it may be silent, `whole_seconds` how long an
    answer may take."""

    def __init__(self, base_url: str, *, read_seconds: float = _READ_SECONDS, whole_seconds: float = _WHOLE_SECONDS) -> None:
        self._whole_seconds = whole_seconds
        self._client = httpx2.Client(
            base_url=base_url,
            headers={"accept": "application/json", "accept-encoding": "identity"},
            timeout=httpx2.Timeout(read_seconds, connect=_CONNECT_SECONDS),
            limits=httpx2.Limits(max_keepalive_connections=0),  # so that each question has a connection of its own, to be cut
            follow_redirects=False,
            trust_env=False,
        )

    def ask(self, vat_id: str, *, asked_by: str = "") -> VatAnswer:
        until = time.monotonic() + self._whole_seconds
        try:
            return self._ask(vat_id, asked_by, until)
        except _UnknownRequester:
            log.warning("vies_does_not_know_the_store", asked_by=asked_by)  # so its answers carry no consultation number
            return self._ask(vat_id, "", until)

    def close(self) -> None:
        self._client.close()

    def _ask(self, vat_id: str, asked_by: str, until: float) -> VatAnswer:
        question = {"countryCode": vat_id[:2], "vatNumber": vat_id[2:]}
        if asked_by:
            question |= {"requesterMemberStateCode": asked_by[:2], "requesterNumber": asked_by[2:]}
        try:
            with _cut(until) as trace, self._client.stream("POST", PATH, json=question, extensions={"trace": trace}) as response:
                body = read_until(response, until, largest_bytes=_LARGEST_ANSWER_BYTES)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise Unanswered(f"VIES: {type(error).__name__}") from error
        try:
            answer = cast(object, json.loads(body))
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise Unanswered(f"VIES: status {response.status_code}, no JSON object")
        return _read(response.status_code, cast(dict[str, Any], answer), question)


class _UnknownRequester(Unanswered):
    """VIES refuses to answer the store: its own VAT id is not one."""


@contextlib.contextmanager
def _cut(until: float) -> Generator[Callable[[str, dict[str, Any]], None]]:
    """Cuts the connection at `until` (`time.monotonic`). The client's time-out counts from one byte to the next, so that a head of an
    answer which comes byte by byte would take for ever. What is given has to be told of what the client does (its "trace")."""
    mutex, made, is_over = threading.Lock(), list[socket.socket](), threading.Event()

    def cut() -> None:
        with mutex:
            is_over.set()
            for connection in made:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def note(event: str, told: dict[str, Any]) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            with mutex:
                made.append(told["return_value"].get_extra_info("socket"))
            if is_over.is_set():
                cut()

    timer = threading.Timer(max(0.0, until - time.monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield note
    finally:
        timer.cancel()


def _read(status: int, answer: dict[str, Any], question: dict[str, str]) -> VatAnswer:
    """What an answer says of the id that was asked about."""
    error = _error(answer)
    if error == _NO_SUCH_ID:
        return VatAnswer(is_valid=False)
    if error == _WHO_ASKS and "requesterNumber" in question:
        raise _UnknownRequester(f"VIES: {error}")
    if error or status != HTTPStatus.OK:
        raise Unanswered(f"VIES: status {status} {error[:60]}")
    is_valid, about = answer.get("valid"), [compact(str(answer.get(name) or asked)) for name, asked in list(question.items())[:2]]
    if not isinstance(is_valid, bool) or about != list(question.values())[:2]:
        raise Unanswered("VIES: an answer without its shape, or about another id")
    number = _text(answer.get("requestIdentifier"))
    if number is not None and len(number) > LONGEST_CONSULTATION_NUMBER:
        raise Unanswered("VIES: an answer without its shape")
    return VatAnswer(is_valid, number, _text(answer.get("name")), _text(answer.get("address")))


def _error(answer: dict[str, Any]) -> str:
    """The code of what went wrong, from either place where VIES writes it; "" when nothing did."""
    wrappers = answer.get("errorWrappers")
    first = cast(object, wrappers[0]) if isinstance(wrappers, list) and wrappers else None
    code = cast(dict[str, Any], first).get("error") if isinstance(first, dict) else None
    code = code or answer.get("userError")
    if answer.get("actionSucceed") is False:
        code = code or "no reason"
    return "" if code in (None, "VALID", "INVALID") else str(code)


def _text(value: object) -> str | None:
    """A text for people on one or more lines, without what cannot be printed; None when there is none."""
    if not isinstance(value, str):
        return None
    text = "\n".join(" ".join(line.split()) for line in value.splitlines() if line.strip())
    printable = "".join(c for c in text if c == "\n" or c.isprintable())[:LONGEST_TEXT].strip()
    return None if printable in _SAYS_NOTHING else printable
