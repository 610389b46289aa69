"""The reasons for leaving that a store offers: its own, in its own words, or those that every store starts with."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from portico.domain.cancellation import DEFAULT_REASONS, shuffled
from portico.domain.errors import FieldError, PorticoError
from portico.i18n.cancellation_words import REASONS
from portico.i18n.catalog import catalog
from portico.i18n.languages import DEFAULT, is_language
from portico.services.runtime import Runtime
from portico.storage import store as stores
from portico.storage.store import StoreRow

MOST = 20
LONGEST_LABEL = 100  # characters

_CODE = r"^[a-z][a-z0-9_]{0,39}$"
_Code = Annotated[str, msgspec.Meta(pattern=_CODE)]
_Label = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_LABEL)]


class NotReasons(PorticoError):
    """A list of reasons that cannot be offered; the text says what is wrong with it."""

    code = "cancel_reasons_format"


# For whoever reads the first of them on a terminal.
_WORDS = {
    "reasons_number": f"there must be 1 to {MOST} reasons",
    "reason_format": "a code has up to 40 lower-case letters, digits and underscores, and begins with a letter",
    "reason_twice": "each reason must have a code of its own",
    "label_missing": f"needs a label in at least one language; only {', '.join(DEFAULT_REASONS)} have words already",
    "language_unknown": "is none of Portico's languages (see docs/languages.md)",
    "label_format": "a label is a line of printable characters",
}


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


def faults(field: str, reasons: Sequence[Reason]) -> Iterator[FieldError]:
    """What is wrong with a list: "reasons_number", and of each reason "reason_format", "reason_twice", "language_unknown", "label_format"
    and "label_missing" (only Portico's own codes have words already). The field says where: "cancel_reasons/0/label/de"."""
    if not 0 < len(reasons) <= MOST:
        yield FieldError(field, "reasons_number", str(MOST))
    for place, reason in enumerate(reasons):
        where = f"{field}/{place}"
        if not re.fullmatch(_CODE, reason.code):
            yield FieldError(f"{where}/code", "reason_format", "too_expensive")
        if any(reason.code == other.code for other in reasons[:place]):
            yield FieldError(f"{where}/code", "reason_twice")
        if not reason.label and reason.code not in DEFAULT_REASONS:
            yield FieldError(f"{where}/label", "label_missing")
        for tag, text in reason.label.items():
            if not is_language(tag):
                yield FieldError(f"{where}/label/{tag}", "language_unknown", DEFAULT)
            if not (text.strip() and text.isprintable() and len(text) <= LONGEST_LABEL):
                yield FieldError(f"{where}/label/{tag}", "label_format", str(LONGEST_LABEL))


def kept(reasons: Sequence[Reason] | None) -> list[dict[str, Any]] | None:
    """A list as the store's row keeps it; None for everybody's."""
    return None if reasons is None else [{"code": reason.code, "label": dict(reason.label)} for reason in reasons]


def replace(runtime: Runtime, store: StoreRow, written: bytes | None) -> tuple[Reason, ...]:
    """Gives a store reasons of its own, `written` as JSON ([{"code", "label": {language: text}}], see docs/commands.md), or with None
    those that every store starts with. What is kept of earlier answers keeps its code. Raises NotReasons."""
    reasons = None if written is None else _read(written)
    with runtime.database.transaction() as tx:
        stores.set_cancel_reasons(tx, store.id, kept(reasons))
        return of_store(stores.get(tx, store.id))


def _read(written: bytes) -> tuple[Reason, ...]:
    try:
        found = msgspec.json.decode(written, type=list[_Written])
    except msgspec.MsgspecError as error:
        what, at, where = str(error).replace("`", "").rpartition(" - at ")
        if "matching regex" in what:  # for people, what it describes
            what = _WORDS["reason_format"]
        raise NotReasons(what + at + where.replace("$", "the list")) from error
    reasons = tuple(Reason(reason.code, reason.label) for reason in found)
    for fault in faults("the list", reasons):
        raise NotReasons(f"{fault.field}: {_WORDS[fault.code]}")
    return reasons
