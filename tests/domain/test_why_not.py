"""Every action in every state and circumstance."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, get_args

import pytest

from portico.domain.subscription import SUBSCRIPTION_STATUSES, Subscription, SubscriptionEvent, can, is_final
from portico.domain.why_not import SUBSCRIPTION_ACTIONS, WHY_NOT_CODES, Action, Reason, Standing, why_not
from tests.domain.samples import END, MANAGED, PAYMENT, START, TEAM, scheduled

NOW = START + timedelta(days=10)
STATES: dict[str, Subscription] = {
    **{status: replace(MANAGED, status=status) for status in SUBSCRIPTION_STATUSES},
    "trialing": replace(MANAGED, status="trialing", trial_end=START + timedelta(days=14)),
    "canceling": scheduled(replace(MANAGED, status="canceling"), "cancel"),
    "paused": replace(MANAGED, status="paused", resumes_at=END + timedelta(days=61)),
    "to another plan": scheduled(MANAGED, "change_plan", product_id="PROD_3", unit_minor=900, quantity=1),
    "to a pause": scheduled(replace(MANAGED, resumes_at=END + timedelta(days=61)), "pause"),
}
FAILED = replace(PAYMENT, status="failed", succeeded_at=None)
ONE_QUANTITY = replace(TEAM, quantity_max=1)
NO_PAUSE = replace(TEAM, pause_periods_max=0)


def standing(state: str, **more: Any) -> Standing:
    owed = FAILED if state == "past_due" else None
    return replace(Standing(STATES[state], TEAM, 3, owed, has_gateway=True), **more)


# What stands against an action, in order: a plain subscription in each state. "ok" is nothing; the over ones are one column.
STATE_GRID = """
                  pending            trialing           active             past_due            paused               canceling               to_another_plan        to_a_pause       over
change_plan       not_started        ok                 ok                 past_due_pay_first  paused_resume_first  canceling_resume_first  ok                     pause_scheduled  over
change_quantity   not_started        ok                 ok                 past_due_pay_first  paused_resume_first  canceling_resume_first  ok                     pause_scheduled  over
cancel            ok                 ok                 ok                 ok                  ok                   already_canceling       ok                     ok               over
resume            not_canceling      not_canceling      not_canceling      not_canceling       not_canceling        ok                      not_canceling          not_canceling    over
keep_plan         nothing_scheduled  nothing_scheduled  nothing_scheduled  nothing_scheduled   nothing_scheduled    canceling_resume_first  ok                     nothing_scheduled over
pause             not_started        in_trial           ok                 past_due_pay_first  paused_resume_first  canceling_resume_first  plan_change_scheduled  pause_scheduled  over
cancel_pause      nothing_scheduled  nothing_scheduled  nothing_scheduled  nothing_scheduled   paused_resume_first  nothing_scheduled       nothing_scheduled      ok               over
unpause           not_paused         not_paused         not_paused         not_paused          ok                   not_paused              not_paused             not_paused       over
update_card       ok                 ok                 ok                 ok                  ok                   ok                      ok                     ok               over
pay               nothing_to_pay     nothing_to_pay     nothing_to_pay     ok                  nothing_to_pay       nothing_to_pay          nothing_to_pay         nothing_to_pay   over
"""  # noqa: E501
HEADER, *ROWS = (line.split() for line in STATE_GRID.strip().splitlines())


def states_of(column: str) -> tuple[str, ...]:
    if column == "over":
        return tuple(status for status in SUBSCRIPTION_STATUSES if is_final(status))
    return (column.replace("_", " ") if column.startswith("to_") else column,)


CASES = [(row[0], state, code) for row in ROWS for column, code in zip(HEADER, row[1:], strict=True) for state in states_of(column)]


def test_the_grid_is_whole() -> None:
    assert tuple(row[0] for row in ROWS) == SUBSCRIPTION_ACTIONS == get_args(Action)
    assert {state for _, state, _ in CASES} == set(STATES)
    assert len(CASES) == len(SUBSCRIPTION_ACTIONS) * len(STATES) == 110


@pytest.mark.parametrize(("action", "state", "code"), CASES)
def test_every_action_in_every_state(action: Action, state: str, code: str) -> None:
    assert why_not(action, standing(state), NOW) == (None if code == "ok" else code)


# A circumstance, and what each action answers where the state alone would allow it. A dot is: allowed still.
CIRCUMSTANCES: dict[str, dict[str, Any]] = {
    "elsewhere": {"managed": False},
    "held": {"held_at": NOW, "held_reason": "error"},
    "no_gateway": {"has_gateway": False},
    "pending": {"open_payment": replace(PAYMENT, status="pending")},
    "unknown": {"open_payment": replace(PAYMENT, status="unknown")},
    "alone": {"group_size": 1},
    "fixed": {"product": ONE_QUANTITY},
    "no_pause": {"product": NO_PAUSE},
    "no_card": {"method_reference": None},
    "renewing": {},
}
CIRCUMSTANCE_GRID = """
                 state            elsewhere         held  no_gateway  pending       unknown       alone          fixed        no_pause     no_card  renewing
