"""What can go wrong: the server says no, with a reason (`Problem`), or does not say anything (`Unreachable`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class PorticoError(Exception):
    """Root of both."""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One wrong field of a request: where it stands, a stable code, a sentence, and an example of a right one, if there is one."""

    field: str
    code: str
    detail: str
    example: str = ""


class Problem(PorticoError):
    """The server's refusal (RFC 9457). Tell them apart by `code`, which is stable: see the reference at /v1/reference."""

    def __init__(self, status: int, said: Mapping[str, Any]) -> None:
        self.status = status
        self.code: str = said.get("code", "")
        self.title: str = said.get("title", "")
        self.detail: str = said.get("detail", "")
        self.request_id: str = said.get("request_id", "")
        self.errors = tuple(
            FieldProblem(each.get("field", ""), each.get("code", ""), each.get("detail", ""), each.get("example", ""))
            for each in said.get("errors", ())
        )
        wrong = "".join(f"\n  {each.field}: {each.detail}" for each in self.errors)
        super().__init__(f"{status} {self.code or self.title}: {self.detail}{wrong}" + (f" ({self.request_id})" if self.request_id else ""))


class Unreachable(PorticoError):
    """No answer, after all tries. Whether a write was done is not known: send it again with the same `idempotency_key`."""

    def __init__(self, idempotency_key: str | None, cause: Exception) -> None:
        self.idempotency_key = idempotency_key
        super().__init__(f"no answer: {cause}")
