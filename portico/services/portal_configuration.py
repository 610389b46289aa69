"""How a store's portal looks and behaves: one configuration for both environments, so that what is tried is what will be."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from msgspec import UNSET, UnsetType

from portico.domain.buyer import canonical_email
from portico.domain.errors import FieldError, Invalid, Refused
from portico.domain.scope import StoreScope
from portico.services import cancel_reasons, return_url
from portico.services import store as looks
from portico.services.cancel_reasons import Reason
from portico.services.runtime import Runtime
from portico.storage import audit
from portico.storage import store as stores
from portico.storage.store import StoreRow

MOST_ORIGINS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What shall be another; what is UNSET stays. `support_email` "" is none; `cancel_reasons` None are those that every store starts
    with."""

    name: str | UnsetType = UNSET
    support_email: str | UnsetType = UNSET
    accent_color: str | UnsetType = UNSET
    return_origins: Sequence[str] | UnsetType = UNSET
    cancel_reasons: Sequence[Reason] | UnsetType | None = UNSET


def change(runtime: Runtime, scope: StoreScope, wish: Wish, *, actor: str) -> StoreRow:
    """Changes what the wish names, all of it or nothing, and gives the store as it is then.

    Raises Invalid with every wrong field, and Refused("prod_key_needed") for a key of the test environment: such keys lie about, and
    where the portal of real buyers leads to, and whom they are to write to, is nothing to be had by one.
    """
    if scope.environment != "prod":
        raise Refused("prod_key_needed")
    with runtime.database.transaction() as tx:
        before = stores.lock(tx, scope.store_id)  # two at once must not undo each other
        after = replace(
            before,
            name=_given(wish.name, before.name),
            support_email=_given(wish.support_email, before.support_email),
            accent_color=_given(wish.accent_color, before.accent_color).lower(),
        )
        errors = [*_looks(after, wish), *_lists(wish)]
        if errors:
            raise Invalid(errors)
        email = after.support_email
        stores.update(tx, replace(after, name=after.name.strip(), support_email=canonical_email(email) if email else ""))
        if wish.return_origins is not UNSET:
            stores.set_return_origins(tx, before.id, return_url.origins(wish.return_origins))
        if wish.cancel_reasons is not UNSET:
            stores.set_cancel_reasons(tx, before.id, cancel_reasons.kept(wish.cancel_reasons))
        audit.record(tx, scope, actor=actor, action="portal_configuration.changed", subject=before.id, now=runtime.clock())
        return stores.get(tx, before.id)


def _given(value: str | UnsetType, else_: str) -> str:
    return else_ if value is UNSET else value


def _looks(after: StoreRow, wish: Wish) -> Iterator[FieldError]:
    """What is wrong with the fields that the wish names; what has been there before is not complained about."""
    for fault in looks.faults_of_looks(after.name, after.support_email, after.accent_color):
        if getattr(wish, fault.field) is not UNSET:
            yield replace(fault, code="store_name_format") if fault.field == "name" else fault


def _lists(wish: Wish) -> Iterator[FieldError]:
    if wish.return_origins is not UNSET:
        if len(wish.return_origins) > MOST_ORIGINS:
            yield FieldError("return_origins", "return_origins_number", str(MOST_ORIGINS))
        for place, text in enumerate(wish.return_origins):
            try:
                return_url.origin(text)
            except Invalid as invalid:
                yield from (replace(fault, field=f"return_origins/{place}") for fault in invalid.errors)
    if wish.cancel_reasons is not UNSET and wish.cancel_reasons is not None:
        yield from cancel_reasons.faults("cancel_reasons", wish.cancel_reasons)
