"""Mails about plans: changed, canceled, paused, ended, and what comes next."""

from dataclasses import replace

from portico.domain.document_line import counted
from portico.domain.reminder import is_expired
from portico.i18n.notice_words import DOCUMENTS
from portico.services import notice_rows as rows
from portico.services.notice_matter import Matter
from portico.services.notice_text import Content, Pen, Row, Text


def plan_changed(pen: Pen, matter: Matter) -> Content:
    payment, old, plan, on = matter.payment, matter.old_plan, matter.plan, pen.date(matter.at)
    is_same = matter.text("from_plan") == matter.text("plan")
    before = [pen.say("switched", old=old, plan=plan, date=on) if old else pen.say("changed", date=on)]
    if payment:
        end = pen.date(matter.moment("period_end"))
        before.append(pen.say("charged", amount=pen.money(payment.total_minor, payment.currency), end=end))
    elif matter.has("period_total_minor"):  # it came with a new period, whose own mail follows
        before.append(pen.say("period", amount=pen.money(matter.number("period_total_minor"), matter.text("currency"))))
    else:
        before.append(pen.say("free"))
    if matter.text("status") == "trialing":
        before.append(pen.say("trial", date=pen.date(matter.moment("trial_end"))))
    charged = (*rows.sums(pen, matter, payment), *rows.card(pen, payment.method)) if payment else ()
    invoice = rows.document_of(matter.documents, payment, "invoice") if payment else None
    return _about(
        pen,
        matter,
        pen.say("subject_same", plan=matter.text("plan")) if is_same else pen.say("subject", plan=plan),
        before=tuple(before),
        facts=(
            rows.plan(pen, matter),
            rows.price(pen, matter),
            *charged,
            *((pen.row("invoice", invoice.number),) if invoice else ()),
            *rows.next_charge(pen, matter),
        ),
        after=(pen.message(DOCUMENTS),) if invoice else (),
        button="invoice" if invoice else "subscription",
        path=f"/invoices/{invoice.id}" if invoice else "",
    )


def plan_change_scheduled(pen: Pen, matter: Matter) -> Content:
    old, new, on = matter.plan, matter.planned, pen.date(matter.moment("change_at"))
    is_same = matter.text("plan") == matter.text("change_plan")
    return _about(
        pen,
        matter,
        pen.say("subject_same", plan=matter.text("plan"), date=on) if is_same else pen.say("subject", plan=new, date=on),
        before=(pen.say("change", date=on) if is_same else pen.say("switch", old=old, plan=new, date=on),),
        facts=(pen.row("old_plan", old), pen.row("new_plan", new), pen.row("from", on), *rows.next_sums(pen, matter)),
        after=(pen.say("undo", date=on),),
    )


def plan_change_failed(pen: Pen, matter: Matter) -> Content:
    payment, old = matter.paid, matter.plan
    new = counted(payment.change.product_name, payment.change.quantity) if payment.change else old
    amount = pen.money(payment.total_minor, payment.currency)
    return _about(
        pen,
        matter,
        pen.say("subject", plan=new),
        before=(pen.say("failed", amount=amount, plan=new, old=old), pen.failure(matter.text("failure_code"))),
        facts=(
            pen.row("old_plan", old),
            pen.row("new_plan", new),
            *rows.sums(pen, matter, payment),
            *rows.card(pen, matter.card),
        ),
        after=(pen.say("again"),),
    )


def cancellation_scheduled(pen: Pen, matter: Matter) -> Content:
    """The receipt: what was canceled, when, until when it runs, and under which number."""
    left, plan = matter.left, matter.plan
    moment, on = pen.moment(left.requested_at), pen.date(left.effective_at)
    is_over = left.effective_at <= left.requested_at
    in_trial = matter.has("trial_end") and matter.moment("trial_end") == left.effective_at
    if is_over:
        subject, said = pen.say("subject_over", plan=plan), pen.say("over", plan=plan, moment=moment)
    else:
        subject = pen.say("subject", plan=plan, date=on)
        said = pen.say("trial" if in_trial else "until", plan=plan, moment=moment, date=on)
    return _about(
        pen,
        matter,
        subject,
        before=(said,),
        facts=(
            rows.plan(pen, matter),
            rows.price(pen, matter),
            pen.row("canceled_at", moment),
            pen.row("ended" if is_over else "ends", pen.moment(left.effective_at), strong=True),
            *((pen.row("comment", left.comment, wide=True),) if left.comment else ()),
            pen.row("reference", left.id),
        ),
        after=(pen.say("keep"),) if is_over else (pen.say("resume", date=on), pen.say("keep")),
    )


