"""Dry runs: whether something would be possible, why not, and what it would do. Nothing is changed, and no key is needed."""

import msgspec


class Reason(msgspec.Struct, frozen=True):
    """Why something is not possible: a code of the reference, and a sentence."""

    code: str
    message: str


class DryRun(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of `?dry_run=true`. Operations that can say more about what would happen answer with a struct that extends it."""

    possible: bool
    reason: Reason | None = None


def possible() -> DryRun:
    """It would be done."""
    return DryRun(possible=True)
