"""Mails about money: taken, not taken, perhaps taken, and given back."""

from portico.domain.payment import Payment
from portico.i18n.notice_words import CORRECTION, CREDIT_NOTE, DOCUMENTS
from portico.services import notice_rows as rows
from portico.services.notice_matter import Matter
from portico.services.notice_text import Content, Pen, Row, Text


def payment_received(pen: Pen, matter: Matter) -> Content:
    payment = matter.paid
    named = {"amount": pen.money(payment.total_minor, payment.currency), "plan": matter.paid_for}
    before = [pen.say("paid", **named, date=pen.date(matter.at))]
    if matter.has("subscription_id") and any(attempt.status == "failed" for attempt in payment.attempts):
        before.append(pen.say("recovered"))
    if matter.text("status") == "canceling":
        before.append(pen.say("ends", date=pen.date(matter.moment("period_end"))))
    invoice = rows.document_of(matter.documents, payment, "invoice")
    button, path = ("invoice", f"/invoices/{invoice.id}") if invoice else _home(matter)
    return Content(
        subject=pen.say("subject", **named),
        heading=pen.say("heading"),
        before=tuple(before),
        rows=(
            rows.paid_for(pen, matter),
            *_period(pen, payment),
            *rows.sums(pen, matter, payment),
            *rows.card(pen, payment.method),
            *((pen.row("invoice", invoice.number),) if invoice else ()),
            *rows.next_charge(pen, matter),
        ),
        after=(pen.message(DOCUMENTS),) if invoice else (),
        button=pen.button(button),
        path=path,
    )


def payment_failed(pen: Pen, matter: Matter) -> Content:
    payment, code = matter.paid, matter.text("failure_code")
    named = {"amount": pen.money(payment.total_minor, payment.currency), "plan": matter.paid_for}
    method = matter.card or payment.method
    button, path = _home(matter)
    if matter.has("subscription_id"):
        button = {"no_payment_method": "add_card", "authentication_required": "pay"}.get(code, "update_card")
    return Content(
        subject=pen.say("subject", **named),
        heading=pen.say("heading"),
        before=(pen.say("tried", **named, date=pen.date(matter.at)), pen.failure(code)),
        rows=(
            rows.paid_for(pen, matter),
            *_period(pen, payment),
            *rows.sums(pen, matter, payment),
            *rows.card(pen, method),
            *((pen.row("retry", pen.date(matter.moment("retry_at"))),) if matter.has("retry_at") else ()),
        ),
        after=_what_follows(pen, matter),
        button=pen.button(button),
        path=path,
    )


def _what_follows(pen: Pen, matter: Matter) -> tuple[Text, ...]:
    """When it is tried again, and what if that fails too."""
    if not matter.has("retry_at"):
        return (pen.say("again"),)
    help_yourself = pen.say({"no_payment_method": "add", "authentication_required": "confirm"}.get(matter.text("failure_code"), "update"))
    retry_at = matter.moment("retry_at")
    if not matter.has("ends_at"):
        return (pen.say("retry", date=pen.date(retry_at)), help_yourself)
    ends_at = matter.moment("ends_at")
    if ends_at <= retry_at:
        return (pen.say("last_retry", date=pen.date(retry_at)), help_yourself)
    return (pen.say("retry", date=pen.date(retry_at)), pen.say("last", date=pen.date(ends_at)), help_yourself)


def payment_uncertain(pen: Pen, matter: Matter) -> Content:
    payment = matter.paid
    named = {"amount": pen.money(payment.total_minor, payment.currency), "plan": matter.paid_for}
    button, path = _home(matter)
    return Content(
        subject=pen.say("subject", **named),
        heading=pen.say("heading"),
        before=(pen.say("asked", **named, date=pen.date(matter.at)), pen.say("wait")),
        rows=(
            rows.paid_for(pen, matter),
            *_period(pen, payment),
            *rows.sums(pen, matter, payment),
            *rows.card(pen, matter.card or payment.method),
            pen.row("reference", payment.id),
        ),
        after=(pen.say("promise"),),
        button=pen.button(button),
        path=path,
    )


def refund_requested(pen: Pen, matter: Matter) -> Content:
    return _about_ticket(pen, matter, (pen.say("asked", **_asked(pen, matter)),), ())


def refund_rejected(pen: Pen, matter: Matter) -> Content:
    again = (pen.say("again"),) if matter.asked.version == 1 else ()
    return _about_ticket(pen, matter, (pen.say("declined", **_asked(pen, matter)),), again)


