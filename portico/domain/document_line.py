"""What is printed as one position of a document, and kept with a payment until its documents are made."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec

LineKind = Literal["plain", "credit", "charge"]


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """One position. `unit_minor` x `quantity` = `net_minor`; tax is per rate over the document, not per line.

    The two lines of a change of plan say so by their `kind`: a "credit" for the unused time of the old plan, whose amounts are
    negative, and a "charge" for the new one. `description` is the plan's name, `counted` where one position is for several of it; the
    words around it belong to the reader's language.
    """

    description: str
    quantity: int
    unit_minor: int
    net_minor: int
    tax_rate: str
    period_start: datetime | None = None
    period_end: datetime | None = None
    kind: LineKind = "plain"


def counted(name: str, quantity: int) -> str:
    """A plan, and how many of it where that is not one: "3 × Team", in every language."""
    return name if quantity == 1 else f"{quantity} × {name}"


def lines_to_json(lines: Iterable[DocumentLine]) -> list[dict[str, Any]] | None:
    """Lines as a JSON column keeps them: objects with moments as RFC 3339 texts, or None when there are none."""
    return [msgspec.to_builtins(line) for line in lines] or None


def lines_from_json(stored: Any) -> tuple[DocumentLine, ...]:
    """The lines back. Raises msgspec.ValidationError when they are not."""
    return () if stored is None else msgspec.convert(stored, tuple[DocumentLine, ...])
