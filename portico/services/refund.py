"""Money back: the buyer asks, a person of the store decides, and what is granted is done at the payment provider, once.

A request (ticket) is for part or all of one payment, and there is one at a time; declined, it can be made again. Granting it
commits a refund with the key that the provider will know it by, and a job; the provider is asked after that, outside of any
transaction, until it has answered. What was given back gets its credit note in the transaction that says so. The store may also give
money back that nobody asked for.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

import msgspec
import sqlalchemy as sa
import structlog

from portico.domain import free_text
from portico.domain import refund as rules
from portico.domain.billing_detail import BillingDetail
from portico.domain.correction import is_giving_tax_back
from portico.domain.errors import Conflict, FieldError, Invalid, Refused
from portico.domain.event import Told
from portico.domain.money import format_amount, parse_amount
from portico.domain.payment import Payment, RefundStatus, RefundTicket, refundable_minor
from portico.domain.scope import BuyerScope
from portico.domain.tax import Taxation
from portico.domain.typed import plain
from portico.gateways.port import RefundResult, Unanswered
from portico.services import document, event, marks, notice, refund_asking, store_time
from portico.services.runtime import Runtime
from portico.storage import audit, outbox
from portico.storage import document as documents
from portico.storage import order as orders
from portico.storage import payment as payments
from portico.storage import refund as refunds
from portico.storage import refund_ticket as tickets
from portico.storage import store as stores
from portico.storage.refund import KeyedRefund, TaxUnderWay

log = structlog.get_logger("portico.refunds")

JOB = "refund"
JOB_PREFIX = f"{JOB}:"  # of the keys of its jobs, before the refund's
_DECIMAL_COMMA = re.compile(r"([0-9]+),([0-9]{1,2})")  # three digits behind it could be thousands


class Decided(Conflict):
    """Somebody else has decided on the request."""

    code = "refund_ticket_decided"


class NotDeclined(Conflict):
    """The request is not declined (any more), so that it cannot be made again."""

    code = "refund_ticket_not_declined"


@dataclass(frozen=True, slots=True)
class TaxCorrection:
    """What is kept with a refund of tax: the invoice that charged it, whom the new one is made out to, and how the sale should have
    been taxed."""

    document_id: str
    billing_detail: BillingDetail
    taxation: Taxation


def why_not(runtime: Runtime, scope: BuyerScope, payment_id: str) -> str | None:
    """The code of the reason why no refund of a payment can be asked for; None when it can. Raises NotFound."""
    with runtime.database.read() as connection:
        return _why_not(connection, runtime, scope, payments.get(connection, scope, payment_id))


def would_ask(runtime: Runtime, scope: BuyerScope, payment_id: str, amount: str, reason: str) -> tuple[int, str]:
    """What `ask` would keep: the amount in minor units of the payment's currency, and that. Changes nothing, and raises like it."""
    with runtime.database.read() as connection:
        paid, amount_minor, _ = _wished(connection, runtime, scope, payment_id, amount=amount, reason=reason)
    return amount_minor, paid.currency


def ask(
    runtime: Runtime,
    scope: BuyerScope,
    payment_id: str,
    amount: str,
    reason: str,
    *,
    actor: str = "buyer",
    external_id: str | None = None,
    metadata: Mapping[str, str] | None = None,
) -> RefundTicket:
    """A buyer's request for part or all of a payment back. `amount` is a decimal in the payment's currency, as it was typed;
    `external_id` and `metadata` are the merchant's own, to find it by.

    Raises NotFound, Invalid with every wrong field ("amount", "reason"), and Refused with the code of the reason why none can be
    asked for.
    """
    with runtime.database.transaction() as tx:
        paid, amount_minor, text = _wished(tx, runtime, scope, payment_id, amount=amount, reason=reason)
        now = _now(tx, runtime, scope)
        ticket = RefundTicket(
            id=runtime.new_id("TKT"),
            payment_id=payment_id,
            version=1,
            amount_minor=amount_minor,
            currency=paid.currency,
            reason=text,
            status="pending",
            note="",
            created_at=now,
            updated_at=now,
            decided_at=None,
            external_id=external_id,
            metadata=dict(metadata or {}),
        )
        if not tickets.create(tx, scope, ticket):
            raise Refused("refund_ticket_open")
        notice.add(tx, runtime, scope, "refund_requested", ticket.id, now=now, payment_id=payment_id)
        event.record(tx, runtime, scope, "refund_ticket.created", ticket.id, at=now, **_of_ticket(ticket))
        audit.record(tx, scope, actor=actor, action="refund.asked", subject=ticket.id, now=runtime.clock())
        return ticket


