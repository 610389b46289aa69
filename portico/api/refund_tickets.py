"""Refund tickets: what buyers ask back, and the answer of the store."""

from typing import Annotated

import msgspec
from msgspec import Meta

from portico.api.call import Call
from portico.api.dry_run import DryRun
from portico.api.fields import Amount, BuyerId, Currency, ExternalId, Metadata, Moment, PaymentId, RefundId, SignedAmount, TicketId
from portico.api.operation import Operation
from portico.api.paging import Listed, Paged, listed
from portico.api.refunds import payment
from portico.domain import payment as domain
from portico.domain.money import format_amount
from portico.domain.payment import Payment, TicketStatus, refundable_minor
from portico.domain.scope import BuyerScope
from portico.services import refund
from portico.storage import payment_of_store
from portico.storage import refund_ticket as tickets


class RefundTicket(msgspec.Struct, frozen=True, kw_only=True):
    """A buyer's request for money back. Rejected, it can be made again, as its next version."""

    id: TicketId
    external_id: ExternalId | None
    buyer_id: BuyerId
    payment_id: PaymentId
    version: Annotated[int, Meta(ge=1)]
    amount: SignedAmount
    currency: Currency
    reason: Annotated[str, Meta(description="What the buyer wrote.", examples=["I bought it twice."])]
    status: Annotated[TicketStatus, Meta(description="`approved`: the money is on its way. `succeeded`, `failed`: how that went.")]
    note: Annotated[str, Meta(description="The answer to the buyer.")]
    created_at: Moment
    updated_at: Moment
    decided_at: Moment | None
    metadata: Metadata


class ApprovedTicket(RefundTicket, frozen=True, kw_only=True):
    """A request that was granted, and the refund that is on its way."""

    refund_id: RefundId


class _Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked back. Without an amount, all that is left."""

    reason: Annotated[str, Meta(max_length=500, description="What the buyer says.", examples=["I bought it twice."])]
    amount: Amount | None = None


class RefundTicketAgain(_Request, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request that was rejected, once more."""


