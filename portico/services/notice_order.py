"""Mails that confirm an order: what was bought, what it cost, and when it renews."""

from portico.domain.document_line import counted
from portico.i18n.notice_words import DOCUMENTS
from portico.services import notice_rows as rows
from portico.services.notice_matter import Matter
from portico.services.notice_text import Content, Pen


def order_confirmed(pen: Pen, matter: Matter) -> Content:
    order, payment = matter.bought, matter.payment
    name, date = counted(order.product_name, order.quantity), pen.date(matter.at)
    renews = matter.has("subscription_id")
    invoice = rows.document_of(matter.documents, payment, "invoice") if payment else None
    paid = payment and pen.say("paid", plan=name, date=date, amount=pen.money(payment.total_minor, payment.currency))
    button, path = ("subscription", f"/subscriptions/{matter.text('subscription_id')}") if renews else ("order", f"/orders/{order.id}")
    if invoice:
        button, path = "invoice", f"/invoices/{invoice.id}"
    return Content(
        subject=pen.say("subject", plan=name),
        heading=pen.say("heading"),
        before=(paid or pen.say("free", plan=name, date=date),),
        rows=(
            pen.row("plan" if renews else "product", name),
            *(rows.sums(pen, matter, payment) if payment else ()),
            *(rows.card(pen, payment.method) if payment else ()),
            *((pen.row("invoice", invoice.number),) if invoice else ()),
            *(rows.next_charge(pen, matter, "renewal") if renews else ()),
            pen.row("reference", order.id),
        ),
        after=(*((pen.message(DOCUMENTS),) if invoice else ()), *((pen.say("renews"),) if renews else ())),
        button=pen.button(button),
        path=path,
    )


def trial_started(pen: Pen, matter: Matter) -> Content:
    end = pen.date(matter.moment("trial_end"))
    charged = matter.has("next_at") and matter.number("next_total_minor") > 0
    amount = pen.money(matter.number("next_total_minor"), matter.text("currency")) if charged else ""
    return Content(
        subject=pen.say("subject", plan=matter.plan),
        heading=pen.say("heading"),
        before=(pen.say("started", plan=matter.plan, date=end), *((pen.say("charge", amount=amount),) if charged else ())),
        rows=(
            rows.plan(pen, matter),
            rows.price(pen, matter),
            pen.row("trial_end", end),
            *rows.next_charge(pen, matter),
            *rows.card(pen, matter.card),
        ),
        after=(pen.say("stop"),),
        button=pen.button("subscription"),
        path=f"/subscriptions/{matter.text('subscription_id')}",
    )