def resubmit(runtime: Runtime, scope: BuyerScope, ticket_id: str, amount: str, reason: str, *, actor: str = "buyer") -> RefundTicket:
    """Makes a declined request again, as its next version. Raises like `ask`, and Conflict when it is not declined (any more)."""
    with runtime.database.transaction() as tx:
        before = _declined(tx, scope, ticket_id)
        paid, amount_minor, text = _wished(tx, runtime, scope, before.payment_id, amount=amount, reason=reason)
        now = _now(tx, runtime, scope)
        if not tickets.resubmit(tx, scope, ticket_id, expected_version=before.version, amount_minor=amount_minor, reason=text, now=now):
            raise Conflict("the request moved since it was read")
        notice.add(tx, runtime, scope, "refund_requested", ticket_id, now=now, payment_id=paid.id)
        audit.record(tx, scope, actor=actor, action="refund.asked_again", subject=ticket_id, now=runtime.clock())
        ticket = tickets.get(tx, scope, ticket_id)
        event.record(tx, runtime, scope, "refund_ticket.created", ticket_id, at=now, **_of_ticket(ticket))
        return ticket


def would_resubmit(runtime: Runtime, scope: BuyerScope, ticket_id: str, amount: str, reason: str) -> tuple[int, str]:
    """What `resubmit` would keep, like `would_ask`. Changes nothing, and raises like it."""
    with runtime.database.read() as connection:
        before = _declined(connection, scope, ticket_id)
        paid, amount_minor, _ = _wished(connection, runtime, scope, before.payment_id, amount=amount, reason=reason)
    return amount_minor, paid.currency


def taxes_under_way(runtime: Runtime) -> tuple[TaxUnderWay, ...]:
    """Every refund of tax that the provider has not confirmed yet, oldest first: for operators. Nobody decides on them."""
    with runtime.database.read() as connection:
        return refunds.taxes_under_way_any(connection)


def waiting(runtime: Runtime) -> tuple[tuple[BuyerScope, RefundTicket], ...]:
    """Every request that waits for a decision or for its refund, oldest first: for operators."""
    with runtime.database.read() as connection:
        return tickets.open_any(connection)


def approve(runtime: Runtime, ticket_id: str, *, note: str = "", actor: str = "operator") -> str:
    """Grants a request: its refund is on its way when this returns. The refund's id, which is its key at the provider too.

    For operators, never for a visitor. Raises NotFound, Conflict when somebody else decided it, and Refused: "no_gateway",
    "billed_elsewhere", "correction_under_way", "payment_disputed", "refund_amount" when less is left of the payment by now; Invalid
    for a note that cannot be kept.
    """
    with runtime.database.transaction() as tx:
        scope, ticket = tickets.get_any(tx, ticket_id)
        payments.lock(tx, scope, ticket.payment_id)
        _hold_grantable(runtime, scope, ticket, payments.get(tx, scope, ticket.payment_id))
        now, refund_id = _now(tx, runtime, scope), runtime.new_id("REF")
        if not tickets.decide(tx, scope, ticket_id, "approved", now=now, note=_answer(note)):
            raise Decided("the request is decided already")
        if not refunds.start(
            tx, scope, refund_id, payment_id=ticket.payment_id, amount_minor=ticket.amount_minor, reason=ticket.reason,
            key=refund_id, now=now, ticket_id=ticket_id,
        ):  # fmt: skip
            raise Refused("refund_amount", "less than that is left of the payment")
        add_job(tx, runtime, refund_id, first=True)
        event.record(tx, runtime, scope, "refund_ticket.approved", ticket_id, at=now, **_of_ticket(ticket), refund_id=refund_id)
        audit.record(tx, scope, actor=actor, action="refund.approved", subject=ticket_id, now=runtime.clock())
    return refund_id


def would_approve(runtime: Runtime, scope: BuyerScope, ticket_id: str, *, note: str = "") -> RefundTicket:
    """The request that `approve` would grant. Changes nothing, and raises like it."""
    with runtime.database.read() as connection:
        ticket = tickets.get(connection, scope, ticket_id)
        paid = payments.get(connection, scope, ticket.payment_id)
    _answer(note)
    _hold_grantable(runtime, scope, ticket, paid)
    if ticket.amount_minor > refundable_minor(paid):
        raise Refused("refund_amount", "less than that is left of the payment")
    return ticket


def would_reject(runtime: Runtime, scope: BuyerScope, ticket_id: str, *, note: str = "") -> RefundTicket:
    """The request that `reject` would decline. Changes nothing, and raises like it."""
    with runtime.database.read() as connection:
        ticket = tickets.get(connection, scope, ticket_id)
    _answer(note)
    if ticket.status != "pending":
        raise Decided("the request is decided already")
    return ticket


