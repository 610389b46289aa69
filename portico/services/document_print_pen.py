"""What a document is written with: the reader's words and formats, and a cleaner for what other people typed."""

from dataclasses import dataclass, field
from datetime import datetime

from portico.documents.text import LONGEST_WORD, clean, isolate
from portico.i18n.catalog import Catalog
from portico.i18n.format import Formats
from portico.i18n.languages import by_tag

EMAIL_WORD = 40  # fits the column, and an address that may break is an address that cannot be copied


@dataclass(frozen=True, slots=True)
class Pen:
    """The reader's words and formats, the document's zone, and what could not be written."""

    language: str
    words: Catalog
    formats: Formats
    zone: str
    currency: str
    breaks_words: bool = True
    replaced: list[str] = field(default_factory=list[str])

    def foreign(self, text: str, longest_word: int = LONGEST_WORD) -> str:
        """What somebody typed, fit for paper."""
        cleaned = clean(text, longest_word=longest_word if self.breaks_words else len(text) + 1)
        if cleaned.replaced:
            self.replaced.append(cleaned.replaced)
        return cleaned.text

    def value(self, text: str) -> str:
        """A value within a sentence: in a right-to-left one it keeps a direction of its own."""
        return isolate(text) if by_tag(self.language).direction == "rtl" else text

    def percent(self, rate: str) -> str:
        return self.value(self.formats.percent(rate))

    def money(self, amount_minor: int) -> str:
        return self.formats.money(amount_minor, self.currency)

    def total(self, amount_minor: int) -> str:
        """With the currency's code where its sign could be several."""
        return self.formats.money_code(amount_minor, self.currency)

    def date(self, moment: datetime) -> str:
        """Written as the days of a period are: one kind of date on a document, its month in words."""
        return self.formats.period(moment, moment, self.zone)

    def numbered(self, number: str, at: datetime | None) -> str:
        """Another document within a sentence, with its date where that is known: "INV-2026-000042 (Nov 1, 2026)"."""
        named = self.value(self.foreign(number))
        return named if at is None else f"{named} ({self.value(self.date(at))})"
