"""What a mail about money is made of: sentences with values in them, a table of facts, and one button."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from portico.domain.payment import PaymentMethod
from portico.i18n import words
from portico.i18n.catalog import Message, catalog, fill
from portico.i18n.format import formats
from portico.i18n.notice_words import BUTTONS, FACTS, NOTICES
from portico.i18n.templates import fill_escaped

# What would end a line, or turn the direction of everything behind it. Names come from shops, comments from buyers.
_NO_TEXT = re.compile(r" *[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+ *")
_ALONE = "{value}"
_LONGEST_IN_SUBJECT = 60
_LONGEST_UNBROKEN = 15
_ISOLATED = Markup("<bdi>{}</bdi>")
_WHOLE = Markup('<bdi style="white-space:nowrap;">{}</bdi>')


@dataclass(frozen=True, slots=True)
class Text:
    """A translated message and the values to put in, each on one line."""

    words: str
    values: Mapping[str, str]

    @property
    def plain(self) -> str:
        """As text."""
        return fill(self.words, **{name: _one_line(value) for name, value in self.values.items()})

    @property
    def html(self) -> str:
        """Escaped; each value keeps its own direction."""
        alone = self.words == _ALONE
        return fill_escaped(self.words, **{name: _isolated(_one_line(value), alone=alone) for name, value in self.values.items()})

    @property
    def short(self) -> str:
        """For a subject line: no value may push the others out of sight."""
        return fill(self.words, **{name: _cut(_one_line(value)) for name, value in self.values.items()})


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table of facts. A strong one is what the others add up to; a wide one is prose, and stands below its label."""

    label: Text
    value: Text
    strong: bool = False
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """A mail in the buyer's language. `path` is the page of the portal, below its base, that the button leads to."""

    subject: Text
    heading: Text
    before: tuple[Text, ...]
    rows: tuple[Row, ...]
    after: tuple[Text, ...]
    button: str
    path: str


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes one kind of mail in one language; days are those of the store's `zone`."""

    kind: str
    language: str
    zone: str

    def say(self, code: str, **values: str) -> Text:
        """A sentence of this kind of mail."""
        return self.message(NOTICES[self.kind][code], **values)

    def heading(self, subject: Text) -> Text:
        """The title of this kind of mail: its own, or what the subject line says."""
        return self.say("heading") if "heading" in NOTICES[self.kind] else subject

    def message(self, message: Message, **values: str) -> Text:
        return Text(catalog(self.language).message(message), values)

    def literal(self, text: str) -> Text:
        """A value that stands alone."""
        return Text(_ALONE, {"value": text})

    def label(self, code: str) -> Text:
        return self.message(FACTS[code])

    def row(self, code: str, value: str | Text, *, strong: bool = False, wide: bool = False) -> Row:
        return Row(self.label(code), value if isinstance(value, Text) else self.literal(value), strong, wide)

    def button(self, code: str) -> str:
        return catalog(self.language).message(BUTTONS[code])

    def money(self, amount_minor: int, currency: str) -> str:
        """An amount that leaves no doubt about its currency."""
        return formats(self.language).money_code(amount_minor, currency)

    def price(self, amount_minor: int, currency: str, interval: str) -> str:
        return words.price_per(self.language, formats(self.language).money(amount_minor, currency), interval)

    def percent(self, rate: str) -> str:
        return formats(self.language).percent(rate)

    def date(self, moment: datetime) -> str:
        return formats(self.language).date(moment, self.zone)

    def moment(self, moment: datetime) -> str:
        return formats(self.language).datetime(moment, self.zone)

    def period(self, start: datetime, end: datetime) -> str:
        return formats(self.language).period(start, end, self.zone)

    def card(self, method: PaymentMethod | None) -> str:
        return words.card(self.language, method)

    def failure(self, code: str | None) -> Text:
        """Why a charge failed, in plain words."""
        return Text(words.failure_reason(self.language, code), {})


def _one_line(text: str) -> str:
    return _NO_TEXT.sub(" ", text).strip()


def _isolated(value: str, *, alone: bool) -> Markup:
    """Within a sentence an amount or a day is never torn apart at the end of a line."""
    is_figure = not alone and len(value) <= _LONGEST_UNBROKEN and any(character.isdigit() for character in value)
    return (_WHOLE if is_figure else _ISOLATED).format(value)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_IN_SUBJECT else f"{text[: _LONGEST_IN_SUBJECT - 1].rstrip()}…"
