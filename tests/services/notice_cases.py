"""One matter for each mail, and for each turn it can take: what tests render, without a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from portico.domain.billing_detail import BillingDetail
from portico.domain.cancellation import Cancellation
from portico.domain.catalog import Product
from portico.domain.document_line import DocumentLine
from portico.domain.invoice import Document
from portico.domain.order import Order
from portico.domain.payment import Payment, PaymentAttempt, PaymentMethod, PlanInEffect, Refund, RefundTicket
from portico.domain.subscription import ScheduledChange, Subscription
from portico.services import notice, notice_content
from portico.services.notice import Fact
from portico.services.notice_matter import Matter

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
SUB, PAY, ORD, INV = (f"{prefix}_0123456789012345678901" for prefix in ("SUB", "PAY", "ORD", "INV"))


def _in(days: int) -> datetime:
    return NOW + timedelta(days=days)


VISA = PaymentMethod("visa", "4242", 12, 2029)
EXPIRING = PaymentMethod("mastercard", "4444", 3, 2026)
ACTIVE = Subscription(
    id=SUB,
    external_id=None,
    order_id=ORD,
    product_id="PROD_pro",
    product_name="Atlas Pro",
    status="active",
    interval="month",
    quantity=1,
    currency="EUR",
    unit_minor=4900,
    tax_rate="19",
    tax_reason="standard",
    anchor=NOW,
    period_index=0,
    period_start=NOW,
    period_end=_in(31),
    trial_end=None,
    scheduled_change=None,
    method=VISA,
    created_at=NOW,
    ended_at=None,
    managed=True,
    customer_reference="cus_1",
    method_reference="pm_1",
)
TRIAL = replace(ACTIVE, status="trialing", trial_end=_in(3))
YEARLY = replace(ACTIVE, interval="year", unit_minor=49000, period_end=_in(7))
PAST_DUE = replace(ACTIVE, status="past_due", failing_since=NOW, due_at=_in(1))
DOWNGRADING = replace(ACTIVE, scheduled_change=ScheduledChange("change_plan", _in(31), "PROD_starter", "Atlas Starter", 1900, 1))
PAUSING = replace(ACTIVE, scheduled_change=ScheduledChange("pause", _in(31)), resumes_at=_in(92))
PAUSED = replace(ACTIVE, status="paused", resumes_at=_in(61))
STARTER = Product("PROD_starter", "starter", "Atlas Starter", "", "subscription", "month", None, "saas", {"EUR": 1900})
ORDER = Order(
    ORD, None, "BUY_1", "subscription", "PROD_pro", "Atlas Pro", 1, "EUR", 4900, 931, 5831, "active", NOW, SUB,
    BillingDetail(country="DE"), tax_rate="19",
)  # fmt: skip
TRY = PaymentAttempt(1, "succeeded", None, VISA, NOW)
PAID = Payment(
    PAY, None, ORD, SUB, NOW, _in(31), "EUR", 4900, 931, 5831, 0, "succeeded", VISA, NOW, NOW, attempts=(TRY,), purpose="period"
)  # fmt: skip
UNPAID = replace(PAID, status="failed", succeeded_at=None)
BOUGHT = replace(PAID, purpose="purchase", subscription_id=None, period_start=None, period_end=None)
UPGRADE = replace(
    PAID,
    purpose="change",
    period_start=None,
    period_end=None,
    net_minor=666,
    tax_minor=127,
    total_minor=793,
    lines=(
        DocumentLine("Atlas Starter", 1, -967, -967, "19", NOW, _in(31), "credit"),
        DocumentLine("Atlas Pro", 1, 1633, 1633, "19", NOW, _in(31), "charge"),
    ),
    change=PlanInEffect("PROD_pro", "Atlas Pro", "month", 1, 4900, NOW, 0, NOW, _in(31)),
)
INVOICE = Document(INV, "invoice", "INV-2026-000042", ORD, PAY, NOW, "en", "EUR", 5831)
TICKET = RefundTicket(
    "TKT_0123456789012345678901", PAY, 1, 2000, "EUR", "I was charged after I had canceled.", "pending", "", NOW, NOW, None
)  # fmt: skip
DECLINED = replace(TICKET, status="rejected", note="The month was used in full before you canceled.")
REFUND = Refund("REF_0123456789012345678901", 2000, "succeeded", "requested", NOW)
CREDIT_NOTE = replace(INVOICE, kind="credit_note", number="CN-2026-000003", refund_id=REFUND.id)
TAX_REFUND = Refund("REF_0123456789012345678902", 931, "succeeded", "", NOW, purpose="tax")
CORRECTED = (
    replace(INVOICE, id="INV_0123456789012345678903", number="INV-2026-000043", corrects_id=INV),
    replace(INVOICE, id="INV_0123456789012345678902", kind="credit_note", number="CN-2026-000004", corrects_id=INV),
    replace(CREDIT_NOTE, id="INV_0123456789012345678904"),  # of a refund, which is none of it
    INVOICE,
)
UNTAXED = (replace(CORRECTED[0], total_minor=4900), *CORRECTED[1:])
CANCELED = Cancellation(
    "CAN_0123456789012345678901", SUB, "unused", "I may be back in spring.", NOW, _in(31), None, "buyer", "PROD_pro", "month",
    1, 4900, "EUR",
)  # fmt: skip
FAILED_ONCE = {"failure_code": "insufficient_funds", "retry_at": _in(1).isoformat(), "ends_at": _in(7).isoformat()}
FAILED_NEARLY = {"failure_code": "card_declined", "retry_at": _in(7).isoformat(), "ends_at": _in(7).isoformat()}


def matter(now_is: Subscription | None = None, *, told: dict[str, Fact] | None = None, **rows: object) -> Matter:
    """What is told of a subscription as it is after the effect, and the rows beside it."""
    facts = {"at": NOW.isoformat(), **(notice.of_subscription(now_is) if now_is else {}), **(told or {})}
    return Matter(told=facts, **rows)  # type: ignore[arg-type]


# By kind, and behind a dot the turn it takes.
CASES: dict[str, Matter] = {
    "payment_received": matter(ACTIVE, payment=PAID, order=ORDER, documents=(INVOICE,)),
    "payment_received.recovered": matter(
        ACTIVE, payment=replace(PAID, attempts=(replace(TRY, status="failed"), TRY)), order=ORDER, documents=(INVOICE,)
    ),
    "payment_received.last": matter(
        replace(ACTIVE, status="canceling", scheduled_change=ScheduledChange("cancel", _in(31))), payment=PAID, order=ORDER
    ),
    "payment_received.purchase": matter(payment=BOUGHT, order=replace(ORDER, product_name="Atlas Book", quantity=2), documents=(INVOICE,)),
    "payment_failed": matter(PAST_DUE, payment=UNPAID, order=ORDER, told=FAILED_ONCE),
    "payment_failed.last_try": matter(PAST_DUE, payment=UNPAID, order=ORDER, told=FAILED_NEARLY),
    "payment_failed.no_ladder": matter(PAST_DUE, payment=UNPAID, order=ORDER, told={**FAILED_ONCE, "ends_at": None}),
    "payment_failed.to_confirm": matter(
        PAST_DUE, payment=UNPAID, order=ORDER, told={**FAILED_ONCE, "failure_code": "authentication_required"}
    ),
    "payment_failed.no_card": matter(
        replace(PAST_DUE, method=None, method_reference=None),
        payment=replace(UNPAID, method=None),
        order=ORDER,
        told={**FAILED_ONCE, "failure_code": "no_payment_method"},
    ),
    "payment_failed.purchase": matter(payment=replace(BOUGHT, status="failed"), order=ORDER, told={"failure_code": "expired_card"}),
    "payment_uncertain": matter(ACTIVE, payment=replace(UNPAID, status="unknown"), order=ORDER),
    "plan_changed": matter(ACTIVE, payment=UPGRADE, order=ORDER, documents=(INVOICE,), told={"from_plan": "Atlas Starter"}),
    "plan_changed.free": matter(ACTIVE, told={"from_plan": "Atlas Starter"}),
    "plan_changed.quantity": matter(replace(ACTIVE, quantity=3), told={"from_plan": "Atlas Pro", "from_quantity": 2}),
    "plan_changed.period": matter(ACTIVE, told={"from_plan": "Atlas Team", "from_quantity": 2, "period_total_minor": 5831}),
    "plan_changed.to_free": matter(replace(ACTIVE, unit_minor=0), told={"from_plan": "Atlas Starter"}),
    "plan_changed.trial": matter(TRIAL, told={"from_plan": "Atlas Starter"}),
    "plan_changed.unknown": matter(ACTIVE),
    "plan_change_scheduled": matter(DOWNGRADING, planned_product=STARTER),
    "plan_change_scheduled.quantity": matter(
        replace(ACTIVE, quantity=3, scheduled_change=ScheduledChange("change_plan", _in(31), "PROD_pro", "Atlas Pro", 4900, 2)),
        planned_product=replace(STARTER, name="Atlas Pro"),
    ),
    "plan_change_failed": matter(
        replace(ACTIVE, product_name="Atlas Starter", unit_minor=1900),
        payment=replace(UPGRADE, status="failed"),
        order=ORDER,
        told={"failure_code": "card_declined"},
    ),
    "cancellation_scheduled": matter(replace(ACTIVE, status="canceling"), cancellation=CANCELED),
    "cancellation_scheduled.trial": matter(
        replace(TRIAL, status="canceling"), cancellation=replace(CANCELED, effective_at=_in(3), comment="")
    ),
    "subscription_resumed": matter(ACTIVE),
    "subscription_resumed.planned": matter(DOWNGRADING, planned_product=STARTER),
    "subscription_resumed.pausing": matter(PAUSING),
    "subscription_ended": matter(replace(ACTIVE, status="canceled")),
    "subscription_ended.trial": matter(replace(TRIAL, status="expired"), told={"in_trial": True}),
    "subscription_ended.canceled_trial": matter(replace(TRIAL, status="canceled"), told={"in_trial": True}),
    "subscription_ended.at_once": matter(replace(ACTIVE, status="canceled"), cancellation=replace(CANCELED, effective_at=NOW)),
    "subscription_ended_unpaid": matter(replace(ACTIVE, status="canceled"), payment=replace(UNPAID, status="canceled"), order=ORDER),
    "trial_ending": matter(TRIAL),
    "trial_ending.no_card": matter(replace(TRIAL, method=None, method_reference=None)),
    "trial_ending.expires": matter(replace(TRIAL, method=replace(EXPIRING, expiry_month=2))),
    "upcoming_charge": matter(YEARLY),
    "upcoming_charge.no_card": matter(replace(YEARLY, method=None, method_reference=None)),
    "upcoming_charge.paused": matter(PAUSED),
    "upcoming_charge.planned": matter(DOWNGRADING, planned_product=STARTER),
    "card_expiring": matter(replace(ACTIVE, method=EXPIRING)),
    "card_expiring.over": matter(replace(YEARLY, method=replace(EXPIRING, expiry_month=2))),
    "card_updated": matter(ACTIVE),
    "card_updated.past_due": matter(PAST_DUE),
    "pause_scheduled": matter(PAUSING),
    "pause_scheduled.free": matter(replace(PAUSING, unit_minor=0)),
    "paused": matter(PAUSED),
    "paused.free": matter(replace(PAUSED, unit_minor=0)),
    "refund_requested": matter(ACTIVE, payment=PAID, order=ORDER, ticket=TICKET),
    "refund_rejected": matter(ACTIVE, payment=PAID, order=ORDER, ticket=DECLINED),
    "refund_rejected.twice": matter(ACTIVE, payment=PAID, order=ORDER, ticket=replace(DECLINED, version=2, note="")),
    "refund_made": matter(ACTIVE, payment=PAID, order=ORDER, ticket=TICKET, refund=REFUND, documents=(INVOICE, CREDIT_NOTE)),
    "refund_made.answered": matter(ACTIVE, payment=PAID, order=ORDER, ticket=replace(TICKET, note="Sorry about that."), refund=REFUND),
    "refund_made.elsewhere": matter(payment=replace(BOUGHT, method=None), order=ORDER, refund=REFUND),
    "refund_failed": matter(ACTIVE, payment=PAID, order=ORDER, ticket=TICKET, refund=replace(REFUND, status="failed")),
    "refund_failed.tax": matter(ACTIVE, payment=PAID, order=ORDER, refund=TAX_REFUND),
    "invoice_corrected": matter(payment=PAID, order=ORDER, documents=CORRECTED, told={"document_id": INVOICE.id}),
    "invoice_corrected.tax": matter(payment=PAID, order=ORDER, documents=UNTAXED, refund=TAX_REFUND, told={"document_id": INVOICE.id}),
    "tax_id_unknown": matter(told={"number": "DE136695976", "consultation_number": "WAPIAAAAYx2b7Qz1"}),
    "tax_id_unknown.unproved": matter(told={"number": "DE136695976"}),
    "order_confirmed": matter(ACTIVE, payment=PAID, order=ORDER, documents=(INVOICE,)),
    "order_confirmed.purchase": matter(payment=BOUGHT, order=replace(ORDER, product_name="Atlas Book", quantity=2), documents=(INVOICE,)),
    "order_confirmed.free": matter(order=replace(ORDER, product_name="Atlas Sampler")),
    "trial_started": matter(TRIAL),
}


def kind_of(case: str) -> notice.Kind:
    return case.partition(".")[0]  # type: ignore[return-value]


def english(case: str) -> str:
    """The English mail as text, without what every mail ends with."""
    content = notice_content.write(kind_of(case), CASES[case], language="en", zone="Europe/Berlin")
    rows = "\n".join(f"{row.label.plain}: {row.value.plain}" for row in content.rows)
    paragraphs = [*(text.plain for text in content.before), rows, *(text.plain for text in content.after)]
    title = content.subject.plain if content.heading == content.subject else f"{content.subject.plain}\n# {content.heading.plain}"
    return "\n\n".join([title, *paragraphs, f"[{content.button}] {content.path}"])


def every_english() -> str:
    """All of them, to be read from top to bottom; kept in notices.txt, which `python -m tests.services.notice_cases` writes anew."""
    return "\n".join(f"{'=' * 10} {case}\nSubject: {english(case)}\n" for case in CASES)


if __name__ == "__main__":
    (Path(__file__).parent / "notices.txt").write_text(every_english(), encoding="utf-8")
