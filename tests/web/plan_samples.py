"""What the pages about changing, pausing, paying and giving back get, made up: every state that a buyer can meet."""

from dataclasses import replace
from typing import Any

from portico.domain.catalog import Product
from portico.domain.payment import Payment, PaymentAttempt
from portico.domain.proration import PlanChange, plan_change
from portico.domain.subscription import ScheduledChange, Subscription, next_charge
from portico.services.pause import PauseChoice
from portico.web.portal.balance import Balance
from tests.web.samples import DAY, NOW, VISA, Page, a_ticket, an_id, charge, document, failed_payment, payment, subscription

GROUP = an_id("GRP", 1)
REASONS = [
    ("unused", "I don’t use it enough"),
    ("too_expensive", "It’s too expensive"),
    ("missing_features", "Something I need is missing"),
    ("other", "Another reason"),
]
POSSIBLE = dict.fromkeys(("change_plan", "change_quantity", "cancel", "pause", "update_card"))
WHY: dict[str, str | None] = {
    **dict.fromkeys(("resume", "keep_plan", "cancel_pause", "unpause", "pay"), "nothing_to_pay"),
    **POSSIBLE,
}
ACTIONS = [("change_plan", None), ("change_quantity", None), ("pause", None), ("cancel", None)]


def product(number: int, name: str, euros: int, **changes: Any) -> Product:
    made = Product(
        id=an_id("PROD", number),
        external_id=f"plan-{number}",
        name=name,
        description="",
        kind="subscription",
        interval="month",
        group_id=GROUP,
        tax_category="saas",
        prices={"EUR": euros * 100},
    )
    return replace(made, **changes)


STARTER = product(2, "Starter plan", 9, description="For one person who is just beginning.")
PRO = product(1, "Pro plan", 29, description="For everyday work.", quantity_max=20, pause_periods_max=3)
TEAM = product(3, "Team plan", 99, description="For people who work together, with shared maps and one invoice.", quantity_max=50)
YEARLY = product(4, "Pro plan, yearly", 290, interval="year")
DOLLARS = product(5, "An extraordinarily long plan name that has to be broken somewhere", 1, prices={"USD": 100})


def running(**changes: Any) -> Subscription:
    return subscription(1, managed=True, customer_reference="cus_1", method_reference="pm_1", due_at=NOW + 20 * DAY, **changes)


def going_to(target: Product, quantity: int = 1, **changes: Any) -> PlanChange:
    return plan_change(running(**changes), target, quantity, now=NOW, group_id=GROUP)


def change_payment(**changes: Any) -> Payment:
    change = going_to(TEAM, 3)
    made = payment(
        9,
        at=NOW,
        net_minor=change.net_minor,
        tax_minor=change.tax_minor,
        total_minor=change.total_minor,
        period_start=None,
        period_end=None,
        purpose="change",
        lines=change.lines,
        change=change.in_effect,
    )
    return replace(made, **changes)


def waiting_payment(action_url: str | None = None) -> Payment:
    attempt = PaymentAttempt(1, "pending" if action_url else "unknown", None, VISA, NOW, key="PAY_1-1", action_url=action_url)
    return change_payment(status="pending" if action_url else "unknown", succeeded_at=None, attempts=(attempt,))


def one_subscription(sub: Subscription, **changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "subscription": sub,
        "next_charge": next_charge(sub),
        "documents": [document(1), document(1, "receipt"), document(2, "credit_note", total_minor=-1240)],
        "replaced": (),
        "done": "",
        "why": WHY,
        "actions": ACTIONS,
        "reason_for_all": None,
        "balance": None,
    }
    return {**given, **changes}


