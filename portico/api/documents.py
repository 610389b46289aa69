"""Documents: invoices, receipts and credit notes, as data and as files."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from portico.api.billing_details import BillingDetail, shown
from portico.api.call import Call
from portico.api.fields import BuyerId, Currency, DocumentId, Email, Moment, OrderId, PaymentId, RefundId, SignedAmount
from portico.api.operation import Operation
from portico.api.paging import Listed, Paged, listed
from portico.domain import invoice as domain
from portico.domain.invoice import DocumentKind, content_of
from portico.domain.money import format_amount
from portico.domain.scope import BuyerScope
from portico.domain.tax import TaxReason
from portico.http.download import download
from portico.http.response import Response
from portico.services import document_file
from portico.storage import document, document_of_store, owner


class DocumentLine(msgspec.Struct, frozen=True, kw_only=True):
    """A position. Of a change of plan `credit` gives back what was not used, and `charge` is the new plan."""

    kind: Literal["plain", "credit", "charge"]
    description: Annotated[str, Meta(examples=["Atlas Pro"])]
    quantity: int
    unit: SignedAmount
    net: SignedAmount
    tax_rate: Annotated[str, Meta(examples=["19"])]
    period_start: Moment | None
    period_end: Moment | None


class DocumentTax(msgspec.Struct, frozen=True, kw_only=True):
    """The tax of one rate."""

    rate: Annotated[str, Meta(description="In percent.", examples=["19"])]
    reason: TaxReason
    country: Annotated[str, Meta(examples=["DE"])]
    base: SignedAmount
    tax: Annotated[str, Meta(examples=["5.51"])]


class DocumentSeller(msgspec.Struct, frozen=True, kw_only=True):
    """The store as the document prints it."""

    legal_name: Annotated[str, Meta(examples=["Nordlicht Software GmbH"])]
    line1: str
    line2: str
    city: str
    postal_code: str
    state: str
    country: Annotated[str, Meta(examples=["DE"])]
    tax_id: str
    registration: str
    email: str
    website: str


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice, receipt or credit note. It is never changed; a correction is another document that refers to it."""

    id: DocumentId
    kind: DocumentKind
    number: Annotated[str, Meta(examples=["INV-2026-000042"])]
    buyer_id: BuyerId
    order_id: OrderId
    payment_id: PaymentId | None
    refund_id: RefundId | None
    corrects_id: Annotated[DocumentId, Meta(description="The document that this one corrects or replaces.")] | None
    issued_at: Moment
    language: Annotated[str, Meta(examples=["de"])]
    currency: Currency
    total: Annotated[str, Meta(examples=["34.51"])]


class DocumentWithContent(Document, frozen=True, kw_only=True):
    """A document with all that it prints."""

    supplied_at: Moment
    seller: DocumentSeller
    buyer_email: Email
    billing_detail: BillingDetail
    lines: list[DocumentLine]
    taxes: list[DocumentTax]
    net: SignedAmount
    tax: Annotated[str, Meta(examples=["5.51"])]
    paid: Annotated[str, Meta(examples=["34.51"])]
    paid_at: Moment | None
    refers_to: Annotated[str, Meta(description="The number of the document that it refers to.", examples=[""])]


class DocumentQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    buyer_id: BuyerId | None = None
    kind: DocumentKind | None = None
    order_id: OrderId | None = None
    payment_id: PaymentId | None = None
    refund_id: RefundId | None = None
    number: Annotated[str, Meta(max_length=60, examples=["INV-2026-000042"])] | None = None


class PdfQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    language: Annotated[str, Meta(max_length=35, description="For a copy in another language than its own.", examples=["fr"])] | None = None


class XmlQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    syntax: Annotated[Literal["cii", "ubl"], Meta(description="UN/CEFACT CII, as it is within the PDF, or OASIS UBL.")] = "cii"


def list_documents(call: Call) -> Listed[Document]:
    asked: DocumentQuery = call.query
    with call.runtime.database.read() as tx:
        page = document_of_store.page(
            tx,
            call.scope,
            asked.after,
            asked.limit,
            buyer_id=asked.buyer_id,
            kind=asked.kind,
            order_id=asked.order_id,
            payment_id=asked.payment_id,
            refund_id=asked.refund_id,
            number=asked.number,
        )
    return listed(page, lambda found: Document(**_head(found[1], found[0])))