change_plan      active           billed_elsewhere  held  no_gateway  payment_open  payment_open  no_other_plan  .            .            .        renewing
change_plan      trialing         billed_elsewhere  held  no_gateway  payment_open  payment_open  no_other_plan  .            .            .        renewing
change_quantity  active           billed_elsewhere  held  no_gateway  payment_open  payment_open  .              not_offered  .            .        renewing
cancel           active           billed_elsewhere  .     .           .             .             .              .            .            .        .
cancel           pending          billed_elsewhere  .     .           payment_open  payment_open  .              .            .            .        .
cancel           past_due         billed_elsewhere  .     .           payment_open  payment_open  .              .            .            .        .
cancel           paused           billed_elsewhere  .     .           payment_open  payment_open  .              .            .            .        .
resume           canceling        billed_elsewhere  .     .           payment_open  payment_open  .              .            .            .        over
keep_plan        to_another_plan  billed_elsewhere  .     .           payment_open  payment_open  .              .            .            .        renewing
pause            active           billed_elsewhere  .     .           payment_open  payment_open  .              .            not_offered  .        renewing
cancel_pause     to_a_pause       billed_elsewhere  .     .           payment_open  payment_open  .              .            .            .        renewing
unpause          paused           billed_elsewhere  held  no_gateway  payment_open  payment_open  .              .            .            .        renewing
update_card      active           billed_elsewhere  .     no_gateway  .             .             .              .            .            .        .
pay              past_due         billed_elsewhere  held  no_gateway  payment_open  payment_open  .              .            .            no_card  .
"""  # noqa: E501
CIRCUMSTANCE_HEADER, *CIRCUMSTANCE_ROWS = (line.split() for line in CIRCUMSTANCE_GRID.strip().splitlines())


def in_circumstance(state: str, name: str) -> tuple[Standing, datetime]:
    here, more = standing(state), CIRCUMSTANCES[name]
    of_subscription = {key: value for key, value in more.items() if hasattr(here.subscription, key)}
    of_standing = {key: value for key, value in more.items() if key not in of_subscription}
    subscription = replace(here.subscription, **of_subscription)
    ends = (subscription.trial_end if state == "trialing" else subscription.resumes_at if state == "paused" else None) or END
    return replace(here, subscription=subscription, **of_standing), ends if name == "renewing" else NOW


@pytest.mark.parametrize("row", CIRCUMSTANCE_ROWS, ids=lambda row: f"{row[0]}-{row[1]}")
def test_every_action_in_every_circumstance(row: list[str]) -> None:
    assert ["state", *CIRCUMSTANCES] == CIRCUMSTANCE_HEADER
    action: Any = row[0]
    (state,) = states_of(row[1])
    assert why_not(action, standing(state), NOW) is None
    answers = {name: why_not(action, *in_circumstance(state, name)) for name in CIRCUMSTANCES}
    assert answers == {name: None if code == "." else code for name, code in zip(CIRCUMSTANCES, row[2:], strict=True)}


def test_the_moment_a_period_ends_is_not_within_it() -> None:
    here, second = standing("active"), timedelta(seconds=1)
    assert [why_not("change_plan", here, END + by) for by in (-second, timedelta(), second)] == [None, "renewing", "renewing"]
    leaving = standing("canceling")
    assert [why_not("resume", leaving, END + by) for by in (-second, timedelta(), second)] == [None, "over", "over"]
    assert [why_not("cancel", here, END + by) for by in (-second, timedelta(), second)] == [None, None, None]


def test_one_that_is_canceling_is_not_resumed_while_it_owes() -> None:
    assert why_not("resume", replace(standing("canceling"), open_payment=FAILED), NOW) == "past_due_pay_first"


def test_a_failed_change_is_nothing_to_pay() -> None:
    assert why_not("pay", replace(standing("active"), open_payment=replace(FAILED, purpose="change")), NOW) == "nothing_to_pay"
    assert why_not("change_plan", replace(standing("active"), open_payment=replace(FAILED, purpose="change")), NOW) is None


def everything() -> Iterator[tuple[Action, Standing, datetime]]:
    payments = [None, *(replace(PAYMENT, status=status) for status in ("pending", "unknown", "failed"))]
    products, moments = (TEAM, ONE_QUANTITY, NO_PAUSE), (NOW, END, datetime(2030, 1, 1, tzinfo=UTC))
    yes_no = (True, False)
    for managed, held, no_card, gateway in product(yes_no, yes_no, yes_no, yes_no):
        for state, payment, item, size, moment in product(STATES.values(), payments, products, (1, 2), moments):
            subscription = replace(state, managed=managed, held_at=NOW if held else None, method_reference=None if no_card else "pm_1")
            here = Standing(subscription, item, size, payment, gateway)
            for action in SUBSCRIPTION_ACTIONS:
                yield action, here, moment


def test_what_holds_whatever_comes_together() -> None:
    seen: set[Reason] = set()
    moves: dict[Action, tuple[SubscriptionEvent, ...]] = {
        "cancel": ("cancel",), "resume": ("resume", "resume_trial"), "unpause": ("unpause",), "pay": ("recover",),
    }  # fmt: skip
    for action, here, moment in everything():
        reason, status = why_not(action, here, moment), here.subscription.status
        if reason is not None:
            seen.add(reason)
            continue
        assert here.subscription.managed
        assert not is_final(status)
        if action != "update_card" and here.is_confirming:
            assert here.open_payment is not None
            assert (action, status, here.open_payment.purpose) == ("cancel", "active", "period")
        if action in ("change_plan", "change_quantity", "unpause", "pay"):
            assert here.has_gateway
            assert here.subscription.held_at is None
        assert action not in moves or any(can(status, event) for event in moves[action])
    assert seen == set(WHY_NOT_CODES) == set(get_args(Reason))
    assert len(WHY_NOT_CODES) == len(set(WHY_NOT_CODES))