def reject(runtime: Runtime, ticket_id: str, *, note: str = "", actor: str = "operator") -> None:
    """Declines a request; the buyer is mailed the note. For operators, never for a visitor. Raises NotFound, Conflict, Invalid."""
    with runtime.database.transaction() as tx:
        scope, ticket = tickets.get_any(tx, ticket_id)
        now = _now(tx, runtime, scope)
        if not tickets.decide(tx, scope, ticket_id, "rejected", now=now, note=_answer(note)):
            raise Decided("the request is decided already")
        notice.add(tx, runtime, scope, "refund_rejected", ticket_id, now=now, payment_id=ticket.payment_id)
        event.record(tx, runtime, scope, "refund_ticket.rejected", ticket_id, at=now, **_of_ticket(ticket))
        audit.record(tx, scope, actor=actor, action="refund.rejected", subject=ticket_id, now=runtime.clock())


def add_job(tx: sa.Connection, runtime: Runtime, key: str, *, first: bool = False) -> bool:
    """The job that sees a refund to its end. `first`: nobody has asked for it before. False: there is one already."""
    return outbox.add(tx, JOB, {"key": key, "first": first}, now=runtime.clock(), lane="pay", key=JOB_PREFIX + key)


def execute(
    runtime: Runtime, key: str, *, first: bool = False, ending: Callable[[], AbstractContextManager[sa.Connection]] | None = None
) -> RefundStatus:
    """Asks the provider to give the money back, or what became of that, and settles what it answers. Any number of calls give it
    back once; "pending" also when there was no answer.

    `first`: nobody can have asked before. `ending` is the transaction that ends the job which calls this. Raises NotFound.
    """
    marks.here("refund_committed")
    with runtime.database.read() as connection:
        asked = refunds.by_key(connection, key)
    if asked.refund.status != "pending":
        return asked.refund.status
    try:
        result = refund_asking.ask(runtime, asked, first=first)
    except Unanswered as silence:
        log.warning("refund_unanswered", key=key, said=str(silence))
        return "pending"
    marks.here("refund_answered")
    is_final = result.status != "pending"
    with ending() if ending is not None and is_final else runtime.database.transaction() as tx:
        settle(tx, runtime, asked, result)
        marks.here("refund_settling")
    marks.here("refund_settled")
    return result.status


def settle(tx: sa.Connection, runtime: Runtime, asked: KeyedRefund, result: RefundResult) -> None:
    """Writes what became of a refund, and everything that follows from it. Does nothing where that is written already. `asked` may
    be older than this transaction; `result` fits it (see `refund_asking`)."""
    scope, refund = asked.scope, asked.refund
    if result.status == "pending":
        refunds.note(tx, asked.key, result.reference)
        return
    before_minor = refunds.settle(tx, asked.key, result.status, reference=result.reference)
    if before_minor is None:
        if refund.status == "succeeded" and result.status == "failed":
            log.error("refund_came_back", refund=refund.id)  # it has a credit note, which nobody may take back but a person
        return
    now = store_time.now(runtime, asked.store, scope.environment)
    ticket_id = refund.ticket_id
    if refund.at_provider and result.status == "succeeded":
        ticket_id = _answered(tx, runtime, asked, left_minor=asked.payment.total_minor - before_minor - refund.amount_minor, now=now)
    if ticket_id is not None:
        tickets.decide(tx, scope, ticket_id, result.status, now=now)
    about = {"payment_id": asked.payment.id, "order_id": asked.payment.order_id, "ticket_id": ticket_id, "purpose": refund.purpose}
    told = {**about, **event.money(refund.amount_minor, asked.payment.currency)}
    event.record(tx, runtime, scope, "refund.failed" if result.status == "failed" else "refund.succeeded", refund.id, at=now, **told)
    if result.status == "failed":
        log.error("refund_failed", refund=refund.id, purpose=refund.purpose)
        notice.add(tx, runtime, scope, "refund_failed", refund.id, now=now, payment_id=asked.payment.id)
    elif refund.purpose == "tax":
        _correct(tx, runtime, asked, before_minor=before_minor, now=now)
    else:
        notice.add(tx, runtime, scope, "refund_made", refund.id, now=now, payment_id=asked.payment.id)
        document.issue_for_refund(tx, runtime, scope, asked.payment, refund, before_minor=before_minor, now=now)


def _answered(tx: sa.Connection, runtime: Runtime, asked: KeyedRefund, *, left_minor: int, now: datetime) -> str | None:
    """The request that is granted by what somebody gave back at the provider: it was what was asked for, or nothing else is left to
    give. Any other goes on waiting for a person."""
    scope, refund = asked.scope, asked.refund
    waiting = [each for each in tickets.of_payment(tx, scope, asked.payment.id) if each.status == "pending"]
    if not waiting or (left_minor > 0 and waiting[0].amount_minor != refund.amount_minor):
        return None
    ticket = waiting[0]
    if not tickets.decide(tx, scope, ticket.id, "approved", now=now):
        return None
    refunds.answer(tx, refund.id, ticket.id)
    event.record(tx, runtime, scope, "refund_ticket.approved", ticket.id, at=now, **_of_ticket(ticket), refund_id=refund.id)
    return ticket.id


