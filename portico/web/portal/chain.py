"""The documents of one payment, seen from one of them: which corrects which, which replaces which, and what was given back."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from portico.domain.invoice import Document


@dataclass(frozen=True, slots=True)
class Chain:
    """`replaced_by` and `canceled_by` are the new invoice and the credit note of this one's correction; `corrects` is the invoice
    that this document corrects or replaces, and `corrects_...` the same of that. `newest` is the invoice that holds, `refunds` are
    credit notes for money given back on this invoice, `receipt` is the payment's unless this is it. `others` are all but this,
    newest first, and `replaced` the ids of the invoices among them all that another replaces."""

    replaced_by: Document | None
    canceled_by: Document | None
    corrects: Document | None
    corrects_replaced_by: Document | None
    corrects_canceled_by: Document | None
    newest: Document | None
    refunds: tuple[Document, ...]
    receipt: Document | None
    others: tuple[Document, ...]
    replaced: frozenset[str]

    @property
    def is_corrected(self) -> bool:
        """Whether any invoice of the payment was."""
        return bool(self.replaced)


def chain_of(document: Document, of_payment: tuple[Document, ...]) -> Chain:
    """`of_payment` are all documents of the payment, newest first; empty for a document without one."""
    corrects = next((other for other in of_payment if other.id == document.corrects_id), None)
    replaced = replaced_among(of_payment)
    receipts = (other for other in of_payment if other.kind == "receipt" and other.id != document.id)
    return Chain(
        replaced_by=_successor(document.id, of_payment),
        canceled_by=_cancellation(document.id, of_payment),
        corrects=corrects,
        corrects_replaced_by=_successor(corrects.id, of_payment) if corrects else None,
        corrects_canceled_by=_cancellation(corrects.id, of_payment) if corrects else None,
        newest=next((other for other in of_payment if other.kind == "invoice" and other.id not in replaced), None),
        refunds=tuple(other for other in of_payment if other.refund_id is not None and other.corrects_id == document.id),
        receipt=next(receipts, None),
        others=invoice_first(other for other in of_payment if other.id != document.id),
        replaced=replaced,
    )


def replaced_among(documents: Iterable[Document]) -> frozenset[str]:
    """The ids of the invoices that another of `documents` replaces. A successor is the newer one: where documents are listed from
    the newest on, none is missing."""
    return frozenset(one.corrects_id for one in documents if one.kind == "invoice" and one.corrects_id is not None)


def invoice_first(documents: Iterable[Document]) -> tuple[Document, ...]:
    """Documents in their order, but of those that were issued together the invoice first: it is what people come for."""
    together = groupby(documents, key=lambda one: (one.issued_at, one.payment_id))
    return tuple(one for _, some in together for one in sorted(some, key=lambda one: one.kind != "invoice"))


def _successor(document_id: str, of_payment: tuple[Document, ...]) -> Document | None:
    return next((one for one in of_payment if one.kind == "invoice" and one.corrects_id == document_id), None)


def _cancellation(document_id: str, of_payment: tuple[Document, ...]) -> Document | None:
    found = (one for one in of_payment if one.kind == "credit_note" and one.corrects_id == document_id and one.refund_id is None)
    return next(found, None)
