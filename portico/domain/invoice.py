"""Documents: invoices and receipts. Frozen at issue: a document copies everything it prints and is never changed.

Correction is another document that refers to the first (Directive 2006/112/EC art. 219); numbers are sequential
(art. 226 (2)) and gapless within a series.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from portico.domain.billing_detail import BillingDetail
from portico.domain.payment import PaymentMethod
from portico.domain.tax import TaxReason

DocumentKind = Literal["invoice", "receipt"]
DOCUMENT_KINDS: tuple[DocumentKind, ...] = ("invoice", "receipt")
SERIES_PREFIX: dict[DocumentKind, str] = {"invoice": "INV", "receipt": "REC"}
TEMPLATE_VERSION = 1


@dataclass(frozen=True, slots=True)
class Seller:
    """The store as it is printed on a document: legal name, address, tax ids (label is printed as given, e.g. "USt-IdNr.")."""

    legal_name: str
    line1: str = ""
    line2: str = ""
    city: str = ""
    postal_code: str = ""
    state: str = ""
    country: str = ""
    tax_id: str = ""
    registration: str = ""
    email: str = ""
    website: str = ""


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """One position. `unit_minor` x `quantity` = `net_minor`; tax is per rate over the document, not per line."""

    description: str
    quantity: int
    unit_minor: int
    net_minor: int
    tax_rate: str
    period_start: datetime | None = None
    period_end: datetime | None = None


@dataclass(frozen=True, slots=True)
class TaxLine:
    """The taxable base and the tax at one rate. `rate` is a decimal string in percent ("19", "8.875"); `reason` says why that rate."""

    rate: str
    reason: TaxReason
    base_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class DocumentContent:
    """Everything that is printed, copied at issue. Stored as JSON; a document is re-rendered from this alone."""

    kind: DocumentKind
    number: str
    issued_at: datetime
    supplied_at: datetime
    language: str
    time_zone: str
    currency: str
    test: bool
    order_id: str
    seller: Seller
    buyer_email: str
    billing_detail: BillingDetail
    lines: tuple[DocumentLine, ...]
    taxes: tuple[TaxLine, ...]
    net_minor: int
    tax_minor: int
    total_minor: int
    paid_minor: int
    paid_at: datetime | None
    method: PaymentMethod | None
    refers_to: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A row of the document list. `id` is INV_..., whatever the kind."""

    id: str
    kind: DocumentKind
    number: str
    order_id: str
    payment_id: str | None
    issued_at: datetime
    language: str
    currency: str
    total_minor: int
    content: DocumentContent | None = None
