"""The reasons for leaving that a store offers: its own, in its own words, or those that every store starts with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

import msgspec

from portico.domain.cancellation import DEFAULT_REASONS, shuffled
from portico.domain.errors import PorticoError
from portico.i18n.cancellation_words import REASONS
from portico.i18n.catalog import catalog
from portico.i18n.languages import DEFAULT, is_language
from portico.services.runtime import Runtime
from portico.storage import store as stores
from portico.storage.store import StoreRow

MOST = 20

_Code = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
_Label = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class NotReasons(PorticoError):
    """A list of reasons that cannot be offered; the text says what is wrong with it."""

    code = "cancel_reasons_format"


class _Written(msgspec.Struct, forbid_unknown_fields=True):
    code: _Code
    label: dict[str, _Label] = {}


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason that is offered, by its code. `label` is the store's own words by language; empty for one of everybody's list."""

    code: str
    label: Mapping[str, str]

    def words(self, language: str) -> str:
        """What it is called for a reader of `language`: the store's words in it, in English or in any, or else ours."""
        if self.label:
            return self.label.get(language) or self.label.get(DEFAULT) or next(iter(self.label.values()))
        return catalog(language).message(REASONS[self.code])


def of_store(store: StoreRow) -> tuple[Reason, ...]:
    """The reasons a store offers, in its own order."""
    if store.cancel_reasons is None:
        return tuple(Reason(code, {}) for code in DEFAULT_REASONS)
    return tuple(Reason(reason["code"], reason["label"]) for reason in store.cancel_reasons)


def in_chance_order(store: StoreRow, random_bytes: Callable[[int], bytes]) -> tuple[Reason, ...]:
    """The same as a buyer is shown them: in an order by chance, "other" last."""
    offered = {reason.code: reason for reason in of_store(store)}
    return tuple(offered[code] for code in shuffled(tuple(offered), random_bytes))


def replace(runtime: Runtime, store: StoreRow, written: bytes | None) -> tuple[Reason, ...]:
    """Gives a store reasons of its own, `written` as JSON ([{"code", "label": {language: text}}], see docs/commands.md), or with None
    those that every store starts with. What is kept of earlier answers keeps its code. Raises NotReasons."""
    reasons = None if written is None else _read(written)
    kept = None if reasons is None else [{"code": reason.code, "label": dict(reason.label)} for reason in reasons]
    with runtime.database.transaction() as tx:
        stores.set_cancel_reasons(tx, store.id, kept)
        return of_store(stores.get(tx, store.id))


def _read(written: bytes) -> tuple[Reason, ...]:
    try:
        found = msgspec.json.decode(written, type=list[_Written])
    except msgspec.MsgspecError as error:
        raise NotReasons(str(error).replace("`", "").replace("$", "the list")) from error
    codes = [reason.code for reason in found]
    if not 0 < len(found) <= MOST or len(set(codes)) < len(codes):
        raise NotReasons(f"there must be 1 to {MOST} reasons, each with a code of its own")
    for reason in found:
        if unknown := next((tag for tag in reason.label if not is_language(tag)), None):
            raise NotReasons(f"{reason.code}: {unknown!r} is none of Portico's languages (see docs/languages.md)")
        if not all(text.strip() and text.isprintable() for text in reason.label.values()):
            raise NotReasons(f"{reason.code}: a label is a line of printable characters")
        if not reason.label and reason.code not in DEFAULT_REASONS:
            raise NotReasons(f"{reason.code}: needs a label in at least one language; only {', '.join(DEFAULT_REASONS)} have words already")
    return tuple(Reason(reason.code, reason.label) for reason in found)
