"""Why buyers leave: the reasons they are offered, and what is kept of an answer. An answer is welcome and never required."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from portico.domain import free_text
from portico.domain.catalog import Interval
from portico.domain.errors import FieldError, Invalid

OTHER = "other"
# A store may have a list of its own; `other` is offered last whatever the list.
DEFAULT_REASONS: tuple[str, ...] = (
    "too_expensive", "missing_features", "switched_service", "unused", "customer_service", "too_complex", "low_quality", OTHER,
)  # fmt: skip
_BYTES_PER_KEY = 8


@dataclass(frozen=True, slots=True)
class Cancellation:
    """A subscription that its buyer gave up: why, when, as from when, and what it was worth then. `net_minor` is per unit and
    interval times quantity, minor units of `currency`. One that was taken back has a `withdrawn_at`. `actor` is who did it."""

    id: str
    subscription_id: str
    reason_code: str | None
    comment: str
    requested_at: datetime
    effective_at: datetime
    withdrawn_at: datetime | None
    actor: str
    product_id: str
    interval: Interval
    quantity: int
    net_minor: int
    currency: str


def check(reason_code: str | None, comment: str, allowed: Sequence[str]) -> tuple[str | None, str]:
    """A reason and a comment as they are kept: the code or None, and the text without what cannot be seen.

    Raises Invalid: reason "reason_not_offered" for a code that was not offered; comment "too_long" beyond 500 characters, and
    "card_number" when it holds one.
    """
    code, text = reason_code or None, free_text.clean(comment)
    errors = [FieldError("reason", "reason_not_offered", ", ".join(allowed))] if code is not None and code not in allowed else []
    errors += free_text.faults("comment", text)
    if errors:
        raise Invalid(errors)
    return code, text


def shuffled(reasons: Sequence[str], random_bytes: Callable[[int], bytes]) -> tuple[str, ...]:
    """The reasons in an order by chance, so that none is chosen for standing first; "other" stays last.

    `random_bytes(n)` gives n of them. All orders are equally likely.
    """
    drawn = random_bytes(_BYTES_PER_KEY * len(reasons))
    keys = {reason: drawn[_BYTES_PER_KEY * n : _BYTES_PER_KEY * (n + 1)] for n, reason in enumerate(reasons)}
    return tuple(sorted(keys, key=lambda reason: (reason == OTHER, keys[reason])))