def subscription_pages(page: Page) -> dict[str, tuple[str, Page, dict[str, Any]]]:
    """The page of one subscription, as it runs and while something is pending."""
    at = NOW + 20 * DAY
    switch = running(scheduled_change=ScheduledChange("change_plan", at, STARTER.id, STARTER.name, 900, 2))
    pause = running(scheduled_change=ScheduledChange("pause", at), resumes_at=NOW + 81 * DAY)
    leaving = running(status="canceling", scheduled_change=ScheduledChange("cancel", at))
    ladder = tuple(NOW + days * DAY for days in (1, 3, 5, 7))
    failed = Balance(failed_payment(1), "failed", "insufficient_funds", ladder)
    no_card = Balance(failed_payment(1), "failed", "no_payment_method", ladder[-1:])
    waiting, asked = Balance(waiting_payment(), "answer", None, ()), Balance(waiting_payment("https://bank.example/"), "buyer", None, ())
    held_back = [("change_plan", "past_due_pay_first"), ("pause", "past_due_pay_first"), ("cancel", None)]
    overdue = {**WHY, "pay": None, "change_plan": "past_due_pay_first", "pause": "past_due_pay_first"}
    states = {
        "running": one_subscription(running(quantity=3)),
        "done": one_subscription(running(), done="Your card is saved. We charge it from now on."),
        "switching": one_subscription(switch, why={**WHY, "keep_plan": None}),
        "leaving": one_subscription(leaving, why={**WHY, "resume": None}, actions=[("change_plan", "canceling_resume_first")]),
        "pausing": one_subscription(pause, why={**WHY, "cancel_pause": None}),
        "paused": one_subscription(
            running(status="paused", resumes_at=NOW + 50 * DAY), why={**WHY, "unpause": None}, actions=[("cancel", None)]
        ),
        "overdue": one_subscription(running(status="past_due"), why=overdue, balance=failed, actions=held_back),
        "overdue_no_card": one_subscription(
            running(status="past_due", method=None), why={**overdue, "pay": "no_card"}, balance=no_card, actions=held_back
        ),
        "confirming": one_subscription(running(), balance=waiting, actions=[("change_plan", "payment_open"), ("cancel", "payment_open")]),
        "bank_asks": one_subscription(running(), balance=asked, reason_for_all="payment_open"),
        "over": one_subscription(running(status="canceled", ended_at=NOW - DAY), why=dict.fromkeys(WHY, "over"), actions=[]),
        "newcomer": one_subscription(running(status="pending", method=None), reason_for_all="not_started"),
        "trial": one_subscription(
            running(status="trialing", interval="year", trial_end=NOW + 9 * DAY, tax_rate="0", tax_reason="reverse_charge")
        ),
        "elsewhere": one_subscription(subscription(1), why=dict.fromkeys(WHY, "billed_elsewhere"), reason_for_all="billed_elsewhere"),
    }
    return {f"subscription_{name}": ("subscription.html", page, given) for name, given in states.items()}


def plan_pages(page: Page) -> dict[str, tuple[str, Page, dict[str, Any]]]:
    """The plans to choose from, and what changing to one would mean."""
    mine = running()
    offers = [
        (STARTER, going_to(STARTER), None),
        (PRO, None, None),
        (TEAM, going_to(TEAM), None),
        (YEARLY, going_to(YEARLY), None),
        (DOLLARS, None, "plan_not_in_currency"),
    ]
    trial = running(status="trialing", trial_end=NOW + 9 * DAY, tax_rate="0", tax_reason="reverse_charge")
    in_trial = plan_change(trial, TEAM, 2, now=NOW, group_id=GROUP)

    def plans(sub: Subscription, listed: list[Any], **changes: Any) -> tuple[str, Page, dict[str, Any]]:
        return "plan_change.html", page, {"subscription": sub, "offers": listed, "problem": "", "quantity_only": False, **changes}

    def review(change: PlanChange, sub: Subscription = mine, moved: str = "") -> tuple[str, Page, dict[str, Any]]:
        return "plan_review.html", page, {"subscription": sub, "change": change, "quote": "sealed.quote", "moved": moved, "now": NOW}

    return {
        "plan_change": plans(mine, offers),
        "plan_change_trial": plans(trial, [(PRO, None, "same_plan"), (TEAM, in_trial, None)]),
        "plan_change_refused": plans(mine, offers, problem="This plan isn’t available in that quantity."),
        "plan_change_quantity": plans(mine, [(PRO, None, "same_plan")], quantity_only=True),
        "plan_review_upgrade": review(going_to(TEAM, 3)),
        "plan_review_moved": review(going_to(YEARLY), moved="The price was shown more than 10 minutes ago."),
        "plan_review_downgrade": review(going_to(STARTER)),
        "plan_review_trial": review(in_trial, trial),
        "cancel": ("cancel.html", page, {"subscription": mine, "ends_at": mine.period_end, "reasons": REASONS, **untyped()}),
        "cancel_trial": ("cancel.html", page, {"subscription": trial, "ends_at": trial.trial_end, "reasons": REASONS, **untyped()}),
        "cancel_wrong": (
            "cancel.html",
            page,
            {
                "subscription": mine,
                "ends_at": None,
                "reasons": REASONS,
                "chosen": "other",
                "comment": "My card 4242 4242 4242 4242 was charged twice.",
                "errors": {"comment": "This looks like a card number. Please leave it out."},
            },
        ),
        "pause": (
            "pause.html",
            page,
            {
                "subscription": mine,
                "choices": [PauseChoice(n, mine.period_end, mine.period_end + n * 30 * DAY, charge(20 + n * 30)) for n in (1, 2, 3)],
            },
        ),
        "continue": (
            "continue.html",
            page,
            {"subscription": running(status="paused", resumes_at=NOW + 50 * DAY), "charge": charge(0), "period_end": NOW + 30 * DAY},
        ),
    }