def _correct(tx: sa.Connection, runtime: Runtime, asked: KeyedRefund, *, before_minor: int, now: datetime) -> None:
    """Tax that was never due is back with the buyer: the invoice that charged it is cancelled, and replaced by one without. Nothing
    else could happen to the payment meanwhile, so that it is the invoice, and the amount, that the refund was started for."""
    scope, ordered = asked.scope, msgspec.convert(asked.correction, TaxCorrection)
    corrected = documents.newest_invoice(tx, scope, asked.payment.id)
    if corrected.id != ordered.document_id:
        raise ValueError(f"{asked.key} is for {ordered.document_id}, and {corrected.id} holds")
    orders.set_billing_detail(tx, scope, asked.payment.order_id, ordered.billing_detail)
    about = {"payment_id": asked.payment.id, "refund_id": asked.refund.id}
    notice.add(tx, runtime, scope, "invoice_corrected", corrected.id, now=now, **about)
    audit.record(tx, scope, actor="worker", action="invoice.corrected", subject=corrected.id, now=runtime.clock())
    document.issue_correction(
        tx, runtime, scope, corrected, asked.payment,
        billing_detail=ordered.billing_detail, before_minor=before_minor, now=now, seller=asked.store, undue=ordered.taxation,
    )  # fmt: skip


def _hold_grantable(runtime: Runtime, scope: BuyerScope, ticket: RefundTicket, paid: Payment) -> None:
    """Raises what stands against granting a request, but for its amount, which the refund's own row is held against."""
    if ticket.status != "pending":
        raise Decided("the request is decided already")
    if scope.environment not in runtime.gateways:
        raise Refused("no_gateway")
    if rules.charge_reference(paid) is None:
        raise Refused("billed_elsewhere")
    if is_giving_tax_back(paid):
        raise Refused("correction_under_way")
    if paid.disputed_at is not None:
        raise Refused("payment_disputed")


def _why_not(tx: sa.Connection, runtime: Runtime, scope: BuyerScope, paid: Payment) -> str | None:
    if scope.environment not in runtime.gateways:
        return "no_gateway"
    return rules.refund_why_not(paid, tickets.of_payment(tx, scope, paid.id), _now(tx, runtime, scope))


def _declined(tx: sa.Connection, scope: BuyerScope, ticket_id: str) -> RefundTicket:
    ticket = tickets.get(tx, scope, ticket_id)
    if ticket.status != "rejected":
        raise NotDeclined("the request is not declined")
    return ticket


def _wished(
    tx: sa.Connection, runtime: Runtime, scope: BuyerScope, payment_id: str, *, amount: str, reason: str
) -> tuple[Payment, int, str]:
    """The payment, and what is asked back of it with which reason, as it is kept. Raises NotFound, Refused, Invalid."""
    paid = payments.get(tx, scope, payment_id)
    refusal = _why_not(tx, runtime, scope, paid)
    if refusal is not None:
        raise Refused(refusal)
    return paid, *_checked(paid, amount, reason)


def _checked(paid: Payment, amount: str, reason: str) -> tuple[int, str]:
    """What was typed, as minor units and as it is kept. Raises Invalid with all that is wrong."""
    left_minor = refundable_minor(paid)
    try:
        amount_minor = parse_amount(_DECIMAL_COMMA.sub(r"\1.\2", plain(amount).strip()), paid.currency)
    except Refused:
        errors = [FieldError("amount", "amount_format", format_amount(left_minor, paid.currency))]
        try:
            rules.check(paid, left_minor, reason)
        except Invalid as wrong:
            errors += wrong.errors
        raise Invalid(errors) from None
    return amount_minor, rules.check(paid, amount_minor, reason)


def _of_ticket(ticket: RefundTicket) -> dict[str, Told | datetime]:
    """What is told of a request; why somebody wants his money back stays between him and the store."""
    return {"payment_id": ticket.payment_id, "version": ticket.version, **event.money(ticket.amount_minor, ticket.currency)}


def _answer(note: str) -> str:
    text = free_text.clean(note)
    if errors := free_text.faults("note", text):
        raise Invalid(errors)
    return text


def _now(tx: sa.Connection, runtime: Runtime, scope: BuyerScope) -> datetime:
    return store_time.now(runtime, stores.get(tx, scope.store_id), scope.environment)