def subscription_resumed(pen: Pen, matter: Matter) -> Content:
    waiting: tuple[Row, ...] = ()
    if matter.planned:
        waiting = (pen.row("new_plan", matter.planned), pen.row("from", pen.date(matter.moment("change_at"))))
    elif matter.text("change_kind") == "pause":
        paused_from, until = matter.moment("change_at"), matter.moment("resumes_at")
        waiting = (pen.row("paused_from", pen.date(paused_from)), pen.row("continues", pen.date(until)))
    return _about(
        pen,
        matter,
        pen.say("subject", plan=matter.plan),
        before=(pen.say("goes_on", plan=matter.plan),),
        facts=(
            rows.plan(pen, matter),
            rows.price(pen, matter),
            *waiting,
            *rows.next_charge(pen, matter),
            *rows.card(pen, matter.card),
        ),
    )


def subscription_ended(pen: Pen, matter: Matter) -> Content:
    if matter.cancellation:  # nothing was paid for any more, so that it ended at once
        return cancellation_scheduled(replace(pen, kind="cancellation_scheduled"), matter)
    is_expired_trial, on = matter.text("status") == "expired", pen.date(matter.at)
    is_trial = is_expired_trial or matter.told.get("in_trial") is True
    return _about(
        pen,
        matter,
        pen.say("subject", plan=matter.plan),
        before=(pen.say("expired" if is_expired_trial else "ended", plan=matter.plan, date=on),),
        facts=(rows.plan(pen, matter), pen.row("ended", on)),
        after=() if is_trial else (pen.say("documents"),),
        button="subscription" if is_trial else "invoices",
        path="" if is_trial else "/invoices",
    )


def subscription_ended_unpaid(pen: Pen, matter: Matter) -> Content:
    payment, on = matter.paid, pen.date(matter.at)
    amount = pen.money(payment.total_minor, payment.currency)
    return _about(
        pen,
        matter,
        pen.say("subject", plan=matter.plan),
        before=(pen.say("ended", amount=amount, plan=matter.plan, date=on), pen.say("no_more")),
        facts=(rows.plan(pen, matter), *rows.sums(pen, matter, payment), *rows.card(pen, matter.card), pen.row("ended", on)),
    )


def trial_ending(pen: Pen, matter: Matter) -> Content:
    plan, at, method = matter.plan, matter.moment("trial_end"), matter.card
    amount, on = pen.money(matter.number("next_total_minor"), matter.text("currency")), pen.date(at)
    button = "subscription"
    if not matter.told.get("has_card"):
        said, button = (pen.say("no_card", plan=plan, date=on), pen.say("add", amount=amount)), "add_card"
    elif method and is_expired(method, at):
        said, button = (pen.say("charge", plan=plan, date=on, amount=amount), pen.say("expires"), pen.say("stop")), "update_card"
    else:
        said = (pen.say("charge", plan=plan, date=on, amount=amount), pen.say("stop"))
    return _about(
        pen,
        matter,
        pen.say("subject", plan=plan, date=on),
        before=said[:-1],
        facts=(
            rows.plan(pen, matter),
            pen.row("trial_end", on),
            *rows.next_sums(pen, matter),
            *rows.card(pen, method),
            *rows.expiry(pen, method),
        ),
        after=said[-1:],
        button=button,
    )


