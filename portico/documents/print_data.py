"""What a document prints, as ready strings: translated, formatted and cleaned (see `portico.documents.text`) by the caller."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Fact:
    """A small label and its value: "Date of issue", "1 November 2026". A value that explains itself has no label."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Party:
    """Seller or buyer. `heading` says which, `lines` is the address in the order of its country, `facts` ids and the like."""

    heading: str
    name: str
    lines: tuple[str, ...]
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Columns:
    """Headings of the table of lines."""

    description: str
    quantity: str
    unit: str
    tax: str
    amount: str


@dataclass(frozen=True, slots=True)
class Line:
    """One position; `detail` is a second, smaller line (the period) or empty. `carried` is the sum up to it, for where a page ends."""

    description: str
    detail: str
    quantity: str
    unit: str
    tax: str
    amount: str
    carried: str = ""


@dataclass(frozen=True, slots=True)
class TaxRow:
    """One rate: its words ("19%", "0%, reverse charge"), the taxable base and the tax."""

    rate: str
    base: str
    tax: str


@dataclass(frozen=True, slots=True)
class TaxTable:
    """The tax by rate (Directive 2006/112/EC art. 226 (8) to (10))."""

    heading: str
    rate: str
    base: str
    tax: str
    rows: tuple[TaxRow, ...]


@dataclass(frozen=True, slots=True)
class Total:
    """A row of the sum. The `strong` one is the total itself."""

    label: str
    value: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class PrintData:
    """All of one document.

    `language` is a tag of the registry ("de", "zh-Hans", "pt-BR"); `issued_at` dates the file, so that the same data gives
    the same bytes. `accent` is "#rrggbb" or empty. `page_of` is "Page {page} of {pages}" in the language; the renderer fills
    it in. `carried_forward` are the words beside the sum of the pages before. `taxes` is None where the totals say it all.
    `paid_mark`, `copy_of` and `test_mark` are empty when they do not apply. `replaced` lists the characters that no font has
    and that were printed as a box.
    """

    language: str
    direction: Literal["ltr", "rtl"]
    paper: Literal["a4", "us-letter"]
    issued_at: datetime
    accent: str
    store_name: str
    title: str
    number: str
    document_title: str
    headline: str
    paid_mark: str
    facts: tuple[Fact, ...]
    seller: Party
    buyer: Party
    columns: Columns
    lines: tuple[Line, ...]
    taxes: TaxTable | None
    totals: tuple[Total, ...]
    payment: tuple[Fact, ...]
    notes: tuple[str, ...]
    page_of: str
    carried_forward: str = ""
    copy_of: str = ""
    test_mark: str = ""
    replaced: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file within the document (PDF/A-3). `body` is text in UTF-8, `relationship` the PDF's AFRelationship: an e-invoice says
    the same in another form. `description` is shown by readers that list attachments."""

    name: str
    body: bytes
    description: str
    relationship: Literal["source", "data", "alternative", "supplement"] = "alternative"
    media_type: str = "text/xml"
