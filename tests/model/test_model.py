"""Buyers, plans, clicks, clock jumps, restarts and a faulty bank, in any order: what must hold, holds after every step."""

import random
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from portico.storage.database import Database
from tests.conftest import DIALECTS, OpenFresh
from tests.model.world import FAULTS, JUMPS, NUMBERS, World, play

WHICH = st.integers(0, 3)


def machine(opened: Callable[[], AbstractContextManager[Database]], mailbox: Path) -> type[RuleBasedStateMachine]:
    """A state machine whose every example has a database of its own."""

    class Portico(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.fresh = opened()
            self.world = World(self.fresh.__enter__(), mailbox, seed=1)

        def teardown(self) -> None:
            try:
                self.world.settle_down()
            finally:
                self.world.close()
                self.fresh.__exit__(None, None, None)

        @rule(which=WHICH, plan=st.integers(0, 5), quantity=st.sampled_from((1, 2, 50)), at_once=st.booleans())
        def change(self, which: int, plan: int, quantity: int, at_once: bool) -> None:
            self.world.review(which, plan, quantity)
            if at_once:
                self.world.confirm(0)

        @rule(pick=st.integers(0, 3), which=st.none() | WHICH)
        def confirm_an_older_one(self, pick: int, which: int | None) -> None:
            self.world.confirm(pick, which)

        @rule(name=st.sampled_from(("cancel", "resume", "keep", "pause", "cancel_pause", "unpause", "pay")), which=WHICH)
        def click(self, name: str, which: int) -> None:
            self.world.intent(name, which)

        @rule(which=WHICH, number=st.sampled_from(NUMBERS))
        def give_a_card(self, which: int, number: str) -> None:
            self.world.give_card(which, number)

        @rule(approved=st.booleans())
        def answer_the_bank(self, approved: bool) -> None:
            self.world.answer_bank(approved)

        @rule(which=WHICH, percent=st.sampled_from((100, 50, 3)), approve=st.none() | st.booleans())
        def ask_for_money_back(self, which: int, percent: int, approve: bool | None) -> None:
            self.world.ask_refund(which, percent)
            if approve is not None:
                self.world.decide(approve)

        @rule(which=WHICH, percent=st.sampled_from((100, 50, 3)))
        def give_back_at_the_bank(self, which: int, percent: int) -> None:
            self.world.give_back_at_bank(which, percent)

        @rule(which=WHICH, details=st.integers(0, 2), keep=st.booleans())
        def correct_an_invoice(self, which: int, details: int, keep: bool) -> None:
            self.world.correct(which, details, keep)

        @rule(what=st.sampled_from(("book", "plan", "gift")), named=st.booleans(), number=st.none() | st.sampled_from(NUMBERS))
        def buy(self, what: str, named: bool, number: str | None) -> None:
            self.world.shop_for(what, named=named)
            if number is not None:
                self.world.pay_for(-1, number)

        @rule(
            pick=st.integers(0, 3),
            email=st.sampled_from(("cyd@example.com", "bea@example.com")),
            number=st.none() | st.sampled_from(NUMBERS),
        )
        def buy_after_all(self, pick: int, email: str, number: str | None) -> None:
            self.world.order_again(pick, email)
            if number is not None:
                self.world.pay_for(pick, number)

        @rule(pick=st.integers(0, 3))
        def take_an_offer_back(self, pick: int) -> None:
            self.world.take_back(pick)

        @rule(name=st.sampled_from(FAULTS))
        def a_fault(self, name: str) -> None:
            self.world.fault(name)

        @rule(seed=st.integers(0, 99), copies=st.integers(1, 3))
        def webhooks_arrive(self, seed: int, copies: int) -> None:
            self.world.webhooks(random.Random(seed), copies)

        @rule(span=st.sampled_from(JUMPS))
        def time_passes(self, span: Any) -> None:
            self.world.pass_time(span)

        @rule()
        def work(self) -> None:
            self.world.work()

        @rule()
        def restart(self) -> None:
            self.world.restart()

        @rule()
        def processing_ends(self) -> None:
            self.world.finish_processing()

        @invariant()
        def books_agree(self) -> None:
            self.world.must_hold()

    return Portico


@pytest.mark.parametrize(("dialect", "examples"), [("sqlite", 10), ("postgresql", 4)])
def test_whatever_happens_the_books_agree(dialect: str, examples: int, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    open_fresh: OpenFresh = request.getfixturevalue(f"{dialect}_databases")
    run_state_machine_as_test(
        machine(lambda: open_fresh(True), tmp_path / "mailbox"),
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def _played(open_fresh: OpenFresh, tmp_path: Path, seed: int, *, watched: bool = False) -> tuple[list[str], list[str]]:
    """50 steps; what must hold is looked at when all is settled."""
    with open_fresh(True) as database, closing(World(database, tmp_path / f"mailbox-{seed}", seed)) as world:
        play(world, seed, 50, watched=watched)
        world.settle_down()
        return world.trace, world.state()


@pytest.mark.parametrize("seed", range(2))
def test_the_same_seed_gives_the_same_trace_on_both_databases(
    seed: int, sqlite_databases: OpenFresh, postgresql_databases: OpenFresh, tmp_path: Path
) -> None:
    first = _played(sqlite_databases, tmp_path / "a", seed, watched=True)
    assert first == _played(sqlite_databases, tmp_path / "b", seed), "the same seed, the same trace"
    assert first == _played(postgresql_databases, tmp_path / "c", seed), "and the same on the other database"


@pytest.mark.prove
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_long_lives_by_chance(dialect: str, request: pytest.FixtureRequest, tmp_path: Path, record_property: Any) -> None:
    """40 worlds of 250 steps each, every one with its own seed."""
    open_fresh: OpenFresh = request.getfixturevalue(f"{dialect}_databases")
    steps = charges = 0
    for seed in range(1000, 1040):
        with open_fresh(True) as database, closing(World(database, tmp_path / f"mailbox-{seed}", seed)) as world:
            play(world, seed, 250)
            world.settle_down()
            steps, charges = steps + 250, charges + len(world.gateway.bank.captures())
    print(f"\nmodel, {dialect}: {steps} steps, {charges} captures, 0 differences between our books and the bank's")
