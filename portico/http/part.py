"""A part of the site: the addresses it answers, and what it says where it has no answer. Pages for people are one, the API another."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from portico.http.asked import BODY_LIMIT_BYTES, Asked
from portico.http.cookies import Cookie
from portico.http.response import Response

Method = Literal["GET", "POST", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one address. `path` is the framework's pattern ("/v1/orders/{id:str}"); `answer` runs in a thread, lets no
    exception out, and says itself who may ask."""

    method: Method
    path: str
    answer: Callable[[Asked], Response]
    body_limit_bytes: int = BODY_LIMIT_BYTES


@dataclass(frozen=True, slots=True)
class Part:
    """`prefixes` are the paths that belong to it, with everything below them; the part with none has all the rest.

    `refuse(asked, status, code)` is the answer to a request that no route sees: `code` is a stable word ("not_found",
    "host_unknown", "crash"). `cookie_header` writes a cookie of its answers.
    """

    name: str
    prefixes: tuple[str, ...]
    methods: frozenset[str]
    routes: tuple[Route, ...]
    refuse: Callable[[Asked, int, str], Response]
    cookie_header: Callable[[Cookie], tuple[str, str]] | None = None

    def has(self, path: str) -> bool:
        """Whether a path is one of its own."""
        return any(path == prefix or path.startswith(prefix + "/") for prefix in self.prefixes)


def part_of(parts: tuple[Part, ...], path: str) -> Part:
    """The part that a path belongs to; the last one has no prefixes."""
    return next((part for part in parts if part.has(path)), parts[-1])