def _about_ticket(pen: Pen, matter: Matter, before: tuple[Text, ...], after: tuple[Text, ...]) -> Content:
    ticket, payment = matter.asked, matter.paid
    return Content(
        subject=pen.say("subject", **_asked(pen, matter)),
        heading=pen.say("heading"),
        before=before,
        rows=(
            rows.paid_for(pen, matter),
            _payment_of(pen, payment),
            pen.row("requested", pen.money(ticket.amount_minor, ticket.currency), strong=True),
            *((pen.row("reason", ticket.reason, wide=True),) if ticket.reason else ()),
            *((pen.row("answer", ticket.note, wide=True),) if ticket.note and pen.kind == "refund_rejected" else ()),
            pen.row("reference", ticket.id),
        ),
        after=after,
        button=pen.button("order"),
        path=f"/orders/{payment.order_id}",
    )


def _asked(pen: Pen, matter: Matter) -> dict[str, str]:
    return {"amount": pen.money(matter.asked.amount_minor, matter.asked.currency), "plan": matter.paid_for}


def refund_made(pen: Pen, matter: Matter) -> Content:
    payment, refund = matter.paid, matter.given_back
    amount = pen.money(refund.amount_minor, payment.currency)
    note = rows.document_of(matter.documents, payment, "credit_note", refund.id)
    return Content(
        subject=pen.say("subject", amount=amount, plan=matter.paid_for),
        heading=pen.say("heading"),
        before=(pen.say("sent", amount=amount, plan=matter.paid_for), pen.say("days")),
        rows=(
            rows.paid_for(pen, matter),
            _payment_of(pen, payment),
            pen.row("refunded", amount, strong=True),
            *rows.card(pen, payment.method, "refunded_to"),
            *((pen.row("credit_note", note.number),) if note else ()),
            *((pen.row("answer", matter.ticket.note, wide=True),) if matter.ticket and matter.ticket.note else ()),
            pen.row("reference", refund.id),
        ),
        after=(pen.message(CREDIT_NOTE),) if note else (),
        button=pen.button("credit_note" if note else "order"),
        path=f"/invoices/{note.id}" if note else f"/orders/{payment.order_id}",
    )


def refund_failed(pen: Pen, matter: Matter) -> Content:
    payment, refund = matter.paid, matter.given_back
    named = {"amount": pen.money(refund.amount_minor, payment.currency), "plan": matter.paid_for}
    return Content(
        subject=pen.say("subject", **named),
        heading=pen.say("heading"),
        before=(pen.say("failed", **named), pen.say("invoice" if refund.purpose == "tax" else "again")),
        rows=(
            rows.paid_for(pen, matter),
            _payment_of(pen, payment),
            pen.row("not_refunded", named["amount"], strong=True),
            *rows.card(pen, payment.method),
            pen.row("reference", refund.id),
        ),
        after=(),
        button=pen.button("order"),
        path=f"/orders/{payment.order_id}",
    )


def invoice_corrected(pen: Pen, matter: Matter) -> Content:
    payment, old = matter.paid, matter.document
    note, new = rows.document_correcting(matter.documents, old, "credit_note"), rows.document_correcting(matter.documents, old, "invoice")
    before = [pen.say("corrected", number=old.number, credit_note=note.number, invoice=new.number)]
    if matter.refund is None:
        before.append(pen.say("same"))
    else:
        before += [pen.say("tax", amount=pen.money(matter.refund.amount_minor, payment.currency)), pen.say("days")]
    return Content(
        subject=pen.say("subject", number=old.number),
        heading=pen.say("heading"),
        before=tuple(before),
        rows=(
            rows.paid_for(pen, matter),
            pen.row("invoice", new.number),
            pen.row("total", pen.money(new.total_minor, new.currency), strong=True),
            pen.row("credit_note", note.number),
            pen.row("replaced", old.number),
        ),
        after=(pen.message(CORRECTION),),
        button=pen.button("invoice"),
        path=f"/invoices/{new.id}",
    )


def _payment_of(pen: Pen, payment: Payment) -> Row:
    amount = pen.money(payment.total_minor, payment.currency)
    return pen.row("payment", rows.amount_on(pen, amount, payment.succeeded_at or payment.created_at))


def _period(pen: Pen, payment: Payment) -> tuple[Row, ...]:
    if payment.period_start is None or payment.period_end is None:
        return ()
    return (pen.row("period", pen.period(payment.period_start, payment.period_end)),)


def _home(matter: Matter) -> tuple[str, str]:
    """The page of what it is about: (button, path)."""
    if matter.has("subscription_id"):
        return "subscription", f"/subscriptions/{matter.text('subscription_id')}"
    return "order", f"/orders/{matter.paid.order_id}"
