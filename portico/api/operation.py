"""A row of the table that is the API: what an operation is called, takes, answers, and may refuse."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from portico.api.call import Call
from portico.http.part import Method
from portico.http.response import Response

_ID = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path ("/v1/subscriptions/{id}/cancel").

    `name` is its operationId ("cancel_subscription"). `handler` gives an `answer`, a Response of its own where `answer` is None (files,
    CSV; `media_types` says which), None for a 204, or raises a PorticoError. `body` and `query` are msgspec Structs that forbid
    unknown fields. `money`: moves money, so that an Idempotency-Key is required. `action`: has a dry run (`?dry_run=true`), whose
    answer is a `preview`; a refusal with status 409 becomes `{"possible": false, "reason": …}` by itself. `errors` are the codes of
    the problems it may answer besides those that every operation may. `example` is a body to show instead of the one that its type makes.
    """

    method: Method
    path: str
    name: str
    tag: str
    summary: str
    description: str
    handler: Callable[[Call], Any]
    answer: Any
    body: Any = None
    query: Any = None
    status: int = 200
    money: bool = False
    action: bool = False
    errors: tuple[str, ...] = ()
    preview: Any = None
    media_types: tuple[str, ...] = ()
    completes: Callable[[Call, Response], Response] | None = None
    example: Mapping[str, Any] | None = None

    @property
    def writes(self) -> bool:
        """Whether it may change something, and so takes an Idempotency-Key."""
        return self.method != "GET"

    @property
    def id_names(self) -> tuple[str, ...]:
        """The ids in its path."""
        return tuple(_ID.findall(self.path))

    @property
    def route_path(self) -> str:
        """The path as the framework's pattern."""
        return _ID.sub(r"{\1:str}", self.path)
