"""The process is killed (SIGKILL) at every marked place and at random moments, while buyers click, time passes and the bank loses
answers. What the bank took, what our books say and what buyers were told must be one and the same afterwards."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from portico.services.marks import NAMES
from tests.conftest import DIALECTS, OpenFresh
from tests.proofs.killing import Storm, storm

# What leads to a mark, where not everything does.
_WISHES: dict[str, tuple[str, ...]] = {
    "refund": ("refund",) * 6,
    "correct": ("correct",) * 6,
    "swe": ("clock",) * 3,
    "checkout": ("buy",) * 4,
    "giving": ("buy",) * 6,
}
_OTHERS = ("clock", "change", "change")


def _kill_at(raging: Storm, names: Sequence[str], n: int) -> set[str]:
    """Kills at each of these marks, the n-th time it is passed; the names of those where that was done."""
    return {name for name in names if raging.kill_at(f"{name}:{n}", _wishes(name))}


def _wishes(mark: str) -> tuple[str, ...]:
    return next((wishes for word, wishes in _WISHES.items() if word in mark), _OTHERS)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_nothing_is_lost_by_a_few_kills(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Every mark on one of the two databases; `make prove` has all of them on both, several times."""
    open_fresh: OpenFresh = request.getfixturevalue(f"{dialect}_databases")
    names = NAMES[DIALECTS.index(dialect) :: 2]
    with open_fresh(True) as database, storm(database, tmp_path / "storm", homes=24, seed=1) as raging:
        raging.live(0.5)
        reached = _kill_at(raging, names, 1)
        for _ in range(3):
            raging.kill_by_chance(longest_seconds=0.5)
        raging.calm_down()
        found = raging.reckon()
    found.must_be_clean()
    assert reached == set(names)
    assert found.captures >= 10


def _storm_of_kills(raging: Storm, kills: int) -> str:
    """So many kills of a portal of one process, some of them at every mark; what came of it, as a figure."""
    reached: set[str] = set()
    for n in (1, 2, 4):
        reached |= _kill_at(raging, NAMES, n)
    at_marks = raging.kills.total()
    while raging.kills.total() < kills:
        raging.kill_by_chance()
    raging.calm_down()
    found = raging.reckon()
    found.must_be_clean()
    assert reached == set(NAMES)
    return f"{raging.kills.total()} kills, {at_marks} of them at {len(reached)} marks: {found.figure()}"


@pytest.mark.prove
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("dialect", "kills"), [("sqlite", 400), ("postgresql", 260)])
def test_nothing_is_lost_by_hundreds_of_kills(dialect: str, kills: int, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    open_fresh: OpenFresh = request.getfixturevalue(f"{dialect}_databases")
    with open_fresh(True) as database, storm(database, tmp_path / "storm", homes=150, seed=2) as raging:
        raging.live(3)
        figure = _storm_of_kills(raging, kills)
    print(f"kill -9, {dialect}, one process: {figure}")


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_nothing_is_lost_where_two_work(postgresql_databases: OpenFresh, tmp_path: Path) -> None:
    """Two processes on one database. One of them is killed, or stands still for longer than its leases and then goes on as if
    nothing had happened, while the other does its work."""
    with postgresql_databases(True) as database, storm(database, tmp_path / "storm", homes=150, seed=3, processes=2) as raging:
        raging.start("one")
        raging.start("two")
        while raging.kills.total() < 140:
            name = raging.chance.choice(("one", "two"))
            if raging.chance.random() < 0.25:
                raging.freeze(name, raging.chance.uniform(2.5, 6))
            else:
                raging.kill_by_chance(name)
        raging.calm_down()
        found = raging.reckon()
    found.must_be_clean()
    assert raging.stops > 20
    print(f"kill -9, postgresql, two processes: {raging.kills.total()} kills, {raging.stops} stops beyond the lease: {found.figure()}")


@pytest.mark.prove
@pytest.mark.timeout(300)
def test_a_portal_that_forgets_its_keys_is_found_out(sqlite_databases: OpenFresh, tmp_path: Path) -> None:
    """The storm is one in which it shows: without keys that stand for one charge, buyers are charged twice."""
    with sqlite_databases(True) as database, storm(database, tmp_path / "storm", homes=60, seed=5) as raging:
        raging.plan = replace(raging.plan, forgetful=True)
        while raging.kills.total() < 25:
            raging.kill_by_chance()
        found = raging.reckon()
    twice = found.faults.double_charges
    assert twice
    print(f"kill -9, sabotaged: {raging.kills.total()} kills, {len(twice)} double charges found where keys are forgotten")
