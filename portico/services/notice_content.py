"""Which mail says what, and when there is nothing left to say."""

from collections.abc import Callable, Mapping

from portico.domain.reminder import reminder_kind
from portico.domain.subscription import next_charge
from portico.services import notice_billing, notice_order, notice_payment, notice_plan
from portico.services.notice import Kind
from portico.services.notice_matter import Matter
from portico.services.notice_text import Content, Pen

WRITERS: Mapping[Kind, Callable[[Pen, Matter], Content]] = {
    "plan_changed": notice_plan.plan_changed,
    "plan_change_scheduled": notice_plan.plan_change_scheduled,
    "plan_change_failed": notice_plan.plan_change_failed,
    "cancellation_scheduled": notice_plan.cancellation_scheduled,
    "subscription_resumed": notice_plan.subscription_resumed,
    "subscription_ended": notice_plan.subscription_ended,
    "subscription_ended_unpaid": notice_plan.subscription_ended_unpaid,
    "payment_received": notice_payment.payment_received,
    "payment_failed": notice_payment.payment_failed,
    "payment_uncertain": notice_payment.payment_uncertain,
    "trial_ending": notice_plan.trial_ending,
    "upcoming_charge": notice_plan.upcoming_charge,
    "card_expiring": notice_plan.card_expiring,
    "card_updated": notice_plan.card_updated,
    "pause_scheduled": notice_plan.pause_scheduled,
    "paused": notice_plan.paused,
    "refund_requested": notice_payment.refund_requested,
    "refund_rejected": notice_payment.refund_rejected,
    "refund_made": notice_payment.refund_made,
    "refund_failed": notice_payment.refund_failed,
    "invoice_corrected": notice_payment.invoice_corrected,
    "tax_id_unknown": notice_billing.tax_id_unknown,
    "order_confirmed": notice_order.order_confirmed,
    "trial_started": notice_order.trial_started,
}
REMINDERS = ("trial_ending", "upcoming_charge", "card_expiring")


def write(kind: Kind, matter: Matter, *, language: str, zone: str) -> Content:
    """The mail in a language, its days those of a time zone."""
    return WRITERS[kind](Pen(kind, language, zone), matter)


def is_moot(kind: Kind, matter: Matter) -> bool:
    """Whether a mail that waited would now tell the buyer to do, or to fear, what is settled: a payment that failed or was
    uncertain and has succeeded, a charge that will not come. What was done is told always, also when it was undone since: the
    two mails together say so, one alone would not."""
    if kind == "payment_uncertain":
        return matter.paid.status not in ("pending", "unknown")
    if kind == "payment_failed":
        return matter.paid.status in ("succeeded", "canceled")
    if kind in REMINDERS and matter.subscription is not None:
        charge = next_charge(matter.subscription)
        return reminder_kind(matter.subscription) != kind or charge is None or charge.at != matter.moment("next_at")
    return False