def untyped() -> dict[str, Any]:
    return {"chosen": "", "comment": "", "errors": {}}


def money_pages(page: Page) -> dict[str, tuple[str, Page, dict[str, Any]]]:
    """What became of a payment, and asking for one back."""
    mine = running()

    def outcome(paid: Payment, state: str, **changes: Any) -> tuple[str, Page, dict[str, Any]]:
        given: dict[str, Any] = {
            "payment": paid,
            "state": state,
            "failure_code": None,
            "subscription": mine,
            "documents": [],
            "replaced": (),
            "retry_url": "",
            "can_pay": False,
            "can_add_card": False,
        }
        return "payment.html", page, {**given, **changes}

    failed = change_payment(status="failed", succeeded_at=None)
    review_again = f"/subscriptions/{mine.id}/change/review?plan={TEAM.id}&quantity=3"

    def refund(**changes: Any) -> tuple[str, Page, dict[str, Any]]:
        given: dict[str, Any] = {
            "payment": payment(3, refunded_minor=1000),
            "ticket": None,
            "reason_not": None,
            "refundable_minor": 2451,
            "values": {"amount": "24.51", "reason": ""},
            "errors": {},
            "done": "",
        }
        return "refund.html", page, {**given, **changes}

    wrong = {"amount": "This isn’t an amount. It looks like 24.51.", "reason": "Please fill this in."}
    return {
        "payment_plan_changed": outcome(change_payment(), "succeeded", documents=[document(1), document(1, "receipt")]),
        "payment_paid": outcome(payment(1), "succeeded"),
        "payment_waiting": outcome(waiting_payment(), "answer"),
        "payment_bank_asks": outcome(waiting_payment("https://bank.example/"), "buyer"),
        "payment_failed": outcome(failed, "failed", failure_code="insufficient_funds", retry_url=review_again, can_add_card=True),
        "payment_failed_period": outcome(failed_payment(1), "failed", failure_code="expired_card", can_pay=True, can_add_card=True),
        "payment_called_off": outcome(payment(1, status="canceled", succeeded_at=None), "canceled", subscription=None),
        "refund": refund(),
        "refund_wrong": refund(values={"amount": "lots", "reason": ""}, errors=wrong),
        "refund_asked": refund(ticket=a_ticket(), reason_not="refund_ticket_open", done="We’ve got your request."),
        "refund_rejected": refund(ticket=a_ticket("rejected")),
        "refund_made": refund(ticket=a_ticket("succeeded"), reason_not="already_refunded"),
    }


def pages(page: Page) -> dict[str, tuple[str, Page, dict[str, Any]]]:
    """name -> (template, page, variables), as in samples.pages."""
    return {**subscription_pages(page), **plan_pages(page), **money_pages(page)}
