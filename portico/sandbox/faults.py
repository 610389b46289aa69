"""How answers go missing: by the card that is charged, or by chance, as a test of the portal sets it."""

from collections.abc import Callable
from typing import Annotated, Literal

import msgspec

Mishap = Literal["", "timeout_before", "error_before", "busy_before", "timeout_after", "error_after", "cut_after"]


Chance = Annotated[float, msgspec.Meta(ge=0, le=1)]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=60_000)]


class Faults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The chance of each mishap, from 0 to 1, for any call of the API; and how long every answer takes at least and at most.

    `_before`: nothing was done; `_after`: it was done, and the answer is lost. `busy` is status 429, `error` 503 or 500, `cut` a
    connection that ends in the middle of the answer, `timeout` none at all.
    """

    timeout_before: Chance = 0
    error_before: Chance = 0
    busy_before: Chance = 0
    timeout_after: Chance = 0
    error_after: Chance = 0
    cut_after: Chance = 0
    least_ms: Milliseconds = 0
    most_ms: Milliseconds = 0

    def draw(self, random_bytes: Callable[[int], bytes]) -> Mishap:
        """What befalls one call: at most one of them."""
        drawn = int.from_bytes(random_bytes(4), "big") / 2**32
        chances: tuple[tuple[Mishap, float], ...] = (
            ("timeout_before", self.timeout_before), ("error_before", self.error_before), ("busy_before", self.busy_before),
            ("timeout_after", self.timeout_after), ("error_after", self.error_after), ("cut_after", self.cut_after),
        )  # fmt: skip
        for mishap, chance in chances:
            if drawn < chance:
                return mishap
            drawn -= chance
        return ""

    def seconds(self, random_bytes: Callable[[int], bytes]) -> float:
        """How long this answer takes."""
        spread = max(0, self.most_ms - self.least_ms)
        return (self.least_ms + int.from_bytes(random_bytes(4), "big") * spread / 2**32) / 1000