class RefundTicketInput(_Request, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request on a buyer's behalf."""

    payment_id: PaymentId
    external_id: ExternalId | None = None
    metadata: Metadata = {}


class Decision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answer to the buyer, if there is something to say."""

    note: Annotated[str, Meta(max_length=500, examples=["Of course."])] = ""


class TicketPreview(DryRun, frozen=True, kw_only=True):
    """What would be asked back, given back, or declined."""

    amount: SignedAmount | None = None
    currency: Currency | None = None


class RefundTicketQuery(Paged, frozen=True, kw_only=True, forbid_unknown_fields=True):
    buyer_id: BuyerId | None = None
    payment_id: PaymentId | None = None
    status: TicketStatus | None = None
    external_id: ExternalId | None = None


def list_refund_tickets(call: Call) -> Listed[RefundTicket]:
    asked: RefundTicketQuery = call.query
    with call.runtime.database.read() as tx:
        page = tickets.page_of_store(
            tx,
            call.scope,
            asked.after,
            asked.limit,
            buyer_id=asked.buyer_id,
            payment_id=asked.payment_id,
            status=asked.status,
            external_id=asked.external_id,
        )
    return listed(page, lambda found: _shown(*found))


def get_refund_ticket(call: Call) -> RefundTicket:
    return _shown(*_get(call))


def create_refund_ticket(call: Call) -> RefundTicket | TicketPreview:
    body: RefundTicketInput = call.body
    whose, paid = payment(call, body.payment_id)
    amount = _amount(body, paid)
    if call.dry_run:
        return _preview(*refund.would_ask(call.runtime, whose, paid.id, amount, body.reason))
    ticket = refund.ask(
        call.runtime, whose, paid.id, amount, body.reason, actor=call.actor, external_id=body.external_id, metadata=body.metadata
    )
    return _shown(whose, ticket)


def resubmit_refund_ticket(call: Call) -> RefundTicket | TicketPreview:
    body: RefundTicketAgain = call.body
    whose, before = _get(call)
    with call.runtime.database.read() as tx:
        _, paid = payment_of_store.get(tx, whose, before.payment_id)
    amount = _amount(body, paid)
    if call.dry_run:
        return _preview(*refund.would_resubmit(call.runtime, whose, before.id, amount, body.reason))
    return _shown(whose, refund.resubmit(call.runtime, whose, before.id, amount, body.reason, actor=call.actor))


def approve_refund_ticket(call: Call) -> ApprovedTicket | TicketPreview:
    body: Decision = call.body
    whose, ticket = _get(call)
    if call.dry_run:
        would = refund.would_approve(call.runtime, whose, ticket.id, note=body.note)
        return _preview(would.amount_minor, would.currency)
    refund_id = refund.approve(call.runtime, ticket.id, note=body.note, actor=call.actor)
    return ApprovedTicket(**msgspec.structs.asdict(_shown(*_get(call))), refund_id=refund_id)


def reject_refund_ticket(call: Call) -> RefundTicket | TicketPreview:
    body: Decision = call.body
    whose, ticket = _get(call)
    if call.dry_run:
        would = refund.would_reject(call.runtime, whose, ticket.id, note=body.note)
        return _preview(would.amount_minor, would.currency)
    refund.reject(call.runtime, ticket.id, note=body.note, actor=call.actor)
    return _shown(*_get(call))


def _get(call: Call) -> tuple[BuyerScope, domain.RefundTicket]:
    with call.runtime.database.read() as tx:
        return tickets.get_of_store(tx, call.scope, call.id)


def _amount(body: _Request, paid: Payment) -> str:
    return format_amount(refundable_minor(paid), paid.currency) if body.amount is None else body.amount


def _preview(amount_minor: int, currency: str) -> TicketPreview:
    return TicketPreview(possible=True, amount=format_amount(amount_minor, currency), currency=currency)


def _shown(whose: BuyerScope, ticket: domain.RefundTicket) -> RefundTicket:
    return RefundTicket(
        id=ticket.id,
        external_id=ticket.external_id,
        buyer_id=whose.buyer_id,
        payment_id=ticket.payment_id,
        version=ticket.version,
        amount=format_amount(ticket.amount_minor, ticket.currency),
        currency=ticket.currency,
        reason=ticket.reason,
        status=ticket.status,
        note=ticket.note,
        created_at=ticket.created_at,
        updated_at=ticket.updated_at,
        decided_at=ticket.decided_at,
        metadata=ticket.metadata,
    )


_ASKING = (
    "no_gateway", "payment_not_succeeded", "billed_elsewhere", "refund_ticket_open", "already_refunded", "payment_disputed",
    "refund_too_late", "correction_under_way",
)  # fmt: skip

OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/refund-tickets",
        name="list_refund_tickets",
        tag="Refund tickets",
        summary="List refund tickets",
        description="What buyers ask back, newest first; `?status=pending` is what waits for an answer.",
        handler=list_refund_tickets,
        answer=Listed[RefundTicket],
        query=RefundTicketQuery,
        errors=("cursor_invalid",),
    ),
    Operation(
        method="GET",
        path="/v1/refund-tickets/{id}",
        name="get_refund_ticket",
        tag="Refund tickets",
        summary="Get a refund ticket",
        description="One request.",
        handler=get_refund_ticket,
        answer=RefundTicket,
    ),
    Operation(
        method="POST",
        path="/v1/refund-tickets",
        name="create_refund_ticket",
        tag="Refund tickets",
        summary="Ask for money back on a buyer's behalf",
        description="As the buyer could in the portal. One request about a payment is open at a time; the buyer is mailed that it came in.",
        handler=create_refund_ticket,
        answer=RefundTicket,
        body=RefundTicketInput,
        status=201,
        action=True,
        preview=TicketPreview,
        errors=_ASKING,
    ),
    Operation(
        method="POST",
        path="/v1/refund-tickets/{id}/resubmit",
        name="resubmit_refund_ticket",
        tag="Refund tickets",
        summary="Ask once more",
        description="Makes a request that was rejected again, as its next version.",
        handler=resubmit_refund_ticket,
        answer=RefundTicket,
        body=RefundTicketAgain,
        action=True,
        preview=TicketPreview,
        errors=(*_ASKING, "refund_ticket_not_declined", "conflict"),
    ),
    Operation(
        method="POST",
        path="/v1/refund-tickets/{id}/approve",
        name="approve_refund_ticket",
        tag="Refund tickets",
        summary="Grant a request",
        description="The money is on its way back when this answers, and the buyer gets a credit note when it is done.",
        handler=approve_refund_ticket,
        answer=ApprovedTicket,
        body=Decision,
        money=True,
        action=True,
        preview=TicketPreview,
        errors=("refund_ticket_decided", "no_gateway", "billed_elsewhere", "correction_under_way", "payment_disputed", "refund_amount"),
    ),
    Operation(
        method="POST",
        path="/v1/refund-tickets/{id}/reject",
        name="reject_refund_ticket",
        tag="Refund tickets",
        summary="Decline a request",
        description="The buyer is mailed the note, and may ask again.",
        handler=reject_refund_ticket,
        answer=RefundTicket,
        body=Decision,
        action=True,
        preview=TicketPreview,
        errors=("refund_ticket_decided",),
    ),
)
