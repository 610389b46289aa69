"""One tree of errors. Each carries a stable `code`; the words for people live in the catalogues, the HTTP status in `web`."""

from collections.abc import Iterable
from dataclasses import dataclass, replace


class PorticoError(Exception):
    """Root of everything Portico raises on purpose."""

    code = "error"


class NotFound(PorticoError):
    """No such thing within this store, environment and buyer; a foreign id raises the same as a random one."""

    code = "not_found"


class Conflict(PorticoError):
    """The thing moved since it was read."""

    code = "conflict"


class Refused(PorticoError):
    """A rule forbids it; `code` says which."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field: a stable `code` ("required", "postal_code_format", ...), the example to show, if any, and the
    country to name (ISO 3166-1 alpha-2), if it is about one."""

    field: str
    code: str
    example: str = ""
    country: str = ""


def within(name: str, errors: Iterable[FieldError]) -> list[FieldError]:
    """The same errors, of fields that stand within another: "city" in "billing_detail" is "billing_detail/city"."""
    return [replace(each, field=f"{name}/{each.field}") for each in errors]


class Invalid(PorticoError):
    """One or more fields are wrong. All of them are listed, never only the first."""

    code = "invalid"

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__("; ".join(f"{e.field}: {e.code}" for e in errors))
        self.errors = errors
