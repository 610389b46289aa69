"""Two tabs, double clicks, the webhook and the job at once: one order, one charge, one trial."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from portico.domain.errors import Conflict, Refused
from portico.jobs.worker import Worker
from portico.services import checkout_end
from tests.services.checkouts import Counter, counter_of
from tests.services.shop import Shop

MANY = 6


@pytest.fixture
def counter(shop: Shop) -> Counter:
    return counter_of(shop)


def at_once(*actions: Callable[[], object]) -> list[object]:
    """What each gives, or the code it is refused with."""
    together = Barrier(len(actions))

    def act(action: Callable[[], object]) -> object:
        together.wait(30)
        try:
            return action()
        except (Refused, Conflict) as refused:
            return refused.code

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(act, actions))


@pytest.mark.parametrize("what", ["book", "course"])
def test_all_who_come_back_at_once_charge_once(counter: Counter, what: str) -> None:
    session = counter.open(getattr(counter, what), trial=False)
    counter.place(session)
    counter.place(session)  # in another tab
    for visit in counter.visits(session):
        counter.shop.gateway.use_card_page(visit.reference)
    at_once(*[lambda: counter.back(session).status] * MANY, Worker(counter.shop.runtime).run_until_idle)
    assert counter.state(session).status == "completed"
    assert len(counter.captured()) == 1
    counter.settle_down()


def test_all_who_click_at_once_order_once(counter: Counter) -> None:
    session = counter.open(counter.course, order_external_id="A-1")
    given = at_once(*[lambda: counter.place(session).url is not None] * MANY)
    assert given == [True] * MANY
    assert [row.status for row in counter.orders()] == ["pending"]
    assert counter.give_card(session).status == "completed"
    counter.settle_down()


def test_orders_that_differ_at_once_leave_one(counter: Counter) -> None:
    session = counter.open(counter.book)
    at_once(*[lambda n=n: counter.place(session, f"{n}@example.com") for n in range(MANY)])
    assert [row.status for row in counter.orders()].count("pending") == 1
    assert counter.give_card(session).status in ("completed", "card")
    assert len(counter.captured()) <= 1
    counter.settle_down()


def test_new_buyers_with_one_address_are_one(counter: Counter) -> None:
    sessions = [counter.open() for _ in range(MANY)]
    at_once(*[lambda each=each: counter.place(each) for each in sessions])
    assert len({row.buyer_id for row in counter.orders()}) == 1
    assert [counter.state(each).status for each in sessions] == ["card"] * MANY


def test_of_two_trials_at_once_one_begins(counter: Counter) -> None:
    sessions = [counter.open(counter.course) for _ in range(2)]
    for each in sessions:
        counter.place(each)
        counter.shop.gateway.use_card_page(counter.visits(each)[0].reference)
    at_once(*[lambda each=each: counter.back(each).status for each in sessions])
    assert sorted(counter.state(each).status for each in sessions) == ["completed", "open"]
    assert counter.captured() == []
    counter.settle_down()


def test_paying_ordering_otherwise_and_taking_back_at_once_end_in_one_of_them(counter: Counter) -> None:
    for turn in range(3):
        before = len(counter.captured())
        session = counter.open()
        counter.place(session)
        counter.shop.gateway.use_card_page(counter.visits(session)[0].reference)
        at_once(
            lambda session=session: counter.back(session),
            lambda session=session, turn=turn: counter.place(session, f"other{turn}@example.com"),
            lambda session=session: checkout_end.expire(counter.shop.runtime, counter.row, "prod", session.id, actor="key:KEY_1"),
            lambda session=session: counter.back(session),
        )
        state, taken = counter.state(session), len(counter.captured()) - before
        assert (state.status, taken) in {("completed", 1), ("expired", 0), ("card", 0)}
        assert counter.shop.taken() == len(counter.captured()) * 2000
    counter.settle_down()
