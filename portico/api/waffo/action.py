"""A row of the table that is the Waffo surface: who may call an action, what it takes, and what it may then do."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from portico.api.waffo.asker import Asker, Role
from portico.api.waffo.envelope import Layer, Notice, Trouble, trouble
from portico.services.runtime import Runtime
from portico.storage.store import StoreRow


class Wrong(ValueError):
    """What is the matter with the value of one field; `str(...)` is the message."""


Reader = Callable[[str, Any], Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a body: its reader gives the value as handlers want it, or raises Wrong. Where `null` clears something, a null given
    is kept; anywhere else it is the same as nothing."""

    name: str
    read: Reader
    required: bool = False
    null: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One request that has passed the door. `fields` has what was given, by its reader's type. `store` is that of a customer or
    visitor; a merchant's request names one, or something in it."""

    runtime: Runtime
    asker: Asker
    layer: Layer
    fields: dict[str, Any]
    now: datetime
    store: StoreRow | None = None
    warnings: list[Notice] = field(default_factory=list[Notice])

    def get(self, name: str) -> Any:
        """What was given, or None."""
        return self.fields.get(name)

    def warn(self, message: str, hint: str = "") -> None:
        """Says of something that it came to nothing."""
        self.warnings.append(Notice(message, self.layer, hint))

    def trouble(self, status: int, message: str, hint: str = "") -> Trouble:
        """An error of this action's part of the house."""
        return trouble(status, message, self.layer, hint)

    @property
    def is_merchant(self) -> bool:
        return self.asker.role == "merchant"


@dataclass(frozen=True, slots=True)
class Action:
    """`name` is "service/verb-noun". The roles that are not in `roles` are refused.

    The very same signed request may come again for some seconds, for signatures have whole seconds: a shop whose two visitors ask for
    the same thing at once, or that cancels, resumes and cancels again, signs the same bytes. What is to happen `once` has no such
    seconds.
    """

    name: str
    layer: Layer
    roles: frozenset[Role]
    handler: Callable[[Call], Any]
    fields: tuple[Field, ...] = ()
    once: bool = False
    writes: bool = True


MERCHANT: frozenset[Role] = frozenset({"merchant"})
BOTH: frozenset[Role] = frozenset({"merchant", "customer"})
ANYONE: frozenset[Role] = frozenset({"merchant", "customer", "visitor"})
NOT_MERCHANT: frozenset[Role] = frozenset({"customer", "visitor"})


def lacking(action: Action) -> str:
    """What is said to whoever may not call an action, in the words that clients know."""
    if "customer" in action.roles and "visitor" not in action.roles:
        return "Missing X-Context-Buyer-Identity header"
    if "visitor" in action.roles:
        return "Missing X-Context-Visiting-Store-Id header"
    return "Missing X-Context-Merchant-Id header"


def read_fields(action: Action, body: dict[str, Any], warnings: list[Notice]) -> dict[str, Any]:
    """The fields that an action takes. What it doesn't take is named in `warnings`. Raises Trouble(400) with all that is wrong."""
    found: dict[str, Any] = {}
    errors: list[Notice] = []
    for each in action.fields:
        value = body.get(each.name)
        if value is None:
            if each.required:
                errors.append(Notice(f"Missing required field: {each.name}", action.layer))
            elif each.null and each.name in body:
                found[each.name] = None
            continue
        try:
            found[each.name] = each.read(each.name, value)
        except Wrong as wrong:
            errors.append(Notice(str(wrong), action.layer))
    if errors:
        raise Trouble(400, *errors)
    known = {each.name for each in action.fields}
    unknown = sorted(name for name in body if name not in known)
    warnings.extend(Notice(f"Unknown field: {name[:60]} was ignored", action.layer) for name in unknown[:20])
    return found