def get_document(call: Call) -> DocumentWithContent:
    with call.runtime.database.read() as tx:
        whose = owner.buyer_of(tx, call.scope, "INV", call.id)
        found = document.get(tx, whose, call.id)
    content = content_of(found)
    seller = {name: getattr(content.seller, name) for name in DocumentSeller.__struct_fields__}
    return DocumentWithContent(
        **_head(found, whose),
        supplied_at=content.supplied_at,
        seller=DocumentSeller(**seller),
        buyer_email=content.buyer_email,
        billing_detail=shown(content.billing_detail),
        lines=_lines(content),
        taxes=_taxes(content),
        net=format_amount(content.net_minor, content.currency),
        tax=format_amount(content.tax_minor, content.currency),
        paid=format_amount(content.paid_minor, content.currency),
        paid_at=content.paid_at,
        refers_to=content.refers_to,
    )


def get_document_pdf(call: Call) -> Response:
    asked: PdfQuery = call.query
    with call.runtime.database.read() as tx:
        whose = owner.buyer_of(tx, call.scope, "INV", call.id)
        found = document.get(tx, whose, call.id)
    return download(*document_file.file_of(call.runtime, whose, found, document_file.PDF, asked.language), "application/pdf")


def get_document_xml(call: Call) -> Response:
    asked: XmlQuery = call.query
    with call.runtime.database.read() as tx:
        whose = owner.buyer_of(tx, call.scope, "INV", call.id)
    return download(*document_file.xml(call.runtime, whose, call.id, asked.syntax), "application/xml")


def _head(found: domain.Document, whose: BuyerScope) -> dict[str, Any]:
    return {
        "id": found.id,
        "kind": found.kind,
        "number": found.number,
        "buyer_id": whose.buyer_id,
        "order_id": found.order_id,
        "payment_id": found.payment_id,
        "refund_id": found.refund_id,
        "corrects_id": found.corrects_id,
        "issued_at": found.issued_at,
        "language": found.language,
        "currency": found.currency,
        "total": format_amount(found.total_minor, found.currency),
    }


def _lines(content: domain.DocumentContent) -> list[DocumentLine]:
    return [
        DocumentLine(
            kind=line.kind,
            description=line.description,
            quantity=line.quantity,
            unit=format_amount(line.unit_minor, content.currency),
            net=format_amount(line.net_minor, content.currency),
            tax_rate=line.tax_rate,
            period_start=line.period_start,
            period_end=line.period_end,
        )
        for line in content.lines
    ]


def _taxes(content: domain.DocumentContent) -> list[DocumentTax]:
    return [
        DocumentTax(
            rate=line.rate,
            reason=line.reason,
            country=line.country,
            base=format_amount(line.base_minor, content.currency),
            tax=format_amount(line.tax_minor, content.currency),
        )
        for line in content.taxes
    ]


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/documents",
        name="list_documents",
        tag="Documents",
        summary="List documents",
        description="Invoices, receipts and credit notes, newest first; of a buyer, an order, a payment or a refund, or by number.",
        handler=list_documents,
        answer=Listed[Document],
        query=DocumentQuery,
        errors=("cursor_invalid",),
    ),
    Operation(
        method="GET",
        path="/v1/documents/{id}",
        name="get_document",
        tag="Documents",
        summary="Get a document",
        description="One document with everything it prints.",
        handler=get_document,
        answer=DocumentWithContent,
    ),
    Operation(
        method="GET",
        path="/v1/documents/{id}/pdf",
        name="get_document_pdf",
        tag="Documents",
        summary="Download a document as PDF",
        description="PDF/A-3 with the e-invoice inside, in its own language, or a copy in another. The same bytes every time.",
        handler=get_document_pdf,
        answer=None,
        query=PdfQuery,
        media_types=("application/pdf",),
        errors=("language_unknown", "document_not_ready"),
    ),
    Operation(
        method="GET",
        path="/v1/documents/{id}/xml",
        name="get_document_xml",
        tag="Documents",
        summary="Download a document as e-invoice",
        description="EN 16931 as XML. Receipts have none, and neither has what the standard has no words for.",
        handler=get_document_xml,
        answer=None,
        query=XmlQuery,
        media_types=("application/xml",),
        errors=("no_einvoice", "document_not_ready"),
    ),
)
