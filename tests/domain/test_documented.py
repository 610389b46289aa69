"""docs/subscriptions.md is held to the rules: every figure on it is worked out anew."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from portico.domain.calendar import period_bounds
from portico.domain.cancellation import DEFAULT_REASONS
from portico.domain.catalog import Product
from portico.domain.dunning import next_retry
from portico.domain.money import format_amount, parse_amount
from portico.domain.pause import resumes_at
from portico.domain.payment import split_refund
from portico.domain.proration import plan_change
from portico.domain.refund import REFUND_WHY_NOT_CODES
from portico.domain.subscription import next_charge
from portico.domain.why_not import Reason
from tests.domain.samples import BUSINESS, BUSINESS_YEARLY, MANAGED, PAYMENT, START, STARTER, TEAM, scheduled

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "subscriptions.md").read_text(encoding="utf-8")
PLANS: dict[str, Product] = {"Starter": STARTER, "Team": TEAM, "Business": BUSINESS, "Business yearly": BUSINESS_YEARLY}


def rows(first_cell: str) -> list[list[str]]:
    """The rows of the table whose header begins with a cell."""
    lines = iter(TEXT.splitlines())
    for line in lines:
        if line.startswith(f"| {first_cell} |"):
            next(lines)
            break
    table: list[list[str]] = []
    for line in lines:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split("|")])
    return table


def plan(text: str) -> tuple[int, Product]:
    quantity, _, name = text.partition(" ")
    return int(quantity), PLANS[name]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def euros(minor: int) -> str:
    return format_amount(minor, "EUR")


EXAMPLES = rows("from")


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 9


@pytest.mark.parametrize("cells", EXAMPLES, ids=lambda cells: f"{cells[0]} to {cells[1]} at {cells[2]}")
def test_the_examples_of_changing_plan(cells: list[str]) -> None:
    (seats, old), (wanted, target), now = plan(cells[0]), plan(cells[1]), moment(cells[2])
    interval = old.interval or "month"
    start, end = period_bounds(START, interval, 0)
    subscription = replace(
        MANAGED, product_id=old.id, product_name=old.name, interval=interval, quantity=seats, unit_minor=old.prices["EUR"],
        period_start=start, period_end=end,
    )  # fmt: skip
    made = plan_change(subscription, target, wanted, now=now, group_id="GRP_1")
    amounts = {line.kind: line.net_minor for line in made.lines}
    credit_and_charge = [euros(amounts.get(kind, 0)) for kind in ("credit", "charge")]
    totals = [euros(made.net_minor), euros(made.tax_minor), euros(made.total_minor)]
    following = made.next_charge
    coming = f"{following.at:%Y-%m-%d %H:%M}: {euros(following.total_minor)}"
    assert cells[3:] == [*credit_and_charge, *totals, f"{made.at:%Y-%m-%d %H:%M}", coming]


def test_the_examples_of_pausing() -> None:
    told = rows("anchor")
    assert len(told) == 3
    for anchor_text, current, periods, paused_from, goes_on, charged in told:
        start, end = period_bounds(moment(anchor_text), "month", 0)
        subscription = replace(MANAGED, anchor=start, period_start=start, period_end=end)
        back = resumes_at(subscription, int(periods))
        charge = next_charge(scheduled(replace(subscription, resumes_at=back), "pause"))
        assert charge is not None
        assert current == f"{start:%Y-%m-%d} to {end:%Y-%m-%d}"
        assert [moment(text) for text in (paused_from, goes_on, charged)] == [end, back, charge.at]


def test_the_example_of_retries() -> None:
    ((_, failed, *retries),) = rows("what")
    since = moment(failed)
    assert [moment(text) for text in retries] == [next_retry(since, step, (1, 3, 5, 7)) for step in range(4)]
    assert next_retry(since, 4, (1, 3, 5, 7)) is None


def test_the_example_of_refunds() -> None:
    first, then, together = rows("of 103.53 paid (net 87.00, tax 16.53)")
    before = 0
    for label, net, tax in (first, then):
        amount = parse_amount(label.split()[0], "EUR")
        assert [net, tax] == [euros(part) for part in split_refund(PAYMENT, amount, before_minor=before)]
        before += amount
    assert together == [f"together {euros(before)}", euros(PAYMENT.net_minor), euros(PAYMENT.tax_minor)]


def test_every_reason_is_listed() -> None:
    codes = {*get_args(Reason), *REFUND_WHY_NOT_CODES, *DEFAULT_REASONS}
    codes |= {"same_plan", "plan_outside_group", "plan_inactive", "plan_not_in_currency", "quantity_range", "amount_range"}
    assert not [code for code in sorted(codes) if f"`{code}`" not in TEXT]