def upcoming_charge(pen: Pen, matter: Matter) -> Content:
    at, method, plan = matter.moment("next_at"), matter.card, matter.planned or matter.plan
    named = {"plan": plan, "date": pen.date(at), "amount": pen.money(matter.number("next_total_minor"), matter.text("currency"))}
    has_card = bool(matter.told.get("has_card"))
    turn = "paused" if matter.text("status") == "paused" else "planned" if matter.planned else ""
    mail = _about(
        pen,
        matter,
        pen.say(f"subject_{turn}" if turn else "subject", **named),
        before=(
            pen.say({"paused": "continues", "planned": "switches"}.get(turn, "renews"), **named),
            pen.say("nothing" if has_card else "no_card"),
        ),
        facts=(
            pen.row("plan", plan),
            pen.row("continues" if turn == "paused" else "renewal", pen.date(at)),
            *rows.next_sums(pen, matter),
            *rows.card(pen, method),
            *rows.expiry(pen, method),
        ),
        after=(pen.say("stop"),),
        button="subscription" if has_card else "add_card",
    )
    return replace(mail, heading=pen.say(f"heading_{turn}")) if turn else mail


def card_expiring(pen: Pen, matter: Matter) -> Content:
    method = matter.card
    until, due = rows.printed_expiry(method), pen.date(matter.moment("next_at"))
    is_over = method is not None and is_expired(method, matter.at)
    mail = _about(
        pen,
        matter,
        pen.say("subject_over" if is_over else "subject", card=pen.card(method)),
        before=(pen.say("expired" if is_over else "expires", plan=matter.plan, month=until, date=due), pen.say("update")),
        facts=(*rows.card(pen, method), *rows.expiry(pen, method), rows.plan(pen, matter), *rows.next_charge(pen, matter)),
        after=(pen.say("stop"),),
        button="update_card",
    )
    return replace(mail, heading=pen.say("heading_over")) if is_over else mail


def card_updated(pen: Pen, matter: Matter) -> Content:
    method, named = matter.card, {"plan": matter.plan, "card": pen.card(matter.card)}
    return _about(
        pen,
        matter,
        pen.say("subject", **named),
        before=(pen.say("updated", **named),),
        facts=(
            *rows.card(pen, method),
            *rows.expiry(pen, method),
            rows.plan(pen, matter),
            pen.row("changed_at", pen.moment(matter.at)),
            *(() if matter.text("status") == "past_due" else rows.next_charge(pen, matter)),  # what is owed is charged before that
        ),
        after=(pen.say("not_you"),),
    )


def pause_scheduled(pen: Pen, matter: Matter) -> Content:
    on = pen.date(matter.moment("change_at"))
    return _about(
        pen,
        matter,
        pen.say("subject", plan=matter.plan, date=on),
        before=(pen.say("asked", plan=matter.plan, date=on), _continues(pen, matter)),
        facts=(rows.plan(pen, matter), pen.row("paused_from", on), *_sums_then(pen, matter)),
        after=(pen.say("undo", date=on),),
    )


def paused(pen: Pen, matter: Matter) -> Content:
    return _about(
        pen,
        matter,
        pen.say("subject", plan=matter.plan, date=pen.date(matter.moment("resumes_at"))),
        before=(pen.say("paused", plan=matter.plan), _continues(pen, matter)),
        facts=(rows.plan(pen, matter), *_sums_then(pen, matter)),
        after=(pen.say("early"),),
    )


def _continues(pen: Pen, matter: Matter) -> Text:
    """When a pause is over, and what is charged then."""
    total_minor, on = matter.number("next_total_minor"), pen.date(matter.moment("resumes_at"))
    return pen.say("charge", date=on, amount=pen.money(total_minor, matter.text("currency"))) if total_minor else pen.say("free", date=on)


def _sums_then(pen: Pen, matter: Matter) -> tuple[Row, ...]:
    return (pen.row("continues", pen.date(matter.moment("resumes_at"))), *rows.next_sums(pen, matter), *rows.card(pen, matter.card))


def _about(
    pen: Pen,
    matter: Matter,
    subject: Text,
    *,
    before: tuple[Text, ...],
    facts: tuple[Row, ...],
    after: tuple[Text, ...] = (),
    button: str = "subscription",
    path: str = "",
) -> Content:
    """A mail about a subscription, whose page is where its button leads unless `path` says otherwise."""
    path = path or f"/subscriptions/{matter.text('subscription_id')}"
    return Content(subject, pen.heading(subject), before, facts, after, pen.button(button), path)
