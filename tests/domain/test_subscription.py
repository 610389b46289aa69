import re
from dataclasses import replace
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.domain.errors import Refused
from portico.domain.subscription import (
    SUBSCRIPTION_EVENTS,
    SUBSCRIPTION_STATUSES,
    TRANSITIONS,
    NextCharge,
    ScheduledChange,
    SubscriptionStatus,
    apply,
    can,
    is_final,
    mermaid,
    next_charge,
)
from tests.domain.samples import ACTIVE, END, MANAGED, START, scheduled

# Every state (row) and every event (column); a dot is a move that does not happen.
GRID = """
            start_trial  activate  payment_failed  recover  pause   unpause  cancel     resume  resume_trial  end       expire   close
pending     trialing     active    .               .        .       .        canceled   .       .             .         .        closed
trialing    .            active    past_due        .        .       .        canceling  .       .             canceled  expired  .
active      .            .         past_due        .        paused  .        canceling  .       .             canceled  expired  .
past_due    .            .         .               active   .       .        canceling  .       .             canceled  .        .
paused      .            .         .               .        .       active   canceled   .       .             canceled  .        .
canceling   .            .         .               .        .       .        .          active  trialing      canceled  .        .
canceled    .            .         .               .        .       .        .          .       .             .         .        .
expired     .            .         .               .        .       .        .          .       .             .         .        .
closed      .            .         .               .        .       .        .          .       .             .         .        .
"""
EVENTS, *ROWS = (line.split() for line in GRID.strip().splitlines())
CASES = [(row[0], event, target) for row in ROWS for event, target in zip(EVENTS, row[1:], strict=True)]


def test_the_grid_is_whole() -> None:
    assert tuple(EVENTS) == SUBSCRIPTION_EVENTS
    assert tuple(row[0] for row in ROWS) == SUBSCRIPTION_STATUSES
    assert len(CASES) == 108


@pytest.mark.parametrize(("status", "event", "target"), CASES)
def test_every_state_with_every_event(status: SubscriptionStatus, event: str, target: str) -> None:
    if target == ".":
        assert not can(status, event)  # pyright: ignore[reportArgumentType]
        with pytest.raises(Refused) as refused:
            apply(status, event)  # pyright: ignore[reportArgumentType]
        assert refused.value.code == "subscription_transition"
    else:
        assert can(status, event)  # pyright: ignore[reportArgumentType]
        assert apply(status, event) == target  # pyright: ignore[reportArgumentType]


def test_three_states_are_final_and_all_can_be_reached() -> None:
    assert [status for status in SUBSCRIPTION_STATUSES if is_final(status)] == ["canceled", "expired", "closed"]
    reached: set[str] = {"pending"}
    while more := {target for (source, _), target in TRANSITIONS.items() if source in reached} - reached:
        reached |= more
    assert reached == set(SUBSCRIPTION_STATUSES)


def test_the_diagram_says_what_the_table_says() -> None:
    first, *lines = mermaid().splitlines()
    assert first == "stateDiagram-v2"
    moves = {match.groups() for line in lines if (match := re.fullmatch(r" +(\w+) --> (\w+): (\w+)", line))}
    assert moves == {(source, target, event) for (source, event), target in TRANSITIONS.items()}
    assert "    [*] --> pending" in lines
    assert {line.split()[0] for line in lines if line.endswith("[*]")} == {"canceled", "expired", "closed"}


@given(st.integers(0, 10**9), st.integers(1, 1000), st.sampled_from(["0", "7", "8.875", "19", "25.5"]))
def test_the_next_charge_is_price_times_quantity_plus_tax(unit: int, quantity: int, rate: str) -> None:
    charge = next_charge(replace(ACTIVE, unit_minor=unit, quantity=quantity, tax_rate=rate))
    net = sum([unit] * quantity)
    tax = int((Decimal(net) * Decimal(rate) / 100).to_integral_value(ROUND_HALF_UP))
    assert charge == NextCharge(END, net, tax, net + tax, "EUR")


@pytest.mark.parametrize("status", SUBSCRIPTION_STATUSES)
def test_only_what_goes_on_is_charged_again(status: SubscriptionStatus) -> None:
    charge = next_charge(replace(ACTIVE, status=status, resumes_at=END))
    assert (charge is not None) == (status in {"trialing", "active", "past_due", "paused"})


def test_a_trial_is_charged_when_it_ends() -> None:
    trial_end = START + timedelta(days=14)
    charge = next_charge(replace(ACTIVE, status="trialing", trial_end=trial_end))
    assert charge is not None
    assert charge.at == trial_end
    without_end = next_charge(replace(ACTIVE, status="trialing"))
    assert without_end is not None
    assert without_end.at == END
    long_past = next_charge(replace(ACTIVE, trial_end=trial_end))
    assert long_past is not None
    assert long_past.at == END


def test_a_scheduled_plan_is_charged_at_its_own_price() -> None:
    switching = replace(ACTIVE, scheduled_change=ScheduledChange("change_plan", END, "PROD_2", "Solo"))
    assert next_charge(switching, planned_unit_minor=900) == NextCharge(END, 2700, 513, 3213, "EUR")
    assert next_charge(switching, planned_unit_minor=0) == NextCharge(END, 0, 0, 0, "EUR")
    known = replace(ACTIVE, scheduled_change=ScheduledChange("change_plan", END, "PROD_2", "Solo", 900))
    assert next_charge(known) == NextCharge(END, 2700, 513, 3213, "EUR")
    assert next_charge(known, planned_unit_minor=1000) == NextCharge(END, 3000, 570, 3570, "EUR")
    assert next_charge(switching) is None  # rather than the old plan's amount


def test_a_change_after_the_next_charge_does_not_touch_it() -> None:
    later = replace(ACTIVE, scheduled_change=ScheduledChange("change_plan", END + timedelta(days=30), "PROD_2", "Solo"))
    assert next_charge(later) == next_charge(ACTIVE) == NextCharge(END, 8700, 1653, 10353, "EUR")


def test_nothing_is_charged_after_a_scheduled_end() -> None:
    assert next_charge(replace(ACTIVE, scheduled_change=ScheduledChange("cancel", END))) is None


def test_a_scheduled_quantity_is_charged_too() -> None:
    fewer = scheduled(ACTIVE, "change_plan", product_id="PROD_1", unit_minor=2900, quantity=2)
    assert next_charge(fewer) == NextCharge(END, 5800, 1102, 6902, "EUR")


def test_a_pause_is_charged_when_it_is_over() -> None:
    july = END + timedelta(days=91)
    assert next_charge(scheduled(replace(MANAGED, resumes_at=july), "pause")) == NextCharge(july, 8700, 1653, 10353, "EUR")
    assert next_charge(replace(MANAGED, status="paused", resumes_at=july)) == NextCharge(july, 8700, 1653, 10353, "EUR")
    assert next_charge(replace(MANAGED, status="paused")) is None
