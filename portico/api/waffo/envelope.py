"""What every answer of the Waffo surface looks like: {"data", "errors"?, "warnings"?}.

Its clients throw only where `errors` is there and not empty: an answer without it counts as success, whatever its status. So every
failure fills it, those included that no handler ever saw, and every answer is JSON.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from portico.http.asked import Asked
from portico.http.response import JSON, Response

Layer = Literal["gateway", "user", "store", "product", "order", "ticket", "graphql", "resource"]

_SAID = {
    "not_found": "There is no such action",
    "method_not_allowed": "Only POST is answered here",
    "too_large": "The request body is too large",
    "host_unknown": "This server answers for another host name",
    "headers_too_large": "The request headers are too large",
    "crash": "Something went wrong on our side",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """One error or warning. `layer` says which part of the house speaks, `hint` what to do about it."""

    message: str
    layer: Layer
    hint: str = ""

    @property
    def wire(self) -> dict[str, str]:
        said = {"message": self.message, "layer": self.layer}
        return {**said, "aiHint": self.hint} if self.hint else said


class Trouble(Exception):
    """A request that is answered with errors: the root cause first."""

    def __init__(self, status: int, *notices: Notice, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__("; ".join(notice.message for notice in notices))
        self.status = status
        self.notices = notices
        self.headers = headers


def trouble(status: int, message: str, layer: Layer, hint: str = "") -> Trouble:
    """One error alone."""
    return Trouble(status, Notice(message, layer, hint))


def success(data: Any, warnings: Sequence[Notice] = ()) -> Response:
    """200, with what was asked for, and what of the request came to nothing."""
    said = {"warnings": [warning.wire for warning in warnings]} if warnings else {}
    return Response(200, msgspec.json.encode({"data": data, **said}), JSON)


def failure(status: int, notices: Sequence[Notice], headers: tuple[tuple[str, str], ...] = ()) -> Response:
    return Response(status, msgspec.json.encode({"data": None, "errors": [notice.wire for notice in notices]}), JSON, headers=headers)


def refuse(asked: Asked, status: int, code: str) -> Response:
    """The answer to a request that no route sees."""
    return failure(status, (Notice(_SAID.get(code, "The request could not be read"), "gateway"),))
